"""Phase 2: follow Keras objects through one file and emit events."""
