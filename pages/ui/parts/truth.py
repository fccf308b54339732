"""The learned parameters compared with the true ones: their errors, and how states are matched."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from hmmcore import parameter_errors
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.emissions import own_name
from pages.ui.experiment.naming import parameter_symbols
from pages.ui.figures.theme import NUMBERED, StateNames
from pages.ui.figures.truth_charts import parameter_errors_figure
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import chart_words, words
from pages.ui.parts.layout import halves
from pages.ui.session.new_data import on_new_data
from pages.ui.session.session import Session
from pages.ui.session.view import View, state_names
from pages.ui.settings.families import SHARED
from pages.ui.text import chart_text, markdown_text


def against_truth(session: Session, view: View) -> None:
    """Draw the error of every learned parameter."""
    st.header("Learned parameters against the true ones", anchor=False)
    truth = session.shown_data.truth
    if truth is None:
        st.caption(words.no_truth(session.shown_data))
        return
    errors = titled_errors(session, parameter_errors(truth, view.matched_hmm))
    chain = {title: errors.pop(title) for title in (symbol for _, symbol in SHARED.values())}
    colours = page_colours(state_names(session))
    # The parts of a product need the whole width.
    whole = bool(session.data.kinds)
    left, right = (st.container(), st.container()) if whole else halves(truth.num_states, "errors")
    with left:
        show_figure(
            parameter_errors_figure(chain, f"K{truth.num_states}", colours),
            key="chain_errors",
            label="Learned minus true for the initial probabilities and the transition matrix."
            + chart_words.errors(chain),
        )
    with right:
        show_figure(
            parameter_errors_figure(
                errors,
                f"K{truth.num_states}",
                colours,
                session.data.labels or (() if session.data.kinds else session.data.columns),
            ),
            key="emission_errors",
            label="Learned minus true for the emissions of each state."
            + chart_words.errors(errors),
        )
    order = (
        f"Errors are of states matched to the true ones. "
        f"{words.about_counterparts(view.counterparts)}"
        if view.own_numbers
        else about_permutation(view.permutation, colours.states)
    )
    st.caption(
        f"{order} Above zero, or blue, is too much; below, or "
        "orange, too little. With few data even the best fit is off: compare the likelihoods "
        "before blaming the training."
    )


def new_data(session: Session, view: View) -> None:
    """Draw how well the learned and the true model explain these data, and new ones."""
    found, true = on_new_data(session, view), session.true_log_likelihood()
    if found is None or true is None:
        return
    st.subheader("How does it do on new data?", anchor=False)
    here = session.data.sequences.per_observation(view.state.log_likelihood)
    table = {"These data": (here, true), "New data": found}
    st.table(
        pd.DataFrame(
            {title: [words.nats(value) for value in values] for title, values in table.items()},
            index=["Learned model", "True model"],
        )
    )
    st.caption(
        "Log-likelihood per observation, in nats. New data are drawn from the true model, and no "
        "other is expected to explain them better. A model that is ahead on these data and behind "
        "on new ones has fitted what is chance in these."
    )


def titled_errors(
    session: Session, errors: Mapping[str, FloatArray]
) -> dict[str, tuple[str, FloatArray]]:
    """Title to the name of the columns and the errors (K, C), from `hmmcore.parameter_errors`."""
    symbols = parameter_symbols(session.data)
    names = {"transition_matrix": "to state", "probs": "symbol"}
    return {
        _title(name, symbols[name]): (
            names.get(own_name(name), "dimension"), value.reshape(len(value), -1)
        )
        for name, value in errors.items()
        if name in symbols
    }  # fmt: skip


def _title(name: str, symbol: str) -> str:
    # These errors are of variances, whatever symbol the control shows.
    if own_name(name) != "covariances":
        return chart_text(symbol)
    # Beside the name of a column there is no room for the word.
    return chart_text("variance" if own_name(name) == name else "σ²" + symbol.removeprefix("σ"))


def about_permutation(permutation: IntArray, names: StateNames = NUMBERED) -> str:
    """A sentence on which learned state is shown as which, matched to the true ones.

    `names` are those of the true states. The sentence is Markdown.
    """
    if np.array_equal(permutation, np.arange(len(permutation))):
        return "The learned states already stand in the order of the true ones."
    moved = [
        f"{int(learned) + 1} as {markdown_text(names.plain(shown))}"
        for shown, learned in enumerate(permutation)
    ]
    return (
        "States have no names of their own; these are matched to the true ones by what they "
        f"explain: learned state {', '.join(moved)}."
    )
