"""The first page: a model that learns, live."""

from __future__ import annotations

import streamlit as st

from pages.ui.live import live_panel, messages, run_controls
from pages.ui.session import current_session

session = current_session()

run_controls(session)
messages(session)
live_panel(session)

with st.expander("What am I looking at?", icon=":material/help:"):
    st.markdown(
        """
A **hidden Markov model** explains a row of observations by a chain of hidden *states*. At each
time the chain is in one state; the state draws an observation around its own mean; then the chain
moves on, with the probabilities in that state's row of the transition matrix. You see the
observations, never the states. **Training** looks for the probabilities and means under which the
observations are as likely as possible.

- **Log-likelihood per observation** says how well the model explains the data, in nats; higher is
  better. The dotted line is the model that really made the data. It may be *passed*: a model that
  was fitted to these very data can explain them better than the truth does. It may also be
  *positive*: for continuous observations it is the log of a density, and a density can exceed one.
- **Transition matrix**: the row is where the chain is, the column where it goes next.
- **Means and densities**: grey is what was observed; each curve is what one state accounts for;
  dashed lines are the true means.
- **States over time**: each observation wears the colour and shape of the state that the Viterbi
  path gives it, the single most probable path as a whole. Below it the *posterior*: how probable
  each state is at each time, given everything observed.

States have no names of their own. The learned ones are matched to the true ones before they are
drawn, so that one colour means the same state everywhere.
"""
    )
