"""Where the steps of a sequence lie along time."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.figures.time_scale import TimeScale, together

DAYS = np.datetime64("2024-02-26", "ns") + np.arange(10) * np.timedelta64(1, "D")


def test_without_times_steps_are_counted_from_one():
    scale = TimeScale.of(5, None)
    assert scale.places.tolist() == [1, 2, 3, 4, 5]
    assert scale.axis(0.5) == {"type": "linear", "title": "time t (steps)", "range": [0.5, 5.5]}
    assert scale.columns(2) == {"x0": 1.5, "dx": 2}


def test_dates_are_milliseconds_on_an_axis_of_dates():
    scale = TimeScale.of(10, DAYS, "day <b>")
    assert scale.is_dates
    assert scale.title == "day &lt;b&gt;"
    day = 86_400_000.0
    assert scale.places[0] == 19_779 * day
    np.testing.assert_array_equal(np.diff(scale.places), day)
    assert scale.axis(0.5)["range"] == [scale.places[0] - day / 2, scale.places[-1] + day / 2]
    # The last of the columns of four steps has two.
    np.testing.assert_array_equal(scale.centres(4), scale.places[[1, 5, 8]] + day / 2)


@pytest.mark.parametrize(
    "times",
    [[0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 2.0, 1000.0]],
    ids=["stand twice", "a long gap"],
)
def test_times_that_do_not_say_where_each_step_lies_are_not_used(times, request):
    scale = TimeScale.of(4, np.array(times))
    assert scale.times is None
    assert scale.places.tolist() == [1, 2, 3, 4]
    assert request.node.callspec.id in scale.note


def test_days_off_are_no_very_long_gap():
    workdays = DAYS[[0, 1, 2, 3, 4, 7, 8, 9]]
    assert TimeScale.of(8, workdays).times is workdays


def test_sequences_share_an_axis_of_times_where_they_overlap():
    def at(begin: float) -> TimeScale:
        return TimeScale.of(5, begin + np.arange(5.0))

    assert all(scale.times is not None for scale in together([at(0.0), at(3.0)]))
    assert all(scale.times is None for scale in together([at(0.0), at(1000.0)]))
    assert all(scale.times is None for scale in together([at(0.0), TimeScale(7)]))
