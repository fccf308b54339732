"""More than the one best path: the k best, and draws from the posterior over paths."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import BoolArray, FloatArray, IntArray, as_count, require_generator
from hmmcore.compiling import kernel
from hmmcore.inference.posterior import best_completions, require_one
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps import kernels
from hmmcore.sweeps.chunks import Chunk, chunked, in_turns
from hmmcore.sweeps.row_sweep import filter_chunk
from hmmcore.sweeps.sweep import require_compatible


@dataclass(frozen=True)
class BestPaths:
    """The most probable paths of one sequence, best first.

    Attributes:
        paths: (P, M); fewer than asked for when there are no more possible ones.
        log_joints: (P,) log p(path, x) of each, in nats.
    """

    paths: IntArray
    log_joints: FloatArray


def k_best_paths(hmm: HMM, sequences: Sequences, num_paths: int) -> BestPaths:
    """List the `num_paths` most probable paths of one sequence (list Viterbi).

    A best-first search over beginnings of paths. What the best completion of a beginning adds is
    known exactly from one backward sweep, so beginnings leave the queue in the order of the best
    path they lead to, and complete paths in the order of their probability. Takes time and memory
    in proportion to num_paths × M × K. Equally probable paths come in no particular order.

    Source: Soong & Huang (1991), "A tree-trellis based fast search for finding the N best
    sentence hypotheses"; the search is A* with a perfect heuristic.

    Raises:
        ValueError: when there is more than one sequence, or no path can explain it.
    """
    require_compatible(hmm, sequences)
    num_paths = as_count("num_paths", num_paths)
    require_one(sequences)
    log_initial, log_transition = log_parameters(hmm)
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    length = len(scores)
    to_go = best_completions(log_transition, scores)
    # A beginning is (−bound, states so far as a linked list). The serial number keeps the queue
    # from comparing lists, and later beginnings of equal bound, which are longer, come first.
    queue: list[tuple[float, int, int, float, tuple[int, object] | None]] = []
    serial = 0

    def push(t: int, k: int, so_far: float, before: tuple[int, object] | None) -> None:
        nonlocal serial
        bound = so_far + to_go[t, k]
        if bound > -np.inf:
            serial += 1
            heapq.heappush(queue, (-bound, -t, serial, so_far, (k, before)))

    for k in range(hmm.num_states):
        push(0, k, float(log_initial[k] + scores[0, k]), None)
    if not queue:
        raise ValueError("no path can explain the sequence under this model.")
    paths: list[list[int]] = []
    log_joints: list[float] = []
    while queue and len(paths) < num_paths:
        _, negative_time, _, so_far, beginning = heapq.heappop(queue)
        assert beginning is not None
        if -negative_time == length - 1:
            paths.append(_unlinked(beginning))
            log_joints.append(so_far)
            continue
        t, k = -negative_time + 1, beginning[0]
        for j in range(hmm.num_states):
            push(t, j, float(so_far + log_transition[k, j] + scores[t, j]), beginning)
    return BestPaths(np.array(paths, dtype=np.int64), np.array(log_joints))


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
        filtered = np.empty((chunk.num_rows, hmm.num_states))
        *_, status = filter_chunk(hmm, chunk, filtered)
        possible = status[:, 0] == kernels.OK
        for n in np.flatnonzero(status[:, 0] == kernels.RESCUE):
            rows = slice(chunk.offsets[n], chunk.offsets[n + 1])
            explained = filter_in_log_space(hmm, chunk.observations[rows], filtered[rows])
            possible[n] = explained == len(filtered[rows])
        # Logs, because in a sequence swept in log space the one state that can precede the next
        # may have a probability too small to represent.
        with np.errstate(divide="ignore"):
            np.log(filtered, out=filtered, where=~_log_rows(chunk, status))
        _sample_backward(
            filtered, log_parameters(hmm)[1], chunk.offsets, possible, draws[:, chunk.rows],
            paths[:, chunk.rows],
        )  # fmt: skip

    in_turns(sample, list(chunked(sequences, hmm.num_states)))
    return paths


def _log_rows(chunk: Chunk, status: IntArray) -> BoolArray:
    """Which rows (T, 1) belong to sequences that were filtered in log space already."""
    rescued = status[:, 0] == kernels.RESCUE
    return np.repeat(rescued, np.diff(chunk.offsets))[:, np.newaxis]


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


def _unlinked(path: tuple[int, object]) -> list[int]:
    states: list[int] = []
    rest: object = path
    while rest is not None:
        assert isinstance(rest, tuple)
        state, rest = rest
        states.append(state)
    return states[::-1]


@kernel()
def _sample_backward(
    log_filtered: FloatArray,
    log_transition: FloatArray,
    offsets: IntArray,
    possible: IntArray,
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
