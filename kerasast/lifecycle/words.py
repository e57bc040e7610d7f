"""What is said of one moment in the life of a model or layer, and of its life as a whole."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Literal

from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.events import ModelCall
from kerasast.flow.narrator import Branch, Place
from kerasast.flow.values import (
    ApiValue,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Kind,
    ObjectState,
    Ref,
    Text,
    Tri,
    Value,
)
from kerasast.flow.world import WorldView

Happening = Literal[
    "created",
    "built",
    "compiled",
    "frozen",
    "unfrozen",
    "trained",
    "called",
    "saved",
    "loaded",
    "other",
]
"""The kinds of moments; clients of the language server have a picture for each."""

LONGEST = 48
"""Characters of code that are quoted in a line; longer code is cut."""

_TRAINING = frozenset({"fit", "fit_generator", "train_on_batch", "train_step"})
_RUNNING = frozenset(
    {
        "__call__",
        "call",
        "compute_output_shape",
        "evaluate",
        "evaluate_generator",
        "predict",
        "predict_classes",
        "predict_generator",
        "predict_on_batch",
        "predict_proba",
        "predict_step",
        "summary",
        "test_on_batch",
        "test_step",
    }
)
_GIVING = {
    "load_weights": "weights loaded from",
    "set_weights": "weights set to",
    "restore": "restored from",
    "build_from_config": "built from a configuration:",
}
_SAVING = {
    "save": "saved to",
    "save_weights": "weights saved to",
    "export": "exported to",
}
_UNTOLD = frozenset(
    [
        "_flatten_layers",
        "add_loss",
        "add_metric",
        "add_variable",
        "add_weight",
        "compute_mask",
        "compute_output_spec",
        "count_params",
        "get_build_config",
        "get_compile_config",
        "get_config",
        "get_input_at",
        "get_layer",
        "get_output_at",
        "get_weight_paths",
        "get_weights",
        "load_own_variables",
        "make_predict_function",
        "make_test_function",
        "make_train_function",
        "non_trainable_variables",
        "reset_metrics",
        "reset_state",
        "reset_states",
        "save_own_variables",
        "stateless_call",
    ]
)
"""Methods that tell nothing about the life of what they are called on, unless they build it."""


def words_of_call(event: ModelCall, *, is_built: bool) -> tuple[Happening, str] | None:
    """What a call of a method is to its object; `None` if that is not worth telling.

    `is_built` if it was certainly built at some time before, whatever the interpreter takes for possible since.
    """
    method, before, after = event.method, event.before, event.after
    builds = before.built is Tri.NO and after.built is Tri.YES
    if method == "compile":
        return "compiled", _compiled(event)
    if method in _TRAINING:
        return "trained", _trained(event) + (", which builds it" if builds else "")
    if method in _SAVING:
        return "saved", f"{_SAVING[method]} {_first(event)}{_unbuilt(before)}"
    if method in _GIVING:
        return "loaded", f"{_GIVING[method]} {_first(event)}{_unbuilt(before)}"
    if method in _RUNNING | {"adapt", "build"} and builds:
        return "built", f"{_called(event)} builds it: it has its weights from here"
    if method == "build":
        return "called", "`build()`" + (", which does not build it" if _is_unbuilt(after) else "")
    if method in _RUNNING:
        return "called", _run(event, is_built)
    if method == "add":
        return "other", f"{_given(event.arguments, event.view)} is added{_built_now(builds)}"
    if method in _UNTOLD:
        return None
    if method in ("to_json", "to_yaml"):
        return "other", f"`{method}()` gives its architecture, without weights"
    if method == "adapt":
        return "other", "`adapt()` computes its vocabulary or statistics"
    return "other", f"{_called(event)}{_opened(event)}"


def _called(event: ModelCall) -> str:
    return "calling it" if event.method in ("__call__", "call") else f"`{event.method}()`"


def _built_now(builds: bool) -> str:
    return ", which builds it" if builds else ""


def _opened(event: ModelCall) -> str:
    """Of a method that is not known, what it leaves open."""
    fields = ("built", "compiled")
    if any(getattr(event.before, name) is not getattr(event.after, name) for name in fields):
        return ", which kerasast does not know: it may build or compile it"
    return ""


def _run(event: ModelCall, is_built: bool) -> str:
    before = event.before
    if event.method == "summary":
        return "`summary()`" + (", which does not build it" if _is_unbuilt(before) else "")
    text = "called" if event.method in ("__call__", "call") else f"`{event.method}()`"
    if event.after.graph_call is not before.graph_call:
        text = "called on a Keras tensor, as a part of a larger model"
    if is_built:
        return text
    if before.built is not Tri.YES and event.after.built is Tri.YES:
        return f"{text}: it is built from here, if it was not before"
    if before.built is Tri.NO and event.after.built is Tri.MAYBE:
        return f"{text}: the layers inside may have their weights from here, and it may not count as built"
    return text


def _is_unbuilt(state: ObjectState) -> bool:
    return state.built is Tri.NO and not state.escaped


def _unbuilt(state: ObjectState) -> str:
    return ", before it is built" if _is_unbuilt(state) and state.kind.is_model else ""


# What is given to calls.


def _compiled(event: ModelCall) -> str:
    text = "compiled" if event.before.compiled is not Tri.YES else "compiled again"
    optimizer, loss = event.arguments.get("optimizer"), event.arguments.get("loss")
    parts = [] if optimizer is None else [f"optimizer {_named(optimizer, event.view)}"]
    if loss is not None and loss.value != Const(None):
        parts.append(f"loss {_named(loss, event.view)}")
    elif event.arguments.complete and event.after.has_loss is Tri.NO:
        parts.append("without a loss")
    return text + (" with " + ", ".join(parts) if parts else "").replace(" with without", " without")


def _trained(event: ModelCall) -> str:
    text = f"trained by `{event.method}()`"
    epochs = event.arguments.value("epochs")
    if isinstance(epochs, Const) and isinstance(epochs.value, int):
        text += f" for {epochs.value} epoch{'' if epochs.value == 1 else 's'}"
    for path in _checkpoints(event):
        text += f", saved on the way to {path} by `ModelCheckpoint`"
    if event.before.compiled is Tri.NO and not event.before.escaped:
        text += ", but not compiled"
    return text


def _checkpoints(event: ModelCall) -> Iterator[str]:
    given = event.arguments.get("callbacks")
    items = None if given is None else event.view.items(given.value)
    for item in items or ():
        state = event.view.state_of(item)
        if state is not None and state.api == "keras.callbacks.ModelCheckpoint":
            yield value_words(state.arguments.get("filepath"), event.view) or "a file"


def _first(event: ModelCall) -> str:
    """The first argument: a file, most often."""
    for argument in (*event.arguments.bound.values(), *event.arguments.positional):
        return _named(argument, event.view)
    return "something that is not known"


def _given(arguments: Arguments, view: WorldView) -> str:
    for argument in (*arguments.bound.values(), *arguments.positional):
        return _named(argument, view)
    return "a layer"


def _named(argument: Argument, view: WorldView) -> str:
    if isinstance(argument.node, ast.JoinedStr):  # Its value may be that of one iteration alone.
        return quoted(argument.node)
    return value_words(argument.value, view) or quoted(argument.node)


def value_words(value: Value | None, view: WorldView) -> str | None:
    """A value as people would name it: a constant, a class, a function; `None` for what has no short name."""
    match value:
        case Const(str() as text):
            return f"`{cut(text)}`"
        case Const(constant) if constant is not None:
            return f"`{cut(repr(constant))}`"
        case Text(parts):
            return f"`{cut(''.join('…' if part is None else part for part in parts))}`"
        case ApiValue(api):
            return f"`{api.name.rpartition('.')[2]}`"
        case External(name) if "(" not in name:
            return f"`{name.rpartition('.')[2]}`"
        case FunctionValue() | ClassValue() if value.name != "<lambda>":
            return f"`{value.name}`"
    state = view.state_of(value) if isinstance(value, Ref) else None
    if state is None or state.kind.is_container or state.kind is Kind.INSTANCE:
        return None
    name = state.cls.name if state.cls is not None else (state.api or "").rpartition(".")[2]
    return f"`{name}`" if name else None


def quoted(node: ast.AST) -> str:
    """Code in backquotes, on one line, cut where it is long."""
    return f"`{cut(' '.join(ast.unparse(node).split()))}`"


def cut(text: str) -> str:
    """A text that is not too long."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# Where things stand.


def circumstances(place: Place, birth: Sequence[Branch]) -> str:
    """What it depends on that this happens, after the object has come to be: ` (in a loop)`."""
    common = 0
    for mine, its in zip(place.branches, birth, strict=False):
        if mine != its:
            break
        common += 1
    for branch in reversed(place.branches[common:]):
        match branch.statement:
            case ast.If(test=test):
                condition = ast.unparse(test)
                if len(condition) > LONGEST:
                    return " (on one path)"
                return f" (only if `{condition}`)" if branch.block == "body" else f" (unless `{condition}`)"
            case ast.For() | ast.AsyncFor() | ast.While() if branch.block == "body":
                return " (in a loop)"
            case ast.Try():
                return " (after an exception)"
            case _:
                return " (on one path)"
    return ""


def birth_words(state: ObjectState, node: ast.AST) -> tuple[Happening, str]:
    """How an object comes to be; `state` is what it is then, `node` the call that makes it."""
    call = quoted(node.func) if isinstance(node, ast.Call) else None
    if is_loaded(state):
        first = node.args[0] if isinstance(node, ast.Call) and node.args else None
        source = f" from {quoted(first)}" if first is not None else ""
        unless = "" if state.compiled is Tri.MAYBE else ", without its compile state"
        return "loaded", f"model loaded{source}, built{unless}"
    text = f"{kind_words(state)} created" + (f" by {call}" if call and state.cls is None else "")
    if state.kind.is_model:
        text += {Tri.YES: ", built", Tri.NO: ", without weights yet", Tri.MAYBE: ""}[state.built]
        if state.complete and state.contents and state.kind is not Kind.SUBCLASSED:
            count = len(state.contents)
            text += f", {count} layer{'' if count == 1 else 's'}"
    if state.escaped:
        text += "; its class is not wholly known, so more may happen to it than is told here"
    return "created", text


def is_loaded(state: ObjectState) -> bool:
    """Whether it came as a whole from a file."""
    return bool(state.trace) and state.trace[0].message.startswith("model loaded")


def kind_words(state: ObjectState) -> str:
    """What an object is: `Sequential model`, `Net model`, `Dense layer`."""
    api = (state.api or "").rpartition(".")[2]
    if state.cls is not None:
        return f"`{state.cls.name}` {'model' if state.kind.is_model else 'layer'}"
    if state.kind is Kind.LAYER:
        return f"`{api}` layer" if api else "layer"
    if is_loaded(state):
        return "loaded model"
    if state.kind is Kind.FUNCTIONAL and api not in ("", "Model"):
        return f"`{api}` model"
    return str(state.kind.value)


def summary_words(state: ObjectState, *, sure: bool, trained: bool | None, part: bool) -> str:
    """The life of an object in a line.

    `sure` if nothing but what is told happened to it; `trained` is `None` for perhaps; `part` if a model holds it, and
    may be compiled and trained instead.
    """
    never = "never" if sure else "not"
    after = "" if sure else " here"
    parts = [kind_words(state).replace("`", "")]
    if state.kind.has_weights:
        parts.append(
            {Tri.YES: "built", Tri.NO: f"{never} built{after}", Tri.MAYBE: "perhaps built"}[state.built]
        )
    if state.kind.is_model:
        compiled = {Tri.YES: "compiled", Tri.NO: f"{never} compiled{after}", Tri.MAYBE: "perhaps compiled"}
        if not part or state.compiled is Tri.YES:
            parts.append(compiled[state.compiled])
        if trained is not False or not (part or is_loaded(state)):
            parts.append(
                {True: "trained", None: "perhaps trained", False: f"{never} trained{after}"}[trained]
            )
    if state.trainable is Tri.NO:
        parts.append("frozen")
    if part:
        parts.append("part of another model")
    return ", ".join(parts)
