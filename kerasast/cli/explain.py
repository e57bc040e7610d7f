"""`kerasast explain`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kerasast.cli.common import Failure, wants_color, write
from kerasast.cli.rule import rule
from kerasast.documents import DocumentError, document, document_names
from kerasast.output.terminal import Palette

if TYPE_CHECKING:
    from kerasast.diagnostics import Diagnostic
    from kerasast.engine import Result
    from kerasast.error_messages import ErrorMessage
    from kerasast.output.explanation import Explanation
    from kerasast.tracebacks import Place

STDIN = "-"
PLAIN_COLUMNS = 120


@click.command()
@click.argument("text", nargs=-1)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."
)
@click.pass_context
def explain(ctx: click.Context, text: tuple[str, ...], output_format: str, color: str) -> None:
    """Find the rules that know an error message.

    TEXT is what Keras printed: a message, a part of one, or a whole traceback; without it, or for `-`, it is read
    from the standard input. Files that a traceback names, and that exist here, are checked. The name of a rule
    shows its page. Exits with 0 if something is known, 1 if nothing is, 2 if something failed.
    """
    pasted = _read(ctx, text)
    if pasted.strip() in document_names():
        ctx.invoke(rule, name=pasted.strip(), every=False, new=None, output_format=output_format, color=color)
        return
    explanation = explain_text(pasted, Path.cwd())
    if output_format == "json":
        from kerasast.output.explanation import explanation_as_json

        write(explanation_as_json(explanation) + "\n")
    else:
        from kerasast.output.explanation import render_explanation

        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else PLAIN_COLUMNS
        palette = Palette(wants_color(color, sys.stdout))
        write("".join(f"{line}\n" for line in render_explanation(explanation, palette, columns)))
    ctx.exit(0 if explanation.explains else 1)


def _read(ctx: click.Context, words: Sequence[str]) -> str:
    """The pasted text, from the arguments or the standard input.

    Raises:
        click.UsageError: there is none.
    """
    if words and tuple(words) != (STDIN,):
        text = " ".join(words)
    elif words or not sys.stdin.isatty():
        text = sys.stdin.buffer.read().decode("utf-8", errors="replace")
    else:
        raise click.UsageError("Give the message, or pipe the output of your program into this command.", ctx)
    if not text.strip():
        raise click.UsageError("The message is empty.", ctx)
    return text


def explain_text(text: str, folder: Path) -> Explanation:
    """What is known about a pasted text, with paths as seen from `folder`.

    Raises:
        Failure: the documents are not installed, or the configuration of the files it names cannot be used.
    """
    from kerasast import explaining
    from kerasast.output.explanation import Explanation
    from kerasast.tracebacks import clean, frames, places_here

    cleaned = clean(text)
    report = explaining.Report.read(cleaned, frames(cleaned))
    places = places_here(report.frames, folder)
    result = _check(places) if places else None
    messages = _messages()
    near = _near(result, places)
    confirmed = frozenset(item.rule for item in (result.diagnostics if result is not None else ()))
    found = explaining.explain(report, messages, confirmed)
    names = {item.rule for item in found}
    rest = [
        item for item in (result.diagnostics if result else ()) if item.rule in names and item not in near
    ]
    return Explanation(report, tuple(found), result, (*near, *rest))


def _messages() -> list[ErrorMessage]:
    from kerasast.error_messages import messages_of

    try:
        return [message for name in document_names() for message in messages_of(document(name))]
    except DocumentError as error:
        raise Failure(str(error)) from error


def _check(places: Sequence[Place]) -> Result:
    """Check the files that a traceback names, as `kerasast check` would; a baseline has no say here."""
    from kerasast.config import ConfigError, settings_for
    from kerasast.engine import Analyzer
    from kerasast.registry import UnknownSelector

    paths = list(dict.fromkeys(str(place.path) for place in places))
    folder = Path(os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths]))
    try:
        settings = replace(settings_for(folder), baseline=None)
        return Analyzer(settings).analyze_paths(paths)
    except (ConfigError, UnknownSelector) as error:
        raise Failure(str(error)) from error


def _near(result: Result | None, places: Sequence[Place]) -> tuple[Diagnostic, ...]:
    """The diagnostics that are on one of the places, or have a step there."""
    if result is None:
        return ()
    lines = {(os.path.realpath(place.path), place.line) for place in places}
    return tuple(item for item in result.diagnostics if _touches(result, item, lines))


def _touches(result: Result, diagnostic: Diagnostic, lines: set[tuple[str, int]]) -> bool:
    from kerasast.output.report import locate

    spots = [(diagnostic.path, diagnostic.span), *((step.path, step.span) for step in diagnostic.steps)]
    for path, span in spots:
        first, last = (locate(result, path, offset).row for offset in (span.start, span.end))
        if any((os.path.realpath(path), row) in lines for row in range(first, last + 1)):
            return True
    return False
