"""Where the steps of a sequence lie along time: at its steps, or at its own times or dates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.figures import decimation, theme
from pages.ui.text import chart_text

TIME_TITLE = "time t (steps)"
LONGEST_GAP = 20.0
"""In typical distances between neighbours. With a longer gap between two of its times, a sequence
would be squeezed into a small part of an axis of time, which then counts steps."""
COUNTED = "The axis counts steps"
MILLISECOND = np.timedelta64(1, "ms")


@dataclass(frozen=True, eq=False)
class TimeScale:
    """The axis of time of a sequence of M steps.

    Attributes:
        length: M.
        times: (M,) its times, datetime64[ns] or numbers, ascending; None where steps are counted.
        name: what the times are called.
        note: one sentence on why steps are counted although there are times; empty otherwise.
        skipped: steps of the sequence before the first one here, where they are counted.
    """

    length: int
    times: NDArray[Any] | None = None
    name: str = ""
    note: str = ""
    skipped: int = 0

    @classmethod
    def of(cls, length: int, times: NDArray[Any] | None, name: str = "") -> TimeScale:
        """The axis of these times (M,), if they say where each step lies; otherwise one of steps.

        They do not where two steps have the same time, and where a gap is very long.
        """
        if times is None or length < 2:
            return cls(length)
        steps = np.diff(_numbers(times))
        if not (steps > 0).all():
            return cls(length, note=f"{COUNTED}: some of its times stand twice, or nearly so.")
        if steps.max() > LONGEST_GAP * np.median(steps):
            return cls(length, note=f"{COUNTED}: between two of its times there is a long gap.")
        return cls(length, times, name)

    def first(self, length: int) -> TimeScale:
        """The axis of the first steps alone."""
        return TimeScale(length, None if self.times is None else self.times[:length], self.name)

    def after(self, skipped: int, ahead: NDArray[Any] | int = 0) -> TimeScale:
        """The axis without so many of the first steps, and with those that come after the last.

        These are times, or a number of steps where the axis counts them; it counts a single step.
        """
        number = ahead if isinstance(ahead, int) else len(ahead)
        length = self.length - skipped + number
        if self.times is None or length < 2:
            return TimeScale(length, skipped=self.skipped + skipped)
        later = self.times[:0] if isinstance(ahead, int) else ahead
        return TimeScale(length, np.concatenate([self.times[skipped:], later]), self.name)

    @property
    def is_dates(self) -> bool:
        """Whether it shows dates."""
        return self.times is not None and self.times.dtype.kind == "M"

    @property
    def title(self) -> str:
        """Title of the axis."""
        return TIME_TITLE if self.times is None else chart_text(self.name or "time")

    @property
    def symbol(self) -> str:
        """What stands before a time in a hover text."""
        return "t = " if self.times is None else ""

    @cached_property
    def places(self) -> NDArray[Any]:
        """(M,) the steps on the axis; dates in milliseconds since 1970."""
        if self.times is None:
            return np.arange(self.length) + theme.FIRST_TIME + self.skipped
        return _numbers(self.times)

    @property
    def step(self) -> float:
        """The typical distance between two neighbours."""
        return 1.0 if self.times is None else float(np.median(np.diff(self.places)))

    def range(self, margin: float) -> list[float]:
        """The ends of the axis: `margin` typical distances beyond the first and last step."""
        margin *= self.step
        return [float(self.places[0]) - margin, float(self.places[-1]) + margin]

    def axis(self, margin: float) -> dict[str, Any]:
        """Properties of the axis in Plotly."""
        # Turned labels of dates would run out of the figure.
        kind = {"type": "date", "tickangle": 0} if self.is_dates else {"type": "linear"}
        return {**kind, "title": self.title, "range": self.drawn(self.range(margin)).tolist()}

    def columns(self, width: int) -> dict[str, Any]:
        """Places of columns of `width` steps each, as properties of a trace."""
        if self.times is None:
            return {"x0": theme.FIRST_TIME + self.skipped + (width - 1) / 2, "dx": width}
        return {"x": self.drawn(self.centres(width))}

    def centres(self, width: int) -> NDArray[Any]:
        """The middles of columns of `width` steps each; the last may have fewer."""
        if width == 1:
            return self.places
        firsts = np.arange(0, self.length, width)
        lasts = np.minimum(firsts + width, self.length) - 1
        centres: FloatArray = (self.places[firsts] + self.places[lasts]) / 2
        return centres

    def words(self, most_columns: int) -> tuple[str, str]:
        """Hover text for the time of a column, and the word for its mean if it has several steps.

        There are at most `most_columns`.
        """
        width = decimation.bin_width(self.length, most_columns)
        time = "time %{x}" if self.times is None else "%{x}"
        return (time, "") if width == 1 else (f"{width} steps around {time}", "mean ")

    def chosen(self, steps: IntArray) -> NDArray[Any]:
        """Places of some steps, 0-based, as a trace takes them."""
        return self.drawn(self.places[steps])

    def drawn(self, places: ArrayLike) -> NDArray[Any]:
        """Places on the axis as Plotly takes them: dates as texts, "2024-03-01T08:00".

        Of a number Plotly would show the date and time of day in the time zone of the browser.
        """
        numbers = np.asarray(places)
        if not self.is_dates:
            return numbers
        microseconds = np.round(numbers * 1000).astype("datetime64[us]")
        texts: NDArray[Any] = np.datetime_as_string(microseconds, unit="auto")
        return texts


def together(scales: list[TimeScale]) -> list[TimeScale]:
    """Axes for sequences that share one: their times if these overlap, otherwise steps."""
    if all(scale.times is not None for scale in scales):
        first = min(float(scale.places[0]) for scale in scales)
        last = max(float(scale.places[-1]) for scale in scales)
        longest = max(float(scale.places[-1] - scale.places[0]) for scale in scales)
        if last - first <= 3 * longest:
            return scales
    return [TimeScale(scale.length) for scale in scales]


def _numbers(times: NDArray[Any]) -> FloatArray:
    if times.dtype.kind == "M":
        return (times - np.datetime64(0, "ns")) / MILLISECOND
    return times.astype(np.float64)
