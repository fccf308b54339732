"""How long the search of a map takes, and how far it is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pages.ui.text import NARROW_SPACE


class Progress(Protocol):
    """What is said of a search; see `map_search.Search`."""

    size: int
    estimate: float
    refused: str
    failed: str
    spent: float
    cancelled: bool
    done: bool
    seconds_left: float | None

    @property
    def share(self) -> float:
        """Share of the starts that are known."""
        ...

    @property
    def goes_on(self) -> bool:
        """Whether there is something to search now."""
        ...


def percent(share: float) -> str:
    """A share in whole percent; all and none only where it is all and none."""
    whole = min(99, max(1, round(100.0 * share))) if 0.0 < share < 1.0 else round(100.0 * share)
    return f"{whole}{NARROW_SPACE}%"


def starts_text(side: int) -> str:
    """How many starts a map has, in words."""
    return f"{side} × {side} starts"


def duration(seconds: float) -> str:
    """Seconds in words, with as many digits as an estimate deserves."""
    if seconds < 1.0:
        return "a second"
    if seconds < 90.0:
        return f"{round(seconds)}{NARROW_SPACE}s"
    if seconds < 5400.0:
        return f"{round(seconds / 60.0)} minutes"
    return f"{round(seconds / 3600.0)} hours"


def about(searches: Sequence[Progress]) -> tuple[str, float]:
    """How far the searches are, in a sentence, and as a share of their work."""
    if not searches:
        return "", 0.0
    stopped = next((s.failed or s.refused for s in searches if s.failed or s.refused), "")
    share = sum(search.share for search in searches) / len(searches)
    if stopped:
        return stopped, share
    side, spent = searches[0].size, sum(search.spent for search in searches)
    left = sum(
        search.estimate if search.seconds_left is None else search.seconds_left
        for search in searches
        if not search.done
    )
    every = starts_text(side) + (" by each method" if len(searches) > 1 else "")
    if all(search.done for search in searches):
        return f"{every}, trained in {spent:.1f}{NARROW_SPACE}s.", 1.0
    if any(search.cancelled for search in searches):
        return f"Cancelled at {percent(share)} of {every}.", share
    if any(search.goes_on for search in searches):
        return f"{percent(share)} of {every}; about {duration(left)} to go.", share
    return f"{every} take about {duration(left)}.", 0.0
