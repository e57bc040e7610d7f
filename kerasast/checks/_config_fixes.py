"""Edits of constructors and of `get_config`, which several rules about configs need."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from kerasast import fixes
from kerasast.fixes import Edits
from kerasast.flow.class_facts import ClassFacts, Constructor
from kerasast.flow.methods import MethodNode, is_super
from kerasast.source import SourceFile
from kerasast.walking import children


def forward_kwargs(source: SourceFile, facts: ClassFacts) -> Edits:
    """Let `__init__` take `**kwargs` and pass them on, as the base class knows what to do with them."""
    constructor = facts.constructor
    if constructor is None or "__init__" not in facts.own or not _base_takes_kwargs(facts):
        return None
    calls = constructor.super_calls
    if len(calls) != 1 or calls[0].guards.conditional or calls[0].guards.looped:
        return None
    call, method = calls[0].node, constructor.method.node
    if any(keyword.arg is None for keyword in call.keywords):
        return None
    if constructor.kwargs is not None:
        return fixes.add_argument(source, call, f"**{constructor.kwargs.arg}")
    if re.search(r"\bkwargs\b", fixes.text_of(source, method)):
        return None
    opened = _opened(source, constructor, call)
    return fixes.join(opened, fixes.add_argument(source, call, "**kwargs"))


def _opened(source: SourceFile, constructor: Constructor, call: ast.Call) -> Edits:
    """Add `**kwargs` to the parameters. What the base class is given as a constant becomes a default before them."""
    method = constructor.method.node
    parameters: list[str] = []
    edits: list[Edits] = []
    for keyword in call.keywords:
        name = str(keyword.arg)
        if constructor.accepts(name):
            continue
        if name not in ("name", "trainable", "dtype") or not isinstance(keyword.value, ast.Constant):
            return None  # it would be given twice
        parameters.append(f"{name}={fixes.text_of(source, keyword.value)}")
        edits.append(fixes.set_keyword(source, call, name, name))
    edits.append(fixes.add_parameter(source, method, *parameters, "**kwargs"))
    return fixes.join(*edits)


def _base_takes_kwargs(facts: ClassFacts) -> bool:
    """Whether the next `__init__` of a class of the project, if there is one, has `**kwargs` too."""
    for parent in facts.parents:
        if "__init__" in parent.own:
            return parent.constructor is not None and parent.constructor.kwargs is not None
    return True


def inherit_config(source: SourceFile, method: MethodNode, keys: Sequence[str]) -> Edits:
    """Let the dict that `get_config` returns, with these keys, begin with that of the base class."""
    displays = list(_displays(method))
    if len(displays) != 1 or not _is_config(displays[0], keys):
        return None
    (display,) = displays
    if isinstance(display, ast.Call):
        if not isinstance(display.func, ast.Name):
            return None
        # A key that both have must not be given to `dict()` twice.
        return fixes.replace(
            source, display, f"{{**super().get_config(), **{fixes.text_of(source, display)}}}"
        )
    if not display.keys:
        return fixes.replace(source, display, "super().get_config()")
    return fixes.add_first_entry(source, display, "**super().get_config()")


def record(source: SourceFile, method: MethodNode, keys: Sequence[str], entries: dict[str, str]) -> Edits:
    """Add entries, from keys to expressions, to what `get_config` returns, which has `keys` so far."""
    texts = [f'"{key}": {value}' for key, value in entries.items()]
    displays = [item for item in _displays(method) if isinstance(item, ast.Call) or item.keys]
    if len(displays) == 1:
        if not _is_config(displays[0], keys):
            return None
        if isinstance(displays[0], ast.Dict):
            return fixes.add_entry(source, displays[0], *texts)
        return fixes.add_argument(source, displays[0], ", ".join(f"{k}={v}" for k, v in entries.items()))
    last = method.body[-1]
    if displays or not isinstance(last, ast.Return):
        return None
    match last.value:
        case ast.Name(id=name):
            code = "\n".join(f'{name}["{key}"] = {value}' for key, value in entries.items())
            return fixes.insert_before(source, last, code)
        case ast.Call(func=ast.Attribute(value=base, attr="get_config")) as value if is_super(base):
            inherited = fixes.text_of(source, value)
            return fixes.replace(source, value, fixes.display(source, value, [f"**{inherited}", *texts]))
    return None


def _displays(method: MethodNode) -> Iterator[ast.Dict | ast.Call]:
    """The dict displays of a method, and calls `dict(a=…)`, `config.update(a=…)`; not those inside of others."""
    pending: list[ast.AST] = list(reversed(method.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and _takes_keywords(node)):
            yield node
            continue
        pending += reversed(list(children(node)))


def _takes_keywords(call: ast.Call) -> bool:
    named = bool(call.keywords) and not call.args and all(item.arg is not None for item in call.keywords)
    match call.func:
        case ast.Name(id="dict") | ast.Attribute(attr="update"):
            return named
    return False


def _is_config(display: ast.Dict | ast.Call, keys: Sequence[str]) -> bool:
    """Whether a display is of the config: all of its keys are the config's."""
    if isinstance(display, ast.Call):
        return all(item.arg in keys for item in display.keywords)
    return all(key is None or (isinstance(key, ast.Constant) and key.value in keys) for key in display.keys)
