"""The error messages that the rules' documents list, as patterns that match what Keras prints for other programs.

A message in a document was captured from one of its programs. What depends on that program is left open in the
pattern: names that the program defines, automatic names of layers, numbers, shapes, paths, and the `repr` of objects.
White space, colours and the kind of quotation marks do not count, because terminals, notebooks and mails change them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kerasast.documents import Block, Document
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion

ENOUGH = 24
"""How many characters, without spaces, a sentence must fix in order to be recognised where no type stands before it."""

ENOUGH_WITH_TYPE = 9
"""The same where the type of the exception stands before it and agrees."""

TYPE = re.compile(r"(?:[\w.]+\.)?(\w*(?:Error|Exception|Warning|Interrupt|Exit)):\s*")
_LOG = re.compile(r"(?:WARNING|ERROR|INFO):\w+:\s*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z'])")
HOLE = "\0"
"""Stands in an outline for what depends on the program."""

_VARIABLE = re.compile(
    r"""(?P<config>(?<=config=)\{.*|(?<=Available[ ]metrics[ ]are:[ ]).*)
    |(?P<metric>(?<=on[ ]metric[ ])\w+|(?<=best[ ]model[ ]only[ ]with[ ])\w+|(?<=identifier:[ ])\w+)
    |(?P<repr><(?!locals>|lambda>)[^<>]*(?:<[^<>]*>[^<>]*)*>)
    |'(?P<quoted>[^'\s]*)'
    |(?P<shape>\((?:\s*(?:\d+|None)\s*,?)+\)|\[[^\[\]]*\])
    |(?P<path>(?<![.\w/-])/?[\w-]+(?:[./-][\w-]+)*\.(?:keras|h5|hdf5|ckpt|json|npy|npz|pkl|tf)\b(?!\.\w))
    |(?P<value>(?<=\w=)(?!None\b|True\b|False\b|\.\.\.)[^\s,(){}\[\]<>']+)
    |(?P<number>(?<![\w.])-?\d+(?:\.\d+)?(?![\w]))
    |(?P<name>\b[A-Z]\w*\b)""",
    re.VERBOSE,
)
_FILLERS = {
    "config": r".*?",
    "metric": r"\w{1,80}?",
    "repr": r"<.{0,400}?>",
    "quoted": r"'?[^'\s]{0,120}?'?",  # older releases print some names without quotation marks
    "shape": r"[(\[].{0,200}?[)\]]",
    "path": r"\S{1,200}?",
    "value": r"\S{1,120}?",
    "number": r"[-\d.,]{1,20}",
    "name": r"[\w.]{1,80}?",
}

_FIXED = frozenset(
    {
        "name",
        "dtype",
        "trainable",
        "lr",
        "decay",
        "fit",
        "add",
        "save",
        "predict",
        "items",
        "fit_generator",
        "predict_classes",
        "reset_states",
        "sample_weight",
        "units",
        "validation_data",
        "kernel_initializer",
        "config",
        "self",
        "cls",
    }
)
"""Names that mean the same in every program, although those of a document may define them, too."""

_PYTHONS_OWN = re.compile(
    r"objecthasnoattribute|requiredpositionalargument|gotanunexpectedkeywordargument|objectisnotcallable|"
    r"positionalarguments?but|gotmultiplevaluesforargument|hasnosetter|indicesmustbe|cannotpickle|mustbecode,|"
    r"settinganarrayelement|Objectarrayscannotbeloaded|Unabletosynchronouslyopen"
)
"""Texts that Python, NumPy and h5py print for a thousand reasons; squashed."""

_TELLING = re.compile(
    r"'(?:NoneType|History)'objecthasnoattribute'(?!items|__)|objecthasnoattribute'lr'|<locals>\.decorator\(\)|"
    r"objecthasnoattribute'(?:fit_generator|predict_classes|reset_states)'|Trainer\.\w+\(\)gotanunexpectedkeyword"
)
"""Those of them that tell enough by themselves."""

_KIND_OF_NAME = re.compile(
    r"\b(?:class|function|layer|model|schedule|metric|loss|optimizer|initializer)\s*:?\s*$", re.IGNORECASE
)
_OWNER = re.compile(r"'([\w.]+)'objecthasnoattribute")
_NOT_CUSTOM = frozenset(
    {
        "NoneType",
        "bool",
        "bytes",
        "dict",
        "float",
        "function",
        "generator",
        "int",
        "list",
        "method",
        "module",
        "set",
        "str",
        "tuple",
        "type",
        "ndarray",
        "DataFrame",
        "Series",
        "Tensor",
        "EagerTensor",
        "KerasTensor",
        "SymbolicTensor",
        "Sequential",
        "Functional",
        "History",
        "Dense",
    }
)
"""Classes that are not the user's own."""

_WRAPPER = re.compile(
    r"^(?:Exceptionencounteredwhencalling(?:layer)?[^:]*|.*couldnotbedeserializedproperly.*|"
    r"Errorwhendeserializingclass.*|Couldnotautomaticallyinfertheoutputshape.*)$"
)
"""Texts that Keras puts before those of other exceptions; squashed."""


def squash(text: str) -> str:
    """A text without white space and backticks, with one kind of quotation marks."""
    return re.sub(r"[\s`]+", "", text.replace('"', "'"))


@dataclass(frozen=True, slots=True)
class Sentence:
    """A part of a message: an expression that finds it in a squashed text, and the longest text fixed in it.

    `size` is the number of characters that are fixed.
    """

    expression: str
    anchor: str
    size: int


@dataclass(frozen=True)
class ErrorMessage:
    """A message that the document of `rule` lists, and which of the measured versions of Keras it was seen in.

    `type` is the exception or warning without its module, or empty for a line of a log. `outline` is the text
    without it, squashed, with a `HOLE` for each part that depends on the program.
    """

    rule: str
    text: str
    versions: tuple[KerasVersion, ...]
    type: str
    sentences: tuple[Sentence, ...]
    outline: str

    @cached_property
    def squashed(self) -> str:
        """Its text without the type, squashed."""
        return squash(_LOG.sub("", TYPE.sub("", self.text, count=1), count=1))

    @property
    def from_python(self) -> bool:
        """Whether it tells nothing without knowing where it comes from: Python or NumPy print it, not Keras."""
        return bool(_PYTHONS_OWN.search(self.squashed)) and not _TELLING.search(self.squashed)

    @property
    def wrapper(self) -> bool:
        """Whether it only announces another message."""
        return _WRAPPER.match(self.squashed) is not None

    def spans_in(self, squashed: str) -> list[tuple[int, int]]:
        """Where it stands in a squashed text: a span for each of its sentences that is there.

        The type must agree where the text alone says little; it has changed between releases for some.
        """
        spans: list[tuple[int, int]] = []
        for number, sentence in enumerate(self.sentences):
            if sentence.anchor not in squashed:
                continue
            for match in re.finditer(sentence.expression, squashed):
                stated = stated_type(squashed, match.start()) if number == 0 else None
                agrees = stated == self.type or (number == 0 and not self.type)
                vague = self.wrapper or self.from_python or sentence.size < ENOUGH
                if (vague and stated is not None and self.type and not agrees) or self._is_of_other(match[0]):
                    continue
                if sentence.size >= (ENOUGH_WITH_TYPE if agrees or spans else ENOUGH) or self.from_python:
                    spans.append(match.span())
        return spans

    def _is_of_other(self, found: str) -> bool:
        """Whether the text is about an object that no user has defined, and the message is not."""
        owner = _OWNER.match(found)
        return owner is not None and owner[1] in _NOT_CUSTOM and owner[0] not in self.squashed

    def has(self, fragment: str) -> bool:
        """Whether a part of a message is a part of this one; names and numbers in it may differ."""
        text = _plain(fragment)
        pieces = []
        position = 0
        for match in _VARIABLE.finditer(text):
            if match.lastgroup != "name":
                pieces.append(re.escape(squash(text[position : match.start()])))
                pieces.append(f"(?:{HOLE}|{re.escape(squash(match[0]))})")
                position = match.end()
        pieces.append(re.escape(squash(text[position:])))
        return re.search("".join(pieces), self.outline) is not None


_STATED = re.compile(r"(?:^|[^A-Za-z_])(?:[a-z_]\w*\.)*\w*?((?:[A-Z]\w*)?(?:Error|Exception|Warning)):$")


_ANNOUNCED = re.compile(r"Exceptionencounteredwhencalling(?:layer)?[\w'.]*(?:\(type\w+\))?(?:\.call\(\))?\.$")


def stated_type(squashed: str, position: int) -> str | None:
    """The type of the exception or warning whose text begins at a position of a squashed text, if it is said."""
    before = _ANNOUNCED.sub("", squashed[max(position - 240, 0) : position])
    match = _STATED.search(before)
    return None if match is None else match[1]


def messages_of(doc: Document) -> Iterator[ErrorMessage]:
    """The messages that a document lists, one for each line of the blocks under `## Error messages`."""
    names = _names(doc)
    for block in doc.blocks:
        if block.section != "Error messages":
            continue
        versions = _versions(doc, block)
        for line in filter(None, map(str.strip, block.code.splitlines())):
            match = TYPE.match(line)
            body = _plain(_LOG.sub("", line[match.end() :] if match else line, count=1))
            sentences = tuple(_sentence(part.rstrip("."), names) for part in _SENTENCE_END.split(body))
            outline = "".join(
                HOLE if number % 2 else piece for number, piece in enumerate(_pieces(body, names))
            )
            yield ErrorMessage(doc.name, line, versions, match[1] if match else "", sentences, outline)


def _versions(doc: Document, block: Block) -> tuple[KerasVersion, ...]:
    """The versions that the prose above a block names; both if it names none, neither if it names others.

    The last sentence that names any is about the block: "Keras 2.15 prints nothing. Keras 3.15:".
    """
    lines = doc.markdown.splitlines()[: block.line - 2]
    prose: list[str] = []
    while lines and not lines[-1].startswith(("```", "#")):
        prose.insert(0, lines.pop())
    sentences = re.split(r"(?<=[.!?])\s", " ".join(prose).strip())
    last = next((text for text in reversed(sentences) if re.search(r"\d\.\d", text)), None)
    if last is None:
        return KERAS_2, KERAS_3
    return tuple(version for version in (KERAS_2, KERAS_3) if str(version) in last)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that the programs of a document define, the classes that they use, and names of layers of those."""

    defined: frozenset[str]
    classes: frozenset[str]
    automatic: frozenset[str]


def _names(doc: Document) -> _Names:
    code = "\n".join(block.code for block in doc.blocks if block.language == "python")
    classes = set(re.findall(r"\bclass (\w+)", code))
    used = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", code))
    parameters = re.findall(r"\bdef \w+\(([^)]*)\)", code)
    defined = {
        *classes,
        *re.findall(r"\bdef (\w+)", code),
        *re.findall(r"\bself\.(\w+)", code),
        *re.findall(r"[\"'](\w+)[\"']", code),
        *(name for text in parameters for name in re.findall(r"(\w+)\s*(?:=|,|:|$)", text)),
    }
    automatic = frozenset(map(_snake, used)) | {"sequential", "functional", "model"}
    return _Names(frozenset(defined - _FIXED), frozenset(used), automatic)


def _snake(name: str) -> str:
    """How Keras names an instance of a class."""
    text = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _plain(text: str) -> str:
    return text.replace("`", "").replace('"', "'").rstrip(".").strip()


def _sentence(text: str, names: _Names) -> Sentence:
    pieces = list(_pieces(text, names))
    literals = pieces[::2]
    expression = "".join(
        _FILLERS[piece] if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)
    )
    return Sentence(expression, max(literals, key=len), sum(map(len, literals)))


def _pieces(text: str, names: _Names) -> Iterator[str]:
    """What is fixed in a text, squashed, and between that the kinds of what is not."""
    position = 0
    for match in _VARIABLE.finditer(text):
        kind = str(match.lastgroup)
        if _varies(kind, match, names):
            yield squash(text[position : match.start()])
            yield kind
            position = match.end()
    yield squash(text[position:])


def _varies(kind: str, match: re.Match[str], names: _Names) -> bool:
    """Whether a part of a message depends on the program."""
    text = match[kind]
    if kind == "quoted":
        automatic = re.sub(r"_\d+$", "", text) in names.automatic
        named = automatic or text in names.defined | names.classes or bool(re.search(r"[/\d.]", text))
        return named or (text not in _NOT_CUSTOM and _is_name(match))
    if kind == "name":
        after_dot = match.string[: match.start()].endswith(".")
        return text in names.defined or (text in names.classes and (after_dot or _is_name(match)))
    return True


def _is_name(match: re.Match[str]) -> bool:
    """Whether what is quoted is the name of a class, a function or a layer, as the words around it say."""
    before, after = match.string[: match.start()], match.string[match.end() :]
    return _KIND_OF_NAME.search(before) is not None or after.startswith(" object has no attribute")
