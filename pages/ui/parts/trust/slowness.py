"""The section of the Trust page that says why EM took so long."""

from __future__ import annotations

import streamlit as st

from pages.ui.figures.trust_charts import pace_figure
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.session.session import Session
from pages.ui.session.trust import appraisal, words
from pages.ui.session.trust.pace import NO_PACE, pace
from pages.ui.session.view import View


def section(session: Session, view: View) -> None:
    """Draw how fast EM comes to the maximum, and why."""
    verdict = appraisal.known_verdict(session)
    run = session.shown_run
    if verdict is None or run is None:
        return
    by_em = run.method == "EM"
    st.header("Why EM took so long" if by_em else "How long EM would take", anchor=False)
    if not verdict.optimality.rest_satisfied:
        st.caption(words.RATE_ELSEWHERE)
    st.markdown(" ".join(words.about_rate(session, view, verdict)))
    if not len(verdict.missing):
        return
    steps = pace(session, view, verdict) if by_em else NO_PACE
    if told := words.about_gains(steps.gains, verdict.pace):
        st.markdown(told)
    show_figure(
        pace_figure(
            *steps.drawn,
            verdict.missing,
            f"pace-{session.data_number}",
            page_colours(),
        ),
        "pace_figure",
        label=words.pace_label(steps, verdict.missing),
    )
