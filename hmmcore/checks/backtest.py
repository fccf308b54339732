"""Forecasts of the last part of the data, one step ahead, beside what came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray, as_number
from hmmcore.emissions.marginals import (
    Marginals,
    NormalMarginals,
    PoissonMarginals,
    ProductMarginals,
    SymbolMarginals,
)
from hmmcore.inference import predicted_state_probs
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible
from hmmcore.training import EM, Trainer, fit

MAX_ITERATIONS, TOLERANCE = 1000, 1e-8
"""Of the fit to the first part."""

NO_SYMBOL = -1


@dataclass(frozen=True, eq=False)
class Backtest:
    """One-step forecasts of Q observations at the ends of sequences, beside what came.

    Each is made from everything before it, in the last part too; the model stays the same.

    Attributes:
        hmm: the model that forecast.
        fitted_without: whether it was fitted to the first part alone, by `backtest` itself; False
            where it was given, and may have been fitted to what it forecasts.
        level: the probability with which an interval should hold the observation.
        rows: (Q,) which observations, as places in all sequences one after the other.
        sequence, times: (Q,) the sequence, and the time in it; 0-based.
        observed: (Q, D) what came; NaN where it is missing.
        expected_coverage: (D,) the share that should be inside: `level`, and more of counts, whose
            intervals end at whole numbers; of symbols that should be the most probable.
        coverage: (D,) the share of what came that lies inside; of symbols, that was the most
            probable. NaN where nothing came.
        noise: (D,) the standard deviation that chance alone gives that share, were the model right.
        num_observed: (D,) how many came.
        means, lower, upper: (Q, D) the forecast, and the ends of its interval; NaN of symbols, and
            None where there is nothing else.
        inside: (Q, D) whether what came lies inside, or was the most probable symbol; False where
            it is missing.
        probabilities: (Q, D) p(x_t | x_1..x_{t-1}) of the symbol that came; NaN of numbers, and
            None where there is nothing else.
        symbols: (Q, D) the most probable symbol; -1 of numbers, and None likewise.
    """

    hmm: HMM
    fitted_without: bool
    level: float
    rows: IntArray
    sequence: IntArray
    times: IntArray
    observed: FloatArray
    inside: BoolArray
    num_observed: IntArray
    coverage: FloatArray
    expected_coverage: FloatArray
    noise: FloatArray
    means: FloatArray | None = None
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    probabilities: FloatArray | None = None
    symbols: IntArray | None = None

    def is_symbol(self, dimension: int) -> bool:
        """Whether a dimension has symbols."""
        return self.symbols is not None and bool((self.symbols[:, dimension] != NO_SYMBOL).all())


def backtest(
    hmm: HMM,
    sequences: Sequences,
    held_out_share: float = 0.1,
    level: float = 0.9,
    trainer: Callable[[Sequences], Trainer] | None = None,
    *,
    refit: bool = False,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    stopped: Callable[[], bool] | None = None,
) -> Backtest:
    """Forecast the last part of each sequence, one step ahead, and count how often it came so.

    Args:
        hmm: the model; as it is given, it may have been fitted to the last part too.
        held_out_share: the share of each sequence, rounded, at least one observation; a sequence
            of one observation has no last part.
        level: of the intervals.
        trainer: with `refit`, makes the trainer of the first part; None is EM.
        refit: fit to the first part alone, from `hmm` on, and forecast with what comes of it.
        max_iterations, tolerance: of that fit.
        stopped: asked before each of its steps; where it says True, it ends there.

    Raises:
        ValueError: when no sequence has two observations, the last part is wholly missing, or the
            first part cannot be fitted.
        ImpossibleDataError: when the model gives a sequence probability zero.
    """
    require_compatible(hmm, sequences)
    share, level = (
        as_number(name, value, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1")
        for name, value in (("held_out_share", held_out_share), ("level", level))
    )
    held = np.clip(np.rint(share * sequences.lengths), 1, sequences.lengths - 1).astype(np.int64)
    if not held.any():
        raise ValueError(
            "every sequence has 1 observation; to forecast the last part one needs at least 2."
        )
    first = np.repeat(sequences.offsets[1:] - held, sequences.lengths)
    rows = np.flatnonzero(np.arange(sequences.num_observations) >= first)
    observed = sequences.observations[rows]
    if np.isnan(observed).all():
        raise ValueError(
            "everything in the last part is missing, so no forecast can be judged; hold out more."
        )
    if refit:
        kept = np.delete(sequences.observations, rows, axis=0)
        begun = (trainer or EM)(Sequences(kept, sequences.lengths - held))
        hmm = fit(begun, hmm, max_iterations, tolerance, cancelled=stopped).hmm
    weights = predicted_state_probs(hmm, sequences)[rows]
    marginals = hmm.emissions.marginals()
    parts = marginals.parts if isinstance(marginals, ProductMarginals) else (marginals,)
    columns = np.split(observed, len(parts), axis=1)
    judged = [_judged(*one, weights, level) for one in zip(parts, columns, strict=True)]
    there = ~np.isnan(observed)
    inside = there & np.concatenate([one.inside for one in judged], axis=1)
    chance = np.concatenate([one.chance for one in judged], axis=1)
    number = there.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        coverage = inside.sum(axis=0) / number
        expected = np.where(there, chance, 0.0).sum(axis=0) / number
        noise = np.sqrt(np.where(there, chance * (1.0 - chance), 0.0).sum(axis=0)) / number
    sequence = np.repeat(np.arange(len(sequences)), held)
    have_numbers = any(not isinstance(part, SymbolMarginals) for part in parts)
    have_symbols = any(isinstance(part, SymbolMarginals) for part in parts)
    means, lower, upper = (
        np.concatenate([getattr(one, name) for one in judged], axis=1) if have_numbers else None
        for name in ("means", "lower", "upper")
    )
    probabilities, symbols = (
        np.concatenate([getattr(one, name) for one in judged], axis=1) if have_symbols else None
        for name in ("probabilities", "symbols")
    )
    return Backtest(
        hmm, refit, level, rows, sequence, rows - sequences.offsets[:-1][sequence], observed,
        inside, number, coverage, expected, noise, means, lower, upper, probabilities, symbols,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Judged:
    """Forecasts of some dimensions, each (Q, D): NaN, and symbol -1, where they have no such."""

    inside: BoolArray
    chance: FloatArray
    means: FloatArray
    lower: FloatArray
    upper: FloatArray
    probabilities: FloatArray
    symbols: IntArray


def _judged(
    marginals: Marginals, observed: FloatArray, weights: FloatArray, level: float
) -> _Judged:
    """Forecasts of dimensions of one kind beside what came, with state probabilities (Q, K)."""
    nothing, no_symbol = np.full(observed.shape, np.nan), np.full(observed.shape, NO_SYMBOL)
    if isinstance(marginals, SymbolMarginals):
        probs = weights @ marginals.probs
        symbols = probs.argmax(axis=1, keepdims=True)
        there = ~np.isnan(observed)
        came = np.where(there, observed, 0.0).astype(np.int64)
        given = np.where(there, np.take_along_axis(probs, came, axis=1), np.nan)
        likeliest = probs.max(axis=1, keepdims=True)
        return _Judged(symbols == came, likeliest, nothing, nothing, nothing, given, symbols)
    assert isinstance(marginals, NormalMarginals | PoissonMarginals)
    lower, upper = marginals.interval(weights, 0.5 * (1.0 - level))
    with np.errstate(invalid="ignore"):
        inside = (lower <= observed) & (observed <= upper)
    below = lower - 1.0 if isinstance(marginals, PoissonMarginals) else lower
    outside = np.exp(marginals.log_tails(below)[0]) + np.exp(marginals.log_tails(upper)[1])
    chance = 1.0 - np.einsum("qk,qkd->qd", weights, outside)
    means = weights @ marginals.means
    return _Judged(inside, chance, means, lower, upper, nothing, no_symbol)
