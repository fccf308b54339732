"""Edited tables of π, A and the means: what is in force, and edits that are not right yet.

A table that passes its checks becomes part of the Config at once, and with it of the URL. One
that does not stays here, and the data stay as they are, until it is put right or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hmmcore import HMM
from hmmcore.arrays import FloatArray
from pages.ui.experiment.laws import true_model
from pages.ui.files.csv_text import COMMA_NUMBER, THOUSANDS, number
from pages.ui.settings.config import FIELD_OF, Config
from pages.ui.settings.config_rules import fits
from pages.ui.settings.families import FAMILIES
from pages.ui.settings.table_rules import as_table, row_names, table_problem

LAW_OF = {"transition_table": "structure", "means_table": "mean_law"}
"""Field that says whether a table is in force; the others have none and are if they fit."""


@dataclass
class Draft:
    """One table as it stands in its editor.

    Attributes:
        in_force: (R, K) what the data are made from.
        base: (R, K) what the editor was given; it keeps its edits on top of that.
        values: (R, K) base with the edits; NaN where a cell is empty.
        generation: goes up when the editor must forget its edits.
    """

    in_force: FloatArray
    base: FloatArray
    values: FloatArray
    generation: int = 0


@dataclass
class Drafts:
    """The tables of a session, and the laws that were in force before they were edited."""

    held: dict[str, Draft] = field(default_factory=dict)
    laws: dict[str, str] = field(default_factory=dict)

    def follow(self, name: str, in_force: FloatArray) -> Draft:
        """The draft of a table, begun anew when what is in force was changed elsewhere."""
        draft = self.held.get(name)
        if draft is None:
            draft = Draft(in_force, in_force, in_force)
        elif _same(draft.values, in_force):
            draft.in_force = in_force
        elif not _same(draft.in_force, in_force):
            draft = Draft(in_force, in_force, in_force, draft.generation + 1)
        self.held[name] = draft
        return draft

    def put(self, name: str, values: FloatArray) -> None:
        """Set a table otherwise than cell by cell."""
        draft = self.held[name]
        self.held[name] = Draft(draft.in_force, values, values, draft.generation + 1)


def tables_of(hmm: HMM, family: str) -> dict[str, FloatArray]:
    """π (1, K), A (K, K) and what the states emit, by name of their field.

    That is means (1, K), rates (1, K), symbol probabilities (K, C), or means of points (2, K).
    """
    emitted = {
        "numbers": lambda: hmm.emissions.means.T,
        "counts": lambda: hmm.emissions.rates[np.newaxis],
        "symbols": lambda: hmm.emissions.probs,
        "points": lambda: hmm.emissions.means.T,
    }
    return {
        "initial_table": hmm.initial_probs[np.newaxis],
        "transition_table": hmm.transition_matrix,
        FAMILIES[family].table: emitted[family](),
    }


def with_edits(base: FloatArray, edited_rows: Mapping[int, Mapping[str, Any]]) -> FloatArray:
    """`base` (R, K) with cells replaced, as a table editor reports them.

    Args:
        edited_rows: row number to {name of column: what was typed}, the columns called S1, S2, …
            or 1, 2, …; what is no number becomes NaN.
    """
    values = np.array(base, dtype=np.float64)
    for row, cells in edited_rows.items():
        for name, typed in cells.items():
            values[int(row), int(name.removeprefix("S")) - 1] = number_typed(typed)
    return values


def number_typed(typed: object) -> float:
    """The number that somebody typed, read as in a file; NaN where it is none, or might be two.

    1,000 may be a thousand or one, and nothing beside it in a single cell tells which.
    """
    text = str(typed).strip().replace("−", "-")
    comma = COMMA_NUMBER.fullmatch(text) is not None
    value = None if comma and THOUSANDS.fullmatch(text) else number(text, comma)
    return np.nan if value is None else value


def number_shown(value: float) -> str:
    """A number as its cell shows it, so that it can be typed again; nothing for NaN."""
    return "" if np.isnan(value) else f"{value:.4g}"


def normalised(name: str, values: FloatArray) -> tuple[FloatArray, str | None]:
    """`values` with every row divided by its sum, and one sentence if a row does not allow it."""
    fine = np.isfinite(values).all(axis=1) & (values >= 0).all(axis=1)
    totals = np.where(fine, np.where(fine[:, np.newaxis], values, 0.0).sum(axis=1), 1.0)
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


def taking(config: Config, name: str, values: FloatArray) -> dict[str, Any]:
    """Fields to change so that a table comes into force and the others stay as they are.

    A law may give more than one of them: π belongs to the transitions, and all of them to
    the notebook. What would change along with the edited table is therefore taken over too.
    """
    wanted = {**tables_of(true_model(config), config.family), name: values}
    changes = {"source": "generated", **_taken(name, values)}
    given = tables_of(true_model(replace(config, **changes)), config.family)
    for other in wanted:
        if not _same(given[other], wanted[other]):
            changes |= _taken(other, wanted[other])
    return changes


def leaving(config: Config, name: str, laws: Mapping[str, str]) -> dict[str, Any]:
    """Fields to change so that a law gives the table again: the one before it was edited."""
    law = LAW_OF.get(name)
    if law is None:
        return {name: None}
    return {law: laws.get(law, FIELD_OF[law].default), name: None}


def _taken(name: str, values: FloatArray) -> dict[str, Any]:
    law = LAW_OF.get(name)
    return {name: as_table(values)} | ({law: "edited"} if law else {})


def _same(one: FloatArray, other: FloatArray) -> bool:
    return np.array_equal(one, other, equal_nan=True)
