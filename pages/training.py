"""The Training page: EM and gradient ascent from the same start, on the same data, compared."""

from __future__ import annotations

import streamlit as st

from hmmcore.comparison import num_components
from pages.ui.live import run_comparison_words
from pages.ui.live.frame_source import frame_source
from pages.ui.live.run_comparison import show_run_comparison
from pages.ui.parts import controls, health, words
from pages.ui.parts.constraints.notes import TRAINING, about_priors
from pages.ui.parts.run_controls import choices, messages
from pages.ui.session.session import current_session
from pages.ui.session.view import as_numbered_by_run

session = current_session()


def comparison_controls() -> None:
    """Draw the choices of the x axis, the reference of distances, and the parameter's component."""
    controls.segments(session, "progress_axis")
    if session.true_log_likelihood() is not None:
        controls.segments(session, "distance_to")
    if session.main_runs:
        components = num_components(session.main_runs[0].state.hmm)
        if components > 1:
            controls.component(session, components)


choices(session, comparison_controls, sequences=False)
messages(session)
if session.config.method != "Both" and not session.problem:
    st.info(run_comparison_words.EMPTY, icon=":material/swords:")
    st.button(
        "Train both", key="train_both", type="primary", icon=":material/compare_arrows:",
        on_click=session.change, kwargs={"method": "Both"},
        help="Sets Method to Both. What one method has learned so far stays.",
    )  # fmt: skip
if session.main_runs:
    with st.container(key="live"):
        show_run_comparison(frame_source(session).frame())
    about_priors(session, TRAINING)
    if as_numbered_by_run(session):
        st.caption(words.OWN_NUMBERS)
    health.findings(session)
else:
    st.info(words.NO_MODEL, icon=":material/info:")

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(run_comparison_words.ABOUT)
