import { css } from "lit";

/** The number field, calls of the past, menus, sheets, notices. */
export const lists = css`
  .dial {
    display: flex;
    flex-direction: column;
    align-items: center;
    gap: 4px;
    margin: 0;
  }
  .dial .field {
    width: 100%;
    box-shadow: var(--shadow);
  }
  .history {
    display: flex;
    flex-direction: column;
    gap: 4px;
    min-height: 120px;
  }
  .tabs {
    display: flex;
    gap: 2px;
    padding: 4px 0 2px;
  }
  .tabs button {
    min-height: 32px;
    padding: 0 12px;
    border-radius: 9px;
    color: var(--muted);
    font-size: 13.5px;
  }
  .tabs [aria-pressed="true"] {
    background: var(--raised);
    color: var(--ink);
  }
  .badge {
    min-width: 18px;
    padding: 0 5px;
    border-radius: 9px;
    background: var(--stop-soft);
    color: var(--stop);
    font-size: 12px;
    line-height: 18px;
    font-variant-numeric: tabular-nums;
  }
  .empty {
    margin: 28px auto;
    color: var(--muted);
    text-align: center;
  }
  .past {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .day {
    margin: 0;
    padding: 12px 12px 4px;
    color: var(--muted);
    font-size: 12.5px;
    font-weight: 550;
  }
  .past-row {
    display: flex;
    align-items: center;
    border-radius: 12px;
  }
  .past-row:hover {
    background: var(--raised);
  }
  .past-call[data-open] {
    background: var(--surface);
    border-radius: var(--radius);
    box-shadow: var(--shadow);
  }
  .open-call {
    flex: 1;
    min-width: 0;
    justify-content: flex-start;
    text-align: start;
    gap: 10px;
    padding: 7px 4px 7px 10px;
    min-height: 48px;
    font-weight: 400;
  }
  .open-call:active:not(:disabled) {
    transform: none;
  }
  .way {
    color: var(--muted);
    display: grid;
  }
  .way .icon {
    width: 18px;
    height: 18px;
  }
  [data-result="missed"] .way,
  [data-result="missed"] .past-name {
    color: var(--stop);
  }
  .past-who {
    display: flex;
    flex-direction: column;
  }
  .past-name {
    font-weight: 550;
  }
  .past-name,
  .past-more {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .past-more,
  .open-call time {
    color: var(--muted);
    font-size: 12.5px;
  }
  .mark {
    color: var(--muted);
    display: grid;
  }
  .mark .icon {
    width: 15px;
    height: 15px;
  }
  .call-back {
    color: var(--accent);
  }
  .details {
    display: flex;
    flex-direction: column;
    gap: 10px;
    padding: 4px 12px 14px 38px;
    font-size: 13px;
  }
  .details dl {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 20px;
    margin: 0;
  }
  .details dl div {
    display: flex;
    gap: 6px;
    min-width: 0;
  }
  dt {
    color: var(--muted);
  }
  dd {
    margin: 0;
    font-variant-numeric: tabular-nums;
    overflow-wrap: anywhere;
  }
  .comment {
    display: flex;
    flex-direction: column;
    gap: 6px;
    margin: 0;
  }
  .comment-end {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .recordings {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  audio {
    width: 100%;
    height: 40px;
  }
  blockquote {
    margin: 0;
    padding: 6px 12px;
    border-inline-start: 3px solid var(--edge);
    color: var(--muted);
    overflow-wrap: anywhere;
  }
  .links {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px;
  }
  .chip-pair {
    display: inline-flex;
    align-items: center;
    max-width: 100%;
    min-width: 0;
  }
  .add-link summary {
    cursor: pointer;
    color: var(--muted);
    padding: 4px 2px;
  }
  .add-link form {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 6px;
    padding-top: 4px;
  }
  .skeleton {
    display: grid;
    gap: 10px;
    padding: 12px 10px;
  }
  .skeleton i {
    height: 34px;
    border-radius: 9px;
    background: var(--raised);
  }
  .agent {
    min-height: 34px;
    max-width: 55%;
    padding: 0 8px 0 12px;
    border-radius: 17px;
    background: var(--raised);
    font-size: 13px;
    gap: 7px;
  }
  .agent-text {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .agent .icon {
    width: 16px;
    height: 16px;
    color: var(--muted);
  }
  [data-state="ready"] > .dot {
    background: var(--go);
  }
  [data-state="notReady"] > .dot,
  [data-state="busy"] > .dot,
  [data-state="reserved"] > .dot {
    background: var(--stop);
  }
  [data-state="afterCallWork"] > .dot,
  [data-state="held"] > .dot {
    background: var(--wait);
  }
  .menu {
    position: absolute;
    top: calc(100% - 4px);
    right: 12px;
    width: max-content;
    min-width: 230px;
    max-width: calc(100% - 24px);
    max-height: 60vh;
    overflow: auto;
    padding: 6px;
    border-radius: var(--radius);
    background: var(--surface);
    border: 1px solid var(--edge);
    box-shadow: var(--shadow-high);
    animation: arrive 0.12s ease-out;
  }
  .line-menu {
    right: auto;
    left: 12px;
  }
  .menu button {
    width: 100%;
    justify-content: flex-start;
    text-align: start;
    padding: 0 10px;
    min-height: 38px;
    font-weight: 500;
    border-radius: 9px;
    gap: 10px;
  }
  .menu button:hover,
  .menu button:focus-visible {
    background: var(--raised);
  }
  .menu .hint {
    padding: 4px 10px 8px;
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 10px;
    margin: 0 12px 10px;
    padding: 10px 14px;
    border-radius: var(--radius);
    background: var(--stop-soft);
    color: var(--stop);
    font-size: 13.5px;
  }
  .banner span {
    flex: 1 1 180px;
    min-width: 0;
    color: var(--ink);
    overflow-wrap: anywhere;
  }
  .banner strong {
    flex: 1 0 100%;
    font-weight: 600;
  }
  .banner button {
    background: var(--surface);
    color: var(--ink);
  }
  .blocked {
    text-align: center;
  }
  .notices {
    display: flex;
    flex-direction: column;
    gap: 8px;
  }
  .notice {
    display: flex;
    align-items: center;
    gap: 6px;
    padding: 6px 6px 6px 14px;
    min-height: 52px;
    border-radius: var(--radius);
    background: var(--raised);
    animation: arrive 0.16s ease-out;
  }
  .notice strong {
    display: block;
    font-weight: 550;
    font-size: 13.5px;
  }
  .notice .grow span,
  .notice .grow bdi {
    color: var(--muted);
    font-size: 13px;
    display: block;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .notice[data-kind="error"] {
    background: var(--stop-soft);
  }
  .notice[data-kind="error"] strong {
    color: var(--stop);
  }
  .notice[data-kind="warning"] {
    background: var(--wait-soft);
  }
  .notice[data-kind="warning"] .tonal {
    background: var(--surface);
  }
  .sign-in {
    display: flex;
    flex-direction: column;
    gap: 14px;
    width: min(340px, 100% - 40px);
    margin: auto;
    padding-bottom: 10vh;
  }
  .sign-in .avatar {
    width: 56px;
    height: 56px;
    background: var(--accent-soft);
    color: var(--accent);
  }
  .sign-in label {
    display: grid;
    gap: 6px;
    font-weight: 550;
    font-size: 13.5px;
  }
  .sheet {
    position: absolute;
    inset: 0;
    z-index: 4;
    display: flex;
    flex-direction: column;
    gap: 4px;
    overflow: auto;
    padding: 0 18px 18px;
    background: var(--bg);
    animation: arrive 0.14s ease-out;
  }
  .sheet .bar {
    padding: 10px 0;
    margin-right: -8px;
  }
  .setting {
    display: flex;
    align-items: center;
    gap: 12px;
    min-height: 48px;
    border-bottom: 1px solid var(--edge);
  }
  .setting select {
    width: auto;
    max-width: 60%;
    padding: 6px 8px 6px 12px;
  }
  .setting input[type="range"] {
    width: 110px;
    accent-color: var(--accent);
  }
  .setting input[type="checkbox"] {
    appearance: none;
    position: relative;
    width: 40px;
    height: 24px;
    margin: 0;
    border-radius: 12px;
    background: var(--muted);
    cursor: pointer;
    transition: background-color 0.12s;
  }
  .setting input[type="checkbox"]::after {
    content: "";
    position: absolute;
    inset: 3px auto auto 3px;
    width: 18px;
    height: 18px;
    border-radius: 50%;
    background: var(--surface);
    transition: transform 0.12s;
  }
  .setting input[type="checkbox"]:checked {
    background: var(--accent);
  }
  .setting input[type="checkbox"]:checked::after {
    transform: translateX(16px);
  }
  .sheet h3 {
    margin: 18px 0 6px;
  }
  .shortcuts {
    display: grid;
    grid-template-columns: 1fr 1fr;
    gap: 6px 16px;
    margin: 0;
    font-size: 13px;
  }
  .shortcuts div {
    display: flex;
    gap: 10px;
    align-items: baseline;
  }
  kbd {
    display: inline-block;
    min-width: 24px;
    padding: 1px 6px;
    border: 1px solid var(--edge);
    border-radius: 6px;
    background: var(--surface);
    text-align: center;
    font: inherit;
    font-weight: 550;
    color: var(--ink);
  }
  .sheet footer {
    display: flex;
    align-items: center;
    margin-top: auto;
    padding-top: 18px;
    font-size: 13px;
  }
`;
