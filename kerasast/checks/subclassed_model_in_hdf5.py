"""Saving a subclassed model whole to an HDF5 file, which cannot hold one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial

from kerasast.checks._children import holds_unbuilt_layers, is_rebuilt_by_keras
from kerasast.checks._file_names import model_name, places_of, rename
from kerasast.checks._files import HDF5
from kerasast.checks._fits import FITS
from kerasast.checks._guards import is_guarded
from kerasast.checks._whole_models import WRITERS, WholeSave, whole_saves
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Fix, Severity
from kerasast.flow.class_facts import ClassFacts, class_facts
from kerasast.flow.events import ModelCall
from kerasast.flow.methods import MethodFacts
from kerasast.flow.reach import reached_methods
from kerasast.flow.roles import is_functional, is_sequential
from kerasast.flow.values import Const, Kind, Tri
from kerasast.registry import FixAvailability, rule
from kerasast.versions import KerasVersion

_HELP = "end the name in `.keras`, or keep the weights alone: `save_weights(…)` to a `.weights.h5` file"


@rule(
    category="saving",
    severity=Severity.ERROR,
    on=(ModelCall,),
    names=("save", *FITS),
    calls=WRITERS,
    fix=FixAvailability.SOMETIMES,
    since="0.1",
)
def subclassed_model_in_hdf5(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    cls = event.before.cls
    if event.before.kind is not Kind.SUBCLASSED or cls is None:
        return
    facts = class_facts(cls, ctx.keras)
    if not facts.ancestry.complete or is_functional(facts) or is_sequential(facts) or facts.defines("save"):
        return
    if ctx.keras.major >= 3 and (not _comes_back_unbuilt(facts) or "load_weights" in ctx.source.text):
        return
    for save in whole_saves(event):
        if not _is_hdf5(event, save, ctx.keras) or is_guarded(ctx, save.place):
            continue
        yield ctx.report(
            save.place,
            f"{save.call} writes `{cls.name}`, a subclassed model, to an HDF5 file, "
            + (
                "which `load_model()` cannot read" if ctx.keras.major >= 3 else "and raises: none can hold it"
            ),
            story=event.story,
            help=_HELP,
            fix=partial(_fix, ctx, save),
            severity=Severity.WARNING if ctx.keras.major >= 3 else None,
        )


def _fix(ctx: Context, save: WholeSave) -> Fix | None:
    """Name the file `….keras` in all places, if all of them write and read whole models."""
    places = places_of(ctx.project, ctx.source, save.path)
    if places is None or places.written() != {"model"} or not places.read() <= {"model"}:
        return None
    if any(item.arg == "save_format" for site in places.writers for item in site.call.keywords):
        return None
    return rename(places, model_name(places.name), ctx.source, "Name the file `{}`")


def _is_hdf5(event: ModelCall, save: WholeSave, version: KerasVersion) -> bool:
    if event.method != "save":
        return save.ends(*HDF5)
    if event.before.built is Tri.NO:
        return False  # It is lost in any format: `save-before-build` says so.
    format = event.arguments.value("save_format") if version.major < 3 else None
    return format == Const("h5") or (format is None and save.ends(*HDF5))


def _comes_back_unbuilt(facts: ClassFacts) -> bool:
    """Whether an instance made from its config has a layer without weights, for which Keras 3 then has no place.

    It compares the number of layers that have weights with that in the file (observed on Keras 3.15.1).
    """
    return (
        is_rebuilt_by_keras(facts)
        and not facts.restores_itself
        and any(holds_unbuilt_layers(name, facts) for name in facts.stores)
        and not any(_may_build(method, facts) for method in reached_methods(facts, ["__init__"]))
    )


def _may_build(method: MethodFacts, facts: ClassFacts) -> bool:
    """Whether a method that the constructor runs may build the model or a layer of it."""
    if method.passes_self or any(method.super_calls("build")):
        return True
    for call in method.calls:
        function = call.node.func
        if isinstance(function, ast.Name) and function.id == method.self_name:
            return True
        if call.path and call.path[-1] not in ("add", "append", "extend") and not facts.defines(call.path[0]):
            return True
    return False
