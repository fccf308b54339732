"""The chart of families and constraints shows what it is given, a row for each."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures import theme, variant_charts
from pages.ui.figures.model_choice_charts import LOWEST


def test_every_variant_has_a_row_and_the_best_of_each_criterion_stands_out():
    figure = variant_charts.variants_figure(
        ["Free", "Tied"], np.array([-1.0, -1.1]), np.array([-np.inf, -1.2]),
        {"aic": np.array([30.0, 20.0]), "bic": np.array([20.0, 21.0]),
         "icl": np.array([np.nan, np.inf])}, "r", theme.LIGHT,
    )  # fmt: skip
    by_name = {trace.name: trace for trace in figure.data}
    assert set(by_name) == {"fitted", "held out", "AIC", "BIC", "too close to decide"}
    assert list(figure.layout.yaxis.ticktext) == ["Free", "Tied"]
    # The first is at the top.
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    np.testing.assert_array_equal(by_name["held out"].x, [np.nan, -1.2])
    np.testing.assert_array_equal(by_name["AIC"].x, [10.0, LOWEST])
    assert list(by_name["AIC"].marker.size) == [7, 13]
    assert list(by_name["BIC"].text) == ["0.0", "1.0"]
    assert figure.layout.xaxis2.type == "log"
    # Points of one row do not cover each other.
    assert (by_name["AIC"].y != by_name["BIC"].y).all()
    marks = {(t.marker.color, t.marker.symbol) for t in figure.data[:-1]}
    assert len(marks) == 4


@pytest.mark.parametrize("count", [1, 9])
def test_any_number_of_them_can_be_drawn_without_held_out_data(count):
    figure = variant_charts.variants_figure(
        [f"V{n}" for n in range(count)], np.full(count, np.nan), None,
        {"aic": np.full(count, np.nan)}, "r", theme.DARK,
    )  # fmt: skip
    assert "held out" not in {trace.name for trace in figure.data}
    assert figure.layout.height == variant_charts.AROUND + count * variant_charts.ROW
    figure.to_json()
