"""What the server does with each message of a client."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from lsprotocol import types

from kerasast.address import rule_page
from kerasast.diagnostics import Diagnostic
from kerasast.lsp import actions, explaining, extras, pages, stories, toml
from kerasast.lsp.convert import NAME, Converter, overlaps
from kerasast.lsp.server import KerasastServer, is_python

_WATCHED = ("**/pyproject.toml", "**/kerasast.toml", "**/requirements*.txt", "**/*.lock", "**/*.py")
"""Files whose changes on disk matter: settings, versions, and modules that open files import."""


def add_features(server: KerasastServer) -> None:
    """Let a server handle every message that it can."""
    _begin(server)
    _follow_documents(server)
    _follow_notebooks(server)
    _follow_files(server)
    _answer(server)
    _answer_about_names(server)
    _explain_rules(server)
    _answer_extras(server)


def _begin(server: KerasastServer) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.options = params.initialization_options

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        workspace = server.client_capabilities.workspace
        watched = workspace.did_change_watched_files if workspace else None
        if watched is not None and watched.dynamic_registration:
            watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.Registration("kerasast-files", method, options)
            server.client_register_capability(types.RegistrationParams([registration]))


def _follow_documents(server: KerasastServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        if is_python(params.text_document.language_id, params.text_document.uri):
            server.show(params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = server.workspace.text_documents.get(unquote(params.text_document.uri))
        if document is not None and is_python(document.language_id, document.uri):
            server.show(params.text_document.uri, document.source)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        uri = params.text_document.uri
        if toml.is_configuration(uri):
            server.reload()
        else:
            server.saved(uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.close(params.text_document.uri)


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


def _follow_files(server: KerasastServer) -> None:
    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def touched(params: types.DidChangeWatchedFilesParams) -> None:
        shown = {name for name in server.workspace.text_documents if name.endswith(".py")}
        if any(unquote(event.uri) not in shown for event in params.changes):
            server.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(params: types.DidChangeConfigurationParams) -> None:
        server.reload()

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def folders_changed(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.reload()


def _answer(server: KerasastServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_DIAGNOSTIC,
        types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier=NAME),
    )
    async def pull(params: types.DocumentDiagnosticParams) -> types.DocumentDiagnosticReport:
        hasty = server.can_be_told_to_pull()  # what haste leaves out would else never be said
        known = await server.in_thread(server.found, params.text_document.uri, hasty)
        if known is None:
            return types.RelatedFullDocumentDiagnosticReport(items=[])
        result, items = known
        server.note_told(params.text_document.uri, items)
        return types.RelatedFullDocumentDiagnosticReport(
            items=list(map(server.converter(result).diagnostic, items))
        )

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=list(actions.KINDS))
    )
    async def code_actions(params: types.CodeActionParams) -> Sequence[types.CodeAction]:
        known = await server.in_thread(server.found, params.text_document.uri)
        if known is None:
            return []
        result, items = known
        converter = server.converter(result)
        here = [item for item in items if _touches(converter, item, params.range)]
        command = explaining.command_for(server.options)
        only = params.context.only
        return [
            action
            for action in (
                *actions.offered(converter, here, items),
                *explaining.explanations(converter, here, command),
            )
            if only is None or any(_is_kind(action, wanted) for wanted in only)
        ]


def _answer_about_names(server: KerasastServer) -> None:
    """What the names of rules and settings mean, in comments and in configuration files, and which there are."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        document = server.workspace.get_text_document(params.text_document.uri)
        offset = document.offset_at_position(params.position)
        if toml.is_configuration(document.uri):
            text = toml.meaning_at(document.uri, document.source, offset)
        else:
            text = pages.rule_at(document.source, offset)
        return None if text is None else types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=["[", ",", '"'])
    )
    def complete(params: types.CompletionParams) -> list[types.CompletionItem]:
        document = server.workspace.get_text_document(params.text_document.uri)
        offset = document.offset_at_position(params.position)
        if toml.is_configuration(document.uri):
            found = toml.suggestions(document.uri, document.source, offset)
            return [_suggested(item, params.position) for item in found]
        return [
            types.CompletionItem(name, kind=types.CompletionItemKind.EnumMember, detail=summary)
            for name, summary in pages.names_at(document.source, offset)
        ]


def _suggested(item: toml.Suggestion, position: types.Position) -> types.CompletionItem:
    """What is typed already is ASCII, one unit a character in every encoding."""
    start = types.Position(position.line, position.character - item.typed)
    kind = types.CompletionItemKind.Property if item.is_setting else types.CompletionItemKind.EnumMember
    return types.CompletionItem(
        item.text,
        kind=kind,
        detail=item.detail,
        filter_text=item.text,
        text_edit=types.TextEdit(types.Range(start, position), item.text),
    )


def _explain_rules(server: KerasastServer) -> None:
    @server.command(explaining.SERVER_COMMAND)
    async def explain(rule: str) -> None:
        """Show the document of a rule: its page, or a file with it, or its sentence."""
        address = rule_page(rule)
        window = server.client_capabilities.window
        shows = window is not None and window.show_document is not None and window.show_document.support
        file = server.pages.file(rule)
        if shows and (address or file):
            uri = address or (Path() if file is None else file).as_uri()
            params = types.ShowDocumentParams(uri, external=address is not None, take_focus=True)
            await server.window_show_document_async(params)
            return
        where = f" Its document: {address or file}" if address or file else ""
        server.tell(server.pages.summary(rule) + where, types.MessageType.Info)


def _answer_extras(server: KerasastServer) -> None:
    """Answer the requests that are kerasast's own."""

    @server.feature(extras.STATUS)
    async def status(params: Any) -> dict[str, object]:
        uri = params.textDocument.uri
        found = await server.in_thread(server.found, uri)
        path = server.path_of(uri)
        session = None if path is None else server.session_of(path)
        version = None if path is None or session is None else session.version_of(path)
        return extras.status(version, None if found is None else found[0])

    @server.feature(stories.LIFECYCLE)
    async def lifecycle(params: Any) -> dict[str, object] | None:
        position = types.Position(params.position.line, params.position.character)
        return await server.in_thread(server.story, params.textDocument.uri, position)

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
