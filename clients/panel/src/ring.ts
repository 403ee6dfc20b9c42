/** A burst of the tone: two soft notes, a warble, as of a bell far away. Seconds. */
const NOTES = [
  { at: 0, hertz: 659.25 },
  { at: 0.16, hertz: 880 },
  { at: 0.44, hertz: 659.25 },
  { at: 0.6, hertz: 880 },
];
/** From one burst to the next, ms. */
const EVERY = 2400;

/** An audio context that can choose where it sounds, as Chromium's can. */
type Routed = AudioContext & { setSinkId?: (id: string) => Promise<void> };

/** The ring tone, made of sine waves: there is no file to load. */
export class Ringer {
  #context: Routed | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #volume = 0.5;
  #output = "";
  #gesture: (() => void) | undefined;
  /** Somebody is talking: a second call is told, and not shouted into the conversation. */
  soft = false;

  constructor(private readonly changed: () => void) {}

  /** Whether the browser can play on a device of one's choice. */
  static get canRoute(): boolean {
    return typeof AudioContext === "function" && "setSinkId" in AudioContext.prototype;
  }

  get ringing(): boolean {
    return this.#timer !== undefined;
  }

  /** It should sound, but the browser waits for somebody to touch the page. */
  get blocked(): boolean {
    return this.ringing && this.#context?.state === "suspended";
  }

  set(volume: number, output: string): void {
    this.#volume = volume;
    if (output === this.#output) return;
    this.#output = output;
    // A device that is gone: the default one sounds.
    void this.#context?.setSinkId?.(output).catch(() => {});
  }

  start(): void {
    if (this.#timer !== undefined || typeof AudioContext !== "function") return;
    this.#timer = setInterval(() => this.#burst(), EVERY);
    this.#burst();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unhook();
    // What sounds still is cut off; the context is kept for the next call, as browsers allow only a few.
    if (this.#context?.state === "running") void this.#context.suspend();
  }

  /** One burst, for trying it out. */
  async test(): Promise<void> {
    const ringing = this.ringing;
    this.#burst();
    if (!ringing) setTimeout(() => !this.ringing && this.stop(), 1200);
  }

  close(): void {
    this.stop();
    void this.#context?.close();
    this.#context = undefined;
  }

  #burst(): void {
    const context = this.#open();
    void context.resume().then(() => {
      this.#unhook();
      this.changed();
      this.#play(context);
    });
    if (context.state === "suspended") this.#hook(context);
  }

  #open(): Routed {
    if (!this.#context) {
      this.#context = new AudioContext();
      if (this.#output) void this.#context.setSinkId?.(this.#output).catch(() => {});
    }
    return this.#context;
  }

  #play(context: AudioContext): void {
    const gain = context.createGain();
    gain.connect(context.destination);
    gain.gain.value = this.#volume ** 2 * (this.soft ? 0.08 : 0.6);
    for (const { at, hertz } of NOTES) {
      const start = context.currentTime + 0.02 + at;
      for (const [harmonic, loudness] of [[1, 1], [2, 0.18]] as const) {
        const wave = context.createOscillator();
        const envelope = context.createGain();
        wave.frequency.value = hertz * harmonic;
        envelope.gain.setValueAtTime(0, start);
        envelope.gain.linearRampToValueAtTime(loudness, start + 0.015);
        envelope.gain.exponentialRampToValueAtTime(0.001, start + 0.34);
        wave.connect(envelope).connect(gain);
        wave.start(start);
        wave.stop(start + 0.36);
      }
    }
    setTimeout(() => gain.disconnect(), 1500);
  }

  #hook(context: AudioContext): void {
    if (this.#gesture) return;
    this.#gesture = () => void context.resume();
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, this.#gesture, { capture: true });
    this.changed();
  }

  #unhook(): void {
    if (!this.#gesture) return;
    for (const kind of ["pointerdown", "keydown"]) removeEventListener(kind, this.#gesture, { capture: true });
    this.#gesture = undefined;
  }
}
