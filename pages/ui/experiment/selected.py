"""What a Config selects of its data and of a model, where that exists."""

from __future__ import annotations

from dataclasses import replace

from hmmcore import HMM
from hmmcore.comparison import num_components
from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.config import Config


def within_data(config: Config, data: Dataset) -> tuple[Config, tuple[str, ...]]:
    """Select the last sequence, and other dimensions, where the selected ones do not exist."""
    notes: tuple[str, ...] = ()
    selected, last = config.sequence, data.sequences.num_sequences
    if selected > last:
        config = replace(config, sequence=last)
        notes = (f"There is no sequence {selected}; shown is the last one, {last}.",)
    if len(data.columns) > 1:
        dimension = min(config.dimension, data.num_dimensions)
        against = min(config.against, data.num_dimensions)
        if against == dimension:
            against = 2 if dimension == 1 else 1
        config = replace(config, dimension=dimension, against=against)
    return config, notes


def within_model(config: Config, model: HMM) -> Config:
    """Select the last dimension or symbol where the selected one does not exist."""
    return replace(config, component=min(config.component, num_components(model)))
