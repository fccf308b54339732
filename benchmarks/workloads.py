"""Data and starting models that every library is measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hmmcore import HMM, Gaussian, sample

WORKLOADS = {
    "notebook": (5, 10, 2),
    "playground": (5, 200, 20),
    "batch": (5, 1000, 1000),
    "long": (5, 1_000_000, 1),
    "wide": (50, 10_000, 10),
}
MANY = {"notebook": (2048, 40), "2,100,1": (2048, 40), "playground": (128, 20)}
"""How many models are trained on the same data, and for how many steps, by workload."""


@dataclass(frozen=True)
class Problem:
    """N sequences of M observations (N, M), and a dense model to start from."""

    observations: NDArray[np.float64]
    initial_probs: NDArray[np.float64]
    transition_matrix: NDArray[np.float64]
    means: NDArray[np.float64]
    sd: float


def problem(size: str) -> Problem:
    """The problem called `size`, or of the size "K,M,N"."""
    named = WORKLOADS.get(size)
    num_states, length, num_sequences = named or tuple(int(part) for part in size.split(","))
    rng = np.random.default_rng(0)
    truth = HMM(
        rng.dirichlet(np.ones(num_states)),
        rng.dirichlet(np.ones(num_states), size=num_states),
        Gaussian.univariate(np.arange(num_states), 0.5),
    )
    drawn = sample(truth, num_sequences, length, rng).sequences
    return Problem(
        np.array(drawn.observations).reshape(num_sequences, length),
        rng.dirichlet(np.full(num_states, 10.0)),
        rng.dirichlet(np.full(num_states, 10.0), size=num_states),
        np.arange(num_states) * 0.95 + 0.1,
        0.7,
    )
