"""The reports for programs: JSON, SARIF, one line each, and statistics."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from output_helpers import problem, result_of, spot

from kerasast.diagnostics import Applicability, Confidence, Diagnostic, Edit, Fix, Severity, Span
from kerasast.engine import Result
from kerasast.output import FORMATS, render, render_statistics
from kerasast.registry import all_rules

DATA = Path(__file__).parents[1] / "data"
CODE = "import keras\n\nmodel = keras.Sequential()\ns = 'é😀'; model.save('a.keras')\n"
SAVE = "model.save('a.keras')"


@cache
def schema() -> Any:
    return json.loads((DATA / "sarif-2.1.0.json").read_text(encoding="utf-8"))


def sarif(result: Result) -> Any:
    """The only run of the result's SARIF log, which is valid."""
    text = render(result, "sarif")
    assert text.endswith("}\n")
    log = json.loads(text)
    jsonschema.validate(log, schema())
    (run,) = log["runs"]
    return run


def with_fix(item: Diagnostic) -> Diagnostic:
    start = item.span.start
    return replace(
        item, fix=Fix("Build it", (Edit(Span(start, start), "model.build()\n"),), Applicability.UNSAFE)
    )


STORY = problem(
    CODE, SAVE, steps=(spot(CODE, "keras.Sequential()", message="created here"),), help="build it first"
)


def test_json() -> None:
    (item,) = json.loads(render(result_of({"a.py": CODE}, with_fix(STORY)), "json"))
    assert item == {
        "code": "save-before-build",
        "message": "the message",
        "severity": "error",
        "confidence": "high",
        "help": "build it first",
        "filename": "a.py",
        "location": {"row": 4, "column": 11},
        "end_location": {"row": 4, "column": 32},
        "cell": None,
        "steps": [
            {
                "message": "created here",
                "filename": "a.py",
                "location": {"row": 3, "column": 9},
                "end_location": {"row": 3, "column": 27},
                "cell": None,
            }
        ],
        "fix": {
            "applicability": "unsafe",
            "message": "Build it",
            "edits": [
                {
                    "content": "model.build()\n",
                    "location": {"row": 4, "column": 11},
                    "end_location": {"row": 4, "column": 11},
                    "filename": "a.py",
                    "cell": None,
                }
            ],
        },
        "url": None,
    }


def test_json_of_nothing() -> None:
    assert json.loads(render(result_of({"a.py": CODE}), "json")) == []


def test_json_of_a_notebook_counts_from_the_cell() -> None:
    cells = "import keras\n# %%\n\nx = keras.Sequential()"
    text = cells.replace("\n# %%\n", "\n")
    result = result_of({"a.ipynb": cells}, problem(text, "keras.Sequential()", "a.ipynb"))
    result = replace(result, diagnostics=tuple(replace(item, cell=2) for item in result.diagnostics))
    (item,) = json.loads(render(result, "json"))
    assert (item["cell"], item["location"]) == (2, {"row": 2, "column": 5})


def test_concise() -> None:
    warning = problem(CODE, "model", severity=Severity.WARNING, rule="nothing-to-train")
    lines = render(result_of({"a.py": CODE}, STORY, warning), "concise").splitlines()
    assert lines[:2] == [
        "a.py:4:11: error [save-before-build] the message",
        "a.py:3:1: warning [nothing-to-train] the message",
    ]
    assert lines[2].startswith("Found 2 problems")


def test_concise_of_a_notebook() -> None:
    cells = "import keras\n# %%\nx = 1"
    result = result_of({"a.ipynb": cells}, problem("import keras\nx = 1", "x = 1", "a.ipynb"))
    assert render(result, "concise").startswith("a.ipynb:cell 2:1:1: error [save-before-build]")


def test_statistics() -> None:
    items = [STORY, STORY, problem(CODE, "model", severity=Severity.WARNING, rule="nothing-to-train")]
    result = result_of({"a.py": CODE}, *items)
    assert render_statistics(result, "full").splitlines()[:3] == [
        "2  error    save-before-build",
        "1  warning  nothing-to-train",
        "",
    ]
    assert json.loads(render_statistics(result, "json")) == [
        {"code": "save-before-build", "severity": "error", "count": 2},
        {"code": "nothing-to-train", "severity": "warning", "count": 1},
    ]
    assert render_statistics(result_of({"a.py": CODE}), "concise").startswith("All checks passed")


def test_sarif_of_a_story() -> None:
    run = sarif(result_of({"a.py": CODE}, STORY))
    (item,) = run["results"]
    artifact = {"uri": "a.py", "uriBaseId": "%SRCROOT%"}
    region = {"startLine": 4, "startColumn": 11, "endLine": 4, "endColumn": 32}
    assert item["ruleId"] == run["tool"]["driver"]["rules"][item["ruleIndex"]]["id"] == "save-before-build"
    assert (item["level"], item["message"]["text"]) == ("error", "the message. Help: build it first.")
    (location,) = item["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"] == artifact
    assert place["region"] == {**region, "snippet": {"text": SAVE}}
    (flow,) = item["codeFlows"]
    steps = [step["location"] for step in flow["threadFlows"][0]["locations"]]
    assert [step["message"]["text"] for step in steps] == ["created here.", "the message."]
    assert [step["physicalLocation"]["region"]["startLine"] for step in steps] == [3, 4]
    (related,) = item["relatedLocations"]
    assert (related["id"], related["message"]["text"]) == (1, "created here.")
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["properties"] == {"kerasVersions": ["3.15"]}


def test_sarif_without_a_story_has_no_flow() -> None:
    (item,) = sarif(result_of({"a.py": CODE}, problem(CODE, SAVE)))["results"]
    assert "codeFlows" not in item
    assert "relatedLocations" not in item


def test_sarif_of_nothing_has_results() -> None:
    run = sarif(result_of({"a.py": CODE}))
    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]


@pytest.mark.parametrize("severity", Severity)
def test_sarif_always_has_the_level(severity: Severity) -> None:
    (item,) = sarif(result_of({"a.py": CODE}, problem(CODE, SAVE, severity=severity)))["results"]
    assert item["level"] == {"info": "note"}.get(severity.label, severity.label)


def test_sarif_describes_every_rule() -> None:
    items = [problem(CODE, SAVE, rule=name) for name in all_rules()]
    run = sarif(result_of({"a.py": CODE}, *items))
    described = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == sorted(all_rules())
    for rule in described:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["fullDescription"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n")
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")


def test_sarif_of_a_fix() -> None:
    (item,) = sarif(result_of({"a.py": CODE}, with_fix(STORY)))["results"]
    (change,) = item["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["insertedContent"] == {"text": "model.build()\n"}
    assert replacement["deletedRegion"] == {"startLine": 4, "startColumn": 11, "endLine": 4, "endColumn": 11}


def test_sarif_of_a_notebook_names_the_cell() -> None:
    cells = "import keras\n# %%\nx = 1"
    (item,) = sarif(result_of({"a.ipynb": cells}, problem("import keras\nx = 1", "x = 1", "a.ipynb")))[
        "results"
    ]
    (location,) = item["locations"]
    assert location["logicalLocations"] == [{"name": "cell 2"}]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b#%41?.py", "a%20b%23%2541%3F.py"),
        ("new\nline.py", "new%0Aline.py"),
        ("bytes\udcff.py", "bytes%FF.py"),
        ("ü/漢.py", "%C3%BC/%E6%BC%A2.py"),
    ],
)
def test_sarif_encodes_paths(path: str, uri: str) -> None:
    (item,) = sarif(result_of({path: CODE}, problem(CODE, SAVE, path)))["results"]
    artifact = item["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": uri, "uriBaseId": "%SRCROOT%"}


def test_sarif_of_an_absolute_path() -> None:
    (item,) = sarif(result_of({"/x/a.py": CODE}, problem(CODE, SAVE, "/x/a.py")))["results"]
    assert item["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///x/a.py"}


def test_sarif_messages_hold_no_links_by_accident() -> None:
    item = problem(CODE, SAVE, message="`model.layers[0](x)` and [1]")
    (found,) = sarif(result_of({"a.py": CODE}, item))["results"]
    assert found["message"]["text"] == "`model.layers\\[0](x)` and [1]."


def fingerprints(code: str, *items: Diagnostic) -> list[str]:
    results = sarif(result_of({"a.py": code}, *items))["results"]
    return [item["partialFingerprints"]["kerasastStatement/v1"] for item in results]


def test_sarif_fingerprints_stay_when_lines_move() -> None:
    moved = "# a comment\n\n" + CODE.replace("s = ", "s   = ")
    assert fingerprints(CODE, problem(CODE, SAVE)) == fingerprints(moved, problem(moved, SAVE))


def test_sarif_fingerprints_differ_within_a_file() -> None:
    code = "f()\nf()\ng()\n"
    second = replace(problem(code, "f()"), span=Span(4, 7))
    items = [
        problem(code, "f()"),
        second,
        problem(code, "g()"),
        problem(code, "f()", rule="nothing-to-train"),
    ]
    assert len(set(fingerprints(code, *items))) == len(items)


def test_sarif_says_that_kerasast_failed() -> None:
    run = sarif(result_of({"a.py": CODE}, problem(CODE, SAVE, rule="internal-error")))
    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert (notification["descriptor"], notification["level"]) == ({"id": "internal-error"}, "error")


def test_sarif_tells_the_confidence() -> None:
    item = replace(STORY, confidence=Confidence.LOW)
    (found,) = sarif(result_of({"a.py": CODE}, item))["results"]
    assert found["properties"] == {"precision": "low"}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_survives_any_name(format: str) -> None:
    for path in ("bytes\udcff.py", "new\nline.py", "esc\x1b.py", ""):
        text = render(result_of({path: CODE}, problem(CODE, SAVE, path)), format)
        text.encode("utf-8")
        assert "\x1b" not in text


def test_unknown_format_is_refused() -> None:
    with pytest.raises(
        ValueError, match="'xml' is not one of full, concise, json, sarif, github, gitlab, junit"
    ):
        render(result_of({}), "xml")
