// 200 lines, hundreds of events a second on the page: how many frames it drops, and whether its memory stays. Figures are
// printed, not asserted: how fast a browser without a graphics card draws is the machine's affair. What is asserted is
// that everything arrived, and that no more is kept than is to be kept. JACKFIELD_LOAD_SECONDS measures longer than 10.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Bed, traffic, until } from "./bed.mjs";

const LINES = 200;
const SECONDS = Number(process.env.JACKFIELD_LOAD_SECONDS ?? 10);
const RATE = Number(process.env.JACKFIELD_LOAD_CALLS ?? 5_400);

let bed;

before(async () => {
  bed = await Bed.start({ connections: traffic("sim", 1_000, LINES, RATE).replace(/ring = .*\ntalk = .*\nhold = .*\npatience = .*/, "ring = [0.1, 0.4]\ntalk = [0.2, 0.8]\nhold = [0.1, 0.3]\npatience = [0.5, 1.0]"), first: "sim/1000", store: false });
});

after(() => bed?.end());

/** Times between frames for some seconds. */
const frames = (page, seconds) =>
  page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const between = [];
        let last = performance.now();
        const end = last + ms;
        const next = (now) => {
          between.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(next);
          else resolve(between);
        };
        requestAnimationFrame(next);
      }),
    seconds * 1000,
  );

const told = (between) => {
  const sorted = [...between].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  // A frame that took as long as two was one too few.
  const dropped = between.reduce((sum, time) => sum + Math.max(0, Math.round(time / (1000 / 60)) - 1), 0);
  return `${between.length} frames, ${dropped} dropped; between them p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`;
};

test(`${LINES} lines for ${SECONDS} s`, async (t) => {
  const page = await bed.admin("overview");
  await page.locator("[data-tile=events] .curve path").first().waitFor({ state: "attached" });
  t.diagnostic(`another part of the page: ${told(await frames(page, 3))}`);
  await page.locator('nav a[href="#events"]').click();
  const log = () => page.evaluate(() => {
    const { live } = document.querySelector("jackfield-admin").shadowRoot.querySelector("jackfield-events");
    return { count: live.log.count, size: live.log.size, rate: live.rate, lines: live.lines.length };
  });
  await until("events flow", async () => (await log()).count > 2_000);
  const memory = async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    await session.detach();
    return usedSize / 1024 / 1024;
  };
  await until("the log is full", async () => (await log()).size === 5_000);
  const heap = await memory();
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const work = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const [before, began, worked] = [await log(), performance.now(), await work()];
  const between = await frames(page, SECONDS);
  const [now, took, then] = [await log(), (performance.now() - began) / 1000, await work()];
  const share = (name) => `${(((then[name] - worked[name]) / took) * 100).toFixed(1)} %`;
  t.diagnostic(`${((now.count - before.count) / took).toFixed(0)} events/s: ${told(between)}`);
  t.diagnostic(`the page's thread: ${share("TaskDuration")} of the time busy, of it script ${share("ScriptDuration")}, layout ${share("LayoutDuration")}, styles ${share("RecalcStyleDuration")} (as the clock goes, not the processor)`);
  t.diagnostic(`memory of its heap: ${heap.toFixed(1)} MiB with a full log, ${(await memory()).toFixed(1)} MiB after ${now.count - before.count} more events`);
  assert.equal(now.lines, LINES);
  assert.equal(now.size, 5_000, "no more is kept");
  assert.ok(now.count > before.count);
  assert.ok((await page.locator(".rows .row").count()) < 120, "no more rows than are seen");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
