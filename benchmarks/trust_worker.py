"""Measures how far to believe a fitted model takes, in a process of its own.

    python -m benchmarks.trust_worker hmmcore OPERATION SIZE S

OPERATION is "information", "profile" (of one mean), "profiles" (of all numbers), "bootstrap N" (N
data sets), "coverage N", "simulated N" or "zeros" (which zeros should rise). The model is fitted
to the workload's data first. Prints one line of JSON: "median", the seconds of the whole.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from benchmarks.workloads import problem
from hmmcore import EM, HMM, Gaussian, Sequences, fit
from hmmcore.checks import simulate_check
from hmmcore.uncertainty import (
    bootstrap,
    interval_coverage,
    observed_information,
    profile_interval,
    profile_intervals,
    rising_zeros,
)


def fitted(size: str) -> tuple[HMM, Sequences]:
    """A workload's data and the model that was fitted to them."""
    workload = problem(size)
    start = HMM(
        workload.initial_probs,
        workload.transition_matrix,
        Gaussian.univariate(workload.means, workload.sd),
    )
    sequences = Sequences.from_array(workload.observations)
    return fit(EM(sequences), start, 20_000, 1e-10).hmm, sequences


def call_for(operation: str, size: str) -> Callable[[], object]:
    """What to time."""
    hmm, data = fitted(size)
    kind, *counts = operation.split()
    count = int(counts[0]) if counts else 0

    def rng() -> np.random.Generator:
        return np.random.default_rng(0)

    opened = HMM(np.eye(hmm.num_states)[0], hmm.transition_matrix, hmm.emissions)
    calls: dict[str, Callable[[], object]] = {
        "information": lambda: observed_information(hmm, data),
        "profile": lambda: profile_interval(hmm, data, ("means", 0)),
        "profiles": lambda: list(profile_intervals(hmm, data)),
        "bootstrap": lambda: list(bootstrap(hmm, data, num_samples=count, rng=rng())),
        "coverage": lambda: list(
            interval_coverage(hmm, data.lengths, num_data_sets=count, rng=rng())
        ),
        "simulated": lambda: simulate_check(hmm, data, count, rng=rng()),
        "zeros": lambda: rising_zeros(opened, data),
    }
    return calls[kind]


def main() -> None:
    """Measure what the command line asks for."""
    _, operation, size, seconds = sys.argv[1:]
    call = call_for(operation, size)
    call()
    spent: list[float] = []
    while len(spent) < 50 and (not spent or sum(spent) < float(seconds)):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
    print(json.dumps({"median": median(spent)}))


if __name__ == "__main__":
    main()
