"""A model made by hand, as one table of the Config, so that a link and a file carry every digit.

Its columns are the states. Its rows are π, the rows of A, and what the states emit: for numbers
and points D rows of means and then D of variances, or D × D of covariances; for counts the rates;
for symbols a row for each symbol; for a product the rows of its parts, one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, Product
from hmmcore.arrays import FloatArray
from hmmcore.coordinates import Coordinate, with_values
from hmmcore.emissions import Emissions
from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.table_rules import Table, as_table

DIGITS = 4
"""Significant digits of a number that the hand sets."""

MOST_STEPS = 200
"""Of the models that the hand made one after the other, so many are kept."""


def as_set_by_hand(hmm: HMM, values: Mapping[Coordinate, float]) -> HMM:
    """The model with other numbers at some coordinates, of as many digits as a hand sets.

    Raises:
        ValueError: see `with_values`.
    """
    return with_values(hmm, {at: float(f"{value:.{DIGITS}g}") for at, value in values.items()})


def table_of(hmm: HMM) -> Table:
    """The table of a model; of a network it holds the means that come out of it."""
    return as_table(np.vstack([hmm.initial_probs, hmm.transition_matrix, _emitted(hmm.emissions)]))


def model_of(table: Table, data: Dataset) -> HMM:
    """The model of a table, for these data.

    Raises:
        ValueError: if the table is not that of a model of such data; the sentence says why.
    """
    values = np.array(table)
    num_states, size = values.shape[1], data.sequences.num_dimensions
    if len(values) <= num_states + 1:
        raise ValueError("The table of the model made by hand has too few rows.")
    initial, transitions = values[0], values[1 : num_states + 1]
    emitted = values[num_states + 1 :]
    if data.kinds:
        rows = [
            len(part.labels) if part.labels else 2 if part.family == "numbers" else 1
            for part in data.parts
        ]
        if sum(rows) == len(emitted):
            each = np.split(emitted, np.cumsum(rows)[:-1])
            parts = [_part(kind, own) for kind, own in zip(data.kinds, each, strict=True)]
            return HMM(initial, transitions, Product(parts))
    if data.family == "counts" and len(emitted) == 1:
        return HMM(initial, transitions, Poisson(emitted[0]))
    if data.family == "symbols" and len(emitted) == len(data.labels):
        return HMM(initial, transitions, Categorical(emitted.T))
    if data.family in ("numbers", "points") and len(emitted) in (2 * size, size + size**2):
        means, spreads = emitted[:size].T, emitted[size:].T
        full = len(emitted) > 2 * size
        covariances = spreads.reshape(num_states, size, size) if full else spreads
        return HMM(initial, transitions, Gaussian(means, covariances, "full" if full else "diag"))
    raise ValueError("The model made by hand is one of other data.")


def _part(kind: str, emitted: FloatArray) -> Gaussian | Poisson | Categorical:
    """A part of a product, of its rows."""
    if kind == "counts":
        return Poisson(emitted[0])
    if kind == "symbols":
        return Categorical(emitted.T)
    return Gaussian(emitted[:1].T, emitted[1:].T)


def _emitted(emissions: Emissions) -> FloatArray:
    """What the states emit, a column for each."""
    if isinstance(emissions, Product):
        return np.vstack([_emitted(part) for part in emissions.parts])
    if isinstance(emissions, Poisson):
        return emissions.rates[np.newaxis]
    if isinstance(emissions, Categorical):
        return emissions.probs.T
    assert isinstance(emissions, Gaussian | NeuralGaussian)
    spreads = emissions.standard_deviations**2
    if isinstance(emissions, Gaussian):
        if emissions.covariance_type == "diag":
            spreads = emissions.covariances
        elif emissions.covariance_type in ("full", "tied"):
            shape = (emissions.num_states, *emissions.covariances.shape[-2:])
            spreads = np.broadcast_to(emissions.covariances, shape)
            spreads = spreads.reshape(emissions.num_states, -1)
    return np.vstack([emissions.means.T, spreads.T])
