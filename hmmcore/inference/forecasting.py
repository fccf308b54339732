"""What comes next: states and observations after the last one of every sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hmmcore.arrays import FloatArray, as_count, as_number
from hmmcore.emissions.marginals import Marginals, ProductMarginals, SymbolMarginals
from hmmcore.inference.paths import filter_in_log_space
from hmmcore.inference.posterior import smooth
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps import kernels
from hmmcore.sweeps.chunks import Chunk, chunked, in_turns
from hmmcore.sweeps.row_sweep import filter_chunk
from hmmcore.sweeps.sweep import ImpossibleDataError, require_compatible


@dataclass(frozen=True)
class Forecast:
    """What is expected 1, 2, .., h steps after the last observation of every sequence.

    Intervals take the model's parameters as known, and each dimension by itself.

    Attributes:
        state_probs: (N, h, K): p(z_{M+s} = k | x_1..x_M) for s = 1..h.
        level: the probability with which an interval holds the observation.
        means, standard_deviations: (N, h, D) of x_{M+s} given x_1..x_M, in units of the data;
            None for symbols.
        lower, upper: (N, h, D) ends of the central interval: an observation lies below it, and
            above it, with probability (1 - level) / 2 each. Counts are whole, so for them these
            are the narrowest ends with at most that outside. None for symbols.
        symbol_probs: (N, h, C): p(x_{M+s} = c | x_1..x_M) of symbols; None for numbers.
        parts: of a `Product` the forecast of each dimension by itself; None for others. Its
            `symbol_probs` are those of its parts, and its means, deviations and ends are NaN where
            a dimension holds symbols.
    """

    state_probs: FloatArray
    level: float
    means: FloatArray | None = None
    standard_deviations: FloatArray | None = None
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    symbol_probs: FloatArray | None = None
    parts: tuple[Forecast, ...] | None = None


def forecast(hmm: HMM, sequences: Sequences, steps: int = 1, level: float = 0.9) -> Forecast:
    """Forecast states and observations after the end of every sequence, `steps` steps ahead.

    States follow from the filtered probabilities of the last time by powers of A (prediction;
    Rabiner 1989, section III.A); observations are mixtures of the states' distributions.

    Args:
        steps: h, how many steps ahead.
        level: of the intervals, strictly between 0 and 1.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero; nothing follows from
            what cannot happen.
    """
    require_compatible(hmm, sequences)
    steps = as_count("steps", steps)
    level = as_number(
        "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
    )
    state_probs = np.empty((len(sequences), steps, hmm.num_states))
    present = last_filtered_probs(hmm, sequences)
    for s in range(steps):
        present = present @ hmm.transition_matrix
        state_probs[:, s] = present
    return _mixed(hmm.emissions.marginals(), state_probs, level)


def _mixed(marginals: Marginals, state_probs: FloatArray, level: float) -> Forecast:
    """The forecast from the states' distributions and probabilities (N, h, K)."""
    if isinstance(marginals, SymbolMarginals):
        return Forecast(state_probs, level, symbol_probs=state_probs @ marginals.probs)
    if isinstance(marginals, ProductMarginals):
        parts = tuple(_mixed(part, state_probs, level) for part in marginals.parts)
        return Forecast(state_probs, level, **_side_by_side(parts), parts=parts)

    weights = state_probs.reshape(-1, state_probs.shape[2])

    def spread_out(values: FloatArray) -> FloatArray:
        return values.reshape(*state_probs.shape[:2], -1)

    means = weights @ marginals.means
    gaps = marginals.means - means[:, np.newaxis]
    variances = weights @ marginals.variances + np.einsum("qk,qkd->qd", weights, gaps**2)
    lower, upper = marginals.interval(weights, 0.5 * (1.0 - level))
    return Forecast(
        state_probs,
        level,
        spread_out(means),
        spread_out(np.sqrt(variances)),
        spread_out(lower),
        spread_out(upper),
    )


def _side_by_side(parts: tuple[Forecast, ...]) -> dict[str, Any]:
    """Means, deviations and ends (N, h, D) of forecasts of one dimension; NaN of symbols."""
    found: dict[str, Any] = {}
    for name in ("means", "standard_deviations", "lower", "upper"):
        columns: list[FloatArray | None] = [getattr(part, name) for part in parts]
        if all(column is None for column in columns):
            continue
        nothing = np.full((*parts[0].state_probs.shape[:2], 1), np.nan)
        found[name] = np.concatenate([nothing if one is None else one for one in columns], axis=2)
    return found


def predicted_state_probs(hmm: HMM, sequences: Sequences) -> FloatArray:
    """(T, K) p(z_t = k | x_1..x_{t-1}): what is expected of every time before it is observed.

    Raises:
        ImpossibleDataError: naming the first sequence that is impossible, and where.
    """
    posterior = smooth(hmm, sequences)
    impossible = np.flatnonzero(posterior.log_likelihoods == -np.inf)
    if len(impossible):
        n = int(impossible[0])
        rows = slice(sequences.offsets[n], sequences.offsets[n + 1])
        unknown = np.isnan(posterior.filtered_probs[rows]).any(axis=1)
        raise ImpossibleDataError(n, int(unknown.argmax()))
    predicted = np.empty_like(posterior.filtered_probs)
    predicted[1:] = posterior.filtered_probs[:-1] @ hmm.transition_matrix
    predicted[sequences.offsets[:-1]] = hmm.initial_probs
    return predicted


def last_filtered_probs(hmm: HMM, sequences: Sequences) -> FloatArray:
    """(N, K) p(z_M = k | x_1..x_M) at the end of every sequence.

    Raises:
        ImpossibleDataError: naming the first sequence that is impossible, and where.
    """
    found = np.empty((len(sequences), hmm.num_states))
    impossible_at = np.full(len(sequences), -1)

    def filter_to_the_end(chunk: Chunk) -> None:
        filtered = np.empty((chunk.num_rows, hmm.num_states))
        *_, status = filter_chunk(hmm, chunk, filtered)
        last = chunk.offsets[1:] - 1
        ends = filtered[last]
        times = np.where(status[:, 0] == kernels.IMPOSSIBLE, status[:, 1] - chunk.offsets[:-1], -1)
        for n in np.flatnonzero(status[:, 0] == kernels.RESCUE):
            rows = slice(chunk.offsets[n], chunk.offsets[n + 1])
            explained = filter_in_log_space(hmm, chunk.observations[rows], filtered[rows])
            if explained < len(filtered[rows]):
                times[n] = explained
            else:
                ends[n] = np.exp(filtered[last[n]])
                ends[n] /= ends[n].sum()
        found[chunk.sequences] = ends
        impossible_at[chunk.sequences] = times

    in_turns(filter_to_the_end, list(chunked(sequences, hmm.num_states)))
    impossible = np.flatnonzero(impossible_at >= 0)
    if len(impossible):
        raise ImpossibleDataError(int(impossible[0]), int(impossible_at[impossible[0]]))
    return found
