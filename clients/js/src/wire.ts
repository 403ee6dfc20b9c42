// Made by scripts/types.mjs from docs/schemas, which are made from the host's own types. Do not edit.

/** One of these names, or one that a later host knows. */
export type Open<Names extends string> = Names | (string & {});

/** `activeCallSnapshot`. */
export interface ActiveCallSnapshotData {
  /** All calls that are started and not finished, in the order of their start. */
  activeCalls: Call[];
  /** The agent, if the line has one. */
  agent: Agent | null;
  /** The number of the event up to which it is true. */
  asOfSeq: number;
  /** The call-centre mode, if there is one. */
  callCentreActive: boolean | null;
  /** The line. */
  line: LineState;
  /** Why it is sent. */
  reason: SnapshotReason;
}

/** The state of a line's agent. */
export interface Agent {
  /** The agent's id in the phone system. */
  agentId?: string;
  /** The phone system's code for it. */
  code: string;
  /** A state chosen for later. */
  pending: string | null;
  /** The state in each queue. */
  queues?: AgentQueue[];
  /** The reason. */
  reason: Reason | null;
  /** What the agent may choose now. */
  selectable: SelectableState[];
  /** Since when. */
  since?: Time;
  /** The normalised state. */
  state: AgentState;
}

/** What may be done with an agent's session, by name. */
export type AgentFeatureNames = Open<"wrapUp" | "callCentreMode" | "callRecords" | "login" | "setState" | "reasons" | "pendingState" | "dnd" | "forwarding">[];

/** The agent's state in one queue. */
export interface AgentQueue {
  /** The queue. */
  id: string;
  /** Its name. */
  name?: string;
  /** The reason in it. */
  reason: string | null;
  /** The state in it. */
  state: AgentState;
}

/**
 * The normalised state of an agent (MODEL M10).
 *
 * - `loggedOut`: Not logged in.
 * - `notReady`: Takes no calls.
 * - `ready`: Takes calls.
 * - `reserved`: A call is coming.
 * - `busy`: In a call.
 * - `afterCallWork`: Works on the last call.
 * - `held`: Has a call on hold.
 * - `unknown`: Not known.
 */
export type AgentState = Open<"loggedOut" | "notReady" | "ready" | "reserved" | "busy" | "afterCallWork" | "held" | "unknown">;

/** The agent's state has changed. */
export interface AgentStateChangedData {
  /** The agent's id in the phone system. */
  agentId?: string;
  /** The phone system's code for it. */
  code: string;
  /** A state chosen for later. */
  pending: string | null;
  /** The state before; null: the first one of this epoch. */
  previous: PreviousAgentState | null;
  /** The state in each queue. */
  queues?: AgentQueue[];
  /** The reason. */
  reason: Reason | null;
  /** What the agent may choose now. */
  selectable: SelectableState[];
  /** Since when. */
  since?: Time;
  /** The normalised state. */
  state: AgentState;
}

/** A call as it was right after an event. */
export interface Call {
  /** The host's id. */
  callId: CallId;
  /** Who is called. */
  called: PartyNumber | null;
  /** Who calls. */
  caller: PartyNumber | null;
  /** Why its state is as it is. */
  cause?: CauseCode;
  /** When two-way speech became possible; none: not yet, or not known. */
  connectedAt: Time | null;
  /** What the directory found, once it has searched. */
  contacts?: Contact[];
  /** The id of its history row. */
  databaseId?: string;
  /** The line's device. */
  device: string;
  /** Its way; fixed once known. */
  direction: Direction;
  /** What may be done with it now. */
  features: CallFeatureNames;
  /** `features` as bits. */
  featuresMask: number;
  /** When it ended. */
  finishedAt: Time | null;
  /** Ids that tie legs of one conversation, newest first, when known. */
  globalCallIds?: string[];
  /** How often it was held. */
  holdCount: number;
  /** Milliseconds on hold. */
  holdMs: number;
  /** Whether it is the line's current call. */
  isCurrent: boolean;
  /** Records of the CRM tied to it. */
  links?: Link[];
  /** Whether the line is muted. */
  muted?: boolean;
  /** The phone system's id now. */
  nativeId: string | null;
  /** All native ids it had, oldest first. */
  nativeIds?: string[];
  /** The call it was made from or beside; of a recall, the call that came back. */
  parentCallId: CallId | null;
  /** All parties, when known. */
  participants?: Participant[];
  /** Detail within `alerting`; kept at the end of a call that never left it. */
  phase?: Phase;
  /** The queue it came through. */
  queue?: Queue;
  /** Whether it is being recorded. */
  recording?: boolean;
  /** Who sent it here. */
  redirecting?: PartyNumber;
  /** Where it was sent. */
  redirection?: PartyNumber;
  /** Milliseconds rung. */
  ringMs: number;
  /** What it is to the other calls of its line. */
  role: Role;
  /** Internal or external. */
  scope?: Scope;
  /** When it began. */
  startedAt: Time;
  /** Its state. */
  state: CallState;
  /** Milliseconds talked, hold excluded. */
  talkMs: number;
  /** Data attached to it. */
  userData?: Record<string, string>;
  /** Whether video flows. */
  video?: boolean;
}

/** The call-centre mode was switched. */
export interface CallCentreStateChangedData {
  /** Whether it is on. */
  isActive: boolean;
}

/** A call. */
export interface CallData {
  /** The call after the event, complete. */
  call: Call;
}

/** What may be done with a call or a line, by name. */
export type CallFeatureNames = Open<"recall" | "dial" | "answer" | "drop" | "hold" | "unhold" | "setupTransfer" | "completeTransfer" | "blindTransfer" | "makeConsultCall" | "dtmf" | "video" | "mute" | "cancelTransfer" | "unmute" | "alternate" | "conference" | "deflect" | "pickup" | "park" | "record" | "setUserData">[];

/** A call is over. Why is in `cause`. */
export interface CallFinishedData {
  /** The call, complete, for the last time. */
  call: Call;
  /** Nobody saw the end: `finishedAt` is when the call was last known to live. */
  estimated?: true;
  /** The state before. */
  finishedFrom: CallState;
  /** An incoming call that nobody took. */
  missed: boolean;
  /** Who ended it. */
  releasedBy: ReleasedBy;
}

/** The host's name for a call, the same over native renames, reconnects and epochs. In production a UUIDv7 text. */
export type CallId = string;

/** Something of a call has changed. */
export interface CallInfoChangedData {
  /** The call after the event, complete. */
  call: Call;
  /** What. */
  changed: ChangedNames;
}

/** The answer to a command on a call: the phone system accepted it. */
export interface CallResult {
  /** The call. */
  callId: CallId;
  /** Nothing had to be done: it was so already. */
  noop?: boolean;
}

/** `callSaved`. */
export interface CallSavedData {
  /** The call. */
  callId: CallId;
  /** Whether the row is new. */
  created: boolean;
  /** The id of the history row. */
  databaseId: string;
  /** Whether the row is complete. */
  final: boolean;
  /** The row's revision; grows by one, from 1. */
  revision: number;
  /** Which store. */
  store: string;
}

/**
 * The state of a call as its line sees it (MODEL: states).
 *
 * - `alerting`: Set up, not connected yet; the phase says more.
 * - `connected`: Two-way speech.
 * - `held`: On hold by this line.
 * - `conferenced`: Three or more parties talk.
 * - `busy`: The called side is busy.
 * - `finished`: Over. The last fact of a call.
 * - `unknown`: Not known (only after a connection loss).
 */
export type CallState = Open<"alerting" | "connected" | "held" | "conferenced" | "busy" | "finished" | "unknown">;

/** What a line can do at all. What it can do now is in `lineStateChanged` and in each call's features. */
export interface Capabilities {
  /** With the agent's session. */
  agent: AgentFeatureNames;
  /** `agent` as bits. */
  agentMask: number;
  /** Whether busy is told apart from other failures. */
  busyDetection: boolean;
  /** With calls. */
  call: CallFeatureNames;
  /** `call` as bits. */
  callMask: number;
  /** Whether one call of a held and connected pair can be dropped without touching the other. */
  dropsOneOfPair: boolean;
  /** Whether an attended transfer can be completed while the target still rings. */
  earlyTransfer: boolean;
  /** How hold is known. */
  holdDetection: HoldDetection;
  /** Whether the phone system renames calls while they live. */
  renamesCalls: boolean;
  /** Names that `librarySpecificService` takes. */
  services: string[];
  /** What the phone system can tell after a loss. */
  snapshot: SnapshotSupport;
  /** Whose clock the times of calls come from. */
  timestamps: TimestampSource;
}

/** Why an event happened. */
export interface Cause {
  /** A stable word: a `CauseCode`, an `ErrorCode`, or one of the model's own (`callEnded`, `firstSeen`, `reconciled`, `missingCommutation`, `previousFinished`, `parentFinished`, `answered`, `resumed`, `consult`, `lineClosed`). */
  code: CauseName;
  /** The phone system's codes. */
  native?: Native;
  /** In words. */
  text?: string;
}

/**
 * Why a call ended (MODEL M10 and M13.9).
 *
 * - `normalClearing`: Ended by a party after it was connected.
 * - `busy`: The called side was busy.
 * - `noAnswer`: The phone system ended the attempt unanswered.
 * - `rejected`: The called side declined.
 * - `cancelled`: The calling side gave up before the answer.
 * - `transferred`: Transferred away.
 * - `conferenced`: Merged into a conference.
 * - `redirected`: Taken away by forwarding, a redirect or another application.
 * - `parked`: Put into a parking slot.
 * - `pickedUpElsewhere`: Answered by another member, appearance or picker.
 * - `invalidDestination`: There is no such number.
 * - `networkError`: The network failed.
 * - `lost`: Lost while the connection was down.
 * - `unknown`: Not known.
 */
export type CauseCode = Open<"normalClearing" | "busy" | "noAnswer" | "rejected" | "cancelled" | "transferred" | "conferenced" | "redirected" | "parked" | "pickedUpElsewhere" | "invalidDestination" | "networkError" | "lost" | "unknown">;

/** Why an event happened: the end of a call, a fault, or a rule of the model. */
export type CauseName = Open<"normalClearing" | "busy" | "noAnswer" | "rejected" | "cancelled" | "transferred" | "conferenced" | "redirected" | "parked" | "pickedUpElsewhere" | "invalidDestination" | "networkError" | "lost" | "unknown" | "answered" | "callEnded" | "consult" | "firstSeen" | "lineClosed" | "missingCommutation" | "parentFinished" | "previousFinished" | "reconciled" | "resumed" | "general" | "adapterLoadFailed" | "abiMismatch" | "configInvalid" | "connectionFailed" | "connectionLost" | "tlsFailed" | "phoneSystemUnavailable" | "linkDown" | "deviceOutOfService" | "authenticationFailed" | "forbidden" | "licenceMissing" | "commandFailed" | "timeout" | "commandNotSupported" | "invalidCallState" | "unknownCall" | "notOwner" | "deviceClaimed" | "deviceBusy" | "invalidDigits" | "agentStateForbids" | "notAnswerableHere" | "noConsultCall" | "nothingToPickUp" | "unknownState" | "reasonRequired" | "recordNotFound" | "storeFailed" | "adapterFault" | "rateLimited" | "overloaded" | "protocolError" | "versionUnsupported">;

/** What of a call has changed: names of its fields. */
export type ChangedNames = Open<"nativeId" | "globalCallIds" | "databaseId" | "direction" | "scope" | "state" | "phase" | "caller" | "called" | "redirecting" | "redirection" | "role" | "parentCallId" | "participants" | "muted" | "video" | "recording" | "queue" | "userData" | "connectedAt" | "contacts" | "links">[];

/** Who connects. */
export interface ClientInfo {
  /** The name. */
  name?: string | null;
  /** The version. */
  version?: string | null;
}

/** A connection to a phone system. */
export interface ConnectionInfo {
  /** The adapter plugin. */
  adapter: string;
  /** The plugin's version. */
  adapterVersion: string;
  /** Its id. */
  id: string;
  /** The phone system, as people call it. */
  phoneSystem: string;
}

/** A record of the directory that fits a number of the call. */
export interface Contact {
  /** The record's id in its source. */
  id: string;
  /** `contact`, `account`, `employee`. */
  kind: string;
  /** Whether the whole number fitted, or its last digits. */
  match: NumberMatch;
  /** Whose it is. */
  name: string;
  /** The number that fitted. */
  number: string;
  /** The organisation. */
  organisation?: string;
  /** Where it was found. */
  source: string;
}

/** Another call is the current one. */
export interface CurrentCallChangedData {
  /** The current call now, complete. */
  call: Call;
  /** The current call before. */
  previousCallId: CallId;
}

/** A line's device. */
export interface DeviceInfo {
  /** The part of the line's name after the slash. */
  id: string;
  /** Whether it works. */
  state: DeviceState;
}

/**
 * Whether a device works.
 *
 * - `inService`: It works.
 * - `outOfService`: It does not (not registered, switched off).
 * - `unknown`: Not known.
 */
export type DeviceState = Open<"inService" | "outOfService" | "unknown">;

/**
 * The way of a call. Fixed with the first fact that names it.
 *
 * - `in`: To this line.
 * - `out`: From this line.
 * - `unknown`: Not known.
 */
export type Direction = Open<"in" | "out" | "unknown">;

/** A line's stream ends. Why is in `cause`. */
export interface DisconnectedData {
  /** The calls that were up. They are not ended by it. */
  activeCallIds: CallId[];
  /** What the calls' state is now. */
  callsState: "unknown";
  /** The opposite of `willRetry`, as the CtiModel has it. */
  ignoreTryReconnection: boolean;
  /** When, in milliseconds. */
  retryInMs?: number;
  /** What went down. */
  scope: LossScope;
  /** Whether the host tries again. */
  willRetry: boolean;
}

/** `dtmfEntered`. */
export interface DtmfEnteredData {
  /** Who sent them. */
  by: Side;
  /** The call. */
  callId: CallId;
  /** The digits. */
  digits: string;
}

/** Accepted. */
export type EmptyResult = Record<string, unknown>;

/**
 * The stable error codes of MODEL M10.
 *
 * - `general`: Anything without a code of its own.
 * - `adapterLoadFailed`: The adapter's library cannot be loaded.
 * - `abiMismatch`: The library was built for another ABI.
 * - `configInvalid`: The configuration is wrong.
 * - `connectionFailed`: No connection to the phone system.
 * - `connectionLost`: The connection broke.
 * - `tlsFailed`: TLS failed.
 * - `phoneSystemUnavailable`: The phone system answers, but does not work.
 * - `linkDown`: A link behind the phone system is down.
 * - `deviceOutOfService`: The device does not work.
 * - `authenticationFailed`: The phone system refused the credentials.
 * - `forbidden`: Not allowed.
 * - `licenceMissing`: The phone system misses a licence.
 * - `commandFailed`: The phone system refused the command.
 * - `timeout`: No answer in time.
 * - `cancelled`: Given up.
 * - `commandNotSupported`: Not possible here at all.
 * - `invalidCallState`: Not possible in the call's state.
 * - `unknownCall`: There is no such call.
 * - `notOwner`: Somebody else owns it.
 * - `deviceClaimed`: Another connection claims the device.
 * - `deviceBusy`: The device is busy.
 * - `invalidDestination`: There is no such number.
 * - `invalidDigits`: Not digits.
 * - `agentStateForbids`: Not possible in the agent's state.
 * - `notAnswerableHere`: The call can only be answered at the phone.
 * - `noConsultCall`: There is no consultation.
 * - `nothingToPickUp`: Nothing rings.
 * - `unknownState`: There is no such agent state.
 * - `reasonRequired`: The state needs a reason.
 * - `recordNotFound`: There is no such recording.
 * - `storeFailed`: The call could not be stored.
 * - `adapterFault`: The adapter is at fault.
 * - `rateLimited`: Too many requests.
 * - `overloaded`: The host has too much to do.
 * - `protocolError`: Not the protocol.
 * - `versionUnsupported`: Not a version we speak.
 */
export type ErrorCode = Open<"general" | "adapterLoadFailed" | "abiMismatch" | "configInvalid" | "connectionFailed" | "connectionLost" | "tlsFailed" | "phoneSystemUnavailable" | "linkDown" | "deviceOutOfService" | "authenticationFailed" | "forbidden" | "licenceMissing" | "commandFailed" | "timeout" | "cancelled" | "commandNotSupported" | "invalidCallState" | "unknownCall" | "notOwner" | "deviceClaimed" | "deviceBusy" | "invalidDestination" | "invalidDigits" | "agentStateForbids" | "notAnswerableHere" | "noConsultCall" | "nothingToPickUp" | "unknownState" | "reasonRequired" | "recordNotFound" | "storeFailed" | "adapterFault" | "rateLimited" | "overloaded" | "protocolError" | "versionUnsupported">;

/** What programs act on. */
export interface ErrorData {
  /** What kind. */
  code: ErrorCode;
  /** What the phone system said. */
  native?: Native;
  /** The parameter that is wrong (RFC 6901), from the top of the request. */
  pointer?: string;
  /** Whether the same request may work later. */
  retryable: boolean;
  /** The number that the CtiModel used for this kind. */
  type: number;
}

/** A fault that no command's answer tells. */
export interface ErrorEventData {
  /** The call it is about. */
  callId?: CallId;
  /** What kind. */
  code: ErrorCode;
  /** What was found, where, what to do. */
  message: string;
  /** What the phone system said. */
  native?: Native;
  /** Whether the same may work later without anybody changing anything. */
  retryable: boolean;
  /** How bad. */
  severity: Severity;
  /** Who noticed. */
  source: Open<"phoneSystem" | "adapter" | "host">;
  /** The number that the CtiModel used for this kind. */
  type: number;
}

/** Why a request was refused. */
export interface ErrorObject {
  /** JSON-RPC's own code, or -32000. */
  code: -32700 | -32600 | -32601 | -32602 | -32000;
  /** What programs act on. */
  data: ErrorData;
  /** In words, for people. */
  message: string;
}

/** A forwarding that is set. */
export interface Forwarding {
  /** When. */
  kind: ForwardingKind;
  /** Where to. */
  to: string;
}

/**
 * When a call is forwarded.
 *
 * - `all`: Always.
 * - `busy`: When busy.
 * - `noAnswer`: When nobody answers.
 */
export type ForwardingKind = Open<"all" | "busy" | "noAnswer">;

/** The answer to `hello`. */
export interface HelloResult {
  /** The lines that are subscribed, in the user's order. */
  lines: LineEntry[];
  /** The version of the protocol. */
  protocol: 1;
  /** The session's id, as `replyTo` names it. */
  session: string;
  /** Who it is. */
  user: UserInfo;
}

/** A call that is held or taken back. */
export interface HoldData {
  /** The call after the event, complete. */
  call: Call;
  /** By whom. What the other party does is told by `callInfoChanged`. */
  heldBy: "local";
}

/**
 * How hold is known.
 *
 * - `native`: The phone system reports it.
 * - `inferred`: Inferred from other things.
 * - `none`: It is not.
 */
export type HoldDetection = Open<"native" | "inferred" | "none">;

/** A line's stream begins. */
export interface InitializedData {
  /** What this line can do. */
  capabilities: Capabilities;
  /** The connection. */
  connection: ConnectionInfo;
  /** The device. */
  device: DeviceInfo;
  /** Whether the line was up before, so that calls may have kept their ids. */
  resumed: boolean;
}

/** Why a line does not work. */
export interface LastError {
  /** What kind. */
  code: ErrorCode;
  /** What was found, where, what to do. */
  text: string;
}

/** A line that is subscribed. */
export interface LineEntry {
  /** What the line can do at all. */
  capabilities: Capabilities;
  /** The connection's id. */
  connection: string;
  /** The current epoch, or the last one; 0 before the first. */
  epoch: number;
  /** Why they do not. */
  lastError?: LastError;
  /** The line: `connection/device`. */
  line: string;
  /** Whether the missed events follow, and no snapshot. */
  resumed: boolean;
  /** The number of its last event; 0 before the first. */
  seq: number;
  /** Whether its events flow. */
  state: Open<"up" | "down" | "notStarted">;
}

/** The answer to a command on a line or an agent: the phone system accepted it. */
export interface LineResult {
  /** Nothing had to be done: it was so already. */
  noop?: boolean;
}

/** What is so of a line itself. */
export interface LineState {
  /** What may be done with the agent's session, if the adapter says so. */
  agentFeatures?: AgentFeatureNames;
  /** `agentFeatures` as bits. */
  agentFeaturesMask?: number;
  /** Whether the device works, if known. */
  deviceState?: DeviceState;
  /** What may be done now: the current call's features; without a call, dial and pickup. */
  features: CallFeatureNames;
  /** `features` as bits. */
  featuresMask: number;
  /** The forwardings that are set, if known. */
  forwarding?: Forwarding[];
}

/** `lineStateChanged`. */
export interface LineStateChangedData {
  /** The call it speaks of; none: the line. */
  callId: CallId | null;
  /** The features of that call, or of the line. */
  features: CallFeatureNames;
  /** `features` as bits. */
  featuresMask: number;
  /** The line. */
  line: LineState;
}

/** A record of the CRM that is tied to the call. */
export interface Link {
  /** Its id in the CRM. */
  id: string;
  /** `Contact`, `Account`, `Case`, `Order` … */
  kind: string;
  /** What to show. */
  title: string;
}

/**
 * What went down.
 *
 * - `connection`: The connection with all its lines.
 * - `line`: This line alone.
 */
export type LossScope = Open<"connection" | "line">;

/** What the phone system said, in its own words and codes. */
export type Native = unknown;

/** The answer to a command that makes a call. */
export interface NewCallResult {
  /** The call that was made; absent when nothing had to be done. */
  callId?: CallId;
  /** Nothing had to be done: it was so already. */
  noop?: boolean;
}

/** A number, and whose it is. */
export interface PartyNumber {
  /** As the phone system gives it. */
  name?: string;
  /** In E.164, by the host's directory. */
  normalized?: string;
  /** As the phone system gives it. */
  number: string;
}

/** Whether the whole number fitted, or its last digits. */
export type NumberMatch = Open<"exact" | "suffix">;

/** The answer to `parkCall`. */
export interface ParkResult {
  /** The call. */
  callId: CallId;
  /** Nothing had to be done: it was so already. */
  noop?: boolean;
  /** Where it is parked, when the phone system tells. */
  slot?: string;
}

/** One party of a call, the local one included. */
export interface Participant {
  /** The adapter's own name for the participant, stable within the call. */
  id: string;
  /** Whether it is this line. */
  local: boolean;
  /** Its name. */
  name?: string;
  /** Its number. */
  number: string;
  /** What it is there for. */
  role: PartyRole;
  /** Its connection state. */
  state: PartyState;
}

/**
 * What a participant is there for.
 *
 * - `party`: To talk.
 * - `supervisor`: To supervise.
 * - `recorder`: To record.
 * - `ivr`: A machine.
 */
export type PartyRole = Open<"party" | "supervisor" | "recorder" | "ivr">;

/**
 * A participant's connection state (CSTA).
 *
 * - `initiated`: Off hook.
 * - `alerting`: Ringing.
 * - `connected`: Talking.
 * - `held`: On hold.
 * - `queued`: Waiting in a queue.
 * - `failed`: Failed.
 */
export type PartyState = Open<"initiated" | "alerting" | "connected" | "held" | "queued" | "failed">;

/**
 * Detail within `alerting`.
 *
 * - `initiated`: Off hook, nothing dialled yet.
 * - `offered`: Offered to the line, not ringing yet.
 * - `ringing`: Ringing at the called side.
 * - `ownRinging`: Our click-to-call: the own phone rings first.
 * - `dialing`: Dialled, nothing heard yet.
 * - `queued`: Waiting in a queue.
 * - `early`: Early media.
 */
export type Phase = Open<"initiated" | "offered" | "ringing" | "ownRinging" | "dialing" | "queued" | "early">;

/** The agent's state before. */
export interface PreviousAgentState {
  /** The phone system's code for it. */
  code: string;
  /** The reason. */
  reason: Reason | null;
  /** The normalised state. */
  state: AgentState;
}

/** A queue of the phone system. */
export interface Queue {
  /** Its id. */
  id: string;
  /** Its name. */
  name?: string;
}

/** A message of the phone system. */
export interface RawMessageData {
  /** From the phone system, or to it. */
  dir: Open<"in" | "out">;
  /** `csta-xml`, `ami` … */
  format: string;
  /** The message. */
  message: string;
  /** What was replaced. */
  redacted: string[];
  /** In a few words. */
  summary: string;
}

/** A reason for a state, as the phone system lists it. */
export interface Reason {
  /** Its code. */
  code: string;
  /** Its text. */
  label?: string;
}

/**
 * What to do with a recording.
 *
 * - `start`: Begin.
 * - `stop`: End.
 * - `pause`: Pause.
 * - `resume`: Go on after a pause.
 */
export type RecordAction = "start" | "stop" | "pause" | "resume";

/** The answer to `recordCall`. */
export interface RecordResult {
  /** The call. */
  callId: CallId;
  /** Nothing had to be done: it was so already. */
  noop?: boolean;
  /** How the phone system names the recording, when it tells. */
  reference?: string;
}

/** The answer to `queryCallRecords`. */
export interface RecordsResult {
  /** Until when, when the phone system tells: as the adapter gives it, RFC 3339 or milliseconds since 1970. */
  expiresAt?: string | number;
  /** Where the recordings can be fetched. */
  urls: string[];
}

/**
 * Who ended a call.
 *
 * - `local`: This line.
 * - `remote`: The other party.
 * - `system`: The phone system.
 * - `unknown`: Not known.
 */
export type ReleasedBy = Open<"local" | "remote" | "system" | "unknown">;

/** The command that led to an event. */
export interface ReplyTo {
  /** The id of its request. */
  id: RequestId;
  /** The session that sent it. */
  session: string;
}

/** The id of a request, as the client gave it. */
export type RequestId = string | number;

/**
 * What a call is to the other calls of its line.
 *
 * - `primary`: The main call.
 * - `consult`: Made from another call, to consult.
 * - `secondary`: A further call beside another.
 */
export type Role = Open<"primary" | "consult" | "secondary">;

/**
 * Where the other party is.
 *
 * - `internal`: In the same phone system.
 * - `external`: Outside.
 * - `unknown`: Not known.
 */
export type Scope = Open<"internal" | "external" | "unknown">;

/** Up to where a client has seen a line's events. */
export interface Seen {
  /** The epoch of the last event. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** Its number. */
  seq: number;
}

/** A state that the agent may choose. */
export interface SelectableState {
  /** The phone system's code, to be sent with `setUserState`. */
  code: string;
  /** The reasons to choose from. */
  reasons?: Reason[];
  /** What it means. */
  state: AgentState;
}

/** The answer to `librarySpecificService`: what the adapter says. */
export type ServiceResult = Record<string, unknown>;

/**
 * How bad a fault is.
 *
 * - `warning`: Work goes on; somebody should look.
 * - `error`: Something was not done.
 * - `fatal`: The connection is lost by it; a `Down` follows.
 */
export type Severity = Open<"warning" | "error" | "fatal">;

/**
 * A side of a call.
 *
 * - `local`: This line.
 * - `remote`: The other party.
 */
export type Side = Open<"local" | "remote">;

/**
 * A kind of WebRTC signal.
 *
 * - `offer`: An SDP offer.
 * - `answer`: An SDP answer.
 * - `candidate`: An ICE candidate.
 * - `bye`: The end.
 */
export type SignalKind = "offer" | "answer" | "candidate" | "bye";

/**
 * Why a snapshot is sent (M13.4).
 *
 * - `beforeReconcile`: An epoch begins: the host's table as it was left.
 * - `reconciled`: The table agrees with the phone system again.
 * - `session`: A session has come.
 * - `query`: A client asked.
 * - `overflow`: A client was too slow and missed events.
 */
export type SnapshotReason = Open<"beforeReconcile" | "reconciled" | "session" | "query" | "overflow">;

/**
 * What a snapshot holds.
 *
 * - `full`: All calls with their states.
 * - `ids`: The calls, but not every state.
 * - `none`: There is none.
 */
export type SnapshotSupport = Open<"full" | "ids" | "none">;

/** The answer to `subscribe`. */
export interface SubscribeResult {
  /** The lines that were named. */
  lines: LineEntry[];
}

/** A point in time: RFC 3339, UTC, with milliseconds. */
export type Time = string;

/**
 * Whose clock times come from.
 *
 * - `native`: The phone system's.
 * - `arrival`: The host's, when the message came.
 */
export type TimestampSource = Open<"native" | "arrival">;

/** Who it is. */
export interface UserInfo {
  /** The name. */
  name: string;
  /** What they may do. */
  role: Open<"agent" | "supervisor" | "service" | "admin">;
}

/** WebRTC media ended. */
export interface WebRtcDestroyedData {
  /** Its call. */
  callId: CallId;
  /** The session. */
  sessionId: string;
}

/** WebRTC media began. */
export interface WebRtcStartedData {
  /** Its call. */
  callId: CallId;
  /** Where the media goes. */
  endpoint: "browser";
  /** `audio`, `video`. */
  media: string[];
  /** The client that should attach media; null: none is known. */
  ownerSession: string | null;
  /** The session. */
  sessionId: string;
}

/** `webRtcVideoStarted`. */
export interface WebRtcVideoStartedData {
  /** Its call. */
  callId: CallId;
  /** `sendrecv`, `sendonly`, `recvonly`, `inactive`. */
  direction: string;
  /** The session. */
  sessionId: string;
}

/** All calls of a line. */
export interface ActiveCallSnapshotParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: ActiveCallSnapshotData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** The agent's state has changed. */
export interface AgentStateChangedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: AgentStateChangedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** The called side is busy. */
export interface CallBusyParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** The call-centre mode was switched. */
export interface CallCentreStateChangedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallCentreStateChangedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A call is over. */
export interface CallFinishedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallFinishedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** Something of a call has changed. */
export interface CallInfoChangedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallInfoChangedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A call was written to the history. */
export interface CallSavedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallSavedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A call is there. */
export interface CallStartedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** Two-way speech is possible, for the first time in this call. */
export interface CommutationStartedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CallData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** Another call is the current one. */
export interface CurrentCallChangedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: CurrentCallChangedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A line's stream ends. */
export interface DisconnectedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: DisconnectedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** Digits were sent or received. */
export interface DtmfEnteredParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: DtmfEnteredData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A fault. */
export interface ErrorParams {
  /** The host's time. */
  at: Time;
  /** The connection's id. */
  connection: string;
  /** The line's current call; null when there is none. */
  currentCallId: CallId | null;
  /** What happened. */
  data: ErrorEventData;
  /** The line's epoch; absent: the connection as a whole. */
  epoch?: number;
  /** The line: `connection/device`; null: the connection as a whole. */
  line: string | null;
  /** The request that led to it. */
  replyTo?: ReplyTo;
  /** The number within the epoch; absent: the connection as a whole. */
  seq?: number;
  /** The phone system's time. */
  srcAt?: Time;
}

/** A call was held by this line. */
export interface HoldParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: HoldData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A line's stream begins. */
export interface InitializedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: InitializedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** What may be done has changed. */
export interface LineStateChangedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: LineStateChangedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** A message of the phone system, for diagnostics. */
export interface RawMessageParams {
  /** The host's time. */
  at: Time;
  /** The connection's id. */
  connection: string;
  /** The line's current call; null when there is none. */
  currentCallId: CallId | null;
  /** The message. */
  data: RawMessageData;
  /** The line's epoch; absent: the connection as a whole. */
  epoch?: number;
  /** The line: `connection/device`; null: the connection as a whole. */
  line: string | null;
  /** Its own number; raw messages use no `seq`. */
  rawSeq: number;
}

/** The host is stopping; the socket is closed after it. Not an event of a line. */
export interface ReconnectParams {
  /** Why, as a word. */
  reason: Open<"stopping">;
  /** Why, in words. */
  text: string;
}

/** A call was taken back. */
export interface UnholdParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: HoldData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** WebRTC media ended. */
export interface WebRtcDestroyedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: WebRtcDestroyedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** WebRTC media began. */
export interface WebRtcStartedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: WebRtcStartedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** WebRTC video began or changed. */
export interface WebRtcVideoStartedParams {
  /** The host's time. */
  at: Time;
  /** Why it happened. */
  cause?: Cause;
  /** The connection's id. */
  connection: string;
  /** The line's current call after the event; null when there is no call. */
  currentCallId: CallId | null;
  /** What happened. */
  data: WebRtcVideoStartedData;
  /** When the line's stream began, in milliseconds since 1970; greater with every new beginning. */
  epoch: number;
  /** The line: `connection/device`. */
  line: string;
  /** The request that led to it; anybody's. */
  replyTo?: ReplyTo;
  /** The state as it is, told again to this session alone; it uses no number of its own. */
  resent?: true;
  /** The number within the epoch: from 1, without gaps. A resent event has the number of the last one. */
  seq: number;
  /** The phone system's time; it may step back. */
  srcAt?: Time;
  /** The host made it up, so that the stream keeps its rules; `cause` says why. */
  synthetic?: true;
}

/** The 21 events, and what each carries. */
export interface CtiEvents {
  /** All calls of a line. */
  activeCallSnapshot: ActiveCallSnapshotParams;
  /** The agent's state has changed. */
  agentStateChanged: AgentStateChangedParams;
  /** The called side is busy. */
  callBusy: CallBusyParams;
  /** The call-centre mode was switched. */
  callCentreStateChanged: CallCentreStateChangedParams;
  /** A call is over. */
  callFinished: CallFinishedParams;
  /** Something of a call has changed. */
  callInfoChanged: CallInfoChangedParams;
  /** A call was written to the history. */
  callSaved: CallSavedParams;
  /** A call is there. */
  callStarted: CallStartedParams;
  /** Two-way speech is possible, for the first time in this call. */
  commutationStarted: CommutationStartedParams;
  /** Another call is the current one. */
  currentCallChanged: CurrentCallChangedParams;
  /** A line's stream ends. */
  disconnected: DisconnectedParams;
  /** Digits were sent or received. */
  dtmfEntered: DtmfEnteredParams;
  /** A fault. */
  error: ErrorParams;
  /** A call was held by this line. */
  hold: HoldParams;
  /** A line's stream begins. */
  initialized: InitializedParams;
  /** What may be done has changed. */
  lineStateChanged: LineStateChangedParams;
  /** A message of the phone system, for diagnostics. */
  rawMessage: RawMessageParams;
  /** A call was taken back. */
  unhold: UnholdParams;
  /** WebRTC media ended. */
  webRtcDestroyed: WebRtcDestroyedParams;
  /** WebRTC media began. */
  webRtcStarted: WebRtcStartedParams;
  /** WebRTC video began or changed. */
  webRtcVideoStarted: WebRtcVideoStartedParams;
}

/** The names of the 21 events. */
export const EVENT_NAMES = [
  "activeCallSnapshot",
  "agentStateChanged",
  "callBusy",
  "callCentreStateChanged",
  "callFinished",
  "callInfoChanged",
  "callSaved",
  "callStarted",
  "commutationStarted",
  "currentCallChanged",
  "disconnected",
  "dtmfEntered",
  "error",
  "hold",
  "initialized",
  "lineStateChanged",
  "rawMessage",
  "unhold",
  "webRtcDestroyed",
  "webRtcStarted",
  "webRtcVideoStarted",
] as const;

/** Of `alternateCall`: Swaps a held and a connected call. */
export interface AlternateCallParams {
  /** The one call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** The other. */
  otherCallId: CallId;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `answerCall`: Answers a ringing call. */
export interface AnswerCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `blindTransferCall`: Transfers a call without asking. */
export interface BlindTransferCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** Where to. */
  to: string;
}

/** Of `cancelTransfer`: Gives a consultation up and returns to the first call. */
export interface CancelTransferParams {
  /** The first call. */
  callId: CallId;
  /** The consultation. */
  consultCallId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `changeCallCentreState`: Switches the call-centre mode. */
export interface ChangeCallCentreStateParams {
  /** On or off. */
  active: boolean;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `conferenceCall`: Joins two calls into a conference. */
export interface ConferenceCallParams {
  /** The call that stays. */
  callId: CallId;
  /** The call that is merged into it. */
  consultCallId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `deflectCall`: Sends a ringing call elsewhere. */
export interface DeflectCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** Where to. */
  to: string;
}

/** Of `dropCall`: Ends a call, and nothing else. */
export interface DropCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `getCapabilities`: Asks what the line can do at all. */
export interface GetCapabilitiesParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `holdCall`: Puts a call on hold. */
export interface HoldCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `holdOrUnholdCall`: Holds a call, or takes it back when it is held. */
export interface HoldOrUnholdCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `hookup`: Goes off hook. */
export interface HookupParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `librarySpecificService`: Something that only this phone system can; the manifest lists the names. */
export interface LibrarySpecificServiceParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** Its name. */
  name: string;
  /** Its parameters. */
  params?: unknown;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `loginAgent`: Logs an agent in. */
export interface LoginAgentParams {
  /** The device to log in at. */
  device?: string | null;
  /** The agent's id. */
  id: string;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** The name of a secret of the line's settings. */
  secretRef?: string | null;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `logoutAgent`: Logs an agent out. */
export interface LogoutAgentParams {
  /** The device. */
  device?: string | null;
  /** The agent's id. */
  id?: string | null;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `makeCall`: Calls somebody. */
export interface MakeCallParams {
  /** Show no number. */
  anonymous?: boolean;
  /** The number to show. */
  from?: string | null;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** Whom to call. */
  to: string;
  /** Data to attach to the call. */
  userData?: Record<string, string>;
}

/** Of `makeConsultCall`: Holds a call and calls somebody for a consultation. */
export interface MakeConsultCallParams {
  /** The call that waits meanwhile. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** Whom to call. */
  to: string;
}

/** Of `mute`: Mutes the line in a call. */
export interface MuteParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `parkCall`: Parks a call. */
export interface ParkCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** The slot; none: the phone system chooses. */
  slot?: string | null;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `pickupCall`: Takes a call that rings elsewhere. */
export interface PickupCallParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** A device or group; none: the own group. */
  target?: string | null;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `queryActiveCallSnapshot`: Asks for `activeCallSnapshot`: the answer is its data, and it is sent again to the asker. */
export interface QueryActiveCallSnapshotParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `queryCallRecords`: Asks for the recordings of a call that the phone system keeps. */
export interface QueryCallRecordsParams {
  /** The host's id of the call. */
  callId?: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** The phone system's id of the call. */
  nativeId?: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `queryLineState`: Asks for `lineStateChanged`: the answer is its data, and it is sent again to the asker. */
export interface QueryLineStateParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `queryUserState`: Asks for `agentStateChanged`: the answer is its data, and it is sent again to the asker. */
export interface QueryUserStateParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `recordCall`: Records a call. */
export interface RecordCallParams {
  /** What to do. */
  action: RecordAction;
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `sendDtmf`: Sends digits. */
export interface SendDtmfParams {
  /** The call. */
  callId: CallId;
  /** `0`–`9`, `*`, `#`, `A`–`D`. */
  digits: string;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** How long each tone is, in milliseconds. */
  toneMs?: number | null;
}

/** Of `setDnd`: Do not disturb. */
export interface SetDndParams {
  /** Another device of the user. */
  device?: string | null;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** On or off. */
  on: boolean;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `setForwarding`: Sets or clears a forwarding. */
export interface SetForwardingParams {
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** When. */
  kind: ForwardingKind;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
  /** Where to; none: clears it. */
  to?: string | null;
}

/** Of `setUserData`: Attaches data to a call. */
export interface SetUserDataParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** What to attach; an empty value removes. */
  map: Record<string, string>;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `setUserState`: Sets the agent's state. */
export interface SetUserStateParams {
  /** The phone system's code, from `selectable`. */
  code: string;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** The code of a reason. */
  reason?: string | null;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `setVideoState`: Switches video. */
export interface SetVideoStateParams {
  /** On or off. */
  active: boolean;
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `setWrapUpUserState`: Begins or ends after-call work. */
export interface SetWrapUpUserStateParams {
  /** Begin or end. */
  active: boolean;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `setupTransferCall`: Prepares a transfer (TAPI). */
export interface SetupTransferCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `transferCall`: Completes an attended transfer: joins the parties of a held and a connected call. */
export interface TransferCallParams {
  /** The one call. */
  callId: CallId;
  /** The other. */
  consultCallId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `unholdCall`: Takes a call back from hold. */
export interface UnholdCallParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `unmute`: Ends muting. */
export interface UnmuteParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** The line: `connection/device`. */
  line: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** Of `webRtcSignal`: A WebRTC signal of the session that owns the media. */
export interface WebRtcSignalParams {
  /** The call. */
  callId: CallId;
  /** The client's own: a command sent twice with it within ten minutes is done once. */
  idempotencyKey?: string | null;
  /** What it is. */
  kind: SignalKind;
  /** The line: `connection/device`. */
  line: string;
  /** SDP or candidate; at most 64 KiB. */
  payload: string;
  /** The WebRTC session. */
  sessionId: string;
  /** How long to wait for the phone system, in milliseconds; else 15000. */
  timeoutMs?: number | null;
}

/** The commands: what each takes and answers. */
export interface CtiCommands {
  /** Swaps a held and a connected call. */
  alternateCall: { params: AlternateCallParams; result: CallResult };
  /** Answers a ringing call. */
  answerCall: { params: AnswerCallParams; result: CallResult };
  /** Transfers a call without asking. */
  blindTransferCall: { params: BlindTransferCallParams; result: CallResult };
  /** Gives a consultation up and returns to the first call. */
  cancelTransfer: { params: CancelTransferParams; result: CallResult };
  /** Switches the call-centre mode. */
  changeCallCentreState: { params: ChangeCallCentreStateParams; result: LineResult };
  /** Joins two calls into a conference. */
  conferenceCall: { params: ConferenceCallParams; result: CallResult };
  /** Sends a ringing call elsewhere. */
  deflectCall: { params: DeflectCallParams; result: CallResult };
  /** Ends a call, and nothing else. */
  dropCall: { params: DropCallParams; result: CallResult };
  /** Asks what the line can do at all. */
  getCapabilities: { params: GetCapabilitiesParams; result: Capabilities };
  /** Puts a call on hold. */
  holdCall: { params: HoldCallParams; result: CallResult };
  /** Holds a call, or takes it back when it is held. */
  holdOrUnholdCall: { params: HoldOrUnholdCallParams; result: CallResult };
  /** Goes off hook. */
  hookup: { params: HookupParams; result: NewCallResult };
  /** Something that only this phone system can; the manifest lists the names. */
  librarySpecificService: { params: LibrarySpecificServiceParams; result: ServiceResult };
  /** Logs an agent in. */
  loginAgent: { params: LoginAgentParams; result: LineResult };
  /** Logs an agent out. */
  logoutAgent: { params: LogoutAgentParams; result: LineResult };
  /** Calls somebody. */
  makeCall: { params: MakeCallParams; result: NewCallResult };
  /** Holds a call and calls somebody for a consultation. */
  makeConsultCall: { params: MakeConsultCallParams; result: NewCallResult };
  /** Mutes the line in a call. */
  mute: { params: MuteParams; result: CallResult };
  /** Parks a call. */
  parkCall: { params: ParkCallParams; result: ParkResult };
  /** Takes a call that rings elsewhere. */
  pickupCall: { params: PickupCallParams; result: NewCallResult };
  /** Asks for `activeCallSnapshot`: the answer is its data, and it is sent again to the asker. */
  queryActiveCallSnapshot: { params: QueryActiveCallSnapshotParams; result: ActiveCallSnapshotData };
  /** Asks for the recordings of a call that the phone system keeps. */
  queryCallRecords: { params: QueryCallRecordsParams; result: RecordsResult };
  /** Asks for `lineStateChanged`: the answer is its data, and it is sent again to the asker. */
  queryLineState: { params: QueryLineStateParams; result: LineStateChangedData };
  /** Asks for `agentStateChanged`: the answer is its data, and it is sent again to the asker. */
  queryUserState: { params: QueryUserStateParams; result: AgentStateChangedData };
  /** Records a call. */
  recordCall: { params: RecordCallParams; result: RecordResult };
  /** Sends digits. */
  sendDtmf: { params: SendDtmfParams; result: CallResult };
  /** Do not disturb. */
  setDnd: { params: SetDndParams; result: LineResult };
  /** Sets or clears a forwarding. */
  setForwarding: { params: SetForwardingParams; result: LineResult };
  /** Attaches data to a call. */
  setUserData: { params: SetUserDataParams; result: CallResult };
  /** Sets the agent's state. */
  setUserState: { params: SetUserStateParams; result: LineResult };
  /** Switches video. */
  setVideoState: { params: SetVideoStateParams; result: CallResult };
  /** Begins or ends after-call work. */
  setWrapUpUserState: { params: SetWrapUpUserStateParams; result: LineResult };
  /** Prepares a transfer (TAPI). */
  setupTransferCall: { params: SetupTransferCallParams; result: CallResult };
  /** Completes an attended transfer: joins the parties of a held and a connected call. */
  transferCall: { params: TransferCallParams; result: CallResult };
  /** Takes a call back from hold. */
  unholdCall: { params: UnholdCallParams; result: CallResult };
  /** Ends muting. */
  unmute: { params: UnmuteParams; result: CallResult };
  /** A WebRTC signal of the session that owns the media. */
  webRtcSignal: { params: WebRtcSignalParams; result: CallResult };
}

/** Who can send commands; its methods are the commands by name. */
export abstract class Commands {
  /** Sends a command; resolves with its result, rejects with a `CtiError`. */
  abstract command<Name extends keyof CtiCommands>(
    name: Name,
    params: CtiCommands[Name]["params"],
  ): Promise<CtiCommands[Name]["result"]>;

  /** Swaps a held and a connected call. */
  alternateCall(params: AlternateCallParams): Promise<CallResult> {
    return this.command("alternateCall", params);
  }

  /** Answers a ringing call. */
  answerCall(params: AnswerCallParams): Promise<CallResult> {
    return this.command("answerCall", params);
  }

  /** Transfers a call without asking. */
  blindTransferCall(params: BlindTransferCallParams): Promise<CallResult> {
    return this.command("blindTransferCall", params);
  }

  /** Gives a consultation up and returns to the first call. */
  cancelTransfer(params: CancelTransferParams): Promise<CallResult> {
    return this.command("cancelTransfer", params);
  }

  /** Switches the call-centre mode. */
  changeCallCentreState(params: ChangeCallCentreStateParams): Promise<LineResult> {
    return this.command("changeCallCentreState", params);
  }

  /** Joins two calls into a conference. */
  conferenceCall(params: ConferenceCallParams): Promise<CallResult> {
    return this.command("conferenceCall", params);
  }

  /** Sends a ringing call elsewhere. */
  deflectCall(params: DeflectCallParams): Promise<CallResult> {
    return this.command("deflectCall", params);
  }

  /** Ends a call, and nothing else. */
  dropCall(params: DropCallParams): Promise<CallResult> {
    return this.command("dropCall", params);
  }

  /** Asks what the line can do at all. */
  getCapabilities(params: GetCapabilitiesParams): Promise<Capabilities> {
    return this.command("getCapabilities", params);
  }

  /** Puts a call on hold. */
  holdCall(params: HoldCallParams): Promise<CallResult> {
    return this.command("holdCall", params);
  }

  /** Holds a call, or takes it back when it is held. */
  holdOrUnholdCall(params: HoldOrUnholdCallParams): Promise<CallResult> {
    return this.command("holdOrUnholdCall", params);
  }

  /** Goes off hook. */
  hookup(params: HookupParams): Promise<NewCallResult> {
    return this.command("hookup", params);
  }

  /** Something that only this phone system can; the manifest lists the names. */
  librarySpecificService(params: LibrarySpecificServiceParams): Promise<ServiceResult> {
    return this.command("librarySpecificService", params);
  }

  /** Logs an agent in. */
  loginAgent(params: LoginAgentParams): Promise<LineResult> {
    return this.command("loginAgent", params);
  }

  /** Logs an agent out. */
  logoutAgent(params: LogoutAgentParams): Promise<LineResult> {
    return this.command("logoutAgent", params);
  }

  /** Calls somebody. */
  makeCall(params: MakeCallParams): Promise<NewCallResult> {
    return this.command("makeCall", params);
  }

  /** Holds a call and calls somebody for a consultation. */
  makeConsultCall(params: MakeConsultCallParams): Promise<NewCallResult> {
    return this.command("makeConsultCall", params);
  }

  /** Mutes the line in a call. */
  mute(params: MuteParams): Promise<CallResult> {
    return this.command("mute", params);
  }

  /** Parks a call. */
  parkCall(params: ParkCallParams): Promise<ParkResult> {
    return this.command("parkCall", params);
  }

  /** Takes a call that rings elsewhere. */
  pickupCall(params: PickupCallParams): Promise<NewCallResult> {
    return this.command("pickupCall", params);
  }

  /** Asks for `activeCallSnapshot`: the answer is its data, and it is sent again to the asker. */
  queryActiveCallSnapshot(params: QueryActiveCallSnapshotParams): Promise<ActiveCallSnapshotData> {
    return this.command("queryActiveCallSnapshot", params);
  }

  /** Asks for the recordings of a call that the phone system keeps. */
  queryCallRecords(params: QueryCallRecordsParams): Promise<RecordsResult> {
    return this.command("queryCallRecords", params);
  }

  /** Asks for `lineStateChanged`: the answer is its data, and it is sent again to the asker. */
  queryLineState(params: QueryLineStateParams): Promise<LineStateChangedData> {
    return this.command("queryLineState", params);
  }

  /** Asks for `agentStateChanged`: the answer is its data, and it is sent again to the asker. */
  queryUserState(params: QueryUserStateParams): Promise<AgentStateChangedData> {
    return this.command("queryUserState", params);
  }

  /** Records a call. */
  recordCall(params: RecordCallParams): Promise<RecordResult> {
    return this.command("recordCall", params);
  }

  /** Sends digits. */
  sendDtmf(params: SendDtmfParams): Promise<CallResult> {
    return this.command("sendDtmf", params);
  }

  /** Do not disturb. */
  setDnd(params: SetDndParams): Promise<LineResult> {
    return this.command("setDnd", params);
  }

  /** Sets or clears a forwarding. */
  setForwarding(params: SetForwardingParams): Promise<LineResult> {
    return this.command("setForwarding", params);
  }

  /** Attaches data to a call. */
  setUserData(params: SetUserDataParams): Promise<CallResult> {
    return this.command("setUserData", params);
  }

  /** Sets the agent's state. */
  setUserState(params: SetUserStateParams): Promise<LineResult> {
    return this.command("setUserState", params);
  }

  /** Switches video. */
  setVideoState(params: SetVideoStateParams): Promise<CallResult> {
    return this.command("setVideoState", params);
  }

  /** Begins or ends after-call work. */
  setWrapUpUserState(params: SetWrapUpUserStateParams): Promise<LineResult> {
    return this.command("setWrapUpUserState", params);
  }

  /** Prepares a transfer (TAPI). */
  setupTransferCall(params: SetupTransferCallParams): Promise<CallResult> {
    return this.command("setupTransferCall", params);
  }

  /** Completes an attended transfer: joins the parties of a held and a connected call. */
  transferCall(params: TransferCallParams): Promise<CallResult> {
    return this.command("transferCall", params);
  }

  /** Takes a call back from hold. */
  unholdCall(params: UnholdCallParams): Promise<CallResult> {
    return this.command("unholdCall", params);
  }

  /** Ends muting. */
  unmute(params: UnmuteParams): Promise<CallResult> {
    return this.command("unmute", params);
  }

  /** A WebRTC signal of the session that owns the media. */
  webRtcSignal(params: WebRtcSignalParams): Promise<CallResult> {
    return this.command("webRtcSignal", params);
  }
}
