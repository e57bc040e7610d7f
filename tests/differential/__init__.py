"""Compares kerasast with real Keras on generated programs: `python tests/differential/run.py --help`."""
