import { type History, type HistoryCall, HttpError } from "@jackfield/client";
import type { PrefStore } from "./prefs.js";

/** How many calls a page has. */
const PAGE = 30;
/** How long typing rests before it is searched, ms; and a call's end before the list is looked at again. */
const REST = 250;
const SETTLE = 400;

/** What is written about a call and not saved yet. */
export interface Draft {
  comment: string;
  state: "clean" | "edited" | "saving" | "saved" | "conflict" | "failed";
}

/** The list of calls of the past. */
export class HistoryDesk {
  calls: HistoryCall[] = [];
  state: "loading" | "ready" | "none" | "failed" = "loading";
  next: string | null = null;
  missedOnly = false;
  text = "";
  /** Missed calls that nobody has looked at. */
  unseen = 0;
  open: string | undefined;
  /** The recording that is being listened to. */
  playing: { path: string; url: string } | undefined;
  playFailed: string | undefined;
  draft: Draft = { comment: "", state: "clean" };
  #abort: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly history: History,
    private readonly prefs: PrefStore,
    private readonly changed: () => void,
  ) {}

  /** Reads the first page, or the next one. */
  async load(more = false): Promise<void> {
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const text = this.text.trim();
      const page = await this.history.calls(
        {
          limit: PAGE,
          ...(this.missedOnly ? { result: "missed" } : {}),
          ...(text ? { text } : {}),
          ...(more && this.next ? { cursor: this.next } : {}),
        },
        abort.signal,
      );
      const calls = page.calls.filter((call) => call.result !== null);
      this.calls = more ? [...this.calls, ...calls] : calls;
      this.next = page.next;
      this.state = "ready";
      if (!more && !text) this.#count();
    } catch (error) {
      if (abort.signal.aborted) return;
      this.state = error instanceof HttpError && error.status === 404 ? "none" : "failed";
    }
    this.changed();
  }

  /** A call has ended: look again soon. */
  later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), SETTLE);
  }

  /** Searches, when typing rests. */
  find(text: string): void {
    if (text === this.text) return;
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.load(), REST);
  }

  filter(missedOnly: boolean): void {
    this.missedOnly = missedOnly;
    if (missedOnly) this.seen();
    void this.load();
    this.changed();
  }

  /** Missed calls have been looked at. */
  seen(): void {
    const latest = this.calls[0]?.startedAt;
    if (latest && latest > this.prefs.all.seen) this.prefs.set({ seen: latest });
    this.unseen = 0;
  }

  #count(): void {
    if (this.missedOnly) return this.seen();
    // The very first look: what was missed before is no news.
    if (!this.prefs.all.seen) this.prefs.set({ seen: new Date(Date.now() - 86_400_000).toISOString() });
    const { seen } = this.prefs.all;
    this.unseen = this.calls.filter((call) => call.result === "missed" && call.startedAt > seen).length;
  }

  /** Opens a call, or closes it. */
  toggle(call: HistoryCall): void {
    this.open = this.open === call.callId ? undefined : call.callId;
    this.quiet();
    this.draft = { comment: call.comment ?? "", state: "clean" };
    this.changed();
  }

  /** Opens a call that has just ended, once it is there. */
  async show(callId: string): Promise<void> {
    const call = this.calls.find((c) => c.callId === callId) ?? (await this.history.call(callId).catch(() => undefined));
    if (!call) return;
    if (!this.calls.some((c) => c.callId === callId)) this.calls = [call, ...this.calls];
    if (this.open !== callId) this.toggle(call);
  }

  /** Fetches a recording: with the token, which a player of the browser's would not send. */
  async play(path: string): Promise<void> {
    this.quiet();
    try {
      const blob = await this.history.recording(path);
      this.playing = { path, url: URL.createObjectURL(blob) };
    } catch {
      this.playFailed = path;
    }
    this.changed();
  }

  /** Listens no more. */
  quiet(): void {
    if (this.playing) URL.revokeObjectURL(this.playing.url);
    this.playing = this.playFailed = undefined;
  }

  write(comment: string): void {
    this.draft = { comment, state: "edited" };
    this.changed();
  }

  async save(call: HistoryCall): Promise<void> {
    await this.#edit(call, { comment: this.draft.comment.trim() || null });
  }

  async links(call: HistoryCall, links: HistoryCall["links"]): Promise<void> {
    await this.#edit(call, { links });
  }

  async #edit(call: HistoryCall, edit: { comment?: string | null; links?: HistoryCall["links"] }): Promise<void> {
    const { draft } = this;
    draft.state = "saving";
    this.changed();
    try {
      this.#put(await this.history.edit(call, edit));
      draft.state = "saved";
    } catch (error) {
      draft.state = "failed";
      if (error instanceof HttpError && error.status === 412) {
        // What somebody else wrote is shown; what was typed here stays typed.
        const now = await this.history.call(call.callId).catch(() => undefined);
        if (now) this.#put(now);
        draft.state = "conflict";
      }
    }
    this.changed();
  }

  #put(call: HistoryCall): void {
    this.calls = this.calls.map((c) => (c.callId === call.callId ? call : c));
  }
}
