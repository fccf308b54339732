"""Charts of residuals, forecasts, simulations and coverage show what they are given."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures import (
    coverage_charts,
    forecast_charts,
    residual_charts,
    simulation_charts,
    theme,
)
from pages.ui.figures.observed_variable import PLAIN, ObservedVariable
from pages.ui.figures.time_scale import TimeScale

COLOURS = theme.LIGHT
MONTHS = np.datetime64("2024-01", "M") + np.arange(6)


def test_far_residuals_differ_by_colour_and_symbol_and_gaps_have_no_point():
    residuals = np.array([0.5, np.nan, -3.5, 2.0])
    figure = residual_charts.residuals_figure(
        residuals, ["a", "b", "<c>", "d"], COLOURS, revision="r", scale=TimeScale(4)
    )
    band, _, points = figure.data
    assert list(points.x) == [1, 3, 4]
    assert list(points.marker.symbol) == ["circle", "diamond", "circle"]
    assert len(set(points.marker.color)) == 2
    assert points.customdata[1] == "&lt;c&gt;"
    assert max(band.y) == residual_charts.USUAL
    assert figure.layout.yaxis.range[0] < -3.5


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_quantiles_keep_both_ends_and_any_number_can_be_drawn(count):
    ordered = np.sort(np.random.default_rng(0).normal(size=count))
    figure = residual_charts.quantiles_figure(
        ordered, ordered, ordered - 0.1, ordered + 0.1, COLOURS, revision="r"
    )
    points = figure.data[-1]
    assert len(points.x) <= residual_charts.MOST_QUANTILES
    if count:
        assert (points.y[0], points.y[-1]) == (ordered[0], ordered[-1])
    assert set(points.marker.symbol) <= {"circle"}


@pytest.mark.parametrize("values", [[], [0.5, -0.01], [np.nan, 0.0]])
def test_autocorrelations_beyond_their_bound_are_marked(values):
    values = np.array(values)
    figure = residual_charts.autocorrelation_figure(
        np.arange(1, len(values) + 1), values, np.full(len(values), 0.1), COLOURS, revision="r"
    )
    marks = figure.data[-1].marker.symbol
    assert list(marks) == ["diamond" if abs(v) > 0.1 else "circle" for v in values]
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_a_forecast_begins_where_the_data_end_along_their_dates():
    scale = TimeScale(4, MONTHS[:4].astype("datetime64[ns]")).after(
        1, MONTHS[4:].astype("datetime64[ns]")
    )
    figure = forecast_charts.forecast_figure(
        np.array([1.0, np.nan, 3.0]), np.full((5, 2), 0.5), np.array([2.0, 2.5]),
        np.array([0.0, 0.5]), np.array([4.0, 4.5]), None, PLAIN, COLOURS, level="95 %",
        revision="r", scale=scale,
    )  # fmt: skip
    area, line, seen, states = figure.data
    assert list(line.x) == ["2024-05-01", "2024-06-01"]
    assert list(area.y) == [0.0, 0.5, 4.5, 4.0]
    assert list(seen.x) == ["2024-02-01", "2024-04-01"]
    assert states.z.shape == (2, 5)
    assert list(states.customdata[0]) == ["filtered"] * 3 + ["foretold"] * 2
    assert "2024-04-01" < figure.layout.shapes[0].x0 < "2024-05-01"


def test_a_forecast_of_one_step_and_one_of_symbols_are_drawn():
    one = forecast_charts.forecast_figure(
        np.array([1.0]), np.ones((2, 1)), *(np.array([x]) for x in (2.0, 1.0, 3.5)), None, PLAIN,
        COLOURS, level="95 %", revision="r", scale=TimeScale(1).after(0, 1),
    )  # fmt: skip
    assert (one.data[0].error_y.array[0], one.data[0].error_y.arrayminus[0]) == (1.5, 1.0)
    symbols = forecast_charts.forecast_figure(
        np.array([0.0, 1.0]), np.ones((5, 1)), None, None, None, np.full((3, 2), 0.5),
        ObservedVariable("x", "symbol", ("<sun>", "rain")), COLOURS, level="95 %", revision="r",
        scale=TimeScale(2).after(0, 3),
    )  # fmt: skip
    assert symbols.data[0].z.shape == (2, 3)
    assert list(symbols.data[0].x) == [3, 4, 5]
    assert symbols.data[0].text[0][0] == "&lt;sun&gt;"


@pytest.mark.parametrize("count", [1, 5, 5000])
def test_missed_forecasts_are_marked_however_many_there_are(count):
    observed, inside = np.zeros(count), np.ones(count, dtype=bool)
    observed[-1], inside[-1] = 9.0, False
    figure = forecast_charts.backtest_figure(
        observed, np.full(count, -1.0), np.ones(count), inside, PLAIN, COLOURS, level="95 %",
        revision="r", scale=TimeScale(count).after(0),
    )  # fmt: skip
    outside = figure.data[2]
    assert (list(outside.x), list(outside.y)) == ([count], [9.0])
    assert len(figure.data[1].x) < 5000 or count < 5000
    right = forecast_charts.symbol_backtest_figure(
        np.full(count, 0.5), inside, ["a"] * count, COLOURS, revision="r", scale=TimeScale(count)
    )
    assert len(right.data[1].x) == 1


def test_what_simulated_data_do_not_have_is_marked():
    figure = simulation_charts.simulation_figure(
        np.arange(3.0), np.array([0.5, 2.0, np.nan]), np.array([0.0, 0.0, np.nan]),
        np.array([0.4, 0.5, np.nan]), np.array([1.0, 1.0, np.nan]), {"title": "x"}, "share",
        ["a", "b", "c"], COLOURS, revision="r", width=np.array([1.0, 1.0, 1.0]),
    )  # fmt: skip
    band, _, observed, outside = figure.data
    assert list(observed.x) == [0.0]
    assert (list(outside.x), list(outside.text)) == ([1.0], ["b"])
    assert max(band.x) == 1.5


def test_each_number_and_all_together_stand_by_the_level():
    figure = coverage_charts.coverage_figure(
        ["μ", "A"], np.array([0.9, 1.0]), np.array([0.02, 0.01]),
        [np.array([0.88, 0.92]), np.array([np.nan, 1.0])], [["a", "b"], ["c", "<d>"]], 0.95, "r",
        COLOURS,
    )  # fmt: skip
    level, points, together = figure.data
    assert set(level.x) == {0.95}
    assert list(points.x) == [0.88, 0.92, 1.0]
    assert points.customdata[2] == "&lt;d&gt;"
    assert list(together.error_x.array) == [0.04, 0.02]
    assert figure.layout.xaxis.range[0] < 0.86
