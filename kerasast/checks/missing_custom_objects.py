"""Loading a model without what its file needs of the user's own classes and functions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from kerasast.checks._files import at_load, in_all, models_in
from kerasast.checks._lambda_layers import layer_class
from kerasast.checks._registration import fix_in_files, register
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, FileEdits, Fix, Severity, Step
from kerasast.fixes import Edits, add_argument, add_entry, unsafe
from kerasast.flow.events import ProjectReady
from kerasast.flow.facts import CustomObject, LoadSite, SaveSite
from kerasast.flow.roles import is_builtin_layer
from kerasast.index.project import ClassSymbol, FunctionSymbol, ProjectIndex
from kerasast.registry import FixAvailability, rule
from kerasast.versions import KerasVersion
from kerasast.walking import walk

_FOUND_BY_IMPORT = frozenset({"model", "loss", "metric", "optimizer"})
"""Roles of classes that Keras 2.15 finds by importing their module, if a `.keras` file names one."""


@rule(
    category="loading",
    severity=Severity.ERROR,
    on=(ProjectReady,),
    calls=("load_model", "save", "save_model", "ModelCheckpoint"),
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def missing_custom_objects(ctx: Context, event: ProjectReady) -> Iterator[Diagnostic]:
    for load in event.loads:
        if load.path_key is None or load.provides_unknown:
            continue
        saves = models_in(ctx, event, load)
        lacking = _lacking(saves, load, ctx.keras)
        if lacking:
            yield _report(ctx, load, saves[0], lacking)


def _lacking(saves: list[SaveSite], load: LoadSite, version: KerasVersion) -> list[CustomObject]:
    """What is missing for whichever of these places wrote the file."""
    return in_all(saves, lambda item, save: _lacks(item, save, load, version))


def _lacks(item: CustomObject, save: SaveSite, load: LoadSite, version: KerasVersion) -> bool:
    """Whether loading fails for want of `item`, as observed on Keras 2.15.0 and 3.15.1."""
    legacy = version.major < 3
    if item.only_compile and not load.compiled:
        return False
    # Of what is registered, the file has the registered name. Keras 2.15 looks for both in a `.keras` file.
    bare = item.registered is None or (legacy and save.format == "keras")
    if item.registered in load.provides or (bare and item.name in load.provides):
        return False
    if _is_stored_code(item, version):
        return load.safe_mode and not (legacy and save.format != "keras")
    if item.registered is not None and item.module in load.modules:
        return False
    match save.format:
        case "h5" | "hdf5" if item.role == "layer" and is_builtin_layer(item.name, version):
            return False  # Keras finds a layer of its own: `builtin-class-name` reports that.
        case "h5" | "hdf5":
            return legacy or _is_named_in_hdf5(item)
        case "tf":
            # Keras 3 raises when it is to save one; in Keras 2 it holds the code of layers and models.
            return legacy and item.role in ("loss", "metric")
        case "keras" if legacy:
            imported = item.is_class and item.role in _FOUND_BY_IMPORT and item.module != save.module
            return not imported and item.role != "regularizer"
    return not legacy


def _is_stored_code(item: CustomObject, version: KerasVersion) -> bool:
    """Whether the file holds the code of a function: that of a lambda, in Keras 2 that of every `Lambda` layer."""
    return item.role == "lambda" and (item.name == "<lambda>" or version.major < 3)


def _is_named_in_hdf5(item: CustomObject) -> bool:
    """Whether loading an HDF5 file in Keras 3 certainly looks `item` up.

    It does not for metrics, nor for losses in a list; that of a class depends on the name of its instance.
    """
    if item.role == "loss":
        return not item.is_class and not item.listed
    return item.role != "metric"


def _report(ctx: Context, load: LoadSite, save: SaveSite, lacking: list[CustomObject]) -> Diagnostic:
    names = [_shown(item, ctx.keras) for item in lacking[:3]]
    if len(lacking) > 3:
        names.append(f"{len(lacking) - 3} more")
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    saved = Step(save.path, save.span, "the model is saved here")
    return at_load(
        ctx,
        load,
        f"`load_model()` cannot rebuild this model: nothing here provides {listed}",
        (*(item.step for item in lacking[:3]), saved),
        _help(lacking, ctx.keras),
        fix=partial(_fix, ctx, save, load, lacking),
    )


def _shown(item: CustomObject, version: KerasVersion) -> str:
    if _is_stored_code(item, version):
        return "the function of its `Lambda` layer"
    return f"the lambda used as {item.role}" if item.name == "<lambda>" else f"`{item.name}`"


def _help(lacking: list[CustomObject], version: KerasVersion) -> str:
    first = lacking[0]
    if _is_stored_code(first, version):
        return "use a registered layer class instead of `Lambda`, or pass `safe_mode=False` if you trust the file"
    if first.name == "<lambda>":
        return "write it as a function with a name, or pass `compile=False`"
    if first.registered is not None:
        return (
            f"import `{first.module}` before loading, so that `{first.name}` is registered, "
            f'or pass `custom_objects={{"{first.registered}": {first.name}}}`'
        )
    named = [item for item in lacking[:3] if item.name != "<lambda>" and item.role != "lambda"]
    objects = ", ".join(f'"{item.name}": {item.name}' for item in named)
    end = ", or `compile=False`" if all(item.only_compile for item in lacking) else ""
    return (
        f"pass `custom_objects={{{objects}}}`{end}, "
        "or register it with `@keras.saving.register_keras_serializable()`"
    )


def _fix(ctx: Context, save: SaveSite, load: LoadSite, lacking: list[CustomObject]) -> Fix | None:
    """Names for what is loaded from another program's file, or beside others; else registration."""
    given = _custom_objects(ctx.project, load, lacking)
    if given is not None and (given.beside_others or save.path != load.path):
        return unsafe("Pass the missing `custom_objects`", given.edits)
    return _registered(ctx, load, lacking)


def _registered(ctx: Context, load: LoadSite, lacking: list[CustomObject]) -> Fix | None:
    reached = ctx.project.import_closure(load.module)
    parts = [
        _provided(ctx, item) if item.module in reached and item.registered is None else None
        for item in lacking
    ]
    title = "Register it with Keras" if len(lacking) == 1 else "Register them with Keras"
    if all(item.name == "<lambda>" for item in lacking):
        title = "Write a registered layer class in place of the `Lambda`"
    return fix_in_files(title, load.path, parts)


def _provided(ctx: Context, item: CustomObject) -> FileEdits | None:
    if item.name == "<lambda>":
        return layer_class(ctx, item.module, item.step.span) if item.role == "lambda" else None
    return None if _is_stored_code(item, ctx.keras) else register(ctx, item.module, item.step.span)


@dataclass(frozen=True, slots=True)
class _Given:
    """`custom_objects` for a place that loads a model; `beside_others` if it has some already."""

    edits: Edits
    beside_others: bool


def _custom_objects(project: ProjectIndex, load: LoadSite, lacking: Iterable[CustomObject]) -> _Given | None:
    """The argument, if the module that loads the model has all that is missing under the names that the file has."""
    source, tree = project.source(load.module), project.tree(load.module)
    if source is None or tree is None:
        return None
    calls = [node for node in walk(tree) if isinstance(node, ast.Call) and source.span(node) == load.span]
    if len(calls) != 1 or len(calls[0].args) > 1:
        return None
    (call,) = calls
    if not all(_is_visible(project, load.module, item, tree, call) for item in lacking):
        return None
    entries = ", ".join(f'"{item.registered or item.name}": {item.name}' for item in lacking)
    known = next((word.value for word in call.keywords if word.arg == "custom_objects"), None)
    if known is None:
        return _Given(add_argument(source, call, f"custom_objects={{{entries}}}"), False)
    return _Given(add_entry(source, known, entries), True) if isinstance(known, ast.Dict) else None


def _is_visible(
    project: ProjectIndex, module: str, item: CustomObject, tree: ast.Module, call: ast.Call
) -> bool:
    """Whether the name of a class or function means just that at a call, as the top level of the module has it."""
    symbol = project.resolve(module, item.name)
    if not isinstance(symbol, ClassSymbol | FunctionSymbol):
        return False
    if (symbol.module, symbol.info.name) != (item.module, item.name):
        return False
    above = (node for node in tree.body if (node.end_lineno or node.lineno) < call.lineno)
    return any(_binds(node, item.name) for node in above) and not any(
        (isinstance(node, ast.Name) and node.id == item.name and not isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.arg) and node.arg == item.name)
        for node in walk(tree)
    )


def _binds(node: ast.stmt, name: str) -> bool:
    if isinstance(node, ast.ImportFrom):
        return any((alias.asname or alias.name) == name for alias in node.names)
    return isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name
