"""The k best paths of one sequence, and how probable a path is once the data are known."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmmcore.arrays import FloatArray, IntArray, as_count, numeric_array
from hmmcore.compiling import kernel
from hmmcore.inference.posterior import as_states, centred, require_one, tie_tolerance
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible

IMPOSSIBLE = "no path can explain the sequence under this model."


@dataclass(frozen=True)
class BestPaths:
    """The most probable paths of one sequence, best first.

    Attributes:
        paths: (P, M); fewer than asked for when there are no more possible ones.
        log_joints: (P,) log p(path, x) of each, in nats.
        log_posteriors: (P,) log p(path | x) of each, in nats.
        ranks: (P,) how many of them are more probable; those that tie have the same rank. Paths
            tie by the rule of `viterbi_ties`.
    """

    paths: IntArray
    log_joints: FloatArray
    log_posteriors: FloatArray
    ranks: IntArray

    @property
    def cumulative_log_probs(self) -> FloatArray:
        """(P,) log of the probability, given the data, of the first 1, 2, …, P paths together."""
        # In logs, because of a long sequence even the best path has a probability below 1e-308.
        total: FloatArray = np.minimum(np.logaddexp.accumulate(self.log_posteriors), 0.0)
        return total


def k_best_paths(hmm: HMM, sequences: Sequences, num_paths: int) -> BestPaths:
    """List the `num_paths` most probable paths of one sequence (list Viterbi).

    Every further path leaves one that was found at some time, going backwards, for another state,
    and is the best of those that do. What that costs is known exactly from one forward sweep, so
    paths are found in the order of their probability. Takes time in proportion to
    M × K × (K + num_paths), and memory to M × (K + num_paths). The first is that of `viterbi`;
    other equally probable paths come in no particular order.

    Source: Lawler (1972), "A procedure for computing the K best solutions to discrete optimization
    problems and its application to the shortest path problem".

    Raises:
        ValueError: when there is more than one sequence, or no path can explain it.
    """
    num_paths = as_count("num_paths", num_paths)
    swept = _swept(hmm, sequences)
    best, log_transition = swept.best, swept.log_transition
    paths: list[IntArray] = []
    losses: list[float] = []
    # Paths to come: (nats less than the best path, serial number, the path it leaves, when, for
    # which state). Serial numbers keep the queue from comparing further.
    ends = best[-1].max() - best[-1]
    queue: list[tuple[float, int, int, int, int]] = [
        (float(ends[k]), k, -1, len(best) - 1, k) for k in np.flatnonzero(ends < np.inf).tolist()
    ]
    heapq.heapify(queue)
    serial = len(ends)
    while queue and len(paths) < num_paths:
        loss, _, origin, time, state = heapq.heappop(queue)
        path = np.empty(len(best), dtype=np.int64) if origin < 0 else paths[origin].copy()
        path[time] = state
        _trace_back(swept.previous, path, time)
        paths.append(path)
        losses.append(loss)
        # (time, K): the best way into the path's next state through each state before it.
        ways = best[:time] + log_transition[:, path[1 : time + 1]].T
        own = np.arange(time), path[:time]
        further = np.maximum(ways[own][:, np.newaxis] - ways, 0.0) + loss
        further[own] = np.inf
        for place in _smallest(further.ravel(), num_paths - len(paths)).tolist():
            left, other = divmod(place, hmm.num_states)
            serial += 1
            heapq.heappush(
                queue, (float(further[left, other]), serial, len(paths) - 1, left, other)
            )
    found = np.array(paths)
    return BestPaths(
        found,
        swept.log_joints(found) + swept.common,
        swept.log_posteriors(found),
        _ranks(losses, swept.tolerance),
    )


def path_log_posteriors(hmm: HMM, sequences: Sequences, paths: ArrayLike) -> FloatArray:
    """Log p(path | x) (P,) of given paths (P, M) of one sequence, in nats; -inf when impossible.

    Raises:
        ValueError: when there is more than one sequence, no path can explain it, a path has not
            one state per observation, or one is not in 0..K-1.
    """
    swept = _swept(hmm, sequences)
    given = numeric_array("paths", paths)
    if given.ndim != 2 or given.shape[1] != len(swept.best):
        raise ValueError(
            f"paths have shape {given.shape}; it should be (P, {len(swept.best)}), one path a row."
        )
    return swept.log_posteriors(as_states("paths", given, hmm.num_states))


@dataclass(frozen=True)
class _Swept:
    """A forward sweep over one sequence, with scores (M, K) from which `common` is taken off.

    Attributes:
        best: (M, K) the largest log p(z_1..z_t, x_1..x_t) with z_t = k.
        previous: (M, K) the state before k on that path, from the second time on.
        log_evidence: log p(x).
        tolerance: log-joints that differ by no more are equal.
    """

    log_initial: FloatArray
    log_transition: FloatArray
    scores: FloatArray
    common: float
    best: FloatArray
    previous: NDArray[np.int32]
    log_evidence: float
    tolerance: float

    def log_joints(self, paths: IntArray) -> FloatArray:
        """Log p(path, x) (P,) of paths (P, M), without the common part."""
        terms = self.scores[np.arange(len(self.scores)), paths]
        terms[:, 0] += self.log_initial[paths[:, 0]]
        terms[:, 1:] += self.log_transition[paths[:, :-1], paths[:, 1:]]
        total: FloatArray = terms.sum(axis=1)
        return total

    def log_posteriors(self, paths: IntArray) -> FloatArray:
        """Log p(path | x) (P,) of paths (P, M)."""
        # Rounding may leave the only possible path a little above 1.
        log_probs: FloatArray = np.minimum(self.log_joints(paths) - self.log_evidence, 0.0)
        return log_probs


def _swept(hmm: HMM, sequences: Sequences) -> _Swept:
    require_compatible(hmm, sequences)
    require_one(sequences)
    log_initial, log_transition = log_parameters(hmm)
    scores, common = centred(hmm.emissions.log_likelihoods(sequences.observations))
    best, previous = np.empty_like(scores), np.zeros(scores.shape, dtype=np.int32)
    log_evidence = float(
        _sweep_forward(log_initial, log_transition, hmm.transition_matrix, scores, best, previous)
    )
    if log_evidence == -np.inf:
        raise ValueError(IMPOSSIBLE)
    return _Swept(
        log_initial, log_transition, scores, float(common.sum()), best, previous, log_evidence,
        tie_tolerance(float(best[-1].max()), common),
    )  # fmt: skip


def _smallest(values: FloatArray, count: int) -> IntArray:
    """Places of the `count` smallest finite values, or of all, in ascending order of place."""
    places: IntArray = np.flatnonzero(values < np.inf)
    if count >= len(places):
        return places
    chosen: IntArray = np.sort(places[np.argpartition(values[places], count)[:count]])
    return chosen


def _ranks(losses: list[float], tolerance: float) -> IntArray:
    """How many of ascending losses are less than each by more than rounding."""
    ranks = np.zeros(len(losses), dtype=np.int64)
    for n in range(1, len(losses)):
        ties = losses[n] - losses[ranks[n - 1]] <= tolerance
        ranks[n] = ranks[n - 1] if ties else n
    return ranks


UNDERFLOWING = 1e-250
"""A sum of shares of 1 below this may have lost some of its terms to underflow."""


@kernel()
def _sweep_forward(
    log_initial: FloatArray,
    log_transition: FloatArray,
    transition_matrix: FloatArray,
    scores: FloatArray,
    best: FloatArray,
    previous: NDArray[np.int32],
) -> float:
    """Fill `best` and `previous` of `_Swept`; the lowest state wins a tie. Returns log p(x)."""
    length, num_states = scores.shape
    # total (K,): log p(z_t = k, x_1..x_t); shares: the same over its largest, as probabilities.
    total, following, shares = np.empty(num_states), np.empty(num_states), np.empty(num_states)
    for k in range(num_states):
        best[0, k] = total[k] = log_initial[k] + scores[0, k]
    for t in range(1, length):
        top = total.max()
        if top == -np.inf:
            return -np.inf
        for i in range(num_states):
            shares[i] = np.exp(total[i] - top)
        for j in range(num_states):
            best_way, log_sum = -np.inf, -np.inf
            into = 0.0
            for i in range(num_states):
                way = best[t - 1, i] + log_transition[i, j]
                if way > best_way:
                    best_way = way
                    previous[t, j] = i
                into += shares[i] * transition_matrix[i, j]
            if into > UNDERFLOWING:
                log_sum = top + np.log(into)
            elif best_way > -np.inf:
                log_sum = _log_sum_exp(total + log_transition[:, j])
            best[t, j] = best_way + scores[t, j]
            following[j] = log_sum + scores[t, j]
        total[:] = following
    return float(_log_sum_exp(total))


@kernel()
def _log_sum_exp(values: FloatArray) -> float:
    top = values.max()
    if top == -np.inf:
        return -np.inf
    return float(top + np.log(np.exp(values - top).sum()))


@kernel()
def _trace_back(previous: NDArray[np.int32], path: IntArray, time: int) -> None:
    """Fill path (M,) before `time` with the best way to the state that it has then."""
    for t in range(time, 0, -1):
        path[t - 1] = previous[t, path[t]]
