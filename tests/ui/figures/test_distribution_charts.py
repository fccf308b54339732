"""Charts of the distribution of observations, for each kind of observation."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, Poisson, Sequences, sample
from hmmcore.simulation import sticky_structure
from pages.ui.experiment.dataset import Dataset
from pages.ui.figures import charts_data, distribution_charts, scales, theme, time_charts
from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.live.emission_view import count_probabilities, counts_grid

COUNT = ObservedVariable("x", "count")
FACES = ObservedVariable(
    "<i>face</i>", "symbol", ("one", "<b>", "three & four", "a very long name of a face")
)


def counts_data(rates: list[float]) -> Dataset:
    truth = HMM(*sticky_structure(len(rates), 0.5), Poisson(rates))
    found = sample(truth, 2, 300, np.random.default_rng(0))
    return Dataset(found.sequences, truth, found.states, "x", "counts")


@pytest.mark.parametrize("rates", [[1.0, 9.0], [3.0], [0.0, 5.0], [10.0, 9000.0]])
def test_probabilities_of_counts_sum_to_the_shares_of_their_states(rates: list[float]) -> None:
    data = counts_data(rates)
    edges, _ = scales.count_histogram(data.sequences.observations[:, 0])
    grid = counts_grid(data, edges)
    shares = np.full(len(rates), 1.0 / len(rates))
    each = count_probabilities(data.truth, grid, np.ones(len(rates)))
    figure = distribution_charts.counts_figure(
        data.sequences.observations[:, 0],
        COUNT,
        "r",
        theme.LIGHT,
        (grid, each, np.array(rates), shares),
    )
    bars = figure.data[0]
    np.testing.assert_allclose((np.asarray(bars.y) * bars.width).sum(), 1.0, rtol=1e-12)
    curves = [trace for trace in figure.data[1:] if trace.name and trace.name.startswith("S")]
    assert [trace.line.color for trace in curves] == [
        theme.state_colour(k) for k in range(len(rates))
    ]
    if rates[-1] < 100:
        for trace, share in zip(curves, shares, strict=True):
            # All but the tail beyond the largest count of the data.
            assert 0.99 * share < np.sum(trace.y) <= share * (1 + 1e-12)
    assert figure.layout.yaxis.range[0] == 0
    assert figure.layout.yaxis.range[1] > max(np.max(trace.y) for trace in (bars, *curves))


def test_expected_shares_of_symbols_are_stacked_by_state() -> None:
    probs = np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.5, 0.5], [0.25] * 4])
    made = np.array([0.5, 0.5, 0.0])
    shares = np.array([0.35, 0.05, 0.3, 0.3])
    figure = distribution_charts.symbols_figure(shares, FACES, "r", theme.LIGHT, (probs, made))
    observed, *parts = figure.data
    np.testing.assert_array_equal(observed.y, shares)
    assert [part.name for part in parts] == ["S1", "S2"], "a state that made nothing has no bars"
    np.testing.assert_allclose(
        np.array(parts[1].base, float), np.array(parts[0].y, float), rtol=1e-15
    )
    np.testing.assert_allclose(
        np.array(parts[0].y, float) + np.array(parts[1].y, float),
        made @ probs,
        rtol=1e-14,
        atol=1e-16,
    )
    assert list(observed.customdata[:3]) == ["one", "&lt;b&gt;", "three &amp; four"]
    assert all("<b>" not in tick for tick in figure.layout.xaxis.ticktext)
    assert all(len(tick) <= 20 for tick in figure.layout.xaxis.ticktext)
    assert (
        distribution_charts.symbols_figure(shares, FACES, "r", theme.LIGHT).layout.height
        == figure.layout.height
    )


def test_points_wear_the_colour_of_their_state_and_lie_in_its_ellipse() -> None:
    means = np.array([[0.0, 0.0], [10.0, 10.0]])
    truth = HMM(*sticky_structure(2, 0.5), Gaussian(means, np.ones((2, 2))))
    found = sample(truth, 1, 5000, np.random.default_rng(0))
    points = found.sequences.observations
    covariances = scales.covariance_matrices(truth.emissions)
    variables = (ObservedVariable("u"), ObservedVariable("<v>"))
    figure = distribution_charts.points_figure(
        points,
        found.states,
        variables,
        "r",
        theme.LIGHT,
        (means, covariances),
    )
    clouds, outlines = figure.data[:2], figure.data[2:]
    assert sum(len(cloud.x) for cloud in clouds) <= distribution_charts.MAX_POINTS
    for state, (cloud, outline) in enumerate(zip(clouds, outlines, strict=True)):
        assert cloud.marker.color == outline.line.color == theme.state_colour(state)
        away = np.column_stack([cloud.x, cloud.y]) - means[state]
        inside = (np.linalg.norm(away, axis=1) < scales.ELLIPSE_RADIUS).mean()
        # 1 - exp(-2) within five standard errors of about a thousand draws.
        np.testing.assert_allclose(inside, 1 - np.exp(-2), rtol=0, atol=0.06)
    assert figure.layout.yaxis.title.text == "observation &lt;v&gt;"
    (alone,) = distribution_charts.points_figure(points, None, variables, "r", theme.LIGHT).data
    assert alone.name == "data"


@pytest.mark.parametrize("num_states", [1, 3])
def test_covariances_of_every_type_are_the_same_matrices(num_states: int) -> None:
    variances = np.arange(1.0, 1.0 + 3 * num_states).reshape(num_states, 3)
    means = np.zeros((num_states, 3))
    diagonal = scales.covariance_matrices(Gaussian(means, variances))
    full = scales.covariance_matrices(Gaussian(means, diagonal, "full"))
    np.testing.assert_allclose(diagonal, full, rtol=1e-15)
    np.testing.assert_allclose(
        scales.covariance_matrices(Gaussian(means, variances), [2, 0])[:, [0, 1], [0, 1]],
        variances[:, [2, 0]],
        rtol=1e-15,
    )


def test_shares_of_symbols_count_those_that_never_occur() -> None:
    data = Dataset(Sequences([0.0, 2.0, 2.0, 2.0]), None, None, "x", "symbols", ("a", "b", "c"))
    np.testing.assert_array_equal(data.symbol_shares(), [0.25, 0.0, 0.75])


# Observations along time


@pytest.mark.parametrize("variable", [ObservedVariable(), COUNT, FACES])
@pytest.mark.parametrize("length", [1, 50, 5000])
def test_figures_along_time_speak_of_every_kind(variable: ObservedVariable, length: int) -> None:
    values = np.arange(float(length)) % 4
    states = (values > 1).astype(np.int64)
    one = charts_data.sequence_figure(values, states, variable, "r", theme.LIGHT)
    several = charts_data.overview_figure(
        [values, values[:1]], [states, states[:1]], variable, "r", theme.LIGHT
    )
    for figure in (one, several):
        points = [trace for trace in figure.data if trace.mode == "markers"]
        texts = {text for trace in points for text in trace.customdata}
        expected = {"one", "&lt;b&gt;", "three &amp; four", "a very long name of a f…"}
        assert texts <= (expected if variable is FACES else {"0", "1", "2", "3"})
        assert all("%{customdata}" in trace.hovertemplate for trace in points)
    rows = [trace for trace in several.data if trace.mode == "markers"]
    assert len(rows) == 2
    for trace in rows:
        shown = states[np.asarray(trace.x) - theme.FIRST_TIME]
        assert 0 < len(shown) <= charts_data.OVERVIEW_POINTS
        assert list(trace.text) == [theme.state_name(k) for k in shown]
        colours = trace.marker
        np.testing.assert_array_equal(colours.color, shown + 1)
        assert (colours.cmin, colours.cmax) == (0.5, shown.max() + 1.5)
        expected = theme.state_scale(shown.max() + 1)
        assert [list(step) for step in colours.colorscale] == expected
        assert list(trace.marker.symbol) == [theme.state_symbol(k) for k in shown]
    assert one.layout.yaxis.title.text == variable.title
    if variable is FACES:
        assert one.layout.yaxis.range == (-0.6, 3.6)
        assert one.layout.yaxis.ticktext[0] == "one"


def test_names_of_neighbouring_states_stand_above_each_other() -> None:
    places, heights = np.array([1.2, 0.0, 1.0, 1.1, 9.0]), np.array([0.3, 0.3, 0.34, 0.25, 0.3])
    found = distribution_charts.names_apart(places, heights, 10.0, 1.0)
    # The leftmost name keeps its height; each one to its right is clear of all names before it.
    np.testing.assert_allclose(found, [0.42, 0.3, 0.34, 0.25, 0.3], rtol=1e-12)
    close = np.abs(places[:, np.newaxis] - places) < 0.7
    clear = np.abs(found[:, np.newaxis] - found) >= 0.08 - 1e-12
    assert (clear | ~close | np.eye(5, dtype=bool)).all()


def test_a_histogram_has_room_for_names_that_stand_above_each_other() -> None:
    means = np.linspace(0.0, 0.1, 8)
    figure = distribution_charts.histogram_figure(
        np.linspace(-3.0, 3.0, 50),
        COUNT,
        "r",
        theme.LIGHT,
        (means, np.ones(8), np.full(8, 1 / 8)),
    )
    (names,) = figure.select_traces({"type": "scatter", "mode": "text"})
    heights = np.sort(np.asarray(names.y))
    assert (np.diff(heights) > 0).all()
    assert heights[-1] < figure.layout.yaxis.range[1]


def test_missing_observations_are_in_no_bar() -> None:
    values = np.array([0.0, 1.0, np.nan, 2.0, np.nan, 1.0])
    finite = values[np.isfinite(values)]
    for variable, draw in (
        (ObservedVariable(), distribution_charts.histogram_figure),
        (ObservedVariable("n", "count"), distribution_charts.counts_figure),
    ):
        with_gaps, without = (
            draw(values, variable, "r", theme.LIGHT),
            draw(finite, variable, "r", theme.LIGHT),
        )
        assert with_gaps == without
    data = Dataset(Sequences(values), family="symbols", labels=("a", "b", "c"))
    np.testing.assert_array_equal(data.symbol_shares(), [0.25, 0.5, 0.25])


def test_points_that_lack_a_coordinate_are_not_drawn() -> None:
    points = np.array([[0.0, 1.0], [np.nan, 2.0], [3.0, np.nan], [np.nan, np.nan], [4.0, 5.0]])
    figure = distribution_charts.points_figure(
        points,
        None,
        (ObservedVariable("u"), ObservedVariable("v")),
        "r",
        theme.LIGHT,
    )
    (trace,) = figure.data
    assert (list(trace.x), list(trace.y)) == ([0.0, 4.0], [1.0, 5.0])


def test_a_line_is_broken_at_a_gap_and_a_lone_value_is_a_point() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0, np.nan, np.nan, 4.0, 5.0])
    line, point = charts_data.sequence_figure(
        values, None, ObservedVariable(), "r", theme.LIGHT
    ).data
    assert line.mode == "lines"
    assert not line.connectgaps
    np.testing.assert_array_equal(line.x, np.arange(8) + theme.FIRST_TIME)
    np.testing.assert_array_equal(line.y, values)
    assert (point.mode, list(point.x), list(point.y)) == ("markers", [3 + theme.FIRST_TIME], [3.0])
    assert list(point.customdata) == ["3"]


def test_sequences_without_any_value_have_an_empty_place() -> None:
    nothing = np.full(4, np.nan)
    for variable in (ObservedVariable(), ObservedVariable("n", "count"), FACES):
        several = charts_data.overview_figure([nothing, nothing], None, variable, "r", theme.LIGHT)
        assert [list(trace.x) for trace in several.data] == [[1, 2, 3, 4]] * 2
        one = charts_data.sequence_figure(nothing, None, variable, "r", theme.LIGHT)
        assert np.isnan(one.data[0].y).all()


def test_paths_go_on_over_a_gap_that_has_no_point() -> None:
    values = np.array([0.0, np.nan, 1.0, np.nan])
    states = np.array([0, 0, 1, 1])
    figure = time_charts.paths_figure(values, states, states, 2, colours=theme.LIGHT, revision="r")
    points = list(figure.select_traces({"type": "scatter", "mode": "markers"}))
    assert [list(trace.x) for trace in points] == [[1], [3]]
    strips = next(trace for trace in figure.data if trace.type == "heatmap")
    np.testing.assert_array_equal(np.asarray(strips.z, dtype=float)[0], states + 1)
