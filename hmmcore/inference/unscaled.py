"""Messages without scaling, and with a transition too many: what goes wrong, to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray
from hmmcore.inference.message_passing import Messages
from hmmcore.inference.terms import ForwardTerms, opened_forward, state_of
from hmmcore.model import HMM, log_parameters


@dataclass(frozen=True, eq=False)
class Unscaled:
    """The recursions as they are written before anybody scales them, in double precision.

    Attributes:
        forward: α (M, K): p(x_1..x_t, z_t = k), computed by multiplying numbers.
        backward: β (M, K): p(x_{t+1}..x_M | z_t = k), likewise.
        log_forward, log_backward: (M, K) what their logs should be, in nats, from the messages
            that cannot underflow.
        forward_lost: the first time at which every α is 0, or one is no number any more because it
            passed the largest double; None where there is none.
        backward_lost: the same of β, which runs backwards: the last such time.
    """

    forward: FloatArray
    backward: FloatArray
    log_forward: FloatArray
    log_backward: FloatArray
    forward_lost: int | None
    backward_lost: int | None


def unscaled_messages(messages: Messages) -> Unscaled:
    """Pass the messages again without scale factors, so that they underflow in long sequences.

    α falls by about the same factor at every time: some hundred observations suffice to reach
    1e-308, below which a double loses its digits, and then 0. Small densities take fewer, and
    densities above 1 grow instead, beyond 1e308.
    """
    transition = messages.hmm.transition_matrix
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        likelihoods = np.exp(messages.log_emissions)
        forward, backward = np.empty(likelihoods.shape), np.ones(likelihoods.shape)
        forward[0] = messages.hmm.initial_probs * likelihoods[0]
        for t in range(1, messages.length):
            forward[t] = (forward[t - 1] @ transition) * likelihoods[t]
        for t in range(messages.length - 2, -1, -1):
            backward[t] = transition @ (likelihoods[t + 1] * backward[t + 1])
    lost = np.flatnonzero(_is_lost(forward))
    lost_backward = np.flatnonzero(_is_lost(backward))
    log_likelihoods = np.cumsum(messages.log_scales)
    after = log_likelihoods[-1] - log_likelihoods
    return Unscaled(
        forward,
        backward,
        messages.log_filtered + log_likelihoods[:, np.newaxis],
        messages.log_backward + after[:, np.newaxis],
        int(lost[0]) if len(lost) else None,
        int(lost_backward[-1]) if len(lost_backward) else None,
    )


def _is_lost(values: FloatArray) -> BoolArray:
    return np.asarray((values == 0.0).all(axis=1) | ~np.isfinite(values).all(axis=1))


def transition_first(hmm: HMM) -> HMM:
    """The model that a forward pass has in mind which moves once before the first observation.

    A fault that is easily made: α_1(j) = Σ_i π_i A[i, j] b_j(x_1) in place of π_j b_j(x_1), as in
    the notebook that this project grew from. It takes π A for the distribution of the first state;
    its messages are those of this model, and everything that follows differs, unless π A = π.
    """
    return HMM(hmm.initial_probs @ hmm.transition_matrix, hmm.transition_matrix, hmm.emissions)


def transition_first_terms(messages: Messages, hmm: HMM, state: int) -> ForwardTerms:
    """Open the first α̂ of a state in the faulty pass: K terms where there should be one.

    Args:
        messages: those of `transition_first(hmm)`.
        hmm: the model with its own π.

    Raises:
        ValueError: when the messages are of another model, or there is no such state.
    """
    if messages.hmm != transition_first(hmm):
        raise ValueError(
            "the messages are of another model; they must be of transition_first(hmm)."
        )
    state = state_of(messages, state)
    log_initial, log_transition = log_parameters(hmm)
    return opened_forward(messages, 0, state, log_initial, log_transition[:, state])
