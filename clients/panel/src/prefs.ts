/** What somebody has chosen in this browser. */
export interface Prefs {
  ring: boolean;
  /** 0 to 1. */
  volume: number;
  /** The id of an audio output; empty: the default. */
  output: string;
  notify: boolean;
  theme: "auto" | "light" | "dark";
  /** Empty: as the page or the browser says. */
  lang: string;
  /** The line that numbers are dialled from. */
  line: string;
  /** Until when missed calls have been looked at, RFC 3339. */
  seen: string;
}

const DEFAULTS: Prefs = { ring: true, volume: 0.5, output: "", notify: false, theme: "auto", lang: "", line: "", seen: "" };

/** Reads and keeps them; where nothing can be kept (a page without storage) they live as long as the page. */
export class PrefStore {
  #prefs: Prefs = DEFAULTS;
  #key = "jackfield";

  /** Those of a host. */
  open(host: string): void {
    this.#key = `jackfield ${host}`;
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "{}");
      this.#prefs = { ...DEFAULTS, ...(typeof kept === "object" ? kept : {}) };
    } catch {
      this.#prefs = DEFAULTS;
    }
  }

  get all(): Readonly<Prefs> {
    return this.#prefs;
  }

  set(change: Partial<Prefs>): void {
    this.#prefs = { ...this.#prefs, ...change };
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#prefs));
    } catch {
      // Kept for this page alone.
    }
  }
}
