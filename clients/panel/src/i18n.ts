import { en, type Key, type Texts } from "./i18n/en.js";
import { uk } from "./i18n/uk.js";

export type { Key };

/** The catalogues by language. */
export const CATALOGUES: Record<string, Texts> = { en, uk };

/** Translates, and writes times as the language does. */
export class Language {
  readonly code: string;
  readonly #texts: Texts;
  readonly #time: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;

  /** The first of the wished languages that there is a catalogue for. */
  constructor(...wished: (string | null | undefined)[]) {
    const codes = wished.map((w) => w?.toLowerCase().split("-")[0] ?? "");
    this.code = codes.find((code) => code in CATALOGUES) ?? "en";
    this.#texts = CATALOGUES[this.code] ?? en;
    // The region of what was wished decides whether the clock has twelve hours.
    const locale = wished.find((w) => w?.toLowerCase().startsWith(this.code)) ?? this.code;
    this.#time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
    this.#day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  }

  /** The text of a key, with what is to be put in. */
  readonly t = (key: Key, parts: Record<string, string | number> = {}): string =>
    this.#texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(parts[name] ?? ""));

  /** The time of day. */
  time(at: string): string {
    return this.#time.format(new Date(at));
  }

  /** The day: `Today`, `Yesterday`, or its date. */
  day(at: string, now: number): string {
    const day = (ms: number) => new Date(ms).toDateString();
    if (day(Date.parse(at)) === day(now)) return this.t("today");
    if (day(Date.parse(at)) === day(now - 86_400_000)) return this.t("yesterday");
    return this.#day.format(new Date(at));
  }
}
