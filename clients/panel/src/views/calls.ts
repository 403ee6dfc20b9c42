import { type TemplateResult, html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { type Action, actionsOf } from "../actions.js";
import type { Pair, Shown } from "../calls.js";
import type { Desk } from "../desk.js";
import { nameOf, other } from "../format.js";
import type { Key } from "../i18n.js";
import { type Icon, icon } from "../icons.js";
import { keypad } from "./keypad.js";
import { avatar, facts, naming, stateKey, timer, who } from "./parts.js";
import { target } from "./target.js";

/** Where there are several lines, a call says whose it is. */
const lineOf = (desk: Desk, { line }: Shown) => ((desk.model?.lines.length ?? 0) > 1 ? html`<span class="of-line">${line.device}</span>` : nothing);

/** Everything that goes on: what rings on top, then what one is in. */
export function calls(desk: Desk): TemplateResult {
  const { incoming, others, selected, pair } = desk.arranged;
  const inPair = (shown: Shown) => pair && [pair.first.callId, pair.second.callId].includes(shown.call.callId);
  const alone = others.filter((shown) => !inPair(shown));
  return html`
    ${repeat(incoming, ({ call }) => call.callId, (shown) => ringing(desk, shown, others.length > 0, shown === incoming[0]))}
    ${pair && selected ? pairCard(desk, pair, selected) : nothing}
    ${repeat(alone, ({ call }) => call.callId, (shown) => (shown === selected && !pair ? card(desk, shown) : row(desk, shown)))}
  `;
}

/** A button of a call: it is busy until its command is answered. */
function button(desk: Desk, shown: Shown, action: string, command: string, label: Key, picture: Icon, looks: string, key = ""): TemplateResult {
  const busy = desk.busy.has(`${command} ${shown.call.callId}`);
  return html`<button
    class=${looks}
    data-action=${action}
    aria-busy=${busy ? "true" : "false"}
    aria-keyshortcuts=${key || nothing}
    @click=${() => desk.act(action, shown)}
  >
    ${icon(picture)}<span>${desk.t(label)}</span>${key ? html`<kbd class="hint-key" aria-hidden="true">${key.toUpperCase()}</kbd>` : nothing}
  </button>`;
}

function ringing(desk: Desk, shown: Shown, waiting: boolean, first: boolean): TemplateResult {
  const { call, line } = shown;
  // Keys mean the one that came first.
  const key = (name: string) => (first ? name : "");
  const has = (feature: string) => call.features.includes(feature);
  const audible = desk.ringer.ringing && !desk.silenced.has(call.callId);
  return html`<section class="card ringing" data-call=${call.callId} aria-label=${desk.t("incomingFrom", { name: nameOf(call.caller, call.contacts) || desk.t("noNumber") })}>
    <header class="eyebrow">
      <span class="pulse" aria-hidden="true"></span><span class="grow">${desk.t(waiting ? "callWaiting" : "incoming")} ${lineOf(desk, shown)}</span>
      ${audible ? html`<button class="ghost small" data-action="silence" @click=${() => desk.silence(call.callId)}>${icon("bellOff")}<span>${desk.t("silence")}</span></button>` : nothing}
      ${timer(desk, call)}
    </header>
    <div class="party">${avatar(call.caller, call.contacts, "ringing")}${who(desk, call)}</div>
    ${facts(desk, call)}
    ${line.state === "up" || call.features.length > 0
      ? html`<div class="answers">
          ${has("answer") ? button(desk, shown, "answer", "answerCall", "answer", "phone", "fill go", key("a")) : nothing}
          ${has("drop") ? button(desk, shown, "drop", "dropCall", "decline", "down", "tonal stop", key("e")) : nothing}
        </div>
        ${has("deflect") && desk.target?.callId !== call.callId
          ? html`<div class="after">${button(desk, shown, "redirect", "deflectCall", "redirect", "redirect", "ghost", key("t"))}</div>`
          : nothing}`
      : nothing}
    ${desk.target?.callId === call.callId ? target(desk, shown) : nothing}
  </section>`;
}

/** The buttons of a call, and what they have opened. */
function tiles(desk: Desk, shown: Shown): TemplateResult {
  const { call } = shown;
  const open = (name: string) => (name === "keypad" && desk.pad?.callId === call.callId) || (name === "transfer" && desk.target?.callId === call.callId);
  const commands: Record<string, string> = { hold: "holdCall", unhold: "unholdCall", park: "parkCall", record: "recordCall", video: "setVideoState" };
  const keys: Record<string, string> = { hold: "h", unhold: "h", mute: "m", unmute: "m", transfer: "t", keypad: "k" };
  const tile = (action: Action, looks: string) => html`<button
    class=${looks}
    data-action=${action.name}
    aria-busy=${desk.busy.has(`${commands[action.name] ?? action.name} ${call.callId}`) ? "true" : "false"}
    aria-expanded=${action.name === "keypad" || action.name === "transfer" ? String(open(action.name)) : nothing}
    aria-keyshortcuts=${keys[action.name] ?? nothing}
    ?data-active=${action.active}
    @click=${() => desk.act(action.name, shown)}
  >
    ${icon(action.icon)}<span>${desk.t(action.label)}</span>
  </button>`;
  const actions = actionsOf(call);
  const often = actions.filter((action) => !action.seldom);
  const seldom = actions.filter((action) => action.seldom);
  return html`${actions.length > 0
    ? html`<div class="actions" role="group" aria-label=${desk.t("with", { name: nameOf(other(call), call.contacts) })}>
        ${often.length > 0 ? html`<div class="tiles">${often.map((action) => tile(action, "tile"))}</div>` : nothing}
        ${seldom.length > 0 ? html`<div class="seldom">${seldom.map((action) => tile(action, "ghost small"))}</div>` : nothing}
      </div>`
    : nothing}
  ${desk.pad?.callId === call.callId ? keypad(desk) : nothing} ${desk.target?.callId === call.callId ? target(desk, shown) : nothing}`;
}

const endKey = (shown: Shown): Key => (shown.call.state === "alerting" ? "cancelCall" : "end");

/** The one call that one is in. */
function card(desk: Desk, shown: Shown): TemplateResult {
  const { call } = shown;
  return html`<section class="card" data-call=${call.callId} data-state=${call.state}>
    <header class="eyebrow"><span class="grow state">${desk.t(stateKey(call))} ${lineOf(desk, shown)}</span></header>
    <div class="party">${avatar(other(call), call.contacts, call.state)}${who(desk, call)}${timer(desk, call)}</div>
    ${facts(desk, call)} ${tiles(desk, shown)}
    ${call.features.includes("drop") ? button(desk, shown, "drop", "dropCall", endKey(shown), "down", "tonal stop wide", "e") : nothing}
  </section>`;
}

/** A call beside the one that is chosen. */
function row(desk: Desk, shown: Shown): TemplateResult {
  const { call } = shown;
  return html`<button class="card row" data-call=${call.callId} data-state=${call.state} @click=${() => choose(desk, call.callId)}>
    ${avatar(other(call), call.contacts, call.state)}${who(desk, call)}
    <span class="side"><span class="state">${desk.t(stateKey(call))} ${lineOf(desk, shown)}</span>${timer(desk, call)}</span>
  </button>`;
}

function choose(desk: Desk, callId: string): void {
  desk.chosen = callId;
  desk.target = desk.pad = undefined;
  desk.redraw();
}

/** Two calls side by side, and between them what may be done with the two. */
function pairCard(desk: Desk, pair: Pair, selected: Shown): TemplateResult {
  const has = (feature: string) => pair.features.has(feature);
  const consulting = pair.second.role === "consult";
  const pairButton = (feature: string, command: string, label: string | TemplateResult, picture: Icon, looks: string, key = "") =>
    html`<button
      class=${looks}
      data-action=${feature}
      aria-busy=${desk.busy.has(`${command} ${pair.first.callId}`) ? "true" : "false"}
      aria-keyshortcuts=${key || nothing}
      @click=${() => desk.pairAct(feature)}
    >
      ${icon(picture)}<span>${label}</span>${key ? html`<kbd class="hint-key" aria-hidden="true">${key.toUpperCase()}</kbd>` : nothing}
    </button>`;
  const half = (shown: Shown) => html`<button
    class="half"
    data-call=${shown.call.callId}
    data-state=${shown.call.state}
    aria-pressed=${shown.call.callId === selected.call.callId ? "true" : "false"}
    @click=${() => choose(desk, shown.call.callId)}
  >
    <span class="state">${desk.t(stateKey(shown.call))}</span>
    ${who(desk, shown.call)} ${timer(desk, shown.call)}
  </button>`;
  const back = nameOf(other(pair.first), pair.first.contacts) || desk.t("noNumber");
  return html`<section class="card pair" data-state=${selected.call.state}>
    <header class="eyebrow"><span class="grow">${desk.t(consulting ? "consultation" : "lines")} ${lineOf(desk, selected)}</span></header>
    <div class="halves">${half({ line: pair.line, call: pair.first })}${half({ line: pair.line, call: pair.second })}</div>
    <div class="pair-actions">
      ${has("completeTransfer") ? pairButton("completeTransfer", "transferCall", desk.t("complete"), "check", "fill main", "c") : nothing}
      ${has("alternate") ? pairButton("alternate", "alternateCall", desk.t("swap"), "swap", "tonal", "s") : nothing}
      ${has("conference") ? pairButton("conference", "conferenceCall", desk.t("merge"), "merge", "tonal") : nothing}
      ${has("cancelTransfer") ? pairButton("cancelTransfer", "cancelTransfer", naming(desk, "cancelTransfer", back), "back", "ghost wide") : nothing}
    </div>
    ${facts(desk, selected.call)} ${tiles(desk, selected)}
    ${selected.call.features.includes("drop") ? button(desk, selected, "drop", "dropCall", endKey(selected), "down", "tonal stop wide", "e") : nothing}
  </section>`;
}
