"""Edited tables: what they change, what they keep, and which errors are reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pages.ui.experiment.laws import true_model
from pages.ui.session.tables import (
    Drafts,
    is_edited,
    law_changes,
    normalised,
    number_shown,
    number_typed,
    table_changes,
    tables_of,
    with_edits,
)
from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import FIELD_OF, Config
from pages.ui.settings.config_rules import legal
from pages.ui.settings.families import FAMILIES
from pages.ui.settings.table_rules import table_problem

CONFIGS = {
    "sticky": Config(num_states=3),
    "left-right": Config(num_states=4, structure="left-right"),
    "cyclic": Config(num_states=4, structure="cyclic", mean_law="log"),
    "softmax": Config(num_states=5, structure="softmax", seed=9),
    "notebook": legal(Config(source="notebook"))[0],
    "one state": Config(num_states=1),
    "set aside": Config(num_states=3, structure="edited", transition_table=((1.0,),)),
    "counts": legal(Config(family="counts", num_states=3))[0],
    "symbols": legal(Config(family="symbols", num_states=3, num_symbols=4))[0],
    "product": legal(Config(family="product", num_states=3, kinds="ncs"))[0],
    "points": legal(Config(family="points", num_states=4, covariance_type="full"))[0],
}
EDITS = [
    pytest.param(config, table, id=f"{name}-{table}")
    for name, config in CONFIGS.items()
    for table in ("initial_table", "transition_table", FAMILIES[config.family].table)
]


def tables(config: Config) -> dict[str, np.ndarray]:
    return tables_of(true_model(config), config.family)


@pytest.mark.parametrize(("config", "name"), EDITS)
def test_an_edit_changes_its_own_table_and_no_other(config: Config, name: str) -> None:
    before = tables(config)
    moved = name in ("means_table", "rates_table", "points_table", "parts_table")
    values = before[name] + 0.5 if moved else before[name][:, ::-1]
    edited, notes = legal(replace(config, **table_changes(config, name, values)))
    assert all("set aside" in note for note in notes)
    after = tables(edited)
    np.testing.assert_array_equal(after[name], values)
    for other in set(before) - {name}:
        np.testing.assert_array_equal(after[other], before[other])
    assert is_edited(edited, name)
    # And the link holds it.
    assert from_query(to_query(edited)) == (edited, notes)


def test_structural_zeros_stay_exact() -> None:
    config = Config(num_states=4, structure="left-right")
    before = true_model(config).transition_matrix
    values = with_edits(before, {0: {"S1": 0.3, "S2": 0.6}})
    values, problem = normalised("transition_table", values)
    assert problem is None
    after = true_model(replace(config, **table_changes(config, "transition_table", values)))
    np.testing.assert_array_equal(after.transition_matrix == 0, before == 0)


def test_the_law_comes_back() -> None:
    config = Config(num_states=3, structure="cyclic", initial_table=((1.0, 0.0, 0.0),))
    back = replace(config, **law_changes(config, "initial_table", {}))
    np.testing.assert_allclose(true_model(back).initial_probs, 1 / 3, rtol=1e-12)
    edited = replace(config, **table_changes(config, "transition_table", np.eye(3)))
    back = replace(edited, **law_changes(edited, "transition_table", {"structure": "cyclic"}))
    assert back.structure == "cyclic"
    assert back.transition_table is None
    assert replace(edited, **law_changes(edited, "transition_table", {})).structure == "sticky"


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("transition_table", [[0.5, 0.5], [0.5, 0.6]], "Row S2 sums to 1.1; it must sum to 1."),
        ("transition_table", [[1.5, -0.5], [0.5, 0.5]], "Row S1 has a negative entry"),
        ("transition_table", [[0.5, np.nan], [0.5, 0.5]], "Row S1 has an empty"),
        ("initial_table", [[0.5, 0.4]], "Row π sums to 0.9"),
        ("means_table", [[np.nan, 1.0]], "Row μ has an empty"),
        ("means_table", [[1e7, 1.0]], "Means μ must lie between"),
        ("means_table", [[-4.0, 1.0]], None),
        ("rates_table", [[-4.0, 1.0]], "Rates λ must lie between 0 and 1e+06."),
        ("rates_table", [[0.0, 1e9]], "Rates λ must lie between"),
        ("rates_table", [[0.0, 2.5]], None),
        ("symbols_table", [[0.5, 0.5, 0.0], [0.5, 0.5, 0.5]], "Row S2 sums to 1.5"),
        (
            "symbols_table",
            [[0.5, np.nan, 0.0]],
            "Row S1 has an empty or non-numeric cell for 2;",
        ),
        ("symbols_table", [[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], None),
        (
            "points_table",
            [[0.0, 1.0], [np.inf, 2.0]],
            "Row x2 has an empty or non-numeric cell for S1",
        ),
        ("points_table", [[0.0, 1.0], [1e9, 2.0]], "Row x2 must lie between"),
        ("initial_table", [[0.25, 0.75]], None),
    ],
)
def test_one_sentence_says_what_is_wrong(name: str, values: list, said: str | None) -> None:
    problem = table_problem(FIELD_OF[name], np.array(values))
    assert problem is None if said is None else problem is not None and problem.startswith(said)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[2.0, 2.0], [0.0, 3.0]], None),
        ([[2.0, 2.0], [0.0, 0.0]], "Row S2 sums to 0, so it cannot be normalised."),
        ([[2.0, 2.0], [np.nan, 1.0]], "Row S2 has an empty"),
        ([[-1.0, 2.0], [1.0, 1.0]], "Row S1 has a negative entry"),
        ([[1e308, 1e308], [1.0, 1.0]], "Row S1 sums to inf"),
    ],
)
def test_normalising(values: list, said: str | None) -> None:
    with np.errstate(over="ignore"):
        result, problem = normalised("transition_table", np.array(values))
    if said is None:
        assert problem is None
        np.testing.assert_allclose(result.sum(axis=1), 1.0, rtol=1e-12)
    else:
        assert problem is not None
        assert problem.startswith(said)


def test_symbol_probabilities_are_normalised_row_by_row() -> None:
    result, problem = normalised("symbols_table", np.array([[1.0, 2.0, 1.0], [5.0, 0.0, 0.0]]))
    assert problem is None
    np.testing.assert_array_equal(result, [[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]])


def test_edits_of_symbol_probabilities_name_their_columns_by_symbol() -> None:
    values = with_edits(np.zeros((2, 3)), {1: {"3": 0.5}})
    np.testing.assert_array_equal(values, [[0, 0, 0], [0, 0, 0.5]])


def test_edits_of_cells() -> None:
    base = np.eye(2)
    values = with_edits(base, {0: {"S2": 0.25}, 1: {"S1": None, "S2": "x"}})
    np.testing.assert_array_equal(values, [[1.0, 0.25], [np.nan, np.nan]])
    np.testing.assert_array_equal(base, np.eye(2))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0.5", 0.5), ("0,5", 0.5), (" -3 ", -3.0), ("−3", -3.0), ("1e6", 1e6), ("2,5e-3", 0.0025),
        ("1,000", np.nan), ("0,500", np.nan), ("12,345", np.nan), ("1,2,3", np.nan),
        ("1,000.5", 1000.5), ("1.000,5", 1000.5),
        ("0,1234", 0.1234), ("1,000,000", 1e6), ("1_0", np.nan), ("", np.nan), ("x", np.nan),
        (None, np.nan), (0.25, 0.25),
    ],
)  # fmt: skip
def test_typed_numbers_are_read_unless_they_are_ambiguous(typed, number) -> None:
    values = with_edits(np.ones((1, 2)), {0: {"S2": typed}})
    np.testing.assert_array_equal(values, [[1.0, number]])


def test_what_a_cell_shows_can_be_typed_again() -> None:
    for value in (0.0, 1.0, -7.25, 1e-9, 12345678.0, 0.1 + 0.2):
        assert number_typed(number_shown(value)) == pytest.approx(value, rel=1e-3)
    assert number_shown(np.nan) == ""


def test_a_draft_lasts_until_the_table_changes_elsewhere() -> None:
    drafts = Drafts()
    law = np.full((2, 2), 0.5)
    draft = drafts.follow("transition_table", law)
    draft.values = with_edits(law, {0: {"S1": 0.9}})
    # Unfinished: the draft survives reruns, and the editor keeps its edits.
    assert drafts.follow("transition_table", law) is draft
    # Valid and in force after the edit of another cell: the editor continues.
    draft.values = np.array([[0.9, 0.1], [0.5, 0.5]])
    assert drafts.follow("transition_table", draft.values.copy()) is draft
    # Changed elsewhere: a new draft.
    other = drafts.follow("transition_table", np.eye(2))
    assert other.generation == draft.generation + 1
    np.testing.assert_array_equal(other.values, np.eye(2))
    # Another number of states.
    assert drafts.follow("transition_table", np.eye(3)).values.shape == (3, 3)
