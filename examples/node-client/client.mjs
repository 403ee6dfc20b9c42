// Prints what happens on one's lines, answers what rings, and says who called.
//
//   JACKFIELD_TOKEN=… node client.mjs http://127.0.0.1:8080 [LINE …]

import { CtiError, CtiModel } from "@jackfield/client";

const [url, ...lines] = process.argv.slice(2);
const token = process.env.JACKFIELD_TOKEN;
if (!url || !token) {
  console.error("usage: JACKFIELD_TOKEN=… node client.mjs URL [LINE …]");
  process.exit(2);
}
// Node has a WebSocket of its own from version 22 on.
const WebSocket = globalThis.WebSocket ?? (await import("ws")).WebSocket;

const model = new CtiModel({ url, token, WebSocket, lines: lines.length > 0 ? lines : undefined, client: { name: "node-client", version: "0.1" } });

model.on("link", ({ phase, error }) => console.log(`-- ${phase}${error ? `: ${error.message}` : ""}`));
model.on("callStarted", async ({ line, data: { call } }) => {
  console.log(`${line} ${call.direction} ${call.caller?.number ?? "?"} > ${call.called?.number ?? "?"}`);
  if (!call.features.includes("answer")) return;
  try {
    await model.answerCall({ line, callId: call.callId });
  } catch (error) {
    // What was refused says why, and whether it is worth another try.
    if (!(error instanceof CtiError)) throw error;
    console.log(`${line} not answered: ${error.code} (${error.message})`);
  }
});
model.on("commutationStarted", ({ line, data: { call } }) => console.log(`${line} talking with ${call.caller?.name ?? call.caller?.number ?? "?"}`));
model.on("callFinished", ({ line, cause, data: { call } }) => console.log(`${line} over after ${Math.round(call.talkMs / 1000)} s: ${cause?.code ?? "unknown"}`));

process.once("SIGINT", () => model.close());
process.once("SIGTERM", () => model.close());
try {
  await model.connect();
  for (const line of model.lines) console.log(`${line.name} is ${line.state}, ${line.calls.length} calls`);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof Error ? error.message : error);
}
