"""Starting models with Poisson emissions: without data, and from counts.

No rate starts at zero, for a state of rate zero could never come to explain another count: every
rate from data is taken as if one more observation, the mean of all counts, had been made in the
state. Missing counts are left out; an observation that is not a count is an error.
"""

from __future__ import annotations

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray, as_count, as_size, require_generator
from hmmcore.emissions import Poisson
from hmmcore.initialization.clustering import (
    cluster_centres,
    counted_probs,
    distinct_points,
    is_observed,
    path_of,
    standardized,
)
from hmmcore.initialization.paths import NUM_KMEANS, NUM_RANDOM, models_of_paths, window_moments
from hmmcore.initialization.race import (
    UNIFORM_SHARE,
    StartComparison,
    compare,
    part_of,
    single,
    trainable,
)
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible

RATE_OF_NO_COUNTS = 0.1
"""Stands in for the mean of counts that are all zero."""

TIE_SPACING = 0.01
"""Rates that coincide are set apart by this share: states that start equal stay equal."""


def symmetric(num_states: int, rate: float = 1.0) -> HMM:
    """Return a start with every state alike, so that training cannot tell them apart."""
    num_states = as_count("num_states", num_states)
    rate = as_size("rate", rate)
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(uniform, np.tile(uniform, (num_states, 1)), Poisson(np.full(num_states, rate)))


def random(sequences: Sequences, num_states: int, rng: np.random.Generator) -> HMM:
    """Return a random start, states in ascending order of their rate.

    Initial probabilities and transition rows are uniform on the simplex; every rate lies midway
    between the mean of all counts and a count drawn from the data, a different one for each state
    as long as there are enough.
    """
    require_generator(rng)
    require_compatible(symmetric(1), sequences)
    num_states = as_count("num_states", num_states)
    counts = _observed(sequences)
    spread = np.sqrt(np.maximum(sequences.variances(), RATE_OF_NO_COUNTS))
    drawn = np.maximum(distinct_points(counts, num_states, spread, rng)[:, 0], 0.0)
    rates = _without_equal_rates(np.sort((drawn + _mean(sequences)) / 2.0))
    return HMM(
        rng.dirichlet(np.ones(num_states)),
        rng.dirichlet(np.ones(num_states), size=num_states),
        Poisson(rates),
    )


def kmeans(sequences: Sequences, num_states: int, rng: np.random.Generator) -> HMM:
    """Return a start from k-means clusters of the counts, in ascending order of their rate.

    Clustered are the square roots, whose spread is the same at any rate (Bartlett 1936), as
    `initialization.kmeans` does. Initial probabilities and transitions are counted along the
    clusters, with one added to every count.
    """
    require_generator(rng)
    require_compatible(symmetric(1), sequences)
    num_states = as_count("num_states", num_states)
    _, _, points = standardized(_roots(sequences))
    centres = cluster_centres(points, num_states, rng)
    states = scipy.cluster.vq.vq(points, centres)[0].astype(np.int64)
    return _of_clusters(sequences, states, num_states)


def quantiles(sequences: Sequences, num_states: int) -> HMM:
    """Return a start with rates at the (k + 1/2)/K quantiles of the counts; no randomness.

    A quantile stands for T/K observations. Rates that coincide are set `TIE_SPACING` apart.
    Initial probabilities are uniform; a state stays with probability (1 + 1/K)/2 and otherwise
    moves to any other state alike.
    """
    require_compatible(symmetric(1), sequences)
    num_states = as_count("num_states", num_states)
    levels = (np.arange(num_states) + 0.5) / num_states
    observed = _observed(sequences)[:, 0]
    positions = np.quantile(observed, levels)
    size = len(observed) / num_states
    rates = (size * positions + _mean(sequences)) / (size + 1.0)
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(
        uniform, 0.5 * np.eye(num_states) + 0.5 * uniform, Poisson(_without_equal_rates(rates))
    )


def compare_starts(
    sequences: Sequences, num_states: int, rng: np.random.Generator
) -> StartComparison:
    """Train some sixty candidates for a start for a while, and tell how they did.

    As `initialization.compare_starts`; the windows are of the square roots of the counts. Where all
    counts are equal the start is that of `kmeans`, untrained.
    """
    require_generator(rng)
    require_compatible(symmetric(1), sequences)
    num_states = as_count("num_states", num_states)
    if len(np.unique(_observed(sequences))) == 1:
        return single(sequences, "kmeans", kmeans(sequences, num_states, rng))
    part = part_of(sequences, num_states, rng)
    if len(np.unique(_observed(part))) == 1:
        part = sequences
    candidates = _candidates(part, num_states, rng)
    return compare(part, candidates, lambda hmm: _as_start(hmm, _mean(sequences), rng))


def best_of_several(sequences: Sequences, num_states: int, rng: np.random.Generator) -> HMM:
    """Return the best of some sixty candidates, already trained for a while; see `compare_starts`.

    States come in ascending order of their rate.
    """
    return compare_starts(sequences, num_states, rng).best


def _candidates(
    sequences: Sequences, num_states: int, rng: np.random.Generator
) -> list[tuple[str, HMM]]:
    """Kind and model of every candidate."""
    candidates = [("quantiles", quantiles(sequences, num_states))]
    candidates += [("kmeans", kmeans(sequences, num_states, rng)) for _ in range(NUM_KMEANS)]
    candidates += [("random", random(sequences, num_states, rng)) for _ in range(NUM_RANDOM)]
    centre, scale, _ = standardized(_roots(sequences))
    scaled = Sequences((_roots(sequences).observations - centre) / scale, sequences.lengths)
    return candidates + list(
        models_of_paths(
            window_moments(scaled), num_states, rng,
            lambda states: _of_clusters(sequences, states, num_states),
        )
    )  # fmt: skip


def _as_start(hmm: HMM, mean: float, rng: np.random.Generator) -> HMM:
    """The model with rates moved a little to the mean of all counts, so that none is zero."""
    rates = (1.0 - UNIFORM_SHARE) * _rates(hmm) + UNIFORM_SHARE * mean
    hmm = trainable(HMM(hmm.initial_probs, hmm.transition_matrix, Poisson(rates)), rng)
    return hmm.permute(np.argsort(_rates(hmm), kind="stable"))


def _rates(hmm: HMM) -> FloatArray:
    assert isinstance(hmm.emissions, Poisson)
    return hmm.emissions.rates


def _of_clusters(sequences: Sequences, states: IntArray, num_states: int) -> HMM:
    """The model of clusters, as `kmeans` says, from states of the counts that are not missing."""
    sizes = np.bincount(states, minlength=num_states)
    sums = np.bincount(states, weights=_observed(sequences)[:, 0], minlength=num_states)
    rates = (sums + _mean(sequences)) / (sizes + 1.0)
    order = np.argsort(rates, kind="stable")
    path = path_of(np.argsort(order)[states], sequences)
    initial, transition = counted_probs(path, sequences, num_states)
    return HMM(initial, transition, Poisson(_without_equal_rates(rates[order])))


def _roots(sequences: Sequences) -> Sequences:
    """The square roots of the counts, whose spread is the same at any rate (Bartlett 1936)."""
    return Sequences(np.sqrt(sequences.observations), sequences.lengths)


def _mean(sequences: Sequences) -> float:
    return float(_observed(sequences).mean()) or RATE_OF_NO_COUNTS


def _observed(sequences: Sequences) -> FloatArray:
    """The counts (.., 1) that are not missing. Raises ValueError where all of them are."""
    sequences.require_every_dimension()
    return sequences.observations[is_observed(sequences)]


def _without_equal_rates(rates: FloatArray) -> FloatArray:
    """Rates (K,) in ascending order, all a little wider apart where any two coincide."""
    if (np.diff(rates) > 0.0).all():
        return rates
    places = np.arange(len(rates)) - (len(rates) - 1) / 2.0
    spread: FloatArray = rates * np.exp(TIE_SPACING * places)
    return spread
