"""The data that a Config stands for, where no file holds them.

They follow from the Config alone, so the same one gives the same data in every session.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hmmcore import preset, sample
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.laws import true_model
from pages.ui.settings.config import FIELDS, Config

DATA_STREAM = 2
"""Of random numbers, so that no other choice disturbs these draws."""


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
    labels, columns = (), ()
    if config.family == "symbols":
        labels = tuple(str(symbol + 1) for symbol in range(config.num_symbols))
    if config.family == "points":
        columns = ("x1", "x2")
    data = Dataset(
        simulated.sequences, truth, simulated.states, "x", config.family, labels, columns
    )
    if truth.num_states != config.num_states:
        # Nothing of either model has a counterpart in the other.
        data = replace(
            data, truth=None, states=None, other_truth=truth, other_states=simulated.states
        )
    return data


def _only(config: Config, group: str) -> Config:
    """The Config with every field outside `group` at its default: a key for the cache."""
    defaults = {field.name: field.default for field in FIELDS if field.group != group}
    return replace(config, **defaults)
