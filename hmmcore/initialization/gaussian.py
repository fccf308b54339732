"""Starting models with Gaussian emissions: without data, and from data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore import batch
from hmmcore.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_count,
    numeric_array,
    quoted,
    require_generator,
    variances_from,
)
from hmmcore.emissions import Gaussian
from hmmcore.initialization.clustering import (
    cluster_centres,
    counted_probs,
    distinct_points,
    filled,
    first_principal_axis,
    is_observed,
    path_of,
    positive_variances,
    standardized,
)
from hmmcore.initialization.paths import models_of_paths, window_moments
from hmmcore.initialization.race import StartComparison, compare, part_of, single
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

NUM_KMEANS, NUM_RANDOM = 3, 12
"""How many candidates come from `kmeans` and from `random`."""

LOWEST_VARIANCE_SHARE = 1e-6
"""Floor of variances while starts are compared, as a share of the data's variance: well above the
floor of training, so that a state that collapses there gains little."""

SMALLEST_CLUSTER_SHARE = 1e-3
"""A cluster's variance is at least this share of the variance of all the data: a cluster of one or
two points says nothing about the noise, and so narrow a state would keep them for good."""


def symmetric(
    num_states: int, num_dimensions: int = 1, mean: ArrayLike = 0.0, sd: ArrayLike = 1.0
) -> HMM:
    """Return the notebook's start: every state alike, so that training cannot tell them apart.

    Args:
        num_states: K; initial probabilities and transition matrix are uniform.
        num_dimensions: D.
        mean: of every state, a scalar or (D,).
        sd: standard deviation of every state, a scalar or (D,), positive.
    """
    num_states = as_count("num_states", num_states)
    shape = (num_states, as_count("num_dimensions", num_dimensions))
    means = _broadcast("mean", numeric_array("mean", mean), shape)
    variances = _broadcast("sd", variances_from(sd), shape)
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(
        uniform,
        np.tile(uniform, (num_states, 1)),
        Gaussian(means, variances),
    )


def random(sequences: Sequences, num_states: int, rng: np.random.Generator) -> HMM:
    """Return a random start, states in ascending order of their mean.

    Initial probabilities and transition rows are uniform on the simplex (Dirichlet with all
    parameters 1), means are different data points, and every state has the variance of the data.
    With fewer different points than states, points repeat, a little apart.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    variances = positive_variances(sequences)
    points = filled(sequences, sequences.means())
    means = distinct_points(points, num_states, np.sqrt(variances), rng)
    return HMM(
        rng.dirichlet(np.ones(num_states)),
        rng.dirichlet(np.ones(num_states), size=num_states),
        Gaussian(means[_order(means)], np.tile(variances, (num_states, 1))),
    )


def kmeans(sequences: Sequences, num_states: int, rng: np.random.Generator) -> HMM:
    """Return a start from k-means clusters, states in ascending order of their mean.

    Dimensions are scaled to unit variance before clustering (Lloyd's algorithm from a k-means++
    draw; Arthur and Vassilvitskii 2007), the tightest of `KMEANS_ATTEMPTS`. Means and variances are
    those of the clusters, the variances at least `SMALLEST_CLUSTER_SHARE` of the variance of the
    data; a state without points, as when there are fewer different points than states, has the
    variance of the data. Initial probabilities and transitions are counted along the clusters, with
    one added to every count, so that nothing is ruled out.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    centre, scale, points = standardized(sequences)
    centres = cluster_centres(points, num_states, rng)
    states = scipy.cluster.vq.vq(points, centres)[0].astype(np.int64)
    return _of_clusters(sequences, states, centre + centres * scale)


def quantiles(sequences: Sequences, num_states: int) -> HMM:
    """Return a start with means spread evenly over the data, in ascending order; no randomness.

    Means are the (k + 1/2)/K quantiles of the observations, for D > 1 of their position along the
    first principal axis of the observations scaled to unit variance. Quantiles that coincide are
    set a hundredth of a standard deviation apart, for states that start equal stay equal. Every
    state has the variance of the data. Initial probabilities are uniform; a state stays with
    probability (1 + 1/K)/2 and otherwise moves to any other state alike.
    """
    num_states = as_count("num_states", num_states)
    variances = positive_variances(sequences)
    centre, scale, points = standardized(sequences)
    axis = first_principal_axis(points)
    levels = (np.arange(num_states) + 0.5) / num_states
    positions = np.quantile(points @ axis, levels)
    if (np.diff(positions) <= 0.0).any():
        positions = positions + 0.01 * (np.arange(num_states) - (num_states - 1) / 2.0)
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(
        uniform,
        0.5 * np.eye(num_states) + 0.5 * uniform,
        Gaussian(
            centre + positions[:, np.newaxis] * axis * scale, np.tile(variances, (num_states, 1))
        ),
    )


def with_full_covariances(hmm: HMM) -> HMM:
    """Return the same model with its covariances, of any type, written as full ones (K, D, D).

    Raises:
        TypeError: when the emissions are not Gaussian.
    """
    emissions = hmm.emissions
    if not isinstance(emissions, Gaussian):
        raise TypeError(f"{type(emissions).__name__} emissions have no covariances.")
    if emissions.covariance_type == "full":
        return hmm
    num_states, num_dimensions = emissions.means.shape
    if emissions.covariance_type == "tied":
        full = np.tile(emissions.covariances, (num_states, 1, 1))
    else:
        variances = np.square(emissions.standard_deviations)
        full = np.einsum("kd,de->kde", variances, np.eye(num_dimensions))
    return HMM(hmm.initial_probs, hmm.transition_matrix, Gaussian(emissions.means, full, "full"))


def compare_starts(
    sequences: Sequences,
    num_states: int,
    rng: np.random.Generator,
    covariance_type: str = "diag",
) -> StartComparison:
    """Train some sixty candidates for a start for a while, and tell how they did.

    Candidates come from `quantiles`, `kmeans` and `random`, and from paths that are drawn (see
    `initialization.paths`); `initialization.race` says how they are trained. All is done with the
    data scaled to unit variance, so units do not matter, and on a random part of the data where
    they are longer than `MOST_OBSERVATIONS`. The result depends on the data and on the state of
    `rng` alone.

    With no more different points than states nothing is left to compare, for every point could
    have a state to itself: the start is then that of `kmeans`, untrained.

    Args:
        covariance_type: "diag"; or "full": the last candidates are then trained with matrices.

    Raises:
        ValueError: when all values of a dimension are missing, or `covariance_type` is another.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    if covariance_type not in ("diag", "full"):
        raise ValueError(
            f"covariance_type is {quoted(covariance_type)}; it must be 'diag' or 'full'."
        )
    centre, scale, points = standardized(sequences)
    if len(np.unique(points, axis=0)) <= num_states:
        only = kmeans(sequences, num_states, rng)
        only = with_full_covariances(only) if covariance_type == "full" else only
        return single(sequences, "kmeans", only)
    # A dimension that does not vary tells no states apart.
    varies = sequences.variances() > 0.0
    scaled = (sequences.observations[:, varies] - centre[varies]) / scale[varies]
    part = part_of(Sequences(scaled, sequences.lengths), rng)
    num_observed = part.num_observations - part.num_missing
    found = compare(
        part, _candidates(part, num_states, rng), rng,
        lambda hmm: _as_start(hmm, centre, scale, varies), LOWEST_VARIANCE_SHARE,
        lambda models: _discounts(models) / num_observed,
        with_full_covariances if covariance_type == "full" else None,
    )  # fmt: skip
    counts = (~np.isnan(part.observations)).sum(axis=0)
    return replace(
        found, log_likelihoods=found.log_likelihoods - float(counts @ np.log(scale[varies]))
    )


def best_of_several(
    sequences: Sequences,
    num_states: int,
    rng: np.random.Generator,
    covariance_type: str = "diag",
) -> HMM:
    """Return the best of some sixty candidates, already trained for a while; see `compare_starts`.

    States come in ascending order of their mean.
    """
    return compare_starts(sequences, num_states, rng, covariance_type).best


def _candidates(
    sequences: Sequences, num_states: int, rng: np.random.Generator
) -> list[tuple[str, HMM]]:
    """Kind and model of every candidate, from standardized data."""
    candidates = [("quantiles", quantiles(sequences, num_states))]
    candidates += [("kmeans", kmeans(sequences, num_states, rng)) for _ in range(NUM_KMEANS)]
    candidates += [("random", random(sequences, num_states, rng)) for _ in range(NUM_RANDOM)]
    # Means of states that a path leaves without observations.
    points = filled(sequences, sequences.means())
    spare = distinct_points(points, num_states, np.ones(points.shape[1]), rng)
    return candidates + list(
        models_of_paths(
            window_moments(sequences), num_states, rng,
            lambda states: _of_clusters(sequences, states, spare),
        )
    )  # fmt: skip


def _discounts(models: batch.Models) -> FloatArray:
    """Σ over states of tr(Σ⁻¹) + log |Σ|, (G,), of models of data of unit variance.

    A state that sits on two points that happen to be close has a likelihood without bound, and
    says nothing about the data. Divided by T and taken from the log-likelihood, this makes the
    maximum finite, and is too little to matter between states that share the data (Chen & Tan
    2009): with the variance v, in shares of the data's, it costs 1/(v T) nats.
    """
    spreads = models.parameters["covariances"]
    if spreads.ndim == 4:
        spreads = np.asarray(np.linalg.eigvalsh(spreads))
    return np.asarray((1.0 / spreads + np.log(spreads)).sum(axis=(1, 2)))


def _as_start(hmm: HMM, centre: FloatArray, scale: FloatArray, varies: BoolArray) -> HMM:
    """A model of the scaled dimensions that vary, as one of all D dimensions of the data.

    What does not vary has the variance that other starts give it.
    """
    emissions = hmm.emissions
    assert isinstance(emissions, Gaussian)
    means = np.tile(centre, (hmm.num_states, 1))
    means[:, varies] += emissions.means * scale[varies]
    if emissions.covariance_type == "full":
        covariances = np.tile(np.diag(scale**2), (hmm.num_states, 1, 1))
        chosen = np.ix_(np.arange(hmm.num_states), varies, varies)
        covariances[chosen] = emissions.covariances * np.outer(scale[varies], scale[varies])
    else:
        covariances = np.tile(scale**2, (hmm.num_states, 1))
        covariances[:, varies] = emissions.covariances * scale[varies] ** 2
    in_units = Gaussian(means, covariances, emissions.covariance_type)
    return HMM(hmm.initial_probs, hmm.transition_matrix, in_units).permute(_order(means))


def _of_clusters(sequences: Sequences, states: IntArray, centres: FloatArray) -> HMM:
    """The model of clusters, as `kmeans` says, states in ascending order of their mean.

    Args:
        states: the cluster of every observation that is not wholly missing.
        centres: (K, D) the means of clusters without points.
    """
    num_states = len(centres)
    observed = sequences.observations[is_observed(sequences)]
    there = ~np.isnan(observed)
    counts = _state_sums(there.astype(np.float64), states, num_states)
    occupied = counts > 0
    means = centres.copy()
    sums = _state_sums(np.where(there, observed, 0.0), states, num_states)
    means[occupied] = sums[occupied] / counts[occupied]
    gaps = np.where(there, observed - means[states], 0.0)
    squares = _state_sums(np.square(gaps), states, num_states)
    covariances = np.tile(positive_variances(sequences), (num_states, 1))
    floors = np.tile(_smallest_variances(sequences), (num_states, 1))
    covariances[occupied] = np.maximum(squares[occupied] / counts[occupied], floors[occupied])
    order = _order(means)
    path = path_of(np.argsort(order)[states], sequences)
    initial, transition = counted_probs(path, sequences, num_states)
    return HMM(initial, transition, Gaussian(means[order], covariances[order]))


def _broadcast(name: str, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Values of every state and dimension (K, D) from one for all, or one for each dimension."""
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ValueError(
            f"{name} has shape {values.shape}; it must be one number or {shape[1]} of them."
        ) from None


def _smallest_variances(sequences: Sequences) -> FloatArray:
    """Smallest variance (D,) of a cluster."""
    variances = positive_variances(sequences)
    return np.where(sequences.variances() > 0.0, SMALLEST_CLUSTER_SHARE * variances, variances)


def _order(means: FloatArray) -> IntArray:
    """Return the states in ascending order of their mean, first dimension first."""
    return np.lexsort(means.T[::-1])


def _state_sums(values: FloatArray, states: IntArray, num_states: int) -> FloatArray:
    """Sum values (T, D) over the time steps of each state: (K, D)."""
    return np.column_stack(
        [np.bincount(states, weights=column, minlength=num_states) for column in values.T]
    )
