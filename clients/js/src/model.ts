import type { BackoffOptions } from "./backoff.js";
import { HostClock } from "./clock.js";
import { differences } from "./compare.js";
import { Emitter } from "./emitter.js";
import { CtiError } from "./errors.js";
import { Line, type LineEvent, type LiveCall } from "./line.js";
import { Link, type LinkState } from "./link.js";
import { Requests } from "./requests.js";
import { type SocketConstructor, socketUrl } from "./socket.js";
import { Tabs } from "./tabs.js";
import { Commands, type CtiCommands, type CtiEvents, EVENT_NAMES, type HelloResult, type LineEntry, type UserInfo } from "./wire.js";

/** Why a token is asked for: for the first time or a new socket, because the last one was refused, or by `refreshToken`. */
export type TokenReason = "connect" | "refused" | "refresh";
/** A token, or who gives one. Null or empty: there is none. */
export type TokenSource = string | ((why: TokenReason) => string | null | Promise<string | null>);

/** What a client is made with. */
export interface CtiOptions {
  /** The host: `https://host:8443`, or its socket, `wss://host:8443/ws`. */
  url: string | URL;
  /** The token. A function is asked again when the host refuses what it gave. */
  token: TokenSource;
  /** The lines wanted; all that the user may see when absent. */
  lines?: string[];
  /** Who we are: for the host's log. */
  client?: { name: string; version?: string };
  /** A WebSocket; the platform's own when absent (Node has one from version 22 on; for Node 20 take `ws`). */
  WebSocket?: unknown;
  /** How long to wait between tries. */
  backoff?: BackoffOptions;
  /** After how long a silence the host is asked for a sign of life, in ms; 15000 unless told. */
  heartbeat?: number;
  /** Whether tabs of the same user elect a leader; where the browser has locks, unless told. */
  tabs?: boolean;
}

/** Who took a call that rang here: this client, another tab of the user in this browser, another client, or the phone itself. */
export type AnsweredBy = "here" | "tab" | "client" | "phone" | "elsewhere";

/** News beside the 21 events. */
export interface ModelNews {
  /** The connection to the host has changed. */
  link: LinkState;
  /** `hello` was answered. */
  session: HelloResult;
  /** Something has changed: of the link, of a line, of the tabs. For who draws everything anew. */
  change: undefined;
  /** An event as it came, of whatever name, after it was applied. */
  event: LineEvent;
  /** A call that rang here was answered, or taken by somebody. */
  answered: { line: Line; call: LiveCall; by: AnsweredBy };
  /** Numbers were missing; the line's state is asked for anew. */
  gap: { line: string; epoch: number; seq: number };
  /** A snapshot was not what the events had told. The snapshot counts. */
  mismatch: { line: string; differences: string[] };
  /** Whether this tab rings and pops up has changed. */
  leader: boolean;
  /** What another tab of the user told. */
  tab: unknown;
}

/** Requests that change nothing, and may be lost. */
const QUESTIONS = new Set(["queryLineState", "queryUserState", "queryActiveCallSnapshot", "getCapabilities", "queryCallRecords"]);
const NAMES: ReadonlySet<string> = new Set(EVENT_NAMES);
const KNOWS_PAGE = typeof addEventListener === "function" && typeof document === "object";

/**
 * A client of a host: the 21 events under their names, the commands as methods, and the lines with their calls as the
 * events tell them. It comes back by itself, and misses nothing that the host still has.
 */
export class CtiModel extends Commands {
  readonly #news = new (class extends Emitter<CtiEvents & ModelNews> {
    tell<Name extends keyof (CtiEvents & ModelNews)>(name: Name, news: (CtiEvents & ModelNews)[Name]): void {
      this.emit(name, news);
    }
  })();
  readonly #options: CtiOptions;
  readonly #link: Link;
  readonly #requests = new Requests();
  readonly #clock = new HostClock();
  readonly #keys = `${Math.random().toString(36).slice(2)}${Date.now().toString(36)}`;
  #commands = 0;
  #lines = new Map<string, Line>();
  #session = "";
  #user: UserInfo | undefined;
  #token: string | null = null;
  #why: TokenReason = "connect";
  #tabs: Tabs | undefined;
  /** Until which number events of a line are history, told late: their stamps say nothing about the clock. */
  readonly #late = new Map<string, number>();
  readonly #wake = () => this.#link.check();
  readonly #seen = () => {
    if (document.visibilityState === "visible") this.#link.check();
  };

  constructor(options: CtiOptions) {
    super();
    const WebSocket = (options.WebSocket ?? globalThis.WebSocket) as SocketConstructor | undefined;
    if (!WebSocket) throw new TypeError("there is no WebSocket here: give one as the option `WebSocket` (the package `ws` has one)");
    this.#options = options;
    this.#link = new Link(
      { url: socketUrl(options.url), WebSocket, backoff: options.backoff, heartbeat: options.heartbeat ?? 15_000 },
      {
        greet: (write) => this.#greet(write),
        text: (text) => this.#text(text),
        broken: () => this.#broken(),
        renew: () => this.#renew(),
        changed: () => this.#linkChanged(),
        probe: () => this.#request("unsubscribe", { lines: [] }),
      },
    );
  }

  /** Listens to an event or to other news; the answer ends it. */
  on<Name extends keyof (CtiEvents & ModelNews)>(name: Name, listener: (news: (CtiEvents & ModelNews)[Name]) => void): () => void {
    return this.#news.on(name, listener);
  }

  /** Listens once. */
  once<Name extends keyof (CtiEvents & ModelNews)>(name: Name, listener: (news: (CtiEvents & ModelNews)[Name]) => void): () => void {
    return this.#news.once(name, listener);
  }

  /** Listens no more. */
  off<Name extends keyof (CtiEvents & ModelNews)>(name: Name, listener: (news: (CtiEvents & ModelNews)[Name]) => void): void {
    this.#news.off(name, listener);
  }

  /** The connection to the host. */
  get link(): LinkState {
    return this.#link.state;
  }

  /** Who we are; undefined before the first `hello`. */
  get user(): UserInfo | undefined {
    return this.#user;
  }

  /** The session's name, as `replyTo` has it. */
  get session(): string {
    return this.#session;
  }

  /** The lines, in the user's order. */
  get lines(): Line[] {
    return [...this.#lines.values()];
  }

  /** A line by its name. */
  line(name: string): Line | undefined {
    return this.#lines.get(name);
  }

  /** A call of whatever line. */
  call(callId: string): LiveCall | undefined {
    for (const line of this.#lines.values()) {
      const call = line.call(callId);
      if (call) return call;
    }
    return undefined;
  }

  /** Whether this tab is the one that rings and pops up. */
  get leader(): boolean {
    return this.#tabs?.leader ?? true;
  }

  /** The host's time now, in ms since 1970, as well as it is known here. */
  now(): number {
    return this.#clock.now();
  }

  /** Tells the user's other tabs something (see the news `tab`). */
  tellTabs(news: unknown): void {
    this.#tabs?.tell(news);
  }

  /** Connects; resolves when `hello` is answered, rejects when the host refuses. What breaks is tried again meanwhile. */
  connect(): Promise<this> {
    if (this.link.phase === "online") return Promise.resolve(this);
    return new Promise((resolve, reject) => {
      const off = this.on("link", ({ phase, error }) => {
        if (phase !== "online" && phase !== "refused" && phase !== "closed") return;
        off();
        if (phase === "online") resolve(this);
        else reject(error ?? CtiError.lost("closed before the host answered"));
      });
      if (KNOWS_PAGE) {
        addEventListener("online", this.#wake);
        addEventListener("offline", this.#wake);
        document.addEventListener("visibilitychange", this.#seen);
      }
      this.#link.connect();
    });
  }

  /** Says goodbye. */
  async close(): Promise<void> {
    if (KNOWS_PAGE) {
      removeEventListener("online", this.#wake);
      removeEventListener("offline", this.#wake);
      document.removeEventListener("visibilitychange", this.#seen);
    }
    this.#tabs?.close();
    this.#tabs = undefined;
    if (this.link.phase === "online") {
      const soon = new Promise((resolve) => setTimeout(resolve, 500));
      await Promise.race([this.#request("goodbye", {}).catch(() => {}), soon]);
    }
    this.#link.close();
  }

  /** Asks for a token and shows it on the live socket, so that it need not break. */
  async refreshToken(): Promise<void> {
    const token = await this.#ask("refresh");
    await this.#request("authenticate", { token });
    this.#token = token;
  }

  override async command<Name extends keyof CtiCommands>(name: Name, params: CtiCommands[Name]["params"]): Promise<CtiCommands[Name]["result"]> {
    if (this.link.phase !== "online") throw CtiError.lost("there is no connection to the host");
    const given: { timeoutMs?: number | null; idempotencyKey?: string | null } = params;
    // With a key a command may be sent again after a break, and is done once.
    const key = given.idempotencyKey ?? (QUESTIONS.has(name) ? undefined : `${this.#keys}-${++this.#commands}`);
    const full: Record<string, unknown> = { ...params, ...(key === undefined ? {} : { idempotencyKey: key }) };
    return (await this.#request(name, full, given.timeoutMs ?? 15_000)) as CtiCommands[Name]["result"];
  }

  /** Asks the host for a line's state and compares: what the events have told, and what is. Empty: they agree. */
  async verify(name: string): Promise<string[]> {
    const line = this.#lines.get(name);
    if (!line) return [`there is no line ${name}`];
    return new Promise((resolve, reject) => {
      const off = this.on("event", ({ method, params }) => {
        const { line: of, resent, data } = params as CtiEvents["activeCallSnapshot"];
        if (method !== "activeCallSnapshot" || of !== name || !resent || data.reason !== "query") return;
        off();
        resolve(this.#found);
      });
      this.queryActiveCallSnapshot({ line: name }).catch((error) => {
        off();
        reject(error);
      });
    });
  }
  /** What the last snapshot differed in. */
  #found: string[] = [];

  #request(method: string, params: Record<string, unknown>, patience = 15_000, first?: (result: unknown) => void): Promise<unknown> {
    return this.#requests.send(this.#link.write, method, params, patience, first);
  }

  async #ask(why: TokenReason): Promise<string | null> {
    const { token } = this.#options;
    return typeof token === "function" ? await token(why) : token;
  }

  async #greet(write: (text: string) => void): Promise<void> {
    this.#token = (await this.#ask(this.#why)) ?? this.#token;
    this.#why = "connect";
    const resume = this.lines.filter((l) => l.epoch > 0 && l.settled).map((l) => ({ line: l.name, epoch: l.epoch, seq: l.seq }));
    const hello = {
      token: this.#token ?? "",
      client: this.#options.client ?? { name: "@jackfield/client" },
      ...(this.#options.lines ? { lines: this.#options.lines } : {}),
      ...(resume.length > 0 ? { resume } : {}),
    };
    await this.#requests.send(write, "hello", hello, 15_000, (result) => this.#welcome(result as HelloResult));
  }

  #welcome(result: HelloResult): void {
    // What is no answer to `hello` does not come from a host.
    if (!Array.isArray(result?.lines) || !result.user) return this.#link.again();
    const other = this.#user !== undefined && this.#user.name !== result.user.name;
    this.#session = result.session;
    this.#user = result.user;
    const lines = new Map<string, Line>();
    for (const entry of result.lines) lines.set(entry.line, (!other && this.#lines.get(entry.line)) || new Line(entry.line, entry.connection));
    this.#lines = lines;
    this.#late.clear();
    result.lines.forEach((entry) => this.#enter(entry));
    const resumed = new Set(result.lines.filter((entry) => entry.resumed).map((entry) => entry.line));
    this.#requests.broken(this.#link.write, resumed);
    this.#meetTabs(other);
    this.#link.welcome();
    this.#news.tell("session", result);
  }

  #meetTabs(other: boolean): void {
    const { tabs = typeof document === "object" && typeof navigator === "object" && "locks" in navigator } = this.#options;
    if (!tabs) return;
    if (other) this.#tabs = void this.#tabs?.close();
    if (this.#tabs) this.#tabs.announce();
    else
      this.#tabs = new Tabs(
        `jackfield ${socketUrl(this.#options.url)} ${this.#user?.name}`,
        () => this.#session,
        () => {
          this.#news.tell("leader", this.leader);
          this.#news.tell("change", undefined);
        },
        (news) => this.#news.tell("tab", news),
      );
  }

  #enter(entry: LineEntry): void {
    if (entry.resumed) this.#late.set(entry.line, entry.seq);
    this.#lines.get(entry.line)?.enter(entry);
  }

  async #renew(): Promise<boolean> {
    if (typeof this.#options.token !== "function") return false;
    const token = await this.#ask("refused");
    if (!token || token === this.#token) return false;
    this.#token = token;
    return true;
  }

  #broken(): void {
    if (this.link.phase === "closed") this.#requests.broken();
    else this.#requests.breaks();
  }

  #linkChanged(): void {
    if (this.link.phase === "refused") this.#requests.broken();
    this.#news.tell("link", this.link);
    this.#news.tell("change", undefined);
  }

  #text(text: string): void {
    let message: { id?: unknown; method?: string; params?: Record<string, unknown>; result?: unknown; error?: never };
    try {
      message = JSON.parse(text);
    } catch {
      // Not the protocol: a fault that coming back may heal.
      return this.#link.again();
    }
    if (typeof message !== "object" || message === null) return this.#link.again();
    if (message.method === undefined) {
      this.#requests.answer(message.id, message.result, message.error && CtiError.from(message.error));
    } else if (message.params) {
      this.#notice(message.method, message.params);
    }
  }

  #notice(method: string, params: Record<string, unknown>): void {
    if (method === "reconnect") return this.#link.stopping();
    const name = params["line"];
    if (typeof name !== "string") {
      // Of a connection as a whole: it has no number and changes no line.
      this.#tell({ method, params } as unknown as LineEvent);
      return;
    }
    const line = this.#lines.get(name);
    if (!line) return;
    const event = { method, params } as unknown as LineEvent;
    const told = event.params as CtiEvents["callStarted"];
    if (told.resent || told.seq > (this.#late.get(name) ?? 0)) this.#clock.heard(Date.parse(told.at));
    const before = told.data?.call && line.call(told.data.call.callId);
    if (method === "activeCallSnapshot") this.#compare(line, event as LineEvent<"activeCallSnapshot">);
    switch (line.apply(event)) {
      case "ignored":
        return;
      case "gap":
        return this.#gap(line, told.epoch, told.seq);
      case "applied":
        this.#tell(event);
        if (before) this.#answered(line, before, event);
    }
  }

  #tell(event: LineEvent): void {
    if (NAMES.has(event.method)) this.#news.tell(event.method, event.params as never);
    this.#news.tell("event", event);
    this.#news.tell("change", undefined);
  }

  /** A snapshot that stands at our own number tells whether we have understood the events. */
  #compare(line: Line, { params }: LineEvent<"activeCallSnapshot">): void {
    const { epoch, seq, resent, data, currentCallId } = params;
    const same = epoch === line.epoch && (resent ? seq === line.seq : seq === line.seq + 1 && data.reason === "reconciled");
    if (!same || (resent && data.reason !== "query")) return;
    this.#found = differences(line, data, currentCallId);
    if (this.#found.length > 0) this.#news.tell("mismatch", { line: line.name, differences: this.#found });
  }

  #gap(line: Line, epoch: number, seq: number): void {
    line.await();
    this.#news.tell("gap", { line: line.name, epoch, seq });
    const enter = (result: unknown) => (result as HelloResult).lines.forEach((entry) => this.#enter(entry));
    this.#request("subscribe", { lines: [line.name] }, undefined, enter).catch(() => this.#link.again());
  }

  #answered(line: Line, before: LiveCall, { method, params }: LineEvent): void {
    if (before.direction !== "in" || before.state !== "alerting") return;
    const call = line.call(before.callId) ?? before;
    const { replyTo, cause } = params as CtiEvents["commutationStarted"];
    if (method === "commutationStarted") {
      const session = replyTo?.session;
      const by = session === undefined ? "phone" : session === this.#session ? "here" : this.#tabs?.has(session) ? "tab" : "client";
      this.#news.tell("answered", { line, call, by });
    } else if (method === "callFinished" && cause?.code === "pickedUpElsewhere") {
      this.#news.tell("answered", { line, call, by: "elsewhere" });
    }
  }
}
