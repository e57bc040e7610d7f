"""Runs generated programs in real Keras: what was raised or lost, whatever kerasast says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from environments import GENERATIONS, Generation
from judge import Outcome, run_programs

from differential.choices import Seeded
from differential.rendering import FLAG, render
from differential.strategies import draw_program

Location = tuple[str, int]
"""A file of a program, and a line of it (1-based)."""


@dataclass(frozen=True)
class Case:
    """A generated program: number `number` of those that follow from `seed`, or a variant of it.

    Its last file is the one to run.
    """

    seed: int
    number: int
    files: dict[str, str]
    variant: str = ""

    @property
    def id(self) -> str:
        """What the program is called: `7-123`."""
        return f"{self.seed}-{self.number}{f'-{self.variant}' if self.variant else ''}"

    @property
    def source(self) -> str:
        """All files as one text."""
        return "".join(f"# {path}\n{text}" for path, text in self.files.items())


@dataclass(frozen=True)
class Harm:
    """What went wrong in real Keras, and the places in the program that were being executed, outermost first."""

    kind: str
    text: str
    places: tuple[Location, ...]


@dataclass(frozen=True)
class Observation:
    """What real Keras showed of a program, in each environment that it was run in: nothing, or the harm."""

    runs: tuple[tuple[Harm, ...], ...]

    @property
    def harmed(self) -> bool:
        """Whether it always goes wrong."""
        return all(self.runs)

    @property
    def fine(self) -> bool:
        """Whether it never goes wrong."""
        return not any(self.runs)

    @property
    def harms(self) -> tuple[Harm, ...]:
        """All that goes wrong."""
        return tuple(harm for run in self.runs for harm in run)


@dataclass(frozen=True)
class _Request:
    id: str
    files: Mapping[str, str]
    environment: Mapping[str, str]

    def to_json(self) -> str:
        """The request for the runner."""
        return json.dumps(
            {
                "id": self.id,
                "files": self.files,
                "main": list(self.files)[-1],
                "proofs": [],
                "watch": "x",
                "environment": self.environment,
            }
        )


def generate(seed: int, count: int, first: int = 0) -> list[Case]:
    """Programs number `first` to `first + count - 1` of a seed: always the same ones."""
    cases = []
    for number in range(first, first + count):
        program = draw_program(Seeded(f"{seed}-{number}"))
        cases.append(Case(seed, number, render(program)))
    return cases


def observe(
    cases: Iterable[Case],
    generations: Iterable[Generation] = GENERATIONS,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, dict[str, Observation]]:
    """Run programs in all the generations at the same time: observations by version and id."""
    todo = list(cases)
    return observe_each(dict.fromkeys(generations, todo), progress)


def observe_each(
    wanted: Mapping[Generation, list[Case]], progress: Callable[[str], None] = lambda _: None
) -> dict[str, dict[str, Observation]]:
    """Run programs in the generation that each is for, in all of them at the same time."""
    with ThreadPoolExecutor(max(len(wanted), 1)) as threads:
        futures = {
            generation.version: threads.submit(_observe, todo, generation, progress)
            for generation, todo in wanted.items()
        }
        return {version: future.result() for version, future in futures.items()}


def _observe(
    cases: list[Case], generation: Generation, progress: Callable[[str], None]
) -> dict[str, Observation]:
    requests = {case.id: _requests(case) for case in cases}
    every = [request for items in requests.values() for request in items]
    outcomes = run_programs(every, generation, progress)
    return {
        name: Observation(tuple(harms_of(outcomes[request.id]) for request in items))
        for name, items in requests.items()
    }


def _requests(case: Case) -> list[_Request]:
    plain = _Request(case.id, case.files, {})
    flagged = _Request(f"{case.id}+flag", case.files, {FLAG: "1"})
    return [plain, flagged] if FLAG in case.source else [plain]


def harms_of(outcome: Outcome) -> tuple[Harm, ...]:
    """What an outcome shows to have gone wrong.

    Raises:
        RuntimeError: the program did not end by itself.
    """
    if outcome.crash:
        raise RuntimeError(f"a generated program was not run to its end: {outcome.crash}")
    if outcome.raised:
        failure = outcome.raised
        return (Harm("raised", f"{failure.type}: {failure.cause}", failure.places),)
    lost = [Harm(loss.kind, loss.text, loss.places) for loss in outcome.losses]
    artefacts = [item for item in outcome.artefacts if item.problem]
    return (*(Harm("saved", f"`{item.path}`: {item.problem}", item.places) for item in artefacts), *lost)
