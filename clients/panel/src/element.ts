import { LitElement, type PropertyValues, type TemplateResult, html, nothing } from "lit";
import type { CtiModel, TokenReason } from "@jackfield/client";
import { Desk, type Frame } from "./desk.js";
import { nameOf } from "./format.js";
import { pressed } from "./keys.js";
import { Ringer } from "./ring.js";
import { styles } from "./styles/index.js";
import { calls } from "./views/calls.js";
import { dial } from "./views/dial.js";
import { header, standing, trouble, wrapUp } from "./views/header.js";
import { history } from "./views/history.js";
import { notices, settings, signIn } from "./views/sheets.js";

/** Where the script came from: the host that is meant when nobody says another one. */
const SCRIPT = typeof document === "object" ? (document.currentScript as HTMLScriptElement | null)?.src : undefined;

/**
 * The panel. Attributes: `url` (the host; else where the script came from), `lines` (with commas between; else all of
 * the user), `lang` (else the page's, or with `language="browser"` the browser's), `theme` (`light`, `dark`; else the system's), `shortcuts` (`page`: keys work wherever the focus
 * is), `no-history`. Property: `token`, a text or a function. It tells the page by events, whose names begin with
 * `jackfield-`: `call`, `event`, `state`, `contact`, `link`.
 */
export class JackfieldPanel extends LitElement {
  static override styles = styles;
  static override properties = {
    url: { type: String },
    lines: { type: String },
    lang: { type: String },
    theme: { type: String, reflect: true },
    shortcuts: { type: String },
    noHistory: { type: Boolean, attribute: "no-history" },
    token: { attribute: false },
  };

  declare url: string | undefined;
  declare lines: string | undefined;
  declare theme: string | undefined;
  declare shortcuts: string | undefined;
  declare noHistory: boolean;
  /** The token, or who gives one (`connect`, `refused`: the last one does not do any more). */
  declare token: string | ((why: TokenReason) => string | null | Promise<string | null>) | undefined;

  readonly #desk: Desk;
  #announced = "";
  #devices: MediaDeviceInfo[] = [];
  #told = "";
  #aimed = "";
  readonly #keys = (event: KeyboardEvent) => {
    if (pressed(this.#desk, event, (field) => this.#focus(field))) event.preventDefault();
  };
  readonly #outside = (event: Event) => {
    const { menu } = this.#desk;
    if (menu !== "agent" && menu !== "line") return;
    const within = event.composedPath().some((node) => node instanceof HTMLElement && (node.classList.contains("menu") || node.hasAttribute("aria-haspopup")));
    if (!within) this.#desk.toggleMenu();
  };

  constructor() {
    super();
    this.noHistory = false;
    // The desk may see the panel, not the other way round.
    const panel = this;
    const frame: Frame = {
      get url() {
        return new URL(panel.url || new URL(".", SCRIPT || document.baseURI).href, document.baseURI).href;
      },
      get lines() {
        const names = panel.lines?.split(",").map((name) => name.trim()).filter(Boolean);
        return names?.length ? names : undefined;
      },
      get lang() {
        return panel.lang || (panel.getAttribute("language") === "browser" ? "" : document.documentElement.lang);
      },
      get token() {
        return panel.token;
      },
      requestUpdate: () => this.requestUpdate(),
      tell: (name, detail) => this.dispatchEvent(new CustomEvent(`jackfield-${name}`, { detail, bubbles: true, composed: true, cancelable: true })),
    };
    this.#desk = new Desk(frame);
  }

  /** The client behind it, for pages that want more than the panel shows; undefined before it has a token. */
  get model(): CtiModel | undefined {
    return this.#desk.model;
  }

  /** Calls a number, as if it were typed: for click-to-dial. */
  async dial(number: string): Promise<void> {
    await this.#desk.call(number);
  }

  /** Signs in with a code of `jackfield login`: for the page that the host serves. */
  async redeem(code: string): Promise<void> {
    await this.#desk.signIn({ code });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    (this.shortcuts === "page" || this.getAttribute("shortcuts") === "page" ? document : this).addEventListener("keydown", this.#keys as EventListener);
    document.addEventListener("pointerdown", this.#outside);
    // A page that sets the token does so right after it has made the element.
    queueMicrotask(() => this.isConnected && !this.#desk.model && this.#desk.start());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#keys);
    this.removeEventListener("keydown", this.#keys);
    document.removeEventListener("pointerdown", this.#outside);
    this.#desk.stop();
    this.#desk.ringer.close();
  }

  protected override willUpdate(changed: PropertyValues): void {
    const anew = ["url", "lines", "token"].some((name) => changed.has(name));
    if (anew && this.hasUpdated && this.isConnected) {
      this.#desk.stop();
      this.#desk.start();
    } else if (changed.has("lang")) this.#desk.speak();
  }

  protected override updated(): void {
    const desk = this.#desk;
    const state = standing(desk).key;
    if (state !== this.#told) {
      this.#told = state;
      desk.tell("state", { state, link: desk.model?.link });
    }
    if (desk.menu === "settings" && this.#devices.length === 0) void this.#lookForDevices();
    const aimed = desk.target?.callId ?? "";
    if (aimed !== this.#aimed) {
      this.#aimed = aimed;
      // What was opened wants its number now.
      if (aimed) this.#focus("target");
    }
    const ringing = desk.arranged.incoming[0]?.call.callId ?? "";
    if (ringing === this.#announced) return;
    this.#announced = ringing;
    // Only where nobody is busy with something else: a focus that jumps answers calls by mistake.
    if (ringing && document.activeElement === document.body && this.shortcuts === "page")
      this.renderRoot.querySelector<HTMLElement>(".ringing [data-action=answer]")?.focus({ preventScroll: true });
  }

  async #lookForDevices(): Promise<void> {
    if (!Ringer.canRoute || !navigator.mediaDevices?.enumerateDevices) return;
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.#devices = all.filter(({ kind, deviceId }) => kind === "audiooutput" && deviceId !== "" && deviceId !== "default");
    if (this.#devices.length > 0) this.requestUpdate();
  }

  #focus(field: "dial" | "target"): void {
    this.renderRoot.querySelector<HTMLInputElement>(`input[name=${field}]`)?.focus();
  }

  protected override render(): TemplateResult {
    const desk = this.#desk;
    const { model } = desk;
    const chosen = desk.prefs.all.theme;
    const theme = chosen === "auto" ? (this.theme ?? "auto") : chosen;
    const refused = model?.link.phase === "refused";
    const { incoming } = desk.arranged;
    const first = incoming[0]?.call;
    const spoken = first ? desk.t("incomingFrom", { name: [nameOf(first.caller, first.contacts) || desk.t("noNumber"), first.queue?.name].filter(Boolean).join(", ") }) : "";
    return html`<div class="panel" data-theme=${theme} lang=${desk.language.code} role="region" aria-label=${desk.t("panel")}>
      <div class="sr" aria-live="assertive">${spoken}</div>
      ${header(desk)}
      ${desk.menu === "settings" ? settings(desk, this.#devices) : nothing}
      ${!model || (refused && desk.canSignOut)
        ? this.token === undefined
          ? signIn(desk)
          : nothing
        : html`${trouble(desk)}${refused ? html`<aside class="banner" role="alert"><strong>${desk.t("refused")}</strong><span>${desk.t(desk.signInFailed ?? "tokenRefused")}</span></aside>` : nothing}
            <div class="body">
              <div class="stage">
                ${desk.ringer.blocked ? html`<p class="hint blocked" role="status">${desk.t("soundBlocked")}</p>` : nothing}
                <fieldset role="presentation" ?disabled=${model.link.phase !== "online"}>${calls(desk)} ${wrapUp(desk)}</fieldset>
                ${notices(desk)} ${desk.calls.length === 0 || desk.line?.features.includes("dial") ? dial(desk) : nothing}
              </div>
              ${this.noHistory ? nothing : history(desk)}
            </div>`}
    </div>`;
  }
}
