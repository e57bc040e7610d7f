"""The parts of the documentation site that are made from the code and from the rules' documents."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pytest

from kerasast.cli import cli
from kerasast.config import OPTIONS
from kerasast.documents import document, parse_document
from kerasast.registry import all_rules

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from docs_site import reference, rule_index, rule_pages  # noqa: E402
from docs_site.diagram import STATIONS, lifecycle_diagram  # noqa: E402
from docs_site.links import rewrite  # noqa: E402
from docs_site.search_index import improved  # noqa: E402

PROGRAM = """# empty-save

It.

## Example

```python title="a.py" keras=">=3"
x = 1
model.save(path)  # error: [save-before-build, fit-without-loss]
```
"""


def test_every_setting_is_described() -> None:
    page = reference.settings()
    for option in OPTIONS.values():
        assert f"### `{option.key}`\n\n{option.meaning}\n" in page
        assert f"{option.key} = {option.example}\n" in page


def test_every_option_of_every_command_is_described() -> None:
    page = reference.commands()
    context = click.Context(cli, info_name="kerasast")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        start = page.index(f"## `kerasast {name}`\n")
        section = page[start : page.find("\n## ", start) % (len(page) + 1)]
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert all(option in section for option in parameter.opts), (name, parameter.opts)


def test_generated_parts_of_the_pages_exist() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
    used = {name for text in pages.values() for name in re.findall(r"<!-- generated: ([\w-]+) -->", text)}
    assert used == set(reference.PARTS)


def test_a_section_of_the_readme_ends_where_the_next_begins() -> None:
    section = reference.readme_section("Fixes")
    assert section.startswith("Reports marked `[*]`")
    assert "kerasast explain" not in section
    with pytest.raises(ValueError, match="no heading 'Gardening'"):
        reference.readme_section("Gardening")


def test_the_index_has_what_filters_ask_for() -> None:
    page = rule_index.rule_index()
    rows = dict(re.findall(r'<tr (data-[^\n]*?)><td><a href="([\w-]+)\.html">', page))
    assert sorted(rows.values()) == sorted(all_rules())
    of_build_noop = next(key for key, name in rows.items() if name == "subclass-build-noop")
    assert 'data-category="saving" data-severity="warning" data-keras="3" data-fix="' in of_build_noop
    assert 'data-runs="by default"' in of_build_noop
    assert (
        "was called on layer &#x27;classifier&#x27;" in of_build_noop
    )  # messages of Keras are looked through


def test_stations_of_the_picture_name_rules() -> None:
    picture = lifecycle_diagram()
    for station in STATIONS:
        assert set(station.rules) <= set(all_rules())
        assert all(f'href="rules/{rule}.html"' in picture for rule in station.rules)


def test_page_of_a_rule_shows_facts_and_reports() -> None:
    page = rule_pages.rule_page(all_rules()["save-before-build"])
    assert "<dt>Severity</dt><dd>error</dd>" in page.markdown
    assert "<dt>Keras versions</dt><dd>2 and 3</dd>" in page.markdown
    assert "# error" not in page.markdown
    assert "evidence -->" not in page.markdown
    first = page.reports[0]
    assert (first.rule, first.severity) == ("save-before-build", "error")
    assert "without any weights" in first.message


def test_every_marked_line_of_the_rules_gets_a_message() -> None:
    silent = [
        f"{name}: {report}"
        for name, item in all_rules().items()
        for report in rule_pages.rule_page(item).reports
        if not report.message
    ]
    assert not silent


def test_programs_become_blocks_of_the_site() -> None:
    document = parse_document(PROGRAM, Path("empty-save.md"))
    markdown, reports = rule_pages.programs_shown(PROGRAM, document.blocks, {}, "empty-save")
    assert (
        '``` {.python title="a.py" hl_lines="2"}\nx = 1\nmodel.save(path)  # kerasast-report 0 1\n```'
        in markdown
    )
    assert ">Keras 3 only</p>" in markdown
    assert [report.rule for report in reports] == ["save-before-build", "fit-without-loss"]


def test_reports_stand_at_their_lines() -> None:
    report = rule_pages.Report("a-rule", "error", "`x` < 1")
    shown = rule_pages.show_reports('save()  <span class="c1"># kerasast-report 0</span>\nnext', (report,))
    text = 'data-text="error[a-rule]: `x` &lt; 1"'
    assert shown == f'save()<span class="ka-report ka-error" {text}>\n</span>next'


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[a](../rules/a.md#proof)", "[a](rules/a.md#proof)"),
        ("[`a` b](../rules/b.md)", "`a` b"),
        ("[code](../kerasast/engine.py)", "code"),
        ("[site](https://keras.io/)", "[site](https://keras.io/)"),
        ("`[a](../rules/b.md)`", "`[a](../rules/b.md)`"),
        ("```text\n[a](../rules/b.md)\n```\n", "```text\n[a](../rules/b.md)\n```\n"),
    ],
)
def test_links_lead_to_pages_or_become_text(text: str, expected: str) -> None:
    def page_of(path: str) -> str | None:
        return path if path.startswith("rules/") else None

    assert rewrite(text, "docs/page.md", "page.md", {"rules/a.md"}, page_of) == expected


def test_each_message_is_found_by_itself() -> None:
    entries = improved([{"location": f"rules/fit-without-loss.html#{name}"} for name in ("proof", "example")])
    locations = [entry["location"] for entry in entries]
    assert locations[0] == "rules/fit-without-loss.html#example"
    messages = document("fit-without-loss").error_messages
    assert [
        entry["title"] for entry in entries if "/fit-without-loss.html#message-" in entry["location"]
    ] == [message.replace("<", "&lt;").replace(">", "&gt;") for message in messages]
