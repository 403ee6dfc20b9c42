import { css } from "lit";

/** Colours and sizes. What a page sets as `--jf-…` goes before what is written here. */
export const tokens = css`
  :host {
    display: block;
    min-width: 300px;
    height: 100%;
    container-type: inline-size;
    font-family: var(--jf-font, Inter, system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
  }
  :host([hidden]) {
    display: none;
  }
  .panel {
    color-scheme: light dark;
    --bg: var(--jf-background, light-dark(#f6f6f4, #121315));
    --surface: var(--jf-surface, light-dark(#ffffff, #1b1d20));
    --raised: var(--jf-raised, light-dark(#f1f1ee, #26292d));
    --ink: var(--jf-ink, light-dark(#1a1b1e, #eef0f2));
    --muted: var(--jf-muted, light-dark(#61646b, #a0a5ad));
    --edge: var(--jf-edge, light-dark(#e3e3df, #2e3237));
    --accent: var(--jf-accent, light-dark(#2b57d9, #8fb0ff));
    --on-accent: var(--jf-on-accent, light-dark(#ffffff, #0b1530));
    --accent-soft: light-dark(#e9effd, #202a44);
    --go: var(--jf-answer, light-dark(#13793c, #43cd80));
    --on-go: var(--jf-on-answer, light-dark(#ffffff, #04210f));
    --go-soft: light-dark(#e4f4ea, #163524);
    --stop: var(--jf-end, light-dark(#b92c26, #ff8f87));
    --stop-soft: light-dark(#fbe9e7, #3c2120);
    --wait: var(--jf-hold, light-dark(#8a5600, #f0b95a));
    --wait-soft: light-dark(#fcf1dc, #3a2d15);
    --radius: var(--jf-radius, 14px);
    --shadow: 0 1px 2px light-dark(rgb(20 20 30 / 6%), rgb(0 0 0 / 40%)), 0 6px 20px light-dark(rgb(20 20 30 / 5%), rgb(0 0 0 / 25%));
    --shadow-high: 0 2px 6px light-dark(rgb(20 20 30 / 8%), rgb(0 0 0 / 45%)), 0 16px 40px light-dark(rgb(20 20 30 / 14%), rgb(0 0 0 / 50%));
  }
  .panel[data-theme="light"] {
    color-scheme: light;
  }
  .panel[data-theme="dark"] {
    color-scheme: dark;
  }
`;
