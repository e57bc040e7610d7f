/** The settings as the user has written them. */
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

export const SECTION = "kerasast";

export interface Settings {
  enable: boolean;
  kerasVersion: string;
  fixAll: boolean;
  args: string[];
  importStrategy: "fromEnvironment" | "useBundled";
  interpreter: string;
  path: string;
}

/** A change of one of these needs another server. The others are looked at whenever they matter. */
const OF_THE_SERVER = ["enable", "kerasVersion", "args", "importStrategy", "interpreter", "path"];

/** Those in force. In an untrusted workspace the editor leaves out what package.json restricts. */
export function readSettings(): Settings {
  const config = vscode.workspace.getConfiguration(SECTION);
  return {
    enable: config.get("enable", true),
    kerasVersion: config.get("kerasVersion", "auto").trim() || "auto",
    fixAll: config.get("fixAll", true),
    args: config.get<string[]>("args", []),
    importStrategy: vscode.workspace.isTrusted
      ? config.get<Settings["importStrategy"]>("importStrategy", "fromEnvironment")
      : "useBundled",
    interpreter: expand(config.get("interpreter", "")),
    path: expand(config.get("path", "")),
  };
}

/** Whether a change of the settings needs another server. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  return OF_THE_SERVER.some((name) => event.affectsConfiguration(`${SECTION}.${name}`));
}

/** The first folder of the workspace: where the server runs, and what relative paths are relative to. */
export function rootFolder(): string | undefined {
  return vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === "file")?.uri.fsPath;
}

function expand(text: string): string {
  const folder = rootFolder();
  const replaced = text
    .trim()
    .replace(/^~(?=$|[/\\])/, os.homedir())
    .replaceAll("${userHome}", os.homedir())
    .replaceAll("${workspaceFolder}", folder ?? "")
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => process.env[name] ?? "");
  const isRelativePath = /[/\\]/.test(replaced) && !path.isAbsolute(replaced);
  return isRelativePath && folder ? path.resolve(folder, replaced) : replaced;
}
