// Visual Studio Code in a browser without a screen, with the extension's package installed, and hands to work it with.
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { chromium as chromiumProgram, CODE_SERVER, setUp } from "./tools/setup.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
export const EXTENSION = path.dirname(HERE);
const EXAMPLE = path.join(EXTENSION, "..", "examples", "plant_disease");

/** Milliseconds for what may take long on a busy machine: the start of the editor, the first analysis. */
export const PATIENCE = 60_000;

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb",
];

const SETTINGS = {
  "editor.minimap.enabled": false,
  "editor.accessibilitySupport": "off",
  "editor.stickyScroll.enabled": false,
  "explorer.autoReveal": false,
  "extensions.ignoreRecommendations": true,
  "files.simpleDialog.enable": true,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.commandCenter": false,
  "window.title": "${activeEditorShort}${separator}${rootName}",
  "workbench.colorTheme": "Default Dark Modern",
  "workbench.enableExperiments": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
};

/** The package that is tested. `npm test` has made it. */
function packageFile() {
  const file = process.env.KERASAST_VSIX;
  if (!file || !existsSync(file)) {
    throw new Error("KERASAST_VSIX must name the package to test; `npm test` makes and names one");
  }
  return file;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Try until `attempt` gives something true. */
export async function eventually(what, attempt, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const result = await attempt();
    if (result) {
      return result;
    }
    if (Date.now() > end) {
      throw new Error(`in vain waited for ${what}`);
    }
    await sleep(100);
  }
}

/** An editor with a workspace of its own: a copy of the example project. */
export class Workbench {
  /**
   * `settings` are the user's, `workspaceSettings` those of the folder; `trust` makes every folder trusted.
   * `files` are further files of the folder, by name. `environment` gives variables for the folder and the workspace.
   */
  static async start({ settings = {}, workspaceSettings, files = {}, trust = true, environment } = {}) {
    setUp();
    const { chromium } = await import(
      pathToFileURL(path.join(HERE, "tools", "node_modules", "playwright-core", "index.mjs")).href
    );
    const folder = mkdtempSync(path.join(os.tmpdir(), "kerasast-vscode-"));
    const bench = new Workbench(folder, path.join(folder, "plant_disease"));
    try {
      bench.writeFiles({ ...SETTINGS, ...settings }, workspaceSettings, files);
      bench.install(packageFile());
      await bench.serve(trust, environment?.(folder, bench.workspace) ?? {});
      bench.browser = await chromium.launch({
        executablePath: chromiumProgram(),
        args: CHROMIUM_FLAGS,
        headless: true,
      });
    } catch (error) {
      await bench.stop();
      throw error;
    }
    return bench;
  }

  constructor(folder, workspace) {
    this.folder = folder;
    this.workspace = workspace;
    this.log = "";
  }

  writeFiles(settings, workspaceSettings, files) {
    cpSync(EXAMPLE, this.workspace, { recursive: true });
    mkdirSync(path.join(this.workspace, ".hg")); // the top of a project, which the explorer does not show
    const user = path.join(this.folder, "data", "User");
    mkdirSync(user, { recursive: true });
    writeFileSync(path.join(user, "settings.json"), JSON.stringify(settings));
    if (workspaceSettings) {
      mkdirSync(path.join(this.workspace, ".vscode"));
      writeFileSync(path.join(this.workspace, ".vscode", "settings.json"), JSON.stringify(workspaceSettings));
    }
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(this.workspace, name)), { recursive: true });
      writeFileSync(path.join(this.workspace, name), content, { mode: 0o755 });
    }
  }

  install(file) {
    const result = spawnSync(
      process.execPath,
      [CODE_SERVER, ...this.folders(), "--install-extension", file],
      {
        encoding: "utf8",
        env: { ...process.env, ...NO_GALLERY },
      },
    );
    if (result.status !== 0) {
      throw new Error(`the package cannot be installed:\n${result.stdout}${result.stderr}`);
    }
  }

  folders() {
    const [data, extensions] = ["data", "extensions"].map((name) => path.join(this.folder, name));
    return ["--user-data-dir", data, "--extensions-dir", extensions];
  }

  async serve(trust, environment) {
    this.port = await freePort();
    const args = [CODE_SERVER, "--auth", "none", "--bind-addr", `127.0.0.1:${this.port}`, ...this.folders()];
    args.push("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override");
    args.push(...(trust ? ["--disable-workspace-trust"] : []));
    // A group of its own, so that all that it starts ends with it.
    this.process = spawn(process.execPath, args, {
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      cwd: this.folder,
      env: { ...process.env, ...NO_GALLERY, ...environment },
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on("data", (data) => (this.log += data));
    }
    await eventually("code-server", async () => {
      if (this.process.exitCode !== null) {
        throw new Error(`code-server has ended:\n${this.log}`);
      }
      return fetch(`http://127.0.0.1:${this.port}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
    });
  }

  /** What the extension has written to its output, for when something has failed. */
  keepLog() {
    const logs = path.join(this.folder, "data", "logs");
    const names = existsSync(logs) ? readdirSync(logs, { recursive: true }) : [];
    const own = names.filter((name) => name.endsWith("kerasast.log"));
    const text = own.map((name) => readFileSync(path.join(logs, name), "utf8")).join("\n");
    mkdirSync(path.join(EXTENSION, "build"), { recursive: true });
    writeFileSync(path.join(EXTENSION, "build", "last.log"), `${text}\n${this.log}`);
  }

  async stop() {
    this.keepLog();
    await this.browser?.close();
    if (this.process?.pid && this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      process.kill(-this.process.pid, "SIGTERM");
      await Promise.race([ended, sleep(5000)]);
      try {
        process.kill(-this.process.pid, "SIGKILL");
      } catch {
        // all of the group has ended
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Show the workspace in a new page; `payload` are pairs of what the web editor is told, such as `["openFile", uri]`. */
  async open(payload = [], { width = 1280, height = 800, before } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, deviceScaleFactor: 2 });
    const page = await context.newPage();
    await before?.(page);
    const query = new URLSearchParams({ folder: this.workspace });
    if (payload.length > 0) {
      query.set("payload", JSON.stringify(payload));
    }
    await page.goto(`http://127.0.0.1:${this.port}/?${query}`);
    return page;
  }

  /** The URI that the web editor has for a file of the workspace, or for another file. */
  uri(name) {
    return `vscode-remote://127.0.0.1:${this.port}${path.resolve(this.workspace, name)}`;
  }
}

const NO_GALLERY = {
  EXTENSIONS_GALLERY: JSON.stringify({ serviceUrl: "", itemUrl: "", resourceUrlTemplate: "" }),
};

/** What a person does in the editor. */
export class Hands {
  constructor(page) {
    this.page = page;
    page.setDefaultTimeout(PATIENCE);
  }

  async ready() {
    await this.page.waitForSelector(".monaco-workbench .part.editor", { state: "attached" });
  }

  /** Run a command by its title. */
  async command(title) {
    await this.page.keyboard.press("F1");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`>${title}`);
    const row = this.page.locator(".quick-input-list .monaco-list-row", { hasText: title }).first();
    await row.waitFor();
    await row.click();
  }

  /** Open a file at the top of the workspace, and perhaps go to a line and column. */
  async file(name, line, column = 1) {
    await this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
    await this.page.locator(".tab.active", { hasText: name }).waitFor();
    if (line !== undefined) {
      await this.line(line, column);
    }
  }

  async line(line, column = 1) {
    await this.page.keyboard.press("Control+G");
    const input = this.page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press("Enter");
    await this.page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  }

  /** Make the panel as high as that, in pixels. */
  async panelHeight(height) {
    const panel = await this.page.locator(".part.panel").boundingBox();
    await this.drag(panel.x + 400, panel.y, panel.x + 400, panel.y + panel.height - height);
  }

  async drag(fromX, fromY, toX, toY) {
    await this.page.mouse.move(fromX, fromY);
    await this.page.mouse.down();
    await this.page.mouse.move(toX, toY, { steps: 5 });
    await this.page.mouse.up();
  }

  squiggles(kind = "error") {
    return this.page.locator(`.editor-instance .squiggly-${kind}`);
  }

  async problems() {
    const panel = this.page.locator(".markers-panel");
    if (!(await panel.isVisible())) {
      await this.page.keyboard.press("Control+Shift+M");
      await panel.waitFor();
    }
    return panel.locator(".monaco-list-row");
  }
}
