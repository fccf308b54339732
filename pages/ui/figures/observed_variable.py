"""One observed quantity as figures show it: its name, its axis, and its values as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.figures import scales
from pages.ui.text import chart_text

MISSING = "missing"
"""Text in place of a value where nothing was observed."""

COUNT_TICKS: Final[dict[str, Any]] = {
    "tickformat": ",d",
    # Rounded to whole counts, ticks closer than one count would repeat the same label.
    "tickformatstops": [{"dtickrange": [None, 0.9], "value": "~g"}],
}
"""Tick properties of an axis of counts."""


@dataclass(frozen=True)
class ObservedVariable:
    """One observed quantity, and the axis it is drawn on.

    Attributes:
        name: its symbol, or the name of its column.
        kind: "number", "count" or "symbol".
        labels: (C,) of the symbols 0..C-1; empty for the other kinds.
    """

    name: str = "x"
    kind: str = "number"
    labels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Title of its axis."""
        word = "observation" if self.kind == "number" else self.kind
        return f"{word} {chart_text(self.name)}" if self.name != word else word

    @property
    def label_texts(self) -> list[str]:
        """The labels, escaped for Plotly."""
        return [chart_text(label) for label in self.labels]

    def axis(self, room: int = 12, most: int = 10) -> dict[str, Any]:
        """Tick properties of an axis: at most `most` labels of up to `room` characters each."""
        if self.kind == "count":
            return COUNT_TICKS
        if self.kind == "number":
            return {}
        every = -(-len(self.labels) // most)
        ticks = self.ticks(room)
        return {
            "tickmode": "array",
            "tickvals": list(range(0, len(ticks), every)),
            "ticktext": ticks[::every],
        }

    def ticks(self, room: int) -> list[str]:
        """The labels, shortened to `room` characters and escaped."""
        return [
            chart_text(label if len(label) <= room else f"{label[: max(1, room - 1)]}…")
            for label in self.labels
        ]

    def value_texts(self, values: FloatArray) -> list[str]:
        """Each observation as text, for hover texts."""
        if self.kind == "symbol":
            texts = self.label_texts
            return [texts[int(value)] if np.isfinite(value) else MISSING for value in values]
        digits = ".4g" if self.kind == "number" else ".0f"
        return [
            f"{value:{digits}}".replace("-", "−") if np.isfinite(value) else MISSING
            for value in values
        ]

    def limits(self, values: FloatArray, margin: float = 0.06) -> tuple[float, float]:
        """Ends of an axis for these values; of symbols always all of them."""
        if self.kind == "symbol":
            return -0.6, len(self.labels) - 0.4
        finite = values[np.isfinite(values)]
        if not finite.size:
            return 0.0, 1.0
        low, high = float(finite.min()), float(finite.max())
        room = margin * (high - low) or 1.0
        return scales.rounded(low - room, high + room)


PLAIN = ObservedVariable()
"""Numbers without a name of their own."""

Observed = tuple[FloatArray, ObservedVariable]
"""(M,) what was observed of one quantity, and what it is."""
