/** How many of the last samples count: enough to find a fast one, few enough to follow a clock that is set. */
const KEPT = 16;

/**
 * The host's clock, as far as one can see it from here. Every message that the host has just stamped was stamped in the
 * past: the smallest difference to our clock is the nearest to the truth.
 */
export class HostClock {
  readonly #samples: number[] = [];
  #offset = 0;

  constructor(private readonly local: () => number = Date.now) {}

  /** A message that was stamped `at` (ms since 1970) has just come. */
  heard(at: number): void {
    if (!Number.isFinite(at)) return;
    this.#samples.push(this.local() - at);
    if (this.#samples.length > KEPT) this.#samples.shift();
    this.#offset = Math.min(...this.#samples);
  }

  /** How much our clock is ahead of the host's, in ms. */
  get offset(): number {
    return this.#offset;
  }

  /** The host's time now, in ms since 1970. */
  now(): number {
    return this.local() - this.#offset;
  }
}
