"""Whether an argument of a constructor is a plain value: a number, string, bool, None, or a container of such.

Keras records only those by itself, when a layer has no `get_config`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from kerasast.flow.ancestry import ancestry
from kerasast.flow.class_facts import ClassFacts, Constructor, Parameter
from kerasast.flow.scopes import static_value
from kerasast.flow.values import ApiValue, ClassValue, External, FunctionValue, Value
from kerasast.keras_api import lookup
from kerasast.walking import walk

_PLAIN_MEMBERS = frozenset(
    name for kind in (str, bytes, int, float, bool, list, tuple, dict, set) for name in dir(kind)
)
_NUMBERS = re.compile(
    r"(?:^|_)(?:alpha|axes|axis|beta|channels|classes|count|depth|dims?|dimensions?|dropout|eps|epsilon|epochs|factor"
    r"|features|filters|gamma|heads|height|k|kernel_size|length|len|lr|margin|max|min|mode|momentum|n|num|number"
    r"|padding|prob|rates?|ratio|scale|seed|shape|sizes?|steps|strides?|temperature|threshold|units|users|vocab"
    r"|vocabulary|weight|widths?|wt)(?:$|_)"
)
"""What the names of numbers, or of tuples of numbers, are made of."""

_THINGS = re.compile(
    r"(?:activation|backbone|blocks?|cell|decoder|discriminator|encoder|fn|func|function|generator|initializer"
    r"|layers?|loss|metrics?|model|net|network|optimizer|regularizer|schedule|tokenizer)$"
)
"""How names of objects end; those of numbers, such as `num_layers`, too."""

_PLAIN_TYPES = re.compile(
    r"(?:(?:typing\.)?(?:Optional|Union|Tuple|List|Sequence|tuple|list)|int|float|str|bool|None|[\[\], .|])+"
)
_ARRAYS = frozenset(
    {"arange", "array", "asarray", "diag", "empty", "eye", "full", "linspace", "load", "ones", "zeros"}
)
_OBJECTS = frozenset(
    {
        "collections.abc.Callable",
        "numpy.ndarray",
        "tensorflow.DType",
        "tensorflow.Module",
        "tensorflow.Tensor",
        "tensorflow.Variable",
        "typing.Callable",
    }
)


def why_not_plain(
    parameter: Parameter, constructor: Constructor, facts: ClassFacts
) -> tuple[ast.AST, str] | None:
    """Where and how it shows that an argument is an object; `None` where it may well be a plain value."""
    default = parameter.default
    if default is not None:
        # Keras 3 looks at default values too, Keras 2 only at what is given.
        reason = _object_default(default, facts) if facts.version.major >= 3 else None
        return None if reason is None else (default, reason)
    return object_reason(parameter, constructor, facts)


def object_reason(
    parameter: Parameter, constructor: Constructor, facts: ClassFacts
) -> tuple[ast.AST, str] | None:
    """Where and how it shows that an argument is, or may be, an object, whatever its default value is."""
    default = parameter.default
    reason = None if default is None else _object_default(default, facts)
    if default is not None and reason is not None:
        return default, reason
    if parameter.annotation is not None:
        reason = _object_annotation(parameter.annotation, facts)
        if reason is not None:
            return parameter.node, reason
    return _object_use(parameter, constructor, facts)


def is_surely_plain(parameter: Parameter, constructor: Constructor, facts: ClassFacts) -> bool:
    """Whether something shows that an argument, which is not known to be an object, is a plain value indeed.

    That is its default value, its annotation, its name, or a use in arithmetic or for a number of Keras.
    """
    if isinstance(parameter.default, ast.Constant) and parameter.default.value is not None:
        return True
    if isinstance(parameter.default, ast.Tuple | ast.List | ast.Dict | ast.UnaryOp):
        return True
    annotation = "" if parameter.annotation is None else ast.unparse(parameter.annotation).strip("'\"")
    if annotation:
        return _PLAIN_TYPES.fullmatch(annotation) is not None
    if _is_number(parameter.name):
        return True
    attributes = {
        store.attr
        for store in constructor.method.stores
        if isinstance(store.value, ast.Name) and store.value.id == parameter.name
    }
    for method in facts.own.values():

        def is_it(node: ast.AST, name: str = method.name, receiver: str | None = method.self_name) -> bool:
            match node:
                case ast.Name(id=found):
                    return found == parameter.name and name == "__init__"
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute):
                    return owner == receiver and attribute in attributes
            return False

        if any(_is_number_use(node, is_it, facts) for node in walk(method.node)):
            return True
    return False


def _is_number(name: str) -> bool:
    counted = name.startswith(("n_", "num_", "number_"))
    return _NUMBERS.search(name) is not None and (counted or _THINGS.search(name) is None)


def _is_number_use(node: ast.AST, is_it: Callable[[ast.AST], bool], facts: ClassFacts) -> bool:
    match node:
        case ast.BinOp(left=left, right=right):
            return is_it(left) or is_it(right)
        case ast.Compare(left=left, comparators=[ast.Constant(value=int() | float() | str())]):
            return is_it(left)
        case ast.Call(func=ast.Name(id="range"), args=args):
            return any(map(is_it, args))
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=args, keywords=keywords):
            given = [keyword.arg for keyword in keywords if keyword.arg and is_it(keyword.value)]
            value = static_value(function, facts.cls.scope) if given or any(map(is_it, args)) else None
            symbol = lookup(value.api.name, facts.version) if isinstance(value, ApiValue) else None
            if symbol is not None and symbol.parameters is not None:
                names = [item.name for item in symbol.parameters]
                given += [name for name, arg in zip(names, args, strict=False) if is_it(arg)]
                return any(map(_is_number, given))
    return False


def _object_default(node: ast.expr, facts: ClassFacts) -> str | None:
    if isinstance(node, ast.Lambda):
        return "a function"
    if isinstance(node, ast.Call):
        return _made(static_value(node.func, facts.cls.scope))
    if isinstance(node, ast.Name | ast.Attribute):
        return _named(static_value(node, facts.cls.scope), facts)
    return None


def _made(function: Value) -> str | None:
    match function:
        case ApiValue() | ClassValue():
            return "an object"
        case External(name) if name.startswith("numpy.") and name.rpartition(".")[2] in _ARRAYS:
            return "an array"
        case External(name) if name.startswith("tensorflow."):
            return "a TensorFlow object"
    return None


def _named(value: Value, facts: ClassFacts) -> str | None:
    match value:
        case FunctionValue():
            return "a function"
        case ClassValue():
            return "a class"
        case ApiValue(api):
            symbol = lookup(api.name, facts.version)
            return f"a {symbol.kind}" if symbol is not None and symbol.kind in ("function", "class") else None
        case External(name) if name.startswith(("tensorflow.nn.", "tensorflow.math.")):
            return "a function"
        case External(
            "tensorflow.float16"
            | "tensorflow.float32"
            | "tensorflow.float64"
            | "tensorflow.int32"
            | "tensorflow.int64"
        ):
            return "a TensorFlow data type"
    return None


def _object_annotation(node: ast.expr, facts: ClassFacts) -> str | None:
    """What an annotation says an argument is, when all that it allows are objects (or `None`)."""
    match node:
        case ast.Constant(value=str(text)):
            try:
                return _object_annotation(ast.parse(text, mode="eval").body, facts)
            except SyntaxError:
                return None
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _all_objects([left, right], facts)
        case ast.Subscript(value=value, slice=inner):
            return _subscripted(value, inner, facts)
        case ast.Name() | ast.Attribute():
            return _annotated(static_value(node, facts.cls.scope), facts)
    return None


def _subscripted(node: ast.expr, inner: ast.expr, facts: ClassFacts) -> str | None:
    value = static_value(node, facts.cls.scope)
    name = value.name.rpartition(".")[2] if isinstance(value, External) else ""
    if name in ("Optional", "List", "Sequence", "list", "Iterable"):
        return _object_annotation(inner, facts)
    if name == "Union":
        return _all_objects(inner.elts if isinstance(inner, ast.Tuple) else [inner], facts)
    return "a function" if name == "Callable" else None


def _all_objects(nodes: list[ast.expr], facts: ClassFacts) -> str | None:
    wanted = [node for node in nodes if not (isinstance(node, ast.Constant) and node.value is None)]
    reasons = [_object_annotation(node, facts) for node in wanted]
    return reasons[0] if reasons and all(reasons) else None


def _annotated(value: Value, facts: ClassFacts) -> str | None:
    match value:
        case ApiValue(api):
            symbol = lookup(api.name, facts.version)
            if symbol is not None and symbol.kind == "class":
                return _one(api.name.rpartition(".")[2])
        case External(name) if name in _OBJECTS:
            short = name.rpartition(".")[2]
            return "a function" if short == "Callable" else _one(short)
        case ClassValue() if not value.bases or _derives_from_keras(value, facts):
            return _one(value.name)
    return None


def _one(name: str) -> str:
    """Something of a class, as English says it: `` an `Optimizer` ``."""
    return f"{'an' if name[0] in 'AEIOaeio' else 'a'} `{name}`"


def _derives_from_keras(cls: ClassValue, facts: ClassFacts) -> bool:
    return bool(ancestry(cls, facts.version).apis)


def _object_use(
    parameter: Parameter, constructor: Constructor, facts: ClassFacts
) -> tuple[ast.AST, str] | None:
    """A use that only an object allows: it is called, or has attributes that no plain value has."""
    name = parameter.name
    if any(_rebinds(node, name) for node in walk(constructor.method.node)):
        return None
    for node in walk(constructor.method.node):
        found = _use_of(node, lambda inner: isinstance(inner, ast.Name) and inner.id == name)
        if found is not None:
            return found
    attributes = {
        store.attr
        for store in constructor.method.stores
        if isinstance(store.value, ast.Name) and store.value.id == name and not store.guards.conditional
    }
    for attribute in attributes:
        if len(facts.stores.get(attribute, ())) != 1:
            continue
        found = _attribute_use(attribute, facts)
        if found is not None:
            return found
    return None


def _attribute_use(attribute: str, facts: ClassFacts) -> tuple[ast.AST, str] | None:
    for method in facts.own.values():
        receiver = method.self_name

        def is_it(node: ast.AST, receiver: str | None = receiver) -> bool:
            return (
                isinstance(node, ast.Attribute)
                and node.attr == attribute
                and isinstance(node.value, ast.Name)
                and node.value.id == receiver
            )

        for node in walk(method.node):
            found = _use_of(node, is_it)
            if found is not None:
                return found
    return None


def _use_of(node: ast.AST, is_it: Callable[[ast.AST], bool]) -> tuple[ast.AST, str] | None:
    match node:
        case ast.Call(func=func) if is_it(func):
            return node, "called like a layer or function"
        case ast.Attribute(value=value, attr=attr) if is_it(value) and attr not in _PLAIN_MEMBERS:
            return node, f"an object with the attribute `{attr}`"
    return None


def _rebinds(node: ast.AST, name: str) -> bool:
    """Whether a statement gives another value to the parameter: `if isinstance(cell, str): cell = get(cell)`."""
    return isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
