"""Starting models for training: without data, from data, and from a known truth.

Those here are Gaussian; `count_starts` and `symbol_starts` have the same for Poisson and
Categorical emissions. `near_truth` serves all three.

Where values are missing, a start from data counts what is there. For choosing points and clustering
them a missing coordinate stands at the mean of its dimension, and an observation that is wholly
missing is left out. A dimension of which nothing is observed is an error.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.alignment import NO_STATE
from hmmcore.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_count,
    as_size,
    numeric_array,
    require_generator,
    require_type,
    variances_from,
)
from hmmcore.emissions import Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.emissions.network import forward
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

VARIANCE_OF_CONSTANT_DATA = 1e-6
"""Variance that stands in for a dimension that does not vary beyond rounding: this share of the
smallest variance of the other dimensions, or outright when none varies."""

SMALLEST_CLUSTER_SHARE = 1e-3
"""A cluster's variance is at least this share of the variance of all the data: a cluster of one or
two points says nothing about the noise, and a state that narrow could never let go of them."""

MAX_CLUSTERING_POINTS = 20_000
"""Observations that `kmeans` clusters; more are represented by a random sample of that size."""

KMEANS_ITERATIONS = 30
KMEANS_ATTEMPTS = 5
"""Clusterings from different first centres, of which the tightest is kept."""


def symmetric(
    num_states: int, num_dimensions: int = 1, mean: ArrayLike = 0.0, sd: ArrayLike = 1.0
) -> HMM:
    """Return the notebook's start: every state alike, so that training has nothing to go by.

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
    variances = _variances(sequences)
    points = _filled(sequences, sequences.means())
    means = _distinct_points(points, num_states, np.sqrt(variances), rng)
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
    variances = _variances(sequences)
    centre, scale, points = _standardized(sequences)
    centres = _cluster_centres(points, num_states, rng)
    states = scipy.cluster.vq.vq(points, centres)[0].astype(np.int64)

    observed = sequences.observations[_seen(sequences)]
    there = ~np.isnan(observed)
    counts = _state_sums(there.astype(np.float64), states, num_states)
    occupied = counts > 0
    means = centre + centres * scale
    sums = _state_sums(np.where(there, observed, 0.0), states, num_states)
    means[occupied] = sums[occupied] / counts[occupied]
    gaps = np.where(there, observed - means[states], 0.0)
    squares = _state_sums(np.square(gaps), states, num_states)
    covariances = np.tile(variances, (num_states, 1))
    floors = np.tile(_smallest_variances(sequences), (num_states, 1))
    covariances[occupied] = np.maximum(squares[occupied] / counts[occupied], floors[occupied])

    order = _order(means)
    path = np.full(sequences.num_observations, NO_STATE)
    path[_seen(sequences)] = np.argsort(order)[states]
    initial, transition = _counted_probs(path, sequences, num_states)
    return HMM(initial, transition, Gaussian(means[order], covariances[order]))


def quantiles(sequences: Sequences, num_states: int) -> HMM:
    """Return a start with means spread evenly over the data, in ascending order; no randomness.

    Means are the (k + 1/2)/K quantiles of the observations, for D > 1 of their position along the
    first principal axis of the observations scaled to unit variance. Quantiles that coincide are
    set a hundredth of a standard deviation apart, for states that start equal stay equal. Every
    state has the variance of the data. Initial probabilities are uniform; a state stays with
    probability (1 + 1/K)/2 and otherwise moves to any other state alike.
    """
    num_states = as_count("num_states", num_states)
    variances = _variances(sequences)
    centre, scale, points = _standardized(sequences)
    axis = _first_principal_axis(points)
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


def near_truth(hmm: HMM, rng: np.random.Generator, amount: float = 0.5) -> HMM:
    """Return a start beside a known model: same zeros, same covariances, everything else moved.

    Args:
        hmm: a model with Gaussian, Poisson or Categorical emissions.
        rng: the source of randomness.
        amount: standard deviation of the normal noise on every log-probability, those of symbols
            among them, and on every mean in units of that state's standard deviation; rates move
            as much on their square root, whose standard deviation is 1/2 (Bartlett 1936). At least
            0, which returns the same model.

    Raises:
        TypeError: when the emissions are of another family.
        ValueError: when amount is negative or not finite.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    require_generator(rng)
    if not isinstance(hmm.emissions, Gaussian | Poisson | Categorical):
        raise TypeError(
            "near_truth moves the means of a Gaussian, the rates of a Poisson and the "
            f"probabilities of a Categorical; {type(hmm.emissions).__name__} is none of them."
        )
    amount = as_size("amount", amount)
    return HMM(
        _jittered(hmm.initial_probs, amount, rng),
        _jittered(hmm.transition_matrix, amount, rng),
        _moved(hmm.emissions, amount, rng),
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


def _moved(
    emissions: Gaussian | Poisson | Categorical, amount: float, rng: np.random.Generator
) -> Gaussian | Poisson | Categorical:
    if isinstance(emissions, Categorical):
        return Categorical(_jittered(emissions.probs, amount, rng))
    if isinstance(emissions, Poisson):
        noise = amount * rng.standard_normal(emissions.num_states)
        moved = np.square(np.sqrt(emissions.rates) + 0.5 * noise)
        return Poisson(np.where(emissions.rates > 0.0, moved, 0.0))
    noise = amount * rng.standard_normal(emissions.means.shape)
    means = emissions.means + noise * emissions.standard_deviations
    return Gaussian(means, emissions.covariances, emissions.covariance_type)


def nudge(hmm: HMM, rng: np.random.Generator, scale: float = 0.1) -> HMM:
    """Return the model moved a little, every state another way, so that no two stay equal.

    Training can then tell them apart. Structural zeros stay zero, and variances stay as they are.
    Works for every family. Of a network the embeddings move, and the output layer by the least
    that moves its means as far as those of a `Gaussian`.

    Args:
        hmm: any model.
        rng: the source of randomness.
        scale: standard deviation of the normal noise: on log-probabilities and log-rates, on
            embeddings, and on means in units of their state's standard deviation. At least 0,
            which returns the same model.

    Raises:
        ValueError: when scale is negative or not finite.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    require_generator(rng)
    scale = as_size("scale", scale)
    if scale == 0.0:
        return hmm
    initial = _jittered(hmm.initial_probs, scale, rng)
    transition = _jittered(hmm.transition_matrix, scale, rng)
    emissions = hmm.emissions
    if isinstance(emissions, NeuralGaussian):
        return HMM(initial, transition, _nudged_network(emissions, rng, scale))
    parameters, moved = emissions.unconstrained(), set()
    for name, values in parameters.items():
        parameter = emissions.parameter_of[name]
        if parameter == "covariances":
            continue
        noise = scale * rng.standard_normal(values.shape)
        if name == "means":
            noise *= np.asarray(emissions.standard_deviations)  # type: ignore[attr-defined]
        # Minus infinity, the logarithm of a structural zero, stays what it is.
        parameters[name] = values + noise
        moved.add(parameter)
    emissions, _ = emissions.with_unconstrained(parameters, frozenset(moved), 0.0)
    return HMM(initial, transition, emissions)


def _nudged_network(
    emissions: NeuralGaussian, rng: np.random.Generator, scale: float
) -> NeuralGaussian:
    """Move embeddings by themselves, and what the network puts out by the noise of the states."""
    layers = emissions.layers
    embeddings = layers.embeddings + scale * rng.standard_normal(layers.embeddings.shape)
    noise = scale * rng.standard_normal(emissions.means.shape) * emissions.standard_deviations
    before = forward(layers, "identity").means
    layers = layers._replace(embeddings=embeddings)
    passed = forward(layers, "identity")
    inputs = np.column_stack([passed.hidden, np.ones(emissions.num_states)])
    moves = np.linalg.lstsq(inputs, before + noise - passed.means, rcond=None)[0]
    layers = layers._replace(
        output_weights=layers.output_weights + moves[:-1],
        output_biases=layers.output_biases + moves[-1],
    )
    return NeuralGaussian(*layers, emissions.covariances, emissions.output_activation)


def _broadcast(name: str, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Values of every state and dimension (K, D) from one for all, or one for each dimension."""
    try:
        return np.broadcast_to(values, shape)
    except ValueError:
        raise ValueError(
            f"{name} has shape {values.shape}; it must be one number or {shape[1]} of them."
        ) from None


def _variances(sequences: Sequences) -> FloatArray:
    """Variance (D,) of all observations, `VARIANCE_OF_CONSTANT_DATA` where they do not vary."""
    require_type("sequences", sequences, Sequences, "Sequences(observations, lengths)")
    variances = sequences.variances()
    smallest = variances.min(initial=np.inf, where=variances > 0.0)
    floor = VARIANCE_OF_CONSTANT_DATA * (smallest if np.isfinite(smallest) else 1.0)
    return np.where(variances > 0.0, variances, floor)


def _smallest_variances(sequences: Sequences) -> FloatArray:
    """Smallest variance (D,) of a cluster."""
    variances = _variances(sequences)
    return np.where(sequences.variances() > 0.0, SMALLEST_CLUSTER_SHARE * variances, variances)


def _standardized(sequences: Sequences) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return centre (D,), scale (D,) and the points (T, D) = (x - centre) / scale.

    A dimension that does not vary is zero in every point, lest rounding be taken for data.
    """
    centre = sequences.means()
    scale = np.sqrt(_variances(sequences))
    points = (_filled(sequences, centre) - centre) / scale
    points[:, sequences.variances() == 0.0] = 0.0
    return centre, scale, points


def _seen(sequences: Sequences) -> BoolArray:
    """Which observations (T,) are not wholly missing."""
    return np.asarray(~np.isnan(sequences.observations).all(axis=1))


def _filled(sequences: Sequences, centre: FloatArray) -> FloatArray:
    """The observations that are not wholly missing, `centre` (D,) where a coordinate is."""
    if not sequences.has_missing:
        return sequences.observations
    points = sequences.observations[_seen(sequences)]
    return np.where(np.isnan(points), centre, points)


def _order(means: FloatArray) -> IntArray:
    """Return the states in ascending order of their mean, first dimension first."""
    return np.lexsort(means.T[::-1])


def _distinct_points(
    points: FloatArray, num_points: int, scale: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw rows (num_points, D) of points (T, D) that differ from each other.

    When there are too few, the rest are repeats moved by a tenth of scale (D,), for two states
    that start equal may never separate.
    """
    sampled = points[_random_rows(len(points), rng)]
    first_rows = np.unique(sampled, axis=0, return_index=True)[1]
    chosen: FloatArray = sampled[np.sort(first_rows)[:num_points]]
    missing = num_points - len(chosen)
    if missing == 0:
        return chosen
    repeats = np.resize(chosen, (missing, chosen.shape[1]))
    offsets = 0.1 * scale * rng.standard_normal(repeats.shape)
    return np.concatenate([chosen, repeats + offsets])


def _random_rows(num_rows: int, rng: np.random.Generator) -> IntArray:
    """Return the indices of at most `MAX_CLUSTERING_POINTS` rows, in random order."""
    return rng.choice(num_rows, size=min(num_rows, MAX_CLUSTERING_POINTS), replace=False)


def _cluster_centres(points: FloatArray, num_states: int, rng: np.random.Generator) -> FloatArray:
    """Cluster points (T, D) of unit variance and return the centres (K, D)."""
    sampled = points[_random_rows(len(points), rng)]
    best: FloatArray | None = None
    smallest = np.inf
    if len(np.unique(sampled, axis=0)) > num_states:
        for _ in range(KMEANS_ATTEMPTS):
            try:
                centres, _ = scipy.cluster.vq.kmeans2(
                    sampled,
                    num_states,
                    iter=KMEANS_ITERATIONS,
                    minit="++",
                    missing="raise",
                    rng=rng,
                )
            except scipy.cluster.vq.ClusterError:  # a cluster lost all its points
                continue
            distortion = float(np.square(scipy.cluster.vq.vq(sampled, centres)[1]).sum())
            if distortion < smallest:
                best, smallest = centres, distortion
    if best is None:
        return _distinct_points(points, num_states, np.ones(points.shape[1]), rng)
    return best


def _state_sums(values: FloatArray, states: IntArray, num_states: int) -> FloatArray:
    """Sum values (T, D) over the time steps of each state: (K, D)."""
    return np.column_stack(
        [np.bincount(states, weights=column, minlength=num_states) for column in values.T]
    )


def _counted_probs(
    states: IntArray, sequences: Sequences, num_states: int
) -> tuple[FloatArray, FloatArray]:
    """Return (initial_probs, transition_matrix) from a path, one added to every count.

    Where the path has no state, nothing is counted.
    """
    first = sequences.offsets[:-1]
    starts = states[first]
    initial_counts = np.bincount(starts[starts != NO_STATE], minlength=num_states) + 1.0
    pairs = states[:-1] * num_states + states[1:]
    within = (states[:-1] != NO_STATE) & (states[1:] != NO_STATE)
    within[first[1:] - 1] = False  # the step from one sequence to the next is no transition
    counts = np.bincount(pairs[within], minlength=num_states**2) + 1.0
    counts = counts.reshape(num_states, num_states)
    return initial_counts / initial_counts.sum(), counts / counts.sum(axis=1, keepdims=True)


def _first_principal_axis(points: FloatArray) -> FloatArray:
    """Return the unit vector (D,) along which centred points (T, D) vary most.

    Its first component that is not zero is positive, so that positions and means ascend together.
    """
    axis: FloatArray = np.linalg.eigh(points.T @ points)[1][:, -1]
    leading = axis[np.flatnonzero(axis)[0]]
    return axis if leading > 0.0 else -axis


def _jittered(probs: FloatArray, amount: float, rng: np.random.Generator) -> FloatArray:
    """Add normal noise to the logarithms of distributions (.., K); zero alone stays zero."""
    noise = amount * rng.standard_normal(probs.shape)
    possible = probs > 0.0
    largest = np.where(possible, noise, -np.inf).max(axis=-1, keepdims=True)
    weights = np.where(possible, probs * np.exp(np.minimum(noise - largest, 0.0)), 0.0)
    # Training could not undo a zero that underflow made.
    weights[possible & (weights == 0.0)] = np.finfo(np.float64).tiny
    jittered: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return jittered
