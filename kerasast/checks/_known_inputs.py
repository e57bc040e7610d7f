"""The inputs of a model, as far as the code around says what they are like."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from kerasast.diagnostics import Edit, Fix, Span
from kerasast.fixes import Edits, insert_after, is_here, name_keras, replace, statement_of, text_of, unsafe
from kerasast.fixes.blocks import places_around, scope_of
from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.values import Kind, ObjectState
from kerasast.source import SourceFile
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_TITLE = "Call the model on a symbolic input"
_CALLS = frozenset({"evaluate", "fit", "predict", "predict_on_batch", "test_on_batch", "train_on_batch"})
"""Methods of models whose first argument is their input."""

_FILLED = frozenset({"empty", "full", "ones", "rand", "randn", "zeros"})
"""Functions of NumPy that are given a shape: as one argument, or (`rand`) as several."""


def takes_one_input(lineage: Ancestry) -> bool:
    """Whether `call` of a model wants a single argument."""
    method = lineage.method("call")
    if method is None or isinstance(method.node, ast.Lambda):
        return False
    given = method.node.args
    named = [*given.posonlyargs, *given.args][1:]
    required = named[: len(named) - len(given.defaults)]
    return len(required) == 1 and all(item is not None for item in given.kw_defaults) and not given.vararg


def written_shape(sizes: Sequence[str]) -> str:
    """A shape as code."""
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def call_on_input(source: SourceFile, old: ast.AST, code: str) -> Fix | None:
    """Put code in the place of a call; `{}` in it stands for `keras.Input`."""
    named = name_keras(source, "keras.Input", at=old)
    return (
        None if named is None else unsafe(_TITLE, replace(source, old, code.format(named.text)), named.edits)
    )


def build_first(source: SourceFile, state: ObjectState, version: KerasVersion) -> Fix | None:
    """Build a model where it is made, for an input that the rest of the code shows."""
    made = state.created
    if state.foreign or not isinstance(made, ast.Call) or not is_here(source, made):
        return None
    if state.kind is Kind.SEQUENTIAL:
        return _begin(source, made) if state.cls is None else None
    if state.cls is None or not takes_one_input(ancestry(state.cls, version)):
        return None
    statement = statement_of(source, made)
    shape = _shape(source, made, statement)
    named = name_keras(source, "keras.Input", at=made)
    if shape is None or named is None or statement is None:
        return None
    model = _target(statement, made)
    if f"{model}.build(" in source.code:
        return None  # `subclass-build-noop` repairs that call.
    call = f"{model}({named.text}(shape={shape}))"
    return unsafe(_TITLE, insert_after(source, statement, call), named.edits)


def _begin(source: SourceFile, made: ast.Call) -> Fix | None:
    """Begin a literal list of layers with an input."""
    layers = made.args[0] if made.args else None
    if not isinstance(layers, ast.List) or not layers.elts:
        return None
    title = "Begin the model with its input"
    twin = _twin_input(source, layers)
    if twin is not None:
        return unsafe(title, _prepend(source, layers, twin))
    shape = _shape(source, made, statement_of(source, made))
    named = name_keras(source, "keras.Input", at=made)
    if shape is None or named is None:
        return None
    return unsafe(title, _prepend(source, layers, f"{named.text}(shape={shape})"), named.edits)


def _prepend(source: SourceFile, layers: ast.List, code: str) -> Edits:
    start = source.span(layers.elts[0]).start
    before = source.text[source.span(layers).start + 1 : start]
    gap = before if not before.strip() and "\n" in before else " "
    return (Edit(Span(start, start), f"{code},{gap}"),)


def _twin_input(source: SourceFile, layers: ast.List) -> str | None:
    """The input of another model of the file that consists of the same layers."""
    wanted = [ast.unparse(item) for item in layers.elts]
    found = {
        text_of(source, node.elts[0])
        for node in walk(source.parse())
        if isinstance(node, ast.List) and [ast.unparse(item) for item in node.elts[1:]] == wanted
        if isinstance(node.elts[0], ast.Call) and ast.unparse(node.elts[0].func).endswith("Input")
    }
    return found.pop() if len(found) == 1 else None


def _target(statement: ast.stmt | None, made: ast.Call) -> str | None:
    """The name that a new model is given."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if value is made:
            return name
    return None


@kept_on_node
def _written(node: ast.AST) -> str:
    return ast.unparse(node)


def _shape(source: SourceFile, made: ast.Call, statement: ast.stmt | None) -> str | None:
    """The shape of what the model, or one that is made in the same way, is given; without the size of the batch."""
    if statement is None or _target(statement, made) is None:
        return None
    place = scope_of(places_around(source, source.span(made)))[0]
    alike = {
        node.targets[0].id
        for node in walk(place.owner)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Call) and _written(node.value) == _written(made)
    }
    shapes = {
        _size(given, place.owner, 0)
        for call in walk(place.owner)
        if isinstance(call, ast.Call) and (given := _input(call, alike)) is not None
    }
    known = next(iter(shapes)) if len(shapes) == 1 else None
    return None if known is None else written_shape([str(item) for item in known])


def _input(call: ast.Call, models: Collection[str]) -> ast.expr | None:
    """What one of the models is given as its input, if a call gives it any."""
    match call.func:
        case ast.Name(id=name):
            pass
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in _CALLS:
            pass
        case _:
            return None
    return call.args[0] if name in models and call.args else None


def _size(node: ast.expr, scope: ast.AST, depth: int) -> tuple[int, ...] | None:
    """The sizes of an array but for the first, if they are written out where it is made."""
    match node:
        case ast.Name(id=name) if depth < 4:
            values = list(_assigned(scope, name))
            return _size(values[0], scope, depth + 1) if len(values) == 1 and values[0] is not None else None
        case ast.Call(func=ast.Attribute(value=value, attr="astype")):
            return _size(value, scope, depth + 1)
        case ast.Call(func=ast.Attribute(value=module, attr=attr), args=[first, *rest]):
            if attr not in _FILLED or ast.unparse(module).partition(".")[0] not in ("np", "numpy"):
                return None
            dims = (
                [first, *rest]
                if attr in ("rand", "randn")
                else first.elts
                if isinstance(first, ast.Tuple)
                else []
            )
            sizes = [item.value for item in dims if isinstance(item, ast.Constant)]
            whole = [item for item in sizes if isinstance(item, int)]
            return tuple(whole[1:]) if len(whole) == len(dims) > 1 else None
    return None


def _assigned(scope: ast.AST, name: str) -> Iterator[ast.expr | None]:
    """The values that a variable gets in a function or module; `None` for one that is not written out."""
    for node in walk(scope):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)) if len(
                targets
            ) == len(values):
                pairs = zip(targets, values, strict=True)
                yield from (value for item, value in pairs if isinstance(item, ast.Name) and item.id == name)
            case ast.Assign(targets=targets):
                if any(
                    isinstance(part, ast.Name) and part.id == name for item in targets for part in walk(item)
                ):
                    yield None
            case ast.arg(arg=target) if target == name:
                yield None
            case ast.For(target=target) | ast.NamedExpr(target=target) | ast.AugAssign(target=target):
                if any(isinstance(part, ast.Name) and part.id == name for part in walk(target)):
                    yield None
