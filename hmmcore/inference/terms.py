"""How each message comes about: the sum, or the choice, that it is of, opened to its terms.

Times and states are 0-based. Every term is computed from logs, so that it is right where a factor
on the way is too small or too large for a number; such a factor is shown as 0 or infinity, and its
log beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, as_count
from hmmcore.inference.message_passing import Messages
from hmmcore.model import log_parameters


@dataclass(frozen=True, eq=False)
class ForwardTerms:
    """α̂_t(j) = Σ_i α̂_{t-1}(i) × A[i, j] × b_j(x_t) / c_t; at the first time π_j × b_j(x_1) / c_1.

    Attributes:
        before: (K,) α̂ of every state at the time before; at the first time (1,): 1.
        steps: (K,) A[i, j], the step from each to the state; at the first time (1,): π_j.
        log_likelihood, likelihood: log b_j(x_t), in nats, and b_j(x_t); 0 and 1 where missing.
        products: (K,) or (1,) before × steps × likelihood: p(x_t, z_{t-1} = i, z_t = j | before).
        log_scale, scale: log c_t and c_t = p(x_t | x_1..x_{t-1}), which the products are divided
            by.
        terms: (K,) or (1,) the products divided by the scale.
        total: their sum, α̂_t(j) = p(z_t = j | x_1..x_t).
        log_factors: (K, 3) or (1, 3) logs of before, steps and likelihood, in that order.
        log_terms: (K,) or (1,) logs of the terms.
    """

    before: FloatArray
    steps: FloatArray
    log_likelihood: float
    likelihood: float
    products: FloatArray
    log_scale: float
    scale: float
    terms: FloatArray
    total: float
    log_factors: FloatArray
    log_terms: FloatArray


@dataclass(frozen=True, eq=False)
class BackwardTerms:
    """β̂_t(i) = Σ_j A[i, j] × b_j(x_{t+1}) × β̂_{t+1}(j) / c_{t+1}; 1 at the last time.

    Attributes:
        steps: (K,) A[i, j], the step from the state to each; at the last time (1,): 1.
        log_likelihoods, likelihoods: (K,) log b_j(x_{t+1}), in nats, and b_j(x_{t+1}).
        after: (K,) β̂ of every state at the time after.
        products: (K,) steps × likelihoods × after.
        log_scale, scale: log c_{t+1} and c_{t+1} = p(x_{t+1} | x_1..x_t), which the products are
            divided by.
        terms: (K,) the products divided by the scale.
        total: their sum, β̂_t(i) = p(x_{t+1}..x_M | z_t = i) / p(x_{t+1}..x_M | x_1..x_t).
        log_factors: (K, 3) logs of steps, likelihoods and after, in that order.
        log_terms: (K,) logs of the terms.
    """

    steps: FloatArray
    log_likelihoods: FloatArray
    likelihoods: FloatArray
    after: FloatArray
    products: FloatArray
    log_scale: float
    scale: float
    terms: FloatArray
    total: float
    log_factors: FloatArray
    log_terms: FloatArray


@dataclass(frozen=True, eq=False)
class SmoothedTerms:
    """γ_t(k) = α̂_t(k) × β̂_t(k) of every state at one time.

    Attributes:
        past: (K,) α̂: what the observations up to now say, p(z_t = k | x_1..x_t).
        future: (K,) β̂: what the observations after that multiply it by.
        terms: (K,) past × future: γ, p(z_t = k | x_1..x_M).
        total: their sum, 1.
        log_factors: (K, 2) logs of past and future, in that order.
        log_terms: (K,) logs of the terms.
    """

    past: FloatArray
    future: FloatArray
    terms: FloatArray
    total: float
    log_factors: FloatArray
    log_terms: FloatArray


@dataclass(frozen=True, eq=False)
class PairTerms:
    """ξ_t(i, j) = α̂_t(i) × A[i, j] × b_j(x_{t+1}) × β̂_{t+1}(j) / c_{t+1} of a time and the next.

    Attributes:
        before: (K,) α̂ of every state at the time.
        steps: (K, K) A.
        log_likelihoods, likelihoods: (K,) log b_j(x_{t+1}), in nats, and b_j(x_{t+1}).
        after: (K,) β̂ of every state at the next time.
        log_scale, scale: log c_{t+1} and c_{t+1} = p(x_{t+1} | x_1..x_t), which they are divided
            by.
        terms: (K, K) ξ: p(z_t = i, z_{t+1} = j | x_1..x_M).
        leaving, arriving: (K,) sums of the rows and of the columns: γ at the time and at the next.
        total: the sum of all terms, 1.
        log_factors: (K, K, 4) logs of before, steps, likelihoods and after, in that order.
        log_terms: (K, K) logs of the terms.
    """

    before: FloatArray
    steps: FloatArray
    log_likelihoods: FloatArray
    likelihoods: FloatArray
    after: FloatArray
    log_scale: float
    scale: float
    terms: FloatArray
    leaving: FloatArray
    arriving: FloatArray
    total: float
    log_factors: FloatArray
    log_terms: FloatArray


@dataclass(frozen=True, eq=False)
class ViterbiTerms:
    """δ_t(j) = max_i (δ_{t-1}(i) + log A[i, j]) + log b_j(x_t); first log π_j + log b_j(x_1).

    Attributes:
        before: (K,) δ of every state at the time before, in nats; at the first time (1,): 0.
        log_steps: (K,) log A[i, j]; at the first time (1,): log π_j.
        log_likelihood: log b_j(x_t), in nats.
        candidates: (K,) or (1,) the sums of the three.
        kept: (K,) or (1,) whether a candidate is the largest; several tie where more than one is,
            and none is kept where no way leads to the state. The others are dropped.
        total: the largest candidate, δ_t(j).
    """

    before: FloatArray
    log_steps: FloatArray
    log_likelihood: float
    candidates: FloatArray
    kept: BoolArray
    total: float


def forward_terms(messages: Messages, t: int, state: int) -> ForwardTerms:
    """Open α̂ of a state at time t: every way that leads to it.

    Raises:
        ValueError: when there is no such time or state.
    """
    t, state = time_of(messages, t), state_of(messages, state)
    log_initial, log_transition = log_parameters(messages.hmm)
    if t == 0:
        return opened_forward(messages, t, state, np.zeros(1), log_initial[state : state + 1])
    return opened_forward(
        messages, t, state, messages.log_filtered[t - 1], log_transition[:, state]
    )


def opened_forward(
    messages: Messages, t: int, state: int, log_before: FloatArray, log_steps: FloatArray
) -> ForwardTerms:
    """`ForwardTerms` of the n ways to a state at time t: logs (n,) of what precedes, of steps."""
    log_likelihood = messages.log_emissions[t, state]
    log_terms = log_before + log_steps + messages.log_gains[t, state]
    log_factors = _side_by_side(log_before, log_steps, log_likelihood)
    terms = np.exp(log_terms)
    return ForwardTerms(
        before=np.exp(log_before),
        steps=np.exp(log_steps),
        log_likelihood=float(log_likelihood),
        likelihood=float(number_of(log_likelihood)),
        products=number_of(log_factors.sum(axis=1)),
        log_scale=float(messages.log_scales[t]),
        scale=float(messages.scales[t]),
        terms=terms,
        total=float(terms.sum()),
        log_factors=log_factors,
        log_terms=log_terms,
    )


def backward_terms(messages: Messages, t: int, state: int) -> BackwardTerms:
    """Open β̂ of a state at time t: every way that leads on from it.

    Raises:
        ValueError: when there is no such time or state.
    """
    t, state = time_of(messages, t), state_of(messages, state)
    if t == messages.length - 1:
        one, zero = np.ones(1), np.zeros(1)
        return BackwardTerms(one, zero, one, one, one, 0.0, 1.0, one, 1.0, np.zeros((1, 3)), zero)
    log_steps = log_parameters(messages.hmm)[1][state]
    log_likelihoods, log_after = messages.log_emissions[t + 1], messages.log_backward[t + 1]
    log_factors = _side_by_side(log_steps, log_likelihoods, log_after)
    log_terms = log_steps + (messages.log_gains[t + 1] + log_after)
    terms = number_of(log_terms)
    return BackwardTerms(
        steps=messages.hmm.transition_matrix[state],
        log_likelihoods=log_likelihoods,
        likelihoods=number_of(log_likelihoods),
        after=messages.backward[t + 1],
        products=number_of(log_factors.sum(axis=1)),
        log_scale=float(messages.log_scales[t + 1]),
        scale=float(messages.scales[t + 1]),
        terms=terms,
        total=float(terms.sum()),
        log_factors=log_factors,
        log_terms=log_terms,
    )


def smoothed_terms(messages: Messages, t: int) -> SmoothedTerms:
    """Open γ of every state at time t: what the past says, times what the future adds.

    Raises:
        ValueError: when there is no such time.
    """
    t = time_of(messages, t)
    terms = messages.smoothed_probs[t]
    log_factors = _side_by_side(messages.log_filtered[t], messages.log_backward[t])
    return SmoothedTerms(
        messages.filtered_probs[t], messages.backward[t], terms, float(terms.sum()),
        log_factors, log_factors.sum(axis=1),
    )  # fmt: skip


def pair_terms(messages: Messages, t: int) -> PairTerms:
    """Open ξ of every pair of states at times t and t + 1: a table that sums to 1.

    Raises:
        ValueError: when there is no such time, or none after it.
    """
    t = time_of(messages, t)
    if t == messages.length - 1:
        raise ValueError(f"t is {t}, the last time; a pair needs a time after it.")
    log_steps = log_parameters(messages.hmm)[1]
    log_likelihoods, log_after = messages.log_emissions[t + 1], messages.log_backward[t + 1]
    log_before = messages.log_filtered[t][:, np.newaxis]
    log_terms = log_before + log_steps + (messages.log_gains[t + 1] + log_after)
    terms = np.exp(log_terms)
    return PairTerms(
        before=messages.filtered_probs[t],
        steps=messages.hmm.transition_matrix,
        log_likelihoods=log_likelihoods,
        likelihoods=number_of(log_likelihoods),
        after=messages.backward[t + 1],
        log_scale=float(messages.log_scales[t + 1]),
        scale=float(messages.scales[t + 1]),
        terms=terms,
        leaving=terms.sum(axis=1),
        arriving=terms.sum(axis=0),
        total=float(terms.sum()),
        log_factors=_side_by_side(log_before, log_steps, log_likelihoods, log_after),
        log_terms=log_terms,
    )


def viterbi_terms(messages: Messages, t: int, state: int) -> ViterbiTerms:
    """Open δ of a state at time t: every candidate, which is kept and which are dropped.

    Raises:
        ValueError: when there is no such time or state.
    """
    t, state = time_of(messages, t), state_of(messages, state)
    log_initial, log_transition = log_parameters(messages.hmm)
    log_likelihood = float(messages.log_emissions[t, state])
    if t == 0:
        before, log_steps = np.zeros(1), log_initial[state : state + 1]
        kept = log_steps > -np.inf
    else:
        before, log_steps = messages.viterbi_scores[t - 1], log_transition[:, state]
        kept = messages.back_pointers[t - 1, :, state]
    candidates = before + log_steps + log_likelihood
    return ViterbiTerms(
        before, log_steps, log_likelihood, candidates, kept, float(candidates.max())
    )


def _side_by_side(*logs: FloatArray) -> FloatArray:
    """Factors of any shapes that go together, along a further, last axis."""
    return np.stack(np.broadcast_arrays(*logs), axis=-1)


def number_of(logs: FloatArray) -> FloatArray:
    """The numbers whose logs these are: infinite beyond the largest double."""
    with np.errstate(over="ignore"):
        return np.exp(logs)


def time_of(messages: Messages, t: int) -> int:
    """A time of the sequence, or ValueError in one sentence."""
    t = as_count("t", t, minimum=0)
    if t >= messages.length:
        raise ValueError(f"t is {t}; the sequence has the times 0..{messages.length - 1}.")
    return t


def state_of(messages: Messages, state: int) -> int:
    """A state of the model, or ValueError in one sentence."""
    state = as_count("state", state, minimum=0)
    if state >= messages.hmm.num_states:
        raise ValueError(
            f"state is {state}; the model has the states 0..{messages.hmm.num_states - 1}."
        )
    return state
