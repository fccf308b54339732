"""A small network that turns the embedding of each state into its mean, and its derivatives.

e (K, E) → h = tanh(e W1 + b1) (K, H) → a = h W2 + b2 (K, D) → μ = f(a) (K, D)

The hidden layer is tanh: it is smooth, and away from saturation every unit passes the gradient on.
"""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

import numpy as np
import scipy
from numpy.random import Generator

from hmmcore.arrays import FloatArray, as_count, require_generator

OUTPUT_ACTIVATIONS = ("relu", "softplus", "identity")

ASCENT_STEPS = 10
"""Gradient steps in one M-step of EM."""

MOST_HALVINGS = 40
"""How often a gradient step is halved before it is given up: all that is left to gain by then is
rounding."""

SUFFICIENT_SHARE = 1e-4
"""A step must gain at least this share of what the slope predicts (Armijo 1966)."""


class Layers(NamedTuple):
    """The parameters of the network; also a gradient or a direction in them."""

    embeddings: FloatArray  # e (K, E)
    hidden_weights: FloatArray  # W1 (E, H)
    hidden_biases: FloatArray  # b1 (H,)
    output_weights: FloatArray  # W2 (H, D)
    output_biases: FloatArray  # b2 (D,)

    def moved(self, direction: Layers, length: float) -> Layers:
        """These parameters plus `length` times `direction`."""
        return Layers(*(a + length * b for a, b in zip(self, direction, strict=True)))

    def dot(self, other: Layers) -> float:
        """Inner product over all parameters."""
        return float(sum(np.vdot(a, b) for a, b in zip(self, other, strict=True)))


SHARED_LAYERS = frozenset(Layers._fields) - {"embeddings"}
"""The layers that all states pass through; each state has only its embedding to itself."""


class Activations(NamedTuple):
    """What the network computes on the way to the means."""

    hidden: FloatArray  # h (K, H)
    outputs: FloatArray  # a (K, D), before the output activation
    means: FloatArray  # μ (K, D)


def forward(layers: Layers, output_activation: str) -> Activations:
    """Run the network: the same row for every state with the same embedding, to the last bit."""
    hidden = np.tanh(_rows(layers.embeddings, layers.hidden_weights) + layers.hidden_biases)
    outputs = _rows(hidden, layers.output_weights) + layers.output_biases
    if output_activation == "relu":
        means = np.maximum(outputs, 0.0)
    elif output_activation == "softplus":
        means = np.logaddexp(0.0, outputs)
    else:
        means = outputs
    return Activations(hidden, outputs, means)


def output_slopes(outputs: FloatArray, output_activation: str) -> FloatArray:
    """f'(a) (K, D).

    A ReLU has no derivative at exactly 0. Its slope to the right, 1, is taken there: a mean that
    starts at zero can then be raised.
    """
    if output_activation == "relu":
        return np.asarray(outputs >= 0.0, dtype=np.float64)
    if output_activation == "softplus":
        return np.asarray(scipy.special.expit(outputs))
    return np.ones_like(outputs)


def backward(
    layers: Layers, passed: Activations, output_activation: str, slopes: FloatArray
) -> Layers:
    """Back-propagate: from the derivatives in the means (K, D) to those in every parameter.

    Source: Rumelhart, Hinton & Williams (1986).
    """
    at_outputs = slopes * output_slopes(passed.outputs, output_activation)
    at_hidden = _rows(at_outputs, layers.output_weights.T) * (1.0 - passed.hidden**2)
    return Layers(
        embeddings=_rows(at_hidden, layers.hidden_weights.T),
        hidden_weights=layers.embeddings.T @ at_hidden,
        hidden_biases=at_hidden.sum(axis=0),
        output_weights=passed.hidden.T @ at_outputs,
        output_biases=at_outputs.sum(axis=0),
    )


def means_along(
    layers: Layers, passed: Activations, output_activation: str, direction: Layers
) -> FloatArray:
    """How fast the means (K, D) move as the parameters move along `direction`."""
    hidden = (1.0 - passed.hidden**2) * (
        direction.embeddings @ layers.hidden_weights
        + layers.embeddings @ direction.hidden_weights
        + direction.hidden_biases
    )
    outputs = (
        hidden @ layers.output_weights
        + passed.hidden @ direction.output_weights
        + direction.output_biases
    )
    return np.asarray(outputs * output_slopes(passed.outputs, output_activation))


def ascend(
    layers: Layers,
    output_activation: str,
    slopes: FloatArray,
    curvatures: FloatArray,
    trainable: Set[str],
) -> Layers:
    """Climb Q(m) = Σ slopes m - curvatures m² / 2, where m (K, D) is how far the means move.

    Steepest ascent by `ASCENT_STEPS` steps in the layers named by `trainable`. A step starts at
    the length that is best if the means move in proportion to it (Cauchy's, so there is no
    learning rate to choose) and is halved until it raises Q enough; so Q never falls.

    Source: Nocedal & Wright (2006), algorithm 3.1 and section 4.1.

    Args:
        slopes, curvatures: (K, D) first and minus second derivatives of Q at the present means.
    """
    fixed = {
        name: np.zeros_like(v) for name, v in layers._asdict().items() if name not in trainable
    }
    passed = forward(layers, output_activation)
    for _ in range(ASCENT_STEPS):
        gradient = backward(layers, passed, output_activation, slopes)._replace(**fixed)
        along = means_along(layers, passed, output_activation, gradient)
        steepness, bend = gradient.dot(gradient), float((curvatures * along**2).sum())
        if not (np.isfinite(steepness) and 0.0 < bend < np.inf):
            break
        length = steepness / bend
        for _ in range(MOST_HALVINGS):
            ahead = layers.moved(gradient, length)
            reached = forward(ahead, output_activation)
            moves = reached.means - passed.means
            # From the present means each time, so that nothing cancels near the maximum.
            gain = float((moves * (slopes - 0.5 * curvatures * moves)).sum())
            if gain >= SUFFICIENT_SHARE * length * steepness:
                break
            length *= 0.5
        else:
            break
        layers, passed, slopes = ahead, reached, slopes - curvatures * moves
    return layers


def random_layers(
    num_states: int, num_dimensions: int, embedding_size: int, hidden_size: int, rng: Generator
) -> Layers:
    """Normal embeddings, normal weights of variance one over their inputs, biases of zero."""
    require_generator(rng)
    embedding_size = as_count("embedding_size", embedding_size)
    hidden_size = as_count("hidden_size", hidden_size)
    return Layers(
        embeddings=rng.standard_normal((num_states, embedding_size)),
        hidden_weights=rng.standard_normal((embedding_size, hidden_size)) / embedding_size**0.5,
        hidden_biases=np.zeros(hidden_size),
        output_weights=rng.standard_normal((hidden_size, num_dimensions)) / hidden_size**0.5,
        output_biases=np.zeros(num_dimensions),
    )


def outputs_for(means: FloatArray, output_activation: str, alive: float) -> FloatArray:
    """a (K, D) such that f(a) = means; for "relu" at least `alive`.

    Raises:
        ValueError: naming the first mean that the output activation cannot give.
    """
    if output_activation == "identity":
        return means
    lowest = "zero or more" if output_activation == "relu" else "above zero"
    wrong = np.argwhere(means < 0.0 if output_activation == "relu" else means <= 0.0)
    if len(wrong):
        k, d = wrong[0]
        raise ValueError(
            f"means[{k}, {d}] is {means[k, d]:.6g}; a {output_activation!r} output gives {lowest}, "
            "an 'identity' output any mean."
        )
    if output_activation == "relu":
        return np.maximum(means, alive)
    return np.asarray(means + np.log(-np.expm1(-means)))


def require_chain(layers: Layers) -> None:
    """Raise ValueError naming the first layer whose shape does not follow from those before it."""
    embedding_size, hidden_size = layers.hidden_weights.shape
    num_dimensions = layers.output_weights.shape[1]
    expected = {
        "embeddings": (len(layers.embeddings), embedding_size),
        "hidden_biases": (hidden_size,),
        "output_weights": (hidden_size, num_dimensions),
        "output_biases": (num_dimensions,),
    }
    for name, shape in expected.items():
        found = getattr(layers, name).shape
        if found != shape:
            raise ValueError(
                f"{name} has shape {found}; hidden_weights is {layers.hidden_weights.shape} and "
                f"output_weights {layers.output_weights.shape}, so it must be {shape}."
            )


def _rows(inputs: FloatArray, weights: FloatArray) -> FloatArray:
    """The product inputs @ weights, each row of it a function of its own input row alone.

    A matrix product from BLAS may round equal rows differently, and states that are alike would
    drift apart.
    """
    return np.asarray((inputs[:, :, np.newaxis] * weights).sum(axis=1))
