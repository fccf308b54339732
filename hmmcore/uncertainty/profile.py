"""Intervals by likelihood ratio: how far a number may move while all others make up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from hmmcore.arrays import FloatArray, as_number
from hmmcore.coordinates import DISTRIBUTIONS, Coordinate, found_at, value_at
from hmmcore.emissions import NeuralGaussian
from hmmcore.inference import smooth
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import expectations, require_compatible
from hmmcore.training.base import checked_names, checked_trainable
from hmmcore.uncertainty.constrained import Constrained
from hmmcore.uncertainty.information import coordinates_of, observed_information
from hmmcore.uncertainty.local import ZERO

NEAR = 1e-7
"""Relative: an end is found when the deviance is this near to the one that is looked for."""

GROWTH = 4.0
"""How many times farther each try goes, at most."""

MOST_TRIES = 60
MOST_STEPS = 300
"""Of one search."""

FARTHEST = {"means": 1e4, "standard_deviations": 30.0, "rates": 30.0}
"""From the estimate, in standard deviations of the state or in logarithms; where the likelihood
allows even that, the end is infinite, or zero."""
FARTHEST_LOG_ODDS = 35.0
"""Where it allows even these, a probability may be 0, or 1."""

MOST_BEFORE = 1.0
"""Nats: a model that can gain more is not near its maximum."""

MOST_ABOVE = 1e-3
"""Nats: where a search finds more than this above the maximum, that is not the largest."""

SAME = 1e-6
"""Relative: orders of the states that agree with the maximum as well as this are the same."""

FEW_SLOPES = 1e-4
"""A search is over when no coordinate has a steeper slope, in nats per standard error or less."""


@dataclass(frozen=True)
class ProfiledInterval:
    """The interval of a number by likelihood ratio.

    Attributes:
        coordinate: which number, with all its indices.
        low, high: the ends; NaN where there is none to be found.
        bound: 0 or 1 where the maximum holds the number there; the interval is then one-sided, and
            this is one of its ends. None where it lies inside its range.
        failure: the sentence that says why there is no interval; None if there is one.
    """

    coordinate: Coordinate
    low: float
    high: float
    bound: float | None = None
    failure: str | None = None


def profile_interval(
    hmm: HMM,
    sequences: Sequences,
    coordinate: Coordinate,
    level: float = 0.95,
    *,
    trainable: Iterable[str] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> tuple[float, float]:
    """The interval of a number of a fitted model by likelihood ratio.

    Its ends are where the log-likelihood, maximised over all other parameters, has fallen by half
    the quantile of chi-squared with one degree of freedom. Each search starts from the end of the
    one before, outwards from the maximum, and where it comes to states that have changed places,
    which they may do as far as the likelihood is concerned, that counts as beyond the end. A
    probability or rate that the maximum holds at its bound has a one-sided interval of that level.
    Zeros stay zero.

    Args:
        trainable: names of the parameters that were trained; the others are known. None means all.
        stopped: asked again and again; where it says True, `Stopped` is raised.

    Returns:
        The ends; a mean that the data do not determine has infinite ones.

    Raises:
        ValueError: when the model has no such coordinate, it is not trained, it comes out of a
            network, the model is far from its maximum, or a search finds a higher one.
        ImpossibleDataError: when the model gives a sequence probability zero.

    Source: Venzon & Moolgavkar (1988); Visser, Raijmakers & Molenaar (2000) for hidden Markov
    models.
    """
    name = _named(hmm, coordinate)
    _require_movable(hmm, name)
    found = _Profiles(hmm, sequences, level, trainable, stopped).interval(name)
    return found.low, found.high


def profile_intervals(
    hmm: HMM,
    sequences: Sequences,
    coordinates: Iterable[Coordinate] | None = None,
    level: float = 0.95,
    *,
    trainable: Iterable[str] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> Iterator[ProfiledInterval]:
    """The intervals of many numbers of a fitted model, one after another; see `profile_interval`.

    All searches start from one maximum, and two probabilities that share a row have one search. A
    number whose interval cannot be found has the sentence that says why, and the others go on.

    Args:
        coordinates: which numbers, in which order; None takes all that were trained and that the
            data determine, with one-sided limits of those at their bounds.
        stopped: asked again and again; where it says True the iterator ends.

    Raises:
        ValueError, ImpossibleDataError: as `profile_interval`, where they concern all numbers.
    """
    asked = None if coordinates is None else [_named(hmm, one) for one in coordinates]

    def known() -> Iterator[ProfiledInterval]:
        try:
            profiles = _Profiles(hmm, sequences, level, trainable, stopped)
            for name in profiles.determined() if asked is None else asked:
                yield profiles.interval_or_failure(name)
        except Stopped:
            return

    return known()


class Stopped(Exception):
    """The search was told to stop."""


class _Profiles:
    """The intervals of a model's numbers: all start from its maximum, which is found once."""

    def __init__(
        self,
        hmm: HMM,
        sequences: Sequences,
        level: float,
        trainable: Iterable[str] | None,
        stopped: Callable[[], bool] | None,
    ) -> None:
        require_compatible(hmm, sequences)
        self.level = as_number(
            "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
        )
        self.trained = checked_trainable(checked_names(trainable), hmm)
        self.sequences, self.stopped = sequences, stopped
        self._found: dict[Coordinate, ProfiledInterval] = {}
        top = Constrained(hmm, sequences, None, self.trained)
        best = _maximised(top, top.start, stopped=stopped)
        gained = best.log_likelihood - top.log_likelihood(top.start, None)[0]
        if gained > MOST_BEFORE:
            raise ValueError(
                f"the model is not at its maximum: the log-likelihood can still gain {gained:.3g} "
                "nats. Train on."
            )
        self.best, self.hmm = best.log_likelihood, top.model(best.place, None)

    def determined(self) -> list[Coordinate]:
        """All numbers that were trained and have an interval, or a one-sided limit."""
        information = observed_information(self.hmm, self.sequences, self.trained)
        return [
            name
            for name in coordinates_of(self.hmm)
            if _parameter_of(name) in self.trained | {"means"}
            and (name in information.at_bounds or np.isfinite(information.standard_error(name)))
            and not self._is_alone(name)
            and not _comes_out_of_network(self.hmm, name)
        ]

    def interval_or_failure(self, name: Coordinate) -> ProfiledInterval:
        """The interval of a number, or why it has none."""
        try:
            return self.interval(name)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return ProfiledInterval(name, float("nan"), float("nan"), failure=str(error))

    def interval(self, name: Coordinate) -> ProfiledInterval:
        """The interval of a number.

        Raises:
            ValueError: when it has none.
            Stopped: when it was told to stop.
        """
        if (twin := self._twin(name)) is not None and twin in self._found:
            other = self._found[twin]
            bound = None if other.bound is None else 1.0 - other.bound
            return ProfiledInterval(name, 1.0 - other.high, 1.0 - other.low, bound)
        found = self._searched(name)
        self._found[name] = found
        return found

    def _searched(self, name: Coordinate) -> ProfiledInterval:
        _require_movable(self.hmm, name)
        if _parameter_of(name) not in self.trained:
            raise ValueError(
                f"{name} was not trained, so it is known; there is no interval to be found."
            )
        value = value_at(self.hmm, name)
        constrained = Constrained(self.hmm, self.sequences, name, self.trained)
        search = _Search(constrained, self.best, self.stopped)
        is_share = name[0] in DISTRIBUTIONS
        if (is_share or name[0] == "rates") and value <= ZERO:
            return ProfiledInterval(name, 0.0, search.bound(self.level), 0.0)
        if is_share and value >= 1.0 - ZERO:
            return ProfiledInterval(name, 1.0 - search.bound(self.level, from_one=True), 1.0, 1.0)
        unit = 1.0
        if name[0] == "means":
            emissions: Any = self.hmm.emissions
            unit = float(emissions.standard_deviations[tuple(map(int, name[1:]))])
        ends = [search.end(str(name[0]), value, side, unit, self.level) for side in (-1.0, 1.0)]
        return ProfiledInterval(name, ends[0], ends[1])

    def _row(self, name: Coordinate) -> FloatArray:
        values, indices = found_at(self.hmm, name)
        row: FloatArray = values[indices[:-1]]
        return row

    def _is_alone(self, name: Coordinate) -> bool:
        """Whether a probability is the only one of its distribution."""
        return name[0] in DISTRIBUTIONS and len(self._row(name)) == 1

    def _twin(self, name: Coordinate) -> Coordinate | None:
        """The probability that is one less this one, in a row of two."""
        if name[0] not in DISTRIBUTIONS or len(self._row(name)) != 2:
            return None
        return (*name[:-1], 1 - int(name[-1]))


def _named(hmm: HMM, coordinate: Coordinate) -> Coordinate:
    """A coordinate with all its indices."""
    _, indices = found_at(hmm, coordinate)
    return (coordinate[0], *indices)


def _parameter_of(name: Coordinate) -> str:
    """The parameter, by the model's own name, that a number belongs to."""
    return "covariances" if name[0] == "standard_deviations" else str(name[0])


def _comes_out_of_network(hmm: HMM, name: Coordinate) -> bool:
    return name[0] == "means" and isinstance(hmm.emissions, NeuralGaussian)


def _require_movable(hmm: HMM, name: Coordinate) -> None:
    if _comes_out_of_network(hmm, name):
        raise ValueError(
            "the means come out of a network, so none can be held while the others move; "
            "observed_information has their standard errors."
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """A constrained maximum: where, and the log-likelihood in nats."""

    place: FloatArray
    log_likelihood: float


def _maximised(
    constrained: Constrained,
    start: FloatArray,
    held: float | None = None,
    stopped: Callable[[], bool] | None = None,
) -> _Found:
    """The maximum near a start, with the coordinate held at a value."""
    if not len(start):
        hmm = constrained.model(start, held)
        return _Found(start, expectations(hmm, constrained.sequences).log_likelihood)
    units, origin = constrained.units, constrained.log_likelihood(start, held)[0]
    if origin == -np.inf:
        return _Found(start, origin)

    best = _Found(start, origin)

    def fall(moved: FloatArray) -> tuple[float, FloatArray]:
        nonlocal best
        if stopped is not None and stopped():
            raise Stopped
        place = start + units * moved
        log_likelihood, slopes = constrained.log_likelihood(place, held)
        # Kept here: where a line search meets places that are no model, it may return another.
        if log_likelihood > best.log_likelihood:
            best = _Found(place, log_likelihood)
        return origin - log_likelihood, -slopes * units

    scipy.optimize.minimize(
        fall,
        np.zeros(len(start)),
        jac=True,
        method="L-BFGS-B",
        options={"gtol": FEW_SLOPES, "ftol": 1e-12, "maxcor": 30, "maxiter": MOST_STEPS},
    )
    return best


class _Search:
    """Goes outwards from the maximum, each search from where the last two ended."""

    def __init__(
        self, constrained: Constrained, best: float, stopped: Callable[[], bool] | None
    ) -> None:
        self.constrained = constrained
        self.best = best
        self.stopped = stopped
        self._labels = _Labels(constrained)

    def end(self, parameter: str, value: float, side: float, unit: float, level: float) -> float:
        """The end of an interval around a value inside its range."""
        forwards: Callable[[float], float]
        if parameter == "means":
            forwards, start, farthest = _itself, value, unit * FARTHEST["means"]
            limit = side * np.inf
        elif parameter in DISTRIBUTIONS:
            forwards, start = scipy.special.expit, float(np.log(value) - np.log1p(-value))
            farthest, limit = FARTHEST_LOG_ODDS - side * start, 0.5 + 0.5 * side
        else:
            forwards, start = np.exp, float(np.log(value))
            farthest, limit = FARTHEST[parameter], np.inf if side > 0.0 else 0.0
        quantile = _normal_quantile(0.5 + 0.5 * level)
        far = self._distance(
            lambda far: float(forwards(start + side * far)),
            lambda deviance: float(np.sqrt(deviance)),
            quantile,
            0.1 * unit,
            farthest,
        )
        return float(limit) if far is None else float(forwards(start + side * far))

    def bound(self, level: float, *, from_one: bool = False) -> float:
        """How far from its bound a number may be, by a one-sided interval."""
        quantile = _normal_quantile(level) ** 2 if level > 0.5 else 0.0
        is_share = self.constrained.held is not None and self.constrained.held[0] != "rates"
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
            found = self._found(_extrapolated(trail, tried), value_at(tried))
            if found.log_likelihood == -np.inf:
                found = self._found(trail[-1][1], value_at(tried))
            above = found.log_likelihood - self.best
            if above > MOST_ABOVE:
                raise ValueError(
                    f"with {self.constrained.held} at {value_at(tried):.4g} the log-likelihood is "
                    f"{above:.3g} nats above the model's, so that is not the maximum. Train from "
                    "other starts."
                )
            if not self._labels.are_kept(found, value_at(tried)):
                # Beyond where the states change places: nothing that far is the state's own.
                found = _Found(found.place, -np.inf)
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

    def _found(self, start: FloatArray, value: float) -> _Found:
        return _maximised(self.constrained, start, value, self.stopped)


class _Labels:
    """Whether states still are what they were: by how they share out the observations."""

    def __init__(self, constrained: Constrained) -> None:
        self.constrained = constrained
        self._before = smooth(constrained.hmm, constrained.sequences).smoothed_probs

    def are_kept(self, found: _Found, value: float) -> bool:
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
