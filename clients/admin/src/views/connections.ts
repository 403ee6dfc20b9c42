import { html, nothing, type TemplateResult } from "lit";
import type { DeedName, Desk } from "../desk.js";
import { bytes, many, moment } from "../format.js";
import type { Connection } from "../rest.js";

/** What a deed is asked with, before it is done. */
export interface Question {
  connection: string;
  deed: DeedName;
}

export const QUESTIONS: Record<DeedName, { title: string; text: string; yes: string }> = {
  restart: {
    title: "Start the connection again?",
    text: "Its adapter logs out of the phone system and in again. Calls survive it; for a moment their state is unknown and nobody can command them.",
    yes: "Start again",
  },
  pause: {
    title: "Pause the connection?",
    text: "Its adapter logs out of the phone system. Clients see their lines down until it is resumed, or the host is started again.",
    yes: "Pause",
  },
  resume: { title: "Resume the connection?", text: "Its adapter logs in.", yes: "Resume" },
  swap: {
    title: "Swap the adapter?",
    text: "The library of the configuration is made anew and takes over from the adapter that runs, in the middle of calls; the sockets to the phone system stay open. One that keeps no state is started again instead.",
    yes: "Swap",
  },
};

const LEVELS = ["error", "warn", "info", "debug", "trace"];

export function connections(desk: Desk, ask: (question: Question) => void): TemplateResult {
  if (!desk.connections) return html`<p class="empty">…</p>`;
  return html`
    <div class="head"><h1>Connections</h1></div>
    ${desk.connections.length === 0 ? html`<p class="card empty">The configuration has no [[connection]].</p>` : nothing}
    ${desk.connections.map((connection) => one(desk, connection, ask))}
  `;
}

function one(desk: Desk, connection: Connection, ask: (question: Question) => void): TemplateResult {
  const { adapter } = connection;
  const busy = desk.busy.get(connection.id);
  const numbers = desk.course.now?.connections.find((n) => n.connection === connection.id);
  const button = (deed: DeedName, text: string) =>
    html`<button
      data-deed=${deed}
      aria-label="${text} ${connection.id}"
      aria-busy=${busy === deed}
      ?disabled=${busy !== undefined}
      @click=${() => (deed === "resume" ? void desk.deed(connection.id, deed) : ask({ connection: connection.id, deed }))}
    >
      ${text}
    </button>`;
  const why = connection.waitsFor ?? connection.lastError?.text;
  const fact = (name: string, value: unknown) => html`<div>
    <dt>${name}</dt>
    <dd><bdi>${value}</bdi></dd>
  </div>`;
  const up = connection.lines.filter((line) => line.state === "up").length;
  return html`<section class="card connection" data-connection=${connection.id} aria-label="Connection ${connection.id}">
    <div class="head">
      <h2><span class="dot ${connection.state}"></span>${connection.id}</h2>
      <span class="tag ${connection.state}">${connection.state}</span>
      <span class="grow muted">${adapter?.phoneSystem ?? connection.plugin}</span>
      ${connection.state === "paused" ? button("resume", "Resume") : button("pause", "Pause")} ${adapter?.running ? button("swap", "Swap") : nothing}
      ${button("restart", "Restart")}
    </div>
    ${why ? html`<p class="note ${connection.state === "paused" ? "" : "bad"}"><bdi>${why}</bdi></p>` : nothing}
    ${connection.warning ? html`<p class="note"><bdi>${connection.warning}</bdi></p>` : nothing}
    <dl class="facts">
      ${fact("Adapter", adapter ? `${adapter.name} ${adapter.version}` : connection.plugin)}
      ${fact(connection.state === "up" ? "Up since" : "Down since", moment(connection.since))}
      ${fact("Runs", adapter?.running ? (adapter.process ? `in process ${adapter.process}` : "inside the host") : "not now")}
      ${fact("Memory", bytes(adapter?.memoryBytes))} ${fact("Calls now", connection.calls)}
      ${fact("Commands", numbers ? `${numbers.accepted} accepted, ${numbers.refused} refused` : "–")}
      ${connection.lastSwap ? fact("Last swap", html`${connection.lastSwap.outcome}, ${moment(connection.lastSwap.at)}`) : nothing}
      ${fact("Faults", numbers?.faults ?? "–")} ${fact("Repairs", numbers?.repairs ?? "–")}
      <div>
        <dt><label for="level-${connection.id}">Log</label></dt>
        <dd>
          <select
            id="level-${connection.id}"
            @change=${(event: Event) => {
              const { value } = event.target as HTMLSelectElement;
              void desk.level(connection.id, value || null);
            }}
          >
            <option value="" ?selected=${!desk.levels?.connections[connection.id]}>as the host</option>
            ${LEVELS.map((level) => html`<option value=${level} ?selected=${desk.levels?.connections[connection.id] === level}>${level}</option>`)}
          </select>
        </dd>
      </div>
    </dl>
    <details ?open=${connection.lines.length <= 12}>
      <summary>${many(connection.lines.length, "line")}, ${up} up</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Lines of ${connection.id}">
        <table class="stack">
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col">State</th>
              <th scope="col">Since</th>
              <th scope="col" class="num">Calls</th>
              <th scope="col" class="num">Last event</th>
              <th scope="col">Last error</th>
            </tr>
          </thead>
          <tbody>
            ${connection.lines.map(
              (line) => html`<tr>
                <td><bdi>${line.line}</bdi></td>
                <td data-label="State">
                  <span class="state"><span class="dot ${line.waitsForClient ? "" : line.state}"></span>${line.waitsForClient ? "waits for a client" : line.state === "notStarted" ? "not started" : line.state}</span>
                </td>
                <td data-label="Since"><time>${line.epoch ? moment(new Date(line.epoch).toISOString()) : "–"}</time></td>
                <td data-label="Calls" class="num">${line.calls}</td>
                <td data-label="Last event" class="num">${line.seq}</td>
                <td data-label="Last error" class=${line.lastError && line.state !== "up" ? "" : "none"}>
                  ${line.lastError && line.state !== "up" ? html`<bdi>${line.lastError.text}</bdi>` : nothing}
                </td>
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}
