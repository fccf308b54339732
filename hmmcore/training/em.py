"""Expectation-maximisation (Baum-Welch)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numba import njit

from hmmcore.arrays import FloatArray, valid_value
from hmmcore.emissions.base import EMPTY_WEIGHT
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweep import expectations, require_compatible
from hmmcore.training.base import (
    LikelihoodFellError,
    TrainState,
    checked_floor,
    checked_names,
    checked_trainable,
    require_above_floor,
)

ROUNDING_RTOL = 1e-10
"""How far the log-likelihood may fall, relative to its size and to the number of observations,
before it can no longer be rounding; on top comes what ill-conditioned covariances amplify."""


class EM:
    """Expectation-maximisation: each step moves to the maximiser of the expected log-joint.

    Args:
        sequences: the data.
        trainable: names of the parameters to learn; None means all: "initial_probs",
            "transition_matrix" and the family's own ("means", "covariances").
        variance_floor: variances never go below this; None means 1e-8 of the data's smallest
            variance. The value in force is the attribute of the same name.

    A state that loses all its data keeps its parameters, and a collapsing variance is held at
    the floor; both are reported in `TrainState.remedies`.

    Source: Baum, Petrie, Soules & Weiss (1970); Rabiner (1989), section III.C.
    """

    def __init__(
        self,
        sequences: Sequences,
        trainable: Iterable[str] | None = None,
        variance_floor: float | None = None,
    ) -> None:
        self.sequences = sequences
        self.trainable = checked_names(trainable)
        self.variance_floor = checked_floor(variance_floor, sequences)

    def init(self, hmm: HMM) -> TrainState:
        """Evaluate the starting model: iteration 0.

        Raises:
            ValueError: when a name in `trainable` is unknown, or a variance is below the floor.
            ImpossibleDataError: when the start gives the data probability zero.
        """
        if "covariances" in checked_trainable(self.trainable, hmm):
            require_above_floor(hmm, self.variance_floor)
        require_compatible(hmm, self.sequences)
        return TrainState(hmm, expectations(hmm, self.sequences))

    def step(self, state: TrainState) -> TrainState:
        """M-step from the state's statistics, then the E-step that evaluates the result."""
        trainable = checked_trainable(self.trainable, state.hmm)
        told = state.expectations
        initial_probs, transition_matrix = state.hmm.initial_probs, state.hmm.transition_matrix
        if "initial_probs" in trainable:
            initial_probs = _proportions(told.initial_counts, initial_probs)
        if "transition_matrix" in trainable:
            transition_matrix = _proportions(told.transition_counts, transition_matrix)
        emissions, remedies = state.hmm.emissions.maximize(
            told.emissions, trainable, self.variance_floor
        )
        # Proportions of finite counts, and emissions that have been checked.
        hmm = valid_value(
            HMM, initial_probs=initial_probs, transition_matrix=transition_matrix,
            emissions=emissions,
        )  # fmt: skip
        result = TrainState(hmm, expectations(hmm, self.sequences), state.iteration + 1, remedies)
        reached, started = result.log_likelihood, state.log_likelihood
        if not reached >= started and not reached >= started - self._rounding(state, result):
            raise LikelihoodFellError(
                f"the log-likelihood fell from {started!r} to {reached!r} in EM step "
                f"{result.iteration}; it cannot. "
                "Please report this with the data and the starting model."
            )
        return result

    def _rounding(self, state: TrainState, result: TrainState) -> float:
        """How far the log-likelihood may fall from one to the other before it is an error."""
        count = self.sequences.num_observations
        emissions = state.hmm.emissions, result.hmm.emissions
        worst = max(value.condition_number() for value in emissions)
        return (
            ROUNDING_RTOL * (abs(state.log_likelihood) + count)
            + float(np.finfo(float).eps) * count * worst
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _proportions(counts: FloatArray, present: FloatArray) -> FloatArray:
    """Normalise expected counts over the last axis; where there are none, `present` stays."""
    proportions = present.copy()
    rows = counts.reshape(-1, counts.shape[-1])
    filled = proportions.reshape(rows.shape)
    for i in range(len(rows)):
        total = 0.0
        for count in rows[i]:
            total += count
        if total > EMPTY_WEIGHT:
            for j in range(len(rows[i])):
                filled[i, j] = rows[i, j] / total
    return proportions
