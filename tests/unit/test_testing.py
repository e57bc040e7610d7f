"""The harness for documents: it passes what is right, and fails, showing where, what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kerasast import testing
from kerasast.context import Context
from kerasast.diagnostics import Diagnostic, Severity, Span
from kerasast.documents import DocumentError, parse_document, validate
from kerasast.flow.events import ModelCall
from kerasast.registry import Rule, rule
from kerasast.testing import (
    Example,
    MarkKind,
    Spelling,
    check_example,
    find_problems,
    iter_examples,
    main,
)
from kerasast.versions import KERAS_2, KERAS_3, KerasVersion


@rule(category="saving", severity=Severity.ERROR, on=(), since="0.1")
def bad_call(ctx: object, event: object) -> Iterator[Diagnostic]:
    """Reports each line with `bad(`."""
    yield from ()


@rule(category="saving", severity=Severity.ERROR, on=(), since="0.1", keras=">=3")
def new_call(ctx: object, event: object) -> Iterator[Diagnostic]:
    """Reports each line with `new(`, in Keras 3."""
    yield from ()


RULES: dict[str, Rule] = {check.rule.name: check.rule for check in (bad_call, new_call)}  # type: ignore[attr-defined]


def fake_analysis(
    files: Mapping[str, str], version: KerasVersion, rules: Mapping[str, Rule] | None = None
) -> list[Diagnostic]:
    """Report the first `bad(` and the first `new(` of each file, in the versions of these rules."""
    reports = []
    for path, code in files.items():
        for name, item in RULES.items():
            word = f"{name.removesuffix('-call')}("
            if word in code and version in item.keras:
                start = code.index(word)
                span = Span(start, start + 3)
                reports.append(Diagnostic(name, path, span, f"calls {word}", Severity.ERROR))
    return reports


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "analyze_files", fake_analysis)
    monkeypatch.setattr(testing, "all_rules", lambda: RULES)


def document(tmp_path: Path, *blocks: str, section: str = "Example") -> Path:
    """A rule's document of the rule `bad-call` with code blocks, given from their info string on."""
    path = tmp_path / "bad-call.md"
    fences = "\n\n".join(f"```{block}\n```" for block in blocks)
    path.write_text(f"# bad-call\n\nIt is bad.\n\n## What it does\n\nIt.\n\n## {section}\n\n{fences}\n")
    return path


def only(path: Path) -> Example:
    (example,) = iter_examples(path)
    return example


def test_marked_report_passes(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nimport keras\nbad()  # error"))
    assert [(mark.rule, mark.line, mark.kind) for mark in example.marks] == [("bad-call", 2, MarkKind.ERROR)]
    check_example(example)


def test_missing_report_fails_and_shows_the_line(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nimport keras\ngood()  # error"))
    with pytest.raises(AssertionError, match=r"13 \| good\(\)  # error  <-- missing: bad-call") as caught:
        check_example(example)
    assert f"{example.document}:12: Example, Keras 2.15, as-written" in str(caught.value)


def test_unexpected_report_fails_with_its_message(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nimport keras\nbad()"))
    with pytest.raises(AssertionError, match=r"bad\(\)  <-- unexpected: bad-call: calls bad\("):
        check_example(example)


def test_report_on_another_line_is_both(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nx = 1  # error\nbad()"))
    texts = [(problem.line, problem.text) for problem in find_problems(example, KERAS_3)]
    assert texts == [(1, "missing: bad-call"), (2, "unexpected: bad-call: calls bad(")]


def test_second_report_on_a_marked_line_is_unexpected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing, "analyze_files", lambda *a: fake_analysis(*a) * 2)
    example = only(document(tmp_path, "python\nbad()  # error"))
    assert [problem.text for problem in find_problems(example, KERAS_3)] == [
        "unexpected: bad-call: calls bad("
    ]


def test_mark_with_names_means_those_rules(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nbad(); new()  # error: [new-call, bad-call]"))
    assert not find_problems(example, KERAS_3)


def test_marks_of_a_rule_do_not_hold_outside_its_range(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\nnew()  # error: [new-call]"))
    assert [mark.rule for mark in example.marks_for(KERAS_3)] == ["new-call"]
    assert example.marks_for(KERAS_2) == ()
    check_example(example)


def test_todo_error_fails_once_it_is_reported(tmp_path: Path) -> None:
    silent, reported = iter_examples(
        document(tmp_path, "python\ngood()  # todo: error", "python\nbad()  # todo: error")
    )
    check_example(silent)
    with pytest.raises(AssertionError, match="reported now: make this `# error`: bad-call"):
        check_example(reported)


def test_todo_ok_fails_once_it_is_silent(tmp_path: Path) -> None:
    silent, reported = iter_examples(
        document(tmp_path, "python\ngood()  # todo: ok", "python\nbad()  # todo: ok")
    )
    check_example(reported)
    with pytest.raises(AssertionError, match="silent now: remove this mark: bad-call"):
        check_example(silent)


@pytest.mark.parametrize(
    "comment", ["# error:", "# error: bad-call", "# Error", "# todo: fix", "# error: []"]
)
def test_comment_that_is_nearly_a_mark_is_refused(tmp_path: Path, comment: str) -> None:
    path = document(tmp_path, f"python\nbad()  {comment}")
    with pytest.raises(DocumentError, match=r"bad-call\.md:12"):
        list(iter_examples(path))


def test_comment_that_speaks_of_errors_is_no_mark(tmp_path: Path) -> None:
    assert only(document(tmp_path, "python\ngood()  # error handling comes later")).marks == ()


def test_unknown_rule_in_a_mark_fails(tmp_path: Path) -> None:
    example = only(document(tmp_path, "python\ngood()  # todo: error: [bad-cal]"))
    assert [problem.text for problem in find_problems(example, KERAS_3)] == ["no rule is called 'bad-cal'"]


def test_cases_must_name_the_rule(tmp_path: Path) -> None:
    path = tmp_path / "cases.md"
    path.write_text("# Cases\n\n```python\nbad()  # error\n```\n")
    with pytest.raises(DocumentError, match=r"say which rule: `# error: \[rule-name\]`"):
        list(iter_examples(path))


def test_titled_blocks_form_a_project_whose_last_file_is_run(tmp_path: Path) -> None:
    path = document(
        tmp_path,
        'python title="models.py"\nbad()  # error',
        'python title="train.py"\nimport models',
        'python title="models.py"\ngood()',
        "python\ngood()",
    )
    examples = list(iter_examples(path))
    files = [[file.path for file in example.files] for example in examples]
    assert files == [["models.py", "train.py"], ["models.py"], ["program.py"]]
    assert [(mark.path, mark.line) for mark in examples[0].marks] == [("models.py", 1)]


def test_titled_blocks_under_different_headings_are_different_projects(tmp_path: Path) -> None:
    path = tmp_path / "cases.md"
    fence = '```python title="a.py"\ngood()\n```\n'
    path.write_text(f"# Cases\n\n## One\n\n{fence}\n## Two\n\n{fence.replace('a.py', 'b.py')}")
    assert [example.heading for example in iter_examples(path)] == ["One", "Two"]


def test_keras_limits_the_versions(tmp_path: Path) -> None:
    old, new = iter_examples(
        document(tmp_path, 'python keras="2.15"\nimport keras', 'python keras=">=3"\nimport keras')
    )
    assert {version for version, _ in old.runs()} == {KERAS_2}
    assert {version for version, _ in new.runs()} == {KERAS_3}


def test_spelling_is_swapped_unless_exact_or_without_keras(tmp_path: Path) -> None:
    swapped, exact, other = iter_examples(
        document(tmp_path, "python\nimport keras", "python exact\nimport keras", "python\nimport numpy")
    )
    assert [spelling for _, spelling in swapped.runs()] == [Spelling.WRITTEN, Spelling.SWAPPED] * 2
    assert [spelling for _, spelling in exact.runs()] == [Spelling.WRITTEN] * 2
    assert [spelling for _, spelling in other.runs()] == [Spelling.WRITTEN] * 2


def test_difference_in_the_swapped_spelling_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def only_plain(files: Mapping[str, str], *rest: object) -> list[Diagnostic]:
        plain = all("tensorflow" not in code for code in files.values())
        return fake_analysis(files, KERAS_3) if plain else []

    monkeypatch.setattr(testing, "analyze_files", only_plain)
    example = only(document(tmp_path, "python\nimport keras\nbad()  # error"))
    check_example(example, spelling=Spelling.WRITTEN)
    with pytest.raises(AssertionError, match=r"swapped\n.*\n.*\n.*from tensorflow import keras\n.*missing"):
        check_example(example)


def test_proofs_belong_to_wrong_examples_and_counter_proofs_to_right_ones(tmp_path: Path) -> None:
    path = tmp_path / "bad-call.md"
    path.write_text(
        "# bad-call\n\nIt is bad.\n\n## What it does\n\nIt.\n\n## Example\n\n```python\nbad()  # error\n```\n\n"
        "### Other\n\n```python\nbad()  # error\n```\n\n## Use instead\n\n```python\ngood()\n```\n\n"
        "## Proof\n\n```python\nassert 1\n```\n\n### Other\n\n```python\nassert 2\n```\n"
    )
    wrong, other, right = iter_examples(path)
    assert [block.code for block in wrong.proofs] == ["assert 1\n"]
    assert [block.code for block in other.proofs] == ["assert 2\n"]
    assert right.proofs == ()
    assert [block.code for block in right.counter_proofs] == ["assert 1\n"]


def test_proof_block_of_a_case_follows_its_program(tmp_path: Path) -> None:
    path = tmp_path / "cases.md"
    path.write_text(
        "# Cases\n\n```python\nbad()  # error: [bad-call]\n```\n\n```python proof\nassert 1\n```\n\n"
        "```python\ngood()\n```\n"
    )
    wrong, right = iter_examples(path)
    assert [block.code for block in wrong.proofs] == ["assert 1\n"]
    assert right.proofs == ()


def test_notebook_has_a_cell_for_each_marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "# %%\nimport keras\n\n# %%\nbad()  # error"
    example = only(document(tmp_path, f'python title="net.ipynb"\n{code}'))
    seen: dict[str, str] = {}

    def record(files: Mapping[str, str], *rest: object) -> list[Diagnostic]:
        seen.update(files)
        start = code.index("bad(")
        return [Diagnostic("bad-call", "net.ipynb", Span(start, start + 3), "bad", Severity.ERROR, cell=2)]

    monkeypatch.setattr(testing, "analyze_files", record)
    assert not find_problems(example, KERAS_3)
    assert seen["net.ipynb"].count('"code"') == 2


def test_command_line_counts_failures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad-call.md"
    path.write_text(GOOD.replace("good()", "bad()"))
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.endswith("4 checked, 2 failed\n")
    path.write_text(GOOD)
    assert main([str(path)]) == 0
    assert capsys.readouterr().out == "4 checked, 0 failed\n"


def test_command_line_checks_the_form_of_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad-call.md"
    path.write_text(GOOD.replace("## Proof", "## Proofs"))
    assert main([str(path)]) == 1
    assert f"{path}: the section `## Proof` is missing\n" in capsys.readouterr().out


@rule(category="architecture", severity=Severity.WARNING, on=(ModelCall,), since="0.1")
def summary_in_production(ctx: Context, event: ModelCall) -> Iterator[Diagnostic]:
    """A rule as users write them: reports `summary()`."""
    if event.method == "summary":
        yield ctx.report(event.node, "prints a summary")


def test_rule_of_ones_own_is_tested_with_the_real_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    own = {"summary-in-production": summary_in_production.rule}  # type: ignore[attr-defined]
    path = tmp_path / "cases.md"
    build = "import keras\nmodel = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])\n"
    path.write_text(
        f"# Cases\n\n```python\n{build}model.summary()  # error: [summary-in-production]\n```\n\n"
        f"```python\n{build}model.summary()\n```\n"
    )
    marked, unmarked = iter_examples(path)
    assert len(list(marked.runs())) == 4
    check_example(marked, rules=own)
    with pytest.raises(AssertionError, match="unexpected: summary-in-production: prints a summary"):
        check_example(unmarked, rules=own)


GOOD = """# bad-call

It is bad to call `bad`.

## What it does

Reports it.

## Why is this bad?

It is.

## Example

```python
# a comment
bad()  # error
```

## Use instead

```python
good()
```

## Proof

```python
assert True
```

## Keras versions

All.

## Error messages

```text
ValueError: bad
TypeError: worse
```

## Known limits

None.

## References

None.
"""


def test_good_document_is_valid() -> None:
    doc = parse_document(GOOD, Path("bad-call.md"))
    assert validate(doc, RULES["bad-call"]) == []
    assert doc.title == "bad-call"
    assert doc.summary == "It is bad to call `bad`"
    assert doc.error_messages == ("ValueError: bad", "TypeError: worse")


@pytest.mark.parametrize(
    "old, new, problem",
    [
        ("# bad-call\n", "# other\n", "the title is 'other'"),
        ("It is bad to call `bad`.\n", "", "the sentence under the title is missing"),
        ("call `bad`.\n", "call `bad`. Really.\n", "more than one sentence"),
        ("## Proof\n", "## Proofs\n", "the section `## Proof` is missing"),
        (
            "## Known limits\n\nNone.\n\n## References",
            "## References\n\nNone.\n\n## Known limits",
            "this order",
        ),
        ("Reports it.\n", "", "the section `## What it does` is empty"),
        ("# error", "", "no block of `## Example`"),
        ("good()", "bad()  # error", "line 23: a block of `## Use instead` is marked"),
        ("## Known limits\n", "## Fix safety\n\nSafe.\n\n## Known limits\n", "is for rules with fixes"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    problems = validate(parse_document(GOOD.replace(old, new, 1), Path("bad-call.md")), RULES["bad-call"])
    assert any(problem in text for text in problems), problems


@pytest.mark.parametrize(
    "info, problem",
    [
        ('python keras="new"', "is not a range"),
        ("python exactly", "unknown attribute 'exactly'"),
        ('python file="a.py"', "unknown attribute 'file'"),
        ('python title="a.py', "cannot read the attributes|unknown attribute"),
    ],
)
def test_attributes_that_mean_nothing_are_refused(info: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem) as caught:
        parse_document(f"# x\n\n```{info}\npass\n```\n", Path("x.md"))
    assert str(caught.value).startswith("x.md:3: ")


def test_fence_that_is_not_closed_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"x\.md:3: this code block is never closed"):
        parse_document("# x\n\n```python\npass\n", Path("x.md"))
