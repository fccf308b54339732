"""The section of the Trust page with every number, its standard error and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import groupby, zip_longest

import numpy as np
import pandas as pd
import streamlit as st

from hmmcore.coordinates import Coordinate
from hmmcore.uncertainty import Verdict
from pages.ui.figures.theme import StateNames
from pages.ui.figures.trust_charts import Intervals, intervals_figure
from pages.ui.files.export import frame_csv
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls
from pages.ui.parts import words as page_words
from pages.ui.parts.jobs.following import cancel_button, followed, progress
from pages.ui.parts.layout import side_by_side
from pages.ui.parts.widgets import sized, with_minus
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import appraisal, words
from pages.ui.session.trust.estimates import (
    CHAIN,
    KINDS,
    Estimate,
    begin_profiles,
    part_of,
    profile_job,
    profiled,
    shown_estimates,
    to_profile,
    undetermined_words,
)
from pages.ui.session.view import View, shown_dimension, state_names
from pages.ui.text import capitalised, chart_text, markdown_text

SHARES = ("probs", "transition_matrix", "initial_probs")
"""Kinds of numbers that lie between 0 and 1."""


def section(session: Session, view: View) -> None:
    """Draw the intervals of all numbers, and their table."""
    verdict, asked = appraisal.known_verdict(session), appraisal.question(session)
    if verdict is None or asked is None:
        return
    st.header("How sure is each number?", anchor=False)
    job = None
    with st.container(horizontal=True, vertical_alignment="bottom", key="interval_controls"):
        controls.segments(session, "interval_kind")
        controls.segments(session, "interval_axis")
        controls.toggle(session, "whiskers")
        if session.config.interval_kind == "profile":
            job = profile_job(session, asked)
            profile_button(session, view, verdict, asked, job)
    if job is None:
        draw(session, view, asked, verdict, None)
        if session.config.interval_kind == "profile":
            st.caption(words.PROFILE_WAITS)
    else:
        followed(session, job, partial(draw, session, view, asked, verdict, job))
    found = shown_estimates(session, view, asked, verdict)
    st.download_button(
        "Table (CSV)", lambda: frame_csv(frame(found)), file_name="hmm-estimates.csv",
        mime="text/csv", key="estimates_csv", on_click="ignore", icon=":material/download:",
        help="Every number with all its digits, its standard error and its interval.",
    )  # fmt: skip


def profile_button(
    session: Session, view: View, verdict: Verdict, asked: appraisal.Question, job: Job | None
) -> None:
    """Draw the button that begins the profile intervals, or the one that cancels them."""
    if job is not None and not job.done:
        cancel_button(job, "cancel_profiles")
    elif job is None or job.cancelled or job.failed:
        names = to_profile(view, verdict, asked.start)
        st.button(
            f"Profile {len(names)} numbers", key="begin_profiles", type="primary",
            icon=":material/play_arrow:", disabled=not names,
            on_click=partial(begin_profiles, session, asked, names),
            help="They come one by one, beside everything else; you may go to other pages "
            "meanwhile.",
        )  # fmt: skip


def draw(
    session: Session, view: View, asked: appraisal.Question, verdict: Verdict, job: Job | None
) -> None:
    """Draw the figures and the table, as far as intervals are known."""
    if job is not None:
        progress(job, len(profiled(job)), "interval")
    found = shown_estimates(session, view, asked, verdict)
    for sentence in (
        undetermined_words(session, view, verdict),
        words.about_truth(found, session.config.level),
    ):
        if sentence:
            st.markdown(markdown_text(sentence))
    figures(session, view, found)
    if session.shown_data.truth is None:
        st.caption(page_words.no_truth(session.shown_data))
    table = frame(found)
    numbers = {"Estimate", "Standard error", "Lower", "Upper", "Truth"} & set(table)
    st.dataframe(
        with_minus(table, dict.fromkeys(numbers, ".4g")),
        hide_index=True, key=sized(session, "estimates_table"), height=380,
        column_config={
            "Parameter": st.column_config.TextColumn(width="medium"),
            "Remark": st.column_config.TextColumn(width="large"),
        },
        alt="Every number of the model: its estimate, standard error, interval, the truth where it "
        "is known, and a remark",
    )  # fmt: skip


def figures(session: Session, view: View, found: Sequence[Estimate]) -> None:
    """Draw a figure for each kind of number: what states emit, then transitions and beginnings."""
    kinds = {str(kind): list(own) for kind, own in groupby(found, lambda one: one.coordinate[0])}
    emissions = [kind for kind in kinds if kind not in CHAIN]
    for pair in zip_longest(emissions[::2], emissions[1::2]):
        places = side_by_side([1, 1], f"intervals_{pair[0]}") if len(emissions) > 1 else [st]
        for place, kind in zip(places, filter(None, pair), strict=False):
            with place.container():
                figure(session, view, kind, kinds[kind])
    left, right = side_by_side([3, 1], "chain_intervals")
    with left:
        figure(session, view, "transition_matrix", kinds["transition_matrix"])
    with right:
        figure(session, view, "initial_probs", kinds["initial_probs"])


def figure(session: Session, view: View, kind: str, found: list[Estimate]) -> None:
    """Draw the intervals of one kind of number."""
    part, own = part_of((kind,))
    title, axis = KINDS[own]
    colours, data = page_colours(state_names(session)), session.shown_data
    labels, column = data.labels, ""
    if part:
        column, labels = data.columns[int(part)], data.parts[int(part)].labels
    elif own in ("means", "standard_deviations"):
        dimension = shown_dimension(session)
        found = [one for one in found if one.coordinate[2] == dimension]
        column = data.columns[dimension] if data.columns else ""
    if column:
        title, axis = f"{title} of {column}", f"{axis} of {chart_text(column)}"
    names = [colours.states.short(k) for k in range(view.hmm.num_states)]
    given = Intervals(
        *(np.array([getattr(one, name) for one in found]) for name in ("value", "low", "high")),
        np.array([one.truth for one in found]),
        # Colours of a row of A are those of the states that it leads to.
        np.array([int(one.coordinate[2 if own == "transition_matrix" else 1]) for one in found]),
        np.array([int(one.coordinate[1]) for one in found]),
        [_called(own, one.coordinate, colours.states, labels) for one in found],
        names,
    )  # fmt: skip
    st.subheader(markdown_text(title), anchor=False)
    show_figure(
        intervals_figure(
            given,
            axis,
            "from state" if own == "transition_matrix" else "state",
            own in SHARES,
            f"{kind}-{session.data_number}-{view.hmm.num_states}-{shown_dimension(session)}"
            f"-{session.config.interval_axis}",
            colours,
            session.config.interval_axis == "estimates",
        ),
        f"intervals_{kind.replace('.', '_')}",
        label=words.intervals_label(
            title, found, session.config.interval_kind.capitalize(), session.config.level
        ),
    )


def _called(own: str, name: Coordinate, states: StateNames, labels: Sequence[str]) -> str:
    """What a number is called where its kind is known, escaped for Plotly."""
    _, first, *rest = name
    if own == "transition_matrix":
        return f"{states[int(first)]} → {states[int(rest[0])]}"
    if own == "probs":
        return f"“{chart_text(labels[int(rest[0])])}” in {states[int(first)]}"
    return states[int(first)]


def frame(found: Sequence[Estimate]) -> pd.DataFrame:
    """The estimates as a table, one in each row."""
    columns: dict[str, list[object]] = {
        "Parameter": [capitalised(one.name) for one in found],
        "Estimate": [one.value for one in found],
        "Standard error": [one.error for one in found],
        "Lower": [one.low for one in found],
        "Upper": [one.high for one in found],
    }
    if any(not math.isnan(one.truth) for one in found):
        held = {True: "yes", False: "no", None: ""}
        columns["Truth"] = [one.truth for one in found]
        columns["Holds it"] = [held[one.holds_truth] for one in found]
    columns["Remark"] = [one.remark for one in found]
    return pd.DataFrame(columns)
