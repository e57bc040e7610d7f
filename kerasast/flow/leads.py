"""Whether code leads to anything that is followed, by the names in it: to Keras, to objects, or to what makes such.

Nothing is known of the arguments of a function that is walked on its own. If no name in it leads anywhere, nor one in
the functions and classes that it names, nothing can come of walking it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kerasast.flow.ancestry import ancestry
from kerasast.flow.machine import Machine, Verdict
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.objects import is_plain_function
from kerasast.flow.scopes import Scope, attribute_of, symbol_value
from kerasast.flow.values import (
    UNKNOWN,
    ApiValue,
    ClassValue,
    Const,
    External,
    FunctionValue,
    Generator,
    ModuleValue,
    Partial,
    Ref,
    Text,
    TupleValue,
    Unknown,
    Value,
)
from kerasast.index.expressions import dotted_name
from kerasast.walking import outermost

Code = FunctionValue | ClassValue


def leads_anywhere(machine: Machine, function: FunctionValue) -> bool:
    """Whether something may be known in a function, or in what it calls, of whose arguments nothing is."""
    led_from: dict[Code, Code | None] = {function: None}
    pending: list[Code] = [function]
    followed: set[str] = set()
    while pending:
        code = pending.pop()
        known = _known(machine, code).get(code.node)
        if known is not None:
            leads = known.holds
            followed |= known.followed
        else:
            followed.add(code.scope.module.name)
            next_ = _next(machine, code)
            leads = next_ is None
            for value in next_ or ():
                if value not in led_from:
                    led_from[value] = code
                    pending.append(value)
        if leads:
            place: Code | None = code
            while place is not None:
                _known(machine, place)[place.node] = Verdict(True)
                place = led_from[place]
            return True
    nowhere = Verdict(False, frozenset(followed))
    for code in led_from:
        _known(machine, code)[code.node] = nowhere
    machine.followed |= followed
    return False


def _known(machine: Machine, code: Code) -> dict[ast.AST, Verdict]:
    """Where it is kept what was found out: of code of other modules, all files find the same."""
    scope = code.scope
    return (
        machine.leads if scope.module is machine.module or scope is not scope.module else machine.shared_leads
    )


def _next(machine: Machine, code: Code) -> list[Code] | None:
    """The functions and classes that some code names, and those around it; `None` if anything else is known in it."""
    found: list[Code] = []
    if isinstance(code, ClassValue):
        lineage = ancestry(code, machine.version)
        if lineage.apis:
            return None
        found.extend(lineage.classes[1:])
    elif code.owner is not None:
        found.append(code.owner)
    named = names_in(code.node)
    for name in named.names:
        if machine.is_running and _may_change(machine, code, name.partition(".")[0]):
            return None
        for value in _flattened(machine, meaning(code.scope, name, named)):
            if isinstance(value, Code) and value.scope is value.scope.module:
                found.append(value)
            elif _is_something(machine, value):
                return None
    return found


def _may_change(machine: Machine, code: Code, name: str) -> bool:
    """Whether a global name may mean something else later: the module that binds it is still running."""
    return code.scope.module is machine.module and machine.project.assigns(machine.module.name, name)


def _flattened(machine: Machine, value: Value) -> Iterator[Value]:
    """A value, or what is in a tuple, container or partial function."""
    values = [value]
    seen = set()
    while values:
        value = values.pop()
        match value:
            case TupleValue(items):
                values.extend(items)
            case Ref(target) if machine.world.state(target).kind.is_container:
                if target not in seen:
                    seen.add(target)
                    values.extend(machine.world.state(target).items)
            case Partial(function, args, keywords):
                values.extend((function, *args, *(item for _, item in keywords)))
            case _:
                yield value


def _is_something(machine: Machine, value: Value) -> bool:
    """Whether something may be known of what a value gives when it is called, or is a part of."""
    match value:
        case Unknown() | Const() | Text() | Generator():
            return False
        case External(name):
            return machine.awaits(name)
        case ApiValue(api):
            return not is_plain_function(machine, api.name) or machine.awaits(api.name)
    return True


def meaning(scope: Scope, name: str, named: Names) -> Value:
    """What a dotted name in some code means, as far as modules lead."""
    head, *attributes = name.split(".")
    project = scope.module.project
    imported = named.imports.get(head)
    if imported is None:
        value = scope.lookup(head) or UNKNOWN
    else:
        symbol = project.imported(scope.module.name, *imported)
        value = UNKNOWN if symbol is None else symbol_value(symbol, project)
    for attr in attributes:
        if not isinstance(value, ModuleValue | External | ApiValue):
            break
        value = attribute_of(value, attr, project)
    return value


@dataclass(slots=True)
class Names:
    """The dotted names that some code takes from around it, and what it imports by the name that this gets.

    An import is that of a module or member, and the number of leading dots. `bound` are names that it binds itself,
    and `declared` those that it says to be bound elsewhere.
    """

    names: set[str] = field(default_factory=set)
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)

    def add(self, nodes: Iterable[ast.AST]) -> None:
        """Add the names in some nodes."""
        for node in outermost(nodes, _NAMES):
            match node:
                case ast.Name(id=name):
                    (self.names if isinstance(node.ctx, ast.Load) else self.bound).add(name)
                case ast.Attribute(value=owner):
                    dotted = dotted_name(node)
                    if dotted is not None:
                        self.names.add(dotted)
                    else:
                        self.add([owner])
                case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                    self.merge(names_in(node))
                case ast.Global(names=names) | ast.Nonlocal(names=names):
                    self.declared.update(names)
                case ast.Import(names=aliases):
                    for alias in aliases:
                        head = alias.name.partition(".")[0]
                        self.imports[alias.asname or head] = (alias.name if alias.asname else head, 0)
                case ast.ImportFrom(names=aliases, module=module, level=level):
                    for alias in aliases:
                        dotted = f"{module}.{alias.name}" if module else alias.name
                        self.imports[alias.asname or alias.name] = (dotted, level)

    def merge(self, inner: Names) -> None:
        """Add the names of a function or class inside."""
        self.names |= inner.names
        self.imports |= inner.imports

    def leave_out_bound(self) -> None:
        """Forget the names that begin with one that the code binds itself."""
        bound = self.bound - self.declared
        self.names = {name for name in self.names if name.partition(".")[0] not in bound}


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

_NAMES = frozenset(
    {ast.Name, ast.Attribute, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, *_FUNCTIONS}
)


@kept_on_node
def names_in(node: ast.AST) -> Names:
    """The names in what a function does, with the defaults of its parameters, or in what a class consists of."""
    found = Names()
    match node:
        case ast.ClassDef(body=body):
            found.add(body)
        case ast.FunctionDef(args=given) | ast.AsyncFunctionDef(args=given) | ast.Lambda(args=given):
            found.bound.update(item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs))
            found.add([node.body] if isinstance(node, ast.Lambda) else node.body)
            found.leave_out_bound()
            found.add([*given.defaults, *filter(None, given.kw_defaults)])
    return found
