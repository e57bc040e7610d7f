// What a person sees and does, in a real editor: squiggle, Problems, hover, quick fix, save; lifecycle, rule, notebook.
// With KERASAST_PICTURES set to a folder, pictures of it are written there.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, test } from "node:test";

import { EXTENSION, eventually, Hands, Workbench } from "./workbench.mjs";

const PICTURES = process.env.KERASAST_PICTURES;

let bench;
let page;
let hands;

before(async () => {
  bench = await Workbench.start();
  page = await bench.open([["openFile", bench.uri("train.py")]]);
  hands = new Hands(page);
  await hands.ready();
});

after(() => bench?.stop());

afterEach(async (context) => {
  if (context.error ?? !context.passed) {
    mkdirSync(path.join(EXTENSION, "build"), { recursive: true });
    await page?.screenshot({ path: path.join(EXTENSION, "build", "failed.png") });
  }
});

async function picture(name, options = {}) {
  if (PICTURES) {
    mkdirSync(PICTURES, { recursive: true });
    await page.waitForTimeout(700);
    await page.screenshot({ path: path.join(PICTURES, `${name}.png`), ...options });
  }
}

test("a mistake is underlined, and stands in the Problems panel", async () => {
  await hands.squiggles().first().waitFor();
  const rows = await hands.problems();
  const row = rows.filter({ hasText: "`save()` writes a file without any weights" });
  await row.first().waitFor();
  assert.match(await row.first().innerText(), /kerasast\s+save-before-build/);
  await hands.line(14, 1);
  await picture("problems");
});

test("the hover tells the mistake and leads to the rule", async () => {
  await page.keyboard.press("Control+J");
  await hands.line(14, 8);
  await page.keyboard.press("Control+K");
  await page.keyboard.press("Control+I");
  const hover = page.locator(".monaco-hover:visible", { hasText: "writes a file without any weights" });
  await hover.first().waitFor();
  await picture("hover");
  await hover.getByText("save-before-build").first().click();
  await page.locator(".tab.active", { hasText: "save-before-build" }).waitFor();
  await picture("rule");
});

test("a quick fix is chosen, the file is saved, and the mistake is gone", async () => {
  await hands.file("layers.py", 33, 20);
  const rows = await hands.problems();
  const row = rows.filter({ hasText: "`get_config` of `ColourBalance` lacks `gamma`" });
  await row.first().waitFor();
  await page.keyboard.press("Control+.");
  const action = page.locator(".action-widget .monaco-list-row.action", { hasText: "gamma" }).first();
  await action.waitFor();
  await picture("quick-fix");
  await action.click();
  await row.first().waitFor({ state: "detached" });
  await page.keyboard.press("Control+S");
  const file = path.join(bench.workspace, "layers.py");
  await eventually("the saved file", () =>
    readFileSync(file, "utf8").includes('"gain": self.gain, "gamma": self.gamma}'),
  );
  assert.equal(await row.count(), 0);
});
