"""Entries of the transition matrix that share one probability."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    FloatArray,
    IntArray,
    as_permutation,
    frozen_array,
    numeric_array,
    quoted,
    read_only,
)
from hmmcore.emissions.base import EMPTY_WEIGHT
from hmmcore.simulation import cyclic_structure, left_right_structure
from hmmcore.values import Value

UNLABELLED = -1
"""The label of an entry that is a structural zero."""

TIE_ATOL = 1e-12
"""Probabilities that differ by less are equal: 0.1 + 0.2 and 0.3 are."""


@dataclass(frozen=True, eq=False)
class Ties(Value):
    """Which entries of A are one parameter.

    Entries with the same label are equal, throughout training. Rows that share a label must hold
    the same labels equally often, in any order, so that they are one distribution written in
    different orders, and its maximiser is a share of counts.

    Attributes:
        labels: (K, K) whole numbers of at least 0; -1 where A is zero. Of a cyclic chain with
            three states, all of which stay with one probability:
            [[0, 1, -1], [-1, 0, 1], [1, -1, 0]].

    Raises:
        ValueError: naming the rows, when rows that share a label do not hold the same labels.
    """

    labels: IntArray
    # Labels (K, K) numbered 0, 1, ... without gaps, -1 where there is none.
    _numbered: IntArray = field(init=False, repr=False)
    # How often a row holds each of them, and the group (K,) of each row.
    _multiplicities: FloatArray = field(init=False, repr=False)
    _groups: IntArray = field(init=False, repr=False)

    def __init__(self, labels: ArrayLike) -> None:
        values = numeric_array("labels", labels)
        if values.ndim != 2 or values.shape[0] != values.shape[1] or values.size == 0:
            raise ValueError(f"labels have shape {values.shape}; they must be (K, K).")
        whole = (values == np.floor(values)) & (values < 2.0**53)
        wrong = np.argwhere(~(whole & (values >= UNLABELLED)))
        if len(wrong):
            i, j = (int(n) for n in wrong[0])
            raise ValueError(
                f"labels[{i}, {j}] is {values[i, j]:g}; a label is a whole number of at least 0, "
                "or -1 for an entry that is zero."
            )
        # Numbered from zero without gaps, in the order of their size.
        names, numbered = np.unique(values, return_inverse=True)
        numbered = numbered.reshape(values.shape) - int(names[0] == UNLABELLED)
        multiplicities, groups = _groups_of(numbered, values)
        object.__setattr__(self, "labels", read_only(values.astype(np.int64)))
        object.__setattr__(self, "_numbered", numbered)
        object.__setattr__(self, "_multiplicities", multiplicities)
        object.__setattr__(self, "_groups", groups)

    @classmethod
    def from_matrix(cls, transition_matrix: ArrayLike) -> Ties:
        """Tie what is equal: entries of the same probability, in rows that hold the same ones.

        In `simulation.sticky_structure`, for example, all diagonal entries are tied, and all
        others; two rows with different probabilities are not. Equal means to within 1e-12; zeros
        get no label.
        """
        matrix = frozen_array("transition_matrix", transition_matrix, ndim=2)
        labels = np.full(matrix.shape, UNLABELLED)
        known: list[tuple[FloatArray, int]] = []  # sorted values of a kind of row, its first label
        count = 0
        for i, row in enumerate(matrix):
            order = np.argsort(row)[np.count_nonzero(row == 0.0) :]
            values = row[order]
            steps = np.cumsum(np.diff(values, prepend=values[:1]) > TIE_ATOL)
            for other, first in known:
                if other.shape == values.shape and np.allclose(
                    other, values, rtol=0.0, atol=TIE_ATOL
                ):
                    labels[i, order] = first + steps
                    break
            else:
                known.append((values, count))
                labels[i, order] = count + steps
                count += int(steps.max(initial=-1)) + 1
        return cls(labels)

    @classmethod
    def cyclic(cls, num_states: int) -> Ties:
        """A chain that goes round: every state stays with one probability, and moves with one."""
        return cls.from_matrix(cyclic_structure(num_states, 0.75)[1])

    @classmethod
    def left_right(cls, num_states: int) -> Ties:
        """A chain that moves on, with one probability to stay in all states but the last."""
        return cls.from_matrix(left_right_structure(num_states, 0.75)[1])

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return len(self.labels)

    def permute(self, permutation: ArrayLike) -> Ties:
        """New state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        return Ties(self.labels[np.ix_(order, order)])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ties):
            return NotImplemented
        return np.array_equal(self.labels, other.labels)

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_satisfied(self, transition_matrix: FloatArray) -> None:
        """Raise ValueError naming entries of A that should be equal, or zero, and are not."""
        if transition_matrix.shape != self.labels.shape:
            raise ValueError(
                f"the ties are for {self.num_states} states; the model has "
                f"{len(transition_matrix)}."
            )
        free = np.argwhere((self.labels == UNLABELLED) & (transition_matrix > 0.0))
        if len(free):
            i, j = (int(n) for n in free[0])
            raise ValueError(
                f"transition_matrix[{i}, {j}] is {transition_matrix[i, j]:.6g}, but the ties give "
                "it no label, which is for zeros; give it a label of its own."
            )
        gaps = np.abs(transition_matrix - self.imposed_on(transition_matrix))
        gaps[self.labels == UNLABELLED] = 0.0
        apart = np.argwhere(gaps > TIE_ATOL)
        if not len(apart):
            return
        i, j = (int(n) for n in apart[0])
        same = self.labels == self.labels[i, j]
        a, b = np.argwhere(same)[np.abs(transition_matrix[same] - transition_matrix[i, j]).argmax()]
        raise ValueError(
            f"transition_matrix[{i}, {j}] is {transition_matrix[i, j]:.6g} and [{a}, {b}] is "
            f"{transition_matrix[a, b]:.6g}, but the ties say that they are equal. "
            "ties.imposed_on(transition_matrix) makes them so."
        )

    def imposed_on(self, transition_matrix: FloatArray) -> FloatArray:
        """A matrix (K, K) that satisfies the ties: the mean of what is tied.

        Rows of one group average to one distribution, so rows still sum to one, provided that
        entries without a label are zero.
        """
        return self._spread(self._sums(transition_matrix) / self._counts())

    def shared(self, slopes: FloatArray) -> FloatArray:
        """Derivatives in each tied parameter, written to all its entries (K, K)."""
        return self._spread(self._sums(slopes))

    def maximize(self, counts: FloatArray, present: FloatArray) -> FloatArray:
        """M-step: the tied A (K, K) that expected transition counts (K, K) make most probable.

        A probability that a row holds m times is the group's count of it, over m times all the
        counts of the group. Rows of a group without counts stay as in `present`.
        """
        totals = np.bincount(self._groups, weights=counts.sum(axis=1))[self._groups]
        has_data = totals > EMPTY_WEIGHT
        row_totals = np.where(has_data, totals, 1.0)[:, np.newaxis]
        shares = self._spread(self._sums(counts) / self._multiplicities) / row_totals
        return np.where(has_data[:, np.newaxis], shares, present)

    def num_free(self, transition_matrix: FloatArray) -> int:
        """Count the free parameters of A: in each group, labels of positive entries less one."""
        used = np.unique(self._numbered[(transition_matrix > 0.0) & (self.labels != UNLABELLED)])
        return len(used) - len(np.unique(self._groups))

    def _sums(self, values: FloatArray) -> FloatArray:
        """Sum of the entries of each label."""
        kept = self._numbered >= 0
        num_labels = len(self._multiplicities)
        sums = np.bincount(self._numbered[kept], values[kept], num_labels)
        return np.asarray(sums, dtype=np.float64)

    def _counts(self) -> FloatArray:
        return self._sums(np.ones(self.labels.shape))

    def _spread(self, values: FloatArray) -> FloatArray:
        """Each label's value at its entries (K, K), zero where there is none."""
        return np.where(self._numbered >= 0, values[self._numbered], 0.0)


def _groups_of(numbered: IntArray, labels: FloatArray) -> tuple[FloatArray, IntArray]:
    """How often a row holds each label, and the group (K,) of each row; checks that rows agree.

    Args:
        numbered: labels as 0, 1, ... and -1.
        labels: as they were given, to name them.
    """
    num_labels = int(numbered.max()) + 1
    held = np.stack([np.bincount(row[row >= 0], minlength=num_labels) for row in numbered])
    empty = np.flatnonzero(held.sum(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"labels row {empty[0]} is all -1; a state must go somewhere, so it needs a label."
        )
    first_with = (held > 0).argmax(axis=0)
    groups = np.empty(len(numbered), dtype=np.int64)
    for i, row in enumerate(held):
        # The first row that holds any of this row's labels must hold them all, as often.
        mine = np.flatnonzero(row)
        others = np.unique(first_with[mine])
        for other in others:
            if not np.array_equal(held[other], row):
                shared = mine[first_with[mine] == other][0]
                name = int(labels[numbered == shared][0])
                raise ValueError(
                    f"labels rows {other} and {i} share the label {name}, but hold "
                    f"{_shown(labels[other])} and {_shown(labels[i])}; rows that share a label "
                    "must hold the same labels equally often."
                )
        groups[i] = others[0]
    return held.max(axis=0).astype(np.float64), groups


def _shown(row: FloatArray) -> str:
    return quoted(sorted(int(label) for label in row if label >= 0))
