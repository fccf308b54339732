"""The plane through three models, and the space in which straight lines are drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from hmmcore.arrays import BoolArray, FloatArray, require_type
from hmmcore.batch import Models, stack
from hmmcore.batch.models import Arrays, kind_of
from hmmcore.coordinates import Coordinate, is_distribution
from hmmcore.emissions import beginning_of, own_name, parameters_of
from hmmcore.landscape.base import AnyPlane, as_positions, distinct, orders
from hmmcore.model import HMM

STRAIGHT = 1e-9
"""Three models lie on one line where the third is no further from it than this share of its
distance from the first."""

OF_STATES = ("initial_probs", "means", "covariances", "rates", "probs", "embeddings")
"""Parameters whose first axis is states, but for covariances that are tied; A has two such axes."""


class Space:
    """Models of one kind as vectors.

    Means and weights of networks are as they are, and so are probabilities: roots or logarithms
    would send zeros to infinity. Spreads and rates are logarithms; a covariance matrix is its
    Cholesky factor with a logarithmic diagonal.
    """

    def __init__(self, hmm: HMM) -> None:
        self.kind = kind_of(hmm)
        self.example = stack([hmm])

    def point(self, hmm: HMM) -> FloatArray:
        """The vector (n,) of a model.

        Raises:
            ValueError: when it is of another kind, or a rate is zero, which has no logarithm.
        """
        require_type("hmm", hmm, HMM, "an HMM")
        if kind_of(hmm) != self.kind:
            raise ValueError(
                "The models differ in their number of states or in what they emit; they must be of "
                "one kind."
            )
        if any(
            own_name(name) == "rates" and (values == 0.0).any()
            for name, values in parameters_of(hmm.emissions).items()
        ):
            raise ValueError(
                "A rate is 0, which has no logarithm; a line through this model needs a rate "
                "above 0."
            )
        point: FloatArray = self.points(stack([hmm]).arrays())[0]
        return point

    def points(self, arrays: Arrays) -> FloatArray:
        """Vectors (P, n) of models."""
        pieces = []
        for name, values in arrays.items():
            shown, own = values, own_name(name)
            if own == "rates" or (own == "covariances" and not self._has_matrices(name)):
                shown = np.log(values) * (1.0 if own == "rates" else 0.5)
            elif own == "covariances":
                shown = np.asarray(np.linalg.cholesky(values), dtype=np.float64)
                diagonal = np.arange(shown.shape[-1])
                shown[..., diagonal, diagonal] = np.log(shown[..., diagonal, diagonal])
            pieces.append(shown.reshape(len(values), -1))
        return np.concatenate(pieces, axis=1)

    def models(self, points: FloatArray) -> tuple[Models, BoolArray]:
        """The models at vectors (P, n), and which (P,) are models.

        A probability below zero stops at zero, and its row is divided by its sum.
        """
        arrays, start = {}, 0
        which: BoolArray = np.asarray(np.isfinite(points).all(axis=1))
        for name, example in self.example.arrays().items():
            stop = start + example[0].size
            values = points[:, start:stop].reshape(-1, *example.shape[1:])
            start = stop
            if is_distribution(name):
                values = np.maximum(values, 0.0)
                with np.errstate(invalid="ignore"):
                    values = values / values.sum(axis=-1, keepdims=True)
            elif own_name(name) in ("rates", "covariances"):
                values = self._from_logs(name, values)
                which &= np.isfinite(values).reshape(len(values), -1).all(axis=1)
            arrays[name] = values
        for name, values in arrays.items():
            if own_name(name) in ("rates", "covariances") and not self._has_matrices(name):
                which &= (values > 0.0).reshape(len(points), -1).all(axis=1)
        for name, values in arrays.items():
            if self._has_matrices(name):
                which[which] = _are_positive(values[which])
        return self.example.with_arrays({name: v[which] for name, v in arrays.items()}), which

    def _from_logs(self, name: str, values: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if own_name(name) == "rates":
                return np.exp(values)
            if not self._has_matrices(name):
                return np.exp(2.0 * values)
            factors = values.copy()
            diagonal = np.arange(factors.shape[-1])
            factors[..., diagonal, diagonal] = np.exp(factors[..., diagonal, diagonal])
            return factors @ np.swapaxes(factors, -1, -2)

    def _has_matrices(self, name: str) -> bool:
        """Whether the parameter of this name is made of covariance matrices."""
        kind = self.example.settings.get(f"{beginning_of(name)}covariance_type")
        return own_name(name) == "covariances" and kind in ("tied", "full")


def _are_positive(matrices: FloatArray) -> BoolArray:
    """Which (P,) of finite matrices (P, ..., D, D) are positive definite, beyond rounding."""
    try:
        np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.zeros(1, dtype=bool)
        middle = len(matrices) // 2
        return np.concatenate([_are_positive(matrices[:middle]), _are_positive(matrices[middle:])])
    return np.ones(len(matrices), dtype=bool)


@dataclass(frozen=True, eq=False)
class ThroughModels(AnyPlane):
    """The plane through three models of one kind, in the space that `Space` describes.

    The first is at (0, 0), the second at (1, 0), the third at (u, v) with v > 0; both axes have
    the same unit, the distance from the first to the second, and are at right angles. Any other
    model has the position of its projection. A probability that would fall below zero stops at
    zero, and its row is divided by its sum; such a model is no longer exactly on the plane.

    Attributes:
        first, second, third: the models.
        hmm: the first.

    Raises:
        ValueError: when the models are of different kinds, or lie on one line.
    """

    first: HMM
    second: HMM
    third: HMM
    hmm: HMM = field(init=False, repr=False)
    _space: Space = field(init=False, repr=False)
    _origin: FloatArray = field(init=False, repr=False)
    _across: FloatArray = field(init=False, repr=False)
    _up: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        require_type("first", self.first, HMM, "an HMM")
        space = Space(self.first)
        origin, second, third = (space.point(m) for m in (self.first, self.second, self.third))
        across = second - origin
        unit = float(np.linalg.norm(across))
        aside = third - origin
        if unit > 0.0:
            aside = aside - (aside @ across) / unit**2 * across
        height = float(np.linalg.norm(aside))
        if unit == 0.0 or height <= STRAIGHT * max(unit, float(np.linalg.norm(third - origin))):
            raise ValueError(
                "The three models lie on one line, so there are many planes through them; choose "
                "a third that differs otherwise."
            )
        for name, value in (
            ("hmm", self.first), ("_space", space), ("_origin", origin), ("_across", across),
            ("_up", aside * (unit / height)),
        ):  # fmt: skip
            object.__setattr__(self, name, value)

    def models(self, xs: ArrayLike, ys: ArrayLike) -> tuple[Models, BoolArray]:
        """As in `AnyPlane.models`."""
        across, up = (values[:, np.newaxis] for values in as_positions(xs, ys))
        with np.errstate(over="ignore", invalid="ignore"):
            points = self._origin + across * self._across + up * self._up
        return self._space.models(points)

    def position(self, hmm: HMM) -> tuple[float, float]:
        """As in `AnyPlane.position`."""
        x, y = self._positions(self._space.point(hmm)[np.newaxis])[0].tolist()
        return x, y

    def mirrors(self, hmm: HMM) -> FloatArray:
        """As in `AnyPlane.mirrors`."""
        self._space.point(hmm)
        taken = orders(hmm.num_states)
        arrays = {}
        settings = self._space.example.settings
        for name, values in stack([hmm]).arrays().items():
            one, own = values[0], own_name(name)
            shared = settings.get(f"{beginning_of(name)}covariance_type") == "tied"
            if name == "transition_matrix":
                arrays[name] = one[taken[:, :, np.newaxis], taken[:, np.newaxis, :]]
            elif own in OF_STATES and not (own == "covariances" and shared):
                arrays[name] = one[taken]
            else:
                arrays[name] = np.broadcast_to(one, (len(taken), *one.shape))
        return distinct(self._positions(self._space.points(arrays)))

    def holds(self, trained: Iterable[str | Coordinate] | None = None) -> bool:
        """As in `AnyPlane.holds`: never, as soon as anything is trained."""
        return trained is not None and not tuple(trained)

    def _positions(self, points: FloatArray) -> FloatArray:
        """Positions (P, 2) of the projections of vectors (P, n)."""
        axes = np.stack([self._across, self._up], axis=1)
        return np.asarray((points - self._origin) @ axes / (self._across @ self._across))

    def _why_not(self, x: float, y: float) -> str:
        return f"At ({x:g}, {y:g}) a number of the model would be out of range."
