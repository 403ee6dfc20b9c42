// The page's pictures, light and dark, wide and narrow. UPDATE_IMAGES=1 puts them into docs/images; otherwise they go
// into a folder that is thrown away.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CtiModel } from "@jackfield/client";
import WebSocket from "ws";
import { ADMIN, AGENT, Bed, until } from "./bed.mjs";

const FOLDER =
  process.env.UPDATE_IMAGES === "1"
    ? fileURLToPath(new URL("../../../docs/images", import.meta.url))
    : mkdtempSync(join(tmpdir(), "jackfield-images-"));
let bed;
const clients = [];

before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  bed = await Bed.start();
  for (const [token, name] of [
    [AGENT, "panel"],
    [AGENT, "CRM"],
    [ADMIN, "watch"],
  ]) {
    const model = new CtiModel({ url: bed.host.url, token, WebSocket, client: { name }, heartbeat: 600_000 });
    await model.connect();
    clients.push(model);
  }
});

after(async () => {
  await Promise.all(clients.map((model) => model.close()));
  await bed?.end();
});

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 690 };

/** Things that come with time stand in the picture. */
const ready = {
  overview: (page) =>
    until("a curve", async () => (await page.locator("[data-tile=events] .curve path").last().getAttribute("d").catch(() => "")).split("L").length > 6),
  connections: (page) => page.locator("[data-connection=sim] .tag.up").waitFor(),
  plugins: (page) => page.locator("[data-plugin]").first().waitFor(),
  clients: (page) => page.locator("tbody tr").nth(2).waitFor(),
  events: async (page) => {
    await page.locator(".name.over", { hasText: "callFinished" }).first().waitFor();
    await page.locator(".rows .row").filter({ hasText: "callStarted" }).last().click();
    await page.locator("aside pre").waitFor();
  },
};

for (const [part, is] of Object.entries(ready))
  test(part, async () => {
    const page = await bed.admin(part, { viewport: WIDE });
    await is(page);
    for (const [name, viewport, colorScheme] of [
      ["light", WIDE, "light"],
      ["dark", WIDE, "dark"],
      ["narrow", NARROW, "light"],
    ]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      if (part === "events" && name === "narrow") await page.getByRole("button", { name: "Close" }).click();
      const wide = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
      assert.equal(await wide(), true, `${name}: nothing is wider than the window`);
      await page.screenshot({ path: join(FOLDER, `admin-${part}-${name}.png`) });
    }
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

test("login", async () => {
  const page = await bed.page({ colorScheme: "light" });
  await page.goto(`${bed.host.url}/admin/`);
  await page.locator("input[name=token]").waitFor();
  await page.screenshot({ path: join(FOLDER, "admin-login-light.png") });
  await page.context().close();
});
