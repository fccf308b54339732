"""Categorical emissions: one of C symbols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    any_missing,
    as_permutation,
    probability_rows,
    softmax,
)
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.marginals import SymbolMarginals
from hmmcore.values import Value


@dataclass(frozen=True, eq=False)
class Categorical(Value):
    """p(x = c | z = k) = probs[k, c] for symbols c = 0..C-1, observed one at a time (D = 1).

    Attributes:
        probs: B (K, C); each row sums to one. A zero is a symbol that the state never emits.

    Raises:
        ValueError: when a row is not a distribution; the message names it and its sum.
    """

    probs: FloatArray

    parameter_names: ClassVar[tuple[str, ...]] = ("probs",)
    parameter_of: ClassVar[Mapping[str, str]] = {"symbol_logits": "probs"}
    num_dimensions: ClassVar[int] = 1

    def __init__(self, probs: ArrayLike) -> None:
        object.__setattr__(self, "probs", probability_rows("probs", probs, ndim=2))

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return len(self.probs)

    @property
    def num_symbols(self) -> int:
        """Number of symbols, C."""
        return int(self.probs.shape[1])

    def permute(self, permutation: ArrayLike) -> Categorical:
        """New state k is old state permutation[k]."""
        return Categorical(self.probs[as_permutation(permutation, self.num_states)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Categorical):
            return NotImplemented
        return np.array_equal(self.probs, other.probs)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """Raise ValueError naming the first observation that is neither in 0..C-1 nor missing."""
        values = observations[:, 0]
        symbol = (values >= 0) & (values < self.num_symbols) & (values == np.floor(values))
        bad = np.flatnonzero(~(symbol | np.isnan(values)))
        if len(bad):
            raise ValueError(
                f"observations row {bad[0]} is {values[bad[0]]:g}; a symbol must be a whole "
                f"number in 0..{self.num_symbols - 1}."
            )

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) log-probabilities, in nats; -inf for a symbol that is never emitted.

        A missing symbol scores 0.
        """
        by_symbol = np.zeros((self.num_symbols + 1, self.num_states))
        with np.errstate(divide="ignore"):
            np.log(self.probs.T, out=by_symbol[:-1])
        return by_symbol[self._symbols(observations)]

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one symbol for each state (T,): returns (T, 1)."""
        upper_edges = np.cumsum(self.probs, axis=1)
        # The last possible symbol owns everything up to one, whatever rounding did to the sum.
        last = self.num_symbols - 1 - np.argmax(self.probs[:, ::-1] > 0.0, axis=1)
        for k, symbol in enumerate(last):
            upper_edges[k, symbol:] = 1.0
        draws = rng.random(len(states))
        symbols = np.empty((len(states), 1))
        for k in range(self.num_states):
            here = states == k
            symbols[here, 0] = np.searchsorted(upper_edges[k], draws[here], side="right")
        return symbols

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected "counts" (K, C) of each symbol in each state, and their sums "weights" (K,)."""
        counts = np.zeros((self.num_symbols + 1, self.num_states))
        _accumulate_symbols(self._symbols(observations), weights, counts)
        counts = np.ascontiguousarray(counts[:-1].T)
        return {"weights": counts.sum(axis=1), "counts": counts}

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Categorical, tuple[Remedy, ...]]:
        """M-step: the share of each symbol; a state without data keeps its row."""
        totals = statistics["counts"].sum(axis=1, keepdims=True)
        alive = totals > EMPTY_WEIGHT
        remedies = tuple(Remedy(int(k), "empty_state") for k in np.flatnonzero(~alive))
        if "probs" not in trainable:
            return self, remedies
        shares = statistics["counts"] / np.where(alive, totals, 1.0)
        return Categorical(np.where(alive, shares, self.probs)), remedies

    def unconstrained(self) -> EmissionStatistics:
        """Softmax logits (K, C); -inf for a symbol that is never emitted."""
        with np.errstate(divide="ignore"):
            return {"symbol_logits": np.log(self.probs)}

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Categorical, tuple[Remedy, ...]]:
        """Undo `unconstrained`."""
        if "probs" not in trainable:
            return self, ()
        return Categorical(softmax(parameters["symbol_logits"])), ()

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the logits: expected counts minus those that the present row predicts."""
        counts = statistics["counts"]
        return {"symbol_logits": counts - counts.sum(axis=1, keepdims=True) * self.probs}

    def smallest_variances(self) -> FloatArray:
        """A symbol has no variance that could collapse."""
        return np.full(self.num_states, np.inf)

    def condition_numbers(self) -> FloatArray:
        """(K,) ones: scores are looked up, and nothing amplifies rounding."""
        return np.ones(self.num_states)

    def marginals(self) -> SymbolMarginals:
        """The distribution of the symbol, for each state."""
        return SymbolMarginals(self.probs)

    def num_free(self) -> dict[str, int]:
        """Count free parameters: a row's symbols that are not ruled out, less one."""
        return {"probs": int(np.count_nonzero(self.probs)) - self.num_states}

    def distances(self, other: Categorical) -> FloatArray:
        """Jensen-Shannon divergences (K, K) in nats between the states of two values.

        Finite also where one state emits a symbol that the other never does.
        """
        left, right = self.probs[:, np.newaxis], other.probs[np.newaxis]
        middle = 0.5 * (left + right)
        return 0.5 * (_divergence(left, middle) + _divergence(right, middle))

    def _symbols(self, observations: FloatArray) -> IntArray:
        """The symbols (T,), C where one is missing."""
        values = observations[:, 0]
        if any_missing(observations):
            values = np.where(np.isnan(values), self.num_symbols, values)
        return values.astype(np.int64)


def _divergence(probs: FloatArray, middle: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence over the last axis; zeros in `probs` contribute nothing."""
    ratio = np.divide(probs, middle, out=np.ones_like(middle), where=probs > 0.0)
    return np.asarray((probs * np.log(ratio)).sum(axis=-1))


@kernel()
def _accumulate_symbols(symbols: IntArray, weights: FloatArray, counts: FloatArray) -> None:
    """Add the weights (T, K) of each time to the row of its symbol in counts (C, K)."""
    for t in range(len(symbols)):
        for k in range(weights.shape[1]):
            counts[symbols[t], k] += weights[t, k]
