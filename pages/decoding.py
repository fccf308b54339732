"""The Viterbi page: the most probable path, compared with the true path and the per-step best."""

from __future__ import annotations

from functools import partial

import streamlit as st

from hmmcore import confusion_table, exchangeable_states, joint_log_prob
from hmmcore.alignment import NO_STATE
from hmmcore.arrays import IntArray
from pages.ui.figures import charts, time_charts
from pages.ui.figures.time_axis import decimation_note
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import about, chart_words, health, words
from pages.ui.parts.accuracies import accuracies, changes_of_state
from pages.ui.parts.layout import halves
from pages.ui.parts.paths.best_paths import best_paths
from pages.ui.parts.run_controls import choices, messages
from pages.ui.session import decoded
from pages.ui.session.decoded import BestStates
from pages.ui.session.session import current_session
from pages.ui.session.view import (
    View,
    current_view,
    shown_parts,
    shown_scale,
    state_names,
    zoom_key,
)
from pages.ui.text import count, markdown_text, shortened

session = current_session()


def draw() -> None:
    """Draw all figures of the shown run."""
    view = current_view(session)
    if view is None:
        st.info(words.NO_MODEL, icon=":material/info:")
        return
    over_time(view)
    left, right = halves(view.hmm.num_states, "hits")
    with left:
        hits(view)
        log_joints(view)
        changes_of_state(session, view)
    with right:
        confusion(view)
    ties(view)
    best_paths(session, view)


def over_time(view: View) -> None:
    """Draw the best path of the selected sequence, and where it differs from the others."""
    learned = decoded.learned(session, view)
    st.header(f"Paths of {words.sequence(session)}, {words.model(session)}", anchor=False)
    if not learned.possible:
        st.info(words.impossible("learned"))
    length = view.sequence.num_observations
    differing = int((learned.best.path != learned.best.smoothed).sum())
    text = (
        f"The Viterbi path and the per-step best differ at {count(differing)} of "
        f"{count(length)} steps"
    )
    if view.true_states is not None:
        known = view.true_states != NO_STATE
        matched_path = view.in_true_states(learned.best.path)
        wrong = int((matched_path != view.true_states)[known].sum())
        where = "" if known.all() else f" of the {count(int(known.sum()))} where it is known"
        text += f", the Viterbi path and the truth at {count(wrong)}{where}"
    note, scale = decimation_note(length, observations=True), shown_scale(session)
    own = words.OWN_NUMBERS if view.true_states is not None and view.own_numbers else ""
    st.caption(
        " ".join(filter(None, [f"{text}; the lowest rows mark where.", own, note, scale.note]))
    )
    colours = page_colours(state_names(session))
    (observations, variable), *further = shown_parts(session, view.sequence.observations)
    show_figure(
        time_charts.paths_figure(
            observations,
            learned.best.path,
            learned.best.smoothed,
            view.hmm.num_states,
            colours,
            revision=zoom_key(session),
            true_states=view.true_states,
            matched_states=view.in_true_states(learned.best.path),
            variable=variable,
            scale=scale,
            further=further,
        ),
        key="paths_over_time",
        label=(
            f"{length} observations coloured by Viterbi state, over strips of the paths on the "
            f"same time axis and marks where they differ. {text}. Viterbi path: "
            f"{chart_words.visited(learned.best.path, view.hmm.num_states, colours.states)}."
        ),
    )


def hits(view: View) -> None:
    """Draw the accuracies of four decoders, of each part of a product, and of guessing."""
    parts = {
        f"Learned model, {markdown_text(shortened(name, 24))} alone": partial(_by_part, part)
        for part, name in enumerate(session.data.columns)
        if session.data.kinds
    }
    accuracies(
        session,
        view,
        "How often is the decoded state the true one?",
        {
            "Learned model, Viterbi path": lambda learned: learned.path,
            "Learned model, per-step best": lambda learned: learned.smoothed,
            "Learned model, each observation alone": lambda learned: learned.alone,
            **parts,
        },
        {
            "True model, Viterbi path": lambda ceiling: ceiling.path,
            "True model, per-step best (the ceiling)": lambda ceiling: ceiling.smoothed,
            "True model, each observation alone": lambda ceiling: ceiling.alone,
        },
        "Share of time steps. Alone: the state that makes the observation most often, whatever "
        f"comes before and after{ALONE[session.data.family]}."
        + (" With the name of a column: the Viterbi path of that column alone." if parts else ""),
        "The true model's per-step best expects the most hits that any decoder can; on data of "
        "limited length chance may put another one a little ahead.",
    )


def _by_part(part: int, best: BestStates) -> IntArray:
    return best.parts[part]


ALONE = {
    "numbers": ", which is the one with the nearest mean where all have the same noise",
    "points": ", which is the one with the nearest mean where all spread alike",
    "counts": "",
    "symbols": "",
    "product": "",
}
"""How an observation alone is decoded, for each family."""


def log_joints(view: View) -> None:
    """Draw the log-joints of the best and the true path under the learned model."""
    st.header("How probable are the paths under the learned model?", anchor=False)
    best = float(view.path.log_joints[0])
    true_states = view.true_states
    if true_states is None or (true_states == NO_STATE).any():
        st.table({"Viterbi path, log p(path, x)": f"{words.nats(best)} nats"})
        st.caption(
            words.no_truth(session.shown_data)
            if true_states is None
            else "The true path is not known at every step, so it has no log-joint."
        )
        return
    true = session.remember(
        "log-joint of the true path",
        view,
        lambda: float(
            joint_log_prob(view.hmm, view.sequence, view.in_shown_states(true_states))[0]
        ),
    )
    st.table(
        {
            "Viterbi path, log p(path, x)": f"{words.nats(best)} nats",
            "True path, log p(path, x)": f"{words.nats(true)} nats",
        }
    )
    st.caption(words.about_log_joints(best, true))


def confusion(view: View) -> None:
    """Draw the table of true states by Viterbi states of the selected sequence."""
    st.header("Which states are mistaken for which?", anchor=False)
    data, num_states = session.shown_data, view.hmm.num_states
    if data.true_states is None:
        st.caption(words.no_truth(data))
        return
    path = view.path.states
    true_states = data.true_states[view.offset : view.offset + len(path)]
    num_true = data.num_true_states
    table = confusion_table(true_states, path, num_states, num_true)
    colours = page_colours(state_names(session))
    show_figure(
        charts.confusion_figure(
            table,
            f"K{num_states}-{num_true}",
            colours,
            data.state_names,
        ),
        key="confusion",
        label=chart_words.confusion(table, colours.states),
    )
    st.caption(
        f"Time steps of {words.sequence(session)}; "
        f"{words.about_confusion(num_states, data, view.counterparts)} "
        "Colour is the share of the row. A blank row is a state that did not occur. Point at a "
        "cell to read it in words."
    )


def ties(view: View) -> None:
    """Draw the paths that are as probable as the best one."""
    st.header("Is the best path the only one?", anchor=False)
    if not decoded.learned(session, view).possible:
        st.caption(words.impossible("learned"))
        return
    tied = decoded.ties(session, view)
    steps = tied.paths.shape[1]
    alike = session.remember("exchangeable states", view, lambda: exchangeable_states(view.hmm))
    st.caption(
        words.about_ties(
            len(tied.paths), tied.complete, tied.log_joint, steps,
            view.sequence.num_observations, view.hmm.num_states, alike,
            page_colours(state_names(session)).states,
        )
    )  # fmt: skip
    if len(tied.paths) == 1:
        return
    shown = tied.paths[: words.SHOWN_TIES]
    show_figure(
        time_charts.tied_paths_figure(
            shown,
            view.hmm.num_states,
            page_colours(state_names(session)),
            revision=f"{zoom_key(session)}-{len(shown)}",
            scale=shown_scale(session).first(steps),
        ),
        key="tied_paths",
        label=chart_words.tied(shown),
    )


choices(session)
messages(session)
draw()
health.findings(session)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.about_viterbi(session.data))
