/** Makes all safe fixes in the shown file, or in all cells of the shown notebook. */
import * as vscode from "vscode";
import { CodeAction, CodeActionRequest } from "vscode-languageclient/node";

import { Server } from "./server";

const KIND = "source.fixAll.kerasast";
/** One fix may make another possible; more rounds than this never came of one. */
const ROUNDS = 10;

export async function fixAll(server: Server): Promise<void> {
  const client = server.running;
  const documents = shownDocuments();
  if (!client || documents.length === 0) {
    void vscode.window.showInformationMessage(
      client ? "Open a Python file first." : "kerasast is not running.",
    );
    return;
  }
  let made = 0;
  for (const document of documents) {
    made += await fixDocument(server, document);
  }
  if (made === 0) {
    void vscode.window.setStatusBarMessage("kerasast: nothing here is safe to fix", 5000);
  }
}

function shownDocuments(): vscode.TextDocument[] {
  const notebook = vscode.window.activeNotebookEditor?.notebook;
  if (notebook) {
    return notebook
      .getCells()
      .map((cell) => cell.document)
      .filter((document) => document.languageId === "python");
  }
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === "python" ? [document] : [];
}

/** The number of rounds in which something was changed. */
async function fixDocument(server: Server, document: vscode.TextDocument): Promise<number> {
  for (let round = 0; round < ROUNDS; round++) {
    const edit = await nextEdit(server, document);
    if (!edit || !(await vscode.workspace.applyEdit(edit))) {
      return round;
    }
  }
  return ROUNDS;
}

async function nextEdit(
  server: Server,
  document: vscode.TextDocument,
): Promise<vscode.WorkspaceEdit | undefined> {
  const client = server.running;
  if (!client) {
    return undefined;
  }
  const end = document.lineAt(document.lineCount - 1).range.end;
  const answer = await client.sendRequest(CodeActionRequest.type, {
    textDocument: { uri: document.uri.toString() },
    range: { start: { line: 0, character: 0 }, end: { line: end.line, character: end.character } },
    context: { diagnostics: [], only: [KIND] },
  });
  const action = answer?.find((item): item is CodeAction => "edit" in item && item.kind === KIND);
  return action?.edit ? await client.protocol2CodeConverter.asWorkspaceEdit(action.edit) : undefined;
}
