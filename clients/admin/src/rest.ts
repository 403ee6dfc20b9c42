// What the host tells over HTTP, and the words in which it refuses (RFC 9457).

/** A refusal of the host, or that it could not be asked. `status` 0: it could not. */
export class RestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter = 0,
  ) {
    super(message);
  }
}

export interface Trouble {
  code: string;
  text: string;
}

export interface LineStatus {
  line: string;
  state: "up" | "down" | "notStarted" | "";
  calls: number;
  seq: number;
  epoch: number;
  /** It is opened when a client asks for it, and none does. */
  waitsForClient: boolean;
  lastError: Trouble | null;
}

export interface Adapter {
  name: string;
  version: string;
  sha256: string;
  phoneSystem: string;
  running: boolean;
  isolation: "process" | "host";
  process: number | null;
  memoryBytes: number | null;
}

export interface Swap {
  at: string | null;
  outcome: string;
  text: string;
  pauseUs: number | null;
}

export type Condition = "up" | "down" | "paused" | "waits" | "hangs";

export interface Connection {
  id: string;
  plugin: string;
  state: Condition;
  since: string | null;
  waitsFor: string | null;
  warning: string | null;
  lastError: Trouble | null;
  lastSwap: Swap | null;
  adapter: Adapter | null;
  calls: number;
  lines: LineStatus[];
}

export interface Library {
  name: string;
  version: string;
  phoneSystem: string;
  description: string;
  apiVersion: string;
  needs: string[];
  saves: boolean;
  sha256: string;
}

export interface PluginFile {
  file: string;
  state: "loaded" | "refused" | "waits";
  why: string | null;
  library: Library | null;
  isFormer: boolean;
}

export interface Folder {
  folder: string;
  trouble: string | null;
  restartDue: boolean;
  plugins: PluginFile[];
}

export interface Session {
  session: string;
  user: string;
  role: string;
  client: string;
  from: string;
  since: string;
  lines: string[];
  lineCount: number;
  waitingBytes: number;
  blocked: boolean;
  raw: boolean;
}

export interface Spread {
  count: number;
  p50: number | null;
  p99: number | null;
  buckets: [number, number][];
}

export interface ConnectionNumbers {
  connection: string;
  calls: number;
  linesUp: number;
  events: number;
  accepted: number;
  refused: number;
  faults: number;
  exchanges: number;
  repairs: number;
}

export interface Numbers {
  at: string;
  version: string;
  process: number;
  uptimeSeconds: number;
  memoryBytes: number | null;
  sessions: number;
  maxSessions: number;
  overflows: number;
  silent: number;
  latency: Spread;
  connections: ConnectionNumbers[];
  store: { trouble: string | null; written: number; lost: number; commit: Spread } | null;
  pages: string[];
}

export interface Levels {
  start: string;
  host: string | null;
  connections: Record<string, string>;
}

export interface LoggedIn {
  token: string;
  expiresAt: string;
  expiresIn: number;
  loginEndsAt: string;
  user: { name: string; role: string };
}

/** The host's address: the page lies at `/admin/`, or below a path that somebody put before it. */
export const HOST = new URL("..", location.href.split("#")[0]!.replace(/[^/]*$/, ""));

/** Asks the host. */
export async function ask<T>(method: string, path: string, token: string | null, body?: unknown): Promise<T> {
  let response: Response;
  try {
    response = await fetch(new URL(path, HOST), {
      method,
      cache: "no-store",
      credentials: "omit",
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
  } catch {
    throw new RestError(0, "The host does not answer.");
  }
  if (response.status === 204) return undefined as T;
  const said: unknown = await response.json().catch(() => null);
  if (response.ok) return said as T;
  const detail = (said as { detail?: unknown } | null)?.detail;
  const text = typeof detail === "string" ? detail : `the host answered with status ${response.status}`;
  throw new RestError(response.status, text, Number(response.headers.get("Retry-After") ?? 0));
}
