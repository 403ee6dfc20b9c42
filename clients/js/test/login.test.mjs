import assert from "node:assert/strict";
import { test } from "node:test";
import { History, Login } from "../dist/index.js";

const URL_ = "http://host:1/";
/** A host that answers in its turn, and remembers what it was asked. */
function host(...answers) {
  const asked = [];
  const fetch = async (url, init) => {
    asked.push({ url: String(url), ...init });
    const { status = 200, body = {} } = answers.length > 1 ? answers.shift() : answers[0];
    return new Response(status === 204 ? null : JSON.stringify(body), { status });
  };
  return { asked, fetch };
}
const answer = (token, expiresIn, ahead = 0) => ({
  body: { token, expiresIn, expiresAt: new Date(Date.now() + ahead + expiresIn * 1000).toISOString(), loginEndsAt: new Date(Date.now() + ahead + 3_600_000).toISOString() },
});

test("a code is exchanged, the token renewed at half of its time and shown", async () => {
  const { asked, fetch } = host(answer("t1", 0.1), answer("t2", 3600));
  const kept = [];
  const login = await Login.open({ url: URL_, fetch, kept: (k) => kept.push(k.token) }, { code: "c" });
  assert.deepEqual([asked[0].url, asked[0].method, asked[0].body], ["http://host:1/api/v1/login", "POST", '{"code":"c"}']);
  assert.equal(await login.source("connect"), "t1");
  // Our own timers keep no Node process alive.
  const alive = setInterval(() => {}, 1000);
  await new Promise((resolve) => (login.refreshed = resolve));
  clearInterval(alive);
  assert.deepEqual([asked[1].url, asked[1].headers.Authorization], ["http://host:1/api/v1/token", "Bearer t1"]);
  assert.equal(await login.source("connect"), "t2");
  assert.deepEqual(kept, ["t1", "t2"]);
  login.stop();
});

test("refused: a new one, or none", async () => {
  const { fetch } = host(answer("t1", 3600), answer("t2", 3600), { status: 401 });
  const login = await Login.open({ url: URL_, fetch }, { token: "configured" });
  assert.equal(await login.source("refused"), "t2");
  assert.equal(await login.source("refused"), null);
  login.stop();
});

test("what was kept is gone on with, by our own clock; what has ended is not", async () => {
  const day = 86_400_000;
  const { fetch } = host(answer("t1", 3600, -day));
  let kept;
  const login = await Login.open({ url: URL_, fetch, kept: (k) => (kept = k) }, { code: "c" });
  login.stop();
  assert.ok(Math.abs(kept.loginEnds - Date.now() - 3_600_000) < 5_000, "the host's clock is a day behind, and that is no matter");
  const again = Login.restore({ url: URL_, fetch }, kept);
  assert.equal(await again.source("connect"), "t1");
  again.stop();
  assert.equal(Login.restore({ url: URL_, fetch }, { ...kept, ends: Date.now() - 1 }), undefined);
});

test("a wrong code says its status; the end is told to the host", async () => {
  await assert.rejects(Login.open({ url: URL_, ...host({ status: 401, body: { detail: "no" } }) }, { code: "c" }), { status: 401, code: "authenticationFailed", message: "no" });
  const { asked, fetch } = host(answer("t1", 3600), { status: 204 });
  const login = await Login.open({ url: URL_, fetch }, { code: "c" });
  await login.end();
  assert.equal(asked[1].method, "DELETE");
});

test("history: questions, an edit with its revision, refusals", async () => {
  const { asked, fetch } = host({ body: { calls: [], next: null } }, { body: { callId: "a/b", revision: 4 } }, { status: 412, body: { detail: "changed" } });
  const history = new History({ url: "wss://host/ws", token: () => "t", fetch });
  await history.calls({ number: "+38 044", result: "missed", limit: 5, text: "" });
  assert.equal(asked[0].url, "https://host/api/v1/calls?number=%2B38+044&result=missed&limit=5");
  assert.equal(asked[0].headers.Authorization, "Bearer t");
  await history.edit({ callId: "a/b", revision: 3 }, { comment: null });
  assert.deepEqual([asked[1].url, asked[1].method, asked[1].headers["If-Match"], asked[1].body], ["https://host/api/v1/calls/a%2Fb", "PATCH", '"3"', '{"comment":null}']);
  await assert.rejects(history.edit({ callId: "a", revision: 3 }, {}), { status: 412, message: "changed" });
});

test("history: a token that is refused is asked for anew, once", async () => {
  const { asked, fetch } = host({ status: 401 }, { body: { calls: [], next: null } });
  const history = new History({ url: URL_, token: async (why) => (why === "refused" ? "new" : "old"), fetch });
  await history.calls();
  assert.deepEqual(asked.map((a) => a.headers.Authorization), ["Bearer old", "Bearer new"]);
});
