"""Gaussian emissions with diagonal or full covariances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numba import njit
from numpy.random import Generator
from numpy.typing import ArrayLike
from scipy.linalg import solve_triangular

from hmmcore.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_permutation,
    frozen_array,
    numeric_array,
    valid_value,
)
from hmmcore.emissions import gaussian_lanes, gaussian_steps
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy

COVARIANCE_TYPES = ("diag", "full")

_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class Gaussian:
    """p(x | z = k) = N(x; means[k], covariances[k]).

    Attributes:
        means: μ (K, D).
        covariances: Σ, (K, D) variances when `covariance_type` is "diag", (K, D, D) when "full".
        covariance_type: "diag" or "full".

    Raises:
        ValueError: when shapes disagree, or a covariance is not positive (definite); the message
            names the state and the value.
    """

    means: FloatArray
    covariances: FloatArray
    covariance_type: str = "diag"

    parameter_names: ClassVar[tuple[str, ...]] = ("means", "covariances")
    parameter_of: ClassVar[Mapping[str, str]] = {
        "means": "means",
        "log_sds": "covariances",
        "cholesky": "covariances",
    }

    def __init__(
        self, means: ArrayLike, covariances: ArrayLike, covariance_type: str = "diag"
    ) -> None:
        if covariance_type not in COVARIANCE_TYPES:
            raise ValueError(
                f"covariance_type is {covariance_type!r}; it must be one of {COVARIANCE_TYPES}."
            )
        centres = numeric_array("means", means)
        spreads = numeric_array("covariances", covariances)
        if centres.ndim == 1:
            centres = centres[:, np.newaxis]
            if spreads.ndim == 1:
                spreads = spreads.reshape(-1, *([1] * (1 if covariance_type == "diag" else 2)))
        centres = frozen_array("means", centres, ndim=2)
        spreads = frozen_array("covariances", spreads, ndim=2 if covariance_type == "diag" else 3)
        num_states, num_dimensions = centres.shape
        expected = (num_states, num_dimensions) + (
            () if covariance_type == "diag" else (num_dimensions,)
        )
        if spreads.shape != expected:
            raise ValueError(
                f"covariances have shape {spreads.shape}; means are {centres.shape} and the type "
                f"is {covariance_type!r}, so they must be {expected}."
            )
        _require_positive(spreads, covariance_type)
        object.__setattr__(self, "means", centres)
        object.__setattr__(self, "covariances", spreads)
        object.__setattr__(self, "covariance_type", covariance_type)

    @classmethod
    def univariate(cls, means: ArrayLike, sd: ArrayLike) -> Gaussian:
        """One-dimensional observations: means (K,) and a standard deviation, common or (K,)."""
        centres = frozen_array("means", means, ndim=1)
        spreads = numeric_array("sd", sd)
        if spreads.ndim > 1 or (spreads.ndim == 1 and len(spreads) != len(centres)):
            raise ValueError(
                f"sd has shape {spreads.shape}; it must be one number or {len(centres)} of them."
            )
        if not (spreads > 0).all():
            raise ValueError(f"sd is {spreads.tolist()}; a standard deviation must be positive.")
        with np.errstate(over="ignore", under="ignore"):
            variances = spreads**2
        if not ((variances > 0) & np.isfinite(variances)).all():
            raise ValueError(
                f"sd is {spreads.tolist()}; its square, the variance, is out of range."
            )
        return cls(centres[:, np.newaxis], np.broadcast_to(variances, centres.shape)[:, None])

    @property
    def num_states(self) -> int:
        """K."""
        return len(self.means)

    @property
    def num_dimensions(self) -> int:
        """D."""
        return int(self.means.shape[1])

    @property
    def standard_deviations(self) -> FloatArray:
        """(K, D) square roots of the variances."""
        return np.sqrt(self._variances())

    def permute(self, permutation: ArrayLike) -> Gaussian:
        """New state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        return Gaussian(self.means[order], self.covariances[order], self.covariance_type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Gaussian):
            return NotImplemented
        return (
            self.covariance_type == other.covariance_type
            and np.array_equal(self.means, other.means)
            and np.array_equal(self.covariances, other.covariances)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """Any real number can be observed."""

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) log-densities of observations (T, D), in nats.

        A density can exceed one, so these can be positive.
        """
        scores = np.empty((len(observations), self.num_states))
        if self.covariance_type == "diag":
            _score_diagonal(observations, self.means, self.covariances, scores)
            return scores
        for k, factor in enumerate(self._cholesky()):
            whitened = solve_triangular(factor, (observations - self.means[k]).T, lower=True)
            log_scale = np.log(np.diag(factor)).sum() + 0.5 * self.num_dimensions * _LOG_2PI
            scores[:, k] = -0.5 * np.einsum("dt,dt->t", whitened, whitened) - log_scale
        return scores

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one observation for each state (T,): returns (T, D)."""
        noise = rng.standard_normal((len(states), self.num_dimensions))
        if self.covariance_type == "diag":
            noise *= self.standard_deviations[states]
        else:
            for k, factor in enumerate(self._cholesky()):
                noise[states == k] = noise[states == k] @ factor.T
        noise += self.means[states]
        return noise

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected weights (K,), deviations (K, D) and squared deviations about the means."""
        num_states, num_dimensions = self.means.shape
        deviations = np.zeros((num_states, num_dimensions))
        squares = np.zeros(self.covariances.shape)
        if self.covariance_type == "diag":
            _accumulate_diagonal(observations, weights, self.means, deviations, squares)
        else:
            for k in range(num_states):
                centred = observations - self.means[k]
                weighted = centred * weights[:, k, np.newaxis]
                deviations[k] = weighted.sum(axis=0)
                squares[k] = weighted.T @ centred
        return {"weights": weights.sum(axis=0), "deviations": deviations, "squares": squares}

    @property
    def works_in_lanes(self) -> bool:
        """Whether the lane methods serve: they know diagonal covariances only."""
        return self.covariance_type == "diag"

    def lane_log_likelihoods(self, observations: FloatArray, scores: FloatArray) -> None:
        """Score observations (S, D, LANES) into scores (S, K, LANES)."""
        gaussian_lanes.score(observations, self.means, self.covariances, scores)

    def lane_statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """`statistics` of observations (S, D, LANES) and weights (S, K, LANES)."""
        totals, deviations, squares = gaussian_lanes.lane_statistics(
            observations, weights, self.means
        )
        return {"weights": totals, "deviations": deviations, "squares": squares}

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Gaussian, tuple[Remedy, ...]]:
        """M-step: weighted means, and weighted variances about them.

        When the means are held fixed the variances are taken about those. A state without data
        keeps its parameters; a variance (an eigenvalue, when "full") is held at the floor, which
        is the maximiser under that constraint.
        """
        if self.covariance_type == "diag":
            return self._maximize_diagonal(statistics, trainable, variance_floor)
        weights = statistics["weights"]
        alive = weights > EMPTY_WEIGHT
        divisor = np.where(alive, weights, 1.0)[:, np.newaxis]
        shift = statistics["deviations"] / divisor
        moves = np.where(alive[:, np.newaxis] & ("means" in trainable), shift, 0.0)
        remedies = [Remedy(int(k), "empty_state") for k in np.flatnonzero(~alive)]
        covariances = self.covariances
        if "covariances" in trainable:
            # E[(x - m - move)(x - m - move)'], from deviations about the present means m.
            cross = np.einsum("ki,kj->kij", moves, shift)
            spread = statistics["squares"] / divisor[:, :, np.newaxis]
            spread = spread - cross - cross.transpose(0, 2, 1)
            spread += np.einsum("ki,kj->kij", moves, moves)
            held, floored = _hold_at_floor(spread, variance_floor)
            covariances = np.where(alive[:, np.newaxis, np.newaxis], held, self.covariances)
            remedies += [Remedy(int(k), "variance_floor") for k in np.flatnonzero(floored & alive)]
        model = Gaussian(self.means + moves, covariances, self.covariance_type)
        return model, tuple(remedies)

    def _maximize_diagonal(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[Gaussian, tuple[Remedy, ...]]:
        means, variances = self.means.copy(), self.covariances.copy()
        codes = np.empty(len(means), dtype=np.int64)
        valid = gaussian_steps.maximize(
            statistics["weights"], statistics["deviations"], statistics["squares"],
            ("means" in trainable, "covariances" in trainable), variance_floor,
            means, variances, codes,
        )  # fmt: skip
        return _diagonal(means, variances, valid), _remedies(codes)

    def unconstrained(self) -> EmissionStatistics:
        """Means, and log standard deviations or Cholesky factors with log diagonals."""
        if self.covariance_type == "diag":
            return {"means": self.means.copy(), "log_sds": 0.5 * np.log(self.covariances)}
        factors = self._cholesky()
        diagonal = np.arange(self.num_dimensions)
        factors[:, diagonal, diagonal] = np.log(factors[:, diagonal, diagonal])
        return {"means": self.means.copy(), "cholesky": factors}

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[Gaussian, tuple[Remedy, ...]]:
        """Undo `unconstrained` for the trainable parameters, holding variances at the floor."""
        means = parameters["means"] if "means" in trainable else self.means
        if "covariances" not in trainable:
            return Gaussian(means, self.covariances, self.covariance_type), ()
        if self.covariance_type == "diag":
            centres, variances = means.copy(), np.empty(means.shape)
            codes = np.empty(len(means), dtype=np.int64)
            valid = gaussian_steps.constrain(
                parameters["log_sds"], variance_floor, centres, variances, codes
            )
            return _diagonal(centres, variances, valid), _remedies(codes)
        factors = np.tril(parameters["cholesky"])
        diagonal = np.arange(self.num_dimensions)
        factors[:, diagonal, diagonal] = np.exp(factors[:, diagonal, diagonal])
        covariances, floored = _hold_at_floor(factors @ factors.transpose(0, 2, 1), variance_floor)
        remedies = tuple(Remedy(int(k), "variance_floor") for k in np.flatnonzero(floored))
        return Gaussian(means, covariances, self.covariance_type), remedies

    def smallest_variances(self) -> FloatArray:
        """(K,) the smallest variance of each state (the smallest eigenvalue, when "full")."""
        if self.covariance_type == "diag":
            return np.asarray(self.covariances.min(axis=1))
        return np.asarray(np.linalg.eigvalsh(self.covariances)[:, 0])

    def condition_number(self) -> float:
        """How ill-conditioned covariances are, and how far means lie from zero in their sd.

        The larger of the ratio of a covariance's eigenvalues and eps (mean / sd)², over states.
        """
        smallest = self.smallest_variances()
        rounding = np.finfo(float).eps * np.abs(self.means).max(axis=1)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            worst = rounding**2 / smallest / np.finfo(float).eps
            if self.covariance_type == "full":
                largest = np.linalg.eigvalsh(self.covariances)[:, -1]
                worst = np.maximum(worst, largest / np.maximum(smallest, 0.0))
        return max(1.0, float(worst.max()))

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the `unconstrained` parameters, from statistics about this value."""
        weights, deviations = statistics["weights"], statistics["deviations"]
        squares = statistics["squares"]
        if self.covariance_type == "diag":
            return {
                "means": deviations / self.covariances,
                "log_sds": squares / self.covariances - weights[:, np.newaxis],
            }
        # Through W = L^-1, never an inverse of the covariance: Σ^-1 = W'W, and the gradient in L
        # is (Σ^-1 S Σ^-1 - n Σ^-1) L = W' (W S W' - n I).
        factors = self._cholesky()
        identity = np.eye(self.num_dimensions)
        whiteners = np.stack([solve_triangular(factor, identity, lower=True) for factor in factors])
        transposed = whiteners.transpose(0, 2, 1)
        excess = whiteners @ squares @ transposed - weights[:, np.newaxis, np.newaxis] * identity
        in_factor = np.tril(transposed @ excess)
        diagonal = np.arange(self.num_dimensions)
        in_factor[:, diagonal, diagonal] *= factors[:, diagonal, diagonal]
        return {
            "means": (transposed @ whiteners @ deviations[:, :, np.newaxis])[:, :, 0],
            "cholesky": in_factor,
        }

    def distances(self, other: Gaussian) -> FloatArray:
        """Symmetric Kullback-Leibler divergences (K, K) between the states of two values."""
        gaps = self.means[:, np.newaxis] - other.means[np.newaxis]
        if self.covariance_type == other.covariance_type == "diag":
            left, right = self.covariances[:, np.newaxis], other.covariances[np.newaxis]
            terms = (left + gaps**2) / right + (right + gaps**2) / left - 2.0
            return np.asarray(0.5 * terms.sum(axis=2))
        left, right = self._full(), other._full()
        left_precisions, right_precisions = np.linalg.inv(left), np.linalg.inv(right)
        traces = np.einsum("aij,bji->ab", left, right_precisions)
        traces += np.einsum("aij,bji->ab", left_precisions, right)
        precisions = left_precisions[:, np.newaxis] + right_precisions[np.newaxis]
        shifts = np.einsum("abi,abij,abj->ab", gaps, precisions, gaps)
        return np.asarray(0.5 * (traces + shifts) - self.num_dimensions)

    def _variances(self) -> FloatArray:
        if self.covariance_type == "diag":
            return self.covariances
        return np.diagonal(self.covariances, axis1=1, axis2=2)

    def _full(self) -> FloatArray:
        if self.covariance_type == "full":
            return self.covariances
        return self.covariances[:, :, np.newaxis] * np.eye(self.num_dimensions)

    def _cholesky(self) -> FloatArray:
        return np.asarray(np.linalg.cholesky(self.covariances))


def _require_positive(covariances: FloatArray, covariance_type: str) -> None:
    if covariance_type == "diag" and covariances.min() > 0.0:
        return
    for k, covariance in enumerate(covariances):
        if covariance_type == "diag":
            if not (covariance > 0).all():
                raise ValueError(
                    f"covariances of state {k} are {covariance.tolist()}; a variance must be "
                    "positive."
                )
            continue
        if not np.allclose(
            covariance, covariance.T, rtol=0.0, atol=1e-10 * np.abs(covariance).max()
        ):
            raise ValueError(f"covariances of state {k} are not symmetric: {covariance.tolist()}.")
        try:
            np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            smallest = float(np.linalg.eigvalsh(covariance)[0])
            raise ValueError(
                f"covariances of state {k} have the eigenvalue {smallest:.6g}; a covariance "
                "matrix must be positive definite."
            ) from None


def _diagonal(means: FloatArray, variances: FloatArray, valid: bool) -> Gaussian:
    """Make a diagonal Gaussian of arrays of its own, or say what is wrong with them."""
    if not valid:
        return Gaussian(means, variances)
    return valid_value(Gaussian, means=means, covariances=variances, covariance_type="diag")


def _remedies(codes: IntArray) -> tuple[Remedy, ...]:
    """What `gaussian_steps` reports of each state."""
    told = codes.tolist()
    if not any(told):
        return ()
    kinds = {gaussian_steps.EMPTY: "empty_state", gaussian_steps.FLOORED: "variance_floor"}
    return tuple(
        Remedy(k, kind) for code, kind in kinds.items() for k in range(len(told)) if told[k] == code
    )


def _hold_at_floor(covariances: FloatArray, floor: float) -> tuple[FloatArray, BoolArray]:
    """Lift the eigenvalues of full covariances to the floor; say which states (K,) needed it."""
    symmetric = 0.5 * (covariances + covariances.transpose(0, 2, 1))
    values, vectors = np.linalg.eigh(symmetric)
    low = np.asarray((values < floor).any(axis=1))
    if low.any():
        lifted = np.maximum(values, floor)[:, np.newaxis, :]
        rebuilt = (vectors * lifted) @ vectors.transpose(0, 2, 1)
        rebuilt = 0.5 * (rebuilt + rebuilt.transpose(0, 2, 1))
        symmetric = np.where(low[:, np.newaxis, np.newaxis], rebuilt, symmetric)
    return symmetric, low


@njit(cache=True, nogil=True)
def _score_diagonal(observations, means, variances, scores):  # type: ignore[no-untyped-def]
    """Fill scores (T, K) with the log-densities of a diagonal Gaussian."""
    num_states, num_dimensions = means.shape
    constants = np.empty(num_states)
    # Dimensions first: the compiler works on several states at once.
    centres = np.ascontiguousarray(means.T)
    # Divided by the standard deviation before squaring: the square alone could overflow.
    inverse_sds = np.empty((num_dimensions, num_states))
    for k in range(num_states):
        constants[k] = 0.0
        for d in range(num_dimensions):
            constants[k] -= 0.5 * (np.log(variances[k, d]) + 1.8378770664093453)  # log 2π
            inverse_sds[d, k] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for k in range(num_states):
            scores[t, k] = constants[k]
        for d in range(num_dimensions):
            value = observations[t, d]
            for k in range(num_states):
                gap = (value - centres[d, k]) * inverse_sds[d, k]
                scores[t, k] -= 0.5 * gap * gap


@njit(cache=True, nogil=True)
def _accumulate_diagonal(observations, weights, means, deviations, squares):  # type: ignore[no-untyped-def]
    """Add weighted deviations from the means, and their squares, to (K, D) arrays."""
    num_states, num_dimensions = means.shape
    # Dimensions first, as in `_score_diagonal`.
    centres = np.ascontiguousarray(means.T)
    firsts, seconds = np.zeros(centres.shape), np.zeros(centres.shape)
    for t in range(len(observations)):
        for d in range(num_dimensions):
            value = observations[t, d]
            for k in range(num_states):
                gap = value - centres[d, k]
                weighted = weights[t, k] * gap
                firsts[d, k] += weighted
                seconds[d, k] += weighted * gap
    deviations += firsts.T
    squares += seconds.T
