"""What all planes through the space of models have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice, permutations

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import BoolArray, FloatArray, IntArray, numeric_array
from hmmcore.batch import Models
from hmmcore.coordinates import Coordinate
from hmmcore.model import HMM

MOST_ORDERS = 5040
"""How many orders of states are looked at for mirror images: all of seven states."""


class AnyPlane(ABC):
    """A plane of models of one kind; a point has two coordinates, called its position."""

    hmm: HMM

    @abstractmethod
    def models(self, xs: ArrayLike, ys: ArrayLike) -> tuple[Models, BoolArray]:
        """The models at positions (P,), without an `HMM` for each.

        Returns:
            those that are models, in order; and which (P,) they are.
        """

    @abstractmethod
    def position(self, hmm: HMM) -> tuple[float, float]:
        """Where a model of the same kind lies, or where its projection does if it is outside.

        Infinite where a probability or rate is 0 or 1 whose scale does not reach there.

        Raises:
            ValueError: when the model is of another kind.
        """

    @abstractmethod
    def mirrors(self, hmm: HMM) -> FloatArray:
        """Distinct positions (n, 2) of a model under the orders of its states.

        The first is that of the model as it is. Of more than MOST_ORDERS orders only the first are
        looked at.
        """

    @abstractmethod
    def holds(self, trained: Iterable[str | Coordinate] | None = None) -> bool:
        """Whether training from a model on the plane stays on it.

        Args:
            trained: what training changes: names of parameters, or coordinates; None means all.
        """

    def at(self, x: float, y: float) -> HMM:
        """The model at a position.

        Raises:
            ValueError: when there is none.
        """
        models, which = self.models([x], [y])
        if not which[0]:
            raise ValueError(self._why_not(float(x), float(y)))
        return models[0]

    @abstractmethod
    def _why_not(self, x: float, y: float) -> str:
        """Why there is no model at a position, in a sentence."""


def as_positions(xs: ArrayLike, ys: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Positions (P,) as arrays, after checking that there are as many of one as of the other."""
    across, up = numeric_array("xs", xs), numeric_array("ys", ys)
    if across.ndim != 1 or across.shape != up.shape:
        raise ValueError(
            f"xs and ys have shapes {across.shape} and {up.shape}; they must be positions (P,)."
        )
    return across, up


def orders(num_states: int, count: int | None = None) -> IntArray:
    """Orders (n, count) in which so many states may be taken, no more than MOST_ORDERS."""
    found: Iterator[tuple[int, ...]] = permutations(range(num_states), count)
    return np.array(list(islice(found, MOST_ORDERS)), dtype=np.int64)


def distinct(positions: FloatArray) -> FloatArray:
    """Positions (n, 2), each once, where it comes first."""
    first = np.unique(positions, axis=0, return_index=True)[1]
    return np.asarray(positions[np.sort(first)])
