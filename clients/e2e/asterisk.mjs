// The panel before a real phone system: run by the tests of the real Asterisk (tests/tests/asterisk/panel.rs), which make
// the phone ring when this says `ready`, and look at what the host saw when it says `done`.
//
//   JACKFIELD_TOKEN=… node asterisk.mjs http://127.0.0.1:PORT NUMBER

import assert from "node:assert/strict";
import { launch, signedIn } from "./src/browser.mjs";
import { act, until } from "./src/bed.mjs";
import { Site } from "./src/site.mjs";

const [url, number] = process.argv.slice(2);
const site = await Site.start({ host: { address: new URL(url).host } });
const browser = await launch();
try {
  const page = await signedIn(await browser.newContext({ viewport: { width: 380, height: 760 }, locale: "en-GB" }), site, process.env.JACKFIELD_TOKEN);
  await page.locator(".bar > .dot[data-tone=good]").waitFor();
  console.log("ready");
  await page.locator(".ringing").waitFor();
  assert.match(await page.locator(".ringing").innerText(), new RegExp(number));
  // The phone stands on a desk somewhere: it answers when it is told to.
  await act(page, "answer");
  await page.locator("section.card[data-state=connected]").waitFor();
  console.log("answered");
  await act(page, "hold");
  await page.locator("section.card[data-state=held]").waitFor();
  await act(page, "unhold");
  await page.locator("section.card[data-state=connected]").waitFor();
  console.log("held and resumed");
  await act(page, "mute");
  await page.locator("[data-action=unmute]").waitFor();
  await act(page, "unmute");
  await page.locator("[data-action=mute]").waitFor();
  await act(page, "record");
  await page.locator(".facts .rec").waitFor();
  const [from, seconds] = [Date.now(), async () => (await page.locator(".card .timer").first().innerText()).split(":").reduce((m, s) => m * 60 + Number(s), 0)];
  const begun = await seconds();
  await until("the timer goes on", async () => (await seconds()) >= begun + 2);
  assert.ok(Date.now() - from >= 1000, "as time does");
  await act(page, "record");
  await page.locator(".facts .rec").waitFor({ state: "detached" });
  console.log("recorded");
  await act(page, "drop");
  await page.locator("[data-past]", { hasText: number }).waitFor();
  await page.locator(".open-call").first().click();
  await page.locator("[data-action=play]").click();
  const audio = page.locator(".details audio");
  await until("it plays", () => audio.evaluate((a) => a.currentTime > 0.2 || a.ended));
  assert.ok((await audio.evaluate((a) => a.duration)) > 0.5, "what was said is in it");
  assert.deepEqual(page.faults, []);
  console.log("done");
} finally {
  await browser.close();
  await site.end();
}
