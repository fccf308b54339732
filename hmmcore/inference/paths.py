"""Paths drawn from the posterior."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import BoolArray, FloatArray, IntArray, as_count, require_generator
from hmmcore.compiling import kernel
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps import kernels
from hmmcore.sweeps.chunks import Chunk, chunked, in_turns
from hmmcore.sweeps.row_sweep import filter_chunk
from hmmcore.sweeps.sweep import require_compatible


def sample_posterior_paths(
    hmm: HMM, sequences: Sequences, num_paths: int, rng: Generator
) -> IntArray:
    """Draw hidden paths from p(z | x): forward filtering, backward sampling.

    Source: Scott (2002), "Bayesian methods for hidden Markov models".

    Returns:
        (num_paths, T) independent paths; -1 throughout a sequence that no path can explain.
    """
    require_compatible(hmm, sequences)
    require_generator(rng)
    num_paths = as_count("num_paths", num_paths)
    # Drawn before the work is split, so that the result does not depend on threads.
    draws = rng.random((num_paths, sequences.num_observations))
    paths = np.full((num_paths, sequences.num_observations), -1, dtype=np.int64)

    def sample(chunk: Chunk) -> None:
        log_filtered, possible = log_filtered_probs(hmm, chunk)
        _sample_backward(
            log_filtered, log_parameters(hmm)[1], chunk.offsets, possible, draws[:, chunk.rows],
            paths[:, chunk.rows],
        )  # fmt: skip

    in_turns(sample, list(chunked(sequences, hmm.num_states)))
    return paths


def log_filtered_probs(hmm: HMM, chunk: Chunk) -> tuple[FloatArray, BoolArray]:
    """Filtered probabilities in logs, up to a constant in each row, however small they are.

    In a sequence that is swept in log space the one state that can precede the next may have a
    probability too small to represent.

    Returns:
        (T, K) log p(z_t = k | x_1..x_t) + c_t, undefined where the sequence is impossible;
        (N,) which sequences are possible.
    """
    filtered = np.empty((chunk.num_rows, hmm.num_states))
    *_, status = filter_chunk(hmm, chunk, filtered)
    scaled = status[:, 0] == kernels.OK
    possible = scaled.copy()
    for n in np.flatnonzero(status[:, 0] == kernels.RESCUE):
        rows = slice(chunk.offsets[n], chunk.offsets[n + 1])
        explained = filter_in_log_space(hmm, chunk.observations[rows], filtered[rows])
        possible[n] = explained == len(filtered[rows])
    scaled_rows = np.repeat(scaled, np.diff(chunk.offsets))[:, np.newaxis]
    with np.errstate(divide="ignore"):
        np.log(filtered, out=filtered, where=scaled_rows)
    return filtered, possible


def filter_in_log_space(hmm: HMM, observations: FloatArray, log_filtered: FloatArray) -> int:
    """Fill log_filtered (M, K) with log p(z_t = k | x_1..x_t) up to constants.

    Returns how many observations the model can explain: M, or fewer when the next is impossible.
    """
    log_initial, log_transition = log_parameters(hmm)
    scores = hmm.emissions.log_likelihoods(observations)
    for t in range(len(scores)):
        predicted = log_initial
        if t > 0:
            predicted = np.logaddexp.reduce(log_filtered[t - 1][:, None] + log_transition, axis=0)
        log_filtered[t] = predicted + scores[t]
        top = log_filtered[t].max()
        if top == -np.inf:
            return t
        log_filtered[t] -= top
    return len(scores)


@kernel()
def _sample_backward(
    log_filtered: FloatArray,
    log_transition: FloatArray,
    offsets: IntArray,
    possible: BoolArray,
    draws: FloatArray,
    paths: IntArray,
) -> None:
    """Fill paths (S, T) from the last time to the first: p(z_t | z_{t+1}, x_1..x_t)."""
    num_states = log_filtered.shape[1]
    weights = np.empty(num_states)
    for n in range(len(offsets) - 1):
        if not possible[n]:
            continue
        start, stop = offsets[n], offsets[n + 1]
        for s in range(len(paths)):
            for t in range(stop - 1, start - 1, -1):
                top = -np.inf
                for k in range(num_states):
                    weights[k] = log_filtered[t, k]
                    if t < stop - 1:
                        weights[k] += log_transition[k, paths[s, t + 1]]
                    top = max(top, weights[k])
                total = 0.0
                for k in range(num_states):
                    weights[k] = np.exp(weights[k] - top)
                    total += weights[k]
                # Rounding may leave `rest` above the sum: then the last possible state is taken.
                rest = draws[s, t] * total
                for k in range(num_states):
                    if weights[k] > 0.0:
                        paths[s, t] = k
                        rest -= weights[k]
                        if rest < 0.0:
                            break
