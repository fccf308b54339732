"""What is said of one control, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from dataclasses import field as attribute
from typing import Any


@dataclass(frozen=True)
class Field:
    """One control.

    Attributes:
        name: of the attribute of `Config`.
        url: its name in the URL.
        label: what stands beside the control.
        default: its value when nobody chose one.
        help: what a newcomer would ask of it, answered.
        group: "data" (a change makes new data), "start" (a change starts training anew),
            "training" (a change goes on from where training is) or "view".
        minimum, maximum, step: bounds of a number.
        zero: what 0 means, of a whole number that is chosen from a list.
        choices: value to label, of a choice.
        many: True when any number of the choices may be taken together.
        table: (rows, columns) of an edited table, where `STATES` and `SYMBOLS` stand for K and C.
        quiet: True when the URL leaves out its default.
    """

    name: str
    url: str
    label: str
    default: Any
    help: str
    group: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    zero: str = ""
    choices: Mapping[str, str] | None = None
    many: bool = False
    table: tuple[int, int] | None = None
    quiet: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """Minimum and maximum of a number."""
        assert self.minimum is not None
        assert self.maximum is not None
        return self.minimum, self.maximum

    def nearest(self, value: float) -> float:
        """The number within the bounds that is nearest to a value."""
        minimum, maximum = self.bounds
        return min(max(value, minimum), maximum)

    def following(self, value: int, first: int | None = None) -> int:
        """The whole number after a value; after the maximum comes `first`, by default the minimum.

        For numbers that only tell one random choice from the next.
        """
        minimum, maximum = self.bounds
        if value >= maximum:
            return int(minimum) if first is None else first
        return value + 1


def control(url: str, label: str, default: Any, help: str, group: str, **properties: Any) -> Any:
    """An attribute of a dataclass, with the `Field` of its control; `fields_of` gives it a name."""
    described = Field("", url, label, default, help, group, **properties)
    return attribute(default=default, metadata={"control": described})


def fields_of(table: type[Any]) -> tuple[Field, ...]:
    """The controls of a dataclass whose attributes are all made by `control`, in their order."""
    return tuple(replace(one.metadata["control"], name=one.name) for one in fields(table))
