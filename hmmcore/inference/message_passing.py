"""The messages of the recursions: every number that passes along one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import BoolArray, FloatArray, as_count, numeric_array
from hmmcore.compiling import kernel
from hmmcore.inference.posterior import TIE_RTOL
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import ImpossibleDataError, require_compatible

MOST_PAIRS = 10_000_000
"""Largest M × K × K of which messages are kept: 10 MB of back pointers and, when they are asked
for, 80 MB of pair probabilities."""


@dataclass(frozen=True, eq=False)
class Messages:
    """What passes along one sequence of M observations, forwards, backwards and in Viterbi's pass.

    Probabilities are kept as logs, in nats, which cannot underflow, and given as numbers too. As a
    number a log below -745 is 0, and one above 709 is infinite: a `scale` far from every state, or
    `backward` of a state that the past all but excludes.

    Attributes:
        hmm, sequence: the model, and the one sequence.
        log_emissions: log b (M, K): log p(x_t | z_t = k); 0 where x_t is missing.
        log_predicted: (M, K) log p(z_t = k | x_1..x_{t-1}); of the first time log π.
        log_scales: log c (M,): log p(x_t | x_1..x_{t-1}). Their sum is log p(x).
        log_gains: (M, K) log p(x_t | z_t = k) - log p(x_t | x_1..x_{t-1}): what the observation
            adds to the log-probability of each state.
        log_filtered: log α̂ (M, K): log p(z_t = k | x_1..x_t).
        log_backward: log β̂ (M, K): log p(x_{t+1}..x_M | z_t = k) - log p(x_{t+1}..x_M | x_1..x_t);
            0 at the last time.
        viterbi_scores: δ (M, K): the largest log p(z_1..z_t = k, x_1..x_t), in nats.
        back_pointers: (M - 1, K, K) [t, i, j]: whether a best way to state j at time t + 1 comes
            from state i at time t. Every one of several equally good ones is marked, equal to
            TIE_RTOL as in `viterbi_ties`; none is where no way leads to j.
        best_states: (M, K) whether a most probable path passes through the state.
    """

    hmm: HMM
    sequence: Sequences
    log_emissions: FloatArray
    log_predicted: FloatArray
    log_scales: FloatArray
    log_gains: FloatArray
    log_filtered: FloatArray
    log_backward: FloatArray
    viterbi_scores: FloatArray
    back_pointers: BoolArray
    best_states: BoolArray

    @property
    def length(self) -> int:
        """M, the number of observations."""
        return len(self.log_scales)

    @property
    def log_likelihood(self) -> float:
        """Log p(x), in nats: the sum of `log_scales`."""
        return float(self.log_scales.sum())

    @cached_property
    def predicted_probs(self) -> FloatArray:
        """(M, K): p(z_t = k | x_1..x_{t-1}); of the first time π."""
        return np.exp(self.log_predicted)

    @cached_property
    def filtered_probs(self) -> FloatArray:
        """α̂ (M, K): p(z_t = k | x_1..x_t)."""
        return np.exp(self.log_filtered)

    @cached_property
    def scales(self) -> FloatArray:
        """c (M,): p(x_t | x_1..x_{t-1}), a density of numbers; 1 where x_t is missing."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_scales)

    @cached_property
    def backward(self) -> FloatArray:
        """β̂ (M, K), scaled so that `filtered_probs` × `backward` = `smoothed_probs`."""
        with np.errstate(over="ignore"):
            return np.exp(self.log_backward)

    @cached_property
    def smoothed_probs(self) -> FloatArray:
        """γ (M, K): p(z_t = k | x_1..x_M)."""
        return np.exp(self.log_filtered + self.log_backward)

    @cached_property
    def pair_probs(self) -> FloatArray:
        """ξ (M - 1, K, K) [t, i, j]: p(z_t = i, z_{t+1} = j | x_1..x_M)."""
        pairs = self.log_filtered[:-1, :, np.newaxis] + log_parameters(self.hmm)[1]
        pairs += (self.log_gains + self.log_backward)[1:, np.newaxis, :]
        return np.exp(pairs, out=pairs)


def messages(hmm: HMM, sequence: Sequences | ArrayLike) -> Messages:
    """Pass all messages along one sequence, and keep every one.

    In log space: what a state far from all data is worth is known as well as everything else. For
    training and for long data `smooth` and `viterbi` are faster and store less.

    Args:
        sequence: one sequence, or an array (M,) or (M, D) of it. M × K × K may be MOST_PAIRS at
            most.

    Raises:
        ValueError: when there are several sequences, or they are too long.
        ImpossibleDataError: naming the first observation that no state can explain.

    Source: Rabiner (1989), section V.A for the scales, III.B for Viterbi's pass.
    """
    if not isinstance(sequence, Sequences):
        sequence = Sequences(sequence)
    require_compatible(hmm, sequence)
    _require_one(sequence)
    shape = sequence.num_observations, hmm.num_states
    if shape[0] * shape[1] ** 2 > MOST_PAIRS:
        raise ValueError(
            f"messages along {shape[0]} observations with {shape[1]} states would be "
            f"{shape[0] * shape[1] ** 2} numbers for the pairs; they are kept of at most "
            f"{MOST_PAIRS}. Take a part of the sequence, or use smooth and viterbi."
        )
    log_initial, log_transition = log_parameters(hmm)
    scores = hmm.emissions.log_likelihoods(sequence.observations)
    predicted, filtered, gains, backward = (np.empty(shape) for _ in range(4))
    scales = np.empty(shape[0])
    explained = _pass(
        log_initial, log_transition, scores, predicted, filtered, gains, backward, scales
    )
    if explained < shape[0]:
        raise ImpossibleDataError(0, explained)
    # Subtracted as in `viterbi_ties`, so that one outlier does not take the digits that tell
    # which ways are equally good.
    common = scores.max(axis=1)
    total = np.cumsum(common)
    rounding = 2.0 * float(np.finfo(float).eps) * np.cumsum(np.abs(common))
    best = np.empty(shape)
    pointers = np.zeros((shape[0] - 1, shape[1], shape[1]), dtype=np.bool_)
    on_best = np.zeros(shape, dtype=np.bool_)
    _decode(
        log_initial, log_transition, scores - common[:, np.newaxis], rounding, best, pointers,
        on_best,
    )  # fmt: skip
    return Messages(
        hmm, sequence, scores, predicted, scales, gains, filtered, backward,
        best + total[:, np.newaxis], pointers, on_best,
    )  # fmt: skip


def with_observation(hmm: HMM, sequence: Sequences, t: int, value: ArrayLike | None) -> Sequences:
    """The sequence with another observation at time t: what if this had come?

    Args:
        hmm: the model that is asked; it says what can be observed.
        t: the time, 0-based.
        value: (D,), or a number where D = 1; NaN for a coordinate that is missing, None for all.

    Raises:
        ValueError: when there are several sequences, no such time, or a value that the family of
            the model cannot emit; the sentence says what would be right.
    """
    _require_one(sequence)
    t = as_count("t", t, minimum=0)
    if t >= len(sequence.observations):
        raise ValueError(
            f"t is {t}; the sequence has the times 0..{len(sequence.observations) - 1}."
        )
    observations = sequence.observations.copy()
    if value is None:
        observations[t] = np.nan
    else:
        row = numeric_array("value", value)
        if row.ndim > 1 or row.size != sequence.num_dimensions:
            raise ValueError(
                f"value has shape {row.shape}; an observation has {sequence.num_dimensions} "
                "dimensions."
            )
        observations[t] = row
    changed = Sequences(observations)
    require_compatible(hmm, changed)
    return changed


def _require_one(sequence: Sequences) -> None:
    if len(sequence) != 1:
        raise ValueError(
            f"there are {len(sequence)} sequences; messages pass along one. "
            "Pick it with sequences.select(n)."
        )


@kernel()
def _pass(
    log_initial: FloatArray,
    log_transition: FloatArray,
    scores: FloatArray,
    predicted: FloatArray,
    filtered: FloatArray,
    gains: FloatArray,
    backward: FloatArray,
    scales: FloatArray,
) -> int:
    """Fill the messages (M, K) and the scales (M,), all logs, from log-likelihoods (M, K).

    Returns how many observations can be explained: M, or fewer when the next is impossible.
    """
    length, num_states = scores.shape
    for t in range(length):
        # The largest score of a state that can be reached, taken off so that the sums are of
        # small numbers.
        top = -np.inf
        for j in range(num_states):
            value = log_initial[j]
            if t > 0:
                value = -np.inf
                for i in range(num_states):
                    value = np.logaddexp(value, filtered[t - 1, i] + log_transition[i, j])
            predicted[t, j] = value
            if value > -np.inf:
                top = max(top, scores[t, j])
        if top == -np.inf:
            return t
        scale = -np.inf
        for j in range(num_states):
            gains[t, j] = scores[t, j] - top
            scale = np.logaddexp(scale, predicted[t, j] + gains[t, j])
        scales[t] = scale + top
        for j in range(num_states):
            gains[t, j] -= scale
            filtered[t, j] = predicted[t, j] + gains[t, j]

    backward[length - 1] = 0.0
    for t in range(length - 2, -1, -1):
        total = -np.inf
        for i in range(num_states):
            value = -np.inf
            for j in range(num_states):
                value = np.logaddexp(
                    value, log_transition[i, j] + (gains[t + 1, j] + backward[t + 1, j])
                )
            backward[t, i] = value
            total = np.logaddexp(total, filtered[t, i] + value)
        # Zero but for rounding, which would otherwise grow from time to time.
        for i in range(num_states):
            backward[t, i] -= total
    return len(scores)


@kernel()
def _decode(
    log_initial: FloatArray,
    log_transition: FloatArray,
    scores: FloatArray,
    rounding: FloatArray,
    best: FloatArray,
    pointers: BoolArray,
    on_best: BoolArray,
) -> None:
    """Fill Viterbi's scores (M, K), which predecessors are best, and which states a best path has.

    `rounding` (M,) is how far candidates may differ at each time on top of TIE_RTOL.
    """
    length, num_states = scores.shape
    for t in range(length):
        for j in range(num_states):
            if t == 0:
                best[t, j] = log_initial[j] + scores[t, j]
                continue
            top = -np.inf
            for i in range(num_states):
                top = max(top, best[t - 1, i] + log_transition[i, j])
            best[t, j] = top + scores[t, j]
            if top > -np.inf:
                threshold = top - TIE_RTOL * max(1.0, abs(top)) - rounding[t]
                for i in range(num_states):
                    pointers[t - 1, i, j] = best[t - 1, i] + log_transition[i, j] >= threshold
    top = best[length - 1].max()
    threshold = top - TIE_RTOL * max(1.0, abs(top)) - rounding[length - 1]
    for j in range(num_states):
        on_best[length - 1, j] = best[length - 1, j] >= threshold
    for t in range(length - 2, -1, -1):
        for i in range(num_states):
            for j in range(num_states):
                on_best[t, i] |= pointers[t, i, j] and on_best[t + 1, j]
