// What the panel weighs, how fast it shows what comes, and what it keeps over a day of calls. JACKFIELD_DAY=5000 makes the
// day that long.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { join } from "node:path";
import { Bed, until } from "../src/bed.mjs";
import { DIST } from "../src/site.mjs";

const DAY = Number(process.env.JACKFIELD_DAY ?? 150);
const LIMIT = 80 * 1024;
let bed;
before(async () => {
  bed = await Bed.start();
});
after(() => bed?.end());

test("the panel's weight", (t) => {
  const gzip = gzipSync(readFileSync(join(DIST, "jackfield-panel.js")), { level: 9 }).length;
  t.diagnostic(`jackfield-panel.js: ${(gzip / 1024).toFixed(1)} KiB gzip (to be 80 at most)`);
  assert.ok(gzip <= LIMIT);
});

test("from the socket to the screen", async (t) => {
  const context = await bed.context();
  // The clock starts when the browser hands the message over, and stops after the frame that shows it.
  await context.addInitScript(() => {
    window.took = [];
    const set = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage").set;
    Object.defineProperty(WebSocket.prototype, "onmessage", {
      set(listener) {
        set.call(this, listener && ((event) => {
          const began = performance.now();
          listener.call(this, event);
          const { method, params } = JSON.parse(event.data);
          if (method !== "callStarted") return;
          const { callId } = params.data.call;
          const look = () => {
            if (!document.querySelector("jackfield-panel").shadowRoot.querySelector(`[data-call="${callId}"]`)) return requestAnimationFrame(look);
            const channel = new MessageChannel();
            channel.port1.onmessage = () => window.took.push(performance.now() - began);
            requestAnimationFrame(() => channel.port2.postMessage(0));
          };
          requestAnimationFrame(look);
        }));
      },
    });
  });
  const page = await bed.panel(context);
  for (let i = 1; i <= 30; i++) {
    await bed.sim.ring(`+38044${i}`, "Olena Koval");
    await until("it is shown", () => page.evaluate((n) => window.took.length === n, i));
    await bed.sim.service("remoteHangup");
    await until("it is over", () => bed.sim.calls.length === 0);
  }
  const took = (await page.evaluate(() => window.took)).sort((a, b) => a - b);
  t.diagnostic(`event on the socket to pixels: median ${took[15].toFixed(1)} ms, the slowest of 30 ${took[29].toFixed(1)} ms (to be 50 at most, on a quiet machine)`);
  assert.ok(took[15] < 2000, "a machine that is this busy tells nothing");
  await context.close();
});

test("a day of calls leaves nothing behind", async (t) => {
  const context = await bed.context();
  const page = await bed.panel(context);
  const devtools = await context.newCDPSession(page);
  // The host takes 50 requests a second of one client; a quiet machine is faster than that.
  async function patient(ask) {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (error.code !== "rateLimited") throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
  async function calls(count) {
    for (let i = 0; i < count; i++) {
      await patient(() => bed.sim.ring(`+38050${String(i).padStart(7, "0")}`, `Caller ${i}`));
      if (i % 3 === 0) {
        const { callId } = await until("the call", () => bed.sim.calls[0]);
        await patient(() => bed.sim.model.answerCall({ line: "sim/101", callId }));
        await patient(() => bed.sim.model.holdCall({ line: "sim/101", callId }));
        await patient(() => bed.sim.model.unholdCall({ line: "sim/101", callId }));
      }
      await patient(() => bed.sim.service("remoteHangup"));
      await until("it is over", () => bed.sim.calls.length === 0);
    }
    await until("the panel has seen it", () => page.evaluate(() => document.querySelector("jackfield-panel").model.lines[0].calls.length === 0));
  }
  async function weigh() {
    // Notices and requests that are under way end by themselves.
    await page.waitForTimeout(1000);
    await devtools.send("HeapProfiler.collectGarbage");
    const { usedSize } = await devtools.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
    return { heap: usedSize, nodes, jsEventListeners };
  }
  // The list of the past is full after the first ones, and everything has run once.
  await calls(45);
  const before = await weigh();
  await calls(DAY);
  const afterwards = await weigh();
  const kib = (bytes) => Math.round(bytes / 1024);
  t.diagnostic(`memory over ${DAY} calls: ${kib(before.heap)} KiB before, ${kib(afterwards.heap)} KiB after; nodes ${before.nodes} and ${afterwards.nodes}, listeners ${before.jsEventListeners} and ${afterwards.jsEventListeners}`);
  assert.ok(afterwards.heap - before.heap < 1024 * 1024, "the heap does not grow");
  assert.ok(afterwards.nodes < before.nodes * 1.5 + 200, "nor does the page");
  assert.deepEqual(page.faults, []);
  await context.close();
});
