// Style of the outcome beside Play. At each width it has room for its longest words, so that nothing
// below it moves when they change. Colours but those of the tones come from Streamlit's variables.

export const STYLE = `
.hmm-outcome { --tone: #4a5866; position: relative; flex: 1 1 100%; min-width: 0; display: flex; align-items: center; gap: 6px 16px;
  padding: 6px 12px; min-height: 64px; font-size: 14px; line-height: 20px; font-variant-numeric: tabular-nums;
  border: 1px solid color-mix(in srgb, var(--tone) 40%, transparent); border-radius: var(--st-base-radius, 8px);
  background: color-mix(in srgb, var(--tone) 8%, transparent); }
.hmm-outcome[data-tone=busy] { --tone: #0b5c8e; }
.hmm-outcome[data-tone=good] { --tone: #0b7048; }
.hmm-outcome[data-tone=warning] { --tone: #8f5600; }
.hmm-outcome[data-tone=error] { --tone: #ac2430; }
.hmm-facts { flex: 1 1 0; min-width: 0; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; }
/* White on each tone has a contrast of more than 5 to 1. */
.hmm-pill { padding: 1px 10px; border-radius: 11px; background: var(--tone); color: #fff; font-size: 13px;
  font-weight: 600; white-space: nowrap; }
.hmm-share b, .hmm-distance b { margin-right: 2px; }
.hmm-which { min-width: 128px; }
.hmm-share small, .hmm-distance small { font-size: inherit; opacity: 0.8; }
.hmm-share small:not(:empty)::before, .hmm-distance small:not(:empty)::before { content: "· "; }
.hmm-share b:empty ~ small::before { content: none !important; }
.hmm-criteria { font-size: 12px; display: inline-flex; align-items: center; gap: 6px; }
.hmm-help-place { display: inline-flex; }
.hmm-help { width: 20px; height: 20px; padding: 0; border-radius: 50%; font: inherit; line-height: 1; color: inherit;
  cursor: help; background: var(--st-background-color); border: 1px solid var(--st-border-color); }
.hmm-help:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
/* Hidden a little later, so that the pointer can go there. */
.hmm-tip { position: absolute; top: calc(100% - 1px); left: 0; display: flex; flex-direction: column; gap: 6px;
  width: min(640px, 100%); padding: 10px 12px; visibility: hidden; transition: visibility 0s 0.3s; font-size: 13px;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius, 8px);
  box-shadow: 0 4px 16px rgb(0 0 0 / 25%); }
.hmm-help-place:is(:hover, :focus-within) .hmm-tip { visibility: visible; transition: none; }
.hmm-help[hidden] + .hmm-tip { display: none; }
.hmm-actions { flex: none; display: flex; align-items: center; gap: 8px; }
.hmm-actions .hmm-button { flex: 0 1 auto; height: auto; min-height: 32px; max-width: 170px; font-size: 13px;
  line-height: 1.15; }
.hmm-actions .hmm-button[hidden], .hmm-question[hidden] { display: none; }
.hmm-question { max-width: 76px; font-size: 13px; line-height: 1.15; color: var(--st-link-color); }
.hmm-question:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; border-radius: 2px; }
/* Two rows: what is right, and how far it is from the truth. */
@container (min-width: 740px) {
  .hmm-distance { order: 2; }
  .hmm-criteria { order: 3; }
}
@container (min-width: 740px) and (max-width: 1199px) {
  .hmm-facts::after { content: ""; order: 1; flex: 1 1 100%; margin-bottom: -4px; }
}
@container (max-width: 739px) {
  .hmm-outcome { flex-wrap: wrap; min-height: 146px; }
  .hmm-facts { flex-basis: 100%; min-height: 92px; align-content: flex-start; }
  .hmm-share, .hmm-distance, .hmm-criteria { flex-basis: 100%; }
  .hmm-actions { min-height: 32px; }
}
@container (max-width: 419px) {
  .hmm-outcome { padding: 6px 10px; font-size: 13px; }
  .hmm-which { min-width: 0; }
}
`;
