"""How sure the numbers of a fitted model are: the curvature of its log-likelihood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from hmmcore.arrays import BoolArray, FloatArray, as_number
from hmmcore.coordinates import Coordinate, flat, found_at, is_distribution, spelled
from hmmcore.emissions import NeuralGaussian, Product, members, own_name
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import expectations, require_compatible
from hmmcore.training.base import checked_names, checked_trainable
from hmmcore.uncertainty.local import (
    Local,
    derivative,
    floored_moments,
    floored_names,
    floored_states,
    local,
)

if TYPE_CHECKING:
    import pandas as pd

FLAT = 1e-6
"""Nats: a direction in which a move by one unit, the standard deviation that a single observation
would leave, changes the log-likelihood by less than half of this is not determined by the data."""

ROUNDING = 1e-7
"""Relative to the largest curvature: finite differences do not tell less from nothing."""

LEAST_FALL = 1e-12
"""Nats: what is gained by less on the way to zero may be rounding."""

TOUCHED = 1e-3
"""Share of a coordinate's move that lies along undetermined directions, from which on it counts as
undetermined."""

UNTOLD = 0.5
"""Share of a coordinate's unit along undetermined directions, above which Newton's step does not
tell where its top is."""

NAMED_SHARE = 0.02
"""Of the largest part of a direction; smaller parts are not named."""

Direction = Mapping[Coordinate, float]


@dataclass(frozen=True, eq=False)
class Curvature:
    """Gradient and curvature at a model, in the units of its local coordinates (n,).

    Attributes:
        around: the coordinates.
        held: probabilities and rates that belong at zero, and are no coordinates.
        gradient: (n,) of the log-likelihood, in nats per unit.
        values, vectors: (n,) eigenvalues of the observed information, ascending, and (n, n)
            eigenvectors as columns.
        noise: how large an eigenvalue may be that is zero at the maximum itself.
        gain_at_bounds: nats to be gained by setting to zero what is held and is not zero yet.
    """

    around: Local
    held: frozenset[Coordinate]
    units: FloatArray
    gradient: FloatArray
    values: FloatArray
    vectors: FloatArray
    noise: float
    gain_at_bounds: float = 0.0

    @property
    def threshold(self) -> float:
        """Eigenvalues between minus this and this are not told from zero."""
        return max(FLAT, ROUNDING * float(np.abs(self.values).max(initial=0.0)), self.noise)

    @property
    def determined(self) -> BoolArray:
        """(n,) which eigenvalues are larger."""
        return self.values > self.threshold

    @property
    def step(self) -> FloatArray:
        """Newton's step (n,) to the top, along what is determined."""
        return self.units * self._solved(self.gradient)

    @property
    def gain(self) -> float:
        """Nats that Newton's step, and setting to zero what belongs there, is predicted to gain."""
        return self.gain_at_bounds + 0.5 * float(self.gradient @ self._solved(self.gradient))

    def _solved(self, vector: FloatArray) -> FloatArray:
        chosen = self.vectors[:, self.determined]
        solved: FloatArray = chosen @ ((chosen.T @ vector) / self.values[self.determined])
        return solved


def curvature(hmm: HMM, sequences: Sequences, trainable: frozenset[str]) -> Curvature:
    """Differentiate the exact gradient, and hold what the likelihood wants at zero."""
    around = local(hmm, trainable, floored_moments(hmm, sequences, trainable))
    gradient = around.gradient(hmm, expectations(hmm, sequences))
    hessian = np.zeros((len(gradient), len(gradient)))
    for n, step, near in around.gradients_around(sequences):
        hessian[n] = derivative(step, [around.gradient(one.hmm, one.found) for one in near])
    return held_at_zero(around, gradient, hessian)


def held_at_zero(around: Local, gradient: FloatArray, hessian: FloatArray) -> Curvature:
    """Hold what the likelihood wants at zero, and see how it bends in all else.

    A probability or rate is held where the top of the parabola that fits here lies below zero.

    Args:
        gradient, hessian: (n,) and (n, n) of the log-likelihood, in nats per local coordinate.
    """
    hmm, trainable = around.hmm, around.trainable
    start = around.value(hmm)
    hessian = 0.5 * (hessian + hessian.T)
    units, names = around.units(), around.bounded()
    kept = np.ones(len(start), dtype=bool)
    has_network = isinstance(hmm.emissions, NeuralGaussian)
    while True:
        chosen = np.flatnonzero(kept)
        scaled = -hessian[np.ix_(chosen, chosen)] * np.outer(units[chosen], units[chosen])
        values, vectors = np.linalg.eigh(scaled) if len(chosen) else (np.empty(0), np.eye(0))
        slopes = gradient[chosen] * units[chosen]
        # Many weights make the same means. Where a slope is left, these curve by as much.
        noise = 10.0 * np.abs(slopes).max(initial=0.0) if has_network else 0.0
        found = Curvature(around, frozenset(), units[chosen], slopes, values, vectors, float(noise))
        top = start[chosen] + found.step
        bounded = np.array([names[n] is not None for n in chosen], dtype=bool)
        # Of one that is nearly zero the parabola is too flat to be told: then its slope alone.
        slope, bend = gradient[chosen], -np.diag(hessian)[chosen]
        faint = np.diag(scaled) <= found.threshold
        # Nor is the step told where the parabola opens upwards: it leaves those directions out.
        faint |= (vectors[:, ~found.determined] ** 2).sum(axis=1) > UNTOLD
        falls = faint & (-slope * start[chosen] > LEAST_FALL) & (start[chosen] * bend <= -slope)
        below = bounded & ((top <= 0.0) | falls)
        if not below.any():
            break
        kept[chosen[below]] = False
    held = frozenset(name for name, keep in zip(names, kept, strict=True) if name and not keep)
    to_gain = float(np.maximum(-gradient * start, 0.0)[~kept].sum())
    remaining = local(hmm, trainable, around.floored, held)
    return replace(found, around=remaining, held=held, gain_at_bounds=to_gain)


@dataclass(frozen=True, eq=False)
class Information:
    """What the data say of each number of a model, from the curvature of the log-likelihood.

    Attributes:
        hmm: the model.
        log_likelihood: of the data, in nats.
        at_bounds: probabilities and rates that the likelihood holds at 0 or 1. They have no
            standard error; `profile_interval` has a one-sided limit.
        undetermined: directions that the data say nothing about, each as how far every coordinate
            moves, the largest by 1.
        floored: means and standard deviations, named as by `hmmcore.coordinates.flat`, whose
            variance is at its floor: the likelihood would grow without end there, so that they have
            no standard error. Those of all else hold them where they are.
        collapsed: the states that these are of, 0-based.
    """

    hmm: HMM
    log_likelihood: float
    at_bounds: tuple[Coordinate, ...]
    undetermined: tuple[Direction, ...]
    floored: frozenset[Coordinate]
    collapsed: tuple[int, ...]
    _covariances: FloatArray
    _places: Mapping[Coordinate, int]

    def is_trained(self, coordinate: Coordinate) -> bool:
        """Whether a number was trained; one that was not is known."""
        name = _named(self.hmm, coordinate)
        return name in self._places or spelled(name) in self.at_bounds

    def covariance(self, coordinates: Sequence[Coordinate]) -> FloatArray:
        """Covariances (n, n) of the estimates; NaN of what is held, not trained or undetermined."""
        places = np.array([self._places.get(_named(self.hmm, c), -1) for c in coordinates])
        known = places >= 0
        found = np.full((len(places), len(places)), np.nan)
        found[np.ix_(known, known)] = self._covariances[np.ix_(places[known], places[known])]
        return found

    def standard_error(self, coordinate: Coordinate) -> float:
        """The standard error of a number of the model; NaN where it has none."""
        return float(np.sqrt(self.covariance([coordinate])[0, 0]))

    def interval(self, coordinate: Coordinate, level: float = 0.95) -> tuple[float, float]:
        """Wald's interval, on the scale on which the number is free.

        That is itself for a mean, its log for a standard deviation or a rate, and its log-odds for
        a probability, so that no end is out of range. NaN where there is no standard error.
        """
        name = _named(self.hmm, coordinate)
        values, indices = found_at(self.hmm, name)
        own = own_name(str(flat(name)[0]))
        return wald(own, float(values[indices]), self.standard_error(name), level)

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """All numbers as a table in words; states, symbols and dimensions count from 1."""
        import pandas as pd

        rows = []
        for name in coordinates_of(self.hmm):
            values, indices = found_at(self.hmm, name)
            low, high = self.interval(name, level)
            rows.append(
                [
                    in_words(self.hmm, name), float(values[indices]), self.standard_error(name),
                    low, high, self._remark(name),
                ]
            )  # fmt: skip
        columns = ["parameter", "estimate", "standard error", "lower", "upper", "remark"]
        return pd.DataFrame(rows, columns=columns)

    def _remark(self, name: Coordinate) -> str:
        if name in self.at_bounds:
            values, indices = found_at(self.hmm, name)
            return f"at its bound, {round(float(values[indices]))}"
        if name not in self._places:
            return "not trained"
        if flat(name) in self.floored:
            return "its state's variance is at its floor"
        if np.isnan(self.standard_error(name)):
            return "the data do not determine it"
        return ""


def observed_information(
    hmm: HMM, sequences: Sequences, trainable: Iterable[str] | None = None
) -> Information:
    """The observed information of a model that was fitted to these sequences.

    Minus the second derivatives of the log-likelihood, by central differences of its exact
    gradient: two sweeps over the data for each free parameter. Standard errors come from its
    inverse by the delta method. They mean something at a maximum only; see `is_maximum`.

    Args:
        trainable: names of the parameters that were trained; the others are known. None means all.

    Raises:
        ImpossibleDataError: when the model gives a sequence probability zero.

    Source: Louis (1982) for what it is; Lystig & Hughes (2002) for hidden Markov models.
    """
    require_compatible(hmm, sequences)
    trained = checked_trainable(checked_names(trainable), hmm)
    log_likelihood = float(expectations(hmm, sequences).log_likelihood)
    return information_from(curvature(hmm, sequences, trained), log_likelihood)


def information_from(found: Curvature, log_likelihood: float) -> Information:
    """What a curvature says of each number of its model."""
    hmm, trained = found.around.hmm, found.around.trainable
    names, slopes = found.around.jacobian()
    scaled = slopes * found.units
    good = found.determined
    along = scaled @ found.vectors[:, good]
    covariances = along / found.values[good] @ along.T
    across = scaled @ found.vectors[:, ~good]
    sizes = np.sqrt((scaled**2).sum(axis=1))
    unknown = np.sqrt((across**2).sum(axis=1)) > TOUCHED * sizes
    floored = floored_names(found.around.floored)
    # Of nothing that is trained the list is empty, and would be one of floats.
    unknown |= np.array([name in floored for name in names], dtype=bool)
    covariances[unknown] = np.nan
    covariances[:, unknown] = np.nan
    return Information(
        hmm,
        log_likelihood,
        _at_bounds(hmm, trained, found),
        _directions(names, across, found),
        floored,
        tuple(map(int, floored_states(found.around.floored))),
        covariances,
        {spelled(name): place for place, name in enumerate(names)},
    )


def wald(parameter: str, value: float, error: float, level: float) -> tuple[float, float]:
    """The interval of a number with this standard error; see `Information.interval`."""
    level = as_number(
        "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
    )
    reach = float(scipy.special.ndtri(0.5 + 0.5 * level)) * error
    if parameter == "means":
        return value - reach, value + reach
    if parameter in ("standard_deviations", "rates"):
        factor = float(np.exp(reach / value)) if value > 0.0 else np.nan
        return value / factor, value * factor
    if not 0.0 < value < 1.0:
        return np.nan, np.nan
    odds = np.log(value) - np.log1p(-value)
    ends = scipy.special.expit(odds + reach / (value * (1.0 - value)) * np.array([-1.0, 1.0]))
    return float(ends[0]), float(ends[1])


def coordinates_of(hmm: HMM) -> list[Coordinate]:
    """Every number of a model."""
    names: list[Coordinate] = []
    for parameter in ("initial_probs", "transition_matrix"):
        names += _all(parameter, getattr(hmm, parameter))
    for first, part in members(hmm.emissions):
        for parameter in ("means", "standard_deviations", "rates", "probs"):
            if hasattr(part, parameter):
                names += _all(f"{first}{parameter}", getattr(part, parameter))
    return [spelled(name) for name in names]


def in_words(hmm: HMM, name: Coordinate) -> str:
    """What a number of a model is, in words; counted from 1."""
    whole, *indices = flat(name)
    parameter = own_name(str(whole))
    places = [int(index) + 1 for index in indices]
    if parameter == "initial_probs":
        return f"initial probability of state {places[0]}"
    if parameter == "transition_matrix":
        return f"probability from state {places[0]} to state {places[1]}"
    of = ""
    if isinstance(hmm.emissions, Product):
        of = f" in column {int(str(whole).partition('.')[0]) + 1}"
    elif hmm.emissions.num_dimensions > 1:
        of = f" in dimension {places[1]}"
    if parameter == "probs":
        return f"probability of symbol {places[1]} in state {places[0]}{of}"
    if parameter == "rates":
        return f"rate of state {places[0]}{of}"
    what = "mean" if parameter == "means" else "standard deviation"
    return f"{what} of state {places[0]}{of}"


def _all(parameter: str, values: FloatArray) -> list[Coordinate]:
    return [(parameter, *map(int, index)) for index in np.ndindex(values.shape)]


def _named(hmm: HMM, coordinate: Coordinate) -> Coordinate:
    """A coordinate with all its indices."""
    _, indices = found_at(hmm, coordinate)
    return spelled((flat(coordinate)[0], *indices))


def _directions(
    names: list[Coordinate], across: FloatArray, found: Curvature
) -> tuple[Direction, ...]:
    """The undetermined directions, of which `across` (m, d) says how they move named numbers."""
    unnamed, vectors = found.around.unnamed()
    if unnamed:
        moves = vectors * found.units @ found.vectors[:, ~found.determined]
        names, across = names + unnamed, np.concatenate([across, moves])
    directions = []
    for move in across.T:
        parts = move / move[np.abs(move).argmax()]
        directions.append(
            {
                spelled(name): float(part)
                for name, part in zip(names, parts, strict=True)
                if abs(part) >= NAMED_SHARE
            }
        )
    return tuple(directions)


def _at_bounds(hmm: HMM, trained: frozenset[str], found: Curvature) -> tuple[Coordinate, ...]:
    """What the likelihood holds at 0 or 1, of the trained parameters."""
    around = found.around
    free: set[Coordinate] = {
        (name, int(k)) for name, rates in around.free_rates.items() for k in np.flatnonzero(rates)
    }
    for row in around.rows:
        free |= {(row.parameter, *row.index, int(entry)) for entry in row.free}
    names = [flat(name) for name in coordinates_of(hmm)]
    return tuple(
        spelled(name)
        for name in names
        if name[0] in trained and _is_bounded(str(name[0])) and name not in free
    )


def _is_bounded(name: str) -> bool:
    return is_distribution(name) or own_name(name) == "rates"
