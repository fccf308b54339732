"""The parameters of any emissions by the names that trainers know them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from hmmcore.arrays import FloatArray
from hmmcore.emissions.base import Emissions
from hmmcore.emissions.product import Product, part_name

Family = TypeVar("Family", bound=Emissions)


def parameters_of(emissions: Emissions) -> dict[str, FloatArray]:
    """All parameters by name: those of `Emissions.parameter_names`, in their order."""
    if isinstance(emissions, Product):
        return emissions.parameters()
    return {name: getattr(emissions, name) for name in emissions.parameter_names}


def with_parameters(emissions: Family, values: Mapping[str, FloatArray]) -> Family:
    """The same emissions with other values of some parameters. Raises ValueError as they do."""
    if not isinstance(emissions, Product):
        return replace(emissions, **values)  # type: ignore[type-var]
    parts = [
        with_parameters(
            part,
            {
                name: values[part_name(j, name)]
                for name in part.parameter_names
                if part_name(j, name) in values
            },
        )
        for j, part in enumerate(emissions.parts)
    ]
    return Product(parts)  # type: ignore[return-value]
