"""One table of random small models that drives many tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import pytest
from numpy.random import Generator

from hmmcore import HMM, Categorical, Gaussian, NeuralGaussian, Poisson, Product, Sequences, sample
from hmmcore.emissions import Emissions


class Case(NamedTuple):
    """A model and data for it."""

    hmm: HMM
    sequences: Sequences


@dataclass(frozen=True)
class TableEmissions:
    """A test double that serves given scores: the observation t (an index) scores table[t].

    With it, tests choose every entry of log p(x_t | z_t = k), -inf among them. It learns nothing.
    """

    table: np.ndarray  # (T, K)

    parameter_names: ClassVar[tuple[str, ...]] = ()
    parameter_of: ClassVar[dict[str, str]] = {}
    num_dimensions: ClassVar[int] = 1

    @property
    def num_states(self) -> int:
        return self.table.shape[1]

    def permute(self, permutation):
        return TableEmissions(self.table[:, np.asarray(permutation)])

    def require_observations(self, observations):
        pass

    def log_likelihoods(self, observations):
        return self.table[observations[:, 0].astype(int)]

    def statistics(self, observations, weights):
        return {"weights": weights.sum(axis=0)}

    def maximize(self, statistics, trainable, variance_floor):
        return self, ()

    def unconstrained(self):
        return {}

    def with_unconstrained(self, parameters, trainable, variance_floor):
        return self, ()

    def smallest_variances(self):
        return np.full(self.num_states, np.inf)

    def condition_number(self):
        return 1.0

    def gradient(self, statistics):
        return {}

    @staticmethod
    def case(initial_probs, transition_matrix, table, lengths=None) -> Case:
        """The model with these scores, and the sequences that walk through the table's rows."""
        table = np.asarray(table, dtype=float)
        hmm = HMM(initial_probs, transition_matrix, TableEmissions(table))
        return Case(hmm, Sequences(np.arange(len(table)), lengths))


# --- probabilities ------------------------------------------------------------------------------


def distributions(rng: Generator, *shape: int, concentration: float = 1.0) -> np.ndarray:
    """Random distributions over the last axis."""
    return rng.dirichlet(np.full(shape[-1], concentration), size=shape[:-1])


def sparse_distributions(rng: Generator, *shape: int, keep: float = 0.5) -> np.ndarray:
    """Random distributions with structural zeros; every row keeps at least one entry."""
    mask = rng.random(shape) < keep
    chosen = rng.integers(shape[-1], size=shape[:-1])
    np.put_along_axis(mask, np.asarray(chosen)[..., np.newaxis], True, axis=-1)
    weights = np.where(mask, distributions(rng, *shape) + 0.01, 0.0)
    return weights / weights.sum(axis=-1, keepdims=True)


def left_right(rng: Generator, num_states: int) -> np.ndarray:
    """A state goes to itself or one of the later ones; the last absorbs."""
    weights = np.triu(rng.uniform(0.1, 1.0, (num_states, num_states)))
    return weights / weights.sum(axis=1, keepdims=True)


def dense(rng, num_states):
    return distributions(rng, num_states), distributions(rng, num_states, num_states)


def sparse(rng, num_states):
    return sparse_distributions(rng, num_states), sparse_distributions(rng, num_states, num_states)


def left_to_right(rng, num_states):
    return np.eye(num_states)[0], left_right(rng, num_states)


def identity(rng, num_states):
    return distributions(rng, num_states), np.eye(num_states)


def nearly_deterministic(rng, num_states):
    cycle = np.roll(np.eye(num_states), 1, axis=1)
    tiny = 10.0 ** -rng.integers(3, 12)
    return distributions(rng, num_states), (1.0 - tiny) * cycle + tiny / num_states


def uniform(rng, num_states):
    return np.full(num_states, 1 / num_states), np.full((num_states, num_states), 1 / num_states)


STRUCTURES: dict[str, Callable[[Generator, int], tuple[np.ndarray, np.ndarray]]] = {
    "dense": dense,
    "sparse": sparse,
    "left-right": left_to_right,
    "identity": identity,
    "nearly deterministic": nearly_deterministic,
    "uniform": uniform,
}


# --- emissions ----------------------------------------------------------------------------------

KINDS = ("spherical", "diag", "full", "tied")
every_kind = pytest.mark.parametrize("kind", KINDS)


def unit_covariances(kind: str, num_states: int, num_dimensions: int) -> np.ndarray:
    """Unit matrices, in the shape that the kind has."""
    return {
        "spherical": np.ones(num_states),
        "diag": np.ones((num_states, num_dimensions)),
        "full": np.tile(np.eye(num_dimensions), (num_states, 1, 1)),
        "tied": np.eye(num_dimensions),
    }[kind]


def as_full(emissions: Gaussian) -> np.ndarray:
    """Covariances (K, D, D) of any kind."""
    num_states, num_dimensions = emissions.means.shape
    covariances, identity = emissions.covariances, np.eye(num_dimensions)
    if emissions.covariance_type == "spherical":
        return covariances[:, np.newaxis, np.newaxis] * identity
    if emissions.covariance_type == "diag":
        return covariances[:, :, np.newaxis] * identity
    return np.broadcast_to(covariances, (num_states, *identity.shape))


def full_covariances(rng: Generator, num_states: int, num_dimensions: int) -> np.ndarray:
    """Random positive definite matrices (K, D, D)."""
    roots = rng.normal(size=(num_states, num_dimensions, num_dimensions))
    return roots @ roots.transpose(0, 2, 1) + 0.2 * np.eye(num_dimensions)


def gaussian(
    rng: Generator, num_states: int, num_dimensions: int, covariance_type: str, scale: float = 2.0
) -> Gaussian:
    """Random means of the given spread, and random covariances of order one."""
    means = rng.normal(scale=scale, size=(num_states, num_dimensions))
    if covariance_type == "full":
        covariances = full_covariances(rng, num_states, num_dimensions)
    elif covariance_type == "tied":
        covariances = full_covariances(rng, 1, num_dimensions)[0]
    elif covariance_type == "spherical":
        covariances = rng.uniform(0.3, 2.0, size=num_states)
    else:
        covariances = rng.uniform(0.3, 2.0, size=(num_states, num_dimensions))
    return Gaussian(means, covariances, covariance_type)


def with_missing(rng: Generator, sequences: Sequences, share: float) -> Sequences:
    """The same data with about a share of their values missing, but something left everywhere.

    Every dimension keeps a value. The last of several sequences is wholly missing.
    """
    observations = sequences.observations.copy()
    gone = rng.random(observations.shape) < share
    if len(sequences) > 1:
        gone[sequences.offsets[-2] :] = True
    for d in np.flatnonzero(gone.all(axis=0)):
        gone[rng.integers(sequences.lengths[0]), d] = False
    observations[gone] = np.nan
    return Sequences(observations, sequences.lengths)


def categorical(rng: Generator, num_states: int, keep: float = 1.0) -> Categorical:
    """Random symbols, with structural zeros when `keep` is below one."""
    return Categorical(sparse_distributions(rng, num_states, 4, keep=keep))


def poisson(rng: Generator, num_states: int, scale: float = 2.0) -> Poisson:
    """Random rates of about the given size."""
    return Poisson(rng.gamma(2.0, scale, size=num_states))


def product(rng: Generator, num_states: int, scale: float, kind: str, keep: float) -> Product:
    """A part of every family, and two Gaussians more, one with covariances of this kind."""
    return Product(
        [
            poisson(rng, num_states, scale),
            gaussian(rng, num_states, 1, "diag", scale),
            categorical(rng, num_states, keep),
            gaussian(rng, num_states, 1, "spherical", scale),
            gaussian(rng, num_states, 1, kind, scale),
        ]
    )


def neural(
    rng: Generator, num_states: int, num_dimensions: int, output_activation: str, scale: float = 2.0
) -> NeuralGaussian:
    """A random network with biases everywhere, and random variances of order one."""
    start = NeuralGaussian.random(num_states, rng, num_dimensions, 3, 4)
    layers = start.layers._replace(
        hidden_biases=rng.normal(size=4),
        output_weights=scale * start.output_weights,
        output_biases=scale * rng.normal(size=num_dimensions),
    )
    variances = rng.uniform(0.3, 2.0, size=(num_states, num_dimensions))
    return NeuralGaussian(*layers, variances, output_activation)


# --- the table ----------------------------------------------------------------------------------


class Config(NamedTuple):
    """One row of the table: how to make a model and how long its sequences are."""

    structure: str
    num_states: int
    lengths: tuple[int, ...]
    num_dimensions: int = 1
    covariance_type: str = "diag"
    scale: float = 2.0
    family: str = "gaussian"
    missing: float = 0.0

    def emissions(self, rng: Generator) -> Emissions:
        """Random emissions of the family."""
        if self.family == "categorical":
            return categorical(rng, self.num_states, self.scale)
        if self.family == "product":
            keep = 1.0 if self.structure == "dense" else 0.7
            kind = self.covariance_type
            return product(rng, self.num_states, self.scale, kind, keep)
        if self.family == "poisson":
            return poisson(rng, self.num_states, self.scale)
        if self.family.startswith("neural"):
            activation = self.family.removeprefix("neural ")
            return neural(rng, self.num_states, self.num_dimensions, activation, self.scale)
        return gaussian(rng, self.num_states, self.num_dimensions, self.covariance_type, self.scale)

    def make(self, seed: int) -> Case:
        """A random model, and sequences sampled from it: always possible data.

        With `missing` about that share of their values is, and the last of several sequences.
        """
        rng = np.random.default_rng([seed, self.num_states, len(self.structure)])
        emissions = self.emissions(rng)
        hmm = HMM(*STRUCTURES[self.structure](rng, self.num_states), emissions)
        sequences = sample(hmm, len(self.lengths), list(self.lengths), rng).sequences
        return Case(hmm, with_missing(rng, sequences, self.missing) if self.missing else sequences)


CONFIGS: dict[str, Config] = {
    "dense": Config("dense", 3, (5, 2, 4)),
    "dense, five states": Config("dense", 5, (4, 3)),
    "dense, two states, long": Config("dense", 2, (9,)),
    "one state": Config("dense", 1, (4, 1)),
    "one observation": Config("dense", 3, (1,)),
    "only single observations": Config("sparse", 3, (1, 1, 1)),
    "sparse": Config("sparse", 4, (5, 4)),
    "sparse, far apart": Config("sparse", 3, (6, 5), scale=1e3),
    "left-right": Config("left-right", 4, (5, 5)),
    "left-right, far apart": Config("left-right", 3, (6,), scale=1e5),
    "identity": Config("identity", 3, (5, 3)),
    "identity, far apart": Config("identity", 3, (6, 2), scale=1e3),
    "nearly deterministic": Config("nearly deterministic", 3, (6, 4)),
    "uniform": Config("uniform", 3, (4, 4)),
    "diag, two dimensions": Config("dense", 3, (4, 5), 2),
    "diag, three dimensions": Config("sparse", 3, (4, 5), 3),
    "full, one dimension": Config("dense", 3, (4, 5), 1, "full"),
    "full, two dimensions": Config("dense", 3, (4, 5), 2, "full"),
    "full, three dimensions": Config("sparse", 3, (5, 2), 3, "full"),
    "spherical, one dimension": Config("dense", 3, (4, 5), 1, "spherical"),
    "spherical, three dimensions": Config("sparse", 3, (4, 5), 3, "spherical"),
    "tied, one dimension": Config("dense", 3, (4, 5), 1, "tied"),
    "tied, three dimensions": Config("sparse", 3, (5, 2), 3, "tied"),
    "dense, far apart": Config("dense", 4, (5,), scale=1e4),
    "ragged": Config("dense", 2, (1, 7, 2, 5, 1, 3)),
    "categorical": Config("dense", 3, (5, 4), scale=1.0, family="categorical"),
    "categorical with zeros": Config("sparse", 4, (5, 3), scale=0.5, family="categorical"),
    "poisson": Config("dense", 3, (5, 4), family="poisson"),
    "neural": Config("dense", 3, (5, 4), family="neural identity"),
    "neural, relu, two dimensions": Config("sparse", 4, (5, 3), 2, family="neural relu"),
    "neural, softplus": Config("dense", 2, (6, 2), family="neural softplus"),
    "poisson, large counts": Config("sparse", 3, (4, 4), scale=1e4, family="poisson"),
    "product": Config("dense", 3, (5, 4), covariance_type="tied", family="product"),
    "product, sparse": Config("sparse", 4, (5, 3), family="product"),
    "missing": Config("dense", 3, (6, 5, 2), missing=0.4),
    "missing, spherical": Config("dense", 3, (5, 2), 3, "spherical", missing=0.4),
    "missing, diag": Config("sparse", 3, (5, 4, 1), 3, missing=0.4),
    "missing, full": Config("dense", 3, (5, 4, 1), 3, "full", missing=0.4),
    "missing, tied": Config("sparse", 3, (5, 2), 3, "tied", missing=0.4),
    "missing, categorical": Config(
        "sparse", 3, (5, 4), scale=0.5, family="categorical", missing=0.4
    ),
    "missing, poisson": Config("left-right", 3, (5, 2), family="poisson", missing=0.4),
    "missing, product": Config(
        "sparse", 3, (5, 4, 1), covariance_type="full", family="product", missing=0.4
    ),
    "missing, neural": Config("dense", 3, (5, 2), 2, family="neural softplus", missing=0.4),
}
