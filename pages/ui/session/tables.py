"""Edited tables of π, A and the emissions: drafts in their editors, and changes to the Config.

A table that passes its checks becomes part of the Config at once, and so of the URL. One that does
not remains a draft here, and the data stay as they are, until it is corrected or discarded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hmmcore import HMM, Categorical, Poisson
from hmmcore.arrays import FloatArray
from hmmcore.tables.numbers import GROUPED, GROUPED_TWICE, Format, number, shown_decimal
from pages.ui.experiment.laws import true_model
from pages.ui.settings.config import FIELD_OF, Config
from pages.ui.settings.config_rules import fits
from pages.ui.settings.families import FAMILIES
from pages.ui.settings.table_rules import as_table, row_names, table_problem

LAW_OF = {"transition_table": "structure", "means_table": "mean_law"}
"""The choice whose value "edited" says that a table is used. Other tables are used if they fit."""


@dataclass
class Draft:
    """One table as it is in its editor.

    Attributes:
        in_force: (rows, columns) the table that the data are made from.
        base: (rows, columns) the table that the editor was given and that it edits.
        values: (rows, columns) `base` with the edits; NaN where a cell is empty.
        generation: increases when the editor must discard its edits.
    """

    in_force: FloatArray
    base: FloatArray
    values: FloatArray
    generation: int = 0


@dataclass
class Drafts:
    """The drafts of a session by table, and the choices of law from before the edits."""

    held: dict[str, Draft] = field(default_factory=dict)
    laws: dict[str, str] = field(default_factory=dict)

    def follow(self, name: str, in_force: FloatArray) -> Draft:
        """The draft of a table; a new one if the table in force was changed elsewhere."""
        draft = self.held.get(name)
        if draft is None:
            draft = Draft(in_force, in_force, in_force)
        elif _equal(draft.values, in_force):
            draft.in_force = in_force
        elif not _equal(draft.in_force, in_force):
            draft = Draft(in_force, in_force, in_force, draft.generation + 1)
        self.held[name] = draft
        return draft

    def put(self, name: str, values: FloatArray) -> None:
        """Replace a whole table."""
        draft = self.held[name]
        self.held[name] = Draft(draft.in_force, values, values, draft.generation + 1)


def tables_of(hmm: HMM, family: str) -> dict[str, FloatArray]:
    """The tables of a model by name of their field: π (1, K), A (K, K) and the emissions.

    The emissions are means (1, K), rates (1, K), symbol probabilities (K, C), for points means
    (2, K), or for a product a row (K,) of means or rates for each part but symbols.
    """
    emitted = {
        "numbers": lambda: hmm.emissions.means.T,
        "counts": lambda: hmm.emissions.rates[np.newaxis],
        "symbols": lambda: hmm.emissions.probs,
        "points": lambda: hmm.emissions.means.T,
        "product": lambda: _parts_table(hmm),
    }
    return {
        "initial_table": hmm.initial_probs[np.newaxis],
        "transition_table": hmm.transition_matrix,
        FAMILIES[family].table: emitted[family](),
    }


def _parts_table(hmm: HMM) -> FloatArray:
    """A row of rates or means (1, K) for each part of counts or numbers."""
    rows = [
        part.rates if isinstance(part, Poisson) else part.means[:, 0]
        for part in hmm.emissions.parts
        if not isinstance(part, Categorical)
    ]
    return np.array(rows)


def with_edits(base: FloatArray, edited_rows: Mapping[int, Mapping[str, Any]]) -> FloatArray:
    """`base` (rows, columns) with the edits that a table editor reports.

    Args:
        edited_rows: row number to {name of column: typed text}, with columns called S1, S2, … or
            1, 2, …; text that is not a number becomes NaN.
    """
    values = np.array(base, dtype=np.float64)
    for row, cells in edited_rows.items():
        for name, typed in cells.items():
            values[int(row), int(name.removeprefix("S")) - 1] = number_typed(typed)
    return values


def number_typed(typed: object) -> float:
    """The number in a typed text, read as in a file; NaN if it is not a number or is ambiguous.

    1,000 may be a thousand or one, and a single cell has no context that decides.
    """
    text = str(typed).strip().replace("−", "-")
    if GROUPED[","].fullmatch(text) and not GROUPED_TWICE[","].fullmatch(text):
        return np.nan
    decimal = shown_decimal(text) or "."
    thousands = "," if decimal == "." else "."
    value = number(text, Format(decimal, thousands))
    return np.nan if value is None else value


def number_shown(value: float) -> str:
    """A number as its cell shows it, in a form that can be typed; empty for NaN."""
    return "" if np.isnan(value) else f"{value:.4g}"


def normalised(name: str, values: FloatArray) -> tuple[FloatArray, str | None]:
    """`values` with every row divided by its sum, and one sentence if that is not possible."""
    valid = np.isfinite(values).all(axis=1) & (values >= 0).all(axis=1)
    totals = np.where(valid, np.where(valid[:, np.newaxis], values, 0.0).sum(axis=1), 1.0)
    for index in np.flatnonzero(~((totals > 0.0) & (totals < np.inf))):
        row = row_names(FIELD_OF[name], len(values))[index]
        return values, f"Row {row} sums to {totals[index]:g}, so it cannot be normalised."
    divided = values / totals[:, np.newaxis]
    return divided, table_problem(FIELD_OF[name], divided)


def is_edited(config: Config, name: str) -> bool:
    """Whether the data are made from an edited table."""
    if config.source != "generated":
        return False
    law = LAW_OF.get(name)
    in_force = law is None or getattr(config, law) == "edited"
    return in_force and fits(config, name)


def table_changes(config: Config, name: str, values: FloatArray) -> dict[str, Any]:
    """The Config fields to change so that the data use a table and all other tables stay the same.

    One law may determine several tables: a transition structure also determines π, and the
    notebook determines all. Tables that would change along are therefore fixed as edited tables.
    """
    wanted = {**tables_of(true_model(config), config.family), name: values}
    changes = {"source": "generated", **_table_fields(name, values)}
    result = tables_of(true_model(replace(config, **changes)), config.family)
    for other in wanted:
        if not _equal(result[other], wanted[other]):
            changes |= _table_fields(other, wanted[other])
    return changes


def law_changes(config: Config, name: str, laws: Mapping[str, str]) -> dict[str, Any]:
    """The Config fields to change so that the law from before the edits gives the table again."""
    law = LAW_OF.get(name)
    if law is None:
        return {name: None}
    return {law: laws.get(law, FIELD_OF[law].default), name: None}


def _table_fields(name: str, values: FloatArray) -> dict[str, Any]:
    law = LAW_OF.get(name)
    return {name: as_table(values)} | ({law: "edited"} if law else {})


def _equal(one: FloatArray, other: FloatArray) -> bool:
    return np.array_equal(one, other, equal_nan=True)
