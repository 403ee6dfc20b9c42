import { css } from "lit";

/** The frame of the page, its lists and tables. */
export const layout = css`
  header {
    position: sticky;
    top: 0;
    z-index: 2;
    border-bottom: 1px solid var(--edge);
    background: color-mix(in srgb, var(--bg) 88%, transparent);
    backdrop-filter: blur(10px);
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 20px;
    max-width: 1240px;
    margin: 0 auto;
    padding: 8px 20px;
  }
  .brand {
    display: flex;
    align-items: center;
    gap: 10px;
    font-size: 15px;
    font-weight: 650;
  }
  .brand svg {
    width: 24px;
    height: 24px;
  }
  nav {
    display: flex;
    flex: 1;
    gap: 2px;
    min-width: 0;
    overflow-x: auto;
    scrollbar-width: none;
  }
  nav a {
    padding: 7px 12px;
    border-radius: 9px;
    color: var(--muted);
    font-weight: 550;
    text-decoration: none;
    white-space: nowrap;
  }
  nav a:focus-visible {
    outline-offset: -2px;
  }
  nav a:hover {
    background: var(--raised);
  }
  nav a[aria-current="page"] {
    background: var(--accent-soft);
    color: var(--accent);
  }
  nav a .count {
    margin-left: 6px;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .who {
    display: flex;
    align-items: center;
    gap: 8px;
    color: var(--muted);
  }
  main {
    display: flex;
    flex-direction: column;
    gap: 16px;
    max-width: 1240px;
    margin: 0 auto;
    padding: 20px;
  }
  main.wide {
    max-width: none;
    height: calc(100dvh - 57px);
    padding-bottom: 12px;
  }
  h1 {
    font-size: 21px;
    letter-spacing: -0.01em;
  }
  h2 {
    font-size: 15px;
  }
  h3 {
    color: var(--muted);
    font-size: 12.5px;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px 12px;
  }
  .head .grow,
  .grow {
    flex: 1;
    min-width: 0;
  }
  .health {
    display: flex;
    align-items: baseline;
    gap: 16px;
    padding: 18px 20px;
  }
  .health h2 {
    font-size: 17px;
  }
  .health .dot {
    width: 14px;
    height: 14px;
    box-shadow: 0 0 0 5px color-mix(in srgb, currentcolor 14%, transparent);
  }
  .health .dot.up {
    color: var(--go);
  }
  .health .dot.down {
    color: var(--stop);
  }
  .health .dot.waits {
    color: var(--wait);
  }
  .health ul {
    margin-top: 4px;
    color: var(--muted);
  }
  .tiles {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 12px;
  }
  .tile {
    display: flex;
    flex-direction: column;
    gap: 2px;
    min-height: 108px;
    padding: 14px 16px;
    overflow: hidden;
  }
  .tile .big {
    font-size: 26px;
    font-weight: 600;
    letter-spacing: -0.02em;
    line-height: 1.25;
    font-variant-numeric: tabular-nums;
  }
  .tile .big small {
    color: var(--muted);
    font-size: 13px;
    font-weight: 500;
    letter-spacing: 0;
  }
  .tile .foot {
    margin-top: auto;
    color: var(--muted);
    font-size: 12.5px;
  }
  .curve {
    display: block;
    width: calc(100% + 32px);
    height: 34px;
    margin: auto -16px -14px;
  }
  .curve path {
    fill: none;
    stroke: var(--accent);
    stroke-width: 1.5;
    vector-effect: non-scaling-stroke;
  }
  .curve .below {
    fill: var(--accent-soft);
    stroke: none;
  }
  section.card {
    position: relative;
    overflow: clip;
  }
  .connection > .head {
    padding: 14px 16px;
  }
  .connection h2 {
    display: flex;
    align-items: center;
    gap: 10px;
  }
  .facts {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 12px 20px;
    padding: 0 16px 14px;
  }
  .facts dt {
    color: var(--muted);
    font-size: 12.5px;
  }
  .facts dd {
    overflow-wrap: anywhere;
  }
  .connection .note {
    margin: 0 16px 14px;
  }
  details > summary {
    display: flex;
    align-items: center;
    gap: 8px;
    padding: 10px 16px;
    border-top: 1px solid var(--edge);
    color: var(--muted);
    font-weight: 550;
    cursor: pointer;
    list-style: none;
  }
  details > summary::-webkit-details-marker {
    display: none;
  }
  details > summary::before {
    content: "›";
    width: 10px;
    transition: rotate 0.12s;
  }
  details[open] > summary::before {
    rotate: 90deg;
  }
  details > summary:hover {
    background: var(--raised);
  }
  details > summary:focus-visible {
    outline-offset: -2px;
  }
  .scroll {
    max-height: 420px;
    overflow: auto;
  }
  .scroll:focus-visible {
    outline-offset: -2px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th {
    position: sticky;
    top: 0;
    padding: 8px 12px;
    border-bottom: 1px solid var(--edge);
    background: var(--surface);
    color: var(--muted);
    font-size: 12.5px;
    font-weight: 550;
    text-align: left;
    white-space: nowrap;
  }
  td {
    padding: 8px 12px;
    border-bottom: 1px solid var(--edge);
    vertical-align: top;
    overflow-wrap: anywhere;
  }
  tr:last-child td {
    border-bottom: 0;
  }
  th:first-child,
  td:first-child {
    padding-left: 16px;
  }
  td.num,
  th.num {
    text-align: right;
    white-space: nowrap;
  }
  .state {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    white-space: nowrap;
  }
  .short li {
    display: flex;
    align-items: center;
    gap: 12px;
    padding: 11px 16px;
    border-bottom: 1px solid var(--edge);
  }
  .short li:last-child {
    border-bottom: 0;
  }
  dialog {
    width: min(440px, calc(100vw - 32px));
    padding: 22px;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    box-shadow: var(--shadow-high);
  }
  dialog::backdrop {
    background: rgb(10 12 16 / 45%);
  }
  dialog h2 {
    margin-bottom: 8px;
    font-size: 17px;
  }
  dialog .buttons {
    display: flex;
    justify-content: flex-end;
    gap: 8px;
    margin-top: 20px;
  }
  .login {
    display: grid;
    place-items: center;
    min-height: 100vh;
    padding: 20px;
  }
  .login form {
    display: flex;
    flex-direction: column;
    gap: 14px;
    width: min(400px, 100%);
    padding: 28px;
  }
  .login label {
    display: flex;
    flex-direction: column;
    gap: 6px;
    font-weight: 550;
  }
  .login .main {
    min-height: 42px;
  }
  .toast {
    position: fixed;
    inset: auto 20px 20px auto;
    z-index: 3;
    max-width: min(480px, calc(100vw - 40px));
    padding: 12px 16px;
    border-radius: 12px;
    background: var(--ink);
    color: var(--bg);
    box-shadow: var(--shadow-high);
  }
  @media (max-width: 1000px) {
    .tiles {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
  }
  @media (max-width: 720px) {
    .bar {
      padding: 8px 12px 4px;
    }
    nav {
      flex-basis: 100%;
      order: 3;
    }
    .brand {
      flex: 1;
    }
    main {
      gap: 12px;
      padding: 12px;
    }
    main.wide {
      height: calc(100dvh - 96px);
      padding-bottom: 8px;
    }
    .tile {
      min-height: 96px;
      padding: 12px 14px;
    }
    .curve {
      width: calc(100% + 28px);
      margin: auto -14px -12px;
    }
    .tile .big {
      font-size: 22px;
    }
    .facts {
      grid-template-columns: repeat(2, minmax(0, 1fr));
    }
    .connection > .head .grow {
      flex-basis: 100%;
      order: 1;
    }
    /* A table becomes a list: each cell says what it is. */
    table.stack thead {
      position: absolute;
      clip-path: inset(50%);
    }
    table.stack tr {
      display: block;
      padding: 10px 16px;
      border-bottom: 1px solid var(--edge);
    }
    table.stack tr:last-child {
      border-bottom: 0;
    }
    table.stack td,
    table.stack td:first-child {
      display: flex;
      justify-content: space-between;
      gap: 16px;
      padding: 3px 0;
      border: 0;
      text-align: right;
      white-space: normal;
    }
    table.stack td::before {
      content: attr(data-label);
      flex: none;
      color: var(--muted);
      text-align: left;
    }
    /* The first one names the thing, and says more of it below. */
    table.stack td:first-child {
      display: block;
      font-weight: 600;
      text-align: left;
      overflow-wrap: anywhere;
    }
    table.stack td:first-child .muted {
      font-weight: 400;
    }
    table.stack td:first-child::before,
    table.stack td.none {
      display: none;
    }
  }
`;
