import type { Line, LiveCall } from "@jackfield/client";

/** A call and its line. */
export interface Shown {
  line: Line;
  call: LiveCall;
}

/** Two calls of a line that belong together: one is to be kept waiting for the other. */
export interface Pair {
  line: Line;
  /** The one that was there first: what is transferred. */
  first: LiveCall;
  /** The one it is transferred to. */
  second: LiveCall;
  /** What may be done with the two: the features of either. */
  features: ReadonlySet<string>;
}

/** Features that concern two calls. */
export const PAIR_FEATURES = ["completeTransfer", "cancelTransfer", "alternate", "conference"] as const;

/** Whether it waits for somebody here to take it. */
export function isIncoming({ call }: Shown): boolean {
  return call.direction === "in" && call.state === "alerting" && call.phase !== "queued";
}

/** The pair that a call is in. */
export function pairOf({ line, call }: Shown): Pair | undefined {
  const calls = line.calls.filter((c) => !isIncoming({ line, call: c }));
  const parent = calls.find((c) => c.callId === call.parentCallId);
  const child = calls.find((c) => c.parentCallId === call.callId);
  const can = (one: LiveCall) => PAIR_FEATURES.filter((name) => one.features.includes(name));
  const partner =
    child && (can(child).length > 0 || can(call).length > 0)
      ? child
      : parent && (can(parent).length > 0 || can(call).length > 0)
        ? parent
        : calls.find((c) => c !== call && can(c).length > 0 && can(call).length > 0);
  if (!partner) return undefined;
  const consultation = [call, partner].find((c) => c.role === "consult");
  // Without a consultation what is held is passed on to whom one is talking to.
  const second = consultation ?? [call, partner].find((c) => c.state !== "held") ?? partner;
  const first = second === call ? partner : call;
  return { line, first, second, features: new Set([...can(first), ...can(second)]) };
}

/** What of a call is on the screen, by its place. */
export interface Desk {
  /** Calls that wait to be answered, the oldest first. */
  incoming: Shown[];
  /** The others. */
  others: Shown[];
  /** Whose buttons are shown: one of the others. */
  selected: Shown | undefined;
  /** The pair of the selected one. */
  pair: Pair | undefined;
}

/** How much a call asks for one's attention. */
const WEIGHT: Record<string, number> = { conferenced: 5, connected: 4, alerting: 3, busy: 2, held: 1 };

/** Arranges the calls of all lines. `chosen`: the call that somebody has chosen. */
export function arrange(shown: readonly Shown[], chosen: string | undefined): Desk {
  // The host gives ids that grow with time. In the order of lines a call that has just come would push another one from
  // under somebody's finger.
  const incoming = shown.filter(isIncoming).sort((a, b) => (a.call.callId < b.call.callId ? -1 : 1));
  const others = shown.filter((s) => !isIncoming(s));
  const weigh = ({ call }: Shown) => (WEIGHT[call.state] ?? 0) * 2 + (call.isCurrent ? 1 : 0);
  const selected = others.find((s) => s.call.callId === chosen) ?? [...others].sort((a, b) => weigh(b) - weigh(a))[0];
  return { incoming, others, selected, pair: selected && pairOf(selected) };
}
