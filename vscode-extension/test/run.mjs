// Runs the tests on the package of this platform: `npm test` makes it first. `--pictures` writes those of the docs.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { setUp } from "./tools/setup.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const EXTENSION = path.dirname(HERE);

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const files = (names.length > 0 ? names : ["host", "ui"]).map((name) => path.join(HERE, `${name}.test.mjs`));
const system =
  process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime
    ? "alpine"
    : process.platform;
const packageFile = path.join(EXTENSION, "build", `kerasast-${system}-${process.arch}.vsix`);
const pictures = process.argv.includes("--pictures")
  ? { KERASAST_PICTURES: path.join(EXTENSION, "images") }
  : {};

setUp();
const result = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files],
  {
    stdio: "inherit",
    env: { KERASAST_VSIX: packageFile, ...process.env, ...pictures },
  },
);
process.exit(result.status ?? 1);
