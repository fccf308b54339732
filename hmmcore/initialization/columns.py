"""Columns of different kinds, and the scales on which starts of products compare them.

What a column holds is its kind: "numbers", "counts", or how many symbols there are. What is
clustered are positions on scales of one size: numbers of unit variance; square roots of counts,
likewise; and of symbols their shares in a window around each time step, which all together have a
variance of one. Whatever is missing there is put at the mean of its column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, as_count, as_size, quoted
from hmmcore.emissions import Categorical, Emissions, Gaussian, Poisson, Product
from hmmcore.initialization import categorical, poisson
from hmmcore.initialization.clustering import filled, is_observed, positive_variances
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible

Kind = str | int
"""What a column holds: "numbers", "counts", or the number of its symbols."""

NUMBERS, COUNTS = "numbers", "counts"


def kinds_of(emissions: Product) -> tuple[Kind, ...]:
    """What each column of a product's observations holds."""
    return tuple(
        part.num_symbols
        if isinstance(part, Categorical)
        else COUNTS
        if isinstance(part, Poisson)
        else NUMBERS
        for part in emissions.parts
    )


def symmetric(num_states: int, kinds: Sequence[Kind], mean: float = 0.0, sd: float = 1.0) -> HMM:
    """Return a start with every state alike, so that training cannot tell them apart.

    Numbers have this mean and standard deviation, counts a rate of 1.
    """
    num_states = as_count("num_states", num_states)
    sd = as_size("sd", sd)
    parts: list[Emissions] = []
    for kind in checked_kinds(kinds):
        if kind == NUMBERS:
            parts.append(Gaussian(np.full(num_states, mean), np.full(num_states, sd**2)))
        elif kind == COUNTS:
            parts.append(poisson.symmetric(num_states).emissions)
        else:
            parts.append(categorical.symmetric(num_states, int(kind)).emissions)
    uniform = np.full(num_states, 1.0 / num_states)
    return HMM(uniform, np.tile(uniform, (num_states, 1)), Product(parts))


def checked_kinds(kinds: Sequence[Kind], sequences: Sequences | None = None) -> tuple[Kind, ...]:
    """The kinds after checking them, and that the data are of them. Raises ValueError."""
    if isinstance(kinds, str) or not isinstance(kinds, Sequence) or not kinds:
        raise ValueError(
            f"kinds is {quoted(kinds)}; it must be a list with the kind of every column, such as "
            "['numbers', 'counts', 3]."
        )
    found: list[Kind] = []
    for j, kind in enumerate(kinds):
        if kind in (NUMBERS, COUNTS):
            found.append(kind)
        elif _is_count(kind) and kind >= 1:
            found.append(int(kind))
        else:
            raise ValueError(
                f"kinds[{j}] is {quoted(kind)}; it must be 'numbers', 'counts', or how many "
                "symbols the column has."
            )
    if sequences is not None:
        require_compatible(symmetric(1, found), sequences)
        sequences.require_every_dimension()
    return tuple(found)


def num_symbols_of(kind: Kind) -> int:
    """How many symbols a column of that kind has."""
    assert isinstance(kind, int)
    return kind


def clustering_points(sequences: Sequences, kinds: tuple[Kind, ...]) -> FloatArray:
    """What is clustered (.., F), about its mean; what is wholly missing has no row."""
    indicators, are_shares = indicators_of(sequences, kinds)
    points = filled(indicators, np.zeros(len(are_shares))).copy()
    if are_shares.any():
        places = np.flatnonzero(are_shares)
        around = _window_means(indicators, categorical.WINDOW)[:, places]
        points[:, places] = around - around.mean(axis=0)
    return points


def indicators_of(sequences: Sequences, kinds: tuple[Kind, ...]) -> tuple[Sequences, BoolArray]:
    """Columns of mean zero, and which are of symbols: numbers and roots of unit variance, and
    for each symbol whether it was seen, all of a column together with a variance of one.
    """
    columns: list[FloatArray] = []
    are_shares: list[bool] = []
    for j, kind in enumerate(kinds):
        values = sequences.observations[:, j : j + 1]
        if kind in (NUMBERS, COUNTS):
            numbers = Sequences(np.sqrt(values) if kind == COUNTS else values, sequences.lengths)
            varies = bool(numbers.variances()[0] > 0.0)
            scaled = (numbers.observations - numbers.means()) / np.sqrt(positive_variances(numbers))
            columns.append(scaled if varies else 0.0 * scaled)
            are_shares.append(False)
            continue
        seen = (values == np.arange(num_symbols_of(kind))).astype(np.float64)
        seen[np.isnan(values[:, 0])] = np.nan
        seen -= np.nanmean(seen, axis=0)
        total = float(np.nanmean(np.square(seen), axis=0).sum())
        columns.append(seen / np.sqrt(total) if total > 0.0 else seen)
        are_shares += [True] * num_symbols_of(kind)
    return Sequences(np.hstack(columns), sequences.lengths), np.array(are_shares)


def _window_means(sequences: Sequences, window: int) -> FloatArray:
    """Means (.., F) in a window around every observation that is not wholly missing; 0 of nothing.

    Windows end where their sequence does.
    """
    values = np.nan_to_num(sequences.observations)
    there = ~np.isnan(sequences.observations)
    times = np.arange(len(values))
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    first, last = np.maximum(times - window // 2, starts), np.minimum(times + window // 2 + 1, ends)
    nothing = np.zeros((1, values.shape[1]))
    sums, counts = (
        np.concatenate([nothing, np.cumsum(terms, axis=0)]) for terms in (values, there)
    )
    means: FloatArray = (sums[last] - sums[first]) / np.maximum(counts[last] - counts[first], 1.0)
    return means[is_observed(sequences)]


def _is_count(kind: Kind) -> TypeGuard[int]:
    return isinstance(kind, int | np.integer) and not isinstance(kind, bool)
