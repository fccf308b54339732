"""Gaussian emissions whose means come out of a small neural network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_count,
    as_permutation,
    frozen_array,
    numeric_array,
    quoted,
    variances_from,
)
from hmmcore.emissions.base import EMPTY_WEIGHT, EmissionStatistics, Remedy
from hmmcore.emissions.gaussian import Gaussian
from hmmcore.emissions.marginals import NormalMarginals
from hmmcore.emissions.network import (
    OUTPUT_ACTIVATIONS,
    Activations,
    Layers,
    ascend,
    backward,
    forward,
    outputs_for,
    random_layers,
    require_chain,
)
from hmmcore.values import Value

ALIVE = 0.01
"""Smallest output that a ReLU starts with, in units of the smallest standard deviation."""

_NDIM = {
    "embeddings": 2,
    "hidden_weights": 2,
    "hidden_biases": 1,
    "output_weights": 2,
    "output_biases": 1,
}


@dataclass(frozen=True, eq=False)
class NeuralGaussian(Value):
    """p(x | z = k) = N(x; μ_k, diag(covariances[k])), μ_k = f(tanh(e_k W1 + b1) W2 + b2).

    Every state has an embedding of its own; the weights and biases are common to all states.

    A "relu" output gives means of zero or more. Below zero it is flat: an output unit that got
    there (`dead_outputs`) has a mean of exactly zero and a gradient of exactly zero, and only the
    other states, through the common weights, can bring it back. Training reports such states as
    remedies of the kind "dead_output". "softplus" gives positive means, "identity" any; neither
    can die.

    Attributes:
        embeddings: e (K, E).
        hidden_weights, hidden_biases: W1 (E, H) and b1 (H,) of the tanh layer.
        output_weights, output_biases: W2 (H, D) and b2 (D,).
        covariances: variances of the noise (K, D).
        output_activation: f, "relu", "softplus" or "identity".
        gaussian: the same distributions as a plain `Gaussian`.

    Raises:
        ValueError: when shapes disagree, a variance is not positive, or a mean is not finite; the
            message names the field and the value.
    """

    embeddings: FloatArray
    hidden_weights: FloatArray
    hidden_biases: FloatArray
    output_weights: FloatArray
    output_biases: FloatArray
    covariances: FloatArray
    output_activation: str = "relu"
    gaussian: Gaussian = field(init=False, repr=False)
    _passed: Activations = field(init=False, repr=False)

    parameter_names: ClassVar[tuple[str, ...]] = (*Layers._fields, "covariances")
    parameter_of: ClassVar[Mapping[str, str]] = {
        **{name: name for name in Layers._fields},
        "log_sds": "covariances",
    }

    def __init__(
        self,
        embeddings: ArrayLike,
        hidden_weights: ArrayLike,
        hidden_biases: ArrayLike,
        output_weights: ArrayLike,
        output_biases: ArrayLike,
        covariances: ArrayLike,
        output_activation: str = "relu",
    ) -> None:
        if output_activation not in OUTPUT_ACTIVATIONS:
            raise ValueError(
                f"output_activation is {quoted(output_activation)}; it must be one of "
                f"{OUTPUT_ACTIVATIONS}."
            )
        given = embeddings, hidden_weights, hidden_biases, output_weights, output_biases
        layers = Layers(
            *(frozen_array(name, v, _NDIM[name]) for name, v in zip(_NDIM, given, strict=True))
        )
        require_chain(layers)
        with np.errstate(over="ignore", invalid="ignore"):
            passed = forward(layers, output_activation)
        wrong = np.argwhere(~np.isfinite(passed.means))
        if len(wrong):
            k, d = wrong[0]
            raise ValueError(
                f"the network gives state {k} the mean {passed.means[k, d]}; it must be a finite "
                "number, so smaller embeddings, weights or biases are needed."
            )
        gaussian = Gaussian(passed.means, covariances)
        for name, value in zip(Layers._fields, layers, strict=True):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "covariances", gaussian.covariances)
        object.__setattr__(self, "output_activation", output_activation)
        object.__setattr__(self, "gaussian", gaussian)
        object.__setattr__(self, "_passed", passed)

    @classmethod
    def random(
        cls,
        num_states: int,
        rng: Generator,
        num_dimensions: int = 1,
        embedding_size: int = 4,
        hidden_size: int = 16,
        sd: ArrayLike = 1.0,
        output_activation: str = "relu",
    ) -> NeuralGaussian:
        """Draw a start: normal embeddings, and weights that keep the size of what they pass on.

        Weights are normal with variance one over the number of inputs (LeCun et al. 1998), biases
        zero. Those of a "relu" output are raised where needed, so that no state starts dead. The
        means come out of order one: for data that lie elsewhere, `near_means` is the better start.

        Args:
            num_states, num_dimensions, embedding_size, hidden_size: K, D, E and H.
            sd: standard deviation of the noise, a scalar or anything that broadcasts to (K, D).
        """
        num_dimensions = as_count("num_dimensions", num_dimensions)
        variances = _variances(sd, as_count("num_states", num_states), num_dimensions)
        layers = random_layers(len(variances), num_dimensions, embedding_size, hidden_size, rng)
        if output_activation == "relu":
            lowest = forward(layers, "identity").means.min(axis=0)
            alive = ALIVE * np.sqrt(variances.min())
            layers = layers._replace(output_biases=np.maximum(alive - lowest, 0.0))
        return cls(*layers, variances, output_activation)

    @classmethod
    def near_means(
        cls,
        means: ArrayLike,
        rng: Generator,
        sd: ArrayLike = 1.0,
        embedding_size: int = 4,
        hidden_size: int | None = None,
        output_activation: str = "relu",
    ) -> NeuralGaussian:
        """Draw a network as `random` does, then solve its output layer so that it gives `means`.

        A Gaussian start of `initialization` becomes a network this way, from its means and
        standard deviations.

        Args:
            means: μ (K, D), or (K,) for D = 1. A "relu" output starts at `ALIVE` standard
                deviations at the least, so a mean of zero is met to within that.
            hidden_size: H, at least K - 1; None means the larger of 16 and K.

        Raises:
            ValueError: when the output activation cannot give a mean, or H is too small.
        """
        goal = numeric_array("means", means)
        goal = frozen_array("means", goal[:, np.newaxis] if goal.ndim == 1 else goal, ndim=2)
        num_states, num_dimensions = goal.shape
        variances = _variances(sd, num_states, num_dimensions)
        outputs = outputs_for(goal, output_activation, ALIVE * np.sqrt(variances.min()))
        hidden_size = max(16, num_states) if hidden_size is None else hidden_size
        if as_count("hidden_size", hidden_size) < num_states - 1:
            raise ValueError(
                f"hidden_size is {hidden_size}; to give {num_states} states any means it must be "
                f"at least {num_states - 1}."
            )
        layers = random_layers(num_states, num_dimensions, embedding_size, hidden_size, rng)
        hidden = forward(layers, "identity").hidden
        inputs = np.column_stack([hidden, np.ones(num_states)])
        solved = np.asarray(np.linalg.lstsq(inputs, outputs, rcond=None)[0], dtype=np.float64)
        layers = layers._replace(output_weights=solved[:-1], output_biases=solved[-1])
        return cls(*layers, variances, output_activation)

    @property
    def num_states(self) -> int:
        """Number of states, K."""
        return self.gaussian.num_states

    @property
    def num_dimensions(self) -> int:
        """Number of dimensions of an observation, D."""
        return self.gaussian.num_dimensions

    @property
    def means(self) -> FloatArray:
        """μ (K, D): what the network gives."""
        return self.gaussian.means

    @property
    def standard_deviations(self) -> FloatArray:
        """(K, D) square roots of the variances."""
        return self.gaussian.standard_deviations

    @property
    def layers(self) -> Layers:
        """The network's parameters."""
        return Layers(*(getattr(self, name) for name in Layers._fields))

    @property
    def dead_outputs(self) -> BoolArray:
        """(K, D) where a ReLU's input is below zero: the mean is zero and so is its gradient."""
        return np.asarray((self._passed.outputs < 0.0) & (self.output_activation == "relu"))

    def permute(self, permutation: ArrayLike) -> NeuralGaussian:
        """New state k is old state permutation[k]."""
        order = as_permutation(permutation, self.num_states)
        layers = self.layers._replace(embeddings=self.embeddings[order])
        return NeuralGaussian(*layers, self.covariances[order], self.output_activation)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NeuralGaussian):
            return NotImplemented
        return self.output_activation == other.output_activation and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in self.parameter_names
        )

    __hash__ = None  # type: ignore[assignment]  # arrays do not hash

    def require_observations(self, observations: FloatArray) -> None:
        """As `Gaussian.require_observations`."""
        self.gaussian.require_observations(observations)

    def log_likelihoods(self, observations: FloatArray) -> FloatArray:
        """Score: (T, K) log-densities of observations (T, D), in nats."""
        return self.gaussian.log_likelihoods(observations)

    def sample(self, states: IntArray, rng: Generator) -> FloatArray:
        """Draw one observation for each state (T,): returns (T, D)."""
        return self.gaussian.sample(states, rng)

    def statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """Expected weights, counts, deviations and squares about the means, as `Diagonal`'s."""
        return self.gaussian.statistics(observations, weights)

    @property
    def works_in_lanes(self) -> bool:
        """As `Gaussian.works_in_lanes`."""
        return self.gaussian.works_in_lanes

    def lane_log_likelihoods(self, observations: FloatArray, scores: FloatArray) -> None:
        """Score observations (S, D, LANES) into scores (S, K, LANES)."""
        self.gaussian.lane_log_likelihoods(observations, scores)

    def lane_statistics(self, observations: FloatArray, weights: FloatArray) -> EmissionStatistics:
        """`statistics` of observations (S, D, LANES) and weights (S, K, LANES)."""
        return self.gaussian.lane_statistics(observations, weights)

    def smallest_variances(self) -> FloatArray:
        """(K,) the smallest variance of each state."""
        return self.gaussian.smallest_variances()

    def condition_numbers(self) -> FloatArray:
        """As `Gaussian.condition_numbers`."""
        return self.gaussian.condition_numbers()

    def log_variance_prior(self, shape: float, scale: float) -> float:
        """As `Gaussian.log_variance_prior`."""
        return self.gaussian.log_variance_prior(shape, scale)

    def marginals(self) -> NormalMarginals:
        """As `Gaussian.marginals`."""
        return self.gaussian.marginals()

    def num_free(self) -> dict[str, int]:
        """Count parameters; many sets of the network's give the same means."""
        return {name: getattr(self, name).size for name in self.parameter_names}

    def distances(self, other: NeuralGaussian) -> FloatArray:
        """Symmetric Kullback-Leibler divergences (K, K) between the states of two values."""
        return self.gaussian.distances(other.gaussian)

    def maximize(
        self, statistics: EmissionStatistics, trainable: frozenset[str], variance_floor: float
    ) -> tuple[NeuralGaussian, tuple[Remedy, ...]]:
        """M-step of generalised EM: raise the expected log-joint, not all the way to its maximum.

        Gradient steps in the network (`network.ascend`), each of which raises the expected
        log-joint Q under the present variances or is not taken; then the variances that maximise Q
        about the new means, in closed form. Neither lowers Q, and by Jensen's inequality the
        log-likelihood gains at least what Q gains, so it never falls.

        A state without data keeps its embedding and its variances; its mean may still move with
        the weights that all states share.

        Source: Dempster, Laird & Rubin (1977), generalised EM; Meng & Rubin (1993) for the order.
        """
        empty = statistics["counts"] <= EMPTY_WEIGHT
        network = trainable.intersection(Layers._fields)
        moved = self
        if network:
            # Q in the means: Σ slopes m - curvatures m² / 2, where m is how far each mean moves.
            with np.errstate(over="ignore", invalid="ignore"):
                slopes = self.gaussian.gradient(statistics)["means"]
                curvatures = statistics["counts"] / self.covariances
                slopes[empty] = curvatures[empty] = 0.0
                layers = ascend(self.layers, self.output_activation, slopes, curvatures, network)
            moved = NeuralGaussian(*layers, self.covariances, self.output_activation)
            statistics = _about(statistics, moved.means - self.means)
        gaussian, remedies = moved.gaussian.maximize(
            statistics, trainable & {"covariances"}, variance_floor
        )
        moved = NeuralGaussian(*moved.layers, gaussian.covariances, self.output_activation)
        return moved, remedies + moved._dead(network)

    def unconstrained(self) -> EmissionStatistics:
        """The network's parameters as they are, and log standard deviations "log_sds" (K, D)."""
        return {
            **{name: value.copy() for name, value in self.layers._asdict().items()},
            "log_sds": self.gaussian.unconstrained()["log_sds"],
        }

    def with_unconstrained(
        self, parameters: Mapping[str, FloatArray], trainable: frozenset[str], variance_floor: float
    ) -> tuple[NeuralGaussian, tuple[Remedy, ...]]:
        """Undo `unconstrained` for the trainable parameters, holding variances at the floor."""
        network = trainable.intersection(Layers._fields)
        layers = self.layers._replace(**{name: parameters[name] for name in network})
        gaussian, remedies = self.gaussian.with_unconstrained(
            parameters, trainable & {"covariances"}, variance_floor
        )
        moved = NeuralGaussian(*layers, gaussian.covariances, self.output_activation)
        return moved, remedies + moved._dead(network)

    def gradient(self, statistics: EmissionStatistics) -> EmissionStatistics:
        """Gradient in the `unconstrained` parameters: the Gaussian's, back-propagated."""
        slopes = self.gaussian.gradient(statistics)
        layers = backward(self.layers, self._passed, self.output_activation, slopes["means"])
        return {**layers._asdict(), "log_sds": slopes["log_sds"]}

    def _dead(self, network: frozenset[str]) -> tuple[Remedy, ...]:
        """Remedies for states with a dead output, where the `network` parameters are trained."""
        dead = self.dead_outputs.any(axis=1) & bool(network)
        return tuple(Remedy(int(k), "dead_output") for k in np.flatnonzero(dead))


def _about(statistics: EmissionStatistics, moves: FloatArray) -> EmissionStatistics:
    """Statistics about means that lie `moves` (K, D) away from those they were taken about."""
    shift, deviations = statistics["counts"] * moves, statistics["deviations"]
    return {
        **statistics,
        "deviations": deviations - shift,
        "squares": statistics["squares"] - moves * (2.0 * deviations - shift),
    }


def _variances(sd: ArrayLike, num_states: int, num_dimensions: int) -> FloatArray:
    """Squares (K, D) of a standard deviation that is a scalar or broadcasts."""
    shape = (num_states, num_dimensions)
    values = variances_from(sd)
    try:
        return np.array(np.broadcast_to(values, shape))
    except ValueError:
        raise ValueError(
            f"sd has shape {values.shape}; it must be one number or broadcast to {shape}."
        ) from None
