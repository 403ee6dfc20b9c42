// Calls of the past: the list, missed ones, search, calling back, notes, records, recordings.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bed, TOKENS, act, until } from "../src/bed.mjs";
import { History } from "@jackfield/client";

let bed, page, history;
before(async () => {
  bed = await Bed.start();
  history = new History({ url: bed.host.url, token: TOKENS.alice });
  page = await bed.panel();
});
after(() => bed?.end());

const past = () => page.locator("[data-past]");
const names = () => page.locator(".past-name").allInnerTexts();

async function call(from, name, { answered = true } = {}) {
  await bed.sim.ring(from, name);
  await until("it rings", () => bed.sim.calls.length === 1);
  if (answered) {
    await act(page, "answer");
    await until("it is answered", () => bed.sim.calls[0]?.state === "connected");
    await act(page, "drop");
  } else {
    await bed.sim.service("remoteHangup");
  }
  await until("it is over", () => bed.sim.calls.length === 0);
}

test("a call that ends comes to the top of the list; a missed one asks for attention", async () => {
  await page.locator(".empty", { hasText: "No calls yet" }).waitFor();
  await call("+380441234567", "Olena Koval");
  await until("it is in the list", async () => (await past().count()) === 1);
  await call("+380507654321", "Taras Shevchuk", { answered: false });
  await page.locator(".notice[data-kind=warning]", { hasText: "Taras Shevchuk" }).waitFor();
  await page.locator(".badge", { hasText: "1" }).waitFor();
  await call("+380661112233", "Iryna Bondar");
  await until("three calls", async () => (await past().count()) === 3);
  assert.deepEqual(await names(), ["Iryna Bondar", "Taras Shevchuk", "Olena Koval"]);
});

test("missed calls alone; looked at, they ask no more", async () => {
  await page.locator("[data-filter=missed]").click();
  await until("one is left", async () => (await names()).join() === "Taras Shevchuk");
  await page.locator(".badge").waitFor({ state: "detached" });
  await page.reload();
  await page.locator(".bar > .dot[data-tone=good]").waitFor();
  await until("all are there", async () => (await past().count()) === 3);
  assert.equal(await page.locator(".badge").count(), 0);
});

test("a name in the number field searches; a number is dialled", async () => {
  await page.locator("input[name=dial]").fill("bond");
  await until("one is found", async () => (await names()).join() === "Iryna Bondar");
  assert.ok(await page.locator("[data-action=call]").isDisabled(), "a name is not dialled");
  await page.locator("input[name=dial]").fill("123456");
  await until("by number", async () => (await names()).join() === "Olena Koval");
  await page.locator("[aria-label=Clear]").click();
  await until("all again", async () => (await past().count()) === 3);
});

test("calling back, by mouse and by keyboard", async () => {
  await page.locator("[data-past]", { hasText: "Taras" }).locator("[data-action=callBack]").click();
  await until("it is called", () => bed.sim.calls[0]?.called?.number === "+380507654321");
  await act(page, "drop");
  await until("it is over", () => bed.sim.calls.length === 0);
  await until("four calls", async () => (await past().count()) === 4);
  await page.locator(".open-call").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const focused = () => page.evaluate(() => document.querySelector("jackfield-panel").shadowRoot.activeElement?.innerText);
  assert.match(await focused(), /Taras Shevchuk/);
  await page.keyboard.press("ArrowUp");
  assert.match(await focused(), /Iryna Bondar/);
  await page.keyboard.press("Enter");
  await page.locator(".details").waitFor();
});

test("a note, and one that somebody else was faster with", async () => {
  const note = page.locator(".details textarea");
  await note.fill("wants to be called back");
  await page.locator(".details .comment button").click();
  await page.locator(".comment-end .hint", { hasText: "Saved" }).waitFor();
  const { calls } = await history.calls({ text: "bondar" });
  assert.equal(calls[0].comment, "wants to be called back");
  await history.edit(calls[0], { comment: "by somebody else" });
  await note.fill("mine");
  await page.locator(".details .comment button").click();
  await page.locator(".comment-end .hint", { hasText: "changed this call since" }).waitFor();
  assert.equal(await note.inputValue(), "mine", "what was typed is kept");
  await page.locator("blockquote", { hasText: "by somebody else" }).waitFor();
  await page.locator(".details .comment button").click();
  await page.locator(".comment-end .hint", { hasText: "Saved" }).waitFor();
  assert.equal((await history.call(calls[0].callId)).comment, "mine");
});

test("records of the CRM: added, opened by the page, taken away", async () => {
  await page.locator(".add-link summary").click();
  await page.locator(".add-link input[name=kind]").fill("Case");
  await page.locator(".add-link input[name=id]").fill("4711");
  await page.locator(".add-link input[name=title]").fill("No <b>dial</b> tone");
  await page.locator(".add-link form button").click();
  const chip = page.locator(".details .chip", { hasText: "Case: No <b>dial</b> tone" });
  await chip.waitFor();
  await page.evaluate(() => addEventListener("jackfield-link", ({ detail }) => (window.opened = detail)));
  await chip.click();
  assert.deepEqual(await page.evaluate(() => window.opened), { kind: "Case", id: "4711", title: "No <b>dial</b> tone" });
  await page.locator(".details [aria-label^=Remove]").click();
  await chip.waitFor({ state: "detached" });
});

test("records of a call that is up are on its card", async () => {
  await bed.sim.ring();
  await until("it is in the history", async () => (await history.calls({ open: true })).calls.length === 1);
  const [up] = (await history.calls({ open: true })).calls;
  await history.edit(up, { links: [{ kind: "Account", id: "7", title: "Koval & Sons" }] });
  await page.locator(".ringing .chip", { hasText: "Account: Koval & Sons" }).waitFor();
  await act(page, "drop");
  await until("it is over", () => bed.sim.calls.length === 0);
});

test("a recording is fetched with the token and played", async () => {
  // One second of silence, as a host that gives recordings out would send it; what the host itself sends is tested beside it.
  const wav = Buffer.alloc(44 + 8000);
  wav.write("RIFF", 0); wav.writeUInt32LE(36 + 8000, 4); wav.write("WAVEfmt ", 8); wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(8000, 24); wav.writeUInt32LE(8000, 28); wav.writeUInt16LE(1, 32); wav.writeUInt16LE(8, 34); wav.write("data", 36); wav.writeUInt32LE(8000, 40); wav.fill(128, 44);
  let shown;
  await page.route(/\/api\/v1\/calls\?/, async (route) => {
    const answer = await (await route.fetch()).json();
    for (const one of answer.calls) one.recordings = [`/api/v1/calls/${one.callId}/recordings/1`];
    await route.fulfill({ json: answer });
  });
  await page.route(/\/recordings\/1$/, (route) => {
    shown = route.request().headers().authorization;
    return route.fulfill({ body: wav, contentType: "audio/wav" });
  });
  await page.reload();
  await page.locator(".open-call").first().click();
  await page.locator("[data-action=play]").click();
  const audio = page.locator(".details audio");
  await audio.waitFor();
  await until("it plays to its end", () => audio.evaluate((a) => a.ended || a.currentTime > 0.3));
  assert.match(shown, /^Bearer ./);
  await page.unroute(/\/recordings\/1$/);
  await page.route(/\/recordings\/1$/, (route) => route.fulfill({ status: 503, json: { detail: "not now" } }));
  await page.locator(".open-call").first().click();
  await page.locator(".open-call").first().click();
  await page.locator("[data-action=play]").click();
  await page.locator(".recordings .hint").waitFor();
});

test("a host that keeps no calls: the panel says so", async () => {
  const without = await Bed.start({ store: false });
  const other = await without.panel();
  await other.locator(".empty", { hasText: "keeps no history" }).waitFor();
  assert.deepEqual(other.faults, []);
  await without.end();
});

test("nothing went wrong in the page", () => assert.deepEqual(page.faults, []));
