"""Whether code leads to anything that is followed, by the names in it: to Keras, to objects, or to what makes such.

Nothing is known of the arguments of a function that is walked on its own. If no name in it leads anywhere, nor one in
the functions and classes that it names, nothing can come of walking it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kerasast.flow.ancestry import ancestry
from kerasast.flow.machine import Machine
from kerasast.flow.node_facts import kept_on_node
from kerasast.flow.objects import is_plain
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
from kerasast.walking import walk

Code = FunctionValue | ClassValue


def leads_anywhere(machine: Machine, function: FunctionValue) -> bool:
    """Whether something may be known in a function, or in what it calls, of whose arguments nothing is."""
    known = machine.leads
    led_from: dict[ast.AST, ast.AST | None] = {function.node: None}
    pending: list[Code] = [function]
    while pending:
        code = pending.pop()
        leads = known.get(code.node)
        if leads is None:
            found = _values(machine, code)
            leads = found is None
            for value in found or ():
                if isinstance(value, Code):
                    if value.node not in led_from:
                        led_from[value.node] = code.node
                        pending.append(value)
                elif _is_something(machine, value):
                    leads = True
                    break
        if leads:
            place: ast.AST | None = code.node
            while place is not None:
                known[place] = True
                place = led_from[place]
            return True
    known.update(dict.fromkeys(led_from, False))
    return False


def _values(machine: Machine, code: Code) -> Iterator[Value] | None:
    """What the names in some code mean, and the classes around it; `None` if it is certain that it leads somewhere."""
    named = names_in(code.node)
    if named.binds_globals:
        return None
    around: Iterable[Value] = ()
    if isinstance(code, ClassValue):
        lineage = ancestry(code, machine.version)
        if lineage.apis:
            return None
        around = lineage.classes[1:]
    elif code.owner is not None:
        around = (code.owner,)
    return _flattened(machine, [*around, *(_meaning(code.scope, name, named) for name in named.names)])


def _flattened(machine: Machine, values: list[Value]) -> Iterator[Value]:
    """Values, with what is in tuples, containers and partial functions instead of these."""
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
            return not is_plain(machine, api.name) or machine.awaits(api.name)
    return True


def _meaning(scope: Scope, name: tuple[str, ...], named: Names) -> Value:
    """What a dotted name means, as far as modules lead."""
    project = scope.module.project
    imported = named.imports.get(name[0])
    if imported is None:
        value = scope.lookup(name[0]) or UNKNOWN
    else:
        symbol = project.imported(scope.module.name, *imported)
        value = UNKNOWN if symbol is None else symbol_value(symbol, project)
    for attr in name[1:]:
        if not isinstance(value, ModuleValue | External | ApiValue):
            break
        value = attribute_of(value, attr, project)
    return value


@dataclass(slots=True)
class Names:
    """The dotted names in some code, split at the dots; what it imports by the name that this gets.

    An import is that of a module or member, and the number of leading dots.
    """

    names: set[tuple[str, ...]] = field(default_factory=set)
    imports: dict[str, tuple[str, int]] = field(default_factory=dict)
    binds_globals: bool = False


@kept_on_node
def names_in(node: ast.AST) -> Names:
    """The names in a function or class, with those in its decorators and in what is inside it."""
    found = Names()
    parts: set[ast.expr] = set()
    for item in walk(node):
        match item:
            case ast.Name(id=name):
                if item not in parts:
                    found.names.add((name,))
            case ast.Attribute():
                if item not in parts:
                    _add_dotted(item, found, parts)
            case ast.Import(names=aliases):
                for alias in aliases:
                    head = alias.name.partition(".")[0]
                    found.imports[alias.asname or head] = (alias.name if alias.asname else head, 0)
            case ast.ImportFrom(names=aliases, module=module, level=level):
                for alias in aliases:
                    dotted = f"{module}.{alias.name}" if module else alias.name
                    found.imports[alias.asname or alias.name] = (dotted, level)
            case ast.Global():
                found.binds_globals = True
    return found


def _add_dotted(node: ast.Attribute, found: Names, parts: set[ast.expr]) -> None:
    """Add `a.b.c`; the expressions that it consists of are `parts`. What is no name by then is looked at by itself."""
    attributes: list[str] = []
    part: ast.expr = node
    while isinstance(part, ast.Attribute):
        attributes.append(part.attr)
        parts.add(part)
        part = part.value
    if isinstance(part, ast.Name):
        parts.add(part)
        found.names.add((part.id, *reversed(attributes)))
