"""What each family that works in lanes over models gives the sweep, and does with its sums.

The states of many models are handled side by side: G models of K states are G K states to a
family, whose own M-step and gradient then serve all of them in one call.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch.models import Arrays
from hmmcore.batch.remedies import codes_of
from hmmcore.emissions import (
    Categorical,
    Emissions,
    Gaussian,
    Poisson,
    Product,
    gaussian_steps,
    parameters_of,
    part_name,
)
from hmmcore.sequences import Sequences
from hmmcore.values import valid_value


@dataclass(frozen=True)
class Columns:
    """Observations as `kernels.sweep` takes them.

    Attributes:
        values: (T, D) numbers, NaN where missing.
        symbols: (T, C) indices of `levels`, -1 where missing.
        levels: (U,) the different symbols, or counts, that occur in each column, one column after
            the other.
        bounds: (C + 1,) column c has the levels from bounds[c] to bounds[c + 1].
    """

    values: FloatArray
    symbols: IntArray
    levels: FloatArray
    bounds: IntArray


@dataclass(frozen=True)
class Sums:
    """What `kernels.sweep` adds up of the observations, for each model: see there."""

    weights: FloatArray
    counts: FloatArray
    deviations: FloatArray
    squares: FloatArray
    symbol_counts: FloatArray


class LaneFamily(ABC):
    """The emissions of many models: parameters by name, (G, K, ...) each.

    Args:
        example: the emissions of one of them.
        columns: the data.
    """

    def __init__(self, example: Emissions, columns: Columns) -> None:
        self.names = example.parameter_names
        self.columns = columns

    @staticmethod
    @abstractmethod
    def columns_of(sequences: Sequences, example: Any) -> Columns:
        """The observations as the family looks at them, with emissions like the example."""

    @abstractmethod
    def numbers(self, parameters: Arrays) -> tuple[FloatArray, FloatArray]:
        """Means (G, K, D) and variances (G, K, C) of the numbers; see `kernels.sweep`."""

    @abstractmethod
    def tables(self, parameters: Arrays) -> FloatArray:
        """Log-probabilities (G, U, K) of the levels."""

    @abstractmethod
    def statistics(self, sums: Sums) -> Arrays:
        """The family's own statistics, (G, K, ...) each."""

    @abstractmethod
    def side_by_side(self, parameters: Arrays) -> Any:
        """The emissions of G K states."""

    def maximize(
        self, parameters: Arrays, statistics: Arrays, trainable: frozenset[str], floor: float
    ) -> tuple[Arrays, IntArray]:
        """M-step: new parameters, and what was done to keep states alive (G, K), see `remedies`.

        Raises:
            ValueError: when a parameter is not valid any more.
        """
        states = self.side_by_side(parameters)
        found, remedies = states.maximize(joined(statistics), trainable, floor)
        return self._apart(found, parameters), codes_of(remedies, _shape(parameters))

    def gradient(self, parameters: Arrays, statistics: Arrays) -> Arrays:
        """Gradient of the log-likelihood in the unconstrained parameters, (G, K, ...) each."""
        found = self.side_by_side(parameters).gradient(joined(statistics))
        return apart(found, _shape(parameters))

    def unconstrained(self, parameters: Arrays) -> Arrays:
        """The parameters as arrays (G, K, ...) that may take any value."""
        return apart(self.side_by_side(parameters).unconstrained(), _shape(parameters))

    def constrained(
        self, parameters: Arrays, unconstrained: Arrays, trainable: frozenset[str], floor: float
    ) -> tuple[Arrays, IntArray]:
        """Undo `unconstrained` for the trainable ones; returns, and raises, as `maximize`."""
        states = self.side_by_side(parameters)
        found, remedies = states.with_unconstrained(joined(unconstrained), trainable, floor)
        return self._apart(found, parameters), codes_of(remedies, _shape(parameters))

    def _apart(self, states: Any, parameters: Arrays) -> Arrays:
        """Parameters (G, K, ...) of the emissions of G K states."""
        found = parameters_of(states)
        return {name: np.array(found[name]).reshape(parameters[name].shape) for name in self.names}


class GaussianLanes(LaneFamily):
    """Gaussians with independent coordinates."""

    def __init__(self, example: Gaussian, columns: Columns) -> None:
        super().__init__(example, columns)
        self.covariance_type = example.covariance_type

    @staticmethod
    def columns_of(sequences: Sequences, example: Any) -> Columns:
        # A copy can be written to, as the other families' can: kernels are compiled once for both.
        return _columns(sequences.observations.copy(), ())

    def numbers(self, parameters: Arrays) -> tuple[FloatArray, FloatArray]:
        variances = parameters["covariances"]
        return parameters["means"], variances.reshape(*variances.shape[:2], -1)

    def tables(self, parameters: Arrays) -> FloatArray:
        num_models, num_states = _shape(parameters)
        return np.empty((num_models, 0, num_states))

    def statistics(self, sums: Sums) -> Arrays:
        return {
            "weights": sums.weights,
            "counts": sums.counts,
            "deviations": sums.deviations,
            "squares": sums.squares,
        }

    def side_by_side(self, parameters: Arrays) -> Gaussian:
        return valid_value(Gaussian, **joined(parameters), covariance_type=self.covariance_type)

    def maximize(
        self, parameters: Arrays, statistics: Arrays, trainable: frozenset[str], floor: float
    ) -> tuple[Arrays, IntArray]:
        # As `Diagonal.maximize`, without an object for every remedy.
        means, covariances = parameters["means"].copy(), parameters["covariances"].copy()
        given = joined(statistics)
        num_states = len(given["weights"])
        codes = np.empty(_shape(parameters), dtype=np.int64)
        valid = gaussian_steps.maximize(
            given["counts"], given["deviations"], given["squares"], (0.0, 0.0),
            ("means" in trainable, "covariances" in trainable), floor,
            means.reshape(num_states, -1), covariances.reshape(num_states, -1), codes.reshape(-1),
        )  # fmt: skip
        return _valid(means, covariances, valid), codes

    def constrained(
        self, parameters: Arrays, unconstrained: Arrays, trainable: frozenset[str], floor: float
    ) -> tuple[Arrays, IntArray]:
        codes = np.zeros(_shape(parameters), dtype=np.int64)
        means = unconstrained["means"] if "means" in trainable else parameters["means"]
        if "covariances" not in trainable:
            valid = bool(np.isfinite(means).all())
            return _valid(means.copy(), parameters["covariances"], valid), codes
        means, log_sds = means.copy(), unconstrained["log_sds"]
        covariances, num_states = np.empty_like(log_sds), codes.size
        valid = gaussian_steps.constrain(
            log_sds.reshape(num_states, -1), floor, means.reshape(num_states, -1),
            covariances.reshape(num_states, -1), codes.reshape(-1),
        )  # fmt: skip
        return _valid(means, covariances, valid), codes


class _LevelLanes(LaneFamily):
    """Families whose observations repeat: a model scores each level once."""

    @staticmethod
    def columns_of(sequences: Sequences, example: Any) -> Columns:
        observed = sequences.observations
        return _columns(np.empty((len(observed), 0)), observed.T)

    def numbers(self, parameters: Arrays) -> tuple[FloatArray, FloatArray]:
        none = np.empty((*_shape(parameters), 0))
        return none, none

    def tables(self, parameters: Arrays) -> FloatArray:
        scores = self.side_by_side(parameters).log_likelihoods(self.columns.levels[:, np.newaxis])
        return np.ascontiguousarray(scores.reshape(-1, *_shape(parameters)).transpose(1, 0, 2))


class CategoricalLanes(_LevelLanes):
    """Symbols."""

    def __init__(self, example: Categorical, columns: Columns) -> None:
        super().__init__(example, columns)
        self.num_symbols = example.num_symbols

    def statistics(self, sums: Sums) -> Arrays:
        num_models, _, num_states = sums.symbol_counts.shape
        counts = np.zeros((num_models, num_states, self.num_symbols))
        symbols = self.columns.levels.astype(np.int64)
        counts[:, :, symbols] = sums.symbol_counts.transpose(0, 2, 1)
        return {"weights": sums.weights, "counts": counts}

    def side_by_side(self, parameters: Arrays) -> Categorical:
        return valid_value(Categorical, **joined(parameters))


class PoissonLanes(_LevelLanes):
    """Counts."""

    def statistics(self, sums: Sums) -> Arrays:
        sums_of_counts = np.einsum("guk,u->gk", sums.symbol_counts, self.columns.levels)
        return {"weights": sums.weights, "sums": sums_of_counts}

    def side_by_side(self, parameters: Arrays) -> Poisson:
        return valid_value(Poisson, **joined(parameters))


class ProductLanes(LaneFamily):
    """Products of families that work in lanes: the numbers, and a column of levels for each other.

    Attributes:
        parts: of each part, its own family in lanes, which has the levels of its column.
        places: (D,) the column of each part among the numbers, or among those with levels.
    """

    def __init__(self, example: Product, columns: Columns) -> None:
        super().__init__(example, columns)
        self.parts: list[LaneFamily] = []
        self.places: list[int] = []
        taken = {True: 0, False: 0}
        for part in example.parts:
            kind, is_number = _part_lanes(part), isinstance(part, Gaussian)
            assert kind is not None
            place = taken[is_number]
            taken[is_number] += 1
            own = columns
            if not is_number:
                first, last = columns.bounds[place : place + 2]
                own = replace(columns, levels=columns.levels[first:last])
            self.parts.append(kind(part, own))
            self.places.append(place)

    @staticmethod
    def columns_of(sequences: Sequences, example: Any) -> Columns:
        columns = sequences.observations.T
        are_numbers = np.array([isinstance(part, Gaussian) for part in example.parts])
        numbers = np.ascontiguousarray(columns[are_numbers].T)
        return _columns(numbers, columns[~are_numbers])

    def numbers(self, parameters: Arrays) -> tuple[FloatArray, FloatArray]:
        none = np.empty((*_shape(parameters), 0))
        found = [part.numbers(own) for part, own in self._with_own(parameters)]
        means, variances = zip(*found, strict=True)
        return np.concatenate([none, *means], axis=2), np.concatenate([none, *variances], axis=2)

    def tables(self, parameters: Arrays) -> FloatArray:
        found = [part.tables(own) for part, own in self._with_own(parameters)]
        return np.concatenate(found, axis=1)

    def statistics(self, sums: Sums) -> Arrays:
        statistics = {"weights": sums.weights}
        for j, (part, place) in enumerate(zip(self.parts, self.places, strict=True)):
            if isinstance(part, GaussianLanes):
                one = slice(place, place + 1)
                counts = np.ascontiguousarray(sums.counts[..., one])
                own = Sums(
                    counts[..., 0], counts, np.ascontiguousarray(sums.deviations[..., one]),
                    np.ascontiguousarray(sums.squares[..., one]), sums.symbol_counts,
                )  # fmt: skip
            else:
                first, last = self.columns.bounds[place : place + 2]
                levels = sums.symbol_counts[:, first:last]
                own = replace(sums, weights=levels.sum(axis=1), symbol_counts=levels)
            statistics |= {
                part_name(j, name): values for name, values in part.statistics(own).items()
            }
        return statistics

    def side_by_side(self, parameters: Arrays) -> Product:
        parts = [part.side_by_side(own) for part, own in self._with_own(parameters)]
        return valid_value(Product, parts=tuple(parts))

    def _with_own(self, parameters: Arrays) -> list[tuple[LaneFamily, Arrays]]:
        """Each part with its own parameters."""
        return [
            (part, {name: parameters[part_name(j, name)] for name in part.names})
            for j, part in enumerate(self.parts)
        ]


def lane_family(emissions: Emissions) -> type[LaneFamily] | None:
    """The class that handles these emissions in lanes; None where there is none."""
    # Not `isinstance`: what inherits from a family may score otherwise.
    if type(emissions) is Product:
        in_lanes = all(_part_lanes(part) is not None for part in emissions.parts)
        return ProductLanes if in_lanes else None
    return _part_lanes(emissions)


def _part_lanes(emissions: Emissions) -> type[LaneFamily] | None:
    """The class for emissions that are no product."""
    if type(emissions) is Gaussian:
        return GaussianLanes if emissions.works_in_lanes else None
    if type(emissions) is Categorical:
        return CategoricalLanes
    return PoissonLanes if type(emissions) is Poisson else None


def _columns(values: FloatArray, columns: Sequence[FloatArray] | FloatArray) -> Columns:
    """Numbers (T, D), and the levels of C other columns (T,)."""
    symbols = np.full((len(values), len(columns)), -1)
    levels, bounds = [np.empty(0)], [0]
    for c, column in enumerate(columns):
        there = ~np.isnan(column)
        own, found = np.unique(column[there], return_inverse=True)
        symbols[there, c] = found + bounds[-1]
        levels.append(own)
        bounds.append(bounds[-1] + len(own))
    return Columns(values, symbols, np.concatenate(levels), np.array(bounds))


def joined(arrays: Arrays) -> Arrays:
    """Arrays (G K, ...) from arrays (G, K, ...), without a copy."""
    return {name: values.reshape(-1, *values.shape[2:]) for name, values in arrays.items()}


def apart(arrays: Arrays, shape: tuple[int, int]) -> Arrays:
    """Undo `joined`."""
    return {name: values.reshape(*shape, *values.shape[1:]) for name, values in arrays.items()}


def _shape(parameters: Arrays) -> tuple[int, int]:
    num_models, num_states = next(iter(parameters.values())).shape[:2]
    return num_models, num_states


def _valid(means: FloatArray, covariances: FloatArray, valid: bool) -> Arrays:
    if not valid:
        raise ValueError("a mean is not a finite number, or a variance is not positive.")
    return {"means": means, "covariances": covariances}
