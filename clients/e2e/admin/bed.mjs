// What the tests of the administrator's page stand on: a host with two connections, and a browser.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { launch } from "../src/browser.mjs";
import { BUILT, Host, until } from "../src/host.mjs";

export { until };

export const ADMIN = "admin-token-0123456789";
export const AGENT = "agent-token-0123456789";

/** Lines of a connection that calls come to by themselves. */
export const lines = (id, from, count) => Array.from({ length: count }, (_, i) => `${id}/${from + i}`);

/** A connection with calls: `rate` of them a minute. */
export const traffic = (id, from, count, rate, seed = 3) => `
[[connection]]
id = "${id}"
plugin = "simulator"
[connection.settings]
seed = ${seed}
[connection.settings.traffic]
calls_per_minute = ${rate.toFixed(1)}
ring = [0.5, 2.0]
talk = [1.0, 6.0]
hold = [0.5, 2.0]
patience = [2.0, 6.0]
${lines(id, from, count)
  .map((name, i) => `[[line]]\nname = "${name}"\nsettings = { name = "Agent ${from + i}", robot = true }\n`)
  .join("")}`;

const NAMES = ["Olena", "Bohdan", "Yusuf", "Maria"];

/** Two phone systems; the second waits for an adapter that is not there. */
export const USUAL = `${traffic("sim", 101, 4, 30).replace(/Agent 10(\d)/g, (_, n) => NAMES[n - 1])}
[[connection]]
id = "branch"
plugin = "missing"
[[line]]
name = "branch/201"
[[line]]
name = "branch/202"
`;

export const users = (first = "sim/101") => `
[[user]]
name = "admin"
role = "admin"
token = "${ADMIN}"
[[user]]
name = "alice"
role = "agent"
token = "${AGENT}"
lines = ["${first}"]
`;

export class Bed {
  static async start({ connections = USUAL, first, ...more } = {}) {
    const bed = new Bed();
    bed.host = await Host.start({ connections, users: users(first), store: true, ...more });
    bed.browser = await launch();
    return bed;
  }

  /** An address as `jackfield login` prints it. */
  way(user = "admin", page = "admin") {
    const told = execFileSync(join(BUILT, "jackfield"), ["login", user, "--json", "-c", "jackfield.toml"], { cwd: this.host.folder });
    return JSON.parse(told)[page];
  }

  /** A page of a browser of its own. What goes wrong in it stands in `faults`. */
  async page(more = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "Europe/Kyiv", reducedMotion: "reduce", ...more });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.faults = [];
    page.on("pageerror", (error) => page.faults.push(String(error)));
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !/Failed to load resource|WebSocket connection|ERR_/.test(text)) page.faults.push(text);
    });
    await override(page);
    return page;
  }

  /** The page, logged in, at one of its parts. */
  async admin(part = "overview", more = {}) {
    const page = await this.page(more);
    await page.goto(this.way());
    await page.locator("nav a[aria-current=page]").waitFor();
    if (part !== "overview") await page.locator(`nav a[href="#${part}"]`).click();
    return page;
  }

  async end() {
    await this.browser?.close();
    await this.host?.end();
  }
}

const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** For who works on the page: files of a folder instead of those in the host, which need not be built anew each time. */
async function override(page) {
  const dist = process.env.JACKFIELD_ADMIN_DIST;
  if (!dist) return;
  await page.route(/\/admin\//, (route) => {
    const path = new URL(route.request().url()).pathname.replace(/^.*\/admin\//, "") || "index.html";
    const file = join(dist, path);
    if (!existsSync(file)) return route.continue();
    return route.fulfill({ body: readFileSync(file), contentType: KINDS[extname(file)] });
  });
}
