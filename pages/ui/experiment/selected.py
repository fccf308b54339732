"""Keep the selected sequence, times, dimensions and component within what data and model have."""

from __future__ import annotations

from dataclasses import replace

from hmmcore import HMM
from hmmcore.comparison import num_components
from pages.ui.experiment.dataset import Dataset
from pages.ui.settings.config import Config


def within_data(config: Config, data: Dataset) -> tuple[Config, tuple[str, ...]]:
    """The Config with an existing sequence, times and two different dimensions, and notes."""
    notes: tuple[str, ...] = ()
    selected, last = config.sequence, data.sequences.num_sequences
    if selected > last:
        config = replace(config, sequence=last)
        notes = (f"There is no sequence {selected}; shown is the last one, {last}.",)
    length = int(data.sequences.lengths[config.sequence - 1])
    last_first = max(1, length - config.window + 1)
    if config.first_time > length:
        notes += (f"There is no time {config.first_time}; shown are the last ones up to {length}.",)
    if config.first_time > last_first:
        config = replace(config, first_time=last_first)
    if len(data.columns) > 1:
        dimension = min(config.dimension, data.num_dimensions)
        against = min(config.against, data.num_dimensions)
        if against == dimension:
            against = 2 if dimension == 1 else 1
        config = replace(config, dimension=dimension, against=against)
    return config, notes


def within_model(config: Config, model: HMM) -> Config:
    """The Config with an existing component (a dimension or symbol of the model) selected."""
    return replace(config, component=min(config.component, num_components(model)))
