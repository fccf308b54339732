"""Covariances without correlations: a variance for each coordinate, or one for each state."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, IntArray, quoted
from hmmcore.compiling import kernel
from hmmcore.emissions import gaussian_steps
from hmmcore.emissions.base import EmissionStatistics, Remedy
from hmmcore.emissions.covariance import CovarianceType, Learned
from hmmcore.emissions.variance_prior import COUNT, SQUARES, added


class Diagonal(CovarianceType):
    """Variances (K, D).

    Statistics about the means, of the observed coordinates: "weights" (K,) expected number of
    observations that are not wholly missing, "counts" (K, D) expected number of coordinates,
    "deviations" (K, D) and "squares" (K, D) weighted sums of deviations and of their squares.
    """

    unconstrained_name = "log_sds"
    is_diagonal = True

    def spread_out(self, values: FloatArray, num_dimensions: int) -> FloatArray:
        """Repeat values of the covariances' own shape for every coordinate: (K, D)."""
        return values

    def pool(self, sums: FloatArray) -> FloatArray:
        """Add up sums (K, D) over the coordinates that share one variance."""
        return sums

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return num_states, num_dimensions

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances[:, np.newaxis] if variances.ndim == 1 else variances

    def require_positive(self, covariances: FloatArray) -> None:
        if covariances.min() > 0.0:
            return
        k = int(np.argwhere(covariances <= 0.0)[0, 0])
        raise ValueError(
            f"covariances of state {k} are {quoted(covariances[k].tolist())}; a variance must "
            "be positive."
        )

    def variances(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        return self.spread_out(covariances, dimensions)

    def matrices(self, covariances: FloatArray, num_states: int, dimensions: int) -> FloatArray:
        return self.spread_out(covariances, dimensions)[:, :, np.newaxis] * np.eye(dimensions)

    def smallest_variances(self, covariances: FloatArray, num_states: int) -> FloatArray:
        return np.asarray(covariances.reshape(num_states, -1).min(axis=1))

    def score(
        self, observations: FloatArray, means: FloatArray, covariances: FloatArray
    ) -> FloatArray:
        scores = np.empty((len(observations), len(means)))
        variances = self.spread_out(covariances, means.shape[1])
        if _score_diagonal(observations, means, variances, scores):
            _score_observed(observations, means, variances, scores)
        return scores

    def colour(self, noise: FloatArray, states: IntArray, covariances: FloatArray) -> FloatArray:
        noise *= np.sqrt(self.spread_out(covariances, noise.shape[1]))[states]
        return noise

    def statistics(
        self,
        observations: FloatArray,
        weights: FloatArray,
        means: FloatArray,
        covariances: FloatArray,
    ) -> EmissionStatistics:
        deviations, squares = np.zeros(means.shape), np.zeros(means.shape)
        _accumulate_diagonal(observations, weights, means, deviations, squares)
        totals, counts = weights.sum(axis=0), np.zeros(means.shape)
        if includes_missing(deviations):
            totals[:], deviations[:], squares[:] = 0.0, 0.0, 0.0
            _accumulate_observed(observations, weights, means, totals, counts, deviations, squares)
        else:
            counts[:] = totals[:, np.newaxis]
        return diagonal_statistics(totals, counts, deviations, squares)

    def maximize(
        self,
        statistics: EmissionStatistics,
        means: FloatArray,
        covariances: FloatArray,
        learned: tuple[bool, bool],
        variance_floor: float,
    ) -> Learned:
        prior = 0.0, 0.0
        if COUNT in statistics:
            prior = float(statistics[COUNT]), float(statistics[SQUARES])
        means, covariances = means.copy(), covariances.copy()
        codes = np.empty(len(means), dtype=np.int64)
        valid = gaussian_steps.maximize(
            statistics["counts"], statistics["deviations"], statistics["squares"], prior, learned,
            variance_floor, means, covariances.reshape(len(means), -1), codes,
        )  # fmt: skip
        return Learned(means, covariances, _remedies(codes), valid)

    def unconstrained(self, covariances: FloatArray) -> FloatArray:
        return np.asarray(0.5 * np.log(covariances))

    def constrained(
        self, means: FloatArray, parameters: FloatArray, variance_floor: float
    ) -> Learned:
        means, covariances = means.copy(), np.empty(parameters.shape)
        codes = np.empty(len(means), dtype=np.int64)
        valid = gaussian_steps.constrain(
            parameters.reshape(len(means), -1), variance_floor, means,
            covariances.reshape(len(means), -1), codes,
        )  # fmt: skip
        return Learned(means, covariances, _remedies(codes), valid)

    def gradient(
        self, statistics: EmissionStatistics, covariances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        deviations = statistics["deviations"]
        variances = self.spread_out(covariances, deviations.shape[1])
        counts, squares = added(
            self.pool(statistics["counts"]), self.pool(statistics["squares"]), False, statistics
        )
        return deviations / variances, squares / covariances - counts


class Spherical(Diagonal):
    """One variance per state (K,), the same for every coordinate. Statistics as `Diagonal`."""

    def spread_out(self, values: FloatArray, num_dimensions: int) -> FloatArray:
        return np.repeat(values[:, np.newaxis], num_dimensions, axis=1)

    def pool(self, sums: FloatArray) -> FloatArray:
        return np.asarray(sums.sum(axis=1))

    def shape(self, num_states: int, num_dimensions: int) -> tuple[int, ...]:
        return (num_states,)

    def from_variances(self, variances: FloatArray) -> FloatArray:
        return variances

    def require_positive(self, covariances: FloatArray) -> None:
        if covariances.min() > 0.0:
            return
        k = int(np.argmax(covariances <= 0.0))
        raise ValueError(
            f"covariances of state {k} is {covariances[k]:.6g}; a variance must be positive."
        )


def diagonal_statistics(
    totals: FloatArray, counts: FloatArray, deviations: FloatArray, squares: FloatArray
) -> EmissionStatistics:
    """Name the statistics of `Diagonal`."""
    return {"weights": totals, "counts": counts, "deviations": deviations, "squares": squares}


@kernel()
def includes_missing(deviations: FloatArray) -> bool:
    """Whether sums (K, D) over all observations include a missing value.

    A sum with a NaN is NaN, whatever the weights. So checking the sums afterwards is enough, and
    costs complete data next to nothing.
    """
    return bool(np.isnan(deviations).any())


def _remedies(codes: IntArray) -> tuple[Remedy, ...]:
    """Remedies from the codes (K,) of `gaussian_steps`, one kind after the other."""
    by_state = codes.tolist()
    if not any(by_state):
        return ()
    return tuple(
        Remedy(k, kind)
        for bit, kind in gaussian_steps.REMEDIES.items()
        for k, code in enumerate(by_state)
        if code & bit
    )


@kernel()
def _score_diagonal(observations, means, variances, scores):  # type: ignore[no-untyped-def]
    """Fill scores (T, K) with the log-densities of a diagonal Gaussian.

    Returns whether an observation may be missing; `_score_observed` must then score all again.
    """
    num_states, num_dimensions = means.shape
    trace = 0.0
    constants = np.empty(num_states)
    # Dimensions first, so that the compiler can vectorise over states.
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
            trace += value
            for k in range(num_states):
                gap = (value - centres[d, k]) * inverse_sds[d, k]
                scores[t, k] -= 0.5 * gap * gap
    return np.isnan(trace)


@kernel()
def _score_observed(observations, means, variances, scores):  # type: ignore[no-untyped-def]
    """`_score_diagonal` over the coordinates that are not NaN."""
    num_states, num_dimensions = means.shape
    constants = np.empty((num_states, num_dimensions))
    inverse_sds = np.empty((num_states, num_dimensions))
    for k in range(num_states):
        for d in range(num_dimensions):
            constants[k, d] = -0.5 * (np.log(variances[k, d]) + 1.8378770664093453)  # log 2π
            inverse_sds[k, d] = 1.0 / np.sqrt(variances[k, d])
    for t in range(len(observations)):
        for k in range(num_states):
            # In the order of `_score_diagonal`, so that a complete row gets the same bits.
            score = 0.0
            for d in range(num_dimensions):
                if not np.isnan(observations[t, d]):
                    score += constants[k, d]
            for d in range(num_dimensions):
                if not np.isnan(observations[t, d]):
                    gap = (observations[t, d] - means[k, d]) * inverse_sds[k, d]
                    score -= 0.5 * gap * gap
            scores[t, k] = score


@kernel()
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


@kernel()
def _accumulate_observed(observations, weights, means, totals, counts, deviations, squares):  # type: ignore[no-untyped-def]
    """`_accumulate_diagonal` over the coordinates that are not NaN, and how many there are."""
    num_states, num_dimensions = means.shape
    for t in range(len(observations)):
        seen = False
        for d in range(num_dimensions):
            if np.isnan(observations[t, d]):
                continue
            seen = True
            for k in range(num_states):
                gap = observations[t, d] - means[k, d]
                weighted = weights[t, k] * gap
                counts[k, d] += weights[t, k]
                deviations[k, d] += weighted
                squares[k, d] += weighted * gap
        if seen:
            for k in range(num_states):
                totals[k] += weights[t, k]
