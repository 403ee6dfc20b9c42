import type {
  Agent,
  Call,
  CallFeatureNames,
  AgentFeatureNames,
  Capabilities,
  ConnectionInfo,
  CtiEvents,
  DeviceState,
  Forwarding,
  LastError,
  LineEntry,
  LineState,
} from "./wire.js";

/** An event of a line as it comes from the wire. */
export interface LineEvent<Name extends keyof CtiEvents = keyof CtiEvents> {
  method: Name;
  params: CtiEvents[Name];
}

/** What became of an event: applied; old news; or there is a gap before it. */
export type Applied = "applied" | "ignored" | "gap";

/** Events that begin a state told anew. */
const WHOLE: ReadonlySet<string> = new Set(["initialized", "disconnected", "activeCallSnapshot"]);

/** A call of the table, and when its totals of time (`ringMs`, `talkMs`, `holdMs`) were true, in the host's ms since 1970. */
export interface LiveCall extends Call {
  readonly asOf: number;
}

/**
 * A line: its calls and its agent, as the events have told (M13.8 of the model). A call is replaced as a whole by each
 * event that carries it, and never changed: keep it as long as you like.
 */
export class Line {
  /** `up`, `down`, or `notStarted` (its connection has never worked since the host runs). */
  state: LineEntry["state"] = "notStarted";
  /** Why it is not up. */
  lastError: LastError | undefined;
  /** When its stream began, in ms since 1970. */
  epoch = 0;
  /** The number of the last event. */
  seq = 0;
  /** What it can do at all. */
  capabilities: Capabilities | undefined;
  /** The phone system behind it. */
  phoneSystem: ConnectionInfo | undefined;
  /** What may be done now with the line as a whole. */
  features: CallFeatureNames = [];
  /** What may be done now with its agent. */
  agentFeatures: AgentFeatureNames = [];
  /** The device's own state, when the phone system tells it. */
  deviceState: DeviceState | undefined;
  /** Where its calls are sent on to. */
  forwarding: Forwarding[] = [];
  /** The agent; null: the line has none. */
  agent: Agent | null = null;
  /** The call-centre mode; null: there is no such thing here. */
  callCentreActive: boolean | null = null;
  /** The current call's id. */
  currentCallId: string | null = null;
  /**
   * False between the beginning of a stream and the snapshot that ends its reconciliation: the table is being filled,
   * and who dislikes flicker keeps showing what was there.
   */
  settled = false;

  readonly #calls = new Map<string, LiveCall>();
  #awaited = true;

  constructor(
    /** `connection/device`. */
    readonly name: string,
    /** The connection's id. */
    readonly connection: string,
  ) {}

  /** The device's name. */
  get device(): string {
    return this.name.slice(this.connection.length + 1);
  }

  /** Its calls, in the order of their start. */
  get calls(): LiveCall[] {
    return [...this.#calls.values()];
  }

  /** One of its calls. */
  call(callId: string): LiveCall | undefined {
    return this.#calls.get(callId);
  }

  /** The current call. */
  get currentCall(): LiveCall | undefined {
    return this.currentCallId === null ? undefined : this.#calls.get(this.currentCallId);
  }

  /** What `hello` or `subscribe` says of the line. Not resumed: the state comes anew, and until then nothing counts. */
  enter(entry: LineEntry): void {
    this.capabilities = entry.capabilities;
    this.lastError = entry.lastError;
    this.#awaited = !entry.resumed;
    if (!entry.resumed) {
      this.state = entry.state;
      this.settled = entry.state === "notStarted";
      if (entry.state === "notStarted") this.#begin(entry.epoch, entry.seq);
    }
  }

  /** There is a gap: nothing counts until the state has come anew. */
  await(): void {
    this.#awaited = true;
    this.settled = false;
  }

  /** Takes an event. */
  apply({ method, params }: LineEvent): Applied {
    const told = params as CtiEvents["initialized"];
    const { epoch, seq } = told;
    // A raw message has no number and no say.
    if (epoch === undefined || seq === undefined) return "applied";
    if (told.resent) {
      // Telling anew is about now, but a query's answer may cross an event that is on its way.
      if (!this.#awaited && (epoch < this.epoch || (epoch === this.epoch && seq < this.seq))) return "ignored";
      // One part of a state that is ahead of ours: what lies between has not come.
      if (!this.#awaited && !WHOLE.has(method) && (epoch > this.epoch || seq > this.seq)) return "gap";
    } else if (epoch > this.epoch && method === "initialized") {
      if (seq !== 1) return "gap";
    } else if (this.#awaited || epoch < this.epoch || (epoch === this.epoch && seq <= this.seq)) {
      return "ignored";
    } else if (epoch !== this.epoch || seq !== this.seq + 1) {
      return "gap";
    }
    this.#awaited = this.#awaited && !told.resent && method !== "initialized";
    this.epoch = epoch;
    this.seq = seq;
    this.currentCallId = told.currentCallId;
    this.#change({ method, params } as LineEvent, Date.parse(told.at));
    return "applied";
  }

  #begin(epoch: number, seq: number): void {
    this.epoch = epoch;
    this.seq = seq;
    this.currentCallId = null;
    this.#calls.clear();
    this.#can({ features: [], featuresMask: 0 });
    this.agent = null;
    this.callCentreActive = null;
  }

  #can(line: LineState): void {
    this.features = line.features;
    this.agentFeatures = line.agentFeatures ?? [];
    this.deviceState = line.deviceState;
    this.forwarding = line.forwarding ?? [];
  }

  #put(call: Call, asOf: number): void {
    this.#calls.set(call.callId, { ...call, asOf });
  }

  #change(event: LineEvent, at: number): void {
    switch (event.method) {
      case "initialized": {
        const { data } = event.params as CtiEvents["initialized"];
        this.#begin(this.epoch, this.seq);
        this.state = "up";
        this.lastError = undefined;
        this.settled = false;
        this.capabilities = data.capabilities;
        this.phoneSystem = data.connection;
        return;
      }
      case "disconnected": {
        const { cause } = event.params as CtiEvents["disconnected"];
        this.state = "down";
        if (cause) this.lastError = { code: cause.code, text: cause.text ?? cause.code } as LastError;
        this.#can({ features: [], featuresMask: 0 });
        for (const call of this.#calls.values())
          this.#calls.set(call.callId, { ...call, state: "unknown", features: [], featuresMask: 0 });
        return;
      }
      case "activeCallSnapshot": {
        const { data } = event.params as CtiEvents["activeCallSnapshot"];
        this.#calls.clear();
        for (const call of data.activeCalls) this.#put(call, at);
        this.#can(data.line);
        this.agent = data.agent;
        this.callCentreActive = data.callCentreActive;
        this.settled = data.reason !== "beforeReconcile";
        return;
      }
      case "callFinished": {
        const { data } = event.params as CtiEvents["callFinished"];
        this.#calls.delete(data.call.callId);
        return;
      }
      case "lineStateChanged": {
        const { data } = event.params as CtiEvents["lineStateChanged"];
        this.#can(data.line);
        const call = data.callId === null ? undefined : this.#calls.get(data.callId);
        if (call) this.#calls.set(call.callId, { ...call, features: data.features, featuresMask: data.featuresMask });
        return;
      }
      case "agentStateChanged": {
        const { previous: _, ...agent } = (event.params as CtiEvents["agentStateChanged"]).data;
        this.agent = agent;
        return;
      }
      case "callCentreStateChanged":
        this.callCentreActive = (event.params as CtiEvents["callCentreStateChanged"]).data.isActive;
        return;
      case "callSaved": {
        const { data } = event.params as CtiEvents["callSaved"];
        const call = this.#calls.get(data.callId);
        if (call) this.#calls.set(call.callId, { ...call, databaseId: data.databaseId });
        return;
      }
      default: {
        const { data } = event.params as unknown as { data?: { call?: Call } };
        if (data?.call) this.#put(data.call, at);
      }
    }
  }
}
