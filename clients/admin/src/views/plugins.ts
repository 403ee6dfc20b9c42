import { html, nothing, type TemplateResult } from "lit";
import type { Desk } from "../desk.js";

export function plugins(desk: Desk): TemplateResult {
  const { folder } = desk;
  if (!folder) return html`<p class="empty">…</p>`;
  const users = (sha256: string | undefined) =>
    (desk.connections ?? []).filter((c) => sha256 !== undefined && c.adapter?.sha256 === sha256).map((c) => c.id);
  return html`
    <div class="head">
      <h1>Plugins</h1>
      <span class="muted"><bdi>${folder.folder}</bdi></span>
    </div>
    ${folder.trouble ? html`<p class="note bad"><bdi>${folder.trouble}</bdi></p>` : nothing}
    ${folder.restartDue ? html`<p class="note">So many libraries were exchanged that a restart of the host is due.</p>` : nothing}
    <section class="card">
      ${folder.plugins.length === 0
        ? html`<p class="empty">There is no library in this folder.</p>`
        : html`<table class="stack">
            <thead>
              <tr>
                <th scope="col">Library</th>
                <th scope="col">State</th>
                <th scope="col">Version</th>
                <th scope="col">API</th>
                <th scope="col">Used by</th>
                <th scope="col">SHA-256</th>
              </tr>
            </thead>
            <tbody>
              ${folder.plugins.map(({ file, state, library, why, isFormer }) => {
                const used = users(library?.sha256);
                return html`<tr data-plugin=${file}>
                  <td>
                    <strong>${library?.name ?? file}</strong>
                    ${library ? html`<div class="muted">${library.phoneSystem}${library.saves ? " · keeps its state in a swap" : ""}</div>` : nothing}
                    ${library ? html`<div class="muted mono"><bdi>${file}</bdi></div>` : nothing}
                    ${why ? html`<p class="note ${state === "refused" ? "bad" : ""}"><bdi>${why}</bdi>${isFormer ? "; what it held before goes on running" : ""}</p>` : nothing}
                  </td>
                  <td data-label="State"><span class="tag ${state}">${state}</span></td>
                  <td data-label="Version" class=${library ? "" : "none"}>${library?.version ?? "–"}</td>
                  <td data-label="API" class=${library ? "" : "none"}>${library?.apiVersion ?? "–"}</td>
                  <td data-label="Used by" class=${library ? "" : "none"}>${used.join(", ") || "nobody"}</td>
                  <td data-label="SHA-256" class="mono ${library ? "" : "none"}" title=${library?.sha256 ?? ""}>${library?.sha256.slice(0, 12) ?? "–"}</td>
                </tr>`;
              })}
            </tbody>
          </table>`}
    </section>
  `;
}
