"""A small model's emissions of every family."""

from __future__ import annotations

import numpy as np

from hmmcore import Categorical, Gaussian, NeuralGaussian, Poisson, Product

STICKY = [[0.9, 0.1], [0.2, 0.8]]
FAMILIES = {
    "gaussian": Gaussian.univariate([0.0, 4.0], 1.0),
    "full": Gaussian([[0.0, 1.0], [4.0, -2.0]], [np.eye(2), np.eye(2)], "full"),
    "poisson": Poisson([1.0, 9.0]),
    "categorical": Categorical([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]),
    "product": Product([Poisson([1.0, 9.0]), Gaussian.univariate([0.0, 4.0], 1.0)]),
    "neural": NeuralGaussian.near_means([[0.0], [4.0]], np.random.default_rng(1), sd=1.0),
}
