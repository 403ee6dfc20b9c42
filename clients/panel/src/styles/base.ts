import { css } from "lit";

/** The frame, text, buttons, fields. */
export const base = css`
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  .panel {
    position: relative;
    display: flex;
    flex-direction: column;
    height: 100%;
    min-height: 0;
    background: var(--bg);
    color: var(--ink);
    font-size: 14px;
    line-height: 1.4;
    -webkit-font-smoothing: antialiased;
    overflow: clip;
    isolation: isolate;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  .muted,
  .hint {
    color: var(--muted);
  }
  .hint {
    font-size: 12.5px;
    margin: 0;
  }
  .bad {
    color: var(--stop);
    margin: 0;
  }
  h2,
  h3 {
    margin: 0;
    font-weight: 600;
  }
  h2 {
    font-size: 17px;
  }
  h3 {
    font-size: 13px;
    color: var(--muted);
  }
  bdi {
    unicode-bidi: isolate;
  }
  .digits,
  .timer,
  time {
    font-variant-numeric: tabular-nums;
  }
  .icon {
    width: 20px;
    height: 20px;
    flex: none;
  }
  button,
  input,
  select,
  textarea,
  summary {
    font: inherit;
    color: inherit;
    letter-spacing: inherit;
  }
  button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 8px;
    min-height: 40px;
    padding: 0 16px;
    border: 0;
    border-radius: 11px;
    background: none;
    font-weight: 550;
    cursor: pointer;
    -webkit-tap-highlight-color: transparent;
    transition:
      background-color 0.12s,
      filter 0.12s,
      transform 0.08s;
  }
  button:active:not(:disabled) {
    transform: scale(0.98);
  }
  button:disabled {
    cursor: default;
    opacity: 0.4;
  }
  button[aria-busy="true"] {
    opacity: 0.6;
    cursor: progress;
  }
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  .fill.go {
    background: var(--go);
    color: var(--on-go);
  }
  .fill.main {
    background: var(--accent);
    color: var(--on-accent);
  }
  .tonal {
    background: var(--raised);
  }
  .tonal.stop {
    background: var(--stop-soft);
    color: var(--stop);
  }
  .fill:hover:not(:disabled) {
    filter: brightness(1.07);
  }
  .tonal:hover:not(:disabled),
  .ghost:hover:not(:disabled) {
    filter: brightness(0.97);
  }
  .ghost {
    color: var(--muted);
    padding: 0 10px;
  }
  .ghost:hover:not(:disabled) {
    color: var(--ink);
    background: var(--raised);
    filter: none;
  }
  .plain {
    min-height: 0;
    padding: 0;
    gap: 2px;
  }
  .wide {
    width: 100%;
  }
  .small {
    min-height: 32px;
    padding: 0 12px;
    font-size: 13px;
    border-radius: 9px;
    gap: 6px;
  }
  .small .icon {
    width: 16px;
    height: 16px;
  }
  .icon-only {
    padding: 0;
    width: 40px;
    flex: none;
  }
  .tiny {
    width: 24px;
    min-height: 24px;
  }
  .tiny .icon {
    width: 13px;
    height: 13px;
  }
  input:not([type="checkbox"], [type="range"]),
  textarea,
  select {
    width: 100%;
    min-height: 40px;
    padding: 8px 12px;
    border: 1px solid var(--edge);
    border-radius: 11px;
    background: var(--surface);
  }
  textarea {
    resize: vertical;
  }
  ::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .field {
    display: flex;
    align-items: center;
    gap: 4px;
    padding: 4px;
    border: 1px solid var(--edge);
    border-radius: 14px;
    background: var(--surface);
  }
  .field:focus-within {
    border-color: var(--accent);
    box-shadow: 0 0 0 3px var(--accent-soft);
  }
  .field > .icon {
    margin-left: 10px;
    color: var(--muted);
    width: 18px;
    height: 18px;
  }
  .field input:not([type="checkbox"]) {
    flex: 1;
    min-width: 0;
    border: 0;
    background: none;
    padding: 0 8px;
    outline: none;
    font-size: 15px;
  }
  .dot {
    width: 8px;
    height: 8px;
    border-radius: 50%;
    background: var(--muted);
    flex: none;
  }
  .dot[data-tone="good"] {
    background: var(--go);
  }
  .dot[data-tone="wait"] {
    background: var(--wait);
  }
  .dot[data-tone="bad"] {
    background: var(--stop);
  }
  .bar {
    position: relative;
    z-index: 3;
    display: flex;
    align-items: center;
    gap: 10px;
    padding: 10px 10px 10px 18px;
  }
  .standing {
    display: flex;
    align-items: baseline;
    gap: 8px;
    white-space: nowrap;
    overflow: hidden;
  }
  .line-name {
    font-weight: 600;
    font-size: 15px;
    font-variant-numeric: tabular-nums;
  }
  .plain .icon {
    width: 16px;
    height: 16px;
    align-self: center;
    color: var(--muted);
  }
  .status {
    color: var(--muted);
    font-size: 13px;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .body {
    flex: 1;
    min-height: 0;
    display: flex;
    flex-direction: column;
    overflow: auto;
    overscroll-behavior: contain;
    padding: 0 12px 12px;
    gap: 8px;
    scrollbar-width: thin;
  }
  /* What is only heard has its place in what scrolls, not above it. */
  .body,
  .stage,
  .history {
    position: relative;
  }
  .stage,
  fieldset {
    display: flex;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
  }
  fieldset {
    margin: 0;
    padding: 0;
    border: 0;
  }
  fieldset:not(:has(.card)) {
    display: none;
  }
  @container (min-width: 720px) {
    .body {
      flex-direction: row;
      gap: 24px;
      padding: 8px 24px 24px;
      overflow: hidden;
    }
    /* As wide as shadows fall: what scrolls cuts them off at its edge. */
    .stage {
      flex: 0 0 448px;
      overflow: auto;
      margin: -8px -24px -24px;
      padding: 8px 24px 24px;
    }
    .history {
      flex: 1;
      overflow: auto;
    }
    .bar {
      padding: 14px 20px 10px 28px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;
