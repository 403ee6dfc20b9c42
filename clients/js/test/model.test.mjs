import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { CtiError, CtiModel } from "../dist/index.js";
import { FakeSocket, call, entry, event, greet, initialized, snapshot } from "./fake.mjs";

const QUICK = { first: 1, most: 5 };
const models = [];
beforeEach(async () => {
  await Promise.all(models.splice(0).map((model) => model.close()));
  FakeSocket.all = [];
});

function make(options = {}) {
  const model = new CtiModel({ url: "http://host", token: "secret", WebSocket: FakeSocket, backoff: QUICK, ...options });
  models.push(model);
  return model;
}

async function online(options, greeting) {
  const model = make(options);
  const connected = model.connect();
  const hello = await greet(FakeSocket.last, greeting);
  await connected;
  return { model, socket: FakeSocket.last, hello };
}

const next = async (socket) => {
  for (;;) {
    if (FakeSocket.last !== socket) return FakeSocket.last;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
const rejected = async (promise) => {
  const error = await promise.then(() => assert.fail("it was not refused"), (e) => e);
  assert.ok(error instanceof CtiError, String(error));
  return error;
};

test("hello: the token travels in the message, not in the address", async () => {
  const { hello, socket, model } = await online({ lines: ["x/1"], client: { name: "t", version: "1" } });
  assert.deepEqual(hello.params, { token: "secret", client: { name: "t", version: "1" }, lines: ["x/1"] });
  assert.deepEqual([socket.url, socket.protocols], ["ws://host/ws", ["jackfield.v1"]]);
  assert.deepEqual([model.session, model.user.name, model.lines.map((l) => l.name)], ["s-1", "u", ["x/1"]]);
});

test("commands: a result, a refusal with all that it says", async () => {
  const { model, socket } = await online();
  const held = model.holdCall({ line: "x/1", callId: "a" });
  const sent = await socket.request("holdCall");
  assert.equal(sent.params.callId, "a");
  assert.ok(sent.params.idempotencyKey);
  socket.say({ id: sent.id, result: { callId: "a", noop: true } });
  assert.deepEqual(await held, { callId: "a", noop: true });
  const refused = model.answerCall({ line: "x/1", callId: "a" });
  const data = { code: "invalidCallState", type: 3, retryable: false, native: { q850: 16 }, pointer: "/params/callId" };
  socket.say({ id: (await socket.request("answerCall")).id, error: { code: -32000, message: "no", data } });
  const error = await rejected(refused);
  assert.deepEqual([error.code, error.type, error.retryable, error.native, error.pointer, error.message], ["invalidCallState", 3, false, { q850: 16 }, "/params/callId", "no"]);
  const question = model.queryLineState({ line: "x/1" });
  const asked = await socket.request("queryLineState");
  assert.equal(asked.params.idempotencyKey, undefined);
  socket.say({ id: asked.id, result: {} });
  await question;
});

test("it comes back by itself and resumes; a command in flight is sent again with its key", async () => {
  const { model, socket } = await online();
  socket.say(event("callStarted", 6, { call: call("a") }, { currentCallId: "a" }));
  const made = model.makeCall({ line: "x/1", to: "5" });
  const first = await socket.request("makeCall");
  socket.end();
  assert.equal(model.link.phase, "waiting");
  assert.equal(model.call("a").state, "alerting", "the call is there still");
  assert.equal((await rejected(model.holdCall({ line: "x/1", callId: "a" }))).code, "connectionLost");
  const again = await next(socket);
  const hello = await greet(again, { lines: [entry({ resumed: true, seq: 7 })] });
  assert.deepEqual(hello.params.resume, [{ line: "x/1", epoch: 1000, seq: 6 }]);
  const second = await again.request("makeCall");
  assert.deepEqual([second.id, second.params], [first.id, first.params]);
  again.say(event("callFinished", 7, { call: call("a", { state: "finished" }) }));
  assert.equal(model.call("a"), undefined);
  again.say({ id: second.id, result: { callId: "b" } });
  assert.deepEqual(await made, { callId: "b" });
});

test("where the line could not be resumed nobody knows whether it was done: it is not sent again", async () => {
  const { model, socket } = await online();
  const made = model.makeCall({ line: "x/1", to: "5" });
  await socket.request("makeCall");
  socket.end();
  const again = await next(socket);
  const failed = rejected(made);
  await greet(again, { lines: [entry({ epoch: 2000 })] });
  const error = await failed;
  assert.deepEqual([error.code, error.retryable], ["connectionLost", true]);
  assert.ok(!again.sent.some((r) => r.method === "makeCall"));
});

test("a gap: the line is asked for anew, and nothing is believed until it has come", async () => {
  const { model, socket } = await online({}, { calls: [call("a")] });
  const gaps = [];
  const seen = [];
  model.on("gap", (gap) => gaps.push(gap));
  model.on("event", ({ method }) => seen.push(method));
  socket.say(event("hold", 7, { call: call("a", { state: "held" }) }));
  socket.say(event("unhold", 8, { call: call("a") }));
  const asked = await socket.request("subscribe");
  assert.deepEqual([gaps, asked.params, seen], [[{ line: "x/1", epoch: 1000, seq: 7 }], { lines: ["x/1"] }, []]);
  socket.say({ id: asked.id, result: { lines: [entry({ seq: 8 })] } });
  socket.say(initialized(8, { resent: true }));
  socket.say(snapshot(8, [call("b")], { resent: true }));
  assert.deepEqual(model.lines[0].calls.map((c) => c.callId), ["b"]);
  socket.say(event("callFinished", 9, { call: call("b") }));
  assert.equal(gaps.length, 1);
});

test("what follows an answer in the same turn is understood", async () => {
  const { model, socket } = await online({}, { calls: [call("a")] });
  socket.say(event("hold", 7, { call: call("a") }));
  const asked = await socket.request("subscribe");
  socket.say({ id: asked.id, result: { lines: [entry({ seq: 7 })] } });
  socket.say(initialized(7, { resent: true }));
  socket.say(snapshot(7, [call("b")], { resent: true }));
  socket.say(event("callFinished", 8, { call: call("b") }));
  assert.deepEqual([model.lines[0].settled, model.lines[0].seq, model.lines[0].calls], [true, 8, []]);
  // A call that was missed is answered by its listener, at once.
  socket.end();
  const answered = new Promise((resolve) => model.on("callStarted", ({ line, data }) => resolve(model.answerCall({ line, callId: data.call.callId }))));
  const again = await next(socket);
  const hello = await again.request("hello");
  again.say({ id: hello.id, result: { protocol: 1, session: "s-2", user: { name: "u", role: "agent" }, lines: [entry({ resumed: true, seq: 9 })] } });
  again.say(event("callStarted", 9, { call: call("c") }));
  const sent = await again.request("answerCall");
  again.say({ id: sent.id, result: { callId: "c" } });
  assert.deepEqual(await answered, { callId: "c" });
});

test("a snapshot that is not what the events told is reported, and counts", async () => {
  const { model, socket } = await online({}, { calls: [call("a")] });
  const found = [];
  model.on("mismatch", (mismatch) => found.push(mismatch));
  const clean = model.verify("x/1");
  socket.say({ id: (await socket.request("queryActiveCallSnapshot")).id, result: {} });
  socket.say(snapshot(5, [call("a")], { resent: true }, "query"));
  assert.deepEqual(await clean, []);
  const dirty = model.verify("x/1");
  socket.say(snapshot(5, [call("a", { state: "held" })], { resent: true }, "query"));
  assert.equal((await dirty).length, 1);
  assert.equal(found.length, 1);
  assert.equal(model.call("a").state, "held");
});

test("who answered", async () => {
  const { model, socket } = await online();
  const by = [];
  model.on("answered", (news) => by.push(news.by));
  let seq = 5;
  for (const [method, more] of [
    ["commutationStarted", { replyTo: { session: "s-1", id: 3 } }],
    ["commutationStarted", { replyTo: { session: "s-9", id: 3 } }],
    ["commutationStarted", {}],
    ["callFinished", { cause: { code: "pickedUpElsewhere" } }],
    ["callFinished", { cause: { code: "cancelled" } }],
  ]) {
    socket.say(event("callStarted", ++seq, { call: call(`c${seq}`) }));
    socket.say(event(method, ++seq, { call: call(`c${seq - 1}`, { state: "connected" }) }, more));
  }
  assert.deepEqual(by, ["here", "client", "phone", "elsewhere"]);
});

test("4401: another token is asked for; the same one, or none, and it rests", async () => {
  const reasons = [];
  let token = "one";
  const { model, socket } = await online({ token: async (why) => (reasons.push(why), token) });
  token = "two";
  socket.end(4401, "not authenticated");
  const again = await next(socket);
  assert.equal((await greet(again)).params.token, "two");
  assert.deepEqual(reasons, ["connect", "refused", "connect"]);
  await new Promise((resolve) => (model.link.phase === "online" ? resolve() : model.on("link", ({ phase }) => phase === "online" && resolve())));
  const refused = new Promise((resolve) => model.on("link", (link) => link.phase === "refused" && resolve(link)));
  again.end(4401, "not authenticated");
  const link = await refused;
  assert.deepEqual([link.code, link.error.code], [4401, "authenticationFailed"]);
  assert.equal(FakeSocket.last, again, "no further try");
});

test("4400 and 4403: it rests, and connect tells why; 4409: at once", async () => {
  for (const [code, name] of [[4400, "protocolError"], [4403, "forbidden"]]) {
    const model = make();
    const failed = rejected(model.connect());
    await FakeSocket.last.request("hello");
    FakeSocket.last.end(code, "because");
    assert.equal((await failed).code, name);
    assert.equal(model.link.phase, "refused");
  }
  const { model, socket } = await online();
  socket.end(4409);
  assert.ok(model.link.retryAt <= Date.now());
  await greet(await next(socket), { lines: [entry({ line: "x/2" })] });
  assert.deepEqual(model.lines.map((l) => l.name), ["x/2"], "the lines are others now");
});

test("the host that stops says so", async () => {
  const { model, socket } = await online();
  socket.say({ method: "reconnect", params: { reason: "stopping", text: "the host is stopping" } });
  socket.end(4503);
  assert.equal(model.link.stopping, true);
});

test("silence is asked about; a host that does not answer is given up", { timeout: 60_000 }, async () => {
  const { model, socket } = await online({ heartbeat: 30 });
  const probe = await socket.request("unsubscribe");
  assert.deepEqual(probe.params, { lines: [] });
  socket.say({ id: probe.id, result: {} });
  await socket.request("unsubscribe", probe.id);
  // No answer to this one.
  const again = await next(socket);
  assert.equal(socket.closed, true);
  await greet(again);
  assert.ok(model.link.phase === "online" || model.link.phase === "connecting");
});

test("nonsense from the other side ends the socket, not the client", async () => {
  for (const nonsense of ["{", "null", "[]", "1"]) {
    const { model, socket } = await online();
    socket.say(nonsense);
    if (nonsense === "[]") socket.end();
    await greet(await next(socket));
    await model.close();
  }
  const { model, socket } = await online();
  socket.say({ method: "somethingNew", params: { line: "x/1", epoch: 1000, seq: 6, at: "2026-11-30T10:00:00.000Z", currentCallId: null, data: { more: 1 } } });
  socket.say({ method: "callStarted", params: { line: "x/unknown", epoch: 1, seq: 1, data: {} } });
  socket.say({ id: 12345, result: {} });
  socket.say(event("callStarted", 7, { call: call("a") }));
  assert.equal(model.call("a").callId, "a", "a later host's event counts on");
});

test("a listener that throws harms nobody", async (t) => {
  const { model, socket } = await online();
  const seen = [];
  // It is thrown where nobody catches it, so that the page's own handler sees it; here that would end the test.
  const caught = new Promise((resolve) => {
    t.mock.method(globalThis, "queueMicrotask", (run) => {
      try {
        run();
      } catch (error) {
        resolve(error);
      }
    });
  });
  model.on("callStarted", () => {
    throw new Error("mine");
  });
  model.on("callStarted", () => seen.push(1));
  socket.say(event("callStarted", 6, { call: call("a") }));
  assert.equal((await caught).message, "mine");
  assert.deepEqual(seen, [1]);
});

test("close says goodbye, and refuses what waits", async () => {
  const { model, socket } = await online();
  const waits = rejected(model.holdCall({ line: "x/1", callId: "a" }));
  const closing = model.close();
  socket.say({ id: (await socket.request("goodbye")).id, result: {} });
  await closing;
  assert.equal((await waits).code, "connectionLost");
  assert.equal(model.link.phase, "closed");
});
