/** Finds a Python to run the server with. Nothing of the workspace is executed unless the workspace is trusted. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";

import { rootFolder } from "./settings";

/** What `bundled/tool/server.py probe` says of a Python. */
export interface Python {
  executable: string;
  version: string;
  /** Whether it is new enough. */
  supported: boolean;
  /** Whether kerasast is installed in its environment. */
  installed: boolean;
}

/** The part of the Python extension's API that is used here. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(
      environment: { path: string } | string,
    ): Promise<{ executable: { uri: vscode.Uri | undefined } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<{ path: string }>;
  };
}

export const PYTHON_EXTENSION = "ms-python.python";
const PROBE_TIMEOUT = 20_000;
const NAMES = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10"];

/** What a Python is; `undefined` if it cannot be started, or is none. */
export async function probe(executable: string, launcher: string): Promise<Python | undefined> {
  const facts = await new Promise<string | undefined>((resolve) => {
    const options = { timeout: PROBE_TIMEOUT, cwd: path.dirname(launcher), windowsHide: true };
    execFile(executable, ["-B", launcher, "probe"], options, (error, stdout) => {
      resolve(error ? undefined : stdout);
    });
  });
  try {
    return facts === undefined ? undefined : { ...(JSON.parse(facts) as Python), executable };
  } catch {
    return undefined;
  }
}

/** The interpreter that is selected in the Python extension, if that is there and has one. */
export async function selectedInterpreter(): Promise<string | undefined> {
  const api = await pythonApi();
  const folder = rootFolder();
  const resource = folder === undefined ? undefined : vscode.Uri.file(folder);
  const active = api?.environments.getActiveEnvironmentPath(resource);
  if (!api || !active) {
    return undefined;
  }
  const resolved = await api.environments.resolveEnvironment(active);
  return resolved?.executable.uri?.fsPath;
}

/** Calls `changed` when another interpreter is selected in the Python extension. */
export async function watchInterpreter(changed: () => void): Promise<vscode.Disposable | undefined> {
  const api = await pythonApi();
  return api?.environments.onDidChangeActiveEnvironmentPath(changed);
}

async function pythonApi(): Promise<PythonApi | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi | undefined>(PYTHON_EXTENSION);
  if (!extension) {
    return undefined;
  }
  const api = await Promise.resolve(extension.activate()).catch(() => undefined);
  return typeof api?.environments === "object" ? api : undefined;
}

/**
 * The Pythons on the PATH, by their full names: a program called `python` in the working directory is none of them, and
 * neither is one in a folder of an untrusted workspace.
 */
export function onPath(): string[] {
  const suffixes = process.platform === "win32" ? [".exe"] : [""];
  const forbidden = vscode.workspace.isTrusted ? [] : (vscode.workspace.workspaceFolders ?? []);
  const folders = (process.env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .filter((folder) => !forbidden.some((root) => isInside(folder, root.uri.fsPath)));
  const found = NAMES.flatMap((name) =>
    folders.flatMap((folder) => suffixes.map((suffix) => path.join(folder, name + suffix))),
  );
  return [...new Set(found.filter((file) => fs.existsSync(file)))];
}

function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}
