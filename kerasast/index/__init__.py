"""Phase 1: what each module defines and imports, and the project those modules make."""
