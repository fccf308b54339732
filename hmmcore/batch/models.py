"""Many models of one kind, as a value."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hmmcore.arrays import FloatArray, quoted
from hmmcore.emissions import Emissions, Product, part_name
from hmmcore.model import HMM
from hmmcore.values import Value, valid_value

Arrays = dict[str, FloatArray]
"""Arrays by name that have one axis in common, the first: models."""


@dataclass(frozen=True, eq=False)
class Models(Value):
    """B models with the same number of states and the same kind of emissions.

    `len(models)`, `models[b]` and iteration give `HMM`s. Made by `stack`.

    Attributes:
        initial_probs: π (B, K).
        transition_matrices: A (B, K, K).
        family: the class of the emissions.
        parameters: arrays of the emissions by name, (B, ...) each.
        settings: what else the family's constructor takes, the same for all, such as
            covariance_type.
    """

    initial_probs: FloatArray
    transition_matrices: FloatArray
    family: type[Any]
    parameters: Mapping[str, FloatArray]
    settings: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name, values in self.arrays().items():
            if len(values) != len(self.initial_probs):
                raise ValueError(
                    f"{name} is of {len(values)} models; initial_probs is of "
                    f"{len(self.initial_probs)}."
                )
            values.setflags(write=False)

    def __len__(self) -> int:
        return len(self.initial_probs)

    def __getitem__(self, index: int) -> HMM:
        b = range(len(self))[operator.index(index)]
        emissions = valid_emissions(
            self.family, {name: values[b] for name, values in self.parameters.items()},
            self.settings,
        )  # fmt: skip
        return valid_value(
            HMM, initial_probs=self.initial_probs[b].copy(),
            transition_matrix=self.transition_matrices[b].copy(), emissions=emissions,
        )  # fmt: skip

    def __iter__(self) -> Iterator[HMM]:
        return (self[b] for b in range(len(self)))

    @property
    def num_states(self) -> int:
        """Number of states of each model, K."""
        return int(self.initial_probs.shape[1])

    def arrays(self) -> Arrays:
        """All parameters by name, (B, ...) each: π and A as `HMM` calls them, and the family's."""
        return {
            "initial_probs": self.initial_probs,
            "transition_matrix": self.transition_matrices,
            **self.parameters,
        }

    def with_arrays(self, arrays: Mapping[str, FloatArray]) -> Models:
        """Models of the same kind with other parameters, which are known to be valid."""
        return Models(
            arrays["initial_probs"], arrays["transition_matrix"], self.family,
            {name: arrays[name] for name in self.parameters}, self.settings,
        )  # fmt: skip


def stack(hmms: Iterable[HMM]) -> Models:
    """Put models side by side.

    Raises:
        ValueError: when there is none, or two differ in the number of states, in the family of
            their emissions, or in the shape of a parameter; the message names the model.
    """
    given = list(hmms)
    for b, hmm in enumerate(given):
        if not isinstance(hmm, HMM):
            raise TypeError(f"model {b} is of type {type(hmm).__name__}; it must be an HMM.")
    if not given:
        raise ValueError("there are no models to stack; there must be at least one.")
    first = kind_of(given[0])
    for b, hmm in enumerate(given):
        if kind_of(hmm) != first:
            raise ValueError(
                f"model {b} has {_described(hmm)}; model 0 has {_described(given[0])}. Models that "
                "are stacked must be alike."
            )
    _, family, _, settings = first
    every = [_parameters(hmm.emissions) for hmm in given]
    return Models(
        _read_only([hmm.initial_probs for hmm in given]),
        _read_only([hmm.transition_matrix for hmm in given]),
        family,
        {name: _read_only([parameters[name] for parameters in every]) for name in every[0]},
        dict(settings),
    )


Kind = tuple[int, type[Any], tuple[tuple[str, tuple[int, ...]], ...], tuple[tuple[str, Any], ...]]


def kind_of(hmm: HMM) -> Kind:
    """What models must have in common to be stacked.

    Returns:
        the number of states, the family, the shape of each of its parameters, and its settings.
    """
    shapes, settings = [], []
    for name, value in _parameters(hmm.emissions, settings=True).items():
        if isinstance(value, np.ndarray):
            shapes.append((name, value.shape))
        else:
            settings.append((name, value))
    return hmm.num_states, type(hmm.emissions), tuple(shapes), tuple(settings)


def valid_emissions(
    family: type[Any], parameters: Mapping[str, FloatArray], settings: Mapping[str, Any]
) -> Emissions:
    """Emissions with parameters that are known to be valid, which are copied."""
    if family is Product:
        kinds = settings[KINDS]
        parts = [
            valid_emissions(kind, _of_part(parameters, j), _of_part(settings, j))
            for j, kind in enumerate(kinds)
        ]
        return valid_value(Product, parts=tuple(parts))
    copies = {name: values.copy() for name, values in parameters.items()}
    if any(not field.init for field in fields(family)):
        # The constructor computes what else the value holds.
        made: Emissions = family(**copies, **settings)
        return made
    valid: Emissions = valid_value(family, **copies, **settings)
    return valid


KINDS = "kinds"
"""The setting of a product that says which families its parts are."""


def _parameters(emissions: Emissions, settings: bool = False) -> dict[str, Any]:
    """The arguments of a family's constructor by name: its arrays, or with its settings too.

    Of a product those of its parts, by their names in it.
    """
    if isinstance(emissions, Product):
        found = {
            part_name(j, name): value
            for j, part in enumerate(emissions.parts)
            for name, value in _parameters(part, settings).items()
        }
        kinds = tuple(type(part) for part in emissions.parts)
        return found | {KINDS: kinds} if settings else found
    given = {
        field.name: getattr(emissions, field.name)
        for field in fields(emissions)  # type: ignore[arg-type]
        if field.init
    }
    return {
        name: value for name, value in given.items() if settings or isinstance(value, np.ndarray)
    }


def _of_part(values: Mapping[str, Any], part: int) -> dict[str, Any]:
    """What is a part's, by its own names."""
    first = part_name(part, "")
    return {
        name.removeprefix(first): value for name, value in values.items() if name.startswith(first)
    }


def _described(hmm: HMM) -> str:
    num_states, family, shapes, settings = kind_of(hmm)
    parts = [f"{name} {shape}" for name, shape in shapes]
    parts += [f"{name} {quoted(value)}" for name, value in settings if name != KINDS]
    return f"{num_states} states and {family.__name__} emissions with {', '.join(parts)}"


def _read_only(arrays: list[FloatArray]) -> FloatArray:
    stacked = np.array(arrays, dtype=np.float64)
    stacked.setflags(write=False)
    return stacked
