/** The documents of the rules, shown as rendered Markdown. */
import * as vscode from "vscode";

import { Rule, ruleRequest, rulesRequest } from "./protocol";
import { Server } from "./server";
import { SECTION } from "./settings";

const SCHEME = "kerasast-rule";

/** Gives the text of `kerasast-rule:/<name>.md`. */
export class RuleDocuments implements vscode.TextDocumentContentProvider {
  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const name = uri.path.replace(/^\//, "").replace(/\.md$/, "");
    const rule = await this.server.request(ruleRequest, { name });
    return rule?.markdown ?? `# ${name}\n\nThere is no document of a rule of this name.\n`;
  }
}

/** Show the document of a rule: of `name`, else of the one rule that reports at the cursor, else of one that is chosen. */
export async function explainRule(server: Server, argument?: unknown): Promise<void> {
  const name = nameIn(argument) ?? (await chooseRule(server));
  if (name !== undefined) {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}.md` });
    await vscode.commands.executeCommand("markdown.showPreview", uri);
  }
}

/** The name in what the command was called with: a name, or a row of the lifecycle with a problem. */
function nameIn(argument: unknown): string | undefined {
  if (typeof argument === "string") {
    return argument;
  }
  if (typeof argument === "object" && argument !== null && "rule" in argument) {
    return typeof argument.rule === "string" ? argument.rule : undefined;
  }
  return undefined;
}

async function chooseRule(server: Server): Promise<string | undefined> {
  const here = rulesAtCursor();
  if (here.length === 1) {
    return here[0];
  }
  const rules = (await server.request(rulesRequest, {})) ?? [];
  const first = rules.filter((rule) => here.includes(rule.name));
  const others = rules.filter((rule) => !here.includes(rule.name));
  const picked = await vscode.window.showQuickPick([...first, ...others].map(asItem), {
    title: "Explain a rule of kerasast",
    placeHolder: "Name of a rule, or words of what it says",
    matchOnDetail: true,
    matchOnDescription: true,
  });
  return picked?.label;
}

function asItem(rule: Rule): vscode.QuickPickItem {
  return { label: rule.name, description: `${rule.category}, ${rule.severity}`, detail: rule.summary };
}

/** The rules that report on the lines of the selection. */
function rulesAtCursor(): string[] {
  const editor = vscode.window.activeTextEditor;
  if (!editor) {
    return [];
  }
  const found = vscode.languages
    .getDiagnostics(editor.document.uri)
    .filter((item) => item.source === SECTION && item.range.intersection(editor.selection))
    .map((item) => (typeof item.code === "object" ? item.code.value : item.code))
    .filter((code): code is string => typeof code === "string");
  return [...new Set(found)];
}
