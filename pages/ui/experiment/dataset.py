"""Observations as a page knows them: what made them, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hmmcore import HMM, Sequences
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures.observed_variable import ObservedVariable


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
        """Number of dimensions of an observation, D."""
        return self.sequences.num_dimensions

    def symbol_shares(self) -> FloatArray:
        """(C,) of the symbols among all observations that are not missing."""
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
