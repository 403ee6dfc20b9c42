// Writes src/wire.ts from docs/schemas. `node scripts/types.mjs --check` only compares, and fails when they differ.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const target = fileURLToPath(new URL("../src/wire.ts", import.meta.url));
const schemas = new URL("../../../docs/schemas/", import.meta.url);

/** Names that mean something else in TypeScript. */
const RENAMED = { Number: "PartyNumber" };
/** What the SDK puts into commands by itself, or does not offer. */
const HIDDEN = new Set(["connection"]);

const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, schemas), "utf8"));
const nameOf = (ref) => ref.replace("#/$defs/", "");
const typeName = (name) => RENAMED[name] ?? name;
const pascal = (name) => name[0].toUpperCase() + name.slice(1);
const isMessage = (name) => /^[a-z]/.test(name);
const quote = (value) => JSON.stringify(value);
const comment = (text, indent = "") => {
  if (!text) return "";
  const lines = text.split("\n");
  if (lines.length === 1) return `${indent}/** ${text} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
};

/** A type. `open`: what the host sends; a later host may know more names than this version. */
function type(schema, open) {
  if (schema.$ref) return typeName(nameOf(schema.$ref));
  if (schema.anyOf ?? schema.oneOf) return (schema.anyOf ?? schema.oneOf).map((s) => type(s, open)).join(" | ");
  if ("const" in schema) return quote(schema.const);
  if (schema.enum) {
    const names = schema.enum.map(quote).join(" | ");
    return open && schema.enum.every((v) => typeof v === "string") ? `Open<${names}>` : names;
  }
  const kinds = Array.isArray(schema.type) ? schema.type : [schema.type];
  return kinds.map((kind) => plain(kind, schema, open)).join(" | ");
}

function plain(kind, schema, open) {
  switch (kind) {
    case "string":
    case "boolean":
    case "null":
      return kind;
    case "integer":
    case "number":
      return "number";
    case "array": {
      const item = type(schema.items ?? {}, open);
      return / /.test(item) && !/^\w+<[^>]*>$/.test(item) ? `(${item})[]` : `${item}[]`;
    }
    case "object":
      if (schema.properties) return `{ ${fields(schema, open).join(" ")} }`;
      if (schema.additionalProperties && schema.additionalProperties !== true)
        return `Record<string, ${type(schema.additionalProperties, open)}>`;
      return "Record<string, unknown>";
    default:
      return "unknown";
  }
}

function fields(schema, open, indent = "") {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => open || !HIDDEN.has(name))
    .map(([name, s]) => `${comment(s.description, indent)}${indent}${name}${required.has(name) ? "" : "?"}: ${type(s, open)};`);
}

function declaration(name, schema, open) {
  const title = typeName(name);
  if (schema.properties)
    return `${comment(schema.description)}export interface ${title} {\n${fields(schema, open, "  ").join("\n")}\n}`;
  return `${comment(schema.description)}export type ${title} = ${type(schema, open)};`;
}

export function generate() {
  const [events, commands, session] = ["events", "commands", "session"].map(read);
  const out = [
    "// Made by scripts/types.mjs from docs/schemas, which are made from the host's own types. Do not edit.",
    "",
    "/** One of these names, or one that a later host knows. */",
    "export type Open<Names extends string> = Names | (string & {});",
    "",
  ];
  const shared = new Map();
  for (const file of [events, commands, session])
    for (const [name, schema] of Object.entries(file.$defs))
      if (!isMessage(name) && !shared.has(name)) shared.set(name, schema);
  // What only travels up is closed: the host refuses names that it does not know.
  const upwards = new Set(["RecordAction", "SignalKind", "ClientInfo", "Seen"]);
  for (const name of [...shared.keys()].sort()) out.push(declaration(name, shared.get(name), !upwards.has(name)), "");

  const names = Object.keys(events.$defs).filter(isMessage).sort();
  for (const name of names) {
    const { description, properties } = events.$defs[name];
    const params = properties.params;
    out.push(`${comment(description)}export interface ${pascal(name)}Params {\n${fields(params, true, "  ").join("\n")}\n}`, "");
  }
  const told = names.filter((name) => name !== "reconnect");
  out.push("/** The 21 events, and what each carries. */", "export interface CtiEvents {");
  for (const name of told) out.push(`${comment(events.$defs[name].description, "  ")}  ${name}: ${pascal(name)}Params;`);
  out.push("}", "", "/** The names of the 21 events. */");
  out.push(`export const EVENT_NAMES = [\n${told.map((n) => `  ${quote(n)},`).join("\n")}\n] as const;`, "");

  const verbs = Object.keys(commands.$defs).filter((name) => isMessage(name) && !name.endsWith("Result")).sort();
  for (const verb of verbs) {
    const { description, properties } = commands.$defs[verb];
    const params = fields(properties.params, false, "  ");
    out.push(`/** Of \`${verb}\`: ${description} */\nexport interface ${pascal(verb)}Params {\n${params.join("\n")}\n}`, "");
  }
  out.push("/** The commands: what each takes and answers. */", "export interface CtiCommands {");
  for (const verb of verbs) {
    const result = commands.$defs[`${verb}Result`];
    const { description } = commands.$defs[verb];
    out.push(`${comment(description, "  ")}  ${verb}: { params: ${pascal(verb)}Params; result: ${type(result, true)} };`);
  }
  out.push("}", "", "/** Who can send commands; its methods are the commands by name. */");
  out.push("export abstract class Commands {");
  out.push("  /** Sends a command; resolves with its result, rejects with a `CtiError`. */");
  out.push("  abstract command<Name extends keyof CtiCommands>(", "    name: Name,");
  out.push('    params: CtiCommands[Name]["params"],', '  ): Promise<CtiCommands[Name]["result"]>;');
  for (const verb of verbs) {
    const result = type(commands.$defs[`${verb}Result`], true);
    out.push("", `${comment(commands.$defs[verb].description, "  ")}  ${verb}(params: ${pascal(verb)}Params): Promise<${result}> {`);
    out.push(`    return this.command(${quote(verb)}, params);`, "  }");
  }
  out.push("}", "");
  return out.join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = generate();
  if (!process.argv.includes("--check")) writeFileSync(target, made);
  else if (readFileSync(target, "utf8") !== made) {
    console.error("src/wire.ts is not what docs/schemas say: run `npm run types`");
    process.exit(1);
  }
}
