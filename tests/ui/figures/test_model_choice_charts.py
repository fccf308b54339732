"""Charts of the Models page show what they are given, for any number of optima and of states."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures import model_choice_charts, theme

COLOURS = theme.LIGHT


def of_starts(optimum, ends=None, methods=("EM",), curves=True):
    count = len(optimum)
    ends = np.linspace(-2.0, -1.0, count) if ends is None else np.asarray(ends)
    each = count // len(methods)
    paths = {
        (method, number): np.linspace(-3.0, ends[m * each + number], 40)
        for m, method in enumerate(methods)
        for number in range(each)
    }
    names = [f"{method} from start {n}" for method in methods for n in range(each)]
    return model_choice_charts.starts_figure(
        paths if curves else {}, ends, np.array(optimum), names, "r", COLOURS
    )


def test_each_optimum_has_its_own_colour_and_symbol_in_the_strip_and_the_curves():
    figure = of_starts([1, 0, 0, 2, -1, 9])
    *lines, strip = figure.data
    assert len(lines) == 6
    marks = list(zip(strip.marker.color, strip.marker.symbol, strict=True))
    assert marks[1] == marks[2] == (theme.state_colour(0), theme.state_symbol(0))
    assert len(set(marks)) == 5
    # The best lie on top.
    assert lines[-1].line.color == theme.state_colour(0)
    np.testing.assert_array_equal(strip.y, np.linspace(-2.0, -1.0, 6))
    np.testing.assert_allclose(lines[-1].y[-1], strip.y[2], rtol=1e-15)


def test_both_methods_differ_by_their_dashes():
    figure = of_starts([0, 0, 1, 1], methods=("EM", "Gradient"))
    dashes = {line.line.dash for line in figure.data[:-1]}
    assert dashes == {theme.RUN_DASHES["EM"], theme.RUN_DASHES["Gradient"]}


def test_long_curves_are_thinned_and_keep_their_ends():
    figure = model_choice_charts.starts_figure(
        {("EM", 0): np.arange(5000.0)}, np.array([4999.0]), np.array([0]), ["EM"], "r", COLOURS
    )
    line = figure.data[0]
    assert len(line.x) <= model_choice_charts.MOST_POINTS
    assert (line.x[0], line.x[-1], line.y[-1]) == (0, 4999, 4999.0)


@pytest.mark.parametrize("ends", [[np.nan, np.nan], [-1.0, -1.0], [-1e9, 1e9], [np.nan, 3.0]])
def test_any_ends_can_be_drawn(ends):
    figure = of_starts([-1, -1], ends, curves=False)
    low, high = figure.layout.yaxis.range
    assert np.isfinite([low, high]).all()
    assert low < high
    figure.to_json()


def test_criteria_are_drawn_as_distances_from_the_best_which_stands_at_the_bottom():
    figure = model_choice_charts.states_figure(
        [1, 2, 3], np.array([-3.0, -2.0, -1.9]), np.array([-3.1, -np.inf, -2.2]),
        {"aic": np.array([30.0, 20.0, 21.0]), "aicc": np.array([30.0, np.inf, np.inf]),
         "bic": np.full(3, np.nan)}, "r", COLOURS,
    )  # fmt: skip
    by_name = {trace.name: trace for trace in figure.data}
    assert set(by_name) == {"fitted", "held out", "AIC", "AICc", "too close to decide"}
    np.testing.assert_array_equal(by_name["AIC"].customdata, [10.0, 0.0, 1.0])
    np.testing.assert_array_equal(by_name["AIC"].y, [10.0, model_choice_charts.LOWEST, 1.0])
    assert list(by_name["AIC"].marker.size) == [7, 14, 7]
    np.testing.assert_array_equal(by_name["AICc"].customdata, [0.0, np.nan, np.nan])
    np.testing.assert_array_equal(by_name["held out"].y, [-3.1, np.nan, -2.2])
    assert figure.layout.yaxis2.type == "log"
    marks = {(t.line.color, t.marker.symbol, t.line.dash) for t in figure.data[:-1]}
    assert len(marks) == 4


def test_criteria_have_different_colours_symbols_and_dashes():
    chosen = model_choice_charts.CRITERIA.values()
    assert len({place for _, place, _ in chosen}) == len({dash for *_, dash in chosen}) == 4
