"""Data of an experiment: observations, what generated them, their names and their axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from hmmcore import HMM, Sequences
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import scales
from pages.ui.text import chart_text

MISSING = "missing"
"""What a hover says where nothing was observed."""


COUNT_TICKS: Final[dict[str, Any]] = {
    "tickformat": ",d",
    # Rounded, ticks between two counts would bear the name of either.
    "tickformatstops": [{"dtickrange": [None, 0.9], "value": "~g"}],
}
"""Of an axis of counts."""


@dataclass(frozen=True)
class Lane:
    """One observed quantity on an axis.

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
        """Of an axis."""
        word = "observation" if self.kind == "number" else self.kind
        return f"{word} {chart_text(self.name)}" if self.name != word else word

    @property
    def label_texts(self) -> list[str]:
        """The labels, made harmless for a chart."""
        return [chart_text(label) for label in self.labels]

    def axis(self, room: int = 12, most: int = 10) -> dict[str, Any]:
        """Ticks of a Plotly axis: at most `most` names of symbols, each with `room` letters."""
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
        """The labels for ticks that have room for so many characters."""
        return [
            chart_text(label if len(label) <= room else f"{label[: max(1, room - 1)]}…")
            for label in self.labels
        ]

    def spoken(self, values: FloatArray) -> list[str]:
        """Each observation as a hover says it."""
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


PLAIN = Lane()
"""Numbers without a name of their own."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Observations, and the model that generated them if it is known.

    Attributes:
        sequences: the observations.
        truth: the model they were drawn from, if it has as many states as the one that learns, so
            that states can be matched one to one; None otherwise, and for uploaded data.
        states: (T,) the true hidden path; None if `truth` is None.
        name: name of the observed quantity, for axes.
        family: a key of `FAMILIES`.
        labels: (C,) labels of the symbols; empty for other families.
        columns: (D,) names of the dimensions of points; empty for the other families.
        other_truth: the model they were drawn from, if it has another number of states than the
            one that learns; None otherwise.
        other_states: (T,) the hidden path of `other_truth`; None if `other_truth` is None.
        hidden: whether the truth was removed because the visitor hides it.
    """

    sequences: Sequences
    truth: HMM | None = None
    states: IntArray | None = None
    name: str = "x"
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    other_truth: HMM | None = None
    other_states: IntArray | None = None
    hidden: bool = False

    def without_truth(self) -> Dataset:
        """The same data without their truth, for figures that hide it."""
        return replace(
            self, truth=None, states=None, other_truth=None, other_states=None, hidden=True
        )

    @property
    def generating_model(self) -> HMM | None:
        """The model they were drawn from, whatever its number of states; None if unknown."""
        return self.truth or self.other_truth

    @property
    def generating_states(self) -> IntArray | None:
        """(T,) the hidden path of the `generating_model`; None if that is unknown."""
        return self.other_states if self.states is None else self.states

    @property
    def num_dimensions(self) -> int:
        """D, the number of coordinates of an observation."""
        return self.sequences.num_dimensions

    def symbol_shares(self) -> FloatArray:
        """(C,) share of each symbol among the observations that are not missing."""
        observed = self.sequences.observations[:, 0]
        symbols = observed[np.isfinite(observed)]
        counts = np.bincount(symbols.astype(np.int64), minlength=len(self.labels))
        return counts / len(symbols)

    def lane(self, dimension: int = 0) -> Lane:
        """How one dimension, 0-based, is put on an axis."""
        if self.columns:
            return Lane(self.columns[dimension])
        kind = {"counts": "count", "symbols": "symbol"}.get(self.family, "number")
        return Lane(self.name, kind, self.labels)


@dataclass(frozen=True, eq=False)
class Upload:
    """A visitor's own data: the file's name and the observations read from it.

    Attributes:
        column: name of the column, or the names of all columns joined.
        family, labels, columns: as in `Dataset`.
    """

    file_name: str
    column: str
    sequences: Sequences
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def dataset(self) -> Dataset:
        """The same as a `Dataset`, whose true model is unknown."""
        return Dataset(
            self.sequences,
            name=self.column,
            family=self.family,
            labels=self.labels,
            columns=self.columns,
        )
