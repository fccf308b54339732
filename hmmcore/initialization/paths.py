"""Paths that are drawn, not decoded: every observation gets a state, and a model is counted.

A random model is a poor guess where states differ in spread only, for its states all have the
spread of the data. A path is a better one: whatever differs between its parts, be it mean, spread,
duration or correlation, differs between the states from the first step on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.initialization.clustering import cluster_centres, is_observed
from hmmcore.model import HMM
from hmmcore.sequences import Sequences

NUM_KMEANS, NUM_RANDOM, NUM_PATHS = 2, 13, 16
"""How many candidates come from `kmeans`, from `random`, and from paths of each kind; with the one
from `quantiles` they are 64. That is breadth: of random starts one in ten may find the best, and a
few steps do not yet tell which."""

WINDOWS = 3, 7, 15, 31
"""Time steps of windows: states last for a few of them, or for many."""

SMALLEST_WINDOW_VARIANCE = 1e-3
"""Share of the data's variance that windows of equal values are taken to have."""

SHORTEST_SEGMENT = 4
"""Time steps of segments, on average, where they are shortest."""


def models_of_paths(
    features: Sequence[FloatArray],
    num_states: int,
    rng: np.random.Generator,
    model_of: Callable[[IntArray], HMM],
) -> Iterator[tuple[str, HMM]]:
    """Draw `NUM_PATHS` paths of each kind, and yield the kind and the model of each.

    "segments" deals out contiguous segments of time to the states, whatever was observed;
    "windows" clusters features of the time around each observation; "cuts" projects these on a
    random axis and cuts it at random quantiles.

    Args:
        features: arrays (T, F) of the T observations that are not wholly missing, taken in turn.
        model_of: makes a model of states (T,) of these observations.
    """
    scaled = [_unit_variances(columns) for columns in features]
    for _ in range(NUM_PATHS):
        yield "segments", model_of(_segments(len(scaled[0]), num_states, rng))
    for n in range(NUM_PATHS):
        yield "windows", model_of(_clusters(scaled[n % len(scaled)], num_states, rng))
    for n in range(NUM_PATHS):
        yield "cuts", model_of(_cuts(scaled[n % len(scaled)], num_states, rng))


def window_moments(sequences: Sequences) -> list[FloatArray]:
    """Means and log variances (T, 2 D) of the values in a window about every observation.

    One array for each of `WINDOWS`. Windows end where their sequence does, and a coordinate of
    which a window has nothing has there the mean and the variance of the data. The data should be
    standardized; observations that are wholly missing have no row.
    """
    observed = is_observed(sequences)
    there = ~np.isnan(sequences.observations)
    values = np.where(there, sequences.observations, 0.0)
    sums = [_running_sums(terms) for terms in (there, values, np.square(values))]
    times = np.arange(sequences.num_observations)
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    found = []
    for window in WINDOWS:
        first = np.maximum(times - window // 2, starts)[observed]
        last = np.minimum(times + window // 2 + 1, ends)[observed]
        counts, firsts, seconds = (so_far[last] - so_far[first] for so_far in sums)
        means = firsts / np.maximum(counts, 1.0)
        variances = np.where(counts > 0.0, seconds / np.maximum(counts, 1.0) - means**2, 1.0)
        log_variances = np.log(np.maximum(variances, SMALLEST_WINDOW_VARIANCE))
        found.append(np.hstack([means, log_variances]))
    return found


def _running_sums(values: FloatArray) -> FloatArray:
    """Sums (T + 1, D) of the first 0..T rows of values (T, D)."""
    so_far = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=so_far[1:])
    return so_far


def _unit_variances(columns: FloatArray) -> FloatArray:
    """Columns (T, F) about their means, those that vary divided by their standard deviations."""
    centred = columns - columns.mean(axis=0)
    spread = centred.std(axis=0)
    scaled: FloatArray = centred / np.where(spread > 0.0, spread, 1.0)
    return scaled


def _segments(num_rows: int, num_states: int, rng: np.random.Generator) -> IntArray:
    """Cut the rows into random segments, and deal these out, about as many to each state."""
    most = max(num_states, num_rows // SHORTEST_SEGMENT)
    # Uniform on a logarithmic scale: nobody knows how long states last.
    count = min(int(np.exp(rng.uniform(np.log(num_states), np.log(most + 1)))), num_rows)
    cuts = np.sort(rng.permutation(num_rows - 1)[: count - 1] + 1)
    states = rng.permutation(np.arange(count) % num_states)
    return np.asarray(states[np.searchsorted(cuts, np.arange(num_rows), side="right")])


def _clusters(features: FloatArray, num_states: int, rng: np.random.Generator) -> IntArray:
    """Cluster the rows of features (T, F), each of which counts for more or less by chance."""
    weighted = features * np.exp(0.5 * rng.standard_normal(features.shape[1]))
    centres = cluster_centres(weighted, num_states, rng, attempts=1)
    return np.asarray(scipy.cluster.vq.vq(weighted, centres)[0].astype(np.int64))


def _cuts(features: FloatArray, num_states: int, rng: np.random.Generator) -> IntArray:
    """Cut the range of a random projection of features (T, F) at random quantiles."""
    positions = features @ rng.standard_normal(features.shape[1])
    cuts = np.quantile(positions, np.sort(rng.random(num_states - 1)))
    return np.asarray(np.searchsorted(cuts, positions))
