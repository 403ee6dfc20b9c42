// What most browser tests stand on: a host, a site before it, a browser, and the other side of the calls.

import { Host, TOKENS, until } from "./host.mjs";
import { launch, signedIn } from "./browser.mjs";
import { Sim } from "./sim.mjs";
import { Site } from "./site.mjs";

export { TOKENS, until };

export class Bed {
  static async start({ token = TOKENS.alice, line = "sim/101", ...options } = {}) {
    const bed = new Bed();
    bed.token = token;
    bed.host = await Host.start({ store: true, ...options });
    bed.site = await Site.start({ host: bed.host });
    bed.browser = await launch();
    bed.sim = await Sim.start(bed.host, token, line);
    return bed;
  }

  /** A browser of its own, so to speak: with storage of its own. */
  context(more = {}) {
    return this.browser.newContext({ viewport: { width: 380, height: 760 }, locale: "en-GB", ...more });
  }

  /** A panel that is signed in and knows its line. */
  async panel(context, token = this.token) {
    const page = await signedIn(context ?? (await this.context()), this.site, token);
    await page.locator(".bar > .dot[data-tone=good]").waitFor();
    return page;
  }

  async end() {
    await this.browser?.close();
    await this.sim?.end();
    await this.site?.end();
    await this.host?.end();
  }
}

/** The buttons that are shown of calls, by what they do. */
export async function buttons(page) {
  const all = await page.locator(".stage .card [data-action]:visible").evaluateAll((found) => found.map((b) => b.dataset.action));
  return new Set(all.filter((name) => name !== "silence" && name !== "finishWrapUp"));
}

/** Clicks what does something. */
export const act = (page, name) => page.locator(`.stage [data-action=${name}]`).first().click();
