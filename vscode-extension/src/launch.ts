/** Decides what is started as the server. */
import * as path from "node:path";
import * as vscode from "vscode";

import { onPath, probe, Python, selectedInterpreter } from "./python";
import { Settings } from "./settings";

/** A command to start, and where it comes from, for people. */
export interface Launch {
  command: string;
  args: string[];
  origin: string;
}

/** Why nothing can be started, and the setting that would change it. */
export interface Obstacle {
  problem: string;
  setting: "path" | "interpreter";
}

/** What to start for these settings. */
export async function findLaunch(
  settings: Settings,
  extensionPath: string,
  log: vscode.LogOutputChannel,
): Promise<Launch | Obstacle> {
  const options = serverOptions(settings);
  if (settings.path) {
    return { command: settings.path, args: ["server", ...options], origin: "kerasast.path" };
  }
  const launcher = path.join(extensionPath, "bundled", "tool", "server.py");
  const found = await findPython(settings, launcher, log);
  if ("problem" in found) {
    return found;
  }
  const { python, origin } = found;
  const own = settings.importStrategy === "fromEnvironment" && python.installed;
  // -I: neither the working directory, nor PYTHONPATH, nor the user's own packages come before the bundled ones.
  const flags = own ? ["-X", "utf8"] : ["-X", "utf8", "-I"];
  const which = own ? "kerasast of this environment" : "bundled kerasast";
  return {
    command: python.executable,
    args: [...flags, launcher, own ? "environment" : "bundled", ...options],
    origin: `${which}, Python ${python.version} (${origin})`,
  };
}

function serverOptions(settings: Settings): string[] {
  const version = settings.kerasVersion === "auto" ? [] : [`--keras-version=${settings.kerasVersion}`];
  return [...version, ...settings.args];
}

async function findPython(
  settings: Settings,
  launcher: string,
  log: vscode.LogOutputChannel,
): Promise<{ python: Python; origin: string } | Obstacle> {
  if (settings.interpreter) {
    const python = await probe(settings.interpreter, launcher);
    if (python?.supported) {
      return { python, origin: "kerasast.interpreter" };
    }
    const what = python ? `is Python ${python.version}` : "is no Python that can be started";
    const problem = `kerasast needs Python 3.10 or newer, and kerasast.interpreter (${settings.interpreter}) ${what}.`;
    return { problem, setting: "interpreter" };
  }
  const older: string[] = [];
  for await (const [executable, origin] of candidates()) {
    const python = await probe(executable, launcher);
    log.info(
      `${executable}: ${python ? `Python ${python.version}` : "no Python that can be started"} (${origin})`,
    );
    if (python?.supported) {
      return { python, origin };
    }
    if (python) {
      older.push(python.version);
    }
  }
  const found =
    older.length > 0 ? `Only older ones were found: ${[...new Set(older)].join(", ")}.` : "None was found.";
  return { problem: `kerasast needs Python 3.10 or newer. ${found}`, setting: "interpreter" };
}

async function* candidates(): AsyncGenerator<[string, string]> {
  const selected = vscode.workspace.isTrusted ? await selectedInterpreter() : undefined;
  if (selected) {
    yield [selected, "selected in the Python extension"];
  }
  for (const executable of onPath()) {
    yield [executable, "on the PATH"];
  }
}
