"""Settings: from `[tool.kerasast]` in `pyproject.toml`, from `kerasast.toml`, and their defaults."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from kerasast.diagnostics import Confidence, Severity
from kerasast.registry import CATEGORIES, Rule, UnknownSelector, all_rules, expand_selectors, select_rules
from kerasast.versions import KerasVersion

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CONFIG_NAME = "kerasast.toml"

ALWAYS_ON = frozenset({"syntax-error", "invalid-notebook", "internal-error"})
"""Rules that say what was not checked: a narrower selection keeps them, only `ignore` drops them."""


class ConfigError(Exception):
    """A setting that cannot be used; the text names the file, the key, and what would be right."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told to do. `root` is the folder that patterns are relative to.

    `keras_version` is `None` where it is to be detected; `requested_version` is the command line's, which wins
    over it and over everything that the project says. `source` is the file the settings came from, if any.
    `baseline` is a path from `root`.
    Fixes that may change what a program does are applied if `unsafe_fixes` is true, and not spoken of if it is false.
    """

    root: Path = field(default_factory=Path.cwd)
    source: Path | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    keras_version: KerasVersion | None = None
    severity: Mapping[str, Severity] = field(default_factory=dict)
    min_confidence: Confidence = Confidence.HIGH
    preview: bool = False
    requested_version: KerasVersion | None = None
    fix: bool = False
    unsafe_fixes: bool | None = None
    show_fixes: bool = False
    fixable: tuple[str, ...] | None = None
    unfixable: tuple[str, ...] = ()
    baseline: str | None = None

    @property
    def narrowed(self) -> bool:
        """Whether some rule that runs by default does not."""
        return self.select is not None or bool(self.ignore)

    def for_version(self, version: KerasVersion | None) -> Settings:
        """The same for the version that the command line asks for, or, for `None`, for the detected one."""
        return replace(self, requested_version=version, keras_version=None)

    def rules(self) -> dict[str, Rule]:
        """The rules to run, by name, in alphabetical order.

        Raises:
            UnknownSelector: a selection names neither a rule nor a category.
        """
        chosen = {*select_rules(self.select, self.ignore, self.extend_select)}
        if self.select is None and self.preview:
            chosen |= {name for name, item in all_rules().items() if item.preview and not item.opt_in}
            chosen -= expand_selectors(self.ignore)
        named = {*(self.select or ()), *self.extend_select}
        kept = expand_selectors(self.ignore)
        return {
            name: item
            for name, item in all_rules().items()
            if (name in chosen and (self.preview or not item.preview or name in named))
            or (name in ALWAYS_ON and name not in kept)
        }

    @property
    def baseline_file(self) -> Path | None:
        """The baseline, if there is one."""
        return self.root / self.baseline if self.baseline else None

    def fixable_rules(self) -> frozenset[str]:
        """The names of the rules whose fixes are wanted."""
        wanted = all_rules() if self.fixable is None else expand_selectors(self.fixable)
        return frozenset({*wanted} - expand_selectors(self.unfixable))

    def severities(self) -> dict[str, Severity]:
        """The overridden severities by rule; one that names a rule wins over one that names its category."""
        by_breadth = sorted(self.severity.items(), key=lambda item: item[0] in all_rules())
        return {name: severity for key, severity in by_breadth for name in expand_selectors([key])}


@dataclass(frozen=True, slots=True)
class Option:
    """A key of the configuration: how it is written, what it means, and how its value is read.

    `parse` raises `ValueError` with a text that completes "`key` must be …".
    """

    key: str
    kind: str
    default: str
    example: str
    meaning: str
    parse: Callable[[Any], Any]

    @property
    def attribute(self) -> str:
        return self.key.replace("-", "_")


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of strings")
    return tuple(value)


def _selectors(value: Any) -> tuple[str, ...]:
    selectors = _strings(value)
    expand_selectors(selectors)
    return selectors


def _file(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("the path of a file, from the folder of this one")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _keras_version(value: Any) -> KerasVersion | None:
    if not isinstance(value, str):
        raise ValueError('a string, such as "3.15" or "auto"')
    return parse_keras_version(value)


def parse_keras_version(text: str) -> KerasVersion | None:
    """A Keras version, or `None` for `auto`.

    Raises:
        ValueError: `text` is neither; the error completes "must be …".
    """
    if text == "auto":
        return None
    try:
        version = KerasVersion.parse(text)
    except ValueError:
        raise ValueError('"auto" or a version of Keras, such as "2.15" or "3.15"') from None
    if version.major not in (2, 3):
        raise ValueError(f"a version of Keras 2 or Keras 3; there is no Keras {version.major}")
    return version


def _confidence(value: Any) -> Confidence:
    try:
        return Confidence.parse(value)
    except (ValueError, AttributeError):
        raise ValueError(f"one of {_choices(Confidence)}") from None


def _choices(enum: Iterable[Confidence | Severity]) -> str:
    return ", ".join(f'"{member.label}"' for member in enum)


def _severity(value: Any) -> Severity:
    try:
        return Severity.parse(value)
    except (ValueError, AttributeError):
        raise ValueError(f"one of {_choices(Severity)}") from None


def _severities(value: Any) -> dict[str, Severity]:
    if not isinstance(value, dict):
        raise ValueError('a table from rules or categories to severities, such as {saving = "warning"}')
    expand_selectors(value)
    result = {}
    for name, text in value.items():
        try:
            result[name] = _severity(text)
        except ValueError as error:
            raise ValueError(f"{error} for {name!r}, not {text!r}") from None
    return result


def _per_file_ignores(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError('a table from patterns to lists of rules, such as {"tests/*" = ["saving"]}')
    result = {}
    for pattern, names in value.items():
        try:
            result[pattern] = _selectors(names)
        except ValueError as error:
            if isinstance(error, UnknownSelector):
                raise
            raise ValueError(f"{error} for {pattern!r}") from None
    return result


OPTIONS = {
    option.key: option
    for option in (
        Option("select", "list of rules", "every stable rule that is not opt-in", '["saving", "fit-without-compile"]',
               "The rules to run: names, categories, or `ALL`.", _selectors),
        Option("ignore", "list of rules", "[]", '["untracked-variable"]',
               "Rules not to run. Wins over `select` and `extend-select`.", _selectors),
        Option("extend-select", "list of rules", "[]", '["performance"]',
               "Rules to run besides the selected ones.", _selectors),
        Option("per-file-ignores", "table of lists of rules", "{}", '{ "tests/*" = ["saving"] }',
               "Rules not to report in the files that match a pattern.", _per_file_ignores),
        Option("exclude", "list of patterns", "the usual folders of tools", '["third_party"]',
               "Files and folders not to look into, as in `.gitignore`. Replaces the default.", _strings),
        Option("extend-exclude", "list of patterns", "[]", '["notebooks/old"]',
               "Files and folders not to look into, besides those of `exclude`.", _strings),
        Option("respect-gitignore", "boolean", "true", "false",
               "Whether to leave out what `.gitignore` leaves out.", _boolean),
        Option("keras-version", "string", '"auto"', '"2.15"',
               "The Keras that the code is for. `auto` reads it from the project.", _keras_version),
        Option("severity", "table of strings", "{}", '{ untracked-variable = "warning" }',
               'Severities ("info", "warning", "error") other than a rule\'s own, by rule or category.',
               _severities),
        Option("min-confidence", "string", '"high"', '"medium"',
               'Reports that are less certain are hidden: "low", "medium", "high".', _confidence),
        Option("preview", "boolean", "false", "true",
               "Whether to run the rules that are in preview, too.", _boolean),
        Option("fix", "boolean", "false", "true",
               "Whether to repair what can be repaired, as with `--fix`.", _boolean),
        Option("unsafe-fixes", "boolean", "false, with a hint", "true",
               "Whether to apply fixes that may change what a program does; `false` does not mention them.",
               _boolean),
        Option("show-fixes", "boolean", "false", "true",
               "Whether to list what has been repaired.", _boolean),
        Option("fixable", "list of rules", '["ALL"]', '["migration"]',
               "The rules whose fixes are offered and applied.", _selectors),
        Option("unfixable", "list of rules", "[]", '["legacy-reset-states"]',
               "Rules whose fixes are not. Wins over `fixable`.", _selectors),
        Option("baseline", "string", "none", '"kerasast-baseline.json"',
               "The file with the reports that are known, written by `kerasast baseline create`.", _file),
    )
}  # fmt: skip
"""Every key of the configuration."""


def find_config(start: Path) -> Path | None:
    """The file that configures the folder `start`: the nearest one upward.

    `kerasast.toml` wins over `pyproject.toml`; one of these without `[tool.kerasast]` is passed over.

    Raises:
        ConfigError: a `pyproject.toml` on the way cannot be read.
    """
    for folder in (start, *start.parents):
        own = folder / CONFIG_NAME
        if own.is_file():
            return own
        shared = folder / "pyproject.toml"
        if shared.is_file() and "kerasast" in _tool(_read(shared), shared):
            return shared
    return None


def load_settings(path: Path) -> Settings:
    """The settings of one file: `[tool.kerasast]` in a `pyproject.toml`, the whole of any other.

    Raises:
        ConfigError: the file cannot be read, or holds a key or value that means nothing.
    """
    document = _read(path)
    if path.name == "pyproject.toml":
        document = _table(_tool(document, path).get("kerasast", {}), "tool.kerasast", path)
    values = {}
    for key, value in document.items():
        option = OPTIONS.get(key)
        if option is None:
            raise ConfigError(f"{path}: unknown key `{key}`{_suggestion(key)}")
        try:
            values[option.attribute] = option.parse(value)
        except UnknownSelector as error:
            raise ConfigError(f"{path}: `{key}`: {error}") from error
        except ValueError as error:
            raise ConfigError(f"{path}: `{key}` must be {error}") from error
    return Settings(root=path.resolve().parent, source=path, **values)


def settings_for(start: Path, *, config: Path | None = None, isolated: bool = False) -> Settings:
    """The settings for the folder `start`: of `config` if given, else of the nearest file, else the defaults.

    Raises:
        ConfigError: as `load_settings`.
    """
    start = start.resolve()
    path = None if isolated else config or find_config(start)
    if path is None:
        return Settings(root=_project_root(start))
    return load_settings(path)


_PROJECT_MARKS = (".git", ".hg", "pyproject.toml", "setup.py", "setup.cfg")


def _project_root(start: Path) -> Path:
    """The nearest folder upward that looks like the top of a project, or else `start`."""
    for folder in (start, *start.parents):
        if any((folder / mark).exists() for mark in _PROJECT_MARKS):
            return folder
    return start


def override(settings: Settings, **values: Any) -> Settings:
    """The settings with those of the command line that were given (are not `None`)."""
    return replace(settings, **{name: value for name, value in values.items() if value is not None})


def describe(settings: Settings) -> list[tuple[str, str]]:
    """Every setting as key and value, for people."""
    rows = [("root", str(settings.root)), ("config file", str(settings.source or "none"))]
    for item in fields(settings):
        key = item.name.replace("_", "-")
        if key in OPTIONS:
            rows.append((key, _shown(getattr(settings, item.name), OPTIONS[key].default)))
    return rows


def _shown(value: Any, default: str) -> str:
    if value is None:
        return default.strip('"')
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Confidence | Severity):
        return value.label
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {_shown(item, default)}" for key, item in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error


def _tool(document: dict[str, Any], path: Path) -> dict[str, Any]:
    return _table(document.get("tool", {}), "tool", path)


def _table(value: Any, key: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: `{key}` must be a table")
    return value


def _suggestion(key: str) -> str:
    close = difflib.get_close_matches(key.replace("_", "-"), OPTIONS, n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; the keys are {', '.join(OPTIONS)}"


__all__ = [
    "CATEGORIES",
    "OPTIONS",
    "ConfigError",
    "Option",
    "Settings",
    "describe",
    "find_config",
    "load_settings",
    "override",
    "parse_keras_version",
    "settings_for",
]
