"""The loop of one thread that trains models in lanes: who is done leaves his lane to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.batch.families import CODES
from hmmcore.batch.lane_training import Group, LaneTraining, totals
from hmmcore.batch.outcome import CANCELLED, CONVERGED, MAX_ITERATIONS, Outcome, Queue
from hmmcore.compiling import kernel
from hmmcore.emissions.base import Remedy
from hmmcore.training.base import MOST_ROUNDING, StopRule, rounding

FILLED_AGAIN = 8
"""Lanes are filled again when one in so many is free: to move everybody up for one would take
longer than to let it run on unheeded."""

NEVER = 2**31 - 1

KINDS, BITS = tuple(CODES), tuple(CODES.values())


@dataclass
class _Followed:
    """A group, and what the loop keeps of each of its models.

    Attributes:
        log_likelihoods: (G,) in nats.
        still: (G,) how many steps in a row have stood still.
        done: (G,) who has been reported, and is computed only until the lanes are filled again.
        first: (G, K, kinds) the iteration that first needed a remedy; NEVER if none did.
        histories: of each, the log-likelihoods so far; empty when nobody asks.
    """

    group: Group
    log_likelihoods: FloatArray
    still: IntArray
    done: BoolArray
    first: IntArray
    histories: list[list[float]]

    def only(self, rows: IntArray) -> _Followed:
        """Some of the models."""
        histories = [self.histories[row] for row in rows.tolist()] if self.histories else []
        return _Followed(
            self.group.only(rows), self.log_likelihoods[rows], self.still[rows], self.done[rows],
            self.first[rows], histories,
        )  # fmt: skip

    def joined_with(self, other: _Followed) -> _Followed:
        """These models and others."""
        return _Followed(
            self.group.joined_with(other.group),
            np.concatenate([self.log_likelihoods, other.log_likelihoods]),
            np.concatenate([self.still, other.still]),
            np.concatenate([self.done, other.done]),
            np.concatenate([self.first, other.first]),
            self.histories + other.histories,
        )


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

    def run(self) -> None:
        """Train.

        Who is done is computed on, unheeded, until the lanes are filled again.
        """
        followed = self._filled(None)
        while followed is not None:
            self._report(followed)
            if FILLED_AGAIN * int(followed.done.sum()) >= len(followed.group):
                followed = self._filled(followed.only(np.flatnonzero(~followed.done)))
            else:
                followed = self._stepped(followed)

    def _filled(self, followed: _Followed | None) -> _Followed | None:
        """Those that are followed, and as many more from the queue as there is room for."""
        count = 0 if followed is None else len(followed.group)
        numbers = self.queue.take(self.size - count)
        if len(numbers):
            begun = self._begun(numbers)
            return begun if followed is None else followed.joined_with(begun)
        return followed if count else None

    def _begun(self, numbers: IntArray) -> _Followed:
        advanced = self.training.init(numbers)
        group = advanced.group
        log_likelihoods = totals(group.log_likelihoods)
        keeps = self.outcome.histories is not None
        followed = _Followed(
            group, log_likelihoods, np.zeros(len(group), dtype=np.int64),
            np.zeros(len(group), dtype=bool),
            np.full((*group.codes.shape, len(CODES)), NEVER, dtype=np.int32),
            [[value] for value in log_likelihoods.tolist()] if keeps else [],
        )  # fmt: skip
        for row in advanced.failures:
            if keeps:
                followed.histories[row] = []
        return self._without_failed(followed, advanced.failures)

    def _stepped(self, followed: _Followed) -> _Followed:
        advanced = self.training.step(followed.group, followed.done)
        group = advanced.group
        reached = totals(group.log_likelihoods)
        stands = self._stand_still(group, reached - followed.log_likelihoods)
        still = np.where(stands, followed.still + 1, 0)
        _note(group.codes, group.iterations, followed.first)
        if followed.histories:
            values = reached.tolist()
            for row, history in enumerate(followed.histories):
                if row not in advanced.failures:
                    history.append(values[row])
        stepped = _Followed(
            group, reached, still, followed.done, followed.first, followed.histories
        )
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

    def _report(self, followed: _Followed) -> None:
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

    def _without_failed(self, followed: _Followed, failures: Mapping[int, str]) -> _Followed:
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

    def _write(self, followed: _Followed, rows: IntArray) -> None:
        """Write the present models of some rows, and how they came there."""
        group, outcome = followed.group, self.outcome
        numbers = group.numbers[rows]
        for name, values in group.parameters.items():
            outcome.arrays[name][numbers] = values[rows]
        outcome.iterations[numbers] = group.iterations[rows]
        for row in rows[(followed.first[rows] != NEVER).any(axis=(1, 2))].tolist():
            outcome.remedies[int(group.numbers[row])] = _remedies(followed.first[row])
        if outcome.histories is not None:
            for row in rows.tolist():
                outcome.histories[int(group.numbers[row])] = np.array(followed.histories[row])
        followed.done[rows] = True


@kernel()
def _note(codes: IntArray, iterations: IntArray, first: IntArray) -> None:
    """Note the iteration (G,) at which each remedy of codes (G, K) was first needed."""
    for g in range(len(codes)):
        for k in range(codes.shape[1]):
            for kind in range(first.shape[2]):
                if codes[g, k] & BITS[kind] and first[g, k, kind] == NEVER:
                    first[g, k, kind] = iterations[g]


def _remedies(first: IntArray) -> tuple[Remedy, ...]:
    """A model's remedies in the order in which steps needed them, from first (K, kinds)."""
    needed = [
        (iteration, kind, state)
        for state, iterations in enumerate(first.tolist())
        for kind, iteration in enumerate(iterations)
        if iteration != NEVER
    ]
    return tuple(_remedy(state, kind) for _, kind, state in sorted(needed))


@cache
def _remedy(state: int, kind: int) -> Remedy:
    # The same few stand for those of thousands of models.
    return Remedy(state, KINDS[kind])
