"""The ends of training, and which optimum each belongs to."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

from hmmcore import batch
from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.batch.outcome import CANCELLED, CONVERGED
from hmmcore.landscape.base import AnyPlane
from hmmcore.landscape.basin_map import OPEN, UNKNOWN, Basins
from hmmcore.landscape.gathering import Gathering, in_usual_order
from hmmcore.landscape.rest import climber, has_parted, is_stuck
from hmmcore.model import HMM
from hmmcore.training import Trainer
from hmmcore.training.base import StopRule

CLOSER = 1e-4
"""The first end of each group is trained on until a step changes so much less. On the notebook's
data the same is found then for tolerances from 1e-7 to 1e-9."""
MOST_STEPS_CLOSER = 4
"""How many times as many steps it may take for that."""


class Ends:
    """What became of the starts of a grid, in the order in which they are given.

    Ends that stand still are gathered into groups that are alike. The first of each group is
    trained on, under a rule ten thousand times as strict, and what it reaches is the optimum of its
    group, unless only a vanished probability keeps it still. Groups that reach one model are one.

    Args:
        xs, ys: (P,) positions of the starts.
        rule: by which the starts are trained.
    """

    def __init__(
        self, plane: AnyPlane, trainer: Trainer, xs: FloatArray, ys: FloatArray, rule: StopRule
    ) -> None:
        self._plane, self._trainer, self._rule = plane, trainer, rule
        self._xs, self._ys = xs, ys
        count = len(xs)
        self._climber = climber(trainer)
        self._kind = batch.stack([plane.hmm])
        self._arrays = {
            name: np.empty((count, *values.shape[1:]))
            for name, values in self._kind.arrays().items()
        }
        self._log_likelihoods = np.full(count, -np.inf)
        self._iterations = np.zeros(count, dtype=np.int64)
        self._known = np.zeros(count, dtype=bool)
        self._is_start = np.zeros(count, dtype=bool)
        self._is_open = np.zeros(count, dtype=bool)
        self._groups = np.full(count, UNKNOWN)
        self._failures: dict[int, str] = {}
        self._groups_found = Gathering(trainer.sequences)
        self._optima_found = Gathering(trainer.sequences)
        # The optimum of each group; then the model of each optimum, and its log-likelihood.
        self._optimum_of: list[int] = []
        self._optima: list[tuple[HMM, float]] = []
        self._waiting: list[int] = []
        self._lock = Lock()

    def put(self, numbers: IntArray, which: BoolArray, fits: batch.Fits | None) -> None:
        """Write down what became of some starts.

        Args:
            numbers: (n,) which of the starts.
            which: (n,) whether each is a model at all.
            fits: of those that are, and perhaps of more after them.
        """
        trained = numbers[which]
        with self._lock:
            self._known[numbers] = True
            self._is_start[trained] = True
            if fits is None:
                return
            count = len(trained)
            heights = fits.log_likelihoods[:count]
            for name, values in fits.models.arrays().items():
                self._arrays[name][trained] = values[:count]
            self._log_likelihoods[trained] = heights
            self._iterations[trained] = fits.iterations[:count]
            self._failures |= {int(trained[b]): w for b, w in fits.failures.items() if b < count}
            sound = np.isfinite(heights)
            at_rest = np.array([why == CONVERGED for why in fits.stop_reasons[:count]], dtype=bool)
            self._is_open[trained[sound & ~at_rest]] = True
            self._gather(trained[sound & at_rest])

    def _gather(self, numbers: IntArray) -> None:
        if not len(numbers):
            return
        before = self._groups_found.num_groups
        groups = self._groups_found.add(self._models(numbers), self._log_likelihoods[numbers])
        self._groups[numbers] = groups
        for group in range(before, self._groups_found.num_groups):
            self._waiting.append(int(numbers[np.argmax(groups == group)]))

    @property
    def num_waiting(self) -> int:
        """How many groups are new."""
        return len(self._waiting)

    def come_closer(self, cancelled: Callable[[], bool] | None = None) -> bool:
        """Train the first of each new group on; False if that was cancelled."""
        if not self._waiting:
            return True
        numbers = np.array(self._waiting)
        fits = batch.fit(
            self._climber, self._models(numbers), MOST_STEPS_CLOSER * self._rule.max_iterations,
            CLOSER * self._rule.tolerance, cancelled=cancelled,
        )  # fmt: skip
        if CANCELLED in fits.stop_reasons:
            return False
        own = self._models(numbers)
        found = []
        for b, number in enumerate(self._waiting):
            start, hmm, height = self._start(number), own[b], float(self._log_likelihoods[number])
            closer = fits.models[b]
            if np.isfinite(fits.log_likelihoods[b]) and not has_parted(start, hmm, closer):
                hmm, height = closer, float(fits.log_likelihoods[b])
            found.append((hmm, height, is_stuck(self._trainer, hmm, start)))
        with self._lock:
            for hmm, height, stuck in found:
                self._optimum_of.append(OPEN if stuck else self._optimum(hmm, height))
            self._waiting.clear()
        return True

    def _optimum(self, hmm: HMM, log_likelihood: float) -> int:
        """The number of the optimum that a model is; a new one if none is like it."""
        found = self._optima_found.add(batch.stack([hmm]), np.array([log_likelihood]))
        number = int(found[0])
        if number == len(self._optima):
            self._optima.append((hmm, log_likelihood))
        elif log_likelihood > self._optima[number][1]:
            self._optima[number] = hmm, log_likelihood
        return number

    def basins(self, shape: tuple[int, int]) -> Basins:
        """What is known so far, over a grid of this shape."""
        with self._lock:
            beside = self._beside()
            optima = list(self._optima)
            optimum_of = list(self._optimum_of)
            for number in self._waiting:
                optimum_of.append(len(optima))
                optima.append((self._models(np.array([number]))[0], self._log_likelihoods[number]))
            numbers = np.full(len(self._known), UNKNOWN)
            numbers[self._is_open] = OPEN
            grouped = self._groups >= 0
            numbers[grouped] = np.array(optimum_of, dtype=np.int64)[self._groups[grouped]]
            numbers = np.where(beside >= 0, beside, numbers)
            heights, iterations = self._log_likelihoods.copy(), self._iterations.copy()
            known, num_starts = self._known.copy(), int(self._is_start.sum())
            failure = self._failures[min(self._failures)] if self._failures else None
        reached = np.array([height for _, height in optima])
        downwards = np.argsort(-reached, kind="stable")
        counts = np.bincount(numbers[numbers >= 0], minlength=len(optima))
        ranks = np.full(len(optima) + 2, UNKNOWN)
        ranks[downwards] = np.arange(len(downwards))
        ranks[OPEN] = OPEN
        return Basins(
            heights.reshape(shape), iterations.reshape(shape), ranks[numbers].reshape(shape),
            tuple(optima[b][0] for b in downwards.tolist()), reached[downwards],
            counts[downwards] / max(1, num_starts), known.reshape(shape), failure,
        )  # fmt: skip

    def _beside(self) -> IntArray:
        """Which optimum each start is beside that has not come to rest: UNKNOWN if none.

        Those that are like a group are put into it. Groups that are found later do not change that,
        so it does not matter when this is asked.
        """
        beside = np.full(len(self._known), UNKNOWN)
        there = np.flatnonzero(self._is_open & (self._groups < 0))
        if len(there) and self._optimum_of:
            features, _ = in_usual_order(self._models(there))
            heights = self._log_likelihoods[there]
            self._groups[there] = self._groups_found.find(features, heights)
            left = np.flatnonzero(self._groups[there] < 0)
            beside[there[left]] = self._optima_found.find(features.only(left), heights[left])
        return beside

    def _start(self, number: int) -> HMM:
        return self._plane.at(float(self._xs[number]), float(self._ys[number]))

    def _models(self, numbers: IntArray) -> batch.Models:
        return self._kind.with_arrays({n: values[numbers] for n, values in self._arrays.items()})
