/** Starts the server, stops it, and starts it again when the settings or the interpreter change. */
import * as vscode from "vscode";
import {
  CloseAction,
  DocumentDiagnosticRequest,
  ErrorAction,
  ErrorHandler,
  ExecuteCommandRequest,
  LanguageClient,
  LanguageClientOptions,
  Middleware,
  RequestType,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/node";

import { findLaunch, Launch } from "./launch";
import { readSettings, rootFolder, SECTION } from "./settings";

const FIX_ALL = vscode.CodeActionKind.SourceFixAll.append(SECTION);
const MOST_CRASHES = 4;
const CRASHES_WITHIN = 3 * 60_000;

/** What the server is doing, for the status item. */
export type ServerState =
  | { kind: "disabled" }
  | { kind: "starting" }
  | { kind: "running"; origin: string }
  | { kind: "failed"; problem: string };

/** The documents that the server is told of. */
const DOCUMENTS: LanguageClientOptions["documentSelector"] = [
  { scheme: "file", language: "python" },
  { notebook: { notebookType: "jupyter-notebook", scheme: "file" }, language: "python" },
  { scheme: "file", pattern: "**/kerasast.toml" },
  { scheme: "file", pattern: "**/pyproject.toml" },
];

/** One server at a time; starts and stops wait for each other. */
export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private current: ServerState = { kind: "disabled" };
  private queue: Promise<void> = Promise.resolve();
  private crashes: number[] = [];
  private diedEarly: ((reason: Error) => void) | undefined;
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly diagnosed = new vscode.EventEmitter<void>();

  /** Tells of each new state. */
  readonly onDidChangeState = this.changed.event;
  /** Tells that the server has said something new about a document. */
  readonly onDidDiagnose = this.diagnosed.event;

  constructor(
    private readonly extensionPath: string,
    private readonly output: vscode.LogOutputChannel,
    private readonly trace: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** What is wrong with the server's answer to a request is written to the output; then there is no answer. */
  async request<P, R>(type: RequestType<P, R, void>, params: P): Promise<R | undefined> {
    await this.queue;
    if (this.client?.state !== State.Running) {
      return undefined;
    }
    try {
      return await this.client.sendRequest<R>(type.method, params);
    } catch (error) {
      this.output.warn(`${type.method}: ${String(error)}`);
      return undefined;
    }
  }

  /** The client, while the server runs. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** Stop the server if there is one, and start one if the settings want one. */
  restart(): Promise<void> {
    this.crashes = [];
    return this.enqueue(async () => {
      await this.stopClient();
      await this.startClient();
    });
  }

  stop(): Promise<void> {
    return this.enqueue(() => this.stopClient());
  }

  dispose(): void {
    this.changed.dispose();
    this.diagnosed.dispose();
  }

  private enqueue(action: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(action).catch((error: unknown) => {
      this.fail(String(error));
    });
    return this.queue;
  }

  private async startClient(): Promise<void> {
    const settings = readSettings();
    if (!settings.enable) {
      this.become({ kind: "disabled" });
      return;
    }
    this.become({ kind: "starting" });
    const launch = await findLaunch(settings, this.extensionPath, this.output);
    if ("problem" in launch) {
      this.fail(launch.problem, launch.setting);
      return;
    }
    this.output.info(`starting ${[launch.command, ...launch.args].join(" ")}`);
    const client = this.makeClient(launch);
    this.client = client;
    try {
      // A server that ends before it has answered settles nothing in the client.
      await Promise.race([client.start(), new Promise((_, reject) => (this.diedEarly = reject))]);
    } catch (error) {
      this.client = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      this.fail(`The server could not be started: ${reason}`, settings.path ? "path" : undefined);
      return;
    }
    this.diedEarly = undefined;
    this.become({ kind: "running", origin: launch.origin });
  }

  private async stopClient(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (!client) {
      return;
    }
    this.become({ kind: "disabled" });
    try {
      await client.dispose(5000);
    } catch (error) {
      this.output.warn(`stopping: ${String(error)}`);
    }
  }

  private makeClient(launch: Launch): LanguageClient {
    const folder = rootFolder();
    const executable = {
      command: launch.command,
      args: launch.args,
      options: { ...(folder === undefined ? {} : { cwd: folder }), env: { ...process.env } },
    };
    const client = new LanguageClient(SECTION, SECTION, executable, {
      documentSelector: DOCUMENTS ?? [],
      outputChannel: this.output,
      traceOutputChannel: this.trace,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: this.errorHandler(),
      initializationOptions: { commands: ["kerasast.explainRule", "kerasast.showLifecycle"] },
      middleware: this.middleware(),
    });
    // The extension has these commands itself, and a command cannot be registered twice.
    client.getFeature(ExecuteCommandRequest.method).initialize = () => undefined;
    // The client asks for diagnostics of visible documents alone, and of no notebook that was opened before it was shown.
    // Without this feature the server tells of all that are open.
    const pull = client.getFeature(DocumentDiagnosticRequest.method);
    pull.fillClientCapabilities = () => undefined;
    pull.initialize = () => undefined;
    return client;
  }

  /** A server that ends is started again, but not for ever, and not one that has never been running. */
  private errorHandler(): ErrorHandler {
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        const now = Date.now();
        this.crashes = [...this.crashes.filter((time) => now - time < CRASHES_WITHIN), now];
        if (this.current.kind !== "running") {
          this.diedEarly?.(new Error("it ended at once; the output tells why"));
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        if (this.crashes.length > MOST_CRASHES) {
          this.fail("The server has ended several times, and is not started again.");
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        this.output.warn("the server has ended, and is started again");
        return { action: CloseAction.Restart, handled: true };
      },
    };
  }

  private middleware(): Middleware {
    return {
      provideCodeActions: async (document, range, context, token, next) => {
        const actions = await next(document, range, context, token);
        if (readSettings().fixAll) {
          return actions;
        }
        return actions?.filter((action) => !("kind" in action && FIX_ALL.contains(action.kind)));
      },
      handleDiagnostics: (uri, diagnostics, next) => {
        next(uri, diagnostics.map(withDocument));
        this.diagnosed.fire();
      },
    };
  }

  private become(state: ServerState): void {
    this.current = state;
    void vscode.commands.executeCommand("setContext", `${SECTION}.running`, state.kind === "running");
    this.changed.fire(state);
  }

  private fail(problem: string, setting?: string): void {
    this.output.error(problem);
    this.become({ kind: "failed", problem });
    void offerHelp(problem, this.output, setting);
  }
}

/** The name of the rule leads to its document, where the server gives no address of its own. */
function withDocument(diagnostic: vscode.Diagnostic): vscode.Diagnostic {
  if (typeof diagnostic.code === "string") {
    const args = encodeURIComponent(JSON.stringify([diagnostic.code]));
    const target = vscode.Uri.parse(`command:${SECTION}.explainRule?${args}`);
    diagnostic.code = { value: diagnostic.code, target };
  }
  return diagnostic;
}

async function offerHelp(problem: string, output: vscode.OutputChannel, setting?: string): Promise<void> {
  const select = "Select Interpreter";
  const settings = "Open Settings";
  const show = "Show Output";
  const commands = await vscode.commands.getCommands(true);
  const canSelect = setting === "interpreter" && commands.includes("python.setInterpreter");
  const choices = [...(canSelect ? [select] : []), ...(setting ? [settings] : []), show];
  const chosen = await vscode.window.showErrorMessage(problem, ...choices);
  if (chosen === select) {
    await vscode.commands.executeCommand("python.setInterpreter");
  } else if (chosen === settings && setting) {
    await vscode.commands.executeCommand("workbench.action.openSettings", `${SECTION}.${setting}`);
  } else if (chosen === show) {
    output.show();
  }
}
