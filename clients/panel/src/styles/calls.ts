import { css } from "lit";

/** Cards of calls and what is in them. */
export const calls = css`
  .card {
    display: flex;
    flex-direction: column;
    gap: 14px;
    padding: 16px;
    border-radius: calc(var(--radius) + 4px);
    background: var(--surface);
    border: 1px solid var(--edge);
    box-shadow: var(--shadow);
    animation: arrive 0.16s ease-out;
    min-width: 0;
  }
  @keyframes arrive {
    from {
      opacity: 0;
      transform: translateY(4px);
    }
  }
  .ringing {
    border-color: var(--go);
    box-shadow: 0 0 0 3px var(--go-soft), var(--shadow-high);
  }
  .eyebrow {
    display: flex;
    align-items: center;
    gap: 8px;
    min-height: 20px;
    font-size: 13px;
    color: var(--muted);
    font-weight: 550;
  }
  .ringing .eyebrow {
    color: var(--go);
  }
  .eyebrow .small {
    min-height: 28px;
    padding: 0 8px;
  }
  /* Where it is narrow the bell says it alone. */
  @container (max-width: 359px) {
    .eyebrow .small span {
      position: absolute;
      width: 1px;
      height: 1px;
      overflow: hidden;
      clip-path: inset(50%);
    }
  }
  .of-line {
    margin-left: 4px;
    padding: 1px 7px;
    border-radius: 6px;
    background: var(--raised);
    color: var(--muted);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .pulse {
    position: relative;
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--go);
    flex: none;
  }
  .pulse::after {
    content: "";
    position: absolute;
    inset: 0;
    border-radius: 50%;
    background: var(--go);
    animation: pulse 1.6s ease-out infinite;
  }
  @keyframes pulse {
    to {
      transform: scale(3.2);
      opacity: 0;
    }
  }
  .party {
    display: flex;
    align-items: center;
    gap: 14px;
    min-width: 0;
  }
  .avatar {
    display: grid;
    place-items: center;
    width: 46px;
    height: 46px;
    border-radius: 50%;
    background: var(--raised);
    color: var(--muted);
    font-weight: 600;
    font-size: 16px;
    flex: none;
    letter-spacing: 0.02em;
  }
  .avatar[data-state="connected"],
  .avatar[data-state="conferenced"],
  .avatar[data-state="ringing"] {
    background: var(--go-soft);
    color: var(--go);
  }
  .avatar[data-state="held"],
  .avatar[data-state="wrap"] {
    background: var(--wait-soft);
    color: var(--wait);
  }
  .avatar[data-state="busy"] {
    background: var(--stop-soft);
    color: var(--stop);
  }
  .who {
    flex: 1;
    min-width: 0;
  }
  .name {
    font-size: 20px;
    font-weight: 620;
    line-height: 1.25;
    letter-spacing: -0.011em;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    line-clamp: 2;
    overflow: hidden;
    overflow-wrap: anywhere;
  }
  .ringing .name {
    font-size: 23px;
  }
  .number {
    margin-top: 2px;
    color: var(--muted);
    font-size: 14.5px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .party > .timer {
    font-size: 22px;
    font-weight: 500;
    letter-spacing: -0.01em;
    align-self: flex-start;
  }
  .eyebrow .timer {
    font-size: 14px;
  }
  [data-state="held"] .state,
  [data-state="held"] .timer {
    color: var(--wait);
  }
  [data-state="connected"] > .eyebrow .state,
  [data-state="conferenced"] > .eyebrow .state {
    color: var(--go);
  }
  [data-state="busy"] .state {
    color: var(--stop);
  }
  [data-state="unknown"] .name,
  [data-state="unknown"] .timer {
    color: var(--muted);
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 6px 12px;
    align-items: center;
    font-size: 13px;
    color: var(--muted);
    margin-top: -4px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .facts .warn {
    color: var(--wait);
    font-weight: 550;
  }
  .facts .rec {
    color: var(--stop);
    font-weight: 550;
  }
  .facts .rec::before {
    content: "● ";
    font-size: 0.8em;
  }
  .chip {
    min-height: 28px;
    max-width: 100%;
    padding: 0 10px;
    border-radius: 9px;
    background: var(--raised);
    font-size: 13px;
    font-weight: 500;
    gap: 6px;
  }
  .chip .icon {
    width: 14px;
    height: 14px;
    color: var(--muted);
  }
  .chip span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .answers {
    display: grid;
    grid-template-columns: 1.6fr 1fr;
    gap: 10px;
  }
  .answers > :only-child {
    grid-column: 1 / -1;
  }
  .answers button {
    min-height: 52px;
    font-size: 16px;
    border-radius: var(--radius);
  }
  .after {
    display: flex;
    justify-content: center;
    margin: -6px 0 -8px;
  }
  .actions {
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .tiles {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 8px;
  }
  /* Each has its place: a button that comes or goes moves no other one under a finger. */
  .tile[data-action="mute"],
  .tile[data-action="unmute"] {
    grid-area: 1 / 1;
  }
  .tile[data-action="hold"],
  .tile[data-action="unhold"] {
    grid-area: 1 / 2;
  }
  .tile[data-action="keypad"] {
    grid-area: 1 / 3;
  }
  .tile[data-action="transfer"] {
    grid-area: 1 / 4;
  }
  .tile[data-action="recall"] {
    grid-area: 1 / 1 / auto / span 4;
  }
  .seldom {
    display: flex;
    flex-wrap: wrap;
    justify-content: space-evenly;
    gap: 2px;
  }
  .seldom [data-active] {
    color: var(--stop);
  }
  .tile {
    flex-direction: column;
    gap: 5px;
    min-height: 62px;
    padding: 8px 4px;
    border-radius: var(--radius);
    background: var(--raised);
    font-size: 12px;
    font-weight: 500;
  }
  .tile span {
    max-width: 100%;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tile:hover {
    filter: brightness(0.97);
  }
  .tile[aria-expanded="true"] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  .tile[data-active] {
    background: var(--ink);
    color: var(--surface);
  }
  .tile[data-action="unhold"][data-active] {
    background: var(--wait-soft);
    color: var(--wait);
  }
  .card > .stop.wide {
    min-height: 46px;
    border-radius: var(--radius);
  }
  .row {
    flex-direction: row;
    justify-content: flex-start;
    text-align: start;
    padding: 10px 14px;
    gap: 12px;
    min-height: 60px;
    font-weight: 400;
  }
  .row .avatar {
    width: 36px;
    height: 36px;
    font-size: 13px;
  }
  .row .name,
  .half .name {
    font-size: 15px;
    -webkit-line-clamp: 1;
    line-clamp: 1;
  }
  .row .number,
  .half .number {
    font-size: 13px;
  }
  .side {
    display: flex;
    flex-direction: column;
    align-items: flex-end;
    font-size: 13px;
    color: var(--muted);
  }
  .halves {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .half {
    flex-direction: column;
    align-items: flex-start;
    justify-content: flex-start;
    gap: 4px;
    min-width: 0;
    padding: 12px;
    text-align: start;
    border-radius: var(--radius);
    background: var(--raised);
    font-weight: 400;
    border: 1.5px solid transparent;
  }
  .half[aria-pressed="true"] {
    background: var(--surface);
    border-color: var(--accent);
  }
  .half .who {
    width: 100%;
  }
  .half .state {
    font-size: 12.5px;
    font-weight: 550;
    color: var(--muted);
  }
  .half[data-state="connected"] .state {
    color: var(--go);
  }
  .half[data-state="held"] .state {
    color: var(--wait);
  }
  .half .timer {
    font-size: 16px;
    font-weight: 500;
  }
  .pair-actions {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 8px;
  }
  .pair-actions .main,
  .pair-actions .wide {
    grid-column: 1 / -1;
  }
  .pair-actions .main {
    min-height: 48px;
    border-radius: var(--radius);
    font-size: 15px;
  }
  .pair-actions .wide {
    min-width: 0;
    min-height: 34px;
  }
  .pair-actions .wide span {
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  /* One thing at a time: while something rings, the rest waits. */
  .stage:has(.ringing) .pair .fill.main {
    background: var(--raised);
    color: var(--ink);
  }
  .hint-key {
    display: none;
    min-width: 0;
    padding: 0 6px;
    border-color: currentColor;
    background: none;
    color: inherit;
    font-size: 12px;
    line-height: 18px;
    opacity: 0.75;
  }
  @media (hover: hover) and (pointer: fine) {
    /* Where there is room for them beside the words of any language. */
    @container (min-width: 370px) {
      .answers .hint-key,
      .pair-actions .main .hint-key {
        display: inline-block;
      }
    }
  }
  .keypad {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  .typed {
    min-height: 28px;
    text-align: center;
    font-size: 20px;
    letter-spacing: 0.08em;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .keys {
    display: grid;
    grid-template-columns: repeat(3, 1fr);
    gap: 8px;
  }
  .key {
    min-height: 48px;
    border-radius: var(--radius);
    background: var(--raised);
    font-size: 19px;
    font-weight: 500;
  }
  .target {
    display: flex;
    flex-direction: column;
    gap: 8px;
    margin: 0;
  }
  .row-buttons {
    display: flex;
    gap: 8px;
  }
  .row-buttons button {
    flex: 1;
    padding: 0 8px;
  }
  .offers {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .offers button {
    width: 100%;
    justify-content: space-between;
    min-height: 34px;
    padding: 0 10px;
    font-weight: 500;
    border-radius: 9px;
    min-width: 0;
  }
  .offers bdi {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .offers .digits {
    color: var(--muted);
    font-weight: 400;
    font-size: 13px;
    flex: none;
  }
  .offers button:hover {
    background: var(--raised);
  }
`;
