"""Generated data, and the notebook's own.

They depend on the Config alone, so equal Configs give the same data in every session.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from hmmcore import preset, sample
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.laws import true_model
from pages.ui.experiment.naming import named
from pages.ui.experiment.pacing import LARGE
from pages.ui.settings.config import FIELDS, Config
from pages.ui.settings.config_rules import num_cells
from pages.ui.settings.families import TOGETHER

DATA_STREAM = 2
"""Key of the random stream of the data, which no other random choice shares."""


def dataset(config: Config) -> Dataset:
    """The generated data of a Config; cached, because equal Configs give the same data.

    Large ones are not: the cache would hold them after every session that uses them has ended.
    """
    make = _dataset if num_cells(config) > LARGE else _cached_dataset
    return named(make(_only_fields_of(config, "data")), config)


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
    kinds: tuple[str, ...] = ()
    part_labels: tuple[tuple[str, ...], ...] = ()
    if config.family == "product":
        kinds = TOGETHER[config.kinds][1]
        columns = _called(kinds)
        part_labels = tuple(
            tuple(str(symbol + 1) for symbol in range(config.num_symbols))
            if kind == "symbols"
            else ()
            for kind in kinds
        )
    data = Dataset(
        simulated.sequences, truth, simulated.states, "x", config.family, labels, columns,
        kinds=kinds, part_labels=part_labels,
    )  # fmt: skip
    if truth.num_states != config.num_states:
        # With different numbers of states, the states cannot be matched one to one.
        data = replace(
            data, truth=None, states=None, other_truth=truth, other_states=simulated.states
        )
    return data


LETTERS = {"counts": "n", "numbers": "x", "symbols": "s"}
"""What columns of a kind are called."""


def _called(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """A name for each column: its letter, and a number where there are several of its kind."""
    return tuple(
        LETTERS[kind] + (str(kinds[: j + 1].count(kind)) if kinds.count(kind) > 1 else "")
        for j, kind in enumerate(kinds)
    )


_cached_dataset = lru_cache(maxsize=8)(_dataset)


def _only_fields_of(config: Config, group: str) -> Config:
    """The Config with every field outside `group` at its default, as a key of the cache."""
    defaults = {field.name: field.default for field in FIELDS if field.group != group}
    return replace(config, **defaults)
