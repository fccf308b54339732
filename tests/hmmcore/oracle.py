"""What is true by definition: sums over all K^M paths, and the kernels' recursions in NumPy.

Everything is computed from three arrays, initial_probs (K,), transition_matrix (K, K) and scores
(M, K) = log p(x_t | z_t = k), in the slowest and most obvious way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.special import logsumexp

LONG = np.longdouble
"""Extended precision, where the machine has it: the oracle should not be what rounds."""


@dataclass(frozen=True)
class Enumeration:
    """One sequence by enumeration. Probabilities given impossible data are None.

    paths (P, M) and log_joints (P,): every path in lexicographic order and log p(path, x);
    filtered, smoothed (M, K); transition_counts (K, K); initial_counts (K,);
    impossible_at: the first time that nothing can explain, M when there is none.
    """

    paths: np.ndarray
    log_joints: np.ndarray
    log_likelihood: float
    filtered: np.ndarray
    impossible_at: int
    smoothed: np.ndarray | None
    transition_counts: np.ndarray | None
    initial_counts: np.ndarray | None

    @property
    def best(self) -> float:
        """log p(path, x) of the best path."""
        return float(self.log_joints.max())

    def tied(self, rtol: float) -> np.ndarray:
        """Paths (P, M), in lexicographic order, as probable as the best to `rtol`."""
        best = self.log_joints.max()
        return self.paths[self.log_joints >= best - rtol * max(1.0, abs(best))]


def enumerate_paths(initial_probs, transition_matrix, scores) -> Enumeration:
    """Sum over all K^M paths of one sequence, in log space."""
    length, num_states = scores.shape
    with np.errstate(divide="ignore"):
        log_initial = np.log(LONG(initial_probs))
        log_transition = np.log(LONG(transition_matrix))
    scores = LONG(scores)
    paths = np.array(list(product(range(num_states), repeat=length)))

    # prefix[:, t] = log p(z_1..z_t, x_1..x_t) along each path.
    steps = np.empty(paths.shape, dtype=LONG)
    steps[:, 0] = log_initial[paths[:, 0]]
    steps[:, 1:] = log_transition[paths[:, :-1], paths[:, 1:]]
    prefix = np.cumsum(steps + scores[np.arange(length), paths], axis=1)
    log_joints = prefix[:, -1]
    total = _log_sum(log_joints)

    filtered = np.full((length, num_states), np.nan)
    impossible_at = length
    for t in range(length):
        # Paths that agree up to t share their prefix; the first of each group stands for it.
        first = slice(None, None, num_states ** (length - 1 - t))
        if (prefix[first, t] == -np.inf).all():
            impossible_at = t
            break
        filtered[t] = _shares(prefix[first, t], paths[first, t], num_states)
    if impossible_at < length:
        return Enumeration(paths, log_joints, -np.inf, filtered, impossible_at, None, None, None)

    weights = np.exp(log_joints - total)
    smoothed = np.zeros((length, num_states), dtype=LONG)
    counts = np.zeros((num_states, num_states), dtype=LONG)
    for t in range(length):
        np.add.at(smoothed[t], paths[:, t], weights)
        if t:
            np.add.at(counts, (paths[:, t - 1], paths[:, t]), weights)
    smoothed, counts = smoothed.astype(float), counts.astype(float)
    return Enumeration(
        paths, log_joints, float(total), filtered, length, smoothed, counts, smoothed[0]
    )


def first_sequence(config, seed):
    """The model of a row of the table, the first of its sequences, and all paths of that."""
    hmm, sequences = config.make(seed)
    one = sequences.select(0)
    scores = hmm.emissions.log_likelihoods(one.observations)
    return hmm, one, enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores)


def _log_sum(values: np.ndarray) -> np.longdouble:
    """scipy's logsumexp, on values shifted to be near zero so that it cannot lose digits."""
    top = values.max()
    return top if top == -np.inf else top + LONG(logsumexp(values - top))


def _shares(logs: np.ndarray, groups: np.ndarray, num_groups: int) -> np.ndarray:
    """exp(logs), summed within each group and normalised (num_groups,)."""
    weights = np.exp(logs - _log_sum(logs))
    return np.array([float(weights[groups == k].sum()) for k in range(num_groups)])


@dataclass(frozen=True)
class ScaledSweep:
    """What the scaled recursions give for one sequence; see `scaled_sweep`."""

    log_likelihood: float
    scales: np.ndarray
    filtered: np.ndarray
    smoothed: np.ndarray
    transition_counts: np.ndarray
    initial_counts: np.ndarray


def scaled_sweep(initial_probs, transition_matrix, scores) -> ScaledSweep:
    """The scaled forward-backward recursions of one sequence, a line of NumPy per equation.

    Underflows where any scaled recursion does; for tables on which it does not.
    """
    length, num_states = scores.shape
    filtered, scales = np.empty((length, num_states)), np.empty(length)
    likelihoods = np.empty((length, num_states))
    log_likelihood = 0.0
    predicted = initial_probs
    for t in range(length):
        shift = scores[t][predicted > 0.0].max()
        likelihoods[t] = np.where(predicted > 0.0, np.exp(np.minimum(scores[t] - shift, 0.0)), 0.0)
        scales[t] = predicted @ likelihoods[t]
        filtered[t] = predicted * likelihoods[t] / scales[t]
        log_likelihood += np.log(scales[t]) + shift
        predicted = filtered[t] @ transition_matrix
    smoothed = filtered.copy()
    counts = np.zeros((num_states, num_states))
    future = np.ones(num_states)
    for t in range(length - 1, 0, -1):
        evidence = likelihoods[t] * future / scales[t]
        counts += filtered[t - 1][:, np.newaxis] * transition_matrix * evidence
        future = transition_matrix @ evidence
        smoothed[t - 1] = filtered[t - 1] * future
        future /= smoothed[t - 1].sum()
        smoothed[t - 1] /= smoothed[t - 1].sum()
    return ScaledSweep(log_likelihood, scales, filtered, smoothed, counts, smoothed[0])


def viterbi_path(initial_probs, transition_matrix, scores) -> tuple[np.ndarray, float]:
    """The best path of one sequence (lowest state on a tie) and its log-joint, in NumPy."""
    with np.errstate(divide="ignore"):
        log_initial, log_transition = np.log(initial_probs), np.log(transition_matrix)
    best = log_initial + scores[0]
    pointers = []
    for score in scores[1:]:
        candidates = best[:, np.newaxis] + log_transition
        pointers.append(candidates.argmax(axis=0))
        best = candidates.max(axis=0) + score
    path = [int(best.argmax())]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    return np.array(path[::-1]), float(best.max())
