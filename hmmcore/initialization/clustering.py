"""What starts from data have in common: points without gaps, k-means, counts along a path."""

from __future__ import annotations

import numpy as np
import scipy

from hmmcore.alignment import NO_STATE
from hmmcore.arrays import BoolArray, FloatArray, IntArray, require_type
from hmmcore.sequences import Sequences

VARIANCE_OF_CONSTANT_DATA = 1e-6
"""Variance that stands in for a dimension that does not vary beyond rounding: this share of the
smallest variance of the other dimensions, or outright when none varies."""

MAX_CLUSTERING_POINTS = 20_000
"""Observations that `kmeans` clusters; more are represented by a random sample of that size."""

KMEANS_ITERATIONS = 30
KMEANS_ATTEMPTS = 5
"""Clusterings from different first centres, of which the tightest is kept."""


def is_observed(sequences: Sequences) -> BoolArray:
    """Which observations (T,) are not wholly missing."""
    return np.asarray(~np.isnan(sequences.observations).all(axis=1))


def filled(sequences: Sequences, centre: FloatArray) -> FloatArray:
    """The observations that are not wholly missing, `centre` (D,) where a coordinate is."""
    if not sequences.has_missing:
        return sequences.observations
    points = sequences.observations[is_observed(sequences)]
    return np.where(np.isnan(points), centre, points)


def positive_variances(sequences: Sequences) -> FloatArray:
    """Variance (D,) of all observations, `VARIANCE_OF_CONSTANT_DATA` where they do not vary."""
    require_type("sequences", sequences, Sequences, "Sequences(observations, lengths)")
    variances = sequences.variances()
    smallest = variances.min(initial=np.inf, where=variances > 0.0)
    floor = VARIANCE_OF_CONSTANT_DATA * (smallest if np.isfinite(smallest) else 1.0)
    return np.where(variances > 0.0, variances, floor)


def standardized(sequences: Sequences) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return centre (D,), scale (D,) and the points (T, D) = (x - centre) / scale.

    A dimension that does not vary is zero in every point, so that rounding is not taken for data.
    """
    centre = sequences.means()
    scale = np.sqrt(positive_variances(sequences))
    points = (filled(sequences, centre) - centre) / scale
    points[:, sequences.variances() == 0.0] = 0.0
    return centre, scale, points


def cluster_centres(
    points: FloatArray,
    num_states: int,
    rng: np.random.Generator,
    attempts: int = KMEANS_ATTEMPTS,
) -> FloatArray:
    """Cluster points (T, D) of unit variance and return the centres (K, D)."""
    sampled = points[_random_rows(len(points), rng)]
    best: FloatArray | None = None
    smallest = np.inf
    if len(np.unique(sampled, axis=0)) > num_states:
        for _ in range(attempts):
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
        return distinct_points(points, num_states, np.ones(points.shape[1]), rng)
    return best


def distinct_points(
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


def counted_probs(
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


def path_of(states: IntArray, sequences: Sequences) -> IntArray:
    """A path (T,) from the states of the observations that are not wholly missing."""
    path = np.full(sequences.num_observations, NO_STATE)
    path[is_observed(sequences)] = states
    return path


def first_principal_axis(points: FloatArray) -> FloatArray:
    """Return the unit vector (D,) along which centred points (T, D) vary most.

    Its first component that is not zero is positive, so that positions and means ascend together.
    """
    axis: FloatArray = np.linalg.eigh(points.T @ points)[1][:, -1]
    leading = axis[np.flatnonzero(axis)[0]]
    return axis if leading > 0.0 else -axis
