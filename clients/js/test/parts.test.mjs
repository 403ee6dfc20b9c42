import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, HostClock, Line, differences, restUrl, socketUrl } from "../dist/index.js";
import { call, entry, event, initialized, snapshot } from "./fake.mjs";

function line(more) {
  const made = new Line("x/1", "x");
  made.enter(entry(more));
  return made;
}
const say = (to, ...messages) => messages.map(({ method, params }) => to.apply({ method, params }));

test("addresses", () => {
  assert.equal(socketUrl("https://host:8443"), "wss://host:8443/ws");
  assert.equal(socketUrl("http://host/phone/"), "ws://host/phone/ws");
  assert.equal(socketUrl("wss://host/ws?token=secret#x"), "wss://host/ws", "nothing secret travels in an address");
  assert.equal(restUrl("wss://host/phone/ws"), "https://host/phone/");
});

test("waits double, half of them left to chance, and have an end", () => {
  const least = new Backoff({ first: 100, most: 1000 }, () => 0);
  const most = new Backoff({ first: 100, most: 1000 }, () => 1);
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => least.next()), [50, 100, 200, 400, 500, 500]);
  assert.deepEqual([1, 2, 3, 4, 5, 6].map(() => most.next()), [100, 200, 400, 800, 1000, 1000]);
  most.reset();
  assert.equal(most.next(), 100);
});

test("the host's clock: the fastest message is the nearest to the truth, and a clock that is set is followed", () => {
  let local = 1_000_000;
  const clock = new HostClock(() => local);
  // The host is 60 s behind, messages take 5 to 800 ms.
  for (const late of [300, 5, 800, 40]) {
    local += 1000;
    clock.heard(local - 60_000 - late);
  }
  assert.equal(clock.offset, 60_005);
  local += 3_600_000;
  for (let i = 0; i < 20; i++) clock.heard(local - 3_660_000 - 10);
  assert.equal(clock.offset, 3_660_010);
});

test("nothing counts until the state has come; then numbers follow each other", () => {
  const one = line();
  assert.deepEqual(say(one, event("callStarted", 5, { call: call("a") })), ["ignored"]);
  assert.equal(one.calls.length, 0);
  const told = { resent: true };
  assert.deepEqual(say(one, initialized(5, told), snapshot(5, [call("a")], told)), ["applied", "applied"]);
  assert.equal(one.settled, true);
  assert.deepEqual(say(one, event("hold", 6, { call: call("a", { state: "held" }) }, { currentCallId: "a" })), ["applied"]);
  assert.equal(one.currentCall.state, "held");
  assert.deepEqual(say(one, event("hold", 6, { call: call("a") }), event("unhold", 3, { call: call("a") })), ["ignored", "ignored"], "old news");
  assert.deepEqual(say(one, event("callFinished", 8, { call: call("a") })), ["gap"], "7 is missing");
  assert.equal(one.calls.length, 1, "what comes after a gap is not believed");
});

test("a new stream begins with its first number", () => {
  const one = line();
  say(one, initialized(5, { resent: true }), snapshot(5, [call("a")], { resent: true }));
  assert.deepEqual(say(one, event("disconnected", 6, { scope: "connection", willRetry: true }, { currentCallId: "a", cause: { code: "connectionLost", text: "gone" } })), ["applied"]);
  assert.deepEqual([one.state, one.call("a").state, one.call("a").features], ["down", "unknown", []]);
  assert.equal(one.lastError.text, "gone");
  const next = { epoch: 2000 };
  assert.deepEqual(say(one, initialized(1, next)), ["applied"]);
  assert.equal(one.settled, false);
  say(one, snapshot(2, [call("a", { state: "unknown" })], next, "beforeReconcile"));
  assert.equal(one.settled, false, "the differences are still to come");
  say(one, event("callFinished", 3, { call: call("a") }, next), snapshot(4, [], next, "reconciled"));
  assert.deepEqual([one.settled, one.calls.length, one.epoch, one.seq], [true, 0, 2000, 4]);
  assert.deepEqual(say(one, event("callStarted", 7, { call: call("z") })), ["ignored"], "the old stream is over");
});

test("a line whose connection never worked begins live", () => {
  const one = line({ state: "notStarted", epoch: 0, seq: 0 });
  assert.equal(one.settled, true);
  assert.deepEqual(say(one, initialized(1, { epoch: 3000 }), snapshot(2, [], { epoch: 3000 }, "beforeReconcile")), ["applied", "applied"]);
});

test("a part of a state that is ahead of ours is a gap; the whole is not", () => {
  const one = line();
  say(one, initialized(5, { resent: true }), snapshot(5, [], { resent: true }));
  const ahead = event("lineStateChanged", 7, { callId: null, features: [], featuresMask: 0, line: { features: [], featuresMask: 0 } }, { resent: true });
  assert.deepEqual(say(one, ahead), ["gap"]);
  assert.deepEqual(say(one, initialized(9, { resent: true }), snapshot(9, [call("b")], { resent: true }, "overflow")), ["applied", "applied"]);
  assert.equal(one.seq, 9);
});

test("features of lines and of calls, agent, mode", () => {
  const one = line();
  say(one, initialized(5, { resent: true }), snapshot(5, [call("a")], { resent: true }));
  const state = { features: ["drop"], featuresMask: 8, agentFeatures: ["wrapUp"], forwarding: [{ kind: "all", to: "7" }], deviceState: "inService" };
  say(one, event("lineStateChanged", 6, { callId: "a", features: ["drop", "hold"], featuresMask: 24, line: state }, { currentCallId: "a" }));
  assert.deepEqual([one.call("a").features, one.features, one.agentFeatures, one.forwarding[0].to], [["drop", "hold"], ["drop"], ["wrapUp"], "7"]);
  say(one, event("agentStateChanged", 7, { previous: null, state: "ready", code: "R", reason: null, selectable: [], pending: null }, { currentCallId: "a" }));
  say(one, event("callCentreStateChanged", 8, { isActive: true }, { currentCallId: "a" }));
  assert.deepEqual([one.agent.state, "previous" in one.agent, one.callCentreActive], ["ready", false, true]);
  const kept = one.call("a");
  say(one, event("callInfoChanged", 9, { changed: ["caller"], call: call("a", { caller: { number: "200" } }) }, { currentCallId: "a" }));
  assert.deepEqual([kept.caller.number, one.call("a").caller.number], ["100", "200"], "a call that was taken before does not change");
});

test("what differs from a snapshot is found", () => {
  const one = line();
  say(one, initialized(5, { resent: true }), snapshot(5, [call("a"), call("b")], { resent: true }));
  const data = (calls, features = []) => snapshot(5, calls).params.data && { ...snapshot(5, calls).params.data, line: { features, featuresMask: 0 } };
  assert.deepEqual(differences(one, data([call("a"), call("b")]), "a"), []);
  assert.equal(differences(one, data([call("a")]), "a").length, 1);
  assert.equal(differences(one, data([call("a", { state: "held" }), call("b", { role: "consult" })]), "a").length, 2);
  assert.equal(differences(one, data([call("a"), call("b")], ["dial"]), null).length, 2);
});
