import { duration, isoDuration } from "./format.js";

/** What a timer shows: `ms` were over when the host's clock was `asOf`; it goes on when `running`. */
export interface Span {
  ms: number;
  asOf: number;
  running: boolean;
  /** The host's clock, ms since 1970. */
  now: () => number;
}

const all = new Set<Timer>();
let ticker: ReturnType<typeof setInterval> | undefined;

/** Shows how long something takes, and counts by itself: a tick touches one text, and draws nothing else anew. */
export class Timer extends HTMLElement {
  #span: Span | undefined;
  #shown = "";

  set span(span: Span) {
    this.#span = span;
    this.#show();
  }

  connectedCallback(): void {
    this.setAttribute("role", "timer");
    this.setAttribute("aria-live", "off");
    all.add(this);
    ticker ??= setInterval(() => all.forEach((timer) => timer.#show()), 200);
    this.#show();
  }

  disconnectedCallback(): void {
    all.delete(this);
    if (all.size > 0) return;
    clearInterval(ticker);
    ticker = undefined;
  }

  #show(): void {
    if (!this.#span) return;
    const { ms, asOf, running, now } = this.#span;
    const whole = running ? ms + Math.max(0, now() - asOf) : ms;
    const text = duration(whole);
    if (text === this.#shown) return;
    this.#shown = text;
    this.textContent = text;
    this.setAttribute("datetime", isoDuration(whole));
  }
}
