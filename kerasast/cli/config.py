"""`kerasast config`."""

from __future__ import annotations

import difflib
import sys

import click

from kerasast.cli.common import Failure, wants_color, write
from kerasast.config import OPTIONS, Option
from kerasast.output.terminal import Palette


@click.command()
@click.argument("key", required=False)
def config(key: str | None) -> None:
    """Describe the setting KEY, or list all of them.

    They stand in the table [tool.kerasast] of pyproject.toml, or in a file kerasast.toml.
    """
    palette = Palette(wants_color("auto", sys.stdout))
    if key is None:
        width = max(map(len, OPTIONS))
        write("".join(f"{name.ljust(width)}  {option.meaning}\n" for name, option in OPTIONS.items()))
        return
    if key not in OPTIONS:
        close = difflib.get_close_matches(key, OPTIONS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "`kerasast config` lists them"
        raise Failure(f"there is no setting `{key}`; {hint}")
    write(_describe(OPTIONS[key], palette))


def _describe(option: Option, palette: Palette) -> str:
    return (
        f"{palette.paint(option.key, 'strong')}\n{option.meaning}\n\n"
        f"Type:     {option.kind}\nDefault:  {option.default}\n\n"
        f"In pyproject.toml:\n\n    [tool.kerasast]\n    {option.key} = {option.example}\n"
    )
