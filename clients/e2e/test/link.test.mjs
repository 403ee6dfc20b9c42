// What happens between the panel and the host: reload, a network that breaks or hangs, a host that restarts, tabs, tokens.

import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Bed, TOKENS, act, until } from "../src/bed.mjs";

let bed;
before(async () => {
  bed = await Bed.start();
});
after(() => bed?.end());
beforeEach(async () => {
  await bed.sim.clear();
  await until("no call is left", () => bed.sim.calls.length === 0);
});

const status = (page) => page.locator(".status").innerText();
const seconds = async (page) => {
  const [minutes, rest] = (await page.locator(".card .timer").first().innerText()).split(":").map(Number);
  return minutes * 60 + rest;
};

async function talking(page) {
  await bed.sim.ring();
  await act(page, "answer");
  await page.locator("section.card[data-state=connected]").waitFor();
}

test("a reload in the middle of a call: nothing is lost, the timer is right", async () => {
  const page = await bed.panel();
  await talking(page);
  const begun = Date.now();
  await act(page, "mute");
  await page.locator("[data-action=unmute]").waitFor();
  await until("it has lasted a while", async () => (await seconds(page)) >= 2);
  await page.reload();
  await page.locator("section.card[data-state=connected]").waitFor();
  assert.equal(await page.locator(".card .name").innerText(), "Olena Koval");
  assert.ok(await page.locator("[data-action=unmute]").isVisible(), "it is muted still");
  const [shown, since] = [await seconds(page), (Date.now() - begun) / 1000];
  assert.ok(shown >= 2 && shown <= since + 1, `${shown} s are shown, ${since} s have passed`);
  // A computer whose clock is an hour wrong shows the same.
  const wrong = await bed.context();
  await wrong.addInitScript(() => {
    const real = Date.now;
    Date.now = () => real() + 3_600_000;
  });
  const other = await bed.panel(wrong);
  await other.locator("section.card[data-state=connected]").waitFor();
  const [there, here] = [await seconds(other), await seconds(page)];
  assert.ok(Math.abs(there - here) <= 2, `${there} s with the wrong clock, ${here} s with the right one`);
  await wrong.close();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the network is cut and comes back: what was missed is there", async () => {
  const page = await bed.panel();
  await talking(page);
  bed.site.cut();
  await page.locator(".banner", { hasText: "Not connected" }).waitFor();
  assert.equal(await status(page), "Not connected");
  assert.equal(await page.locator("section.card .name").innerText(), "Olena Koval", "the call is shown still");
  assert.equal(await page.locator(".card [data-action]:enabled").count(), 0, "and nothing can be done with it now");
  const callId = bed.sim.calls[0].callId;
  await bed.sim.model.holdCall({ line: "sim/101", callId });
  const resumed = page.evaluate(
    () =>
      new Promise((resolve) => {
        const seen = [];
        const { model } = document.querySelector("jackfield-panel");
        model.on("event", ({ method, params }) => {
          seen.push(`${method}${params.resent ? " resent" : ""}`);
          if (method === "lineStateChanged") resolve(seen);
        });
      }),
  );
  bed.site.mend();
  await page.locator("section.card[data-state=held]").waitFor();
  assert.deepEqual((await resumed).filter((name) => name !== "callSaved"), ["hold", "lineStateChanged"], "exactly what was missed, and no snapshot");
  assert.equal(await status(page), "Online");
  await page.context().close();
});

test("the network hangs and says nothing: that is found out", async () => {
  const page = await bed.panel();
  await page.evaluate(() => {
    window.phases = [];
    document.querySelector("jackfield-panel").model.on("link", ({ phase }) => window.phases.push(phase));
  });
  bed.site.hang();
  // The browser tells that the network has changed: the panel looks at once, and does not wait for its usual pulse.
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await until("the socket was given up, and there is another", () => page.evaluate(() => window.phases.includes("waiting") && window.phases.at(-1) === "online"));
  await bed.sim.ring();
  await page.locator(".ringing").waitFor();
  await page.context().close();
});

test("a command in flight when the network breaks is done once", async () => {
  const page = await bed.panel();
  const made = [];
  const off = bed.sim.model.on("callStarted", ({ data }) => made.push(data.call.callId));
  await bed.sim.service("fault", { kind: "slow", seconds: 2, count: 1 });
  const answer = page.evaluate(() => document.querySelector("jackfield-panel").model.makeCall({ line: "sim/101", to: "605" }));
  await until("the host has the command", () => made.length > 0 || bed.host.log.length >= 0);
  await page.waitForTimeout(300);
  bed.site.cut();
  bed.site.mend();
  const { callId } = await answer;
  await page.locator(`[data-call="${callId}"]`).waitFor();
  assert.deepEqual(made, [callId], "one call was made");
  off();
  await page.context().close();
});

test("the phone system goes away: calls are unknown, not gone", async () => {
  const page = await bed.panel();
  await talking(page);
  await bed.sim.service("fault", { kind: "drop", seconds: 1.5 });
  await page.locator(".banner", { hasText: "Phone system unreachable" }).waitFor();
  await page.locator("section.card[data-state=unknown]").waitFor();
  assert.equal(await page.locator(".card [data-action]:visible").count(), 0, "nothing can be done with it");
  await page.locator("section.card[data-state=connected]").waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  await page.context().close();
});

test("the host is restarted", async () => {
  const page = await bed.panel();
  await talking(page);
  await bed.host.stop();
  await page.locator(".banner", { hasText: "being restarted" }).waitFor();
  await bed.host.run();
  await page.locator(".status", { hasText: "Online" }).waitFor();
  // The simulated phone system was inside the host: its calls are gone, and the panel says so.
  await until("no card is left", async () => (await page.locator(".card[data-call]").count()) === 0);
  await until("the other client is back as well", () => bed.sim.model.link.phase === "online" && bed.sim.model.line("sim/101").state === "up");
  await bed.sim.ring();
  await page.locator(".ringing").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("three tabs: one rings and pops up, all show, any commands", async () => {
  const context = await bed.context();
  await context.addInitScript((token) => {
    const far = Date.now() + 3_600_000;
    sessionStorage.setItem(`jackfield login ${location.href}`, JSON.stringify({ token, ends: far, renewAt: far, loginEnds: 0 }));
    window.popped = [];
    window.sounds = 0;
    addEventListener("jackfield-call", () => window.popped.push(1));
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...times) {
      window.sounds++;
      return start.apply(this, times);
    };
  }, TOKENS.alice);
  const tabs = [];
  for (let i = 0; i < 3; i++) {
    const page = await context.newPage();
    await page.goto(bed.site.url);
    await page.locator(".dial").waitFor();
    tabs.push(page);
  }
  const each = (run) => Promise.all(tabs.map(run));
  const leads = () => each((tab) => tab.evaluate(() => document.querySelector("jackfield-panel").model.leader));
  await until("one leads", async () => (await leads()).filter(Boolean).length === 1);
  assert.deepEqual(await leads(), [true, false, false]);
  await bed.sim.ring();
  await each((tab) => tab.locator(".ringing").waitFor());
  await until("the leader sounds", () => tabs[0].evaluate(() => window.sounds > 0));
  assert.deepEqual(await each((tab) => tab.evaluate(() => window.popped.length)), [1, 0, 0]);
  assert.deepEqual(await each((tab) => tab.evaluate(() => window.sounds > 0)), [true, false, false]);
  // Silenced here, silent there.
  await act(tabs[0], "silence");
  await tabs[0].locator("[data-action=silence]").waitFor({ state: "detached" });
  // Answered in a tab that does not lead.
  await act(tabs[2], "answer");
  await each((tab) => tab.locator("section.card[data-state=connected]").waitFor());
  for (const tab of tabs.slice(0, 2)) await tab.locator(".notice", { hasText: "Answered in another tab" }).waitFor();
  assert.equal(await tabs[2].locator(".notice").count(), 0);
  // Held by one, resumed by another.
  await act(tabs[1], "hold");
  await each((tab) => tab.locator("section.card[data-state=held]").waitFor());
  await act(tabs[0], "unhold");
  await each((tab) => tab.locator("section.card[data-state=connected]").waitFor());
  // The leader goes: another leads.
  await tabs[0].close();
  tabs.shift();
  await until("another leads", async () => (await leads()).filter(Boolean).length === 1);
  await act(tabs[0], "drop");
  await each((tab) => tab.locator(".card[data-call]").waitFor({ state: "detached" }));
  await bed.sim.ring();
  await until("it pops up once", async () => (await each((tab) => tab.evaluate(() => window.popped.length))).reduce((a, b) => a + b) === 1);
  // Somebody else's client takes it.
  await bed.sim.model.answerCall({ line: "sim/101", callId: bed.sim.calls[0].callId });
  await each((tab) => tab.locator(".notice", { hasText: "Answered in another window" }).waitFor());
  await context.close();
});

test("the token expires while a call rings: it is renewed, and the call is there", async () => {
  const page = await bed.panel(await bed.context(), TOKENS.bob);
  await page.evaluate((first) => {
    const panel = document.querySelector("jackfield-panel");
    window.asked = [];
    window.tokens = [first];
    panel.token = (why) => {
      window.asked.push(why);
      return window.tokens.at(-1);
    };
  }, TOKENS.bob);
  await until("it came back with the new source", () => page.evaluate(() => window.asked.length > 0));
  await page.locator(".dial").waitFor();
  await bed.sim.service("ring", { to: "102", from: "+380507654321", name: "Taras Shevchuk" });
  await page.locator(".ringing").waitFor();
  const next = "bobs-next-token-0123456789";
  await page.evaluate((token) => window.tokens.push(token), next);
  bed.host.configure({ users: bed.host.parts.users.replace(TOKENS.bob, next) });
  bed.host.reload();
  await until("the token was asked for anew", () => page.evaluate(() => window.asked.includes("refused")));
  await page.locator(".status", { hasText: "Online" }).waitFor();
  await act(page, "answer");
  await page.locator("section.card[data-state=connected]").waitFor();
  await act(page, "drop");
  await page.locator(".card[data-call]").waitFor({ state: "detached" });
  // Refreshed on the live socket: nothing breaks.
  const phases = await page.evaluate(async () => {
    const { model } = document.querySelector("jackfield-panel");
    const seen = [];
    model.on("link", ({ phase }) => seen.push(phase));
    await model.refreshToken();
    return [seen, window.asked.at(-1)];
  });
  assert.deepEqual(phases, [[], "refresh"]);
  // Nobody has another one: the panel says so, and does not knock for ever.
  bed.host.configure({ users: bed.host.parts.users.replace(next, "not-bobs-token-any-more-0123") });
  bed.host.reload();
  await page.locator(".banner", { hasText: "This token is not valid" }).waitFor();
  assert.equal(await status(page), "Not signed in");
  await page.context().close();
});

test("an address with a code signs in, once", async () => {
  const code = () => new URL(JSON.parse(bed.host.command("login", "alice", "--json")).panel).hash;
  const context = await bed.context();
  const page = await context.newPage();
  const hash = code();
  await page.goto(`${bed.site.url}${hash}`);
  await page.locator(".bar > .dot[data-tone=good]").waitFor();
  assert.equal(page.url(), bed.site.url, "the code is out of the address");
  const other = await (await bed.context()).newPage();
  await other.goto(`${bed.site.url}${hash}`);
  await other.locator("[role=alert]", { hasText: "This address was used" }).waitFor();
  await other.context().close();
  await context.close();
});

test("the host's own page, with the policy that the host sends", async (t) => {
  const answer = await fetch(bed.host.url);
  if (!/html/.test(answer.headers.get("content-type"))) return t.skip("this host was built without its pages");
  const page = await (await bed.context()).newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(JSON.parse(bed.host.command("login", "alice", "--json")).panel);
  await page.locator(".bar > .dot[data-tone=good]").waitFor();
  await bed.sim.ring();
  await act(page, "answer");
  await page.locator("section.card[data-state=connected]").waitFor();
  await act(page, "drop");
  await page.locator("[data-past]").first().waitFor();
  assert.deepEqual(faults, []);
  await page.context().close();
});

test("signing in and out; a wrong token", async () => {
  const context = await bed.context();
  const page = await context.newPage();
  await page.goto(bed.site.url);
  await page.locator("input[name=token]").fill("not-a-token-of-anybody");
  await page.locator(".sign-in button").click();
  await page.locator("[role=alert]", { hasText: "not valid" }).waitFor();
  await page.locator("input[name=token]").fill(TOKENS.alice);
  await page.locator(".sign-in button").click();
  await page.locator(".dial").waitFor();
  const kept = await page.evaluate(() => [JSON.stringify(sessionStorage), JSON.stringify(localStorage), location.href]);
  assert.match(kept[0], /jf1\./, "a token that ends is kept, for this tab");
  for (const place of kept) assert.ok(!place.includes(TOKENS.alice), "what was typed is kept nowhere");
  assert.ok(!kept[1].includes("jf1.") && !kept[2].includes("jf1."));
  await page.reload();
  await page.locator(".bar > .dot[data-tone=good]").waitFor();
  await page.locator("[data-action=settings]").click();
  await page.locator("[data-action=signOut]").click();
  await page.locator(".sign-in").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  // The host was told: that token opens nothing any more.
  const { token } = JSON.parse(Object.values(JSON.parse(kept[0]))[0]);
  await until("the login has ended", async () => (await fetch(`${bed.host.url}/api/v1/calls`, { headers: { Authorization: `Bearer ${token}` } })).status === 401);
  await context.close();
});
