"""The command line. Each command lives in a module of its own, which is imported when it is run."""

from __future__ import annotations

import difflib
import importlib
import sys
from typing import Any

import click

import kerasast

_COMMANDS = {
    "baseline": "Keep what is known apart from what is new.",
    "check": "Find mistakes in Keras code.",
    "config": "Describe the settings.",
    "explain": "Find the rules that know an error message.",
    "lifecycle": "Tell the life of a model: created, built, compiled, trained, saved.",
    "rule": "Explain a rule, or list all of them.",
    "server": "Serve an editor by the Language Server Protocol.",
    "version": "Say which kerasast this is.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported one by one: `check` is `kerasast.cli.check.check`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(importlib.import_module(f"kerasast.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in _COMMANDS and not name.startswith("-"):
            close = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean `{close[0]}`?" if close else f" To check it: kerasast check {name}"
            raise click.UsageError(f"There is no command `{name}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # without importing them
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(kerasast.__version__, "-V", "--version", prog_name="kerasast")
def cli() -> None:
    """kerasast reads Keras code without running it and reports the mistakes that cost a trained model.

    Start with `kerasast check`, in the folder of your project.
    """


def main(args: list[str] | None = None, **extra: Any) -> None:
    """Run the command line and leave the process: 0 for clean, 1 for findings, 2 for errors."""
    from kerasast.boundary import attempt

    error = attempt(lambda: cli.main(args, prog_name="kerasast", **extra))
    if error is not None:
        import traceback

        traceback.print_exception(error)
        click.echo("error: kerasast itself failed; please report this with the text above", err=True)
        sys.exit(2)
