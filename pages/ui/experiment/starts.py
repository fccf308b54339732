"""The model that training starts from, for every family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hmmcore import (
    HMM,
    Gaussian,
    NeuralGaussian,
    count_starts,
    initialization,
    symbol_starts,
)
from hmmcore.emissions import Product, part_name
from hmmcore.emissions.network import Layers
from hmmcore.initialization import product as product_starts
from pages.ui.experiment import constraints
from pages.ui.experiment.dataset import Dataset, part_model
from pages.ui.experiment.hand_made import model_of
from pages.ui.settings.config import Config
from pages.ui.settings.families import FAMILIES, PART_PARAMETERS, SHARED

START_STREAM = 3
"""Key of the random stream of starting models, which no other random choice shares."""

NEAR_TRUTH_AMOUNT = 0.5


@dataclass(frozen=True, eq=False)
class Start:
    """The model that training starts from, and how it was chosen if there were several."""

    hmm: HMM
    comparison: initialization.StartComparison | None = None


def starting_point(config: Config, data: Dataset, own_model: HMM | None = None) -> Start:
    """The model that training starts from.

    Covariances that are not trained are the true ones, if the true model is known. With the start
    "model" it is `own_model` as it is.
    """
    if config.start == "model":
        assert own_model is not None
        return Start(constraints.imposed(own_model, config))
    if config.start == "hand":
        assert config.hand is not None
        return Start(by_hand(config, data))
    rng = generator(config, config.start_seed)
    if config.start == "near-truth" and data.truth is not None:
        hmm = initialization.near_truth(data.truth, rng, NEAR_TRUTH_AMOUNT)
        return Start(_finished(hmm, config, data, rng))
    if config.start == "best":
        comparison = _best_of_several(config, data, rng)
        return Start(_finished(comparison.best, config, data, rng), comparison)
    return Start(drawn(config, data, rng))


def by_hand(config: Config, data: Dataset) -> HMM:
    """The model made by hand, under the constraints.

    Raises:
        ValueError: if it is no model of these data.
    """
    assert config.hand is not None
    return constraints.imposed(model_of(config.hand, data), config)


def generator(config: Config, start_number: int) -> np.random.Generator:
    """The source of randomness of the start with this number."""
    return np.random.default_rng([config.seed, START_STREAM, start_number])


def drawn(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    """The start of the Config's kind, one of those that data and chance alone decide."""
    return _finished(STARTS[data.family](config, data, rng), config, data, rng)


def _finished(hmm: HMM, config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    """The start with noise that is known, means by a network and constraints, as the Config says.

    A constraint on spreads holds for noise that is known too.
    """
    if isinstance(hmm.emissions, Gaussian) and "covariances" not in config.trainable:
        hmm = _with_known_noise(hmm, data.generating_model)
    if isinstance(hmm.emissions, Product) and "spreads" not in config.trainable:
        parts = [
            _with_known_noise(part_model(hmm, j), part.generating_model).emissions
            if kind == "numbers"
            else hmm.emissions.parts[j]
            for j, (kind, part) in enumerate(zip(data.kinds, data.parts, strict=True))
        ]
        hmm = HMM(hmm.initial_probs, hmm.transition_matrix, Product(parts))
    hmm = constraints.constrained_start(hmm, config, data)
    return _as_network(hmm, config, rng) if has_network(config) else hmm


def _best_of_several(
    config: Config, data: Dataset, rng: np.random.Generator
) -> initialization.StartComparison:
    sequences, num_states = data.sequences, config.num_states
    if data.family == "counts":
        return count_starts.compare_starts(sequences, num_states, rng)
    if data.family == "symbols":
        return symbol_starts.compare_starts(sequences, num_states, len(data.labels), rng)
    if data.family == "product":
        return product_starts.compare_starts(sequences, num_states, kinds_of(data), rng)
    full = data.family == "points" and config.covariance_type == "full"
    return initialization.compare_starts(sequences, num_states, rng, "full" if full else "diag")


def has_network(config: Config) -> bool:
    """Whether a neural network computes the means of the learned model."""
    return config.family == "numbers" and config.mean_model == "network"


def trained_parameters(config: Config, data: Dataset) -> tuple[str, ...]:
    """The parameters that trainers may change, by the model's own names."""
    if data.kinds:
        shared = tuple(name for name in config.trainable if name in SHARED)
        own = {name for one in config.trainable for name in PART_PARAMETERS.get(one, ())}
        return shared + tuple(
            part_name(j, name)
            for j, kind in enumerate(data.kinds)
            for name in FAMILIES[kind].parameters
            if name in own
        )
    if not has_network(config):
        return config.trainable
    names = [name for name in config.trainable if name != "means"]
    return (*names, *Layers._fields) if "means" in config.trainable else tuple(names)


def is_random(config: Config) -> bool:
    """Whether another start number gives another starting point."""
    # The best of several is nearly always the same one. The start by quantiles draws nothing, but
    # the weights of a network are drawn.
    return config.start in ("random", "kmeans", "near-truth") or (
        has_network(config) and config.start in ("quantiles", "best")
    )


def is_from_data(config: Config, data: Dataset) -> bool | None:
    """Whether the observations had a part in the start; None where nobody knows: it was given."""
    if config.start in ("hand", "model"):
        return None
    if config.chain != "free" and not constraints.holds_truth(config, data):
        return True  # states in the order in which the data meet them
    if config.start == "near-truth" and data.truth is not None:
        return False
    if config.start == "symmetric":
        return any(
            part.family != "symbols" and (part.family == "counts" or part.generating_model is None)
            for part in data.parts or (data,)
        )
    return data.family != "symbols" or config.start not in ("random", "near-truth")


def _with_known_noise(hmm: HMM, generating_model: HMM | None) -> HMM:
    """The start with the true covariances.

    With another number of true states, only if these all have the same covariance.
    """
    if generating_model is None:
        return hmm
    assert isinstance(hmm.emissions, Gaussian)
    assert isinstance(generating_model.emissions, Gaussian)
    known = generating_model.emissions.covariances
    if hmm.num_states != generating_model.num_states:
        if (known != known[0]).any():
            return hmm
        known = np.repeat(known[:1], hmm.num_states, axis=0)
    emissions = Gaussian(hmm.emissions.means, known, generating_model.emissions.covariance_type)
    return HMM(hmm.initial_probs, hmm.transition_matrix, emissions)


def _gaussian(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    sequences, num_states = data.sequences, config.num_states
    if config.start == "symmetric":
        if data.generating_model is not None:
            # As in the notebook: mean 0 and standard deviation 1, whatever the data.
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


def kinds_of(data: Dataset) -> tuple[str | int, ...]:
    """The kind of each column as `product_starts` takes it: of symbols their number."""
    return tuple(
        len(labels) if kind == "symbols" else kind
        for kind, labels in zip(data.kinds, data.part_labels, strict=True)
    )


def _product(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    sequences, num_states, kinds = data.sequences, config.num_states, kinds_of(data)
    if config.start == "symmetric":
        each = [STARTS[part.family](config, part, rng) for part in data.parts]
        emissions = Product([one.emissions for one in each])
        return HMM(each[0].initial_probs, each[0].transition_matrix, emissions)
    if config.start == "kmeans":
        return product_starts.kmeans(sequences, num_states, kinds, rng)
    if config.start == "quantiles":
        return product_starts.quantiles(sequences, num_states, kinds)
    return product_starts.random(sequences, num_states, kinds, rng)


def _as_network(hmm: HMM, config: Config, rng: np.random.Generator) -> HMM:
    """The same start with its means computed by a network, which can give either sign."""
    emissions = hmm.emissions
    network = NeuralGaussian.near_means(
        emissions.means, rng, sd=emissions.standard_deviations, output_activation="identity"
    )
    if config.start == "symmetric":
        # In the symmetric start all states are identical, so their embeddings must be too.
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
    "product": _product,
}
