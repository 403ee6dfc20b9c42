import { css } from "lit";

/** Colours and sizes: those of the panel, so that both are one house. */
export const tokens = css`
  :host {
    display: block;
    min-height: 100vh;
    color-scheme: light dark;
    --bg: light-dark(#f6f6f4, #121315);
    --surface: light-dark(#ffffff, #1b1d20);
    --raised: light-dark(#f1f1ee, #26292d);
    --ink: light-dark(#1a1b1e, #eef0f2);
    --muted: light-dark(#5d6067, #a0a5ad);
    --edge: light-dark(#e3e3df, #2e3237);
    --accent: light-dark(#2b57d9, #8fb0ff);
    --on-accent: light-dark(#ffffff, #0b1530);
    --accent-soft: light-dark(#e9effd, #202a44);
    --go: light-dark(#13793c, #43cd80);
    --go-soft: light-dark(#e4f4ea, #163524);
    --stop: light-dark(#b92c26, #ff8f87);
    --on-stop: light-dark(#ffffff, #2b0806);
    --stop-soft: light-dark(#fbe9e7, #3c2120);
    --wait: light-dark(#8a5600, #f0b95a);
    --wait-soft: light-dark(#fcf1dc, #3a2d15);
    --radius: 14px;
    --shadow: 0 1px 2px light-dark(rgb(20 20 30 / 6%), rgb(0 0 0 / 40%)), 0 6px 20px light-dark(rgb(20 20 30 / 4%), rgb(0 0 0 / 22%));
    --shadow-high: 0 2px 6px light-dark(rgb(20 20 30 / 8%), rgb(0 0 0 / 45%)), 0 16px 40px light-dark(rgb(20 20 30 / 14%), rgb(0 0 0 / 50%));
    background: var(--bg);
    color: var(--ink);
    font: 14px/1.45 Inter, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
    -webkit-font-smoothing: antialiased;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  dl,
  dd,
  ul {
    margin: 0;
    padding: 0;
  }
  h1,
  h2,
  h3 {
    font-weight: 600;
  }
  ul {
    list-style: none;
  }
  bdi {
    unicode-bidi: isolate;
  }
  code,
  .mono {
    font: 12.5px/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
  }
  .muted {
    color: var(--muted);
  }
  .num,
  time {
    font-variant-numeric: tabular-nums;
  }
  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  :focus {
    outline: none;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  button,
  input,
  select,
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
    min-height: 36px;
    padding: 0 14px;
    border: 1px solid var(--edge);
    border-radius: 10px;
    background: var(--surface);
    font-weight: 550;
    cursor: pointer;
    transition: background-color 0.12s;
  }
  button:hover:not(:disabled) {
    background: var(--raised);
  }
  button:disabled {
    cursor: default;
    color: var(--muted);
  }
  button[aria-busy="true"] {
    cursor: progress;
  }
  button.main {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }
  button.danger {
    border-color: transparent;
    background: var(--stop);
    color: var(--on-stop);
  }
  button.main:hover:not(:disabled),
  button.danger:hover:not(:disabled) {
    filter: brightness(1.08);
  }
  button.plain {
    border-color: transparent;
    background: none;
  }
  button.plain:hover:not(:disabled) {
    background: var(--raised);
  }
  input,
  select {
    min-height: 36px;
    padding: 0 12px;
    border: 1px solid var(--edge);
    border-radius: 10px;
    background: var(--surface);
  }
  input::placeholder {
    color: var(--muted);
    opacity: 1;
  }
  .card {
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
    box-shadow: var(--shadow);
  }
  .dot {
    flex: none;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: var(--muted);
  }
  .dot.up,
  .dot.loaded {
    background: var(--go);
  }
  .dot.down,
  .dot.hangs,
  .dot.refused {
    background: var(--stop);
  }
  .dot.waits,
  .dot.paused,
  .dot.notStarted {
    background: var(--wait);
  }
  .tag {
    display: inline-flex;
    align-items: center;
    padding: 1px 8px;
    border-radius: 99px;
    background: var(--raised);
    color: var(--muted);
    font-size: 12px;
    font-weight: 550;
    white-space: nowrap;
  }
  .tag.up,
  .tag.loaded {
    background: var(--go-soft);
    color: var(--go);
  }
  .tag.down,
  .tag.hangs,
  .tag.refused,
  .tag.bad {
    background: var(--stop-soft);
    color: var(--stop);
  }
  .tag.waits,
  .tag.paused,
  .tag.notStarted {
    background: var(--wait-soft);
    color: var(--wait);
  }
  .note {
    padding: 10px 14px;
    border-radius: 10px;
    background: var(--wait-soft);
    overflow-wrap: anywhere;
  }
  .note.bad {
    background: var(--stop-soft);
  }
  .empty {
    padding: 40px 16px;
    color: var(--muted);
    text-align: center;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation: none !important;
    }
  }
`;
