"""The model: initial probabilities, a transition matrix and emission distributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, as_permutation, probability_rows, quoted
from hmmcore.emissions import Emissions
from hmmcore.values import Value


@dataclass(frozen=True, eq=False)
class HMM(Value):
    """A hidden Markov model with K states: a frozen value.

    Attributes:
        initial_probs: π (K,): p(z_1 = k), the state that emits the first observation.
        transition_matrix: A (K, K): A[i, j] = p(z_t = j | z_{t-1} = i).
        emissions: p(x_t | z_t = k), for example `Gaussian`.

    Raises:
        ValueError: when a distribution does not sum to one or shapes disagree; the message
            names the field, the row and its sum.
    """

    initial_probs: FloatArray
    transition_matrix: FloatArray
    emissions: Emissions

    def __init__(
        self, initial_probs: ArrayLike, transition_matrix: ArrayLike, emissions: Emissions
    ) -> None:
        initial = probability_rows("initial_probs", initial_probs, ndim=1)
        transition = probability_rows("transition_matrix", transition_matrix, ndim=2)
        num_states = len(initial)
        if transition.shape != (num_states, num_states):
            raise ValueError(
                f"transition_matrix has shape {transition.shape}; initial_probs has {num_states} "
                f"states, so it must be ({num_states}, {num_states})."
            )
        # A class has the attribute too, but not the number.
        if not isinstance(getattr(emissions, "num_states", None), (int, np.integer)):
            raise ValueError(
                f"emissions is {quoted(emissions)}; it must be a family with its parameters, such "
                "as Gaussian(means, covariances)."
            )
        if emissions.num_states != num_states:
            raise ValueError(
                f"emissions have {emissions.num_states} states; initial_probs has {num_states}."
            )
        object.__setattr__(self, "initial_probs", initial)
        object.__setattr__(self, "transition_matrix", transition)
        object.__setattr__(self, "emissions", emissions)

    @property
    def num_states(self) -> int:
        """K, the number of hidden states."""
        return len(self.initial_probs)

    def permute(self, permutation: ArrayLike) -> HMM:
        """Return the same model with state k renamed: new state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        return HMM(
            self.initial_probs[order],
            self.transition_matrix[np.ix_(order, order)],
            self.emissions.permute(order),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HMM):
            return NotImplemented
        return (
            np.array_equal(self.initial_probs, other.initial_probs)
            and np.array_equal(self.transition_matrix, other.transition_matrix)
            and self.emissions == other.emissions
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash


def log_parameters(hmm: HMM) -> tuple[FloatArray, FloatArray]:
    """Log of π (K,) and A (K, K); -inf where zero."""
    with np.errstate(divide="ignore"):
        return np.log(hmm.initial_probs), np.log(hmm.transition_matrix)
