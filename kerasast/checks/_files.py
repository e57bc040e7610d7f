"""What a file that is loaded holds, as the places of the project tell that write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kerasast.diagnostics import Diagnostic, MakeFix, Severity, Step
from kerasast.flow.facts import is_same_file

if TYPE_CHECKING:
    from kerasast.context import Context
    from kerasast.flow.events import ProjectReady
    from kerasast.flow.facts import CustomObject, LoadSite, OtherSite, SaveSite

HDF5 = (".h5", ".hdf5")
"""Endings of the names of legacy HDF5 files."""


def models_in(ctx: Context, event: ProjectReady, load: LoadSite) -> list[SaveSite]:
    """The places that write a whole model to the file that is loaded."""
    return [save for save in event.saves if is_same_file(save, load, ctx.project)]


def in_all(saves: Sequence[SaveSite], lacks: Callable[[CustomObject, SaveSite], bool]) -> list[CustomObject]:
    """Of what the model of the first place needs, what `lacks` says of every place, told apart by name."""
    if not saves:
        return []
    found = [item for item in saves[0].needs if lacks(item, saves[0])]
    for save in saves[1:]:
        names = {item.name for item in save.needs if lacks(item, save)}
        found = [item for item in found if item.name in names]
    return found


def others_in(ctx: Context, event: ProjectReady, load: LoadSite) -> list[OtherSite]:
    """The places that write something else to it, if no place writes a whole model there, for all that is known."""
    if any(is_same_file(save, load, ctx.project) or _may_be(save, load) for save in event.saves):
        return []
    return [site for site in event.others if is_same_file(site, load, ctx.project)]


def _may_be(save: SaveSite, load: LoadSite) -> bool:
    """Whether a model of which it is not known where it is saved may be saved to the file that is loaded."""
    key = save.path_key
    if save.path_key == load.path_key:
        return False
    if key is None or key[0] == "value":
        return True
    return key[0] == "text" and (load.ending is None or load.ending.endswith(str(key[1][-1] or "")))  # type: ignore[index]


def at_load(
    ctx: Context,
    load: LoadSite,
    message: str,
    steps: tuple[Step, ...],
    help: str,
    severity: Severity | None = None,
    fix: MakeFix | None = None,
) -> Diagnostic:
    """A diagnostic at a place that loads a model."""
    return Diagnostic(
        rule=ctx.rule.name,
        path=load.path,
        span=load.span,
        message=message,
        severity=ctx.rule.severity if severity is None else severity,
        steps=steps,
        help=help,
        make_fix=fix,
    )
