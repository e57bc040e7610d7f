import * as vscode from "vscode";

import { fixAll } from "./fixall";
import { LifecycleView } from "./lifecycle";
import { PYTHON_EXTENSION, watchInterpreter } from "./python";
import { explainRule, RuleDocuments } from "./rules";
import { Server } from "./server";
import { needsRestart, readSettings, SECTION } from "./settings";
import { StatusItem } from "./status";
import { createTraceChannel } from "./trace";

/** What other extensions, and the tests, get from this one. */
export interface Api {
  server: Server;
  status: StatusItem;
  lifecycle: LifecycleView;
}

const RESTART_DELAY = 200;

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  const output = vscode.window.createOutputChannel(SECTION, { log: true });
  const trace = createTraceChannel();
  server = new Server(context.extensionPath, output, trace);
  const api = { server, status: new StatusItem(server), lifecycle: new LifecycleView(server) };
  context.subscriptions.push(output, trace, server, api.status, api.lifecycle);
  context.subscriptions.push(new RuleDocuments(server).register());
  registerCommands(context, api, output);
  restartOnChanges(context, server);
  await server.restart();
  return api;
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function registerCommands(context: vscode.ExtensionContext, api: Api, output: vscode.OutputChannel): void {
  const commands: Record<string, (argument?: unknown) => unknown> = {
    restart: () => api.server.restart(),
    fixAll: () => fixAll(api.server),
    showLifecycle: () => api.lifecycle.showHere(),
    explainRule: (argument) => explainRule(api.server, argument),
    showOutput: () => {
      output.show();
    },
  };
  for (const [name, action] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`${SECTION}.${name}`, action));
  }
}

function restartOnChanges(context: vscode.ExtensionContext, running: Server): void {
  let timer: NodeJS.Timeout | undefined;
  const restartSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void running.restart(), RESTART_DELAY);
  };
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (needsRestart(event)) {
        restartSoon();
      }
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(restartSoon),
  );
  const restartForInterpreter = () => {
    const settings = readSettings();
    if (!settings.path && !settings.interpreter) {
      restartSoon();
    }
  };
  const watch = async () => {
    const watching = await watchInterpreter(restartForInterpreter);
    if (watching) {
      context.subscriptions.push(watching);
    }
    return watching !== undefined;
  };
  void watchWhenThere(context, watch, restartForInterpreter);
}

/** The Python extension may be installed later. It is not started in a workspace that is not trusted. */
async function watchWhenThere(
  context: vscode.ExtensionContext,
  watch: () => Promise<boolean>,
  appeared: () => void,
): Promise<void> {
  let watching = vscode.workspace.isTrusted && (await watch());
  const retry = async () => {
    if (!watching && vscode.workspace.isTrusted && vscode.extensions.getExtension(PYTHON_EXTENSION)) {
      watching = await watch();
      if (watching) {
        appeared();
      }
    }
  };
  context.subscriptions.push(
    vscode.extensions.onDidChange(() => void retry()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void retry()),
  );
}
