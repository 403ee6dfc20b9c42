import { EVENT_NAMES } from "@jackfield/client";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { clock, many } from "./format.js";
import type { Live } from "./live.js";
import type { Entry } from "./log.js";
import { events as styles } from "./styles/events.js";
import { tokens } from "./styles/tokens.js";

/** The height of a row, wide and narrow, as the style has it. */
const ROW = 28;
const NARROW_ROW = 48;
const NARROW = "(max-width: 720px)";
/** Rows that are drawn beyond what is seen, on each side. */
const MORE = 6;
/** Places are counted from a multiple of this: browsers place things exactly up to some millions of pixels. */
const BASE = 1 << 16;

/** A row: its place, and where it was put. */
interface Placed extends HTMLElement {
  place: number;
  top?: number;
}

/** How an event's name is coloured. */
const TONES: Record<string, string> = {
  callStarted: "started",
  commutationStarted: "up",
  initialized: "up",
  unhold: "up",
  hold: "held",
  callFinished: "over",
  callSaved: "over",
  disconnected: "bad",
  error: "bad",
  callBusy: "bad",
};

/**
 * The live log: of thousands of events as many rows as are seen are drawn, once per frame, however many came in it. An
 * event has a place for good, and each place one of a few rows: when the log moves on, only rows of new events are
 * written. It follows the newest until somebody scrolls up; then it stands still while the log goes on.
 */
export class EventLog extends LitElement {
  static override readonly properties = { live: { attribute: false } };
  static override readonly styles = [tokens, styles];

  declare live: Live;
  #follows = true;
  #selected: Entry | null = null;
  #frame = 0;
  #row = ROW;
  #height = 0;
  /** How many had gone when it was drawn last. */
  #passed = 0;
  #from = 0;
  #rows = 0;
  readonly #narrow = matchMedia(NARROW);
  readonly #sizes = new ResizeObserver(() => this.#soon());

  override connectedCallback(): void {
    super.connectedCallback();
    this.live.came = () => this.#soon();
    this.#narrow.addEventListener("change", this.#turned);
    this.#turned();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.live.came = () => undefined;
    this.#narrow.removeEventListener("change", this.#turned);
    this.#sizes.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  readonly #turned = () => {
    this.#row = this.#narrow.matches ? NARROW_ROW : ROW;
    this.#soon();
  };

  /** Draws in the next frame, once. */
  #soon(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#stand();
      this.requestUpdate();
    });
  }

  get #list(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>(".list") ?? null;
  }

  /** What has gone at the top moves the rest up: who reads is not to be moved. */
  #stand(): void {
    const { passed } = this.live.log;
    const gone = passed - this.#passed;
    this.#passed = passed;
    const list = this.#list;
    if (list && gone > 0 && !this.#follows) list.scrollTop -= gone * this.#row;
  }

  protected override firstUpdated(): void {
    if (this.#list) this.#sizes.observe(this.#list);
  }

  protected override updated(): void {
    const list = this.#list;
    const space = this.renderRoot.querySelector<HTMLElement>(".space");
    const rows = this.renderRoot.querySelector<HTMLElement>(".rows");
    if (!list || !space || !rows) return;
    const height = this.live.log.length * this.#row;
    if (height !== this.#height) {
      this.#height = height;
      space.style.height = `${height}px`;
    }
    // By script, one by one: the page's policy takes no attribute `style`.
    const base = this.#base;
    rows.style.transform = `translateY(${(base - this.live.log.passed) * this.#row}px)`;
    for (const row of rows.children as Iterable<Placed>) {
      const top = (row.place - base) * this.#row;
      if (row.top === top) continue;
      row.top = top;
      row.style.transform = `translateY(${top}px)`;
    }
    if (this.#follows) list.scrollTop = height;
  }

  /** From which place rows are placed. */
  get #base(): number {
    return this.live.log.passed - (this.live.log.passed % BASE);
  }

  readonly #scrolled = () => {
    const list = this.#list;
    if (!list) return;
    this.#follows = list.scrollTop + list.clientHeight >= this.#height - this.#row / 2;
    this.#soon();
  };

  #filter(change: Partial<Live["log"]["filter"]>): void {
    const { log } = this.live;
    log.filter = { ...log.filter, ...change };
    this.#follows = true;
    this.#soon();
  }

  #choose(entry: Entry | null | undefined): void {
    this.#selected = entry ?? null;
    this.requestUpdate();
  }

  /** The place of what is chosen among what is shown, or of the newest. */
  #place(): number {
    const { log } = this.live;
    for (let i = log.length - 1; i >= 0; i--) if (log.at(i) === this.#selected) return i;
    return log.length;
  }

  readonly #key = (event: KeyboardEvent) => {
    const { log } = this.live;
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (event.key === "Escape") return this.#choose(null);
    if (event.key === "End") {
      this.#follows = true;
      return this.#soon();
    }
    if (step === undefined || log.length === 0) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(log.length - 1, this.#place() + step));
    this.#choose(log.at(to));
    const list = this.#list;
    if (!list) return;
    const top = to * this.#row;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + this.#row > list.scrollTop + list.clientHeight) list.scrollTop = top + this.#row - list.clientHeight;
  };

  protected override render(): TemplateResult {
    const { live } = this;
    const { log } = live;
    const { line, text, names } = log.filter;
    const list = this.#list;
    const seen = Math.ceil((list?.clientHeight ?? 600) / this.#row);
    const top = this.#follows ? log.length - seen : Math.floor((list?.scrollTop ?? 0) / this.#row);
    this.#from = Math.max(0, Math.min(top - MORE, log.length - seen));
    this.#rows = seen + 2 * MORE;
    const rows: unknown[] = new Array(this.#rows).fill(nothing);
    for (let i = this.#from; i < Math.min(log.length, this.#from + this.#rows); i++) {
      const place = log.passed + i;
      rows[place % this.#rows] = this.#one(log.at(i)!, place);
    }
    const online = live.link?.phase === "online";
    return html`
      <div class="tools">
        <h1>Events</h1>
        <input type="search" data-text aria-label="Find in events" placeholder="Number, name, state" .value=${text} @input=${(e: Event) => this.#filter({ text: (e.target as HTMLInputElement).value })} />
        <input type="search" data-line aria-label="Line" placeholder="Line" list="lines" .value=${line} @input=${(e: Event) => this.#filter({ line: (e.target as HTMLInputElement).value.trim() })} />
        <datalist id="lines">${guard([live.lines], () => live.lines.slice(0, 500).map((name) => html`<option value=${name}></option>`))}</datalist>
        <details class="names">
          <summary>${names.size === 0 ? "All events" : many(names.size, "kind")}</summary>
          <div role="group" aria-label="Kinds of events">
            ${guard([names], () =>
              EVENT_NAMES.map(
                (name) => html`<label><input type="checkbox" .checked=${names.has(name)} @change=${(e: Event) => this.#kind(name, (e.target as HTMLInputElement).checked)} />${name}</label>`,
              ),
            )}
          </div>
        </details>
        <span class="told" data-told>${online ? html`${live.rate}/s · ${log.length.toLocaleString("en")} of ${log.size.toLocaleString("en")}` : (live.link?.phase ?? "not connected")}</span>
        <button class="follow" aria-pressed=${this.#follows} @click=${this.#toggle}>${this.#follows ? "Following" : "Follow"}</button>
        <button @click=${() => (log.clear(), this.#choose(null), this.#soon())}>Clear</button>
      </div>
      <div class="body">
        <div class="card table" role="table" aria-label="Events" aria-rowcount="-1">
          <div role="rowgroup">
            <div class="row top" role="row">
              <span role="columnheader">Time</span><span role="columnheader">Line</span><span role="columnheader">Event</span><span role="columnheader">What</span
              ><span role="columnheader" class="seq">Number</span>
            </div>
          </div>
          <div class="list" role="rowgroup" tabindex="0" aria-label="Events; arrows choose one" @scroll=${this.#scrolled} @keydown=${this.#key}>
            <div class="space" role="presentation"><div class="rows" role="presentation">${rows}</div></div>
            ${log.length === 0 ? html`<p class="empty">${log.size === 0 ? "Nothing has happened yet." : "None of the events here is like that."}</p>` : nothing}
          </div>
        </div>
        ${this.#selected ? this.#whole(this.#selected) : nothing}
      </div>
    `;
  }

  #one(entry: Entry, place: number): unknown {
    const chosen = entry === this.#selected;
    return guard([entry, place, chosen], () => html`<div class="row ${place % 2 ? "odd" : ""}" role="row" aria-rowindex=${place + 2} aria-selected=${chosen} .place=${place} @click=${() => this.#choose(chosen ? null : entry)}>
        <span role="cell" class="at num">${clock(entry.at)}</span><bdi role="cell" class="line">${entry.line}</bdi
        ><span role="cell" class="name ${TONES[entry.name] ?? ""}">${entry.name}</span><bdi role="cell" class="says">${entry.says}</bdi
        ><span role="cell" class="seq num">${entry.seq ?? ""}</span>
      </div>`);
  }

  #whole(entry: Entry): TemplateResult {
    return html`<aside class="card" aria-label="The event">
      <div class="head">
        <h2>${entry.name}</h2>
        <button class="plain" aria-label="Close" @click=${() => this.#choose(null)}>✕</button>
      </div>
      <pre class="mono" tabindex="0">${JSON.stringify(entry.whole, null, 2)}</pre>
    </aside>`;
  }

  #kind(name: string, wanted: boolean): void {
    const names = new Set(this.live.log.filter.names);
    if (wanted) names.add(name);
    else names.delete(name);
    this.#filter({ names });
  }

  readonly #toggle = () => {
    this.#follows = !this.#follows;
    this.#soon();
  };
}
