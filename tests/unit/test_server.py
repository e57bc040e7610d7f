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


def _open(client: LanguageClient, path: Path, text: str, version: int = 1) -> str:
    uri = path.as_uri()
    item = types.TextDocumentItem(uri, "python", version, text)
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
