// The page that the host serves: nothing but the panel. Its title tells what goes on, for who looks at another tab, and the
// address may bring a code that signs in.

import type { JackfieldPanel } from "../element.js";
import { isIncoming } from "../calls.js";
import { nameOf } from "../format.js";

const panel = document.querySelector<JackfieldPanel>("jackfield-panel");

function title(): void {
  const ringing = panel?.model?.lines.flatMap((line) => line.calls.filter((call) => isIncoming({ line, call }))) ?? [];
  const [first] = ringing;
  document.title = first ? `☎ ${nameOf(first.caller, first.contacts)}` : "Jackfield";
}

panel?.addEventListener("jackfield-event", title);
panel?.addEventListener("jackfield-state", title);

const code = new URLSearchParams(location.hash.slice(1)).get("login");
if (code && panel) {
  // It is good once, and nobody is to find it in the list of visited pages.
  history.replaceState(null, "", location.pathname + location.search);
  void customElements.whenDefined("jackfield-panel").then(() => panel.redeem(code));
}
