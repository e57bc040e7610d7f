"""The places of a project where the name of one file is written, and how to give the file another name.

A fix that renames a file changes all of them or none. So every place has to be a literal whose use is understood: an
argument of what saves or loads, a question whether the file is there, or a name for one of these.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache, cached_property
from typing import Literal, NamedTuple

from kerasast.diagnostics import Applicability, Edit, FileEdits, Fix, Span
from kerasast.fixes import Edits, join
from kerasast.flow.facts import LoadSite, OtherSite, SaveSite
from kerasast.flow.text import known_suffix
from kerasast.flow.values import Const, Text, Value
from kerasast.index.project import ProjectIndex, of_module
from kerasast.source import SourceFile
from kerasast.walking import parents, walk

Content = Literal["weights", "model"]

_ENDING = re.compile(r"(?:\.weights)?\.(?:h5|hdf5|hdf|hd5|keras|ckpt|tf|weights)$", re.IGNORECASE)
_FIELD = re.compile(r"\{[^{}]*\}|%(?:\(\w*\))?[#0\- +]*\d*(?:\.\d+)?[a-zA-Z]")
"""What `format` or `%` put something else for."""

_PASS_ON = frozenset(
    {"join", "Path", "PurePath", "str", "fspath", "abspath", "realpath", "normpath", "expanduser"}
)
"""Functions that make a path of what they are given last."""

_ASK = frozenset(
    [
        "exists",
        "isfile",
        "getsize",
        "getmtime",
        "remove",
        "unlink",
        "dirname",
        "print",
        "debug",
        "info",
        "warning",
    ]
)
"""Functions that do something with a file of any name, or show its name."""

_ATTRIBUTES = frozenset({"exists", "is_file", "parent", "stat", "unlink"})
"""Attributes of a path of which the same is true."""

_HDF5 = (".h5", ".hdf5", ".keras")

_CHECKPOINTS = re.compile(r"\b(?:latest_checkpoint|checkpoint_exists|CheckpointManager|load_checkpoint)\b")
"""What looks for checkpoints of TensorFlow, whatever their names."""

_CUSTOM = re.compile(
    r"\bclass\s+\w+\s*\([^)]*(?:Layer|Model|Loss|Metric|Network|Module)|\bLambda\s*\(|custom_objects"
)
"""What a model that is loaded whole may need."""

_NOT_KERAS = frozenset({"cv2", "fig", "image", "img", "np", "numpy", "plt", "torch"})


class Site(NamedTuple):
    """A call that writes or reads the file."""

    source: SourceFile
    call: ast.Call
    name: str
    content: Content


@dataclass(slots=True)
class FilePlaces:
    """Where a project deals with one file. `name` is what its path ends with, `spans` where that is written."""

    name: str
    spans: list[tuple[SourceFile, Span]] = field(default_factory=list)
    writers: list[Site] = field(default_factory=list)
    readers: list[Site] = field(default_factory=list)
    others: set[str] = field(default_factory=set)

    def is_known(self, name: str) -> bool:
        """Whether there is another file of this name, for all that the project says."""
        return any(name == other or _may_mean(other, name) for other in self.others)

    def written(self) -> set[Content]:
        """What is written to it."""
        return {site.content for site in self.writers}

    def read(self) -> set[Content]:
        """What it is read as."""
        return {site.content for site in self.readers}

    def is_read_by_name(self) -> bool:
        """Whether weights are looked up by the names of layers, which only legacy HDF5 files allow."""
        return any(any(item.arg in ("by_name", None) for item in site.call.keywords) for site in self.readers)


def weights_name(name: str) -> str | None:
    """The name of a file of weights instead of `name`."""
    stem = _stem(name)
    if stem is None:
        return None
    stem = "model" if stem == "weights" else re.sub(r"[_.-]weights$", "", stem) or stem
    return f"{stem}.weights.h5"


def model_name(name: str, ending: str = ".keras") -> str | None:
    """The name of a file of a whole model instead of `name`."""
    stem = _stem(name)
    return None if stem is None else f"{stem}{ending}"


def _stem(name: str) -> str | None:
    stem = _ENDING.sub("", name)
    return stem if re.search(r"\w", stem) and not name.endswith(".pb") else None


def rename(
    places: FilePlaces, new: str | None, source: SourceFile, title: str, *more: tuple[SourceFile, Edits]
) -> Fix | None:
    """A fix for a report in `source` that names the file `new` everywhere, together with edits of other things.

    `title` may say `{}` for the new name. There is none if the project knows a file of the new name already.
    """
    if new is None or places.is_known(new):
        return None
    parts = [(place, _changed(span, places.name, new)) for place, span in places.spans]
    return together(source, title.format(new), *parts, *more)


def together(
    source: SourceFile, title: str, *parts: tuple[SourceFile, Edits], harmless: bool = False
) -> Fix | None:
    """A fix for a report in `source` of edits of several files; a safe one if it is `harmless`."""
    edits: dict[str, list[Edits]] = {source.path: [()]}
    for place, own in parts:
        edits.setdefault(place.path, []).append(own)
    joined = {path: join(*own) for path, own in edits.items()}
    known = [FileEdits(path, own) for path, own in joined.items() if own]
    if len(known) < sum(own != () for own in joined.values()) or not known:
        return None
    own = joined[source.path] or ()
    kind = Applicability.SAFE if harmless else Applicability.UNSAFE
    return Fix(title, own, kind, tuple(item for item in known if item.path != source.path))


def _changed(span: Span, old: str, new: str) -> tuple[Edit, ...]:
    """Only what differs at the end of the name is changed."""
    same = len(posixpath.commonprefix([old, new]))
    return (Edit(Span(span.start + same, span.end), new[same:]),)


def path_of(site: SaveSite | OtherSite | LoadSite) -> Value | None:
    """The path that a place saves to or loads, as far as it is literal."""
    match site.path_key:
        case ("path", str(text)):
            return Const(text)
        case ("folder", str(text)):
            return Text((None, f"/{posixpath.basename(text)}"))
        case ("text", tuple(parts), _):
            return Text(parts)
    return None


def call_at(source: SourceFile, span: Span) -> ast.Call | None:
    """The call at a span of a file."""
    for node in walk(source.parse()):
        if isinstance(node, ast.Call) and source.span(node) == span:
            return node
    return None


def uses_custom_objects(project: ProjectIndex, source: SourceFile) -> bool:
    """Whether a model of the files around this one may hold code of the user's own, which loading it whole needs."""
    files = list(_files(project, source))
    defined = {name for file in files for name in project.modules[file.module].bindings if file.defines(name)}
    return any(_CUSTOM.search(file.source.code) or file.compiles_with(defined) for file in files)


def is_written_in_project(project: ProjectIndex, path: str) -> bool:
    """Whether code of the project names a file already."""
    return project.mentions(re.escape(posixpath.basename(path)))


def places_of(project: ProjectIndex, source: SourceFile, path: Value | None) -> FilePlaces | None:
    """The places that deal with the file of a path that `source` uses; `None` if not all of them are understood."""
    name = _name(path)
    if name is None:
        return None
    search = _Search(FilePlaces(name), project, source)
    return search.places if search.run() and search.places.spans else None


def _name(path: Value | None) -> str | None:
    """What a path certainly ends with, after the last slash."""
    text = known_suffix(path)
    if text is None or (isinstance(path, Text) and "/" not in text):
        return None
    name = re.split(r"[/\\]", text)[-1]
    return name if re.match(r"\w[^'\"]*$", name) else None


class _Text(NamedTuple):
    """A string as if it were a path: its folders, what comes after the last slash, and that with what is beside it.

    `*` stands for the values in an f-string, and for what is put before or after the string.
    """

    node: ast.Constant | ast.JoinedStr
    folders: list[str]
    last: str
    around: str


def _text(node: ast.Constant | ast.JoinedStr, parent: ast.AST) -> _Text:
    if isinstance(node, ast.Constant):
        text = str(node.value)
    else:
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    *folders, last = re.split(r"[/\\]", text)
    match parent:
        case ast.BinOp(op=ast.Add(), left=left):
            around = f"{last}*" if left is node else f"*{last}"
        case _:
            around = f"*{last}" if last.startswith(".") else last
    return _Text(node, folders, last, around)


class _File:
    """A file of the project, with the parent of each node. Kept with the project: many reports may ask for it."""

    def __init__(self, module: str, source: SourceFile, tree: ast.Module) -> None:
        self.module = module
        self.source = source
        self.tree = tree

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of each node."""
        return parents(self.tree)

    @cached_property
    def texts(self) -> list[_Text]:
        """The strings, but for those that only say something."""
        found: list[_Text] = []
        for node in walk(self.tree):
            if isinstance(node, ast.JoinedStr):
                found.append(_text(node, self.parents[node]))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                parent = self.parents[node]
                if not isinstance(parent, ast.JoinedStr | ast.Expr):
                    found.append(_text(node, parent))
        return found

    @cached_property
    def looks_for_checkpoints(self) -> bool:
        """Whether code asks which checkpoints there are, whatever their names."""
        return _CHECKPOINTS.search(self.source.code) is not None

    @cached_property
    def last_parts(self) -> frozenset[str]:
        """What comes after the last slash of the strings."""
        return frozenset(text.last for text in self.texts)

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders that the strings name, if they are paths."""
        return frozenset(folder for text in self.texts for folder in text.folders)

    @cached_property
    def _gapped(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """The last parts with what is beside them: all, and those that stand for more than one text."""
        pairs = {(text.last, text.around) for text in self.texts}
        return pairs, {pair for pair in pairs if "*" in _gaps(pair[1])}

    def surroundings(self, name: str) -> set[tuple[str, str]]:
        """The last parts, with what is beside them, of strings that may mean `name` without being it."""
        return self._gapped["*" not in _gaps(name)]

    def function(self, node: ast.AST) -> ast.AST:
        """The function that a node is in, or the module."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                break
        return node

    def defines(self, name: str) -> bool:
        """Whether a function or class of the file has a name."""
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return any(isinstance(node, kinds) and node.name == name for node in self.parents)

    def compiles_with(self, names: Collection[str]) -> bool:
        """Whether `compile()` is given something of one of the names, or a lambda, or what cannot be read here."""
        calls = [node for node in self.parents if isinstance(node, ast.Call) and _called(node) == "compile"]
        return any(
            isinstance(node, ast.Lambda | ast.Starred)
            or (isinstance(node, ast.keyword) and node.arg is None)
            or (isinstance(node, ast.Name) and node.id in names)
            for call in calls
            for node in walk(call)
        )

    def is_in_class(self, target: ast.AST) -> bool:
        """Whether a variable belongs to the body of a class."""
        return isinstance(self.parents.get(self.parents[target]), ast.ClassDef)

    def attributes(self, name: str) -> Iterator[ast.Attribute]:
        """The places that read an attribute of this name."""
        for node in self.parents:
            if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
                yield node

    def imports(self) -> Iterator[tuple[str, str]]:
        """What the file imports, without the packages that it is in for `from` imports, and the name for it here."""
        for node in self.parents:
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield from ((alias.name, alias.asname or alias.name) for alias in node.names)


class _Search:
    """Looks for the places of one file."""

    def __init__(self, places: FilePlaces, project: ProjectIndex, source: SourceFile) -> None:
        self.places = places
        self._files = list(_files(project, source))
        near = {file.source.path for file in self._files}
        self._others = [
            file
            for name, index in project.modules.items()
            if index.path not in near and (file := project.source(name)) is not None
        ]
        self._named: set[ast.AST] = set()

    def run(self) -> bool:
        """Note the places; whether all are understood."""
        name = self.places.name
        for source in self._others:  # Its own file of that name, or the same one?
            if name in source.text and not re.search(r"\bsave\w*\s*\(|ModelCheckpoint", source.code):
                return False
        for file in self._files:
            if file.source.is_notebook and _in_magic(file.source, name):
                return False
            if not name.endswith(_HDF5) and file.looks_for_checkpoints:
                return False
            self.places.others |= file.last_parts - {name}
            if self._is_meant_otherwise(file) or not all(
                self._text(file, text.node) for text in file.texts if text.last == name
            ):
                return False
        return True

    def _is_meant_otherwise(self, file: _File) -> bool:
        """Whether strings that do not end with the name may mean the file all the same."""
        name = self.places.name
        beside = f"{name}."  # A file of a TensorFlow checkpoint: `….index`.
        return (
            name in file.folders
            or any(last.startswith(beside) for last in file.last_parts)
            or any(_may_mean(around, name) for last, around in file.surroundings(name) if last != name)
        )

    def _text(self, file: _File, node: ast.Constant | ast.JoinedStr) -> bool:
        """Note a string that ends with the name; whether its use is understood."""
        name = self.places.name
        span = file.source.span(node)
        written = file.source.text[span.start : span.end]
        if written.count(name) != 1 or not re.match(r"['\"]+$", written[written.index(name) + len(name) :]):
            return False
        start = span.start + written.index(name)
        self.places.spans.append((file.source, Span(start, start + len(name))))
        return self._use(file, node)

    def _use(self, file: _File, node: ast.AST) -> bool:
        """Whether the use of a path or of a part of it is understood; notes it if it writes or reads the file."""
        parent = file.parents[node]
        match parent:
            case ast.keyword():
                call = file.parents[parent]
                return isinstance(call, ast.Call) and self._argument(file, call, node, parent.arg)
            case ast.Call():
                return parent.func is not node and self._argument(file, parent, node, None)
            case ast.BinOp(op=ast.Add() | ast.Div()):
                return parent.right is node and self._use(file, parent)
            case ast.BinOp(op=ast.Mod()):
                return parent.left is node and self._use(file, parent)
            case ast.Attribute(attr="format"):
                call = file.parents[parent]
                return isinstance(call, ast.Call) and call.func is parent and self._use(file, call)
            case ast.Attribute(attr=attr):
                return attr in _ATTRIBUTES
            case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
                return self._assigned(file, target)
            case ast.FormattedValue():
                return _is_shown(file, parent)
        return isinstance(parent, ast.Expr)

    def _argument(self, file: _File, call: ast.Call, node: ast.AST, keyword: str | None) -> bool:
        name = _called(call)
        if name in _PASS_ON:
            return keyword is None and call.args[-1] is node and self._use(file, call)
        if name in _ASK:
            return True
        place = _PATHS.get(name)
        if place is None or any(isinstance(item, ast.Starred) for item in call.args):
            return False
        if keyword != "filepath" and not (keyword is None and call.args.index(node) == place):  # type: ignore[arg-type]
            return False
        content = _content(call, name)
        if content is None:
            return False
        sites = self.places.readers if name.startswith("load") else self.places.writers
        sites.append(Site(file.source, call, name, content))
        return True

    def _assigned(self, file: _File, target: ast.AST) -> bool:
        """Whether all uses of a variable or attribute are understood."""
        if target in self._named:
            return True
        self._named.add(target)
        match target:
            case ast.Name(id=name):
                function = file.function(target)
                found: list[tuple[_File, ast.AST]] = [(file, node) for node in _loads(function, name)]
                if file.is_in_class(target):
                    found += self._attributes(name)
                elif function is file.tree:
                    found += self._imported(file, name)
            case ast.Attribute(attr=name):
                found = self._attributes(name)
            case _:
                return False
        return all(self._use(user, node) for user, node in found)

    def _imported(self, file: _File, name: str) -> Iterator[tuple[_File, ast.AST]]:
        """The uses of a name of one module in others."""
        module = file.module.rpartition(".")[2]
        for other in self._files:
            if other is file:
                continue
            for imported, alias in other.imports():
                if imported in (name, "*"):
                    yield from (
                        (other, use) for use in _loads(other.tree, alias if imported == name else name)
                    )
                elif imported.rpartition(".")[2] == module:
                    yield from ((other, use) for use in other.attributes(name) if _names(use.value, alias))

    def _attributes(self, name: str) -> list[tuple[_File, ast.AST]]:
        return [(file, node) for file in self._files for node in file.attributes(name)]


_PATHS = {
    "save": 0,
    "save_model": 1,
    "save_weights": 0,
    "ModelCheckpoint": 0,
    "load_weights": 0,
    "load_model": 0,
}
"""What writes or reads models and weights, with the position of the path."""


def _content(call: ast.Call, name: str) -> Content | None:
    """What a call writes or reads; `None` if that cannot be told, or it is not one of Keras."""
    if isinstance(call.func, ast.Attribute):
        if isinstance(call.func.value, ast.Name) and call.func.value.id in _NOT_KERAS:
            return None
    elif name in ("save", "save_weights", "load_weights"):
        return None
    if name != "ModelCheckpoint":
        return "weights" if name.endswith("weights") else "model"
    given = [item for item in call.keywords if item.arg in ("save_weights_only", None)]
    if len(call.args) > 4 or len(given) > 1:
        return None
    match given:
        case []:
            return "model"
        case [ast.keyword(arg=str(), value=ast.Constant(value=bool(alone)))]:
            return "weights" if alone else "model"
    return None


def _files(project: ProjectIndex, source: SourceFile) -> Iterator[_File]:
    """The files that may mean the same by a relative path as `source`: those beside it, and what runs with it."""
    own = next((name for name, index in project.modules.items() if index.path == source.path), None)
    reached = frozenset() if own is None else project.import_closure(own)
    for name, index in sorted(project.modules.items()):
        near = posixpath.dirname(index.path) == posixpath.dirname(source.path)
        if near or project.import_closure(name) & reached:
            file = _file(project, name)
            if file is not None:
                yield file


def _file(project: ProjectIndex, module: str) -> _File | None:
    known: dict[str, _File | None] = project.memo("files with names", of_module)
    if module not in known:
        source, tree = project.source(module), project.tree(module)
        known[module] = None if source is None or tree is None else _File(module, source, tree)
    return known[module]


def _may_mean(text: str, name: str) -> bool:
    """Whether a name with gaps may be that of the file, or the other way round."""
    pattern, own = _gaps(text), _gaps(name)
    if "*" in pattern and re.search(r"\w", pattern) and fnmatchcase(name, pattern):
        return True
    return "*" in own and fnmatchcase(text, own)


@cache
def _gaps(text: str) -> str:
    return _FIELD.sub("*", text).replace("[", "[[]")


def _in_magic(source: SourceFile, name: str) -> bool:
    """Whether a command in a notebook names the file."""
    return name in source.text and any(
        name in line and re.match(r"\s*[!%]", line) for line in source.text.splitlines()
    )


def _is_shown(file: _File, node: ast.AST) -> bool:
    """Whether a value in an f-string is only shown."""
    text = file.parents[node]
    call = file.parents[text]
    return isinstance(call, ast.Call) and _called(call) in ("print", "debug", "info", "warning")


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _names(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) == name


def _loads(where: ast.AST, name: str) -> Iterator[ast.Name]:
    for node in walk(where):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            yield node
