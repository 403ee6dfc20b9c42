import {
  type AnsweredBy,
  type CtiCommands,
  CtiError,
  type CtiEvents,
  CtiModel,
  History,
  HttpError,
  type KeptLogin,
  type Line,
  Login,
  type Shown as ShownSecret,
  type TokenReason,
  type TokenSource,
  restUrl,
} from "@jackfield/client";
import { type Desk as Arranged, type Shown, arrange } from "./calls.js";
import { dialled, isNumber, nameOf, other } from "./format.js";
import { HistoryDesk } from "./historydesk.js";
import { type Key, Language } from "./i18n.js";
import { Notifier } from "./notify.js";
import { PrefStore, type Prefs } from "./prefs.js";
import { Ringer } from "./ring.js";

/** What the element gives the desk. */
export interface Frame {
  readonly url: string;
  readonly lines: string[] | undefined;
  readonly lang: string;
  /** The page's token, or who gives it; undefined: somebody signs in. */
  readonly token: string | ((why: TokenReason) => string | null | Promise<string | null>) | undefined;
  requestUpdate(): void;
  /** Tells the page; false: it has taken care of it. */
  tell(name: string, detail: unknown): boolean;
}

/** What was left of a call, or of a command that failed: shown until it is old. */
export interface Notice {
  id: number;
  kind: "info" | "warning" | "error";
  title: string;
  text: string;
  number?: string | undefined;
  callId?: string | undefined;
}

/** The number that is asked for, and what for. */
export interface Target {
  callId: string;
  mode: "transfer" | "redirect";
  text: string;
}

/** How long a notice stays, ms. */
const NOTICE = 12_000;
const RELEASED: Record<string, Key> = {
  busy: "busyNote",
  noAnswer: "noAnswerNote",
  rejected: "rejectedNote",
  transferred: "transferredNote",
  invalidDestination: "errorDestination",
  networkError: "failedNote",
};
const FAILED: Record<string, Key> = {
  invalidDestination: "errorDestination",
  invalidCallState: "errorState",
  unknownCall: "errorState",
  timeout: "errorTimeout",
  notAnswerableHere: "errorPhone",
  agentStateForbids: "errorAgent",
  connectionLost: "errorLost",
  forbidden: "errorForbidden",
  reasonRequired: "errorReason",
};

/** Everything behind the panel but its looks: the client, what is chosen and open, ringing, notices. */
export class Desk {
  readonly prefs = new PrefStore();
  readonly ringer = new Ringer(() => this.frame.requestUpdate());
  readonly notifier = new Notifier();
  language = new Language("en");
  model: CtiModel | undefined;
  history: HistoryDesk | undefined;
  /** The host answers plain HTTP, but no socket: this page may not connect. */
  reachable = false;
  signInFailed: Key | undefined;
  chosen: string | undefined;
  target: Target | undefined;
  /** The call whose keypad is open, and what was typed. */
  pad: { callId: string; digits: string } | undefined;
  menu: "agent" | "line" | "settings" | undefined;
  dial = "";
  silenced = new Set<string>();
  notices: Notice[] = [];
  /** Commands that wait for their answers. */
  readonly busy = new Set<string>();
  signingIn = false;
  #login: Login | undefined;
  readonly #kept = new Map<string, Shown[]>();
  #noticed = 0;

  constructor(private readonly frame: Frame) {}

  get t() {
    return this.language.t;
  }

  /** Connects, with the page's token or with one that somebody has given. */
  start(): void {
    const { url } = this.frame;
    this.prefs.open(url);
    this.speak();
    const prefs = this.prefs.all;
    this.ringer.set(prefs.volume, prefs.output);
    const token = this.frame.token ?? this.#signedIn();
    if (token === undefined || token === null || token === "") return this.frame.requestUpdate();
    const model = new CtiModel({ url, token, lines: this.frame.lines, client: { name: "jackfield-panel" } });
    if (this.#login) this.#login.refreshed = () => void model.refreshToken().catch(() => {});
    this.model = model;
    this.history = new HistoryDesk(new History({ url, token: typeof token === "function" ? (why) => token(why) : token }), this.prefs, () => this.frame.requestUpdate());
    model.on("change", () => this.#changed());
    model.on("event", ({ method, params }) => void this.frame.tell("event", { name: method, params }));
    model.on("callStarted", (event) => this.#started(event));
    model.on("callFinished", (event) => this.#finished(event));
    model.on("answered", ({ call, by }) => this.#answered(nameOf(other(call), call.contacts), by));
    model.on("callSaved", ({ data }) => data.final && this.history?.later());
    model.on("tab", (news) => this.#tab(news));
    model.on("session", () => {
      this.signInFailed = undefined;
      void this.history?.load();
    });
    model.connect().catch((error: unknown) => this.#refused(error));
  }

  stop(): void {
    if (this.#login) this.#login.refreshed = undefined;
    void this.model?.close();
    this.ringer.stop();
    this.notifier.keep(new Set());
    this.history?.quiet();
    this.model = this.history = undefined;
    this.notices = [];
    this.#kept.clear();
  }

  /** Takes the language anew. */
  speak(): void {
    this.language = new Language(this.prefs.all.lang, this.frame.lang, ...(navigator.languages ?? []));
  }

  #storage(): string {
    return `jackfield login ${this.frame.url}`;
  }

  /** A login that this tab has kept. */
  #signedIn(): TokenSource | undefined {
    this.#login ??= this.#restored();
    return this.#login?.source;
  }

  #restored(): Login | undefined {
    try {
      const kept: unknown = JSON.parse(sessionStorage.getItem(this.#storage()) ?? "null");
      return kept === null ? undefined : Login.restore(this.#loginOptions(), kept as KeptLogin);
    } catch {
      return undefined;
    }
  }

  #loginOptions() {
    const kept = (login: KeptLogin | undefined) => {
      try {
        if (login) sessionStorage.setItem(this.#storage(), JSON.stringify(login));
        else sessionStorage.removeItem(this.#storage());
      } catch {
        // Kept as long as the page.
      }
    };
    return { url: this.frame.url, kept };
  }

  /** Somebody shows a token or a code: it is exchanged for a token that ends. */
  async signIn(shown: ShownSecret): Promise<void> {
    this.stop();
    this.#forget();
    this.signInFailed = undefined;
    this.signingIn = true;
    this.redraw();
    try {
      this.#login = await Login.open(this.#loginOptions(), shown);
    } catch (error) {
      this.signInFailed = error instanceof HttpError && error.status === 401 ? ("code" in shown ? "codeRefused" : "tokenRefused") : "signInFailed";
      // A host, or a way to it, that knows no logins: the token itself does, for as long as this tab is open.
      if ("token" in shown && error instanceof HttpError && [404, 405].includes(error.status)) {
        const plain = { token: shown.token, ends: Number.MAX_SAFE_INTEGER, renewAt: Number.MAX_SAFE_INTEGER, loginEnds: 0 };
        this.#loginOptions().kept(plain);
        this.#login = Login.restore(this.#loginOptions(), plain);
      }
    } finally {
      this.signingIn = false;
    }
    if (this.#login) this.start();
    else this.redraw();
  }

  signOut(): void {
    const login = this.#login;
    this.stop();
    this.#forget();
    login?.end().catch(() => {});
    this.menu = undefined;
    this.redraw();
  }

  #forget(): void {
    this.#login?.stop();
    this.#login = undefined;
    try {
      sessionStorage.removeItem(this.#storage());
    } catch {
      // It was never kept.
    }
  }

  #refused(error: unknown): void {
    const code = error instanceof CtiError ? error.code : "";
    this.signInFailed = code === "forbidden" ? "forbidden" : "tokenRefused";
    if (this.#login) this.#forget();
    this.frame.requestUpdate();
  }

  /** Draws everything anew. */
  redraw(): void {
    this.frame.requestUpdate();
  }

  /** Tells the page something it may take care of: a contact or a record was clicked. */
  tell(name: string, detail: unknown): boolean {
    return this.frame.tell(name, detail);
  }

  /** Somebody signed in here, and may sign out. */
  get canSignOut(): boolean {
    return this.frame.token === undefined;
  }

  toggleMenu(menu?: Desk["menu"]): void {
    this.menu = this.menu === menu ? undefined : menu;
    this.redraw();
  }

  untarget(): void {
    this.target = undefined;
    this.redraw();
  }

  /** Closes what is open. True: there was something. */
  escape(): boolean {
    if (this.menu) this.toggleMenu();
    else if (this.target || this.pad) {
      this.target = this.pad = undefined;
      this.redraw();
    } else return false;
    return true;
  }

  /** Keeps a choice, and acts on it. */
  prefer(change: Partial<Prefs>): void {
    this.prefs.set(change);
    const { volume, output } = this.prefs.all;
    this.ringer.set(volume, output);
    this.speak();
    this.#changed();
    this.redraw();
  }

  async wantNotifications(wanted: boolean): Promise<void> {
    this.prefer({ notify: wanted && (await Notifier.ask()) });
  }

  /** The calls as they are to be seen: a table that is being filled anew is not shown half full. */
  get calls(): Shown[] {
    return (this.model?.lines ?? []).flatMap((line) => {
      if (line.settled || !this.#kept.has(line.name)) this.#kept.set(line.name, line.calls.map((call) => ({ line, call })));
      return this.#kept.get(line.name) ?? [];
    });
  }

  get arranged(): Arranged {
    return arrange(this.calls, this.chosen);
  }

  /** The line that numbers are dialled from: the one that was chosen, else the first that works. */
  get line(): Line | undefined {
    const lines = this.model?.lines ?? [];
    return lines.find((line) => line.name === this.prefs.all.line) ?? lines.find((line) => line.state === "up") ?? lines[0];
  }

  /**
   * The link is down although it is tried: can the host be seen at all? A page of the host's own is let in, always; of
   * another one, the browser does not tell who refused it.
   */
  async look(): Promise<void> {
    const { model } = this;
    if (!model || model.link.phase !== "waiting" || model.link.tries < 2 || model.link.stopping) return;
    if (new URL(this.frame.url).origin === location.origin) return;
    const answered = await fetch(`${restUrl(this.frame.url)}livez`, { mode: "no-cors", cache: "no-store", credentials: "omit" }).then(
      () => true,
      () => false,
    );
    if (answered === this.reachable) return;
    this.reachable = answered;
    this.frame.requestUpdate();
  }

  #changed(): void {
    const { model } = this;
    if (!model) return;
    if (model.link.phase === "online") this.reachable = false;
    else if (model.link.phase === "waiting") void this.look();
    const { incoming, others } = this.arranged;
    const ids = new Set([...incoming, ...others].map(({ call }) => call.callId));
    if (this.chosen && !ids.has(this.chosen)) this.chosen = undefined;
    if (this.target && !ids.has(this.target.callId)) this.target = undefined;
    if (this.pad && !this.model?.call(this.pad.callId)?.features.includes("dtmf")) this.pad = undefined;
    for (const id of this.silenced) if (!ids.has(id)) this.silenced.delete(id);
    const ringing = incoming.filter(({ call, line }) => line.state === "up" && !this.silenced.has(call.callId));
    const { ring, notify } = this.prefs.all;
    this.ringer.soft = others.length > 0;
    if (ring && model.leader && ringing.length > 0) this.ringer.start();
    else this.ringer.stop();
    this.notifier.keep(new Set(model.leader && notify ? incoming.map(({ call }) => call.callId) : []));
    // Who looks at the panel sees the call.
    if (model.leader && notify && !document.hasFocus())
      for (const { call } of incoming) {
        const name = nameOf(call.caller, call.contacts) || this.t("noNumber");
        this.notifier.show(call.callId, name, `${this.t("incoming")}${call.queue ? ` · ${call.queue.name ?? call.queue.id}` : ""}`, () => {});
      }
    this.frame.requestUpdate();
  }

  #started({ line, data }: CtiEvents["callStarted"]): void {
    if (data.call.direction === "in") this.dismissAll();
    // One tab brings the panel up; the others show the call as well.
    if (this.model?.leader) this.frame.tell("call", { line, call: data.call });
  }

  #finished({ data, cause, line }: CtiEvents["callFinished"]): void {
    const { call } = data;
    if (call.phase === "initiated" || cause?.code === "pickedUpElsewhere" || cause?.code === "conferenced") return;
    // One of two was only a question.
    if (call.role === "consult" && this.model?.line(line)?.calls.length) return;
    const party = other(call);
    const released = RELEASED[cause?.code ?? ""];
    const title = data.missed ? "missedFrom" : released && !(released === "rejectedNote" && data.releasedBy === "local") ? released : "callEnded";
    this.note(data.missed ? "warning" : "info", this.t(title), nameOf(party, call.contacts), party?.number, call.callId);
  }

  #answered(name: string, by: AnsweredBy): void {
    const titles: Record<AnsweredBy, Key | undefined> = {
      here: undefined,
      tab: "answeredTab",
      client: "answeredClient",
      phone: undefined,
      elsewhere: "answeredElsewhere",
    };
    const title = titles[by];
    if (title) this.note("info", this.t(title), name);
  }

  #tab(news: unknown): void {
    const { silenced } = news as { silenced?: string };
    if (typeof silenced === "string") this.silenced.add(silenced);
    this.#changed();
  }

  /** Stops the ring tone of a call, in all tabs. */
  silence(callId: string): void {
    this.silenced.add(callId);
    this.model?.tellTabs({ silenced: callId });
    this.#changed();
  }

  note(kind: Notice["kind"], title: string, text: string, number?: string, callId?: string): void {
    const notice = { id: ++this.#noticed, kind, title, text, number, callId };
    // Of what has ended the last is enough; what failed or was missed stays beside it.
    const stay = this.notices.filter((before) => before.kind !== "info" && before.kind !== kind);
    this.notices = [...stay, notice];
    setTimeout(() => this.dismiss(notice.id), NOTICE);
    this.frame.requestUpdate();
  }

  dismiss(id: number): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.frame.requestUpdate();
  }

  dismissAll(): void {
    this.notices = [];
  }

  /** Sends a command for a button; what fails is told. */
  async send<Name extends keyof CtiCommands>(name: Name, params: CtiCommands[Name]["params"], subject = ""): Promise<CtiCommands[Name]["result"] | undefined> {
    const key = `${name} ${subject}`;
    if (!this.model || this.busy.has(key)) return undefined;
    this.busy.add(key);
    this.frame.requestUpdate();
    try {
      return await this.model.command(name, params);
    } catch (error) {
      const code = error instanceof CtiError ? error.code : "";
      const known = FAILED[code];
      const said = error instanceof Error ? error.message : String(error);
      this.note("error", this.t(known ?? "failed"), known ? "" : said);
      return undefined;
    } finally {
      this.busy.delete(key);
      this.frame.requestUpdate();
    }
  }

  /** Calls what is in the field, or a number. */
  async call(text = this.dial): Promise<void> {
    const { line } = this;
    if (!line || !isNumber(text) || !line.features.includes("dial")) return;
    if (text === this.dial) this.dial = "";
    this.dismissAll();
    this.history?.find("");
    await this.send("makeCall", { line: line.name, to: dialled(text) }, line.name);
  }

  /** Does what a button of a call says. */
  act(name: string, { line, call }: Shown): void {
    const of = { line: line.name, callId: call.callId };
    const send = (command: keyof CtiCommands, more: object = {}) => void this.send(command, { ...of, ...more } as never, call.callId);
    switch (name) {
      case "answer":
        return send("answerCall");
      case "drop":
        return send("dropCall");
      case "hold":
        return send("holdCall");
      case "unhold":
        return send("unholdCall");
      case "mute":
      case "unmute":
        return send(name);
      case "record":
        return send("recordCall", { action: call.recording ? "stop" : "start" });
      case "video":
        return send("setVideoState", { active: !call.video });
      case "park":
        return void this.send("parkCall", of, call.callId).then((result) => result?.slot && this.note("info", this.t("parkedAt", { slot: result.slot }), ""));
      case "recall":
        return void this.#recall(line, call.called?.number ?? "", call.callId);
      case "keypad":
        this.pad = this.pad?.callId === call.callId ? undefined : { callId: call.callId, digits: "" };
        this.target = undefined;
        break;
      case "transfer":
      case "redirect":
        this.target = this.target?.callId === call.callId ? undefined : { callId: call.callId, mode: name, text: "" };
        this.pad = undefined;
    }
    this.frame.requestUpdate();
  }

  async #recall(line: Line, to: string, callId: string): Promise<void> {
    // The busy tone is listened to no longer: the line is needed.
    await this.send("dropCall", { line: line.name, callId }, callId);
    await this.send("makeCall", { line: line.name, to }, line.name);
  }

  /** Does what a button of the pair says. */
  pairAct(feature: string): void {
    const { pair } = this.arranged;
    if (!pair) return;
    const line = pair.line.name;
    const two = { line, callId: pair.first.callId, consultCallId: pair.second.callId };
    const { callId } = two;
    if (feature === "completeTransfer") void this.send("transferCall", two, callId);
    else if (feature === "cancelTransfer") void this.send("cancelTransfer", two, callId);
    else if (feature === "conference") void this.send("conferenceCall", two, callId);
    else if (feature === "alternate") {
      this.chosen = undefined;
      void this.send("alternateCall", { line, callId, otherCallId: pair.second.callId }, callId);
    }
  }

  /** Sends the call of the target field on. */
  async aim(how: "consult" | "blind" | "deflect" | "setup"): Promise<void> {
    const { target } = this;
    const shown = target && this.calls.find(({ call }) => call.callId === target.callId);
    if (!shown || (how !== "setup" && !isNumber(target.text))) return;
    const of = { line: shown.line.name, callId: target.callId };
    const to = dialled(target.text);
    const { callId } = of;
    const done =
      how === "consult"
        ? await this.send("makeConsultCall", { ...of, to }, callId)
        : how === "blind"
          ? await this.send("blindTransferCall", { ...of, to }, callId)
          : how === "deflect"
            ? await this.send("deflectCall", { ...of, to }, callId)
            : await this.send("setupTransferCall", of, callId);
    if (done) this.target = undefined;
    this.frame.requestUpdate();
  }

  /** Sends a digit of the keypad. */
  tone(digit: string): void {
    const { pad } = this;
    const shown = pad && this.calls.find(({ call }) => call.callId === pad.callId);
    if (!pad || !shown || !this.model) return;
    pad.digits = (pad.digits + digit).slice(-32);
    // One after another, as they are typed: each is a command of its own and needs no lock.
    this.model.sendDtmf({ line: shown.line.name, callId: pad.callId, digits: digit }).catch((error: unknown) => {
      this.note("error", this.t("failed"), error instanceof Error ? error.message : String(error));
    });
    this.frame.requestUpdate();
  }
}
