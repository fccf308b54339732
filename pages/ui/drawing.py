"""A Plotly figure as the plain values that plotly.js reads: traces, and a layout.

The Python package makes the same values, and checks each property on the way: a fifth of a second
for the figures of one page. Here they are written down as they are, and the tests hold every
figure against that package. See https://plotly.com/javascript/reference for the properties.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Values = dict[str, Any]

TYPED: Final = {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4",
                "uint32": "u4", "float32": "f4", "float64": "f8"}  # fmt: skip
"""What plotly.js calls the kinds of numbers that it reads in one block."""

WHOLE: Final = tuple(name for name in TYPED if "int" in name)
"""Those of whole numbers, the shortest first."""


@dataclass(eq=False)
class Drawing:
    """A figure that is being put together; properties that are None are left out.

    Plots that share a figure are counted from 1, from the top or from the left.

    Attributes:
        data: the traces, each with its "type".
        layout: everything else.
    """

    data: list[Values] = field(default_factory=list)
    layout: Values = field(default_factory=dict)

    @classmethod
    def rows(cls, heights: Sequence[float], spacing: float) -> Drawing:
        """Plots one above the other, on one x axis, with its labels at the lowest.

        Args:
            heights: of the plots, in any unit.
            spacing: between two plots, as a share of the whole.
        """
        drawing, number = cls(), len(heights)
        # Domains are counted from below.
        for plot, domain in zip(
            range(number, 0, -1), _domains(heights[::-1], spacing), strict=True
        ):
            lowest = plot == number
            shared = {} if lowest else {"matches": f"x{number}", "showticklabels": False}
            drawing.layout[_axis("x", plot)] = {
                "anchor": _short("y", plot), "domain": [0.0, 1.0], **shared,
            }  # fmt: skip
            drawing.layout[_axis("y", plot)] = {"anchor": _short("x", plot), "domain": domain}
        return drawing

    @classmethod
    def columns(cls, widths: Sequence[float], spacing: float, titles: Sequence[str]) -> Drawing:
        """Plots side by side, each under its title; `widths` and `spacing` as in `rows`."""
        drawing = cls()
        for plot, (domain, title) in enumerate(
            zip(_domains(widths, spacing), titles, strict=True), 1
        ):
            drawing.layout[_axis("x", plot)] = {"anchor": _short("y", plot), "domain": domain}
            drawing.layout[_axis("y", plot)] = {"anchor": _short("x", plot), "domain": [0.0, 1.0]}
            drawing.annotate(
                text=title, x=sum(domain) / 2, xanchor="center", xref="paper",
                y=1.0, yanchor="bottom", yref="paper", showarrow=False, font={"size": 16},
            )  # fmt: skip
        return drawing

    def add(self, kind: str, plot: int | None = None, **properties: Any) -> None:
        """A trace of a kind such as "scatter", in one of several plots."""
        place = {} if plot is None else {"xaxis": _short("x", plot), "yaxis": _short("y", plot)}
        self.data.append({"type": kind, **_given(properties), **place})

    def annotate(self, **properties: Any) -> None:
        """A text within the figure."""
        self.layout.setdefault("annotations", []).append(properties)

    def update_layout(self, **properties: Any) -> None:
        """Set properties of the layout, and within those that it has."""
        _update(self.layout, _given(properties))

    def update_xaxes(self, plot: int | None = None, **properties: Any) -> None:
        """Set properties of the x axis of a plot, or of all that there are."""
        self._update_axes("x", plot, properties)

    def update_yaxes(self, plot: int | None = None, **properties: Any) -> None:
        """Set properties of the y axis of a plot, or of all that there are."""
        self._update_axes("y", plot, properties)

    def domain(self, plot: int) -> list[float]:
        """From where to where the y axis of a plot goes, as shares of the figure's height."""
        found: list[float] = self.layout[_axis("y", plot)]["domain"]
        return found

    def plain(self) -> Values:
        """All of it as values that JSON has; NaN and infinity become None."""
        return {"data": _plain(self.data), "layout": _plain(self.layout)}

    def to_json(self) -> str:
        """All of it as plotly.js reads it."""
        return json.dumps(self.plain(), allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    def _update_axes(self, letter: str, plot: int | None, properties: Values) -> None:
        names = (
            [name for name in self.layout if name.startswith(f"{letter}axis")]
            if plot is None
            else [_axis(letter, plot)]
        )
        for name in names:
            _update(self.layout.setdefault(name, {}), _given(properties))


def _axis(letter: str, plot: int) -> str:
    return f"{letter}axis{'' if plot == 1 else plot}"


def _short(letter: str, plot: int) -> str:
    return letter if plot == 1 else f"{letter}{plot}"


def _domains(sizes: Sequence[float], spacing: float) -> list[list[float]]:
    """From where to where each of several plots goes, the first one from 0."""
    room = (1 - spacing * (len(sizes) - 1)) / sum(sizes)
    ends = accumulate(room * size for size in sizes)
    # Rounding may not carry the last one beyond the figure.
    return [
        [end - room * size + number * spacing, min(end + number * spacing, 1.0)]
        for number, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def _given(properties: Mapping[str, Any]) -> Values:
    return {name: value for name, value in properties.items() if value is not None}


def _update(values: Values, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            _update(values[name], value)
        else:
            # Copied, so that what is shared between axes is not changed with one of them.
            values[name] = dict(value) if isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _plain_array(array: npt.NDArray[Any]) -> Any:
    """An array as plotly.js reads it: numbers in one block, in as few bytes as they need."""
    kind = TYPED.get(array.dtype.name)
    if array.dtype.kind in "iu" and array.size:
        kind = next(
            (TYPED[name] for name in WHOLE
             if np.iinfo(name).min <= array.min() and array.max() <= np.iinfo(name).max),
            None,
        )  # fmt: skip
    if kind is None or not array.size:
        return _plain(array.tolist())
    # Little endian, whatever this machine is.
    block = np.ascontiguousarray(array, dtype=f"<{kind}").tobytes()
    packed = {"dtype": kind, "bdata": base64.b64encode(block).decode()}
    return packed if array.ndim == 1 else {**packed, "shape": ", ".join(map(str, array.shape))}
