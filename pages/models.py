"""The Models page: from which start, with how many states, and under which constraints."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from hmmcore.landscape import optima_frame
from hmmcore.selection import CRITERIA, StatesSweep, TriedStates, preference, states_frame
from pages.ui.experiment import model_choice, variants
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.figures import model_choice_charts
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls, health
from pages.ui.parts.constraints import side_by_side
from pages.ui.parts.jobs.following import begin_or_cancel, followed, progress
from pages.ui.parts.run_controls import notices
from pages.ui.parts.widgets import sized, wide, with_minus
from pages.ui.session import background, sweep_files, sweeps, variant_words
from pages.ui.session import model_choice_words as words
from pages.ui.session.session import current_session
from pages.ui.session.sweeps import Sweep
from pages.ui.text import markdown_text

CLUSTER_SECONDS = 2.0
"""Seconds between two looks whether the operator's cluster is there."""

MOST_OPTIMA = 50
"""Optima in the table and in the list to adopt from."""

session = current_session()


def where_it_computes() -> None:
    """Draw a sentence while the operator's cluster is away; nothing where there is none."""
    if (cluster := background.cluster()) is None:
        return

    def look() -> None:
        if sentence := words.about_cluster(cluster):
            st.caption(sentence)

    st.fragment(look, run_every=CLUSTER_SECONDS)()


def from_which_start() -> None:
    """Draw where starts end, with the controls of the sweep."""
    st.header("From which start", anchor=False)
    job = sweeps.starts_sweep(session)
    with st.container(horizontal=True, vertical_alignment="bottom", key="starts_controls"):
        controls.number(session, "sweep_starts", width=wide(session, 130))
        controls.segments(session, "sweep_from")
        begin_or_cancel(job, "starts", "Train from all", partial(sweeps.begin_starts, session))
        export("starts", sweep_files.starts_file(session))
    if job is None:
        st.caption(words.FROM_WHICH_START)
        return
    followed(session, job, lambda: draw_starts(job))
    if job.done and job.found is not None and job.found.optima.found:
        adopt(job)


def draw_starts(job: Sweep) -> None:
    """Draw the starts that have ended so far."""
    found: sweeps.EndedStarts | None = job.found
    progress(job, 0 if found is None else found.done, "fit")
    if found is None:
        return
    optima, observed = found.optima, max(1, session.data.sequences.num_observed)
    place = np.full(found.total, -1)
    for index, one in enumerate(optima.found):
        place[list(one.starts)] = index
    colours = page_colours()
    show_figure(
        model_choice_charts.starts_figure(
            {key: curve / observed for key, curve in found.curves.items()},
            np.concatenate([found.log_likelihoods[method] for method in found.methods]) / observed,
            place,
            [
                f"{method} from start {number}"
                for method in found.methods
                for number in range(found.num_starts)
            ],
            f"starts-{session.data_number}-{session.config.num_states}",
            colours,
        ),
        "starts_figure",
        label=words.starts_label(found),
    )
    st.markdown(markdown_text(words.about_starts(found)))
    if optima.found:
        st.dataframe(
            with_minus(
                optima_frame(optima, found.methods, found.num_starts, MOST_OPTIMA),
                {"Log-likelihood": ".3f", "Below the best": ".3f"},
            ),
            hide_index=True, key=sized(session, "optima"),
            column_config={"Share": st.column_config.NumberColumn(format="percent")},
            alt="Each optimum with its log-likelihood in nats, how far it is below the best, and "
            "how many starts ended there",
        )  # fmt: skip
        more = len(optima.found) - MOST_OPTIMA
        if more > 0:
            st.caption(f"The {MOST_OPTIMA} highest; {more} more lie below.")


def adopt(job: Sweep) -> None:
    """Draw the choice of an optimum, and the button that takes its run into the experiment."""
    shown = job.found.optima.found[:MOST_OPTIMA]
    with st.container(horizontal=True, vertical_alignment="bottom", key="adopt_controls"):
        chosen = st.selectbox(
            "Optimum", range(len(shown)), key="adopt_which", width=wide(session, 120),
            format_func=lambda index: str(index + 1),
            help="1 is the highest.",
        )  # fmt: skip
        st.button(
            "Adopt", key="adopt", icon=":material/check:",
            on_click=sweeps.adopt, args=(session, job, shown[chosen]),
            help="Start where the best run to this optimum started, and take its steps. Every page "
            "shows the model then, and the link carries it.",
        )  # fmt: skip


def how_many_states() -> None:
    """Draw what criteria and held-out data say of each number of states, with the controls."""
    st.header("How many states", anchor=False)
    job = sweeps.states_sweep(session)
    with st.container(horizontal=True, vertical_alignment="bottom", key="states_controls"):
        controls.number(session, "most_states", width=wide(session, 110))
        controls.number(session, "starts_each", width=wide(session, 150))
        controls.segments(session, "hold_out")
        begin_or_cancel(job, "states", "Try each K", partial(sweeps.begin_states, session))
        export("states", sweep_files.states_file(session))
    if job is None:
        st.caption(words.HOW_MANY_STATES)
        return
    followed(session, job, lambda: draw_states(job))
    if job.done and job.found is not None:
        use_states(job)


def draw_states(job: Sweep) -> None:
    """Draw the numbers of states as far as they are known."""
    sweep: StatesSweep | None = job.found
    progress(job, 0 if sweep is None else sweep.done, "fit")
    if sweep is None:
        return
    rows = [row for row in sweep.rows if row.criteria is not None]
    if rows:
        each = max(1, session.data.sequences.num_observed)
        held_out = [_held_out(row) / max(1, sweep.num_held_out) for row in rows]
        show_figure(
            model_choice_charts.states_figure(
                [row.num_states for row in rows],
                np.array([_value(row, "log_likelihood") / each for row in rows]),
                np.array(held_out) if sweep.num_held_out else None,
                {name: np.array([_value(row, name) for row in rows]) for name in CRITERIA},
                f"states-{session.data_number}",
                page_colours(),
            ),
            "states_figure",
            label=words.states_label(sweep),
        )
    if found := words.preferences(sweep):
        st.markdown("\n".join(f"- {sentence}" for sentence in found))
    contain_fewer = model_choice.contain_fewer(job.plan.config, session.data)
    for doubt in words.doubts(sweep, contain_fewer):
        st.caption(markdown_text(doubt))
    if rows:
        st.dataframe(
            with_minus(
                states_frame(rows, parameter_symbols(session.data)),
                dict.fromkeys(("Log-likelihood", "AIC", "AICc", "BIC", "ICL", "Held out"), ".2f"),
            ),
            hide_index=True, key=sized(session, "numbers_of_states"),
            alt="For each number of states its log-likelihood in nats, free parameters by name, "
            "criteria, and the log-likelihood of held-out data",
        )  # fmt: skip


def use_states(job: Sweep) -> None:
    """Draw the choice of a number of states, and the button that takes its model along."""
    sweep: StatesSweep = job.found
    numbers = [row.num_states for row in sweep.rows if row.best is not None]
    if not numbers:
        return
    preferred = preference(sweep.rows, "bic")
    first = numbers.index(preferred.num_states) if preferred is not None else 0
    with st.container(horizontal=True, vertical_alignment="bottom", key="use_controls"):
        chosen = st.selectbox(
            "K", numbers, index=first, key="use_which", width=wide(session, 100),
            help="First the one that BIC prefers.",
        )  # fmt: skip
        problem = sweeps.cannot_use(session, chosen)
        st.button(
            f"Use K = {chosen}", key="use_states", icon=":material/check:",
            on_click=sweeps.use_states, args=(session, job, chosen), disabled=bool(problem),
            help=problem or "Every page shows the best model with so many states then; the data "
            "stay as they are, and the link carries it.",
        )  # fmt: skip
    if problem:
        st.caption(problem)


def families_and_constraints() -> None:
    """Draw families and constraints side by side, with the controls."""
    st.header("Families and constraints side by side", anchor=False)
    job = sweeps.variants_sweep(session)
    there = variants.available(session.config, session.data)
    controls.multiple_choice(session, "variants", there)
    with st.container(horizontal=True, vertical_alignment="bottom", key="variants_controls"):
        controls.number(session, "variant_starts", width=wide(session, 150))
        if {"sticky"} & there.keys() & set(session.config.variants):
            controls.number(session, "variant_sticky", width=wide(session, 170))
        begin_or_cancel(job, "variants", "Train them", partial(sweeps.begin_variants, session))
        export("variants", sweep_files.variants_file(session))
    if job is None:
        st.caption(variant_words.SIDE_BY_SIDE)
        return
    followed(session, job, lambda: draw_variants(job))
    if job.done and job.found is not None:
        side_by_side.use_variant(session, job)


def draw_variants(job: Sweep) -> None:
    """Draw the variants as far as they are known."""
    progress(job, 0 if job.found is None else job.found.done, "fit")
    if job.found is not None:
        side_by_side.draw(session, job)


def export(name: str, file: Callable[[], bytes] | None) -> None:
    """Draw the button that downloads a sweep as a script."""
    st.download_button(
        "Export this sweep", file or b"", file_name=f"hmm-{name}-sweep.py", mime="text/x-python",
        key=f"export_{name}_sweep", on_click="ignore", icon=":material/download:",
        disabled=file is None,
        help="A script that runs this sweep on another machine or on a Dask cluster, from the same "
        "starts, and prints the same table."
        if file is not None
        else "So many starting models do not fit into a script; choose fewer starts.",
    )  # fmt: skip


def _value(row: TriedStates, name: str) -> float:
    return float(getattr(row.criteria, name))


def _held_out(row: TriedStates) -> float:
    return float("nan") if row.held_out is None else float(row.held_out.sum())


notices(session)
health.way_back(session)
where_it_computes()
from_which_start()
how_many_states()
families_and_constraints()
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(words.ABOUT + variant_words.ABOUT_VARIANTS)
