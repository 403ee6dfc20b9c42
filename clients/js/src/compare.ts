import type { Line } from "./line.js";
import type { ActiveCallSnapshotData, Call } from "./wire.js";

/** What of a call is told by events and by snapshots alike (M13.8 of the model). */
function known(call: Call): unknown[] {
  return [
    call.state,
    call.direction,
    call.role,
    call.caller?.number ?? null,
    call.called?.number ?? null,
    [...call.features].sort(),
  ];
}

/**
 * Where a line's table, replayed from events, differs from a snapshot: one text for each difference. Empty: they are
 * the same.
 */
export function differences(line: Line, snapshot: ActiveCallSnapshotData, currentCallId: string | null): string[] {
  const found: string[] = [];
  const differ = (what: string, ours: unknown, theirs: unknown) => {
    const [a, b] = [JSON.stringify(ours), JSON.stringify(theirs)];
    if (a !== b) found.push(`${what}: ${a} here, ${b} in the snapshot`);
  };
  const theirs = new Map(snapshot.activeCalls.map((call) => [call.callId, call]));
  differ("calls", line.calls.map((c) => c.callId).sort(), [...theirs.keys()].sort());
  for (const call of line.calls) {
    const other = theirs.get(call.callId);
    if (other) differ(`call ${call.callId}`, known(call), known(other));
  }
  differ("features of the line", [...line.features].sort(), [...snapshot.line.features].sort());
  differ("currentCallId", line.currentCallId, currentCallId);
  return found;
}
