"""The sidebar's controls of what a model may not choose, and of what is held before any data."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.ui.experiment import constraints
from pages.ui.parts import controls
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.text import capitalised, listed

TITLE = "Constraints and priors"

SPREADS: Mapping[str, str] = {"data": "Each state its own", "tied": "Tied: one for all"}
"""Of numbers, of which each state has one spread."""


def constraint_controls(session: Session) -> None:
    """Draw the controls in an expander, which is closed, and say what of them is on."""
    config = session.config
    with st.sidebar:
        if on := constraints.in_words(config, session.data.kinds):
            st.caption(f"{capitalised(listed(on))}. {about_objective(session)}")
        with st.expander(TITLE, icon=":material/lock:"):
            _draw(session, config)
            if on:
                st.button(
                    "Hold nothing", key="hold_nothing", icon=":material/lock_open:",
                    on_click=session.remedy, kwargs=dict(constraints.NOTHING_HELD),
                    help="All of these as they are at first; training starts from the same "
                    "starting point.",
                )  # fmt: skip


def _draw(session: Session, config: Config) -> None:
    controls.choice(session, "chain")
    controls.choice(session, "stays")
    if config.family == "points":
        controls.choice(session, "spread")
    elif config.family == "numbers":
        if config.mean_model == "network":
            st.caption(
                "With a network each state keeps a spread of its own; choose Free as the model of "
                "the means to tie them."
            )
        else:
            controls.option(session, "spread", SPREADS)
    location = constraints.location_of(config)
    if location and location not in config.trainable:
        controls.choice(session, "held_at")
    has_spreads = constraints.has_spreads(config, session.data.kinds)
    left, right = st.columns(2)
    with left:
        controls.number(session, "sticky_prior")
        controls.number(session, "initial_prior")
    with right:
        controls.number(session, "transition_prior")
        if has_spreads:
            controls.number(session, "spread_prior")
    if has_spreads and config.spread_prior:
        controls.number(session, "spread_mode")


def about_objective(session: Session) -> str:
    """What training climbs, in a sentence."""
    if constraints.has_priors(session.config, session.data.kinds):
        return "Training climbs the log-posterior, not the likelihood alone."
    return "Training climbs the log-likelihood of the models that this leaves."
