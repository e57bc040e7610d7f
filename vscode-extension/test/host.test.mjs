// Runs the suites of `host/` inside the extension host of a real editor, and shows each of their tests as one here.
import assert from "node:assert/strict";
import { cpSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import esbuild from "esbuild";

import { EXTENSION, eventually, Hands, Workbench } from "./workbench.mjs";

const HOST = path.join(path.dirname(fileURLToPath(import.meta.url)), "host");
const BUILD = path.join(EXTENSION, "build", "host");
const SUITE_MINUTES = 6;

/** A program and modules of the workspace that leave a trace when they are executed. */
const leavesTrace = (name) => `open(${JSON.stringify(name)} + ".executed", "w").close()\n`;
const program = (name) =>
  `#!/bin/sh\ntouch "$(dirname "$0")/${name}.executed" '${name}.executed'\nexec python3 "$@"\n`;

const HOSTILE = {
  workspaceSettings: {
    "kerasast.path": "${workspaceFolder}/evil-path",
    "kerasast.interpreter": "${workspaceFolder}/evil-python",
    "kerasast.args": ["--no-such-option"],
    "kerasast.importStrategy": "fromEnvironment",
    "kerasast.kerasVersion": "3.7",
  },
  files: {
    "evil-path": program("evil-path"),
    "evil-python": program("evil-python"),
    python3: program("python3"),
    python: program("python"),
    "kerasast/__init__.py": leavesTrace("kerasast"),
    "pygls/__init__.py": leavesTrace("pygls"),
    "sitecustomize.py": leavesTrace("sitecustomize"),
    "json.py": leavesTrace("json"),
  },
};

async function compile() {
  const names = ["standin", "trusted", "untrusted"];
  await esbuild.build({
    entryPoints: names.map((name) => path.join(HOST, `${name}.ts`)),
    outdir: BUILD,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["vscode"],
    sourcemap: "inline",
  });
  cpSync(path.join(HOST, "package.json"), path.join(BUILD, "package.json"));
}

/** Run a suite, and give the outcomes of its tests. */
async function outcomes(bench, suite, results) {
  let finished;
  const exit = new Promise((resolve) => (finished = resolve));
  const log = [];
  await bench.open(
    [
      ["extensionDevelopmentPath", bench.uri(BUILD)],
      ["extensionTestsPath", bench.uri(path.join(BUILD, `${suite}.js`))],
    ],
    {
      before: async (page) => {
        await page.exposeFunction("codeAutomationExit", (code) => finished(code));
        await page.exposeFunction("codeAutomationLog", (_, entries) => void log.push(entries.join(" ")));
      },
    },
  );
  const late = setTimeout(() => finished("it took too long"), SUITE_MINUTES * 60_000);
  const code = await exit;
  clearTimeout(late);
  const found = existsSync(results) ? JSON.parse(readFileSync(results, "utf8")) : [];
  assert.equal(
    code,
    0,
    `the extension host ended with ${code}, after ${found.length} tests:\n${log.slice(-20).join("\n")}`,
  );
  return found;
}

async function runSuite(context, suite, options) {
  await compile();
  const bench = await Workbench.start({
    ...options,
    environment: (folder, workspace) => ({
      KERASAST_TEST_RESULTS: path.join(folder, "results.json"),
      ...(suite === "untrusted" && {
        KERASAST_TEST_SELECTED: path.join(workspace, "evil-python"),
        PATH: `${workspace}:.:${process.env.PATH}`,
      }),
    }),
  });
  try {
    const found = await outcomes(bench, suite, path.join(bench.folder, "results.json"));
    assert.ok(found.length > 0, "no test has run");
    for (const { name, error } of found) {
      await context.test(name, () => {
        if (error !== null) {
          throw new Error(error);
        }
      });
    }
  } finally {
    await bench.stop();
  }
}

test("in a trusted workspace", (context) => runSuite(context, "trusted", {}));

test("in an untrusted workspace", (context) => runSuite(context, "untrusted", { ...HOSTILE, trust: false }));

test("once the workspace is trusted, its settings are used", async () => {
  const bench = await Workbench.start({ ...HOSTILE, trust: false });
  try {
    const page = await bench.open([["openFile", bench.uri("train.py")]]);
    const hands = new Hands(page);
    await hands.squiggles().first().waitFor();
    assert.equal(existsSync(path.join(bench.workspace, "evil-path.executed")), false);
    await hands.command("Workspaces: Manage Workspace Trust");
    await page.locator(".workspace-trust-editor").getByRole("button", { name: "Trust", exact: true }).click();
    await eventually("the program of the workspace", () =>
      existsSync(path.join(bench.workspace, "evil-path.executed")),
    );
  } finally {
    await bench.stop();
  }
});
