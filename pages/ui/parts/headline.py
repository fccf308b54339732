"""The headline of a page, above everything else, and a sentence that says what the page is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

HEADLINES: Final[Mapping[str, tuple[str, str]]] = {
    "": (
        "Watch a hidden Markov model learn",
        "Behind each observation hides a state that nobody sees. From the observations alone the "
        "model learns what each state emits, and how states follow each other.",
    ),
}
"""Page, as in its address, to its headline and sentence."""


def headline(page: str) -> None:
    """Draw the headline of a page, its only heading of the first level."""
    if page not in HEADLINES:
        return
    title, sentence = HEADLINES[page]
    with st.container(key="headline", gap=None):
        st.title(title, anchor=False)
        st.markdown(sentence)
