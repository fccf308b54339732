"""A search for basins that can be watched: coarse first, a little at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from hmmcore import batch
from hmmcore.arrays import IntArray, require_type
from hmmcore.batch.outcome import CANCELLED
from hmmcore.landscape.base import AnyPlane
from hmmcore.landscape.basin_map import Basins
from hmmcore.landscape.ends import Ends
from hmmcore.landscape.heights import grid_positions
from hmmcore.landscape.rest import stop_rule
from hmmcore.lanes import LANES
from hmmcore.training import Trainer

STRIDES = (8, 4, 2, 1)
"""Every eighth position of every eighth row is trained first, then every fourth, and so on."""
MOST_NUMBERS = 1 << 24
"""Numbers of all models that a search may keep: 128 MB."""
FEWEST_AT_ONCE, MOST_AT_ONCE = 2 * LANES, 2048
"""Starts that are trained at once: what is cancelled loses no more."""

FEWER = 4.0
"""How many times as long starts are trained as the ends of groups are trained on: a few of those
take nearly as long as many."""


def basins(
    plane: AnyPlane,
    trainer: Trainer,
    xs: ArrayLike,
    ys: ArrayLike,
    max_iterations: int,
    tolerance: float | None = None,
    progress: Callable[[int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Basins:
    """Train from every point of a grid, and say where each ends.

    Args:
        trainer: EM(...) or GradientAscent(...), with the data, or any other trainer.
        xs, ys: positions (Nx,) and (Ny,) on the plane.
        max_iterations: how many steps a start may take.
        tolerance: nats per observation; a start has come to rest where a step changes less. None
            stands for what suits the trainer.
        progress: called in this thread with how many starts are done, when some more are.
        cancelled: asked between steps; what is not done when it says True stays unknown.

    Raises:
        ValueError: when models of the plane could not emit the trainer's data, or the grid is too
            large for memory.
    """
    search = BasinSearch(plane, trainer, xs, ys, max_iterations, tolerance)
    while search.advance(float("inf"), cancelled, progress):
        if cancelled is not None and cancelled():
            break
    return search.basins()


class BasinSearch:
    """Trains from every point of a grid, each once, coarse first; see `basins`.

    `advance` may run in a thread while another asks for `basins`, `filled` or `seconds_left`.

    Attributes:
        passes: how many passes over the grid there are.
    """

    passes = len(STRIDES)

    def __init__(
        self,
        plane: AnyPlane,
        trainer: Trainer,
        xs: ArrayLike,
        ys: ArrayLike,
        max_iterations: int,
        tolerance: float | None = None,
    ) -> None:
        require_type("plane", plane, AnyPlane, "a Plane")
        self.plane = plane
        self.trainer = trainer
        self.rule = stop_rule(trainer, max_iterations, tolerance)
        self.shape = np.size(ys), np.size(xs)
        count = self.shape[0] * self.shape[1]
        per_model = sum(values.size for values in batch.stack([plane.hmm]).arrays().values())
        if count * per_model > MOST_NUMBERS:
            raise ValueError(
                f"{count} starts of models with {per_model} numbers each are more than memory is "
                f"kept for; choose a grid of at most {MOST_NUMBERS // per_model} positions."
            )
        self._xs, self._ys = grid_positions(xs, ys)
        self._ends = Ends(plane, trainer, self._xs, self._ys, self.rule)
        self._order = coarse_first(self.shape)
        self._next = 0
        self._seconds = 0.0
        self._size = FEWEST_AT_ONCE
        # How long starts were trained since ends were trained on, and how long that took.
        self._since, self._closer = 0.0, 0.0

    def advance(
        self,
        seconds: float,
        cancelled: Callable[[], bool] | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> bool:
        """Train more starts for about so long.

        Starts that are begun are brought to their end, which a long run may take longer for.

        Args:
            cancelled: asked between steps; starts that are on their way when it says True, and
                those after them, are trained from the beginning by the next call.
            progress: called in this thread with how many starts are done, when some more are.

        Returns:
            False when all starts are done.
        """
        until = time.monotonic() + seconds
        while self._next < len(self._order):
            size = self._size if np.isfinite(seconds) else MOST_AT_ONCE
            began = time.monotonic()
            numbers = self._order[self._next : self._next + size]
            if not self._train(numbers, cancelled, progress):
                return True
            now = time.monotonic()
            self._size = _next_size(size, now - began, seconds)
            if now >= until:
                break
        if self._next < len(self._order) and not self._is_closer_due():
            return True
        return not self.come_closer(cancelled) or self._next < len(self._order)

    def come_closer(self, cancelled: Callable[[], bool] | None = None) -> bool:
        """Train on to their optima ends that are new; False if that was cancelled.

        `advance` does so now and then, and when all starts are done.
        """
        began = time.monotonic()
        came_closer = self._ends.come_closer(cancelled)
        self._closer, self._since = time.monotonic() - began, 0.0
        self._seconds += self._closer
        return came_closer

    def _is_closer_due(self) -> bool:
        """Whether ends that stand still are to be trained on now, before all starts are done."""
        return self._ends.num_waiting >= 2 * LANES or self._since >= FEWER * self._closer

    def _train(
        self,
        numbers: IntArray,
        cancelled: Callable[[], bool] | None,
        progress: Callable[[int], object] | None,
    ) -> bool:
        """Train some starts; False if that was cancelled."""
        began, done = time.monotonic(), self._next
        models, which = self.plane.models(self._xs[numbers], self._ys[numbers])
        fits, rule = None, self.rule
        if len(models):
            fits = batch.fit(
                self.trainer, models, rule.max_iterations, rule.tolerance, rule.patience,
                progress=None if progress is None else lambda count: progress(done + count),
                cancelled=cancelled,
            )  # fmt: skip
            if CANCELLED in fits.stop_reasons:
                first = int(np.flatnonzero(which)[fits.stop_reasons.index(CANCELLED)])
                numbers, which = numbers[:first], which[:first]
        self._ends.put(numbers, which, fits)
        self._next += len(numbers)
        spent = time.monotonic() - began
        if not done:
            # The first ends may take as long.
            self._closer = spent
        self._since += spent
        self._seconds += spent
        return fits is None or CANCELLED not in fits.stop_reasons

    def basins(self) -> Basins:
        """What is known so far."""
        return self._ends.basins(self.shape)

    def filled(self) -> Basins:
        """What is known so far, with what is not filled in from the nearest position that is.

        `known`, and the shares, are those of `basins`.
        """
        return filled_in(self.basins())

    @property
    def seconds_left(self) -> float | None:
        """How long the starts that are left will take, judged by those done; None before any."""
        done = self._next
        return self._seconds * (len(self._order) - done) / done if done else None


def _next_size(size: int, took: float, seconds: float) -> int:
    """How many starts to train at once, after so many took so long and should take `seconds`.

    Of a few starts most of the time goes into calling, so that twice as many take hardly longer.
    """
    if took <= 2.0 * seconds:
        return min(2 * size, MOST_AT_ONCE)
    return max(size // 2, FEWEST_AT_ONCE) if took > 4.0 * seconds else size


def coarse_first(shape: tuple[int, int]) -> IntArray:
    """The numbers of all positions of a grid, those of wider strides first."""
    rows, columns = np.indices(shape)
    passes = np.full(shape, len(STRIDES))
    for number, stride in reversed(list(enumerate(STRIDES))):
        passes[(rows % stride == 0) & (columns % stride == 0)] = number
    return np.argsort(passes.ravel(), kind="stable")


def filled_in(found: Basins) -> Basins:
    """Basins with every unknown position as the nearest coarse one that is known."""
    rows, columns = np.indices(found.known.shape)
    source = np.arange(found.known.size).reshape(found.known.shape)
    known = found.known
    sources = source.copy()
    missing = ~known
    for stride in reversed(STRIDES):
        coarse = source[rows // stride * stride, columns // stride * stride]
        usable = missing & known.ravel()[coarse]
        sources[usable] = coarse[usable]
        missing &= ~usable
    return replace(
        found,
        log_likelihoods=found.log_likelihoods.ravel()[sources],
        iterations=found.iterations.ravel()[sources],
        optimum=found.optimum.ravel()[sources],
    )
