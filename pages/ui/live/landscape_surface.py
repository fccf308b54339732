"""The surface of the landscape: as fine as there is time for, and anew where the model changes."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from hmmcore import Sequences, TrainState
from hmmcore.arrays import FloatArray
from hmmcore.landscape import hills, surface
from pages.ui.figures.scales import rounded
from pages.ui.live.landscape_frame import PlaneMark, SurfacePicture
from pages.ui.session.landscape import Landscape
from pages.ui.session.session import Session
from pages.ui.text import count, decimal

SIZES_AT_REST = (61, 41, 31, 21, 15)
SIZES_WHILE_PLAYING = (31, 21, 15)
"""Points of the surface across and up, the finest first."""
COARSEST = 11
"""Points across and up where there is no time for any of these."""
LONGEST_AT_REST, LONGEST_WHILE_PLAYING = 0.3, 0.12
"""Seconds that a surface may take; a coarser one is drawn where it would take longer."""
LONGEST_COARSEST = 1.0
"""Seconds from which even the coarsest is not drawn."""
APART = 0.1
"""Seconds between two surfaces while a run plays."""
SAMPLES = (2, 4, 11, 21)
"""Points across and up by which a surface is timed before any was drawn, each twice: the first of a
kind has its kernels loaded, and the machine may have been busy."""
TELLING, LONG = 0.02, 0.3
"""Seconds from which a time says how long more points take, and that there is no time for them."""

LOWEST_SHARE = 0.15
"""Of the points of a surface: so many may lie below the first colour, which they all have."""
MOST_DEPTHS = 4.0
"""How many times as far below the highest as half of the points lie, the first colour may be: where
some fall very far, as with a tiny standard deviation, the hills would have one colour otherwise."""

MOST_SUMMITS = 8
LEAST_DROP = 1.0
"""Nats: a summit that is not so much higher than the pass to a higher one is not marked."""

TOO_LARGE = (
    "With so many observations and states the surface takes too long to draw; with fewer of them "
    "it is drawn."
)
COARSER = "{} × {} points, because more would take too long"


@dataclass(frozen=True, eq=False)
class _Surface:
    """A surface, with what it is of.

    Attributes:
        ground, state: the landscape, and the training state whose other numbers all points have.
        size: points across and up.
        picture: None where it would take too long.
    """

    ground: Landscape
    state: TrainState
    size: int
    picture: SurfacePicture | None


class Surfaces:
    """The latest surface of a session, and how long one takes."""

    def __init__(self) -> None:
        self._latest: _Surface | None = None
        self._not_before = 0.0
        self._timed: tuple[Sequences, int] | None = None
        self._seconds_each = 0.0
        self._too_large = False

    def show(
        self, session: Session, ground: Landscape, state: TrainState
    ) -> tuple[SurfacePicture | None, str]:
        """The surface to show now, and what holds of it, in words.

        While a run plays it may be that of a few steps before, as the words say.
        """
        playing, latest = session.player.playing, self._latest
        same_plane = latest is not None and latest.ground is ground
        if latest is None or not (same_plane and playing and perf_counter() < self._not_before):
            sequences = session.data.sequences
            size = self._size(sequences, ground, state, playing)
            same = same_plane and (latest.state is state or ground.through is not None)
            # One that is there is not drawn coarser because the machine is busier now.
            if latest is None or not same or latest.size < size:
                latest = self._latest = self._drawn(sequences, ground, state, size)
        return latest.picture, _hint(latest, playing)

    def _size(
        self, sequences: Sequences, ground: Landscape, state: TrainState, playing: bool
    ) -> int:
        """Points across and up that there is time for; 0 where there is none for any."""
        kind = sequences, state.hmm.num_states
        if self._timed is None or self._timed[0] is not kind[0] or self._timed[1] != kind[1]:
            self._timed = kind
            for size in SAMPLES:
                seconds = []
                for _ in range(2):
                    self._values(sequences, ground, state, size)
                    seconds.append(self._seconds_each)
                self._seconds_each = min(seconds)
                self._too_large = COARSEST**2 * self._seconds_each > LONGEST_COARSEST
                # So few points may mostly have waited for others' work: that tells little.
                if size**2 * self._seconds_each > (LONG if self._too_large else TELLING):
                    break
        if self._too_large:
            return 0
        sizes = SIZES_WHILE_PLAYING if playing else SIZES_AT_REST
        longest = LONGEST_WHILE_PLAYING if playing else LONGEST_AT_REST
        for size in sizes:
            if size**2 * self._seconds_each <= longest:
                return size
        return COARSEST

    def _values(
        self, sequences: Sequences, ground: Landscape, state: TrainState, size: int
    ) -> FloatArray:
        begun = perf_counter()
        values = surface(ground.plane(state.hmm), sequences, *ground.grid(size))
        took = perf_counter() - begun
        self._seconds_each = took / size**2
        self._not_before = begun + took + max(APART, took)
        return values

    def _drawn(
        self, sequences: Sequences, ground: Landscape, state: TrainState, size: int
    ) -> _Surface:
        if not size:
            return _Surface(ground, state, 0, None)
        values = sequences.per_observation(self._values(sequences, ground, state, size))
        picture = SurfacePicture(*ground.grid(size), values, _colour_range(values))
        return _Surface(ground, state, size, picture)


def _colour_range(values: FloatArray) -> tuple[float, float]:
    """The values of the first and the last colour, which stand still while a run plays."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return -1.0, 0.0
    high = float(finite.max())
    low, middle = (float(value) for value in np.quantile(finite, (LOWEST_SHARE, 0.5)))
    low = max(low, high - MOST_DEPTHS * (high - middle))
    if high - low < 1e-9 * max(1.0, abs(high)):
        return high - 1.0, high
    return rounded(low, high)


def _hint(shown: _Surface, playing: bool) -> str:
    iteration = shown.state.iteration
    if shown.picture is None:
        return TOO_LARGE
    parts = []
    if shown.ground.through is None:
        at = f"iteration {count(iteration)}" if iteration >= 0 else "this step by hand"
        parts.append(f"everything else as at {at}")
    if not playing and shown.size < SIZES_AT_REST[0]:
        parts.append(COARSER.format(shown.size, shown.size))
    return "; ".join(parts)


def summits(picture: SurfacePicture | None, num_observed: int) -> list[PlaneMark]:
    """The summits of a surface and the passes between them, without those at its edge."""
    if picture is None:
        return []
    values, last = picture.values, len(picture.xs) - 1
    found = hills(values, LEAST_DROP / max(1, num_observed))

    def mark(kind: str, row: int, column: int, label: str) -> PlaneMark:
        return PlaneMark(kind, float(picture.xs[column]), float(picture.ys[row]), label)

    inside = [(row, column) for row, column in found.peaks if 0 < row < last and 0 < column < last][
        :MOST_SUMMITS
    ]
    return [
        *(
            mark("optimum", row, column, f"summit, {decimal(float(values[row, column]))}")
            for row, column in inside
        ),
        *(
            mark("pass", row, column, f"pass, {decimal(float(values[row, column]))}")
            for row, column, _ in found.passes[: MOST_SUMMITS - 1]
            if 0 < row < last and 0 < column < last
        ),
    ]


def surfaces(session: Session) -> Surfaces:
    """The session's only surfaces."""
    return session.remember("surfaces", session, Surfaces)  # type: ignore[no-any-return]
