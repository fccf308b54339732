"""Whether forecast pseudo-residuals are what the model says: independent, and standard normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, IntArray, as_count, as_number
from hmmcore.checks.correlation import autocorrelation
from hmmcore.inference import DiscreteResiduals
from hmmcore.sequences import Sequences

NUM_LAGS = 20

MOST_POINTS = 2000
"""Of a QQ plot, those at both ends among them."""

FEWEST_PAIRS = 0.5
"""Of those of the lag with most: what fewer have to say is left out of the test of all lags."""

FEWEST = 8
"""Residuals of a dimension: of fewer the test of normality says nothing, its p is NaN."""


@dataclass(frozen=True, eq=False)
class ResidualCheck:
    """What forecast pseudo-residuals should look like, and do, dimension by dimension.

    Attributes:
        residuals: (T, D) what was looked at; of counts and symbols drawn evenly from their steps.
        seed: of that draw; None of residuals that are numbers.
        level: of the bounds.
        fitted: whether means and spreads of the model were fitted to these data.
        num_residuals: (D,) how many there are.
        autocorrelation: (D, L) at lags 1..L, of pairs within one sequence; NaN where there is none.
        squared_autocorrelation: (D, L) of the squares: where it is large, there are calm times and
            wild ones that the states do not tell apart.
        bound: (D, L) an independent residual's autocorrelation lies between minus this and this
            with a probability of about `level`, each lag by itself.
        portmanteau, portmanteau_p: (D,) Ljung and Box's statistic of all lags together, but for
            those with fewer than half as many pairs as the lag with most, and how probable one so
            large is of independent residuals. With fitted parameters it errs upwards.
        theoretical, ordered: for each dimension, (n,) quantiles of a standard normal, and the
            residuals in order: the points of a QQ plot. Of very many residuals some of them, all at
            both ends.
        lower, upper: for each dimension, (n,) between which the point lies with a probability of
            `level`, each by itself.
        normality: (D,) the statistic of Anderson and Darling.
        normality_p: (D,) how probable one so large is. Of a fitted model mean and spread of the
            residuals are taken as estimated, which is exact for one normal state; more states
            fit away more, so that it errs upwards: a small p is a sign of misfit, a large one no
            proof of fit.
        moments_p: (D,) how probable a mean and a spread as far from 0 and 1 together are. Of a
            fitted model they are nearer than by chance, so that it errs upwards.
    """

    residuals: FloatArray
    seed: int | None
    level: float
    fitted: bool
    num_residuals: IntArray
    autocorrelation: FloatArray
    squared_autocorrelation: FloatArray
    bound: FloatArray
    portmanteau: FloatArray
    portmanteau_p: FloatArray
    theoretical: tuple[FloatArray, ...]
    ordered: tuple[FloatArray, ...]
    lower: tuple[FloatArray, ...]
    upper: tuple[FloatArray, ...]
    normality: FloatArray
    normality_p: FloatArray
    moments_p: FloatArray

    def outside(self) -> IntArray:
        """(D,) how many autocorrelations are beyond their bound."""
        with np.errstate(invalid="ignore"):
            return np.asarray((np.abs(self.autocorrelation) > self.bound).sum(axis=1))


def residual_check(
    residuals: FloatArray | DiscreteResiduals,
    sequences: Sequences,
    num_lags: int = NUM_LAGS,
    level: float = 0.95,
    seed: int = 0,
    fitted: bool = True,
) -> ResidualCheck:
    """Look at the forecast pseudo-residuals of a model; ordinary ones are not independent.

    Args:
        residuals: what `pseudo_residuals(hmm, sequences)` gave.
        sequences: the data, whose lengths count.
        num_lags: L, at most; no more than the longest sequence has.
        level: of the bounds.
        seed: of the draw from each step of counts and symbols.
        fitted: whether means and spreads of the model were fitted to these data; False where it
            never met them, or where some of these were known.

    Raises:
        ValueError: when there are not as many residuals as observations, or none at all.

    Source: Anderson & Darling (1954), with the distribution of Marsaglia & Marsaglia (2004) where
    nothing is fitted and of Stephens (1986) where mean and spread are; Ljung & Box (1978).
    """
    level = as_number(
        "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
    )
    num_lags = min(as_count("num_lags", num_lags), sequences.longest - 1)
    drawn = isinstance(residuals, DiscreteResiduals)
    seed = as_count("seed", seed, minimum=0)
    if isinstance(residuals, DiscreteResiduals):
        values = residuals.randomised(np.random.default_rng(seed))
    else:
        values = np.asarray(residuals, dtype=np.float64)
    if values.shape != sequences.observations.shape:
        raise ValueError(
            f"residuals have shape {values.shape} and the observations "
            f"{sequences.observations.shape}; there must be a residual for each."
        )
    there = ~np.isnan(values)
    if not there.any():
        raise ValueError("every observation is missing, so there is no residual to look at.")
    correlation, counts = autocorrelation(values, sequences.lengths, num_lags)
    with np.errstate(invalid="ignore"):
        squared, _ = autocorrelation(values**2, sequences.lengths, num_lags)
    quantile = float(scipy.special.ndtri(0.5 + 0.5 * level))
    with np.errstate(divide="ignore"):
        bound = quantile / np.sqrt(counts)
    num_residuals = there.sum(axis=0)
    statistic, p = _portmanteau(correlation, counts)
    ordered = tuple(np.sort(values[there[:, d], d]) for d in range(values.shape[1]))
    ranks = [_ranks(len(one)) for one in ordered]
    points = [_quantiles(rank, len(one), level) for rank, one in zip(ranks, ordered, strict=True)]
    tests = [_normality(one, fitted) for one in ordered]
    return ResidualCheck(
        residuals=values,
        seed=seed if drawn else None,
        level=level,
        fitted=fitted,
        num_residuals=num_residuals,
        autocorrelation=correlation,
        squared_autocorrelation=squared,
        bound=bound,
        portmanteau=statistic,
        portmanteau_p=p,
        theoretical=tuple(middle for middle, _, _ in points),
        ordered=tuple(one[rank - 1] for rank, one in zip(ranks, ordered, strict=True)),
        lower=tuple(low for _, low, _ in points),
        upper=tuple(high for _, _, high in points),
        normality=np.array([one[0] for one in tests]),
        normality_p=np.array([one[1] for one in tests]),
        moments_p=np.array([_moments_p(one) for one in ordered]),
    )


def _portmanteau(correlation: FloatArray, counts: IntArray) -> tuple[FloatArray, FloatArray]:
    """Ljung and Box's statistic (D,) and its p, of lags that have pairs enough."""
    # What few pairs of the longest sequences say is no sum of many, and not nearly normal.
    most = counts.max(axis=1, initial=0)[:, np.newaxis]
    good = ~np.isnan(correlation) & (counts >= FEWEST_PAIRS * most)
    # One over the variance of an autocorrelation is its pairs.
    statistic = np.where(good, counts * np.where(good, correlation, 0.0) ** 2, 0.0).sum(axis=1)
    lags = good.sum(axis=1)
    p = np.where(lags > 0, scipy.special.chdtrc(np.maximum(lags, 1), statistic), np.nan)
    return np.where(lags > 0, statistic, np.nan), p


def _ranks(number: int) -> IntArray:
    """Which of values in order are shown, from 1: all, or both ends and some between."""
    if number <= MOST_POINTS:
        return np.arange(1, number + 1)
    end = MOST_POINTS // 8
    between = np.linspace(end + 1, number - end, MOST_POINTS - 2 * end).round().astype(np.int64)
    return np.unique(
        np.concatenate([np.arange(1, end + 1), between, np.arange(number - end + 1, number + 1)])
    )


def _quantiles(
    rank: IntArray, number: int, level: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Medians, and the ends of intervals, of some of n standard normal values, by their ranks."""
    shares = [0.5, 0.5 - 0.5 * level, 0.5 + 0.5 * level]
    middle, low, high = (
        scipy.special.ndtri(scipy.special.betaincinv(rank, number + 1.0 - rank, share))
        for share in shares
    )
    return middle, low, high


def _normality(ordered: FloatArray, fitted: bool) -> tuple[float, float]:
    """Anderson and Darling's statistic of values in order, and its p."""
    number = len(ordered)
    if number < FEWEST:
        return float("nan"), float("nan")
    if not np.isfinite(ordered).all():
        return float("inf"), 0.0
    values = ordered
    if fitted:
        spread = ordered.std(ddof=1)
        if not spread > 0.0:
            return float("inf"), 0.0
        values = (ordered - ordered.mean()) / spread
    weights = 2.0 * np.arange(1.0, number + 1.0) - 1.0
    logs = scipy.special.log_ndtr(values) + scipy.special.log_ndtr(-values[::-1])
    statistic = float(-number - (weights * logs).sum() / number)
    return statistic, _p_if_fitted(statistic, number) if fitted else _p_if_known(statistic, number)


def _moments_p(values: FloatArray) -> float:
    """Of a standard normal: p of the likelihood ratio of any other mean and spread."""
    number = len(values)
    if number < FEWEST:
        return float("nan")
    if not np.isfinite(values).all() or not values.std() > 0.0:
        return 0.0
    variance = float(values.var())
    ratio = number * (float(values.mean()) ** 2 + variance - 1.0 - np.log(variance))
    # Its mean is a little above two, that of chi-squared (Bartlett's correction).
    mean = number * (np.log(0.5 * number) - scipy.special.digamma(0.5 * (number - 1.0)))
    return float(scipy.special.chdtrc(2.0, 2.0 * ratio / mean))


def _p_if_fitted(statistic: float, number: int) -> float:
    """Of a normal whose mean and standard deviation are estimated (Stephens 1986, table 4.9)."""
    adjusted = statistic * (1.0 + 0.75 / number + 2.25 / number**2)
    if adjusted > 10.0:
        return 0.0  # below 1e-23, where the formula turns
    if adjusted >= 0.6:
        return float(np.exp(1.2937 - 5.709 * adjusted + 0.0186 * adjusted**2))
    if adjusted > 0.34:
        return float(np.exp(0.9177 - 4.279 * adjusted - 1.38 * adjusted**2))
    if adjusted > 0.2:
        return float(1.0 - np.exp(-8.318 + 42.796 * adjusted - 59.938 * adjusted**2))
    return float(1.0 - np.exp(-13.436 + 101.14 * adjusted - 223.73 * adjusted**2))


def _p_if_known(statistic: float, number: int) -> float:
    """Of a standard normal (Marsaglia & Marsaglia 2004)."""
    z = statistic
    if z <= 0.0:
        return 1.0
    if z < 2.0:
        series = 2.00012 + (0.247105 - (0.0649821 - (0.0347962 - (0.011672 - 0.00168691 * z) * z)
                 * z) * z) * z  # fmt: skip
        below = np.exp(-1.2337141 / z) / np.sqrt(z) * series
    else:
        series = 1.0776 - (2.30695 - (0.43424 - (0.082433 - (0.008056 - 0.0003146 * z) * z) * z)
                 * z) * z  # fmt: skip
        below = np.exp(-np.exp(series))
    return float(np.clip(1.0 - below - _error_of_few(float(below), number), 0.0, 1.0))


def _error_of_few(below: float, number: int) -> float:
    """What n values add to the limit's distribution function."""
    if below > 0.8:
        series = -130.2137 + (745.2337 - (1705.091 - (1950.646 - (1116.360 - 255.7844 * below)
                 * below) * below) * below) * below  # fmt: skip
        return series / number
    corner = 0.01265 + 0.1757 / number
    if below < corner:
        share = below / corner
        change = np.sqrt(share) * (1.0 - share) * (49.0 * share - 102.0)
        return float(change * (0.0037 / number**2 + 0.00078 / number + 0.00006) / number)
    share = (below - corner) / (0.8 - corner)
    change = -0.00022633 + (6.54034 - (14.6538 - (14.458 - (8.259 - 1.91864 * share) * share)
             * share) * share) * share  # fmt: skip
    return float(change * (0.04213 + 0.01365 / number) / number)
