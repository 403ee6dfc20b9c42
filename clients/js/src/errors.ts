import type { ErrorCode, ErrorObject, Native } from "./wire.js";

/** What a request was refused with, or why it got no answer. */
export class CtiError extends Error {
  override readonly name = "CtiError";
  /** The stable name to act on (M10 of the model). */
  readonly code: ErrorCode;
  /** The old CtiModel's number for it. */
  readonly type: number;
  /** Whether the same request may work later. */
  readonly retryable: boolean;
  /** What the phone system itself said. */
  readonly native: Native | undefined;
  /** Which parameter is wrong (RFC 6901, from the top of the request). */
  readonly pointer: string | undefined;

  constructor(code: ErrorCode, message: string, more: { type?: number; retryable?: boolean; native?: Native; pointer?: string } = {}) {
    super(message);
    this.code = code;
    this.type = more.type ?? 0;
    this.retryable = more.retryable ?? false;
    this.native = more.native;
    this.pointer = more.pointer;
  }

  /** An `error` of the wire. */
  static from(error: ErrorObject): CtiError {
    const data = error.data ?? {};
    return new CtiError(data.code ?? "general", error.message, data);
  }

  /** The socket is not there, or broke before the answer. */
  static lost(message: string): CtiError {
    return new CtiError("connectionLost", message, { type: 2, retryable: true });
  }
}
