/** The output to which kerasast.trace.server has the conversation with the server written. */
import * as vscode from "vscode";

import { SECTION } from "./settings";

/**
 * The client writes the conversation down while the level of the channel that it is given is `Trace`. Here that is so
 * while the setting is not `off`: the setting alone is enough, and nobody has to set the level of a channel as well.
 */
export function createTraceChannel(): vscode.LogOutputChannel {
  const output = vscode.window.createOutputChannel(`${SECTION} trace`);
  const changed = new vscode.EventEmitter<vscode.LogLevel>();
  const level = () => {
    const setting = vscode.workspace.getConfiguration(SECTION).get<string>("trace.server", "off");
    return setting === "off" ? vscode.LogLevel.Info : vscode.LogLevel.Trace;
  };
  const watching = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`${SECTION}.trace.server`)) {
      changed.fire(level());
    }
  });
  const write = (message: string | Error) => {
    output.appendLine(`${new Date().toISOString()} ${String(message)}`);
  };
  const channel: Omit<vscode.LogOutputChannel, "show"> = {
    name: output.name,
    get logLevel() {
      return level();
    },
    onDidChangeLogLevel: changed.event,
    trace: write,
    debug: write,
    info: write,
    warn: write,
    error: write,
    append: (text) => {
      output.append(text);
    },
    appendLine: (text) => {
      output.appendLine(text);
    },
    replace: (text) => {
      output.replace(text);
    },
    clear: () => {
      output.clear();
    },
    hide: () => {
      output.hide();
    },
    dispose: () => {
      watching.dispose();
      changed.dispose();
      output.dispose();
    },
  };
  const show = () => {
    output.show();
  };
  return Object.assign(channel, { show });
}
