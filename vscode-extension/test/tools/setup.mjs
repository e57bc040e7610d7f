// Installs Visual Studio Code for the browser (code-server) and what drives it into this folder, from the npm registry
// and the Debian packages alone. Done once: what is there already is kept. Fails, and says so, where something is missing.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const STAMP = path.join(HERE, "node_modules", ".set-up");

/** Where the program of code-server is, once set up. */
export const CODE_SERVER = path.join(HERE, "node_modules", "code-server", "out", "node", "entry.js");

function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: HERE,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    ...options,
    env: {
      ...process.env,
      npm_config_loglevel: "error",
      npm_config_update_notifier: "false",
      ...options.env,
    },
  });
  if (result.status !== 0) {
    const said = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`;
    throw new Error(`${command} ${args.join(" ")} failed:\n${said.split("\n").slice(-40).join("\n")}`);
  }
  return result.stdout;
}

/** Where Node.js has its headers, which the one native module is built with: `node-gyp` would download them. */
function headers() {
  const prefix = path.dirname(path.dirname(process.execPath));
  return [prefix, "/usr", "/usr/local"].find((folder) =>
    existsSync(path.join(folder, "include", "node", "node.h")),
  );
}

function codeServer() {
  const lock = readFileSync(path.join(HERE, "package-lock.json"), "utf8") + process.version;
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) {
    return;
  }
  console.log("installing code-server (once, about a minute)");
  rmSync(path.join(HERE, "node_modules"), { recursive: true, force: true });
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  const nodedir = headers();
  run("npm", ["rebuild", "--foreground-scripts", "argon2"], {
    env: { npm_config_build_from_source: "true", ...(nodedir ? { npm_config_nodedir: nodedir } : {}) },
  });
  const vscode = path.join(HERE, "node_modules", "code-server", "lib", "vscode");
  run("npm", ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: vscode });
  rmSync(path.join(vscode, "node_modules.asar"), { force: true });
  symlinkSync("node_modules", path.join(vscode, "node_modules.asar"));
  writeFileSync(STAMP, lock);
}

/** A program of Chromium: the one that `CHROMIUM` names, else one that is installed. */
export function chromium() {
  const names = [
    process.env.CHROMIUM,
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
  ];
  return names.find((name) => name && existsSync(name));
}

function browser() {
  if (chromium()) {
    return;
  }
  if (userInfo().uid !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Error("Chromium is needed: install it, or name its program in CHROMIUM");
  }
  console.log("installing Chromium");
  run("apt-get", ["update"]);
  run("apt-get", ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
  if (!chromium()) {
    throw new Error("apt-get has installed no Chromium");
  }
}

/** Install what is lacking. */
export function setUp() {
  codeServer();
  browser();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setUp();
  console.log(CODE_SERVER, chromium(), homedir() === "" ? "" : "ready");
}
