"""What a Config stands for: the true model, the data, and the model that training starts from.

Everything here follows from the Config alone (and from the uploaded data, where there are any),
so the same Config gives the same experiment in every session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from hmmcore import HMM, Gaussian, Sequences, initialization, preset, sample, simulation
from hmmcore.arrays import FloatArray, IntArray
from pages.ui.config import FIELDS, Config, fits

NEAR_TRUTH_AMOUNT = 0.5

# Independent streams of random numbers, so that one choice does not disturb another's draws.
STRUCTURE_STREAM, DATA_STREAM, START_STREAM = 1, 2, 3


@dataclass(frozen=True, eq=False)
class Dataset:
    """Observations, and what made them where that is known.

    Attributes:
        sequences: the data.
        truth: the model they were drawn from; None for uploaded data.
        states: (T,) the true hidden path; None for uploaded data.
        name: of the observed quantity, for axes.
    """

    sequences: Sequences
    truth: HMM | None = None
    states: IntArray | None = None
    name: str = "x"


def true_model(config: Config) -> HMM:
    """The model that generated data are drawn from."""
    if config.source == "notebook":
        return preset("notebook").truth
    initial_probs, transition_matrix = _structure(config)
    if fits(config.initial_table, config.num_states):
        initial_probs = np.array(config.initial_table)[0]
    return HMM(
        initial_probs, transition_matrix, Gaussian.univariate(_means(config), config.noise_sd)
    )


def dataset(config: Config) -> Dataset:
    """The generated data of a Config; cached, because drawing them again gives the same."""
    return _dataset(_only(config, "data"))


@lru_cache(maxsize=8)
def _dataset(config: Config) -> Dataset:
    if config.source == "notebook":
        notebook = preset("notebook")
        return Dataset(notebook.sequences, notebook.truth, notebook.states)
    truth = true_model(config)
    rng = np.random.default_rng([config.seed, DATA_STREAM])
    simulated = sample(truth, config.num_sequences, config.length, rng)
    return Dataset(simulated.sequences, truth, simulated.states)


def starting_model(config: Config, data: Dataset) -> HMM:
    """The model that training starts from.

    Where σ is not trained it is taken as known: the true one, if there is a truth.
    """
    rng = np.random.default_rng([config.seed, START_STREAM, config.start_seed])
    hmm = _start(config, data, rng)
    if "covariances" in config.trainable or data.truth is None:
        return hmm
    known = data.truth.emissions.covariances
    return HMM(hmm.initial_probs, hmm.transition_matrix, Gaussian(hmm.emissions.means, known))


def is_random(start: str) -> bool:
    """Whether another start number gives another starting point."""
    return start in ("random", "kmeans", "near-truth")


def _start(config: Config, data: Dataset, rng: np.random.Generator) -> HMM:
    num_states = config.num_states
    if config.start == "near-truth" and data.truth is not None:
        return initialization.near_truth(data.truth, rng, NEAR_TRUTH_AMOUNT)
    if config.start == "kmeans":
        return initialization.kmeans(data.sequences, num_states, rng)
    if config.start == "quantiles":
        return initialization.quantiles(data.sequences, num_states)
    if config.start == "symmetric":
        if data.truth is not None:
            # The notebook's own: mean 0 and sd 1, whatever the data.
            return initialization.symmetric(num_states)
        values = data.sequences.observations
        return initialization.symmetric(
            num_states, mean=float(values.mean()), sd=float(values.std()) or 1.0
        )
    return initialization.random(data.sequences, num_states, rng)


def _structure(config: Config) -> tuple[FloatArray, FloatArray]:
    num_states, persistence = config.num_states, config.persistence
    if config.structure == "softmax":
        rng = np.random.default_rng([config.seed, STRUCTURE_STREAM])
        return simulation.softmax_structure(num_states, rng)
    if config.structure == "cyclic":
        return simulation.cyclic_structure(num_states, persistence)
    if config.structure == "left-right":
        return simulation.left_right_structure(num_states, persistence)
    initial_probs, transition_matrix = simulation.sticky_structure(num_states, persistence)
    if config.structure == "edited" and fits(config.transition_table, num_states):
        transition_matrix = np.array(config.transition_table)
    return initial_probs, transition_matrix


def _means(config: Config) -> FloatArray:
    if config.mean_law == "log":
        return simulation.log_means(config.num_states)
    if config.mean_law == "edited" and fits(config.means_table, config.num_states):
        return np.array(config.means_table)[0]
    return simulation.evenly_spaced_means(config.num_states, config.separation)


def _only(config: Config, group: str) -> Config:
    """The Config with every field outside `group` at its default: a key for the cache."""
    defaults = {field.name: field.default for field in FIELDS if field.group != group}
    return replace(config, **defaults)
