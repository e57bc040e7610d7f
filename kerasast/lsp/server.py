"""The server on standard input and output: one editor, its folders, and what was said of them last.

Messages are handled on the event loop, which never waits for an analysis; those run one after the other on threads.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from kerasast import __version__
from kerasast.address import rule_page
from kerasast.boundary import attempt
from kerasast.config import Settings, settings_for
from kerasast.diagnostics import Diagnostic
from kerasast.engine import Result
from kerasast.garbage import collect, collect_when_told
from kerasast.lifecycle import Story
from kerasast.lsp import stories
from kerasast.lsp.convert import NAME, Converter, file_uri
from kerasast.lsp.explaining import CLIENT_COMMAND, Pages, command_for
from kerasast.lsp.progress import WorkProgress
from kerasast.lsp.session import Session
from kerasast.lsp.transport import CarefulInput, Protocol
from kerasast.survey import display_path

DEBOUNCE = 0.15
"""Seconds without a change after which what has changed is analysed, for a client that does not ask."""

REST = 0.5
"""Seconds without a change after which all is analysed again that the change may matter to."""

TIDY_AFTER = 0.03
"""Seconds after an answer in which garbage is collected."""

LONGEST_DOCUMENT = 2_000_000
"""Characters of the longest document that is analysed while someone types in it."""

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    notebook_selector=[
        types.NotebookDocumentFilterWithCells(
            notebook="jupyter-notebook", cells=[types.NotebookCellLanguage(language="python")]
        )
    ],
    save=True,
)


_T = TypeVar("_T")


class KerasastServer(LanguageServer):
    """One editor, its folders, and what was said of them last."""

    def __init__(self, settings: Callable[[Path], Settings] = settings_for) -> None:
        """`settings` finds those of a folder."""
        super().__init__(NAME, __version__, protocol_cls=Protocol, notebook_document_sync=_NOTEBOOKS)
        self.settings = settings
        self.sessions: dict[Path, Session] = {}
        self.results: dict[Path, Result] = {}
        self.uris: dict[str, str] = {}
        self.cells: dict[str, list[str]] = {}
        self.pages = Pages()
        self.options: object = None
        """What the client gave when it started the server."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        """Whoever analyses holds it."""
        self._noting = threading.Lock()
        self._changes: dict[Path, dict[Path, str | None]] = {}
        self._saved: set[Path] = set()
        self._thorough: set[Path] = set()
        """Folders of which the files that are not shown have to be looked at again."""
        self._last: dict[str, list[Diagnostic]] = {}
        """What the client was told of each document."""
        self._tidying: asyncio.TimerHandle | None = None
        self._generation = 0
        self._waiting: dict[Path, asyncio.Task[None]] = {}
        self._broken: set[Path] = set()
        self._told: set[str] = set()

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
        """What is known of the project of a file, if that was looked at."""
        return self.sessions.get(self.folder_of(path))

    def show(self, uri: str, text: str) -> None:
        """Take over the text of a document, and analyse it when the client has been quiet for a moment."""
        path = self.path_of(uri)
        if path is None:
            return
        if self.workspace.get_notebook_document(cell_uri=uri) is None:
            self.uris[display_path(path)] = uri
        if len(text) > LONGEST_DOCUMENT:
            self.tell_once(f"{path.name} is too long for kerasast to follow what is typed")
            text = ""
        self._note(path, text)

    def saved(self, uri: str) -> None:
        """A document was saved: some rules look at more than what a file imports."""
        path = self.path_of(uri)
        if path is not None:
            folder = self.folder_of(path)
            with self._noting:
                self._saved.add(folder)
            self._thorough.add(folder)
            self.refresh_soon(folder)

    def close(self, uri: str) -> None:
        """Forget the text of a document, and what was said of it."""
        path = self.path_of(uri)
        name = "" if path is None else display_path(path)
        if path is None or (name not in self.uris and name not in self.cells):
            return
        for target in self.cells.pop(name, [self.uris.pop(name, uri)]):
            self._last.pop(target, None)
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(target, []))
        folder = self.folder_of(path)
        if folder != path:
            self._note(path, None)
            return
        with self._noting:
            self._changes.pop(path, None)
        self.sessions.pop(path, None)
        self.results.pop(path, None)

    def _note(self, path: Path, text: str | None) -> None:
        """The next analysis is to see this text; what is on disk, for `None`."""
        folder = self.folder_of(path)
        with self._noting:
            self._changes.setdefault(folder, {})[path] = text
        self.refresh_soon(folder)

    def refresh_soon(self, folder: Path) -> None:
        """Say what is to be said of the open documents of a project, a moment after the last change."""
        waiting = self._waiting.pop(folder, None)
        if waiting is not None:
            waiting.cancel()
        self._waiting[folder] = asyncio.ensure_future(self._refresh(folder))

    async def _refresh(self, folder: Path) -> None:
        """Analyse and publish; a change that comes meanwhile cancels this, so nothing outdated is published."""
        await asyncio.sleep(DEBOUNCE)
        if not self._pulls():
            await self._publish(folder, hasty=True)
        await asyncio.sleep(REST - DEBOUNCE)
        await self._publish(folder, again=True)
        if folder in self._thorough:
            while await self.in_thread(self._catch_up, folder):
                pass
            self._thorough.discard(folder)
            await self._publish(folder, again=True)

    async def _publish(self, folder: Path, *, again: bool = False, hasty: bool = False) -> None:
        """Tell the client what is to be said of the documents that it shows, or that it may ask again.

        `again` leaves out those of which nothing else is to be said than before; `hasty` is as in `Session.analyze`.
        """
        shown = [
            name for name in (*self.uris, *self.cells) if self.folder_of(Path(name).absolute()) == folder
        ]
        result = await self.in_thread(partial(self.result_of, hasty=hasty), folder, *shown)
        if result is None:
            return
        known = [item for name in shown if name in result.sources for item in self._by_document(name, result)]
        if self._pulls():
            if self.can_be_told_to_pull() and any(
                self._last.get(uri, []) != _shown(items) for uri, items in known
            ):
                await self.workspace_diagnostic_refresh_async(None)
            return
        converter = self.converter(result)
        for uri, items in known:
            if again and self._last.get(uri) == _shown(items):
                continue
            self.note_told(uri, items)
            found = [converter.diagnostic(item) for item in items]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    def _catch_up(self, folder: Path) -> bool:
        """Look at a file that is not shown and may have to be looked at again; whether there was one."""
        with self._lock:
            session = self.sessions.get(folder)
            path = next(iter(session.pending), None) if session is not None else None
            if session is None or path is None:
                return False
            if session.catch_up(path):
                self.results.pop(folder, None)
            return True

    def _tidy_soon(self) -> None:
        """Collect garbage when the client has what it waits for."""
        if self._tidying is None and self._loop is not None:
            self._tidying = self._loop.call_later(TIDY_AFTER, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        collect()

    async def in_thread(self, work: Callable[..., _T], *arguments: object) -> _T:
        """Do work that takes its time; whoever waits for it may stop waiting."""
        self._loop = asyncio.get_running_loop()
        return await self._loop.run_in_executor(None, work, *arguments)

    def result_of(self, folder: Path, *needed: str, hasty: bool = False) -> Result | None:
        """What is to be said of a project; `None`, and a message, if that cannot be told. Takes its time.

        It is what is to be said now of the files whose paths are `needed`; `hasty` is as in `Session.analyze`.
        """
        with self._lock:
            generation = self._generation
            progress = self._progress(folder)
            found: list[Result] = []
            error = attempt(lambda: found.extend(self._analyze(folder, needed, progress, hasty)))
            if progress is not None:
                progress.end()
            if error is not None:
                self.results.pop(folder, None)
                self.tell_once(f"kerasast failed: {error!r}")
            elif hasty and found and found[0] is not self.results.get(folder):
                self.results.pop(folder, None)
            elif found and generation == self._generation:
                self.results[folder] = found[0]
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._tidy_soon)
            return found[0] if found else None

    def _analyze(
        self, folder: Path, needed: Sequence[str], progress: WorkProgress | None, hasty: bool
    ) -> Iterator[Result]:
        session = self._session_in(folder, progress)
        if session is None:
            return
        with self._noting:
            changes = self._changes.pop(folder, {})
            saved = folder in self._saved
            self._saved.discard(folder)
        for path, text in changes.items():
            change = (
                partial(session.forget_text, path) if text is None else partial(session.set_text, path, text)
            )
            error = attempt(change)
            if error is not None:
                self.tell_once(f"kerasast failed on {path.name}: {error}")
        if saved:
            session.forget_reports()
        known = None if changes or saved else self.results.get(folder)
        if known is not None and not any(session.is_outdated(name, hasty=hasty) for name in needed):
            yield known
            return
        if progress is not None:
            progress("Checking", 0, 1)
        yield session.analyze(needed, hasty=hasty)

    def _session_in(self, folder: Path, progress: WorkProgress | None) -> Session | None:
        """The project in a folder; `None`, and a message, if its settings cannot be used."""
        if folder not in self.sessions and folder not in self._broken:
            error = attempt(
                lambda: self.sessions.__setitem__(folder, Session(folder, self.settings, progress))
            )
            if error is not None:
                self._broken.add(folder)
                self.tell(str(error), types.MessageType.Error)
        return self.sessions.get(folder)

    def _progress(self, folder: Path) -> WorkProgress | None:
        """Who tells how the first look at a folder goes; `None` if there was one."""
        if folder in self.sessions or folder in self._broken or self._loop is None:
            return None
        return WorkProgress(self, self._loop, f"kerasast reads {folder.name}")

    def found(self, uri: str, hasty: bool = False) -> tuple[Result, list[Diagnostic]] | None:
        """What is to be said of a document, or of a cell, now. Takes its time; `hasty` is as in `Session.analyze`."""
        path = self.path_of(uri)
        if path is None:
            return None
        name = display_path(path)
        result = self.result_of(self.folder_of(path), name, hasty=hasty)
        if result is None:
            return None
        cell = self.cell_of(uri)
        return result, [item for item in result.diagnostics if item.path == name and item.cell == cell]

    def note_told(self, uri: str, items: list[Diagnostic]) -> None:
        """The client is told this of a document, and need not be told again."""
        self._last[uri] = _shown(items)

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
        counted = str(getattr(encoding, "value", encoding))
        return Converter(counted, result.sources, self.uri_of, self.page_of)

    def page_of(self, rule: str) -> str | None:
        """The page of a rule: on the web, or a file of the server's; `None` for a client with a command for it."""
        address = rule_page(rule)
        if address is not None or command_for(self.options) == CLIENT_COMMAND:
            return address
        file = self.pages.file(rule)
        return None if file is None else file.as_uri()

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

    def can_be_told_to_pull(self) -> bool:
        """Whether the client asks again when it is told that something else is to be said."""
        workspace = self.client_capabilities.workspace
        return bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)

    def tell(self, text: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        """A message to the person at the editor."""
        self.window_show_message(types.ShowMessageParams(kind, text))

    def tell_once(self, text: str) -> None:
        """A message to the person at the editor, who need not read it again."""
        if text not in self._told:
            self._told.add(text)
            self.tell(text)

    def reload(self) -> None:
        """Read everything again: a configuration or another file has changed on disk."""
        with self._noting:
            self._generation += 1
            self._changes.clear()
        self.sessions = {}
        self.results = {}
        self._broken = set()
        for document in list(self.workspace.text_documents.values()):
            in_notebook = self.workspace.get_notebook_document(cell_uri=document.uri) is not None
            if not in_notebook and is_python(document.language_id, document.uri):
                self.show(document.uri, document.source)
        for notebook in list(self.workspace.notebook_documents.values()):
            self.show(notebook.uri, self.notebook_text(notebook))


def is_python(language: str | None, uri: str) -> bool:
    """Whether a document is Python, also where the editor does not say so."""
    return language == "python" or (not language and uri.endswith(".py"))


def make_server(settings: Callable[[Path], Settings] = settings_for) -> KerasastServer:
    """A server that knows what to do with each message."""
    from kerasast.lsp.features import add_features

    server = KerasastServer(settings)
    add_features(server)
    return server


def serve(settings: Callable[[Path], Settings] = settings_for) -> None:
    """Serve one client on standard input and output until it leaves; the process fails if it did not say so before."""
    server = make_server(settings)
    collect_when_told()
    server.start_io(CarefulInput(sys.stdin.buffer))  # type: ignore[arg-type]
    assert isinstance(server.protocol, Protocol)
    if not server.protocol.is_shut_down:
        sys.exit(1)


def _shown(items: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What a client shows of diagnostics, which does not tell whether they have fixes."""
    return [replace(item, fix=None) for item in items]
