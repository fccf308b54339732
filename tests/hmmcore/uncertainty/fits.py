"""Small models fitted to their maximum, and the likelihood in extended precision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from hmmcore import EM, HMM, Categorical, Gaussian, Poisson, Sequences, fit, sample
from hmmcore.emissions import Product

LONG = np.longdouble


@dataclass(frozen=True)
class Fitted:
    """A maximum of the likelihood, and the data."""

    hmm: HMM
    sequences: Sequences


TRUTHS = {
    "gaussian": Gaussian.univariate([0.0, 2.0], [1.0, 0.7]),
    "poisson": Poisson([1.0, 5.0]),
    "categorical": Categorical([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]),
    "diag": Gaussian([[0.0, 0.0], [1.5, 2.0]], [[1.0, 0.5], [0.6, 1.2]], "diag"),
    "spherical": Gaussian([[0.0, 0.0], [1.5, 2.0]], [1.0, 0.6], "spherical"),
    "full": Gaussian(
        [[0.0, 0.0], [1.5, 2.0]], [[[1.0, 0.4], [0.4, 0.8]], [[0.7, -0.2], [-0.2, 1.1]]], "full"
    ),
    "tied": Gaussian([[0.0, 0.0], [1.5, 2.0]], [[1.0, 0.4], [0.4, 0.8]], "tied"),
    "product": Product(
        [
            Gaussian.univariate([0.0, 2.0], 1.0),
            Poisson([1.0, 4.0]),
            Categorical([[0.6, 0.4], [0.2, 0.8]]),
        ]
    ),
}


@cache
def fitted(family: str, num_sequences: int = 40, length: int = 12, gaps: float = 0.0) -> Fitted:
    """The truth of a family fitted to data of its own."""
    truth = HMM([0.6, 0.4], [[0.8, 0.2], [0.3, 0.7]], TRUTHS[family])
    rng = np.random.default_rng(4)
    data = sample(truth, num_sequences, length, rng).sequences
    if gaps:
        values = data.observations.copy()
        values[rng.random(values.shape) < gaps] = np.nan
        data = Sequences(values, data.lengths)
    # To the last digit that EM reaches: two more steps move nothing.
    found = fit(EM(data), truth, max_iterations=20_000, tolerance=0.0, patience=2)
    return Fitted(found.hmm, data)


def exact_log_likelihood(initial_probs, transition_matrix, scores, lengths) -> np.longdouble:
    """The forward recursion of all sequences in extended precision, on scores (T, K)."""
    total, start = LONG(0), 0
    for length in lengths:
        forward = LONG(initial_probs) * np.exp(scores[start])
        for t in range(start + 1, start + length):
            forward = (forward @ LONG(transition_matrix)) * np.exp(scores[t])
        total += np.log(forward.sum())
        start += length
    return total


def exact_scores(family: str, parameters, observations) -> np.ndarray:
    """log p(x_t | z_t = k) up to a constant, of numbers or counts, in extended precision."""
    x = LONG(observations)
    if family == "poisson":
        rates = LONG(parameters)
        return x * np.log(rates) - rates
    means, deviations = LONG(parameters[:2]), LONG(parameters[2:])
    scores = -0.5 * ((x - means) / deviations) ** 2 - np.log(deviations)
    return np.where(np.isnan(x), LONG(0), scores)


def exact_hessian(function, point) -> np.ndarray:
    """Second derivatives by central differences in extended precision."""
    point, step = LONG(point), LONG(2e-4)
    size = len(point)
    found = np.empty((size, size))
    for i in range(size):
        for j in range(i, size):
            moves = [(a, b, LONG(a * b)) for a in (-1, 1) for b in (-1, 1)]
            total = LONG(0)
            for a, b, sign in moves:
                moved = point.copy()
                moved[i] += a * step
                moved[j] += b * step
                total += sign * function(moved)
            found[i, j] = found[j, i] = total / (4 * step * step)
    return found
