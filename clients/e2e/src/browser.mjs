// Debian's Chromium, driven by Playwright.

import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { chromium } from "playwright-core";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const HAS_CHROMIUM = existsSync(CHROMIUM);

export function launch() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      "--font-render-hinting=none",
      "--autoplay-policy=no-user-gesture-required",
      `--disk-cache-dir=${mkdtempSync(join(tmpdir(), "jackfield-cache-"))}`,
    ],
  });
}

/** A page that is signed in; what goes wrong in it, fails the test that looks at `faults`. */
export async function signedIn(context, site, token, { path = "" } = {}) {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !/WebSocket connection|ERR_CONNECTION|Failed to load resource/.test(text)) page.faults.push(text);
  });
  await page.goto(site.url + path);
  await page.locator("input[name=token]").fill(token);
  await page.locator("input[name=token]").press("Enter");
  await page.locator(".standing").waitFor();
  return page;
}
