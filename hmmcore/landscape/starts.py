"""Where starts end: each optimum once, up to the order of states, with its share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import as_count
from hmmcore.batch import stack
from hmmcore.batch.many_starts import Restart
from hmmcore.batch.models import kind_of
from hmmcore.batch.outcome import CONVERGED
from hmmcore.landscape.gathering import Gathering
from hmmcore.landscape.rest import is_stuck
from hmmcore.model import HMM
from hmmcore.training import FitResult, Trainer


@dataclass(frozen=True, eq=False)
class Optimum:
    """A model at which starts come to rest, up to the order of its states.

    Attributes:
        hmm: the highest of these ends.
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


def optima(runs: Mapping[int, Restart], trainer: Trainer) -> Optima:
    """Sort ends of training into optima; two are one where the data cannot tell them apart.

    An optimum here is where training came to rest, as in `Basins`; what stands still only because a
    probability that it needs has all but vanished has not. Where starts stop early, at a loose
    tolerance, one optimum may be counted as several.

    Args:
        runs: by number of the start.
        trainer: of these runs, or of another method with the same data and parameters.
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
    found: list[Optimum] = []
    for numbers in kinds.values():
        gathering = Gathering(trainer.sequences)
        heights = np.array([_height(ended[n]) for n in numbers])
        groups = gathering.add(stack([ended[n].hmm for n in numbers]), heights)
        for group in range(gathering.num_groups):
            own = [numbers[b] for b in np.flatnonzero(groups == group)]
            leader, starts = own[0], tuple(sorted(own))
            if is_stuck(trainer, ended[leader].hmm, runs[leader].start):
                still_open += own
                continue
            found.append(
                Optimum(ended[leader].hmm, _height(ended[leader]), starts, leader,
                        len(starts) / len(runs))
            )  # fmt: skip
    found.sort(key=lambda one: -one.log_likelihood)
    return Optima(tuple(found), tuple(sorted(still_open)), failed)


def _height(result: FitResult) -> float:
    return float(result.log_likelihoods[-1])
