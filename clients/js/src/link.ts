import { Backoff, type BackoffOptions } from "./backoff.js";
import { CtiError } from "./errors.js";
import { open, type SocketConstructor } from "./socket.js";

/**
 * How the client stands to the host: `idle` before `connect`, `connecting`, `online`, `waiting` (it broke; `retryAt`
 * says when it is tried again), `refused` (the host does not let us in, and trying again changes nothing), `closed`
 * by `close`.
 */
export type Phase = "idle" | "connecting" | "online" | "waiting" | "refused" | "closed";

/** The state of the connection to the host. */
export interface LinkState {
  phase: Phase;
  /** Tries that failed in a row. */
  tries: number;
  /** When it is tried again, by our clock (ms since 1970); in `waiting`. */
  retryAt?: number;
  /** The code that the socket was closed with last; 1006: it broke, or was never there. */
  code?: number;
  /** The host is stopping, and said so. */
  stopping?: boolean;
  /** Why it is `refused`, or failed last. */
  error?: CtiError;
}

/** Close codes of the wire. */
export const CLOSE = { protocol: 4400, notAuthenticated: 4401, forbidden: 4403, slow: 4408, replaced: 4409, stopping: 4503 } as const;

/** What a link asks its owner. */
export interface LinkOwner {
  /** The socket is open: says `hello`, and calls `welcome` at its answer. Rejects when the host refuses. */
  greet(write: (text: string) => void): Promise<void>;
  text(text: string): void;
  /** The socket is gone. */
  broken(): void;
  /** The token was refused: is there another? */
  renew(): Promise<boolean>;
  changed(): void;
  /** Asks the host for a sign of life; resolves when it comes. */
  probe(): Promise<unknown>;
}

export interface LinkOptions {
  url: string;
  WebSocket: SocketConstructor;
  backoff?: BackoffOptions | undefined;
  /** After how long a silence the host is asked for a sign of life, in ms. */
  heartbeat: number;
}

/** How long `hello` or a sign of life may take, in ms. */
const PATIENCE = 8_000;

/** One socket after another, until `close`. */
export class Link {
  state: LinkState = { phase: "idle", tries: 0 };
  readonly #backoff: Backoff;
  #socket: ReturnType<typeof open> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval> | undefined;
  #heard = 0;
  #probing = false;
  /** Which socket is meant: what an older one still says is not listened to. */
  #round = 0;
  #stopping = false;

  constructor(
    private readonly options: LinkOptions,
    private readonly owner: LinkOwner,
  ) {
    this.#backoff = new Backoff(options.backoff);
  }

  /** Connects, if it is not connected or about to. */
  connect(): void {
    if (this.state.phase === "online" || this.state.phase === "connecting") return;
    clearTimeout(this.#retry);
    const round = ++this.#round;
    const mine = () => round === this.#round;
    this.#become({ phase: "connecting", tries: this.#backoff.tries, stopping: this.#stopping });
    let socket: ReturnType<typeof open>;
    try {
      socket = open(this.options.WebSocket, this.options.url, {
        open: () => {
          if (mine()) void this.#greet(mine);
        },
        text: (text) => {
          if (!mine()) return;
          this.#heard = Date.now();
          this.owner.text(text);
        },
        closed: (code, reason) => {
          if (mine()) void this.#closed(code, reason);
        },
      });
    } catch (error) {
      return this.#become({ phase: "refused", tries: 0, error: new CtiError("connectionFailed", String(error), { type: 2 }) });
    }
    this.#socket = socket;
    this.#retry = setTimeout(() => {
      if (mine() && this.state.phase === "connecting") socket.drop();
    }, PATIENCE);
  }

  /** Sends; throws when there is no socket. */
  readonly write = (text: string): void => {
    if (!this.#socket) throw new Error("not connected");
    this.#socket.send(text);
  };

  /** `hello` was answered. */
  welcome(): void {
    clearTimeout(this.#retry);
    this.#backoff.reset();
    this.#stopping = false;
    this.#heard = Date.now();
    clearInterval(this.#watch);
    this.#watch = setInterval(() => {
      if (Date.now() - this.#heard >= this.options.heartbeat) void this.#probe();
    }, this.options.heartbeat / 3);
    (this.#watch as { unref?: () => void }).unref?.();
    this.#become({ phase: "online", tries: 0 });
  }

  /** The host has said that it is stopping. */
  stopping(): void {
    this.#stopping = true;
  }

  /** Looks at once whether the host is there: the network came or went, or the page is looked at again. */
  check(): void {
    if (this.state.phase === "waiting") this.connect();
    else if (this.state.phase === "online") void this.#probe();
  }

  /** Ends it. */
  close(): void {
    this.#round++;
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.drop(1000);
    this.#become({ phase: "closed", tries: 0 });
    this.owner.broken();
  }

  /** Gives the socket up and comes again at once. */
  again(): void {
    if (this.state.phase === "online" || this.state.phase === "connecting") this.#socket?.drop();
  }

  async #greet(mine: () => boolean): Promise<void> {
    try {
      await this.owner.greet(this.write);
    } catch (error) {
      // The host closes with a code that says more; what broke otherwise is tried again.
      if (mine() && error instanceof CtiError && error.code !== "connectionLost") this.state = { ...this.state, error };
      else if (mine()) this.#socket?.drop();
    }
  }

  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    const socket = this.#socket;
    const timer = setTimeout(() => socket?.drop(), PATIENCE);
    try {
      await this.owner.probe();
    } catch {
      // Whatever it says, it lives; and when it does not, the timer or the socket tells.
    } finally {
      clearTimeout(timer);
      this.#probing = false;
    }
  }

  async #closed(code: number, reason: string): Promise<void> {
    const round = ++this.#round;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#socket = undefined;
    const { error } = this.state;
    this.owner.broken();
    if (code === CLOSE.protocol || code === CLOSE.forbidden) return this.#refused(code, error, reason);
    if (code === CLOSE.notAuthenticated) {
      this.#become({ phase: "connecting", tries: this.#backoff.tries, code });
      const renewed = await this.owner.renew().catch(() => false);
      if (round !== this.#round) return;
      if (!renewed) return this.#refused(code, error, reason);
      this.#become({ phase: "waiting", tries: this.#backoff.tries, code, retryAt: Date.now() });
      return this.connect();
    }
    const wait = code === CLOSE.replaced ? 0 : this.#backoff.next();
    this.#become({ phase: "waiting", tries: this.#backoff.tries, code, retryAt: Date.now() + wait, stopping: this.#stopping, error });
    this.#retry = setTimeout(() => this.connect(), wait);
  }

  #refused(code: number, error: CtiError | undefined, reason: string): void {
    const codes = { [CLOSE.notAuthenticated]: "authenticationFailed", [CLOSE.forbidden]: "forbidden" } as Record<number, string>;
    const why = error ?? new CtiError(codes[code] ?? "protocolError", reason || "the host refuses this client");
    this.#become({ phase: "refused", tries: 0, code, error: why });
  }

  #become(state: LinkState): void {
    this.state = state;
    this.owner.changed();
  }
}
