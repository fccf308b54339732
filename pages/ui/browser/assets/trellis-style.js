// Style of the Messages page, on top of what every live view has.

export const STYLE = `
.hmm-grid.hmm-trellis { grid-template-columns: minmax(0, 1.75fr) minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
.hmm-trellis-card, .hmm-learning { grid-column: 1 / -1; }
.hmm-trellis .hmm-card { padding-bottom: 8px; }
.hmm-trellis .hmm-card header { min-height: 0; white-space: normal; flex-wrap: wrap; }
.hmm-trellis .hmm-card header .hmm-note { flex: 1 1 260px; white-space: normal; opacity: 0.8; }
.hmm-trellis .hmm-card header .hmm-note:empty { display: none; }
.hmm-trellis h2 { flex: 0 1 auto; }
.hmm-trellis-where { margin-left: auto; font-size: 12px; }
.hmm-likely .hmm-plot { height: 206px; }
.hmm-trellis-scroll { overflow-x: auto; overflow-y: hidden; }
/* What is drawn grows with the picture. */
.hmm-trellis-svg { --hmm-scale: 1; display: block; color: var(--st-text-color); height: auto; overflow: visible; }
.hmm-trellis-svg text { font-family: var(--st-font); text-anchor: middle; pointer-events: none;
  font-variant-numeric: tabular-nums; }
.hmm-trellis-svg text:not(.hmm-trellis-number) { fill: var(--st-text-color); }
.hmm-trellis-svg .hmm-trellis-time { font-size: 10.5px; opacity: 0.8; }
.hmm-trellis-svg .hmm-trellis-observation { font-size: 12px; font-weight: 600; }
.hmm-trellis-svg .hmm-trellis-observation.hmm-changed { text-decoration: underline; fill: var(--st-primary-color); }
.hmm-trellis-svg .hmm-trellis-name { font-size: 12.5px; font-weight: 600; text-anchor: end; dominant-baseline: central; }
.hmm-trellis-svg .hmm-trellis-number { font-weight: 600; dominant-baseline: central; }
.hmm-trellis-svg .hmm-haloed { paint-order: stroke; stroke: var(--st-background-color); stroke-width: 2.5px;
  stroke-linejoin: round; }
.hmm-trellis-ring { fill: var(--st-background-color); stroke-width: 1.5px; }
.hmm-trellis-ghost { fill: none; stroke: var(--st-text-color); stroke-width: 1.2px; stroke-dasharray: 3 2;
  pointer-events: none; }
.hmm-trellis-fill { pointer-events: none; transition: r 0.25s; }
.hmm-trellis-svg [role=gridcell] { cursor: pointer; outline: none; color: var(--st-text-color); }
.hmm-trellis-svg [role=gridcell]:hover .hmm-trellis-ring { stroke-width: 3px; }
.hmm-trellis-svg [role=gridcell][aria-selected=true] .hmm-trellis-ring { stroke: var(--st-text-color); stroke-width: 3.5px; }
.hmm-trellis-svg [role=gridcell]:focus-visible .hmm-trellis-ring { stroke: var(--st-primary-color); stroke-width: 4.5px; }
.hmm-trellis-svg .hmm-unseen { opacity: 0.35; }
.hmm-trellis-arrow { stroke: transparent; stroke-width: 7px; pointer-events: all; cursor: pointer; }
.hmm-trellis-arrow:hover { fill-opacity: 1; }
.hmm-trellis-arrow.hmm-chosen { stroke: color-mix(in srgb, var(--st-primary-color) 45%, transparent); stroke-width: 5px; }
.hmm-film { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; padding: 6px 4px 0; }
.hmm-film .hmm-button { min-width: 30px; height: 28px; }
.hmm-film .hmm-button:first-child { min-width: 104px; color: #fff; border-color: var(--st-primary-color);
  background: var(--st-primary-color); }
.hmm-film [hidden] { display: none; }
.hmm-trellis-story { margin-left: 6px; font-variant-numeric: tabular-nums; }
.hmm-banner { display: flex; align-items: center; gap: 10px; margin: 4px; padding: 5px 10px; font-weight: 600;
  border: 1px solid var(--st-primary-color); border-radius: 6px;
  background: color-mix(in srgb, var(--st-primary-color) 10%, transparent); }
.hmm-banner .hmm-button { margin-left: auto; }
.hmm-remarks p, .hmm-problem { margin: 4px; }
.hmm-explained, .hmm-what-if > div, .hmm-unscaled { padding: 0 4px; }
.hmm-trellis p { margin: 4px 0; font-size: 13px; line-height: 1.45; }
.hmm-trellis .hmm-formula { font-family: Georgia, "Times New Roman", serif; font-size: 14px; overflow-x: auto; }
.hmm-trellis .hmm-after { font-size: 12px; opacity: 0.85; }
.hmm-likely .hmm-after { padding: 0 4px; }
.hmm-trellis :is(sub, sup) { font-size: 0.82em; line-height: 0; }
.hmm-scroll { overflow-x: auto; }
.hmm-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.hmm-terms { border-collapse: collapse; margin: 4px 0; width: 100%; }
.hmm-terms :is(th, td) { border: 0; padding: 2px 8px 2px 0; text-align: right; white-space: nowrap; font-size: 13px;
  background: none; color: inherit; font-variant-numeric: tabular-nums; font-weight: 400; }
.hmm-terms thead th { font-size: 11.5px; opacity: 0.85; vertical-align: bottom; white-space: normal; }
.hmm-terms tbody tr { border-top: 1px solid var(--st-border-color); }
.hmm-terms tfoot tr:first-child { border-top: 2px solid var(--st-border-color); }
.hmm-terms th:first-child { text-align: left; }
.hmm-terms tfoot th { text-align: right; }
.hmm-terms tbody th { font-weight: 600; }
.hmm-terms tbody th i { display: inline-block; width: 9px; height: 9px; border-radius: 2px; margin-right: 6px; }
.hmm-terms .hmm-strong { font-weight: 600; }
.hmm-terms.hmm-plain { width: auto; }
.hmm-plain :is(th, td) { padding-right: 18px; }
/* The new value, or in words why it stays. */
.hmm-learning td:last-child { white-space: normal; min-width: 76px; }
.hmm-what-if-result .hmm-plain :is(th, td) { padding-right: 9px; }
.hmm-terms .hmm-term-bar { width: 26%; min-width: 40px; text-align: left; }
.hmm-terms .hmm-term-bar i { display: block; height: 11px; min-width: 1px; border-radius: 2px; }
.hmm-terms .hmm-term-what { text-align: left; white-space: normal; font-size: 12px; opacity: 0.85; padding-left: 8px; }
.hmm-terms .hmm-chosen { background: color-mix(in srgb, var(--st-primary-color) 14%, transparent); }
.hmm-terms caption { text-align: left; font-size: 12px; padding-bottom: 3px; caption-side: top; color: inherit; }
.hmm-term-name { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer;
  text-decoration: underline dotted; text-underline-offset: 3px; }
.hmm-term-name:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.hmm-trellis .hmm-other { margin-top: 8px; padding-top: 6px; border-top: 1px solid var(--st-border-color); }
.hmm-trellis .hmm-other h3 { text-align: left; padding: 0; font-size: 13px; font-weight: 600; opacity: 1; white-space: normal; }
.hmm-unscaled summary { cursor: pointer; font-size: 12.5px; padding: 3px 0; }
.hmm-unscaled[hidden] { display: none; }
.hmm-inputs { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; padding: 4px 0; }
.hmm-input { display: flex; align-items: center; gap: 8px; flex: 1 1 200px; min-width: 0; }
.hmm-input input[type=range] { flex: 1; min-width: 60px; }
.hmm-inputs :is(input[type=number], select) { font: inherit; color: inherit; width: 86px; padding: 2px 5px;
  border: 1px solid var(--st-border-color); border-radius: 5px; background: var(--st-background-color); }
.hmm-inputs select { width: auto; max-width: 160px; }
.hmm-inputs label { display: flex; gap: 8px; align-items: center; }
@media (prefers-reduced-motion: reduce) { .hmm-trellis-fill { transition: none; } }
@container (max-width: 899px) {
  .hmm-grid.hmm-trellis { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .hmm-terms-card { grid-column: 1 / -1; }
}
@container (max-width: 559px) {
  .hmm-grid.hmm-trellis { grid-template-columns: minmax(0, 1fr); }
  .hmm-trellis > * { grid-column: 1 / -1 !important; }
  .hmm-terms .hmm-term-bar { display: none; }
}
`;
