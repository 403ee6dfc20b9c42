import type { LiveCall } from "@jackfield/client";
import type { Icon } from "./icons.js";
import type { Key } from "./i18n.js";

/** What a button of one call does; `features`: it is there when the call has one of them. */
export interface Action {
  name: string;
  features: readonly string[];
  label: Key;
  icon: Icon;
  /** It is on. */
  active?: boolean;
  /** Seldom needed: a small button below the others. */
  seldom?: boolean;
}

/** What may be done with one call, in the order of the buttons. Ending it and answering it have places of their own. */
export function actionsOf(call: LiveCall): Action[] {
  const all: Action[] = [
    { name: "mute", features: ["mute"], label: "mute", icon: "mic" },
    { name: "unmute", features: ["unmute"], label: "unmute", icon: "micOff", active: true },
    { name: "hold", features: ["hold"], label: "hold", icon: "pause" },
    { name: "unhold", features: ["unhold"], label: "unhold", icon: "play", active: true },
    { name: "keypad", features: ["dtmf"], label: "keypad", icon: "keypad" },
    { name: "transfer", features: ["makeConsultCall", "blindTransfer", "setupTransfer"], label: "transfer", icon: "transfer" },
    call.recording
      ? { name: "record", features: ["record"], label: "stopRecording", icon: "record", seldom: true, active: true }
      : { name: "record", features: ["record"], label: "record", icon: "record", seldom: true },
    { name: "park", features: ["park"], label: "park", icon: "park", seldom: true },
    call.video
      ? { name: "video", features: ["video"], label: "stopVideo", icon: "video", seldom: true, active: true }
      : { name: "video", features: ["video"], label: "video", icon: "video", seldom: true },
    { name: "recall", features: ["recall"], label: "recall", icon: "phone" },
  ];
  return all.filter((action) => action.features.some((feature) => call.features.includes(feature)));
}
