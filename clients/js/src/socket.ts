/** What the SDK needs of a WebSocket; browsers, workers and Node 22 have it, `ws` offers it for older Node. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** A constructor of such. */
export type SocketConstructor = new (url: string, protocols: string[]) => Socket;

/** The subprotocol of the wire. */
export const SUBPROTOCOL = "jackfield.v1";

/** What happens on a socket. */
export interface SocketNews {
  open(): void;
  text(text: string): void;
  /** It is closed; told once. 1006: it broke. */
  closed(code: number, reason: string): void;
}

/** Opens a socket; the answer sends, and lets go of it. */
export function open(Constructor: SocketConstructor, url: string, news: SocketNews): { send(text: string): void; drop(code?: number): void } {
  const socket = new Constructor(url, [SUBPROTOCOL]);
  let over = false;
  const end = (code: number, reason: string) => {
    if (over) return;
    over = true;
    // An error without a listener ends a Node process.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => {};
    news.closed(code, reason);
  };
  socket.onopen = () => news.open();
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === "string") news.text(data);
  };
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => end(code, String(reason ?? ""));
  socket.onerror = () => {};
  return {
    send: (text) => socket.send(text),
    drop: (code = 1000) => {
      // A socket whose other end is gone says so only after its own patience: we do not wait.
      try {
        socket.close(code);
      } finally {
        end(1006, "");
      }
    },
  };
}

/** The address of the socket of a host: of its page (`https://host:8443/`), or the socket's own (`wss://host/ws`). */
export function socketUrl(address: string | URL): string {
  const url = new URL(address);
  url.protocol = url.protocol.replace(/^http/, "ws");
  url.username = url.password = url.search = url.hash = "";
  if (!url.pathname.endsWith("/ws")) url.pathname = `${url.pathname.replace(/\/$/, "")}/ws`;
  return url.href;
}

/** The address of REST of the same host, with a slash at its end. */
export function restUrl(address: string | URL): string {
  const url = new URL(socketUrl(address));
  url.protocol = url.protocol.replace(/^ws/, "http");
  url.pathname = url.pathname.slice(0, -"ws".length);
  return url.href;
}
