"""What is kept of a training run: every log-likelihood, and models to go back to."""

from __future__ import annotations

from array import array

import numpy as np

from hmmcore import HMM, TrainState
from hmmcore.arrays import FloatArray

MAX_SNAPSHOTS = 512


class History:
    """The log-likelihood of every iteration, and the models of some.

    Snapshots are kept at every `stride`-th iteration; when there are more than MAX_SNAPSHOTS,
    every other one is dropped and the stride doubles, so memory stays bounded.
    """

    def __init__(self) -> None:
        self._log_likelihoods = array("d")
        self.snapshots: dict[int, HMM] = {}
        self.stride = 1

    def record(self, state: TrainState) -> None:
        """Add a state; states come in order of iteration, from 0."""
        self._log_likelihoods.append(state.log_likelihood)
        if state.iteration % self.stride == 0:
            self.snapshots[state.iteration] = state.hmm
            if len(self.snapshots) > MAX_SNAPSHOTS:
                self.stride *= 2
                self.snapshots = {
                    i: hmm for i, hmm in self.snapshots.items() if i % self.stride == 0
                }

    def amend(self, state: TrainState) -> None:
        """Put a state in the place of the last one recorded."""
        self._log_likelihoods[-1] = state.log_likelihood
        if state.iteration in self.snapshots:
            self.snapshots[state.iteration] = state.hmm

    def snapshot(self, iteration: int) -> tuple[int, HMM]:
        """The last snapshot that is not later than an iteration, and its iteration."""
        found = max(0, iteration) // self.stride * self.stride
        found = min(found, max(self.snapshots))
        return found, self.snapshots[found]

    @property
    def log_likelihoods(self) -> FloatArray:
        """(iterations + 1,) a copy, in nats."""
        return np.array(self._log_likelihoods)
