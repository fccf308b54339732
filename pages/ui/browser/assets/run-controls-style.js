// Style of the run controls. Colours come from Streamlit's CSS variables. Play is as wide as Pause, so
// nothing beside it moves when it turns into it.

export const STYLE = `
/* Above what follows it on the page, over which the outcome's help lies. */
.hmm-controls { container-type: inline-size; position: relative; z-index: 1; display: flex; flex-wrap: wrap; align-items: center;
  gap: 8px 16px; font-family: var(--st-font); color: var(--st-text-color); font-size: 13px;
  line-height: 1.3; }
.hmm-controls * { box-sizing: border-box; }
.hmm-buttons { flex: none; display: flex; gap: 8px; }
.hmm-slower { font-size: 12px; opacity: 0.7; }
.hmm-slower:empty { display: none; }
.hmm-scrubber { flex: 1 1 480px; display: flex; align-items: center; gap: 8px; min-width: 0; }
.hmm-track { position: relative; flex: 1; min-width: 80px; display: flex; align-items: center; height: 26px; }
/* Styled here, because the browser's own track is white on a dark page. The track extends half a
   thumb beyond the first and the last iteration. */
.hmm-range { appearance: none; width: 100%; margin: 0; height: 16px; cursor: pointer; color: inherit;
  border-radius: 8px; background: linear-gradient(to right, var(--st-primary-color)
  calc(7px + (100% - 14px) * var(--done, 0)), color-mix(in srgb, currentColor 20%, transparent) 0)
  center / 100% 6px no-repeat; }
.hmm-range::-webkit-slider-thumb { appearance: none; width: 14px; height: 14px; border-radius: 50%;
  background: var(--st-primary-color); }
.hmm-range::-moz-range-thumb { width: 14px; height: 14px; border: 0; border-radius: 50%;
  background: var(--st-primary-color); }
.hmm-range:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.hmm-range:disabled { cursor: default; filter: grayscale(1); opacity: 0.45; }
.hmm-where { flex: none; min-width: 150px; font-size: 12px; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hmm-button { flex: none; font: inherit; font-size: 12px; color: inherit; padding: 1px 10px; height: 24px;
  min-width: 52px; background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius, 8px); cursor: pointer; }
.hmm-button:hover:not(:disabled, [aria-disabled=true]), .hmm-button[aria-pressed=true] { border-color: var(--st-primary-color); }
.hmm-button:is(:disabled, [aria-disabled=true]) { opacity: 0.45; cursor: default; }
.hmm-flag { position: absolute; top: 0; width: 12px; height: 10px; margin-left: -6px; padding: 0; border: 0;
  background: var(--st-primary-color); clip-path: polygon(0 0, 100% 0, 50% 100%); cursor: pointer; z-index: 1; }
/* The clip-path would cut off an outline. */
.hmm-flag:focus-visible { background: var(--st-text-color); }
.hmm-run-button { display: inline-flex; align-items: center; justify-content: center; gap: 4px; font-size: 14px;
  height: 36px; padding: 0 12px; white-space: nowrap; }
.hmm-run-button svg { width: 18px; height: 18px; fill: currentColor; flex: none; }
.hmm-run-button:first-child { min-width: 92px; color: #fff; background: var(--st-primary-color);
  border-color: var(--st-primary-color); }
.hmm-button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
@container (max-width: 559px) {
  .hmm-buttons { flex: 1 1 100%; gap: 6px; }
  .hmm-run-button { flex: 1 1 auto; padding: 0 6px; }
  /* The slider and its text in one row, the buttons below. */
  .hmm-scrubber { flex-wrap: wrap; row-gap: 4px; }
  .hmm-track { order: -2; flex-basis: calc(100% - 158px); }
  .hmm-where { order: -1; }
}
@container (max-width: 339px) {
  .hmm-run-button svg { display: none; }
}
`;
