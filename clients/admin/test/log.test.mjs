import assert from "node:assert/strict";
import { test } from "node:test";
import { entryOf, Log, NO_FILTER } from "../node_modules/.test/log.js";
import { Course } from "../node_modules/.test/numbers.js";
import { bytes, clock, duration, many, span } from "../node_modules/.test/format.js";

const event = (n, line = "sim/101", name = "callStarted") =>
  entryOf(name, { at: "2026-11-30T20:21:13.058Z", line, seq: n, data: { call: { direction: "in", state: "alerting", caller: { number: `+${n}`, name: "Olena" }, called: { number: "101" } } } });

const shown = (log) => Array.from({ length: log.length }, (_, i) => log.at(i).seq);

test("the last events are kept, and memory does not grow", () => {
  const log = new Log(10);
  for (let n = 1; n <= 1_000; n++) log.add(event(n));
  assert.deepEqual([log.count, log.size, log.length, log.passed], [1_000, 10, 10, 990]);
  assert.deepEqual(shown(log), [991, 992, 993, 994, 995, 996, 997, 998, 999, 1_000]);
  assert.equal(log.at(-1), undefined);
  assert.equal(log.at(10), undefined);
});

test("a filter holds for what came and for what comes", () => {
  const log = new Log(100);
  for (let n = 1; n <= 50; n++) log.add(event(n, n % 2 ? "sim/101" : "sim/102", n % 5 ? "callStarted" : "hold"));
  log.filter = { ...NO_FILTER, line: "101", names: new Set(["hold"]) };
  assert.deepEqual(shown(log), [5, 15, 25, 35, 45]);
  log.add(event(51, "sim/101", "hold"));
  log.add(event(52, "sim/102", "hold"));
  assert.deepEqual(shown(log).at(-1), 51);
  log.filter = { ...NO_FILTER, text: "+7 (OLE" };
  assert.deepEqual(shown(log), [7]);
  log.filter = NO_FILTER;
  assert.equal(log.length, 52);
});

test("a filtered list loses what has gone, and nothing else", () => {
  const log = new Log(10);
  log.filter = { ...NO_FILTER, names: new Set(["hold"]) };
  for (let n = 1; n <= 100; n++) {
    log.add(event(n, "sim/101", n % 4 ? "callStarted" : "hold"));
    assert.deepEqual(shown(log), Array.from({ length: 10 }, (_, i) => n - 9 + i).filter((x) => x > 0 && x % 4 === 0));
  }
});

test("an event is told in a line, whatever it holds", () => {
  assert.equal(event(7).says, "in +7 (Olena) › 101  ·  alerting");
  for (const odd of [null, undefined, {}, { data: null }, { data: { call: {} } }, { line: 7, at: 8, data: { call: { caller: 9, features: 1 } } }, { cause: {} }])
    assert.equal(typeof entryOf("error", odd).says, "string");
  assert.equal(entryOf("error", { connection: "ast", line: null, data: { code: "storeFailed", text: "x" } }).line, "ast");
  assert.equal(entryOf("lineStateChanged", { data: { callId: "1", features: ["answer", "drop"] } }).says, "answer drop");
  assert.equal(entryOf("callSaved", { data: { revision: 3, final: true } }).says, "revision 3  ·  the call is over");
  assert.match(entryOf("initialized", { resent: true }).says, /told again/);
});

const numbers = (at, events, process = 1, latency = []) => ({
  at: new Date(at).toISOString(), process, uptimeSeconds: at / 1000, connections: [{ connection: "sim", events }],
  latency: { count: latency.reduce((a, b) => a + b, 0), buckets: latency.map((_, i) => [10 ** (i - 4), latency.slice(0, i + 1).reduce((a, b) => a + b, 0)]) },
});

test("rates are of the time between two answers, and of one process", () => {
  const course = new Course();
  course.take(numbers(10_000, 100, 1, [5, 5, 0]));
  assert.equal(course.pace, null);
  course.take(numbers(12_000, 300, 1, [5, 105, 0]));
  assert.deepEqual([course.pace.events, course.pace.of.get("sim"), course.pace.p50, course.pace.p99], [100, 100, 0.001, 0.001]);
  course.take(numbers(14_000, 300, 1, [5, 105, 0]));
  assert.deepEqual([course.pace.events, course.pace.p50], [0, null]);
  course.take(numbers(1_000, 5, 2));
  assert.deepEqual([course.pace, course.curve.length], [null, 0]);
  for (let i = 2; i < 200; i++) course.take(numbers(i * 1_000, i, 2));
  assert.equal(course.curve.length, 60);
});

test("numbers for people", () => {
  assert.deepEqual([bytes(0), bytes(1_536), bytes(345_678_901), bytes(null)], ["0 B", "1.5 KiB", "330 MiB", "–"]);
  assert.deepEqual([span(59), span(61), span(3_700), span(90_000)], ["59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
  assert.deepEqual([duration(0.00014), duration(0.0021), duration(1.23), duration(null)], ["140 µs", "2.1 ms", "1.2 s", "–"]);
  assert.deepEqual([many(1, "line"), many(2_000, "line")], ["1 line", "2,000 lines"]);
  assert.match(clock("2026-11-30T20:21:13.058Z"), /^\d\d:21:13\.058$/);
  assert.equal(clock("nonsense"), "");
});
