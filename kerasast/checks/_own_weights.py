"""A weight of Keras in place of a `tf.Variable`."""

from __future__ import annotations

import ast

from kerasast.checks._hoisting import one_line
from kerasast.context import Context
from kerasast.fixes import Edits, indent_of, join, name_keras, replace
from kerasast.flow.class_facts import ClassFacts
from kerasast.flow.methods import MethodFacts, SelfStore, self_path
from kerasast.flow.roles import Role
from kerasast.flow.values import ApiValue, External
from kerasast.walking import walk

_FILLED = {
    "tensorflow.ones": '"ones"',
    "tensorflow.zeros": '"zeros"',
    "numpy.ones": '"ones"',
    "numpy.zeros": '"zeros"',
}
_DRAWN = {
    "tensorflow.random.normal": ("RandomNormal", ("mean", "stddev"), ("0.0", "1.0")),
    "tensorflow.random.truncated_normal": ("TruncatedNormal", ("mean", "stddev"), ("0.0", "1.0")),
    "tensorflow.random.uniform": ("RandomUniform", ("minval", "maxval"), ("0.0", "1.0")),
}
"""Functions that draw numbers, the initializer that draws the same, its arguments, and what they are by default."""

_ALIKE = frozenset({"assign", "assign_add", "assign_sub", "dtype", "name", "numpy", "shape"})
"""What variables of TensorFlow and of Keras both have."""

_ASSIGN = (("assign",), ("assign_add",), ("assign_sub",))
"""Methods with which code keeps its own state, where training is not meant."""


def write_add_weight(
    ctx: Context, facts: ClassFacts, role: Role, store: SelfStore, method: MethodFacts
) -> Edits:
    """Create with `add_weight` what `self.x = tf.Variable(…)` creates, if nothing needs a `tf.Variable`."""
    call = store.value
    if not isinstance(call, ast.Call) or method.name not in ("__init__", "build"):
        return None
    if len(facts.stores.get(store.attr, ())) != 1 or not _is_used_alike(store.attr, facts):
        return None
    if method.name == "__init__" and not _is_after_super(store, method):
        return None
    given = {item.arg: item.value for item in call.keywords}
    initial = call.args[0] if call.args else given.pop("initial_value", None)
    trainable = given.pop("trainable", None)
    name = given.pop("name", None)
    if (
        initial is None
        or len(call.args) > 1
        or given
        or not all(_is_constant(item) for item in (trainable, name))
    ):
        return None
    found = _initial(ctx, initial, method)
    if found is None:
        return None
    shape, initializer, is_float, imports = found
    if role is Role.METRIC and initializer != '"zeros"':
        return None  # Keras sets it to zero before each epoch
    words = [f"shape={shape}", f"initializer={initializer}"]
    if not is_float:
        words.append('dtype="int32"')
    is_state = not is_float or any(
        call.path[:1] == (store.attr,) and call.path[1:2] in _ASSIGN
        for part in facts.methods()
        for call in part.calls
    )
    if role is not Role.METRIC and (trainable is not None or is_state):
        words.append("trainable=False" if trainable is None else f"trainable={ast.unparse(trainable)}")
    words.append(f'name="{store.attr}"' if name is None else f"name={ast.unparse(name)}".replace("'", '"'))
    return join(imports, replace(ctx.source, call, _call(ctx, call, f"{method.self_name}.add_weight", words)))


def _call(ctx: Context, place: ast.Call, function: str, words: list[str]) -> str:
    """A call on one line, or where that gets long with each argument on its own."""
    line = f"{function}({', '.join(words)})"
    start = ctx.source.span(place).start
    row = ctx.source.line_at(start)
    if start - ctx.source.line_starts[row - 1] + len(line) <= 100:
        return line
    indent = indent_of(ctx.source, row)
    lines = "".join(f"\n{indent}    {word}," for word in words)
    return f"{function}({lines}\n{indent})"


def _is_constant(node: ast.expr | None) -> bool:
    return node is None or isinstance(node, ast.Constant)


def _is_after_super(store: SelfStore, method: MethodFacts) -> bool:
    calls = list(method.super_calls("__init__"))
    return len(calls) == 1 and not calls[0].guards.conditional and calls[0].node.lineno < store.node.lineno


def _is_used_alike(attribute: str, facts: ClassFacts) -> bool:
    """Whether the class only computes with the variable, or assigns to it as a whole."""
    for method in facts.methods():
        for node in walk(method.node):
            match node:
                case ast.Attribute(value=ast.Attribute() as inner, attr=name):
                    if self_path(inner, method.self_name) == (attribute,) and name not in _ALIKE:
                        return False
                case ast.Attribute(value=ast.Subscript(value=ast.Attribute() as inner)):
                    if self_path(inner, method.self_name) == (attribute,):
                        return False
                case ast.Call(func=ast.Attribute(attr="gradient" | "watch" | "apply_gradients" | "minimize")):
                    return False
    return True


def _initial(ctx: Context, node: ast.expr, method: MethodFacts) -> tuple[str, str, bool, Edits] | None:
    """The shape and initializer that give the same values, whether these are floats, and what must be imported."""
    match node:
        case ast.Constant(value=bool() | str() | None):
            return None
        case ast.Constant(value=int() | float() as value):
            if value in (0, 1):
                return "()", '"zeros"' if value == 0 else '"ones"', isinstance(value, float), ()
            named = name_keras(ctx.source, "keras.initializers.Constant", at=node)
            if named is None:
                return None
            return "()", f"{named.text}({value})", isinstance(value, float), named.edits
        case ast.Call(func=ast.Name() | ast.Attribute() as function, args=[first, *rest]):
            return _made(ctx, node, method, function, first, rest)
        case ast.Call(func=function, args=[], keywords=keywords):
            shape = next((item.value for item in keywords if item.arg == "shape"), None)
            others = [item for item in keywords if item.arg not in ("shape", "dtype")]
            if shape is not None and not others and _float32(keywords) and _is_initializer(function, method):
                text, initializer = one_line(ctx.source, shape), one_line(ctx.source, function)
                return None if text is None or initializer is None else (text, initializer, True, ())
    return None


def _made(
    ctx: Context,
    node: ast.Call,
    method: MethodFacts,
    function: ast.expr,
    first: ast.expr,
    rest: list[ast.expr],
) -> tuple[str, str, bool, Edits] | None:
    target = method.resolve(function)
    api = target.name if isinstance(target, External) else ""
    shape = one_line(ctx.source, first)
    others = [item for item in node.keywords if item.arg != "dtype"]
    if shape is None or "shape(" in shape or rest or not _float32(node.keywords):
        return None
    if api in _FILLED and not others:
        if api.startswith("numpy.") and not any(item.arg == "dtype" for item in node.keywords):
            return None  # it is float64
        return _as_shape(first, shape), _FILLED[api], True, ()
    if api in _DRAWN:
        name, parameters, defaults = _DRAWN[api]
        named = name_keras(ctx.source, f"keras.initializers.{name}", at=node)
        given = {item.arg: one_line(ctx.source, item.value) for item in others}
        seed = given.pop("seed", None)
        if named is None or given.keys() - {*parameters} or None in given.values():
            return None
        values = {key: given.get(key, value) for key, value in zip(parameters, defaults, strict=True)}
        words = [f"{key}={value}" for key, value in values.items() if (key, value) != ("mean", "0.0")]
        words += [f"seed={seed}"] if seed is not None else []
        return _as_shape(first, shape), f"{named.text}({', '.join(words)})", True, named.edits
    if not others and _is_initializer(function, method):
        initializer = one_line(ctx.source, function)
        return None if initializer is None else (_as_shape(first, shape), initializer, True, ())
    return None


def _as_shape(node: ast.expr, text: str) -> str:
    return f"({text},)" if isinstance(node, ast.Constant) else text


def _float32(keywords: list[ast.keyword]) -> bool:
    """Whether the data type is that which weights have by default."""
    found = [item.value for item in keywords if item.arg == "dtype"]
    return all(ast.unparse(item).strip("'\"").rpartition(".")[2] == "float32" for item in found)


def _is_initializer(function: ast.expr, method: MethodFacts) -> bool:
    """Whether a name, or a call, is certainly an initializer of Keras or TensorFlow."""
    if isinstance(function, ast.Name):
        values = [
            node.value
            for node in walk(method.node)
            if isinstance(node, ast.Assign)
            and any(isinstance(item, ast.Name) and item.id == function.id for item in node.targets)
        ]
        return len(values) == 1 and isinstance(values[0], ast.Call) and _is_initializer(values[0], method)
    if not isinstance(function, ast.Call):
        return False
    target = method.resolve(function.func)
    if isinstance(target, ApiValue):
        return target.api.name.startswith("keras.initializers.")
    return isinstance(target, External) and target.name.endswith("_initializer")
