import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { build } from "vite";

const source = new URL("../src/", import.meta.url);
/** The modules of the panel are TypeScript: taken through the same builder as the panel itself. */
async function load(path) {
  const made = await build({ configFile: false, logLevel: "silent", root: source.pathname, build: { write: false, target: "es2022", lib: { entry: path, formats: ["es"], fileName: "made" } } });
  const [{ output }] = [made].flat();
  return import(`data:text/javascript;base64,${Buffer.from(output[0].code).toString("base64")}`);
}
const { CATALOGUES, Language } = await load("i18n.ts");
const { dialled, duration, initials, isNumber, nameOf, other } = await load("format.ts");
const { arrange, pairOf } = await load("calls.ts");
const { actionsOf } = await load("actions.ts");

test("every text is used, and is in every language with the same parts", () => {
  const files = readdirSync(source, { recursive: true }).filter((name) => name.endsWith(".ts") && !name.includes("i18n/"));
  const code = files.map((name) => readFileSync(new URL(name, source), "utf8")).join("");
  const parts = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  for (const [key, text] of Object.entries(CATALOGUES.en)) {
    assert.ok(key === "language" || new RegExp(`["']${key}["']`).test(code), `${key} is used`);
    for (const [code, texts] of Object.entries(CATALOGUES)) assert.equal(parts(texts[key]), parts(text), `${code}: ${key}`);
  }
});

test("the first language that there is", () => {
  assert.equal(new Language("", null, "de-DE", "uk-UA", "en").code, "uk");
  assert.equal(new Language("xx").code, "en");
  assert.equal(new Language("en").t("incomingFrom", { name: "{name} $&" }), "Incoming call from {name} $&");
});

test("numbers, and what is none", () => {
  for (const text of ["+38 (044) 123-45.67", "*21#", "101", " 1/2 "]) assert.ok(isNumber(text), text);
  for (const text of ["", "olena", "+", "()", "12a", "1<2"]) assert.ok(!isNumber(text), text);
  assert.equal(dialled(" +38 (044) 123-45.67"), "+380441234567");
  assert.equal(dialled("*21*5+6#"), "*21*56#");
});

test("durations, names, letters", () => {
  assert.deepEqual([-5, 0, 61_999, 3_600_000, 360_000_000].map(duration), ["0:00", "0:00", "1:01", "1:00:00", "100:00:00"]);
  assert.deepEqual(["Olena Koval", "olena", "Жанна д’Арк Іванівна", "+380", "", "🦊 Fox"].map(initials), ["OK", "O", "ЖІ", "", "", "F"]);
  assert.equal(nameOf({ number: "1", name: "\u0000 \n" }), "1");
  assert.equal(nameOf({ number: "1" }, [{ name: "Found" }]), "Found");
  assert.equal(nameOf(null), "");
  assert.equal(other({ direction: "unknown", caller: { number: "1" }, called: { number: "2" } }).number, "1");
});

const call = (callId, more) => ({ callId, direction: "in", state: "connected", role: "primary", parentCallId: null, isCurrent: false, features: [], ...more });
const line = (...calls) => ({ name: "x/1", calls });

test("what is in front: what rings, then what one is in", () => {
  const one = line(call("held", { state: "held" }), call("ring", { state: "alerting", phase: "ringing" }), call("talk", { isCurrent: true }), call("out", { state: "alerting", direction: "out" }));
  const shown = one.calls.map((c) => ({ line: one, call: c }));
  const found = arrange(shown, undefined);
  assert.deepEqual([found.incoming.map((s) => s.call.callId), found.selected.call.callId], [["ring"], "talk"]);
  assert.equal(arrange(shown, "held").selected.call.callId, "held");
  assert.equal(arrange(shown, "gone").selected.call.callId, "talk");
  assert.equal(arrange([], undefined).selected, undefined);
  const rings = ["01a2-2", "01a2-1"].map((id) => call(id, { state: "alerting" }));
  const order = arrange(rings.map((ring) => ({ line: line(ring), call: ring })), undefined);
  assert.deepEqual(order.incoming.map((s) => s.call.callId), ["01a2-1", "01a2-2"], "the oldest first, on whatever line");
});

test("pairs: a consultation by its parent; else what is held and what is not", () => {
  const features = ["completeTransfer", "alternate"];
  const consult = line(call("a", { state: "connected", features }), call("b", { state: "held", role: "consult", parentCallId: "a", features }));
  for (const c of consult.calls) {
    const pair = pairOf({ line: consult, call: c });
    assert.deepEqual([pair.first.callId, pair.second.callId], ["a", "b"], "the consultation is the target, whoever is held");
  }
  const free = line(call("a", { features }), call("b", { state: "held", role: "secondary", parentCallId: "a", features }), call("c", { state: "held" }));
  assert.deepEqual([pairOf({ line: free, call: free.calls[0] }).first.callId, pairOf({ line: free, call: free.calls[0] }).second.callId], ["b", "a"]);
  assert.equal(pairOf({ line: free, call: free.calls[2] }), undefined);
  const early = line(call("a", { state: "held", features: ["cancelTransfer"] }), call("b", { direction: "out", state: "alerting", role: "consult", parentCallId: "a", features: ["drop"] }));
  assert.deepEqual([...pairOf({ line: early, call: early.calls[1] }).features], ["cancelTransfer"]);
});

test("buttons by features alone", () => {
  assert.deepEqual(actionsOf(call("a")), []);
  assert.deepEqual(actionsOf(call("a", { features: ["mute", "hold", "blindTransfer", "drop", "answer", "somethingNew"] })).map((a) => a.name), ["mute", "hold", "transfer"]);
});
