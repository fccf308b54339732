"""A plane through the space of models along two of their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import BoolArray, FloatArray, quoted, require_type
from hmmcore.batch import Models, stack
from hmmcore.batch.models import Arrays, kind_of
from hmmcore.coordinates import (
    Coordinate,
    flat,
    is_distribution,
    place_of,
    scale_of,
    value_at,
    values_of,
    with_values,
)
from hmmcore.emissions import beginning_of, member_of, own_name
from hmmcore.landscape.base import AnyPlane, as_positions, distinct, orders
from hmmcore.landscape.through import ThroughModels
from hmmcore.model import HMM
from hmmcore.training.base import MODEL_PARAMETERS

SPREADS = "standard_deviations", "covariances"
"""What coordinates, and what families, call the parameter that a standard deviation belongs to."""

ROUNDING = 1e-12
"""By how much two probabilities of a row may exceed one together: logits are rounded."""


@dataclass(frozen=True, eq=False)
class Plane(AnyPlane):
    """The models that differ from one in two numbers.

    A position is the value itself of a mean, the logarithm of a standard deviation or rate, and
    the logit of a probability. The rest of a probability's row keeps its proportions, also where
    both numbers belong to one row. What else a number takes along with it is as in
    `coordinates.with_values`.

    Attributes:
        hmm: the model whose other numbers all have.
        x, y: the two coordinates.

    Raises:
        ValueError: when the model lacks a coordinate, it cannot be set or has no choice, as the
            only probability of its row, or both are one and the same number.
    """

    hmm: HMM
    x: Coordinate
    y: Coordinate

    def __post_init__(self) -> None:
        require_type("hmm", self.hmm, HMM, "an HMM")
        for coordinate in (self.x, self.y):
            with_values(self.hmm, {coordinate: value_at(self.hmm, coordinate)})
            if is_distribution(_name(coordinate)) and self._row_size(coordinate) == 1:
                raise ValueError(
                    f"{quoted(coordinate)} is the only probability of its row, so it is always 1; "
                    "choose another number."
                )
        if self._number(self.x) == self._number(self.y):
            raise ValueError(
                f"{quoted(self.x)} and {quoted(self.y)} are one number of this model: what sets "
                "one sets the other. Choose two that can differ."
            )

    @staticmethod
    def through(first: HMM, second: HMM, third: HMM) -> ThroughModels:
        """The plane through three models; see `ThroughModels`."""
        return ThroughModels(first, second, third)

    def models(self, xs: ArrayLike, ys: ArrayLike) -> tuple[Models, BoolArray]:
        """As in `AnyPlane.models`."""
        across, up = as_positions(xs, ys)
        values = [scale_of(self.x).value(across), scale_of(self.y).value(up)]
        which = self._are_in_range(values)
        chosen = [v[which] for v in values]
        example = stack([self.hmm])
        count = int(which.sum())
        arrays = {
            name: np.broadcast_to(v, (count, *v.shape[1:])) for name, v in example.arrays().items()
        }
        for name in {_array_of(self.x), _array_of(self.y)}:
            arrays[name] = arrays[name].copy()
        if self._are_in_one_row:
            self._set_probabilities(arrays, (self.x, self.y), chosen)
        else:
            for coordinate, value in zip((self.x, self.y), chosen, strict=True):
                if is_distribution(_name(coordinate)):
                    self._set_probabilities(arrays, (coordinate,), [value])
                else:
                    self._set_number(arrays, coordinate, value)
        return example.with_arrays(arrays), which

    def position(self, hmm: HMM) -> tuple[float, float]:
        """As in `AnyPlane.position`."""
        self._require_same_kind(hmm)
        x, y = (float(scale_of(c).position(value_at(hmm, c))) for c in (self.x, self.y))
        return x, y

    def mirrors(self, hmm: HMM) -> FloatArray:
        """As in `AnyPlane.mirrors`."""
        self._require_same_kind(hmm)
        named = sorted({state for c in (self.x, self.y) for state in self._states(c)})
        taken = orders(hmm.num_states, len(named))
        as_it_is = np.array([named])
        # Row r says which states play those that the coordinates name.
        players = np.concatenate([as_it_is, taken])
        positions = []
        for coordinate in (self.x, self.y):
            place = place_of(hmm, coordinate)
            num_of_states = len(self._states(coordinate))
            states = tuple(players[:, named.index(state)] for state in place[:num_of_states])
            values = values_of(hmm, _name(coordinate))[(*states, *place[num_of_states:])]
            positions.append(scale_of(coordinate).position(values))
        return distinct(np.stack(positions, axis=1))

    def holds(self, trained: Iterable[str | Coordinate] | None = None) -> bool:
        """As in `AnyPlane.holds`."""
        names = (*MODEL_PARAMETERS, *self.hmm.emissions.parameter_names)
        chosen = names if trained is None else tuple(trained)
        return all(
            self._leads_along(coordinate)
            for one in chosen
            for coordinate in (self._coordinates_of(one) if isinstance(one, str) else [one])
        )

    # --- which numbers there are ------------------------------------------------------------------

    def _row_size(self, coordinate: Coordinate) -> int:
        return int(values_of(self.hmm, _name(coordinate)).shape[-1])

    def _states(self, coordinate: Coordinate) -> tuple[int, ...]:
        """The states that a coordinate names: its first indices."""
        return place_of(self.hmm, coordinate)[: 2 if coordinate[0] == "transition_matrix" else 1]

    def _covariance_type(self, name: str) -> str | None:
        """That of the family to which the parameter of this name belongs; None without one."""
        if name in MODEL_PARAMETERS:
            return None
        return getattr(member_of(self.hmm.emissions, name), "covariance_type", None)

    def _row(self, coordinate: Coordinate) -> tuple[str | int, ...] | None:
        """The row that a probability belongs to; None of other numbers."""
        name = _name(coordinate)
        return (name, *place_of(self.hmm, coordinate)[:-1]) if is_distribution(name) else None

    @property
    def _are_in_one_row(self) -> bool:
        return self._row(self.x) is not None and self._row(self.x) == self._row(self.y)

    def _number(self, coordinate: Coordinate) -> tuple[str | int, ...]:
        """A name for a number that is the same for all coordinates which stand for it."""
        name, place = _name(coordinate), place_of(self.hmm, coordinate)
        if is_distribution(name) and self._row_size(coordinate) == 2:
            place = (*place[:-1], 0)
        kind = self._covariance_type(name)
        if own_name(name) == "standard_deviations" and kind in ("tied", "spherical"):
            place = place[1:] if kind == "tied" else place[:1]
        return (name, *place)

    def _coordinates_of(self, parameter: str) -> Iterator[Coordinate]:
        """All numbers of a parameter; something that is none, where it has others too."""
        own, first = own_name(parameter), beginning_of(parameter)
        name = f"{first}standard_deviations" if own == "covariances" else parameter
        correlated = (
            self._covariance_type(name) in ("tied", "full")
            and member_of(self.hmm.emissions, name).num_dimensions > 1
        )
        if (not is_distribution(name) and own not in ("means", *SPREADS, "rates")) or (
            own == "covariances" and correlated
        ):
            yield ()
            return
        for place in np.ndindex(values_of(self.hmm, name).shape):
            yield (name, *place)

    def _leads_along(self, coordinate: Coordinate) -> bool:
        """Whether a change of this number alone stays on the plane."""
        if not coordinate:
            return False
        numbers = [self._number(c) for c in (self.x, self.y)]
        if self._number(coordinate) in numbers:
            return True
        row = self._row(coordinate)
        if row is None:
            return False
        in_row = sum(self._row(c) == row for c in (self.x, self.y))
        return self._row_size(coordinate) - 1 <= in_row

    # --- setting them -----------------------------------------------------------------------------

    def _are_in_range(self, values: list[FloatArray]) -> BoolArray:
        which = np.ones(len(values[0]), dtype=bool)
        for coordinate, value in zip((self.x, self.y), values, strict=True):
            name = own_name(_name(coordinate))
            if is_distribution(name):
                # A logit is a probability wherever it is a number.
                which &= ~np.isnan(value)
            elif name == "standard_deviations":
                with np.errstate(over="ignore", under="ignore"):
                    variances = value**2
                which &= (variances > 0.0) & np.isfinite(variances)
            else:
                which &= np.isfinite(value)
        if self._are_in_one_row:
            which &= values[0] + values[1] <= 1.0 + ROUNDING
        return which

    def _set_probabilities(
        self, arrays: Arrays, coordinates: tuple[Coordinate, ...], values: list[FloatArray]
    ) -> None:
        """Set one or two probabilities of a row; the others share the rest as they did."""
        name, place = _name(coordinates[0]), place_of(self.hmm, coordinates[0])[:-1]
        given = values_of(self.hmm, name)[place]
        entries = [place_of(self.hmm, c)[-1] for c in coordinates]
        others = np.delete(np.arange(len(given)), entries)
        shares = given[others]
        total = shares.sum()
        shares = shares / total if total > 0.0 else np.full(len(others), 1.0 / len(others))
        rest = np.maximum(1.0 - np.sum(values, axis=0), 0.0)
        row = np.empty((len(rest), len(given)))
        row[:, entries] = np.stack(values, axis=1)
        row[:, others] = rest[:, np.newaxis] * shares
        index: tuple[slice | int, ...] = (slice(None), *place)
        arrays[name][index] = row

    def _set_number(self, arrays: Arrays, coordinate: Coordinate, values: FloatArray) -> None:
        place = place_of(self.hmm, coordinate)
        array = arrays[_array_of(coordinate)]
        if own_name(_name(coordinate)) != "standard_deviations":
            index: tuple[slice | int, ...] = (slice(None), *place)
            array[index] = values
            return
        state, dimension = place
        kind = self._covariance_type(_name(coordinate)) or "diag"
        if kind == "spherical":
            array[:, state] = values**2
        elif kind == "diag":
            array[:, state, dimension] = values**2
        else:
            matrices = array if kind == "tied" else array[:, state]
            stretch = values / np.sqrt(matrices[:, dimension, dimension])
            matrices[:, dimension] *= stretch[:, np.newaxis]
            matrices[:, :, dimension] *= stretch[:, np.newaxis]
            matrices[:, dimension, dimension] = values**2

    # --- what is refused --------------------------------------------------------------------------

    def _require_same_kind(self, hmm: HMM) -> None:
        require_type("hmm", hmm, HMM, "an HMM")
        if kind_of(hmm) != kind_of(self.hmm):
            raise ValueError("The model is of another kind than those of the plane.")

    def _why_not(self, x: float, y: float) -> str:
        values = [float(scale_of(c).value(p)) for c, p in ((self.x, x), (self.y, y))]
        if self._are_in_one_row and sum(values) > 1.0:
            return (
                f"{quoted(self.x)} and {quoted(self.y)} would be {values[0]:g} and {values[1]:g}; "
                "two probabilities of a row cannot exceed 1 together."
            )
        return (
            f"{quoted(self.x)} and {quoted(self.y)} would be {values[0]:g} and {values[1]:g}; "
            "there is no such model."
        )


def _name(coordinate: Coordinate) -> str:
    """The name of the parameter that a coordinate belongs to: "1.rates" of a part of a product."""
    return str(flat(coordinate)[0])


def _array_of(coordinate: Coordinate) -> str:
    """The name of the array of `Models` that holds a number."""
    name = _name(coordinate)
    is_spread = own_name(name) == "standard_deviations"
    return f"{beginning_of(name)}covariances" if is_spread else name
