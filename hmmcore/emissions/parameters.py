"""The parameters of any emissions by name, and the families that emissions are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hmmcore.arrays import FloatArray
from hmmcore.emissions.base import Emissions
from hmmcore.emissions.product import Product, own_name, part_name

Family = TypeVar("Family", bound=Emissions)


def members(emissions: Emissions) -> list[tuple[str, Any]]:
    """The parts of a product, each with what the names of its parameters begin with, like "1.".

    Of other emissions they themselves, whose names begin with nothing: so what is done part by
    part is written once for both.
    """
    if isinstance(emissions, Product):
        return [(part_name(j, ""), part) for j, part in enumerate(emissions.parts)]
    return [("", emissions)]


def with_members(emissions: Emissions, parts: Sequence[Emissions]) -> Emissions:
    """Undo `members`: a product of the parts if the emissions are one, or else the one part."""
    return Product(parts) if isinstance(emissions, Product) else parts[0]


def member_of(emissions: Emissions, name: str) -> Any:
    """The part of a product that a parameter of this name belongs to, or the emissions."""
    if not isinstance(emissions, Product):
        return emissions
    return emissions.parts[int(name.partition(".")[0])]


def beginning_of(name: str) -> str:
    """What the name of a parameter begins with: of "1.rates", "1."; of "rates", nothing."""
    return name.removesuffix(own_name(name))


def parameters_of(emissions: Emissions) -> dict[str, FloatArray]:
    """All parameters by name: those of `Emissions.parameter_names`, in their order."""
    return {
        f"{first}{name}": getattr(part, name)
        for first, part in members(emissions)
        for name in part.parameter_names
    }


def with_parameters(emissions: Family, values: Mapping[str, FloatArray]) -> Family:
    """The same emissions with other values of some parameters. Raises ValueError as they do."""
    parts = []
    for first, part in members(emissions):
        own = {
            name: values[f"{first}{name}"]
            for name in part.parameter_names
            if f"{first}{name}" in values
        }
        parts.append(replace(part, **own) if own else part)
    return with_members(emissions, parts)  # type: ignore[return-value]
