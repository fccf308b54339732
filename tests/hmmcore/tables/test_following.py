"""Times go on as a calendar, or as their usual distance, would have it."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore.tables import following_times


def dates(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[ns]")


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (dates("2024-01-15", "2024-02-15", "2024-03-15"), dates("2024-04-15", "2024-05-15")),
        # Month ends stay month ends, and the 30th is the last day of February.
        (dates("2023-11-30", "2023-12-31"), dates("2024-01-31", "2024-02-29")),
        (dates("2023-12-30", "2024-01-30"), dates("2024-02-29", "2024-03-30")),
        (dates("2023-01-01", "2023-04-01", "2023-07-01"), dates("2023-10-01", "2024-01-01")),
        (dates("1990-01-01", "1991-01-01", "1992-01-01"), dates("1993-01-01", "1994-01-01")),
        (dates("1990-01-01", "2000-01-01"), dates("2010-01-01", "2020-01-01")),
        # A missing month does not change the usual distance.
        (dates("2024-01-01", "2024-02-01", "2024-04-01", "2024-05-01"), dates("2024-06-01")),
        # Thursday, Friday, Monday.
        (dates("2024-02-29", "2024-03-01", "2024-03-04", "2024-03-05", "2024-03-06",
               "2024-03-07", "2024-03-08"), dates("2024-03-11", "2024-03-12")),
        (dates("2024-02-29", "2024-03-01", "2024-03-02"), dates("2024-03-03", "2024-03-04")),
        (dates("2024-03-01T10:00", "2024-03-01T10:15", "2024-03-01T10:30"),
         dates("2024-03-01T10:45", "2024-03-01T11:00")),
        (dates("2024-01-15T08:00", "2024-02-15T08:00"), dates("2024-03-15T08:00")),
        (dates("2024-01-03", "2024-01-10", "2024-01-17"), dates("2024-01-24", "2024-01-31")),
        (np.array([1, 2, 3, 7]), np.array([8.0, 9.0])),
        (np.array([0.5, 1.0]), np.array([1.5, 2.0, 2.5])),
    ],
)  # fmt: skip
def test_times_go_on(known: np.ndarray, expected: np.ndarray) -> None:
    found = following_times(known, len(expected))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("known", "steps", "says"),
    [
        ([1.0], 1, "at least two"),
        ([1.0, 1.0], 1, "must ascend"),
        ([1.0, np.nan], 1, "must ascend"),
        (np.array(["2024-01-02", "NaT"], dtype="datetime64[ns]"), 1, "must ascend"),
        ([1.0, 2.0], 0, "steps"),
        (["a", "b"], 1, "dates or numbers"),
    ],
)  # fmt: skip
def test_what_does_not_go_on_is_refused(known: object, steps: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        following_times(known, steps)
