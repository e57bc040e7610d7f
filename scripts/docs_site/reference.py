"""The reference pages' tables, made from the code that they are about: settings, commands, versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import click
import update_readme

from docs_site.diagram import lifecycle_diagram
from kerasast.cli import cli
from kerasast.config import OPTIONS, Option
from kerasast.dependency_files import READERS
from kerasast.registry import CATEGORIES, all_rules


def settings() -> str:
    """Every key of the configuration, with its type, default and an example."""
    return "\n".join(map(_setting, OPTIONS.values()))


def _setting(option: Option) -> str:
    return (
        f"### `{option.key}`\n\n{option.meaning}\n\n"
        f"| type | default |\n| --- | --- |\n| {option.kind} | {_code(option.default)} |\n\n"
        f"```toml\n[tool.kerasast]\n{option.key} = {option.example}\n```\n"
    )


def _code(default: str) -> str:
    """A default as code, unless it is prose."""
    return f"`{default}`" if " " not in default else default


def commands() -> str:
    """Every command with its usage, its description and its options, as click knows them."""
    context = click.Context(cli, info_name="kerasast")
    parts: list[str] = []
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        parts += _command(command, click.Context(command, parent=context, info_name=name), depth=2)
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context, depth: int) -> Iterator[str]:
    yield f"{'#' * depth} `{context.command_path}`\n"
    yield f"```text\n{' '.join(context.get_usage().split())}\n```\n"
    yield from (f"{paragraph}\n" for paragraph in _paragraphs(command.help or ""))
    rows = [row for parameter in command.get_params(context) if (row := _row(parameter, context))]
    if rows:
        yield "| option | meaning |\n| --- | --- |\n" + "\n".join(rows) + "\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _command(inner, click.Context(inner, parent=context, info_name=name), depth + 1)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\b", "").split("\n\n"):
        yield " ".join(paragraph.split())


def _row(parameter: click.Parameter, context: click.Context) -> str:
    record = parameter.get_help_record(context)
    if record is None or not record[1]:  # The usage names arguments, and the text above explains them.
        return ""
    names, meaning = (part.replace("|", r"\|") for part in record)
    return f"| `{names}` | {meaning} |"


def categories() -> str:
    """The categories of rules and how many each has."""
    lines = ["| category | rules |", "| --- | ---: |"]
    for category in CATEGORIES:
        count = sum(item.category == category for item in all_rules().values())
        if count:
            lines.append(f"| [`{category}`](rules/index.md?category={category}) | {count} |")
    return "\n".join(lines)


def dependency_files() -> str:
    """The files that say which Keras a project is for, the weightiest first."""
    return "\n".join(
        f"{number}. `{pattern}`{', a lock file' if lock else ''}"
        for number, (pattern, lock, _) in enumerate(READERS, start=1)
    )


def readme_section(title: str) -> str:
    """The text under a heading of README.md, without the heading.

    Raises:
        ValueError: it has no such heading.
    """
    text = update_readme.README.read_text(encoding="utf-8")
    match = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise ValueError(f"README.md has no heading {title!r}")
    return match[1].strip()


PARTS: dict[str, Callable[[], str]] = {
    "settings": settings,
    "commands": commands,
    "categories": categories,
    "lifecycle": lifecycle_diagram,
    "readme-fixes": lambda: readme_section("Fixes"),
    **{name: update_readme.PARTS[name] for name in ("output", "statistics")},
    "dependency-files": dependency_files,
}
"""What a page gets in the place of `<!-- generated: name -->`."""
