"""Fixes are applied together where they go together, in rounds, and taken back where they break a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from kerasast.config import Settings
from kerasast.context import Context
from kerasast.diagnostics import Applicability, Diagnostic, Edit, FileEdits, Fix, Severity, Span
from kerasast.engine import Analyzer
from kerasast.fixes.loop import Repair, links, repair
from kerasast.fixes.write import Change, WriteError, write_together
from kerasast.flow.events import ApiUse
from kerasast.registry import FixAvailability, Rule, all_rules, rule
from kerasast.versions import KERAS_3


def run(files: dict[str, str | bytes], *checks: Rule, unsafe: bool = True) -> Repair:
    rules = {item.name: item for item in checks} | {"internal-error": all_rules()["internal-error"]}
    analyzer = Analyzer(Settings(fixable=None), rules=rules)
    analyzer._fixable = frozenset(rules)  # these rules are not among the known ones
    return repair(analyzer.open_files(files, KERAS_3), analyzer.check, unsafe=unsafe)


def renaming(old: str, new: str, *, path: str | None = None, name: str = "renaming") -> Rule:
    """A rule that replaces each `old` in the file, and in the file `path`, at the first use of Keras."""

    def check(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
        def fix() -> Fix:
            edits = tuple(Edit(Span(*m.span()), new) for m in re.finditer(old, ctx.source.text))
            other = () if path is None else (FileEdits(path, (Edit(Span(0, 1), new),)),)
            return Fix("Rename it", edits, Applicability.SAFE, other)

        if re.search(old, ctx.source.text):
            yield ctx.report(event.node, f"{old} stands here", fix=fix)

    check.__name__ = name
    declared = rule(
        category="training", severity=Severity.ERROR, on=(ApiUse,), since="0.1", fix=FixAvailability.ALWAYS
    )
    return declared(check).rule  # type: ignore[attr-defined, no-any-return]


CODE = "import keras\nx = keras.Input((1,))\ny = 2\n"


def test_fixes_that_touch_are_applied_one_after_the_other() -> None:
    done = run({"a.py": CODE}, renaming("y", "zz", name="one"), renaming("y = 2", "y = 3", name="two"))
    assert done.contents["a.py"].decode() == CODE.replace("y = 2", "zz = 2")
    done = run({"a.py": CODE}, renaming("y = 2", "y = 3", name="one"), renaming("y", "zz", name="two"))
    assert done.contents["a.py"].decode() == CODE.replace("y = 2", "zz = 3")
    assert done.count == 2


def test_there_is_an_end_to_it() -> None:
    done = run({"a.py": CODE}, renaming("2", "22"))
    assert done.problems == [("a.py", "still not repaired after 10 rounds of fixes")]


def test_a_fix_that_breaks_a_file_is_taken_back_alone() -> None:
    done = run({"a.py": CODE}, renaming("2", "(", name="bad"), renaming("y", "z", name="good"))
    assert done.contents["a.py"].decode() == CODE.replace("y", "z")
    ((path, problem),) = done.problems
    assert path == "a.py"
    assert problem.startswith("the fix of bad was taken back: it would leave a syntax error (")
    assert done.applied == {("a.py", "good"): 1}


def test_a_fix_of_several_files_is_applied_to_all_or_none() -> None:
    files: dict[str, str | bytes] = {"a.py": CODE, "b.py": "v = 1\nimport keras\n"}
    done = run(files, renaming("y", "z", path="b.py"))
    assert {path: data.decode() for path, data in done.contents.items()} == {
        "a.py": CODE.replace("y", "z"),
        "b.py": "z = 1\nimport keras\n",
    }
    assert links(done) == [frozenset({"a.py", "b.py"})]
    broken = run(files, renaming("y", ")", path="b.py"))
    assert (broken.contents, broken.count) == ({}, 0)
    assert len(broken.problems) == 1


def test_unsafe_and_shown_fixes_are_not_applied_unasked() -> None:
    def check(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
        end = len(ctx.source.text)
        for kind in (Applicability.UNSAFE, Applicability.DISPLAY):
            make = partial(Fix, "Add it", (Edit(Span(end, end), f"# {kind.value}\n"),), kind)
            yield ctx.report(
                Span(0, end) if kind is Applicability.UNSAFE else event.node, kind.value, fix=make
            )

    check.__name__ = "adding"
    declared = rule(category="training", severity=Severity.ERROR, on=(ApiUse,), since="0.1")(check).rule  # type: ignore[attr-defined]
    assert run({"a.py": CODE}, declared, unsafe=False).contents == {}
    text = run({"a.py": CODE}, declared).contents["a.py"].decode()
    assert "# unsafe" in text
    assert "# display" not in text


def test_a_fix_that_fails_is_reported() -> None:
    def check(ctx: Context, event: ApiUse) -> Iterator[Diagnostic]:
        def fix() -> Fix:
            raise KeyError("x")

        yield ctx.report(event.node, "it", fix=fix)

    check.__name__ = "failing"
    declared = rule(category="training", severity=Severity.ERROR, on=(ApiUse,), since="0.1")(check).rule  # type: ignore[attr-defined]
    done = run({"a.py": CODE}, declared)
    messages = {item.rule: item.message for item in done.result.diagnostics}
    assert "the rule `failing` of kerasast failed on this file: KeyError: 'x'" in messages["internal-error"]
    assert "failing" in messages


def test_files_that_belong_together_are_written_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_bytes(b"1")
    two.write_bytes(b"2")
    changes = [Change(str(one), b"1", b"one"), Change(str(two), b"3", b"two")]
    with pytest.raises(WriteError, match="has changed"):
        write_together(changes)
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")
    import os

    plain = os.replace

    def fail_at_two(source: str, target: Path) -> None:
        if Path(target).name == "two.py":
            raise OSError("broken")
        plain(source, target)

    monkeypatch.setattr(os, "replace", fail_at_two)
    changes[1] = Change(str(two), b"2", b"two")
    with pytest.raises(WriteError, match="broken"):
        write_together(changes)
    assert (one.read_bytes(), two.read_bytes()) == (b"1", b"2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.py", "two.py"]
