"""The server on standard input and output. The only module that imports `pygls`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from kerasast import __version__
from kerasast.boundary import attempt
from kerasast.config import Settings, settings_for
from kerasast.diagnostics import Diagnostic
from kerasast.engine import Result
from kerasast.lifecycle import Story
from kerasast.lsp import actions, extras, pages, stories
from kerasast.lsp.convert import NAME, Converter, file_uri, overlaps
from kerasast.lsp.session import Session
from kerasast.survey import display_path

DEBOUNCE = 0.15
"""Seconds without a change after which a document is analysed."""

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(
            notebook="jupyter-notebook", cells=[types.NotebookCellLanguage(language="python")]
        )
    ],
    save=True,
)


class KerasastServer(LanguageServer):
    """One editor, its folders, and what was said of them last."""

    def __init__(self, settings: Callable[[Path], Settings] = settings_for) -> None:
        """`settings` finds those of a folder."""
        super().__init__(NAME, __version__, notebook_document_sync=_NOTEBOOKS)
        self.settings = settings
        self.sessions: dict[Path, Session] = {}
        self.results: dict[Path, Result] = {}
        self.uris: dict[str, str] = {}
        self.cells: dict[str, list[str]] = {}
        self._lock = threading.Lock()
        self._waiting: dict[Path, asyncio.Task[None]] = {}
        self._broken: set[Path] = set()

    # Documents.

    def path_of(self, uri: str) -> Path | None:
        """The file of a document, or of the notebook that a cell is in; `None` for what is no file."""
        notebook = self.workspace.get_notebook_document(cell_uri=uri)
        name = to_fs_path(uri if notebook is None else notebook.uri)
        return None if name is None else Path(name)

    def cell_of(self, uri: str) -> int | None:
        """The number of a cell among the code cells of its notebook, from 1."""
        path = self.path_of(uri)
        cells = [] if path is None else self.cells.get(display_path(path), [])
        return cells.index(uri) + 1 if uri in cells else None

    def uri_of(self, path: str, cell: int | None) -> str | None:
        """The client's URI of a file or cell."""
        if cell is None:
            return self.uris.get(path) or file_uri(path)
        cells = self.cells.get(path)
        return None if cells is None or cell > len(cells) else cells[cell - 1]

    def folder_of(self, path: Path) -> Path:
        """The innermost folder of the workspace that a file lies in; the file itself if there is none."""
        names = (to_fs_path(uri) for uri in self.workspace.folders)
        folders = [Path(name) for name in names if name is not None]
        around = [folder for folder in folders if folder in path.parents]
        return max(around, key=lambda folder: len(folder.parts), default=path)

    def notebook_text(self, notebook: types.NotebookDocument) -> str:
        """What the file of a notebook would hold as the client shows it; the client's code cells are remembered."""
        cells = []
        uris = []
        for cell in notebook.cells:
            document = self.workspace.text_documents.get(unquote(cell.document))
            if document is None or cell.kind is not types.NotebookCellKind.Code:
                continue
            uris.append(cell.document)
            cells.append({"cell_type": "code", "source": document.source})
        name = to_fs_path(notebook.uri)
        if name is not None:
            self.cells[display_path(Path(name))] = uris
        return json.dumps({"cells": cells, "nbformat": 4})

    # Analysis.

    def session_of(self, path: Path) -> Session | None:
        """The project of a file; `None`, and a message, if its settings cannot be used."""
        folder = self.folder_of(path)
        if folder not in self.sessions and folder not in self._broken:
            error = attempt(lambda: self.sessions.__setitem__(folder, Session(folder, self.settings)))
            if error is not None:
                self._broken.add(folder)
                self.tell(str(error), types.MessageType.Error)
        return self.sessions.get(folder)

    def show(self, uri: str, text: str) -> None:
        """Take over the text of a document, and analyse it when the client has been quiet for a moment."""
        path = self.path_of(uri)
        if path is None:
            return
        if self.workspace.get_notebook_document(cell_uri=uri) is None:
            self.uris[display_path(path)] = uri
        with self._lock:
            session = self.session_of(path)
            if session is None:
                return
            error = attempt(lambda: session.set_text(path, text))
            self.results.pop(session.folder, None)
        if error is None:
            self.refresh_soon(session)
        else:
            self.tell(f"kerasast failed on {path.name}: {error}")

    def close(self, uri: str) -> None:
        """Forget the text of a document, and what was said of it."""
        path = self.path_of(uri)
        session = None if path is None else self.session_of(path)
        if path is None or session is None:
            return
        name = display_path(path)
        for target in self.cells.pop(name, [self.uris.pop(name, uri)]):
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(target, []))
        with self._lock:
            self.results.pop(session.folder, None)
            if session.folder == path:
                del self.sessions[path]
                return
            session.forget_text(path)
        self.refresh_soon(session)

    def refresh_soon(self, session: Session) -> None:
        """Say what is to be said of the open documents of a project, a moment after the last change."""
        waiting = self._waiting.pop(session.folder, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[session.folder] = asyncio.ensure_future(self._refresh(session))

    async def _refresh(self, session: Session) -> None:
        await asyncio.sleep(DEBOUNCE)
        if self._pulls():
            if self._refreshes():
                await self.workspace_diagnostic_refresh_async(None)
            return
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(None, self.result_of, session)
        if result is None:
            return
        converter = self.converter(result)
        for name in [*self.uris, *self.cells]:
            if self.folder_of(Path(name).absolute()) == session.folder and name in result.sources:
                for uri, items in self._by_document(name, result):
                    found = [converter.diagnostic(item) for item in items]
                    self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    def result_of(self, session: Session) -> Result | None:
        """What is to be said of a project now; `None`, and a message, if kerasast fails on it."""
        with self._lock:
            if session.folder not in self.results:
                error = attempt(lambda: self.results.__setitem__(session.folder, session.analyze()))
                if error is not None:
                    self.tell(f"kerasast failed: {error!r}")
            return self.results.get(session.folder)

    def found(self, uri: str) -> tuple[Result, list[Diagnostic]] | None:
        """What is to be said of a document, or of a cell, now."""
        path = self.path_of(uri)
        session = None if path is None else self.session_of(path)
        result = None if session is None else self.result_of(session)
        if path is None or result is None:
            return None
        cell = self.cell_of(uri)
        name = display_path(path)
        return result, [item for item in result.diagnostics if item.path == name and item.cell == cell]

    def story(self, uri: str, position: types.Position) -> dict[str, object] | None:
        """The life of the model at a position of a document."""
        path, found = self.path_of(uri), self.found(uri)
        session = None if path is None else self.session_of(path)
        if path is None or found is None or session is None:
            return None
        name, result = display_path(path), found[0]
        source, cell = result.sources.get(name), self.cell_of(uri)
        offset = self.workspace.get_text_document(uri).offset_at_position(position)
        if source is None:
            return None
        start = 0 if cell is None else source.cells[cell - 1].start
        found_stories: list[Story | None] = []
        with self._lock:
            error = attempt(
                lambda: found_stories.append(
                    stories.story_at(session.opened, name, start + offset, result.diagnostics)
                )
            )
        if error is not None:
            self.tell(f"kerasast failed: {error!r}")
        story = found_stories[0] if found_stories else None
        return None if story is None else stories.as_response(story, self.converter(result))

    def converter(self, result: Result) -> Converter:
        """What turns this result into the client's terms."""
        encoding = self.workspace.position_encoding
        return Converter(str(getattr(encoding, "value", encoding)), result.sources, self.uri_of)

    def _by_document(self, name: str, result: Result) -> list[tuple[str, list[Diagnostic]]]:
        items = [item for item in result.diagnostics if item.path == name]
        cells = self.cells.get(name)
        if cells is None:
            return [(self.uris[name], items)]
        return [
            (uri, [item for item in items if item.cell == number])
            for number, uri in enumerate(cells, start=1)
        ]

    def _pulls(self) -> bool:
        text = self.client_capabilities.text_document
        return text is not None and text.diagnostic is not None

    def _refreshes(self) -> bool:
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)

    def tell(self, text: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """A message to the person at the editor."""
        self.window_show_message(types.ShowMessageParams(kind, text))

    def reload(self) -> None:
        """Read everything again: a configuration or another file has changed on disk."""
        with self._lock:
            self.sessions.clear()
            self.results.clear()
            self._broken.clear()
        for document in list(self.workspace.text_documents.values()):
            in_notebook = self.workspace.get_notebook_document(cell_uri=document.uri) is not None
            if not in_notebook and _is_python(document.language_id, document.uri):
                self.show(document.uri, document.source)
        for notebook in list(self.workspace.notebook_documents.values()):
            self.show(notebook.uri, self.notebook_text(notebook))


def make_server(settings: Callable[[Path], Settings] = settings_for) -> KerasastServer:
    """A server that knows what to do with each message."""
    server = KerasastServer(settings)
    _follow_documents(server)
    _follow_notebooks(server)
    _answer(server)
    _answer_extras(server)
    return server


def _is_python(language: str | None, uri: str) -> bool:
    """Whether a document is Python, also where the editor does not say so."""
    return language == "python" or (not language and uri.endswith(".py"))


def _follow_documents(server: KerasastServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        if _is_python(params.text_document.language_id, params.text_document.uri):
            server.show(params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = server.workspace.get_text_document(params.text_document.uri)
        if _is_python(document.language_id, document.uri):
            server.show(params.text_document.uri, document.source)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        path = server.path_of(params.text_document.uri)
        session = None if path is None else server.session_of(path)
        if session is not None:
            session.forget_reports()
            server.results.pop(session.folder, None)
            server.refresh_soon(session)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched is not None and watched.dynamic_registration:
            patterns = [
                "**/pyproject.toml",
                "**/kerasast.toml",
                "**/requirements*.txt",
                "**/*.lock",
                "**/*.py",
            ]
            watchers = [types.FileSystemWatcher(pattern) for pattern in patterns]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.Registration("kerasast-files", method, options)
            server.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def touched(params: types.DidChangeWatchedFilesParams) -> None:
        shown = set(server.workspace.text_documents)
        if any(unquote(event.uri) not in shown for event in params.changes):
            server.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.reload()


def _follow_notebooks(server: KerasastServer) -> None:
    def show(uri: str) -> None:
        notebook = server.workspace.get_notebook_document(notebook_uri=uri)
        if notebook is not None:
            server.show(uri, server.notebook_text(notebook))

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenNotebookDocumentParams) -> None:
        show(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeNotebookDocumentParams) -> None:
        show(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveNotebookDocumentParams) -> None:
        show(params.notebook_document.uri)

    @server.feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseNotebookDocumentParams) -> None:
        server.close(params.notebook_document.uri)


def _answer(server: KerasastServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=NAME),
    )
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        loop = asyncio.get_running_loop()
        known = await loop.run_in_executor(None, server.found, params.text_document.uri)
        if known is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        result, items = known
        return types.RelatedFullDocumentDiagnosticReport(
            items=list(map(server.converter(result).diagnostic, items))
        )

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(actions.KINDS))
    )
    def code_actions(params: types.CodeActionParams) -> Sequence[types.CodeAction]:
        known = server.found(params.text_document.uri)
        if known is None:
            return []
        result, items = known
        converter = server.converter(result)
        here = [item for item in items if _touches(converter, item, params.range)]
        only = params.context.only
        return [
            action
            for action in actions.offered(converter, here, items)
            if only is None or any(_is_kind(action, wanted) for wanted in only)
        ]

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        offset = document.offset_at_position(params.position)
        text = pages.rule_at(document.source, offset)
        return None if text is None else types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["[", ","]))
    def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
        document = server.workspace.get_text_document(params.text_document.uri)
        offset = document.offset_at_position(params.position)
        return [
            types.CompletionItem(name, kind=types.CompletionItemKind.EnumMember, detail=summary)
            for name, summary in pages.names_at(document.source, offset)
        ]


def _answer_extras(server: KerasastServer) -> None:
    """Answer the requests that are kerasast's own."""

    @server.feature(extras.STATUS)
    def status(params: Any) -> dict[str, object]:
        uri = params.textDocument.uri
        found = server.found(uri)
        path = server.path_of(uri)
        session = None if path is None else server.session_of(path)
        version = None if path is None or session is None else session.version_of(path)
        return extras.status(version, None if found is None else found[0])

    @server.feature(stories.LIFECYCLE)
    async def lifecycle(params: Any) -> dict[str, object] | None:
        position = types.Position(params.position.line, params.position.character)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, server.story, params.textDocument.uri, position)

    @server.feature(extras.RULES)
    def rules(params: Any) -> list[dict[str, object]]:
        return list(extras.rules())

    @server.feature(extras.RULE)
    def rule(params: Any) -> dict[str, object] | None:
        return extras.rule(params.name)


def _touches(converter: Converter, item: Diagnostic, wanted: types.Range) -> bool:
    return overlaps(converter.range(converter.sources[item.path], item.span), wanted)


def _is_kind(action: types.CodeAction, wanted: str) -> bool:
    """Whether an action is of a kind that is asked for, or of one below it: `source.fixAll` asks for ours too."""
    kind = str(getattr(action.kind, "value", action.kind))
    asked = str(getattr(wanted, "value", wanted))
    return kind == asked or kind.startswith(f"{asked}.")


def serve(settings: Callable[[Path], Settings] = settings_for) -> None:
    """Serve one client on standard input and output until it leaves."""
    make_server(settings).start_io()
