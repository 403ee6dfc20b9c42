// Builds dist: the page with hashed assets, and jackfield-panel.js for other pages. Prints what comes over the wire, and
// fails when that is more than it may be.

import { readdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 80 * 1024;
const root = fileURLToPath(new URL("..", import.meta.url));
const dist = fileURLToPath(new URL("../dist", import.meta.url));
const common = { root, configFile: false, logLevel: "warn", base: "./" };

rmSync(dist, { recursive: true, force: true });
// The element first, as one classic script: a page of whatever origin takes it without asking (a module would need CORS).
await build({
  ...common,
  publicDir: false,
  build: {
    outDir: "dist",
    target: "es2022",
    lib: { entry: "src/register.ts", formats: ["iife"], name: "jackfieldPanel", fileName: () => "jackfield-panel.js" },
  },
});
// The page around it; it takes the same script, which is no module and stays as it is.
await build({ ...common, logLevel: "error", build: { outDir: "dist", emptyOutDir: false, target: "es2022", modulePreload: false, assetsInlineLimit: 0 } });

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
const sizes = files.map((f) => {
  const path = `${f.parentPath}/${f.name}`;
  const bytes = readFileSync(path);
  return { name: path.slice(dist.length + 1), bytes: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length };
});
for (const { name, bytes, gzip } of sizes) console.log(`${name.padEnd(32)} ${String(bytes).padStart(8)} bytes ${(gzip / 1024).toFixed(1).padStart(6)} KiB gzip`);
for (const { name, gzip } of sizes)
  if (gzip > LIMIT) {
    console.error(`${name} has ${gzip} bytes gzip; it may have ${LIMIT}`);
    process.exit(1);
  }
