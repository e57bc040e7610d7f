"""Whether the layers of a model bring a loss: `add_loss()`, or the penalty of a regularizer."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from kerasast.flow.ancestry import ancestry
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.values import Const, Kind, ObjectId, ObjectState, Tri, Unknown
from kerasast.versions import KerasVersion
from kerasast.walking import walk

if TYPE_CHECKING:
    from kerasast.flow.world import WorldView


def may_add_loss(view: WorldView, model: ObjectId, version: KerasVersion) -> bool:
    """Whether some layer may call `add_loss()`, or have a regularizer; true unless the opposite is certain."""
    return any(_adds_loss(view.state(item), version) for item in (model, *view.contents(model)))


def _adds_loss(state: ObjectState, version: KerasVersion) -> bool:
    if state.escaped or state.has_loss is Tri.YES or not state.arguments_complete:
        return True
    if state.cls is not None:
        lineage = ancestry(state.cls, version)
        gaps = any(isinstance(value, Unknown) for value in state.attributes.values())
        return gaps or not lineage.complete or any(_mentions_loss(cls.node) for cls in lineage.classes)
    if state.kind is Kind.LAYER:
        return state.api == "keras.layers.ActivityRegularization" or any(
            name.endswith("regularizer") and value != Const(None) for name, value in state.arguments.items()
        )
    is_application = (state.api or "").startswith("keras.applications.")
    return not state.complete and not is_application


@kept_on_node
def _mentions_loss(node: ast.ClassDef) -> bool:
    """Whether a class body speaks of added losses or regularizers at all."""
    for part in walk(node):
        match part:
            case ast.Attribute(attr="add_loss" | "losses"):
                return True
            case ast.keyword(arg=str(name)) if name.endswith("regularizer"):
                return True
    return False
