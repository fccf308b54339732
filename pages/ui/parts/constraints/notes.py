"""What pages say that show the likelihood while training climbs something else."""

from __future__ import annotations

import streamlit as st

from pages.ui.experiment import constraints
from pages.ui.session.session import Session

TRAINING = (
    "Priors are on, so both methods climb the log-posterior. The curves and the verdict are of the "
    "log-likelihood alone, which may fall on the way; set the priors to 0 to compare the methods "
    "by what they climb."
)
LANDSCAPE = (
    "Priors are on, so starts and paths climb the log-posterior, while the surface is the "
    "log-likelihood alone: they need not end on its summits. Set the priors to 0 to see them do so."
)


def about_priors(session: Session, sentence: str) -> None:
    """Say a sentence where priors are on."""
    if constraints.has_priors(session.config) and session.main_runs:
        st.caption(sentence)
