"""A search outwards from a maximum, for where the profile of one number has fallen far enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy

from hmmcore.arrays import FloatArray
from hmmcore.coordinates import is_distribution, spelled, value_at
from hmmcore.emissions import beginning_of, own_name
from hmmcore.inference import smooth
from hmmcore.uncertainty.climbing import Found, Stopping, climbed, guide
from hmmcore.uncertainty.constrained import Constrained

NEAR = 1e-7
"""Relative: an end is found when the deviance is this near to the one that is looked for."""

GROWTH = 4.0
"""How many times farther each try goes, at most."""

MOST_TRIES = 60

FARTHEST = {"means": 1e4, "standard_deviations": 30.0, "rates": 30.0}
"""From the estimate, in standard deviations of the state or in logarithms; where the likelihood
allows even that, the end is infinite, or zero."""
FARTHEST_LOG_ODDS = 35.0
"""Where it allows even these, a probability may be 0, or 1."""

MOST_ABOVE = 1e-3
"""Nats: where a search finds more than this above the maximum, that is not the largest."""

SAME = 1e-6
"""Relative: orders of the states that agree with the maximum as well as this are the same."""

SMALL = 1e-4
"""Of the differences that tell how a model's coordinates move, in units of each."""

FARTHEST_FIRST = 2.0
"""No first try is farther, in standard deviations of the state or in logarithms."""


@dataclass(frozen=True, eq=False)
class Course:
    """How the maximum of all others moves while one number is moved, near the top.

    Attributes:
        guide: inverse (n, n) of the curvature of the others, for `climbed`.
        slope: (n,) how far they move for each unit of the number.
        error: the standard error of the number; NaN where the curvature does not tell.
    """

    guide: FloatArray
    slope: FloatArray
    error: float


def course(
    top: Constrained, hessian: FloatArray | None, constrained: Constrained, value: float
) -> Course | None:
    """How the others move, from minus the second derivatives (n, n) at the top; None without."""
    if hessian is None:
        return None
    moves = np.empty((len(top.start), len(constrained.start)))
    for n, unit in enumerate(constrained.units):
        step = np.zeros(len(constrained.start))
        step[n] = SMALL * unit
        ends = [
            top.place_of(constrained.model(constrained.start + side * step, value))
            for side in (-1.0, 1.0)
        ]
        moves[:, n] = _difference(ends[0], ends[1]) / (2.0 * step[n])
    step_of_value = SMALL * _unit(constrained, value)
    ends = [
        top.place_of(constrained.model(constrained.start, value + side * step_of_value))
        for side in (-1.0, 1.0)
    ]
    along = _difference(ends[0], ends[1]) / (2.0 * step_of_value)
    inverse = guide(constrained, moves.T @ hessian @ moves)
    mixed = moves.T @ hessian @ along
    slope = -constrained.units * (inverse @ (constrained.units * mixed))
    information = float(along @ hessian @ along + mixed @ slope)
    error = 1.0 / np.sqrt(information) if information > 0.0 else np.nan
    return Course(inverse, slope, float(error))


class Search:
    """Goes outwards from the maximum, each climb from where the last two lead to.

    Args:
        constrained: all other numbers.
        value: the number at the maximum.
        best: the log-likelihood there, in nats.
        expected: how the others are expected to move, if that is known.
    """

    def __init__(
        self,
        constrained: Constrained,
        value: float,
        best: float,
        expected: Course | None,
        stopped: Stopping,
    ) -> None:
        self.constrained, self.value, self.best = constrained, value, best
        self.expected, self.stopped = expected, stopped
        self._labels = _Labels(constrained)

    def end(self, side: float, level: float) -> float:
        """The end of an interval around a value inside its range."""
        assert self.constrained.held is not None
        parameter, value = own_name(str(self.constrained.held[0])), self.value
        forwards: Callable[[float], float]
        unit = 1.0
        if parameter == "means":
            unit = _unit(self.constrained, value)
            forwards, start, farthest = _itself, value, unit * FARTHEST["means"]
            limit, slope = side * np.inf, 1.0
        elif is_distribution(parameter):
            forwards, start = scipy.special.expit, float(np.log(value) - np.log1p(-value))
            farthest, limit = FARTHEST_LOG_ODDS - side * start, 0.5 + 0.5 * side
            slope = value * (1.0 - value)
        else:
            forwards, start = np.exp, float(np.log(value))
            farthest, limit = FARTHEST[parameter], np.inf if side > 0.0 else 0.0
            slope = value
        quantile = _normal_quantile(0.5 + 0.5 * level)
        first = 0.1 * unit
        if self.expected is not None and np.isfinite(self.expected.error):
            first = min(quantile * self.expected.error / slope, FARTHEST_FIRST * unit)
        far = self._distance(
            lambda far: float(forwards(start + side * far)),
            lambda deviance: float(np.sqrt(deviance)),
            quantile,
            first,
            farthest,
        )
        return float(limit) if far is None else float(forwards(start + side * far))

    def bound(self, level: float, *, from_one: bool = False) -> float:
        """How far from its bound a number may be, by a one-sided interval."""
        quantile = _normal_quantile(level) ** 2 if level > 0.5 else 0.0
        held = self.constrained.held
        is_share = held is not None and own_name(str(held[0])) != "rates"
        far = self._distance(
            lambda far: 1.0 - far if from_one else far,
            _itself,
            quantile,
            1e-3,
            1.0 - 1e-12 if is_share else np.inf,
        )
        return float(1.0 if is_share else np.inf) if far is None else far

    def _distance(
        self,
        value_at: Callable[[float], float],
        grows: Callable[[float], float],
        wanted: float,
        first: float,
        farthest: float,
    ) -> float | None:
        """How far to go until what grows with the deviance is as large as wanted.

        None if that is farther than `farthest`. What grows is about linear in the distance, so the
        tries are by false position, each half as trusting of an end that stays (Illinois).
        """
        if wanted <= 0.0:
            return 0.0
        trail: list[tuple[float, FloatArray]] = [(0.0, self.constrained.start)]
        near, near_value, far, far_value = 0.0, -wanted, np.inf, np.inf
        tried, side = min(first, farthest), 0
        for _ in range(MOST_TRIES):
            found = self._climbed(self._expected(trail, tried, value_at(tried)), value_at(tried))
            if found.log_likelihood == -np.inf:
                found = self._climbed(trail[-1][1], value_at(tried))
            above = found.log_likelihood - self.best
            if above > MOST_ABOVE:
                held = self.constrained.held
                named = None if held is None else spelled(held)
                raise ValueError(
                    f"with {named} at {value_at(tried):.4g} the log-likelihood is "
                    f"{above:.3g} nats above the model's, so that is not the maximum. Train from "
                    "other starts."
                )
            if not self._labels.are_kept(found, value_at(tried)):
                # Beyond where the states change places: nothing that far is the state's own.
                found = Found(found.place, -np.inf)
            if found.log_likelihood > -np.inf:
                trail.append((tried, found.place))
            lack = grows(max(2.0 * (self.best - found.log_likelihood), 0.0)) - wanted
            if abs(lack) <= NEAR * wanted:
                return tried
            if lack < 0.0:
                if tried >= farthest:
                    return None
                near, near_value = tried, lack
                far_value, side = (0.5 * far_value, -1) if side == -1 else (far_value, -1)
            else:
                far, far_value = tried, lack
                near_value, side = (0.5 * near_value, 1) if side == 1 else (near_value, 1)
            if np.isinf(far):
                reached = lack + wanted
                growth = min(1.05 * wanted / reached, GROWTH) if reached > 0.0 else GROWTH
                tried = min(tried * max(growth, 1.05), farthest)
            else:
                share = near_value / (near_value - far_value) if np.isfinite(far_value) else 0.5
                tried = near + (far - near) * share
                if far - near <= 1e-12 * far:
                    return tried
        return tried

    def _climbed(self, start: FloatArray, value: float) -> Found:
        inverse = None if self.expected is None else self.expected.guide
        return climbed(self.constrained, start, value, inverse, self.stopped)

    def _expected(
        self, trail: list[tuple[float, FloatArray]], distance: float, value: float
    ) -> FloatArray:
        """Where the maximum is expected at a distance."""
        if len(trail) == 1 and self.expected is not None:
            return trail[0][1] + (value - self.value) * self.expected.slope
        return _extrapolated(trail, distance)


class _Labels:
    """Whether states still are what they were: by how they share out the observations."""

    def __init__(self, constrained: Constrained) -> None:
        self.constrained = constrained
        self._before = smooth(constrained.hmm, constrained.sequences).smoothed_probs

    def are_kept(self, found: Found, value: float) -> bool:
        """Whether no other order of the states agrees with the maximum's better than their own."""
        if found.log_likelihood == -np.inf or self._before.shape[1] == 1:
            return True
        hmm = self.constrained.model(found.place, value)
        shared = self._before.T @ smooth(hmm, self.constrained.sequences).smoothed_probs
        rows, columns = scipy.optimize.linear_sum_assignment(shared, maximize=True)
        return float(shared[rows, columns].sum()) <= float(np.trace(shared)) * (1.0 + SAME)


def _extrapolated(trail: list[tuple[float, FloatArray]], distance: float) -> FloatArray:
    """Where the maximum is expected at a distance, from the two tries that are nearest to it."""
    nearest = sorted(trail, key=lambda one: abs(one[0] - distance))[:2]
    (first, place), *others = nearest
    if not others or others[0][0] == first:
        return place
    second, other = others[0]
    share = (distance - first) / (second - first)
    # Not farther than the tries are apart: where a probability goes to zero nothing is linear.
    return place + float(np.clip(share, -1.0, 1.0)) * (other - place)


def _itself(value: float) -> float:
    return value


def _normal_quantile(share: float) -> float:
    return float(scipy.special.ndtri(share))


def _unit(constrained: Constrained, value: float) -> float:
    """A step of the held number that does not change what the model is like."""
    assert constrained.held is not None
    parameter, *indices = constrained.held
    name = str(parameter)
    if is_distribution(name):
        return value * (1.0 - value)
    if own_name(name) == "means":
        deviation = f"{beginning_of(name)}standard_deviations"
        return value_at(constrained.hmm, (deviation, *indices))
    return value


def _difference(first: FloatArray, second: FloatArray) -> FloatArray:
    """What lies between two places; nothing where both are infinite."""
    with np.errstate(invalid="ignore"):
        between: FloatArray = second - first
    return np.where(np.isfinite(between), between, 0.0)
