"""What becomes of many fits, and who has not been fitted yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch.models import Arrays, Models
from hmmcore.emissions import parameters_of
from hmmcore.emissions.base import Remedy
from hmmcore.training import FitResult

CONVERGED, MAX_ITERATIONS, FAILED, CANCELLED = "converged", "max_iterations", "failed", "cancelled"


@dataclass(frozen=True, eq=False)
class Fits:
    """How the fits went, in the order in which the models were given.

    Attributes:
        models: the last model of each. Of one that failed, the last that was sound.
        log_likelihoods: (B,) of these, in nats; -inf where a fit failed, or never began because it
            was cancelled.
        iterations: (B,) how many steps were taken.
        stop_reasons: of each, "converged", "max_iterations", "failed" or "cancelled".
        failures: by number, the sentence that says why a fit failed.
        remedies: of each, everything its steps did to keep states alive, each once, in order.
        objectives: (B,) what was climbed: log-likelihoods, plus log p(θ) if there are priors.
        histories: of each, the log-likelihoods (iterations + 1,) of the start and after every
            step, empty where not even the start could be evaluated; None unless asked for.
        log_priors: likewise log p(θ), where there are priors.
    """

    models: Models
    log_likelihoods: FloatArray
    iterations: IntArray
    stop_reasons: tuple[str, ...]
    failures: dict[int, str]
    remedies: tuple[tuple[Remedy, ...], ...]
    objectives: FloatArray
    histories: tuple[FloatArray, ...] | None = None
    log_priors: tuple[FloatArray, ...] | None = None

    @property
    def best(self) -> int:
        """Number of the fit that reached the highest objective, the first of those that did.

        Raises:
            ValueError: when no model was trained, with the sentence of the first that failed.
        """
        if (self.objectives == -np.inf).all():
            why = next(iter(self.failures.values()), "it was cancelled before it began.")
            raise ValueError(
                f"none of {len(self.models)} models could be trained. The first: {why}"
            )
        return int(np.argmax(self.objectives))


class Outcome:
    """Where threads write what became of models, each to the rows of its own models."""

    def __init__(self, models: Models, histories: bool, priors: bool) -> None:
        count = len(models)
        self.models = models
        self.arrays: Arrays = {name: np.array(v) for name, v in models.arrays().items()}
        self.log_likelihoods = np.full(count, -np.inf)
        self.objectives = np.full(count, -np.inf)
        self.iterations = np.zeros(count, dtype=np.int64)
        self.stop_reasons = [CANCELLED] * count
        self.failures: dict[int, str] = {}
        self.remedies: list[tuple[Remedy, ...]] = [()] * count
        self.histories = [np.empty(0)] * count if histories else None
        self.log_priors = [np.empty(0)] * count if histories and priors else None

    def fits(self) -> Fits:
        """What became of all."""
        for values in self.arrays.values():
            values.setflags(write=False)
        return Fits(
            self.models.with_arrays(self.arrays), self.log_likelihoods, self.iterations,
            tuple(self.stop_reasons), dict(sorted(self.failures.items())), tuple(self.remedies),
            self.objectives, None if self.histories is None else tuple(self.histories),
            None if self.log_priors is None else tuple(self.log_priors),
        )  # fmt: skip

    def put(self, number: int, result: FitResult, failure: str | None = None) -> None:
        """Write what came of one model, until it failed if it did."""
        hmm = result.hmm
        self.arrays["initial_probs"][number] = hmm.initial_probs
        self.arrays["transition_matrix"][number] = hmm.transition_matrix
        for name, values in parameters_of(hmm.emissions).items():
            self.arrays[name][number] = values
        if failure is None:
            self.log_likelihoods[number] = result.log_likelihoods[-1]
            self.objectives[number] = result.objectives[-1]
        self.iterations[number] = len(result.log_likelihoods) - 1
        self.stop_reasons[number] = result.stop_reason
        self.remedies[number] = result.remedies
        if self.histories is not None:
            self.histories[number] = result.log_likelihoods
        if self.log_priors is not None and result.log_priors is not None:
            self.log_priors[number] = result.log_priors
        if failure is not None:
            self.fail(number, failure)

    def fail(self, number: int, sentence: str) -> None:
        """Say that a model could not be fitted, and why."""
        self.stop_reasons[number] = FAILED
        self.failures[number] = sentence


class Queue:
    """The numbers of models that nobody has taken yet, and word of those that are done.

    Args:
        count: how many models there are.
        cancelled: when it says True, nothing more is to be done.
    """

    def __init__(self, count: int, cancelled: Callable[[], bool] | None = None) -> None:
        self.done: SimpleQueue[int] = SimpleQueue()
        self._cancelled = cancelled
        self._closed = False
        self._next = 0
        self._count = count
        self._lock = Lock()

    def take(self, most: int) -> IntArray:
        """The next numbers, `most` at the most; none when all are taken, or it is cancelled."""
        with self._lock:
            first = self._next
            if not self.is_cancelled():
                self._next = min(self._count, first + most)
            return np.arange(first, self._next)

    def close(self) -> None:
        """Cancel what is left."""
        self._closed = True

    def is_cancelled(self) -> bool:
        """Whether nothing more is to be done."""
        return self._closed or (self._cancelled is not None and self._cancelled())
