// Style of the comparison, on top of what every live view has.

export const STYLE = `
.hmm-grid.hmm-run-comparison { grid-template-columns: repeat(6, minmax(0, 1fr)); }
.hmm-verdict, .hmm-runs { grid-column: 1 / -1; }
.hmm-run-comparison .hmm-curve, .hmm-run-comparison .hmm-distance { grid-column: span 3; }
.hmm-location, .hmm-spread, .hmm-stay { grid-column: span 2; }
.hmm-run-comparison .hmm-curve .hmm-plot, .hmm-run-comparison .hmm-distance .hmm-plot { height: 232px; }
.hmm-verdict { padding: 8px 14px; min-height: 66px; }
.hmm-verdict h2 { font-size: 14px; }
.hmm-verdict p { margin: 2px 0 0; font-size: 13px; line-height: 1.4; }
.hmm-runs { overflow-x: auto; padding: 4px 8px; }
.hmm-runs table { width: 100%; border-collapse: collapse; margin: 0; }
.hmm-runs th, .hmm-runs td { border: 0; padding: 2px 8px; text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; background: none; color: inherit; }
.hmm-runs thead th { font-size: 11px; font-weight: 500; opacity: 0.75; }
.hmm-runs thead th[title] { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.hmm-runs td { font-size: 14px; }
.hmm-runs th:first-child { text-align: left; }
.hmm-runs tbody th { font-weight: 600; font-size: 13px; }
.hmm-runs tbody th i { display: inline-block; width: 26px; margin-right: 8px; vertical-align: middle; }
.hmm-location .hmm-legend { max-width: none; overflow: hidden; flex-wrap: nowrap; }
@container (max-width: 899px) {
  .hmm-run-comparison .hmm-curve, .hmm-run-comparison .hmm-distance { grid-column: 1 / -1; }
  .hmm-location, .hmm-spread { grid-column: span 3; }
  .hmm-stay { grid-column: 1 / -1; }
  .hmm-verdict { min-height: 84px; }
  .hmm-runs th, .hmm-runs td { padding: 2px 4px; }
  .hmm-runs tbody th i { width: 16px; margin-right: 5px; }
  .hmm-runs td { font-size: 13px; }
  .hmm-each, .hmm-cell-rate { display: none; }
}
@container (max-width: 559px) {
  .hmm-grid.hmm-run-comparison { grid-template-columns: minmax(0, 1fr); }
  .hmm-run-comparison > * { grid-column: 1 / -1 !important; }
}
`;
