import { css } from "lit";

/** The live log. */
export const events = css`
  :host {
    display: flex;
    flex: 1;
    flex-direction: column;
    gap: 12px;
    min-height: 0;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .tools h1 {
    margin-right: 8px;
    font-size: 21px;
    letter-spacing: -0.01em;
  }
  .tools input {
    flex: 1 1 150px;
    max-width: 260px;
    min-width: 0;
  }
  .tools .told {
    flex: 1 1 auto;
    color: var(--muted);
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .names {
    position: relative;
  }
  .names > summary {
    display: inline-flex;
    align-items: center;
    min-height: 36px;
    padding: 0 14px;
    border: 1px solid var(--edge);
    border-radius: 10px;
    background: var(--surface);
    font-weight: 550;
    cursor: pointer;
    list-style: none;
  }
  .names > summary::-webkit-details-marker {
    display: none;
  }
  .names[open] > div {
    position: absolute;
    z-index: 2;
    top: calc(100% + 6px);
    left: 0;
    width: max-content;
    max-width: min(420px, calc(100vw - 48px));
    max-height: 60vh;
    padding: 12px;
    overflow: auto;
    border: 1px solid var(--edge);
    border-radius: 12px;
    background: var(--surface);
    box-shadow: var(--shadow-high);
    columns: 2;
    column-gap: 16px;
  }
  .names label {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 4px;
    break-inside: avoid;
  }
  .names input {
    min-height: 0;
    accent-color: var(--accent);
  }
  .body {
    display: flex;
    flex: 1;
    gap: 12px;
    min-height: 0;
  }
  .table {
    display: flex;
    flex: 1;
    flex-direction: column;
    min-width: 0;
    overflow: hidden;
  }
  .row {
    display: grid;
    grid-template-columns: 104px 110px 176px minmax(0, 1fr) 76px;
    align-items: center;
    gap: 12px;
    height: 28px;
    padding: 0 16px;
    white-space: nowrap;
    contain: layout paint style;
  }
  .row > * {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .row.top {
    flex: none;
    height: 36px;
    border-bottom: 1px solid var(--edge);
    color: var(--muted);
    font-size: 12.5px;
    font-weight: 550;
  }
  .row .seq {
    color: var(--muted);
    text-align: right;
  }
  .row .at {
    color: var(--muted);
  }
  .list {
    position: relative;
    flex: 1;
    min-height: 0;
    overflow-y: scroll;
    overflow-anchor: none;
    overscroll-behavior: contain;
  }
  .list:focus-visible {
    outline-offset: -2px;
  }
  .space {
    position: relative;
    overflow: hidden;
  }
  .rows {
    position: absolute;
    inset: 0 0 auto;
  }
  .rows .row {
    position: absolute;
    inset: 0 0 auto;
    cursor: default;
  }
  .rows .row.odd {
    background: color-mix(in srgb, var(--raised) 45%, transparent);
  }
  .rows .row:hover {
    background: var(--raised);
  }
  .rows .row[aria-selected="true"] {
    background: var(--accent-soft);
  }
  .name {
    font-weight: 550;
  }
  .name.started {
    color: var(--accent);
  }
  .name.up {
    color: var(--go);
  }
  .name.over {
    color: var(--muted);
  }
  .name.bad {
    color: var(--stop);
  }
  .name.held {
    color: var(--wait);
  }
  aside {
    display: flex;
    flex: 0 1 460px;
    flex-direction: column;
    min-width: 0;
    overflow: hidden;
  }
  aside .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding: 6px 6px 6px 16px;
    border-bottom: 1px solid var(--edge);
  }
  aside h2 {
    font-size: 15px;
  }
  pre {
    flex: 1;
    margin: 0;
    padding: 12px 16px;
    overflow: auto;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .follow[aria-pressed="true"] {
    border-color: transparent;
    background: var(--accent-soft);
    color: var(--accent);
  }
  .list .empty {
    position: absolute;
    inset: 0;
  }
  @media (max-width: 720px) {
    .tools h1,
    .row.top {
      display: none;
    }
    .row {
      grid-template: "name at" 20px "says line" 20px / minmax(0, 1fr) auto;
      gap: 0 10px;
      align-content: center;
      height: 48px;
      padding: 0 12px;
    }
    .row .name {
      grid-area: name;
    }
    .row .at {
      grid-area: at;
      text-align: right;
    }
    .row .line {
      grid-area: line;
      color: var(--muted);
      text-align: right;
    }
    .row .says {
      grid-area: says;
    }
    .row .seq {
      display: none;
    }
    .body {
      flex-direction: column;
    }
    aside {
      flex: 0 0 45%;
    }
  }
`;
