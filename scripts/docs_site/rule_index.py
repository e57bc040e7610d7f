"""The index of all rules: a table with filters, which `docs/assets/rule-index.js` brings to life."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from docs_site.rule_pages import generations
from kerasast.documents import document
from kerasast.registry import CATEGORIES, Rule, all_rules
from kerasast.versions import KERAS_2, KERAS_3

_CODE = re.compile(r"`([^`]+)`")


def rule_index() -> str:
    """The page `rules/index.md`."""
    rules = sorted(all_rules().values(), key=lambda item: (CATEGORIES.index(item.category), item.name))
    rows = "\n".join(map(_row, rules))
    return f"""---
title: Rules
hide:
  - toc
search:
  exclude: true
---
# Rules

{len(rules)} rules. Each has a page with programs that go wrong, programs that are right, and what real Keras 2.15 and
3.15 did with both. A text that you type here is looked for in names, descriptions and in the errors that Keras prints.

<form class="ka-filters" id="ka-filters" hidden>
<input type="search" name="text" placeholder="Words, or a part of an error message"
aria-label="Words" autocomplete="off">
{_choice("category", "Category", [name for name in CATEGORIES if any(item.category == name for item in rules)])}
{_choice("severity", "Severity", ["error", "warning", "info"])}
{_choice("keras", "Keras", ["2", "3"])}
{_choice("fix", "Fix", _present(["none", "sometimes", "always"], (_fix(item) for item in rules)))}
{_choice("runs", "Runs", _present(["by default", "preview", "opt-in"], (_runs(item) for item in rules)))}
<button type="reset">Clear</button>
<output id="ka-count" aria-live="polite"></output>
</form>

<div class="ka-rules">
<table id="ka-rules">
<thead><tr><th>Rule</th><th>Category</th><th>Severity</th><th>Keras</th><th>Fix</th><th>Runs</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
"""


def _present(values: list[str], used: Iterable[str]) -> list[str]:
    """Those of the values that some rule has, in order."""
    found = set(used)
    return [value for value in values if value in found]


def _choice(name: str, label: str, values: list[str]) -> str:
    options = "".join(f"<option>{value}</option>" for value in values)
    return f'<label>{label} <select name="{name}"><option value="">all</option>{options}</select></label>'


def _runs(item: Rule) -> str:
    return item.restriction or "by default"


def _fix(item: Rule) -> str:
    return {"never": "none"}.get(item.fix.value, item.fix.value)


def _row(item: Rule) -> str:
    doc = document(item.name)
    texts = [item.name, item.name.replace("-", " "), doc.summary, *doc.error_messages]
    found = html.escape(" ".join(texts).replace("`", "").lower())
    both = [str(version.major) for version in (KERAS_2, KERAS_3) if version in item.keras]
    keras = "" if item.category == "meta" else generations(item.keras)
    summary = _CODE.sub(r"<code>\1</code>", html.escape(doc.summary))
    severity = item.severity.label
    return (
        f'<tr data-category="{item.category}" data-severity="{severity}" data-keras="{" ".join(both)}" '
        f'data-fix="{_fix(item)}" data-runs="{_runs(item)}" data-text="{found}">'
        f'<td><a href="{item.name}.html">{item.name}</a><p>{summary}</p></td>'
        f'<td>{item.category}</td><td><span class="ka-badge ka-{severity}">{severity}</span></td>'
        f"<td>{html.escape(keras)}</td><td>{'' if _fix(item) == 'none' else _fix(item)}</td>"
        f"<td>{item.restriction or 'default'}</td></tr>"
    )
