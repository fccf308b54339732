"""Entropy and most probable states of a posterior, states without context, shares of a path."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike

from hmmcore.alignment import NO_STATE, as_path
from hmmcore.arrays import FloatArray, IntArray, as_count, numeric_array
from hmmcore.model import HMM
from hmmcore.sequences import Sequences


def posterior_entropy(probs: ArrayLike) -> FloatArray:
    """Entropy (T,) of each row of state probabilities (T, K), in bits.

    0 means certain of one state, log2(K) means that all are equally probable (Shannon 1948).
    Undefined (NaN) rows have undefined entropy.

    Raises:
        ValueError: when `probs` does not have two axes.
    """
    bits: FloatArray = scipy.special.entr(_rows(probs)).sum(axis=1) / np.log(2.0)
    # Rounding may leave a probability a few units above 1, whose term is then below 0.
    return np.maximum(bits, 0.0)


def most_probable_states(probs: ArrayLike) -> IntArray:
    """State (T,) with the largest probability in each row of (T, K); the lowest wins a tie.

    Of smoothed probabilities these are the states with the most expected hits, one step at a
    time; in sequence they may be an impossible path. Undefined (NaN) rows have no state, -1.

    Raises:
        ValueError: when `probs` does not have two axes.
    """
    rows = _rows(probs)
    undefined = np.isnan(rows).any(axis=1)
    return np.where(undefined, NO_STATE, rows.argmax(axis=1)).astype(np.int64)


def states_alone(hmm: HMM, sequences: Sequences) -> IntArray:
    """State (T,) under which each observation alone is most probable, as if nothing preceded it.

    Neither π nor A count: of Gaussians with one variance it is the state with the nearest mean.
    The lowest state wins a tie. A missing observation has no state, -1, nor has one
    that no state can make.
    """
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    silent = np.isnan(sequences.observations).all(axis=1) | np.isneginf(scores).all(axis=1)
    return np.where(silent, NO_STATE, scores.argmax(axis=1)).astype(np.int64)


def state_shares(states: ArrayLike, num_states: int) -> FloatArray:
    """Share (K,) of the time steps that a path (T,) spends in each state.

    Steps without a state (-1) count for none, so that the shares sum to less than one.

    Args:
        states: the path, values 0..K-1, or -1 for no state.
        num_states: K.

    Raises:
        ValueError: when the path is empty or holds something other than states.
    """
    num_states = as_count("num_states", num_states)
    path = as_path("states", states, num_states)
    shares: FloatArray = np.bincount(path[path != NO_STATE], minlength=num_states) / path.size
    return shares


def commonest_share(states: ArrayLike) -> float:
    """Share of the commonest state in a path (T,): the accuracy of always guessing that one.

    Steps whose state is not known (-1) are left out; where none is known the share is NaN.

    Raises:
        ValueError: when there are no states, or the path holds something other than states.
    """
    path = as_path("states", states, None)
    counts = np.unique(path[path != NO_STATE], return_counts=True)[1]
    return float(counts.max() / counts.sum()) if counts.size else float("nan")


def _rows(probs: ArrayLike) -> FloatArray:
    rows = numeric_array("probs", probs)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise ValueError(f"probs have shape {rows.shape}; they must be (T, K) with K >= 1.")
    return rows
