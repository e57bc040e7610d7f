"""Comparing what kerasast says about a project with what is recorded, and summing the verdicts up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import run
from records import (
    VERDICTS,
    Finding,
    Pin,
    Record,
    compare,
    official_summary,
    read_pins,
    read_record,
    summary,
    tally,
    update,
    write_record,
)

OLD = Finding("a.py", 3, "save-before-build", verdict="true")
PIN = Pin("owner/name", "0123abc")


def test_nothing_changed() -> None:
    difference = compare([OLD], [Finding("a.py", 3, "save-before-build")])
    assert not difference
    assert difference.kept == (OLD,)


@pytest.mark.parametrize(
    "found",
    [
        Finding("b.py", 3, "save-before-build"),
        Finding("a.py", 4, "save-before-build"),
        Finding("a.py", 3, "load-before-build"),
        Finding("a.py", 3, "save-before-build", cell=1),
    ],
)
def test_a_finding_elsewhere_is_new_and_the_old_one_gone(found: Finding) -> None:
    difference = compare([OLD], [found])
    assert difference
    assert (difference.new, difference.gone, difference.kept) == ((found,), (OLD,), ())


def test_the_same_place_twice_counts_twice() -> None:
    difference = compare([OLD], [OLD, OLD])
    assert (len(difference.kept), len(difference.new), len(difference.gone)) == (1, 1, 0)
    difference = compare([OLD, OLD], [OLD])
    assert (len(difference.kept), len(difference.new), len(difference.gone)) == (1, 0, 1)


def test_an_update_keeps_verdicts_and_marks_what_is_new() -> None:
    seen = Finding("a.py", 3, "save-before-build")
    fresh = Finding("z.py", 1, "untracked-variable")
    lost = Finding("c.py", 9, "undefined-weight", verdict="false", reason="defined by a mixin")
    record = Record(PIN.name, "old", (OLD, lost))
    updated = update(record, compare(record.findings, [fresh, seen]), "new")
    assert updated == Record(PIN.name, "new", (OLD, fresh))
    assert fresh.verdict == "unread"


def test_a_record_survives_being_written(tmp_path: Path) -> None:
    findings = (OLD, Finding("n.ipynb", 2, "nothing-to-train", cell=4, verdict="debatable", reason="a test"))
    write_record(Record(PIN.name, PIN.commit, findings), tmp_path)
    assert read_record(PIN, tmp_path) == Record(PIN.name, PIN.commit, findings)
    assert [path.name for path in tmp_path.iterdir()] == ["owner+name.json"]


def test_a_project_without_record_has_an_empty_one(tmp_path: Path) -> None:
    assert read_record(PIN, tmp_path) == Record(PIN.name, PIN.commit)


@pytest.mark.parametrize(
    ("verdict", "reason"), [("maybe", "it looks like it"), ("false", ""), ("debatable", "")]
)
def test_a_verdict_must_be_one_and_give_a_reason(tmp_path: Path, verdict: str, reason: str) -> None:
    finding = {"path": "a.py", "line": 1, "rule": "x", "verdict": verdict, "reason": reason}
    content = {"project": PIN.name, "commit": PIN.commit, "findings": [finding]}
    (tmp_path / "owner+name.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"verdict|reason"):
        read_record(PIN, tmp_path)


def test_what_is_unread_does_not_count_as_right() -> None:
    def findings(**counts: int) -> list[Finding]:
        return [
            Finding("a.py", 1, "x", verdict=name, reason="r") for name, n in counts.items() for _ in range(n)
        ]

    assert tally(findings(true=3, false=1)).precision == 0.75
    assert tally(findings(true=2, debatable=1, false=1, unread=5)).precision == 0.75
    assert tally(findings(unread=2)).precision is None


def test_the_summary_has_a_line_for_each_rule_and_project() -> None:
    lines = summary([Record(PIN.name, PIN.commit, (OLD,)), Record("other/one", "ff")]).splitlines()
    assert "| `save-before-build` | 1 | 1 |  |  |  | 100.0 % |" in lines
    assert "| [owner/name](https://github.com/owner/name/tree/0123abc) | 1 | 1 |  |  |  | 100.0 % |" in lines
    assert "| [other/one](https://github.com/other/one/tree/ff) | 0 |  |  |  |  |  |" in lines


def test_what_is_true_of_official_material_is_listed() -> None:
    reason = "It writes nothing."
    findings = (
        Finding("a.py", 3, "save-before-build", verdict="true", reason=reason),
        Finding("a.ipynb", 3, "save-before-build", cell=1, verdict="true", reason=reason),
        Finding("b.py", 1, "untracked-variable", verdict="debatable", reason="A sketch."),
    )
    assert official_summary([Record(PIN.name, "ff", findings)]) == (
        "- `a.py:3` of owner/name (`save-before-build`): It writes nothing.\n"
    )


def test_a_pin_may_name_folders(tmp_path: Path) -> None:
    path = tmp_path / "pins.toml"
    path.write_text('[[project]]\nname = "a/b"\ncommit = "ff"\nfolders = ["docs"]\nofficial = true\n')
    assert read_pins(path) == [Pin("a/b", "ff", ("docs",), official=True)]


def test_a_diagnostic_of_the_json_output_becomes_a_finding(tmp_path: Path) -> None:
    item: dict[str, object] = {
        "code": "save-before-build",
        "filename": str(tmp_path / "pkg" / "a.ipynb"),
        "location": {"row": 2, "column": 5},
        "cell": 7,
    }
    assert run.finding_of(item, tmp_path) == Finding("pkg/a.ipynb", 2, "save-before-build", cell=7)
    item |= {"filename": "pkg/a.py", "cell": None}
    assert run.finding_of(item, tmp_path) == Finding("pkg/a.py", 2, "save-before-build")


def test_a_checkout_that_is_missing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.run_project(PIN, tmp_path, write=True) == 2
    assert "there is no" in capsys.readouterr().out


def test_every_record_is_readable_and_of_a_pinned_project() -> None:
    pins = read_pins()
    names = {f"{pin.folder}.json" for pin in pins}
    folder = Path(__file__).parent / "verdicts"
    assert {path.name for path in folder.glob("*.json")} <= names
    for pin in pins:
        record = read_record(pin)
        assert (record.project, record.commit) == (pin.name, pin.commit)
        assert {finding.verdict for finding in record.findings} <= set(VERDICTS)


def test_the_page_is_what_the_records_say() -> None:
    assert run.DOCS.read_text(encoding="utf-8") == run.PREAMBLE + run.report()
