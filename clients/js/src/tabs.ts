/** What tabs tell each other. */
type Word = { kind: "here"; session: string } | { kind: "who" } | { kind: "gone"; session: string } | { kind: "news"; news: unknown };

/**
 * The tabs (pages, windows) of one user on one host. Each has a socket of its own and sees everything; exactly one of
 * them is the leader, who rings and pops up. The browser's lock of the name makes it so: it passes on when the leader
 * goes, however it goes. Where there are no locks, everybody is alone and leads.
 */
export class Tabs {
  /** Whether this tab rings and pops up. */
  leader = false;
  readonly #others = new Set<string>();
  readonly #channel: BroadcastChannel | undefined;
  readonly #abort = new AbortController();
  #release: (() => void) | undefined;

  constructor(
    name: string,
    private readonly session: () => string,
    private readonly changed: () => void,
    private readonly heard: (news: unknown) => void,
  ) {
    if (typeof BroadcastChannel === "function") {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#word(data);
      this.#channel.postMessage({ kind: "who" } satisfies Word);
      this.announce();
    }
    const locks = typeof navigator === "object" ? navigator.locks : undefined;
    if (!locks) {
      this.leader = true;
      return;
    }
    const lead = () =>
      new Promise<void>((release) => {
        if (this.#abort.signal.aborted) return release();
        this.#release = release;
        this.leader = true;
        this.changed();
      });
    // Aborted while it waits: that is how it is closed.
    locks.request(name, { signal: this.#abort.signal }, lead).catch(() => {});
  }

  /** Sessions of the user's other tabs. */
  has(session: string): boolean {
    return this.#others.has(session);
  }

  /** Tells the others which session this tab has now. */
  announce(): void {
    this.#channel?.postMessage({ kind: "here", session: this.session() } satisfies Word);
  }

  /** Tells the others something of the page's own. */
  tell(news: unknown): void {
    this.#channel?.postMessage({ kind: "news", news } satisfies Word);
  }

  /** Leaves. */
  close(): void {
    this.#channel?.postMessage({ kind: "gone", session: this.session() } satisfies Word);
    this.#channel?.close();
    this.#abort.abort();
    this.#release?.();
    this.leader = false;
  }

  #word(word: Word): void {
    switch (word?.kind) {
      case "who":
        return this.announce();
      case "here":
        this.#others.add(word.session);
        return;
      case "gone":
        // Kept a little as it is: what the tab has sent may still be answered.
        return;
      case "news":
        return this.heard(word.news);
    }
  }
}
