"""An observed quantity in figures: its axis, and its values as text."""

from __future__ import annotations

import numpy as np

from pages.ui.figures.observed_variable import ObservedVariable


def test_an_axis_has_no_more_names_than_fit() -> None:
    variable = ObservedVariable("s", "symbol", tuple(f"symbol {n}" for n in range(20)))
    axis = variable.axis(room=6, most=10)
    assert len(axis["tickvals"]) == len(axis["ticktext"]) == 10
    assert axis["ticktext"][0] == "symbo…"
    assert variable.title == "symbol s"
    assert ObservedVariable("count", "count").title == "count"
    assert variable.value_texts(np.array([3.0, np.nan])) == ["symbol 3", "missing"]
    assert ObservedVariable("x", "count").value_texts(np.array([12.0])) == ["12"]
    assert ObservedVariable().value_texts(np.array([-0.51234, np.nan])) == ["−0.5123", "missing"]
    assert ObservedVariable("x", "count").value_texts(np.array([np.nan])) == ["missing"]
