"""How EM came to the maximum: the gains of its steps, and those that its rate predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.uncertainty import Verdict
from pages.ui.session.session import Session
from pages.ui.session.view import View

ROUNDING = 1e-11
"""Relative to the log-likelihood: what follows the last gain above it is rounding."""

AHEAD = 1.3
"""How far the prediction is drawn, in shares of the steps that were taken."""

LEAST = 1e-3
"""Of the smallest gain; what is predicted below it is not drawn."""

MOST_POINTS = 400


@dataclass(frozen=True, eq=False)
class Pace:
    """What the steps gained.

    Attributes:
        iterations: (n,) after which step.
        gains: (n,) nats that it gained, all positive, up to where rounding begins.
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
    above = np.flatnonzero(gains > ROUNDING * np.abs(values[1:]))
    gains = gains[: int(above[-1]) + 1] if len(above) else gains[:0]
    iterations = np.flatnonzero(gains > 0.0) + 1
    gains = gains[iterations - 1]
    if not len(gains) or not len(verdict.missing):
        return Pace(iterations, gains, np.empty(0, dtype=np.int64), np.empty(0))
    left = float(np.clip(verdict.pace, 1e-12, 1.0))
    # Through the last gain, so that slopes compare.
    last, end = int(iterations[-1]), int(max(iterations[-1] * AHEAD, iterations[-1] + 5))
    at = np.unique(np.linspace(1, end, MOST_POINTS).astype(np.int64))
    with np.errstate(over="ignore"):
        predicted = gains[-1] * left ** (at - last).astype(float)
    shown = (predicted <= gains.max()) & (predicted >= gains.min() * LEAST)
    return Pace(iterations, gains, at[shown], predicted[shown])


NO_PACE = Pace(*(np.empty(0, dtype=np.int64), np.empty(0)) * 2)
"""Of a run without a step."""
