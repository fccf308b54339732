"""How far apart two models are as far as the data can tell, whatever the order of their states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch import Models
from hmmcore.batch.models import Arrays
from hmmcore.emissions import (
    Emissions,
    Gaussian,
    NeuralGaussian,
    Product,
    beginning_of,
    own_name,
)
from hmmcore.landscape.base import orders
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import expectations

MOST_STATES_IN_EVERY_ORDER = 6
"""Up to so many states every order is looked at; with more, the best assignment of states by
themselves."""


@dataclass(frozen=True)
class Features:
    """Models as numbers whose differences can be compared, one row for each.

    Attributes:
        initial: (n, K) twice the roots of π.
        matrices: (n, K, K) twice the roots of A.
        states: (n, K, d) what each state emits: means and covariances as they are, twice the
            roots of rates and probabilities.
    """

    initial: FloatArray
    matrices: FloatArray
    states: FloatArray

    def __len__(self) -> int:
        return len(self.initial)

    def only(self, rows: IntArray) -> Features:
        """Some of the models."""
        return Features(self.initial[rows], self.matrices[rows], self.states[rows])

    def reordered(self, taken: IntArray) -> Features:
        """Each model's states in an order of its own (n, K), or one model's in many."""
        rows = np.arange(len(taken)) if len(self) > 1 else np.zeros(len(taken), dtype=np.int64)
        return Features(
            self.initial[rows[:, np.newaxis], taken],
            self.matrices[rows[:, np.newaxis, np.newaxis], taken[:, :, np.newaxis],
                          taken[:, np.newaxis, :]],
            self.states[rows[:, np.newaxis], taken],
        )  # fmt: skip

    def usual_orders(self) -> IntArray:
        """For each model an order (n, K) of its states, however they are numbered.

        By what they emit and how they start; states in which that is alike by where they go to and
        come from, and where those do, and so on.
        """
        own = np.concatenate([self.states, self.initial[:, :, np.newaxis]], axis=2)
        # Weights with which two different states have one key by accident only.
        keys = (own @ (1.0 / np.sqrt(np.arange(own.shape[2]) + 1.618)))[:, :, np.newaxis]
        to = (0.5 * self.matrices) ** 2
        arrivals = to.sum(axis=1, keepdims=True)
        back = np.swapaxes(to / np.where(arrivals > 0.0, arrivals, 1.0), 1, 2)
        mixed = keys
        for _ in range(keys.shape[1]):
            mixed = keys + 0.5 * (to @ mixed) + 0.25 * (back @ mixed)
        return np.argsort(mixed[:, :, 0], axis=1, kind="stable")


def features_of(models: Models) -> Features:
    """The features of models of any family."""
    return Features(
        2.0 * np.sqrt(models.initial_probs),
        2.0 * np.sqrt(models.transition_matrices),
        _of_states(models),
    )


def _of_states(models: Models) -> FloatArray:
    """What each state emits (n, K, d), in the family's own numbers."""
    parts: Arrays = dict(models.parameters)
    shape = len(models), models.num_states
    if "embeddings" in parts:
        # Different weights of a network can stand for the same means.
        means = [hmm.emissions.means for hmm in models]  # type: ignore[attr-defined]
        parts = {"means": np.array(means).reshape(*shape, -1), "covariances": parts["covariances"]}
    pieces = []
    for name, values in parts.items():
        own, first = own_name(name), beginning_of(name)
        if models.settings.get(f"{first}covariance_type") == "tied" and own == "covariances":
            values = np.broadcast_to(values[:, np.newaxis], (*shape, *values.shape[1:]))
        shown = 2.0 * np.sqrt(values) if own in ("rates", "probs") else values
        pieces.append(shown.reshape(*shape, -1))
    return np.concatenate(pieces, axis=2) if pieces else np.empty((*shape, 0))


class Likeness:
    """Distances of other models from one, in nats.

    A difference of a parameter counts as much as the data would, were the hidden states known: with
    the expected number of observations that it explains, and with the curvature that the
    log-likelihood of these has at the one. Two means lie ½ δᵀ Σ⁻¹ δ apart for each observation, two
    covariances ¼ tr(Σ⁻¹ Δ Σ⁻¹ Δ): if Σ has correlations, a step against them counts more.

    So what no observation touches, such as the mean of a state that explains none, makes no
    difference. Around a maximum of the likelihood the log-likelihood falls by no more than the
    distance, up to terms of third order: known states tell at least as much as states that must be
    guessed. Far away, or from a model that is no maximum, there is no such bound.

    Source: Dempster, Laird & Rubin (1977), section 3: what EM climbs lies below the log-likelihood.

    Args:
        hmm: the one.
    """

    def __init__(self, hmm: HMM, features: Features, sequences: Sequences) -> None:
        found = expectations(hmm, sequences)
        self.features = features
        self.num_sequences = len(sequences)
        self.leaving = found.transition_counts.sum(axis=1)
        self.weights = found.initial_counts + found.transition_counts.sum(axis=0)
        self.emissions = hmm.emissions

    def distances(self, others: Features) -> FloatArray:
        """(n,) of others, their states in the order in which they are."""
        own = self.features
        initial = ((others.initial - own.initial) ** 2).sum(axis=1)
        rows = ((others.matrices - own.matrices) ** 2).sum(axis=2)
        gaps = np.swapaxes(others.states - own.states, 0, 1)
        states = (_scaled(self.emissions, gaps) ** 2).sum(axis=2).T
        doubled = self.num_sequences * initial + rows @ self.leaving + states @ self.weights
        return np.asarray(0.5 * doubled)

    def least_distance(self, other: Features) -> float:
        """Of one other, in the order of its states that is nearest."""
        num_states = len(self.weights)
        if num_states <= MOST_STATES_IN_EVERY_ORDER:
            return float(self.distances(other.reordered(orders(num_states))).min())
        best = scipy.optimize.linear_sum_assignment(self._distances_of_states(other))[1]
        return float(self.distances(other.reordered(best[np.newaxis]))[0])

    def _distances_of_states(self, other: Features) -> FloatArray:
        """(K, K) of each state from each of the other's, by what concerns it alone."""
        own = self.features
        gaps = other.states[0][np.newaxis] - own.states[0][:, np.newaxis]
        emitted = (_scaled(self.emissions, gaps) ** 2).sum(axis=2)
        found = self.weights[:, np.newaxis] * emitted
        stays = np.diagonal(own.matrices[0]), np.diagonal(other.matrices[0])
        found += self.leaving[:, np.newaxis] * (stays[1] - stays[0][:, np.newaxis]) ** 2
        starts = other.initial[0] - own.initial[0][:, np.newaxis]
        return np.asarray(found + self.num_sequences * starts**2)


def _scaled(emissions: Emissions, gaps: FloatArray) -> FloatArray:
    """Differences of the states' features (K, n, d), so that their squares add up to nats, twice.

    Row k is of state k of these emissions.
    """
    if isinstance(emissions, Product):
        # A mean and a variance, a rate, or the probabilities of symbols.
        sizes = [
            2 if isinstance(part, Gaussian) else getattr(part, "num_symbols", 1)
            for part in emissions.parts
        ]
        pieces = np.split(gaps, np.cumsum(sizes[:-1]), axis=2)
        parts = zip(emissions.parts, pieces, strict=True)
        return np.concatenate([_scaled(part, piece) for part, piece in parts], axis=2)
    if not isinstance(emissions, (Gaussian, NeuralGaussian)):
        return gaps
    sds = emissions.standard_deviations
    num_states, num_dimensions = sds.shape
    covariance_type = getattr(emissions, "covariance_type", "diag")
    of_means, of_spreads = gaps[:, :, :num_dimensions], gaps[:, :, num_dimensions:]
    if covariance_type in ("full", "tied"):
        # With Σ = L Lᵀ a gap δ of means becomes L⁻¹ δ, one Δ of covariances L⁻¹ Δ L⁻ᵀ.
        square = num_dimensions, num_dimensions
        covariances = np.broadcast_to(emissions.covariances, (num_states, *square))
        inverses = np.linalg.inv(np.linalg.cholesky(covariances))
        turned = np.swapaxes(inverses, 1, 2)
        deltas = inverses[:, np.newaxis] @ of_spreads.reshape(*gaps.shape[:2], *square)
        of_spreads = (deltas @ turned[:, np.newaxis]).reshape(of_spreads.shape) * np.sqrt(0.5)
        return np.concatenate([of_means @ turned, of_spreads], axis=2)
    # A spherical variance stands for D equal ones.
    count = num_dimensions / of_spreads.shape[2]
    by_spread = np.sqrt(0.5 * count) / sds[:, np.newaxis, : of_spreads.shape[2]] ** 2
    return np.concatenate([of_means / sds[:, np.newaxis], of_spreads * by_spread], axis=2)
