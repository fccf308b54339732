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

TRUST = (
    "Priors or ties are on. The verdict, standard errors, intervals and coverage below are those "
    "of the likelihood of models without them, so what rests here need not be a maximum there. "
    "Press Hold nothing under Constraints and priors, and train, to have them apply."
)


def about_priors(session: Session, sentence: str) -> None:
    """Say a sentence where priors are on."""
    if constraints.has_priors(session.config, session.data.kinds) and session.main_runs:
        st.caption(sentence)


def about_trust(session: Session) -> None:
    """Say what the Trust page leaves out where priors or ties are on."""
    config = session.config
    if constraints.has_priors(config, session.data.kinds) or config.stays == "shared":
        st.info(TRUST, icon=":material/lock:")
