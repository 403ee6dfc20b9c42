// The events that came, as many as are kept, and which of them are wanted. No drawing here.

/** An event, as far as a list shows it. */
export interface Entry {
  /** Its place among all that came since the page was opened. */
  readonly number: number;
  readonly at: string;
  readonly line: string;
  readonly name: string;
  /** What it says, in a line. */
  readonly says: string;
  readonly seq: number | null;
  /** The event as it came. */
  readonly whole: unknown;
}

/** What is wanted. Empty: everything. */
export interface Filter {
  /** A part of the line's name. */
  line: string;
  /** Names of events. */
  names: ReadonlySet<string>;
  /** A part of what is shown, in either case. */
  text: string;
}

export const NO_FILTER: Filter = { line: "", names: new Set(), text: "" };

/** The last events. Beyond `most` the oldest go. */
export class Log {
  #all: Entry[] = [];
  /** Where the oldest stands: the list is cut now and then, not with every event. */
  #first = 0;
  #shown: Entry[] = [];
  #shownFirst = 0;
  #filter: Filter = NO_FILTER;
  #count = 0;
  #passed = 0;

  constructor(readonly most = 5_000) {}

  /** How many came since the page was opened. */
  get count(): number {
    return this.#count;
  }

  /** How many are kept. */
  get size(): number {
    return this.#all.length - this.#first;
  }

  /** How many of them are wanted. */
  get length(): number {
    return this.#shown.length - this.#shownFirst;
  }

  get filter(): Filter {
    return this.#filter;
  }

  set filter(filter: Filter) {
    this.#filter = filter;
    this.#shown = this.#all.slice(this.#first).filter((entry) => wanted(entry, filter));
    this.#shownFirst = 0;
    this.#passed = 0;
  }

  /** How many of the wanted have gone since the filter is what it is: with its index it makes an entry's own place. */
  get passed(): number {
    return this.#passed;
  }

  /** One of the wanted, 0 the oldest. */
  at(index: number): Entry | undefined {
    return index < 0 ? undefined : this.#shown[this.#shownFirst + index];
  }

  /** Takes an event. */
  add(entry: Omit<Entry, "number">): void {
    const numbered = { ...entry, number: ++this.#count };
    this.#all.push(numbered);
    if (wanted(numbered, this.#filter)) this.#shown.push(numbered);
    if (this.size > this.most) {
      const oldest = this.#all[this.#first++]!;
      if (this.#shown[this.#shownFirst] === oldest) {
        this.#shownFirst++;
        this.#passed++;
      }
      // Half of the list is of no use any more: cut it.
      if (this.#first > this.most) {
        this.#all = this.#all.slice(this.#first);
        this.#first = 0;
        this.#shown = this.#shown.slice(this.#shownFirst);
        this.#shownFirst = 0;
      }
    }
  }

  /** Forgets everything. */
  clear(): void {
    this.#all = [];
    this.#shown = [];
    this.#first = this.#shownFirst = this.#passed = 0;
  }
}

function wanted(entry: Entry, filter: Filter): boolean {
  if (filter.names.size > 0 && !filter.names.has(entry.name)) return false;
  if (filter.line && !entry.line.includes(filter.line)) return false;
  if (!filter.text) return true;
  const text = filter.text.toLowerCase();
  return entry.says.toLowerCase().includes(text) || entry.line.toLowerCase().includes(text) || entry.name.toLowerCase().includes(text);
}

interface Told {
  at?: unknown;
  line?: unknown;
  connection?: unknown;
  seq?: unknown;
  resent?: unknown;
  data?: Record<string, unknown>;
  cause?: { code?: unknown; text?: unknown };
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const party = (value: unknown): string => {
  const { number, name } = (value ?? {}) as { number?: unknown; name?: unknown };
  return [text(number), text(name) && `(${text(name)})`].filter(Boolean).join(" ");
};

/** An event in a line: who calls whom and how it stands, or what it says otherwise. */
export function entryOf(method: string, params: unknown): Omit<Entry, "number"> {
  const told = (params ?? {}) as Told;
  const data = told.data ?? {};
  const parts: string[] = [];
  const call = data["call"] as Record<string, unknown> | undefined;
  if (call) {
    const [from, to] = [party(call["caller"]), party(call["called"])];
    parts.push(`${text(call["direction"]) === "out" ? "out" : "in"} ${from || "?"} › ${to || "?"}`, text(call["state"]));
  }
  const features = data["features"];
  if (method === "lineStateChanged" && Array.isArray(features)) parts.push(features.join(" ") || "nothing can be done");
  if (method === "callSaved") parts.push(`revision ${String(data["revision"])}`, data["final"] === true ? "the call is over" : "");
  const agent = data["agent"] as Record<string, unknown> | undefined;
  if (method === "agentStateChanged") parts.push(text(agent?.["state"] ?? data["state"]), text(agent?.["code"] ?? data["code"]));
  const calls = data["activeCalls"];
  if (Array.isArray(calls)) parts.push(calls.length === 1 ? "1 call" : `${calls.length} calls`);
  for (const key of ["code", "reason", "scope", "text", "digit"]) if (method !== "agentStateChanged") parts.push(text(data[key]));
  if (told.cause) parts.push(text(told.cause.text) || text(told.cause.code));
  if (told.resent === true) parts.push("told again");
  return {
    at: text(told.at),
    line: text(told.line) || text(told.connection),
    name: method,
    says: parts.filter(Boolean).join("  ·  "),
    seq: typeof told.seq === "number" ? told.seq : null,
    whole: params,
  };
}
