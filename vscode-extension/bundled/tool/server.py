"""Starts kerasast for the editor: `server.py bundled|environment ARGUMENTS`, or says what is there: `server.py probe`.

It runs on the Python that the editor has found, which may be any, so it has to be read by old ones: `probe` tells their
version too. Nothing of the folder that is open in the editor is put on `sys.path`.
"""
# ruff: noqa: RUF005, UP032

import json
import os
import sys

OLDEST = (3, 10)
HERE = os.path.dirname(os.path.abspath(__file__))
LIBS = os.path.join(os.path.dirname(HERE), "libs")


def probe():
    """Print which Python this is, and whether its environment has a kerasast of its own."""
    facts = {
        "version": ".".join(map(str, sys.version_info[:3])),
        "executable": sys.executable,
        "supported": sys.version_info >= OLDEST,
        "installed": sys.version_info >= OLDEST and in_environment(),
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def in_environment():
    """Whether kerasast is installed in the environment of this Python, with a server."""
    from importlib.util import find_spec

    try:
        return find_spec("kerasast.lsp.server") is not None and find_spec("pygls") is not None
    except ImportError:
        return False


def main():
    """Do what the arguments say."""
    sys.path[:] = [place for place in sys.path if place not in ("", HERE, os.getcwd())]
    if sys.argv[1:2] == ["probe"]:
        probe()
        return
    if sys.version_info < OLDEST:
        sys.exit("kerasast needs Python {}.{} or newer; this is {}".format(OLDEST[0], OLDEST[1], sys.version))
    if sys.argv[1:2] != ["environment"] or not in_environment():
        sys.path.insert(0, LIBS)
    sys.dont_write_bytecode = not os.access(LIBS, os.W_OK)
    from kerasast.cli import main as kerasast

    sys.argv[:] = ["kerasast", "server"] + sys.argv[2:]
    kerasast()


if __name__ == "__main__":
    main()
