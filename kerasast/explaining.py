"""Which rules a pasted error report is about: the messages of their documents found in it, best match first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kerasast.error_messages import TYPE, ErrorMessage, squash
from kerasast.tracebacks import Frame

FRAGMENT = 24
"""How many characters without spaces a part of a message must have, if only a part was pasted."""

FRAGMENT_WORDS = 4
FRAGMENT_LINES = 12
FRAGMENT_LONGEST = 2000

MORE = 8
"""How many characters more a rule must explain than another for being the better one."""

_KERAS_METHODS = frozenset(
    {
        "call",
        "build",
        "get_config",
        "from_config",
        "update_state",
        "result",
        "train_step",
        "test_step",
        "predict_step",
        "compute_loss",
    }
)
"""Methods of custom classes that Keras calls; what fails in them fails in Keras's hands."""

_DETAIL = re.compile(
    r"^\s*(?:config=|Arguments received|Call arguments|[•\-*]|File |Traceback|~|-+>|\d+ |$)"
    r"|^\s+\S"
)
"""Lines that may follow an announcement without saying what went wrong; what is indented is code."""


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that may explain a report: its messages that are in it, and the parts of the report that they explain."""

    rule: str
    messages: tuple[ErrorMessage, ...]
    spans: tuple[tuple[int, int], ...]
    quotes: tuple[str, ...]

    @property
    def explained(self) -> frozenset[int]:
        """The characters of the squashed report that its messages explain."""
        return frozenset(index for start, end in self.spans for index in range(start, end))


@dataclass(frozen=True, slots=True)
class Report:
    """A cleaned report, and the same without white space; `offsets` says where each character of that stands."""

    text: str
    frames: tuple[Frame, ...]
    squashed: str
    offsets: tuple[int, ...]

    @classmethod
    def read(cls, cleaned: str, frames: Iterable[Frame]) -> Report:
        """Squash a cleaned report as the messages are."""
        kept = [
            (index, char)
            for index, char in enumerate(cleaned.replace('"', "'"))
            if char not in "` \t\n\r\f\v\xa0"
        ]
        return cls(
            cleaned, tuple(frames), "".join(char for _, char in kept), tuple(index for index, _ in kept)
        )

    @property
    def failed_in_keras(self) -> bool:
        """Whether the innermost place is in Keras, or in a method that Keras calls."""
        if "Exception encountered when calling" in self.text or "in user code:" in self.text:
            return True  # The second is how TensorFlow tells of code that it traces for Keras.
        last = self.frames[-1] if self.frames else None
        return last is not None and (last.in_keras or last.function.rpartition(".")[2] in _KERAS_METHODS)

    def quote(self, span: tuple[int, int]) -> str:
        """The lines of the report at a span of the squashed text, as one."""
        start, end = self.offsets[span[0]], self.offsets[span[1] - 1]
        start = self.text.rfind("\n", 0, start) + 1
        return " ".join((self.text[start:end] + self.text[end:].partition("\n")[0]).split())

    def rest_after(self, end: int) -> str:
        """What the report goes on with on the lines after a position of the squashed text."""
        return self.text[self.offsets[end - 1] + 1 :].partition("\n")[2]


def explain(
    report: Report, messages: Iterable[ErrorMessage], confirmed: frozenset[str] = frozenset()
) -> list[Found]:
    """The rules whose messages the report has, best match first; `confirmed` are those with a diagnostic in its code.

    A message that Python prints for a thousand reasons counts only where it came out of Keras, or for a confirmed
    rule. One that only announces another counts where nothing more telling is there.
    """
    hits: dict[str, list[tuple[ErrorMessage, list[tuple[int, int]]]]] = {}
    for message in messages:
        spans = message.spans_in(report.squashed)
        if spans and (not message.from_python or message.rule in confirmed or report.failed_in_keras):
            hits.setdefault(message.rule, []).append((message, spans))
    telling = {rule for rule, found in hits.items() if any(not message.wrapper for message, _ in found)}
    kept = {
        rule: found
        for rule, found in hits.items()
        if rule in telling or (not telling and _stands_alone(report, found)) or rule in confirmed
    }
    found = [_found(report, rule, pairs) for rule, pairs in kept.items()] or _fragments(report, messages)
    return _ranked(found, confirmed)


def _found(report: Report, rule: str, pairs: Sequence[tuple[ErrorMessage, list[tuple[int, int]]]]) -> Found:
    pairs = sorted(pairs, key=lambda pair: _order(report, *pair))
    spans = tuple(dict.fromkeys(span for _, found in pairs for span in found))
    quotes = tuple(dict.fromkeys(report.quote(span) for span in spans))
    unique = {message.text: message for message, _ in reversed(pairs)}
    return Found(rule, tuple(reversed(unique.values())), spans, quotes)


def _order(report: Report, message: ErrorMessage, spans: Sequence[tuple[int, int]]) -> tuple[bool, int, bool]:
    """Messages in this order: first what says most, and with the type that the report has."""
    return (
        message.wrapper,
        -sum(end - start for start, end in spans),
        f"{message.type}:" not in report.squashed,
    )


def _stands_alone(report: Report, pairs: Sequence[tuple[ErrorMessage, list[tuple[int, int]]]]) -> bool:
    """Whether nothing in the report says more than the announcements found."""
    end = max(end for _, spans in pairs for _, end in spans)
    return all(_DETAIL.match(line) for line in report.rest_after(end).split("\n"))


def _fragments(report: Report, messages: Iterable[ErrorMessage]) -> list[Found]:
    """The rules with a message that has a pasted line in it, where only a part of a message was pasted."""
    lines = [line.strip() for line in report.text.split("\n") if line.strip()]
    candidates = [" ".join(lines), *lines] if len(lines) <= FRAGMENT_LINES else []
    candidates = [text for text in candidates if len(text) <= FRAGMENT_LONGEST]
    for candidate in candidates:
        body = TYPE.sub("", candidate, count=1).rstrip(".\u2026 ")
        if len(squash(body)) < FRAGMENT or len(body.split()) < FRAGMENT_WORDS:
            continue
        span = (0, len(squash(body)))
        found = {
            message.rule: Found(message.rule, (message,), (span,), (candidate,))
            for message in messages
            if not message.from_python and not message.wrapper and message.has(body)
        }
        if found:
            return list(found.values())
    return []


def _ranked(found: Iterable[Found], confirmed: frozenset[str]) -> list[Found]:
    """The best first, without those that explain only a part of what a better one explains."""
    ranked = sorted(found, key=lambda item: (item.rule not in confirmed, -len(item.explained), item.rule))
    kept: list[Found] = []
    for item in ranked:
        if item.rule in confirmed or not any(_is_less(item, better) for better in kept):
            kept.append(item)
    return kept


def _is_less(item: Found, better: Found) -> bool:
    """Whether a rule explains clearly less than another; an open end of a message may hide a few characters."""
    mine, others = item.explained, better.explained
    return mine < others and len(others) - len(mine) >= MORE


def messages_printed(report: Report) -> list[str]:
    """The lines of a report that say what went wrong: those that begin with the type of an exception or warning."""
    lines = [line.strip() for line in report.text.split("\n")]
    starts = [line for line in lines if (match := TYPE.match(line)) and match.start() == 0]
    return starts or [line for line in lines if re.search(r"\w", line)][-1:]
