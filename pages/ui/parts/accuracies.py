"""A table of accuracies: how often each way of decoding names the true state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from hmmcore import accuracy, commonest_share, count_changes
from hmmcore.arrays import IntArray
from pages.ui.parts import words
from pages.ui.session import decoded
from pages.ui.session.decoded import BestStates, Scope
from pages.ui.session.session import Session
from pages.ui.session.view import View
from pages.ui.text import count

GUESSING = "Guessing: always the commonest true state"
"""The row of a decoder that ignores the observations."""


Answer = Callable[[BestStates], IntArray]
"""One of a model's ways of decoding."""


def accuracies(
    session: Session,
    view: View,
    title: str,
    learned: Mapping[str, Answer],
    ceiling: Mapping[str, Answer],
    note: str,
    about_ceiling: str,
) -> None:
    """Draw a table of accuracies, with a title above it and notes below it.

    `learned` and `ceiling` map the name of each way of decoding to what it gives with the learned
    model and with the true one.
    """
    st.header(title, anchor=False)
    data, scopes = session.shown_data, decoded.scopes(session, view)
    if not scopes:
        st.caption(words.no_truth(data))
        return
    knows_ceiling = scopes[0].ceiling is not None
    st.table(_table(scopes, learned, ceiling if knows_ceiling else {}))
    st.caption(
        " ".join(
            filter(None, [note, about_ceiling if knows_ceiling else "", words.known_states(data)])
        )
    )
    if view.own_numbers:
        st.caption(
            "Accuracies count with states matched to the true ones, however they are numbered. "
            f"{words.about_counterparts(view.counterparts)}"
        )
    reading = decoded.reading(session, view)
    if reading is not None:
        st.caption(words.about_reading(reading, data))


def changes_of_state(session: Session, view: View) -> None:
    """Draw a table of how often the true path changes state, and what the learned model makes it.

    Nothing is drawn where the true path is unknown.
    """
    scopes = decoded.scopes(session, view)
    if not scopes:
        return
    st.subheader("How often does the state change?", anchor=False)
    columns = {
        scope.title: [
            count(count_changes(states, scope.lengths))
            for states in (
                scope.true_states, scope.learned.path, scope.learned.smoothed, scope.learned.alone
            )
        ]
        for scope in scopes
    }  # fmt: skip
    rows = ["True path", "Viterbi path", "Per-step best", "Each observation alone"]
    st.table(pd.DataFrame(columns, index=rows))
    st.caption("Of the learned model, beside the true path. A sequence that begins is no change.")


def _table(
    scopes: list[Scope], learned: Mapping[str, Answer], ceiling: Mapping[str, Answer]
) -> pd.DataFrame:
    columns = {}
    for scope in scopes:
        answers = [answer(scope.learned) for answer in learned.values()]
        if scope.ceiling is not None:
            answers += [answer(scope.ceiling) for answer in ceiling.values()]
        shares = [accuracy(scope.true_states, states) for states in answers]
        shares.append(commonest_share(scope.true_states))
        # Of a sequence without a known state there is no share.
        columns[scope.title] = ["–" if share != share else f"{share:.1%}" for share in shares]
    return pd.DataFrame(columns, index=[*learned, *ceiling, GUESSING])
