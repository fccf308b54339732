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


def test_dates_are_counted_in_milliseconds_and_drawn_as_texts_without_a_zone():
    scale = TimeScale.of(10, DAYS, "day <b>")
    assert scale.is_dates
    assert scale.title == "day &lt;b&gt;"
    day = 86_400_000.0
    assert scale.places[0] == 19_779 * day
    np.testing.assert_array_equal(np.diff(scale.places), day)
    assert scale.range(0.5) == [scale.places[0] - day / 2, scale.places[-1] + day / 2]
    assert scale.axis(0.5)["range"] == ["2024-02-25T12:00", "2024-03-06T12:00"]
    assert scale.chosen(np.array([0, 9])).tolist() == ["2024-02-26", "2024-03-06"]
    # The last of the columns of four steps has two.
    np.testing.assert_array_equal(scale.centres(4), scale.places[[1, 5, 8]] + day / 2)
    columns = scale.columns(4)["x"].tolist()
    assert columns == ["2024-02-27T12:00", "2024-03-02T12:00", "2024-03-05T12:00"]


def test_short_times_between_dates_are_not_rounded_away():
    times = np.datetime64("2024-02-26", "ns") + np.arange(3) * np.timedelta64(20, "us")
    drawn = TimeScale.of(3, times).chosen(np.array([1, 2])).tolist()
    assert drawn == ["2024-02-26T00:00:00.000020", "2024-02-26T00:00:00.000040"]


def test_other_times_stay_numbers_however_they_are_drawn():
    scale = TimeScale.of(3, np.array([0.5, 1.5, 2.5]))
    assert scale.chosen(np.array([2])).tolist() == [2.5]
    assert scale.axis(0.5)["range"] == [0.0, 3.0]


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


def test_a_part_of_an_axis_goes_on_with_its_numbers_or_dates():
    counted = TimeScale(5).after(3, 2)
    assert counted.places.tolist() == [4, 5, 6, 7]
    assert counted.columns(2) == {"x0": 4.5, "dx": 2}
    assert TimeScale(5).after(3).after(1).places.tolist() == [5]
    later = DAYS[-1] + np.arange(1, 3) * np.timedelta64(1, "D")
    dated = TimeScale(10, DAYS, "day").after(8, later)
    assert dated.drawn(dated.places).tolist() == [
        "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08"
    ]  # fmt: skip
    # A single date has no distance to a neighbour.
    assert TimeScale(10, DAYS, "day").after(9).places.tolist() == [10]
