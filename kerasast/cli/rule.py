"""`kerasast rule`."""

from __future__ import annotations

import difflib
import json
import sys
from pathlib import Path
from typing import Any

import click

from kerasast.cli.common import Failure, wants_color, write
from kerasast.documents import DocumentError, document, render
from kerasast.output.terminal import Palette
from kerasast.registry import CATEGORIES, Rule, all_rules


@click.command()
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="List all rules.")
@click.option(
    "--new", metavar="NAME", help="Begin a new rule: write its document and its check into this checkout."
)
@click.option(
    "--output-format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="When to use colours."
)
@click.pass_context
def rule(
    ctx: click.Context, name: str | None, every: bool, new: str | None, output_format: str, color: str
) -> None:
    """Explain the rule NAME, or list all of them."""
    if [name is not None, every, new is not None].count(True) != 1:
        raise click.UsageError("Give either the name of a rule, --all or --new.", ctx)
    if new is not None:
        write(_begin(new))
        return
    palette = Palette(wants_color(color, sys.stdout))
    if name is not None:
        item = _find(name)
        if output_format == "json":
            write(json.dumps(_facts(item), indent=2) + "\n")
        else:
            page = _page(item)
            write(_highlight(page, palette) if output_format == "text" else page)
    elif output_format == "json":
        write(json.dumps([_facts(item) for item in all_rules().values()], indent=2) + "\n")
    elif output_format == "markdown":
        write("\n".join(map(_page, all_rules().values())))
    else:
        write(_table(list(all_rules().values()), palette))


def _begin(name: str) -> str:
    """Write the files of a new rule, and say what comes next."""
    from kerasast.scaffold import Scaffold, ScaffoldError, find_checkout

    try:
        scaffold = Scaffold(name, find_checkout(Path.cwd()))
        scaffold.write()
    except ScaffoldError as error:
        raise Failure(str(error)) from error
    return scaffold.next_steps()


def _find(name: str) -> Rule:
    rules = all_rules()
    if name not in rules:
        close = difflib.get_close_matches(name, rules, n=1)
        hint = f"did you mean `{close[0]}`?" if close else "`kerasast rule --all` lists them"
        raise Failure(f"there is no rule `{name}`; {hint}")
    return rules[name]


def _page(item: Rule) -> str:
    try:
        return render(item.name)
    except DocumentError as error:
        raise Failure(str(error)) from error


def _summary(item: Rule) -> str:
    try:
        return document(item.name).summary
    except DocumentError:
        return ""


def _facts(item: Rule) -> dict[str, Any]:
    return {
        "name": item.name,
        "summary": _summary(item),
        "category": item.category,
        "severity": item.severity.label,
        "keras": str(item.keras),
        "fix": item.fix.value,
        "preview": item.preview,
        "default": item.is_default,
        "since": item.since,
        "document": _page(item),
    }


def _table(rules: list[Rule], palette: Palette) -> str:
    """One line for each rule, by category."""
    names = max(len(item.name) for item in rules)
    lines = []
    used = {item.category for item in rules}
    for category in [name for name in CATEGORIES if name in used]:
        lines.append(palette.paint(category, "strong"))
        for item in rules:
            if item.category == category:
                level = palette.paint(item.severity.label.ljust(7), item.severity.label)
                keras = str(item.keras) if str(item.keras) != ">=2" else ""
                note = f" ({item.restriction})" if item.restriction else ""
                lines.append(
                    f"  {item.name.ljust(names)}  {level}  {keras.ljust(4)}  {_summary(item)}{note}".rstrip()
                )
        lines.append("")
    return "".join(f"{line}\n" for line in lines[:-1])


def _highlight(page: str, palette: Palette) -> str:
    """A Markdown page for a terminal: still Markdown, with headings, code and marks in colour."""
    lines = []
    in_code = False
    for line in page.splitlines():
        fence = line.startswith("```")
        if fence:
            in_code = not in_code
        if fence or (in_code and line.lstrip().startswith("#")):
            line = palette.paint(line, "dim")
        elif in_code:
            code, mark, rest = line.partition("# error")
            line = code + palette.paint(mark + rest, "error")
        elif line.startswith("#"):
            line = palette.paint(line, "strong")
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)
