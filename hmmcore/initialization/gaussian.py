"""Starting models with Gaussian emissions: without data, and from data."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    as_count,
    numeric_array,
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
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

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
        Gaussian(means[in_order(means)], np.tile(variances, (num_states, 1))),
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
    return of_clusters(sequences, states, centre + centres * scale)


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


def of_clusters(sequences: Sequences, states: IntArray, centres: FloatArray) -> HMM:
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
    order = in_order(means)
    path = path_of(np.argsort(order)[states], sequences)
    initial, transition = counted_probs(path, sequences, num_states)
    return HMM(initial, transition, Gaussian(means[order], covariances[order]))


def in_order(means: FloatArray) -> IntArray:
    """Return the states in ascending order of their mean, first dimension first."""
    return np.lexsort(means.T[::-1])


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


def _state_sums(values: FloatArray, states: IntArray, num_states: int) -> FloatArray:
    """Sum values (T, D) over the time steps of each state: (K, D)."""
    return np.column_stack(
        [np.bincount(states, weights=column, minlength=num_states) for column in values.T]
    )
