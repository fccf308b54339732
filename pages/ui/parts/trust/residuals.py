"""The section of the Trust page with the residuals of the shown model."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import residual_charts
from pages.ui.files.export import frame_csv
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls
from pages.ui.parts.jobs.following import followed
from pages.ui.parts.layout import side_by_side
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import residual_words as words
from pages.ui.session.trust.residuals import Residuals, residual_frame, residuals
from pages.ui.session.trust.words import PLAYING
from pages.ui.session.view import View, shown_scale, shown_variable, state_names, zoom_key
from pages.ui.text import markdown_text


def section(session: Session, view: View) -> None:
    """Draw residuals over time, their distribution and their memory, each with a verdict."""
    st.header("Does the model look like the data?", anchor=False)
    job = residuals(session, view)
    found: Residuals | None = None if job is None else job.found
    with st.container(horizontal=True, vertical_alignment="bottom", key="residual_controls"):
        controls.segments(session, "residual_kind")
        if found is not None:
            st.download_button(
                "Residuals (CSV)", partial(_csv, session.data, found),
                file_name="hmm-residuals.csv", mime="text/csv", key="residuals_csv",
                on_click="ignore", icon=":material/download:",
                help="Of every observation, in all coordinates.",
            )  # fmt: skip
    if job is None:
        st.caption(PLAYING)
        return
    followed(session, job, partial(_draw, session, view, job))


def _draw(session: Session, view: View, job: Job) -> None:
    found: Residuals | None = job.found
    if job.failed:
        st.error(markdown_text(job.failed), icon=":material/error:")
    if found is None:
        if not job.done:
            st.caption("Computing residuals …")
        return
    colours, d = page_colours(state_names(session)), view.dimension
    rows = slice(view.offset, view.offset + view.sequence.num_observations)
    own, check = found.check.residuals[rows, d], found.check
    revision = f"{zoom_key(session)}-{found.kind}"
    show_figure(
        residual_charts.residuals_figure(
            own,
            shown_variable(session).value_texts(view.shown_observations),
            colours,
            revision=revision,
            scale=shown_scale(session),
        ),
        "residuals",
        label=words.residuals_label(own, session.data.sequence_title(session.config.sequence)),
    )
    st.markdown(words.about_far(found, d))
    if found.kind == "forecast":
        left, right = side_by_side([1, 1], "residuals")
        with left:
            show_figure(
                residual_charts.quantiles_figure(
                    check.theoretical[d], check.ordered[d], check.lower[d], check.upper[d],
                    colours, revision=f"{session.data_number}-{d}",
                ),
                "residual_quantiles",
                label="Residuals in order over the quantiles of a standard normal distribution. "
                + words.about_normality(found, d).replace("**", ""),
            )  # fmt: skip
            st.markdown(words.about_normality(found, d))
        with right:
            show_figure(
                residual_charts.autocorrelation_figure(
                    np.arange(1, check.autocorrelation.shape[1] + 1),
                    check.autocorrelation[d], check.bound[d], colours,
                    revision=f"{session.data_number}-{d}",
                ),
                "residual_memory",
                label="Autocorrelation of the residuals by the steps between them. "
                + words.about_memory(found, d).replace("**", ""),
            )  # fmt: skip
            st.markdown(words.about_memory(found, d))
    st.caption(" ".join(filter(None, _notes(session.data, found, d))))


def _notes(data: Dataset, found: Residuals, shown: int) -> list[str]:
    drawn = words.DRAWN if found.check.seed is not None else ""
    ordinary = words.ORDINARY if found.kind == "ordinary" else ""
    names = [markdown_text(name) for name in data.columns]
    return [words.INTRODUCTION, drawn, ordinary, words.others(found, shown, names)]


def _csv(data: Dataset, found: Residuals) -> bytes:
    return frame_csv(residual_frame(data, found))
