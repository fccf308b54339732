"""The Posterior page: state probabilities at every time step, and expected transition counts."""

from __future__ import annotations

import streamlit as st

from pages.ui.figures import charts, time_charts
from pages.ui.figures.time_axis import decimation_note
from pages.ui.files.export import frame_csv, learned_frame
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import about, chart_words, controls, health, words
from pages.ui.parts.accuracies import accuracies
from pages.ui.parts.layout import halves
from pages.ui.parts.run_controls import choices, messages
from pages.ui.parts.truth import against_truth, new_data
from pages.ui.parts.widgets import sized
from pages.ui.session import decoded
from pages.ui.session.session import current_session
from pages.ui.session.view import View, current_view, shown_scale, state_names, zoom_key
from pages.ui.text import count

session = current_session()


def draw() -> None:
    """Draw all figures of the shown run."""
    view = current_view(session)
    if view is None:
        st.info(words.NO_MODEL, icon=":material/info:")
        return
    over_time(view)
    hits(view)
    what_was_learned(view)
    against_truth(session, view)
    new_data(session, view)
    expected_counts(view)


def over_time(view: View) -> None:
    """Draw the state probabilities of the selected sequence, and their entropy."""
    kind = session.config.posterior
    learned = decoded.learned(session, view)
    # The true model is drawn beside the learned one only where their states can be matched.
    ceiling = decoded.ceiling(session) if view.true_states is not None else None
    st.header(
        f"State probabilities of {words.sequence(session)}, {words.model(session)}", anchor=False
    )
    if not learned.possible or (ceiling is not None and not ceiling.possible):
        st.info(words.impossible("learned" if not learned.possible else "true"))
    note = decimation_note(view.sequence.num_observations)
    entropy = words.about_entropy(view.hmm.num_states)
    scale = shown_scale(session)
    own = words.OWN_NUMBERS if view.true_states is not None and view.own_numbers else ""
    unsure = words.about_mean_entropy(
        getattr(learned, f"{kind}_entropy"),
        None if ceiling is None else getattr(ceiling, f"{kind}_entropy"),
    )
    colours = page_colours(state_names(session))
    probs, uncertainty = (
        getattr(learned.posterior, f"{kind}_probs"), getattr(learned, f"{kind}_entropy")
    )  # fmt: skip
    st.caption(" ".join(filter(None, [KINDS[kind], entropy, unsure, own, note, scale.note])))
    show_figure(
        time_charts.posterior_figure(
            probs,
            uncertainty,
            colours,
            kind=kind,
            revision=zoom_key(session),
            true_states=view.true_states,
            true_model_probs=ceiling and getattr(ceiling.posterior, f"{kind}_probs"),
            true_model_entropy=None if ceiling is None else getattr(ceiling, f"{kind}_entropy"),
            scale=scale,
        ),
        key="posterior_over_time",
        label=chart_words.posterior(kind, probs, uncertainty, colours.states),
    )


def hits(view: View) -> None:
    """Draw the accuracies of the most probable states of both models, and of guessing."""
    kind = session.config.posterior
    accuracies(
        session,
        view,
        "How often is the most probable state the true one?",
        {"Learned model": lambda learned: getattr(learned, kind)},
        {"True model (the ceiling)": lambda ceiling: getattr(ceiling, kind)},
        f"At each step the state with the largest {kind} probability is the answer.",
        "No way of answering expects more hits than this one with the true model; on data of "
        "limited length chance may put another one a little ahead.",
    )


def what_was_learned(view: View) -> None:
    """Draw a table of the model for people, and offer it as CSV."""
    st.header("What was learned", anchor=False)
    frame = session.remember(
        "learned table",
        (view, session.data, session.config.state_names),
        lambda: learned_frame(view.hmm, view.weights, session.data, state_names(session)),
    )
    st.dataframe(
        frame,
        key=sized(session, "learned_parameters"),
        column_config={
            name: st.column_config.NumberColumn(format=words.number_format(name))
            for name in frame.columns
        },
        height="content",
        alt=words.about_learned(frame),
    )
    st.caption(words.LEARNED)
    st.download_button(
        "Table (CSV)",
        lambda: frame_csv(frame.reset_index()),
        file_name="hmm-states.csv",
        mime="text/csv",
        key="download_states",
        icon=":material/download:",
        on_click="ignore",
        help="The same table, with all digits.",
    )


def expected_counts(view: View) -> None:
    """Draw the expected transitions and starts beside the learned A and π."""
    order, expectations = view.permutation, view.state.expectations
    counts, starts = (
        expectations.transition_counts[order][:, order], expectations.initial_counts[order]
    )  # fmt: skip
    revision = f"K{view.hmm.num_states}"
    st.header("Expected transitions", anchor=False)
    colours = page_colours(state_names(session))
    left, right = halves(view.hmm.num_states, "transitions")
    with left:
        show_figure(
            charts.transition_counts_figure(counts, starts, revision, colours),
            key="transition_counts",
            label=chart_words.transition_counts(counts, starts, colours.states),
        )
    with right:
        show_figure(
            charts.transition_matrix_figure(
                view.hmm.transition_matrix,
                view.hmm.initial_probs,
                revision,
                colours,
            ),
            key="learned_transition_matrix",
            label=chart_words.transition_matrix(
                view.hmm.transition_matrix, view.hmm.initial_probs, colours.states
            ),
        )
    sequences = session.data.sequences
    moves = sequences.num_observations - len(sequences)
    st.caption(
        "Expected: summed over all time steps, how often the model expects each step from one "
        f"state to the next. All cells add up to {count(moves)} transitions, the starts to "
        f"{count(len(sequences))}, one for each sequence. Colour is the share of the row. "
        "Learned: the model that expects this. An EM step divides each row of what is expected "
        "by its sum and takes that for its next A, and the starts for its next π. So where both "
        "tables have the same colours, EM has nothing left to change in A and π."
    )


KINDS = {
    "smoothed": r"Smoothed: $p(z_t = k \mid x_1, \dots, x_M)$, with the knowledge of the whole "
    "sequence.",
    "filtered": r"Filtered: $p(z_t = k \mid x_1, \dots, x_t)$, what could be known at time t, "
    "before the rest came.",
}

choices(session, lambda: controls.segments(session, "posterior"))
messages(session)
draw()
health.findings(session)
with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(about.about_posterior(session.data))
