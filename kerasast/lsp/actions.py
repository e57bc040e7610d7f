"""What an editor offers to do about diagnostics: each fix, all of a rule, all of a file, and to ignore one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lsprotocol import types

from kerasast.diagnostics import Applicability, Diagnostic, Fix
from kerasast.fixes.loop import choose
from kerasast.ignores import ignores_for
from kerasast.lsp.convert import Converter

FIX_ALL = "source.fixAll.kerasast"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


def offered(
    converter: Converter, here: Sequence[Diagnostic], everything: Sequence[Diagnostic]
) -> Iterator[types.CodeAction]:
    """The actions for the diagnostics `here`, of a file in which `everything` was found."""
    for item in here:
        action = _fix(converter, item)
        if action is not None:
            yield action
    counts = Counter(item.rule for item in everything if _is_applicable(item, unsafe=False))
    for rule in dict.fromkeys(item.rule for item in here):
        if counts[rule] > 1:
            alike = [item for item in everything if item.rule == rule]
            yield from _fix_all(
                converter, alike, f"Fix all {rule} in this file", types.CodeActionKind.QuickFix
            )
    for item in here:
        yield from _ignore(converter, item)
    yield from _fix_all(converter, everything, "Fix all that is safe to fix", FIX_ALL)


def _is_applicable(item: Diagnostic, *, unsafe: bool) -> bool:
    if item.fix is None or item.fix.applicability is Applicability.DISPLAY:
        return False
    return unsafe or item.fix.applicability is Applicability.SAFE


def _fix(converter: Converter, item: Diagnostic) -> types.CodeAction | None:
    if item.fix is None or not _is_applicable(item, unsafe=True):
        return None
    edit = converter.workspace_edit(item.path, item.fix)
    if edit is None:
        return None
    safe = item.fix.applicability is Applicability.SAFE
    return types.CodeAction(
        title=item.fix.title if safe else f"{item.fix.title} (may change what the program does)",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[converter.diagnostic(item)],
        is_preferred=safe,
        edit=edit,
    )


def _fix_all(
    converter: Converter, items: Sequence[Diagnostic], title: str, kind: str
) -> Iterator[types.CodeAction]:
    """One action for the safe fixes that can be made together; the editor asks again for the others."""
    chosen = choose(item for item in items if _is_applicable(item, unsafe=False))
    changes: dict[str, list[types.TextEdit]] = {}
    for item in chosen:
        edit = converter.workspace_edit(item.path, item.fix) if item.fix is not None else None
        for uri, edits in (edit.changes or {}).items() if edit is not None else ():
            known = changes.setdefault(uri, [])
            known += [change for change in edits if change not in known]
    if changes:
        yield types.CodeAction(title=title, kind=kind, edit=types.WorkspaceEdit(changes=changes))


def _ignore(converter: Converter, item: Diagnostic) -> Iterator[types.CodeAction]:
    edits = ignores_for([item], converter.sources).edits.get(item.path, ())
    fix = Fix(f"Ignore {item.rule} on this line", tuple(edits), Applicability.SAFE)
    edit = converter.workspace_edit(item.path, fix)
    if edits and edit is not None:
        yield types.CodeAction(
            title=fix.title,
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[converter.diagnostic(item)],
            edit=edit,
        )
