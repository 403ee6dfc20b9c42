import { type TemplateResult, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { HistoryCall } from "@jackfield/client";
import type { Desk } from "../desk.js";
import { duration, nameOf, other } from "../format.js";
import type { HistoryDesk } from "../historydesk.js";
import type { Key } from "../i18n.js";
import { type Icon, icon } from "../icons.js";
import { details } from "./details.js";
import { digits, words } from "./parts.js";

const RESULTS: Record<string, Key> = {
  missed: "missed",
  busy: "resultBusy",
  noAnswer: "resultNoAnswer",
  rejected: "resultRejected",
  cancelled: "resultCancelled",
  transferred: "resultTransferred",
  redirected: "resultRedirected",
  pickedUpElsewhere: "resultPickedUpElsewhere",
  failed: "resultFailed",
  unknown: "resultUnknown",
};

/** The calls of the past, the newest first, by day. */
export function history(desk: Desk): TemplateResult {
  const { history } = desk;
  if (!history || history.state === "none") return html`<section class="history"><p class="empty">${history ? desk.t("noHistory") : nothing}</p></section>`;
  const tab = (missed: boolean, label: TemplateResult | string) =>
    html`<button aria-pressed=${String(history.missedOnly === missed)} data-filter=${missed ? "missed" : "all"} @click=${() => history.filter(missed)}>${label}</button>`;
  const badge = history.unseen > 0 ? html` <span class="badge" aria-label=${desk.t("missedCount", { count: history.unseen })}>${history.unseen}</span>` : nothing;
  return html`<section class="history" aria-label=${desk.t("history")}>
    <div class="tabs" role="group" aria-label=${desk.t("history")}>${tab(false, desk.t("all"))}${tab(true, html`${desk.t("missed")}${badge}`)}</div>
    ${history.state === "failed" ? html`<p class="empty" role="status">${desk.t("historyFailed")}</p>` : list(desk, history)}
  </section>`;
}

function list(desk: Desk, history: HistoryDesk): TemplateResult {
  const { calls } = history;
  if (history.state === "loading") return html`<div class="skeleton" aria-hidden="true">${[1, 2, 3].map(() => html`<i></i>`)}</div>`;
  if (calls.length === 0) return html`<p class="empty">${desk.t(history.text || history.missedOnly ? "nothingFound" : "noCalls")}</p>`;
  const now = desk.model?.now() ?? Date.now();
  const days = new Map<string, HistoryCall[]>();
  for (const call of calls) {
    const day = desk.language.day(call.startedAt, now);
    const its = days.get(day);
    if (its) its.push(call);
    else days.set(day, [call]);
  }
  return html`<div @keydown=${walk}>
      ${[...days].map(
        ([day, its]) => html`<p class="day">${day}</p>
          <ol class="past" aria-label=${day}>${repeat(its, (call) => call.callId, (call) => entry(desk, history, call))}</ol>`,
      )}
    </div>
    ${history.next ? html`<button class="ghost wide" data-action="more" @click=${() => void history.load(true)}>${desk.t("more")}</button>` : nothing}`;
}

/** Up and down go from call to call. */
function walk(event: KeyboardEvent): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  const from = (event.target as Element).closest<HTMLElement>(".open-call");
  if (!step || !from) return;
  const all = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>(".open-call")];
  all[all.indexOf(from) + step]?.focus();
  event.preventDefault();
}

function picture(call: HistoryCall): Icon {
  if (call.result === "missed") return "missed";
  return call.direction === "out" ? "arrowOut" : "arrowIn";
}

function entry(desk: Desk, history: HistoryDesk, call: HistoryCall): TemplateResult {
  const party = other(call);
  const name = nameOf(party) || desk.t("noNumber");
  const number = party?.number ?? "";
  const open = history.open === call.callId;
  const result = RESULTS[call.result ?? ""];
  const said = call.result === "answered" ? duration(call.talkMs) : result ? desk.t(result) : "";
  const can = desk.line?.features.includes("dial") && number;
  return html`<li class="past-call" data-result=${call.result ?? ""} data-past=${call.callId} ?data-open=${open}>
    <div class="past-row">
      <button class="open-call" aria-expanded=${String(open)} @click=${() => history.toggle(call)}>
        <span class="way" aria-hidden="true">${icon(picture(call))}</span>
        <span class="grow past-who">
          <span class="past-name">${words(name)}</span>
          <span class="past-more"><span class="sr">${desk.t(call.direction === "out" ? "dirOut" : "dirIn")}</span>${name === number || !number ? nothing : html`${digits(number)} · `}${said}</span>
        </span>
        ${call.comment ? html`<span class="mark" aria-hidden="true">${icon("note")}</span>` : nothing}
        <time datetime=${call.startedAt}>${desk.language.time(call.startedAt)}</time>
      </button>
      <button class="ghost icon-only call-back" data-action="callBack" aria-label="${desk.t("callBack")}: ${name}" title=${desk.t("callBack")} ?disabled=${!can} @click=${() => void desk.call(number)}>
        ${icon("phone")}
      </button>
    </div>
    ${open ? details(desk, history, call) : nothing}
  </li>`;
}
