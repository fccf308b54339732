"""Starts beside a known model: near the truth, or a nudge that tells equal states apart."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray, as_size, require_generator, require_type
from hmmcore.emissions import (
    Categorical,
    Emissions,
    Gaussian,
    NeuralGaussian,
    Poisson,
    Product,
    own_name,
)
from hmmcore.emissions.network import forward
from hmmcore.model import HMM


def near_truth(hmm: HMM, rng: np.random.Generator, amount: float = 0.5) -> HMM:
    """Return a start beside a known model: same zeros, same covariances, everything else moved.

    Args:
        hmm: a model with Gaussian, Poisson or Categorical emissions, or a product of such.
        rng: the source of randomness.
        amount: standard deviation of the normal noise on every log-probability, those of symbols
            among them, and on every mean in units of that state's standard deviation; rates move
            as much on their square root, whose standard deviation is 1/2 (Bartlett 1936). At least
            0, which returns the same model.

    Raises:
        TypeError: when the emissions are of another family.
        ValueError: when amount is negative or not finite.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    require_generator(rng)
    if not isinstance(hmm.emissions, Gaussian | Poisson | Categorical | Product):
        raise TypeError(
            "near_truth moves the means of a Gaussian, the rates of a Poisson and the "
            f"probabilities of a Categorical; {type(hmm.emissions).__name__} is none of them."
        )
    amount = as_size("amount", amount)
    return HMM(
        _jittered(hmm.initial_probs, amount, rng),
        _jittered(hmm.transition_matrix, amount, rng),
        _moved(hmm.emissions, amount, rng),
    )


def nudge(hmm: HMM, rng: np.random.Generator, scale: float = 0.1) -> HMM:
    """Return the model moved a little, every state another way, so that no two stay equal.

    Training can then tell them apart. Structural zeros stay zero, and variances stay as they are.
    Works for every family. Of a network the embeddings move, and the output layer by the least
    that moves its means as far as those of a `Gaussian`.

    Args:
        hmm: any model.
        rng: the source of randomness.
        scale: standard deviation of the normal noise: on log-probabilities and log-rates, on
            embeddings, and on means in units of their state's standard deviation. At least 0,
            which returns the same model.

    Raises:
        ValueError: when scale is negative or not finite.
    """
    require_type("hmm", hmm, HMM, "an HMM")
    require_generator(rng)
    scale = as_size("scale", scale)
    if scale == 0.0:
        return hmm
    initial = _jittered(hmm.initial_probs, scale, rng)
    transition = _jittered(hmm.transition_matrix, scale, rng)
    emissions = hmm.emissions
    if isinstance(emissions, NeuralGaussian):
        return HMM(initial, transition, _nudged_network(emissions, rng, scale))
    parameters, moved = emissions.unconstrained(), set()
    for name, values in parameters.items():
        parameter = emissions.parameter_of[name]
        if own_name(parameter) == "covariances":
            continue
        noise = scale * rng.standard_normal(values.shape)
        if own_name(name) == "means":
            own = emissions
            if isinstance(emissions, Product):
                own = emissions.parts[int(name.partition(".")[0])]
            noise *= np.asarray(own.standard_deviations)  # type: ignore[attr-defined]
        # Minus infinity, the logarithm of a structural zero, stays what it is.
        parameters[name] = values + noise
        moved.add(parameter)
    emissions, _ = emissions.with_unconstrained(parameters, frozenset(moved), 0.0)
    return HMM(initial, transition, emissions)


def _moved(
    emissions: Gaussian | Poisson | Categorical | Product, amount: float, rng: np.random.Generator
) -> Emissions:
    if isinstance(emissions, Product):
        return Product([_moved(part, amount, rng) for part in emissions.parts])
    if isinstance(emissions, Categorical):
        return Categorical(_jittered(emissions.probs, amount, rng))
    if isinstance(emissions, Poisson):
        noise = amount * rng.standard_normal(emissions.num_states)
        moved = np.square(np.sqrt(emissions.rates) + 0.5 * noise)
        return Poisson(np.where(emissions.rates > 0.0, moved, 0.0))
    noise = amount * rng.standard_normal(emissions.means.shape)
    means = emissions.means + noise * emissions.standard_deviations
    return Gaussian(means, emissions.covariances, emissions.covariance_type)


def _nudged_network(
    emissions: NeuralGaussian, rng: np.random.Generator, scale: float
) -> NeuralGaussian:
    """Move embeddings by themselves, and what the network puts out by the noise of the states."""
    layers = emissions.layers
    embeddings = layers.embeddings + scale * rng.standard_normal(layers.embeddings.shape)
    noise = scale * rng.standard_normal(emissions.means.shape) * emissions.standard_deviations
    before = forward(layers, "identity").means
    layers = layers._replace(embeddings=embeddings)
    passed = forward(layers, "identity")
    inputs = np.column_stack([passed.hidden, np.ones(emissions.num_states)])
    moves = np.linalg.lstsq(inputs, before + noise - passed.means, rcond=None)[0]
    layers = layers._replace(
        output_weights=layers.output_weights + moves[:-1],
        output_biases=layers.output_biases + moves[-1],
    )
    return NeuralGaussian(*layers, emissions.covariances, emissions.output_activation)


def _jittered(probs: FloatArray, amount: float, rng: np.random.Generator) -> FloatArray:
    """Add normal noise to the logarithms of distributions (.., K); zero alone stays zero."""
    noise = amount * rng.standard_normal(probs.shape)
    possible = probs > 0.0
    largest = np.where(possible, noise, -np.inf).max(axis=-1, keepdims=True)
    weights = np.where(possible, probs * np.exp(np.minimum(noise - largest, 0.0)), 0.0)
    # Training could not undo a zero that underflow made.
    weights[possible & (weights == 0.0)] = np.finfo(np.float64).tiny
    jittered: FloatArray = weights / weights.sum(axis=-1, keepdims=True)
    return jittered
