"""Runs examples in both generations of real Keras, and judges whether Keras agrees with their marks.

A program with a line marked `# error` must raise, or be shown damaged by its proof. Any other must run to its
end, and what it saves through Keras must load back complete; a proof that follows it shows what it did, and must hold.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

from environments import GENERATIONS, HERE, ROOT, Generation, settings

from kerasast.documents import Block, Document, read_document
from kerasast.error_messages import ErrorMessage, squash
from kerasast.registry import Rule
from kerasast.testing import Example, MarkKind, iter_examples
from kerasast.tracebacks import clean
from kerasast.versions import KerasVersion

FOLKLORE = ROOT / "docs" / "folklore.md"
"""Popular claims about Keras, each with a program that shows what is true of it."""

_T = TypeVar("_T", "Failure", "Artefact", "Loss")

NOT_OF_KERAS = frozenset(
    {"NameError", "UnboundLocalError", "SyntaxError", "ModuleNotFoundError", "IndentationError"}
)
"""Exceptions of broken examples: one of these shows nothing, unless the rule's document lists its text."""


@dataclass(frozen=True)
class Failure:
    """An exception that a program raised; `line` is its line in `file`, if it passed through one.

    `places` are all files and lines of the program that it passed through, outermost first.
    """

    type: str
    message: str
    file: str | None
    line: int | None
    places: tuple[tuple[str, int], ...] = ()

    @property
    def telling(self) -> str:
        """The first line of the text that says what is wrong.

        Keras 3 wraps exceptions of layers in "Exception encountered when calling ...", with the text in bold
        below. In Keras 2 AutoGraph puts "in user code:" and a traceback before it.
        """
        text = re.sub(r"\x1b\[[0-9;]*m", "", self.message)
        inner = re.findall(rf"^    (?:{self.type}|\w+Error): (.+)$", text, re.MULTILINE)
        if inner and text.startswith("in user code:"):
            return str(inner[-1])
        lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
        wrapped = len(lines) > 1 and lines[0].startswith("Exception encountered when calling")
        return re.sub(r"\{\{.*?\}\}\s*", "", lines[1 if wrapped else 0])

    @property
    def cause(self) -> str:
        """What went wrong in the first place, where loading wraps it in its own text; else the telling line."""
        inner = re.findall(
            r"^(?:Exception encountered|Error encountered during deserialization): (.+)$",
            self.message,
            re.MULTILINE,
        )
        return inner[-1] if inner else self.telling

    def __str__(self) -> str:
        where = f" (line {self.line} of {self.file})" if self.line is not None else ""
        return f"{self.type}: {self.telling}{where}"


@dataclass(frozen=True)
class Artefact:
    """Something saved through Keras, its number of weight arrays, and what is wrong with it if anything."""

    kind: str
    path: str
    arrays: int
    problem: str | None
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Loss:
    """What a program that is watched lost in training or loading, and what was being executed."""

    kind: str
    text: str
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Outcome:
    """What running one program showed. `proof` is `None` if no proof ran, `True` if all of them passed."""

    raised: Failure | None
    proof: Failure | bool | None
    observations: tuple[str, ...]
    artefacts: tuple[Artefact, ...]
    warnings: tuple[str, ...]
    output: str
    crash: str | None
    seconds: float
    losses: tuple[Loss, ...] = ()
    exceptions: tuple[str, ...] = ()

    @property
    def printed(self) -> tuple[str, ...]:
        """Every text that Python or Keras had to say: exceptions, warnings, and what was written to the terminal."""
        return (*self.exceptions, *self.warnings, self.output)


class Request(Protocol):
    """What the runner can be asked to do."""

    def to_json(self) -> str:
        """The request, on one line."""
        ...


@dataclass(frozen=True)
class Program:
    """A run of one example; `proofs` are run after it, in the same namespace and folder."""

    id: str
    example: Example
    proofs: tuple[str, ...] = ()

    def to_json(self) -> str:
        """The request for the runner."""
        files = {re.sub(r"\.ipynb$", ".py", file.path): file.code for file in self.example.files}
        return json.dumps({"id": self.id, "files": files, "main": list(files)[-1], "proofs": self.proofs})


@dataclass(frozen=True)
class Verdict:
    """Whether real Keras agrees with an example's marks.

    `text` says what happened, and `seen` is the part of it that the evidence shows. `outcomes` are those of the
    example itself, then that of the proofs run after it where they must fail.
    """

    agrees: bool
    text: str
    seen: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


def is_error(example: Example, version: KerasVersion, rules: Mapping[str, Rule] | None = None) -> bool:
    """Whether the marks say that the program is wrong in this version."""
    return any(mark.kind is not MarkKind.TODO_OK for mark in example.marks_for(version, rules))


def is_run(example: Example, version: KerasVersion, rules: Mapping[str, Rule] | None = None) -> bool:
    """Whether an example is run in this version: one whose rules are silent there for good is not."""
    if example.static or not example.applies_to(version):
        return False
    return is_error(example, version, rules) or not example.has_errors


def proofs_for(blocks: Iterable[Block], version: KerasVersion) -> tuple[str, ...]:
    """The code of the proofs that are meant for this version."""
    return tuple(block.code for block in blocks if block.keras is None or version in block.keras)


def programs(examples: Iterable[Example], version: KerasVersion) -> list[Program]:
    """What to run in one generation: the examples, and the good ones again before proofs that must fail, or hold."""
    todo = []
    for example in examples:
        if not is_run(example, version):
            continue
        error = is_error(example, version)
        todo.append(Program(example.id, example, proofs_for(example.proofs, version) if error else ()))
        counter = () if error else proofs_for(example.counter_proofs, version)
        if counter:
            todo.append(Program(f"{example.id}+proof", example, counter))
        shown = () if error else proofs_for(example.proofs, version)
        if shown:
            todo.append(Program(f"{example.id}+shown", example, shown))
    return todo


def run_programs(
    todo: Iterable[Request], generation: Generation, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Outcome]:
    """Run programs in one environment, one after the other in forks of one process: outcomes by id."""
    requests = "".join(f"{program.to_json()}\n" for program in todo)
    outcomes: dict[str, Outcome] = {}
    if not requests:
        return outcomes
    command = [str(generation.python), str(HERE / "runner.py")]
    with (
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=settings(),
        ) as process,
        ThreadPoolExecutor(2) as threads,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        errors = threads.submit(process.stderr.read)
        threads.submit(_feed, process.stdin, requests)
        for line in process.stdout:
            data = json.loads(line)
            outcomes[data["id"]] = read_outcome(data)
            progress(data["id"])
        if process.wait():
            raise RuntimeError(
                f"the runner for Keras {generation.version} failed:\n{errors.result()[-4000:]}"
            )
    return outcomes


def _feed(stream: Any, text: str) -> None:
    with stream:
        stream.write(text)


def read_outcome(data: dict[str, Any]) -> Outcome:
    """Make an outcome of a line that the runner printed."""
    proof = data.get("proof")
    return Outcome(
        raised=_read(Failure, data["raised"]) if data.get("raised") else None,
        proof=_read(Failure, proof) if isinstance(proof, dict) else (True if proof else None),
        observations=tuple(data.get("observations", ())),
        artefacts=tuple(_read(Artefact, item) for item in data.get("artefacts", ())),
        warnings=tuple(data.get("warnings", ())),
        output=data["output"],
        crash=data.get("crash"),
        seconds=data["seconds"],
        losses=tuple(_read(Loss, item) for item in data.get("losses", ())),
        exceptions=tuple(data.get("exceptions", ())),
    )


def _read(cls: type[_T], data: dict[str, Any]) -> _T:
    return cls(**{**data, "places": tuple((file, line) for file, line in data["places"])})


def run_examples(
    examples: Iterable[Example], generations: Iterable[Generation] = GENERATIONS
) -> dict[str, dict[str, Outcome]]:
    """Run examples in all the generations at the same time: outcomes by version and id."""
    wanted = list(generations)
    todo = list(examples)
    with ThreadPoolExecutor(len(wanted)) as threads:
        futures = {
            generation.version: threads.submit(
                run_programs, programs(todo, KerasVersion.parse(generation.version)), generation
            )
            for generation in wanted
        }
        return {version: future.result() for version, future in futures.items()}


def judge(example: Example, version: KerasVersion, outcomes: Mapping[str, Outcome]) -> Verdict:
    """Compare an example's marks with what running it in this version showed."""
    outcome = outcomes[example.id]
    if outcome.crash:
        return Verdict(False, outcome.crash, (), (outcome,))
    if is_error(example, version):
        return judge_error(example, version, outcome)
    broken = None if example.broken is None else outcomes.get(example.broken.id)
    raised = broken is not None and broken.raised is not None  # then no proof is about that program
    verdict = judge_clean(outcome, None if raised else outcomes.get(f"{example.id}+proof"))
    shown = outcomes.get(f"{example.id}+shown")
    return verdict if shown is None or not verdict.agrees else judge_shown(shown, verdict)


def judge_error(example: Example, version: KerasVersion, outcome: Outcome) -> Verdict:
    """Judge a program that is marked as wrong: it must raise, or its proof must pass."""
    if outcome.raised:
        problem = _unlisted(example, outcome.raised)
        raised = (f"{outcome.raised.type}: {outcome.raised.cause}",)
        return Verdict(problem is None, problem or f"raises {outcome.raised}", raised, (outcome,))
    if outcome.proof is None:
        text = f"neither raises in Keras {version} nor is followed by a proof that something is damaged"
        return Verdict(False, text, (), (outcome,))
    if isinstance(outcome.proof, Failure):
        text = f"does not raise, and the proof that something is damaged does not hold: {outcome.proof}"
        return Verdict(False, text, (), (outcome,))
    seen: tuple[str, ...] = outcome.observations or ("damaged, as the proof shows",)
    return Verdict(True, f"the proof holds: {'; '.join(seen)}", seen, (outcome,))


def judge_clean(outcome: Outcome, proof: Outcome | None) -> Verdict:
    """Judge a program that is right: it must run, what it saves must load, and proofs of damage must fail."""
    outcomes = (outcome,) if proof is None else (outcome, proof)
    if outcome.raised:
        return Verdict(False, f"is not marked, and raises {outcome.raised}", (), outcomes)
    lost = [item for item in outcome.artefacts if item.problem]
    if lost:
        text = "; ".join(f"`{item.path}` ({item.kind}): {item.problem}" for item in lost)
        return Verdict(False, f"is not marked, and loses what it saves: {text}", (), outcomes)
    if proof is not None and (proof.crash or proof.raised):
        return Verdict(False, f"fails when run again: {proof.crash or proof.raised}", (), outcomes)
    if proof is not None and proof.proof is True:
        return Verdict(False, "the proof of damage holds here too, so that it proves nothing", (), outcomes)
    if proof is not None and isinstance(proof.proof, Failure) and proof.proof.type in NOT_OF_KERAS:
        text = f"the proof fails here for a reason that proves nothing; use the same names: {proof.proof}"
        return Verdict(False, text, (), outcomes)
    saved = sum(item.arrays for item in outcome.artefacts)
    note = f", {len(outcome.artefacts)} artefacts with {saved} arrays load back" if outcome.artefacts else ""
    return Verdict(True, f"runs{note}{', the proof fails' if proof else ''}", (), outcomes)


def judge_shown(shown: Outcome, clean: Verdict) -> Verdict:
    """Judge what a proof shows of a program that is right: it must hold. `clean` is the verdict without it."""
    outcomes = (*clean.outcomes, shown)
    if shown.proof is True:
        seen = shown.observations
        return Verdict(True, "; ".join([clean.text, *seen]), seen, outcomes)
    problem = shown.crash or shown.raised or shown.proof
    return Verdict(False, f"runs, but the proof of what it does, does not hold: {problem}", (), outcomes)


def normalise(text: str) -> str:
    """A message without what differs from run to run: numbers, addresses, names in quotes, paths, space."""
    text = re.sub(r"0x[0-9a-f]+", "N", text)
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "'…'", text)
    text = re.sub(r"<[^<>]*>", "<…>", text)
    text = re.sub(r"(?<![\w])/?(?:[\w.-]+/)+[\w.-]*", "PATH", text)
    text = re.sub(r"_?\d+(?:\.\d+)?", "N", text)
    return " ".join(text.split()).rstrip(".")


def is_listed(failure: Failure, messages: Iterable[str]) -> bool:
    """Whether a document's messages have this one: all of its telling line, or a telling part of it."""
    telling = normalise(failure.telling)
    if not telling:
        return True  # An exception without a text has none to list.
    for message in messages:
        wanted = normalise(re.sub(rf"^(?:[\w.]+\.)?{failure.type}:\s*", "", message))
        if wanted == telling or (len(wanted) >= 20 and wanted in telling):
            return True
    return False


def is_captured(message: ErrorMessage, texts: Iterable[str]) -> bool:
    """Whether one of the texts is a message: all of its sentences, after its type if it has one."""
    for text in texts:
        squashed = squash(clean(text))
        stated = not message.type or f"{message.type}:" in squashed
        if stated and all(re.search(sentence.expression, squashed) for sentence in message.sentences):
            return True
    return False


def marked_for(rule: str, examples: Iterable[Example]) -> list[Example]:
    """The programs that show what a rule is about: those of its document, and cases with a mark for it."""
    return [
        example
        for example in examples
        if example.document == ROOT / "rules" / f"{rule}.md"
        or any(mark.rule == rule for mark in example.marks)
    ]


@cache
def rule_document(name: str) -> Document | None:
    """The document of a rule in this checkout."""
    path = ROOT / "rules" / f"{name}.md"
    return read_document(path) if path.is_file() else None


def is_bare_key(failure: Failure) -> bool:
    """Whether the key that is missing is all that was said."""
    return failure.type == "KeyError" and normalise(failure.telling) == "'…'"


def _unlisted(example: Example, failure: Failure) -> str | None:
    """Why an exception is not one that the marked rules' documents list; in cases it need only be Keras's."""
    documents = [rule_document(name) for name in sorted({mark.rule for mark in example.marks})]
    messages = [message for doc in documents if doc is not None for message in doc.error_messages]
    if example.is_document:
        messages += read_document(example.document).error_messages
    if is_bare_key(failure):
        return None
    if is_listed(failure, messages) or not (example.is_document or failure.type in NOT_OF_KERAS):
        return None
    return f"raises {failure}\nwhich `## Error messages` does not list; add, or correct:\n  {failure.telling}"


def collect() -> list[Path]:
    """Every document, every file of cases, and the page of popular claims, which has programs as well."""
    cases = sorted((ROOT / "tests" / "cases").glob("*.md"))
    return [*sorted((ROOT / "rules").glob("*.md")), *cases, FOLKLORE]


def all_examples() -> list[Example]:
    """The examples of every document and every file of cases."""
    return [example for path in collect() for example in iter_examples(path)]
