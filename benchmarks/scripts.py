"""Runs the scripts that are exported for dynamax; fails where one prints another log-likelihood.

    python -m benchmarks.scripts

`make bench` runs it first: dynamax is installed in its environment only. The tests run the scripts
for the other libraries.
"""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, log_likelihood, sample
from hmmcore.emissions import Emissions
from hmmcore.io import to_python

RTOL = 1e-8
LENGTHS = [40, 1, 7, 40, 13]


def families(rng: np.random.Generator) -> dict[str, Emissions]:
    """Emissions of every family and type of covariances, for three states."""
    means, roots = rng.normal(scale=2.0, size=(3, 2)), rng.normal(size=(3, 2, 2))
    full = roots @ roots.transpose(0, 2, 1) + 0.3 * np.eye(2)
    return {
        "one dimension": Gaussian.univariate(means[:, 0], sd=0.7),
        "spherical": Gaussian(means, [0.4, 1.0, 2.0], "spherical"),
        "diag": Gaussian(means, rng.uniform(0.3, 2.0, (3, 2)), "diag"),
        "full": Gaussian(means, full, "full"),
        "tied": Gaussian(means, full[0], "tied"),
        "symbols": Categorical([[0.6, 0.3, 0.1, 0.0], [0.0, 0.1, 0.2, 0.7], [0.25] * 4]),
        "counts": Poisson([0.5, 4.0, 300.0]),
        "network": NeuralGaussian.random(3, rng, 1, 3, 4),
    }


def main() -> int:
    """Run every script in a process of its own; 1 if one is off."""
    rng, failed = np.random.default_rng(0), False
    transition_matrix = [[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.2, 0.0, 0.8]]
    for family, emissions in families(rng).items():
        hmm = HMM([0.5, 0.5, 0.0], transition_matrix, emissions)
        sequences = sample(hmm, len(LENGTHS), LENGTHS, rng).sequences
        expected = float(log_likelihood(hmm, sequences).sum())
        script = to_python(hmm, sequences, "dynamax")
        done = subprocess.run([sys.executable, "-"], input=script, capture_output=True, text=True)
        printed = re.match(r"log-likelihood (\S+)\n", done.stdout)
        off = abs(float(printed[1]) / expected - 1.0) if printed else np.inf
        failed |= not off <= RTOL
        result = f"off by {off:.1e}" if printed else done.stderr.strip()[-300:]
        print(f"script for dynamax, {family}: {result}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
