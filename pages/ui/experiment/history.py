"""The history of a training run: every log-likelihood and its time, and snapshots of the model."""

from __future__ import annotations

from array import array

import numpy as np

from hmmcore import HMM, TrainState
from hmmcore.arrays import FloatArray

MAX_SNAPSHOTS = 512


class History:
    """The log-likelihood and computing time of every iteration, and the models of some.

    Where training has priors, the objective that it climbs is the log-posterior; else it is the
    log-likelihood.

    A snapshot of the model is kept at every `stride`-th iteration. When there are more than
    MAX_SNAPSHOTS, every other one is dropped and the stride doubles, so memory stays bounded.
    """

    def __init__(self) -> None:
        self._log_likelihoods = array("d")
        self._log_priors = array("d")
        self._seconds = array("d")
        self.snapshots: dict[int, HMM] = {}
        self.stride = 1

    def record(self, state: TrainState, seconds: float = 0.0) -> None:
        """Add the next state; the first one has iteration 0.

        Args:
            seconds: computing time of the step that led to it.
        """
        self._log_likelihoods.append(state.log_likelihood)
        self._log_priors.append(state.log_prior or 0.0)
        self._seconds.append(seconds + (self._seconds[-1] if self._seconds else 0.0))
        if state.iteration % self.stride == 0:
            self.snapshots[state.iteration] = state.hmm
            if len(self.snapshots) > MAX_SNAPSHOTS:
                self.stride *= 2
                self.snapshots = {
                    i: hmm for i, hmm in self.snapshots.items() if i % self.stride == 0
                }

    def replace_last(self, state: TrainState) -> None:
        """Replace the last recorded state."""
        self._log_likelihoods[-1] = state.log_likelihood
        self._log_priors[-1] = state.log_prior or 0.0
        if state.iteration in self.snapshots:
            self.snapshots[state.iteration] = state.hmm

    def snapshot(self, iteration: int) -> tuple[int, HMM]:
        """(iteration, model) of the last snapshot that is not later than `iteration`."""
        found = max(0, iteration) // self.stride * self.stride
        found = min(found, max(self.snapshots))
        return found, self.snapshots[found]

    @property
    def log_likelihoods(self) -> FloatArray:
        """(iterations + 1,) log-likelihood at each iteration, in nats; a copy."""
        return np.array(self._log_likelihoods)

    @property
    def objectives(self) -> FloatArray:
        """(iterations + 1,) what is climbed at each iteration, in nats; a copy."""
        return self.between(0, len(self._log_likelihoods) - 1)

    def between(self, first: int, last: int) -> FloatArray:
        """(last - first + 1,) objectives at iterations first..last, in nats; a copy."""
        own = slice(first, last + 1)
        return np.array(self._log_likelihoods[own]) + np.array(self._log_priors[own])

    @property
    def seconds(self) -> FloatArray:
        """(iterations + 1,) computing time from the start to each iteration, in seconds; a copy."""
        return np.array(self._seconds)

    def path(self, most: int) -> tuple[list[int], list[HMM]]:
        """At most `most` + 1 iterations and their models: evenly spaced snapshots, and the latest.

        The spacing only ever doubles, so the selection stays the same for many iterations.
        """
        stride = self.stride
        latest = max(self.snapshots)
        while latest // stride >= most:
            stride *= 2
        chosen = [i for i in self.snapshots if i % stride == 0 or i == latest]
        return chosen, [self.snapshots[i] for i in chosen]
