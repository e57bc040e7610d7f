/** The tests of one run in the extension host, and what they share. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

import type { Api } from "../../src/extension";

type Body = () => Promise<void> | void;

const PATIENCE = 45_000;
const tests: { name: string; body: Body }[] = [];

export function test(name: string, body: Body): void {
  tests.push({ name, body });
}

/** Run all tests; their outcomes go to the file that KERASAST_TEST_RESULTS names. */
export async function runAll(): Promise<void> {
  const outcomes: { name: string; milliseconds: number; error: string | null }[] = [];
  for (const { name, body } of tests) {
    const started = Date.now();
    const error = await Promise.resolve()
      .then(body)
      .then(
        () => null,
        (reason: unknown) => (reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
      );
    outcomes.push({ name, milliseconds: Date.now() - started, error });
    fs.writeFileSync(process.env.KERASAST_TEST_RESULTS ?? "results.json", JSON.stringify(outcomes));
  }
}

export async function eventually<T>(what: string, attempt: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const result = await attempt();
    if (result) {
      return result;
    }
    if (Date.now() > end) {
      throw new Error(`in vain waited for ${what}`);
    }
    await sleep(50);
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function workspacePath(...names: string[]): string {
  return path.join(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? "", ...names);
}

export async function kerasast(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>("kerasast.kerasast");
  if (!extension) {
    throw new Error("the extension is not installed");
  }
  return await extension.activate();
}

export async function show(name: string): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(workspacePath(name));
  return await vscode.window.showTextDocument(document, { preview: false });
}

/** The rules that report in a document, sorted, each as often as it does. */
export function reported(uri: vscode.Uri): string[] {
  return vscode.languages
    .getDiagnostics(uri)
    .filter((item) => item.source === "kerasast")
    .map((item) => String(typeof item.code === "object" ? item.code.value : item.code))
    .sort();
}

/** Wait until exactly these rules report in a document. */
export async function expectRules(uri: vscode.Uri, rules: string[]): Promise<void> {
  const wanted = JSON.stringify([...rules].sort());
  try {
    await eventually("rules", () => JSON.stringify(reported(uri)) === wanted);
  } catch {
    throw new Error(`${path.basename(uri.path)}: ${JSON.stringify(reported(uri))} instead of ${wanted}`);
  }
}

/** Run `body` with other settings of the workspace, and take them back. */
export async function withSettings(settings: Record<string, unknown>, body: Body): Promise<void> {
  const config = () => vscode.workspace.getConfiguration("kerasast");
  for (const [name, value] of Object.entries(settings)) {
    await config().update(name, value, vscode.ConfigurationTarget.Workspace);
  }
  try {
    await body();
  } finally {
    for (const name of Object.keys(settings)) {
      await config().update(name, undefined, vscode.ConfigurationTarget.Workspace);
    }
  }
}

/** A program that writes its arguments to `<name>.ran` and then becomes `program`. */
export function script(name: string, program: string, environment = ""): string {
  const file = workspacePath(name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\necho "$@" >> '${file}.ran'\n${environment} exec ${program} "$@"\n`, {
    mode: 0o755,
  });
  return file;
}

/** What a `script` was called with, line by line. */
export function calls(file: string): string[] {
  return fs.existsSync(`${file}.ran`) ? fs.readFileSync(`${file}.ran`, "utf8").trim().split("\n") : [];
}

/** Undo all changes of the shown document. */
export async function revert(): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.files.revert");
}
