"""Measures surfaces and basins over the plane of two means, in a process of its own.

    python -m benchmarks.landscape_worker TOOL OPERATION SIZE S

OPERATION is "surface N", "basins N" or "first N", which is the coarsest pass of a search over
N × N starts. TOOL is "hmmcore", or "hmmcore loop" for a loop over some of the points, of which the
time for all is told. Prints one line of JSON: "median", the seconds of the whole, and "value", the
mean log-likelihood of COMPARED points or ends, by which the two are compared.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from benchmarks.workloads import problem
from hmmcore import EM, HMM, Gaussian, Sequences, fit, log_likelihood, preset
from hmmcore.landscape import BasinSearch, Plane, basins, surface
from hmmcore.landscape.rest import EM_TOLERANCE
from hmmcore.landscape.search import STRIDES

COMPARED = 16
MAX_ITERATIONS = {"notebook": 1000}
"""How many steps a start may take; 200 where nothing is said."""


def given(size: str) -> tuple[HMM, EM]:
    """The start and its trainer: the notebook's own, or that of a workload."""
    if size == "notebook":
        notebook = preset("notebook")
        return notebook.start, EM(notebook.sequences, notebook.trainable)
    workload = problem(size)
    emissions = Gaussian.univariate(workload.means, workload.sd)
    hmm = HMM(workload.initial_probs, workload.transition_matrix, emissions)
    return hmm, EM(Sequences.from_array(workload.observations))


def call_for(tool: str, operation: str, size: str) -> tuple[Callable[[], object], float, float]:
    """What to time, how many times that is contained in the whole, and the value to compare."""
    hmm, trainer = given(size)
    sequences, steps = trainer.sequences, MAX_ITERATIONS.get(size, 200)
    plane = Plane(hmm, ("means", 0), ("means", 1))
    kind, count = operation.split()
    numbers = sequences.observations[:, 0]
    xs = np.linspace(numbers.min(), numbers.max(), int(count))
    coarse = xs[:: STRIDES[0]]
    drawn = np.random.default_rng(0).integers(len(coarse), size=(COMPARED, 2)).tolist()

    if tool == "hmmcore loop":
        some = [plane.at(coarse[c], coarse[r]) for r, c in drawn]

        def end(model: HMM) -> float:
            if kind == "surface":
                return float(log_likelihood(model, sequences).sum())
            return float(fit(trainer, model, steps, EM_TOLERANCE).log_likelihoods[-1])

        whole = len(coarse) ** 2 if kind == "first" else len(xs) ** 2
        value = float(np.mean([end(model) for model in some]))
        return lambda: [end(model) for model in some], whole / COMPARED, value

    def first() -> BasinSearch:
        search = BasinSearch(plane, trainer, xs, xs, steps)
        while not search.basins().known[:: STRIDES[0], :: STRIDES[0]].all():
            search.advance(0.0)
        return search

    if kind == "surface":
        heights = surface(plane, sequences, coarse, coarse)
        call: Callable[[], object] = lambda: surface(plane, sequences, xs, xs)  # noqa: E731
    else:
        heights = basins(plane, trainer, coarse, coarse, steps).log_likelihoods
        call = first if kind == "first" else lambda: basins(plane, trainer, xs, xs, steps)
    return call, 1.0, float(np.mean([heights[r, c] for r, c in drawn]))


def main() -> None:
    """Measure what the command line asks for."""
    tool, operation, size, seconds = sys.argv[1:]
    call, times, value = call_for(tool, operation, size)
    spent: list[float] = []
    while len(spent) < 50 and (len(spent) < 3 or sum(spent) < float(seconds)):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
        if sum(spent) > 20.0:
            break
    print(json.dumps({"median": times * median(spent), "value": value}))


if __name__ == "__main__":
    main()
