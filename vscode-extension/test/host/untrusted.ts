/** In a workspace that is not trusted, whose files try to have themselves executed. */
import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as vscode from "vscode";

import type { StandIn } from "./standin";
import {
  eventually,
  expectRules,
  kerasast,
  reported,
  runAll,
  show,
  sleep,
  test,
  workspacePath,
} from "./suite";

test("code is checked, by the bundled kerasast", async () => {
  assert.equal(vscode.workspace.isTrusted, false);
  const editor = await show("train.py");
  const { server } = await kerasast();
  await eventually("a server", () => server.state.kind === "running");
  assert.match(
    server.state.kind === "running" ? server.state.origin : "",
    /^bundled kerasast, .*\(on the PATH\)$/,
  );
  await expectRules(editor.document.uri, [
    "fit-without-loss",
    "save-before-build",
    "trainable-after-compile",
    "wrong-file-extension",
  ]);
});

test("settings that cannot execute anything are followed", async () => {
  const { status } = await kerasast();
  await eventually("the version", () => status.shown.text === "Keras 3.7");
});

test("the interpreter that is selected is not even asked for", () => {
  const standIn = vscode.extensions.getExtension<StandIn>("ms-python.python");
  assert.ok(standIn);
  assert.equal(standIn.isActive ? standIn.exports.asked : 0, 0);
});

test("nothing of the workspace was executed", async () => {
  const layers = await show("layers.py");
  await eventually("diagnostics", () => reported(layers.document.uri).length > 0);
  await vscode.commands.executeCommand("kerasast.restart");
  await sleep(500);
  const traces = fs.readdirSync(workspacePath()).filter((name) => name.endsWith(".executed"));
  assert.deepEqual(traces, []);
});

export const run = runAll;
