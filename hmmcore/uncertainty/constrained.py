"""The likelihood of all parameters but one that is held, in coordinates without bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.coordinates import Coordinate, is_distribution
from hmmcore.emissions import (
    Categorical,
    Poisson,
    beginning_of,
    member_of,
    members,
    own_name,
    with_members,
)
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.sweeps.sweep import ImpossibleDataError, expectations
from hmmcore.training.base import checked_floor
from hmmcore.uncertainty.local import ZERO, Floored, at_floor, counts_of, distributions_of
from hmmcore.uncertainty.spreads import directions, factors_from, gradient_in_directions

SPREAD = "standard_deviations"


@dataclass(frozen=True, eq=False)
class _Shares:
    """Entries of a distribution that share what is left by the others, as softmax logits."""

    parameter: str
    index: tuple[int, ...]
    entries: IntArray


class Constrained:
    """The log-likelihood as a function of coordinates (n,) and of the value of one that is held.

    Probabilities are softmax logits of what the held one leaves, rates and standard deviations
    logarithms. What is zero stays zero, unless it has to take what the held one gives away.

    Attributes:
        held: the coordinate that is held; None if all are free.
        start: (n,) the coordinates of the model itself.
        units: (n,) standard errors, were the states seen.
        variance_floor: below it there is no model.
    """

    def __init__(
        self,
        hmm: HMM,
        sequences: Sequences,
        held: Coordinate | None,
        trainable: frozenset[str] | None = None,
        floored: Floored | None = None,
    ) -> None:
        """Of all parameters, or of those in `trainable`; all others stay as they are.

        Args:
            floored: moments that stay too, from `floored_moments`.
        """
        self.hmm, self.sequences, self.held = hmm, sequences, held
        self.trainable = trainable
        self.rows = self._rows()
        family = self._arrays(hmm)
        self._shapes = {name: array.shape for name, array in family.items()}
        flat = np.concatenate([*(array.ravel() for array in family.values()), np.empty(0)])
        self._family = flat
        moving = [
            (self._is_trained(name) & ~at_floor(hmm, floored or {}, name, array.shape)).ravel()
            for name, array in family.items()
        ]
        self._moves = np.concatenate([*moving, np.empty(0, dtype=bool)])
        place = self._place_in_family()
        if place is not None:
            self._moves[place] = False
        self._moves &= np.isfinite(flat)  # a rate of zero stays zero
        # A variance that collapses would make the likelihood as large as one likes.
        floor = checked_floor(None, sequences)
        smallest = float(hmm.emissions.smallest_variances().min())
        self.variance_floor = min(floor, 0.5 * smallest)
        found = expectations(hmm, sequences)
        self.start = np.concatenate([*self._logits(), flat[self._moves]])
        self.units = self._units(found.emissions, counts_of(hmm, found))

    def model(self, place: FloatArray, value: float | None) -> HMM:
        """The model at coordinates (n,), with the held one at a value."""
        found = {name: array.copy() for name, array in distributions_of(self.hmm).items()}
        if self.held is not None and is_distribution(str(self.held[0])):
            found[str(self.held[0])][tuple(map(int, self.held[1:]))] = value
        at = 0
        for row in self.rows:
            probs = found[row.parameter][row.index]
            probs[row.entries] = 0.0
            left = 1.0 - probs.sum()
            logits = np.append(place[at : at + len(row.entries) - 1], 0.0)
            shares = np.exp(logits - logits.max())
            probs[row.entries] = left * shares / shares.sum()
            at += len(row.entries) - 1
        flat = self._family.copy()
        flat[self._moves] = place[at:]
        held = self._place_in_family()
        if held is not None:
            assert value is not None
            flat[held] = value if self._holds("means") else _log(value)
        return HMM(found["initial_probs"], found["transition_matrix"], self._emissions(found, flat))

    def place_of(self, hmm: HMM) -> FloatArray:
        """The coordinates (n,) of a model of the same kind; infinite where it has a zero."""
        arrays, probs = self._arrays(hmm), distributions_of(hmm)
        flat = np.concatenate([*(array.ravel() for array in arrays.values()), np.empty(0)])
        logits = []
        with np.errstate(divide="ignore", invalid="ignore"):
            for row in self.rows:
                logs = np.log(probs[row.parameter][row.index][row.entries])
                logits.append(logs[:-1] - logs[-1])
        return np.concatenate([*logits, flat[self._moves]])

    def log_likelihood(self, place: FloatArray, value: float | None) -> tuple[float, FloatArray]:
        """The log-likelihood there, in nats, and its gradient (n,); -inf where it is no model."""
        nowhere = -np.inf, np.zeros(len(place))
        try:
            # Far out numbers overflow, and there is no model.
            with np.errstate(all="ignore"):
                hmm = self.model(place, value)
            floor = self.variance_floor
            if value is not None and self._holds(SPREAD):
                floor = min(floor, 0.25 * value**2)
            if not hmm.emissions.smallest_variances().min() >= floor:
                return nowhere
            found = expectations(hmm, self.sequences)
        except (ImpossibleDataError, ValueError, np.linalg.LinAlgError):
            return nowhere
        counts, slopes = counts_of(hmm, found), []
        for row in self.rows:
            given = counts[row.parameter][row.index][row.entries]
            probs = distributions_of(hmm)[row.parameter][row.index][row.entries]
            total = probs.sum()
            shares = probs / total if total > 0.0 else probs
            slopes.append((given - given.sum() * shares)[:-1])
        of_family = dict(hmm.emissions.gradient(found.emissions))
        for first, part in members(hmm.emissions):
            if f"{first}cholesky" in of_family:
                factors = part.unconstrained()["cholesky"]
                turned = gradient_in_directions(factors, of_family.pop(f"{first}cholesky"))
                of_family[f"{first}log_deviations"], of_family[f"{first}directions"] = turned
        flat = np.concatenate([*(of_family[name].ravel() for name in self._shapes), np.empty(0)])
        return found.log_likelihood, np.concatenate([*slopes, flat[self._moves]])

    def _rows(self) -> list[_Shares]:
        rows = []
        for name, values in distributions_of(self.hmm).items():
            if not self._is_trained(name):
                continue
            for index in np.ndindex(values.shape[:-1]):
                free = np.flatnonzero(values[index] > ZERO)
                if self.held is not None and self.held[:-1] == (name, *index):
                    last = int(self.held[-1])
                    free = free[free != last]
                    if not len(free):
                        # Only they can take what it gives away.
                        free = np.delete(np.arange(values.shape[-1]), last)
                    if len(free):
                        rows.append(_Shares(name, index, self._largest_last(values[index], free)))
                elif len(free) > 1:
                    rows.append(_Shares(name, index, self._largest_last(values[index], free)))
        return rows

    def _is_trained(self, name: str) -> bool:
        parameter = self.hmm.emissions.parameter_of.get(name, name)
        if own_name(name) in ("log_deviations", "directions"):
            parameter = f"{beginning_of(name)}covariances"
        return self.trainable is None or parameter in self.trainable

    @staticmethod
    def _largest_last(probs: FloatArray, free: IntArray) -> IntArray:
        largest = free[probs[free].argmax()]
        return np.append(free[free != largest], largest)

    def _logits(self) -> list[FloatArray]:
        found = []
        for row in self.rows:
            probs = distributions_of(self.hmm)[row.parameter][row.index][row.entries]
            if probs[-1] <= ZERO:
                probs = np.ones(len(probs))
            found.append(np.log(probs[:-1]) - np.log(probs[-1]))
        return found

    def _holds(self, own: str) -> bool:
        """Whether the held coordinate is of a parameter that its family names so."""
        return self.held is not None and own_name(str(self.held[0])) == own

    def _units(self, statistics: EmissionStatistics, counts: dict[str, FloatArray]) -> FloatArray:
        parts = []
        for row in self.rows:
            given = counts[row.parameter][row.index][row.entries]
            total = max(float(given.sum()), 1.0)
            shares = given[:-1] / total
            parts.append(1.0 / np.sqrt(np.maximum(total * shares * (1.0 - shares), 1.0)))
        for name, shape in self._shapes.items():
            weights, own = statistics[f"{beginning_of(name)}weights"], own_name(name)
            seen = np.maximum(weights, max(EMPTY_WEIGHT, 1.0))
            emissions = member_of(self.hmm.emissions, name)
            by_state = seen if len(shape) and shape[0] == len(seen) else seen.sum(keepdims=True)
            root = np.sqrt(by_state).reshape(-1, *[1] * (len(shape) - 1))
            unit = np.ones(shape) / root
            if own == "means":
                unit = emissions.standard_deviations / root
            elif own == "log_rates":
                unit = 1.0 / np.sqrt(np.maximum(seen * emissions.rates, 1.0))
            parts.append(unit.ravel())
        rows = sum(len(row.entries) - 1 for row in self.rows)
        whole = np.concatenate([*parts, np.empty(0)])
        return np.concatenate([whole[:rows], whole[rows:][self._moves]])

    def _arrays(self, hmm: HMM) -> dict[str, FloatArray]:
        found: dict[str, FloatArray] = {}
        for first, part in members(hmm.emissions):
            if isinstance(part, Categorical):
                continue
            own = dict(part.unconstrained())
            if "cholesky" in own:
                own["log_deviations"], own["directions"] = directions(own.pop("cholesky"))
            found |= {f"{first}{name}": array for name, array in own.items()}
        return found

    def _place_in_family(self) -> int | None:
        """Where the held coordinate stands among the family's own."""
        if self.held is None or is_distribution(str(self.held[0])):
            return None
        first = beginning_of(str(self.held[0]))
        wanted = {
            "means": ("means",),
            SPREAD: ("log_sds", "log_deviations"),
            "rates": ("log_rates",),
        }[own_name(str(self.held[0]))]
        at = 0
        for name, shape in self._shapes.items():
            if beginning_of(name) == first and own_name(name) in wanted:
                # A spread that states or dimensions share has fewer axes.
                state, *dimension = map(int, self.held[1:])
                index = (state, *dimension)
                if len(shape) < len(index):
                    index = (
                        (state,)
                        if shape[0] == self.hmm.num_states and own_name(name) == "log_sds"
                        else tuple(dimension)
                    )
                return at + int(np.ravel_multi_index(index, shape))
            at += int(np.prod(shape))
        raise AssertionError(self.held)

    def _emissions(self, found: dict[str, FloatArray], flat: FloatArray) -> Any:
        parameters, at = {}, 0
        for name, shape in self._shapes.items():
            size = int(np.prod(shape))
            parameters[name] = flat[at : at + size].reshape(shape)
            at += size
        parts: list[Any] = []
        for first, part in members(self.hmm.emissions):
            if isinstance(part, Categorical):
                parts.append(Categorical(found[f"{first}probs"]))
                continue
            own = {own_name(name): v for name, v in parameters.items() if name.startswith(first)}
            if isinstance(part, Poisson):
                parts.append(Poisson(np.exp(own["log_rates"])))
                continue
            if "directions" in own:
                own["cholesky"] = factors_from(own.pop("log_deviations"), own.pop("directions"))
            every = frozenset(part.parameter_names)
            tiny = float(np.finfo(float).tiny)
            parts.append(part.with_unconstrained(own, every, tiny)[0])
        return with_members(self.hmm.emissions, parts)


def _log(value: float) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(value))
