"""Covariances with correlations: a matrix for each state, or one for all of them."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray, quoted
from hmmcore.compiling import kernel
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.covariance import CovarianceType, Learned
from hmmcore.emissions.missing import Rows, patterns
from hmmcore.emissions.variance_prior import added

BLOCK = 64
"""Rows that are whitened together."""

RESOLUTION = 1e-13
"""Correlations whose smallest eigenvalue is below this cannot be told from singular ones by sums of
squares in double precision. They are held at four times as much, so that they have a Cholesky
factor."""

SYMMETRY_ATOL = 1e-10
"""How far two entries of a covariance that should be one may differ, as a correlation."""


class Full(CovarianceType):
    """Matrices (K, D, D).

    Statistics about the means: "weights" (K,) expected observations that are not wholly missing,
    "deviations" (K, D), "squares" (K, D, D). Missing coordinates of an observation enter by their
    conditional expectation given the observed ones, so that EM and Fisher's identity stay exact.

    Source for missing coordinates: Dempster, Laird & Rubin (1977), section 4.1; Little & Rubin,
    "Statistical Analysis with Missing Data" (2002), section 11.2.
    """

    unconstrained_name = "cholesky"
    is_diagonal = False

    def pool(self, sums: FloatArray) -> FloatArray:
        """Add up sums (K, ...) over the states that share one covariance."""
        return sums

    def named(self, k: int) -> str:
        """What error messages call covariance `k` of the array."""
        return f"covariances of state {k}"

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return num_states, num_dimensions, num_dimensions

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances[:, np.newaxis, np.newaxis] if variances.ndim == 1 else variances

    def require_positive(self, covariances: FloatArray) -> None:
        for k, matrix in enumerate(covariances.reshape(-1, *covariances.shape[-2:])):
            variances = np.diagonal(matrix)
            if not (variances > 0.0).all():
                d = int(np.argmin(variances))
                raise ValueError(
                    f"{self.named(k)} have the variance {variances[d]:.6g} in dimension {d}; it "
                    "must be positive."
                )
            correlations = _standardized(matrix)[1]
            if not np.allclose(correlations, correlations.T, rtol=0.0, atol=SYMMETRY_ATOL):
                raise ValueError(f"{self.named(k)} are not symmetric: {quoted(matrix.tolist())}.")
            try:
                np.linalg.cholesky(matrix)
            except np.linalg.LinAlgError:
                smallest = float(np.linalg.eigvalsh(correlations)[0])
                raise ValueError(
                    f"{self.named(k)} have correlations with the eigenvalue {smallest:.6g}; a "
                    "covariance matrix must be positive definite, beyond rounding."
                ) from None

    def variances(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        matrices = self.matrices(covariances, num_states, dimensions)
        return np.diagonal(matrices, axis1=1, axis2=2)

    def matrices(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        return np.broadcast_to(covariances, (num_states, dimensions, dimensions))

    def smallest_variances(self, covariances: FloatArray, num_states: int) -> FloatArray:
        return np.array(np.broadcast_to(_smallest_eigenvalues(covariances), (num_states,)))

    def conditions(self, covariances: FloatArray) -> FloatArray:
        # Of the correlations: the units of single coordinates do not amplify rounding.
        eigenvalues = np.linalg.eigvalsh(_standardized(covariances)[1])
        known = eigenvalues[..., 0] > 8.0 * RESOLUTION
        return np.where(
            known, eigenvalues[..., -1] / np.where(known, eigenvalues[..., 0], 1), np.inf
        )

    def score(
        self, observations: FloatArray, means: FloatArray, covariances: FloatArray
    ) -> FloatArray:
        scores = np.zeros((len(observations), len(means)))
        for rows, there in patterns(observations):
            given = np.ascontiguousarray(observations[rows][:, there])
            centres = np.ascontiguousarray(means[:, there])
            factors = np.ascontiguousarray(_factors(_block(covariances, there), len(means)))
            some = scores if isinstance(rows, slice) else np.empty((len(given), len(means)))
            _score_correlated(given, centres, factors, some)
            scores[rows] = some
        return scores

    def colour(self, noise: FloatArray, states: IntArray, covariances: FloatArray) -> FloatArray:
        num_states = int(states.max()) + 1 if self.is_shared else len(covariances)
        for k, factor in enumerate(_factors(covariances, num_states)):
            noise[states == k] = noise[states == k] @ factor.T
        return noise

    def statistics(
        self,
        observations: FloatArray,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
    ) -> EmissionStatistics:
        num_states, num_dimensions = means.shape
        totals = np.zeros(num_states)
        deviations = np.zeros(means.shape)
        squares = np.zeros((num_states, num_dimensions, num_dimensions))
        for rows, there in patterns(observations):
            given = np.ascontiguousarray(observations[rows][:, there])
            centres = np.ascontiguousarray(means[:, there])
            num_given = centres.shape[1]
            counts, first = np.zeros(num_states), np.zeros((num_states, num_given))
            second = np.zeros((num_states, num_given, num_given))
            _accumulate_correlated(given, weights[rows], centres, counts, first, second)
            totals += counts
            if isinstance(there, slice):
                deviations += first
                squares += second
                continue
            slopes, rest = conditional(covariances, there)
            deviations += (slopes @ first[:, :, np.newaxis])[:, :, 0]
            squares += slopes @ second @ np.swapaxes(slopes, -1, -2)
            squares += counts[:, np.newaxis, np.newaxis] * rest
        return {"weights": totals, "deviations": deviations, "squares": squares}

    def maximize(
        self,
        statistics: EmissionStatistics,
        means: FloatArray,
        covariances: FloatArray,
        learned: tuple[bool, bool],
        variance_floor: float,
    ) -> Learned:
        weights, deviations = statistics["weights"][:, np.newaxis], statistics["deviations"]
        has_data = weights > EMPTY_WEIGHT
        remedies = tuple(Remedy(int(k), "empty_state") for k in np.flatnonzero(~has_data))
        moves = np.zeros(means.shape)
        if learned[0]:
            moves = np.where(has_data, deviations / np.where(has_data, weights, 1.0), 0.0)
        if learned[1]:
            covariances, floored = self._maximize_about(
                statistics, moves, covariances, variance_floor
            )
            remedies += self._floor_remedies(floored)
        return Learned(means + moves, covariances, remedies, valid=False)

    def _maximize_about(
        self,
        statistics: EmissionStatistics,
        moves: FloatArray,
        covariances: FloatArray,
        variance_floor: float,
    ) -> tuple[FloatArray, BoolArray]:
        """The covariances after means move by `moves` (K, D), and which are held at the floor."""
        weights = statistics["weights"][:, np.newaxis, np.newaxis]
        # E[(x - m - move)(x - m - move)'], from deviations about the present means m.
        cross = moves[:, :, np.newaxis] * statistics["deviations"][:, np.newaxis, :]
        squares = statistics["squares"] - cross - cross.transpose(0, 2, 1)
        squares += weights * moves[:, :, np.newaxis] * moves[:, np.newaxis, :]
        totals, squares = added(self.pool(weights), self.pool(squares), True, statistics)
        has_data = totals > EMPTY_WEIGHT
        held, low = _hold_at_floor(squares / np.where(has_data, totals, 1.0), variance_floor)
        return np.where(has_data, held, covariances), low & has_data[..., 0, 0]

    def _floor_remedies(self, floored: BoolArray) -> tuple[Remedy, ...]:
        """Remedies for the covariances held at the floor, `floored` (K,), or () when shared."""
        if self.is_shared:
            return (Remedy(None, "variance_floor"),) if floored.any() else ()
        return tuple(Remedy(int(k), "variance_floor") for k in np.flatnonzero(floored))

    def unconstrained(self, covariances: FloatArray) -> FloatArray:
        """Cholesky factors with log diagonals."""
        factors = np.linalg.cholesky(covariances)
        diagonal = np.arange(factors.shape[-1])
        factors[..., diagonal, diagonal] = np.log(factors[..., diagonal, diagonal])
        return np.asarray(factors)

    def constrained(
        self, means: FloatArray, parameters: FloatArray, variance_floor: float
    ) -> Learned:
        factors = np.tril(parameters)
        diagonal = np.arange(factors.shape[-1])
        factors[..., diagonal, diagonal] = np.exp(factors[..., diagonal, diagonal])
        held, low = _hold_at_floor(factors @ np.swapaxes(factors, -1, -2), variance_floor)
        return Learned(means.copy(), held, self._floor_remedies(low), valid=False)

    def gradient(
        self, statistics: EmissionStatistics, covariances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        # Through W = L^-1, never an inverse of the covariance: Σ^-1 = W'W, and the gradient in L
        # is (Σ^-1 S Σ^-1 - n Σ^-1) L = W' (W S W' - n I).
        weights = statistics["weights"][:, np.newaxis, np.newaxis]
        totals, squares = added(
            self.pool(weights), self.pool(statistics["squares"]), True, statistics
        )
        factors = np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)
        size = factors.shape[-1]
        whiteners = _inverted(factors)
        transposed = np.swapaxes(whiteners, -1, -2)
        excess = whiteners @ squares @ transposed - totals * np.eye(size)
        in_factor = np.tril(transposed @ excess)
        diagonal = np.arange(size)
        in_factor[..., diagonal, diagonal] *= factors[..., diagonal, diagonal]
        deviations = statistics["deviations"][:, :, np.newaxis]
        return (transposed @ whiteners @ deviations)[:, :, 0], in_factor


class Tied(Full):
    """One matrix (D, D) for all states. Statistics as `Full`."""

    is_shared = True

    def pool(self, sums: FloatArray) -> FloatArray:
        return np.asarray(sums.sum(axis=0))

    def named(self, k: int) -> str:
        return "covariances of all states"

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return num_dimensions, num_dimensions

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances.reshape(1, 1) if variances.size == 1 else variances


def _hold_at_floor(covariances: FloatArray, variance_floor: float) -> tuple[FloatArray, BoolArray]:
    """Raise eigenvalues to the floor: the maximiser of the likelihood under that constraint.

    Also returns which of the covariances (..., D, D) had an eigenvalue below it.
    """
    symmetric = 0.5 * (covariances + np.swapaxes(covariances, -1, -2))
    low = np.asarray(_smallest_eigenvalues(symmetric) < variance_floor)
    for index in np.argwhere(low):
        symmetric[tuple(index)] = _lifted(symmetric[tuple(index)], variance_floor)
    return symmetric, low


def _standardized(covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations (..., D) and correlations (..., D, D) of covariances."""
    scales = np.sqrt(np.diagonal(covariances, axis1=-2, axis2=-1))
    return scales, covariances / scales[..., :, np.newaxis] / scales[..., np.newaxis, :]


def _whiteners(covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Standard deviations (..., D) and W (..., D, D): W' W is the inverse of the correlations.

    W divided by the standard deviations does the same for the covariances, and its rounding depends
    on the correlations alone, whatever units coordinates have (van der Sluis 1969; Demmel & Veselic
    1992).

    Raises LinAlgError where a matrix is not positive definite.
    """
    scales, correlations = _standardized(covariances)
    return scales, np.linalg.inv(np.linalg.cholesky(correlations))


def _smallest_eigenvalues(covariances: FloatArray) -> FloatArray:
    """The smallest eigenvalue (...) of covariances (..., D, D); 0 where only rounding is left.

    The error of LAPACK's eigenvalues is relative to the largest one: where coordinates differ much
    in their units, the smallest would be all error. The largest eigenvalue of the inverse is not.
    """
    if (np.diagonal(covariances, axis1=-2, axis2=-1) > 0.0).all():
        try:
            scales, whiteners = _whiteners(covariances)
        except np.linalg.LinAlgError:
            pass
        else:
            resolved = _largest(whiteners) ** -2.0 >= RESOLUTION
            smallest = _largest(whiteners / scales[..., np.newaxis, :]) ** -2.0
            return np.where(resolved, smallest, 0.0)
    if covariances.ndim == 2:
        return np.zeros(())
    return np.array([_smallest_eigenvalues(covariance) for covariance in covariances])


def _largest(matrices: FloatArray) -> FloatArray:
    """The largest singular value (...) of matrices (..., D, D)."""
    return np.asarray(np.linalg.norm(matrices, ord=2, axis=(-2, -1)))


def _lifted(covariance: FloatArray, variance_floor: float) -> FloatArray:
    """A covariance (D, D) with its eigenvalues raised to the floor, whatever units it has.

    Eigenvalues above the floor keep all their digits.
    """
    # The covariance of a state whose data are one point is rounding alone: its correlations may
    # exceed one.
    spreads = np.sqrt(np.maximum(np.diagonal(covariance), 0.0))
    bounds = np.outer(spreads, spreads)
    held = np.clip(covariance, -bounds, bounds)
    scales = np.maximum(spreads, np.sqrt(variance_floor))
    values, vectors = np.linalg.eigh(held / np.outer(scales, scales))
    if values[0] < RESOLUTION:
        half = scales[:, np.newaxis] * vectors * np.sqrt(np.maximum(values, 4.0 * RESOLUTION))
        held = half @ half.T
    # Only eigenvalues within a factor of 1e8 of the smallest are exact enough to be raised at once.
    # The correlations were held above, so that two rounds reach all that are below the floor.
    for _ in range(3):
        scales, whiteners = _whiteners(held)
        _, singular, axes = np.linalg.svd(whiteners / scales)
        with np.errstate(divide="ignore"):
            variances = singular**-2.0
        low = variances < min(variance_floor, 1e8 * variances[0])
        if not low.any():
            break
        held += ((variance_floor - variances[low]) * axes[low].T) @ axes[low]
        held = 0.5 * (held + held.T)
    return held


@kernel()
def _score_correlated(observations, means, factors, scores):  # type: ignore[no-untyped-def]
    """Fill scores (T, K) with log-densities, from Cholesky factors (K, D, D) of covariances.

    Solves L y = x - m for BLOCK rows at a time, the innermost loop over rows: it fills vector
    registers, and a row gets the same bits whatever stands beside it.
    """
    num_states, num_dimensions = means.shape
    white = np.empty((num_dimensions, BLOCK))
    squares = np.empty(BLOCK)
    for k in range(num_states):
        constant = 0.0
        for d in range(num_dimensions):
            constant -= np.log(factors[k, d, d]) + 0.5 * 1.8378770664093453  # log 2π
        for start in range(0, len(observations), BLOCK):
            size = min(BLOCK, len(observations) - start)
            squares[:] = 0.0
            for d in range(num_dimensions):
                for t in range(size):
                    white[d, t] = observations[start + t, d] - means[k, d]
                for e in range(d):
                    factor = factors[k, d, e]
                    for t in range(size):
                        white[d, t] -= factor * white[e, t]
                diagonal = factors[k, d, d]
                for t in range(size):
                    white[d, t] /= diagonal
                    squares[t] += white[d, t] * white[d, t]
            for t in range(size):
                # Infinity minus infinity: so far away that the density is zero.
                far = np.isnan(squares[t])
                scores[start + t, k] = -np.inf if far else constant - 0.5 * squares[t]


@kernel()
def _accumulate_correlated(observations, weights, means, totals, deviations, squares):  # type: ignore[no-untyped-def]
    """Add weights (K,), weighted deviations from the means (K, D) and their products (K, D, D)."""
    num_states, num_dimensions = means.shape
    gaps = np.empty(num_dimensions)
    for t in range(len(observations)):
        for k in range(num_states):
            totals[k] += weights[t, k]
            for d in range(num_dimensions):
                gaps[d] = observations[t, d] - means[k, d]
                weighted = weights[t, k] * gaps[d]
                deviations[k, d] += weighted
                for e in range(d + 1):
                    squares[k, d, e] += weighted * gaps[e]
    for k in range(num_states):
        for d in range(num_dimensions):
            for e in range(d):
                squares[k, e, d] = squares[k, d, e]


@kernel()
def _regress(factors, absent, slopes, rest):  # type: ignore[no-untyped-def]
    """Fill the absent rows of slopes (K, D, O) and of rest (K, D, D).

    `factors` (K, D, D) are Cholesky factors with the O given coordinates first: [[L, 0], [M, N]].
    The slopes are M L^-1, and N N' remains, positive by construction.
    """
    num_given = slopes.shape[2]
    for k in range(len(factors)):
        for a in range(len(absent)):
            row = num_given + a
            for j in range(num_given - 1, -1, -1):
                value = factors[k, row, j]
                for i in range(j + 1, num_given):
                    value -= slopes[k, absent[a], i] * factors[k, i, j]
                slopes[k, absent[a], j] = value / factors[k, j, j]
            for b in range(len(absent)):
                for i in range(num_given, num_given + min(a, b) + 1):
                    rest[k, absent[a], absent[b]] += (
                        factors[k, row, i] * factors[k, num_given + b, i]
                    )


def _block(covariances: FloatArray, there: Rows) -> FloatArray:
    """The covariances (..., O, O) of some coordinates."""
    return covariances[..., there, :][..., there]


def _factors(covariances: FloatArray, num_states: int) -> FloatArray:
    """Cholesky factors (K, D, D) of covariances (K, D, D) or (D, D)."""
    factors = np.linalg.cholesky(covariances)
    return np.broadcast_to(factors, (num_states, *factors.shape[-2:]))


def conditional(covariances: FloatArray, there: IntArray) -> tuple[FloatArray, FloatArray]:
    """The conditional distribution of all D coordinates, given the O observed ones.

    Returns:
        slopes (..., D, O): E[x - m | observed] = slopes @ (observed coordinates of x - m), and the
        conditional covariance (..., D, D), zero for the observed coordinates.
    """
    num_dimensions, num_given = covariances.shape[-1], len(there)
    absent = np.setdiff1d(np.arange(num_dimensions), there)
    order = np.concatenate([there, absent])
    factors = np.linalg.cholesky(_block(covariances, order))
    matrices = factors.reshape(-1, num_dimensions, num_dimensions)
    slopes = np.zeros((len(matrices), num_dimensions, num_given))
    rest = np.zeros((len(matrices), num_dimensions, num_dimensions))
    slopes[:, there, np.arange(num_given)] = 1.0
    _regress(matrices, absent, slopes, rest)
    leading = covariances.shape[:-2]
    return slopes.reshape(*leading, *slopes.shape[1:]), rest.reshape(*leading, *rest.shape[1:])


def _inverted(factors: FloatArray) -> FloatArray:
    """Inverses of lower triangular matrices (..., D, D), by substitution.

    All matrices at once; LAPACK takes them one by one, and on a busy machine its threads wait for
    each other longer than a small matrix takes.
    """
    size = factors.shape[-1]
    inverses = np.zeros(factors.shape)
    for i in range(size):
        before = factors[..., i : i + 1, :i] @ inverses[..., :i, :]
        inverses[..., i, :] = -before[..., 0, :]
        inverses[..., i, i] += 1.0
        inverses[..., i, :] /= factors[..., i, i, np.newaxis]
    return inverses
