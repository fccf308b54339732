"""Times that go on as those of a sequence do: for what comes after its end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmmcore.arrays import as_count

DAY = np.timedelta64(1, "D")
MONTHS = (1, 2, 3, 4, 6, 12)
"""Distances in months that calendars know; whole years are twelve."""


def following_times(times: ArrayLike, steps: int) -> NDArray[Any]:
    """The next `steps` times after those of one sequence, by the distance they usually have.

    Dates on one day of the month, or on its last, go on by months, quarters or years; days that
    leave out every Saturday and Sunday go on by working days; all other times, and numbers, go on
    by the median distance between neighbours.

    Args:
        times: (M,) datetime64 or numbers, ascending, at least two.

    Returns:
        (steps,) times of the same type; dates are datetime64[ns].

    Raises:
        ValueError: when there are fewer than two times, or when they do not ascend.
    """
    steps = as_count("steps", steps)
    known = np.asarray(times)
    if known.dtype.kind == "M":
        known = known.astype("datetime64[ns]")
    elif known.dtype.kind in "iuf":
        known = known.astype(np.float64)
    else:
        raise ValueError("times must be dates or numbers.")
    if known.ndim != 1 or len(known) < 2:
        raise ValueError(
            "times must be a sequence of at least two, so that their distance is known."
        )
    distances = np.diff(known)
    zero = np.zeros(1, dtype=distances.dtype)[0]
    if not (distances > zero).all():  # neither NaT nor NaN is
        raise ValueError("times must ascend; each must be later than the one before.")
    ahead = np.arange(1, steps + 1)
    if known.dtype.kind == "M":
        dates = known.astype("datetime64[D]")
        of_day = known - dates
        if (of_day == of_day[0]).all():
            for calendar in (_months, _working_days):
                found = calendar(dates, ahead)
                if found is not None:
                    with_hours: NDArray[Any] = (found + of_day[0]).astype(known.dtype)
                    return with_hours
    step = np.median(distances.astype(np.float64))
    on: NDArray[Any] = ahead * step
    if known.dtype.kind == "M":
        on = on.round().astype("timedelta64[ns]")
    following: NDArray[Any] = known[-1] + on
    return following


def _months(dates: NDArray[Any], ahead: NDArray[Any]) -> NDArray[Any] | None:
    """Days that go on by months; None where these do not lie on one day of the month."""
    months = dates.astype("datetime64[M]")
    distance = int(np.median(np.diff(months).astype(np.int64)))
    if distance < 1 or (distance not in MONTHS and distance % 12):
        return None
    following = months[-1] + ahead * distance
    is_last = (dates + DAY).astype("datetime64[M]") > months
    if is_last.all():
        return (following + 1).astype("datetime64[D]") - DAY  # type: ignore[no-any-return]
    in_month = (dates - months.astype("datetime64[D]")).astype(np.int64)
    day = in_month.max()
    if (in_month[~is_last] != day).any():
        return None
    # The 30th and the 31st are the last day of a shorter month.
    last = (following + 1).astype("datetime64[D]") - DAY
    return np.minimum(following.astype("datetime64[D]") + day, last)  # type: ignore[no-any-return]


def _working_days(dates: NDArray[Any], ahead: NDArray[Any]) -> NDArray[Any] | None:
    """Days that go on by working days; None where some lie on a weekend or most are further apart.

    A week must be seen: four days in a row say nothing of weekends.
    """
    distances = np.diff(dates)
    usual = np.median(distances.astype(np.int64)) == 1
    passes_weekend = (distances == 3 * DAY).any()
    if not usual or not passes_weekend or not np.is_busday(dates).all():
        return None
    return np.busday_offset(dates[-1], ahead)
