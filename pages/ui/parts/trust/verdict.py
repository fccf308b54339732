"""The first section of the Trust page: whether the model is a maximum at all."""

from __future__ import annotations

from functools import partial

import streamlit as st

from hmmcore.uncertainty import Verdict
from pages.ui.parts.jobs.following import cancel_button, followed, progress
from pages.ui.session.session import Session
from pages.ui.session.trust import appraisal, to_the_top, words
from pages.ui.session.view import View

LONG = 2.0
"""Seconds; what takes longer has a button that cancels it."""


def section(session: Session, view: View) -> None:
    """Draw the verdict, or how far it is, with the button that helps."""
    asked = appraisal.question(session)
    assert asked is not None
    job = appraisal.appraisal(session, asked) if appraisal.resting(session) else None
    verdict = appraisal.verdict_of(job)
    if not appraisal.resting(session):
        st.caption(words.PLAYING)
    elif verdict is not None:
        draw(session, view, verdict)
    elif job is not None and not job.done:
        if asked.seconds > LONG:
            cancel_button(job, "cancel_appraisal")
        followed(session, job, lambda: progress(job, getattr(job.found, "done", 0), "number"))
    else:
        if job is not None:
            progress(job, getattr(job.found, "done", 0), "number")
        if job is None or not job.failed:
            st.caption(words.waiting(asked.seconds))
            st.button(
                "Compute standard errors", key="begin_appraisal", type="primary",
                icon=":material/play_arrow:", on_click=partial(appraisal.begin, session, asked),
                help="Moves each number a little and looks how the likelihood bends, beside "
                "everything else.",
            )  # fmt: skip


def draw(session: Session, view: View, verdict: Verdict) -> None:
    """Draw the sentence, and beside it what may help."""
    text = words.about_verdict(session, view, verdict)
    fine = verdict.optimality.satisfied or not session.trains_anything
    box = st.success if fine else st.warning
    with st.container(horizontal=True, vertical_alignment="center", key="beside_verdict"):
        box(text, icon=":material/verified:" if fine else ":material/warning:")
        offer = None if fine else to_the_top.offer(session, view, verdict)
        if offer is not None:
            with st.container(width="content"):
                st.button(
                    offer.label, key="to_the_top", icon=offer.icon, on_click=offer.act,
                    help=offer.help, type="primary",
                )  # fmt: skip
