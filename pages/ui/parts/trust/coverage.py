"""The section of the Trust page that counts how often intervals hold the truth."""

from __future__ import annotations

from functools import partial

import streamlit as st

from hmmcore.coordinates import flat
from hmmcore.uncertainty import Coverage
from hmmcore.uncertainty.information import in_words
from pages.ui.figures.coverage_charts import coverage_figure
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls
from pages.ui.parts.jobs.following import begin_or_cancel, followed, progress
from pages.ui.parts.widgets import sized, wide
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import coverage, coverage_words
from pages.ui.session.trust.words import restrictions
from pages.ui.session.view import View
from pages.ui.text import capitalised, markdown_text


def section(session: Session, view: View) -> None:
    """Draw the count of intervals that hold the truth, with its button."""
    config = session.config
    st.header(coverage_words.title(config.interval_level), anchor=False)
    asked = coverage.question(session, view)
    job = coverage.found(session, asked)
    with st.container(horizontal=True, vertical_alignment="bottom", key="coverage_controls"):
        controls.number(session, "num_data_sets", width=wide(session, 130))
        begin = partial(coverage.begin, session, asked)
        begin_or_cancel(job, "coverage", "Draw, fit and count", begin)
    if job is None:
        held_to = restrictions(session)
        st.caption(coverage_words.what_is_done(asked, config.num_data_sets, held_to))
        return
    followed(session, job, partial(_draw, session, job))


def _draw(session: Session, job: Job) -> None:
    found: Coverage | None = job.found
    progress(job, 0 if found is None else found.done, "data set")
    if found is None:
        return
    columns = session.data.columns
    sentences = coverage_words.findings(found, columns)
    if sentences:
        rows = found.by_parameter()
        rows = rows[rows["counted"] > 0]
        own = found.frame()["share"].to_numpy()
        places = {
            name: [n for n, one in enumerate(found.coordinates) if flat(one)[0] == name]
            for name in rows["parameter"]
        }
        show_figure(
            coverage_figure(
                [coverage_words.symbol_and_name(name, columns)[0] for name in rows["parameter"]],
                rows["share"].to_numpy(),
                rows["error"].to_numpy(),
                [own[places[name]] for name in rows["parameter"]],
                [
                    [capitalised(in_words(found.truth, found.coordinates[n])) for n in places[name]]
                    for name in rows["parameter"]
                ],
                found.level,
                f"coverage-{len(rows)}",
                page_colours(),
            ),
            "coverage",
            label=coverage_words.label(found, columns),
        )
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    for sentence in coverage_words.left_out(found, columns):
        st.caption(markdown_text(sentence))
    if sentences:
        st.caption(coverage_words.ERROR_MEANS)
        if job.done:
            _draw_table(session, found)


def _draw_table(session: Session, found: Coverage) -> None:
    table = found.frame().rename(columns=str.capitalize).rename(columns={"Error": "± error"})
    table["Parameter"] = table["Parameter"].map(capitalised)
    st.dataframe(
        table, hide_index=True, key=sized(session, "coverage_table"), height=240,
        column_config={
            "Parameter": st.column_config.TextColumn(width="medium"),
            "Share": st.column_config.NumberColumn(format="percent"),
            "± error": st.column_config.NumberColumn(format="percent"),
        },
        alt="For each number how many of its intervals held the truth, of how many, and how many "
        "fits had none",
    )  # fmt: skip
