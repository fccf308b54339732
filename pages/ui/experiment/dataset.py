"""Data of an experiment: observations, what generated them, and what they are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        states: (T,) the true path, if it has as many states as the model that learns: drawn by
            `truth`, or known from a column of the visitor's file, with -1 where none is given;
            None otherwise.
        name: name of the observed quantity, for axes.
        family: a key of `FAMILIES`.
        labels: (C,) labels of the symbols; empty for other families.
        columns: (D,) names of the dimensions of points, or of what is observed together; empty for
            the other families.
        kinds: (D,) the family of each column of a product; empty for the other families.
        part_labels: (D,) labels of the symbols of each column of a product; likewise.
        other_truth, other_states: the same as `truth` and `states`, if they have another number of
            states than the model that learns; None otherwise.
        hidden: whether the truth was removed because the visitor hides it.
        state_names: what the visitor's file calls its known states; empty without any.
        sequence_names: (N,) what the file calls its sequences; empty where they are numbered.
        times: (T,) when each observation was made, datetime64[ns] or numbers; None where time is
            counted in steps.
        time_name: what the file calls the times.
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
    state_names: tuple[str, ...] = ()
    sequence_names: tuple[str, ...] = ()
    times: NDArray[Any] | None = None
    time_name: str = ""
    kinds: tuple[str, ...] = ()
    part_labels: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def parts(self) -> tuple[Dataset, ...]:
        """(D,) each column of a product by itself, with its part of the truth; else empty."""
        return tuple(
            replace(
                self,
                sequences=Sequences(
                    self.sequences.observations[:, j : j + 1], self.sequences.lengths
                ),
                truth=None if self.truth is None else part_model(self.truth, j),
                other_truth=(None if self.other_truth is None else part_model(self.other_truth, j)),
                name=self.columns[j],
                family=kind,
                labels=self.part_labels[j],
                columns=(),
                kinds=(),
                part_labels=(),
            )
            for j, kind in enumerate(self.kinds)
        )

    def without_truth(self) -> Dataset:
        """The same data without their truth, for figures that hide it."""
        return replace(
            self,
            truth=None,
            states=None,
            other_truth=None,
            other_states=None,
            state_names=(),
            hidden=True,
        )

    @cached_property
    def fingerprint(self) -> bytes:
        """A digest of the observations: equal for equal data, whatever is known of their truth."""
        digest = blake2b(" ".join([self.family, *self.kinds]).encode(), digest_size=16)
        for array in (self.sequences.lengths, self.sequences.observations):
            digest.update(np.ascontiguousarray(array))
        return digest.digest()

    @property
    def generating_model(self) -> HMM | None:
        """The model they were drawn from, whatever its number of states; None if unknown."""
        return self.truth or self.other_truth

    @property
    def true_states(self) -> IntArray | None:
        """(T,) the true path, whatever its number of states; None if it is unknown."""
        return self.other_states if self.states is None else self.states

    @property
    def num_true_states(self) -> int:
        """How many states the true path has to choose from; 0 if it is unknown."""
        model = self.generating_model
        return len(self.state_names) if model is None else model.num_states

    def sequence_title(self, number: int) -> str:
        """What sequence `number`, from 1, is called in a sentence: by its name, or its number."""
        if self.sequence_names:
            return f"sequence “{self.sequence_names[number - 1]}”"
        return f"sequence {number}"

    @property
    def component_names(self) -> tuple[str, ...]:
        """Names of the symbols or dimensions, of a product of each part's; empty without any."""
        if not self.kinds:
            return self.labels or self.columns
        return tuple(
            name
            for part in self.parts
            for name in ([f"{part.name}: {label}" for label in part.labels] or [part.name])
        )

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
        if self.kinds:
            return ObservedVariable(
                self.columns[dimension], VARIABLES[self.kinds[dimension]],
                self.part_labels[dimension],
            )  # fmt: skip
        if self.columns:
            return ObservedVariable(self.columns[dimension])
        return ObservedVariable(self.name, VARIABLES[self.family], self.labels)


VARIABLES = {"numbers": "number", "points": "number", "counts": "count", "symbols": "symbol"}
"""By family, what `ObservedVariable` calls the kind of one of its dimensions."""


def part_model(hmm: HMM, part: int) -> HMM:
    """The model of one column of a product: the same chain, which emits that part alone."""
    return HMM(hmm.initial_probs, hmm.transition_matrix, hmm.emissions.parts[part])


@dataclass(frozen=True, eq=False)
class Source:
    """A visitor's file as it came, so that what is exported can stand beside it, row for row.

    Attributes:
        content: the file.
        options: how it was read: further arguments of `hmmcore.tables.read_table`.
        rows: (T,) the row of the file, 0-based after the header, that each observation is from.
    """

    content: bytes
    options: dict[str, Any]
    rows: IntArray


@dataclass(frozen=True, eq=False)
class Upload:
    """A visitor's own data: the file's name and the observations read from it.

    Attributes:
        column: name of the column, or the names of all columns joined.
        family, labels, columns, sequence_names, times, time_name, state_names, kinds, part_labels:
            as in `Dataset`.
        known_states: (T,) states that a column of the file gives, -1 where it gives none; None
            without such a column.
        source: the file; None for an experiment that was saved without it.
    """

    file_name: str
    column: str
    sequences: Sequences
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sequence_names: tuple[str, ...] = ()
    times: NDArray[Any] | None = None
    time_name: str = ""
    known_states: IntArray | None = None
    state_names: tuple[str, ...] = ()
    source: Source | None = None
    kinds: tuple[str, ...] = ()
    part_labels: tuple[tuple[str, ...], ...] = ()

    @property
    def num_bytes(self) -> int:
        """About how much memory it takes."""
        arrays = [self.sequences.observations, self.times, self.known_states]
        held = 0
        if self.source is not None:
            arrays.append(self.source.rows)
            held = len(self.source.content)
        return held + sum(array.nbytes for array in arrays if array is not None)

    def dataset(self, num_states: int) -> Dataset:
        """The same as a `Dataset` for a model of so many states; its true model is unknown."""
        matched = len(self.state_names) == num_states
        return Dataset(
            self.sequences,
            states=self.known_states if matched else None,
            name=self.column,
            family=self.family,
            labels=self.labels,
            columns=self.columns,
            other_states=None if matched else self.known_states,
            state_names=self.state_names,
            sequence_names=self.sequence_names,
            times=self.times,
            time_name=self.time_name,
            kinds=self.kinds,
            part_labels=self.part_labels,
        )
