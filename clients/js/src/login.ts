import { CtiError } from "./errors.js";
import { HttpError } from "./history.js";
import type { TokenReason } from "./model.js";
import { restUrl } from "./socket.js";

/** What is kept of a login, over a reload of the page: a token that ends by itself. */
export interface KeptLogin {
  token: string;
  /** When the token ends, by our clock (ms since 1970). */
  ends: number;
  /** When it is renewed. */
  renewAt: number;
  /** Until when it can be renewed, by our clock. */
  loginEnds: number;
}

/** What somebody shows: a code of `jackfield login`, or a token of the configuration. */
export type Shown = { code: string } | { token: string };

interface Answer {
  token: string;
  expiresAt: string;
  expiresIn: number;
  loginEndsAt: string;
}

export interface LoginOptions {
  url: string | URL;
  /** The token is another one now: keep it. */
  kept?: (login: KeptLogin) => void;
  fetch?: typeof fetch;
}

/** How long a renewal that failed is not tried again, ms. */
const PATIENCE = 15_000;

/**
 * Somebody who has logged in from a page: a token that is renewed at half of its time, as long as the host allows.
 * `source` is the option `token` of a `CtiModel`; call `refreshed` to be told when to show the new one.
 */
export class Login {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<boolean> | undefined;
  /** Told after a renewal, for `CtiModel.refreshToken`. */
  refreshed: (() => void) | undefined;

  private constructor(
    private readonly options: LoginOptions,
    private login: KeptLogin,
  ) {
    this.#plan();
  }

  /** Exchanges what was shown. Rejects with the status: 401 not valid, 404 this host knows no logins, 429 too many tries. */
  static async open(options: LoginOptions, shown: Shown): Promise<Login> {
    const answer = await ask(options, "login", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(shown) });
    const login = keepable(answer as Answer);
    options.kept?.(login);
    return new Login(options, login);
  }

  /** Goes on with what was kept; undefined: it has ended. */
  static restore(options: LoginOptions, kept: KeptLogin): Login | undefined {
    return kept.ends > Date.now() ? new Login(options, kept) : undefined;
  }

  /** The token now; `refused`: it does not do any more, a new one is asked for. */
  readonly source = async (why: TokenReason): Promise<string | null> => {
    if (why === "refused" || Date.now() >= this.login.ends) {
      const before = this.login.token;
      await this.#renew();
      return this.login.token === before ? null : this.login.token;
    }
    return this.login.token;
  };

  /** Ends the login at the host: none of its tokens is good any more. */
  async end(): Promise<void> {
    this.stop();
    await ask(this.options, "token", { method: "DELETE", headers: this.#bearer() });
  }

  /** Renews no more; the login stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.refreshed = undefined;
  }

  #bearer(): Record<string, string> {
    return { Authorization: `Bearer ${this.login.token}` };
  }

  #plan(wait = this.login.renewAt - Date.now()): void {
    clearTimeout(this.#timer);
    if (this.login.loginEnds <= Date.now()) return;
    this.#timer = setTimeout(() => void this.#renew(), Math.min(Math.max(wait, 0), 2 ** 31 - 1));
    (this.#timer as { unref?: () => void }).unref?.();
  }

  #renew(): Promise<boolean> {
    this.#renewing ??= ask(this.options, "token", { method: "POST", headers: this.#bearer() })
      .then(
        (answer) => {
          this.login = keepable(answer as Answer);
          this.options.kept?.(this.login);
          this.#plan();
          this.refreshed?.();
          return true;
        },
        () => {
          // The host is away, or the login has ended: the socket tells which.
          this.#plan(PATIENCE);
          return false;
        },
      )
      .finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }
}

function keepable({ token, expiresIn, expiresAt, loginEndsAt }: Answer): KeptLogin {
  const now = Date.now();
  // The host tells how long; its clock may be another one than ours.
  const ahead = now + expiresIn * 1000 - Date.parse(expiresAt);
  return { token, ends: now + expiresIn * 1000, renewAt: now + expiresIn * 500, loginEnds: Date.parse(loginEndsAt) + ahead };
}

async function ask(options: LoginOptions, path: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await (options.fetch ?? fetch)(`${restUrl(options.url)}api/v1/${path}`, { ...init, credentials: "omit", cache: "no-store" });
  } catch (error) {
    throw CtiError.lost(`the host cannot be asked: ${error instanceof Error ? error.message : error}`);
  }
  if (response.status === 204) return undefined;
  const body = (await response.json().catch(() => ({}))) as { detail?: string };
  if (!response.ok) throw new HttpError(response.status, body.detail ?? `the host answers ${response.status}`);
  return body;
}
