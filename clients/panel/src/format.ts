import type { Call, PartyNumber } from "@jackfield/client";

/** `4:05`, `1:04:05`. */
export function duration(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** The same as a machine reads it (`PT4M5S`), for `<time datetime>`. */
export function isoDuration(ms: number): string {
  return `PT${Math.max(0, Math.floor(ms / 1000))}S`;
}

/** A text that may be dialled: digits, and what people write between them. */
export function isNumber(text: string): boolean {
  return /^[\d\s()+\-*#./]+$/.test(text) && /[\d*#]/.test(text);
}

/** What is dialled of it: digits, `*`, `#`, and a plus at the beginning. */
export function dialled(text: string): string {
  const plus = text.trim().startsWith("+") ? "+" : "";
  return plus + text.replace(/[^\d*#]/g, "");
}

/** The party on the other side. */
export function other(call: Pick<Call, "direction" | "caller" | "called">): PartyNumber | null {
  return call.direction === "out" ? call.called : call.caller;
}

/** What can be seen of a text from outside: control characters are none of it. */
const visible = (text: string | undefined) => text?.replace(/\p{Cc}+/gu, " ").trim() ?? "";

/** What a party is called: the name of a contact, its own, or its number; empty when nothing is known. */
export function nameOf(party: PartyNumber | null | undefined, contacts: Call["contacts"] = []): string {
  const found = contacts.length === 1 ? contacts[0]?.name : undefined;
  return visible(found) || visible(party?.name) || visible(party?.number);
}

/** One or two letters that stand for a name; empty for a number. */
export function initials(name: string): string {
  const words = name.normalize("NFC").split(/[\s.,;:_-]+/u).filter((word) => /^\p{L}/u.test(word));
  const letters = [words[0], words.length > 1 ? words[words.length - 1] : undefined].map((word) => (word ? [...word][0] : ""));
  return letters.join("").toUpperCase();
}
