"""One number of a model, by name: reading it, and setting it so that a model remains.

A coordinate is (parameter, *indices), 0-based: ("means", 1) where there is one dimension,
("means", 1, 0), ("standard_deviations", 0), ("rates", 0), ("probs", 1, 4), ("initial_probs", 2),
("transition_matrix", 0, 2). Of a part of a `Product`, by its number: ("parts", 1, "rates", 0); with
the parameter's own name first, as it is written inside, that is ("1.rates", 0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, quoted
from hmmcore.emissions import (
    Categorical,
    Emissions,
    Gaussian,
    NeuralGaussian,
    Poisson,
    Product,
    own_name,
    part_name,
)
from hmmcore.model import HMM

Coordinate = tuple[str | int, ...]

DISTRIBUTIONS = ("initial_probs", "transition_matrix", "probs")
"""Parameters whose rows sum to one."""

MOMENTS = ("means", "standard_deviations")
"""Parameters (K, D), whose last index may be left out where D is 1."""

PARTS = "parts"
"""What the coordinate of a part of a product begins with."""


@dataclass(frozen=True)
class Scale:
    """The scale on which equal steps of a number are alike.

    Attributes:
        name: "value", "log" or "logit".
    """

    name: str

    def position(self, value: ArrayLike) -> FloatArray:
        """Where values lie on the scale: any shape; infinite at the ends of their range."""
        given = np.asarray(value, dtype=np.float64)
        with np.errstate(divide="ignore"):
            if self.name == "log":
                return np.log(given)
            return np.log(given) - np.log1p(-given) if self.name == "logit" else given

    def value(self, position: ArrayLike) -> FloatArray:
        """Undo `position`."""
        given = np.asarray(position, dtype=np.float64)
        with np.errstate(over="ignore", under="ignore"):
            if self.name == "log":
                return np.exp(given)
            return 1.0 / (1.0 + np.exp(-given)) if self.name == "logit" else given


def flat(coordinate: Coordinate) -> Coordinate:
    """The coordinate with the parameter's own name first: ("1.rates", 0) of a part of a product."""
    if len(coordinate) > 2 and coordinate[0] == PARTS:
        _, part, name, *indices = coordinate
        return (part_name(int(part), str(name)), *indices)
    return coordinate


def spelled(coordinate: Coordinate) -> Coordinate:
    """Undo `flat`: the coordinate as people write it, ("parts", 1, "rates", 0)."""
    part, dot, name = str(coordinate[0]).partition(".")
    return (PARTS, int(part), name, *coordinate[1:]) if dot else coordinate


def in_states(coordinate: Coordinate, states: Sequence[int]) -> Coordinate:
    """The coordinate of state states[k] for one of state k, with the parameter's own name first."""
    parameter, *indices = flat(coordinate)
    # A transition is of two states, a covariance that all states share of none, all else of one.
    is_shared = own_name(str(parameter)) == "covariances" and len(indices) == 2
    count = 2 if parameter == "transition_matrix" else 0 if is_shared else 1
    return (parameter, *(int(states[int(k)]) for k in indices[:count]), *indices[count:])


def is_distribution(name: str) -> bool:
    """Whether the rows of the parameter of this name sum to one."""
    return own_name(name) in DISTRIBUTIONS


def scale_of(coordinate: Coordinate) -> Scale:
    """The scale of a number: logs of spreads and rates, logits of probabilities, means as is."""
    name = own_name(str(flat(coordinate)[0]))
    if name in DISTRIBUTIONS:
        return Scale("logit")
    return Scale("value" if name == "means" else "log")


def value_at(hmm: HMM, coordinate: Coordinate) -> float:
    """The number at a coordinate.

    Raises:
        ValueError: when the model has no such coordinate.
    """
    values, indices = found_at(hmm, coordinate)
    return float(values[indices])


def place_of(hmm: HMM, coordinate: Coordinate) -> tuple[int, ...]:
    """All indices of a coordinate, in the parameter's own shape. Errors as in `value_at`."""
    return found_at(hmm, coordinate)[1]


def values_of(hmm: HMM, name: str) -> FloatArray:
    """All numbers of a parameter, as coordinates name it.

    Raises:
        ValueError: when the model has no such parameter.
    """
    values = _parameters(hmm).get(name)
    if values is None:
        raise ValueError(f"The model has no {quoted(name)}; it has {', '.join(_parameters(hmm))}.")
    return values


def with_values(hmm: HMM, values: Mapping[Coordinate, float]) -> HMM:
    """The model with other numbers at some coordinates, set one after the other.

    The row of a probability stays a distribution: the others keep their proportions, and share
    what is left evenly if all of them are zero. A standard deviation is set with all correlations
    kept; of "spherical" covariances it is that of every dimension, of "tied" ones that of every
    state.

    Raises:
        ValueError: when the model has no such coordinate, it cannot be set, or its value is out of
            range; the sentence says what would be right.
    """
    for coordinate, value in values.items():
        hmm = _with_value(hmm, coordinate, float(value))
    return hmm


def _with_value(hmm: HMM, coordinate: Coordinate, value: float) -> HMM:
    found, indices = found_at(hmm, coordinate)
    whole = str(flat(coordinate)[0])
    name = own_name(whole)
    if name in DISTRIBUTIONS:
        _require(name, value, 0.0 <= value <= 1.0, "a probability lies between 0 and 1")
        changed = found.copy()
        changed[indices[:-1]] = _with_share(found[indices[:-1]], indices[-1], value)
    elif name == "rates":
        _require(name, value, 0.0 <= value < np.inf, "a rate is a number that is not negative")
        changed = _with_entry(found, indices, value)
    elif name == "means":
        _require(name, value, bool(np.isfinite(value)), "a mean is a finite number")
        changed = _with_entry(found, indices, value)
    else:
        _require(name, value, 0.0 < value < np.inf, "a standard deviation is a positive number")
        changed = _with_entry(found, indices, value)
    if name == "initial_probs":
        return HMM(changed, hmm.transition_matrix, hmm.emissions)
    if name == "transition_matrix":
        return HMM(hmm.initial_probs, changed, hmm.emissions)
    emissions = hmm.emissions
    if isinstance(emissions, Product):
        parts: list[Emissions] = list(emissions.parts)
        j = int(whole.partition(".")[0])
        parts[j] = SETTERS[name](parts[j], changed, indices)
        emissions = Product(parts)
    else:
        emissions = SETTERS[name](emissions, changed, indices)
    return HMM(hmm.initial_probs, hmm.transition_matrix, emissions)


def found_at(hmm: HMM, coordinate: Coordinate) -> tuple[FloatArray, tuple[int, ...]]:
    """The parameter that a coordinate belongs to, and its place there; errors as of `value_at`."""
    if not isinstance(coordinate, tuple) or not coordinate:
        raise ValueError(f"{quoted(coordinate)} is no coordinate; one is like ('means', 1).")
    given, coordinate = coordinate, _checked(coordinate)
    name, *indices = coordinate
    values = values_of(hmm, str(name))
    place = [index for index in indices if isinstance(index, int | np.integer)]
    if values.ndim == len(indices) + 1 and values.shape[-1] == 1 and own_name(str(name)) in MOMENTS:
        place.append(0)
    if len(place) != values.ndim or not all(
        0 <= index < size for index, size in zip(place, values.shape, strict=False)
    ):
        raise ValueError(
            f"The model has no coordinate {quoted(given)}: {name} has shape {values.shape}."
        )
    return values, tuple(int(index) for index in place)


def _checked(coordinate: Coordinate) -> Coordinate:
    """`flat`, of a coordinate that people wrote."""
    if coordinate[0] != PARTS:
        return coordinate
    if len(coordinate) < 3 or not isinstance(coordinate[1], int | np.integer):
        raise ValueError(
            f"{quoted(coordinate)} is no coordinate; one of a part is like ('parts', 0, 'means', "
            "1)."
        )
    return flat(coordinate)


def _parameters(hmm: HMM) -> dict[str, FloatArray]:
    emissions = hmm.emissions
    found = {"initial_probs": hmm.initial_probs, "transition_matrix": hmm.transition_matrix}
    if isinstance(emissions, Product):
        for j, part in enumerate(emissions.parts):
            found |= {part_name(j, name): values for name, values in _own(part).items()}
        return found
    return found | _own(emissions)


def _own(emissions: Emissions) -> dict[str, FloatArray]:
    names = (*MOMENTS, "rates", "probs")
    return {name: getattr(emissions, name) for name in names if hasattr(emissions, name)}


def _require(name: str, value: float, is_right: bool, must: str) -> None:
    if not is_right:
        raise ValueError(f"{name} would be {value:g}; {must}.")


def _with_entry(values: FloatArray, indices: tuple[int, ...], value: float) -> FloatArray:
    changed = values.copy()
    changed[indices] = value
    return changed


def _with_share(row: FloatArray, index: int, value: float) -> FloatArray:
    """The distribution (n,) with one entry set, and the others in proportion."""
    if len(row) == 1:
        _require("The only probability of its row", value, value == 1.0, "it must be 1")
        return row
    others = np.delete(row, index)
    total = others.sum()
    others = others / total if total > 0.0 else np.full(len(others), 1.0 / len(others))
    return np.insert((1.0 - value) * others, index, value)


def _with_means(emissions: Emissions, means: FloatArray, _: tuple[int, ...]) -> Emissions:
    if isinstance(emissions, NeuralGaussian):
        raise ValueError("The means come out of a network, so they cannot be set one by one.")
    assert isinstance(emissions, Gaussian)
    return Gaussian(means, emissions.covariances, emissions.covariance_type)


def _with_deviations(
    emissions: Emissions, deviations: FloatArray, indices: tuple[int, ...]
) -> Emissions:
    state, dimension = indices
    value = deviations[indices]
    if isinstance(emissions, NeuralGaussian):
        variances = _with_entry(emissions.covariances, indices, value**2)
        return NeuralGaussian(*emissions.layers, variances, emissions.output_activation)
    assert isinstance(emissions, Gaussian)
    covariances = emissions.covariances.copy()
    if emissions.covariance_type == "spherical":
        covariances[state] = value**2
    elif emissions.covariance_type == "diag":
        covariances[state, dimension] = value**2
    else:
        matrix = covariances if emissions.covariance_type == "tied" else covariances[state]
        stretch = value / np.sqrt(matrix[dimension, dimension])
        matrix[dimension] *= stretch
        matrix[:, dimension] *= stretch
        matrix[dimension, dimension] = value**2
    return Gaussian(emissions.means, covariances, emissions.covariance_type)


SETTERS: Mapping[str, Callable[[Emissions, FloatArray, tuple[int, ...]], Emissions]] = {
    "means": _with_means,
    "standard_deviations": _with_deviations,
    "rates": lambda _, rates, __: Poisson(rates),
    "probs": lambda _, probs, __: Categorical(probs),
}
