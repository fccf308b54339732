"""What is kept of a training run: every log-likelihood with its time, and models to go back to."""

from __future__ import annotations

from array import array

import numpy as np

from hmmcore import HMM, TrainState
from hmmcore.arrays import FloatArray

MAX_SNAPSHOTS = 512


class History:
    """The log-likelihood and the time of every iteration, and the models of some.

    Snapshots are kept at every `stride`-th iteration; when there are more than MAX_SNAPSHOTS,
    every other one is dropped and the stride doubles, so memory stays bounded.
    """

    def __init__(self) -> None:
        self._log_likelihoods = array("d")
        self._seconds = array("d")
        self.snapshots: dict[int, HMM] = {}
        self.stride = 1

    def record(self, state: TrainState, seconds: float = 0.0) -> None:
        """Add a state; states come in order of iteration, from 0.

        Args:
            seconds: of computing that the step to it took.
        """
        self._log_likelihoods.append(state.log_likelihood)
        self._seconds.append(seconds + (self._seconds[-1] if self._seconds else 0.0))
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

    def between(self, first: int, last: int) -> FloatArray:
        """(last - first + 1,) a copy of those of two iterations and all between them, in nats."""
        return np.array(self._log_likelihoods[first : last + 1])

    @property
    def seconds(self) -> FloatArray:
        """(iterations + 1,) a copy: seconds of computing from the start to each iteration."""
        return np.array(self._seconds)

    def path(self, most: int) -> tuple[list[int], list[HMM]]:
        """At most `most` + 1 iterations with their models: evenly spaced ones, and the latest kept.

        Their spacing doubles as the run goes on, so that the same ones are taken for long.
        """
        stride = self.stride
        latest = max(self.snapshots)
        while latest // stride >= most:
            stride *= 2
        taken = [i for i in self.snapshots if i % stride == 0 or i == latest]
        return taken, [self.snapshots[i] for i in taken]
