// The administrator's page in a real browser, against a real host: getting in, looking, doing.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import axe from "axe-core";
import { CtiModel } from "@jackfield/client";
import WebSocket from "ws";
import { ADMIN, AGENT, Bed, until, users } from "./bed.mjs";

/** One phone system that is quiet until somebody rings, one that is not there. */
const QUIET = `
[[connection]]
id = "sim"
plugin = "simulator"
[connection.settings]
seed = 7
[[line]]
name = "sim/101"
[[line]]
name = "sim/102"
[[connection]]
id = "branch"
plugin = "missing"
[[line]]
name = "branch/201"
`;

let bed;
let sim;

before(async () => {
  bed = await Bed.start({ connections: QUIET });
  sim = new CtiModel({ url: bed.host.url, token: ADMIN, WebSocket, client: { name: "other side" } });
  await sim.connect();
});

after(async () => {
  await sim?.close();
  await bed?.end();
});

const ring = (from, name, line = "sim/101") => sim.librarySpecificService({ line, name: "ring", params: { from, name } });
const connection = (page, id) => page.locator(`[data-connection=${id}]`);
const rows = (page) => page.locator(".rows .row");

/** Nothing that axe-core finds is wrong, in light and in dark. */
async function accessible(page, what) {
  await page.evaluate(axe.source);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    const told = violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target.join(" ")} (${n.failureSummary})`).join("; ")}`);
    assert.deepEqual(told, [], `${what}, ${colorScheme}`);
  }
}

test("an address lets in once, and its code does not stay in it", async () => {
  const way = bed.way();
  const page = await bed.page();
  await page.goto(way);
  await page.locator("nav a[aria-current=page]").waitFor();
  assert.equal(page.url(), `${bed.host.url}/admin/`);
  await page.reload();
  await page.locator("nav a[aria-current=page]").waitFor();
  const other = await bed.page();
  await other.goto(way);
  await other.locator("#why.bad").waitFor();
  assert.match(await other.locator("#why").textContent(), /not good any more/);
  await accessible(other, "login");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.locator("input[name=token]").waitFor();
  await page.reload();
  await page.locator("input[name=token]").waitFor();
  assert.deepEqual([page.faults, other.faults], [[], []]);
  await page.context().close();
  await other.context().close();
});

test("a token is typed in; a wrong one is told, an agent is sent to the panel", async () => {
  const page = await bed.page();
  await page.goto(`${bed.host.url}/admin/`);
  await page.locator("input[name=token]").fill("wrong-token-0123456789");
  await page.keyboard.press("Enter");
  await page.locator("#why.bad").waitFor();
  await page.locator("input[name=token]").fill(AGENT);
  await page.keyboard.press("Enter");
  await page.getByText("This page is for administrators").waitFor();
  await page.getByRole("button", { name: "Log in as somebody else" }).click();
  await page.locator("input[name=token]").fill(ADMIN);
  await page.keyboard.press("Enter");
  await page.locator("nav a[aria-current=page]").waitFor();
  const kept = await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }));
  assert.ok(!kept.includes(ADMIN), "the page does not keep what was typed");
  await page.context().close();
});

test("the overview says what is wrong", async () => {
  const page = await bed.admin();
  await page.locator(".health .dot.down").waitFor();
  assert.match(await page.locator(".health").textContent(), /branch waits for its adapter: there is no plugin `missing`/);
  await page.locator("[data-tile=clients] .big", { hasText: /^[1-9]/ }).waitFor();
  await accessible(page, "overview");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a connection is paused, resumed and started again, with the keyboard alone", async () => {
  const page = await bed.admin("connections");
  await connection(page, "sim").locator("h2 .dot.up").waitFor();
  assert.match(await connection(page, "branch").locator(".note").textContent(), /there is no plugin `missing`/);
  const press = async (name) => {
    await page.getByRole("button", { name }).focus();
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
  };
  await press("Pause sim");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  assert.equal(await connection(page, "sim").locator("h2 .dot.up").count(), 1, "nothing was done");
  await press("Pause sim");
  await accessible(page, "question");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await connection(page, "sim").locator("h2 .dot.paused").waitFor();
  assert.match(await connection(page, "sim").locator("tbody tr").first().textContent(), /down/);
  await page.getByRole("button", { name: "Resume sim" }).focus();
  await page.keyboard.press("Enter");
  await connection(page, "sim").locator("h2 .dot.up").waitFor();
  const since = () => sim.line("sim/101").epoch;
  const before = since();
  await press("Restart sim");
  await page.locator("dialog [data-yes]").click();
  await until("the line began anew", () => since() > before);
  await connection(page, "sim").locator("h2 .dot.up").waitFor();
  const epoch = since();
  await press("Swap sim");
  await page.locator("dialog [data-yes]").click();
  await connection(page, "sim").getByText("swapped, today").waitFor();
  assert.equal(since(), epoch, "no client has noticed");
  await page.locator("#level-sim").selectOption("debug");
  await page.getByText("sim: logged at debug").waitFor();
  await page.locator("#level-sim").selectOption("");
  await page.getByText("as at the start").waitFor();
  await accessible(page, "connections");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a broken library is told with its reason", async () => {
  const page = await bed.admin("plugins");
  await page.locator("[data-plugin] .tag.loaded").waitFor();
  assert.match(await page.locator("[data-plugin]").first().textContent(), /sim/);
  writeFileSync(join(bed.host.folder, "adapters", "broken.so"), "no library");
  await page.locator("[data-plugin='broken.so'] .tag.refused").waitFor();
  assert.match(await page.locator("[data-plugin='broken.so']").textContent(), /no complete shared library/);
  await accessible(page, "plugins");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("clients come and go", async () => {
  const page = await bed.admin("clients");
  const alice = new CtiModel({ url: bed.host.url, token: AGENT, WebSocket, client: { name: "her panel" } });
  await alice.connect();
  const row = page.locator("tbody tr", { hasText: "her panel" });
  await row.waitFor();
  assert.match(await row.textContent(), /alice\s*agent[\s\S]*127\.0\.0\.1:\d+[\s\S]*sim\/101/);
  await page.locator("[data-filter]").fill("nobody like that");
  await page.getByText("Nobody here is like that.").waitFor();
  await page.locator("[data-filter]").fill("");
  await accessible(page, "clients");
  await alice.close();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("events come as they happen; names are text, whatever stands in them", async () => {
  const page = await bed.admin("events");
  await page.locator("[data-told]", { hasText: "/s" }).waitFor();
  const name = `<img src=x onerror="document.title='hit'"> \u202Egnirts\u202C ${"x".repeat(120)}`;
  await ring("+380441112233", name);
  const row = rows(page).filter({ hasText: "callStarted" }).filter({ hasText: "+380441112233" });
  await row.waitFor();
  assert.ok((await row.textContent()).includes("<img src=x"));
  assert.equal(await page.locator("jackfield-events img").count(), 0);
  await row.click();
  assert.ok((await page.locator("aside pre").textContent()).includes(JSON.stringify(name).slice(1, -1)));
  await accessible(page, "events");
  // The keyboard chooses another, and closes.
  await page.locator(".list").focus();
  await page.keyboard.press("ArrowUp");
  await page.locator(".rows .row[aria-selected=true]").waitFor();
  assert.equal(await row.getAttribute("aria-selected"), "false");
  await page.keyboard.press("Escape");
  await page.locator("aside").waitFor({ state: "detached" });
  // A filter.
  await page.locator("[data-text]").fill("+380441112233");
  await page.locator(".names summary").click();
  await page.getByLabel("callFinished").check();
  await page.getByText("None of the events here is like that.").waitFor();
  for (const call of sim.line("sim/101").calls) await sim.dropCall({ line: "sim/101", callId: call.callId });
  await until("the one event", async () => (await rows(page).count()) === 1);
  assert.match(await rows(page).first().textContent(), /callFinished/);
  assert.notEqual(await page.title(), "hit");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("who scrolls up reads on, however much comes", async () => {
  const page = await bed.admin("events");
  await page.locator("[data-told]", { hasText: "/s" }).waitFor();
  const talk = async () => {
    await ring("+380440000001", "Olena", "sim/102");
    await until("it rings", () => sim.line("sim/102").calls.length > 0);
    for (const call of sim.line("sim/102").calls) await sim.dropCall({ line: "sim/102", callId: call.callId });
    await until("it is over", () => sim.line("sim/102").calls.length === 0);
  };
  for (let i = 0; i < 12; i++) await talk();
  await until("enough to scroll", () => page.locator(".list").evaluate((list) => list.scrollHeight > list.clientHeight + 400));
  await page.locator(".list").evaluate((list) => (list.scrollTop = 100));
  await page.locator(".follow[aria-pressed=false]").waitFor();
  const seen = () => page.locator(".list").evaluate((list) => {
    const top = list.getBoundingClientRect().top;
    const row = [...list.querySelectorAll(".row")].find((r) => r.getBoundingClientRect().bottom > top + 1);
    return row.textContent;
  });
  const before = await seen();
  const count = await page.locator("[data-told]").textContent();
  await talk();
  await until("more came", async () => (await page.locator("[data-told]").textContent()).split("·")[1] !== count.split("·")[1]);
  assert.equal(await seen(), before);
  await page.locator(".follow").click();
  await page.locator(".follow[aria-pressed=true]").waitFor();
  await until("the newest is seen", () => page.locator(".list").evaluate((list) => list.scrollTop + list.clientHeight >= list.scrollHeight - 30));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a host that is started again: the page waits, and goes on with the same login", async () => {
  const page = await bed.admin("events");
  await page.locator("[data-told]", { hasText: "/s" }).waitFor();
  await bed.host.stop();
  await page.locator("[role=alert]", { hasText: "does not answer" }).waitFor();
  await bed.host.run();
  await page.locator("[role=alert]").waitFor({ state: "detached" });
  await page.locator("[data-told]", { hasText: "/s" }).waitFor();
  await until("the other side is back", () => sim.link.phase === "online");
  await ring("+380445556677", "Again");
  await rows(page).filter({ hasText: "+380445556677" }).first().waitFor();
  // The user's token changes: whoever came by it is out.
  bed.host.configure({ users: users().replace(ADMIN, `${ADMIN}-new`) });
  bed.host.reload();
  await page.locator("input[name=token]").waitFor();
  assert.match(await page.locator("#why").textContent(), /has ended/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
