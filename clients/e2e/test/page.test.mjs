// The panel as a guest: in foreign pages, with hostile callers, for every language, width and pair of eyes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { Bed, TOKENS, act, until } from "../src/bed.mjs";
import { Site } from "../src/site.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
let bed;
before(async () => {
  bed = await Bed.start();
});
after(() => bed?.end());

async function quiet() {
  await bed.sim.clear();
  await until("no call is left", () => bed.sim.calls.length === 0);
}

/** What axe finds wrong with the page as it is. */
async function axe(page, state) {
  // By another way than a script tag: the page's policy allows none.
  await page.evaluate(await axeSource());
  const violations = await page.evaluate(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.html.slice(0, 160)} ${n.failureSummary}`).join(" | ")}`));
  assert.deepEqual(violations, [], state);
}
let source;
async function axeSource() {
  source ??= (await import("node:fs")).readFileSync(AXE, "utf8");
  return source;
}

test("axe finds nothing, light and dark, in every state", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await bed.panel(await bed.context({ colorScheme }));
    await axe(page, `${colorScheme}: idle`);
    await bed.sim.ring("+380441234567", "Olena Koval");
    await page.locator(".ringing").waitFor();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: ringing`);
    await act(page, "answer");
    await page.locator("section.card[data-state=connected]").waitFor();
    await act(page, "keypad");
    await page.locator(".keypad").waitFor();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: talking`);
    await act(page, "hold");
    await page.locator("section.card[data-state=held]").waitFor();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: held`);
    await act(page, "unhold");
    await page.locator("section.card[data-state=connected]").waitFor();
    await act(page, "transfer");
    await page.locator("input[name=target]").fill("600");
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: transfer`);
    await act(page, "consult");
    await page.locator(".pair").waitFor();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: consultation`);
    await quiet();
    await page.locator("[data-past]").first().waitFor();
    await page.locator(".open-call").first().click();
    await page.locator(".details").waitFor();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: history`);
    await page.locator("[data-action=settings]").click();
    await page.waitForTimeout(250);
    await axe(page, `${colorScheme}: settings`);
    await page.locator("[data-action=signOut]").click();
    await page.locator(".sign-in").waitFor();
    await axe(page, `${colorScheme}: sign in`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  const agent = await bed.panel(await bed.context(), TOKENS.agent);
  await agent.locator("[data-action=agent]").click();
  await agent.waitForTimeout(250);
  await axe(agent, "agent's menu");
  await agent.context().close();
});

test("names and numbers from outside are texts", async () => {
  await quiet();
  const page = await bed.panel(await bed.context({ viewport: { width: 320, height: 700 } }));
  page.on("dialog", (dialog) => page.faults.push(`a dialog: ${dialog.message()}`));
  const long = "Ж".repeat(200);
  for (const [from, name] of [
    ["+38044", `<img src=x onerror="alert(1)"><script>alert(2)</script>`],
    ['"><b>1</b>', "'\"&lt;${1}{{constructor}}"],
    ["+380501112233", "שלום עולם \u202Egnp.exe\u202C"],
    ["\u202E123456", long],
    ["9".repeat(200), "W".repeat(200)],
    ["", "\u0000\u0007\n\t"],
  ]) {
    await bed.sim.ring(from, name);
    await page.locator(".ringing").waitFor();
    const shown = await page.locator(".ringing .name bdi").innerText();
    const call = bed.sim.calls[0] ?? (await until("the call", () => bed.sim.calls[0]));
    const plain = (text) => (text ?? "").replace(/[\s\p{Cc}]+/gu, " ").trim();
    const known = plain(call.caller?.name) || plain(call.caller?.number);
    const told = known || "Number withheld";
    assert.equal(shown.replace(/\s+/g, " ").trim(), told);
    const inside = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector("jackfield-panel");
      const card = shadowRoot.querySelector(".ringing");
      const panel = shadowRoot.querySelector(".panel").getBoundingClientRect();
      return {
        foreign: card.querySelectorAll("img, script, b").length,
        wider: [...shadowRoot.querySelectorAll("button, .name, .number, .timer")].filter((e) => e.getBoundingClientRect().right > panel.right + 0.5).map((e) => e.outerHTML.slice(0, 80)),
        scrolls: document.documentElement.scrollWidth > innerWidth || shadowRoot.querySelector(".body").scrollWidth > panel.width,
        height: card.getBoundingClientRect().height,
      };
    });
    assert.deepEqual({ ...inside, height: 0 }, { foreign: 0, wider: [], scrolls: false, height: 0 }, name.slice(0, 20));
    assert.ok(inside.height < 330, `the card stays small: ${inside.height}`);
    assert.equal(await page.title(), `☎ ${known}`.trim());
    await quiet();
    await page.locator(".ringing").waitFor({ state: "detached" });
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("from 320 pixels on nothing is cut off, in either language; wide, it has two columns", async () => {
  await quiet();
  for (const [width, locale] of [[320, "en-GB"], [320, "uk-UA"], [360, "uk-UA"], [1200, "en-GB"]]) {
    const page = await bed.panel(await bed.context({ viewport: { width, height: 800 }, locale }));
    await bed.sim.ring();
    await act(page, "answer");
    await page.locator("section.card[data-state=connected]").waitFor();
    await act(page, "transfer");
    await page.locator("input[name=target]").fill("600");
    await act(page, "consult");
    await page.locator(".pair [data-action=completeTransfer]").waitFor();
    const wrong = await page.evaluate(() => {
      const { shadowRoot } = document.querySelector("jackfield-panel");
      const panel = shadowRoot.querySelector(".panel").getBoundingClientRect();
      return [...shadowRoot.querySelectorAll("button")].filter((b) => b.offsetParent && (b.getBoundingClientRect().right > panel.right || b.scrollWidth > b.clientWidth + 1)).map((b) => b.innerText);
    });
    assert.deepEqual(wrong, [], `${width} ${locale}`);
    const [stage, history] = await Promise.all([page.locator(".stage > fieldset").boundingBox(), page.locator(".history").boundingBox()]);
    assert.equal(history.x > stage.x + stage.width - 1, width > 720);
    const taller = await page.evaluate(() => [document.documentElement, document.querySelector("jackfield-panel").shadowRoot.querySelector(".panel")].filter((e) => e.scrollHeight > e.clientHeight).length);
    assert.equal(taller, 0, "the page itself does not scroll");
    await quiet();
    await page.context().close();
  }
});

test("Ukrainian, from the browser's wish and from the settings", async () => {
  const page = await bed.panel(await bed.context({ locale: "uk-UA" }));
  assert.equal(await page.locator(".status").innerText(), "На зв’язку");
  await page.locator("[data-action=settings]").click();
  await page.locator("select[name=lang]").selectOption("en");
  await page.locator("[data-action=closeSettings]").click();
  assert.equal(await page.locator(".status").innerText(), "Online");
  await page.reload();
  await page.locator(".status", { hasText: "Online" }).waitFor();
  await page.context().close();
});

const FOREIGN = (host, more = "") => `<!doctype html><html lang="en"><head><title>CRM</title>
<style>button { all: unset; color: red !important; font-size: 90px } * { letter-spacing: 1em }</style>
<script src="${host}/jackfield-panel.js"></script></head>
<body><h1>CRM</h1><div style="width: 360px; height: 600px"><jackfield-panel url="${host}" theme="dark" lang="uk" ${more}></jackfield-panel></div>
<script>
  window.told = [];
  for (const name of ["call", "state", "event"]) addEventListener("jackfield-" + name, ({ detail }) => told.push([name, detail]));
  document.querySelector("jackfield-panel").token = ${JSON.stringify(TOKENS.alice)};
</script></body></html>`;

test("a foreign page: one script tag, attributes, a token, events, click-to-dial", async () => {
  await quiet();
  await bed.sim.ring();
  await until("it rings", () => bed.sim.calls.length === 1);
  await quiet();
  const crm = await Site.start({ host: bed.host });
  const pages = { "/crm": FOREIGN(crm.url.slice(0, -1)) };
  const foreign = await Site.start({ pages });
  bed.host.configure({ origins: [foreign.url.slice(0, -1)] });
  bed.host.reload();
  const context = await bed.context({ viewport: { width: 700, height: 760 } });
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  await page.goto(`${foreign.url}crm`);
  await page.locator(".status", { hasText: "На зв’язку" }).waitFor();
  await page.locator("[data-past]").first().waitFor();
  await bed.sim.ring();
  await page.locator(".ringing").waitFor();
  const told = await page.evaluate(() => told.filter(([name]) => name === "call").map(([, { call }]) => call.caller.number));
  assert.deepEqual(told, ["+380441234567"]);
  const look = await page.locator("[data-action=answer]").evaluate((b) => [getComputedStyle(b).fontSize, getComputedStyle(b).letterSpacing, getComputedStyle(b).display]);
  assert.deepEqual([look[0], look[2]], ["16px", "flex"], "the page's style stays outside");
  // Keys work within the panel, and nowhere else.
  await page.locator("h1").click();
  await page.keyboard.press("a");
  await page.locator("[data-action=drop]").focus();
  await page.keyboard.press("e");
  await until("it is declined", () => bed.sim.calls.length === 0);
  await page.locator(".dial").waitFor();
  await page.evaluate(() => document.querySelector("jackfield-panel").dial("6-05"));
  await until("it dials", () => bed.sim.calls[0]?.called?.number === "605");
  await quiet();
  assert.deepEqual(page.faults, []);
  // Taken out of the page it lets go of everything.
  await page.evaluate(() => document.querySelector("jackfield-panel").remove());
  await until("its socket is closed", () => crm.sockets.size === 0);
  await context.close();
  await foreign.end();
  await crm.end();
});

test("a page of an origin that is not listed is refused, and says what may be wrong", async () => {
  const stranger = await Site.start({ pages: { "/crm": FOREIGN(bed.host.url).replace(`${bed.host.url}/jackfield-panel.js`, "/jackfield-panel.js") } });
  const context = await bed.context();
  const page = await context.newPage();
  await page.goto(`${stranger.url}crm`);
  await page.locator(".banner", { hasText: "server.origins" }).waitFor();
  assert.equal(await page.locator(".dial [data-action=call]").isDisabled(), true);
  assert.match(bed.host.log, /a page of another origin was refused/);
  await context.close();
  await stranger.end();
});

test("the client in a worker", async () => {
  await quiet();
  const pages = {
    "/page": `<!doctype html><title>w</title><script>window.said = []; const w = new Worker("/worker.js", { type: "module" }); w.onmessage = ({ data }) => said.push(data);</script>`,
    "/worker.js": `import { CtiModel } from "/client/index.js";
      const model = new CtiModel({ url: location.origin, token: ${JSON.stringify(TOKENS.alice)} });
      model.on("callStarted", ({ line, data }) => model.dropCall({ line, callId: data.call.callId }).then(() => postMessage("dropped"), (e) => postMessage(e.message)));
      await model.connect();
      postMessage(model.lines.map((l) => l.name).join());`,
  };
  const site = await Site.start({ host: bed.host, pages });
  const page = await (await bed.context()).newPage();
  await page.goto(`${site.url}page`);
  await until("it is connected", () => page.evaluate(() => window.said[0] === "sim/101"));
  await bed.sim.ring();
  await until("it has dropped the call", () => page.evaluate(() => window.said[1] === "dropped"));
  await page.context().close();
  await site.end();
});

test("a name as long as it likes stays in the button that has it", async () => {
  await quiet();
  const page = await bed.panel(await bed.context({ viewport: { width: 320, height: 700 } }));
  const name = `\u202E${"W".repeat(200)}`;
  await bed.sim.ring("+380441234567", name);
  await act(page, "answer");
  await page.locator("section.card[data-state=connected]").waitFor();
  await act(page, "transfer");
  await page.locator("input[name=target]").fill("600");
  await act(page, "consult");
  const back = page.locator("[data-action=cancelTransfer]");
  await back.waitFor();
  const fits = await back.evaluate((button) => {
    const [inner, outer] = [button.querySelector("span").getBoundingClientRect(), button.closest(".card").getBoundingClientRect()];
    return inner.left >= outer.left && inner.right <= outer.right && button.scrollWidth <= button.clientWidth + 1;
  });
  assert.ok(fits, "it is cut by the button");
  assert.equal(await back.locator("bdi").getAttribute("title"), name, "its direction is kept to itself");
  await quiet();
  await page.context().close();
});

test("of two calls that ring the first stays on top, and keys mean it", async () => {
  await quiet();
  const page = await bed.panel(await bed.context({ viewport: { width: 800, height: 800 } }), TOKENS.both);
  // The line that stands second in the user's list rings first.
  await bed.sim.service("ring", { to: "102", from: "+380507654321", name: "Taras Shevchuk" });
  await page.locator(".ringing .of-line", { hasText: "102" }).waitFor();
  await bed.sim.ring("+380441234567", "Olena Koval");
  await page.locator(".ringing .of-line", { hasText: "101" }).waitFor();
  const cards = () => page.locator(".ringing").evaluateAll((all) => all.map((card) => [card.querySelector(".of-line").innerText, card.querySelectorAll("[aria-keyshortcuts]").length > 0]));
  assert.deepEqual(await cards(), [["102", true], ["101", false]]);
  await page.keyboard.press("a");
  await page.locator("section.card[data-state=connected] .of-line", { hasText: "102" }).waitFor();
  assert.deepEqual(await cards(), [["101", true]]);
  await act(page, "answer");
  await until("both are taken", async () => (await page.locator(".ringing").count()) === 0);
  while ((await page.locator("section.card [data-action=drop]").count()) > 0) {
    const before = await page.locator(".card[data-call]").count();
    await act(page, "drop");
    await until("one call fewer", async () => (await page.locator(".card[data-call]").count()) < before);
  }
  await quiet();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("two lines of one user", async () => {
  await quiet();
  const page = await bed.panel(await bed.context(), TOKENS.both);
  await bed.sim.service("ring", { to: "102", from: "+380507654321", name: "Taras Shevchuk" });
  await page.locator(".ringing .of-line", { hasText: "102" }).waitFor();
  await act(page, "answer");
  await page.locator("section.card[data-state=connected] .of-line", { hasText: "102" }).waitFor();
  // From the other line one may call meanwhile.
  await page.locator("[data-action=lines]").click();
  await page.locator(".line-menu button", { hasText: "101" }).click();
  await page.locator("input[name=dial]").fill("600");
  await page.locator("input[name=dial]").press("Enter");
  await until("a call at 101", () => bed.sim.calls[0]?.state === "connected");
  await until("two cards", async () => (await page.locator(".card[data-call]").count()) === 2);
  await page.locator("button.card.row").click();
  await until("the other one is chosen", async () => (await page.locator("section.card .of-line").innerText()) === "101" || (await page.locator("section.card .of-line").innerText()) === "102");
  await act(page, "drop");
  await until("one card", async () => (await page.locator(".card[data-call]").count()) === 1);
  await act(page, "drop");
  await quiet();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("desktop notifications: when nobody looks, until it is answered", async () => {
  await quiet();
  const context = await bed.context({ permissions: ["notifications"] });
  await context.addInitScript(() => {
    window.shown = [];
    document.hasFocus = () => false;
    window.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, { body }) {
        window.shown.push(this);
        Object.assign(this, { title, body, open: true });
      }
      close() {
        this.open = false;
      }
    };
  });
  const page = await bed.panel(context);
  const shown = () => page.evaluate(() => window.shown.map(({ title, body, open }) => [title, body, open]));
  await page.locator("[data-action=settings]").click();
  await page.locator("input[name=notify]").click();
  assert.ok((await page.locator("select[name=output] option").count()) >= 1, "Chromium chooses a device");
  await page.locator("[data-action=testTone]").click();
  await page.locator("[data-action=closeSettings]").click();
  await bed.sim.ring("+380441234567", "Olena <i>Koval</i>");
  await until("it is notified", async () => (await shown()).length === 1);
  assert.deepEqual(await shown(), [["Olena <i>Koval</i>", "Incoming call", true]]);
  await act(page, "answer");
  await until("it is closed", async () => !(await shown())[0][2]);
  await quiet();
  assert.deepEqual(page.faults, []);
  await context.close();
});

test("a supervisor sees and does not command", async () => {
  await quiet();
  const page = await bed.panel(await bed.context(), TOKENS.boss);
  await bed.sim.ring();
  await page.locator(".ringing").waitFor();
  await act(page, "answer");
  await page.locator(".notice[data-kind=error]").waitFor();
  await quiet();
  await page.context().close();
});
