"""Taking runs back to where they stood: the same steps again, as fast as there is time for."""

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
    """What a run had learned when it was put away: its model, and the log-likelihood in nats."""

    hmm: HMM
    log_likelihood: float


@dataclass
class Replay:
    """Runs on their way to a position.

    Attributes:
        run_position: where they go.
        endings: what they must have learned there, by the run's name, where that is known.
        clock: seconds, never backwards.
    """

    run_position: RunPosition
    endings: Mapping[str, Ending] = field(default_factory=dict)
    clock: Callable[[], float] = perf_counter
    _under_way: list[_Way] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        position: RunPosition,
        runs: Mapping[str, Run],
        trainer: TrainerOf,
        endings: Mapping[str, Ending] | None = None,
    ) -> Replay:
        """Runs at iteration 0 on their way to a position; those that are not there are left out."""
        ways = [
            _Way(runs[name], stand, trainer, list(stand.revisions))
            for name, stand in position.runs.items()
            if name in runs
        ]
        return cls(position, endings or {}, _under_way=ways)

    def advance(self, budget: float) -> bool:
        """Take steps, each run in turn, for at most `budget` seconds; whether all have arrived."""
        begin = self.clock()
        while self._under_way:
            self._under_way = [way for way in self._under_way if way.step()]
            if self.clock() - begin >= budget:
                break
        return not self._under_way


@dataclass
class _Way:
    run: Run
    stand: RunProgress
    trainer: TrainerOf
    revisions: list[Revision]

    def step(self) -> bool:
        """One step further; False when the run has arrived, or can go no further."""
        run, before = self.run, self.run.state
        while self.revisions and self.revisions[0].iteration <= before.iteration:
            revision = self.revisions.pop(0)
            run.revise(self.trainer(run.name, revision), revision)
        if before.iteration >= self.stand.iteration:
            if self.stand.failed and run.ended is None:
                run.step()  # fails again, and says why
            return False
        # A visitor may have gone on where the run had ended.
        run.ended = None
        run.step()
        return run.state is not before
