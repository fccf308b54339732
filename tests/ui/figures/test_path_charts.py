"""Strips of the best paths, and marks where each differs."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures import theme
from pages.ui.figures.path_charts import best_paths_figure

PATHS = np.array([[0, 1, 1, 0], [0, 1, 0, 0]])
DRAWS = np.array([[1, 1, 1, 0]])


def figure(paths=PATHS, draws=DRAWS, num_states=2, **keywords):
    return best_paths_figure(
        paths, ["60.0%"] * len(paths), draws, ["1 × 10⁻⁹"] * len(draws), num_states, theme.LIGHT,
        revision="r", **keywords,
    )  # fmt: skip


def test_strips_and_marks_show_what_they_were_given():
    best, drawn, marks = (trace for trace in figure().data if trace.type == "heatmap")
    assert list(best.y) == ["path 1: 60.0%", "path 2: 60.0%"]
    np.testing.assert_array_equal(best.z, PATHS + 1)
    np.testing.assert_array_equal(drawn.z, DRAWS + 1)
    assert list(marks.y) == ["path 2 ≠ best", "draw 1 ≠ best"]
    np.testing.assert_array_equal(marks.z, [PATHS[1] != PATHS[0], DRAWS[0] != PATHS[0]])


def test_the_true_path_stands_above():
    truth = np.array([1, -1, 0, 0])
    first = figure(true_states=truth).data[0]
    assert list(first.y) == ["true path"]
    np.testing.assert_array_equal(first.z, [[2, np.nan, 1, 1]])


def test_one_path_alone_has_no_marks():
    found = figure(PATHS[:1], DRAWS[:0])
    assert [trace.type for trace in found.data] == ["heatmap", "scatter"]


def test_one_step_that_differs_is_seen_in_a_column_of_many():
    paths = np.zeros((2, 100_000), dtype=np.int64)
    paths[1, 50_000] = 1
    marks = figure(paths, DRAWS[:0].reshape(0, 1)).data[-1]
    assert marks.z.sum() == 1
    column = int(marks.z[0].argmax())
    assert marks.customdata[0, column] == 2  # percent of 84 steps, rounded up
    assert marks.x0 + column * marks.dx == pytest.approx(50_001, abs=42)


@pytest.mark.parametrize(("num_paths", "num_draws"), [(1, 1), (5, 3), (100, 20)])
def test_every_number_of_paths_can_be_drawn(num_paths, num_draws):
    paths = np.zeros((num_paths, 30), dtype=np.int64)
    found = figure(paths, paths[:1].repeat(num_draws, axis=0))
    assert 0 < found.layout.height < 4000
    assert found.layout.uirevision == "r"
    assert [axis.title.text for axis in found.select_xaxes()][-1] == "time t (steps)"
