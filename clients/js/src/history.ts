import { CtiError } from "./errors.js";
import { restUrl } from "./socket.js";
import type { TokenSource } from "./model.js";
import type { CallState, CauseCode, Direction, Link, Open, PartyNumber, Queue, Role, Scope } from "./wire.js";

/** How a call went. */
export type Outcome = Open<
  | "answered"
  | "missed"
  | "busy"
  | "noAnswer"
  | "rejected"
  | "cancelled"
  | "transferred"
  | "redirected"
  | "pickedUpElsewhere"
  | "failed"
  | "unknown"
>;

/** A call of the past, as `/api/v1/calls` has it (all fields: `/api/openapi.json` of the host). */
export interface HistoryCall {
  callId: string;
  /** Grows with every change; `edit` needs it. */
  revision: number;
  connection: string;
  line: string;
  conversationId: string;
  parentCallId: string | null;
  role: Role;
  state: CallState;
  direction: Direction;
  scope: Scope;
  nativeId: string | null;
  caller: PartyNumber | null;
  called: PartyNumber | null;
  redirecting?: PartyNumber;
  redirection?: PartyNumber;
  queue: Queue | null;
  agent: string | null;
  startedAt: string;
  connectedAt: string | null;
  endedAt: string | null;
  ringMs: number;
  talkMs: number;
  holdMs: number;
  holdCount: number;
  /** Null while it is up. */
  result: Outcome | null;
  resultEdited: boolean;
  cause: CauseCode | null;
  /** Nobody saw its end. */
  estimated: boolean;
  recorded?: boolean;
  /** Paths below the host; `recording` fetches one. Absent where the host gives none out. */
  recordings?: string[];
  userData?: Record<string, string>;
  comment: string | null;
  links: Link[];
  editedBy: string | null;
}

/** A page of calls, the newest first. */
export interface HistoryPage {
  calls: HistoryCall[];
  /** Of the page after this one; null: there is none. */
  next: string | null;
}

/** Which calls. */
export interface HistoryQuestion {
  from?: string;
  to?: string;
  line?: string;
  /** A number, or its last digits; at least three. */
  number?: string;
  result?: Outcome;
  direction?: "in" | "out";
  open?: boolean;
  text?: string;
  limit?: number;
  cursor?: string;
}

/** What is to change of a call; null takes away what was written. */
export interface HistoryEdit {
  comment?: string | null;
  result?: Outcome | null;
  links?: Link[];
}

/** The history of calls, over HTTP. */
export class History {
  readonly #base: string;

  constructor(
    private readonly options: { url: string | URL; token: TokenSource; fetch?: typeof fetch },
  ) {
    this.#base = `${restUrl(options.url)}api/v1/`;
  }

  /** A page of calls, the newest first. */
  async calls(question: HistoryQuestion = {}, signal?: AbortSignal): Promise<HistoryPage> {
    const given = Object.entries(question).filter(([, value]) => value !== undefined && value !== "");
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return (await this.#ask(`calls?${query}`, { signal })).json() as Promise<HistoryPage>;
  }

  /** One call. */
  async call(callId: string): Promise<HistoryCall> {
    return (await this.#ask(`calls/${encodeURIComponent(callId)}`)).json() as Promise<HistoryCall>;
  }

  /** Writes comment, result or links; refused with the status 412 when somebody else was faster. */
  async edit(call: Pick<HistoryCall, "callId" | "revision">, edit: HistoryEdit): Promise<HistoryCall> {
    const headers = { "Content-Type": "application/merge-patch+json", "If-Match": `"${call.revision}"` };
    const path = `calls/${encodeURIComponent(call.callId)}`;
    return (await this.#ask(path, { method: "PATCH", headers, body: JSON.stringify(edit) })).json() as Promise<HistoryCall>;
  }

  /** A recording of a call, by its path in `recordings`. */
  async recording(path: string, signal?: AbortSignal): Promise<Blob> {
    const below = new URL(path.replace(/^\//, ""), restUrl(this.options.url)).href;
    // A path leads to this host and nowhere else: the token goes with it.
    if (!below.startsWith(this.#base)) throw new TypeError(`${path} is no recording of this host`);
    return (await this.#ask(below.slice(this.#base.length), { signal })).blob();
  }

  async #ask(path: string, init: RequestInit = {}, again = true): Promise<Response> {
    const { token } = this.options;
    const shown = typeof token === "function" ? await token(again ? "connect" : "refused") : token;
    const headers = { ...(init.headers as Record<string, string>), Authorization: `Bearer ${shown ?? ""}` };
    const ask = this.options.fetch ?? fetch;
    let response: Response;
    try {
      response = await ask(this.#base + path, { ...init, headers, credentials: "omit", cache: "no-store" });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw CtiError.lost(`the history cannot be asked: ${error instanceof Error ? error.message : error}`);
    }
    if (response.ok) return response;
    if (response.status === 401 && again && typeof token === "function") return this.#ask(path, init, false);
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
    throw new HttpError(response.status, problem.detail ?? problem.title ?? `the host answers ${response.status}`);
  }
}

/** A request over HTTP that was refused. */
export class HttpError extends CtiError {
  constructor(
    /** The HTTP status: 401 no token, 403 not allowed, 404 no such call or no history here, 412 changed since. */
    readonly status: number,
    message: string,
  ) {
    const code = status === 401 ? "authenticationFailed" : status === 403 ? "forbidden" : status >= 500 ? "storeFailed" : "general";
    super(code, message, { retryable: status >= 500 || status === 429 });
  }
}
