"""The project: every module's index, merged, and names resolved across modules."""

from __future__ import annotations

import ast
import builtins
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from kerasast.index.bindings import (
    OPAQUE,
    AliasBinding,
    Binding,
    ClassInfo,
    FunctionInfo,
    ImportBinding,
    LiteralBinding,
)
from kerasast.index.expressions import import_target
from kerasast.index.lookup import ModuleLookup
from kerasast.index.module_index import ModuleIndex, interface
from kerasast.index.serial import digest
from kerasast.keras_api import ApiName, canonical, exists
from kerasast.source import SourceFile
from kerasast.versions import KERAS_2, KERAS_3


@dataclass(frozen=True, slots=True)
class ApiSymbol:
    """A name of Keras."""

    api: ApiName


@dataclass(frozen=True, slots=True)
class ClassSymbol:
    """A class of the project."""

    module: str
    info: ClassInfo


@dataclass(frozen=True, slots=True)
class FunctionSymbol:
    """A function of the project."""

    module: str
    info: FunctionInfo


@dataclass(frozen=True, slots=True)
class ModuleSymbol:
    """A module of the project, or a folder of modules without `__init__.py`."""

    module: str


@dataclass(frozen=True, slots=True)
class LiteralSymbol:
    """A module-level constant of the project."""

    value: object


@dataclass(frozen=True, slots=True)
class ExternalSymbol:
    """A name outside the project and outside Keras: `numpy.save`, `tensorflow.Variable`.

    `tensorflow.compat.v2` is normalised away, `tensorflow.compat.v1` is kept.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ComputedSymbol:
    """A name that a module of the project binds once, to something that is no literal."""

    module: str
    name: str


Symbol = (
    ApiSymbol | ClassSymbol | FunctionSymbol | ModuleSymbol | LiteralSymbol | ExternalSymbol | ComputedSymbol
)

_T = TypeVar("_T")

_KEPT_TREES = 64
_MAX_DEPTH = 40
_BUILTINS = frozenset(dir(builtins))
_V1 = "tensorflow.compat.v1"
_V2 = "tensorflow.compat.v2"


Depends = Callable[[Any, Any, str], bool]
"""Whether a key and its value in a memo depend on the code of a module."""


def always(key: object, value: object, module: str) -> bool:
    """For what is known of all modules together."""
    return True


def of_module(key: object, value: object, module: str) -> bool:
    """For what is known of single modules; the key is that of the module, or a tuple that begins with it."""
    return (key[0] if isinstance(key, tuple) else key) == module


def never(key: object, value: object, module: str) -> bool:
    """For what depends on the interfaces of modules alone."""
    return False


def _is_assigned(binding: Binding) -> bool:
    match binding:
        case ImportBinding() | FunctionInfo() | ClassInfo():
            return False
        case LiteralBinding(value):
            return isinstance(value, list | dict | set)
    return True


def _is_in_mention(key: object, found: object, module: str) -> bool:
    return found is None or found == module


class ProjectIndex:
    """All modules of a project. Trees are parsed again when a function of another module is followed."""

    def __init__(
        self, modules: dict[str, ModuleIndex], read: Callable[[str], SourceFile | None] | None = None
    ) -> None:
        """`modules` by key; `read` gives the source of a module by its key, if it still can be read."""
        self.modules = modules
        self._read = read
        packages = [name for name, index in modules.items() if index.is_package]
        self._lookup = ModuleLookup(modules, packages, self.may_bind)
        self._resolved: dict[tuple[str, str], Symbol | None] = {}
        self._active: dict[tuple[str, str], int] = {}
        self._provisional: dict[tuple[str, str], tuple[Symbol | None, int]] = {}
        self._lowest = _MAX_DEPTH
        self._trees: OrderedDict[str, ast.Module | None] = OrderedDict()
        self._memos: dict[str, tuple[dict[Any, Any], Depends]] = {}
        self._imported: dict[str, frozenset[str]] = {}
        self._closures: dict[str, frozenset[str]] = {}
        self._importers: defaultdict[str, list[str]] | None = None

    def resolve(self, module: str, dotted: str) -> Symbol | None:
        """What `dotted` means at the top level of project module `module`; `None` where it cannot be known.

        Ambiguous bindings (a `try: import keras / except: from tensorflow import keras`) resolve when all of
        them mean the same canonical thing, or differ only in namespace (then the first is taken).
        """
        key = (module, dotted)
        if key in self._resolved:
            return self._resolved[key]
        if key in self._provisional:
            symbol, lowest = self._provisional[key]
            self._lowest = min(self._lowest, lowest)
            return symbol
        depth = len(self._active)
        if key in self._active or depth >= _MAX_DEPTH:
            self._lowest = min(self._lowest, self._active.get(key, 0))
            return None
        return self._resolve_new(key, depth)

    def _resolve_new(self, key: tuple[str, str], depth: int) -> Symbol | None:
        """Resolve a name at some depth of resolving others.

        An answer that was cut short by a cycle, because it needs a name that is still being resolved at a lesser
        depth, holds until that name is resolved; `_lowest` is the least such depth.
        """
        outer, self._lowest = self._lowest, _MAX_DEPTH
        before = len(self._provisional)
        self._active[key] = depth
        try:
            symbol = self._resolve(*key)
        finally:
            del self._active[key]
        if self._lowest >= depth:
            self._resolved[key] = symbol
            while len(self._provisional) > before:
                self._provisional.popitem()
            self._lowest = outer
        else:
            self._provisional[key] = symbol, self._lowest
            self._lowest = min(outer, self._lowest)
        return symbol

    def resolve_absolute(self, dotted: str) -> Symbol | None:
        """What an absolute dotted name means: `package.module.Class`, `tensorflow.keras.layers.Dense`."""
        return self.resolve("", dotted)

    def binds(self, module: str, name: str) -> bool:
        """Whether the top level of a module itself binds a name, so that it is not the builtin of that name."""
        index = self.modules.get(module)
        return index is not None and name in index.bindings

    def assigns(self, module: str, name: str) -> bool:
        """Whether the top level of a module binds a name to what is no import, function, class or simple constant."""
        index = self.modules.get(module)
        return index is not None and any(map(_is_assigned, index.bindings.get(name, ())))

    def interface_digest(self, module: str) -> str:
        """A hash of all that the index knows of a module: equal if and only if nothing of that has changed.

        It does not cover what the bodies of functions do.

        Raises:
            KeyError: the project has no such module.
        """
        return digest(self.modules[module])

    def may_bind(self, module: str, name: str) -> bool:
        """Whether a module has, or may have, a top-level name of its own or from an import."""
        index = self.modules[module]
        return (
            name in index.bindings
            or bool(index.star_imports)
            or "__getattr__" in index.bindings
            or f"{module}.{name}" in self.modules
        )

    def imported(self, module: str, dotted: str, level: int = 0) -> Symbol | None:
        """What an import of `dotted` with `level` leading dots means, anywhere in project module `module`."""
        index = self.modules.get(module)
        if index is None:
            return self.resolve_absolute(dotted) if level == 0 else None
        binding = import_target(dotted, level, index.package)
        return None if binding is None else self._binding(index, binding)

    def source(self, module: str) -> SourceFile | None:
        """The source of a project module, or `None` if it cannot be read any more."""
        return self._read(module) if self._read is not None and module in self.modules else None

    def once(self, name: str, make: Callable[[], _T], depends: Depends = always) -> _T:
        """What `make` gives, which is about all modules together, under a name of the caller's choice."""
        known = self.memo(name, depends)
        if name not in known:
            known[name] = make()
        made: _T = known[name]
        return made

    def memo(self, name: str, depends: Depends) -> dict[Any, Any]:
        """What was found out about the project and is kept with it, under a name of the caller's choice.

        `depends` says of a key and its value whether they may be others once the code of a module has changed.
        """
        if name not in self._memos:
            self._memos[name] = ({}, depends)
        return self._memos[name][0]

    def replace(
        self, index: ModuleIndex, modules: dict[str, ModuleIndex], read: Callable[[str], SourceFile | None]
    ) -> bool:
        """Go on with the same modules, but for new code in one of them, and keep what does not depend on that.

        `index` is the new one of that module, `modules` are all of them. Returns false, and changes nothing, if its
        interface is another than before, where this is not about the lines on which things are defined, or if others
        import it and it does other things when it is imported.
        """
        name = index.name
        before = self.modules.get(name)
        if before is None or interface(index) != interface(before):
            return False
        tree, after = self.tree(name), read(name)
        if tree is None or after is None:
            return False
        if not self._is_unused(name) and not _same_top(tree, after.parse()):
            return False
        self.modules, self._read = modules, read
        del self._trees[name]
        if index != before:  # what is defined has moved
            for key in [
                key for key, found in self._resolved.items() if getattr(found, "module", None) == name
            ]:
                del self._resolved[key]
        for known, depends in self._memos.values():
            for key in [key for key, value in known.items() if depends(key, value, name)]:
                del known[key]
        return True

    def _is_unused(self, module: str) -> bool:
        """Whether no other module imports a module."""
        return not any(module in self._imported_modules(name) for name in self.modules if name != module)

    def mentions(self, pattern: str) -> bool:
        """Whether a regular expression finds something in the code of the project (looked for once)."""
        known = self.memo("mentions", _is_in_mention)
        checked = self.memo("mentions in modules", of_module)
        if pattern not in known:
            known[pattern] = next(
                (name for name in self.modules if self._mentions(checked, name, pattern)), None
            )
        return known[pattern] is not None

    def _mentions(self, known: dict[tuple[str, str], bool], module: str, pattern: str) -> bool:
        key = module, pattern
        if key not in known:
            source = self.source(module)
            known[key] = source is not None and re.search(pattern, source.code) is not None
        return known[key]

    def tree(self, module: str) -> ast.Module | None:
        """The parsed tree of a project module, or `None` if it does not parse. Some are kept for the next call."""
        if module in self._trees:
            self._trees.move_to_end(module)
            return self._trees[module]
        source = self.source(module)
        try:
            tree = None if source is None else source.parse()
        except SyntaxError:
            tree = None
        self._trees[module] = tree
        if len(self._trees) > _KEPT_TREES:
            self._trees.popitem(last=False)
        return tree

    def import_closure(self, module: str) -> frozenset[str]:
        """The project modules that importing `module` imports, itself included."""
        if module not in self._closures:
            reached = {module} & self.modules.keys()
            pending = list(reached)
            while pending:
                for name in self._imported_modules(pending.pop()) - reached:
                    known = self._closures.get(name)
                    if known is None:
                        reached.add(name)
                        pending.append(name)
                    else:
                        reached |= known
            self._closures[module] = frozenset(reached)
        return self._closures[module]

    def importers(self, module: str) -> list[str]:
        """The project modules whose import imports `module`, itself included, in the order of the project."""
        if self._importers is None:
            self._importers = defaultdict(list)
            for name in self.modules:
                for reached in self.import_closure(name):
                    self._importers[reached].append(name)
        return self._importers.get(module, [])

    def _imported_modules(self, module: str) -> frozenset[str]:
        """The project modules that the imports of one module run."""
        if module in self._imported:
            return self._imported[module]
        index = self.modules[module]
        found: set[str] = set()
        for dotted in index.imports:
            if dotted in index.relative_imports:
                place = self._lookup.split(dotted)
            else:
                place = self._lookup.find(index.name, index.package, dotted)
            if place is None:
                continue
            name = place[0]
            while name:  # importing a.b runs a too
                if name in self.modules:
                    found.add(name)
                name = name.rpartition(".")[0]
        self._imported[module] = frozenset(found)
        return self._imported[module]

    def _resolve(self, module: str, dotted: str) -> Symbol | None:
        if not module:
            return self._resolve_import("", "", dotted)
        head, _, rest = dotted.partition(".")
        if rest:
            symbol = self.resolve(module, head)
            if symbol is None:
                return self._attribute_of_any(module, head, rest)
            return self._attribute(symbol, rest)
        index = self.modules.get(module)
        if index is None:
            return self._submodule(module, head)
        bindings = index.bindings.get(head)
        if bindings == (OPAQUE,):
            return ComputedSymbol(module, head)
        if bindings:
            return self._agree([self._binding(index, binding) for binding in bindings])
        return self._from_stars(index, head)

    def _attribute_of_any(self, module: str, head: str, rest: str) -> Symbol | None:
        """`tf.keras` where `tf` is `tensorflow` or something else with the same Keras in it."""
        index = self.modules.get(module)
        bindings = () if index is None else index.bindings.get(head, ())
        if index is None or len(bindings) < 2:
            return None
        found = [self._binding(index, binding) for binding in bindings]
        return self._agree([None if symbol is None else self._attribute(symbol, rest) for symbol in found])

    def _binding(self, index: ModuleIndex, binding: Binding) -> Symbol | None:
        match binding:
            case ImportBinding(target, True):
                return self._resolve_key(target)
            case ImportBinding(target):
                return self._resolve_import(index.name, index.package, target)
            case AliasBinding(expression):
                return self.resolve(index.name, expression) or _builtin(index, expression)
            case LiteralBinding(value):
                return LiteralSymbol(value)
            case FunctionInfo():
                return FunctionSymbol(index.name, binding)
            case ClassInfo():
                return ClassSymbol(index.name, binding)
        return None

    def _agree(self, symbols: list[Symbol | None]) -> Symbol | None:
        """The one meaning of several, or `None`.

        The value `None` beside what is no value stands in for it (`except ImportError: tf = None`), and does
        not count.
        """
        others = [symbol for symbol in symbols if not _is_none(symbol)]
        if others and not any(isinstance(symbol, LiteralSymbol) for symbol in others):
            symbols = others
        common = symbols[0]
        for symbol in symbols[1:]:
            common = _common(common, symbol)
        return common

    def _from_stars(self, index: ModuleIndex, name: str) -> Symbol | None:
        found = None
        for star in index.star_imports:
            module = self._binding(index, star)
            if module is None:
                continue
            symbol = self._exported(module, name)
            if symbol is not None and not (found is not None and _same(found, symbol)):
                found = symbol  # the last one wins
        return found

    def _exported(self, module: Symbol, name: str) -> Symbol | None:
        """What `from module import *` binds `name` to."""
        if isinstance(module, ModuleSymbol):
            index = self.modules.get(module.module)
            if index is None:
                return None
            if index.exports is not None:
                return self._member(module.module, name) if name in index.exports else None
            return None if name.startswith("_") else self.resolve(module.module, name)
        if isinstance(module, ApiSymbol) and not name.startswith("_"):
            return _exported_by_keras(module.api, name)
        return None

    def _attribute(self, symbol: Symbol, rest: str) -> Symbol | None:
        match symbol:
            case ApiSymbol(api):
                return self._external(f"{api.dotted}.{rest}")
            case ExternalSymbol(name):
                return self._external(f"{name}.{rest}")
            case ModuleSymbol(module):
                head, _, rest = rest.partition(".")
                found = self._member(module, head)
                return self._attribute(found, rest) if found is not None and rest else found
        return None

    def _member(self, module: str, name: str) -> Symbol | None:
        """An attribute of a project module: a name that it binds, else a submodule."""
        return self.resolve(module, name) or self._submodule(module, name)

    def _submodule(self, module: str, name: str) -> Symbol | None:
        dotted = f"{module}.{name}"
        index = self.modules.get(module)
        if index is not None and not index.is_package:
            return None
        return ModuleSymbol(dotted) if dotted in self.modules or self._lookup.is_folder(dotted) else None

    def _resolve_key(self, dotted: str) -> Symbol | None:
        place = self._lookup.split(dotted)
        return None if place is None else self._at(place)

    def _at(self, place: tuple[str, str]) -> Symbol | None:
        module, rest = place
        # `from . import layers` in a package: the name being resolved is the submodule itself
        return self._attribute(ModuleSymbol(module), rest) if rest else ModuleSymbol(module)

    def _resolve_import(self, importer: str, package: str, dotted: str) -> Symbol | None:
        place = self._lookup.find(importer, package, dotted)
        if place is not None:
            return self._at(place)
        return self._external(dotted)

    def _external(self, dotted: str) -> Symbol | None:
        api = canonical(dotted)
        if api is not None:
            return ApiSymbol(api)
        if dotted == _V2 or dotted.startswith(_V2 + "."):
            dotted = "tensorflow" + dotted.removeprefix(_V2)
        return ExternalSymbol(dotted)


def _same_top(one: ast.Module, other: ast.Module) -> bool:
    """Whether two modules do the same when they are imported, beside defining functions and classes."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tops = [[node for node in tree.body if not isinstance(node, defined)] for tree in (one, other)]
    return len(tops[0]) == len(tops[1]) and all(
        first is second or ast.dump(first) == ast.dump(second) for first, second in zip(*tops, strict=True)
    )


def _exported_by_keras(module: ApiName, name: str) -> Symbol | None:
    """What a star import of a Keras module binds `name` to, in any generation.

    Only of a module that is not public itself (`keras.layers.core`) may the name be that of a public object
    elsewhere.
    """
    api = canonical(f"{module.dotted}.{name}")
    path = f"{module.name}.{name}"
    if api is None or not _in_keras(path if _in_keras(module.name) else api.name):
        return None
    return ApiSymbol(api)


def _in_keras(path: str) -> bool:
    return any(
        exists(path, namespace, version)
        for namespace in ("keras", "tf.keras")
        for version in (KERAS_3, KERAS_2)
    )


def _builtin(index: ModuleIndex, name: str) -> Symbol | None:
    known = name in _BUILTINS and name not in index.bindings and not index.star_imports
    return ExternalSymbol(f"builtins.{name}") if known else None


def _common(first: Symbol | None, second: Symbol | None) -> Symbol | None:
    """What two bindings of one name both mean.

    That of `tensorflow.compat.v1` and `tensorflow` is the former: code which takes either, depending on the
    release, is written for TensorFlow 1.
    """
    if isinstance(first, ExternalSymbol) and isinstance(second, ExternalSymbol):
        for one, other in ((first, second), (second, first)):
            if one.name.startswith(_V1) and "tensorflow" + one.name.removeprefix(_V1) == other.name:
                return one
    return first if _same(first, second) else None


def _is_none(symbol: Symbol | None) -> bool:
    return isinstance(symbol, LiteralSymbol) and symbol.value is None


def _same(first: Symbol | None, second: Symbol | None) -> bool:
    if isinstance(first, ApiSymbol) and isinstance(second, ApiSymbol):
        return first.api.name == second.api.name
    if isinstance(first, LiteralSymbol) and isinstance(second, LiteralSymbol):
        return repr(first.value) == repr(second.value)
    return first is not None and first == second
