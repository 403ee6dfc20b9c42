// Two answers of the host and the time between them make rates.

import type { Numbers } from "./rest.js";

/** What went on lately. */
export interface Pace {
  /** Events per second, of all connections, and of each. */
  events: number;
  of: Map<string, number>;
  /** Seconds from the phone system's bytes to a client's socket, of the time between: half, and 99 of 100, took at most this. */
  p50: number | null;
  p99: number | null;
}

/** How many points a curve has. */
export const POINTS = 60;

/** The last answers, and what they make. */
export class Course {
  #last: Numbers | null = null;
  pace: Pace | null = null;
  /** Events per second, the newest last. */
  readonly curve: number[] = [];

  get now(): Numbers | null {
    return this.#last;
  }

  /** Takes an answer. Another process, or an older answer: everything begins anew. */
  take(now: Numbers): void {
    const before = this.#last;
    this.#last = now;
    const seconds = before ? (Date.parse(now.at) - Date.parse(before.at)) / 1000 : 0;
    if (!before || before.process !== now.process || now.uptimeSeconds < before.uptimeSeconds || seconds <= 0) {
      this.pace = null;
      if (before && before.process !== now.process) this.curve.length = 0;
      return;
    }
    const of = new Map<string, number>();
    for (const connection of now.connections) {
      const was = before.connections.find((c) => c.connection === connection.connection)?.events ?? 0;
      of.set(connection.connection, Math.max(0, connection.events - was) / seconds);
    }
    const events = [...of.values()].reduce((sum, rate) => sum + rate, 0);
    const count = now.latency.count - before.latency.count;
    const within = (share: number) => {
      if (count <= 0) return null;
      const found = now.latency.buckets.find(([, n], i) => n - (before.latency.buckets[i]?.[1] ?? 0) >= share * count);
      return found?.[0] ?? null;
    };
    this.pace = { events, of, p50: within(0.5), p99: within(0.99) };
    this.curve.push(events);
    if (this.curve.length > POINTS) this.curve.shift();
  }
}
