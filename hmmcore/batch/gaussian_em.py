"""EM of Gaussians: many steps of many models in one call, without Python between them."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import BoolArray, IntArray
from hmmcore.batch.em_kernels import ALONE, LIGHTLY, WITH_LOSSES, take_steps
from hmmcore.batch.families import GaussianLanes
from hmmcore.batch.followed import Followed
from hmmcore.batch.lane_training import LaneTraining
from hmmcore.lanes import LANES
from hmmcore.sweeps.lane_sweep import workspace
from hmmcore.training import EM
from hmmcore.training.base import StopRule

WORK_AT_ONCE, MOST_AT_ONCE = 1 << 22, 1 << 12
"""What a block of eight models does in one call: ten milliseconds or so, since only between calls
it is asked whether the work is cancelled. A step is observations times states times (states + 8),
where the 8 is for what is not a product with A. And so many steps at the most."""

PARAMETERS = "initial_probs", "transition_matrix", "means", "covariances"
STATISTICS = "initial_counts", "transition_counts", "weights", "counts", "deviations", "squares"


class GaussianEM:
    """Takes steps as `LaneTraining.step` does, many at once, and follows the models on the way.

    Args:
        training: one that `takes` says yes to.
        rule: when a model is over.
    """

    def __init__(self, training: LaneTraining, rule: StopRule) -> None:
        self.training = training
        self.rule = rule
        sweep = training.sweep
        work = training.num_observations * sweep.num_states * (sweep.num_states + 8)
        self.most = max(1, min(MOST_AT_ONCE, WORK_AT_ONCE // work))

    @staticmethod
    def takes(training: LaneTraining) -> bool:
        """Whether these are steps of EM, with Gaussians, in all numbers of a parameter or none."""
        return (
            isinstance(training.trainer, EM)
            and isinstance(training.family, GaussianLanes)
            and training.chosen.masks is None
        )

    def take(self, followed: Followed) -> BoolArray:
        """Take steps with models that are not done: all that go in one call.

        Returns:
            whose next step the trainer itself must take, (G,).
        """
        for way in (LIGHTLY, WITH_LOSSES):
            waiting = np.flatnonzero((followed.ways == way) & ~followed.done)
            if len(waiting):
                self._call(followed, waiting, way == WITH_LOSSES)
        alone: BoolArray = (followed.ways == ALONE) & ~followed.done
        # Only this one step.
        followed.ways[alone] = WITH_LOSSES
        return alone

    def _call(self, followed: Followed, waiting: IntArray, bounding: bool) -> None:
        group, training, sweep = followed.group, self.training, self.training.sweep
        count, num_states = len(group), sweep.num_states
        arrays = [group.parameters[name] for name in PARAMETERS]
        arrays += [group.statistics[name] for name in STATISTICS]
        one_row = "initial_probs", "initial_counts", "weights"
        rows = tuple(
            values.reshape(count, 1 if name in one_row else num_states, -1)
            for name, values in zip((*PARAMETERS, *STATISTICS), arrays, strict=True)
        )
        noted = self.most if followed.histories else 0
        visited = np.empty((noted, LANES), dtype=np.int64)
        visits = np.empty((noted, LANES))
        trainer = training.trainer
        assert isinstance(trainer, EM)
        initial, matrix, means, variances = (name in training.trainable for name in PARAMETERS)
        num_steps = take_steps(
            (*rows, group.log_likelihoods[:, :, np.newaxis]), waiting,
            (initial, matrix, means, variances), trainer.variance_floor, sweep.columns.values,
            sweep.columns.symbols, sweep.offsets, sweep.stretches,
            trainer.sequences.num_observed, self.rule.tolerance, self.rule.patience,
            self.rule.max_iterations, self.most, bounding,
            workspace("scores", sweep.longest, num_states),
            workspace("alphas", sweep.longest, num_states), followed.log_likelihoods,
            group.iterations, followed.still, followed.first, followed.ways, visited, visits,
        )  # fmt: skip
        if followed.histories:
            of_whom, values = visited[:num_steps].ravel(), visits[:num_steps].ravel()
            for row, value in zip(of_whom.tolist(), values.tolist(), strict=True):
                if row >= 0:
                    followed.histories[row].append(value)
