"""What no client should send does not end the server: garbage, lies, messages that are too long or come too early."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from server_wire import SERVER, Wire, serving

PROGRAM = 'import keras\n\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save("m.keras")\n'


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serving() as wire:
        yield wire


def works(wire: Wire, folder: Path) -> None:
    """A whole session, from its beginning to its end, in this very process."""
    wire.initialize(folder)
    still_works(wire, folder)


def still_works(wire: Wire, folder: Path) -> None:
    """The rest of a session."""
    uri = wire.open(folder / "works.py", PROGRAM)
    assert wire.published(uri) == ["save-before-build"]
    wire.change(uri, PROGRAM.replace("[keras.l", "[keras.Input((2,)), keras.l"))
    assert wire.published(uri) == []
    assert wire.ask("shutdown")["result"] is None
    wire.send("exit")
    assert wire.process.wait(60) == 0


GARBAGE = [
    b"\x00\xff\xfe garbage \r\n",
    b"\r\n\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"Content-Length: x\r\n\r\n",
    b"Content-Length: -5\r\n\r\n",
    b"Content-Length: 0\r\n\r\n",
    b"Content-Length: 3\r\n\r\n{{{",
    b"Content-Length: 4\r\n\r\n\xff\xfe\xfd\xfc",
    b"Content-Length: 4\r\n\r\nnull",
    b"Content-Length: 2\r\n\r\n[]",
    b"Content-Length: 2\r\n\r\n17",
    b'Content-Length: 17\r\n\r\n{"jsonrpc": "1.0"}'[:-1] + b"}",
    b"content-length: 2\r\n\r\n{}",
    b"Content-Length: 3\n\n{}\n",
    b'{"jsonrpc": "2.0"}\r\n',
    b"Content-Length: 60000\r\n\r\n" + b"[" * 60000,
    b"Content-Length: 20\r\n\r\n" + b"too short" + b"x" * 11,
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage(wire: Wire, tmp_path: Path, garbage: bytes) -> None:
    wire.write(garbage)
    works(wire, tmp_path)


def test_all_garbage_at_once_in_the_middle_of_a_session(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    for garbage in GARBAGE:
        wire.write(garbage)
    still_works(wire, tmp_path)


def test_a_header_that_lies(wire: Wire, tmp_path: Path) -> None:
    """It announces 50 MB, and what comes is the length of a word: all that follows is taken for the rest of it."""
    announced = 50 * 2**20
    wire.write(b"Content-Length: %d\r\n\r\nword" % announced)
    chunk = b"\n" * 2**20
    for _ in range(50):
        wire.write(chunk)  # with this the lie ends, four bytes late
    works(wire, tmp_path)


def test_a_message_of_any_length_is_passed_over(wire: Wire, tmp_path: Path) -> None:
    """A server that made room for it first would fail here."""
    length = 300 * 2**20
    wire.write(b"Content-Length: %d\r\n\r\n" % length)
    chunk = b"x" * (10 * 2**20)
    for _ in range(30):
        wire.write(chunk)
    works(wire, tmp_path)


def test_a_length_beyond_all_memory_makes_no_room(wire: Wire) -> None:
    wire.write(b"Content-Length: 99999999999999999999999999\r\n\r\n")
    wire.write(b"x" * 2**20)
    with pytest.raises(Exception, match="timed out"):
        wire.process.wait(2)  # it waits for the rest


def test_a_large_document(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    uri = wire.open(tmp_path / "large.py", PROGRAM + "x = [1, 2, 3]\n" * 1_500_000)  # 20 MB
    said = wire.wait(lambda message: message.get("method") == "window/showMessage")
    assert "large.py is too long" in said["params"]["message"]
    wire.change(uri, PROGRAM)
    while not wire.published(uri):
        pass
    still_works(wire, tmp_path)


# Messages at the wrong time.


def test_requests_before_the_first_are_refused(wire: Wire, tmp_path: Path) -> None:
    position = {
        "textDocument": {"uri": (tmp_path / "a.py").as_uri()},
        "position": {"line": 0, "character": 0},
    }
    for method in ("textDocument/hover", "kerasast/lifecycle", "shutdown"):
        assert wire.ask(method, position)["error"]["code"] == -32002
    wire.open(tmp_path / "a.py", PROGRAM)
    wire.send("initialized", {})
    works(wire, tmp_path)


def test_a_second_beginning_is_refused(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    assert wire.initialize(tmp_path)["error"]["code"] == -32600
    still_works(wire, tmp_path)


def test_requests_after_the_end_are_refused(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    assert wire.ask("shutdown")["result"] is None
    assert wire.ask("shutdown")["error"]["code"] == -32600
    assert wire.ask("kerasast/rules")["error"]["code"] == -32600
    wire.open(tmp_path / "a.py", PROGRAM)
    wire.send("exit")
    assert wire.process.wait(60) == 0


def test_leaving_without_a_word(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    wire.send("exit")
    assert wire.process.wait(60) == 1


def test_documents_that_are_not_open(wire: Wire, tmp_path: Path) -> None:
    (tmp_path / "closed.py").write_text(PROGRAM)
    uri = (tmp_path / "closed.py").as_uri()
    wire.initialize(tmp_path)
    wire.change(uri, PROGRAM)
    for method in ("didClose", "didSave", "didClose"):
        wire.send(f"textDocument/{method}", {"textDocument": {"uri": uri}})
    wire.open(tmp_path / "closed.py", PROGRAM)
    wire.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    wire.change(uri, PROGRAM)
    notebook = {"notebookDocument": {"uri": uri + ".ipynb", "version": 3}, "change": {"metadata": {}}}
    wire.send("notebookDocument/didChange", notebook)
    wire.send(
        "notebookDocument/didClose", {"notebookDocument": {"uri": uri + ".ipynb"}, "cellTextDocuments": []}
    )
    still_works(wire, tmp_path)
    told = [message for message in wire.seen if message.get("method") == "textDocument/publishDiagnostics"]
    assert [message["params"]["diagnostics"] for message in told if message["params"]["uri"] == uri] in (
        [],
        [[]],
    )


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("textDocument/hover", None),
        ("textDocument/hover", {"textDocument": 3}),
        ("textDocument/hover", {"textDocument": {"uri": 3}, "position": {"line": "x", "character": 0}}),
        ("textDocument/hover", [1, 2]),
        ("textDocument/codeAction", {"textDocument": {"uri": "file:///a.py"}}),
        ("textDocument/diagnostic", {}),
        ("kerasast/lifecycle", {}),
        ("kerasast/lifecycle", None),
        ("kerasast/rule", {"nme": "x"}),
        ("workspace/executeCommand", {"command": "rm", "arguments": [1]}),
        ("workspace/executeCommand", {"command": "kerasast.server.explainRule", "arguments": [{"x": 1}, 2]}),
        ("workspace/executeCommand", {"command": "kerasast.server.explainRule"}),
        ("no/such", {"x": 1}),
    ],
)
def test_requests_that_make_no_sense_are_answered(
    wire: Wire, tmp_path: Path, method: str, params: object
) -> None:
    wire.initialize(tmp_path)
    assert wire.ask(method, params)["error"]["code"] < 0
    still_works(wire, tmp_path)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "",
        "http://host/a.py",
        "file:///no/such/folder/a.py",
        "file://%00",
        "vscode-notebook-cell:x",
    ],
)
def test_documents_that_are_no_files(wire: Wire, tmp_path: Path, uri: str) -> None:
    wire.initialize(tmp_path)
    item = {"uri": uri, "languageId": "python", "version": 1, "text": PROGRAM}
    wire.send("textDocument/didOpen", {"textDocument": item})
    place = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 1}}
    wire.ask("kerasast/lifecycle", place)
    wire.ask("textDocument/hover", place)
    wire.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    still_works(wire, tmp_path)


def test_positions_outside_of_the_text(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path)
    uri = wire.open(tmp_path / "a.py", PROGRAM)
    for line, character in ((10**9, 0), (0, 10**9), (3, 10**9)):
        place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
        for method in ("textDocument/hover", "textDocument/completion", "kerasast/lifecycle"):
            wire.ask(method, place)
    still_works(wire, tmp_path)


# What fails, and what is given up.

BROKEN_RULE = """
    from kerasast.lsp.server import serve
    from kerasast.registry import all_rules

    def fails(context, event):
        if context.source.path.endswith("bad.py"):
            raise RuntimeError("a bug")
        return ()

    object.__setattr__(all_rules()["fit-without-compile"], "check", fails)
    serve()
"""


def test_a_rule_that_fails_costs_no_more_than_itself(tmp_path: Path) -> None:
    script = textwrap.dedent(BROKEN_RULE)
    with serving((sys.executable, "-c", script)) as wire:
        wire.initialize(tmp_path)
        uri = wire.open(tmp_path / "bad.py", PROGRAM + "model.fit(1)\n")
        assert set(wire.published(uri)) >= {"internal-error", "save-before-build"}
        still_works(wire, tmp_path)


BROKEN_ENGINE = """
    from kerasast.engine import Analyzer
    from kerasast.lsp.server import serve

    conclude = Analyzer.conclude

    def fails(self, opened, project, reports, **options):
        if any("BUG" in file.source.text for file in opened.survey.files.values()):
            raise RuntimeError("a bug")
        return conclude(self, opened, project, reports, **options)

    Analyzer.conclude = fails
    serve()
"""


def test_an_engine_that_fails_is_said_once_and_works_again(tmp_path: Path) -> None:
    script = textwrap.dedent(BROKEN_ENGINE)
    with serving((sys.executable, "-c", script)) as wire:
        wire.initialize(tmp_path)
        uri = wire.open(tmp_path / "bad.py", PROGRAM + "# BUG\n")
        said = wire.wait(lambda message: message.get("method") == "window/showMessage")
        assert "a bug" in said["params"]["message"]
        place = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": 1}}
        assert wire.ask("kerasast/lifecycle", place)["result"] is None
        wire.change(uri, PROGRAM)
        assert wire.published(uri) == ["save-before-build"]
        assert sum(message.get("method") == "window/showMessage" for message in wire.seen) == 1


SLOW_ENGINE = """
    import time
    from kerasast.engine import Analyzer
    from kerasast.lsp.server import serve

    conclude = Analyzer.conclude

    def slow(self, opened, project, reports, **options):
        time.sleep(3)
        return conclude(self, opened, project, reports, **options)

    Analyzer.conclude = slow
    serve()
"""


@pytest.mark.parametrize(
    "method", ["textDocument/diagnostic", "textDocument/codeAction", "kerasast/lifecycle"]
)
def test_a_request_that_is_given_up_is_answered_at_once(tmp_path: Path, method: str) -> None:
    with serving((sys.executable, "-c", textwrap.dedent(SLOW_ENGINE))) as wire:
        wire.initialize(tmp_path, {"textDocument": {"diagnostic": {}}})
        uri = wire.open(tmp_path / "a.py", PROGRAM)
        nowhere = {"line": 2, "character": 0}
        params = {
            "textDocument": {"uri": uri},
            "position": nowhere,
            "range": {"start": nowhere, "end": nowhere},
            "context": {"diagnostics": []},
        }
        wire.send(method, params, 7)
        wire.send("$/cancelRequest", {"id": 7})
        wire.send("kerasast/rule", {"name": "save-before-build"}, 8)
        answers = [wire.wait(lambda message: message.get("id") in (7, 8))["id"] for _ in range(2)]
        assert sorted(answers) == [7, 8]
        cancelled = next(message for message in wire.seen if message.get("id") == 7)
        assert cancelled["error"]["code"] == -32800
        assert wire.ask("textDocument/diagnostic", params)["result"]["items"]


def test_what_is_outdated_is_not_published(tmp_path: Path) -> None:
    with serving((sys.executable, "-c", textwrap.dedent(SLOW_ENGINE))) as wire:
        wire.initialize(tmp_path)
        uri = wire.open(tmp_path / "a.py", PROGRAM)
        with pytest.raises(Exception):  # noqa: B017, PT011 - nothing comes in a second: it is at work by then
            wire.wait(lambda message: message.get("method") == "textDocument/publishDiagnostics", seconds=1)
        wire.change(uri, PROGRAM.replace("[keras.l", "[keras.Input((2,)), keras.l"))
        assert wire.published(uri) == []
        assert len([m for m in wire.seen if m.get("method") == "textDocument/publishDiagnostics"]) == 1


def test_progress_of_the_first_look(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"m{number}.py").write_text(PROGRAM + "def f(x):\n    return x\n" * 2000)
    with serving() as wire:
        wire.initialize(tmp_path, {"window": {"workDoneProgress": True}})
        uri = wire.open(tmp_path / "m0.py", PROGRAM)
        create = wire.wait(lambda message: message.get("method") == "window/workDoneProgress/create")
        wire.send_body(json.dumps({"jsonrpc": "2.0", "id": create["id"], "result": None}).encode())
        begun = wire.wait(lambda message: message.get("method") == "$/progress")
        assert begun["params"]["value"]["kind"] == "begin"
        assert tmp_path.name in begun["params"]["value"]["title"]
        assert wire.published(uri) == ["save-before-build"]
        kinds = [m["params"]["value"]["kind"] for m in wire.seen if m.get("method") == "$/progress"]
        assert kinds[0] == "begin"
        assert kinds[-1] == "end"
        assert "report" in kinds


def test_the_command_line_that_serves_is_the_one_that_is_tested() -> None:
    assert SERVER[1:] == ("-m", "kerasast", "server")


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ({"commands": ["kerasast.explainRule"]}, "kerasast.explainRule"),
        ({"commands": 3}, "kerasast.server.explainRule"),
        (None, "kerasast.server.explainRule"),
    ],
)
def test_a_rule_is_explained_by_whom_can(wire: Wire, tmp_path: Path, options: object, command: str) -> None:
    wire.initialize(tmp_path, options=options)
    uri = wire.open(tmp_path / "a.py", PROGRAM)
    place = {"line": 3, "character": 0}
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    found = wire.ask("textDocument/codeAction", params)["result"]
    (explain,) = [action for action in found if action["title"] == "Explain save-before-build"]
    assert explain["command"] == {
        "title": "Explain save-before-build",
        "command": command,
        "arguments": ["save-before-build"],
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_columns_are_counted_as_agreed(wire: Wire, tmp_path: Path, encoding: str) -> None:
    answer = wire.initialize(tmp_path, {"general": {"positionEncodings": [encoding]}})
    assert answer["result"]["capabilities"]["positionEncoding"] == encoding
    text = (
        'import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nt = "ä😀"; model.save("m.keras")\n'
    )
    uri = wire.open(tmp_path / "a.py", text)
    message = wire.wait(lambda message: message.get("method") == "textDocument/publishDiagnostics")
    (item,) = message["params"]["diagnostics"]
    before = 't = "ä😀"; '
    widths = {"utf-8": len(before.encode()), "utf-16": len(before) + 1, "utf-32": len(before)}
    assert item["range"]["start"] == {"line": 2, "character": widths[encoding]}
    place = {"textDocument": {"uri": uri}, "position": {"line": 2, "character": widths[encoding] + 2}}
    story = wire.ask("kerasast/lifecycle", place)["result"]
    assert story["title"] == "model"
    assert story["events"][-1]["location"]["range"]["start"]["character"] == widths[encoding]


def test_a_client_that_pulls_is_asked_to_do_so_where_something_else_is_to_be_said(
    wire: Wire, tmp_path: Path
) -> None:
    library = "import keras\n\n\ndef build():\n    return keras.Sequential([keras.layers.Dense(1)])\n"
    script = 'from library import build\n\nmodel = build()\nmodel.save_weights("m.weights.h5")\n'
    for name, text in (("library.py", library), ("script.py", script)):
        (tmp_path / name).write_text(text)
    wire.initialize(
        tmp_path, {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": True}}}
    )
    uris = [
        wire.open(tmp_path / name, text) for name, text in (("library.py", library), ("script.py", script))
    ]
    told = [wire.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"] for uri in uris]
    assert [[item["code"] for item in report["items"]] for report in told] == [[], ["save-before-build"]]
    wire.change(uris[0], library.replace("[keras.l", "[keras.Input((2,)), keras.l"))
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 3, "character": 0}}
    asked = {"textDocument": {"uri": uris[1]}, "range": whole, "context": {"diagnostics": []}}
    assert wire.ask("textDocument/codeAction", asked)["result"] == []
    wire.wait(lambda message: message.get("method") == "workspace/diagnostic/refresh")


TWO_FUNCTIONS = """\
import keras


def build():
    return keras.Sequential([keras.layers.Dense(1)])


def save():
    build().save_weights("m.weights.h5")
"""


@pytest.mark.parametrize("can_be_told", [True, False])
def test_what_was_left_out_in_haste_is_told_when_there_is_quiet(
    wire: Wire, tmp_path: Path, can_be_told: bool
) -> None:
    told = {"workspace": {"diagnostics": {"refreshSupport": True}}} if can_be_told else {}
    wire.initialize(tmp_path, {"textDocument": {"diagnostic": {}}, **told})
    uri = wire.open(tmp_path / "a.py", TWO_FUNCTIONS)
    asked = {"textDocument": {"uri": uri}}

    def codes() -> list[str]:
        return [item["code"] for item in wire.ask("textDocument/diagnostic", asked)["result"]["items"]]

    assert codes() == ["save-before-build"]
    wire.change(uri, TWO_FUNCTIONS.replace("[keras.l", "[keras.Input((2,)), keras.l"))
    if can_be_told:
        assert codes() == ["save-before-build"]  # of a function in which nobody has typed
        wire.wait(lambda message: message.get("method") == "workspace/diagnostic/refresh")
    assert codes() == []


def test_a_report_leads_to_the_page_of_its_rule(wire: Wire, tmp_path: Path) -> None:
    wire.initialize(tmp_path, {"textDocument": {"diagnostic": {}}})
    uri = wire.open(tmp_path / "a.py", PROGRAM)
    (item,) = wire.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})["result"]["items"]
    address = item["codeDescription"]["href"]
    assert address.startswith("file://")
    assert Path(unquote(urlparse(address).path)).read_text().startswith(f"# {item['code']}")
