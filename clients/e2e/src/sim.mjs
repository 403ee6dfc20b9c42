// The other side of the simulator's calls: rings, answers, hangs up.

import WebSocket from "ws";
import { CtiModel } from "@jackfield/client";

export class Sim {
  static async start(host, token, line) {
    const sim = new Sim();
    sim.line = line;
    sim.model = new CtiModel({ url: host.url, token, lines: [line], WebSocket, client: { name: "e2e" } });
    sim.gaps = [];
    sim.model.on("gap", (gap) => sim.gaps.push(gap));
    await sim.model.connect();
    return sim;
  }

  service(name, params = {}) {
    return this.model.librarySpecificService({ line: this.line, name, params });
  }

  ring(from = "+380441234567", name = "Olena Koval", more = {}) {
    return this.service("ring", { from, name, ...more });
  }

  get calls() {
    return this.model.line(this.line)?.calls ?? [];
  }

  async clear() {
    for (const call of this.calls) await this.model.dropCall({ line: this.line, callId: call.callId }).catch(() => {});
  }

  end() {
    return this.model.close();
  }
}
