"""Training as something that can be played: runs, and the clock.

Nothing here knows how a tick arrives or where a picture goes, so the ticks of a page can be
replaced by any other transport.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

from hmmcore import (
    HMM,
    DivergedError,
    ImpossibleDataError,
    LikelihoodFellError,
    Trainer,
    TrainState,
)
from hmmcore.diagnostics import STANDSTILL, STANDSTILL_STEPS
from pages.ui.experiment.history import History
from pages.ui.experiment.run_position import Revision, revised

MAX_ITERATIONS = 1_000_000
"""Where a run ends by itself: hours at full speed, and sixteen megabytes of curve."""

METHODS = ("EM", "Gradient")
"""The names of the runs that every experiment has, in order."""

LONGEST_GAP = 1.0
"""Seconds between ticks that count: after a stay on another page nothing is caught up with."""


@dataclass
class Run:
    """One method at work on the data from a starting model.

    Attributes:
        name: "EM", "Gradient", or "Gradient" with the learning rate of a run beside it.
        trainer: may be replaced by another of the same kind; the state goes on.
        revisions: what the controls said from which iteration on; empty where nobody noted it.
        ended: one sentence why it goes no further, or None.
        failed: whether it ended because a step could not be taken.
        revised: the iteration at which the present trainer took over.
    """

    name: str
    trainer: Trainer
    start: HMM
    revisions: tuple[Revision, ...] = ()
    state: TrainState = field(init=False)
    history: History = field(init=False)
    ended: str | None = field(init=False, default=None)
    failed: bool = field(init=False, default=False)
    revised: int = field(init=False, default=0)
    _past: TrainState | None = field(init=False, default=None)
    _still: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Go back to iteration 0 of the same start."""
        self.state = self.trainer.init(self.start)
        self.history = History()
        self.history.record(self.state)
        self.revisions = tuple(replace(last, iteration=0) for last in self.revisions[-1:])
        self._go_on()
        self.revised = 0

    def revise(self, trainer: Trainer, revision: Revision | None = None) -> None:
        """Go on with another trainer of the same kind, for example another learning rate."""
        self.trainer = trainer
        if revision is not None:
            self.revisions = revised(self.revisions, revision)
        self._go_on()

    def replace_model(self, hmm: HMM) -> None:
        """Put another model in the place of the latest; what an optimizer carried begins anew."""
        self.state = replace(self.trainer.init(hmm), iteration=self.state.iteration)
        self.history.amend(self.state)
        self._go_on()

    def _go_on(self) -> None:
        self.ended, self.failed, self.revised = None, False, self.state.iteration
        self._still = 0

    def step(self) -> None:
        """Take one training step; what ends the run is told in `ended`."""
        before = self.state
        begin = perf_counter()
        try:
            self.state = self.trainer.step(before)
        except (DivergedError, ImpossibleDataError, LikelihoodFellError) as error:
            self.ended, self.failed = str(error)[:1].upper() + str(error)[1:], True
            return
        self.history.record(self.state, perf_counter() - begin)
        gain = (self.state.log_likelihood - before.log_likelihood) / self.num_observations
        self._still = self._still + 1 if abs(gain) < STANDSTILL else 0
        patience = STANDSTILL_STEPS[self.method]
        if self._still >= patience:
            self.ended = (
                f"{self.name} stands still at iteration {self.state.iteration}: "
                f"the last {patience} steps changed the log-likelihood by less than "
                f"{STANDSTILL:g} nats per observation each."
            )
        elif self.state.iteration >= MAX_ITERATIONS:
            self.ended = f"{self.name} has taken {MAX_ITERATIONS} steps and ends here."

    def state_at(self, iteration: int | None) -> TrainState:
        """The state at the last snapshot up to an iteration; None, or one to come: the latest.

        Everything but the optimizer follows from a snapshot's model by one sweep.
        """
        if iteration is None or iteration >= self.state.iteration:
            return self.state
        found, hmm = self.history.snapshot(iteration)
        if self._past is None or self._past.hmm is not hmm:
            self._past = replace(self.trainer.init(hmm), iteration=found)
        return self._past

    @property
    def method(self) -> str:
        """ "EM" or "Gradient"."""
        return self.name.split()[0]

    @property
    def num_observations(self) -> int:
        """T of the data."""
        return self.trainer.sequences.num_observations


@dataclass
class Player:
    """Plays runs: so many steps a second, within a budget of time for each tick.

    Attributes:
        playing: whether ticks take steps.
        clock: seconds, never backwards.
    """

    playing: bool = False
    clock: Callable[[], float] = perf_counter
    _last: float = 0.0
    _due: float = 0.0

    def play(self) -> None:
        """Start, or go on."""
        self.playing = True
        self._last = self.clock()
        # The first tick takes a step at once, so that a press is seen.
        self._due = 1.0

    def pause(self) -> None:
        """Stop where the runs are."""
        self.playing = False

    def wait(self, rate: float) -> float:
        """Seconds until a step comes due at `rate` steps a second; 0 when one is due."""
        if not math.isfinite(rate):
            return 0.0
        return max(0.0, (1.0 - self._due) / rate - (self.clock() - self._last))

    def tick(self, runs: list[Run], rate: float, budget: float) -> None:
        """Take the steps that have come due, each run in turn, for at most `budget` seconds.

        Args:
            rate: steps a second; infinity means as many as the budget allows.
            budget: seconds. Where one step takes longer, one is taken all the same. Steps that
                the budget left over are dropped rather than caught up with later.
        """
        if not self.playing:
            return
        now = self.clock()
        elapsed = min(now - self._last, LONGEST_GAP)
        self._due += elapsed * rate if math.isfinite(rate) else math.inf
        self._last = now
        while self._due >= 1.0:
            active = [run for run in runs if run.ended is None]
            for run in active:
                run.step()
            if not active or all(run.ended for run in runs):
                self.pause()
                break
            self._due -= 1.0
            if self.clock() - now >= budget:
                break
        self._due = min(self._due, 1.0) if math.isfinite(rate) else 0.0
