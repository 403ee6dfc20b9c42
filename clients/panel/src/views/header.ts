import { type TemplateResult, html, nothing } from "lit";
import type { Agent, Line } from "@jackfield/client";
import type { Desk } from "../desk.js";
import type { Key } from "../i18n.js";
import { icon } from "../icons.js";
import { words } from "./parts.js";

/** How it stands, honestly: to the host first, then to the phone system. */
export function standing(desk: Desk): { tone: "good" | "wait" | "bad"; key: Key } {
  const phase = desk.model?.link.phase;
  if (!desk.model || phase === "refused") return { tone: "bad", key: "refused" };
  if (phase === "connecting" && desk.model.link.tries === 0) return { tone: "wait", key: "connecting" };
  if (phase !== "online") return { tone: "bad", key: "offline" };
  if (desk.line?.state === "down") return { tone: "bad", key: "lineDown" };
  if (desk.line?.state === "notStarted") return { tone: "wait", key: "lineNotStarted" };
  return { tone: "good", key: "online" };
}

export function header(desk: Desk): TemplateResult {
  const { tone, key } = standing(desk);
  const lines = desk.model?.lines ?? [];
  const { line } = desk;
  const name = line ? html`<span class="line-name">${words(line.device)}</span>` : nothing;
  return html`<header class="bar">
    <span class="dot" data-tone=${tone} aria-hidden="true"></span>
    <div class="grow standing">
      ${lines.length > 1
        ? html`<button class="plain" aria-haspopup="menu" aria-expanded=${String(desk.menu === "line")} data-action="lines" @click=${() => desk.toggleMenu("line")}>${name}${icon("chevron")}</button>`
        : name}
      <span class="status" role="status">${desk.t(key)}</span>
    </div>
    ${line?.agent ? agentButton(desk, line.agent) : nothing}
    <button class="ghost icon-only" data-action="settings" aria-label=${desk.t("settings")} aria-expanded=${String(desk.menu === "settings")} @click=${() => desk.toggleMenu("settings")}>
      ${icon("gear")}
    </button>
    ${desk.menu === "agent" && line?.agent ? agentMenu(desk, line, line.agent) : nothing} ${desk.menu === "line" ? lineMenu(desk, lines) : nothing}
  </header>`;
}

/** A banner that says what does not work, and what one can do. */
export function trouble(desk: Desk): TemplateResult | typeof nothing {
  const { model, line } = desk;
  if (!model) return nothing;
  const { phase, tries, stopping } = model.link;
  if (phase === "online") {
    if (line?.state !== "down") return nothing;
    const why = line.lastError?.text ?? "";
    return html`<aside class="banner" role="alert">
      <strong>${desk.t("lineDown")}</strong><span>${words(why)}</span>${line.calls.length > 0 ? html`<span>${desk.t("unknownCalls")}</span>` : nothing}
    </aside>`;
  }
  if (phase === "refused" || phase === "closed" || phase === "idle" || (phase === "connecting" && tries === 0)) return nothing;
  return html`<aside class="banner" role="alert">
    <strong>${desk.t("offline")}</strong>
    <span>${desk.reachable ? desk.t("reachable") : stopping ? desk.t("stopping") : desk.t("offlineNote")}</span>
    <button class="tonal small" data-action="retry" @click=${() => void model.connect().catch(() => {})}>${desk.t("retryNow")}</button>
  </aside>`;
}

const STATES: Record<string, Key> = {
  loggedOut: "loggedOut",
  notReady: "notReady",
  ready: "ready",
  reserved: "reserved",
  busy: "agentBusy",
  afterCallWork: "afterCallWork",
  held: "agentHeld",
};

/** What an agent's state is called: its reason says more, when it has one. */
export function agentText(desk: Desk, agent: Pick<Agent, "state" | "reason">): string {
  const state = desk.t(STATES[agent.state] ?? "agentUnknown");
  return agent.reason ? `${state} · ${agent.reason.label ?? agent.reason.code}` : state;
}

function agentButton(desk: Desk, agent: Agent): TemplateResult {
  return html`<button
    class="agent"
    data-action="agent"
    data-state=${agent.state}
    aria-haspopup="menu"
    aria-expanded=${String(desk.menu === "agent")}
    aria-label="${desk.t("agentState")}: ${agentText(desk, agent)}"
    @click=${() => desk.toggleMenu("agent")}
  >
    <span class="dot" aria-hidden="true"></span><span class="agent-text">${words(agentText(desk, agent))}</span>${icon("chevron")}
  </button>`;
}

function agentMenu(desk: Desk, line: Line, agent: Agent): TemplateResult {
  const can = (feature: string) => line.agentFeatures.includes(feature);
  const set = (code: string, reason?: string) => () => {
    desk.toggleMenu();
    void desk.send("setUserState", { line: line.name, code, ...(reason === undefined ? {} : { reason }) }, line.name);
  };
  const toggle = (run: () => void) => () => {
    desk.toggleMenu();
    run();
  };
  const of = line.name;
  const chosen = (code: string, reason?: string) => agent.code === code && (agent.reason?.code ?? undefined) === reason;
  const entry = (text: string, state: string, on: boolean, run: () => void, code: string) =>
    html`<button role="menuitemradio" aria-checked=${String(on)} data-state=${state} data-code=${code} @click=${run}>
      <span class="dot" aria-hidden="true"></span><span class="grow">${words(text)}</span>${on ? icon("check") : nothing}
    </button>`;
  const wrapping = agent.state === "afterCallWork";
  // What has a switch of its own below is not offered twice.
  const selectable = agent.selectable.filter(({ state }) => state !== "afterCallWork" || !can("wrapUp"));
  return html`<div class="menu agent-menu" role="menu" aria-label=${desk.t("agentState")}>
    ${selectable.flatMap(({ code, state, reasons }) => {
      const label = desk.t(STATES[state] ?? "agentUnknown");
      return [
        entry(label, state, chosen(code), set(code), code),
        ...(reasons ?? []).map((reason) => entry(`${label} · ${reason.label ?? reason.code}`, state, chosen(code, reason.code), set(code, reason.code), `${code}/${reason.code}`)),
      ];
    })}
    ${agent.pending ? html`<p class="hint">${desk.t("pendingState", { state: agent.pending })}</p>` : nothing}
    ${can("wrapUp")
      ? html`<button role="menuitemcheckbox" aria-checked=${String(wrapping)} data-action="wrapUp" @click=${toggle(() => void desk.send("setWrapUpUserState", { line: of, active: !wrapping }, of))}>
          ${desk.t(wrapping ? "finishWrapUp" : "startWrapUp")}
        </button>`
      : nothing}
    ${line.callCentreActive !== null && can("callCentreMode")
      ? html`<button role="menuitemcheckbox" aria-checked=${String(line.callCentreActive)} data-action="callCentre" @click=${toggle(() => void desk.send("changeCallCentreState", { line: of, active: !line.callCentreActive }, of))}>
          <span class="grow">${desk.t("callCentre")}</span>${line.callCentreActive ? icon("check") : nothing}
        </button>`
      : nothing}
    ${can("login")
      ? agent.state === "loggedOut"
        ? html`<button role="menuitem" data-action="login" @click=${toggle(() => void desk.send("loginAgent", { line: of, id: agent.agentId ?? line.device }, of))}>${desk.t("logIn")}</button>`
        : html`<button role="menuitem" data-action="logout" @click=${toggle(() => void desk.send("logoutAgent", { line: of }, of))}>${desk.t("logOut")}</button>`
      : nothing}
  </div>`;
}

function lineMenu(desk: Desk, lines: Line[]): TemplateResult {
  return html`<div class="menu line-menu" role="menu" aria-label=${desk.t("lines")}>
    ${lines.map(
      (line) => html`<button
        role="menuitemradio"
        aria-checked=${String(line === desk.line)}
        @click=${() => {
          desk.prefs.set({ line: line.name });
          desk.toggleMenu();
        }}
      >
        <span class="dot" data-tone=${line.state === "up" ? "good" : "bad"} aria-hidden="true"></span><span class="grow">${words(line.device)}</span
        ><span class="muted">${words(line.connection)}</span>${line === desk.line ? icon("check") : nothing}
      </button>`,
    )}
  </div>`;
}

/** After a call: the time one has for it, and the end of that. */
export function wrapUp(desk: Desk): TemplateResult | typeof nothing {
  const { line, model } = desk;
  const agent = line?.agent;
  if (!line || !model || agent?.state !== "afterCallWork" || desk.calls.length > 0) return nothing;
  const since = agent.since ? Date.parse(agent.since) : model.now();
  return html`<section class="card wrap-up">
    <div class="party">
      <span class="avatar" data-state="wrap" aria-hidden="true">${icon("note")}</span>
      <div class="who"><div class="name">${desk.t("afterCallWork")}</div></div>
      <jackfield-timer class="timer" .span=${{ ms: 0, asOf: since, running: true, now: () => model.now() }}></jackfield-timer>
    </div>
    ${line.agentFeatures.includes("wrapUp")
      ? html`<button class="fill main wide" data-action="finishWrapUp" @click=${() => void desk.send("setWrapUpUserState", { line: line.name, active: false }, line.name)}>
          ${icon("check")}<span>${desk.t("finishWrapUp")}</span>
        </button>`
      : nothing}
  </section>`;
}
