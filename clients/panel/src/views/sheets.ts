import { type TemplateResult, html, nothing } from "lit";
import type { Desk } from "../desk.js";
import { type Key, CATALOGUES } from "../i18n.js";
import { icon } from "../icons.js";
import { Notifier } from "../notify.js";
import { Ringer } from "../ring.js";
import { SHORTCUTS } from "../keys.js";
import { words } from "./parts.js";

/** Asks for a token, where the page gives none. */
export function signIn(desk: Desk): TemplateResult {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem("token") as HTMLInputElement;
    const token = field.value.trim();
    field.value = "";
    if (token) void desk.signIn({ token });
  };
  return html`<form class="sign-in" @submit=${submit}>
    <span class="avatar large" aria-hidden="true">${icon("phone")}</span>
    <h2>${desk.t("signIn")}</h2>
    <label>
      <span>${desk.t("token")}</span>
      <input type="password" name="token" autocomplete="current-password" required aria-describedby="token-note" />
    </label>
    <p class="hint" id="token-note">${desk.t("tokenNote")}</p>
    ${desk.signInFailed ? html`<p class="bad" role="alert">${desk.t(desk.signInFailed)}</p>` : nothing}
    <button class="fill main wide" aria-busy=${String(desk.signingIn)} ?disabled=${desk.signingIn}>${desk.t("signIn")}</button>
  </form>`;
}

export function settings(desk: Desk, devices: MediaDeviceInfo[]): TemplateResult {
  const { all } = desk.prefs;
  const change = (prefs: Parameters<typeof desk.prefs.set>[0]) => desk.prefer(prefs);
  const checked = (event: Event) => (event.target as HTMLInputElement).checked;
  const value = (event: Event) => (event.target as HTMLInputElement | HTMLSelectElement).value;
  const permission = Notifier.permission;
  const option = (name: string, label: string, now: string) => html`<option value=${name} ?selected=${name === now}>${label}</option>`;
  return html`<section class="sheet" role="dialog" aria-label=${desk.t("settings")}>
    <header class="bar">
      <h2 class="grow">${desk.t("settings")}</h2>
      <button class="ghost icon-only" data-action="closeSettings" aria-label=${desk.t("close")} @click=${() => desk.toggleMenu()}>${icon("close")}</button>
    </header>
    <label class="setting"><span class="grow">${desk.t("ringTone")}</span><input type="checkbox" role="switch" name="ring" .checked=${all.ring} @change=${(e: Event) => change({ ring: checked(e) })} /></label>
    <label class="setting">
      <span class="grow">${desk.t("volume")}</span
      ><input type="range" name="volume" min="0" max="1" step="0.05" .value=${String(all.volume)} @change=${(e: Event) => change({ volume: Number(value(e)) })} />
      <button class="tonal small" data-action="testTone" @click=${() => void desk.ringer.test()}>${desk.t("testTone")}</button>
    </label>
    ${Ringer.canRoute
      ? html`<label class="setting">
          <span class="grow">${desk.t("output")}</span
          ><select name="output" @change=${(e: Event) => change({ output: value(e) })}>
            ${option("", desk.t("defaultOutput"), all.output)}
            ${devices.map((device, index) => option(device.deviceId, device.label || `${desk.t("output")} ${index + 1}`, all.output))}
          </select>
        </label>`
      : nothing}
    ${permission === "missing"
      ? nothing
      : html`<label class="setting">
            <span class="grow">${desk.t("notifications")}</span
            ><input type="checkbox" role="switch" name="notify" .checked=${all.notify && permission === "granted"} ?disabled=${permission === "denied"} @change=${(e: Event) => void desk.wantNotifications(checked(e))} />
          </label>
          ${permission === "denied" ? html`<p class="hint">${desk.t("notificationsBlocked")}</p>` : nothing}`}
    <label class="setting">
      <span class="grow">${desk.t("appearance")}</span
      ><select name="theme" @change=${(e: Event) => change({ theme: value(e) as "auto" })}>
        ${(["auto", "light", "dark"] as const).map((name) => option(name, desk.t(name), all.theme))}
      </select>
    </label>
    <label class="setting">
      <span class="grow">${desk.t("languageLabel")}</span
      ><select name="lang" @change=${(e: Event) => change({ lang: value(e) })}>
        ${option("", desk.t("auto"), all.lang)} ${Object.entries(CATALOGUES).map(([code, texts]) => option(code, texts.language, all.lang))}
      </select>
    </label>
    <h3>${desk.t("shortcuts")}</h3>
    <dl class="shortcuts">${Object.entries(SHORTCUTS).map(([, { key, label }]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${desk.t(label as Key)}</dd></div>`)}</dl>
    <footer>
      ${desk.model?.user ? html`<span class="grow muted">${words(desk.model.user.name)} · ${desk.model.link.phase}</span>` : nothing}
      ${desk.canSignOut ? html`<button class="ghost small" data-action="signOut" @click=${() => desk.signOut()}>${desk.t("signOut")}</button>` : nothing}
    </footer>
  </section>`;
}

/** What was left of calls and commands. */
export function notices(desk: Desk): TemplateResult | typeof nothing {
  if (desk.notices.length === 0) return nothing;
  return html`<div class="notices">
    ${desk.notices.map(
      (notice) => html`<div class="notice" data-kind=${notice.kind} role=${notice.kind === "error" ? "alert" : "status"}>
        <div class="grow"><strong>${notice.title}</strong>${notice.text ? html`<span>${words(notice.text)}</span>` : nothing}</div>
        ${notice.kind === "warning" && notice.number
          ? html`<button class="tonal small" data-action="callBackNotice" ?disabled=${!desk.line?.features.includes("dial")} @click=${() => void desk.call(notice.number)}>${desk.t("callBack")}</button>`
          : notice.callId && desk.history?.state === "ready"
            ? html`<button class="ghost small" data-action="addNote" @click=${() => void desk.history?.show(notice.callId as string)}>${desk.t("addNote")}</button>`
            : nothing}
        <button class="ghost icon-only" aria-label=${desk.t("close")} @click=${() => desk.dismiss(notice.id)}>${icon("close")}</button>
      </div>`,
    )}
  </div>`;
}
