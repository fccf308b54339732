"""What a model says of data: likelihoods, posteriors and most probable paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, as_count, numeric_array
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps import kernels, lane_sweep, sweep
from hmmcore.sweeps.chunks import Chunk, arranged_chunks, chunked, in_turns
from hmmcore.sweeps.layout import Arrangement
from hmmcore.sweeps.sweep import require_compatible

TIE_RTOL = 1e-12
"""Two paths tie when their log-joints agree to this, relative to the larger of one and the best:
adding the same terms in another order may change the last digits."""


@dataclass(frozen=True)
class Posterior:
    """What the data say about the hidden states.

    Attributes:
        log_likelihoods: (N,) log p(x) of each sequence, in nats; -inf when impossible.
        filtered_probs: α̂ (T, K): p(z_t = k | x_1..x_t).
        smoothed_probs: γ (T, K): p(z_t = k | x_1..x_M).
        transition_counts: Σξ (K, K): expected number of i -> j transitions.
        initial_counts: (K,): expected number of sequences that start in k.

    Probabilities given impossible data are undefined and NaN: `filtered_probs` from the
    impossible observation on, `smoothed_probs` for the whole sequence. The counts leave such a
    sequence out.
    """

    log_likelihoods: FloatArray
    filtered_probs: FloatArray
    smoothed_probs: FloatArray
    transition_counts: FloatArray
    initial_counts: FloatArray

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of all sequences together, in nats."""
        return float(self.log_likelihoods.sum())


@dataclass(frozen=True)
class ViterbiPath:
    """The most probable hidden path of each sequence.

    Attributes:
        states: (T,) the path; -1 throughout a sequence that no path can explain.
        log_joints: (N,) log p(path, x), in nats; -inf for such a sequence.
    """

    states: IntArray
    log_joints: FloatArray


@dataclass(frozen=True)
class TiedPaths:
    """Every path of one sequence that is as probable as the best.

    Attributes:
        paths: (P, M) in lexicographic order.
        log_joint: log p(path, x) that they share, in nats.
        complete: False when there are more than were asked for.
    """

    paths: IntArray
    log_joint: float
    complete: bool


def log_likelihood(hmm: HMM, sequences: Sequences) -> FloatArray:
    """Log-likelihood (N,) of each sequence, log p(x), in nats; -inf when impossible.

    With continuous observations it is a log-density and can be positive.
    """
    require_compatible(hmm, sequences)
    return sweep.log_likelihoods(hmm, sequences)


def smooth(hmm: HMM, sequences: Sequences) -> Posterior:
    """Filter and smooth: forward-backward with scaling (Rabiner 1989, section V.A)."""
    require_compatible(hmm, sequences)
    shape = (sequences.num_observations, hmm.num_states)
    filtered, smoothed = np.empty(shape), np.empty(shape)
    swept = sweep.sweep(hmm, sequences, filtered, smoothed)
    return Posterior(
        swept.log_likelihoods, filtered, smoothed, swept.transition_counts, swept.initial_counts
    )


def viterbi(hmm: HMM, sequences: Sequences) -> ViterbiPath:
    """Decode each sequence's most probable path (Viterbi 1967); the lowest state wins a tie."""
    require_compatible(hmm, sequences)
    log_initial, log_transition = log_parameters(hmm)
    states = np.empty(sequences.num_observations, dtype=np.int64)
    log_joints = np.empty(sequences.num_sequences)

    def decode(chunk: Chunk) -> None:
        kernels.viterbi(
            log_initial,
            log_transition,
            hmm.emissions.log_likelihoods(chunk.observations),
            chunk.offsets,
            np.empty((chunk.num_rows, hmm.num_states), dtype=np.int32),
            states[chunk.rows],
            log_joints[chunk.sequences],
        )

    def decode_in_lanes(item: tuple[Chunk, Arrangement]) -> None:
        chunk, arranged = item
        # Back pointers of long sequences would take too much memory in lanes.
        if arranged.together is None or arranged.long_blocks:
            return decode(chunk)
        log_joints[chunk.sequences] = lane_sweep.decode(
            hmm, log_initial, log_transition, chunk.observations, arranged.together,
            states[chunk.rows],
        )  # fmt: skip

    if lane_sweep.fills_lanes(hmm.num_states, len(sequences)):
        in_turns(decode_in_lanes, arranged_chunks(sequences, hmm.num_states))
    else:
        in_turns(decode, list(chunked(sequences, hmm.num_states)))
    return ViterbiPath(states, log_joints)


def viterbi_ties(hmm: HMM, sequences: Sequences, max_paths: int = 1000) -> TiedPaths:
    """List every most probable path of one short sequence, up to `max_paths` of them.

    Backtracks over all states from which the best can still be reached. Two log-joints count as
    equal when they agree to a relative TIE_RTOL, after the part that all paths have in common (at
    each time, the largest score of any state) is subtracted, and to the rounding of that part.

    Raises:
        ValueError: when there is more than one sequence, or no path can explain it.
    """
    require_compatible(hmm, sequences)
    max_paths = as_count("max_paths", max_paths)
    require_one(sequences)
    log_initial, log_transition = log_parameters(hmm)
    scores, common = centred(hmm.emissions.log_likelihoods(sequences.observations))
    length = len(scores)
    to_go = best_completions(log_transition, scores)
    best = float((log_initial + scores[0] + to_go[0]).max())
    if best == -np.inf:
        raise ValueError("no path can explain the sequence under this model.")
    threshold = best - tie_tolerance(best, common)
    log_joint = best + float(common.sum())

    paths: list[list[int]] = []
    path: list[int] = []
    # A stack of (time, state, log-joint so far), the lowest state on top.
    stack = [(0, k, log_initial[k] + scores[0, k]) for k in reversed(range(hmm.num_states))]
    while stack:
        t, k, so_far = stack.pop()
        if not so_far + to_go[t, k] >= threshold:
            continue
        del path[t:]
        path.append(k)
        if t == length - 1:
            if len(paths) == max_paths:
                return TiedPaths(np.array(paths, dtype=np.int64), log_joint, complete=False)
            paths.append(path.copy())
            continue
        stack += [
            (t + 1, j, so_far + log_transition[k, j] + scores[t + 1, j])
            for j in reversed(range(hmm.num_states))
        ]
    return TiedPaths(np.array(paths, dtype=np.int64), log_joint, complete=True)


def joint_log_prob(hmm: HMM, sequences: Sequences, states: ArrayLike) -> FloatArray:
    """Log p(states, x) (N,) of given hidden paths (T,), in nats; -inf when impossible.

    Raises:
        ValueError: when there is not one state per observation, or one is not in 0..K-1.
    """
    require_compatible(hmm, sequences)
    given = numeric_array("states", states)
    if given.shape != (sequences.num_observations,):
        raise ValueError(
            f"states have shape {given.shape}; there are {sequences.num_observations} observations."
        )
    path = as_states("states", given, hmm.num_states)
    log_initial, log_transition = log_parameters(hmm)
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    terms = scores[np.arange(len(path)), path]
    starts = sequences.offsets[:-1]
    moves = np.empty(len(path))
    moves[1:] = log_transition[path[:-1], path[1:]]
    moves[starts] = log_initial[path[starts]]
    return np.add.reduceat(terms + moves, starts)


def as_states(name: str, given: FloatArray, num_states: int) -> IntArray:
    """States of any shape as whole numbers; ValueError names the first that is not in 0..K-1."""
    outside = np.argwhere((given < 0) | (given >= num_states) | (given != np.floor(given)))
    if len(outside):
        place = tuple(outside[0].tolist())
        raise ValueError(
            f"{name}[{', '.join(map(str, place))}] is {given[place]:g}; a state is a whole number "
            f"in 0..{num_states - 1}."
        )
    return given.astype(np.int64)


def centred(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scores (M, K) without what all paths have in common, the largest at each time; that (M,).

    The score of one outlier would otherwise be so large that differences at other times are lost
    in rounding.
    """
    common = np.maximum(scores.max(axis=1), -np.finfo(float).max)
    return scores - common[:, np.newaxis], common


def tie_tolerance(best: float, common: FloatArray) -> float:
    """By how many nats equal log-joints of centred scores may differ; see `viterbi_ties`.

    Args:
        best: the largest of these log-joints.
        common (M,): as from `centred`.
    """
    rounding = 2.0 * float(np.finfo(float).eps) * float(np.abs(common).sum())
    return TIE_RTOL * max(1.0, abs(best)) + rounding


def best_completions(log_transition: FloatArray, scores: FloatArray) -> FloatArray:
    """(M, K): the largest log p(z_{t+1}..z_M, x_{t+1}..x_M | z_t = k) over all paths."""
    to_go = np.zeros_like(scores)
    for t in range(len(scores) - 2, -1, -1):
        to_go[t] = (log_transition + (scores[t + 1] + to_go[t + 1])).max(axis=1)
    return to_go


def require_one(sequences: Sequences) -> None:
    """Raise ValueError when there is more than one sequence to list paths of."""
    if len(sequences) != 1:
        raise ValueError(
            f"there are {len(sequences)} sequences; paths are listed for one. "
            "Pick it with sequences.select(n)."
        )
