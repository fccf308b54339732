"""Rules between the fields of a Config: the total size, and edited tables that fit.

A rule takes a Config and returns one that satisfies it, with a sentence for each field it changed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from pages.ui.settings.config import FIELD_OF, MAX_CELLS, NOTEBOOK, Config
from pages.ui.settings.families import FAMILIES, TOGETHER, trainable_for
from pages.ui.settings.field import Field
from pages.ui.settings.table_rules import (
    PARTS,
    STATES,
    SYMBOLS,
    Table,
    as_table,
    table_problem,
)
from pages.ui.text import count


def legal(config: Config, keep: str = "length") -> tuple[Config, tuple[str, ...]]:
    """A Config that satisfies the rules between fields, and one sentence per problem found.

    Args:
        keep: the field that was changed last. Where the size is too large, another one is lowered.
    """
    notes = []
    if config.source == "notebook" and any(getattr(config, k) != v for k, v in NOTEBOOK.items()):
        config = replace(config, **NOTEBOOK)
        notes.append("The notebook's own data have K = 5, M = 10, N = 2 and σ = 1; took those.")
    config, size_notes = within_size(config, keep)
    notes += size_notes
    config, hand_notes = _with_hand(config)
    notes += hand_notes
    config = replace(config, trainable=trainable_for(config.family, config.trainable))
    config = with_family_constraints(config)
    if 0.0 < config.spread_prior <= LEAST_WORTH:
        config = replace(config, spread_prior=LEAST_WORTH + 1.0)
        notes.append(
            "A prior on the spread is worth more than 2 observations; took "
            f"{config.spread_prior:g}."
        )
    return config, (*notes, *_misfit_notes(config))


LEAST_WORTH = 2.0
"""A prior on the spread that is worth no more observations has no maximum; see `Priors`."""


def with_family_constraints(config: Config) -> Config:
    """The Config with those constraints on spreads only that its family can have."""
    if config.family in ("counts", "symbols"):
        return replace(config, spread="data", spread_prior=0.0)
    if config.family == "product":
        # Its numbers are single ones; a prior on their spreads is for the data's kinds to allow.
        return replace(config, spread="data")
    network = config.family == "numbers" and config.mean_model == "network"
    if network or (config.family == "numbers" and config.spread != "tied"):
        # Of numbers a state has one spread: all but a tied one are the same.
        return replace(config, spread="data")
    return config


NO_HAND = "This link says that training starts by hand, and has no model; it starts at random."


def _with_hand(config: Config) -> tuple[Config, list[str]]:
    """The Config with a model made by hand just where training starts from it and it has K states.

    Such a model has free means.
    """
    if config.start != "hand":
        return replace(config, hand=None), []
    if config.hand is not None and len(config.hand[0]) == config.num_states:
        return replace(config, mean_model="free"), []
    note = NO_HAND
    if config.hand is not None:
        note = (
            f"The model made by hand has {len(config.hand[0])} states, and K is "
            f"{config.num_states}; training starts at random."
        )
    return replace(config, start="random", hand=None), [note]


def num_cells(config: Config, file_length: int | None = None) -> int:
    """K × T, the cells of a posterior; the states that make the data count too if they are more.

    `file_length` is as in `within_size`; without it, an upload counts as the generated data that
    would be shown instead.
    """
    if config.source == "upload" and file_length is not None:
        return config.num_states * file_length
    return max(config.num_states, config.data_states) * config.length * config.num_sequences


def within_size(
    config: Config, keep: str = "length", file_length: int | None = None
) -> tuple[Config, tuple[str, ...]]:
    """The Config with K × T at most `MAX_CELLS`, and a sentence if a field was lowered for it.

    The one place where this bound is applied; whatever makes data or models asks here first.

    Args:
        keep: as in `legal`.
        file_length: T of the visitor's own data; None if they are not known here.
    """
    cells = num_cells(config, file_length)
    if cells <= MAX_CELLS:
        return config, ()
    if config.source == "generated":
        states = max(config.num_states, config.data_states)
        if keep == "num_sequences":
            length = MAX_CELLS // (states * config.num_sequences)
            config, gave_way = replace(config, length=length), f"Length M to {count(length)}"
        else:
            number = max(1, MAX_CELLS // (states * config.length))
            config, gave_way = (
                replace(config, num_sequences=number),
                f"Sequences N to {count(number)}",
            )
            if states * config.length > MAX_CELLS:
                length = MAX_CELLS // states
                config = replace(config, length=length)
                gave_way += f" and Length M to {count(length)}"
        return config, (
            f"K × M × N may be at most {count(MAX_CELLS)}, so that training stays live; it was "
            f"{count(cells)}. Lowered {gave_way}.",
        )
    if config.source == "upload" and file_length:
        max_states = MAX_CELLS // file_length
        note = f"With this file K may be at most {max_states}."
        return replace(config, num_states=max_states), (note,)
    return config, ()


def _misfit_notes(config: Config) -> list[str]:
    """A sentence for each edited table that should be used and has the wrong size."""
    if config.source != "generated":
        return []
    emissions = FAMILIES[config.family].table
    # A table of means is used only if the choice "Means" says so, any other as soon as it exists.
    expected = {
        "transition_table": config.structure == "edited",
        emissions: config.mean_law == "edited"
        if emissions == "means_table"
        else getattr(config, emissions) is not None,
    }
    return [
        _misfit_note(config, FIELD_OF[name])
        for name, is_expected in expected.items()
        if is_expected and not fits(config, name)
    ]


def table_shape(config: Config, name: str) -> tuple[int, int]:
    """The shape (rows, columns) that an edited table must have."""
    shape = FIELD_OF[name].table
    assert shape is not None
    sizes = {
        STATES: config.data_states, SYMBOLS: config.num_symbols, PARTS: len(located_parts(config)),
    }  # fmt: skip
    rows, columns = (sizes.get(size, size) for size in shape)
    return rows, columns


def fits(config: Config, name: str) -> bool:
    """Whether the edited table of that name exists and has the right size."""
    table = getattr(config, name)
    return (
        table is not None
        and (len(table), len(table[0])) == table_shape(config, name)
        and _problem_of_rates(config, name, table) is None
    )


def located_parts(config: Config) -> tuple[str, ...]:
    """The kinds of the counts and numbers that generated data have at once, in their order."""
    return tuple(kind for kind in TOGETHER[config.kinds][1] if kind != "symbols")


def problem_of_table(config: Config, name: str, values: ArrayLike) -> str | None:
    """One sentence that says what is wrong with an edited table for these settings, or None."""
    table = as_table(values)
    return table_problem(FIELD_OF[name], np.array(table)) or _problem_of_rates(config, name, table)


def _problem_of_rates(config: Config, name: str, table: Table) -> str | None:
    if name != "parts_table":
        return None
    for number, (kind, row) in enumerate(zip(located_parts(config), table, strict=False)):
        if kind == "counts" and min(row) < 0.0:
            return f"Row {number + 1} has the rates of counts, which cannot be negative."
    return None


def _misfit_note(config: Config, field: Field) -> str:
    table: Table | None = getattr(config, field.name)
    if table is None:
        return (
            f"The table “{field.label}” was not edited yet; edit it on the Data page. The default "
            "law is used."
        )
    assert field.table is not None
    if problem := _problem_of_rates(config, field.name, table):
        return f"{problem} The edited table “{field.label}” is set aside, for the default law."
    if field.table[0] == PARTS and len(table) != len(located_parts(config)):
        return (
            f"The edited table “{field.label}” has {len(table)} rows, and there are "
            f"{len(located_parts(config))} counts and numbers; it is set aside until they fit "
            "again, and the default law is used."
        )
    num_states = len(table) if field.table[0] == STATES else len(table[0])
    if num_states == config.data_states:
        return (
            f"The edited table “{field.label}” has {len(table[0])} symbols and C is "
            f"{config.num_symbols}; it is set aside until C fits again, and the default law is "
            "used."
        )
    return (
        f"The edited table “{field.label}” has {num_states} states and "
        f"{'the true model' if config.true_states else 'K'} is {config.data_states}; it is set "
        "aside until K fits again, and the default law is used."
    )
