"""The reports for CI services: GitHub's workflow commands, GitLab's Code Quality, JUnit's XML, SARIF's limits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from junitparser import Failure, JUnitXml
from output_helpers import problem, result_of, spot

from kerasast import address
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.discovery import DiscoveryProblem
from kerasast.engine import Result
from kerasast.git import Repository
from kerasast.output import limits, render
from kerasast.output.sarif_rules import absolute_links

CODE = "import keras\n\nmodel = keras.Sequential()\nmodel.save('a.keras')\n"
SAVE = "model.save('a.keras')"
STORY = problem(
    CODE, SAVE, steps=(spot(CODE, "keras.Sequential()", message="created here"),), help="build it: 100%, now"
)
WARNING = problem(CODE, "model", severity=Severity.WARNING, rule="nothing-to-train")
INFO = problem(
    CODE, "model = keras.Sequential()\nmodel.save", severity=Severity.INFO, rule="untracked-variable"
)


# GitHub


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What the runner of GitHub Actions reads: a command's name, its properties and its data."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::([a-z]+) ([^:]*)::(.*)", line)
        assert match is not None, line
        pairs = [pair.split("=", 1) for pair in match[2].split(",")]
        found.append((match[1], {key: _read(value) for key, value in pairs}, _read(match[3])))
    return found


def _read(text: str) -> str:
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_github_annotates_the_place() -> None:
    (command,) = commands(render(result_of({"a.py": CODE}, STORY), "github"))
    name, properties, text = command
    assert name == "error"
    assert properties == {
        "file": "a.py",
        "line": "4",
        "endLine": "4",
        "col": "1",
        "endColumn": "22",
        "title": "kerasast: save-before-build",
    }
    assert text.splitlines() == ["the message", "help: build it: 100%, now", "(1) a.py:3: created here"]


def test_github_shows_the_most_severe_first_and_no_columns_over_lines() -> None:
    found = commands(render(result_of({"a.py": CODE}, INFO, WARNING, STORY), "github"))
    assert [name for name, _, _ in found] == ["error", "warning", "notice"]
    assert {"col", "endColumn"}.isdisjoint(found[-1][1])


def test_github_reads_back_any_path_and_text() -> None:
    path = "a,b:c%41\nd.py"
    item = replace(problem(CODE, SAVE, path), message="50%\r\n::error::no")
    (command,) = commands(render(result_of({path: CODE}, item), "github"))
    assert (command[1]["file"], command[2]) == (path, "50%\r\n::error::no")


def test_github_of_nothing_is_nothing() -> None:
    assert render(result_of({"a.py": CODE}), "github") == ""


# Paths from the root of the repository


@pytest.mark.parametrize("format", ["sarif", "github", "gitlab"])
def test_paths_are_those_of_the_repository(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    result = result_of({"a.py": CODE}, STORY)
    assert "sub/a.py" in render(result, format, repository=Repository(tmp_path.resolve()))
    assert "sub/a.py" not in render(result, format)


def test_a_path_outside_the_repository_is_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = render(result_of({"a.py": CODE}, STORY), "sarif", repository=Repository(tmp_path / "repo"))
    (item,) = json.loads(text)["runs"][0]["results"]
    uri = item["locations"][0]["physicalLocation"]["artifactLocation"]
    assert uri == {"uri": (tmp_path / "a.py").as_uri()}


# GitLab

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""The Code Quality report as GitLab documents it (docs.gitlab.com/ci/testing/code_quality)."""


def gitlab(*items: Diagnostic, code: str = CODE) -> Any:
    report = json.loads(render(result_of({"a.py": code}, *items), "gitlab"))
    jsonschema.validate(report, GITLAB)
    return report


def test_gitlab() -> None:
    first, second, third = gitlab(STORY, WARNING, INFO)
    assert first == {
        "description": "the message",
        "check_name": "save-before-build",
        "fingerprint": first["fingerprint"],
        "severity": "critical",
        "location": {"path": "a.py", "lines": {"begin": 4, "end": 4}},
    }
    assert (second["severity"], third["severity"]) == ("major", "info")
    assert gitlab() == []


def test_gitlab_fingerprints_are_unique_and_stay() -> None:
    code = "f()\nf()\n"
    twice = [problem(code, "f()"), replace(problem(code, "f()"), span=Span(4, 7))]
    prints = [item["fingerprint"] for item in gitlab(*twice, code=code)]
    assert len(set(prints)) == 2
    moved = f"# first\n{code}"
    assert gitlab(problem(moved, "f()"), code=moved)[0]["fingerprint"] == prints[0]


# JUnit


def junit(result: Result) -> JUnitXml:
    text = render(result, "junit")
    ElementTree.fromstring(text)
    return JUnitXml.fromstring(text.encode())


def test_junit() -> None:
    result = replace(result_of({"a.py": CODE, "b.py": CODE}, STORY, WARNING), checked=("a.py", "b.py"))
    report = junit(result)
    first, second = report
    assert (report.tests, report.failures, report.errors) == (3, 2, 0)
    assert [(suite.name, suite.tests, suite.failures) for suite in (first, second)] == [
        ("a.py", 2, 2),
        ("b.py", 1, 0),
    ]
    case = next(iter(first))
    assert (case.name, case.classname) == ("save-before-build (line 4)", "a.py")
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert (failure.message, failure.type) == ("the message", "error: save-before-build")
    assert "(1) a.py:3: created here" in str(failure.text)
    assert next(iter(second)).is_passed


def test_junit_of_nothing() -> None:
    assert junit(result_of({})).tests == 0


def test_junit_holds_what_xml_cannot() -> None:
    item = replace(STORY, message="bell \x07 & <tag> \ud800")
    (suite,) = junit(result_of({"a.py": CODE}, item))
    (failure,) = next(iter(suite)).result
    assert failure.message == "bell \\x07 & <tag> \\xd800"


# SARIF: what GitHub takes


def run_of(result: Result, **options: Any) -> Any:
    return json.loads(render(result, "sarif", **options))["runs"][0]


def test_sarif_has_the_fingerprint_that_github_looks_at() -> None:
    (item,) = run_of(result_of({"a.py": CODE}, STORY))["results"]
    assert re.fullmatch(r"[0-9a-f]+:1", item["partialFingerprints"]["primaryLocationLineHash"])


def test_sarif_quotes_the_code() -> None:
    (item,) = run_of(result_of({"a.py": CODE}, STORY))["results"]
    place = item["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"]["text"] == SAVE
    assert place["contextRegion"]["snippet"]["text"] == "model = keras.Sequential()\n" + SAVE + "\n"


def test_sarif_leaves_out_the_least_severe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_RESULTS", 2)
    run = run_of(result_of({"a.py": CODE}, INFO, STORY, WARNING))
    assert [item["level"] for item in run["results"]] == ["error", "warning"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "results-left-out"
    assert "1 of 3 were left out" in notification["message"]["text"]
    told: list[str] = []
    render(result_of({"a.py": CODE}, INFO, STORY, WARNING), "sarif", tell=told.append)
    assert [f"{text}." for text in told] == [notification["message"]["text"]]


def test_sarif_puts_first_what_github_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHOWN_RESULTS", 1)
    run = run_of(result_of({"a.py": CODE}, INFO, WARNING, STORY))
    assert [item["level"] for item in run["results"]] == ["error", "warning", "note"]
    assert "notifications" in run["tool"]["driver"]


def test_sarif_is_not_larger_than_github_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [replace(STORY, message=f"{number:04}" * 50) for number in range(50)]
    whole = limits.compressed(render(result_of({"a.py": CODE}, *items), "sarif"))
    monkeypatch.setattr(limits, "MOST_BYTES", whole // 2)
    monkeypatch.setattr(limits, "compressed", lambda text: len(text.encode()))
    text = render(result_of({"a.py": CODE}, *items), "sarif")
    assert len(text.encode()) <= whole // 2
    assert 0 < len(json.loads(text)["runs"][0]["results"]) < 50


def test_sarif_says_what_could_not_be_read() -> None:
    problem_ = DiscoveryProblem("none.py", "no such file")
    run = run_of(replace(result_of({"a.py": CODE}), problems=(problem_,)))
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"] == "none.py: no such file."
    assert notification["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "none.py"
    (descriptor,) = run["tool"]["driver"]["notifications"]
    assert descriptor["id"] == notification["descriptor"]["id"] == "unreadable-path"


def test_sarif_names_repository_and_category(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "https://example.org/a.git", "0" * 40, "main")
    run = run_of(result_of({"a.py": CODE}), repository=repository)
    assert run["automationDetails"] == {"id": "kerasast/"}
    assert run["versionControlProvenance"] == [
        {
            "repositoryUri": "https://example.org/a.git",
            "revisionId": "0" * 40,
            "branch": "main",
            "mappedTo": {"uriBaseId": "%SRCROOT%"},
        }
    ]


def test_sarif_marks_what_is_suppressed() -> None:
    result = replace(result_of({"a.py": CODE}, STORY), silenced=(WARNING,), baselined=(INFO,))
    assert len(run_of(result)["results"]) == 1
    shown, silenced, known = run_of(result, suppressed=True)["results"]
    assert "suppressions" not in shown
    assert silenced["suppressions"] == [{"kind": "inSource", "status": "accepted"}]
    assert known["suppressions"] == [{"kind": "external", "status": "accepted"}]


def test_sarif_of_a_security_rule() -> None:
    item = problem(CODE, SAVE, rule="unsafe-deserialization")
    (rule,) = run_of(result_of({"a.py": CODE}, item))["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "6.0"
    assert {"security", "external/cwe/cwe-502"} <= set(rule["properties"]["tags"])


def test_sarif_is_the_same_each_time() -> None:
    result = result_of({"a.py": CODE}, STORY, WARNING)
    assert render(result, "sarif") == render(result, "sarif")


def test_addresses_are_written_once_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of({"a.py": CODE}, STORY)
    driver = run_of(result)["tool"]["driver"]
    assert "informationUri" not in driver
    assert "helpUri" not in driver["rules"][0]
    monkeypatch.setattr(address, "HOMEPAGE", "https://project.example/")
    monkeypatch.setattr(address, "DOCUMENTATION", "https://docs.example/")
    driver = run_of(result)["tool"]["driver"]
    page = "https://docs.example/rules/save-before-build.html"
    assert (driver["informationUri"], driver["rules"][0]["helpUri"]) == ("https://project.example/", page)
    assert json.loads(render(result, "json"))[0]["url"] == page


def test_links_of_documents_lead_to_the_site() -> None:
    text = "[a](save.md#why), [b](https://x.org), [c](#here)\n```python\n[d](e.md)\n```\n"
    assert absolute_links(text, "https://docs.example/") == (
        "[a](https://docs.example/rules/save.html#why), [b](https://x.org), [c](#here)\n```python\n[d](e.md)\n```\n"
    )
    assert absolute_links(text, None).startswith("a, [b](https://x.org), [c](#here)")
