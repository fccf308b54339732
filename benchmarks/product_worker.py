"""Measures an EM step on four columns at a time, in a process of its own.

    python -m benchmarks.product_worker KIND em SIZE S

KIND is "gaussian", one diagonal `Gaussian`; "numbers", the same as a `Product` of four; "counts", a
product of four Poissons; or "mixed", one of two Gaussians, counts and symbols. Prints one line of
JSON as benchmarks/engine_worker.py does.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import numpy as np

from benchmarks.workloads import problem
from hmmcore import EM, HMM, Categorical, Gaussian, Poisson, Product, sample
from hmmcore.emissions import Emissions

COLUMNS = 4


def emissions_of(kind: str, means: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Emissions:
    """Emissions of four columns whose states lie about as far apart as the means."""
    if kind == "gaussian":
        return Gaussian(np.tile(means[:, np.newaxis], COLUMNS), np.ones((len(means), COLUMNS)))
    number = Gaussian.univariate(means, 1.0)
    count = Poisson(1.0 + means)
    # Each state prefers a symbol of its own.
    symbol = Categorical((1.0 + 4.0 * np.eye(len(means))) / (len(means) + 4.0))
    parts = {"numbers": [number] * COLUMNS, "counts": [count] * COLUMNS}
    return Product(parts.get(kind, [number, count, symbol, number]))


def main() -> None:
    """Measure, and print the result."""
    kind, _, size, seconds = sys.argv[1:]
    given = problem(size)
    chain = given.initial_probs, given.transition_matrix
    hmm = HMM(*chain, emissions_of(kind, given.means))
    num_sequences, length = given.observations.shape
    trainer = EM(sample(hmm, num_sequences, length, np.random.default_rng(0)).sequences)
    state = trainer.init(hmm)
    trainer.step(state)
    times, started = [], time.perf_counter()
    while not times or time.perf_counter() - started < float(seconds):
        before = time.perf_counter()
        trainer.step(state)
        times.append(time.perf_counter() - before)
    print(json.dumps({"median": median(times), "value": state.log_likelihood}))


if __name__ == "__main__":
    main()
