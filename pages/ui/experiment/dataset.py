"""Data of an experiment: observations, what generated them, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hmmcore import HMM, Sequences
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures.observed_variable import ObservedVariable


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

    def variable(self, dimension: int = 0) -> ObservedVariable:
        """What one dimension, 0-based, observes."""
        if self.columns:
            return ObservedVariable(self.columns[dimension])
        kind = {"counts": "count", "symbols": "symbol"}.get(self.family, "number")
        return ObservedVariable(self.name, kind, self.labels)


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
