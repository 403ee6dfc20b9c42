import { type TemplateResult, html, nothing } from "lit";
import type { Call, LiveCall, PartyNumber } from "@jackfield/client";
import type { Desk } from "../desk.js";
import { initials, nameOf, other } from "../format.js";
import type { Key } from "../i18n.js";
import { icon } from "../icons.js";

/** What somebody out there has chosen to be called. Its direction is kept to itself, its length is cut by looks alone. */
export const words = (text: string) => html`<bdi title=${text}>${text}</bdi>`;

/** A text of ours with somebody's name in it: what stands around the name is read as it was written. */
export function naming(desk: Desk, key: Key, name: string): TemplateResult {
  const [before, after] = desk.t(key, { name: "\0" }).split("\0");
  return html`${before}${words(name)}${after ?? ""}`;
}

/** A number reads from left to right, whatever the language. */
export const digits = (text: string) => html`<bdi class="digits" dir="ltr" title=${text}>${text}</bdi>`;

export function avatar(party: PartyNumber | null, contacts: Call["contacts"], state: string): TemplateResult {
  const letters = initials(contacts?.[0]?.name ?? party?.name ?? "");
  return html`<span class="avatar" data-state=${state} aria-hidden="true">${letters || icon("person")}</span>`;
}

/** Name and, when it says more, number of who is on the other side. */
export function who(desk: Desk, call: LiveCall): TemplateResult {
  const party = other(call);
  const name = nameOf(party, call.contacts) || desk.t(call.phase === "initiated" ? "offHook" : "noNumber");
  const number = party?.number && party.number !== name ? party.number : "";
  return html`<div class="who">
    <div class="name">${words(name)}</div>
    ${number ? html`<div class="number">${digits(number)}</div>` : nothing}
  </div>`;
}

/** The state of a call in a word or two. */
export function stateKey(call: LiveCall): Key {
  switch (call.state) {
    case "alerting":
      if (call.phase === "queued") return "queued";
      if (call.phase === "ownRinging") return "ownRinging";
      if (call.phase === "initiated") return "offHook";
      if (call.direction === "in") return "incoming";
      return call.phase === "ringing" || call.phase === "early" ? "ringing" : "calling";
    case "connected":
      return "talking";
    case "held":
      return "held";
    case "conferenced":
      return "conference";
    case "busy":
      return "busy";
    case "finished":
      return "ended";
    default:
      return "unknown";
  }
}

/** How long: it rings, it is held, or one has been talking. */
export function timer(desk: Desk, call: LiveCall): TemplateResult {
  const now = () => desk.model?.now() ?? Date.now();
  const ms = call.state === "alerting" ? call.ringMs : call.state === "held" ? call.holdMs : call.talkMs + call.holdMs;
  const running = call.state !== "unknown" && call.state !== "finished" && call.state !== "busy";
  return html`<jackfield-timer class="timer" .span=${{ ms, asOf: call.asOf, running, now }}></jackfield-timer>`;
}

/** What else is known of a call: contacts, records, queue, who sent it. */
export function facts(desk: Desk, call: LiveCall): TemplateResult | typeof nothing {
  const tell = (name: string, detail: unknown) => () => void desk.tell(name, detail);
  const held = call.participants?.some((p) => !p.local && p.state === "held");
  const chips = [
    ...(call.contacts ?? []).map(
      (contact) =>
        html`<button class="chip" @click=${tell("contact", contact)}>${icon("person")}<span>${words(contact.organisation ? `${contact.name}, ${contact.organisation}` : contact.name)}</span></button>`,
    ),
    ...(call.links ?? []).map(
      (link) => html`<button class="chip" @click=${tell("link", link)}>${icon("link")}<span>${words(`${link.kind}: ${link.title}`)}</span></button>`,
    ),
  ];
  const lines = [
    call.queue ? html`<span>${words(call.queue.name ?? call.queue.id)}</span>` : nothing,
    call.redirecting ? html`<span>${naming(desk, "redirectedBy", nameOf(call.redirecting))}</span>` : nothing,
    call.direction === "in" && call.called && call.called.number !== call.device ? html`<span>${naming(desk, "via", nameOf(call.called))}</span>` : nothing,
    held ? html`<span class="warn">${desk.t("remoteHeld")}</span>` : nothing,
    call.muted ? html`<span class="warn">${desk.t("muted")}</span>` : nothing,
    call.recording ? html`<span class="rec">${desk.t("recording")}</span>` : nothing,
  ].filter((line) => line !== nothing);
  if (chips.length === 0 && lines.length === 0) return nothing;
  return html`<div class="facts">${lines}${chips}</div>`;
}
