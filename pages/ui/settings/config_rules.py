"""What holds between the fields of a Config.

Each rule takes a Config and gives one that keeps it, with a sentence on what had to give way.
"""

from __future__ import annotations

from dataclasses import replace

from pages.ui.settings.config import FIELD_OF, MAX_CELLS, NOTEBOOK, Config
from pages.ui.settings.families import FAMILIES, trainable_for
from pages.ui.settings.field import Field
from pages.ui.settings.table_rules import STATES, SYMBOLS, Table
from pages.ui.text import count


def legal(config: Config, keep: str = "length") -> tuple[Config, tuple[str, ...]]:
    """Bring together what each field alone cannot see: the total size, and tables that fit.

    Args:
        keep: the field that was changed last; where the size is too large, another one gives way.
    """
    notes = []
    if config.source == "notebook" and any(getattr(config, k) != v for k, v in NOTEBOOK.items()):
        config = replace(config, **NOTEBOOK)
        notes.append("The notebook's own data have K = 5, M = 10, N = 2 and σ = 1; took those.")
    states = max(config.num_states, config.data_states)
    cells = states * config.length * config.num_sequences
    if cells > MAX_CELLS and config.source == "generated":
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
        notes.append(
            f"K × M × N may be at most {count(MAX_CELLS)}, so that training stays live; it was "
            f"{count(cells)}. Lowered {gave_way}."
        )
    config = replace(config, trainable=trainable_for(config.family, config.trainable))
    return config, (*notes, *_set_aside(config))


def _set_aside(config: Config) -> list[str]:
    """Sentences on edited tables that ought to be in force and do not fit."""
    if config.source != "generated":
        return []
    emissions = FAMILIES[config.family].table
    # Means are in force by their law alone, the others wherever there are any.
    wanted = {
        "transition_table": config.structure == "edited",
        emissions: config.mean_law == "edited"
        if emissions == "means_table"
        else getattr(config, emissions) is not None,
    }
    return [
        _unfit(config, FIELD_OF[name])
        for name, in_force in wanted.items()
        if in_force and not fits(config, name)
    ]


def table_shape(config: Config, name: str) -> tuple[int, int]:
    """(rows, columns) that an edited table has to have."""
    shape = FIELD_OF[name].table
    assert shape is not None
    sizes = {STATES: config.data_states, SYMBOLS: config.num_symbols}
    rows, columns = (sizes.get(size, size) for size in shape)
    return rows, columns


def fits(config: Config, name: str) -> bool:
    """Whether there is an edited table of that name and it has the right size."""
    table = getattr(config, name)
    return table is not None and (len(table), len(table[0])) == table_shape(config, name)


def _unfit(config: Config, field: Field) -> str:
    table: Table | None = getattr(config, field.name)
    if table is None:
        return (
            f"The table “{field.label}” was not edited yet; edit it on the Data page. The default "
            "law is used."
        )
    assert field.table is not None
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
