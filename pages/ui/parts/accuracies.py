"""How often decoded states are the true ones: the learned model, the ceiling, and guessing."""

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
"""The answer that knows nothing of the observations."""


def accuracies(
    session: Session,
    view: View,
    title: str,
    answers: Mapping[str, Callable[[Scope], IntArray]],
    note: str,
) -> None:
    """A table of how often each way of answering is right, under a title and over a note."""
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
