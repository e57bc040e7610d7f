"""The second stage: what becomes of a program in real Keras once kerasast has applied all its fixes to it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from differential.comparison import CONTRACT, UNSEEN_RULES, Comparison, Verdict, compare
from differential.harness import Case, Harm, Location, Observation
from differential.limits import limit_of
from kerasast.fix_checks import repair_files
from kerasast.registry import all_rules
from kerasast.versions import KerasVersion


class Effect(Enum):
    """What the fixes did to a program."""

    REPAIRED = "goes wrong before, and works after"
    FURTHER = "fails later, or loses less, because of something that has no fix"
    UNCHANGED = "goes wrong as before"
    KEPT = "works before, and works after"
    BROKEN = "fails earlier, or loses more"


@dataclass(frozen=True)
class Repaired:
    """A program before and after the fixes, for one version; `rules` are those whose fixes were applied."""

    before: Comparison
    after: Case
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Repair:
    """The same, with what real Keras showed of the program after the fixes."""

    repaired: Repaired
    observation: Observation
    effect: Effect

    @property
    def version(self) -> str:
        """The version of Keras."""
        return self.repaired.before.version


def repairs(comparisons: Iterable[Comparison]) -> list[Repaired]:
    """The programs that have something to fix, after all fixes, also those that may change what a program means."""
    return [item for item in map(_repaired, comparisons) if item is not None]


def _repaired(before: Comparison) -> Repaired | None:
    if before.verdict in (Verdict.CLEAN, Verdict.MISS):
        return None
    case, version = before.case, KerasVersion.parse(before.version)
    files, result = repair_files(case.files, version, all_rules())
    if files == case.files:
        return None
    after = replace(case, files=files, variant=f"fixed-{before.version}")
    return Repaired(before, after, tuple(sorted({rule for _, rule in result.applied})))


def judge_repair(repaired: Repaired, observation: Observation) -> Repair:
    """What the fixes of a program did to it: in each of its runs, and the worst of these."""
    ways = _Ways(repaired.before.case, repaired.after)
    effects = {
        ways.effect(_seen(old), _seen(new))
        for old, new in zip(repaired.before.observation.runs, observation.runs, strict=False)
    }
    if Effect.BROKEN in effects and _did_nothing(repaired) and _is_reported(repaired, observation):
        effects = {Effect.FURTHER}
    worst = (Effect.BROKEN, Effect.UNCHANGED, Effect.FURTHER, Effect.REPAIRED, Effect.KEPT)
    return Repair(repaired, observation, next(item for item in worst if item in effects))


def _did_nothing(repaired: Repaired) -> bool:
    """Whether code was repaired that did nothing at all, so that it shows only now what else is wrong with it."""
    return bool(UNSEEN_RULES & set(repaired.rules))


def _is_reported(repaired: Repaired, observation: Observation) -> bool:
    """Whether kerasast reports what is left, as far as no limit says that it does not."""
    left = compare(repaired.after, repaired.before.version, observation)
    return not left.verdict.disagrees or limit_of(left) is not None


def _seen(harms: tuple[Harm, ...]) -> list[Harm]:
    return [harm for harm in harms if harm.kind != CONTRACT]


class _Ways:
    """Compares how far the two get: places of the new program are those of the old that they come from."""

    def __init__(self, old: Case, new: Case) -> None:
        self._origins = {path: _origins(old.files[path], text) for path, text in new.files.items()}

    def effect(self, old: list[Harm], new: list[Harm]) -> Effect:
        """What the fixes did to one run of a program."""
        if not new:
            return Effect.REPAIRED if old else Effect.KEPT
        if not old:
            return Effect.BROKEN
        if {_what(harm) for harm in new} == {_what(harm) for harm in old}:
            return Effect.UNCHANGED
        raised = [harm for harm in new if harm.kind == "raised"]
        if not raised:
            less = {harm.kind for harm in new} <= {harm.kind for harm in old}
            return Effect.FURTHER if less or old[0].kind == "raised" else Effect.BROKEN
        if old[0].kind != "raised":
            return Effect.BROKEN
        return Effect.FURTHER if self._is_later(old[0], raised[0]) else Effect.BROKEN

    def _is_later(self, old: Harm, new: Harm) -> bool:
        """Whether the place that fails comes after the one that failed, as far as both are in one file."""
        for (path, line), (new_path, new_line) in zip(old.places, new.places, strict=False):
            origin = self._origins[new_path][new_line - 1]
            if (path, line) != (new_path, origin):
                return path != new_path or origin > line
        return True


def _origins(old: str, new: str) -> list[int]:
    """For each line of a new text, the line (1-based) of the old one that it is, or that stands before it."""
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    lines: list[int] = []
    for tag, start, end, first, last in matcher.get_opcodes():
        count = last - first
        same = (
            range(start + 1, end + 1)
            if tag == "equal"
            else [min(start + n + 1, end or 1) for n in range(count)]
        )
        lines += same
    return lines


def _what(harm: Harm) -> str:
    return harm.text if harm.kind == "raised" else harm.kind


def describe_repair(repair: Repair) -> str:
    """A repair for people: the difference, and what Keras says before and after."""
    old, new = repair.repaired.before.case, repair.repaired.after
    lines = [
        f"program {old.id}, Keras {repair.version}: {repair.effect.value} ({', '.join(repair.repaired.rules)})"
    ]
    for path, text in old.files.items():
        changed = new.files[path]
        lines += [
            f"    {line}" for line in difflib.ndiff(text.splitlines(), changed.splitlines()) if line[0] != "?"
        ]
    lines += [f"before: {_harm(harm)}" for harm in repair.repaired.before.observation.harms]
    lines += [f"after: {_harm(harm)}" for harm in repair.observation.harms]
    return "\n".join(lines)


def _harm(harm: Harm) -> str:
    places: tuple[Location, ...] = harm.places
    return f"{harm.kind}: {harm.text} {', '.join(f'{path}:{line}' for path, line in places)}"
