// Style of the live panel. Colours come from Streamlit's CSS variables; heights are fixed, so
// nothing jumps while numbers change. The number of columns depends on the width of the panel, not
// of the window, because the sidebar takes part of that.

export const STYLE = `
.hmm-panel { container-type: inline-size; font-family: var(--st-font); color: var(--st-text-color);
  font-size: 13px; line-height: 1.3; }
.hmm-panel * { box-sizing: border-box; }
.hmm-grid { display: grid; gap: 10px; grid-template-columns: 1fr 1.3fr 1.12fr; }
.hmm-tiles, .hmm-sequence { grid-column: 1 / -1; }
.hmm-card, .hmm-tile { border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius, 8px);
  background: var(--st-background-color); min-width: 0; }
.hmm-card { padding: 7px 8px 3px; overflow: hidden; }
.hmm-card header { display: flex; align-items: baseline; gap: 10px; padding: 0 4px; min-height: 19px;
  white-space: nowrap; }
.hmm-panel h2, .hmm-panel h3 { margin: 0; padding: 0; font-family: inherit; letter-spacing: 0;
  color: inherit; }
.hmm-panel h2 { font-size: 13px; font-weight: 600; line-height: 1.4; }
.hmm-panel h3 { font-size: 11px; font-weight: 500; text-align: center; padding-left: 46px;
  line-height: 1.4; opacity: 0.8; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.hmm-note { font-size: 11px; opacity: 0.7; overflow: hidden; text-overflow: ellipsis; }
.hmm-layers { position: relative; }
.hmm-canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
/* Contained, so that measuring one chart never triggers the layout of the rest of the page. */
.hmm-plot { position: relative; contain: strict; width: 100%; height: 200px; overflow: hidden; }
.hmm-plot.hmm-painted .cartesianlayer .mlayer { visibility: hidden; }
.hmm-sequence .hmm-plot { height: 240px; }
.hmm-columns { display: grid; grid-template-columns: calc(50% + 21px) minmax(0, 1fr);
  gap: 2px; }
.hmm-column + .hmm-column h3 { padding-left: 2px; }
.hmm-column { min-width: 0; }
.hmm-column .hmm-plot { height: 184px; }
.hmm-panel [hidden] { display: none; }
.hmm-columns.hmm-pictures { grid-template-columns: 1fr 1fr; }
.hmm-columns.hmm-single { grid-template-columns: 1fr; }
.hmm-pictures .hmm-column h3 { padding: 0; }
.hmm-views { flex: none; display: flex; margin-left: auto; }
.hmm-views .hmm-button { height: 20px; padding: 0 8px; font-size: 11px; border-radius: 0; }
.hmm-views .hmm-button:first-child { border-radius: 6px 0 0 6px; }
.hmm-views .hmm-button:last-child { border-radius: 0 6px 6px 0; margin-left: -1px; }
.hmm-views .hmm-button[aria-pressed=true] { font-weight: 600; z-index: 1;
  background: color-mix(in srgb, var(--st-primary-color) 12%, transparent); }
.hmm-graph { position: relative; contain: layout size; height: 184px; }
.hmm-graph svg { --hmm-scale: 1; display: block; width: 100%; height: 100%; overflow: hidden; }
.hmm-graph text { font-size: 9.5px; text-anchor: middle; dominant-baseline: central;
  pointer-events: none; font-variant-numeric: tabular-nums; }
.hmm-graph text:not(.hmm-inside) { fill: var(--st-text-color); }
.hmm-graph :is(.hmm-word, .hmm-number, .hmm-beside) { paint-order: stroke;
  stroke: var(--st-background-color); stroke-width: 3px; stroke-linejoin: round; }
.hmm-graph .hmm-inside { font-weight: 700; }
.hmm-loop { fill: none; pointer-events: all; opacity: 0.85; }
.hmm-arrow { stroke: transparent; stroke-width: 6px; pointer-events: all; opacity: 0.85; }
.hmm-start { fill: var(--st-text-color); opacity: 0.6; }
.hmm-state circle { stroke: var(--st-background-color); stroke-width: 1.5px; }
.hmm-state.hmm-lit circle { stroke: var(--st-text-color); stroke-width: 3.5px; }
.hmm-graph-tip { position: absolute; z-index: 2; pointer-events: none; white-space: pre; font-size: 11px;
  padding: 2px 6px; border: 1px solid var(--st-border-color); border-radius: 4px;
  background: var(--st-background-color); }
.hmm-remark { margin: 0; align-self: center; text-align: center; font-size: 12px; opacity: 0.7; }
.hmm-panel h2 { flex: none; }
.hmm-card header .hmm-note { flex: 1 1 0; min-width: 0; }
.hmm-legend { margin-left: auto; min-width: 0; display: flex; flex-wrap: wrap; gap: 0 10px; font-size: 12px;
  justify-content: flex-end; }
.hmm-legend i { font-style: normal; margin-right: 3px; }
.hmm-tiles { display: flex; gap: 10px; }
.hmm-tile { flex: 1; display: flex; align-items: center; gap: 4px 26px; padding: 4px 14px; height: 46px; }
.hmm-run { font-weight: 600; font-size: 14px; display: flex; align-items: center; gap: 8px; }
.hmm-run i { width: 26px; height: 0; }
.hmm-value { display: flex; flex-direction: column; min-width: 58px; }
.hmm-value span { font-size: 11px; opacity: 0.75; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.hmm-value b { font-weight: 600; font-size: 18px; line-height: 1.25;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.hmm-with-parts { grid-template-columns: 1fr 1.5fr; }
.hmm-with-parts .hmm-means { grid-column: 1 / -1; }
@container (max-width: 899px) {
  .hmm-with-parts .hmm-curve { grid-column: 1 / -1; }
  .hmm-with-parts .hmm-means { order: 1; }
  .hmm-grid { grid-template-columns: 1fr 1fr; }
  .hmm-matrices { grid-column: 1 / -1; order: 1; }
  .hmm-sequence { order: 2; }
  .hmm-tiles { flex-direction: column; gap: 6px; }
  .hmm-tile { flex: none; height: 46px; padding: 3px 14px; }
  .hmm-run { min-width: 112px; }
}
@container (max-width: 559px) {
  .hmm-grid { grid-template-columns: minmax(0, 1fr); }
  .hmm-with-parts { grid-template-columns: minmax(0, 1fr); }
  .hmm-tile { gap: 2px 10px; padding: 3px 10px; }
  /* The picture before its numbers. */
  .hmm-tiles { order: 3; }
  .hmm-run { min-width: 102px; flex: none; }
  .hmm-value + .hmm-value { min-width: 0; }
  .hmm-note { display: none; }
  .hmm-matrices header .hmm-note { display: inline; }
  .hmm-sequence header { flex-wrap: wrap; }
  .hmm-sequence header .hmm-note { display: inline; flex: 0 1 auto; white-space: normal; }
}
@container (max-width: 419px) {
  .hmm-tile { flex-wrap: wrap; height: auto; column-gap: 8px; }
  .hmm-run { width: 100%; }
  .hmm-value { min-width: 48px; }
}
`;
