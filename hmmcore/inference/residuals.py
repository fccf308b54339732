"""Pseudo-residuals: observations on a scale on which, under the model, they are standard normal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy
from numpy.random import Generator

from hmmcore.arrays import FloatArray, IntArray, quoted, require_generator
from hmmcore.compiling import kernel
from hmmcore.emissions.marginals import (
    NormalMarginals,
    PoissonMarginals,
    ProductMarginals,
    SymbolMarginals,
)
from hmmcore.inference.forecasting import predicted_state_probs
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences

KINDS = ("forecast", "ordinary")

MOST_CELLS = 1_000_000
"""Observations × states × dimensions that are worked on at once, so that arrays stay small."""

Tails = tuple[FloatArray, FloatArray]
"""log P(X <= x) and log P(X > x): each keeps its digits where the other is near zero."""


class DiscreteResiduals(NamedTuple):
    """Pseudo-residuals of counts or symbols, each (T, D); NaN where the observation is missing.

    The probability of one value is a step of the distribution, so it has a residual for each end of
    the step, and one for its middle.

    Attributes:
        lower: of P(X < x); -inf where that is zero.
        middle: of the mean of both.
        upper: of P(X <= x); inf where that is one.
    """

    lower: FloatArray
    middle: FloatArray
    upper: FloatArray

    def randomised(self, rng: Generator) -> FloatArray:
        """(T, D) residuals drawn evenly from each step: standard normal if the model is right."""
        require_generator(rng)
        # From the nearer tail, since near 1 the ends of a step differ by less than a double tells,
        # and in logarithms, since far out the tail itself is less than a double holds.
        side = np.where(self.lower > 0.0, -1.0, 1.0)
        first, last = (scipy.special.log_ndtr(side * end) for end in (self.lower, self.upper))
        share = rng.random(self.lower.shape)
        with np.errstate(divide="ignore", invalid="ignore"):  # a share may be 0, a value missing
            mixed = np.logaddexp(first + np.log1p(-share), last + np.log(share))
        found: FloatArray = side * scipy.special.ndtri_exp(np.minimum(mixed, 0.0))
        found = np.clip(found, self.lower, self.upper)  # by rounding it may lie outside
        # Where there is no step, as in a Gaussian part of a product, there is nothing to draw.
        return np.where(self.lower == self.upper, self.middle, found)


def pseudo_residuals(
    hmm: HMM, sequences: Sequences, kind: str = "forecast"
) -> FloatArray | DiscreteResiduals:
    """Where each observation stands in the distribution that the model gives it.

    That distribution's probability of a smaller value, as the quantile of a standard normal.
    Dimensions are taken one by one, given nothing of the same time. Symbols are ordered by their
    numbers.

    Args:
        kind: "forecast": given the observations before it; if the model is right, residuals of
            different times are independent. "ordinary": given all observations of other times,
            which shows outliers best.

    Returns:
        (T, D) residuals, NaN where the observation is missing; of counts and symbols, and of a
        `Product` that has any, `DiscreteResiduals`. All three are equal where a part is Gaussian.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.

    Source: Zucchini, MacDonald & Langrock (2016), "Hidden Markov Models for Time Series", chapter
    6; Dunn & Smyth (1996) for randomised ones.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {quoted(kind)}; it must be one of {KINDS}.")
    log_weights = _log_state_probs(hmm, sequences, kind)
    observations = sequences.observations
    marginals = hmm.emissions.marginals()
    if isinstance(marginals, ProductMarginals):
        are_steps = np.array([not isinstance(part, NormalMarginals) for part in marginals.parts])
    else:
        assert isinstance(marginals, NormalMarginals | PoissonMarginals | SymbolMarginals)
        are_steps = np.array([not isinstance(marginals, NormalMarginals)])
    if not are_steps.any():
        return _normal_quantiles(_mixed(log_weights, marginals, observations))
    below = _mixed(log_weights, marginals, observations - np.where(are_steps, 1.0, 0.0))
    up_to = _mixed(log_weights, marginals, observations)
    with np.errstate(invalid="ignore"):  # of what is missing
        middle = [np.logaddexp(a, b) - np.log(2.0) for a, b in zip(below, up_to, strict=True)]
    # Half of a sum of equals may differ from them by rounding.
    middle = [np.where(are_steps, half, whole) for half, whole in zip(middle, up_to, strict=True)]
    tails: list[Tails] = [below, (middle[0], middle[1]), up_to]
    return DiscreteResiduals(*map(_normal_quantiles, tails))


def _log_state_probs(hmm: HMM, sequences: Sequences, kind: str) -> FloatArray:
    """(T, K) log p(z_t = k) given x_1..x_{t-1}, or for "ordinary" given all but x_t."""
    predicted = predicted_state_probs(hmm, sequences)
    with np.errstate(divide="ignore"):
        log_weights: FloatArray = np.log(predicted)
    if kind == "ordinary":
        scores = hmm.emissions.log_likelihoods(sequences.observations)
        backward = np.empty_like(scores)
        _log_backward(log_parameters(hmm)[1], scores, sequences.offsets, backward)
        log_weights += backward
        log_weights -= scipy.special.logsumexp(log_weights, axis=1, keepdims=True)
    return log_weights


def _mixed(
    log_weights: FloatArray,
    marginals: NormalMarginals | PoissonMarginals | SymbolMarginals | ProductMarginals,
    values: FloatArray,
) -> Tails:
    """Tails (T, D) of mixtures over the states with log weights (T, K), at values (T, D)."""
    below, above = np.empty(values.shape), np.empty(values.shape)
    block = max(1, MOST_CELLS // (log_weights.shape[1] * values.shape[1]))
    for start in range(0, len(values), block):
        rows = slice(start, start + block)
        tails = marginals.log_tails(values[rows])
        for mixed, tail in zip((below, above), tails, strict=True):
            mixed[rows] = scipy.special.logsumexp(log_weights[rows, :, np.newaxis] + tail, axis=1)
    missing = np.isnan(values)
    below[missing] = above[missing] = np.nan
    return below, above


def _normal_quantiles(tails: Tails) -> FloatArray:
    """Quantiles of a standard normal, each from the smaller of its tails."""
    below, above = (np.minimum(tail, 0.0) for tail in tails)
    found: FloatArray = np.where(
        below < above, scipy.special.ndtri_exp(below), -scipy.special.ndtri_exp(above)
    )
    return found


@kernel()
def _log_backward(
    log_transition: FloatArray, scores: FloatArray, offsets: IntArray, backward: FloatArray
) -> None:
    """Fill backward (T, K) with log p(x_{t+1}..x_M | z_t = k), up to a constant of each time."""
    num_states = scores.shape[1]
    after = np.empty(num_states)
    for n in range(len(offsets) - 1):
        backward[offsets[n + 1] - 1] = 0.0
        for t in range(offsets[n + 1] - 2, offsets[n] - 1, -1):
            after[:] = scores[t + 1] + backward[t + 1]
            # Taken off, so that what differs between states keeps its digits.
            after -= after.max()
            for i in range(num_states):
                top = -np.inf
                for j in range(num_states):
                    top = max(top, log_transition[i, j] + after[j])
                total = 0.0
                if top > -np.inf:
                    for j in range(num_states):
                        total += np.exp(log_transition[i, j] + after[j] - top)
                backward[t, i] = top + np.log(total) if total > 0.0 else -np.inf
