"""`kerasast server`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from kerasast.cli.analysis import config_options, rule_options, settings_from
from kerasast.cli.narrowing import baseline_options, check_narrowing, with_baseline
from kerasast.config import Settings


@click.command()
@rule_options
@config_options
@baseline_options
@click.pass_context
def server(ctx: click.Context, /, **options: Any) -> None:
    """Serve an editor by the Language Server Protocol, on standard input and output.

    The options go before what the configuration of each folder of the editor says.
    """
    check_narrowing(ctx, (), options)
    from kerasast.lsp.server import serve

    serve(partial(_settings, options))


def _settings(options: dict[str, Any], folder: Path) -> Settings:
    """The settings of a folder, with those of the command line over them."""
    return with_baseline(settings_from([str(folder)], options), options)
