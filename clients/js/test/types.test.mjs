import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CtiModel, EVENT_NAMES } from "../dist/index.js";
import { generate } from "../scripts/types.mjs";

const schema = (name) => JSON.parse(readFileSync(new URL(`../../../docs/schemas/${name}.json`, import.meta.url)));

test("the types are those of the host's schemas", () => {
  const there = readFileSync(new URL("../src/wire.ts", import.meta.url), "utf8");
  assert.equal(there, generate(), "src/wire.ts is not what docs/schemas say: run `npm run types` in clients/js");
});

test("the 21 events, under their names", () => {
  assert.equal(EVENT_NAMES.length, 21);
  assert.deepEqual([...EVENT_NAMES], Object.keys(schema("events").$defs).filter((n) => /^[a-z]/.test(n) && n !== "reconnect").sort());
});

test("every command is a method", () => {
  const commands = Object.keys(schema("commands").$defs).filter((n) => /^[a-z]/.test(n) && !n.endsWith("Result"));
  assert.ok(commands.length > 30);
  for (const name of commands) assert.equal(typeof CtiModel.prototype[name], "function", name);
});
