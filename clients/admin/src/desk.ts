// What the page knows, and what it asks for: one place that polls, so that views only draw.

import { Access, codeOfAddress } from "./access.js";
import { Live } from "./live.js";
import { Course } from "./numbers.js";
import { ask, type Connection, type Folder, type Levels, type Numbers, RestError, type Session, type Swap } from "./rest.js";

export const PAGES = ["overview", "connections", "plugins", "clients", "events"] as const;
export type PageName = (typeof PAGES)[number];

/** How often, in ms. */
const OFTEN = 2_000;
const SELDOM = 10_000;

/** What is asked for. */
type What = "connections" | "numbers" | "plugins" | "sessions" | "levels";

export type DeedName = "restart" | "pause" | "resume" | "swap";

/** The page's state. `changed` is called when something is to be drawn anew. */
export class Desk {
  readonly access: Access;
  readonly live: Live;
  readonly course = new Course();
  page: PageName = pageOfAddress();
  connections: Connection[] | null = null;
  folder: Folder | null = null;
  sessions: { sessions: Session[]; total: number } | null = null;
  levels: Levels | null = null;
  /** Why the host could not be asked last. */
  trouble = "";
  /** While a code of the address is exchanged. */
  entering = false;
  /** What is being done, by connection. */
  readonly busy = new Map<string, DeedName>();
  toast = "";
  readonly #asked: Record<What, number> = { connections: 0, numbers: 0, plugins: 0, sessions: 0, levels: 0 };
  #timer: ReturnType<typeof setInterval> | undefined;
  #toast: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly changed: () => void) {
    this.access = new Access(
      () => {
        if (!this.access.token) this.#forget();
        else void this.look(true);
        this.changed();
      },
      () => this.live.renew(),
    );
    this.live = new Live(this.access);
  }

  start(): void {
    const code = codeOfAddress();
    if (code !== null) {
      this.entering = true;
      this.access
        .enter({ code })
        .catch((error: unknown) => {
          // An address that was opened twice: who is in already stays in.
          if (!this.access.token) this.access.why = `The address is not good any more: ${words(error)}.`;
        })
        .finally(() => {
          this.entering = false;
          this.changed();
        });
    }
    addEventListener("hashchange", this.#moved);
    document.addEventListener("visibilitychange", this.#seen);
    this.#timer = setInterval(() => void this.look(), 500);
    void this.look(true);
  }

  stop(): void {
    this.live.stop();
    removeEventListener("hashchange", this.#moved);
    document.removeEventListener("visibilitychange", this.#seen);
    clearInterval(this.#timer);
  }

  get isAdmin(): boolean {
    return this.access.user?.role === "admin";
  }

  readonly #moved = () => {
    this.page = pageOfAddress();
    void this.look(true);
    this.changed();
  };

  readonly #seen = () => void this.look(true);

  #forget(): void {
    this.live.stop();
    this.connections = this.folder = this.sessions = this.levels = null;
    this.trouble = "";
  }

  /** Asks for what the page shows, as often as it is due. */
  async look(now = false): Promise<void> {
    if (!this.isAdmin || document.hidden) return;
    const { page } = this;
    if (page === "events") this.live.start();
    const due: Promise<void>[] = [];
    const want = (what: What, every: number, read: () => Promise<void>) => {
      if (!now && Date.now() - this.#asked[what] < every) return;
      this.#asked[what] = Date.now();
      due.push(read());
    };
    want("connections", OFTEN, async () => {
      this.connections = (await this.#ask<{ connections: Connection[] }>("api/v1/connections")).connections;
    });
    want("numbers", OFTEN, async () => this.course.take(await this.#ask<Numbers>("api/v1/numbers")));
    want("plugins", page === "plugins" ? OFTEN : SELDOM, async () => void (this.folder = await this.#ask<Folder>("api/v1/plugins")));
    if (page === "clients")
      want("sessions", OFTEN, async () => void (this.sessions = await this.#ask("api/v1/sessions?limit=500")));
    if (page === "connections") want("levels", SELDOM, async () => void (this.levels = await this.#ask<Levels>("api/v1/log-levels")));
    if (due.length === 0) return;
    const ended = await Promise.allSettled(due);
    const failed = ended.find((end): end is PromiseRejectedResult => end.status === "rejected");
    this.trouble = failed ? words(failed.reason) : "";
    this.changed();
  }

  async #ask<T>(path: string, method = "GET", body?: unknown): Promise<T> {
    try {
      return await ask<T>(method, path, this.access.token, body);
    } catch (error) {
      if (error instanceof RestError && error.status === 401) this.access.over("Your login has ended.");
      throw error;
    }
  }

  /** Does something to a connection. */
  async deed(connection: string, deed: DeedName): Promise<void> {
    this.busy.set(connection, deed);
    this.changed();
    try {
      const path = `api/v1/connections/${encodeURIComponent(connection)}/${deed}`;
      if (deed === "swap") this.say(`${connection}: ${(await this.#ask<Swap>(path, "POST", {})).text}`);
      else {
        await this.#ask(path, "POST");
        this.say(`${connection}: ${{ restart: "started again", pause: "paused", resume: "goes on" }[deed]}`);
      }
    } catch (error) {
      this.say(`${connection}: ${words(error)}`);
    } finally {
      this.busy.delete(connection);
      await this.look(true);
    }
  }

  /** Sets how much is logged of a connection. */
  async level(connection: string, level: string | null): Promise<void> {
    try {
      this.levels = await this.#ask<Levels>("api/v1/log-levels", "PUT", { connection, level });
      this.say(`${connection}: logged ${level ? `at ${level}` : "as at the start"}`);
    } catch (error) {
      this.say(words(error));
    }
    this.changed();
  }

  /** Says something for a moment. */
  say(text: string): void {
    this.toast = text;
    clearTimeout(this.#toast);
    this.#toast = setTimeout(() => {
      this.toast = "";
      this.changed();
    }, 6_000);
    this.changed();
  }
}

/** An error for a person. */
export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pageOfAddress(): PageName {
  const name = location.hash.slice(1) as PageName;
  return PAGES.includes(name) ? name : "overview";
}

export interface Health {
  state: "up" | "waits" | "down";
  says: string;
  why: string[];
}

/** How everything is, in a sentence, and what is not as it should be. */
export function health(desk: Desk): Health {
  const all = desk.connections ?? [];
  const why: string[] = [];
  let state = "up" as Health["state"];
  const bad = (worse: "waits" | "down", text: string) => {
    why.push(text);
    if (state !== "down") state = worse;
  };
  for (const connection of all) {
    const { id } = connection;
    const reason = connection.waitsFor ?? connection.lastError?.text;
    if (connection.state === "down") bad("down", `${id} is down${reason ? `: ${reason}` : ""}`);
    else if (connection.state === "hangs") bad("down", `${id} does not answer: its adapter hangs`);
    else if (connection.state === "waits") bad("down", `${id} waits for its adapter: ${connection.waitsFor ?? ""}`);
    else if (connection.state === "paused") bad("waits", `${id} is paused`);
    else {
      const down = connection.lines.filter((line) => line.state !== "up" && !line.waitsForClient).length;
      if (down > 0) bad("waits", `${id}: ${down} of ${connection.lines.length} lines are not up`);
    }
    if (connection.warning) bad("waits", `${id}: ${connection.warning}`);
  }
  const store = desk.course.now?.store;
  if (store?.trouble) bad("waits", `calls are not stored now, and will be: ${store.trouble}`);
  if (store && store.lost > 0) bad("down", `${store.lost} changes of calls could not be stored`);
  if (desk.folder?.trouble) bad("waits", desk.folder.trouble);
  if (desk.folder?.restartDue) bad("waits", "so many libraries were exchanged that a restart of the host is due");
  for (const file of desk.folder?.plugins ?? []) if (file.state === "refused") bad("waits", `${file.file} is refused`);
  const says = why.length === 0 ? "All is well" : state === "down" ? "Something does not work" : "Something wants a look";
  return { state, says, why };
}
