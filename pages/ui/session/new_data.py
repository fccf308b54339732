"""How the learned model explains data that it has never met, drawn from the true model."""

from __future__ import annotations

import numpy as np

from hmmcore import HMM, Sequences, log_likelihood, sample
from pages.ui.session.session import Session
from pages.ui.session.view import View

NEW_DATA_STREAM = 5
"""Key of the random stream of new data, which no other random choice shares."""
NEW_OBSERVATIONS = 30_000
"""So many tell two models apart by a hundredth of a nat, and take some milliseconds."""


def on_new_data(session: Session, view: View) -> tuple[float, float] | None:
    """Log-likelihood per observation of new data under the learned and the true model, in nats.

    None if the true model is unknown or hidden.
    """
    maker = session.shown_data.generating_model
    if maker is None:
        return None
    new = session.remember("new data", maker, lambda: _drawn(session, maker))

    def per_observation(hmm: HMM) -> float:
        return float(new.per_observation(float(log_likelihood(hmm, new).sum())))

    return (
        session.remember("learned on new data", (view, new), lambda: per_observation(view.hmm)),
        session.remember("truth on new data", new, lambda: per_observation(maker)),
    )


def _drawn(session: Session, maker: HMM) -> Sequences:
    """Sequences like the first one of the data, from another random stream."""
    length = min(int(session.data.sequences.lengths[0]), NEW_OBSERVATIONS)
    rng = np.random.default_rng([session.config.seed, NEW_DATA_STREAM])
    return sample(maker, NEW_OBSERVATIONS // length, length, rng).sequences
