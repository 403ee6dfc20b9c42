/** How long to wait between tries, in ms. */
export interface BackoffOptions {
  /** The first wait; 300 unless told. */
  first?: number;
  /** The longest wait; 15000 unless told. */
  most?: number;
}

/** Waits that double, half of each left to chance: when a host comes back, not everybody knocks at once. */
export class Backoff {
  #tries = 0;

  constructor(
    private readonly options: BackoffOptions = {},
    private readonly chance: () => number = Math.random,
  ) {}

  /** How many tries have failed in a row. */
  get tries(): number {
    return this.#tries;
  }

  /** The wait before the next try. */
  next(): number {
    const { first = 300, most = 15_000 } = this.options;
    const whole = Math.min(most, first * 2 ** Math.min(this.#tries++, 20));
    return Math.round(whole / 2 + (whole / 2) * this.chance());
  }

  /** It worked. */
  reset(): void {
    this.#tries = 0;
  }
}
