"""Observations as a page knows them: what made them, what they are called, how they are drawn."""

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
    """Observations, and what made them where that is known.

    Attributes:
        sequences: the data.
        truth: the model they were drawn from, whose states the learned ones are compared with one
            by one; None for uploaded data, and where it has another number of states.
        states: (T,) the true hidden path; None where `truth` is.
        name: of the observed quantity, for axes.
        family: a key of `FAMILIES`.
        labels: (C,) of the symbols; empty where there are none.
        columns: (D,) names of the dimensions of points; empty for the other families.
        other_truth: the model they were drawn from where it has another number of states than the
            one that learns.
        other_states: (T,) the hidden path of `other_truth`; None where that is.
        hidden: whether the visitor does not want to see what made them.
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
        """The same data, as they look while the truth is hidden."""
        return replace(
            self, truth=None, states=None, other_truth=None, other_states=None, hidden=True
        )

    @property
    def maker(self) -> HMM | None:
        """The model they were drawn from, whatever its number of states; None if nobody knows."""
        return self.truth or self.other_truth

    @property
    def maker_states(self) -> IntArray | None:
        """(T,) the hidden path of the `maker`; None without one."""
        return self.other_states if self.states is None else self.states

    @property
    def num_dimensions(self) -> int:
        """D."""
        return self.sequences.num_dimensions

    def symbol_shares(self) -> FloatArray:
        """(C,) of the symbols among all observations that are not missing."""
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
    """A visitor's own data: the file's name and what was read from it.

    Attributes:
        column: name of the column, or of all columns together.
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
        """The same as data of an experiment, whose true model nobody knows."""
        return Dataset(
            self.sequences,
            name=self.column,
            family=self.family,
            labels=self.labels,
            columns=self.columns,
        )
