import { html, nothing, type TemplateResult } from "lit";
import { type Desk, words } from "../desk.js";

export const MARK = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="9" fill="#2b57d9"></rect>
  <g fill="none" stroke="#fff" stroke-width="2.6">
    <circle cx="10.5" cy="16" r="4"></circle>
    <circle cx="21.5" cy="16" r="4"></circle>
  </g>
</svg>`;

async function enter(desk: Desk, event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const field = form.elements.namedItem("token") as HTMLInputElement;
  const token = field.value.trim();
  if (!token) return field.focus();
  desk.entering = true;
  desk.changed();
  try {
    await desk.access.enter({ token });
  } catch (error) {
    desk.access.why = words(error);
  } finally {
    desk.entering = false;
    desk.changed();
  }
}

export function login(desk: Desk): TemplateResult {
  const { user, why } = desk.access;
  if (user && !desk.isAdmin)
    return html`<main class="login">
      <form class="card" @submit=${(event: Event) => (event.preventDefault(), void desk.access.leave())}>
        <div class="brand">${MARK}<h1>Jackfield</h1></div>
        <p>You are <bdi>${user.name}</bdi> (${user.role}). This page is for administrators; <a href="../">the panel</a> is for you.</p>
        <button class="main">Log in as somebody else</button>
      </form>
    </main>`;
  return html`<main class="login">
    <form class="card" @submit=${(event: SubmitEvent) => void enter(desk, event)}>
      <div class="brand">${MARK}<h1>Jackfield</h1></div>
      <p class="muted">Administration of this host.</p>
      <label>Token <input name="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="why" autofocus /></label>
      <p id="why" role="alert" class=${why ? "note bad" : "sr"}>${why}</p>
      <button class="main" aria-busy=${desk.entering} ?disabled=${desk.entering}>${desk.entering ? "One moment" : "Log in"}</button>
      <p class="muted">Or, on the host's machine: <code>jackfield login NAME</code> prints an address that lets you in.</p>
      ${nothing}
    </form>
  </main>`;
}
