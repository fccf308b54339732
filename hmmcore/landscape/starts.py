"""Where starts end: each optimum once, up to the order of states, with its share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray, as_count
from hmmcore.batch import stack
from hmmcore.batch.fitting import trains_in_lanes
from hmmcore.batch.many_starts import Restart, fit_some
from hmmcore.batch.models import kind_of
from hmmcore.batch.outcome import CONVERGED, MAX_ITERATIONS
from hmmcore.concurrency import MostWaiting, in_order
from hmmcore.landscape.gathering import Gathering
from hmmcore.landscape.rest import climber, has_parted, is_stuck
from hmmcore.lanes import LANES
from hmmcore.model import HMM
from hmmcore.training import FitResult, Trainer
from hmmcore.training.base import StopRule

NEAR = 2.5e-4
"""Nats per observation: what a run that stands still may yet gain, if it is very slow."""
CLOSER = 1e-13
"""Nats per observation: by less than this changes a step that is as good as at its optimum."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """A model at which starts come to rest, up to the order of its states.

    Attributes:
        hmm: the highest of these ends; with priors, by the log-posterior.
        log_likelihood: of all sequences under it, in nats.
        starts: numbers of the starts that ended here, ascending.
        leader: the one of them that ended at `hmm`.
        share: of all starts, those that failed or did not come to rest among them.
    """

    hmm: HMM
    log_likelihood: float
    starts: tuple[int, ...]
    leader: int
    share: float


@dataclass(frozen=True, eq=False)
class Optima:
    """Where some starts ended.

    Attributes:
        found: the highest first.
        still_open: numbers of the starts that had not come to rest after the last step allowed.
        failed: by number of the start, the sentence that says why it could not be trained.
    """

    found: tuple[Optimum, ...]
    still_open: tuple[int, ...]
    failed: Mapping[int, str]

    @property
    def num_starts(self) -> int:
        """All starts."""
        return sum(len(one.starts) for one in self.found) + len(self.still_open) + len(self.failed)

    def miss_probability(self, num_starts: int) -> float:
        """The probability that so many starts of this kind all miss the best optimum found.

        Computed with the share of starts that reached it here; 1 where none came to rest.
        """
        num_starts = as_count("num_starts", num_starts, minimum=0)
        best = self.found[0].share if self.found else 0.0
        return float((1.0 - best) ** num_starts)


def optima(
    runs: Mapping[int, Restart],
    trainer: Trainer,
    most_steps: int = 0,
    cancelled: Callable[[], bool] | None = None,
    executor: Executor | None = None,
    most_waiting: MostWaiting = None,
) -> Optima:
    """Sort ends of training into optima; two are one where the data cannot tell them apart.

    An optimum here is where training came to rest, as in `Basins`; what stands still only because a
    probability that it needs has all but vanished has not. Slow runs stop some way before their
    optimum, and different ways from it: unless `most_steps` tells, one may be counted as several.

    Args:
        runs: by number of the start.
        trainer: of these runs, or of another method with the same data and parameters.
        most_steps: how many steps groups of ends that are of nearly one height are trained on, to
            see whether they lead to one optimum.
        cancelled: as in `batch.fit`; groups are not trained on then.
        executor, most_waiting: whose threads train on, and how many jobs it is given at once; see
            `concurrency.in_order`.
    """
    failed = {n: str(run.failure) for n, run in runs.items() if run.result is None}
    ended = {n: run.result for n, run in runs.items() if run.result is not None}
    still_open = [n for n, result in ended.items() if result.stop_reason != CONVERGED]
    # The highest end leads, and which of equal ones does not depend on who ended first.
    at_rest = sorted(ended.keys() - set(still_open), key=lambda n: (-_height(ended[n]), n))
    # Starts of one's own making may differ in kind.
    kinds: dict[object, list[int]] = {}
    for n in at_rest:
        kinds.setdefault(kind_of(ended[n].hmm), []).append(n)
    found: list[tuple[float, Optimum]] = []
    for numbers in kinds.values():
        groups = _grouped(trainer, numbers, [ended[n].hmm for n in numbers],
                          np.array([_height(ended[n]) for n in numbers]))  # fmt: skip
        if most_steps:
            starts = [runs[own[0]].start for own in groups]
            ends = [ended[own[0]] for own in groups]
            groups = _joined(
                trainer, groups, starts, ends, most_steps, cancelled, executor, most_waiting
            )
        for own in groups:
            leader, members = own[0], tuple(sorted(own))
            if is_stuck(trainer, ended[leader].hmm, runs[leader].start):
                still_open += own
                continue
            share = len(members) / len(runs)
            reached = ended[leader]
            value = float(reached.log_likelihoods[-1])
            found.append((_height(reached), Optimum(reached.hmm, value, members, leader, share)))
    found.sort(key=lambda one: -one[0])
    return Optima(tuple(one for _, one in found), tuple(sorted(still_open)), failed)


def _grouped(
    trainer: Trainer, numbers: list[int], models: list[HMM], heights: FloatArray
) -> list[list[int]]:
    """Numbers of models, the highest first, in groups of those that are one."""
    gathering = Gathering(trainer.sequences)
    groups = gathering.add(stack(models), heights)
    return [
        [numbers[b] for b in np.flatnonzero(groups == group).tolist()]
        for group in range(gathering.num_groups)
    ]


def _joined(
    trainer: Trainer,
    groups: list[list[int]],
    starts: list[HMM],
    ends: list[FitResult],
    most_steps: int,
    cancelled: Callable[[], bool] | None,
    executor: Executor | None,
    most_waiting: MostWaiting,
) -> list[list[int]]:
    """The groups, those in one whose highest ends lead to one optimum; the highest first."""
    heights = np.array([_height(end) for end in ends])
    models = [end.hmm for end in ends]
    gaps = np.abs(np.diff(heights)) <= NEAR * trainer.sequences.num_observed
    near = np.flatnonzero(np.append(gaps, False) | np.append(False, gaps))
    if not len(near):
        return groups
    further, rule = climber(trainer), StopRule(most_steps, 1, CLOSER)
    size = LANES if trains_in_lanes(further, stack([models[near[0]]])) else 1
    pieces = [near[i : i + size].tolist() for i in range(0, len(near), size)]

    def train_on(number: int, stopped: Callable[[], bool]) -> list[Restart]:
        return fit_some(further, [ends[g].hmm for g in pieces[number]], rule, stopped)

    # What was cancelled or failed on its way stays where it was.
    for piece, runs in zip(
        pieces, in_order(train_on, len(pieces), executor, cancelled, most_waiting), strict=False
    ):
        for g, run in zip(piece, runs, strict=True):
            if run.result is None or run.result.stop_reason not in (CONVERGED, MAX_ITERATIONS):
                continue
            if not has_parted(starts[g], models[g], run.result.hmm):
                models[g], heights[g] = run.result.hmm, _height(run.result)
    order = np.lexsort((np.arange(len(groups)), -heights)).tolist()
    joined = _grouped(trainer, order, [models[g] for g in order], heights[order])
    # Leaders are the highest of the ends that were reached, not of those that might have been.
    return sorted(
        ([n for g in sorted(own) for n in groups[g]] for own in joined),
        key=lambda own: [group[0] for group in groups].index(own[0]),
    )


def _height(result: FitResult) -> float:
    """What was climbed to, in nats."""
    return float(result.objectives[-1])
