/** In a workspace that is trusted. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

import { statusRequest } from "../../src/protocol";
import type { StandIn } from "./standin";
import {
  calls,
  eventually,
  expectRules,
  kerasast,
  reported,
  revert,
  runAll,
  script,
  show,
  test,
  withSettings,
  workspacePath,
} from "./suite";

const TRAIN = ["fit-without-loss", "save-before-build", "trainable-after-compile", "wrong-file-extension"];

async function originIs(pattern: RegExp): Promise<void> {
  const { server } = await kerasast();
  await eventually(`a server by ${pattern.source}`, () => {
    return server.state.kind === "running" && pattern.test(server.state.origin);
  });
}

async function statusIs(pattern: RegExp): Promise<void> {
  const { status } = await kerasast();
  try {
    await eventually("status", () => pattern.test(`${status.shown.text} | ${status.shown.detail}`));
  } catch {
    throw new Error(`the status is ${JSON.stringify(status.shown)}`);
  }
}

async function fixAllOffered(uri: vscode.Uri): Promise<boolean> {
  const everything = new vscode.Range(0, 0, 1000, 0);
  const found = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    "vscode.executeCodeActionProvider",
    uri,
    everything,
    vscode.CodeActionKind.SourceFixAll.value,
  );
  return found.some((action) => action.kind?.value === "source.fixAll.kerasast");
}

test("a Python file activates the extension, which starts the server that it brings", async () => {
  const editor = await show("train.py");
  await originIs(/^bundled kerasast, Python 3\.\d+\.\d+ \(on the PATH\)$/);
  await expectRules(editor.document.uri, TRAIN);
});

test("a diagnostic has its severity, its story, and a way to the document of its rule", async () => {
  const editor = await show("train.py");
  await expectRules(editor.document.uri, TRAIN);
  const item = vscode.languages
    .getDiagnostics(editor.document.uri)
    .find((one) => one.message.startsWith("`save()`"));
  assert.equal(item?.severity, vscode.DiagnosticSeverity.Error);
  assert.equal(item.range.start.line, 13);
  const places = (item.relatedInformation ?? []).map((one) => path.basename(one.location.uri.path));
  assert.deepEqual(places, ["models.py", "train.py"]);
  assert.ok(typeof item.code === "object" && item.code.target.scheme === "command");
});

test("the status item tells the Keras version and why", async () => {
  await show("train.py");
  await statusIs(/^Keras 3\.\d+ \| kerasast: from requirements\.txt: keras<4,>=3\.5; 7 files$/);
  await show("data.py");
  await statusIs(/^no Keras \| kerasast: nothing of Keras in this file/);
});

test("kerasast.kerasVersion goes before what the project says", async () => {
  const editor = await show("train.py");
  await withSettings({ kerasVersion: "2.15" }, async () => {
    await statusIs(/^Keras 2\.15 /);
    await eventually("other verdicts", () => !reported(editor.document.uri).includes("wrong-file-extension"));
  });
  await statusIs(/^Keras 3\.\d+ /);
  await expectRules(editor.document.uri, TRAIN);
});

test("kerasast.args are arguments of the server", async () => {
  const editor = await show("train.py");
  await withSettings({ args: ["--select=saving", "--ignore", "save-before-build"] }, async () => {
    await expectRules(editor.document.uri, ["wrong-file-extension"]);
  });
  await expectRules(editor.document.uri, TRAIN);
});

test("arguments that the server refuses are an error that is shown, not a server that starts for ever", async () => {
  const { server } = await kerasast();
  await withSettings({ args: ["--no-such-option"] }, async () => {
    await eventually("a failure", () => server.state.kind === "failed");
    await statusIs(/could not be started/);
  });
  await originIs(/bundled/);
});

test("kerasast.enable stops the server and takes back what it said", async () => {
  const editor = await show("train.py");
  await expectRules(editor.document.uri, TRAIN);
  const { server } = await kerasast();
  await withSettings({ enable: false }, async () => {
    await eventually("the end of the server", () => server.state.kind === "disabled");
    await expectRules(editor.document.uri, []);
    await statusIs(/switched off/);
  });
  await expectRules(editor.document.uri, TRAIN);
});

test("kerasast.trace.server is handed on", async () => {
  const { server } = await kerasast();
  const level = () => (server.running as unknown as { _trace: number } | undefined)?._trace;
  await eventually("a server", () => level() === 0);
  await withSettings({ "trace.server": "verbose" }, async () => {
    await eventually("tracing", () => (level() ?? 0) > 1);
  });
  await eventually("no tracing", () => level() === 0);
});

test("what changes in one file is seen in another that imports it, before it is saved", async () => {
  const models = await show("models.py");
  const train = await show("train.py");
  await expectRules(train.document.uri, TRAIN);
  const edit = new vscode.WorkspaceEdit();
  edit.insert(models.document.uri, new vscode.Position(12, 8), "    keras.Input(SHAPE),\n        ");
  await vscode.workspace.applyEdit(edit);
  assert.match(models.document.lineAt(12).text, /^ {12}keras\.Input/);
  await expectRules(
    train.document.uri,
    TRAIN.filter((rule) => rule !== "save-before-build"),
  );
  await show("models.py");
  await revert();
  await expectRules(train.document.uri, TRAIN);
});

test("the command that fixes all makes every safe fix", async () => {
  const editor = await show("layers.py");
  await eventually("diagnostics", () => reported(editor.document.uri).length === 6);
  await vscode.commands.executeCommand("kerasast.fixAll");
  const text = editor.document.getText();
  assert.match(text, /"gain": self\.gain, "gamma": self\.gamma\}/);
  assert.match(text, /\{\*\*super\(\)\.get_config\(\), "units"/);
  await expectRules(editor.document.uri, ["undefined-weight", "untracked-variable"]);
  await revert();
  await eventually("diagnostics", () => reported(editor.document.uri).length === 6);
});

test("kerasast.fixAll decides whether there is something to do on save", async () => {
  const editor = await show("layers.py");
  await eventually("diagnostics", () => reported(editor.document.uri).length === 6);
  assert.equal(await fixAllOffered(editor.document.uri), true);
  await withSettings({ fixAll: false }, async () => {
    assert.equal(await fixAllOffered(editor.document.uri), false);
  });
  assert.equal(await fixAllOffered(editor.document.uri), true);
});

test("fixes are made on save where the settings want it", async () => {
  const editor = await show("layers.py");
  const before = editor.document.getText();
  const config = vscode.workspace.getConfiguration("editor");
  await config.update("codeActionsOnSave", { "source.fixAll.kerasast": "always" }, false);
  await editor.edit((edit) => {
    edit.insert(new vscode.Position(0, 0), "# changed\n");
  });
  await editor.document.save();
  await config.update("codeActionsOnSave", undefined, false);
  assert.match(fs.readFileSync(workspacePath("layers.py"), "utf8"), /"gamma": self\.gamma/);
  await editor.edit((edit) => {
    edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), before);
  });
  await editor.document.save();
  assert.equal(fs.readFileSync(workspacePath("layers.py"), "utf8"), before);
});

test("the document of a rule is shown", async () => {
  const uri = vscode.Uri.from({ scheme: "kerasast-rule", path: "/save-before-build.md" });
  const document = await vscode.workspace.openTextDocument(uri);
  assert.match(document.getText(), /^# save-before-build\n/);
  assert.match(document.getText(), /## Why is this bad\?/);
  await vscode.commands.executeCommand("kerasast.explainRule", "wrong-file-extension");
  await eventually("the preview", () =>
    vscode.window.tabGroups.all.some((group) =>
      group.tabs.some((tab) => tab.label.includes("wrong-file-extension")),
    ),
  );
  await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
});

test("the life of the model under the cursor is shown, over files", async () => {
  const editor = await show("train.py");
  await expectRules(editor.document.uri, TRAIN);
  editor.selection = new vscode.Selection(13, 6, 13, 6);
  await vscode.commands.executeCommand("kerasast.showLifecycle");
  const { lifecycle } = await kerasast();
  const story = lifecycle.shown;
  assert.ok(story, "there is no story");
  const kinds = story.events.map((event) => event.kind);
  assert.equal(kinds[0], "created");
  assert.ok(
    kinds.indexOf("compiled") > 0 && kinds.indexOf("saved") > kinds.indexOf("compiled"),
    kinds.join(),
  );
  assert.match(story.events[0]?.location.uri ?? "", /models\.py$/);
  const problems = story.events.filter((event) => event.problem).map((event) => event.problem?.rule);
  assert.deepEqual(problems, ["save-before-build"]);
  const [first] = lifecycle.getChildren();
  assert.ok(first);
  const item = lifecycle.getTreeItem(first);
  assert.equal(item.description, "models.py:12");
  assert.ok(item.command);
  await vscode.commands.executeCommand(item.command.command, ...(item.command.arguments as unknown[]));
  await eventually("the jump", () => vscode.window.activeTextEditor?.document.uri.path.endsWith("models.py"));
  assert.equal(vscode.window.activeTextEditor?.selection.start.line, 11);
});

test("notebooks are checked cell by cell", async () => {
  const uri = vscode.Uri.file(workspacePath("explore.ipynb"));
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  await vscode.window.showNotebookDocument(notebook);
  const cells = notebook.getCells().filter((cell) => cell.kind === vscode.NotebookCellKind.Code);
  const rules = () => cells.map((cell) => reported(cell.document.uri).join());
  const wanted = ["nothing-to-train", "fit-without-compile"];
  await eventually("diagnostics of cells", () => rules().filter(Boolean).join() === wanted.join());
  const guilty = cells.find((cell) => reported(cell.document.uri).includes("fit-without-compile"));
  assert.ok(guilty);
  const edit = new vscode.WorkspaceEdit();
  edit.insert(
    guilty.document.uri,
    new vscode.Position(0, 0),
    "# kerasast: file-ignore[fit-without-compile]\n",
  );
  await vscode.workspace.applyEdit(edit);
  await eventually("a cell without diagnostics", () => rules().filter(Boolean).join() === "nothing-to-train");
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
});

test("the interpreter that is selected in the Python extension is used, and another one when it changes", async () => {
  const standIn = vscode.extensions.getExtension<StandIn>("ms-python.python")?.exports;
  assert.ok(standIn);
  const first = script("env-one/bin/python", "python3");
  const second = script("env-two/bin/python", "python3");
  standIn.select(first);
  await originIs(/selected in the Python extension/);
  await eventually("a server", () => calls(first).some((line) => line.includes("server.py bundled")));
  standIn.select(second);
  await eventually("another server", () => calls(second).some((line) => line.includes("server.py bundled")));
  standIn.select(workspacePath("no-such-python"));
  await originIs(/on the PATH/);
  standIn.select("");
});

test("kerasast.interpreter goes before the one that is selected", async () => {
  const python = script("mine/python", "python3");
  await withSettings({ interpreter: "${workspaceFolder}/mine/python" }, async () => {
    await originIs(/\(kerasast\.interpreter\)/);
    assert.ok(calls(python).some((line) => line.includes("server.py bundled")));
  });
  await originIs(/on the PATH/);
});

test("an interpreter that cannot be used is an error that names the setting", async () => {
  const { server } = await kerasast();
  await withSettings({ interpreter: "/no/such/python" }, async () => {
    await eventually("a failure", () => server.state.kind === "failed");
    await statusIs(/kerasast\.interpreter \(\/no\/such\/python\) is no Python that can be started/);
  });
  await originIs(/on the PATH/);
});

test("kerasast of the environment is used where it is installed, unless the bundled one is wanted", async () => {
  const libs = vscode.extensions.getExtension("kerasast.kerasast")?.extensionPath ?? "";
  const python = script("with-kerasast/python", "python3", `PYTHONPATH='${libs}/bundled/libs'`);
  await withSettings({ interpreter: python }, async () => {
    await originIs(/^kerasast of this environment/);
    await withSettings({ importStrategy: "useBundled" }, () => originIs(/^bundled kerasast/));
  });
  await originIs(/on the PATH/);
});

test("kerasast.path goes before everything", async () => {
  const launcher = vscode.extensions.getExtension("kerasast.kerasast")?.extensionPath ?? "";
  const program = workspacePath("my-kerasast");
  const body = `#!/bin/sh\necho "$@" > '${program}.ran'\nshift\nexec python3 '${launcher}/bundled/tool/server.py' bundled "$@"\n`;
  fs.writeFileSync(program, body, { mode: 0o755 });
  const editor = await show("train.py");
  await withSettings({ path: program, kerasVersion: "3.10", interpreter: "/no/such/python" }, async () => {
    await originIs(/^kerasast\.path$/);
    await statusIs(/^Keras 3\.10 /);
    await expectRules(editor.document.uri, TRAIN);
    assert.deepEqual(calls(program), ["server --keras-version=3.10"]);
  });
  await originIs(/on the PATH/);
});

test("the command that restarts starts another server", async () => {
  const editor = await show("train.py");
  const { server } = await kerasast();
  const states: string[] = [];
  const watching = server.onDidChangeState((state) => states.push(state.kind));
  await vscode.commands.executeCommand("kerasast.restart");
  watching.dispose();
  assert.deepEqual(states, ["disabled", "starting", "running"]);
  await expectRules(editor.document.uri, TRAIN);
});

test("a server that is killed is started again", async () => {
  const editor = await show("train.py");
  const { server } = await kerasast();
  const pid = () =>
    (server.running as unknown as { _serverProcess?: { pid: number } } | undefined)?._serverProcess?.pid;
  const problems = async () => {
    const params = { textDocument: { uri: editor.document.uri.toString() } };
    return (await eventually("an answer", () => server.request(statusRequest, params))).problems;
  };
  const old = await eventually("a server", pid);
  const before = await problems();
  process.kill(old, "SIGKILL");
  await eventually("another server", () => pid() !== undefined && pid() !== old);
  assert.equal(await problems(), before);
  await expectRules(editor.document.uri, TRAIN);
});

export const run = runAll;
