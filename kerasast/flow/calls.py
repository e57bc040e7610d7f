"""Calls: which code a call reaches, with which arguments, and what comes back."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from kerasast.flow import externals, instances, lifecycle, objects
from kerasast.flow.ancestry import ancestry, class_bindings
from kerasast.flow.arguments import Argument, Arguments
from kerasast.flow.attributes import set_attribute
from kerasast.flow.containers import (
    call_container,
    call_string,
    element_of,
    iterated,
    merge_tensors,
    new_container,
    set_item,
)
from kerasast.flow.events import ApiUse
from kerasast.flow.inert import is_inert, is_plain, observed
from kerasast.flow.logs import use_names
from kerasast.flow.machine import MAX_DEPTH, Frame, Machine
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.parameters import bind_parameters, parameters
from kerasast.flow.scopes import Scope
from kerasast.flow.summaries import call_through_summary
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    BoundMethod,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Generator,
    Kind,
    LayersOf,
    LogNames,
    ObjectId,
    Partial,
    Ref,
    SuperValue,
    Tensor,
    Text,
    Tri,
    Value,
    WeightSet,
    WeightsOf,
)
from kerasast.keras_api import is_other_keras
from kerasast.walking import own_nodes


def evaluate_call(machine: Machine, node: ast.Call) -> Value:
    """The value of a call, with its effects."""
    callee = machine.evaluate(node.func)
    return call(machine, callee, evaluate_arguments(machine, node), node)


def evaluate_arguments(machine: Machine, node: ast.Call) -> Arguments:
    """The arguments of a call, bound only as far as they are given by keyword."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    complete = True
    for item in node.args:
        if not isinstance(item, ast.Starred):
            value = machine.evaluate(item)
            if complete:
                positional.append(Argument(item, value))
            else:
                machine.world.escape(value)  # Nobody knows which parameter it is for.
            continue
        value = machine.evaluate(item.value)
        spread = iterated(machine, value)
        if spread is None:
            machine.world.escape(value)
            complete = False
            if isinstance(value, WeightsOf):  # One argument stands for however many there are.
                positional.append(Argument(item, replace(value, element=True)))
        elif complete:
            positional.extend(Argument(item, part) for part in spread)
        else:
            machine.escape(spread)
    for keyword in node.keywords:
        value = machine.evaluate(keyword.value)
        if keyword.arg is not None:
            keywords[keyword.arg] = Argument(keyword.value, value, keyword=True)
            continue
        state = machine.world.state_of(value)
        if (
            isinstance(value, Ref)
            and state is not None
            and state.kind is Kind.DICT
            and machine.world.items(value) is not None
        ):
            for key, part in zip(state.keys, state.items, strict=False):
                keywords[str(key)] = Argument(keyword.value, part, keyword=True)
        else:
            machine.world.escape(value)
            complete = False
    return Arguments(keywords, tuple(positional), complete)


def call(machine: Machine, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
    """The value of calling `callee`."""
    match callee:
        case FunctionValue():
            return call_function(machine, callee, arguments, node)
        case ClassValue():
            return instances.instantiate(machine, callee, arguments, node)
        case ApiValue(api) if is_other_keras(api, machine.version):
            return unresolved(machine, arguments, node)
        case ApiValue(api):
            return objects.call_api(machine, api, arguments, node)
        case External(name):
            return externals.call_external(machine, name, arguments, node)
        case BoundMethod(receiver, name, function):
            return _call_method(machine, receiver, name, function, arguments, node)
        case Ref():
            return _call_object(machine, callee, arguments, node)
        case LayersOf(owner):
            _build_some(machine, owner)
            tensor = merge_tensors(machine, argument_values(arguments))
            layers = (owner,) if tensor is None else (*tensor.layers, owner)
            return Tensor(Tri.MAYBE if tensor is None else tensor.symbolic, layers)
        case Partial(function_, args, keywords):
            bound = {**{name: Argument(node, value, True) for name, value in keywords}, **arguments.bound}
            positional = (*(Argument(node, value) for value in args), *arguments.positional)
            return call(machine, function_, Arguments(bound, positional, arguments.complete), node)
    return unresolved(machine, arguments, node)


def _build_some(machine: Machine, owner: ObjectId) -> None:
    """A layer of a model is called or built on its own; it is not known which."""
    for part in machine.world.contents(owner):
        machine.world.update(part, built=machine.world.state(part).built.join(Tri.YES))


def unresolved(machine: Machine, arguments: Arguments, node: ast.AST) -> Value:
    """The result of code that is not followed: whatever reaches it escapes."""
    values = argument_values(arguments)
    machine.escape(values)
    tensor = merge_tensors(machine, values)
    if tensor is not None:
        return Tensor(tensor.symbolic, tensor.layers, complete=False)
    return machine.unknown(node)


def argument_values(arguments: Arguments) -> list[Value]:
    """The values of all arguments, positional ones first."""
    values = [argument.value for argument in arguments.positional]
    values.extend(argument.value for argument in arguments.bound.values() if argument.keyword)
    return values


# Methods.


def _call_method(
    machine: Machine,
    receiver: Value,
    name: str,
    function: FunctionValue | None,
    arguments: Arguments,
    node: ast.AST,
) -> Value:
    if function is not None:
        result = call_function(machine, function, arguments, node, receiver=receiver)
        if isinstance(receiver, Ref) and name in ("build", "call"):
            lifecycle.note_own_method(machine, receiver, name, node)
        return result
    match receiver:
        case Ref(target):
            state = machine.world.state(target)
            if state.kind.is_container:
                return call_container(machine, receiver, state, name, arguments, node)
            if state.kind is Kind.INSTANCE:
                machine.world.escape(receiver)
                return unresolved(machine, arguments, node)
            return lifecycle.call_method(machine, receiver, name, arguments, node)
        case SuperValue():
            return _call_super(machine, receiver, name, arguments, node)
        case WeightsOf(owner):
            if name.startswith("assign"):
                machine.world.update(owner, adapted=machine.world.state(owner).adapted.join(Tri.YES))
            return receiver
        case Tensor():
            return Tensor(receiver.symbolic, receiver.layers, receiver.complete)
        case LayersOf(owner, element):
            if element and name in ("build", "call"):
                _build_some(machine, owner)
            if element and name in _ADAPTS:
                for part in (owner, *machine.world.contents(owner)):
                    machine.world.update(part, adapted=machine.world.state(part).adapted.join(Tri.YES))
            if element and name == "get_weights":
                return WeightsOf(owner, WeightSet.ALL, name)
            if not element and name in ("pop", "append", "insert", "remove"):
                machine.escape(argument_values(arguments))
                lifecycle.note_list_change(machine, owner, name, arguments, node)
            return machine.unknown(node)
        case LogNames():
            key = arguments.positional[0].value if arguments.positional else None
            if name == "index" and isinstance(key, Const):
                use_names(machine, receiver, name, key.value, node)
            return machine.unknown(node)
        case Const(str()) | Text():
            return call_string(machine, receiver, name, arguments, node)
    return unresolved(machine, arguments, node)


_ADAPTS = frozenset({"adapt", "finalize_state", "load_assets", "set_vocabulary", "set_weights"})
"""Methods that give a preprocessing layer what it has to know."""


def _call_super(machine: Machine, bound: SuperValue, name: str, arguments: Arguments, node: ast.AST) -> Value:
    state = machine.world.state_of(bound.receiver)
    if not isinstance(bound.receiver, Ref) or state is None:
        return unresolved(machine, arguments, node)
    lineage = ancestry(state.cls or bound.owner, machine.version).classes
    position = lineage.index(bound.owner) + 1 if bound.owner in lineage else len(lineage)
    for cls in lineage[position:]:
        found = class_bindings(cls.node).get(name)
        if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            function = FunctionValue(found, cls.scope, cls)
            return call_function(machine, function, arguments, node, receiver=bound.receiver)
    if name == "__init__":
        objects.construct_base(machine, bound.receiver, arguments, node)
        return Const(None)
    if state.kind is Kind.INSTANCE:
        return unresolved(machine, arguments, node)
    return lifecycle.call_method(machine, bound.receiver, name, arguments, node)


def _call_object(machine: Machine, ref: Ref, arguments: Arguments, node: ast.AST) -> Value:
    state = machine.world.state(ref.id)
    if state.kind.has_weights:
        return lifecycle.call_layer(machine, ref, arguments, node)
    if state.cls is not None:
        function = ancestry(state.cls, machine.version).method("__call__")
        if function is not None:
            return call_function(machine, function, arguments, node, receiver=ref)
    if state.kind in (Kind.LOSS, Kind.METRIC, Kind.OPTIMIZER, Kind.KERAS):
        return merge_tensors(machine, argument_values(arguments)) or machine.unknown(node)
    machine.world.escape(ref)
    return unresolved(machine, arguments, node)


# Functions of the project.


def call_function(
    machine: Machine,
    function: FunctionValue,
    arguments: Arguments,
    node: ast.AST,
    *,
    receiver: Value | None = None,
) -> Value:
    """Follow a call of a project function with these arguments."""
    if _is_cached(function):
        result = _call_followed(machine, function, arguments, node, receiver)
        machine.world.escape(result)  # The next call may give the same again.
        return result
    return _call_followed(machine, function, arguments, node, receiver)


_CACHES = frozenset(
    {"cache", "lru_cache", "cached", "memo", "memoize", "once", "singleton", "cache_resource"}
)


def _is_cached(function: FunctionValue) -> bool:
    """Whether a decorator says that a function is run once, and gives what it gave then."""
    node = function.node
    for item in () if isinstance(node, ast.Lambda) else node.decorator_list:
        called = item.func if isinstance(item, ast.Call) else item
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
        if name in _CACHES:
            return True
    return False


def _call_followed(
    machine: Machine,
    function: FunctionValue,
    arguments: Arguments,
    node: ast.AST,
    receiver: Value | None,
) -> Value:
    if not _can_follow(machine, function):
        machine.world.escape(function)
        if receiver is not None:
            machine.world.escape(receiver)
        result = unresolved(machine, arguments, node)
        return _generator(function) or result
    if receiver is not None:
        return _follow(machine, function, arguments, node, receiver)
    if not parameters(function):
        machine.inlined.add(function.node)

    def follow(given: Arguments) -> Value:
        return _follow_or_recall(machine, function, given, node)

    if not is_plain(machine, arguments):
        return follow(arguments)
    if is_inert(machine, function, follow):
        return machine.unknown(node)
    return observed(machine, function, arguments, follow)


def _follow_or_recall(
    machine: Machine, function: FunctionValue, arguments: Arguments, node: ast.AST
) -> Value:
    result = call_through_summary(
        machine, function, arguments, lambda given: _follow(machine, function, given, node, None)
    )
    return _follow(machine, function, arguments, node, None) if result is None else result


def _follow(
    machine: Machine,
    function: FunctionValue,
    arguments: Arguments,
    node: ast.AST,
    receiver: Value | None,
) -> Value:
    scope = Scope(function.scope.module, function.scope)
    bind_parameters(machine, function, arguments, scope, receiver, node)
    frame = Frame(scope, function.scope.module.source, function, _owner(machine, function), receiver)
    _place(machine, frame, node)
    result = _run(machine, frame)
    return machine.unknown(node) if result is None else result


def _can_follow(machine: Machine, function: FunctionValue) -> bool:
    if machine.budget <= 0 or len(machine.frames) > MAX_DEPTH:
        return False
    if any(frame.function == function for frame in machine.frames):
        return False
    return not (function.scope.module.has_generators and _is_generator(function.node))


def _generator(function: FunctionValue) -> Generator | None:
    """What a call of a function gives if that is a generator, and nothing is put around it."""
    node = function.node
    if not isinstance(node, ast.FunctionDef) or node.decorator_list:
        return None
    return Generator(node) if function.scope.module.has_generators and _is_generator(node) else None


@kept_on_node
def _is_generator(node: ast.AST) -> bool:
    return any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node))


def _owner(machine: Machine, function: FunctionValue) -> ClassValue | None:
    if function.owner is not None:
        return function.owner
    # A function inside a method belongs to the method's class, as `super()` sees it.
    return machine.frame.cls if function.scope is machine.frame.scope else None


def _place(machine: Machine, frame: Frame, node: ast.AST) -> None:
    """Say where in the file under analysis things happen that happen in this frame."""
    if frame.scope.module is machine.module:
        return
    frame.anchor = machine.anchor(node)
    frame.foreign = machine.frame.foreign or machine.next_foreign()


def _run(machine: Machine, frame: Frame) -> Value | None:
    """Walk a frame's function; the value it returns, `None` if no path returns."""
    caller = machine.frame
    before = machine.snapshot()
    machine.budget -= len(machine.world.states) // 100  # What following a call costs grows with the world.
    machine.followed.add(frame.scope.module.name)
    machine.frame = frame
    machine.frames.append(frame)
    assert frame.function is not None
    body = frame.function.node
    try:
        if isinstance(body, ast.Lambda):
            return machine.evaluate(body.body)
        machine.run_block(body.body)
        if machine.alive:
            frame.returns.append((Const(None), machine.snapshot()))
        if frame.returns:
            return machine.merge_values(frame.returns)
    finally:
        machine.frames.pop()
        machine.frame = caller
    machine.restore(before)
    return None


def decorate(machine: Machine, decorator: ast.expr, function: Value) -> Value:
    """What a name is bound to when `function` is defined under `decorator`."""
    value = machine.evaluate(decorator)
    _mention(machine, decorator, value)
    if isinstance(value, FunctionValue | ClassValue | Partial | Ref) or (
        isinstance(value, BoundMethod) and value.function is not None
    ):
        recalls, machine.recalls = machine.recalls, False  # It is given another function each time.
        decorated = call(machine, value, Arguments({}, (Argument(decorator, function),)), decorator)
        machine.recalls = recalls
        return decorated
    if isinstance(value, External) and value.name.rpartition(".")[2] in _DISPATCHERS:
        return machine.unknown(decorator)
    return function


_DISPATCHERS = frozenset({"dispatch", "singledispatch", "singledispatchmethod"})
"""Decorators of functions that others may stand in for, depending on the arguments."""


def note_decorator(machine: Machine, decorator: ast.expr) -> None:
    """Evaluate a class decorator for what it registers; the class stays what it is."""
    _mention(machine, decorator, machine.evaluate(decorator))


def _mention(machine: Machine, decorator: ast.expr, value: Value) -> None:
    """Tell of a Keras function that stands as a decorator itself, without a call."""
    if isinstance(value, ApiValue) and machine.wants(ApiUse) and not machine.frame.foreign:
        machine.emit(ApiUse(decorator, value.api, None, machine.enclosing, machine.world))


def enter_function(machine: Machine, function: FunctionValue) -> Value | None:
    """Walk a function on its own: its parameters may be anything, and it may run at any time.

    Gives what it returns, `None` if no path of it does.
    """
    scope = Scope(function.scope.module, function.scope)
    for parameter in parameters(function):
        scope.names[parameter.arg] = machine.unknown(parameter)
    machine.alive = True
    receiver = instances.receiver_of(machine, function)
    spec = function.node.args
    first = [*spec.posonlyargs, *spec.args][:1]
    if receiver is not None and first:
        scope.names[first[0].arg] = receiver
    frame = Frame(scope, function.scope.module.source, function, _owner(machine, function), receiver)
    machine.anyone = receiver
    result = _run(machine, frame)
    machine.anyone = None
    machine.alive = True
    return result


# Assignment.


def assign(machine: Machine, target: ast.expr, value: Value) -> None:
    """Bind a target to a value."""
    match target:
        case ast.Name(id=name):
            machine.frame.scope.home(name).names[name] = value
        case ast.Attribute(value=owner, attr=attr):
            set_attribute(machine, machine.evaluate(owner), attr, value, target)
        case ast.Subscript():
            set_item(machine, machine.evaluate(target.value), machine.evaluate(target.slice), value, target)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(machine, targets, value)
        case ast.Starred(value=inner):
            assign(machine, inner, UNKNOWN)


def _unpack(machine: Machine, targets: Sequence[ast.expr], value: Value) -> None:
    items = iterated(machine, value)
    spread = None if items is None else _spread(machine, targets, items)
    if spread is not None:
        for target, item in zip(targets, spread, strict=True):
            assign(machine, target.value if isinstance(target, ast.Starred) else target, item)
        return
    for target in targets:
        if isinstance(value, Tensor | WeightsOf):
            assign(machine, target, element_of(machine, value))
        else:
            assign(machine, target, machine.unknown(target))
    element_of(machine, value)


def _spread(machine: Machine, targets: Sequence[ast.expr], items: tuple[Value, ...]) -> list[Value] | None:
    """One value for each target: a starred one takes in a list what the others leave."""
    starred = next((index for index, item in enumerate(targets) if isinstance(item, ast.Starred)), None)
    if starred is None:
        return list(items) if len(items) == len(targets) else None
    taken = len(items) - (len(targets) - 1)
    if taken < 0:
        return None
    rest = new_container(machine, targets[starred], Kind.LIST, items[starred : starred + taken])
    return [*items[:starred], rest, *items[starred + taken :]]
