// Shows a SARIF file in Microsoft's viewer component, in headless Chromium, and takes a picture:
//   npm ci --ignore-scripts && node show.mjs FILE.sarif PICTURE.png [TEXT…]
// Exits with 1 if one of the texts is not on the page or the page reports an error.
import { readFileSync } from "node:fs";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const [log, picture, ...texts] = process.argv.slice(2);
const here = new URL(".", import.meta.url).pathname;

const bundle = await build({
  entryPoints: [`${here}viewer.jsx`],
  bundle: true,
  write: false,
  loader: { ".jsx": "jsx" },
  define: { "process.env.NODE_ENV": '"production"', global: "window" },
  logLevel: "error",
});

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
const page = await browser.newPage({ viewport: { width: 1180, height: 820 } });
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
await page.route(/^https?:/, (route) => route.abort()); // the page needs nothing from anywhere
await page.setContent('<!doctype html><html><body style="margin:0"><div id="app"></div></body></html>');
await page.evaluate((text) => (window.LOG = JSON.parse(text)), readFileSync(log, "utf8"));
await page.addScriptTag({ content: bundle.outputFiles[0].text });
await page.waitForSelector(".bolt-tree-row, .bolt-table-row", { timeout: 60_000 });

await page.waitForTimeout(1000); // groups open by themselves
await page.evaluate(() => document.querySelectorAll("*").forEach((element) => (element.scrollTop = 0)));
const shown = await page.evaluate(() => document.body.innerText);
await page.screenshot({ path: picture });
await browser.close();

const missing = texts.filter((text) => !shown.includes(text));
for (const problem of [...errors, ...missing.map((text) => `not on the page: ${text}`)]) {
  console.error(problem);
}
process.exit(errors.length || missing.length ? 1 : 0);
