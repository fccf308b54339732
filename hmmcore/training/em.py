"""Expectation-maximisation (Baum-Welch)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.compiling import kernel
from hmmcore.coordinates import Coordinate
from hmmcore.emissions.base import EMPTY_WEIGHT
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import expectations, require_compatible
from hmmcore.training.base import (
    LikelihoodFellError,
    TrainState,
    checked_floor,
    checked_names,
    checked_structure,
    require_above_floor,
)
from hmmcore.training.held import checked_coordinates, chosen_numbers, statistics_for, with_held
from hmmcore.training.priors import Priors
from hmmcore.training.ties import Ties
from hmmcore.values import valid_value

ROUNDING_RTOL = 1e-10
"""How far the objective may fall, relative to its size and to the number of observations,
before it can no longer be rounding; on top comes what ill-conditioned covariances amplify."""


class EM:
    """Expectation-maximisation: each step moves to the maximiser of the expected log-joint.

    Args:
        sequences: the data.
        trainable: names of the parameters to learn; None means all: "initial_probs",
            "transition_matrix" and the family's own ("means", "covariances").
        variance_floor: variances never go below this; None means 1e-8 of the data's smallest
            variance. The value in force is the attribute of the same name.
        priors: makes each step climb the log-posterior (MAP-EM); None climbs the log-likelihood.
        transition_ties: entries of A that share one probability.
        coordinates: train these numbers only, like (("means", 0), ("means", 1)), of trainable
            parameters and by the model's own order of states; None means all. Each step then moves
            to the maximiser over these with all others held; the rest of a row of probabilities
            keeps its proportions. With full or tied covariances of several dimensions a standard
            deviation is not trained by itself.

    A state that loses all its data keeps its parameters, and a collapsing variance is held at
    the floor; both are reported in `TrainState.remedies`. So is a full or tied covariance that is
    singular as far as double precision tells: it is held where it is not, and there alone the
    objective may fall.

    Source: Baum, Petrie, Soules & Weiss (1970); Rabiner (1989), section III.C; Dempster, Laird &
    Rubin (1977) for the posterior's mode.
    """

    def __init__(
        self,
        sequences: Sequences,
        trainable: Iterable[str] | None = None,
        variance_floor: float | None = None,
        priors: Priors | None = None,
        transition_ties: Ties | None = None,
        coordinates: Iterable[Coordinate] | None = None,
    ) -> None:
        self.sequences = sequences
        self.priors = priors
        self.transition_ties = transition_ties
        self.trainable = checked_names(trainable)
        self.coordinates = checked_coordinates(coordinates, transition_ties)
        self.variance_floor = checked_floor(variance_floor, sequences)

    def init(self, hmm: HMM) -> TrainState:
        """Evaluate the starting model: iteration 0.

        Raises:
            ValueError: when a name in `trainable` or a coordinate is unknown, a coordinate is not
                trainable or not by itself, or comes twice, a variance is below the floor, the
                priors have another shape than the model, or it does not satisfy the ties.
            ImpossibleDataError: when the start gives the data probability zero.
        """
        chosen = chosen_numbers(self.trainable, self.coordinates, hmm)
        if chosen.variances:
            smallest = chosen.smallest_variances(hmm.emissions)
            require_above_floor(hmm, smallest, self.variance_floor)
        checked_structure(hmm, self.priors, self.transition_ties)
        require_compatible(hmm, self.sequences)
        return TrainState(
            hmm, expectations(hmm, self.sequences), log_prior=self._log_prior(hmm, hmm)
        )

    def step(self, state: TrainState) -> TrainState:
        """M-step from the state's statistics, then the E-step that evaluates the result."""
        chosen = chosen_numbers(self.trainable, self.coordinates, state.hmm)
        trainable, statistics = chosen.names, state.expectations
        if self.priors is not None:
            statistics = self.priors.added_to(statistics, state.hmm)
        if chosen.masks is not None:
            statistics = statistics_for(chosen, statistics, state.hmm)
        initial_probs, transition_matrix = state.hmm.initial_probs, state.hmm.transition_matrix
        if "initial_probs" in trainable:
            initial_probs = _proportions(statistics.initial_counts, initial_probs)
        if "transition_matrix" in trainable:
            transition_matrix = self._transition_matrix(
                statistics.transition_counts, transition_matrix
            )
        emissions, remedies = state.hmm.emissions.maximize(
            statistics.emissions, trainable, self.variance_floor
        )
        if self.priors is None and self.transition_ties is None:
            # Proportions of finite counts, and emissions that have been checked.
            hmm = valid_value(
                HMM, initial_probs=initial_probs, transition_matrix=transition_matrix,
                emissions=emissions,
            )  # fmt: skip
        else:
            hmm = HMM(initial_probs, transition_matrix, emissions)
        if chosen.masks is not None:
            hmm, remedies = with_held(chosen, hmm, remedies, state.hmm, self.variance_floor)
        result = TrainState(
            hmm,
            expectations(hmm, self.sequences),
            state.iteration + 1,
            remedies,
            log_prior=self._log_prior(hmm, state.hmm),
        )
        reached, started = result.objective, state.objective
        if not reached >= started and not reached >= started - self._rounding(state, result):
            raise LikelihoodFellError(
                f"the {state.objective_name} fell from {started!r} to {reached!r} in EM step "
                f"{result.iteration}; it cannot. "
                "Please report this with the data and the starting model."
            )
        return result

    def _transition_matrix(self, counts: FloatArray, present: FloatArray) -> FloatArray:
        """M-step of A (K, K) from expected transition counts (K, K)."""
        if self.transition_ties is not None:
            return self.transition_ties.maximize(counts, present)
        return _proportions(counts, present)

    def _log_prior(self, hmm: HMM, support: HMM) -> float | None:
        return None if self.priors is None else self.priors.log_density(hmm, support)

    def _rounding(self, state: TrainState, result: TrainState) -> float:
        """How far the objective may fall from one to the other before it is an error."""
        count = self.sequences.num_observations
        emissions = state.hmm.emissions, result.hmm.emissions
        worst = max(float(value.condition_numbers().max()) for value in emissions)
        return (
            ROUNDING_RTOL * (state.magnitude + count) + float(np.finfo(float).eps) * count * worst
        )


def _proportions(counts: FloatArray, present: FloatArray) -> FloatArray:
    """Normalise expected counts over the last axis; where there are none, `present` stays."""
    # Copied here: an array that a kernel returns takes twice as long as one that it is given.
    proportions = present.copy()
    fill_proportions(counts, proportions)
    return proportions


@kernel(error_model="numpy")
def fill_proportions(counts: FloatArray, proportions: FloatArray) -> None:
    """Replace rows over the last axis by the proportions of their counts, if there are any."""
    rows = counts.reshape(-1, counts.shape[-1])
    filled = proportions.reshape(rows.shape)
    for i in range(len(rows)):
        total = 0.0
        for count in rows[i]:
            total += count
        if total > EMPTY_WEIGHT:
            for j in range(len(rows[i])):
                filled[i, j] = rows[i, j] / total
