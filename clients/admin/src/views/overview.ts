import { html, nothing, svg, type TemplateResult } from "lit";
import { type Desk, health } from "../desk.js";
import { bytes, duration, many, span } from "../format.js";
import { POINTS } from "../numbers.js";

/** A curve of the last minutes, as wide as its place. */
function curve(points: readonly number[]): TemplateResult | typeof nothing {
  if (points.length < 2) return nothing;
  const top = Math.max(...points, 1);
  const at = points.map((value, i) => `${((POINTS - points.length + i) / (POINTS - 1)) * 100},${(1 - value / top) * 28 + 3}`);
  const first = at[0]!.split(",")[0];
  return html`<svg class="curve" viewBox="0 0 100 34" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<path class="below" d="M${first},34 L${at.join(" L")} L100,34 Z"></path><path d="M${at.join(" L")}"></path>`}
  </svg>`;
}

const rate = (value: number) => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1));

export function overview(desk: Desk): TemplateResult {
  const { now, pace, curve: points } = desk.course;
  const all = desk.connections ?? [];
  const { state, says, why } = health(desk);
  const calls = all.reduce((sum, connection) => sum + connection.calls, 0);
  const lines = all.flatMap((connection) => connection.lines);
  const up = lines.filter((line) => line.state === "up").length;
  return html`
    <h1 class="sr">Overview</h1>
    <section class="card health" aria-live="polite">
      <span class="dot ${state}"></span>
      <div class="grow">
        <h2>${says}</h2>
        ${why.length > 0
          ? html`<ul>
              ${why.slice(0, 6).map((text) => html`<li><bdi>${text}</bdi></li>`)} ${why.length > 6 ? html`<li>and ${why.length - 6} more</li>` : nothing}
            </ul>`
          : html`<p class="muted">${many(all.length, "connection")}, ${up === lines.length ? "all" : up} of ${many(lines.length, "line")} up</p>`}
      </div>
    </section>
    <section class="tiles" aria-label="Numbers">
      <div class="card tile" data-tile="events">
        <h3>Events</h3>
        <p class="big">${pace ? rate(pace.events) : "–"} <small>a second</small></p>
        ${curve(points)}
      </div>
      <div class="card tile" data-tile="calls">
        <h3>Calls now</h3>
        <p class="big">${calls}</p>
        <p class="foot">on ${many(lines.length, "line")}</p>
      </div>
      <div class="card tile" data-tile="clients">
        <h3>Clients</h3>
        <p class="big">${now?.sessions ?? "–"}</p>
        <p class="foot">${now?.overflows ? `${now.overflows} fell behind once` : `of ${now?.maxSessions.toLocaleString("en") ?? "–"} at most`}</p>
      </div>
      <div class="card tile" data-tile="latency">
        <h3>Latency</h3>
        <p class="big">${duration(pace?.p99 ?? now?.latency.p99)} <small>p99</small></p>
        <p class="foot">${now?.latency.count ? `half within ${duration(pace?.p50 ?? now.latency.p50)}` : "phone system to client: none yet"}</p>
      </div>
      <div class="card tile" data-tile="memory">
        <h3>Memory</h3>
        <p class="big">${bytes(now?.memoryBytes)}</p>
        <p class="foot">and adapters ${bytes(all.reduce((sum, c) => sum + (c.adapter?.memoryBytes ?? 0), 0))}</p>
      </div>
      <div class="card tile" data-tile="store">
        <h3>History</h3>
        ${now?.store
          ? html`<p class="big">${now.store.written.toLocaleString("en")} <small>changes</small></p>
              <p class="foot">${now.store.trouble ? "waits for the database" : `a group within ${duration(now.store.commit.p99)}`}</p>`
          : html`<p class="big">–</p>
              <p class="foot">no calls are kept</p>`}
      </div>
      <div class="card tile" data-tile="uptime">
        <h3>Runs for</h3>
        <p class="big">${now ? span(now.uptimeSeconds) : "–"}</p>
        <p class="foot">version ${now?.version ?? "–"}, process ${now?.process ?? "–"}</p>
      </div>
      <div class="card tile" data-tile="commands">
        <h3>Commands</h3>
        <p class="big">${now ? now.connections.reduce((sum, c) => sum + c.accepted, 0).toLocaleString("en") : "–"} <small>accepted</small></p>
        <p class="foot">${now ? now.connections.reduce((sum, c) => sum + c.refused, 0).toLocaleString("en") : "–"} refused</p>
      </div>
    </section>
    <section class="card">
      <ul class="short">
        ${all.map(
          (connection) => html`<li>
            <span class="dot ${connection.state}"></span>
            <div class="grow">
              <strong>${connection.id}</strong>
              <span class="muted">${connection.adapter ? `${connection.adapter.phoneSystem} · ${connection.adapter.name} ${connection.adapter.version}` : connection.plugin}</span>
            </div>
            <span class="num muted">${pace ? `${rate(pace.of.get(connection.id) ?? 0)} events/s` : nothing}</span>
            <span class="tag ${connection.state}">${connection.state}</span>
          </li>`,
        )}
      </ul>
    </section>
  `;
}
