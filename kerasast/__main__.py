"""`python -m kerasast`."""

from kerasast.cli import main

if __name__ == "__main__":
    main()
