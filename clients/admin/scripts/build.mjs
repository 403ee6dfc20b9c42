// Builds dist: the page with hashed assets. Prints what comes over the wire, and fails when that is more than it may be.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 80 * 1024;
const root = fileURLToPath(new URL("..", import.meta.url));
const dist = fileURLToPath(new URL("../dist", import.meta.url));

rmSync(dist, { recursive: true, force: true });
await build({
  root,
  configFile: false,
  logLevel: "warn",
  base: "./",
  build: { outDir: "dist", target: "es2022", modulePreload: false, assetsInlineLimit: 0 },
});

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
let total = 0;
for (const file of files) {
  const path = `${file.parentPath}/${file.name}`;
  const bytes = readFileSync(path);
  const packed = gzipSync(bytes, { level: 9 }).length;
  total += packed;
  console.log(`${path.slice(dist.length + 1).padEnd(32)} ${String(bytes.length).padStart(8)} bytes ${(packed / 1024).toFixed(1).padStart(6)} KiB gzip`);
}
if (total > LIMIT) {
  console.error(`the page has ${total} bytes gzip; it may have ${LIMIT}`);
  process.exit(1);
}
