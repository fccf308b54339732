"""The table of earlier runs, which the chart of the log-likelihood shows as faint curves."""

from __future__ import annotations

import math

import streamlit as st

from pages.ui.experiment.earlier_runs import MAX_EARLIER_RUNS, differences, names
from pages.ui.session.session import Session
from pages.ui.session.standing_words import ENDINGS
from pages.ui.text import count, markdown_text

ABOUT = (
    f"Whatever starts training anew leaves the run before it here, the last {MAX_EARLIER_RUNS} of "
    "them, if it took a step. End is the log-likelihood per observation in nats. Neither a link "
    "nor an experiment file carries earlier runs, and an example begins without."
)
OTHER_DATA = (
    "A dash-dotted curve is of other data than now: its log-likelihood is that of its own data, so "
    "compare how far each ends from its own true model, not the ends themselves."
)


def earlier_runs(session: Session) -> None:
    """Draw the table of earlier runs, for whoever opens it, and the button that clears them."""
    earlier = session.shown_earlier_runs
    if not earlier:
        return
    # Side by side where there is room; see page.css.
    with st.container(horizontal=True, vertical_alignment="top", key="beside_earlier_runs"):
        with st.expander("Earlier runs", icon=":material/history:"):
            st.table(_table(session))
            others = any(one.path.data != session.data.fingerprint for one in earlier)
            st.caption(f"{OTHER_DATA} {ABOUT}" if others else ABOUT)
        st.button(
            "Clear", key="clear_earlier_runs", icon=":material/ink_eraser:", width="content",
            on_click=session.clear_earlier_runs,
            help="Take the faint curves of earlier runs off the chart and forget them.",
        )  # fmt: skip


def _table(session: Session) -> dict[str, list[str]]:
    """The columns of the table, the latest run first; st.table reads its cells as Markdown."""
    earlier, present = session.shown_earlier_runs[::-1], session.present_runs
    table = {
        "Earlier run": [markdown_text(name) for name in names(earlier, present)],
        "End": [_nats(one.end) for one in earlier],
        "Differs from now in": [
            "; ".join(
                markdown_text(f"{before}, now {now}" if now else before)
                for _, before, now in differences(one, present)
            )
            for one in earlier
        ],
        "Iterations": [
            ", ".join(filter(None, [count(one.iteration), ENDINGS[one.standing]]))
            for one in earlier
        ],
        "K": [count(one.path.start.num_states) for one in earlier],
        "True model": [_nats(one.true_log_likelihood) for one in earlier],
    }
    if session.config.truth == "hidden" or all(one.true_log_likelihood is None for one in earlier):
        del table["True model"]
    return table


def _nats(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}".replace("-", "−") if math.isfinite(value) else "impossible"
