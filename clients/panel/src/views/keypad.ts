import { type TemplateResult, html } from "lit";
import type { Desk } from "../desk.js";
import { digits } from "./parts.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

/** Digits that the other side hears. */
export function keypad(desk: Desk): TemplateResult {
  return html`<div class="keypad" role="group" aria-label=${desk.t("keypad")}>
    <output class="typed">${digits(desk.pad?.digits || " ")}</output>
    <div class="keys">${KEYS.map((key) => html`<button class="key" data-digit=${key} @click=${() => desk.tone(key)}>${key}</button>`)}</div>
  </div>`;
}
