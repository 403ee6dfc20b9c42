// Every button in every state: shown exactly when the host allows it, and doing what it says.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bed, TOKENS, act, buttons, until } from "../src/bed.mjs";

/** What the buttons of one call stand for, by the feature that allows it. */
const ONE = {
  answer: "answer", drop: "drop", deflect: "redirect", hold: "hold", unhold: "unhold", mute: "mute", unmute: "unmute", dtmf: "keypad",
  makeConsultCall: "transfer", blindTransfer: "transfer", setupTransfer: "transfer", record: "record", park: "park", video: "video", recall: "recall",
};
/** And those of two calls. */
const TWO = ["completeTransfer", "cancelTransfer", "alternate", "conference"];

let bed, page;
before(async () => {
  bed = await Bed.start();
  page = await bed.panel();
});
after(() => bed?.end());

/** What may be shown, as the events of another client of the same line say. */
function allowed(selected) {
  const wanted = new Set();
  for (const call of bed.sim.calls) {
    const incoming = call.direction === "in" && call.state === "alerting";
    for (const feature of call.features) {
      if (TWO.includes(feature)) wanted.add(feature);
      else if (ONE[feature] && (incoming || call.callId === selected)) wanted.add(ONE[feature]);
    }
  }
  return wanted;
}

const sorted = (set) => [...set].sort();
const selected = async () => {
  const pressed = page.locator(".half[aria-pressed=true]");
  if (await pressed.count()) return pressed.getAttribute("data-call");
  const card = page.locator("section.card[data-state]:not(.pair)");
  return (await card.count()) ? card.first().getAttribute("data-call") : undefined;
};

/** Waits until the buttons are what the host allows. */
async function agree(state) {
  let seen, wanted;
  await until(`${state}: the buttons are those that are allowed`, async () => {
    seen = sorted(await buttons(page));
    wanted = sorted(allowed(await selected()));
    return bed.sim.calls.length > 0 && JSON.stringify(seen) === JSON.stringify(wanted);
  }).catch((error) => assert.fail(`${error.message}\nshown:   ${seen}\nallowed: ${wanted}`));
}

async function state(wanted, count = 1) {
  await until(`${count} calls, one ${wanted}`, () => bed.sim.calls.length === count && bed.sim.calls.some((c) => c.state === wanted));
  await agree(wanted);
}

async function nothing() {
  await bed.sim.clear();
  await until("no call is left", () => bed.sim.calls.length === 0);
  await page.locator(".dial").waitFor();
  await until("no card is left", async () => (await page.locator(".card[data-call]").count()) === 0);
}

async function connected() {
  await bed.sim.ring();
  await state("alerting");
  await act(page, "answer");
  await state("connected");
}

test("a call that comes in: answer, decline, redirect", async () => {
  await bed.sim.ring();
  await state("alerting");
  assert.deepEqual(sorted(await buttons(page)), ["answer", "drop", "redirect"]);
  assert.match(await page.locator("[aria-live=assertive]").innerText(), /Incoming call from Olena Koval/);
  await act(page, "drop");
  await until("it is declined", () => bed.sim.calls.length === 0);

  await bed.sim.ring();
  await act(page, "redirect");
  await page.locator("input[name=target]").fill("605");
  await act(page, "deflect");
  await until("it went on", () => bed.sim.calls.length === 0);
  const calls = await bed.sim.service("status");
  assert.ok(JSON.stringify(calls).includes("605"), "somebody rings at 605");
  await bed.sim.service("remoteHangup", { party: "+380441234567" }).catch(() => {});
});

test("talking: mute, hold, keypad, record, park, video, end", async () => {
  await nothing();
  await connected();
  await act(page, "mute");
  await page.locator("[data-action=unmute]").waitFor();
  await agree("muted");
  await act(page, "unmute");
  await page.locator("[data-action=mute]").waitFor();
  await agree("connected again");

  await act(page, "hold");
  await state("held");
  await act(page, "unhold");
  await state("connected");

  const digits = [];
  const off = bed.sim.model.on("dtmfEntered", ({ data }) => digits.push(data.digits));
  await act(page, "keypad");
  for (const digit of ["1", "#", "0"]) await page.locator(`[data-digit="${digit}"]`).click();
  await page.keyboard.press("7");
  await until("the digits have come", () => digits.join("") === "1#07");
  assert.equal((await page.locator(".typed").innerText()).trim(), "1#07");
  off();
  await page.keyboard.press("Escape");
  await page.locator(".keypad").waitFor({ state: "detached" });

  await act(page, "record");
  await page.locator(".facts .rec").waitFor();
  await act(page, "record");
  await page.locator(".facts .rec").waitFor({ state: "detached" });
  await act(page, "video");
  await until("with video", () => bed.sim.calls[0]?.video === true);
  await agree("with video");
  await act(page, "park");
  await page.locator(".notice", { hasText: "Parked at" }).waitFor();
  await until("it is parked", () => bed.sim.calls.length === 0);

  await connected();
  await act(page, "drop");
  await page.locator(".notice", { hasText: "Call ended" }).waitFor();
});

test("calling: a number, a busy one, again", async () => {
  await nothing();
  await page.locator("input[name=dial]").fill("6 0-5");
  await page.locator("input[name=dial]").press("Enter");
  await state("alerting");
  assert.equal(bed.sim.calls[0].called.number, "605");
  await act(page, "drop");
  await nothing();
  await page.locator("input[name=dial]").fill("603");
  await act(page, "call");
  await state("busy");
  const before = bed.sim.calls[0].callId;
  await act(page, "recall");
  await until("another call to the same number", () => bed.sim.calls.length === 1 && bed.sim.calls[0].callId !== before && bed.sim.calls[0].called?.number === "603");
  await state("busy");
  await nothing();
});

test("consultation: ask, swap, both halves, complete", async () => {
  await nothing();
  await connected();
  await act(page, "transfer");
  await page.locator("input[name=target]").fill("600");
  await act(page, "consult");
  await page.locator(".pair").waitFor();
  await state("connected", 2);
  // Each half has its own buttons.
  for (const half of [0, 1, 0]) {
    await page.locator(".half").nth(half).click();
    await until("it is chosen", async () => (await page.locator(".half").nth(half).getAttribute("aria-pressed")) === "true");
    await agree(`half ${half}`);
  }
  const held = () => bed.sim.calls.find((c) => c.state === "held")?.callId;
  const before = held();
  await act(page, "alternate");
  await until("the calls are swapped", () => held() && held() !== before);
  await agree("swapped");
  await act(page, "completeTransfer");
  await until("both are over", () => bed.sim.calls.length === 0);
});

test("consultation: while it rings, and given up", async () => {
  await nothing();
  await connected();
  await act(page, "transfer");
  await page.locator("input[name=target]").fill("605");
  await page.locator("input[name=target]").press("Enter");
  await page.locator(".pair").waitFor();
  await state("held", 2);
  await act(page, "cancelTransfer");
  await state("connected");
});

test("transfer without asking, and at the phone", async () => {
  await nothing();
  await connected();
  await act(page, "transfer");
  await act(page, "setup");
  await state("held", 2);
  await act(page, "cancelTransfer");
  await state("connected");
  await act(page, "transfer");
  await page.locator("input[name=target]").fill("600");
  await act(page, "blind");
  await until("it is transferred", () => bed.sim.calls.length === 0);
});

test("conference", async () => {
  await nothing();
  await connected();
  await act(page, "transfer");
  await page.locator("input[name=target]").fill("600");
  await act(page, "consult");
  await state("connected", 2);
  await act(page, "conference");
  await state("conferenced");
  await act(page, "drop");
  await nothing();
});

test("a second call while talking, and picking up", async () => {
  await nothing();
  await connected();
  await bed.sim.ring("+380507654321", "Taras Shevchuk");
  await page.locator(".ringing").waitFor();
  await until("both are there", () => bed.sim.calls.length === 2);
  await agree("a second call rings");
  await act(page, "answer");
  await until("it is answered, the first waits", () => bed.sim.calls.filter((c) => c.state === "held").length === 1 && bed.sim.calls.some((c) => c.state === "connected"));
  await agree("two calls");
  await nothing();
  assert.ok(await page.locator("[data-action=pickup]").isVisible());
  await bed.sim.model.command("librarySpecificService", { line: "sim/101", name: "ring", params: { to: "102", from: "+380441112233" } });
  await act(page, "pickup");
  await until("the call of the neighbour is here", () => bed.sim.calls[0]?.state === "connected");
  await nothing();
});

test("what is refused is told", async () => {
  await nothing();
  await bed.sim.service("fault", { kind: "refuse", code: "invalidDestination", text: "no such number" });
  await page.locator("input[name=dial]").fill("999");
  await page.locator("input[name=dial]").press("Enter");
  await page.locator(".notice[data-kind=error]", { hasText: "There is no such number" }).waitFor();
});

test("an agent: states, reasons, work after a call", async () => {
  const panel = await bed.panel(await bed.context(), TOKENS.agent);
  const button = panel.locator("[data-action=agent]");
  await button.filter({ hasText: "Ready" }).waitFor();
  await button.click();
  await panel.locator(".agent-menu [data-code^=NOT_READY\\/]").first().click();
  await button.filter({ hasText: /Not ready ·/ }).waitFor();
  await button.click();
  await panel.locator(".agent-menu [data-code=READY]").click();
  await until("ready again", async () => (await button.innerText()).trim() === "Ready");
  await button.click();
  await panel.locator(".agent-menu [data-action=wrapUp]").click();
  await panel.locator(".wrap-up").waitFor();
  await panel.locator("[data-action=finishWrapUp]").click();
  await panel.locator(".wrap-up").waitFor({ state: "detached" });
  await button.click();
  await panel.locator("[data-action=logout]").click();
  await button.filter({ hasText: "Logged out" }).waitFor();
  await button.click();
  await panel.locator("[data-action=login]").click();
  await until("logged in again", async () => (await button.innerText()).trim() !== "Logged out");
  assert.deepEqual(panel.faults, []);
  await panel.close();
});

test("the keyboard alone", async () => {
  await nothing();
  await page.locator("body").click({ position: { x: 5, y: 700 } });
  await bed.sim.ring();
  await page.locator(".ringing").waitFor();
  await page.keyboard.press("a");
  await state("connected");
  await page.keyboard.press("h");
  await state("held");
  await page.keyboard.press("h");
  await state("connected");
  await page.keyboard.press("t");
  await page.locator("input[name=target]").waitFor();
  await page.keyboard.type("600");
  await page.keyboard.press("Enter");
  await state("connected", 2);
  await page.keyboard.press("s");
  await until("swapped", () => bed.sim.calls.find((c) => c.role === "consult")?.state === "held");
  await agree("swapped");
  await page.keyboard.press("c");
  await until("transferred", () => bed.sim.calls.length === 0);
  await page.locator(".dial").waitFor();
  await page.keyboard.type("605");
  await page.keyboard.press("Enter");
  await state("alerting");
  await page.keyboard.press("e");
  await page.locator("input[name=dial]").evaluate((field) => field.blur());
  await page.keyboard.press("e");
  await until("over", () => bed.sim.calls.length === 0);
});

test("nothing went wrong in the page", () => assert.deepEqual(page.faults, []));
