import { html, LitElement, nothing, type TemplateResult } from "lit";
import { Desk, PAGES, type PageName } from "./desk.js";
import { EventLog } from "./events.js";
import { layout } from "./styles/layout.js";
import { tokens } from "./styles/tokens.js";
import { clients } from "./views/clients.js";
import { connections, type Question, QUESTIONS } from "./views/connections.js";
import { login, MARK } from "./views/login.js";
import { overview } from "./views/overview.js";
import { plugins } from "./views/plugins.js";

customElements.define("jackfield-events", EventLog);

const TITLES: Record<PageName, string> = {
  overview: "Overview",
  connections: "Connections",
  plugins: "Plugins",
  clients: "Clients",
  events: "Events",
};

/** The administrator's page. */
export class Admin extends LitElement {
  static override readonly styles = [tokens, layout];

  readonly #desk = new Desk(() => this.requestUpdate());
  #question: Question | null = null;
  #wanted = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.#desk.start();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#desk.stop();
  }

  protected override updated(): void {
    document.title = `Jackfield: ${TITLES[this.#desk.page].toLowerCase()}`;
    const dialog = this.renderRoot.querySelector("dialog");
    if (dialog && !dialog.open) dialog.showModal();
  }

  protected override render(): TemplateResult {
    const desk = this.#desk;
    if (!desk.access.token || !desk.isAdmin) return html`${login(desk)}${this.#toast()}`;
    const { page } = desk;
    const counts: Partial<Record<PageName, number>> = {
      connections: desk.connections?.length,
      plugins: desk.folder?.plugins.length,
      clients: desk.course.now?.sessions,
    };
    return html`
      <header>
        <div class="bar">
          <div class="brand">${MARK}<span>Jackfield</span></div>
          <nav aria-label="Pages">
            ${PAGES.map(
              (name) =>
                html`<a href="#${name}" aria-current=${name === page ? "page" : nothing}
                  >${TITLES[name]}${counts[name] === undefined ? nothing : html`<span class="count">${counts[name]}</span>`}</a
                >`,
            )}
          </nav>
          <div class="who">
            <bdi>${desk.access.user?.name}</bdi>
            <button class="plain" @click=${() => void desk.access.leave()}>Log out</button>
          </div>
        </div>
      </header>
      <main class=${page === "events" ? "wide" : ""}>
        ${desk.trouble ? html`<p class="note bad" role="alert"><bdi>${desk.trouble}</bdi> What is shown is as it was.</p>` : nothing} ${this.#page(page)}
      </main>
      ${this.#ask()}${this.#toast()}
    `;
  }

  #page(page: PageName): TemplateResult {
    const desk = this.#desk;
    switch (page) {
      case "overview":
        return overview(desk);
      case "connections":
        return connections(desk, (question) => {
          this.#question = question;
          this.requestUpdate();
        });
      case "plugins":
        return plugins(desk);
      case "clients":
        return clients(desk, this.#wanted, (text) => {
          this.#wanted = text;
          this.requestUpdate();
        });
      case "events":
        return html`<jackfield-events .live=${desk.live}></jackfield-events>`;
    }
  }

  #ask(): TemplateResult | typeof nothing {
    const question = this.#question;
    if (!question) return nothing;
    const { title, text, yes } = QUESTIONS[question.deed];
    const close = (done: boolean) => {
      this.#question = null;
      this.requestUpdate();
      if (done) void this.#desk.deed(question.connection, question.deed);
    };
    return html`<dialog aria-labelledby="question" @cancel=${() => close(false)} @close=${() => this.#question === question && close(false)}>
      <h2 id="question">${title}</h2>
      <p><strong>${question.connection}</strong>: ${text}</p>
      <div class="buttons">
        <button autofocus @click=${() => close(false)}>Cancel</button>
        <button class="main" data-yes @click=${() => close(true)}>${yes}</button>
      </div>
    </dialog>`;
  }

  #toast(): TemplateResult {
    return html`<div role="status">${this.#desk.toast ? html`<p class="toast"><bdi>${this.#desk.toast}</bdi></p>` : nothing}</div>`;
  }
}
