"""A table of accuracies: how often each way of decoding names the true state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from hmmcore import accuracy, commonest_share
from hmmcore.arrays import IntArray
from pages.ui.parts import words
from pages.ui.session import decoded
from pages.ui.session.decoded import Scope
from pages.ui.session.session import Session
from pages.ui.session.view import View

GUESSING = "Guessing: always the commonest true state"
"""The row of a decoder that ignores the observations."""


def accuracies(
    session: Session,
    view: View,
    title: str,
    answers: Mapping[str, Callable[[Scope], IntArray]],
    note: str,
) -> None:
    """Draw a table of accuracies, with a title above it and a note below it.

    `answers` maps the name of each way of decoding to the states (T,) that it gives for a scope.
    """
    st.subheader(title, anchor=False)
    data, scopes = session.seen, decoded.scopes(session, view)
    if data.maker is None or not scopes:
        st.caption(words.no_truth(data))
        return
    st.table(_table(scopes, answers))
    st.caption(note)
    reading = decoded.reading(session, view)
    if reading is not None:
        st.caption(words.about_reading(reading, data.maker.num_states))


def _table(scopes: list[Scope], answers: Mapping[str, Callable[[Scope], IntArray]]) -> pd.DataFrame:
    columns = {
        scope.title: [
            f"{share:.1%}"
            for share in (
                *(accuracy(scope.true_states, answer(scope)) for answer in answers.values()),
                commonest_share(scope.true_states),
            )
        ]
        for scope in scopes
    }
    return pd.DataFrame(columns, index=[*answers, GUESSING])
