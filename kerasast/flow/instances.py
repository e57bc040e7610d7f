"""Instances of the project's classes: their constructors, and what `self` is in their methods."""

from __future__ import annotations

import ast

from kerasast.flow.ancestry import Ancestry, ancestry
from kerasast.flow.arguments import Arguments
from kerasast.flow.binding import bind_names
from kerasast.flow.containers import held_objects
from kerasast.flow.machine import Machine
from kerasast.flow.objects import KINDS, announce, construct_base
from kerasast.flow.scopes import static_value
from kerasast.flow.summaries import call_through_summary
from kerasast.flow.values import (
    UNKNOWN,
    ClassValue,
    External,
    FunctionValue,
    Kind,
    ObjectState,
    Ref,
    Tri,
    TupleValue,
    Value,
)


def kind_of_class(lineage: Ancestry) -> Kind:
    """The kind of a class's instances."""
    return next(
        (kind for base, kind in KINDS if lineage.derives(base)),
        Kind.KERAS if lineage.apis else Kind.INSTANCE,
    )


def instantiate(machine: Machine, cls: ClassValue, arguments: Arguments, node: ast.AST) -> Value:
    """A new instance of a project class, through its constructor."""
    made = call_through_summary(machine, cls, arguments, lambda given: _construct(machine, cls, given, node))
    ref = made if isinstance(made, Ref) else _construct(machine, cls, arguments, node)
    machine.world.update(ref.id, created=node)
    return announce(machine, ref, arguments, node)


def _construct(machine: Machine, cls: ClassValue, arguments: Arguments, node: ast.AST) -> Ref:
    ref = _blank_instance(machine, cls, node)
    lineage = ancestry(cls, machine.version)
    machine.world.update(
        ref.id,
        arguments={name: argument.value for name, argument in arguments.bound.items()},
        arguments_complete=arguments.complete,
    )
    init = lineage.method("__init__")
    if init is not None:
        machine.call_function(init, arguments, node, ref)
    elif machine.world.state(ref.id).kind is Kind.INSTANCE:
        _fill_fields(machine, ref, lineage, arguments, node)
    else:
        construct_base(machine, ref, arguments, node)
    if machine.world.state(ref.id).kind.has_weights:
        _collect_contents(machine, ref, lineage)
    return ref


_OPAQUE = ("__new__", "__getattr__", "__getattribute__")
"""What a class defines whose instances may be others, or have attributes that are not followed."""


def _blank_instance(machine: Machine, cls: ClassValue, node: ast.AST) -> Ref:
    lineage = ancestry(cls, machine.version)
    machine.followed.update(item.scope.module.name for item in lineage.classes)
    kind = kind_of_class(lineage)
    opaque = not lineage.complete or any(map(lineage.defines, _OPAQUE))
    state = ObjectState(
        kind,
        api=lineage.apis[0] if lineage.apis else None,
        cls=cls,
        created=node,
        built=Tri.NO,
        compiled=Tri.NO,
        has_loss=Tri.NO,
        escaped=opaque,
        complete=True,
        foreign=machine.frame.foreign,
    )
    return machine.world.create(state)


def _fill_fields(machine: Machine, ref: Ref, lineage: Ancestry, arguments: Arguments, node: ast.AST) -> None:
    """A class without a constructor of its own: a dataclass takes its fields as arguments."""
    fields = [
        statement.target.id
        for cls in reversed(lineage.classes)
        for statement in cls.node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    ]
    if not lineage.complete:
        machine.escape(argument.value for argument in (*arguments.positional, *arguments.bound.values()))
    bound = bind_names(arguments, fields).bound
    machine.world.update(ref.id, attributes={name: argument.value for name, argument in bound.items()})
    for name in ("__post_init__", "__attrs_post_init__"):
        method = lineage.method(name)
        if method is not None:
            machine.call_function(method, Arguments(complete=False), node, ref)


def _collect_contents(machine: Machine, ref: Ref, lineage: Ancestry) -> None:
    state = machine.world.state(ref.id)
    found = dict.fromkeys(state.contents)
    known = state.complete and lineage.complete
    for value in state.attributes.values():
        held = held_objects(machine, value)
        found.update(dict.fromkeys(held))
        known = known and (bool(held) or not isinstance(value, Ref | TupleValue)) and value != UNKNOWN
    machine.world.update(ref.id, contents=tuple(found), complete=known)


def receiver_of(machine: Machine, function: FunctionValue) -> Value | None:
    """What `self` is when a method is walked on its own: an instance whose methods may have run before."""
    owner = function.owner
    if owner is None or isinstance(function.node, ast.Lambda):
        return None
    decorators = [static_value(item, function.scope) for item in function.node.decorator_list]
    if External("builtins.staticmethod") in decorators:
        return None
    if External("builtins.classmethod") in decorators:
        return owner
    if function.node.name == "__init__":
        return _blank_instance(machine, owner, function.node)
    receivers: dict[ast.AST, Ref] = machine.__dict__.setdefault("_receivers", {})
    if owner.node not in receivers:
        receivers[owner.node] = _used_instance(machine, owner)
    return receivers[owner.node]


def _used_instance(machine: Machine, owner: ClassValue) -> Ref:
    machine.muted += 1
    try:
        made = instantiate(machine, owner, Arguments(complete=False), owner.node)
    finally:
        machine.muted -= 1
    assert isinstance(made, Ref)
    machine.world.escape(made)
    machine.world.archive()
    return made
