import { type TemplateResult, html, nothing } from "lit";
import type { Desk } from "../desk.js";
import { isNumber } from "../format.js";
import { icon } from "../icons.js";

/** One field for numbers, which are dialled, and names, which are searched for in the calls of the past. */
export function dial(desk: Desk): TemplateResult {
  const { line } = desk;
  const can = line?.features.includes("dial") ?? false;
  const number = isNumber(desk.dial);
  const typed = (event: Event) => {
    desk.dial = (event.target as HTMLInputElement).value;
    desk.history?.find(desk.dial.trim().length >= 3 ? desk.dial : "");
    desk.redraw();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void desk.call();
  };
  const clear = () => {
    desk.dial = "";
    desk.history?.find("");
    desk.redraw();
  };
  return html`<form class="dial" role="search" @submit=${submit}>
    <label class="field">
      ${icon("search")}<span class="sr">${desk.t("dial")}</span>
      <input
        name="dial"
        type="text"
        inputmode="tel"
        autocomplete="off"
        spellcheck="false"
        maxlength="64"
        placeholder=${desk.t("dial")}
        .value=${desk.dial}
        @input=${typed}
      />
      ${desk.dial ? html`<button type="button" class="ghost icon-only" aria-label=${desk.t("clear")} @click=${clear}>${icon("close")}</button>` : nothing}
      <button
        class="fill go icon-only"
        data-action="call"
        aria-label=${desk.t("call")}
        title=${can ? desk.t("call") : desk.t("cannotDial")}
        ?disabled=${!can || !number}
        aria-busy=${desk.busy.has(`makeCall ${line?.name}`) ? "true" : "false"}
      >
        ${icon("phone")}
      </button>
    </label>
    ${line?.features.includes("pickup")
      ? html`<button type="button" class="ghost small" data-action="pickup" @click=${() => void desk.send("pickupCall", { line: line.name }, line.name)}>
          ${icon("bell")}<span>${desk.t("pickup")}</span>
        </button>`
      : nothing}
  </form>`;
}
