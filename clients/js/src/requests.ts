import { CtiError } from "./errors.js";

/** A request that waits for its answer. */
interface Waiting {
  method: string;
  params: Record<string, unknown>;
  timer: ReturnType<typeof setTimeout>;
  /** Told at once, before the next message is read: what follows an answer may come at its heels, in the same turn. */
  first: ((result: unknown) => void) | undefined;
  resolve(result: unknown): void;
  reject(error: CtiError): void;
}

/** How much longer than the host we wait, in ms. The host answers every request; this is for a host that is gone. */
const GRACE = 10_000;

/** The requests of one client, over all its sockets: ids are used once. */
export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Sends a request and waits for its answer. */
  send(
    write: (text: string) => void,
    method: string,
    params: Record<string, unknown>,
    patience: number,
    first?: (result: unknown) => void,
  ): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new CtiError("timeout", `the host has not answered \`${method}\` in time`, { type: 3 }));
      }, patience + GRACE);
      // The answer alone keeps a Node process alive, not our patience.
      (timer as { unref?: () => void }).unref?.();
      this.#waiting.set(id, { method, params, timer, first, resolve, reject });
      try {
        write(frame(id, method, params));
      } catch (error) {
        this.#take(id);
        reject(CtiError.lost(`\`${method}\` could not be sent: ${error instanceof Error ? error.message : error}`));
      }
    });
  }

  /** An answer has come. False: nobody waits for it. */
  answer(id: unknown, result: unknown, error: CtiError | undefined): boolean {
    const waiting = typeof id === "number" ? this.#take(id) : undefined;
    if (!waiting) return false;
    if (error) waiting.reject(error);
    else {
      waiting.first?.(result);
      waiting.resolve(result);
    }
    return true;
  }

  /**
   * The socket broke, and there is a new one (`write`), or none. A command with a key whose line was resumed is sent
   * again: the host does it once. Of the others nobody can tell whether they were done.
   */
  broken(write?: (text: string) => void, resumed: ReadonlySet<unknown> = new Set()): void {
    for (const [id, { method, params }] of [...this.#waiting]) {
      if (write && params["idempotencyKey"] && resumed.has(params["line"])) {
        write(frame(id, method, params));
        continue;
      }
      const text = `the connection to the host broke before \`${method}\` was answered; it may have been done, the events will tell`;
      this.#take(id)?.reject(CtiError.lost(text));
    }
  }

  /** Refuses those that cannot be sent again, at the break itself. */
  breaks(): void {
    for (const [id, { method, params }] of [...this.#waiting]) {
      if (!params["idempotencyKey"]) {
        this.#take(id)?.reject(CtiError.lost(`the connection to the host broke before \`${method}\` was answered`));
      }
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    return waiting;
  }
}

function frame(id: number, method: string, params: Record<string, unknown>): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}
