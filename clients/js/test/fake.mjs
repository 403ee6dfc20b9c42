// A host that says what a test tells it to: for what a real one does only when something is broken.

export class FakeSocket {
  static all = [];
  static get last() {
    return FakeSocket.all.at(-1);
  }
  constructor(url, protocols) {
    Object.assign(this, { url, protocols, sent: [], closed: false });
    FakeSocket.all.push(this);
    queueMicrotask(() => this.onopen?.({}));
  }
  send(text) {
    this.sent.push(JSON.parse(text));
    this.onsent?.();
  }
  close() {
    this.closed = true;
  }
  /** The host says something. */
  say(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message }) });
  }
  /** The host, or the network, closes. */
  end(code = 1006, reason = "") {
    this.onclose?.({ code, reason });
  }
  async request(method, after = 0) {
    for (let i = 0; i < 5000; i++) {
      const found = this.sent.find((r) => r.method === method && r.id > after);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`\`${method}\` was not sent`);
  }
}

const CAPABILITIES = { call: [], callMask: 0, agent: [], agentMask: 0, services: [] };

export const entry = (more = {}) => ({ line: "x/1", connection: "x", state: "up", epoch: 1000, seq: 5, resumed: false, capabilities: CAPABILITIES, ...more });

export const call = (callId, more = {}) => ({
  callId, nativeId: callId, device: "1", direction: "in", state: "alerting", phase: "ringing", caller: { number: "100" }, called: { number: "1" },
  role: "primary", parentCallId: null, isCurrent: true, features: ["answer"], featuresMask: 4, startedAt: "2026-11-30T10:00:00.000Z", connectedAt: null,
  finishedAt: null, ringMs: 0, talkMs: 0, holdMs: 0, holdCount: 0, ...more,
});

export const event = (method, seq, data, more = {}) => ({
  method,
  params: { connection: "x", line: "x/1", epoch: 1000, seq, at: new Date().toISOString(), currentCallId: null, data, ...more },
});

export const initialized = (seq, more) =>
  event("initialized", seq, { connection: { id: "x", adapter: "x", adapterVersion: "1", phoneSystem: "X" }, device: { id: "1", state: "inService" }, capabilities: CAPABILITIES, resumed: false }, more);

export const snapshot = (seq, calls, more = {}, reason = "session") =>
  event("activeCallSnapshot", seq, { asOfSeq: seq, reason, activeCalls: calls, line: { features: [], featuresMask: 0 }, agent: null, callCentreActive: null }, { currentCallId: calls[0]?.callId ?? null, ...more });

/** Answers `hello`, and tells the state of the line. */
export async function greet(socket, { lines = [entry()], calls = [] } = {}) {
  const hello = await socket.request("hello");
  socket.say({ id: hello.id, result: { protocol: 1, session: `s-${FakeSocket.all.length}`, user: { name: "u", role: "agent" }, lines } });
  for (const { line, resumed, state, epoch, seq } of lines) {
    if (resumed || state === "notStarted") continue;
    socket.say(initialized(seq, { line, epoch, resent: true }));
    socket.say(snapshot(seq, calls, { line, epoch, resent: true }));
  }
  return hello;
}
