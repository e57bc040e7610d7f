"""The language server as editors see it: a real process, spoken to with the capabilities that three editors have."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

PROGRAM = """\
import keras

model = keras.Sequential([keras.layers.Dense(1)])
text = "ä😀"; optimizer = keras.optimizers.Adam(lr=0.1)
model.save_weights("m.weights.h5")
"""
RULES = {"legacy-optimizer-argument", "save-before-build"}

_ENCODINGS: dict[LanguageClient, str] = {}
"""What columns are counted in, as client and server have agreed."""

_CODECS = {"utf-8": (1, "utf-8"), "utf-16": (2, "utf-16-le"), "utf-32": (4, "utf-32-le")}

MODELS = """\
import keras


def build():
    return keras.Sequential([keras.layers.Dense(1)])
"""
TRAIN = """\
from models import build

model = build()
model.save_weights("m.weights.h5")
"""


def _editor() -> LanguageClient:
    """A client that takes the registrations of servers, as editors do."""
    client = make_test_lsp_client()

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)  # type: ignore[untyped-decorator]
    def register(params: types.RegistrationParams) -> None:
        client.log_messages.append(
            types.LogMessageParams(types.MessageType.Log, params.registrations[0].method)
        )

    return client


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "kerasast", "server"], client_factory=_editor
    ),
    params=["visual_studio_code", "neovim", "emacs"],
)
async def client(
    request: pytest.FixtureRequest, lsp_client: LanguageClient, tmp_path: Path
) -> AsyncGenerator[None, None]:
    (tmp_path / "requirements.txt").write_text("keras==3.15\n")
    params = types.InitializeParams(
        capabilities=client_capabilities(request.param),
        workspace_folders=[types.WorkspaceFolder(tmp_path.as_uri(), "project")],
    )
    initialized = await lsp_client.initialize_session(params)
    agreed = types.PositionEncodingKind(initialized.capabilities.position_encoding or "utf-16")
    _ENCODINGS[lsp_client] = agreed.value
    yield
    await lsp_client.shutdown_session()


def _open(client: LanguageClient, path: Path, text: str, language: str = "python") -> str:
    uri = path.as_uri()
    item = types.TextDocumentItem(uri, language, 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    return uri


def _change(client: LanguageClient, uri: str, text: str, version: int = 2) -> None:
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, uri),
            [types.TextDocumentContentChangeWholeDocument(text)],
        )
    )


async def _found(client: LanguageClient, uri: str) -> list[types.Diagnostic]:
    """What the server says of a document, in whichever way this client is told."""
    if _pulls(client):
        params = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        report = await client.text_document_diagnostic_async(params)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        return list(report.items)
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[uri])


async def _ask(client: LanguageClient, method: str, params: dict[str, Any]) -> Any:
    """The answer to a request that the protocol does not know."""
    return await client.protocol.send_request_async(method, params)  # type: ignore[no-untyped-call]


async def _actions(client: LanguageClient, uri: str, line: int) -> list[types.CodeAction]:
    where = types.Range(types.Position(line, 0), types.Position(line, 1))
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(uri), where, types.CodeActionContext(diagnostics=[])
    )
    found = await client.text_document_code_action_async(params)
    return [item for item in found or () if isinstance(item, types.CodeAction)]


def _applied(client: LanguageClient, text: str, action: types.CodeAction, uri: str) -> str:
    """The text after the edits of an action, each of which is on one line."""
    assert action.edit is not None
    assert action.edit.changes is not None
    width, codec = _CODECS[_ENCODINGS[client]]
    lines = text.splitlines(keepends=True)
    for edit in reversed(action.edit.changes[uri]):
        start, end = edit.range.start, edit.range.end
        assert start.line == end.line
        raw = lines[start.line].encode(codec)
        new = raw[: width * start.character] + edit.new_text.encode(codec) + raw[width * end.character :]
        lines[start.line] = new.decode(codec)
    return "".join(lines)


async def test_diagnostics_and_a_fix(client: LanguageClient, tmp_path: Path) -> None:
    uri = _open(client, tmp_path / "program.py", PROGRAM)
    found = await _found(client, uri)
    assert {item.code for item in found} == RULES
    saving = next(item for item in found if item.code == "save-before-build")
    assert saving.related_information
    assert saving.related_information[0].location.range.start.line == 2
    actions = await _actions(client, uri, 3)
    fix = next(action for action in actions if "learning_rate" in action.title)
    assert fix.is_preferred
    fixed = _applied(client, PROGRAM, fix, uri)
    assert 'text = "ä😀"; optimizer = keras.optimizers.Adam(learning_rate=0.1)' in fixed
    _change(client, uri, fixed)
    assert {item.code for item in await _found(client, uri)} == {"save-before-build"}


async def test_a_report_is_ignored(client: LanguageClient, tmp_path: Path) -> None:
    uri = _open(client, tmp_path / "program.py", PROGRAM)
    await _found(client, uri)
    ignore = next(item for item in await _actions(client, uri, 4) if item.title.startswith("Ignore"))
    ignored = _applied(client, PROGRAM, ignore, uri)
    assert "# kerasast: ignore[save-before-build]" in ignored
    _change(client, uri, ignored)
    assert {item.code for item in await _found(client, uri)} == {"legacy-optimizer-argument"}


async def test_a_change_of_an_imported_module_reaches_an_open_document(
    client: LanguageClient, tmp_path: Path
) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "train.py").write_text(TRAIN)
    train = _open(client, tmp_path / "train.py", TRAIN)
    assert [item.code for item in await _found(client, train)] == ["save-before-build"]
    models = _open(client, tmp_path / "models.py", MODELS)
    _change(client, models, MODELS.replace("[keras", "[keras.Input((2,)), keras"))
    for _ in range(100):  # the models are analysed when they are opened, and again when they change
        left = await _found(client, train) if _pulls(client) else client.diagnostics[train]
        if not left:
            break
        await asyncio.sleep(0.1)
    assert not left


def _pulls(client: LanguageClient) -> bool:
    assert client.capabilities is not None
    text = client.capabilities.text_document
    return text is not None and text.diagnostic is not None


async def test_broken_code_and_back(client: LanguageClient, tmp_path: Path) -> None:
    uri = _open(client, tmp_path / "program.py", PROGRAM)
    await _found(client, uri)
    _change(client, uri, PROGRAM + "model.fit(\n")
    assert {item.code for item in await _found(client, uri)} == {"syntax-error"}
    _change(client, uri, PROGRAM, 3)
    assert {item.code for item in await _found(client, uri)} == RULES


async def test_a_rule_in_a_comment(client: LanguageClient, tmp_path: Path) -> None:
    text = "import keras  # kerasast: ignore[save-before-build]\nx = 1  # kerasast: ignore[save"
    uri = _open(client, tmp_path / "program.py", text)
    document = types.TextDocumentIdentifier(uri)
    hover = await client.text_document_hover_async(types.HoverParams(document, types.Position(0, 40)))
    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value.startswith("# save-before-build")
    place = types.Position(1, len(text.splitlines()[1]))
    items = await client.text_document_completion_async(types.CompletionParams(document, place))
    assert isinstance(items, list)
    assert "save-before-build" in {item.label for item in items}


async def test_a_fix_of_all_that_is_safe(client: LanguageClient, tmp_path: Path) -> None:
    text = "import keras\na = keras.optimizers.Adam(lr=0.1)\nb = keras.optimizers.SGD(lr=0.2)\n"
    uri = _open(client, tmp_path / "program.py", text)
    assert len(await _found(client, uri)) == 2
    everything = next(
        item for item in await _actions(client, uri, 0) if item.kind == "source.fixAll.kerasast"
    )
    fixed = _applied(client, text, everything, uri)
    assert fixed == text.replace("lr=", "learning_rate=")
    alike = next(item for item in await _actions(client, uri, 1) if item.title.startswith("Fix all legacy"))
    assert _applied(client, text, alike, uri) == fixed


def _open_notebook(client: LanguageClient, tmp_path: Path, codes: list[str]) -> list[str]:
    """The URIs of the cells."""
    cells = [
        types.TextDocumentItem(f"vscode-notebook-cell:/nb.ipynb#W{n}sZmlsZQ%3D%3D", "python", 1, code)
        for n, code in enumerate(codes)
    ]
    notebook = types.NotebookDocument(
        (tmp_path / "nb.ipynb").as_uri(),
        "jupyter-notebook",
        1,
        [types.NotebookCell(types.NotebookCellKind.Code, cell.uri) for cell in cells],
    )
    client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(notebook, cells))
    return [cell.uri for cell in cells]


async def test_the_cells_of_a_notebook(client: LanguageClient, tmp_path: Path) -> None:
    if not _pulls(client):
        pytest.skip("this editor shows no notebooks")
    codes = [
        "import keras\n%matplotlib inline",
        "model = keras.Sequential([keras.layers.Dense(1)])",
        "model.save('m.keras')",
    ]
    cells = _open_notebook(client, tmp_path, codes)
    assert [item.code for item in await _found(client, cells[2])] == ["save-before-build"]
    assert not await _found(client, cells[0])
    item = (await _found(client, cells[2]))[0]
    assert item.range.start.line == 0
    assert item.related_information
    assert item.related_information[0].location.uri == cells[1]


async def test_a_file_keeps_the_address_that_the_editor_gave_it(
    client: LanguageClient, tmp_path: Path
) -> None:
    uri = _open(client, tmp_path / "my program (1).py", PROGRAM)
    assert "%20" in uri
    assert {item.code for item in await _found(client, uri)} == RULES
    settings = tmp_path / "kerasast.toml"
    settings.write_text('select = ["saving"]\n')
    item = types.TextDocumentItem(settings.as_uri(), "toml", 1, settings.read_text())
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    change = types.FileEvent(settings.as_uri(), types.FileChangeType.Created)
    other = types.FileEvent((tmp_path / "pyproject.toml").as_uri(), types.FileChangeType.Created)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change, other]))
    assert [item.code for item in await _found(client, uri)] == ["save-before-build"]
    assert settings.as_uri() not in client.diagnostics


async def test_settings_that_cannot_be_used_are_told_once(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "kerasast.toml").write_text('selct = ["saving"]\n')
    uri = _open(client, tmp_path / "program.py", PROGRAM)
    await client.wait_for_notification(types.WINDOW_SHOW_MESSAGE)
    assert "selct" in client.messages[0].message
    _change(client, uri, PROGRAM + "\n")
    assert len(client.messages) == 1


async def test_the_life_of_the_model_under_the_cursor(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "train.py").write_text(TRAIN)
    uri = _open(client, tmp_path / "train.py", TRAIN)
    await _found(client, uri)
    params = {"textDocument": {"uri": uri}, "position": {"line": 3, "character": 2}}
    story = await _ask(client, "kerasast/lifecycle", params)
    assert story.title == "model"
    assert story.subtitle == "Sequential model, never built, never compiled, never trained"
    assert [event.kind for event in story.events] == ["created", "saved"]
    assert story.events[0].location.uri == (tmp_path / "models.py").as_uri()
    assert story.events[0].location.range.start.line == 4
    assert story.events[0].problem is None
    assert story.events[1].location.uri == uri
    assert story.events[1].problem.rule == "save-before-build"
    assert story.events[1].problem.severity == "error"
    nowhere = {"textDocument": {"uri": uri}, "position": {"line": 1, "character": 0}}
    assert await _ask(client, "kerasast/lifecycle", nowhere) is None


async def test_the_life_of_a_model_in_cells(client: LanguageClient, tmp_path: Path) -> None:
    if not _pulls(client):
        pytest.skip("this editor shows no notebooks")
    cells = _open_notebook(
        client, tmp_path, ["import keras", "x = 1\nmodel = keras.Sequential()", "\nmodel.save('m.keras')"]
    )
    await _found(client, cells[2])
    params = {"textDocument": {"uri": cells[2]}, "position": {"line": 1, "character": 2}}
    story = await _ask(client, "kerasast/lifecycle", params)
    assert [(event.kind, event.location.uri) for event in story.events] == [
        ("created", cells[1]),
        ("saved", cells[2]),
    ]
    assert [event.location.range.start.line for event in story.events] == [1, 1]


# Rules explained, and configuration files.


async def test_a_rule_is_explained(client: LanguageClient) -> None:
    params = types.ExecuteCommandParams("kerasast.server.explainRule", ["save-before-build"])
    await client.workspace_execute_command_async(params)
    assert client.capabilities is not None
    window = client.capabilities.window
    if window is not None and window.show_document is not None:
        (shown,) = client.shown_documents
        assert shown.uri.endswith("/save-before-build.md")
        assert not shown.external
    else:
        (said,) = client.messages
        assert said.message.startswith("save-before-build: ")
        assert "save-before-build.md" in said.message


async def _complete(client: LanguageClient, uri: str, line: int, character: int) -> dict[str, str]:
    """What is suggested at a place, and what the text is with it."""
    params = types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    found = await client.text_document_completion_async(params)
    assert isinstance(found, list)
    texts = {}
    for item in found:
        assert isinstance(item.text_edit, types.TextEdit)
        texts[item.label] = f"{item.text_edit.range.start.character}:{item.text_edit.new_text}"
    return texts


PYPROJECT = """\
[project]
name = "ä😀"
sel
[tool.kerasast]
sel
keras-version = "
select = ["sav", "ä😀", mig
    # a list of names
    "load
]
preview =
[tool.kerasast.severity]
save-b
save-before-build = "
[tool.kerasast.per-file-ignores]
"tests/*" = [
[tool.other]
sel
"""


async def test_what_a_configuration_may_say(client: LanguageClient, tmp_path: Path) -> None:
    uri = _open(client, tmp_path / "pyproject.toml", PYPROJECT, language="toml")
    lines = PYPROJECT.splitlines()

    async def at(line: int, character: int | None = None) -> dict[str, str]:
        return await _complete(client, uri, line, len(lines[line]) if character is None else character)

    assert await at(2) == {}
    assert (await at(4))["select"] == "0:select"
    assert (await at(5))["2.15"] == "17:2.15"
    assert (await at(6, 14))["saving"] == "11:saving"
    width, codec = _CODECS[_ENCODINGS[client]]
    end = len(lines[6].encode(codec)) // width
    assert (await at(6, end))['"migration"'] == f'{end - 3}:"migration"'
    assert await at(7) == {}
    assert (await at(8))["load-before-build"] == "5:load-before-build"
    assert set(await at(10)) == {"true", "false"}
    assert "select" not in await at(12)
    assert (await at(12))["save-before-build"] == "0:save-before-build"
    assert set(await at(13)) == {"error", "warning", "info"}
    assert (await at(15))['"ALL"'] == '13:"ALL"'
    assert await at(17) == {}


async def test_what_a_configuration_says(client: LanguageClient, tmp_path: Path) -> None:
    text = 'select = ["saving"]\nignore = ["save-before-build"]\nx = 1\n'
    uri = _open(client, tmp_path / "kerasast.toml", text, language="toml")

    async def at(line: int, character: int) -> str | None:
        params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
        hover = await client.text_document_hover_async(params)
        if hover is None:
            return None
        assert isinstance(hover.contents, types.MarkupContent)
        return hover.contents.value

    assert (await at(0, 2) or "").startswith("**select**: list of rules")
    assert (await at(1, 15) or "").startswith("# save-before-build")
    assert await at(2, 0) is None


async def _settled(client: LanguageClient, uri: str, codes: set[str]) -> None:
    """Wait until these and no others are what is said of a document."""
    for _ in range(300):
        left = await _found(client, uri) if _pulls(client) else client.diagnostics.get(uri, [])
        if {item.code for item in left} == codes:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{[item.code for item in left]} instead of {codes}")


async def test_a_configuration_that_changes(client: LanguageClient, tmp_path: Path) -> None:
    uri = _open(client, tmp_path / "program.py", PROGRAM)
    assert {item.code for item in await _found(client, uri)} == RULES
    settings = tmp_path / "kerasast.toml"
    settings.write_text('ignore = ["save-before-build"]\n')
    event = types.FileEvent(settings.as_uri(), types.FileChangeType.Created)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    await _settled(client, uri, {"legacy-optimizer-argument"})
    settings.write_text('ignore = ["legacy-optimizer-argument"]\n')
    client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings={}))
    await _settled(client, uri, {"save-before-build"})
    toml = _open(client, settings, "", language="toml")
    settings.write_text("")
    client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(toml)))
    await _settled(client, uri, RULES)


# Positions, tags, folders.


async def test_positions_behind_astral_characters(client: LanguageClient, tmp_path: Path) -> None:
    text = (
        'import keras\nname = "ä😀"; model = keras.Sequential([keras.layers.Dense(1)])\n'
        't = "😀😀"; model.save("😀.keras")\n'
    )
    uri = _open(client, tmp_path / "program.py", text)
    (item,) = await _found(client, uri)
    width, codec = _CODECS[_ENCODINGS[client]]
    line = text.splitlines()[2]
    start = len(line[: line.index("model")].encode(codec)) // width
    assert (item.range.start.line, item.range.start.character) == (2, start)
    assert item.range.end.character == len(line.encode(codec)) // width
    assert item.related_information
    place = item.related_information[0].location.range.start
    made = text.splitlines()[1]
    assert (place.line, place.character) == (1, len(made[: made.index("keras.S")].encode(codec)) // width)


async def test_tags(client: LanguageClient, tmp_path: Path) -> None:
    text = "import keras\na = keras.optimizers.Adam(lr=0.1)\nx = 1  # kerasast: ignore[save-before-build]\n"
    uri = _open(client, tmp_path / "program.py", text)
    tags = {item.code: list(item.tags or ()) for item in await _found(client, uri)}
    assert tags == {
        "legacy-optimizer-argument": [types.DiagnosticTag.Deprecated],
        "unused-suppression": [types.DiagnosticTag.Unnecessary],
    }


async def test_each_folder_has_its_own_settings(client: LanguageClient, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder, ignored in ((one, "save-before-build"), (two, "legacy-optimizer-argument")):
        folder.mkdir()
        (folder / "kerasast.toml").write_text(f'ignore = ["{ignored}"]\nkeras-version = "3.15"\n')
    added = [types.WorkspaceFolder(folder.as_uri(), folder.name) for folder in (one, two)]
    event = types.WorkspaceFoldersChangeEvent(added=added, removed=[])
    client.workspace_did_change_workspace_folders(types.DidChangeWorkspaceFoldersParams(event))
    first = _open(client, one / "program.py", PROGRAM)
    assert [item.code for item in await _found(client, first)] == ["legacy-optimizer-argument"]
    second = _open(client, two / "program.py", PROGRAM)
    assert [item.code for item in await _found(client, second)] == ["save-before-build"]
