"""Starting models with Categorical emissions: without data, and from symbols.

One symbol says little about its state, but the symbols around it say more: where states last, a
stretch of time shows each symbol about as often as its state emits it. So what is clustered here
are the shares of the symbols in a window around every time step.
"""

from __future__ import annotations

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray, as_count, require_generator
from hmmcore.emissions import Categorical
from hmmcore.initialization.clustering import (
    cluster_centres,
    counted_probs,
    first_principal_axis,
    is_observed,
    path_of,
)
from hmmcore.initialization.paths import NUM_KMEANS, NUM_RANDOM, models_of_paths
from hmmcore.initialization.race import (
    StartComparison,
    compare,
    opened,
    part_of,
    single,
    trainable,
)
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible

WINDOW = 11
"""Time steps of a window; at the ends of a sequence it has fewer."""


def symmetric(num_states: int, num_symbols: int) -> HMM:
    """Return a start with every state alike and every symbol equally probable."""
    num_states = as_count("num_states", num_states)
    num_symbols = as_count("num_symbols", num_symbols)
    uniform = np.full(num_states, 1.0 / num_states)
    probs = np.full((num_states, num_symbols), 1.0 / num_symbols)
    return HMM(uniform, np.tile(uniform, (num_states, 1)), Categorical(probs))


def random(num_states: int, num_symbols: int, rng: np.random.Generator) -> HMM:
    """Return a random start: every distribution uniform on its simplex (Dirichlet, all ones)."""
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    return HMM(
        rng.dirichlet(np.ones(num_states)),
        rng.dirichlet(np.ones(num_states), size=num_states),
        Categorical(rng.dirichlet(np.ones(as_count("num_symbols", num_symbols)), size=num_states)),
    )


def kmeans(
    sequences: Sequences, num_states: int, num_symbols: int, rng: np.random.Generator
) -> HMM:
    """Return a start from k-means clusters of the windows' symbol shares.

    States come in the order of the mean position of their symbols. Their probabilities are the
    shares of the symbols in their clusters, initial probabilities and transitions are counted
    along the clusters, with one added to every count, so that nothing is ruled out.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    shares = window_shares(sequences, num_symbols)
    centres = np.maximum(cluster_centres(shares, num_states, rng), 0.0)
    states = scipy.cluster.vq.vq(shares, centres)[0].astype(np.int64)
    return _of_clusters(sequences, states, centres)


def quantiles(sequences: Sequences, num_states: int, num_symbols: int) -> HMM:
    """Return a start that cuts the data into K equal parts; no randomness.

    Windows are put in order along the first principal axis of their symbol shares, and each state
    takes the shares of its part. Initial probabilities are uniform; a state stays with probability
    (1 + 1/K)/2 and otherwise moves to any other state alike.
    """
    num_states = as_count("num_states", num_states)
    shares = window_shares(sequences, num_symbols)
    centred = shares - shares.mean(axis=0)
    positions = centred @ first_principal_axis(centred)
    states = np.empty(len(positions), dtype=np.int64)
    order = np.argsort(positions, kind="stable")
    states[order] = np.arange(len(positions)) * num_states // len(positions)
    uniform = np.full(num_states, 1.0 / num_states)
    # With more states than observations some have no part: extra counts of a symbol of its own
    # keep such a state different from the others.
    rounds, favourites = np.divmod(np.arange(num_states), num_symbols)
    extra_counts = np.eye(num_symbols)[favourites] * (1.0 + rounds[:, np.newaxis])
    return HMM(
        uniform,
        0.5 * np.eye(num_states) + 0.5 * uniform,
        Categorical(_probs(sequences, states, extra_counts)),
    )


def window_shares(sequences: Sequences, num_symbols: int) -> FloatArray:
    """Share (.., C) of every symbol among those observed within a window around each time step.

    Windows end where their sequence does. Time steps whose symbol is missing have no row.

    Raises:
        ValueError: when every symbol is missing, or an observation is not one of 0..C-1.
    """
    num_symbols = as_count("num_symbols", num_symbols)
    require_compatible(symmetric(1, num_symbols), sequences)
    sequences.require_every_dimension()
    observed = is_observed(sequences)
    symbols = np.where(observed, sequences.observations[:, 0], -1.0)
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    times = np.arange(len(symbols))
    first = np.maximum(times - WINDOW // 2, starts)[observed]
    last = np.minimum(times + WINDOW // 2 + 1, ends)[observed]
    counts = np.empty((len(first), num_symbols))
    so_far = np.zeros(len(symbols) + 1)
    for symbol in range(num_symbols):
        np.cumsum(symbols == symbol, out=so_far[1:])
        counts[:, symbol] = so_far[last] - so_far[first]
    shares: FloatArray = counts / counts.sum(axis=1, keepdims=True)
    return shares


def compare_starts(
    sequences: Sequences, num_states: int, num_symbols: int, rng: np.random.Generator
) -> StartComparison:
    """Train some sixty candidates for a start for a while, and tell how they did.

    As `initialization.compare_starts`; what is clustered and cut are the windows' symbol shares.
    Where all symbols are the same the start is that of `kmeans`, untrained.
    """
    require_generator(rng)
    num_states = as_count("num_states", num_states)
    shares = window_shares(sequences, num_symbols)
    if len(np.unique(sequences.observations[is_observed(sequences)])) == 1:
        return single(sequences, "kmeans", kmeans(sequences, num_states, num_symbols, rng))
    part = part_of(sequences, num_states, rng)
    if part is not sequences:
        shares = window_shares(part, num_symbols)
    candidates = _candidates(part, shares, num_states, rng)
    return compare(part, candidates, lambda hmm: _as_start(hmm, rng))


def best_of_several(
    sequences: Sequences, num_states: int, num_symbols: int, rng: np.random.Generator
) -> HMM:
    """Return the best of some sixty candidates, already trained for a while; see `compare_starts`.

    States come in the order of the mean position of their symbols.
    """
    return compare_starts(sequences, num_states, num_symbols, rng).best


def _candidates(
    sequences: Sequences, shares: FloatArray, num_states: int, rng: np.random.Generator
) -> list[tuple[str, HMM]]:
    """Kind and model of every candidate, from the windows' symbol shares (.., C)."""
    num_symbols = shares.shape[1]
    none = np.zeros((num_states, num_symbols))
    candidates = [("quantiles", quantiles(sequences, num_states, num_symbols))]
    candidates += [
        ("kmeans", kmeans(sequences, num_states, num_symbols, rng)) for _ in range(NUM_KMEANS)
    ]
    candidates += [("random", random(num_states, num_symbols, rng)) for _ in range(NUM_RANDOM)]
    return candidates + list(
        models_of_paths(
            [shares], num_states, rng, lambda states: _of_clusters(sequences, states, none)
        )
    )


def _as_start(hmm: HMM, rng: np.random.Generator) -> HMM:
    """The model with every symbol possible in every state."""
    probs = Categorical(opened(_probs_of(hmm)))
    hmm = trainable(HMM(hmm.initial_probs, hmm.transition_matrix, probs), rng)
    return hmm.permute(_order(_probs_of(hmm)))


def _probs_of(hmm: HMM) -> FloatArray:
    assert isinstance(hmm.emissions, Categorical)
    return hmm.emissions.probs


def _of_clusters(sequences: Sequences, states: IntArray, extra_counts: FloatArray) -> HMM:
    """The model of clusters, as `kmeans` says, from states of the symbols that are not missing.

    Args:
        extra_counts: (K, C) added to the counts of the symbols.
    """
    order = _order(_probs(sequences, states, extra_counts))
    ranks = np.argsort(order)[states]
    path = path_of(ranks, sequences)
    initial, transition = counted_probs(path, sequences, len(order))
    return HMM(initial, transition, Categorical(_probs(sequences, ranks, extra_counts[order])))


def _order(probs: FloatArray) -> IntArray:
    """States in the order of the mean position of their symbols, from probs (K, C)."""
    return np.argsort(probs @ np.arange(probs.shape[1]), kind="stable")


def _probs(sequences: Sequences, states: IntArray, extra_counts: FloatArray) -> FloatArray:
    """Shares (K, C) of the symbols in each state, from counts with `extra_counts` (K, C) + 1 added.

    `states` are those of the observations that are not missing.
    """
    num_states, num_symbols = extra_counts.shape
    symbols = sequences.observations[is_observed(sequences), 0].astype(np.int64)
    pairs = np.bincount(states * num_symbols + symbols, minlength=num_states * num_symbols)
    counts = pairs.reshape(num_states, num_symbols) + extra_counts + 1.0
    probs: FloatArray = counts / counts.sum(axis=1, keepdims=True)
    return probs
