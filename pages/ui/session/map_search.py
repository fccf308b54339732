"""Where training ends from each start of a map: searched beside everything else, in slices.

One thread searches for a session. It works while somebody watches the page, lets the others who
train have their share, and ends when the page is left, its settings change, or the session is gone.
What it found is kept, and goes on where it was when the same map is shown again.
"""

from __future__ import annotations

import math
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from hmmcore import HMM, NeuralGaussian, Trainer
from hmmcore.arrays import FloatArray
from hmmcore.io import to_json
from hmmcore.landscape import AnyPlane, Basins, BasinSearch, estimated_seconds
from pages.ui.browser.stream import num_playing
from pages.ui.experiment.hand_made import table_of
from pages.ui.experiment.planes import MAX_ITERATIONS
from pages.ui.session.landscape import Landscape
from pages.ui.session.map_words import duration, starts_text
from pages.ui.session.session import Session
from pages.ui.text import capitalised, count

PAGE = "landscape"

SLICE = 0.05
"""Seconds of search without a pause."""
BREATH = 0.002
"""Seconds of pause in any case, in which other threads take their turn."""
LONGEST = {"64": math.inf, "96": 60.0, "256": 60.0}
"""Seconds that a search of so many starts may take; of the fewest as long as a visitor watches."""
UNWATCHED = 10.0
"""Seconds without a picture after which nobody watches any more."""
FRESH = 0.15
"""Seconds between two pictures of a search."""
MOST_KEPT = 4
"""Maps of a session that are kept."""
MOST_NUMBERS = 10_000_000
"""Numbers of all the models of a map, which are in memory until it is done."""
SURE = 5.0
"""Seconds: longer estimates are made twice."""
SAME_DIGITS = 12
"""Decimals to which models are compared."""


# Only one session searches at a time; the others wait for their slice.
_turn = threading.Lock()


@dataclass(eq=False)
class Search:
    """The search of one map by one method.

    Attributes:
        key: what the map depends on; maps of equal keys are the same.
        method: "EM" or "Gradient".
        size: starts across and up.
        make: makes the search, once it begins.
        estimate: seconds that it takes, as estimated before.
        refused: why it is not searched, in a sentence; empty if it is.
        failed: why it ended early, in a sentence; empty if it did not.
        found: what is known so far, with what is not known yet filled in; None before that.
        spent: seconds of search so far.
        waits: whether it waits for a press.
        cancelled: whether it was cancelled.
        done: whether all starts are known.
        seconds_left: how long the rest takes, as far as that can be told.
    """

    key: Hashable
    method: str
    size: int
    make: Callable[[], BasinSearch]
    estimate: float
    refused: str = ""
    failed: str = ""
    found: Basins | None = None
    spent: float = 0.0
    waits: bool = False
    cancelled: bool = False
    done: bool = False
    seconds_left: float | None = None
    _search: BasinSearch | None = field(default=None, repr=False)
    _fill_at: float = 0.0

    @property
    def num_starts(self) -> int:
        """How many starts the map has."""
        return self.size * self.size

    @property
    def share(self) -> float:
        """Share of the starts that are known."""
        return 0.0 if self.found is None else self.found.share_known

    @property
    def goes_on(self) -> bool:
        """Whether there is something to search now."""
        return not (self.refused or self.failed or self.done or self.cancelled or self.waits)

    def advance(self, stopped: Callable[[], bool]) -> None:
        """Search for one slice."""
        begun = time.perf_counter()
        try:
            if self._search is None:
                self._search = self.make()
            more = self._search.advance(SLICE, stopped)
            now = time.perf_counter()
            if not more or now >= self._fill_at:
                self.found, self.seconds_left = self._search.filled(), self._search.seconds_left
                # Of a large map that takes a while itself.
                after = time.perf_counter()
                self._fill_at = after + max(FRESH, 4.0 * (after - now))
            if not more and self.found is not None and self.found.share_known >= 1.0:
                self.done, self._search = True, None
            self.spent += time.perf_counter() - begun
        except (ValueError, ArithmeticError, MemoryError) as error:
            self.failed, self._search = _sentence(error), None
        except BaseException:
            # A defect: it is logged where threads end, and not met again and again.
            self.failed = "The search has ended by an error."
            raise


class Searcher:
    """The searches of one session, and the thread that works on those that are shown."""

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._watched_at = 0.0
        self._kept: list[Search] = []
        self.shown: tuple[Search, ...] = ()

    def find(self, key: Hashable) -> Search | None:
        """The search with this key, if it is kept."""
        return next((search for search in self._kept if search.key == key), None)

    def keep(self, search: Search) -> None:
        """Keep a search and the latest others."""
        with self._lock:
            self._kept = [*self._kept, search][-MOST_KEPT:]

    def show(self, searches: Sequence[Search]) -> None:
        """Work on these, and on no others; called for every picture of the page."""
        with self._lock:
            self.shown, self._watched_at = tuple(searches), time.monotonic()
            others = [search for search in self._kept if search not in self.shown]
            self._kept = [*others, *self.shown][-MOST_KEPT:]
            if self._thread is None and any(search.goes_on for search in searches):
                # It holds no session: that may be gone before it has ended.
                self._thread = threading.Thread(target=self._work, name="landscape", daemon=True)
                self._thread.start()

    def press(self) -> None:
        """Search what is shown to the end."""
        for search in self.shown:
            search.waits, search.cancelled = False, False

    def cancel(self) -> None:
        """Search no further."""
        for search in self.shown:
            search.cancelled = not search.done

    @property
    def running(self) -> bool:
        """Whether the maps that are shown still change."""
        return self._thread is not None and any(search.goes_on for search in self.shown)

    def join(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _work(self) -> None:
        try:
            self._search_on()
        except BaseException:
            self._thread = None
            raise

    def _search_on(self) -> None:
        while True:
            with self._lock:
                work = [search for search in self.shown if search.goes_on]
                if not work or not self._is_watched():
                    self._thread = None
                    return
            for search in work:
                with _turn:
                    begun = time.perf_counter()
                    search.advance(partial(self._is_stopped, search))
                    took = time.perf_counter() - begun
                time.sleep(BREATH + took * self._others())

    def _is_stopped(self, search: Search) -> bool:
        return search.cancelled or search not in self.shown or not self._is_watched()

    def _is_watched(self) -> bool:
        session = self._session()
        return (
            session is not None
            and session.page == PAGE
            and time.monotonic() - self._watched_at < UNWATCHED
        )

    def _others(self) -> int:
        """How many train beside this search, this session's own runs among them."""
        session = self._session()
        own = session is not None and session.player.playing
        return max(0, num_playing() - 1) + own


def searcher(session: Session) -> Searcher:
    """The session's only searcher."""
    return session.remember("searcher", session, lambda: Searcher(session))  # type: ignore[no-any-return]


def is_searching(session: Session) -> bool:
    """Whether the open page shows a map that still changes."""
    return session.page == PAGE and searcher(session).running


def searches(session: Session, ground: Landscape) -> tuple[Search, ...]:
    """The search of the chosen size for each method that is trained; new ones wait to be shown."""
    return tuple(_search(session, ground, name) for name in session.methods)


def _search(session: Session, ground: Landscape, method: str) -> Search:
    config, run = session.config, session.runs[method]
    revision = run.revisions[-1].controls if method == "Gradient" else None
    base = session.remember(
        "what all starts share", (ground, run.start), lambda: _shared(ground, run.start)
    )
    key = (
        method, revision, base, ground.coordinates, ground.ranges, config.map_size,
        session.data.fingerprint, config.trainable, config.only,
    )  # fmt: skip
    kept = searcher(session).find(key)
    if kept is not None:
        return kept
    made = _new_search(key, method, config.map_size, ground, run.start, run.trainer)
    searcher(session).keep(made)
    return made


def _shared(ground: Landscape, start: HMM) -> Hashable:
    """What is the same in all starts of a map, whichever of them is the present start."""
    if ground.through is not None:
        three = ground.through.first, ground.through.second, ground.through.third
        return tuple(to_json(hmm) for hmm in three)
    # Where two probabilities of a row leave something to the others, whose proportions count.
    place = (0.75 * low + 0.25 * high for low, high in ground.ranges)
    there = ground.plane(start).at(*place)
    if isinstance(start.emissions, NeuralGaussian):
        return to_json(there)
    # Two numbers that were set once and set again differ by rounding.
    return np.round(np.array(table_of(there)), SAME_DIGITS).tobytes()


def _new_search(
    key: Hashable, method: str, size: str, ground: Landscape, start: HMM, trainer: Trainer
) -> Search:
    """The search of a map that was not searched yet; its estimate says whether it may begin."""
    side, plane, refused, estimate = int(size), ground.plane(start), "", 0.0
    numbers = len(table_of(start)) * start.num_states
    xs, ys = ground.grid(side)
    if side**2 * numbers > MOST_NUMBERS:
        refused = (
            f"{starts_text(side)} of models with {count(numbers)} numbers each take more memory "
            "than there is for one visitor; choose fewer starts."
        )
    else:
        try:
            estimate = _estimated(plane, trainer, MAX_ITERATIONS[method], xs, ys)
        except (ValueError, ArithmeticError) as error:
            refused = _sentence(error)
    if not refused and estimate > LONGEST[size]:
        refused = (
            f"{starts_text(side)} would take about {duration(estimate)}, and at most "
            f"{duration(LONGEST[size])} are given to them; choose fewer starts."
        )
    return Search(
        key, method, side,
        lambda: BasinSearch(plane, trainer, xs, ys, MAX_ITERATIONS[method]),
        estimate, refused,
        # Of a network hours, of anything else what is coarse at once and refined while one watches.
        waits=isinstance(start.emissions, NeuralGaussian),
    )  # fmt: skip


def _estimated(
    plane: AnyPlane, trainer: Trainer, most_steps: int, xs: FloatArray, ys: FloatArray
) -> float:
    """About how many seconds a search takes."""
    given = plane, trainer, len(xs) * len(ys), most_steps, xs, ys
    first = estimated_seconds(*given)
    # The first training of a kind has its kernels loaded, and the machine may have been busy.
    return first if first <= SURE else min(first, estimated_seconds(*given))


def _sentence(error: Exception) -> str:
    return f"{capitalised(str(error).rstrip('.'))}."
