"""The sweep of a run of sequences one row after another, right for every model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.model import HMM, log_parameters
from hmmcore.sweeps import kernels
from hmmcore.sweeps.chunks import Chunk


@dataclass(frozen=True)
class ChunkPosterior:
    """What `smooth_chunk` returns beside the arrays it fills."""

    log_likelihoods: FloatArray
    impossible_at: IntArray
    initial_counts: FloatArray
    transition_counts: FloatArray


def filter_chunk(
    hmm: HMM, chunk: Chunk, filtered: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Run the forward recursion, filling `filtered` (rows, K).

    Returns:
        shifted likelihoods (rows, K), scales (rows,), log-likelihoods (n,) and status (n, 2) as
        `kernels.forward` leaves them.
    """
    likelihoods = hmm.emissions.log_likelihoods(chunk.observations)
    num_sequences = len(chunk.offsets) - 1
    scales = np.empty(chunk.num_rows)
    log_likelihoods = np.empty(num_sequences)
    status = np.empty((num_sequences, 2), dtype=np.int64)
    kernels.forward(
        hmm.initial_probs, hmm.transition_matrix, likelihoods, chunk.offsets, filtered, scales,
        log_likelihoods, status,
    )  # fmt: skip
    return likelihoods, scales, log_likelihoods, status


def smooth_chunk(
    hmm: HMM, chunk: Chunk, filtered: FloatArray, smoothed: FloatArray
) -> ChunkPosterior:
    """Filter and smooth a chunk, filling `filtered` and `smoothed` (rows, K).

    The two may be one array, which then ends up smoothed.
    """
    likelihoods, scales, log_likelihoods, status = filter_chunk(hmm, chunk, filtered)
    initial_counts = np.zeros(hmm.num_states)
    transition_counts = np.zeros((hmm.num_states, hmm.num_states))
    kernels.backward(
        hmm.transition_matrix, np.ascontiguousarray(hmm.transition_matrix.T), likelihoods,
        filtered, scales, chunk.offsets, status, smoothed, initial_counts, transition_counts,
    )  # fmt: skip
    impossible_at = np.full(len(status), -1)
    for n in np.flatnonzero(status[:, 0] != kernels.OK):
        start, stop = chunk.offsets[n], chunk.offsets[n + 1]
        time = int(status[n, 1] - start)
        if status[n, 0] == kernels.RESCUE:
            log_likelihoods[n], time = _sweep_in_log_space(
                hmm, chunk.observations[start:stop], filtered[start:stop], smoothed[start:stop],
                initial_counts, transition_counts,
            )  # fmt: skip
        if log_likelihoods[n] == -np.inf:
            impossible_at[n] = time
            # Undefined: conditional probabilities given something that cannot happen.
            filtered[start + time : stop] = np.nan
            smoothed[start:stop] = np.nan
    return ChunkPosterior(log_likelihoods, impossible_at, initial_counts, transition_counts)


def log_likelihoods_of_chunk(hmm: HMM, chunk: Chunk) -> FloatArray:
    """Log-likelihoods (n,) of the sequences of a chunk; -inf where impossible."""
    filtered = np.empty((chunk.num_rows, hmm.num_states))
    _, _, log_likelihoods, status = filter_chunk(hmm, chunk, filtered)
    for n in np.flatnonzero(status[:, 0] == kernels.RESCUE):
        rows = slice(chunk.offsets[n], chunk.offsets[n + 1])
        discarded = np.zeros((hmm.num_states, hmm.num_states))
        log_likelihoods[n], _ = _sweep_in_log_space(
            hmm, chunk.observations[rows], filtered[rows], np.empty_like(filtered[rows]),
            discarded[0], discarded,
        )  # fmt: skip
    return log_likelihoods


def _sweep_in_log_space(
    hmm: HMM,
    observations: FloatArray,
    filtered: FloatArray,
    smoothed: FloatArray,
    initial_counts: FloatArray,
    transition_counts: FloatArray,
) -> tuple[float, int]:
    scores = hmm.emissions.log_likelihoods(observations)
    log_initial, log_transition = log_parameters(hmm)
    shared = np.shares_memory(filtered, smoothed)
    own = np.empty_like(filtered) if shared else filtered
    log_likelihood, time = kernels.forward_backward_log(
        log_initial, log_transition, scores, own, smoothed, initial_counts, transition_counts
    )
    if log_likelihood == -np.inf and not shared:
        filtered[:time] = np.exp(own[:time])
    return float(log_likelihood), int(time)
