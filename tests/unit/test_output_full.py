"""The report for people, drawn exactly."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from output_helpers import problem, result_of, spot

from kerasast.diagnostics import Diagnostic, Severity, Span, Step
from kerasast.engine import Result
from kerasast.output import render
from kerasast.output.full import render_diagnostic
from kerasast.output.report import summarize
from kerasast.output.terminal import Palette, printable, width
from kerasast.versions import KerasVersion

CODE = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
x = 1
y = 2
model.summary()
model.save("a.keras")
z = 3

print(z)
"""


def draw(result: Result, columns: int = 80) -> str:
    """The only diagnostic of a result, without colours."""
    (diagnostic,) = result.diagnostics
    lines = list(render_diagnostic(result, diagnostic, Palette(False), columns))
    assert all(line == line.rstrip() for line in lines)
    return "\n".join(lines)


def draw_code(code: str, diagnostic: Diagnostic, columns: int = 80) -> str:
    """The frame alone: what is between the header and the end."""
    return draw(result_of({"a.py": code}, diagnostic), columns).partition("\n")[2]


def test_story_in_one_file() -> None:
    created = spot(CODE, "keras.Sequential([keras.layers.Dense(1)])", message="created here")
    shown = spot(CODE, "model.summary()", message="does not build")
    item = problem(CODE, 'model.save("a.keras")', steps=(created, shown), help="build it first")
    assert (
        draw(result_of({"a.py": CODE}, item))
        == """\
error[save-before-build]: the message
 --> a.py:7:1
  |
3 | model = keras.Sequential([keras.layers.Dense(1)])
  |         ----------------------------------------- created here
...
6 | model.summary()
  | --------------- does not build
7 | model.save("a.keras")
  | ^^^^^^^^^^^^^^^^^^^^^
8 | z = 3
  |
help: build it first"""
    )


def test_one_line_that_is_left_out_is_shown_instead_of_dots() -> None:
    item = problem(CODE, "x = 1", steps=(spot(CODE, "model.summary()", message="later"),))
    assert (
        draw_code(CODE, item)
        == """\
 --> a.py:4:1
  |
3 | model = keras.Sequential([keras.layers.Dense(1)])
4 | x = 1
  | ^^^^^
5 | y = 2
6 | model.summary()
  | --------------- later"""
    )


def test_empty_lines_of_context_are_left_out() -> None:
    assert (
        draw_code(CODE, problem(CODE, "print(z)"))
        == """\
  --> a.py:10:1
   |
10 | print(z)
   | ^^^^^^^^"""
    )


def test_steps_out_of_order_are_numbered() -> None:
    steps = (spot(CODE, "y = 2", message="first"), spot(CODE, "x = 1", message="second"))
    text = draw_code(CODE, problem(CODE, "z = 3", steps=steps))
    assert "  | ----- (2) second\n5 | y = 2\n  | ----- (1) first\n" in text


def test_steps_in_other_files_have_frames_of_their_own() -> None:
    other = "import keras\n\n\ndef build():\n    return keras.Sequential()\n"
    steps = (
        spot(other, "keras.Sequential()", "models.py", "created here"),
        spot(CODE, "x = 1", message="returned here"),
        Step("gone.py", Span(5, 6), "a file that is not there"),
    )
    item = problem(CODE, "z = 3", steps=steps, help="do something")
    assert (
        draw(result_of({"a.py": CODE, "models.py": other}, item))
        == """\
error[save-before-build]: the message
 --> a.py:8:1
  |
4 | x = 1
  | ----- (2) returned here
...
7 | model.save("a.keras")
8 | z = 3
  | ^^^^^
  |
 --> models.py:5:12
  |
5 |     return keras.Sequential()
  |            ------------------ (1) created here
  |
 --> gone.py:1:1
help: do something"""
    )


def test_frames_share_the_width_of_their_numbers() -> None:
    other = "\n" * 99 + "x = keras.Sequential()\n"
    step = spot(other, "keras.Sequential()", "models.py", "created here")
    item = problem(CODE, "x = 1", steps=(step,))
    text = draw(result_of({"a.py": CODE, "models.py": other}, item))
    assert "\n   --> a.py:4:1\n    |\n  3 | model" in text
    assert "\n   --> models.py:100:5\n    |\n100 | x = keras" in text


def test_cells_of_a_notebook_have_frames_of_their_own() -> None:
    cells = "import keras\n# %%\nx = 1\nm = keras.Sequential()\n# %%\nm.summary()\nm.save('a')\nm.fit()"
    text = cells.replace("\n# %%\n", "\n")
    step = spot(text, "keras.Sequential()", "a.ipynb", "created here")
    item = problem(text, "m.save('a')", "a.ipynb", steps=(step,))
    assert (
        draw(result_of({"a.ipynb": cells}, item))
        == """\
error[save-before-build]: the message
 --> a.ipynb:cell 3:2:1
  |
1 | m.summary()
2 | m.save('a')
  | ^^^^^^^^^^^
3 | m.fit()
  |
 --> a.ipynb:cell 2:2:5
  |
2 | m = keras.Sequential()
  |     ------------------ created here"""
    )


def test_labels_of_one_line_hang_below_each_other() -> None:
    code = "a = build(); a.summary(); a.save(1); done()\n"
    steps = (
        spot(code, "build()", message="created here"),
        spot(code, "a.summary()", message="does not build"),
    )
    assert (
        draw_code(code, problem(code, "a.save(1)", steps=steps))
        == """\
 --> a.py:1:27
  |
1 | a = build(); a.summary(); a.save(1); done()
  |     -------  -----------  ^^^^^^^^^
  |     |        |
  |     |        does not build
  |     created here"""
    )


def test_last_label_of_a_line_stands_beside_it() -> None:
    code = "a = build(); a.save(1)\n"
    item = problem(code, "build()", steps=(spot(code, "a.save(1)", message="used here"),))
    assert (
        draw_code(code, item)
        == """\
 --> a.py:1:5
  |
1 | a = build(); a.save(1)
  |     ^^^^^^^  --------- used here"""
    )


def test_labels_that_start_together() -> None:
    code = "build().save(1)\n"
    steps = (spot(code, "build()", message="created here"), spot(code, "build", message="found here"))
    assert (
        draw_code(code, problem(code, "build().save(1)", steps=steps))
        == """\
 --> a.py:1:1
  |
1 | build().save(1)
  | ^^^^^^^^^^^^^^^
  | |
  | created here
  | found here"""
    )


def test_last_step_at_the_place_of_the_report_is_its_label() -> None:
    item = problem(CODE, "z = 3", steps=(spot(CODE, "z = 3", message="right here"),))
    assert "  | ^^^^^ right here" in draw_code(CODE, item)


def test_equal_steps_are_shown_once() -> None:
    step = spot(CODE, "x = 1", message="again")
    assert draw_code(CODE, problem(CODE, "z = 3", steps=(step, step))).count("again") == 1


def test_span_of_several_lines() -> None:
    code = "f(\n    1,\n)\ng()\n"
    assert (
        draw_code(code, problem(code, "f(\n    1,\n)"))
        == """\
 --> a.py:1:1
  |
1 | / f(
2 | |     1,
3 | | )
  | |_^
4 |   g()"""
    )


def test_span_of_several_lines_that_starts_within_a_line() -> None:
    code = "import f\nx = f(\n    y,\n)  # end\n"
    item = problem(code, "f(\n    y,\n)", steps=(spot(code, "y", message="this one"),))
    assert (
        draw_code(code, item)
        == """\
 --> a.py:2:5
  |
1 |   import f
2 |   x = f(
  |  _____^
3 | |     y,
  | |     - this one
4 | | )  # end
  | |_^"""
    )


def test_middle_of_a_long_span_is_left_out() -> None:
    code = "f(\n" + "".join(f"    {number},\n" for number in range(20)) + ")\n"
    assert (
        draw_code(code, problem(code, code.rstrip()))
        == """\
  --> a.py:1:1
   |
 1 | / f(
 2 | |     0,
 3 | |     1,
 4 | |     2,
...  |
19 | |     17,
20 | |     18,
21 | |     19,
22 | | )
   | |_^"""
    )


def test_of_a_step_of_several_lines_the_first_is_shown() -> None:
    code = "x = f(\n    1,\n)\n\n\nx.save()\n"
    item = problem(code, "x.save()", steps=(spot(code, "f(\n    1,\n)", message="created here"),))
    assert (
        draw_code(code, item)
        == """\
 --> a.py:6:1
  |
1 | x = f(
  |     -- created here
...
6 | x.save()
  | ^^^^^^^^"""
    )


def test_tabs_wide_and_combining_characters_are_aligned() -> None:
    code = "def f():\n\tx = '漢e\u0301😀'; x.save()\n"
    assert (
        draw_code(code, problem(code, "x.save()"))
        == """\
 --> a.py:2:14
  |
1 | def f():
2 |     x = '漢e\u0301😀'; x.save()
  |                  ^^^^^^^^"""
    )


def test_control_characters_of_code_are_pictured() -> None:
    code = "x = '\x1b[31m\u202e\x7f'; x.save()\n"
    assert (
        draw_code(code, problem(code, "x.save()"))
        == """\
 --> a.py:1:16
  |
1 | x = '␛[31m\ufffd␡'; x.save()
  |                ^^^^^^^^"""
    )


def test_long_lines_are_cut_around_what_matters() -> None:
    numbers = ", ".join(map(str, range(100)))
    code = f"x = [{numbers}]; x.save(); y = [{numbers}]\n"
    assert (
        draw_code(code, problem(code, "x.save()"), 60)
        == """\
 --> a.py:1:397
  |
1 | ...7, 98, 99]; x.save(); y = [0, 1, 2, 3, 4, 5, 6, 7,...
  |                ^^^^^^^^"""
    )


def test_a_cut_line_is_repeated_for_distant_labels() -> None:
    numbers = ", ".join(map(str, range(100)))
    code = f"x = make([{numbers}]); x.save()\n"
    item = problem(code, "x.save()", steps=(spot(code, "make", message="created here"),))
    assert (
        draw_code(code, item, 60)
        == """\
 --> a.py:1:403
  |
1 | x = make([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1...
  |     ---- created here
1 | ..., 98, 99]); x.save()
  |                ^^^^^^^^"""
    )


def test_span_that_is_longer_than_the_line_can_be() -> None:
    code = f"x = f({', '.join(map(str, range(100)))})\n"
    text = draw_code(code, problem(code, code.rstrip()), 60)
    lines = text.splitlines()
    assert lines[2].endswith("...")
    assert max(map(len, lines)) <= 60
    assert set(lines[3]) == set(" |^")


def test_label_that_does_not_fit_beside_hangs_below() -> None:
    code = "x = something_with_a_long_name(1, 2, 3)\n"
    item = problem(code, "x", steps=(spot(code, code[4:].rstrip(), message="a label of some length"),))
    assert draw_code(code, item, 60).endswith("""\
  | ^   -----------------------------------
  |     |
  |     a label of some length""")


def test_end_of_file() -> None:
    code = "x = (1,"
    item = replace(problem(code, "("), span=Span(len(code), len(code) + 1))
    assert draw_code(code, item).endswith("1 | x = (1,\n  |        ^")


def test_report_on_a_whole_file_has_no_frame() -> None:
    item = replace(problem(CODE, "import"), span=Span(0, 0), help="nothing")
    assert draw(result_of({"a.py": CODE}, item)) == (
        "error[save-before-build]: the message\n --> a.py:1:1\nhelp: nothing"
    )


def test_carriage_returns_alone_end_lines() -> None:
    code = CODE.replace("\n", "\r")
    assert " --> a.py:8:1\n" in draw_code(code, problem(code, "z = 3"))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("new\nline.py", r"new\nline.py"),
        ("esc\x1b[31m.py", r"esc\x1b[31m.py"),
        ("bytes\udcff.py", r"bytes\udcff.py"),
        ("bidi\u202e.py", r"bidi\u202e.py"),
        ("line\u2028.py", r"line\u2028.py"),
        ("ümläut 漢.py", "ümläut 漢.py"),
    ],
)
def test_names_of_files_cannot_break_the_terminal(name: str, shown: str) -> None:
    assert printable(name) == shown
    result = result_of({name: CODE}, problem(CODE, "z = 3", name))
    assert f" --> {shown}:8:1" in draw(result)
    assert render(result, "concise").startswith(f"{shown}:8:1: error [save-before-build] the message\n")


def test_messages_stay_on_their_lines() -> None:
    item = problem(CODE, "z = 3", message="a\nb", help="c\nd", steps=(spot(CODE, "x = 1", message="e\nf"),))
    text = draw(result_of({"a.py": CODE}, item))
    assert r"error[save-before-build]: a\nb" in text
    assert r"----- e\nf" in text
    assert r"help: c\nd" in text


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("", 0), ("😀", 2)])
def test_width(text: str, columns: int) -> None:
    assert width(text) == columns


def test_colours_change_nothing_else() -> None:
    item = problem(CODE, "z = 3", steps=(spot(CODE, "x = 1", message="a step"),), help="do something")
    warning = problem(CODE, "y = 2", severity=Severity.WARNING)
    result = result_of({"a.py": CODE}, item, warning)
    for format in ("full", "concise"):
        colored = render(result, format, color=True)
        assert re.sub(r"\x1b\[[\d;]*m", "", colored) == render(result, format)
        assert colored != render(result, format)


def test_severities_have_colours_of_their_own() -> None:
    heads = set()
    for severity in Severity:
        result = result_of({"a.py": CODE}, problem(CODE, "z = 3", severity=severity))
        heads.add(render(result, "full", color=True).partition("m")[0])
    assert len(heads) == len(Severity)


# The last line.


def test_summary_counts() -> None:
    result = result_of(
        {"a.py": CODE, "b.py": CODE, "c.py": CODE},
        problem(CODE, "x = 1"),
        problem(CODE, "y = 2"),
        problem(CODE, "z = 3", "b.py", severity=Severity.WARNING),
        suppressed=2,
    )
    assert summarize(result) == (
        "Found 3 problems (2 errors, 1 warning, 2 suppressed) in 2 of 3 files, "
        "for Keras 3.15 (the newest; nothing in the project says)"
    )


def test_summary_of_one() -> None:
    result = result_of({"a.py": CODE}, problem(CODE, "x = 1", severity=Severity.INFO))
    assert summarize(result).startswith("Found 1 problem (1 info) in 1 file, for Keras 3.15 (")


def test_summary_when_all_is_well() -> None:
    result = result_of({"a.py": CODE, "b.py": CODE}, suppressed=1)
    assert summarize(result).startswith("All checks passed: 2 files, 1 suppressed, for Keras 3.15 (")
    assert render(result, "full") == summarize(result) + "\n"


def test_summary_without_keras() -> None:
    nothing = replace(result_of({}), versions=())
    assert summarize(nothing) == "Nothing to check: found no Keras code"
    assert summarize(replace(nothing, found=3)) == "Nothing to check: found no Keras code in 3 files"


def test_summary_of_several_versions() -> None:
    versions = tuple(
        (KerasVersion(major, 15), reason) for major, reason in ((3, "a"), (2, "b"), (3, "c"), (3, "d"))
    )
    result = replace(result_of({"a.py": CODE}), versions=versions)
    assert summarize(result).endswith("for Keras 3.15 (a; c; and more) and Keras 2.15 (b)")
