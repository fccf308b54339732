"""The list of words at the foot of every page."""

from __future__ import annotations

import streamlit as st

from pages.ui.glossary import GLOSSARY


def word_list() -> None:
    """Draw all words of the glossary, in columns where there is room."""
    with st.expander("Words", icon=":material/menu_book:"), st.container(key="words"):
        st.markdown("\n".join(f"- **{word}**: {meaning}" for word, meaning in GLOSSARY.items()))
