"""Training some numbers of a model only, while all others are held to the last bit.

The M-step over some numbers is the M-step over all of them, from statistics under which the others
would stay: a mean that is held has no deviations, and probabilities that are held share the counts
of their row in their own proportions. That is exact, and the same step serves every family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, quoted
from hmmcore.coordinates import Coordinate, flat, is_distribution, place_of
from hmmcore.emissions import (
    Categorical,
    Emissions,
    Gaussian,
    NeuralGaussian,
    Poisson,
    Product,
    own_name,
    parameters_of,
    with_parameters,
)
from hmmcore.emissions.base import Remedy
from hmmcore.emissions.full import conditional
from hmmcore.model import HMM
from hmmcore.sweeps.sweep import Expectations
from hmmcore.training.base import MODEL_PARAMETERS, checked_trainable
from hmmcore.training.ties import Ties

Masks = Mapping[str, BoolArray]
"""By name, an array of the parameter's own shape: True at the numbers that are trained."""

COUNTS = {
    "initial_probs": "initial_counts",
    "transition_matrix": "transition_counts",
    "probs": "counts",
}
"""The expected counts that each distribution is estimated from."""

FLOOR_RTOL = 1e-12
"""How far from the floor rounding leaves a variance that was held there."""


@dataclass(frozen=True)
class Chosen:
    """Which numbers of a model a trainer moves.

    Attributes:
        names: the parameters that they belong to, by the model's own names.
        masks: which numbers of each of these; None stands for all.
        correlated: whether a mean that is held tells where the others of its state should be.
    """

    names: frozenset[str]
    masks: Masks | None = None
    correlated: bool = False

    def statistics(
        self, statistics: Mapping[str, FloatArray], parameters: Mapping[str, FloatArray]
    ) -> dict[str, FloatArray]:
        """Statistics, by name, from which an M-step over all numbers leaves the others held.

        Args:
            statistics, parameters: of one model, or of many with a first axis in common.
        """
        found = dict(statistics)
        for name, mask in (self.masks or {}).items():
            own = own_name(name)
            part = name.removesuffix(own)
            if own in COUNTS:
                key = part + COUNTS[own]
                found[key] = _in_proportion(found[key], parameters[name], mask)
            elif own == "means":
                key = f"{part}deviations"
                deviations = found[key]
                found[key] = np.where(mask, deviations, 0.0)
                if self.correlated:
                    found[key] -= _expected(deviations, parameters["covariances"], mask)
        return found

    def with_held(
        self, parameters: Mapping[str, FloatArray], present: Mapping[str, FloatArray]
    ) -> dict[str, FloatArray]:
        """The parameters, by name, with the numbers that are held as at present.

        Rows of probabilities are held where nothing of them is trained.
        """
        held = dict(present)
        for name, mask in (self.masks or {}).items():
            moves = mask.any(axis=-1, keepdims=True) if is_distribution(name) else mask
            held[name] = np.where(moves, parameters[name], present[name])
        return held

    @property
    def variances(self) -> tuple[str, ...]:
        """Names of the covariances among the parameters: one, or those of parts of a product."""
        return tuple(sorted(name for name in self.names if own_name(name) == "covariances"))

    def smallest_variances(self, emissions: Emissions) -> FloatArray:
        """(K,) the smallest variance of each state that is trained; infinite where none is."""
        if self.masks is None and not isinstance(emissions, Product):
            return emissions.smallest_variances()
        smallest = np.full(emissions.num_states, np.inf)
        parameters = parameters_of(emissions)
        for name in self.variances:
            mask = True if self.masks is None else self.masks[name]
            trained = np.where(mask, parameters[name], np.inf)
            smallest = np.minimum(smallest, trained.reshape(len(trained), -1).min(axis=1))
        return smallest

    def at_floor(self, parameters: Mapping[str, FloatArray], variance_floor: float) -> BoolArray:
        """(..., K) which states have a variance that is trained, and is at the floor."""
        found: BoolArray = np.zeros(1, dtype=np.bool_)
        for name in self.variances:
            mask = (self.masks or {})[name]
            low = mask & (parameters[name] <= variance_floor * (1.0 + FLOOR_RTOL))
            found = found | low.any(axis=tuple(range(1 - mask.ndim, 0)))
        return found

    def num_free(self, hmm: HMM) -> dict[str, int]:
        """How many free parameters the chosen numbers are, by name; structural zeros are none."""
        counts = {}
        for name, mask in (self.masks or {}).items():
            values = _parameters(hmm)[name]
            is_share = is_distribution(name)
            moving = mask & (values > 0.0) if is_share or own_name(name) == "rates" else mask
            count = moving.sum(axis=-1)
            if is_share:
                count = np.minimum(count, (values > 0.0).sum(axis=-1) - 1)
            counts[name] = int(count.sum())
        return counts


def checked_coordinates(
    coordinates: Iterable[Coordinate] | None, transition_ties: Ties | None
) -> tuple[Coordinate, ...] | None:
    """Return coordinates as a tuple. Raises ValueError for one alone, or beside ties."""
    if coordinates is None:
        return None
    given = tuple(coordinates) if isinstance(coordinates, Iterable) else (coordinates,)
    if not all(isinstance(coordinate, tuple) for coordinate in given):
        raise ValueError(
            f"coordinates is {quoted(coordinates)}; it must be a tuple of coordinates, like "
            "(('means', 0), ('means', 1))."
        )
    tied = [coordinate for coordinate in given if coordinate[:1] == ("transition_matrix",)]
    if tied and transition_ties is not None:
        raise ValueError(
            f"coordinates has {quoted(tied[0])}, but with transition_ties the entries of A are not "
            "trained one by one; leave out one of the two."
        )
    return given


def chosen_numbers(
    trainable: Iterable[str] | None, coordinates: tuple[Coordinate, ...] | None, hmm: HMM
) -> Chosen:
    """Find what is trained: the numbers at the coordinates; None stands for all that is trainable.

    Raises:
        ValueError: when a name in `trainable` is unknown, or a coordinate is, is not trainable or
            not by itself, or names a number for the second time.
    """
    names = checked_trainable(trainable, hmm)
    if coordinates is None:
        return Chosen(names)
    masks: dict[str, BoolArray] = {}
    known: dict[tuple[str, tuple[int, ...]], Coordinate] = {}
    for coordinate in coordinates:
        name, place = _number(hmm, coordinate)
        if name not in names:
            raise ValueError(
                f"coordinates has {quoted(coordinate)}, but trainable has no {quoted(name)}; add "
                "it there, or leave the coordinate out."
            )
        if (name, place) in known:
            raise ValueError(
                f"coordinates has {quoted(coordinate)}, the same number as "
                f"{quoted(known[name, place])}; leave out one of the two."
            )
        known[name, place] = coordinate
        masks.setdefault(name, np.zeros(_parameters(hmm)[name].shape, dtype=np.bool_))[place] = True
    return Chosen(frozenset(masks), masks, _is_correlated(hmm.emissions))


def statistics_for(chosen: Chosen, statistics: Expectations, hmm: HMM) -> Expectations:
    """`Chosen.statistics` of the data under one model."""
    found = chosen.statistics(
        {
            "initial_counts": statistics.initial_counts,
            "transition_counts": statistics.transition_counts,
            **statistics.emissions,
        },
        _parameters(hmm),
    )
    return replace(
        statistics,
        initial_counts=found.pop("initial_counts"),
        transition_counts=found.pop("transition_counts"),
        emissions=found,
    )


def with_held(
    chosen: Chosen,
    hmm: HMM,
    remedies: tuple[Remedy, ...],
    present: HMM,
    variance_floor: float,
) -> tuple[HMM, tuple[Remedy, ...]]:
    """A model after a step with the other numbers as at present, and the remedies that remain."""
    own = chosen.names.difference(MODEL_PARAMETERS)
    held = chosen.with_held(_parameters(hmm), _parameters(present))
    emissions = present.emissions
    if own:
        emissions = with_parameters(emissions, {name: held[name] for name in own})
    hmm = HMM(held["initial_probs"], held["transition_matrix"], emissions)
    if chosen.variances:
        low = chosen.at_floor(held, variance_floor)
        # The variance that all states share, of the state None, comes first.
        remedies = tuple(
            remedy for remedy in remedies
            if remedy.kind != "variance_floor" or low[remedy.state or 0]
        )  # fmt: skip
    return hmm, remedies


def _parameters(hmm: HMM) -> dict[str, FloatArray]:
    """All parameters by the model's own names."""
    return {
        "initial_probs": hmm.initial_probs,
        "transition_matrix": hmm.transition_matrix,
        **parameters_of(hmm.emissions),
    }


def _number(hmm: HMM, coordinate: Coordinate) -> tuple[str, tuple[int, ...]]:
    """The parameter that a coordinate belongs to, and its place there."""
    place, whole, emissions = place_of(hmm, coordinate), str(flat(coordinate)[0]), hmm.emissions
    name = own_name(whole)
    if name in MODEL_PARAMETERS:
        return name, place
    if isinstance(emissions, Product):
        emissions = emissions.parts[int(whole.partition(".")[0])]
    if type(emissions) not in (Gaussian, Categorical, Poisson, NeuralGaussian):
        raise ValueError(
            f"coordinates has {quoted(coordinate)}, but of {type(emissions).__name__} emissions "
            "the numbers are not trained one by one; leave it out."
        )
    if name == "means" and isinstance(emissions, NeuralGaussian):
        raise ValueError("The means come out of a network, so they cannot be trained one by one.")
    if name != "standard_deviations":
        return whole, place
    kind = getattr(emissions, "covariance_type", "diag")
    if _is_correlated(emissions):
        raise ValueError(
            f"coordinates has {quoted(coordinate)}, but with {kind} covariances of several "
            "dimensions a standard deviation is not trained by itself; it is with diag or "
            "spherical ones."
        )
    places = {"spherical": place[:1], "diag": place, "full": (*place, 0), "tied": (0, 0)}
    return whole.replace(name, "covariances"), places[kind]


def _is_correlated(emissions: Emissions) -> bool:
    kind = getattr(emissions, "covariance_type", "diag")
    return kind in ("full", "tied") and emissions.num_dimensions > 1


def _in_proportion(counts: FloatArray, probs: FloatArray, mask: BoolArray) -> FloatArray:
    """Counts of rows (..., n) where those of what is held are shared out in its own proportions."""
    held = np.where(mask, 0.0, probs)
    totals = held.sum(axis=-1, keepdims=True)
    shares = held / np.where(totals > 0.0, totals, 1.0)
    return np.where(mask, counts, shares * np.where(mask, 0.0, counts).sum(axis=-1, keepdims=True))


def _expected(deviations: FloatArray, covariances: FloatArray, mask: BoolArray) -> FloatArray:
    """(K, D) what the deviations of held dimensions let expect of the others; zero elsewhere.

    The mean of some dimensions, with the others' and the covariance given, is that of what is left
    of them after their regression on the others.
    """
    expected = np.zeros(deviations.shape)
    for k in np.flatnonzero(mask.any(axis=1) & ~mask.all(axis=1)):
        moves, held = np.flatnonzero(mask[k]), np.flatnonzero(~mask[k])
        slopes, _ = conditional(covariances if covariances.ndim == 2 else covariances[k], held)
        expected[k, moves] = slopes[moves] @ deviations[k, held]
    return expected
