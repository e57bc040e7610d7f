"""What is analysed and how: the options that several commands share, and the settings that come of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kerasast.cli.common import Failure, warn
from kerasast.config import ConfigError, Settings, override, parse_keras_version, settings_for
from kerasast.diagnostics import Confidence
from kerasast.versions import KerasVersion

if TYPE_CHECKING:
    from kerasast.discovery import DiscoveryProblem
    from kerasast.engine import Analyzer, Result
    from kerasast.survey import Opened

_F = TypeVar("_F", bound=Callable[..., Any])

STDIN = "-"
STDIN_NAME = "stdin.py"

_LISTS = ("select", "ignore", "extend_select", "exclude", "extend_exclude", "fixable", "unfixable")
_PLAIN = ("preview", "fix", "unsafe_fixes", "show_fixes", "respect_gitignore")


def _split(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Names separated by commas, of an option that may be repeated; `None` if it was not given."""
    names = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    return names if values else None


def _version(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[KerasVersion | None] | None:
    """A version in a tuple of its own, which is `None` for `auto`; `None` if the option was not given."""
    if value is None:
        return None
    try:
        return (parse_keras_version(value),)
    except ValueError as error:
        raise click.BadParameter(f"must be {error}, not {value!r}.", ctx, param) from error


def list_option(*args: str, metavar: str = "NAMES", help: str) -> Callable[[_F], _F]:
    """An option that takes names separated by commas."""
    return click.option(*args, multiple=True, callback=_split, metavar=metavar, help=help)


version_option = click.option(
    "--keras-version",
    callback=_version,
    metavar="auto|VERSION",
    help="The Keras that the code is for, such as 2.15 or 3.15.  [default: auto, read from the project]",
)
"""The option on the version that verdicts are for."""

_RULES = (
    list_option("--select", help="Rules to run: names, categories, or ALL; separated by commas."),
    list_option("--ignore", help="Rules not to run."),
    list_option("--extend-select", help="Rules to run besides the selected ones."),
    click.option("--preview/--no-preview", default=None, help="Also run the rules that are in preview."),
    click.option(
        "--min-confidence",
        type=click.Choice([member.label for member in Confidence]),
        help="Hide reports that are less certain than this.  [default: high]",
    ),
    version_option,
    list_option(
        "--exclude",
        metavar="PATTERNS",
        help="Patterns of files and folders not to look into; replaces the default.",
    ),
    list_option(
        "--extend-exclude",
        metavar="PATTERNS",
        help="Patterns of further files and folders not to look into.",
    ),
    click.option(
        "--respect-gitignore/--no-respect-gitignore",
        default=None,
        help="Leave out what .gitignore leaves out.",
    ),
)

_CONFIG = (
    click.option("--config", type=click.Path(dir_okay=False), help="Read the settings from this file."),
    click.option("--isolated", is_flag=True, help="Ignore all configuration files."),
)


def add_options(options: Sequence[Callable[[_F], _F]]) -> Callable[[_F], _F]:
    """A decorator that adds options to a command, shown in their order."""

    def add(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def rule_options(command: _F) -> _F:
    """The options on rules and files."""
    return add_options(_RULES)(command)


def config_options(command: _F) -> _F:
    """The options on where settings come from."""
    return add_options(_CONFIG)(command)


def settings_from(paths: Sequence[str], options: dict[str, Any]) -> Settings:
    """The settings of the nearest file, with those of the command line over them.

    Raises:
        Failure: they cannot be read.
    """
    config = Path(options["config"]) if options["config"] is not None else None
    try:
        settings = settings_for(
            start_folder(paths, options.get("stdin_filename")), config=config, isolated=options["isolated"]
        )
    except ConfigError as error:
        raise Failure(str(error)) from error
    confidence = options["min_confidence"]
    settings = override(
        settings,
        min_confidence=None if confidence is None else Confidence.parse(confidence),
        **{name: options.get(name) for name in (*_LISTS, *_PLAIN)},
    )
    if options["keras_version"] is None:
        return settings
    return settings.for_version(*options["keras_version"])


def start_folder(paths: Sequence[str], stdin_filename: str | None = None) -> Path:
    """The folder from which a configuration is looked for: the deepest one that holds all paths."""
    named = [stdin_filename or "."] if STDIN in paths else paths
    absolute = [os.path.abspath(path) for path in named]
    folders = [path if os.path.isdir(path) else os.path.dirname(path) for path in absolute]
    folder = Path(os.path.commonpath(folders))
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def open_inputs(
    analyzer: Analyzer, paths: Sequence[str], stdin_filename: str | None = None
) -> tuple[Opened, tuple[DiscoveryProblem, ...]]:
    """Read what is to be analysed, from files or from the standard input; and what could not be read."""
    if STDIN not in paths:
        return analyzer.open_paths(paths)
    return analyzer.open_source(sys.stdin.buffer.read(), stdin_filename or STDIN_NAME), ()


def report_problems(result: Result, paths: Sequence[str]) -> bool:
    """Say what could not be looked at; true if it was something that the user named."""
    for problem in result.problems:
        warn(f"{problem.path}: {problem.message}", "error" if problem.path in paths else "warning")
    return any(problem.path in paths for problem in result.problems)
