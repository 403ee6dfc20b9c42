/** How long a notification stays, ms. */
const LONGEST = 40_000;

/** Desktop notifications of incoming calls: one per call, gone when the call is answered or over. */
export class Notifier {
  readonly #shown = new Map<string, { notification: Notification; timer: ReturnType<typeof setTimeout> }>();

  /** `granted`, `denied`, `default` (nobody has asked), or `missing` (the browser has none, or the page is no secure one). */
  static get permission(): NotificationPermission | "missing" {
    return typeof Notification === "function" ? Notification.permission : "missing";
  }

  static async ask(): Promise<boolean> {
    return typeof Notification === "function" && (await Notification.requestPermission()) === "granted";
  }

  /** Shows a call, or shows it anew: its name may become known later. */
  show(callId: string, title: string, body: string, clicked: () => void): void {
    if (Notifier.permission !== "granted") return;
    const before = this.#shown.get(callId);
    if (before?.notification.title === title && before.notification.body === body) return;
    let notification: Notification;
    try {
      notification = new Notification(title, { body, tag: `jackfield ${callId}`, requireInteraction: true });
    } catch {
      // Browsers that show notifications of service workers only.
      return;
    }
    notification.onclick = () => {
      window.focus();
      clicked();
    };
    if (before) clearTimeout(before.timer);
    this.#shown.set(callId, { notification, timer: setTimeout(() => this.#close(callId), LONGEST) });
  }

  /** Closes those of calls that do not ring any more. */
  keep(callIds: ReadonlySet<string>): void {
    for (const callId of [...this.#shown.keys()]) if (!callIds.has(callId)) this.#close(callId);
  }

  #close(callId: string): void {
    const shown = this.#shown.get(callId);
    this.#shown.delete(callId);
    clearTimeout(shown?.timer);
    shown?.notification.close();
  }
}
