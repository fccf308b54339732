"""The loop of one thread that trains models in lanes: who is done leaves his lane to the next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.batch.followed import Followed
from hmmcore.batch.gaussian_em import GaussianEM
from hmmcore.batch.lane_training import Group, LaneTraining, totals
from hmmcore.batch.outcome import CANCELLED, CONVERGED, MAX_ITERATIONS, Outcome, Queue
from hmmcore.batch.remedies import CODES, NEVER, note_all, remedies_of
from hmmcore.training.base import MOST_ROUNDING, StopRule, rounding

FILLED_AGAIN = 8
"""Lanes are filled again when one in so many is free: to move everybody up for one would take
longer than to let it run on unheeded."""


class LaneLoop:
    """Takes models from a queue and trains them until none is left.

    Args:
        size: how many models it trains at once.
    """

    def __init__(
        self, training: LaneTraining, rule: StopRule, size: int, queue: Queue, outcome: Outcome
    ) -> None:
        self.training = training
        self.rule = rule
        self.size = size
        self.queue = queue
        self.outcome = outcome
        self.many_steps = GaussianEM(training, rule) if GaussianEM.takes(training) else None

    def run(self) -> None:
        """Train.

        Who is done is computed on, unheeded, until the lanes are filled again.
        """
        followed = self._filled(None)
        while followed is not None:
            self._report(followed)
            if FILLED_AGAIN * int(followed.done.sum()) >= len(followed.group):
                followed = self._filled(followed.only(np.flatnonzero(~followed.done)))
            elif self.many_steps is not None:
                followed = self._advanced(followed, self.many_steps)
            else:
                followed = self._stepped(followed)

    def _filled(self, followed: Followed | None) -> Followed | None:
        """Those that are followed, and as many more from the queue as there is room for."""
        count = 0 if followed is None else len(followed.group)
        numbers = self.queue.take(self.size - count)
        if len(numbers):
            begun = self._begun(numbers)
            return begun if followed is None else followed.joined_with(begun)
        return followed if count else None

    def _begun(self, numbers: IntArray) -> Followed:
        advanced = self.training.init(numbers)
        group = advanced.group
        log_likelihoods = totals(group.log_likelihoods)
        keeps = self.outcome.histories is not None
        followed = Followed(
            group, log_likelihoods, np.zeros(len(group), dtype=np.int64),
            np.zeros(len(group), dtype=bool),
            np.full((*group.codes.shape, len(CODES)), NEVER, dtype=np.int32),
            np.zeros(len(group), dtype=np.int64),
            [[value] for value in log_likelihoods.tolist()] if keeps else [],
        )  # fmt: skip
        for row in advanced.failures:
            if keeps:
                followed.histories[row] = []
        return self._without_failed(followed, advanced.failures)

    def _advanced(self, followed: Followed, many_steps: GaussianEM) -> Followed:
        """Many steps of each; one of those that cannot take many."""
        alone = many_steps.take(followed)
        if not alone.any():
            return followed
        stepped = self._stepped(followed.only(np.flatnonzero(alone)))
        return followed.only(np.flatnonzero(~alone)).joined_with(stepped)

    def _stepped(self, followed: Followed) -> Followed:
        advanced = self.training.step(followed.group, followed.done)
        group = advanced.group
        reached = totals(group.log_likelihoods)
        stands = self._stand_still(group, reached - followed.log_likelihoods)
        still = np.where(stands, followed.still + 1, 0)
        note_all(group.codes, group.iterations, followed.first)
        if followed.histories:
            values = reached.tolist()
            for row, history in enumerate(followed.histories):
                if row not in advanced.failures:
                    history.append(values[row])
        stepped = Followed(
            group, reached, still, followed.done, followed.first, followed.ways,
            followed.histories,
        )  # fmt: skip
        return self._without_failed(stepped, advanced.failures)

    def _stand_still(self, group: Group, changes: FloatArray) -> BoolArray:
        """(G,) who stood still in a step that changed the log-likelihoods by so many nats."""
        sequences = self.training.trainer.sequences
        sizes = np.abs(sequences.per_observation(changes))
        still = sizes <= self.rule.tolerance
        rows = np.flatnonzero(~still & (sizes <= MOST_ROUNDING))
        if len(rows):
            magnitudes = np.abs(group.log_likelihoods[rows].sum(axis=1))
            conditions = self.training.condition_numbers(group, rows)
            still[rows] = np.abs(changes[rows]) <= rounding(magnitudes, conditions, sequences)
        return still

    def _report(self, followed: Followed) -> None:
        """Write down what became of those that are done by now."""
        group, rule = followed.group, self.rule
        cancelled = self.queue.is_cancelled()
        over = (followed.still >= rule.patience) | (group.iterations >= rule.max_iterations)
        rows = np.flatnonzero((over | cancelled) & ~followed.done)
        if not len(rows):
            return
        self._write(followed, rows)
        reached = followed.log_likelihoods[rows]
        numbers = group.numbers[rows]
        self.outcome.log_likelihoods[numbers] = reached
        self.outcome.objectives[numbers] = reached
        for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
            if followed.still[row] >= rule.patience:
                reason = CONVERGED
            else:
                reason = MAX_ITERATIONS if over[row] else CANCELLED
            self.outcome.stop_reasons[number] = reason
        self.queue.done.put(len(rows))

    def _without_failed(self, followed: Followed, failures: Mapping[int, str]) -> Followed:
        """Write down who has failed, and follow the others."""
        if not failures:
            return followed
        self._write(followed, np.array(list(failures)))
        for row, sentence in failures.items():
            self.outcome.fail(int(followed.group.numbers[row]), sentence)
        self.queue.done.put(len(failures))
        stay = np.ones(len(followed.group), dtype=bool)
        stay[list(failures)] = False
        return followed.only(np.flatnonzero(stay))

    def _write(self, followed: Followed, rows: IntArray) -> None:
        """Write the present models of some rows, and how they came there."""
        group, outcome = followed.group, self.outcome
        numbers = group.numbers[rows]
        for name, values in group.parameters.items():
            outcome.arrays[name][numbers] = values[rows]
        outcome.iterations[numbers] = group.iterations[rows]
        for place, remedies in remedies_of(followed.first[rows]).items():
            outcome.remedies[int(numbers[place])] = remedies
        if outcome.histories is not None:
            for row in rows.tolist():
                outcome.histories[int(group.numbers[row])] = np.array(followed.histories[row])
        followed.done[rows] = True
