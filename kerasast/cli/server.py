"""`kerasast server`."""

from __future__ import annotations

import click


@click.command()
def server() -> None:
    """Serve an editor by the Language Server Protocol, on standard input and output."""
    from kerasast.lsp.server import serve

    serve()
