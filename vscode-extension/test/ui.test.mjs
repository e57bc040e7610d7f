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
  if (context.error) {
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

test("a mistake is underlined, and stands in the Problems panel with its story", async () => {
  await hands.squiggles().first().waitFor();
  const rows = await hands.problems();
  const row = rows.filter({ hasText: "`save()` writes a file without any weights" }).first();
  await row.waitFor();
  assert.match(await row.innerText(), /kerasast\s+save-before-build/);
  await rows.filter({ hasText: "Sequential model created here, without weights yet" }).first().waitFor();
  await hands.line(13, 1);
  await picture("problems");
});

test("the status item tells the Keras version", async () => {
  await page.keyboard.press("Control+J");
  await page.locator(".markers-panel").waitFor({ state: "hidden" });
  await page.locator('[id="status.languageStatus"]').click();
  const item = page.locator(".hover-language-status", { hasText: "Keras 3." });
  await item.waitFor();
  assert.match(await item.innerText(), /from requirements\.txt: keras<4,>=3\.5; 7 files/);
  await picture("status", { clip: { x: 640, y: 560, width: 640, height: 240 } });
  await page.keyboard.press("Escape");
});

test("the hover tells the mistake, and leads to the document of the rule", async () => {
  await page.locator(".view-line", { hasText: "model.save(path)" }).first().click();
  await hands.line(14, 8);
  await page.keyboard.press("Control+K");
  await page.keyboard.press("Control+I");
  const hover = page
    .locator(".monaco-hover:visible", { hasText: "writes a file without any weights" })
    .first();
  await hover.waitFor();
  await picture("hover");
  await hover.getByText("save-before-build").first().click();
  await page.locator(".tab.active", { hasText: "save-before-build" }).waitFor();
  const document = page.frameLocator("iframe.webview.ready").frameLocator("iframe");
  await document.getByRole("heading", { name: "Why is this bad?" }).waitFor();
  await picture("rule");
});

test("a quick fix is chosen, the file is saved, and the mistake is gone", async () => {
  await hands.file("layers.py", 33, 20);
  const lines = page.locator(".view-line");
  await hands.squiggles("warning").first().waitFor();
  const before = await hands.squiggles("warning").count();
  await page.keyboard.press("Control+.");
  const actions = page.locator(".action-widget .monaco-list-row.action");
  await actions.filter({ hasText: "gamma" }).first().waitFor();
  await picture("quick-fix");
  await page.locator(".action-widget .monaco-list-row.action.focused", { hasText: "gamma" }).waitFor();
  await page.keyboard.press("Enter");
  await lines.filter({ hasText: '"gamma": self.gamma' }).first().waitFor();
  await page.keyboard.press("Control+S");
  const file = path.join(bench.workspace, "layers.py");
  await eventually("the saved file", () => readFileSync(file, "utf8").includes('"gamma": self.gamma}'));
  await eventually("no squiggle", async () => (await hands.squiggles("warning").count()) < before);
  const rows = await hands.problems();
  await rows.filter({ hasText: "init" }).first().waitFor();
  assert.equal(await rows.filter({ hasText: "`get_config` of `ColourBalance` lacks `gamma`" }).count(), 0);
  await page.keyboard.press("Control+J");
});

test("the lifecycle of the model under the cursor is a tree with places to jump to", async () => {
  await hands.file("train.py", 29, 8);
  await hands.command("Show Lifecycle of Model");
  const view = page.locator(
    '.part.panel [id="workbench.view.extension.kerasast"], .part.panel .composite.viewlet',
  );
  const rows = view.locator(".monaco-list-row");
  await rows.filter({ hasText: "models.py:" }).first().waitFor();
  await hands.panelHeight(310);
  await page.mouse.move(900, 200);
  await rows.filter({ hasText: "trainable-after-compile" }).first().waitFor();
  await hands.line(31);
  await picture("lifecycle");
  await rows.filter({ hasText: "models.py:" }).first().click();
  await page.locator(".tab.active", { hasText: "models.py" }).waitFor();
});

test("a mistake in a cell of a notebook is underlined", async () => {
  await page.keyboard.press("Control+J");
  await page.locator(".part.panel").waitFor({ state: "hidden" });
  await hands.file("explore.ipynb");
  const notebook = page.locator(".notebookOverlay");
  await notebook.locator(".view-line", { hasText: "autoreload" }).first().waitFor();
  const { x, y } = await notebook.boundingBox();
  await page.mouse.move(x + 300, y + 300);
  await page.mouse.wheel(0, 3000);
  await notebook.locator(".squiggly-warning").first().waitFor();
  await picture("notebook");
});
