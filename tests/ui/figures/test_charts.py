"""Charts are pure functions of data: what they are given is what they show, on fixed scales."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from pages.ui.figures import charts, theme, time_axis, time_charts
from pages.ui.figures.observed_variable import ObservedVariable


def make_probs(length: int, num_states: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(num_states), size=length)


def make_path(length: int, num_states: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(num_states, size=length)


def posterior(length: int, num_states: int, truth: bool = True) -> go.Figure:
    entropy = np.linspace(0.0, np.log2(num_states), length)
    truth_arguments = {
        "true_states": make_path(length, num_states),
        "true_model_probs": make_probs(length, num_states, 1),
        "true_model_entropy": entropy[::-1],
    }
    return time_charts.posterior_figure(make_probs(length, num_states), entropy, kind="smoothed",
        colours=theme.LIGHT, revision="r", **(truth_arguments if truth else {}),
    )  # fmt: skip


def paths(length: int, num_states: int, truth: bool = True) -> go.Figure:
    return time_charts.paths_figure(
        np.random.default_rng(3).normal(size=length),
        make_path(length, num_states, 1),
        make_path(length, num_states, 2),
        num_states,
        colours=theme.LIGHT,
        revision="r",
        true_states=make_path(length, num_states, 0) if truth else None,
    )


def drawn(figure: go.Figure) -> list[go.Heatmap | go.Scatter]:
    """The traces of a figure without the names of states in its strips."""
    return [trace for trace in figure.data if trace.meta is None]


def axis_of(figure: go.Figure, trace: go.Heatmap | go.Scatter) -> go.layout.YAxis:
    return figure.layout[(trace.yaxis or "y").replace("y", "yaxis")]


# --- posterior ------------------------------------------------------------------------------------


def test_posterior_shows_the_probabilities_it_was_given() -> None:
    figure = posterior(50, 4)
    strip, learned, true = drawn(figure)[:3]
    np.testing.assert_allclose(learned.z, make_probs(50, 4).T, rtol=1e-6, atol=0)
    np.testing.assert_allclose(true.z, make_probs(50, 4, 1).T, rtol=1e-6, atol=0)
    np.testing.assert_array_equal(strip.z, make_path(50, 4)[None, :] + 1)
    assert list(strip.y) == ["true path"]
    for trace in (strip, learned, true):
        assert (trace.x0, trace.dx) == (theme.FIRST_TIME, 1)


def test_entropy_stands_below_on_the_same_time_axis() -> None:
    figure = posterior(50, 4)
    learned, true = drawn(figure)[3:]
    np.testing.assert_allclose(learned.y, np.linspace(0, 2, 50), rtol=1e-6, atol=0)
    np.testing.assert_allclose(true.y, np.linspace(2, 0, 50), rtol=1e-6, atol=0)
    axis = axis_of(figure, learned)
    assert axis.range[0] == 0
    assert axis.tickvals[-1] == np.log2(4)
    assert "bits" in axis.title.text
    time_axes = [figure.layout[name] for name in ("xaxis", "xaxis2", "xaxis3", "xaxis4")]
    assert {tuple(axis.range) for axis in time_axes} == {(0.5, 50.5)}
    assert all(axis.matches == "x4" for axis in time_axes[:3])
    assert time_axes[3].title.text == "time t (steps)"


def test_posterior_scales_stand_still() -> None:
    for figure in (posterior(50, 4), posterior(3000, 20), posterior(50, 4, truth=False)):
        scale = figure.layout.coloraxis
        assert (scale.cmin, scale.cmax) == (0, 1)
        assert [colour for _, colour in scale.colorscale] == list(theme.POSTERIOR_COLOUR_SCALE)
        assert figure.layout.uirevision == "r"


def test_posterior_without_truth_has_one_heat_map_and_one_curve() -> None:
    figure = posterior(50, 4, truth=False)
    assert [trace.type for trace in figure.data] == ["heatmap", "scatter"]


@pytest.mark.parametrize("length", [1, 2, 200])
@pytest.mark.parametrize("num_states", [1, 2, 20])
def test_every_size_can_be_drawn(length: int, num_states: int) -> None:
    path = make_path(length, num_states)
    figures = [
        posterior(length, num_states),
        posterior(length, num_states, truth=False),
        paths(length, num_states),
        paths(length, num_states, truth=False),
        time_charts.tied_paths_figure(path[None, :], num_states, colours=theme.LIGHT, revision="r"),
        charts.transition_counts_figure(
            np.ones((num_states, num_states)),
            np.ones(num_states),
            "r",
            theme.LIGHT,
        ),
        charts.confusion_figure(np.ones((num_states, num_states), dtype=int), "r", theme.LIGHT),
        charts.confusion_figure(np.ones((num_states + 2, num_states), dtype=int), "r", theme.LIGHT),
    ]
    for figure in figures:
        assert 0 < figure.layout.height < 1200
        assert figure.layout.uirevision == "r"


def test_entropy_of_one_state_has_an_axis_too() -> None:
    figure = posterior(10, 1, truth=False)
    assert axis_of(figure, figure.data[1]).range[1] > 0
    np.testing.assert_array_equal(figure.data[1].y, np.zeros(10))


def test_undefined_probabilities_leave_gaps() -> None:
    probs = make_probs(20, 3)
    probs[10:] = np.nan
    entropy = np.where(np.arange(20) < 10, 1.0, np.nan)
    figure = time_charts.posterior_figure(
        probs, entropy, kind="filtered", colours=theme.LIGHT, revision="r"
    )
    np.testing.assert_array_equal(np.isnan(figure.data[0].z), np.isnan(probs.T))
    np.testing.assert_array_equal(np.isnan(figure.data[1].y), np.isnan(entropy))


# --- decimation -----------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [1200, 1201, 2400, 99_999, 100_000])
def test_no_more_columns_than_pixels(length: int) -> None:
    figure = posterior(length, 3)
    for trace in drawn(figure):
        columns = len(trace.y) if trace.type == "scatter" else np.shape(trace.z)[1]
        assert columns <= time_axis.MAX_COLUMNS
        # The first column lies over the first steps and the last one ends at the last or later.
        assert trace.x0 - trace.dx / 2 == 0.5
        assert trace.x0 + (columns - 0.5) * trace.dx >= length
    assert (time_axis.decimation_note(length) is None) == (length <= 1200)
    shown = sum(len(t.x) for t in drawn(paths(length, 3)) if t.type == "scatter")
    assert shown <= time_axis.MAX_POINTS


def test_columns_are_means_and_majorities() -> None:
    probs = make_probs(2400, 2)
    entropy = np.arange(2400.0)
    states = np.array([0, 0, 1, 1] * 600)
    figure = time_charts.posterior_figure(
        probs,
        entropy,
        kind="smoothed",
        colours=theme.LIGHT,
        revision="r",
        true_states=states,
    )
    strip, heat, curve = drawn(figure)
    np.testing.assert_allclose(heat.z, probs.reshape(1200, 2, 2).mean(axis=1).T, rtol=1e-6, atol=0)
    np.testing.assert_allclose(curve.y, np.arange(1200) * 2 + 0.5, rtol=1e-6, atol=0)
    np.testing.assert_array_equal(strip.z[0], np.array([1, 2] * 600))


def test_the_note_says_how_many_steps_a_column_has() -> None:
    note = time_axis.decimation_note(100_000)
    assert note is not None
    assert "100\u202f000 steps" in note
    assert "1\u202f191 columns of 84 steps" in note
    assert "least and the greatest" not in note
    assert "least and the greatest" in (time_axis.decimation_note(100_000, observations=True) or "")


# --- paths ----------------------------------------------------------------------------------------


def test_paths_and_differences_are_those_given() -> None:
    figure = paths(60, 4)
    strips, marks = (trace for trace in figure.data if trace.type == "heatmap")
    true, best, per_step = (make_path(60, 4, seed) for seed in (0, 1, 2))
    assert list(strips.y) == ["true path", "Viterbi path", "per-step best"]
    np.testing.assert_array_equal(strips.z, np.array([true, best, per_step]) + 1)
    assert (strips.zmin, strips.zmax) == (0.5, 4.5)
    assert list(marks.y) == ["Viterbi ≠ truth", "Viterbi ≠ per-step"]
    np.testing.assert_array_equal(marks.z, np.array([best != true, best != per_step]))
    assert (marks.zmin, marks.zmax) == (0, 1)


def test_observations_have_the_looks_of_their_viterbi_state() -> None:
    figure = paths(60, 12)
    observations, path = np.random.default_rng(3).normal(size=60), make_path(60, 12, 1)
    points = [trace for trace in drawn(figure) if trace.type == "scatter"]
    assert [trace.name for trace in points] == [theme.state_name(k) for k in range(12)]
    for state, trace in enumerate(points):
        times = np.flatnonzero(path == state)
        np.testing.assert_array_equal(trace.x, times + theme.FIRST_TIME)
        np.testing.assert_array_equal(trace.y, observations[times])
        assert trace.marker.color == theme.state_colour(state)
        assert trace.marker.symbol == theme.state_symbol(state)


def test_a_state_without_observations_stays_in_the_legend() -> None:
    ones = np.ones(5, dtype=int)
    figure = time_charts.paths_figure(
        np.arange(5.0), ones, ones, 3, colours=theme.LIGHT, revision="r"
    )
    assert [trace.name for trace in drawn(figure) if trace.type == "scatter"] == ["S1", "S2", "S3"]


def test_without_truth_nothing_is_compared_with_it() -> None:
    strips, marks = (t for t in paths(60, 4, truth=False).data if t.type == "heatmap")
    assert list(strips.y) == ["Viterbi path", "per-step best"]
    assert list(marks.y) == ["Viterbi ≠ per-step"]


def test_an_impossible_sequence_has_no_states() -> None:
    no_states = np.full(5, -1)
    figure = time_charts.paths_figure(
        np.arange(5.0), no_states, no_states, 2, colours=theme.LIGHT, revision="r"
    )
    strips = next(trace for trace in figure.data if trace.type == "heatmap")
    assert np.isnan(strips.z).all()
    points = [trace for trace in drawn(figure) if trace.type == "scatter"]
    assert points[-1].name == "no state"
    assert len(points[-1].x) == 5


def test_strips_can_be_read_without_their_colours() -> None:
    """Each run of a state that is wide enough has its name, on a ground that it stands out from."""
    path = np.repeat([2, 0, 1, -1, 1], [20, 1, 60, 10, 9])
    figure = time_charts.tied_paths_figure(
        np.array([path, path[::-1]]), 3, theme.LIGHT, revision="r"
    )
    strips, names = figure.data
    first = [y == "path 1" for y in names.y]
    assert [name for name, chosen in zip(names.text, first, strict=True) if chosen] == [
        "S3", "S2", "S2",
    ]  # fmt: skip
    np.testing.assert_allclose(np.array(names.x)[first], [10.5, 51.5, 96])
    for x, name, ink in zip(names.x, names.text, names.textfont.color, strict=True):
        state = int(name[1:]) - 1
        assert strips.z[0][int(x) - 1] == state + 1 or strips.z[1][int(x) - 1] == state + 1
        assert theme.contrast(ink, theme.state_colour(state)) >= 4.5
    # The browser decides anew at each zoom, from all runs.
    assert names.meta["runs"]["state"] == [2, 0, 1, 1, 1, 1, 0, 2]
    assert names.meta["runs"]["start"][:4] == [0.5, 20.5, 21.5, 91.5]
    assert names.meta["runs"]["end"][:4] == [20.5, 21.5, 81.5, 100.5]


def test_state_colours_fill_equal_parts_of_the_scale() -> None:
    strips = next(trace for trace in paths(60, 12).data if trace.type == "heatmap")
    assert [colour for _, colour in strips.colorscale[::2]] == [
        theme.state_colour(k) for k in range(12)
    ]
    np.testing.assert_allclose(
        [place for place, _ in strips.colorscale[::2]], np.arange(12) / 12, rtol=0, atol=1e-15
    )


def test_a_column_name_is_text_and_not_markup() -> None:
    figure = time_charts.paths_figure(np.arange(5.0), np.zeros(5, int), np.zeros(5, int), 1,
        colours=theme.LIGHT, revision="r", variable=ObservedVariable("<b>%{x}</b> & more"),
    )  # fmt: skip
    assert "<b>" not in figure.data[0].hovertemplate
    assert "&lt;b&gt;" in figure.layout.yaxis.title.text


def test_tied_paths_are_numbered_strips() -> None:
    tied = np.array([[0, 1, 1], [1, 0, 0]])
    strips = time_charts.tied_paths_figure(tied, 2, colours=theme.LIGHT, revision="r").data[0]
    np.testing.assert_array_equal(strips.z, tied + 1)
    assert list(strips.y) == ["path 1", "path 2"]


# --- tables ---------------------------------------------------------------------------------------


def test_transition_counts_are_exact_and_coloured_by_share() -> None:
    counts, starts = np.array([[30.0, 10.0], [0.0, 0.0]]), np.array([1.5, 0.5])
    top, body = charts.transition_counts_figure(counts, starts, "r", theme.LIGHT).data
    np.testing.assert_array_equal(body.customdata, counts)
    np.testing.assert_array_equal(body.z, [[0.75, 0.25], [np.nan, np.nan]])
    np.testing.assert_array_equal(top.customdata, [starts])
    np.testing.assert_array_equal(top.z, [[0.75, 0.25]])
    for trace in (top, body):
        assert (trace.zmin, trace.zmax) == (0, 1)


def test_transition_matrix_is_the_models() -> None:
    matrix, initial = np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0.3, 0.7])
    top, body = charts.transition_matrix_figure(matrix, initial, "r", theme.LIGHT).data
    np.testing.assert_array_equal(body.z, matrix)
    np.testing.assert_array_equal(top.z, [initial])
    assert body.text[0][0] == "0.90"


def test_confusion_shows_counts_and_row_shares() -> None:
    counts = np.array([[3, 1], [0, 5]])
    (body,) = charts.confusion_figure(counts, "r", theme.LIGHT).data
    np.testing.assert_array_equal(body.customdata, counts)
    np.testing.assert_array_equal(body.z, [[0.75, 0.25], [0.0, 1.0]])
    assert [list(row) for row in body.text] == [["3<br>75%", "1<br>25%"], ["0", "5<br>100%"]]


def test_the_first_state_stands_on_top() -> None:
    figure = charts.confusion_figure(np.eye(3, dtype=int), "r", theme.LIGHT)
    assert list(figure.layout.yaxis.range) == [3.5, 0.5]
    assert list(figure.layout.xaxis.range) == [0.5, 3.5]


def test_numbers_are_left_out_where_they_do_not_fit() -> None:
    (body,) = charts.confusion_figure(np.eye(20, dtype=int), "r", theme.LIGHT).data
    assert body.text is None
    assert body.customdata is not None
