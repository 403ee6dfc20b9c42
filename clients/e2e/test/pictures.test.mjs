// Pictures of the main states, light and dark, for docs/panel.md. UPDATE_IMAGES=1 puts them into docs/images; otherwise they
// are made and looked at by nobody but this test: whatever cannot be shown, fails here.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { Bed, TOKENS, act, until } from "../src/bed.mjs";
import { USUAL } from "../src/host.mjs";

const IMAGES = fileURLToPath(new URL("../../../docs/images", import.meta.url));
const KEEP = process.env.UPDATE_IMAGES === "1";
const FOLDER = KEEP ? IMAGES : join(tmpdir(), "jackfield-images");
mkdirSync(FOLDER, { recursive: true });

const PAST = [
  ["+380441234567", "Olena Koval", true],
  ["+380507654321", "Taras Shevchuk", false],
  ["+4930901820", "Mira Becker", true],
  ["+380661112233", "Iryna Bondar", true],
  ["+442071838750", "Harper & Lane", false],
  ["+380932223344", "Danylo Kravets", true],
];
const made = new Set();
let bed;
before(async () => {
  bed = await Bed.start({ connections: USUAL.replace("seed = 7", "seed = 7\noutside.answer = 0.2") });
  for (const [from, name, answered] of PAST) {
    await bed.sim.ring(from, name);
    const { callId } = await until("the call", () => bed.sim.calls[0]);
    if (answered) await bed.sim.model.answerCall({ line: "sim/101", callId });
    await bed.sim.service("remoteHangup");
    await until("it is over", () => bed.sim.calls.length === 0);
  }
});
after(() => bed?.end());

/** A picture when nothing moves any more. */
async function picture(page, name) {
  await page.mouse.move(2, 2);
  await page.evaluate(() => document.querySelector("jackfield-panel").shadowRoot.activeElement?.blur());
  await until("nothing moves", () => page.evaluate(() => document.querySelector("jackfield-panel").shadowRoot.getAnimations().every((a) => a.effect.getTiming().iterations === Infinity)));
  const path = join(FOLDER, `${name}.png`);
  await page.screenshot({ path });
  made.add(`${name}.png`);
}

const clear = async () => {
  await bed.sim.clear();
  await until("no call is left", () => bed.sim.calls.length === 0);
};

for (const colorScheme of ["light", "dark"])
  test(`pictures, ${colorScheme}`, async () => {
    const name = (state) => `panel-${state}-${colorScheme}`;
    const look = { colorScheme, deviceScaleFactor: 2, viewport: { width: 380, height: 680 } };
    const page = await bed.panel(await bed.context(look));
    await page.locator("[data-past]").first().waitFor();
    await picture(page, name("idle"));
    await bed.sim.ring("+380441234567", "Olena Koval", { data: { case: "4711" } });
    await page.locator(".ringing").waitFor();
    await picture(page, name("ringing"));
    await act(page, "answer");
    await page.locator("section.card[data-state=connected] .timer", { hasText: "0:02" }).waitFor();
    await picture(page, name("talking"));
    await act(page, "transfer");
    await page.locator("input[name=target]").pressSequentially("38066");
    await page.locator(".offers button").first().click();
    await picture(page, name("transfer"));
    await act(page, "consult");
    await until("both talk", () => bed.sim.calls.length === 2 && bed.sim.calls.some((c) => c.role === "consult" && c.state === "connected"));
    await page.locator("[data-action=alternate]").waitFor();
    await picture(page, name("consultation"));
    await bed.sim.ring("+380932223344", "Danylo Kravets");
    await page.locator(".ringing").waitFor();
    await picture(page, name("second-call"));
    bed.site.cut();
    await page.locator(".banner").waitFor();
    await picture(page, name("offline"));
    bed.site.mend();
    await page.locator(".bar > .dot[data-tone=good]").waitFor();
    await clear();
    await page.locator(".notice").first().waitFor();
    while (await page.locator(".notice [aria-label=Close]").count()) await page.locator(".notice [aria-label=Close]").first().click();
    await page.locator(".open-call", { hasText: "Mira" }).last().click();
    await page.locator(".details textarea").fill("Wants the offer in German; call again on Thursday.");
    await picture(page, name("history"));
    await page.locator("[data-action=settings]").click();
    await picture(page, name("settings"));
    assert.deepEqual(page.faults, []);
    await page.context().close();

    const agent = await bed.panel(await bed.context({ ...look, locale: "uk-UA" }), TOKENS.agent);
    await agent.locator("[data-action=agent]").click();
    await picture(agent, name("agent-uk"));
    await agent.context().close();

    const wide = await bed.panel(await bed.context({ ...look, deviceScaleFactor: 1.5, viewport: { width: 1000, height: 640 } }));
    await bed.sim.ring("+4930901820", "Mira Becker");
    await act(wide, "answer");
    await wide.locator("section.card[data-state=connected] .timer", { hasText: "0:01" }).waitFor();
    await wide.locator("[data-past]").first().waitFor();
    await picture(wide, name("wide"));
    await wide.context().close();
    await clear();
  });

test("the pictures of the docs are these", () => {
  for (const name of made) assert.ok(existsSync(join(IMAGES, name)), `docs/images/${name} is missing: UPDATE_IMAGES=1 makes it`);
});
