/** The item in the list of language states: the Keras that the shown file is for, and why. */
import * as vscode from "vscode";

import { statusRequest } from "./protocol";
import { Server } from "./server";
import { SECTION } from "./settings";

const DELAY = 300;

/** Keeps the item up to date. */
export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.LanguageStatusItem;
  private readonly disposables: { dispose(): unknown }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly server: Server) {
    this.item = vscode.languages.createLanguageStatusItem(`${SECTION}.status`, { language: "python" });
    this.item.name = SECTION;
    this.item.text = SECTION;
    this.disposables.push(
      this.item,
      server.onDidChangeState(() => {
        this.soon(0);
      }),
      server.onDidDiagnose(() => {
        this.soon(DELAY);
      }),
      vscode.window.onDidChangeActiveTextEditor(() => {
        this.soon(0);
      }),
    );
  }

  /** What is shown, for tests. */
  get shown(): { text: string; detail: string; severity: vscode.LanguageStatusSeverity; busy: boolean } {
    const { text, detail, severity, busy } = this.item;
    return { text, detail: detail ?? "", severity, busy };
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }

  private soon(delay: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), delay);
  }

  private async refresh(): Promise<void> {
    const state = this.server.state;
    this.item.busy = state.kind === "starting";
    this.item.severity = vscode.LanguageStatusSeverity.Information;
    this.item.command = { title: "Show Output", command: `${SECTION}.showOutput` };
    switch (state.kind) {
      case "disabled":
        this.say(SECTION, "switched off");
        return;
      case "starting":
        this.say(SECTION, "starting");
        return;
      case "failed":
        this.item.severity = vscode.LanguageStatusSeverity.Error;
        this.say(SECTION, state.problem);
        return;
      case "running":
        await this.showVersion(state.origin);
    }
  }

  private async showVersion(origin: string): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId !== "python" || document.uri.scheme === "output") {
      return;
    }
    const status = await this.server.request(statusRequest, {
      textDocument: { uri: document.uri.toString() },
    });
    if (!status) {
      this.say(SECTION, origin);
      return;
    }
    const files = `${status.files} ${status.files === 1 ? "file" : "files"}`;
    const some = status.fixes
      ? ""
      : `; some fixes need libcst, which is not there for Python ${status.python}`;
    if (status.kerasVersion === null) {
      this.say("no Keras", `nothing of Keras in this file${some}`);
      return;
    }
    this.item.command = {
      title: "Change",
      command: "workbench.action.openSettings",
      arguments: ["kerasast.kerasVersion"],
    };
    this.say(`Keras ${status.kerasVersion}`, `${status.reason ?? ""}; ${files}${some}`);
  }

  private say(text: string, detail: string): void {
    this.item.text = text;
    this.item.detail = `kerasast: ${detail}`;
  }
}
