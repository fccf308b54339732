"""Coordinates of the free parameters around a model, in which a likelihood is differentiated.

Of each distribution (π, a row of A, of symbol probabilities) one large entry is the reference; the
others are coordinates, and what they gain it loses. Entries of zero are held. The rest are the
family's: means, log standard deviations, correlations as directions, rates, weights of a network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.coordinates import MOMENTS, Coordinate
from hmmcore.emissions import (
    Categorical,
    Emissions,
    NeuralGaussian,
    Poisson,
    beginning_of,
    member_of,
    members,
    own_name,
    with_members,
)
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


Floored = Mapping[str, BoolArray]
"""(K, D) which means and standard deviations of a part of the emissions have a variance at its
floor, by what its names begin with; parts without any are left out."""

OF_MOMENTS = ("means", "log_sds", "log_deviations", "directions")
"""The family's arrays that means and covariances are made of."""


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
        trainable: names of the parameters that may move.
        free_rates: (K,) which rates are free, by the name of each parameter of rates.
        floored: which moments are held, because their variance is at its floor.
    """

    hmm: HMM
    trainable: frozenset[str]
    rows: tuple[Row, ...]
    free_rates: Mapping[str, BoolArray]
    floored: Floored

    def value(self, hmm: HMM) -> FloatArray:
        """The coordinates (n,) of a model with the same zeros."""
        parts = [distribution(hmm, row)[row.entries] for row in self.rows]
        parts += list(self._free_arrays(hmm).values())
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
            free, parameters[name] = self._free(name, array), array.copy()
            size = int(free.sum())
            parameters[name][free] = coordinates[place : place + size]
            place += size
        parts = [
            self._changed(first, part, changed, _own(parameters, first))
            for first, part in members(self.hmm.emissions)
        ]
        emissions = with_members(self.hmm.emissions, parts)
        return HMM(changed["initial_probs"], changed["transition_matrix"], emissions)

    def _changed(
        self, first: str, part: Any, distributions: dict[str, FloatArray], own: dict[str, Any]
    ) -> Emissions:
        """A part of the emissions with other parameters, `own` by its own names."""
        if isinstance(part, Categorical):
            return Categorical(distributions[f"{first}probs"])
        if not own:
            return part  # type: ignore[no-any-return]
        if isinstance(part, Poisson):
            return Poisson(own["rates"])
        if "directions" in own:
            own["cholesky"] = factors_from(own.pop("log_deviations"), own.pop("directions"))
        whole = {**part.unconstrained(), **own}
        trainable = frozenset(_own(dict.fromkeys(self.trainable), first))
        emissions: Emissions
        emissions, _ = part.with_unconstrained(whole, trainable, float(np.finfo(float).tiny))
        return emissions

    def gradient(self, hmm: HMM, found: Expectations) -> FloatArray:
        """Gradient (n,) of the log-likelihood at a model, from what the data say under it."""
        counts = counts_of(hmm, found)
        parts = []
        for row in self.rows:
            probs, expected = distribution(hmm, row), counts[row.parameter][row.index]
            slopes = expected[row.free] / probs[row.free]
            parts.append(slopes[:-1] - slopes[-1])
        slopes_of = hmm.emissions.gradient(found.emissions)
        for name, array in self._family_arrays(hmm).items():
            own, first, free = own_name(name), beginning_of(name), self._free(name, array)
            if own == "rates":
                parts.append(slopes_of[f"{first}log_rates"][free] / array[free])
            elif own in ("log_deviations", "directions"):
                factors = member_of(hmm.emissions, name).unconstrained()["cholesky"]
                turned = gradient_in_directions(factors, slopes_of[f"{first}cholesky"])
                parts.append(turned[own == "directions"][free])
            else:
                parts.append(slopes_of[name][free])
        return np.concatenate([*parts, np.empty(0)])

    def gradients_around(self, sequences: Sequences) -> Iterator[tuple[int, float, list[Around]]]:
        """For each coordinate: its number, the step, and what is found a step below and above."""
        start, sizes = self.value(self.hmm), self.sizes()
        steps = np.maximum(STEP * sizes, np.spacing(np.abs(start)))
        for n, step in enumerate(steps):
            ends, found = (start[n] - step, start[n] + step), []
            for end in ends:
                moved = start.copy()
                moved[n] = end
                hmm = self.model(moved)
                found.append(Around(hmm, expectations(hmm, sequences)))
            # Not the step that was meant: far from zero it is rounded by a good share of itself.
            yield n, float(0.5 * (ends[1] - ends[0])), found

    def sizes(self) -> FloatArray:
        """(n,) how far each coordinate may move before the likelihood looks different."""
        parts = []
        for row in self.rows:
            probs = distribution(self.hmm, row)
            parts.append(np.minimum(probs[row.entries], probs[row.reference]))
        for name, array in self._family_arrays(self.hmm).items():
            parts.append(self._size_of(name, array)[self._free(name, array)])
        return np.concatenate([*parts, np.empty(0)])

    def units(self) -> FloatArray:
        """(n,) the standard deviation that one observation in that state would leave, or 1."""
        parts = []
        for row in self.rows:
            probs = distribution(self.hmm, row)[row.entries]
            parts.append(np.sqrt(probs * (1.0 - probs)))
        for name, array in self._family_arrays(self.hmm).items():
            unit = np.sqrt(array) if own_name(name) == "rates" else self._size_of(name, array)
            parts.append(unit[self._free(name, array)])
        return np.concatenate([*parts, np.empty(0)])

    def bounded(self) -> list[Coordinate | None]:
        """(n,) the probability or rate that each coordinate is; None for one without a bound."""
        names: list[Coordinate | None] = [
            (row.parameter, *row.index, int(entry)) for row in self.rows for entry in row.entries
        ]
        for name, array in self._free_arrays(self.hmm).items():
            if own_name(name) == "rates":
                names += [(name, int(k)) for k in np.flatnonzero(self.free_rates[name])]
            else:
                names += [None] * array.size
        return names

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
        family = self._free_arrays(self.hmm)
        for first, part in members(self.hmm.emissions):
            own = _own(family, first)
            here = slice(place, place + sum(array.size for array in own.values()))
            place = here.stop
            if "rates" in own:
                name = f"{first}rates"
                names += [(name, int(k)) for k in np.flatnonzero(self.free_rates[name])]
                slopes += list(np.eye(len(start))[here])
                continue
            moments = [name for name in ("means", "standard_deviations") if own.keys() & OF[name]]
            if not moments:
                continue
            wanted = [f"{first}{name}" for name in moments]
            ends = [self._moments(start, n, wanted) for n in range(here.start, here.stop)]
            values = [getattr(part, name) for name in moments]
            for name, array in zip(wanted, values, strict=True):
                names += [(name, *map(int, index)) for index in np.ndindex(array.shape)]
            whole = np.zeros((sum(array.size for array in values), len(start)))
            whole[:, here] = np.array(ends).T
            slopes += list(whole)
        return names, np.array(slopes).reshape(len(names), len(start))

    def unnamed(self) -> tuple[list[Coordinate], FloatArray]:
        """Coordinates that the model has no number for, and their unit vectors (m, n).

        Weights of a network, and ("covariances", k, i, j) for what makes i and j correlate, without
        k where all states share it.
        """
        names: list[Coordinate] = []
        places: list[int] = []
        place = sum(len(row.entries) for row in self.rows)
        for name, array in self._family_arrays(self.hmm).items():
            indices = np.argwhere(self._free(name, array)).tolist()
            if own_name(name) == "directions":
                dimensions = member_of(self.hmm.emissions, name).num_dimensions
                pairs = np.transpose(np.tril_indices(dimensions, -1))
                for *state, pair in indices:
                    names.append(("covariances", *state, *map(int, pairs[pair])))
            elif name in NeuralGaussian.parameter_names:
                names += [(name, *index) for index in indices]
            if own_name(name) == "directions" or name in NeuralGaussian.parameter_names:
                places += range(place, place + len(indices))
            place += len(indices)
        return names, np.eye(place)[places]

    def _moments(self, start: FloatArray, n: int, moments: list[str]) -> FloatArray:
        """Derivatives of moments, by their names, in coordinate n."""
        # These functions have no noise but rounding: three points and a small step do.
        step = 1e-5 * max(1.0, abs(start[n]))
        ends = []
        for side in (-step, step):
            moved = start.copy()
            moved[n] += side
            emissions = self.model(moved).emissions
            found = [getattr(member_of(emissions, name), own_name(name)) for name in moments]
            ends.append(np.concatenate([array.ravel() for array in found]))
        slopes: FloatArray = (ends[1] - ends[0]) / (2.0 * step)
        return slopes

    def _size_of(self, name: str, array: FloatArray) -> FloatArray:
        if own_name(name) == "rates":
            return np.minimum(array, np.sqrt(array))
        if own_name(name) == "means":
            return np.asarray(member_of(self.hmm.emissions, name).standard_deviations)
        return np.ones(array.shape)

    def _free(self, name: str, array: FloatArray) -> BoolArray:
        """Which entries of one of the family's arrays may move."""
        if own_name(name) == "rates":
            return self.free_rates[name]
        return ~at_floor(self.hmm, self.floored, name, array.shape)

    def _free_arrays(self, hmm: HMM) -> dict[str, FloatArray]:
        """Of `_family_arrays`, the entries that may move, each (n,)."""
        arrays = self._family_arrays(hmm)
        return {name: array[self._free(name, array)] for name, array in arrays.items()}

    def _family_arrays(self, hmm: HMM) -> dict[str, FloatArray]:
        """The family's own trained parameters as arrays without bounds, but for rates."""
        found: dict[str, FloatArray] = {}
        for first, part in members(hmm.emissions):
            if isinstance(part, Categorical):
                continue
            if isinstance(part, Poisson):
                name = f"{first}rates"
                if name in self.trainable:
                    found[name] = part.rates
                continue
            own = {
                name: array
                for name, array in part.unconstrained().items()
                if f"{first}{part.parameter_of[name]}" in self.trainable
            }
            if "cholesky" in own:
                own["log_deviations"], own["directions"] = directions(own.pop("cholesky"))
            found |= {f"{first}{name}": array for name, array in own.items()}
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


def local(
    hmm: HMM,
    trainable: frozenset[str],
    floored: Floored | None = None,
    held: frozenset[Coordinate] = frozenset(),
) -> Local:
    """Coordinates around a model, without entries of zero, and without those that are held.

    Args:
        floored: moments that are held, from `floored_moments`; None holds none.
    """
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
    free_rates = {}
    for first, part in members(hmm.emissions):
        if isinstance(part, Poisson):
            name = f"{first}rates"
            freed = [(name, k) not in held for k in range(hmm.num_states)]
            free_rates[name] = (part.rates > ZERO) & np.array(freed)
    return Local(hmm, trainable, tuple(rows), free_rates, floored or {})


def floored_moments(hmm: HMM, sequences: Sequences, trainable: frozenset[str]) -> Floored:
    """Moments whose trained variance is at its floor: the likelihood would grow without end there.

    The floor is that of training, by default. Of covariances with correlations it is that of all
    dimensions, since the variance may be small in any direction.
    """
    trained = {
        first: part for first, part in members(hmm.emissions) if f"{first}covariances" in trainable
    }
    if not trained or np.isnan(sequences.observations).all(axis=0).any():
        return {}
    most = checked_floor(None, sequences) * (1.0 + AT_FLOOR)
    found = {}
    for first, part in trained.items():
        deviations: FloatArray = part.standard_deviations
        is_upright = getattr(part, "covariance_type", "diag") in ("diag", "spherical")
        smallest = deviations**2 if is_upright else part.smallest_variances()[:, np.newaxis]
        found[first] = np.broadcast_to(smallest <= most, deviations.shape)
    return {first: low for first, low in found.items() if low.any()}


def floored_states(floored: Floored) -> IntArray:
    """States that have a moment at its floor."""
    states = [np.flatnonzero(low.any(axis=1)) for low in floored.values()]
    return np.unique(np.concatenate([*states, np.empty(0, dtype=np.int64)]))


def floored_columns(floored: Floored) -> IntArray:
    """Columns of the data that have a moment at its floor."""
    found = set()
    for first, low in floored.items():
        # A part of a product has one column, of its own number.
        where = [int(first.partition(".")[0])] if first else np.flatnonzero(low.any(axis=0))
        found |= set(map(int, where))
    return np.array(sorted(found), dtype=np.int64)


def floored_names(floored: Floored) -> frozenset[Coordinate]:
    """The means and standard deviations themselves, named as by `hmmcore.coordinates.flat`."""
    return frozenset(
        (f"{first}{moment}", int(k), int(d))
        for first, low in floored.items()
        for k, d in np.argwhere(low)
        for moment in MOMENTS
    )


def at_floor(hmm: HMM, floored: Floored, name: str, shape: tuple[int, ...]) -> BoolArray:
    """Which entries of one of the family's arrays, of this shape, are held at the floor.

    Weights of a network are none: they make the means of every state.
    """
    low, own = floored.get(beginning_of(name)), own_name(name)
    if low is None or own not in OF_MOMENTS:
        return np.zeros(shape, dtype=bool)
    if own == "means" or low.shape == shape:
        return low
    # A spread that dimensions or states share, or what makes dimensions of a state correlate.
    is_shared = getattr(member_of(hmm.emissions, name), "covariance_type", "") == "tied"
    states = low.any(axis=1)
    by_state = states.any() if is_shared else states.reshape(-1, *[1] * (len(shape) - 1))
    return np.broadcast_to(by_state, shape)


def _own(values: Mapping[str, Any], first: str) -> dict[str, Any]:
    """What belongs to a part, by its own names, of values whose names begin so."""
    return {name.removeprefix(first): v for name, v in values.items() if name.startswith(first)}


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
    for first, part in members(hmm.emissions):
        if isinstance(part, Categorical):
            found[f"{first}probs"] = part.probs
    return found


def counts_of(hmm: HMM, found: Expectations) -> dict[str, FloatArray]:
    """Expected counts of the entries of every distribution."""
    counts = {"initial_probs": found.initial_counts, "transition_matrix": found.transition_counts}
    for first, part in members(hmm.emissions):
        if isinstance(part, Categorical):
            counts[f"{first}probs"] = found.emissions[f"{first}counts"]
    return counts
