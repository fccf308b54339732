"""Take runs to a saved position by repeating their steps, as fast as possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

from hmmcore import HMM, Trainer
from pages.ui.experiment.player import Run
from pages.ui.experiment.run_position import Revision, RunPosition, RunProgress

TrainerOf = Callable[[str, Revision], Trainer]


@dataclass(frozen=True)
class Ending:
    """The result of a saved run: its model, and the log-likelihood in nats."""

    hmm: HMM
    log_likelihood: float


@dataclass
class Replay:
    """Runs that repeat their steps up to a position.

    Attributes:
        run_position: the position to reach.
        endings: the saved result at that position, by the run's name; empty if none was saved.
        clock: returns seconds, which never decrease.
        is_new: whether the steps were never taken before.
    """

    run_position: RunPosition
    endings: Mapping[str, Ending] = field(default_factory=dict)
    clock: Callable[[], float] = perf_counter
    is_new: bool = False
    _unfinished: list[_RunReplay] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        position: RunPosition,
        runs: Mapping[str, Run],
        trainer: TrainerOf,
        endings: Mapping[str, Ending] | None = None,
    ) -> Replay:
        """A replay of runs, which are at iteration 0, to a position. Skips runs not in `runs`."""
        unfinished = [
            _RunReplay(runs[name], progress, trainer, list(progress.revisions))
            for name, progress in position.runs.items()
            if name in runs
        ]
        return cls(position, endings or {}, _unfinished=unfinished)

    def advance(self, budget: float) -> bool:
        """Take steps, each run in turn, for at most `budget` seconds; whether all have arrived."""
        begin = self.clock()
        while self._unfinished:
            self._unfinished = [one for one in self._unfinished if one.step()]
            if self.clock() - begin >= budget:
                break
        return not self._unfinished


@dataclass
class _RunReplay:
    """The replay of one run.

    Attributes:
        run: the run.
        progress: what to reach.
        trainer: gives the trainer of a revision.
        revisions: those that are still to come, in order.
    """

    run: Run
    progress: RunProgress
    trainer: TrainerOf
    revisions: list[Revision]

    def step(self) -> bool:
        """Take one step; False if the run has arrived or cannot continue."""
        run, before = self.run, self.run.state
        while self.revisions and self.revisions[0].iteration <= before.iteration:
            revision = self.revisions.pop(0)
            run.revise(self.trainer(run.name, revision), revision)
        if before.iteration >= self.progress.iteration:
            if self.progress.failed and run.ended is None:
                run.step()  # It fails again, which sets the reason in `ended`.
            return False
        # The saved run may have been continued after it had ended.
        run.ended = None
        run.step()
        return run.state is not before
