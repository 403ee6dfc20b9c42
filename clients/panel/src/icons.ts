import { type SVGTemplateResult, html, svg } from "lit";

/** Drawn for this panel on a grid of 24, with a stroke of the text's colour. */
const SHAPES = {
  phone: svg`<path d="M5 4.5h3.2l1.6 4-2 1.4a11.5 11.5 0 0 0 6.3 6.3l1.4-2 4 1.6V19a1.6 1.6 0 0 1-1.7 1.6A15.4 15.4 0 0 1 3.4 6.2 1.6 1.6 0 0 1 5 4.5Z"/>`,
  down: svg`<path d="M3.2 14.6c-.6-1-.5-2.2.3-3a12 12 0 0 1 17 0c.8.8.9 2 .3 3l-.8 1.2a1 1 0 0 1-1.2.4l-3-1.1a1 1 0 0 1-.6-1l.1-2a10.6 10.6 0 0 0-6.6 0l.1 2a1 1 0 0 1-.6 1l-3 1.1a1 1 0 0 1-1.2-.4Z"/>`,
  pause: svg`<path d="M8.5 5.5v13M15.5 5.5v13"/>`,
  play: svg`<path d="M8 5.2v13.6L18.6 12Z"/>`,
  mic: svg`<rect x="9" y="3.5" width="6" height="11" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>`,
  micOff: svg`<path d="M9 5.8A3 3 0 0 1 15 6.5v4M15 13.2a3 3 0 0 1-6-1.7V9.5M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v3M4 3.5l16 17"/>`,
  keypad: svg`<g fill="currentColor" stroke="none"><circle cx="6" cy="5" r="1.5"/><circle cx="12" cy="5" r="1.5"/><circle cx="18" cy="5" r="1.5"/><circle cx="6" cy="11" r="1.5"/><circle cx="12" cy="11" r="1.5"/><circle cx="18" cy="11" r="1.5"/><circle cx="6" cy="17" r="1.5"/><circle cx="12" cy="17" r="1.5"/><circle cx="18" cy="17" r="1.5"/></g>`,
  transfer: svg`<path d="M4 17.5v-2A5.5 5.5 0 0 1 9.500 10H19M14.500 5.500 19.500 10l-5 4.500"/>`,
  swap: svg`<path d="M7 4 3.500 7.500 7 11M4 7.500h16M17 13l3.500 3.500L17 20M20 16.500H4"/>`,
  merge: svg`<circle cx="8" cy="8.500" r="3"/><circle cx="16.500" cy="9.500" r="2.400"/><path d="M2.500 19a5.500 5.500 0 0 1 11 0M14.500 14.600A4.600 4.600 0 0 1 21.500 18.500"/>`,
  park: svg`<rect x="4" y="4" width="16" height="16" rx="4"/><path d="M10 16.500v-9h2.800a2.700 2.700 0 0 1 0 5.400H10"/>`,
  record: svg`<circle cx="12" cy="12" r="8"/><circle cx="12" cy="12" r="3.200" fill="currentColor" stroke="none"/>`,
  video: svg`<rect x="3" y="6.500" width="12" height="11" rx="2.500"/><path d="m15 11 5.500-3v8L15 13"/>`,
  redirect: svg`<path d="M4 6.500h7a4 4 0 0 1 4 4V19M10.500 14.500 15 19.500l4.500-5"/>`,
  arrowIn: svg`<path d="M18 6 7 17M7 9v8h8"/>`,
  arrowOut: svg`<path d="M6 18 17 7M9 7h8v8"/>`,
  missed: svg`<path d="m4 7 7.500 7.500L20 6M20 11.500V6h-5.500"/>`,
  gear: svg`<circle cx="12" cy="12" r="3"/><path d="M12 3.500v2.200M12 18.300v2.200M3.500 12h2.200M18.300 12h2.200M6 6l1.600 1.600M16.400 16.400 18 18M6 18l1.600-1.600M16.400 7.600 18 6"/>`,
  close: svg`<path d="M6 6l12 12M18 6 6 18"/>`,
  check: svg`<path d="m5 12.500 4.500 4.500L19 7"/>`,
  chevron: svg`<path d="m7 10 5 5 5-5"/>`,
  search: svg`<circle cx="10.500" cy="10.500" r="6"/><path d="m15 15 5 5"/>`,
  note: svg`<path d="M5 4.500h14v10L14.500 19.500H5ZM14 19v-5h5M8.500 9h7M8.500 12.500h3"/>`,
  link: svg`<path d="M10 14a3.800 3.800 0 0 0 5.600.3l3-3a3.900 3.900 0 0 0-5.500-5.500l-1 1M14 10a3.800 3.800 0 0 0-5.600-.3l-3 3a3.900 3.900 0 0 0 5.500 5.500l1-1"/>`,
  bell: svg`<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15ZM10 20.500h4"/>`,
  bellOff: svg`<path d="M6 16.500V11c0-1 .2-1.800.6-2.600M9 5.800A6 6 0 0 1 18 11v4M17 18H4.500L6 16.500M10 20.500h4M4 4l16 16"/>`,
  person: svg`<circle cx="12" cy="8" r="3.700"/><path d="M4.500 20a7.500 7.500 0 0 1 15 0"/>`,
  back: svg`<path d="M11 5.500 4.500 12l6.500 6.500M5 12h15"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type Icon = keyof typeof SHAPES;

/** A picture beside words; it says nothing of its own. */
export const icon = (name: Icon) =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${SHAPES[name]}</svg>`;
