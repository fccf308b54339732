"""Intervals by likelihood ratio: how far a number may move while all others make up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmmcore.arrays import FloatArray, as_number
from hmmcore.coordinates import (
    Coordinate,
    flat,
    found_at,
    is_distribution,
    spelled,
    value_at,
)
from hmmcore.emissions import NeuralGaussian, beginning_of, own_name
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import require_compatible
from hmmcore.training.base import checked_names, checked_trainable
from hmmcore.uncertainty.climbing import Stopped, climbed, guide, second_derivatives
from hmmcore.uncertainty.constrained import Constrained
from hmmcore.uncertainty.information import (
    Information,
    coordinates_of,
    in_words,
    observed_information,
)
from hmmcore.uncertainty.local import ZERO, floored_moments, floored_names
from hmmcore.uncertainty.profile_search import Search, course

AS_GOOD = 1e-6
"""Nats: a number may be put at its bound where the log-likelihood falls by no more."""

CHAIN = ("initial_probs", "transition_matrix")

MOST_BEFORE = 1.0
"""Nats: a model that can gain more is not near its maximum."""


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
    probability or rate that the maximum holds at its bound has a one-sided interval of that level,
    from the bound itself. Zeros stay zero, and a mean and a standard deviation whose variance is
    at its floor stay as they are.

    Args:
        trainable: names of the parameters that were trained; the others are known. None means all.
        stopped: asked again and again; where it says True, `Stopped` is raised.

    Returns:
        The ends; a mean that the data do not determine has infinite ones.

    Raises:
        ValueError: when the model has no such coordinate, it is not trained, it comes out of a
            network, the model is far from its maximum, the variance of its state is at its floor,
            or a search finds a higher maximum.
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
        self.floored = floored_moments(hmm, sequences, self.trained)
        self.still = floored_names(self.floored)
        own = {flat(name) for name in coordinates_of(hmm)}
        is_every = all(name[0] in CHAIN for name in own - self.still)
        if self.still and (is_every or isinstance(hmm.emissions, NeuralGaussian)):
            raise ValueError(
                f"the variance of {'every' if is_every else 'a'} state is at its floor, where the "
                "likelihood would grow without end, so there is no maximum to start from. Train "
                "fewer states, or from another start."
            )
        top = Constrained(hmm, sequences, None, self.trained, self.floored)
        self.hessian = second_derivatives(top, stopped)
        inverse = None if self.hessian is None else guide(top, self.hessian)
        best = climbed(top, top.start, None, inverse, stopped)
        gained = best.log_likelihood - top.log_likelihood(top.start, None)[0]
        if gained > MOST_BEFORE:
            raise ValueError(
                f"the model is not at its maximum: the log-likelihood can still gain {gained:.3g} "
                "nats. Train on."
            )
        self.best, self.hmm = best.log_likelihood, top.model(best.place, None)
        self.top = top if gained == 0.0 else self._constrained(None)

    @cached_property
    def information(self) -> Information:
        """Of the maximum: what lies at its bounds there, and what the data determine."""
        return observed_information(self.hmm, self.sequences, self.trained)

    def determined(self) -> list[Coordinate]:
        """All numbers that were trained and have an interval, or a one-sided limit."""
        information = self.information
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
        if flat(name) in self.still:
            raise ValueError(
                f"the {in_words(self.hmm, name)} has no interval: the variance of that state is at "
                "its floor, where the likelihood would grow without end. Train fewer states, or "
                "from another start."
            )
        value, constrained = value_at(self.hmm, name), self._constrained(flat(name))
        found = self._at_bound(name, value, constrained)
        if found is not None:
            bound, best = found
            far = Search(constrained, bound, best, None, self.stopped).bound(
                self.level, from_one=bound == 1.0
            )
            low, high = sorted([bound, abs(bound - far)])
            return ProfiledInterval(name, low, high, bound)
        expected = course(self.top, self.hessian, constrained, value)
        search = Search(constrained, value, self.best, expected, self.stopped)
        return ProfiledInterval(name, search.end(-1.0, self.level), search.end(1.0, self.level))

    def _at_bound(
        self, name: Coordinate, value: float, constrained: Constrained
    ) -> tuple[float, float] | None:
        """The bound that the maximum holds a number at, and the log-likelihood there.

        EM only comes near to a bound: a number that the likelihood wants there may still be larger.
        """
        is_share = _is_share(name)
        if not is_share and own_name(_whole(name)) != "rates":
            return None
        bound = 1.0 if is_share and value > 0.5 else 0.0
        if abs(value - bound) <= ZERO:
            return bound, self.best
        if name not in self.information.at_bounds:
            return None
        there = climbed(constrained, constrained.start, bound, None, self.stopped).log_likelihood
        return (bound, there) if there >= self.best - AS_GOOD else None

    def _constrained(self, held: Coordinate | None) -> Constrained:
        return Constrained(self.hmm, self.sequences, held, self.trained, self.floored)

    def _row(self, name: Coordinate) -> FloatArray:
        values, indices = found_at(self.hmm, name)
        row: FloatArray = values[indices[:-1]]
        return row

    def _is_alone(self, name: Coordinate) -> bool:
        """Whether a probability is the only one of its distribution."""
        return _is_share(name) and len(self._row(name)) == 1

    def _twin(self, name: Coordinate) -> Coordinate | None:
        """The probability that is one less this one, in a row of two."""
        if not _is_share(name) or len(self._row(name)) != 2:
            return None
        return (*name[:-1], 1 - int(name[-1]))


def _named(hmm: HMM, coordinate: Coordinate) -> Coordinate:
    """A coordinate with all its indices."""
    _, indices = found_at(hmm, coordinate)
    return spelled((_whole(coordinate), *indices))


def _whole(name: Coordinate) -> str:
    """The name of the parameter that a number belongs to, as coordinates call it: "1.rates"."""
    return str(flat(name)[0])


def _is_share(name: Coordinate) -> bool:
    return is_distribution(_whole(name))


def _parameter_of(name: Coordinate) -> str:
    """The parameter, by the model's own name, that a number belongs to."""
    whole = _whole(name)
    is_spread = own_name(whole) == "standard_deviations"
    return f"{beginning_of(whole)}covariances" if is_spread else whole


def _comes_out_of_network(hmm: HMM, name: Coordinate) -> bool:
    return name[0] == "means" and isinstance(hmm.emissions, NeuralGaussian)


def _require_movable(hmm: HMM, name: Coordinate) -> None:
    if _comes_out_of_network(hmm, name):
        raise ValueError(
            "the means come out of a network, so none can be held while the others move; "
            "observed_information has their standard errors."
        )
