// Style of the landscape, on top of what every live view has.

import { SPOKEN_TURNS } from "./landscape-solid.js";

export const STYLE = `
.hmm-grid.hmm-landscape { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
.hmm-landscape .hmm-card { padding-bottom: 8px; }
.hmm-problem { grid-column: 1 / -1; margin: 0; padding: 18px 14px !important; font-size: 14px; }
.hmm-landscape .hmm-surface .hmm-plot { height: 500px; }
.hmm-landscape .hmm-line .hmm-plot { height: 420px; }
.hmm-maps { display: grid; gap: 4px; grid-template-columns: minmax(0, 1fr); }
.hmm-maps .hmm-plot { height: 392px; }
.hmm-maps.hmm-both { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.hmm-maps.hmm-both.hmm-with-bar { grid-template-columns: minmax(0, 1fr) calc(50% + 32px); }
.hmm-maps.hmm-both .hmm-plot { height: 264px; }
.hmm-maps h3 { padding-left: 0; }
.hmm-surface p, .hmm-maps p, .hmm-line p, .hmm-ends p { margin: 4px; font-size: 13px; line-height: 1.4; }
.hmm-key { display: flex; flex-wrap: wrap; align-items: center; gap: 2px 14px; min-height: 22px; padding: 2px 4px;
  font-size: 12px; }
.hmm-key span { display: inline-flex; align-items: center; white-space: nowrap; }
.hmm-key i { flex: none; font-style: normal; margin-right: 5px; }
.hmm-key i.hmm-sample { width: 24px; }
.hmm-key i.hmm-chip, .hmm-ends i.hmm-chip { width: 12px; height: 12px; border-radius: 2px;
  border: 1px solid color-mix(in srgb, var(--st-text-color) 35%, transparent); }
.hmm-key .hmm-projected { padding: 1px 8px; border-radius: 9px; font-size: 11px; font-weight: 600; color: #fff;
  background: #8a5a00; }
.hmm-search { display: flex; flex-wrap: wrap; align-items: center; gap: 3px 12px; min-height: 28px; padding: 0 4px;
  font-size: 12px; }
.hmm-search > span { flex: 1 1 0; min-width: 150px; }
.hmm-search .hmm-key { padding: 0; }
.hmm-bar { flex: 1 1 100%; height: 4px; border-radius: 2px; overflow: hidden;
  background: color-mix(in srgb, var(--st-text-color) 12%, transparent); }
.hmm-bar i { display: block; height: 100%; background: var(--st-primary-color); }
.hmm-rows { overflow-x: auto; }
.hmm-rows table { width: 100%; border-collapse: collapse; margin: 2px 0 0; }
.hmm-rows th, .hmm-rows td { border: 0; border-top: 1px solid var(--st-border-color); padding: 3px 6px;
  text-align: right; white-space: nowrap; font-weight: 400; font-size: 13px; background: none; color: inherit;
  font-variant-numeric: tabular-nums; }
.hmm-rows thead th { white-space: normal; vertical-align: bottom; border-top: 0;
  font-size: 11px; font-weight: 500; opacity: 0.8; }
.hmm-rows :is(th:first-child, .hmm-words) { text-align: left; }
.hmm-rows .hmm-words { white-space: normal; min-width: 110px; }
.hmm-rows tbody th i { display: inline-block; margin-right: 7px; vertical-align: -1px; }
.hmm-rows .hmm-button { height: 22px; padding: 0 8px; }
.hmm-places { position: absolute; inset: 0; pointer-events: none; }
.hmm-places[hidden] { display: none; }
.hmm-place { position: absolute; width: 18px; height: 18px; margin: -9px 0 0 -9px; border-radius: 50%;
  opacity: 0; outline: none; border: 3px solid var(--st-primary-color);
  box-shadow: 0 0 0 2px #fff, inset 0 0 0 2px #fff; }
.hmm-place:focus-visible { opacity: 1; }
.hmm-place-words { position: absolute; z-index: 3; padding: 2px 7px; border-radius: 5px; font-size: 12px;
  line-height: 1.35; white-space: pre-wrap; width: max-content; max-width: 100%;
  border: 1px solid var(--st-border-color); background: var(--st-background-color); color: var(--st-text-color);
  font-variant-numeric: tabular-nums; }
.hmm-solid .hmm-chart:focus-visible::after { content: "${SPOKEN_TURNS}"; }
@container (max-width: 899px) {
  .hmm-grid.hmm-landscape { grid-template-columns: minmax(0, 1fr); }
  .hmm-landscape .hmm-surface .hmm-plot, .hmm-maps .hmm-plot { height: 420px; }
  .hmm-maps.hmm-both .hmm-plot { height: 320px; }
}
@container (max-width: 559px) {
  .hmm-landscape .hmm-surface .hmm-plot, .hmm-maps .hmm-plot { height: 320px; }
  .hmm-maps.hmm-both, .hmm-maps.hmm-both.hmm-with-bar { grid-template-columns: minmax(0, 1fr); }
  .hmm-rows th, .hmm-rows td { padding: 3px; font-size: 12px; }
  .hmm-rows thead th { font-size: 10px; }
  .hmm-rows .hmm-words { min-width: 64px; }
  .hmm-landscape header { flex-wrap: wrap; white-space: normal; }
  .hmm-landscape .hmm-card header .hmm-note { display: inline; flex: 1 1 100%; white-space: normal; }
}
`;
