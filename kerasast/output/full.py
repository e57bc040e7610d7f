"""The report for people: every diagnostic with its story drawn into the code."""

from __future__ import annotations

from collections.abc import Iterator

from kerasast.diagnostics import Diagnostic, Span, Step
from kerasast.engine import Result
from kerasast.output.changes import render_fix
from kerasast.output.frame import Frame, Label
from kerasast.output.report import describe_baseline, describe_fixes, fix_mark, locate, summarize
from kerasast.output.terminal import Palette, printable
from kerasast.source import SourceFile

_WHOLE_FILE = Label(Span(0, 0), "", primary=True)


def render_full(result: Result, palette: Palette, columns: int) -> Iterator[str]:
    """The lines of the whole report, for a terminal of `columns` columns."""
    for diagnostic in result.diagnostics:
        yield from render_diagnostic(result, diagnostic, palette, columns)
        yield ""
    yield palette.paint(summarize(result), "strong" if result.diagnostics else "good")
    yield from describe_fixes(result)
    yield from describe_baseline(result)
    if result.diagnostics:
        rule = result.diagnostics[0].rule
        yield palette.paint(f"To read more about a rule: kerasast rule {rule}", "dim")


def render_diagnostic(
    result: Result, diagnostic: Diagnostic, palette: Palette, columns: int
) -> Iterator[str]:
    """The lines of one diagnostic: what is wrong, the code with the story, and what to do."""
    severity = diagnostic.severity.label
    head = palette.paint(f"{severity}[{diagnostic.rule}]", severity)
    head += palette.paint(fix_mark(result, diagnostic), "help")
    yield f"{head}{palette.paint(': ' + printable(diagnostic.message), 'strong')}"
    frames = list(_frames(result, diagnostic, palette, columns))
    gutter = max(1 if frame is None else frame.gutter for _, _, frame in frames)
    previous = None
    for path, offset, frame in frames:
        if previous is not None:
            yield previous.edge()
        yield palette.paint(" " * gutter + "-->", "frame") + f" {position(result, path, offset)}"
        if frame is not None:
            frame.gutter = gutter
            yield frame.edge()
            yield from frame.render()
        previous = frame
    if diagnostic.help:
        if previous is not None:
            yield previous.edge()
        yield f"{palette.paint('help', 'help')}: {printable(diagnostic.help)}"
    if diagnostic.fix is not None:
        yield from render_fix(result, diagnostic.path, diagnostic.fix, palette, columns)


def position(result: Result, path: str, offset: int) -> str:
    """`path:row:column`, in a notebook `path:cell 3:row:column`."""
    place = locate(result, path, offset)
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{printable(path)}:{cell}{place.row}:{place.column}"


def _frames(
    result: Result, diagnostic: Diagnostic, palette: Palette, columns: int
) -> Iterator[tuple[str, int, Frame | None]]:
    """A frame for each file (or cell) that the story touches, that of the diagnostic first."""
    groups: dict[tuple[str, int | None], list[Label]] = {}
    home = (diagnostic.path, _cell(result, diagnostic.path, diagnostic.span.start))
    groups[home] = []
    primary_text = ""
    for text, step in _numbered(result, diagnostic):
        if (step.path, step.span) == (diagnostic.path, diagnostic.span):
            primary_text = f"{primary_text}; {text}" if primary_text else text
            continue
        key = (step.path, _cell(result, step.path, step.span.start))
        groups.setdefault(key, []).append(Label(step.span, text))
    groups[home].append(Label(diagnostic.span, primary_text, primary=True))
    for (path, _), labels in groups.items():
        source = result.sources.get(path)
        offset = next((label for label in labels if label.primary), labels[0]).span.start
        if source is None or labels == [_WHOLE_FILE] or not all(_is_inside(item, source) for item in labels):
            yield path, offset, None
        else:
            yield path, offset, Frame(source, labels, palette, diagnostic.severity.label, columns)


def _numbered(result: Result, diagnostic: Diagnostic) -> list[tuple[str, Step]]:
    """The steps of the story with their texts, numbered where the order of lines does not tell their own."""
    steps = list(dict.fromkeys(diagnostic.steps))
    home = _cell(result, diagnostic.path, diagnostic.span.start)
    here = all(
        (step.path, _cell(result, step.path, step.span.start)) == (diagnostic.path, home) for step in steps
    )
    offsets = [step.span.start for step in steps]
    if len(steps) < 2 or (here and offsets == sorted(offsets)):
        return [(step.message, step) for step in steps]
    return [(f"({number}) {step.message}", step) for number, step in enumerate(steps, start=1)]


def _cell(result: Result, path: str, offset: int) -> int | None:
    source = result.sources.get(path)
    cell = None if source is None else source.cell_at(offset)
    return None if cell is None else cell.number


def _is_inside(label: Label, source: SourceFile) -> bool:
    return 0 <= label.span.start <= label.span.end <= len(source.text) + 1
