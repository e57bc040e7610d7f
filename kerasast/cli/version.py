"""`kerasast version`."""

from __future__ import annotations

import platform

import click

from kerasast import __version__
from kerasast.versions import KERAS_2, KERAS_3


@click.command()
def version() -> None:
    """Say which kerasast this is, and which releases of Keras its rules were measured on."""
    click.echo(f"kerasast {__version__} (Keras {KERAS_2} and {KERAS_3}, Python {platform.python_version()})")
