"""Coordinates of the free parameters around a model, in which a likelihood is differentiated.

Of each distribution (π, a row of A, of symbol probabilities) one large entry is the reference; the
others are coordinates, and what they gain it loses. Entries of zero are held. The rest are the
family's: means, log standard deviations, correlations as directions, rates, weights of a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.coordinates import Coordinate
from hmmcore.emissions import Categorical, NeuralGaussian, Poisson
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import Expectations, expectations
from hmmcore.training.base import checked_floor
from hmmcore.uncertainty.spreads import directions, factors_from, gradient_in_directions

ZERO = 1e-9
"""A probability or rate that is not above this counts as zero."""

STEP = 1e-4
"""Of central differences, in units of what a coordinate varies by: they err by the order of its
square, and the rounding of a gradient is amplified by its inverse."""


AT_FLOOR = 1e-6
"""Relative: a variance that is no farther above its floor is held there."""


@dataclass(frozen=True, eq=False)
class Row:
    """The free entries of one distribution.

    Attributes:
        parameter, index: where it stands: ("transition_matrix", (2,)), or ("initial_probs", ()).
        entries: the coordinates among its entries.
        reference: the entry that loses what these gain.
    """

    parameter: str
    index: tuple[int, ...]
    entries: IntArray
    reference: int

    @property
    def free(self) -> IntArray:
        """The entries and the reference."""
        return np.append(self.entries, self.reference)


@dataclass(frozen=True, eq=False)
class Local:
    """Coordinates w (n,) of the models around one.

    Attributes:
        hmm: the model; its coordinates are `value(hmm)`.
        rows: its distributions that have something free.
        arrays: the family's own parameters by name, as `_family_arrays` gives them.
        free_rates: (K,) which rates are free, for counts.
    """

    hmm: HMM
    trainable: frozenset[str]
    rows: tuple[Row, ...]
    free_rates: BoolArray

    def value(self, hmm: HMM) -> FloatArray:
        """The coordinates (n,) of a model with the same zeros."""
        parts = [distribution(hmm, row)[row.entries] for row in self.rows]
        parts += [array.ravel() for array in self._family_arrays(hmm).values()]
        return np.concatenate([*parts, np.empty(0)])

    def model(self, coordinates: FloatArray) -> HMM:
        """The model at coordinates (n,)."""
        found = distributions_of(self.hmm)
        changed = {name: found[name].copy() for name in found}
        place = 0
        for row in self.rows:
            given = changed[row.parameter][row.index]
            moved = coordinates[place : place + len(row.entries)]
            given[row.reference] -= (moved - given[row.entries]).sum()
            given[row.entries] = moved
            place += len(row.entries)
        parameters: dict[str, Any] = {}
        for name, array in self._family_arrays(self.hmm).items():
            parameters[name] = coordinates[place : place + array.size].reshape(array.shape)
            place += array.size
        emissions = self.hmm.emissions
        if isinstance(emissions, Categorical):
            emissions = Categorical(changed["probs"])
        elif isinstance(emissions, Poisson):
            if parameters:
                rates = emissions.rates.copy()
                rates[self.free_rates] = parameters["rates"]
                emissions = Poisson(rates)
        elif parameters:
            if "directions" in parameters:
                parameters["cholesky"] = factors_from(
                    parameters.pop("log_deviations"), parameters.pop("directions")
                )
            whole = {**emissions.unconstrained(), **parameters}
            tiny = float(np.finfo(float).tiny)
            emissions, _ = emissions.with_unconstrained(whole, self.trainable, tiny)
        return HMM(changed["initial_probs"], changed["transition_matrix"], emissions)

    def gradient(self, hmm: HMM, found: Expectations) -> FloatArray:
        """Gradient (n,) of the log-likelihood at a model, from what the data say under it."""
        counts = counts_of(hmm, found)
        parts = []
        for row in self.rows:
            probs, expected = distribution(hmm, row), counts[row.parameter][row.index]
            slopes = expected[row.free] / probs[row.free]
            parts.append(slopes[:-1] - slopes[-1])
        slopes_of = hmm.emissions.gradient(found.emissions)
        for name in self._family_arrays(hmm):
            if name == "rates":
                rates = hmm.emissions.rates[self.free_rates]  # type: ignore[attr-defined]
                parts.append(slopes_of["log_rates"][self.free_rates] / rates)
            elif name == "log_deviations":
                factors = hmm.emissions.unconstrained()["cholesky"]
                parts += [
                    part.ravel() for part in gradient_in_directions(factors, slopes_of["cholesky"])
                ]
            elif name != "directions":
                parts.append(slopes_of[name].ravel())
        return np.concatenate([*parts, np.empty(0)])

    def gradients_around(self, sequences: Sequences) -> Iterator[tuple[int, float, list[Around]]]:
        """For each coordinate: its number, the step, and what is found a step below and above."""
        start, sizes = self.value(self.hmm), self.sizes()
        for n, size in enumerate(sizes):
            step, found = STEP * size, []
            for times in (-1, 1):
                moved = start.copy()
                moved[n] += times * step
                hmm = self.model(moved)
                found.append(Around(hmm, expectations(hmm, sequences)))
            yield n, step, found

    def sizes(self) -> FloatArray:
        """(n,) how far each coordinate may move before the likelihood looks different."""
        parts = []
        for row in self.rows:
            probs = distribution(self.hmm, row)
            parts.append(np.minimum(probs[row.entries], probs[row.reference]))
        for name, array in self._family_arrays(self.hmm).items():
            parts.append(self._size_of(name, array).ravel())
        return np.concatenate([*parts, np.empty(0)])

    def units(self) -> FloatArray:
        """(n,) the standard deviation that one observation in that state would leave, or 1."""
        parts = []
        for row in self.rows:
            probs = distribution(self.hmm, row)[row.entries]
            parts.append(np.sqrt(probs * (1.0 - probs)))
        for name, array in self._family_arrays(self.hmm).items():
            unit = np.sqrt(array) if name == "rates" else self._size_of(name, array)
            parts.append(unit.ravel())
        return np.concatenate([*parts, np.empty(0)])

    def bounded(self) -> list[Coordinate | None]:
        """(n,) the probability or rate that each coordinate is; None for one without a bound."""
        names: list[Coordinate | None] = [
            (row.parameter, *row.index, int(entry)) for row in self.rows for entry in row.entries
        ]
        if "rates" in self._family_arrays(self.hmm):
            names += [("rates", int(k)) for k in np.flatnonzero(self.free_rates)]
        return names + [None] * (len(self.value(self.hmm)) - len(names))

    def jacobian(self) -> tuple[list[Coordinate], FloatArray]:
        """The model's coordinates (m) that depend on these, and their derivatives (m, n)."""
        start = self.value(self.hmm)
        names: list[Coordinate] = []
        slopes: list[FloatArray] = []
        place = 0
        for row in self.rows:
            here = slice(place, place + len(row.entries))
            for entry, unit in zip(row.entries, np.eye(len(start))[here], strict=True):
                names.append((row.parameter, *row.index, int(entry)))
                slopes.append(unit)
            names.append((row.parameter, *row.index, row.reference))
            slopes.append(-np.eye(len(start))[here].sum(axis=0))
            place = here.stop
        family = self._family_arrays(self.hmm)
        if "rates" in family:
            names += [("rates", int(k)) for k in np.flatnonzero(self.free_rates)]
            slopes += list(np.eye(len(start))[place:])
        moments = [name for name in ("means", "standard_deviations") if family.keys() & OF[name]]
        if moments and not isinstance(self.hmm.emissions, Categorical | Poisson):
            ends = np.array([self._moments(start, n, moments) for n in range(place, len(start))])
            values = [getattr(self.hmm.emissions, name) for name in moments]
            for name, array in zip(moments, values, strict=True):
                names += [(name, *map(int, index)) for index in np.ndindex(array.shape)]
            whole = np.zeros((sum(array.size for array in values), len(start)))
            whole[:, place:] = ends.T
            slopes += list(whole)
        return names, np.array(slopes).reshape(len(names), len(start))

    def unnamed(self) -> tuple[list[Coordinate], FloatArray]:
        """Coordinates that the model has no number for, and their unit vectors (m, n).

        Weights of a network, and ("covariances", k, i, j) for what makes i and j correlate.
        """
        names: list[Coordinate] = []
        places: list[int] = []
        place = sum(len(row.entries) for row in self.rows)
        for name, array in self._family_arrays(self.hmm).items():
            if name == "directions":
                pairs = np.transpose(np.tril_indices(self.hmm.emissions.num_dimensions, -1))
                for *state, pair in np.ndindex(array.shape):
                    names.append(("covariances", *state, *map(int, pairs[pair])))
            elif name in NeuralGaussian.parameter_names:
                names += [(name, *map(int, index)) for index in np.ndindex(array.shape)]
            if name == "directions" or name in NeuralGaussian.parameter_names:
                places += range(place, place + array.size)
            place += array.size
        return names, np.eye(place)[places]

    def _moments(self, start: FloatArray, n: int, moments: list[str]) -> FloatArray:
        """Derivatives of the family's moments in coordinate n."""
        # These functions have no noise but rounding: three points and a small step do.
        step = 1e-5 * max(1.0, abs(start[n]))
        ends = []
        for side in (-step, step):
            moved = start.copy()
            moved[n] += side
            emissions = self.model(moved).emissions
            ends.append(np.concatenate([getattr(emissions, name).ravel() for name in moments]))
        slopes: FloatArray = (ends[1] - ends[0]) / (2.0 * step)
        return slopes

    def _size_of(self, name: str, array: FloatArray) -> FloatArray:
        if name == "rates":
            return np.minimum(array, np.sqrt(array))
        if name == "means":
            return np.asarray(self.hmm.emissions.standard_deviations)  # type: ignore[attr-defined]
        return np.ones(array.shape)

    def _family_arrays(self, hmm: HMM) -> dict[str, FloatArray]:
        """The family's own free parameters as arrays that may move either way."""
        emissions = hmm.emissions
        if isinstance(emissions, Categorical):
            return {}
        if isinstance(emissions, Poisson):
            return {"rates": emissions.rates[self.free_rates]} if "rates" in self.trainable else {}
        found = {
            name: array
            for name, array in emissions.unconstrained().items()
            if emissions.parameter_of[name] in self.trainable
        }
        if "cholesky" in found:
            found["log_deviations"], found["directions"] = directions(found.pop("cholesky"))
        return found


OF = {
    "means": {"means", *NeuralGaussian.parameter_names} - {"covariances"},
    "standard_deviations": {"log_sds", "log_deviations"},
}
"""Which of the family's parameters each moment depends on."""


@dataclass(frozen=True, eq=False)
class Around:
    """A model near another, and what the data say under it."""

    hmm: HMM
    found: Expectations


def local(hmm: HMM, trainable: frozenset[str], held: frozenset[Coordinate] = frozenset()) -> Local:
    """Coordinates around a model, without entries of zero, and without those that are held."""
    rows = []
    for name, values in distributions_of(hmm).items():
        if name not in trainable:
            continue
        for index in np.ndindex(values.shape[:-1]):
            probs = values[index]
            free = np.array(
                [e for e in np.flatnonzero(probs > ZERO) if (name, *index, int(e)) not in held],
                dtype=np.int64,
            )
            if len(free) > 1:
                reference = int(free[probs[free].argmax()])
                rows.append(Row(name, index, free[free != reference], reference))
    free_rates = np.zeros(hmm.num_states, dtype=bool)
    if isinstance(hmm.emissions, Poisson):
        free_rates = hmm.emissions.rates > ZERO
        for k in range(hmm.num_states):
            free_rates[k] &= ("rates", k) not in held
    return Local(hmm, trainable, tuple(rows), free_rates)


def collapsed_states(hmm: HMM, sequences: Sequences, trainable: frozenset[str]) -> IntArray:
    """States whose trained variance is at its floor, where the likelihood would grow without end.

    The floor is that of training, by default.
    """
    if "covariances" not in trainable or np.isnan(sequences.observations).all(axis=0).any():
        return np.empty(0, dtype=np.int64)
    smallest = hmm.emissions.smallest_variances()
    return np.flatnonzero(smallest <= checked_floor(None, sequences) * (1.0 + AT_FLOOR))


def derivative(step: float, values: list[FloatArray]) -> FloatArray:
    """The derivative of a function from its values a step below and above."""
    return (values[1] - values[0]) / (2.0 * step)


def distribution(hmm: HMM, row: Row) -> FloatArray:
    """The distribution that a row is of."""
    found: FloatArray = distributions_of(hmm)[row.parameter][row.index]
    return found


def distributions_of(hmm: HMM) -> dict[str, FloatArray]:
    """Every parameter whose rows are distributions."""
    found = {"initial_probs": hmm.initial_probs, "transition_matrix": hmm.transition_matrix}
    if isinstance(hmm.emissions, Categorical):
        found["probs"] = hmm.emissions.probs
    return found


def counts_of(hmm: HMM, found: Expectations) -> dict[str, FloatArray]:
    """Expected counts of the entries of every distribution."""
    counts = {"initial_probs": found.initial_counts, "transition_matrix": found.transition_counts}
    if isinstance(hmm.emissions, Categorical):
        counts["probs"] = found.emissions["counts"]
    return counts
