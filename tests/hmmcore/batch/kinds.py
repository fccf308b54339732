"""Many models of one kind, and data for them."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Sequences
from hmmcore.batch import Models, em_kernels, gaussian_em, kernels, remedies
from hmmcore.batch.lane_training import LaneSweep
from hmmcore.batch.models import Arrays
from hmmcore.sweeps import lane_kernels
from tests.hmmcore.models import STRUCTURES, Config

KINDS: dict[str, Config] = {
    "numbers": Config("dense", 3, (9, 1, 14)),
    "two dimensions": Config("dense", 4, (12, 5), 2),
    "spherical": Config("dense", 3, (8, 6), 3, "spherical"),
    "symbols": Config("dense", 3, (15, 4, 9), scale=0.7, family="categorical"),
    "counts": Config("dense", 5, (20, 3), scale=4.0, family="poisson"),
    "one state": Config("dense", 1, (6, 2)),
    "missing numbers": Config("dense", 3, (12, 5, 4), 2, missing=0.3),
    "missing symbols": Config("dense", 3, (14, 3), scale=0.7, family="categorical", missing=0.3),
    "missing counts": Config("dense", 3, (14, 3), family="poisson", missing=0.3),
    "missing products": Config("dense", 3, (14, 3), family="product", missing=0.3),
    "full": Config("dense", 3, (12, 7), 2, "full"),
    "tied": Config("dense", 2, (12, 7), 2, "tied"),
    "network": Config("dense", 3, (12, 7), family="neural softplus"),
}
"""Kinds of models and data, of which each test takes what it needs."""

LANE_KINDS = {
    name: config for name, config in KINDS.items() if name not in ("full", "tied", "network")
}


def models_and_data(config: Config, count: int, seed: int = 0) -> tuple[list[HMM], Sequences]:
    """Models with transitions of every structure, in turn, and data of the first."""
    rng = np.random.default_rng([seed, count])
    hmm, sequences = config.make(seed)
    structures = list(STRUCTURES.values())
    models = [hmm]
    while len(models) < count:
        chain = structures[len(models) % len(structures)](rng, config.num_states)
        models.append(HMM(*chain, config.emissions(rng)))
    return models, sequences


def swept(models: Models, sequences: Sequences) -> tuple[np.ndarray, Arrays]:
    """Log-likelihoods and statistics as training computes them, from parameters of its own."""
    own = {name: values.copy() for name, values in models.arrays().items()}
    return LaneSweep(models, sequences).expectations(own)


def in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the kernels run as plain Python."""
    for module in (lane_kernels, kernels, em_kernels, gaussian_em, remedies):
        for key, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, key, value.py_func)
