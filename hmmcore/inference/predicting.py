"""What a model expects at a time before it sees the observation, beside what came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.emissions.marginals import Marginals, ProductMarginals, SymbolMarginals
from hmmcore.inference.message_passing import Messages
from hmmcore.inference.terms import number_of, time_of
from hmmcore.model import log_parameters


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the model expects at a time before it sees the observation, beside what came.

    Attributes:
        moves: (K, K) [i, j] α̂_{t-1}(i) × A[i, j]; at the first time (1, K): π.
        state_probs: (K,) the sums of its columns: p(z_t = j | x_1..x_{t-1}).
        observation: (D,) what came; NaN where it is missing.
        means, standard_deviations: (D,) of x_t given x_1..x_{t-1}, in units of the data: the mean
            of counts is the expected rate. None for symbols, and NaN where they are a part.
        symbol_probs: (C,) p(x_t = c | x_1..x_{t-1}) of symbols; None for numbers.
        part_symbol_probs: of a `Product` the same for each part, None where it holds numbers; None
            for others.
        log_likelihoods, likelihoods: (K,) log b_j(x_t), in nats, and b_j(x_t) of what came.
        terms: (K,) state_probs × likelihoods: p(x_t, z_t = j | x_1..x_{t-1}).
        log_total, total: log c_t, in nats, and c_t: the sum of the terms, how much the observation
            was expected; a density of numbers, and 1 where it is missing.
    """

    moves: FloatArray
    state_probs: FloatArray
    observation: FloatArray
    means: FloatArray | None
    standard_deviations: FloatArray | None
    symbol_probs: FloatArray | None
    part_symbol_probs: tuple[FloatArray | None, ...] | None
    log_likelihoods: FloatArray
    likelihoods: FloatArray
    terms: FloatArray
    log_total: float
    total: float


def prediction(messages: Messages, t: int) -> Prediction:
    """What is expected at time t from all observations before it, beside what came.

    Raises:
        ValueError: when there is no such time.
    """
    t = time_of(messages, t)
    hmm, state_probs = messages.hmm, messages.predicted_probs[t]
    moves = hmm.initial_probs[np.newaxis]
    if t > 0:
        moves = np.exp(messages.log_filtered[t - 1][:, np.newaxis] + log_parameters(hmm)[1])
    marginals = hmm.emissions.marginals()
    means = deviations = symbol_probs = of_parts = None
    if isinstance(marginals, SymbolMarginals):
        symbol_probs = state_probs @ marginals.probs
    elif isinstance(marginals, ProductMarginals):
        of_parts = tuple(
            state_probs @ part.probs if isinstance(part, SymbolMarginals) else None
            for part in marginals.parts
        )
        moments = [_moments(part, state_probs) for part in marginals.parts]
        means, deviations = (np.concatenate(column) for column in zip(*moments, strict=True))
    else:
        means, deviations = _moments(marginals, state_probs)
    log_likelihoods = messages.log_emissions[t]
    return Prediction(
        moves=moves,
        state_probs=state_probs,
        observation=messages.sequence.observations[t],
        means=means,
        standard_deviations=deviations,
        symbol_probs=symbol_probs,
        part_symbol_probs=of_parts,
        log_likelihoods=log_likelihoods,
        likelihoods=number_of(log_likelihoods),
        terms=number_of(messages.log_predicted[t] + log_likelihoods),
        log_total=float(messages.log_scales[t]),
        total=float(messages.scales[t]),
    )


def _moments(marginals: Marginals, state_probs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (D,) of a mixture over the states; NaN (1,) of symbols."""
    if isinstance(marginals, SymbolMarginals | ProductMarginals):
        return np.full(1, np.nan), np.full(1, np.nan)
    means = state_probs @ marginals.means
    variances = state_probs @ (marginals.variances + (marginals.means - means) ** 2)
    return means, np.sqrt(variances)
