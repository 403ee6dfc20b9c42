// A real host with the simulator, on a free port, in a folder of its own.

import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Where cargo has built host and adapters. */
export const BUILT = process.env.JACKFIELD_BUILT ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug");

export const TOKENS = {
  alice: "alice-token-0123456789",
  bob: "bob-token-0123456789",
  agent: "agent-token-0123456789",
  both: "both-token-0123456789",
  boss: "boss-token-0123456789",
};

/** The usual host of the tests. */
export const USUAL = `
[[connection]]
id = "sim"
plugin = "simulator"
isolation = "host"
[connection.settings]
seed = 7
[connection.settings.exchange]
busy_tone = 120.0
[connection.settings.agents]
every_line = false
[[line]]
name = "sim/101"
settings = { name = "Alice" }
[[line]]
name = "sim/102"
settings = { name = "Bob" }
[[line]]
name = "sim/103"
settings = { name = "Carol", agent = "8003" }
`;

const USERS = `
[[user]]
name = "alice"
role = "agent"
token = "${TOKENS.alice}"
lines = ["sim/101"]
[[user]]
name = "bob"
role = "agent"
token = "${TOKENS.bob}"
lines = ["sim/102"]
[[user]]
name = "carol"
role = "agent"
token = "${TOKENS.agent}"
lines = ["sim/103"]
[[user]]
name = "both"
role = "agent"
token = "${TOKENS.both}"
lines = ["sim/101", "sim/102"]
[[user]]
name = "boss"
role = "supervisor"
token = "${TOKENS.boss}"
lines = ["sim/101"]
`;

/** Waits for something to become true; the answer is what it became. */
export async function until(what, condition, patience = 60_000) {
  const end = Date.now() + patience;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Host {
  /** Starts one; resolves when clients are let in. `port` 0: any. */
  static async start({ connections = USUAL, users = USERS, origins = [], store = false, port = 0, limits = "" } = {}) {
    const library = `libjackfield_plugin_simulator.so`;
    for (const needed of ["jackfield", library])
      if (!existsSync(join(BUILT, needed))) throw new Error(`${join(BUILT, needed)} is not there: cargo build -p jackfield -p jackfield-plugin-simulator`);
    const folder = mkdtempSync(join(tmpdir(), "jackfield-e2e-"));
    mkdirSync(join(folder, "adapters"));
    copyFileSync(join(BUILT, library), join(folder, "adapters", library));
    // A file that has just been written may be still being written: the host would wait a little.
    const yesterday = new Date(Date.now() - 86_400_000);
    utimesSync(join(folder, "adapters", library), yesterday, yesterday);
    const host = new Host(folder, { connections, users, origins, store, limits });
    host.configure({ port });
    await host.run();
    return host;
  }

  constructor(folder, parts) {
    this.folder = folder;
    this.parts = parts;
  }

  configure(parts) {
    Object.assign(this.parts, parts);
    const { connections, users, origins, store, port, limits } = this.parts;
    const config = `[server]
listen = "127.0.0.1:${port}"
origins = ${JSON.stringify(origins)}
${limits}
[plugins]
folder = "adapters"
${store ? `[store]\nurl = "sqlite://calls.db"\n` : ""}
${connections}
${users}`;
    writeFileSync(join(this.folder, "jackfield.toml"), config);
  }

  /** Starts the process (again: on the same port). */
  async run() {
    this.log = "";
    this.process = spawn(join(BUILT, "jackfield"), ["run", "-c", "jackfield.toml"], {
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    this.process.stderr.on("data", (data) => (this.log += data));
    this.ended = new Promise((resolve) => this.process.once("exit", resolve));
    const address = await until("the host listens", () => {
      if (this.process.exitCode !== null) throw new Error(`the host ended:\n${this.log}`);
      return /clients connect to \S*?(127\.0\.0\.1:\d+)/.exec(this.log)?.[1];
    });
    this.address = address;
    this.configure({ port: Number(address.split(":")[1]) });
    this.url = `http://${address}`;
  }

  /** Ends the process; it may be run again. */
  async stop(signal = "SIGTERM") {
    this.process.kill(signal);
    await this.ended;
  }

  /** What the command line says about the running host. */
  command(...words) {
    return execFileSync(join(BUILT, "jackfield"), [...words, "-c", "jackfield.toml"], { cwd: this.folder, encoding: "utf8" });
  }

  /** Reads its configuration again. */
  reload() {
    this.process.kill("SIGHUP");
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }
}
