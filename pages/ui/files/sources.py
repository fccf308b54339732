"""Data, models and trainers as Python source text that makes them again, equal to the last bit."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from hmmcore import HMM, Priors, Sequences, Ties, Trainer, sample
from hmmcore.io import to_json
from hmmcore.scripts import array_source
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.generated import DATA_STREAM
from pages.ui.settings.config import Config


def sequences_source(data: Dataset, config: Config) -> str:
    """Statements that make `sequences`, and what is known of their truth.

    Generated data are drawn again from the law that made them.
    """
    if config.source == "notebook":
        return (
            'drawn = preset("notebook")\n'
            "truth, sequences, true_states = drawn.truth, drawn.sequences, drawn.states"
        )
    truth = data.generating_model
    if truth is not None and _drawn(truth, config) == data.sequences:
        return (
            f"truth = {model_source(truth)}\n"
            f"rng = np.random.default_rng([{config.seed}, {DATA_STREAM}])\n"
            f"drawn = sample(truth, num_sequences={config.num_sequences}, "
            f"length={config.length}, rng=rng)\n"
            "sequences, true_states = drawn.sequences, drawn.states"
        )
    lines = [
        f"observations = {array_source(data.sequences.observations)}",
        f"lengths = {array_source(data.sequences.lengths)}",
        "sequences = Sequences(observations, lengths)",
    ]
    if truth is not None:
        lines.append(f"truth = {model_source(truth)}")
    if data.states is not None:
        lines.append(f"true_states = {array_source(data.states)}  # -1: not known")
    return "\n".join(lines)


def _drawn(truth: HMM, config: Config) -> Sequences:
    rng = np.random.default_rng([config.seed, DATA_STREAM])
    return sample(truth, config.num_sequences, config.length, rng).sequences


def model_source(hmm: HMM) -> str:
    """An expression that is the model."""
    return f'from_json("""\n{to_json(hmm)}\n""")'


def trainer_source(trainer: Trainer) -> str:
    """An expression that is the trainer, on `sequences`."""
    arguments = ["sequences"]
    for name in inspect.signature(type(trainer)).parameters:
        # The floor of variances that is in force follows from the data.
        if name in ("sequences", "variance_floor") or (value := getattr(trainer, name)) is None:
            continue
        arguments.append(f"{name}={value_source(value)}")
    return f"{type(trainer).__name__}({', '.join(arguments)})"


def value_source(value: Any) -> str:
    """An expression that is an argument of a trainer."""
    if isinstance(value, Ties):
        return f"Ties({array_source(value.labels)})"
    if isinstance(value, Priors):
        given = {name: getattr(value, name) for name in inspect.signature(Priors).parameters}
        own = (f"{name}={value_source(one)}" for name, one in given.items() if one is not None)
        return f"Priors({', '.join(own)})"
    if isinstance(value, np.ndarray):
        return array_source(value) if value.ndim else repr(value.item())
    if isinstance(value, set | frozenset):
        return repr(sorted(value))
    return repr(value)
