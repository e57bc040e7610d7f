"""Rules: what one is, how it is declared, and how rules are found and selected."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from kerasast.diagnostics import Severity
from kerasast.versions import KerasRange

if TYPE_CHECKING:
    from kerasast.context import Context
    from kerasast.diagnostics import Diagnostic
    from kerasast.flow.events import Event
    from kerasast.index.project import ProjectIndex
    from kerasast.versions import KerasVersion

CATEGORIES = (
    "saving",
    "loading",
    "custom-objects",
    "training",
    "architecture",
    "migration",
    "security",
    "performance",
    "meta",
)


class FixAvailability(Enum):
    """Whether diagnostics of a rule carry a fix."""

    NEVER = "never"
    SOMETIMES = "sometimes"
    ALWAYS = "always"


Check = Callable[["Context", Any], "Iterator[Diagnostic]"]
Precondition = Callable[["ProjectIndex", "KerasVersion"], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its metadata and the function that turns events into diagnostics.

    `keras` is the range of versions in which the rule reports anything. `on` are the event types it wants; where
    `names` are given, calls only of these methods and functions (`compile`, `numpy.save`; `numpy.*` begin so);
    `calls` are names of functions and methods: code that leads to none of them has nothing to report; empty means
    any code may have. Where `also` is given, code must lead to one of these as well, and where `text` is, to text
    that this regular expression finds (see `flow/interest.py`). Where `only_if` is given, it says once of a
    project whether functions have to be walked for this rule at all.
    `preview` rules run only when named or when previews are asked for: their evidence is thin. `opt_in` rules run
    only when a selection means them, by name, by category or by `ALL`: they are certain, and about what a project may
    well do on purpose. `since` is the kerasast release. `cwe` are the numbers of a security rule in the Common Weakness
    Enumeration.
    """

    name: str
    category: str
    severity: Severity
    keras: KerasRange
    on: tuple[type[Event], ...]
    names: frozenset[str]
    calls: frozenset[str]
    also: frozenset[str]
    text: str
    fix: FixAvailability
    preview: bool
    since: str
    check: Check
    opt_in: bool = False
    cwe: tuple[int, ...] = ()
    only_if: Precondition | None = None

    def wants(self, name: str | None) -> bool:
        """Whether it wants the call of a method or function of a name; `None` is for what is no such call."""
        if name is None or not self.names or name in self.names:
            return True
        return any(item[-1] == "*" and name.startswith(item[:-1]) for item in self.names)

    @property
    def is_default(self) -> bool:
        """Whether it runs where nothing is selected."""
        return not self.preview and not self.opt_in

    @property
    def restriction(self) -> str:
        """Why it does not run where nothing is selected: `preview` or `opt-in`; empty if it does."""
        return "preview" if self.preview else "opt-in" if self.opt_in else ""


def rule(
    *,
    category: str,
    severity: Severity,
    on: tuple[type[Any], ...],
    since: str,
    names: Iterable[str] = (),
    calls: Iterable[str] = (),
    also: Iterable[str] = (),
    text: str = "",
    keras: str = ">=2",
    fix: FixAvailability = FixAvailability.NEVER,
    preview: bool = False,
    opt_in: bool = False,
    cwe: tuple[int, ...] = (),
    only_if: Precondition | None = None,
) -> Callable[[Check], Check]:
    """Declare the decorated function to be the rule of its own name, with hyphens for underscores."""
    if category not in CATEGORIES:
        raise ValueError(f"unknown category {category!r}")

    def register(check: Check) -> Check:
        name = check.__name__.replace("_", "-")
        check.rule = Rule(  # type: ignore[attr-defined]
            name,
            category,
            severity,
            KerasRange.parse(keras),
            on,
            frozenset(names),
            frozenset(calls),
            frozenset(also),
            text,
            fix,
            preview,
            since,
            check,
            opt_in,
            cwe,
            only_if,
        )
        return check

    return register


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by name, in alphabetical order: one for each module of `kerasast.checks`."""
    import kerasast.checks

    rules = {}
    for module in pkgutil.iter_modules(kerasast.checks.__path__):
        if module.name.startswith("_"):
            continue
        check = getattr(importlib.import_module(f"kerasast.checks.{module.name}"), module.name)
        rules[check.rule.name] = check.rule
    return dict(sorted(rules.items()))


class UnknownSelector(ValueError):
    """A selector that names no rule and no category; `suggestion` is the closest one, if any is close."""

    def __init__(self, selector: str, suggestion: str | None) -> None:
        hint = f"; did you mean {suggestion!r}?" if suggestion else ""
        super().__init__(f"{selector!r} is neither a rule nor a category{hint}")
        self.selector = selector
        self.suggestion = suggestion


def expand_selectors(selectors: Iterable[str]) -> set[str]:
    """The names of the rules that selectors mean: rule names, categories, or `ALL`.

    Raises:
        UnknownSelector: a selector means nothing.
    """
    import difflib

    rules = all_rules()
    names: set[str] = set()
    for selector in selectors:
        if selector == "ALL":
            names.update(rules)
        elif selector in CATEGORIES:
            names.update(name for name, item in rules.items() if item.category == selector)
        elif selector in rules:
            names.add(selector)
        else:
            close = difflib.get_close_matches(selector, [*rules, *CATEGORIES], n=1)
            raise UnknownSelector(selector, close[0] if close else None)
    return names


def select_rules(
    select: Iterable[str] | None = None, ignore: Iterable[str] = (), extend_select: Iterable[str] = ()
) -> dict[str, Rule]:
    """The rules to run. By default all but those in preview and `opt_in` ones; `ignore` wins over both selections.

    Raises:
        UnknownSelector: a selector means nothing.
    """
    rules = all_rules()
    if select is None:
        chosen = {name for name, item in rules.items() if item.is_default}
    else:
        chosen = expand_selectors(select)
    chosen |= expand_selectors(extend_select)
    chosen -= expand_selectors(ignore)
    return {name: item for name, item in rules.items() if name in chosen}
