"""From what the narrator has noted to the story of one object."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from kerasast.diagnostics import Diagnostic, Span, Step
from kerasast.flow.events import ModelCall
from kerasast.flow.narrator import (
    Born,
    Branch,
    Called,
    Flagged,
    Lost,
    Met,
    Narration,
    Place,
    Record,
    Returned,
    Told,
)
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Ref, Tri, TupleValue, Value
from kerasast.lifecycle.words import (
    Happening,
    birth_words,
    circumstances,
    cut,
    kind_words,
    quoted,
    summary_words,
    words_of_call,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a story, and where it happens. `problem` is what is reported there."""

    kind: Happening
    text: str
    path: str
    span: Span
    problem: Diagnostic | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """The life of one object, in order of execution."""

    title: str
    subtitle: str
    moments: tuple[Moment, ...]

    @property
    def weight(self) -> int:
        """How much of the life is told."""
        return len(self.places)

    @property
    def places(self) -> frozenset[tuple[str, Span, str]]:
        """Where it happens, and what."""
        return frozenset(
            (moment.path, moment.span, moment.kind) for moment in self.moments if moment.kind != "other"
        )


def tell(narration: Narration, target: ObjectId, title: str, diagnostics: Iterable[Diagnostic]) -> Story:
    """The story of an object that the narrator has followed."""
    return _Teller(narration, target).story(title, list(diagnostics))


@dataclass(frozen=True, slots=True)
class _Line:
    """A moment before it is put into words for good."""

    place: Place
    kind: Happening
    text: str
    added: int = 0
    step: Step | None = None


class _Teller:
    """What is told of one object."""

    def __init__(self, narration: Narration, target: ObjectId) -> None:
        self.records = narration.records
        self.states = narration.states
        self.target = target
        self.own = self._alternatives()
        self.state = self.states.get(target) or ObjectState(Kind.MODEL, escaped=True)
        self.parts = self._held()
        self.lost = False
        self.holders = {
            target
            for target, state in self.states.items()
            if state.kind.is_model and target not in self.own and not self.own.isdisjoint(state.contents)
        }
        births = [place for place in map(self._birth_place, self.records) if place is not None]
        self.birth = _common([place.branches for place in births])
        self.section = births[0].section if births else None
        self.sources = {record.place.source.path: record.place.source for record in self.records}

    def _birth_place(self, record: Record) -> Place | None:
        return record.place if isinstance(record, Born) and record.target in self.own else None

    def _alternatives(self) -> set[ObjectId]:
        """The object, and those that it may be on some path."""
        own = {self.target}
        for record in reversed(self.records):
            if isinstance(record, Met) and record.into in own:
                own |= {record.left, record.right}
        return own

    def _held(self) -> set[ObjectId]:
        """The layers and models inside, at any depth."""
        found: set[ObjectId] = set()
        pending = [part for one in self.own if one in self.states for part in self.states[one].contents]
        while pending:
            part = pending.pop()
            if part not in found and part not in self.own:
                found.add(part)
                pending += self.states[part].contents if part in self.states else ()
        return found

    def story(self, title: str, diagnostics: Sequence[Diagnostic]) -> Story:
        lines = _without_repeats(_joined_additions(self._lines()))
        about = [item for item in diagnostics if self._may_be_about(item)]
        moments = tuple(_with_problems(list(self._moments(lines)), diagnostics, about))
        elsewhere = any(line.place.section is not self.section for line in lines)
        sure = not (self.state.escaped or self.section or elsewhere)
        trained = self._happened(lines, "trained")
        compiled = self.state.compiled
        if compiled is Tri.NO and self._happened(lines, "compiled") is None:
            compiled = Tri.MAYBE
        state = self.state.evolve(built=self._built(), compiled=compiled)
        subtitle = summary_words(state, sure=sure, trained=trained, part=bool(self.holders))
        return Story(title, subtitle + ("; partly out of sight" if elsewhere or self.lost else ""), moments)

    def _happened(self, lines: Sequence[_Line], kind: Happening) -> bool | None:
        """Whether something happened in its life; `None` if that depends."""
        places = [line.place for line in lines if line.kind == kind]
        return bool(places) if not places or any(map(self._is_certain, places)) else None

    def _is_certain(self, place: Place) -> bool:
        """Whether what happens there happens whenever the object comes to be."""
        return place.section is self.section and not circumstances(place, self.birth)

    def _builds(self, event: ModelCall, place: Place) -> bool:
        """Whether it certainly is built after a call. The interpreter takes `set_weights()` for one that succeeds."""
        given = event.method == "set_weights" and event.before.built is not Tri.YES
        return event.after.built is Tri.YES and not given and self._is_certain(place)

    def _built(self) -> Tri:
        """Whether it is built in the end: what was certainly built stays so, whatever may have happened since."""
        built = self.state.built if self.state.built is Tri.NO else Tri.MAYBE
        for record in self.records:
            match record:
                case Called(place, event) if event.target in self.own:
                    if self._builds(event, place):
                        return Tri.YES
                    if event.after.built is not Tri.NO:
                        built = Tri.MAYBE
                case Told(place, target, _, state) if target in self.own and state.built is Tri.YES:
                    if self._is_certain(place):
                        return Tri.YES
        return built

    def _may_be_about(self, item: Diagnostic) -> bool:
        """Whether a report on what the code makes that made this object may be about this one, and not another.

        The code may have been called several times: then it is about this one where this one is used.
        """
        births = [record for record in self.records if isinstance(record, Born)]
        mine = {record.place.node for record in births if record.target in self.own}
        if all(record.target in self.own for record in births if record.place.node in mine):
            return True
        users = {
            (record.place.source, record.place.function)
            for record in self.records
            if isinstance(record, Called) and record.event.target in self.own
        }
        return any(
            source.path == item.path
            and function is not None
            and source.span(function).start <= item.span.start < source.span(function).end
            for source, function in users
        )

    def _moments(self, lines: Iterable[_Line]) -> Iterator[Moment]:
        section = self.section
        for line in lines:
            if line.place.section is not section:
                section = line.place.section
                if section is not None:
                    yield _section(line.place.source.path, section, line.place)
            when = circumstances(line.place, self.birth)
            source = line.place.source
            step = line.step or Step(source.path, source.header_span(line.place.node), "")
            yield Moment(line.kind, line.text + when, step.path, step.span)

    # What is told of each record.

    def _lines(self) -> Iterator[_Line]:
        met: set[ObjectId] = set()
        built = False
        for index, record in enumerate(self.records):
            match record:
                case Born(place, target) if target in self.own:
                    yield from self._birth(index, place, target)
                case Born(place, target) if target in self.holders and isinstance(place.node, ast.Call):
                    text = f"{quoted(place.node.func)} makes a model of which it is a part"
                    yield _Line(place, "other", text)
                case Called(place, event) if event.target in self.own:
                    words = words_of_call(event, is_built=built)
                    built = built or self._builds(event, place)
                    if words is not None:
                        yield _Line(place, *words, added=int(event.method == "add"))
                case Told(place, target, _, state) if target in self.own and state.built is Tri.YES:
                    built = built or self._is_certain(place)
                    yield from self._freezes(index, record)
                case Told() | Flagged():
                    yield from self._freezes(index, record)
                case Met(place, left, right, into) if into in self.own:
                    met |= {left, right}
                    if left != right:
                        yield _Line(
                            place, "other", "from here on it is one of two, by the path that was taken"
                        )
                case Lost(place, target) if target in self.own and target not in met and not self.lost:
                    self.lost = True
                    yield _Line(place, "other", _lost(place))
                case Returned(place, value) if _leads_to(value, self.own):
                    name = getattr(place.node, "name", "")
                    yield _Line(place, "other", f"returned by `{name}()`, of which no call is seen from here")

    def _birth(self, index: int, place: Place, target: ObjectId) -> Iterator[_Line]:
        """How it came to be, in the words for what it was when that was done."""
        state = self.states.get(target, self.state)
        for record in self.records[index:]:
            if isinstance(record, Told) and record.target == target:
                state = record.state
                break
        if isinstance(place.node, ast.expr):
            yield _Line(place, *birth_words(state, place.node))

    def _key(self, place: Place) -> tuple[str, int, int]:
        """What tells places apart: an assignment begins where its target does."""
        node = place.node
        return place.source.path, getattr(node, "lineno", 0), getattr(node, "col_offset", 0)

    def _freezes(self, index: int, record: Told | Flagged) -> Iterator[_Line]:
        """A change of what is trainable, once, in the words for the object itself where it is told of that.

        One assignment is told to the object that it changes, then to those that hold it, and then as such.
        """
        key = self._key(record.place)
        same = list(self._together(index, key))
        if index and same and self._is_continued(self.records[index - 1], key):
            return  # the first of them has told it
        told = [item for item in same if isinstance(item, Told)]
        flagged = next((item for item in same if isinstance(item, Flagged)), None)
        mine = next((item for item in told if item.target in self.own), None)
        part = next((item for item in told if item.target in self.parts), None)
        if mine is not None:
            yield self._told(mine, flagged)
        elif part is not None:
            yield self._told(part, flagged)
        elif flagged is not None and self._is_told_only_here(flagged):
            yield self._flag(flagged)

    def _together(self, index: int, key: tuple[str, int, int]) -> Iterator[Told | Flagged]:
        """The records from here on that are about the same assignment."""
        for record in self.records[index:]:
            if isinstance(record, Flagged) and self._key(record.place) == key:
                yield record
                return
            if not self._is_continued(record, key):
                return
            assert isinstance(record, Told)
            yield record

    def _is_continued(self, record: Record, key: tuple[str, int, int]) -> bool:
        """Whether more may follow about the same assignment."""
        return isinstance(record, Told) and "frozen" in record.step.message and self._key(record.place) == key

    def _is_told_only_here(self, record: Flagged) -> bool:
        """Whether a flag is told without a step in a story, as those of layers are."""
        target = record.event.target
        return target in self.parts or (target in self.own and not self.state.kind.is_model)

    def _told(self, record: Told, flagged: Flagged | None) -> _Line:
        """A change of what is trainable, as the interpreter tells it."""
        step = record.step
        message = step.message.removesuffix(" here")
        source = self.sources.get(step.path, record.place.source)
        code = " ".join(source.line_text(source.line_at(step.span.start)).split())
        text = f"{message} by `{cut(code)}`"
        if record.target not in self.own:
            text = f"a part of it, {kind_words(record.state)}: {text}"
        elif flagged is not None and flagged.event.target not in self.own:
            text = f"{_receiver(flagged.event.node)}, a part of it, is {text}"
        if record.state.frozen_late == step and record.target in self.own:
            text += "; too late: what is trained was fixed before, and stays so until the next `compile()`"
        return _Line(record.place, _freezing(message), text, step=step)

    def _flag(self, record: Flagged) -> _Line:
        event = record.event
        value = event.value
        word = (
            "frozen or unfrozen" if not isinstance(value, Const) else "unfrozen" if value.value else "frozen"
        )
        what = "" if event.target in self.own else f"{_receiver(event.node)}, a part of it, is "
        return _Line(record.place, _freezing(word), f"{what}{word}")


def _common(paths: Sequence[tuple[Branch, ...]]) -> tuple[Branch, ...]:
    """What several paths begin with."""
    common: list[Branch] = []
    for branches in zip(*paths, strict=False):
        if len(set(branches)) > 1:
            break
        common.append(branches[0])
    return tuple(common)


def _freezing(message: str) -> Happening:
    if "frozen or unfrozen" in message:
        return "other"
    return "unfrozen" if "unfrozen" in message else "frozen"


def _receiver(node: ast.AST) -> str:
    return quoted(node.value) if isinstance(node, ast.Attribute) else "something"


def _lost(place: Place) -> str:
    rest = "from here on kerasast does not follow it, and anything may happen to it"
    if isinstance(place.node, ast.Call):
        return f"reaches {quoted(place.node.func)[:-1]}()`; {rest}"
    return rest


def _section(path: str, function: ast.FunctionDef | ast.AsyncFunctionDef, place: Place) -> Moment:
    text = f"in `{function.name}()`, whenever that is called:"
    return Moment("other", text, path, place.source.header_span(function))


def _leads_to(value: Value, own: set[ObjectId]) -> bool:
    match value:
        case Ref(target):
            return target in own
        case TupleValue(items):
            return any(_leads_to(item, own) for item in items)
    return False


def _joined_additions(lines: Iterable[_Line]) -> Iterator[_Line]:
    """One line for layers that are added one after the other, unless one of them builds the model."""
    kept: _Line | None = None
    for line in lines:
        if line.added and "builds" not in line.text:
            if kept is None:
                kept = line
            else:
                kept = replace(kept, added=kept.added + 1)
            continue
        if kept is not None:
            yield _counted(kept)
            kept = None
        yield line
    if kept is not None:
        yield _counted(kept)


def _counted(line: _Line) -> _Line:
    return line if line.added == 1 else replace(line, text=f"{line.added} layers are added")


def _without_repeats(lines: Iterable[_Line]) -> list[_Line]:
    """One line for what happens again and again at the same place: in a loop, or on several paths."""
    found: dict[tuple[object, ...], _Line] = {}
    for line in lines:
        where = (line.place.source.path, line.place.node) if line.step is None else line.step.span
        found.setdefault((where, line.kind, line.text), line)
    return list(found.values())


# Problems.


def _with_problems(
    moments: list[Moment], diagnostics: Sequence[Diagnostic], about: Sequence[Diagnostic]
) -> list[Moment]:
    """The moments with what is reported at them, and lines for what else is reported `about` the object."""
    left: list[Diagnostic] = []
    for item in sorted(diagnostics, key=lambda item: -item.severity):
        index = _index_at(moments, item)
        if index is not None and moments[index].problem is None:
            moments[index] = replace(moments[index], problem=item)
        elif index is not None or (item in about and _is_about(moments, item)):
            left.append(item)
    for item in left:
        extra = Moment("other", _headline(item), item.path, item.span, item)
        moments.insert(_position(moments, extra), extra)
    return moments


def _index_at(moments: Sequence[Moment], item: Diagnostic) -> int | None:
    """The moment that a diagnostic is at: it begins in its span; of a creation it must be about the whole."""
    for index, moment in enumerate(moments):
        if moment.path != item.path or moment.kind == "other":
            continue
        if moment.span == item.span:
            return index
        inside = moment.span.start <= item.span.start < moment.span.end
        if inside and moment.kind not in ("created", "loaded"):
            return index
    return None


def _is_about(moments: Sequence[Moment], item: Diagnostic) -> bool:
    """Whether the story of a diagnostic begins with the creation of this object."""
    births = {(moment.path, moment.span) for moment in moments if moment.kind in ("created", "loaded")}
    here = any(moment.path == item.path for moment in moments)
    return here and bool(item.steps) and (item.steps[0].path, item.steps[0].span) in births


def _position(moments: Sequence[Moment], extra: Moment) -> int:
    """Behind the last moment of the same file that stands before it."""
    before = [
        index
        for index, moment in enumerate(moments)
        if moment.path == extra.path and moment.span.start <= extra.span.start
    ]
    return before[-1] + 1 if before else len(moments)


def _headline(item: Diagnostic) -> str:
    return item.message.partition(". ")[0].partition("; ")[0]
