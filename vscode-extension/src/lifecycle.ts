/** The life of the model under the cursor, as a tree with places to jump to. */
import * as vscode from "vscode";
import { TextDocumentPositionParams } from "vscode-languageclient/node";

import { EventKind, Lifecycle, LifecycleEvent, lifecycleRequest, Problem } from "./protocol";
import { Server } from "./server";
import { SECTION } from "./settings";

const VIEW = `${SECTION}.lifecycle`;
const DELAY = 250;

const ICONS: Record<EventKind, string> = {
  created: "add",
  built: "symbol-structure",
  compiled: "gear",
  frozen: "lock",
  unfrozen: "unlock",
  trained: "flame",
  called: "play",
  saved: "save",
  loaded: "folder-opened",
  other: "circle-small-filled",
};
const PROBLEM_ICONS: Record<Problem["severity"], [string, string]> = {
  error: ["error", "problemsErrorIcon.foreground"],
  warning: ["warning", "problemsWarningIcon.foreground"],
  info: ["info", "problemsInfoIcon.foreground"],
};
const COLORS: Partial<Record<EventKind, string>> = {
  created: "charts.blue",
  built: "charts.green",
  compiled: "charts.purple",
  trained: "charts.orange",
  saved: "charts.green",
  loaded: "charts.green",
  frozen: "charts.blue",
  unfrozen: "charts.blue",
};

/** A row: an event, or what is wrong with the one above it. */
export type Row = { event: LifecycleEvent } | { event: LifecycleEvent; problem: Problem; rule: string };

/** The view. It follows the cursor while it can be seen, and keeps the last model where there is none. */
export class LifecycleView implements vscode.TreeDataProvider<Row>, vscode.Disposable {
  private readonly view: vscode.TreeView<Row>;
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly disposables: { dispose(): unknown }[] = [];
  private story: Lifecycle | undefined;
  private rows: Row[] = [];
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly server: Server) {
    this.view = vscode.window.createTreeView(VIEW, { treeDataProvider: this });
    this.disposables.push(
      this.view,
      this.changed,
      this.view.onDidChangeVisibility(() => {
        this.followSoon();
      }),
      vscode.window.onDidChangeTextEditorSelection(() => {
        this.followSoon();
      }),
      server.onDidDiagnose(() => {
        this.followSoon();
      }),
    );
  }

  /** What is shown, for tests. */
  get shown(): Lifecycle | undefined {
    return this.story;
  }

  /** Show the life of the model under the cursor, and the view if it is not there. */
  async showHere(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== "python") {
      void vscode.window.showInformationMessage("Put the cursor on a Keras model in a Python file first.");
      return;
    }
    const story = await this.server.request(lifecycleRequest, position(editor));
    if (!story) {
      void vscode.window.showInformationMessage(
        this.server.state.kind === "running"
          ? "kerasast knows of no Keras model at the cursor. Put it on the name of a model, or where one is created."
          : "kerasast is not running.",
      );
      return;
    }
    this.show(story);
    await vscode.commands.executeCommand(`${VIEW}.focus`);
    const first = this.rows[0];
    if (first) {
      await this.view.reveal(first, { select: false, focus: false });
    }
  }

  getChildren(row?: Row): Row[] {
    if (!row) {
      return this.rows;
    }
    const problem = row.event.problem;
    return problem && !("problem" in row) ? [{ event: row.event, problem, rule: problem.rule }] : [];
  }

  getParent(row: Row): Row | undefined {
    return "problem" in row ? this.rows.find((other) => other.event === row.event) : undefined;
  }

  getTreeItem(row: Row): vscode.TreeItem {
    return "problem" in row ? problemItem(row.event, row.problem) : eventItem(row.event);
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private followSoon(): void {
    clearTimeout(this.timer);
    if (this.view.visible) {
      this.timer = setTimeout(() => void this.follow(), DELAY);
    }
  }

  private async follow(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== "python") {
      return;
    }
    const story = await this.server.request(lifecycleRequest, position(editor));
    if (story && JSON.stringify(story) !== JSON.stringify(this.story)) {
      this.show(story);
    }
  }

  private show(story: Lifecycle): void {
    this.story = story;
    this.rows = story.events.map((event) => ({ event }));
    this.view.description = story.title;
    this.view.message = `${story.title}: ${story.subtitle}`;
    const problems = story.events.filter((event) => event.problem).length;
    this.view.badge =
      problems > 0 ? { value: problems, tooltip: `${problems} problems in its life` } : undefined;
    this.changed.fire(undefined);
  }
}

function position(editor: vscode.TextEditor): TextDocumentPositionParams {
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}

function eventItem(event: LifecycleEvent): vscode.TreeItem {
  const state = event.problem
    ? vscode.TreeItemCollapsibleState.Expanded
    : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(plain(event.text), state);
  const color = COLORS[event.kind];
  item.iconPath = new vscode.ThemeIcon(ICONS[event.kind], color ? new vscode.ThemeColor(color) : undefined);
  item.description = placeOf(event);
  item.contextValue = "event";
  item.tooltip = new vscode.MarkdownString(event.text);
  item.command = jump(event);
  item.accessibilityInformation = { label: `${event.kind}: ${event.text}, ${placeOf(event)}` };
  return item;
}

function problemItem(event: LifecycleEvent, problem: Problem): vscode.TreeItem {
  const item = new vscode.TreeItem(plain(problem.message), vscode.TreeItemCollapsibleState.None);
  const [icon, color] = PROBLEM_ICONS[problem.severity];
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(color));
  item.description = problem.rule;
  item.contextValue = "problem";
  item.tooltip = new vscode.MarkdownString(`${problem.message}\n\n*${problem.rule}*`);
  item.command = jump(event);
  return item;
}

/** Labels show no Markdown. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** `train.py:12`. */
function placeOf(event: LifecycleEvent): string {
  const uri = vscode.Uri.parse(event.location.uri);
  const name = uri.path.slice(uri.path.lastIndexOf("/") + 1);
  return `${name}:${event.location.range.start.line + 1}`;
}

function jump(event: LifecycleEvent): vscode.Command {
  const { start, end } = event.location.range;
  const selection = new vscode.Range(start.line, start.character, end.line, end.character);
  const options: vscode.TextDocumentShowOptions = { selection, preserveFocus: false };
  return {
    title: "Go to it",
    command: "vscode.open",
    arguments: [vscode.Uri.parse(event.location.uri), options],
  };
}
