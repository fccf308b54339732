"""The section of the Trust page with simulated data beside the observed ones."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
import pandas as pd
import streamlit as st

from hmmcore.checks import SimulationCheck, Statistic
from pages.ui.figures.simulation_charts import simulation_figure
from pages.ui.figures.theme import Palette
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls
from pages.ui.parts.jobs.following import begin_or_cancel, followed, progress
from pages.ui.parts.layout import side_by_side
from pages.ui.parts.widgets import sized, wide, with_minus
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import simulated
from pages.ui.session.trust import simulated_words as words
from pages.ui.session.view import View, shown_variable, state_names


def section(session: Session, view: View) -> None:
    """Draw what the data have beside what simulated data have, each with a verdict."""
    st.header("Does it make such data?", anchor=False)
    job = simulated.simulated(session, view)
    with st.container(horizontal=True, vertical_alignment="bottom", key="simulation_controls"):
        controls.number(session, "num_simulations", width=wide(session, 140))
        if job is None or not job.done or job.cancelled:
            begin_or_cancel(job, "simulated", "Simulate", partial(simulated.begin, session, view))
    if job is None:
        st.caption(words.WHAT)
        return
    followed(session, job, partial(_draw, session, view, job))


def _draw(session: Session, view: View, job: Job) -> None:
    found: SimulationCheck | None = job.found
    progress(job, 0 if found is None else found.num_samples, "data set")
    if found is None:
        return
    colours = page_colours(state_names(session))
    # Values and their likeness by distance; then the stays, and the numbers beside them.
    curves = _curves(found, view.dimension)
    places = [*side_by_side([1, 1], "simulated_values"), *side_by_side([1, 1], "simulated_stays")]
    for place, one in zip(places, curves, strict=False):
        with place:
            _draw_curve(session, found, one, colours)
    with places[len(curves)]:
        _draw_numbers(session, view, found, colours)
    st.caption(f"{words.drawn(found)} {words.WHAT} {words.FITTED}")


def _curves(found: SimulationCheck, dimension: int) -> list[Statistic]:
    """The statistics with many places, of a dimension and of the path."""
    return [
        one
        for one in found.statistics
        if one.name in words.ACTIONS and one.dimension in (None, dimension)
    ]


def _draw_curve(session: Session, found: SimulationCheck, one: Statistic, colours: Palette) -> None:
    variable = shown_variable(session)
    places, width, names = one.places, 1.0, [f"{place:.4g}" for place in one.places]
    xaxis, title = {"title": variable.title, **variable.axis(room=8)}, "Values"
    if one.name == "histogram":
        assert one.edges is not None
        width = np.diff(one.edges)
        names = [f"{low:.4g} to {high:.4g}" for low, high in pairwise(one.edges)]
    elif one.name == "shares":
        title = "Shares of the symbols"
        names = variable.label_texts
    elif one.name in ("autocorrelation", "agreement"):
        title = "Likeness by distance"
        names = [f"{place:.0f} steps apart" for place in one.places]
        xaxis = {"title": "steps apart", "tickformat": "d", "nticks": 12}
    else:
        assert one.edges is not None
        title, places = "Lengths of stay", np.arange(float(len(one.places)))
        first, last = np.ceil(one.edges[:-1]), np.floor(one.edges[1:])
        names = [
            f"{a:.0f}" if a == b else f"{a:.0f}–{b:.0f}" for a, b in zip(first, last, strict=True)
        ]
        names[-1] = f"{first[-1]:.0f}+"
        xaxis = {
            "title": "observations in a row in one state of the Viterbi path",
            "tickmode": "array", "tickvals": places, "ticktext": names,
        }  # fmt: skip
    y_title = {
        "autocorrelation": "autocorrelation", "agreement": "share of equal pairs",
        "stay_lengths": "share of stays",
    }.get(one.name, "share of values")  # fmt: skip
    show_figure(
        simulation_figure(
            places, one.observed, one.low, one.median, one.high, xaxis, y_title, names, colours,
            revision=f"{session.data_number}-{one.dimension}", width=width,
            signed=one.name == "autocorrelation",
        ),
        f"simulated_{one.name}",
        label=words.simulation_label(one, title, found.level),
    )  # fmt: skip
    st.markdown(f"{title}: {words.verdict(one, found.level)}")


def _draw_numbers(session: Session, view: View, found: SimulationCheck, colours: Palette) -> None:
    table, sentences = _numbers(view, found, colours)
    numbers = ("Observed", "Simulated", "From", "To")
    st.dataframe(
        with_minus(table, dict.fromkeys(numbers, ".4g")),
        hide_index=True, key=sized(session, "simulated_numbers"),
        column_config={
            "As far out": st.column_config.NumberColumn(
                format="percent",
                help="The share of data sets, these among them, that lie at least as far out on "
                "either side. A small one counts against the model.",
            ),
        },
        alt="Numbers of the observed data beside those of simulated data",
    )  # fmt: skip
    rare = bool(table["As far out"].min() <= words.RARE)
    st.markdown(words.numbers_verdict(sentences, rare, len(table), found.level, found.num_samples))


def _numbers(
    view: View, found: SimulationCheck, colours: Palette
) -> tuple[pd.DataFrame, list[str]]:
    """The statistics that are single numbers, and sentences on those that are outside."""
    rows, sentences = [], []
    for one in found.statistics:
        if one.name in words.NUMBERS and one.dimension == view.dimension:
            named = [(0, words.NUMBERS[one.name])]
        elif one.name == "stay_means":
            states = range(view.hmm.num_states)
            named = [(k, words.stay_name(k, colours.states)) for k in states]
        else:
            continue
        for n, name in named:
            row = Statistic(
                one.name, one.dimension, one.places[n : n + 1], None,
                *(values[n : n + 1] for values in
                  (one.observed, one.low, one.median, one.high, one.extreme)),
            )  # fmt: skip
            sentences.append(words.about_number(row, name, found.level))
            rows.append(
                {
                    "What": name, "Observed": one.observed[n], "Simulated": one.median[n],
                    "From": one.low[n], "To": one.high[n],
                    "As far out": one.extreme[n],
                }
            )  # fmt: skip
    return pd.DataFrame(rows), [sentence for sentence in sentences if sentence]
