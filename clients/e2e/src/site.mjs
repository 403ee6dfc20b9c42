// A web server in front of a host: the panel's files with the policy that the host sends with them, everything else passed
// on. It is also the network: it can be cut, and mended.

import { createServer, request } from "node:http";
import { createReadStream, existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const DIST = fileURLToPath(new URL("../../panel/dist", import.meta.url));
/** The client's modules, as its package has them. */
const CLIENT = fileURLToPath(new URL("../../js/dist", import.meta.url));
const KINDS = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export class Site {
  /** Serves `pages` (path → html or script) and the client's modules beside the panel's files. `host`: where the rest goes. */
  static async start({ host, pages = {}, policy = POLICY } = {}) {
    const site = new Site();
    site.host = host;
    site.cutOff = false;
    site.sockets = new Set();
    site.server = createServer((incoming, answer) => {
      const path = new URL(incoming.url, "http://site").pathname;
      if (path in pages) {
        answer.writeHead(200, { "Content-Type": KINDS[extname(path)] ?? KINDS[".html"] });
        return answer.end(pages[path]);
      }
      const folder = path.startsWith("/client/") ? CLIENT : DIST;
      const file = join(folder, normalize(path === "/" ? "/index.html" : path.replace(/^\/client/, "")));
      if (file.startsWith(folder) && existsSync(file) && statSync(file).isFile()) {
        answer.writeHead(200, { "Content-Type": KINDS[extname(file)] ?? "application/octet-stream", "Content-Security-Policy": policy });
        return createReadStream(file).pipe(answer);
      }
      if (!site.host || site.cutOff) return answer.writeHead(site.host ? 502 : 404).end();
      const [name, port] = site.host.address.split(":");
      const onward = request({ host: name, port, path: incoming.url, method: incoming.method, headers: incoming.headers }, (reply) => {
        answer.writeHead(reply.statusCode, reply.headers);
        reply.pipe(answer);
      });
      onward.on("error", () => answer.writeHead(502).end());
      incoming.pipe(onward);
    });
    site.server.on("upgrade", (incoming, socket, head) => {
      socket.on("error", () => {});
      if (!site.host || site.cutOff) return socket.destroy();
      const [name, port] = site.host.address.split(":");
      const onward = connect(Number(port), name, () => {
        const headers = Object.entries(incoming.headers).map(([key, value]) => `${key}: ${value}\r\n`);
        onward.write(`GET ${incoming.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
        onward.write(head);
        onward.pipe(socket);
        socket.pipe(onward);
      });
      const pair = { socket, onward };
      site.sockets.add(pair);
      const end = () => {
        site.sockets.delete(pair);
        socket.destroy();
        onward.destroy();
      };
      for (const one of [socket, onward]) one.on("error", end).on("close", end);
    });
    await new Promise((resolve) => site.server.listen(0, "127.0.0.1", resolve));
    site.address = `127.0.0.1:${site.server.address().port}`;
    site.url = `http://${site.address}/`;
    return site;
  }

  /** The network is gone: open sockets break, new ones are refused. */
  cut() {
    this.cutOff = true;
    for (const { socket, onward } of this.sockets) {
      socket.destroy();
      onward.destroy();
    }
  }

  /** The network hangs: nothing comes through, and nothing says so. */
  hang() {
    for (const { socket, onward } of this.sockets) {
      socket.pause();
      onward.pause();
      socket.unpipe();
      onward.unpipe();
    }
  }

  mend() {
    this.cutOff = false;
  }

  async end() {
    this.cut();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
