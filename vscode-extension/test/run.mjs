// Runs the tests on the package of this platform: `npm test` makes it first. `--pictures` writes those of the docs.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { setUp } from "./tools/setup.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const EXTENSION = path.dirname(HERE);

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const files = (names.length > 0 ? names : ["host", "ui"]).map((name) => path.join(HERE, `${name}.test.mjs`));
const pictures = path.join(EXTENSION, "..", "docs", "assets", "vscode");

/** Make the package, unless there is one of the same sources; its file. */
function makePackage() {
  const python = process.env.PYTHON ?? "python3";
  const script = path.join(EXTENSION, "scripts", "package.py");
  const made = spawnSync(python, [script, "--if-changed"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (made.status !== 0) {
    console.error(made.stdout ?? "", made.error ?? "");
    process.exit(1);
  }
  console.log(made.stdout.trim());
  return path.join(EXTENSION, "..", made.stdout.trim().split("\n").at(-1).split(":")[0]);
}

setUp();
const result = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      KERASAST_VSIX: process.env.KERASAST_VSIX ?? makePackage(),
      ...(process.argv.includes("--pictures") && { KERASAST_PICTURES: pictures }),
    },
  },
);
process.exit(result.status ?? 1);
