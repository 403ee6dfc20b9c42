import { html, nothing, type TemplateResult } from "lit";
import type { Desk } from "../desk.js";
import { bytes, many, moment } from "../format.js";
import type { Session } from "../rest.js";

const MOST_NAMES = 3;

function lines(session: Session): string {
  const named = session.lines.slice(0, MOST_NAMES).join(", ");
  const more = session.lineCount - Math.min(session.lines.length, MOST_NAMES);
  return more > 0 ? `${named} and ${more} more` : named || "none";
}

export function clients(desk: Desk, wanted: string, want: (text: string) => void): TemplateResult {
  if (!desk.sessions) return html`<p class="empty">…</p>`;
  const { sessions, total } = desk.sessions;
  const text = wanted.toLowerCase();
  const found = sessions.filter((s) => [s.user, s.role, s.client, s.from, ...s.lines].some((part) => part.toLowerCase().includes(text)));
  return html`
    <div class="head">
      <h1>Clients</h1>
      <span class="grow muted">${many(total, "session")}${total > sessions.length ? `, the newest ${sessions.length} here` : ""}</span>
      <input type="search" data-filter aria-label="Find clients" placeholder="User, address, line" .value=${wanted} @input=${(e: Event) => want((e.target as HTMLInputElement).value)} />
    </div>
    <section class="card">
      ${found.length === 0
        ? html`<p class="empty">${total === 0 ? "Nobody is connected." : "Nobody here is like that."}</p>`
        : html`<table class="stack">
            <thead>
              <tr>
                <th scope="col">User</th>
                <th scope="col">Role</th>
                <th scope="col">Client</th>
                <th scope="col">Address</th>
                <th scope="col">Lines</th>
                <th scope="col">Since</th>
                <th scope="col" class="num">Waits</th>
              </tr>
            </thead>
            <tbody>
              ${found.map(
                (session) => html`<tr>
                  <td><bdi>${session.user}</bdi></td>
                  <td data-label="Role">${session.role}</td>
                  <td data-label="Client"><bdi>${session.client || "–"}</bdi> <span class="muted mono">${session.session}</span></td>
                  <td data-label="Address" class="mono"><bdi>${session.from}</bdi></td>
                  <td data-label="Lines"><bdi>${lines(session)}</bdi>${session.raw ? html` <span class="tag">raw</span>` : nothing}</td>
                  <td data-label="Since"><time>${moment(session.since)}</time></td>
                  <td data-label="Waits" class="num">
                    ${bytes(session.waitingBytes)}${session.blocked ? html` <span class="tag bad">does not read</span>` : nothing}
                  </td>
                </tr>`,
              )}
            </tbody>
          </table>`}
    </section>
  `;
}
