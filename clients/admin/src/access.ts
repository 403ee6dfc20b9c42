// Who we are: a login, kept for this tab alone, renewed before it ends.

import { ask, type LoggedIn, RestError } from "./rest.js";

const KEY = "jackfield-admin";

interface Kept {
  token: string;
  /** When it was given and when it ends, in this machine's ms. */
  given: number;
  ends: number;
  user: { name: string; role: string };
}

/** The code of an address, which is taken out of it at once. */
export function codeOfAddress(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("login");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** A login. `changed` is called when it begins and ends. */
export class Access {
  #kept: Kept | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<string | null> | null = null;
  /** Why the last login ended; for the form. */
  why = "";

  constructor(
    readonly changed: () => void,
    readonly renewed: () => void,
  ) {
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Kept | null;
      if (kept && kept.ends > Date.now()) this.#kept = kept;
    } catch {
      // Storage that is forbidden, or holds something else: a login of this page alone.
    }
    this.#wind();
  }

  get token(): string | null {
    return this.#kept?.token ?? null;
  }

  get user(): { name: string; role: string } | null {
    return this.#kept?.user ?? null;
  }

  /** Logs in with a code or a token. */
  async enter(shown: { code: string } | { token: string }): Promise<void> {
    this.#keep(await ask<LoggedIn>("POST", "api/v1/login", null, shown));
    this.why = "";
    this.changed();
  }

  /** A new token before the old one ends. */
  renew(): Promise<string | null> {
    this.#renewing ??= this.#renewed().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #renewed(): Promise<string | null> {
    if (!this.#kept) return null;
    try {
      this.#keep(await ask<LoggedIn>("POST", "api/v1/token", this.#kept.token));
      this.renewed();
    } catch (error) {
      if (error instanceof RestError && error.status === 401) this.over("Your login has ended.");
      else this.#wind(10_000);
    }
    return this.token;
  }

  /** The host does not know the token any more. */
  over(why: string): void {
    if (!this.#kept) return;
    this.#forget();
    this.why = why;
    this.changed();
  }

  /** Ends the login, here and in the host. */
  async leave(): Promise<void> {
    const token = this.token;
    this.#forget();
    this.changed();
    if (token) await ask("DELETE", "api/v1/token", token).catch(() => undefined);
  }

  #forget(): void {
    this.#kept = null;
    clearTimeout(this.#timer);
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // As above.
    }
  }

  #keep(got: LoggedIn): void {
    const given = Date.now();
    this.#kept = { token: got.token, given, ends: given + got.expiresIn * 1000, user: got.user };
    try {
      sessionStorage.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // As above.
    }
    this.#wind();
  }

  /** At half of its time; timers of long ago (a machine that slept) come late, and try at once. */
  #wind(least = 0): void {
    clearTimeout(this.#timer);
    if (!this.#kept) return;
    const { given, ends } = this.#kept;
    const wait = Math.max(least, (given + ends) / 2 - Date.now(), 0);
    this.#timer = setTimeout(() => void this.renew(), wait);
  }
}
