"""A change of `trainable` that training does not see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity, Step
from kerasast.fixes import insert_after, is_here, unsafe
from kerasast.fixes.blocks import Place, code_of, common, is_in_loop, places_around, scope_of
from kerasast.flow.events import ModelCall
from kerasast.flow.values import ApiValue, Const, FunctionValue, Tri
from kerasast.keras_api.symbols import weightless
from kerasast.registry import FixAvailability, rule
from kerasast.source import SourceFile

_PARAMETERS = ("optimizer", "loss", "metrics")
_TRAINING = frozenset({"fit", "train_on_batch", "fit_generator"})


@rule(
    category="training",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=_TRAINING,
    calls=_TRAINING,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def trainable_after_compile(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    before = event.before
    change = before.frozen_late
    if change is None or event.method not in _TRAINING or before.compiled is not Tri.YES or before.escaped:
        return
    if _runs_eagerly(event) and ctx.keras.major >= 3:
        return
    if ctx.keras.major >= 3 and event.method not in before.fixed:
        return  # Keras reads `trainable` anew when it traces this method for the first time.
    if ctx.keras.major >= 3 and event.arguments.get("validation_split") is not None:
        return  # What is left for training has another shape, perhaps, and is traced anew: seen on Keras 3.15.
    if _is_shared(event):
        return
    story = tuple(step for step in before.trace if step != change)
    since = "trained" if ctx.keras.major >= 3 else "compiled"
    message = f"`{event.method}()` ignores this change of `trainable`: the model was {since} before it"
    help = "call `compile()` again after the change"
    if change.path == ctx.source.path:
        used = ctx.step(event.node, f"`{event.method}()` still trains what was trainable before")
        fix = partial(_fix, ctx.source, event, change) if _has_more_to_train(ctx, event) else None
        yield ctx.report(change.span, message, story=(*story, used), help=help, fix=fix)
    else:
        message = message.replace("this change", "a change")
        yield ctx.report(event.node, message, story=before.trace, help=help)


def _has_more_to_train(ctx: Context, event: ModelCall) -> bool:
    """Whether weights are left that can be trained after the change."""
    view = event.view
    layers = [view.state(item) for item in view.contents(event.target)]
    if event.before.trainable is not Tri.YES or not layers:
        return False
    return any(
        layer.trainable is Tri.YES
        and layer.layers_trainable is Tri.YES
        and weightless(layer.api or "", ctx.keras) is not True
        for layer in layers
    )


def _fix(source: SourceFile, event: ModelCall, change: Step) -> Fix | None:
    """Compile in the same way after the change, where the order of things is plain."""
    call = event.node
    if (
        not isinstance(call, ast.Call)
        or not isinstance(call.func, ast.Attribute)
        or not is_here(source, call)
    ):
        return None
    model = ast.unparse(call.func.value)
    changing = places_around(source, change.span)
    together = common(changing, places_around(source, source.span(call)))
    if together is None or is_in_loop(scope_of(together[0])):
        return None
    around, until = together
    here = around[-1]
    last = _last_change(here.body[here.index : until])
    compiled = _compiled(model, scope_of(around))
    if last is None or compiled is None or not _is_repeatable(event, compiled):
        return None
    added = insert_after(source, last, code_of(source, compiled))
    return unsafe("Compile again after the change, in the same way", added)


def _last_change(statements: list[ast.stmt]) -> ast.stmt | None:
    """The last of the statements that sets `trainable`; `None` if another one may be meant, or compiles already."""
    found = [item for item in statements if "trainable" in ast.unparse(item)]
    plain = all(isinstance(item, ast.Assign | ast.For) for item in found)
    compiles = any(".compile(" in ast.unparse(item) for item in statements)
    return found[-1] if found and plain and not compiles else None


def _compiled(model: str, around: list[Place]) -> ast.Call | None:
    """The last call of `compile()` before a place, if it certainly is the one that counts there."""
    found: list[tuple[ast.stmt, ast.Call | None]] = []
    for place in around:
        for statement in place.body[: place.index]:
            if f"{model}.compile(" not in ast.unparse(statement):
                continue
            call = statement.value if isinstance(statement, ast.Expr) else None
            is_call = isinstance(call, ast.Call) and ast.unparse(call.func) == f"{model}.compile"
            found.append((statement, call if is_call and isinstance(call, ast.Call) else None))
    return found[-1][1] if found else None


def _is_repeatable(event: ModelCall, call: ast.Call) -> bool:
    """Whether what `compile()` is given can be given once more: no object of which there is one alone."""
    known = event.before.compile_arguments
    if not event.before.compile_complete or len(call.args) > len(_PARAMETERS):
        return False
    given = [*zip(_PARAMETERS, call.args, strict=False), *((item.arg, item.value) for item in call.keywords)]
    return all(
        name is not None
        and (_is_made_anew(node) or isinstance(known.get(name), Const | ApiValue | FunctionValue))
        for name, node in given
    )


def _is_made_anew(node: ast.expr | None) -> bool:
    match node:
        case ast.Constant() | ast.Call():
            return True
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Dict(values=items):
            return all(map(_is_made_anew, items))
    return False


def _is_shared(event: ModelCall) -> bool:
    """Whether what has changed is part of another compiled model too, for which the change may be meant.

    The discriminator of a GAN is frozen for the model around it, and known to train on by itself.
    """
    view = event.view
    now = {part: view.state(part) for part in (event.target, *view.contents(event.target))}
    changed = [
        part
        for flags in event.before.fixed.values()
        for part, trainable, inside in flags
        if part in now and (now[part].trainable, now[part].layers_trainable) != (trainable, inside)
    ]
    return any(
        holder != event.target and view.state(holder).compiled is not Tri.NO
        for part in changed
        for holder in (part, *view.owners(part))
        if view.state(holder).kind.is_model
    )


def _runs_eagerly(event: ModelCall) -> bool:
    """Whether each step reads `trainable` anew: observed on Keras 3.15."""
    before = event.before
    if not before.compile_complete:
        return True
    given = before.compile_arguments.get("run_eagerly", Const(None))
    return not (isinstance(given, Const) and not given.value)
