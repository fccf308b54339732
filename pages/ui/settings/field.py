"""The description of one control, and dataclass attributes that carry such descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from dataclasses import field as attribute
from typing import Any


@dataclass(frozen=True)
class Field:
    """One control.

    Attributes:
        name: name of the attribute of `Config`.
        url: its name in the URL.
        label: text beside the control.
        default: its value until somebody chooses another.
        help: explanation for newcomers.
        group: what a change does. "data": makes new data. "start": restarts training.
            "training": training continues from its current state. "view": only figures change.
            "names": only what things are called changes.
            "page": how the page presents any experiment; choosing an example changes none of it.
        minimum, maximum, step: bounds and step size of a number.
        zero: label of the value 0, for a whole number that is chosen from a list.
        choices: value to label, for a choice.
        multiple: whether several choices may be selected together.
        table: (rows, columns) of an edited table, where `STATES` and `SYMBOLS` stand for K and C.
        names: how many names there may be, for a list of names.
        lesson: whether it is a lesson.
        pattern: the form of a short text, as a regular expression; the text may also be empty.
        coordinates: how many numbers of a model a text may name, see `coordinates.py`.
        words: what such a text may say besides; the default is one of them.
        omit_default: whether the URL leaves out the default.
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
    multiple: bool = False
    table: tuple[int, int] | None = None
    names: int = 0
    lesson: bool = False
    pattern: str = ""
    coordinates: int = 0
    words: tuple[str, ...] = ()
    omit_default: bool = False

    @property
    def bounds(self) -> tuple[float, float]:
        """(minimum, maximum) of a number."""
        assert self.minimum is not None
        assert self.maximum is not None
        return self.minimum, self.maximum

    def nearest(self, value: float) -> float:
        """The number within the bounds that is nearest to a value."""
        minimum, maximum = self.bounds
        return min(max(value, minimum), maximum)

    def following(self, value: int, first: int | None = None) -> int:
        """The whole number after a value; after the maximum comes `first`, by default the minimum.

        For numbers that only select a random draw, such as seeds.
        """
        minimum, maximum = self.bounds
        if value >= maximum:
            return int(minimum) if first is None else first
        return value + 1


def control(url: str, label: str, default: Any, help: str, group: str, **properties: Any) -> Any:
    """A dataclass attribute that carries the `Field` of a control; `fields_of` adds its name."""
    described = Field("", url, label, default, help, group, **properties)
    return attribute(default=default, metadata={"control": described})


def fields_of(table: type[Any]) -> tuple[Field, ...]:
    """The controls of a dataclass whose attributes are all made by `control`, in order."""
    return tuple(replace(one.metadata["control"], name=one.name) for one in fields(table))
