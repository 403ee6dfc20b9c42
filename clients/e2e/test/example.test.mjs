// The client as others get it: packed, installed into a fresh folder, used by the script in examples/node-client.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { CtiModel } from "@jackfield/client";
import { Host, TOKENS, until } from "../src/host.mjs";
import { Sim } from "../src/sim.mjs";

const clients = fileURLToPath(new URL("../..", import.meta.url));
const example = fileURLToPath(new URL("../../../examples/node-client", import.meta.url));
let host, sim, folder;
before(async () => {
  host = await Host.start();
  sim = await Sim.start(host, TOKENS.alice, "sim/101");
  folder = mkdtempSync(join(tmpdir(), "jackfield-node-client-"));
});
after(async () => {
  await sim?.end();
  await host?.end();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const npm = (cwd, ...more) => execFileSync("npm", [...more, "--no-audit", "--no-fund", "--loglevel", "error"], { cwd, encoding: "utf8" });

test("packed, installed, used", async () => {
  for (const name of ["client.mjs", "package.json"]) cpSync(join(example, name), join(folder, name));
  npm(clients, "pack", "--workspace", "@jackfield/client", "--pack-destination", folder);
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  npm(folder, "install", "--no-save", `./${packed}`, "ws", "--prefer-offline");
  const installed = readdirSync(join(folder, "node_modules", "@jackfield", "client"));
  assert.deepEqual(installed.sort(), ["README.md", "dist", "package.json", "src"]);

  const script = spawn(process.execPath, ["client.mjs", host.url, "sim/101"], { cwd: folder, env: { ...process.env, JACKFIELD_TOKEN: TOKENS.alice } });
  let said = "";
  script.stdout.on("data", (data) => (said += data));
  script.stderr.on("data", (data) => (said += data));
  const ended = new Promise((resolve) => script.once("exit", resolve));
  const says = (text) => until(`it says: ${text}`, () => said.includes(text)).catch((error) => assert.fail(`${error.message}\nit said:\n${said}`));
  await says("sim/101 is up, 0 calls");
  await sim.ring("+380441234567", "Olena Koval");
  await says("sim/101 in +380441234567 > 101");
  await says("sim/101 talking with Olena Koval");
  await sim.service("remoteHangup");
  await says("normalClearing");
  script.kill("SIGINT");
  assert.equal(await ended, 0);
});

test("a wrong token is told, and ends it", async () => {
  const script = spawn(process.execPath, ["client.mjs", host.url], { cwd: folder, env: { ...process.env, JACKFIELD_TOKEN: "nobody" } });
  let said = "";
  script.stderr.on("data", (data) => (said += data));
  assert.equal(await new Promise((resolve) => script.once("exit", resolve)), 1);
  assert.match(said, /token is missing or not valid/);
});

test("the table kept from events is the host's, after much traffic and many breaks", async (t) => {
  const busy = await Host.start({
    connections: `[[connection]]
id = "sim"
plugin = "simulator"
isolation = "host"
[connection.settings]
seed = 3
[connection.settings.traffic]
calls_per_minute = 1500.0
ring = [0.02, 0.2]
talk = [0.1, 0.6]
hold = [0.05, 0.2]
patience = [0.1, 0.5]
held = 0.5
consulted = 0.3
transferred = 0.2
[connection.lines]
robot = true
[[line]]
name = "sim/101"
[[line]]
name = "sim/102"
[[line]]
name = "sim/103"
`,
    users: `[[user]]\nname = "all"\nrole = "service"\ntoken = "${TOKENS.alice}"\nlines = ["sim/*"]\n`,
  });
  t.after(() => busy.end());
  const sockets = new Set();
  class Cut extends WebSocket {
    constructor(...args) {
      super(...args);
      sockets.add(this);
      this.on("close", () => sockets.delete(this));
    }
  }
  const model = new CtiModel({ url: busy.url, token: TOKENS.alice, WebSocket: Cut, backoff: { first: 20, most: 100 } });
  t.after(() => model.close());
  const [seen, found, gaps] = [{}, [], []];
  model.on("event", ({ method, params }) => (seen[method] = (seen[method] ?? 0) + (params.resent ? 0 : 1)));
  model.on("mismatch", (mismatch) => found.push(mismatch));
  model.on("gap", (gap) => gaps.push(gap));
  await model.connect();
  let checked = 0;
  for (let round = 0; round < 12; round++) {
    await until("events go on", () => (seen.callFinished ?? 0) >= (round + 1) * 5);
    for (const line of model.lines) {
      assert.deepEqual(await model.verify(line.name), []);
      checked++;
    }
    const back = new Promise((resolve) => model.once("session", resolve));
    for (const socket of sockets) socket.terminate();
    await back;
    await until("it is online", () => model.link.phase === "online");
  }
  assert.deepEqual([found, gaps], [[], []]);
  // A host, or what stands before it, that loses events: each gap is found, and the table is the host's again.
  let lossy = true;
  for (const socket of sockets) {
    const { emit } = socket;
    socket.emit = (name, ...more) => (lossy && name === "message" && /"method"/.test(more[0]) && !/"resent"/.test(more[0]) && Math.random() < 0.05 ? true : emit.call(socket, name, ...more));
  }
  await until("events were missed", () => gaps.length >= 10);
  lossy = false;
  const settled = (seen.callFinished ?? 0) + 15;
  await until("events go on", () => seen.callFinished >= settled);
  for (const line of model.lines) assert.deepEqual(await model.verify(line.name), []);
  assert.ok(checked === 36 && seen.callStarted >= 60, JSON.stringify(seen));
});
