// The live events of all lines, over the WebSocket.

import { CtiModel, type LinkState } from "@jackfield/client";
import type { Access } from "./access.js";
import { entryOf, Log } from "./log.js";
import { HOST } from "./rest.js";

export class Live {
  readonly log = new Log();
  /** Lines that are told of. */
  lines: string[] = [];
  /** Events of the last second. */
  rate = 0;
  link: LinkState | null = null;
  #model: CtiModel | null = null;
  #counted = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Is called with every event and every other change: cheap, or it costs more than the event. */
  came: () => void = () => undefined;

  constructor(readonly access: Access) {}

  get isOn(): boolean {
    return this.#model !== null;
  }

  start(): void {
    if (this.#model) return;
    const model = new CtiModel({
      url: HOST,
      token: async (why) => (why === "refused" ? await this.access.renew() : this.access.token),
      client: { name: "administrator's page" },
      tabs: false,
    });
    this.#model = model;
    model.on("event", ({ method, params }) => {
      this.log.add(entryOf(method, params));
      this.came();
    });
    model.on("session", (hello) => {
      this.lines = hello.lines.map((line) => line.line);
      this.came();
    });
    model.on("link", (link) => {
      this.link = link;
      this.came();
    });
    this.#timer = setInterval(() => {
      this.rate = this.log.count - this.#counted;
      this.#counted = this.log.count;
      this.came();
    }, 1_000);
    void model.connect().catch(() => undefined);
  }

  /** A new token on the live socket. */
  renew(): void {
    void this.#model?.refreshToken().catch(() => undefined);
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#model?.close();
    this.#model = null;
    this.link = null;
    this.log.clear();
  }
}
