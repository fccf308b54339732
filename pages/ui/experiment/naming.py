"""What states and symbols are called, from the names in the Config or in the visitor's file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hmmcore.emissions import part_name
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures.theme import state_name
from pages.ui.settings.config import Config
from pages.ui.settings.families import FAMILIES
from pages.ui.settings.names import Names, padded
from pages.ui.text import shortened


def named(data: Dataset, config: Config) -> Dataset:
    """Generated data with the names that the Config gives to their states and symbols."""
    numbers = [str(symbol + 1) for symbol in range(len(data.labels))]
    return replace(
        data,
        labels=padded(config.symbol_names, numbers),
        part_labels=tuple(
            padded(config.symbol_names, [str(symbol + 1) for symbol in range(len(labels))])
            for labels in data.part_labels
        ),
        state_names=_named_states(config, data.num_true_states),
    )


def parameter_symbols(data: Dataset) -> dict[str, str]:
    """The symbol of each parameter by the name that models know it by: of parts with the column."""
    found = dict(FAMILIES[data.family].symbols)
    columns = short_columns(data.columns)
    for j, kind in enumerate(data.kinds):
        for name, (_, symbol) in FAMILIES[kind].parameters.items():
            found[part_name(j, name)] = f"{symbol} of {columns[j]}"
    return found


def short_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Names of columns cut to 16 characters; numbered where they would no longer differ."""
    cut = tuple(shortened(name, 16) for name in columns)
    if len(set(cut)) == len(cut):
        return cut
    return tuple(f"({number}) {name}" for number, name in enumerate(cut, 1))


def learned_names(data: Dataset, config: Config) -> Names:
    """(K,) what the states of a learned model are called; empty while they have only numbers.

    Where the truth is known, a learned state has the name of the true one that it is matched to.
    It has none where they cannot be matched, and while the truth is hidden.
    """
    if data.true_states is None and not data.hidden:
        return _named_states(config, config.num_states)
    if data.states is None or config.truth == "hidden":
        return ()
    return data.state_names


def _named_states(config: Config, num_states: int) -> Names:
    if not config.state_names:
        return ()
    return padded(config.state_names, [state_name(state) for state in range(num_states)])
