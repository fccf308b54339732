"""The section of the Trust page with standard errors by drawing data again and again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from hmmcore.uncertainty import Bootstrap, Verdict
from pages.ui.files.export import frame_csv
from pages.ui.parts import controls
from pages.ui.parts.jobs.following import begin_or_cancel, followed, progress
from pages.ui.parts.widgets import sized, wide, with_minus
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import appraisal, bootstraps
from pages.ui.session.trust.bootstraps import Row
from pages.ui.session.view import View
from pages.ui.text import markdown_text

WHAT = (
    "Draws data sets from the learned model, as large as yours and with the same gaps, and trains "
    "on each from that model on. How much the numbers vary from one to the next is their standard "
    "error, without the assumption that the top of the likelihood is a parabola."
)

NO_MAXIMUM = (
    "The learned model is no maximum: this shows how estimates vary if it were the truth, which "
    "these data do not say."
)


def section(session: Session, view: View) -> None:
    """Draw the bootstrap beside Wald's intervals, with its button."""
    verdict, asked = appraisal.known_verdict(session), appraisal.question(session)
    if verdict is None or asked is None or not session.trains_anything:
        return
    st.header("Would other data say the same?", anchor=False)
    job = bootstraps.found(session, asked)
    with st.container(horizontal=True, vertical_alignment="bottom", key="bootstrap_controls"):
        controls.number(session, "num_resamples", width=wide(session, 160))
        begin = partial(bootstraps.begin, session, asked)
        begin_or_cancel(job, "bootstrap", "Bootstrap", begin)
    if not verdict.optimality.satisfied:
        st.caption(NO_MAXIMUM)
    if job is None:
        st.caption(WHAT)
        return
    followed(session, job, partial(_draw, session, view, verdict, job))
    known: Bootstrap | None = job.found
    if job.done and known is not None and known.models:
        table = bootstraps.rows(session, view, known, verdict.information)
        st.download_button(
            "Bootstrap (CSV)", partial(_csv, table), file_name="hmm-bootstrap.csv",
            mime="text/csv", key="bootstrap_csv", on_click="ignore", icon=":material/download:",
            help="Every number with all its digits, and both standard errors and intervals.",
        )  # fmt: skip


def _draw(session: Session, view: View, verdict: Verdict, job: Job) -> None:
    known: Bootstrap | None = job.found
    progress(job, 0 if known is None else known.num_samples, "data set")
    if known is None:
        return
    if len(known.models) >= 2:
        table = bootstraps.rows(session, view, known, verdict.information)
        for sentence in bootstraps.about(known, table):
            st.markdown(markdown_text(sentence))
        frame = _frame(table)
        numbers = [name for name in frame.columns if name != "Parameter"]
        st.dataframe(
            with_minus(frame, dict.fromkeys(numbers, ".4g")),
            hide_index=True, key=sized(session, "bootstrap_table"), height=300,
            column_config={"Parameter": st.column_config.TextColumn(width="medium")},
            alt="Every number of the model with its standard error and its interval, by Wald and "
            "by the bootstrap",
        )  # fmt: skip
    for doubt in bootstraps.doubts(known):
        st.caption(markdown_text(doubt))


def _frame(table: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Parameter": [row.name for row in table],
            "Estimate": [row.value for row in table],
            "Wald error": [row.wald_error for row in table],
            "Bootstrap error": [row.error for row in table],
            "Wald lower": [row.wald_low for row in table],
            "Wald upper": [row.wald_high for row in table],
            "Bootstrap lower": [row.low for row in table],
            "Bootstrap upper": [row.high for row in table],
        }
    )


def _csv(table: Sequence[Row]) -> bytes:
    return frame_csv(_frame(table))
