"""The model that training starts from, for every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hmmcore import HMM, Gaussian, NeuralGaussian, count_starts, initialization, symbol_starts
from hmmcore.emissions.network import Layers
from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.config import Config

START_STREAM = 3
"""Of random numbers, so that no other choice disturbs these draws."""

NEAR_TRUTH_AMOUNT = 0.5


def starting_model(config: Config, data: Dataset) -> HMM:
    """The model that training starts from.

    Where σ is not trained it is taken as known: the true one, if there is a truth.
    """
    rng = np.random.default_rng([config.seed, START_STREAM, config.start_seed])
    if config.start == "near-truth" and data.truth is not None:
        hmm = initialization.near_truth(data.truth, rng, NEAR_TRUTH_AMOUNT)
    else:
        hmm = STARTS[data.family](config, data, rng)
    if isinstance(hmm.emissions, Gaussian) and "covariances" not in config.trainable:
        hmm = _with_known_noise(hmm, data.maker)
    return _as_network(hmm, config, rng) if has_network(config) else hmm


def has_network(config: Config) -> bool:
    """Whether the learned means come out of a network."""
    return config.family == "numbers" and config.mean_model == "network"


def trained_parameters(config: Config) -> tuple[str, ...]:
    """Names of the parameters that trainers may change, as the model has them."""
    if not has_network(config):
        return config.trainable
    names = [name for name in config.trainable if name != "means"]
    return (*names, *Layers._fields) if "means" in config.trainable else tuple(names)


def is_random(config: Config) -> bool:
    """Whether another start number gives another starting point."""
    # A network's weights are drawn, and the means it starts with are not.
    return config.start in ("random", "kmeans", "near-truth") or (
        has_network(config) and config.start == "quantiles"
    )


def _with_known_noise(hmm: HMM, maker: HMM | None) -> HMM:
    """The start with the true covariances, where each state has a counterpart or all agree."""
    if maker is None:
        return hmm
    assert isinstance(hmm.emissions, Gaussian)
    assert isinstance(maker.emissions, Gaussian)
    known = maker.emissions.covariances
    if hmm.num_states != maker.num_states:
        if (known != known[0]).any():
            return hmm
        known = np.repeat(known[:1], hmm.num_states, axis=0)
    emissions = Gaussian(hmm.emissions.means, known, maker.emissions.covariance_type)
    return HMM(hmm.initial_probs, hmm.transition_matrix, emissions)


def _gaussian(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    sequences, num_states = data.sequences, config.num_states
    if config.start == "symmetric":
        if data.maker is not None:
            # The notebook's own: mean 0 and sd 1, whatever the data.
            hmm = initialization.symmetric(num_states, sequences.num_dimensions)
        else:
            spread = np.sqrt(sequences.variances())
            hmm = initialization.symmetric(
                num_states,
                sequences.num_dimensions,
                mean=sequences.means(),
                sd=np.where(spread > 0.0, spread, 1.0),
            )
    elif config.start == "kmeans":
        hmm = initialization.kmeans(sequences, num_states, rng)
    elif config.start == "quantiles":
        hmm = initialization.quantiles(sequences, num_states)
    else:
        hmm = initialization.random(sequences, num_states, rng)
    full = data.family == "points" and config.covariance_type == "full"
    return initialization.with_full_covariances(hmm) if full else hmm


def _counts(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    sequences, num_states = data.sequences, config.num_states
    if config.start == "symmetric":
        return count_starts.symmetric(num_states, float(sequences.means()[0]) or 1.0)
    if config.start == "kmeans":
        return count_starts.kmeans(sequences, num_states, rng)
    if config.start == "quantiles":
        return count_starts.quantiles(sequences, num_states)
    return count_starts.random(sequences, num_states, rng)


def _symbols(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    sequences, num_states, num_symbols = data.sequences, config.num_states, len(data.labels)
    if config.start == "symmetric":
        return symbol_starts.symmetric(num_states, num_symbols)
    if config.start == "kmeans":
        return symbol_starts.kmeans(sequences, num_states, num_symbols, rng)
    if config.start == "quantiles":
        return symbol_starts.quantiles(sequences, num_states, num_symbols)
    return symbol_starts.random(num_states, num_symbols, rng)


def _as_network(hmm: HMM, config: Config, rng: np.random.Generator) -> HMM:
    """The same start with a network that gives its means, of either sign."""
    emissions = hmm.emissions
    network = NeuralGaussian.near_means(
        emissions.means, rng, sd=emissions.standard_deviations, output_activation="identity"
    )
    if config.start == "symmetric":
        # States alike in every number, as this start promises: also in their embedding.
        layers = network.layers
        alike = np.tile(layers.embeddings[:1], (hmm.num_states, 1))
        layers = layers._replace(embeddings=alike)
        network = NeuralGaussian(*layers, network.covariances, "identity")
    return HMM(hmm.initial_probs, hmm.transition_matrix, network)


STARTS: Mapping[str, Callable[[Config, Dataset, np.random.Generator], HMM]] = {
    "numbers": _gaussian,
    "counts": _counts,
    "symbols": _symbols,
    "points": _gaussian,
}
