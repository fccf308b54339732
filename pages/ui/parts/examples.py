"""The list of examples, and the line with the chosen example's question and what to press."""

from __future__ import annotations

import streamlit as st

from pages.ui.parts.preset import Preset
from pages.ui.parts.presets import PRESETS, matching_preset
from pages.ui.parts.widgets import on_entry, set_widget
from pages.ui.session.session import Session


def example_picker(session: Session, width: int) -> None:
    """Draw the list of examples; it stands at the example that the settings match."""
    current = matching_preset(session.config)
    name = current and current.name
    set_widget("example", name)
    st.selectbox(
        "Example",
        list(PRESETS),
        index=None if name is None else list(PRESETS).index(name),
        format_func=lambda name: PRESETS[name].title,
        placeholder="Your own settings",
        key="example",
        on_change=on_entry("example", lambda name: _choose(session, name)),
        width=width,
        help="An experiment with a question, what to press, and what will be seen. Choosing one "
        "sets every control.",
    )


def example_line(session: Session, where: str = "") -> bool:
    """Draw the current example's question, what to press, and a button that shows the answer.

    Args:
        where: words in front of what to press, for example to go to another page first.

    Returns:
        Whether the settings match an example; if not, nothing is drawn. Nor is it beside a lesson,
        which asks a question of its own.
    """
    preset = matching_preset(session.config)
    if preset is None or session.config.lesson is not None:
        return False
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", wrap=False, key="guide"
    ):
        st.markdown(f"**{preset.question}** {where}{preset.press}", width="stretch")
        _answer(preset)
    return True


def _answer(preset: Preset) -> None:
    with st.popover(
        "Answer",
        type="tertiary",
        icon=":material/visibility:",
        key="example_answer",
        help="What you will see. Try it first.",
    ):
        st.markdown(f"**{preset.title}.** {preset.outcome}")


def _choose(session: Session, name: str | None) -> None:
    if name is not None:
        session.tour = None
        session.change(**PRESETS[name].values)
        # An example looks the same to everybody who chooses it.
        session.clear_earlier_runs()
