"""How EM came to the maximum: the gains of its steps, and those that its rate predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.uncertainty import Verdict
from pages.ui.session.session import Session
from pages.ui.session.view import View

ROUNDING = 1e-13
"""Relative to the log-likelihood: gains that are not above it are rounding."""

AHEAD = 1.3
"""How far the prediction is drawn, in shares of the steps that were taken."""


@dataclass(frozen=True, eq=False)
class Pace:
    """What the steps gained.

    Attributes:
        iterations: (n,) after which step.
        gains: (n,) nats that it gained, as far as they are not rounding.
        predicted_at: (m,) iterations at which the rate predicts the gain.
        predicted: (m,) what it predicts, in nats.
    """

    iterations: IntArray
    gains: FloatArray
    predicted_at: IntArray
    predicted: FloatArray

    @property
    def drawn(self) -> tuple[IntArray, FloatArray, IntArray, FloatArray]:
        """All of it, in the order of its figure."""
        return self.iterations, self.gains, self.predicted_at, self.predicted


def pace(session: Session, view: View, verdict: Verdict) -> Pace:
    """The gains of the shown run up to the shown iteration."""
    run = session.shown_run
    if run is None or view.state.iteration < 1:
        return NO_PACE
    values = run.history.between(0, view.state.iteration)
    gains = np.diff(values)
    above = gains > ROUNDING * np.abs(values[1:])
    iterations = np.flatnonzero(above) + 1
    gains = gains[above]
    if not len(gains) or not len(verdict.missing):
        return Pace(iterations, gains, np.empty(0, dtype=np.int64), np.empty(0))
    rate = float(np.clip(verdict.missing[0], 1e-6, 1.0))
    # From the last third of the steps that are more than rounding.
    anchor = int(len(gains) * 2 / 3)
    first, last = int(iterations[anchor]), int(max(iterations[-1] * AHEAD, iterations[-1] + 5))
    at = np.unique(np.linspace(first, last, 200).astype(np.int64))
    return Pace(iterations, gains, at, gains[anchor] * rate ** (2.0 * (at - first)))


NO_PACE = Pace(*(np.empty(0, dtype=np.int64), np.empty(0)) * 2)
"""Of a run without a step."""
