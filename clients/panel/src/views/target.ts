import { type TemplateResult, html, nothing } from "lit";
import type { Shown } from "../calls.js";
import type { Desk } from "../desk.js";
import { isNumber, nameOf, other } from "../format.js";
import { icon } from "../icons.js";
import { digits, words } from "./parts.js";

/** How many people are offered. */
const OFFERED = 4;

/** Asks where a call is to go. Enter does the first thing that is offered. */
export function target(desk: Desk, { call }: Shown): TemplateResult {
  const { target } = desk;
  if (!target) return html``;
  const has = (feature: string) => call.features.includes(feature);
  const ready = isNumber(target.text);
  const first = target.mode === "redirect" ? "deflect" : has("makeConsultCall") ? "consult" : "blind";
  const typed = (event: Event) => {
    target.text = (event.target as HTMLInputElement).value;
    desk.redraw();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void desk.aim(first);
  };
  const button = (how: "consult" | "blind" | "deflect", label: string, looks: string) =>
    html`<button type=${how === first ? "submit" : "button"} class=${looks} data-action=${how} ?disabled=${!ready} @click=${how === first ? null : () => void desk.aim(how)}>
      <span>${label}</span>
    </button>`;
  return html`<form class="target" @submit=${submit}>
    <label class="field">
      <span class="sr">${desk.t(target.mode === "redirect" ? "redirectTo" : "transferTo")}</span>
      <input
        name="target"
        inputmode="tel"
        autocomplete="off"
        maxlength="64"
        placeholder=${desk.t(target.mode === "redirect" ? "redirectTo" : "transferTo")}
        .value=${target.text}
        @input=${typed}
      />
      <button type="button" class="ghost icon-only" aria-label=${desk.t("close")} @click=${() => desk.untarget()}>${icon("close")}</button>
    </label>
    ${offers(desk, target.text)}
    <div class="row-buttons">
      ${target.mode === "redirect" ? (has("deflect") ? button("deflect", desk.t("redirectNow"), "fill main") : nothing) : nothing}
      ${target.mode === "transfer" && has("makeConsultCall") ? button("consult", desk.t("consult"), "fill main") : nothing}
      ${target.mode === "transfer" && has("blindTransfer") ? button("blind", desk.t("transferNow"), has("makeConsultCall") ? "tonal" : "fill main") : nothing}
    </div>
    ${target.mode === "transfer" && has("setupTransfer")
      ? html`<button type="button" class="ghost" data-action="setup" @click=${() => void desk.aim("setup")}><span>${desk.t("setupTransfer")}</span></button>`
      : nothing}
  </form>`;
}

/** People of the last calls whose name or number has the text. */
function offers(desk: Desk, text: string): TemplateResult | typeof nothing {
  const wanted = text.trim().toLocaleLowerCase();
  const found = new Map<string, string>();
  for (const call of desk.history?.calls ?? []) {
    const party = other(call);
    if (!party?.number || party.number === wanted || found.has(party.number) || found.size >= OFFERED) continue;
    const name = nameOf(party);
    if (!wanted || `${name} ${party.number}`.toLocaleLowerCase().includes(wanted)) found.set(party.number, name);
  }
  if (found.size === 0) return nothing;
  return html`<ul class="offers">
    ${[...found].map(
      ([number, name]) => html`<li>
        <button
          type="button"
          @click=${() => {
            if (desk.target) desk.target.text = number;
            desk.redraw();
          }}
        >
          ${words(name)}${name === number ? nothing : digits(number)}
        </button>
      </li>`,
    )}
  </ul>`;
}
