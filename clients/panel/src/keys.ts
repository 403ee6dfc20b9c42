import type { Desk } from "./desk.js";
import type { Key } from "./i18n.js";

/** The shortcuts by the place of the key: they are where they are in any alphabet. */
export const SHORTCUTS: Record<string, { key: string; label: Key }> = {
  KeyA: { key: "A", label: "keyAnswer" },
  KeyE: { key: "E", label: "keyEnd" },
  KeyH: { key: "H", label: "keyHold" },
  KeyM: { key: "M", label: "keyMute" },
  KeyT: { key: "T", label: "keyTransfer" },
  KeyK: { key: "K", label: "keyKeypad" },
  KeyC: { key: "C", label: "keyComplete" },
  KeyS: { key: "S", label: "keySwap" },
  Slash: { key: "/", label: "keyDial" },
};

/** Whether somebody is typing. */
function types(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) && (target as HTMLInputElement).type !== "checkbox";
}

/** Does what a key says. True: it was one of ours. */
export function pressed(desk: Desk, event: KeyboardEvent, focus: (field: "dial" | "target") => void): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return false;
  if (event.key === "Escape") return desk.escape();
  if (types(event) || !desk.model || desk.menu === "settings") return false;
  if (/^[\d*#+]$/.test(event.key)) {
    if (desk.pad) {
      if (event.key !== "+") desk.tone(event.key);
      return true;
    }
    // It falls into the field: the focus is there before the letter is.
    focus(desk.target ? "target" : "dial");
    return false;
  }
  const { incoming, selected, pair } = desk.arranged;
  const ringing = incoming[0];
  const has = (feature: string) => selected?.call.features.includes(feature) ?? false;
  switch (event.code) {
    case "Slash":
      focus("dial");
      return true;
    case "KeyA":
      if (!ringing?.call.features.includes("answer")) return false;
      desk.act("answer", ringing);
      return true;
    case "KeyE": {
      const ends = ringing ?? selected;
      if (!ends?.call.features.includes("drop")) return false;
      desk.act("drop", ends);
      return true;
    }
    case "KeyH":
      if (!selected || !(has("hold") || has("unhold"))) return false;
      desk.act(has("hold") ? "hold" : "unhold", selected);
      return true;
    case "KeyM":
      if (!selected || !(has("mute") || has("unmute"))) return false;
      desk.act(has("mute") ? "mute" : "unmute", selected);
      return true;
    case "KeyK":
      if (!selected || !has("dtmf")) return false;
      desk.act("keypad", selected);
      return true;
    case "KeyT":
      if (selected && (has("makeConsultCall") || has("blindTransfer") || has("setupTransfer"))) desk.act("transfer", selected);
      else if (ringing?.call.features.includes("deflect")) desk.act("redirect", ringing);
      else return false;
      return true;
    case "KeyC":
      if (!pair?.features.has("completeTransfer")) return false;
      desk.pairAct("completeTransfer");
      return true;
    case "KeyS":
      if (!pair?.features.has("alternate")) return false;
      desk.pairAct("alternate");
      return true;
    default:
      return false;
  }
}
