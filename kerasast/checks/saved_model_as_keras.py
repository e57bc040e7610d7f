"""`load_model()` of a SavedModel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._file_names import call_at, is_written_in_project, together, uses_custom_objects
from kerasast.checks._files import HDF5, at_load, models_in, others_in
from kerasast.checks._guards import is_line_guarded
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity, Step
from kerasast.fixes import insert_after, replace, statement_of
from kerasast.flow.events import ExternalCall, ProjectReady
from kerasast.flow.facts import LoadSite, OtherSite
from kerasast.registry import FixAvailability, rule

_METHODS = frozenset(
    [
        "compile",
        "evaluate",
        "fit",
        "get_layer",
        "load_weights",
        "predict",
        "predict_on_batch",
        "save_weights",
        "summary",
        "train_on_batch",
    ]
)
"""Methods of Keras models that an object which `tf.saved_model.load()` made does not have."""

_INSTEAD = 'wrap it for inference in `keras.layers.TFSMLayer(path, call_endpoint="serving_default")`'


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ExternalCall, ProjectReady),
    names=("tensorflow.saved_model.load().*",),
    calls=("load_model", "save", "save_model", "export", "load"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def saved_model_as_keras(ctx: Context, event: ExternalCall | ProjectReady) -> Iterator[Diagnostic]:
    if isinstance(event, ProjectReady):
        yield from _loads(ctx, event)
        return
    loaded, _, method = event.name.rpartition("().")
    if loaded != "tensorflow.saved_model.load" or method not in _METHODS or _defines(ctx, method):
        return
    yield ctx.report(
        event.node,
        f"what `tf.saved_model.load()` gives is no Keras model: it has no `{method}()`",
        help="load a file that `model.save()` wrote with `keras.models.load_model()`, "
        "or call the functions of the SavedModel",
    )


def _defines(ctx: Context, method: str) -> bool:
    """Whether the project may have put a function of that name into a SavedModel itself."""
    return ctx.project.mentions(rf"def {method}\b|add_endpoint|track_and_add_endpoint")


def _loads(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        exported = [site for site in others_in(ctx, event, load) if site.content == "SavedModel"]
        if exported:
            site = exported[0]
            steps = (Step(site.path, site.span, "the SavedModel is written here"),)
            help = "save the model with `model.save()` as well, to a `.keras` file"
            if ctx.keras.major < 3:
                help += ", or use `tf.saved_model.load()` for inference"
            else:
                help += f", or {_INSTEAD}"
            yield at_load(
                ctx,
                load,
                f"`load_model()` reads what `{site.call}` wrote, which is no Keras model",
                steps,
                help,
                fix=partial(_fix, ctx, load, site) if len(exported) == 1 else None,
            )
        elif ctx.keras.major >= 3 and _is_unreadable(ctx, event, load):
            yield at_load(
                ctx,
                load,
                "`load_model()` reads no SavedModel in Keras 3: the name has to end in `.keras` or `.h5`",
                (),
                f"load it in Keras 2 and save a `.keras` file there, or {_INSTEAD}",
            )


def _fix(ctx: Context, load: LoadSite, written: OtherSite) -> Fix | None:
    """Save the model to a file of Keras's own next to the SavedModel, and load that."""
    source, other = ctx.project.source(load.module), ctx.project.source(written.module)
    if source is None or other is None or uses_custom_objects(ctx.project, source):
        return None
    saving, loading = call_at(other, written.span), call_at(source, load.span)
    if saving is None or loading is None or not loading.args or not saving.args:
        return None
    model, folder = _model(saving), saving.args[-1]
    old = loading.args[0]
    statement = statement_of(other, saving)
    if not (
        _is_path(folder) and _is_path(old) and isinstance(statement, ast.Expr) and statement.value is saving
    ):
        return None
    if model is None or ast.literal_eval(folder) != ast.literal_eval(old):
        return None
    path = f'"{ast.literal_eval(folder).rstrip("/")}.keras"'
    if is_written_in_project(ctx.project, path.strip('"')):
        return None
    saved = insert_after(other, statement, f"{model}.save({path})")
    title = "Save the model to a `.keras` file as well, and load that"
    return together(source, title, (other, saved), (source, replace(source, old, path)))


def _model(saving: ast.Call) -> str | None:
    """How the model is called that `model.export(…)` or `tf.saved_model.save(model, …)` writes."""
    function = saving.func
    if saving.keywords or not isinstance(function, ast.Attribute):
        return None
    match function.attr, saving.args:
        case "export", [_]:
            model = function.value
        case "save", [model, _]:
            pass
        case _:
            return None
    return ast.unparse(model) if isinstance(model, ast.Name | ast.Attribute) else None


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and '"' not in node.value


def _is_unreadable(ctx: Context, event: ProjectReady, load: LoadSite) -> bool:
    """Whether Keras 3 rejects the file for its name, unless that is a folder in a format of Keras's own."""
    ending = load.ending
    if ending is None or ending.endswith((".keras", *HDF5)) or "orbax" in ending.lower():
        return False
    if any(known.endswith(ending) for known in (".keras", *HDF5)):
        return False  # What comes before may complete it.
    source = ctx.project.source(load.module)
    if source is not None and is_line_guarded(source, source.line_at(load.span.start)):
        return False
    if "://" in ending or any(save.format == "keras" for save in models_in(ctx, event, load)):
        return False
    return not _keeps_folders(ctx)


def _keeps_folders(ctx: Context) -> bool:
    """Whether the project writes models as folders that Keras 3 can read."""
    return ctx.project.mentions("zipped|OrbaxCheckpoint")
