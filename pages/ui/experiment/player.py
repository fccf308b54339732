"""A training run, and a player that steps runs at a given speed.

Nothing here knows what causes a tick or where figures are shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from hmmcore import (
    HMM,
    DivergedError,
    ImpossibleDataError,
    LikelihoodFellError,
    Trainer,
    TrainState,
)
from hmmcore.arrays import FloatArray
from hmmcore.diagnostics import STANDSTILL, STANDSTILL_STEPS
from hmmcore.training.base import stands_still
from pages.ui.experiment.history import History
from pages.ui.experiment.run_position import Revision, revised

MAX_ITERATIONS = 1_000_000
"""A run ends here: after hours at full speed, with sixteen megabytes of history."""

METHODS = ("EM", "Gradient")
"""The methods, and the names of the two runs that every experiment has, in order."""

LONGEST_GAP = 1.0
"""The most seconds between two ticks for which steps are taken. A visitor who returns from another
page does not have to watch the steps of the meantime."""


@dataclass
class Run:
    """The training of one model by one method from a starting model.

    Attributes:
        name: "EM", "Gradient", or for a run of a sweep "Gradient" and its learning rate.
        trainer: can be replaced by another of the same kind while the run continues.
        start: the starting model.
        revisions: learning rate and optimizer from which iteration on; empty if not recorded.
        by_hand: the models that led to the starting model by hand, and the log-likelihoods of each;
            they count backwards from iteration -1.
        state: the latest training state.
        history: the log-likelihoods and snapshots of all iterations.
        ended: one sentence why the run has ended, or None.
        failed: whether it ended because a step failed.
        revised_at: the iteration at which the present trainer took over.
    """

    name: str
    trainer: Trainer
    start: HMM
    revisions: tuple[Revision, ...] = ()
    by_hand: tuple[tuple[HMM, float], ...] = ()
    state: TrainState = field(init=False)
    history: History = field(init=False)
    ended: str | None = field(init=False, default=None)
    failed: bool = field(init=False, default=False)
    revised_at: int = field(init=False, default=0)
    _past_state: TrainState | None = field(init=False, default=None)
    _standstill_steps: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to iteration 0 of the same starting model."""
        self.state = self.trainer.init(self.start)
        self.history = History()
        self.history.record(self.state)
        self.revisions = tuple(replace(last, iteration=0) for last in self.revisions[-1:])
        self._clear_ending()
        self.revised_at = 0

    def revise(self, trainer: Trainer, revision: Revision | None = None) -> None:
        """Continue with another trainer of the same kind, such as another learning rate."""
        self.trainer = trainer
        if revision is not None:
            self.revisions = revised(self.revisions, revision)
        self._clear_ending()

    def replace_model(self, hmm: HMM) -> None:
        """Replace the latest model. The optimizer's memory, such as momentum, starts anew."""
        self.state = replace(self.trainer.init(hmm), iteration=self.state.iteration)
        self.history.replace_last(self.state)
        self._clear_ending()

    def _clear_ending(self) -> None:
        self.ended, self.failed, self.revised_at = None, False, self.state.iteration
        self._standstill_steps = 0

    def step(self) -> None:
        """Take one training step. If that ends the run, `ended` says why."""
        before = self.state
        begin = perf_counter()
        try:
            self.state = self.trainer.step(before)
        except (DivergedError, ImpossibleDataError, LikelihoodFellError) as error:
            self.ended, self.failed = str(error)[:1].upper() + str(error)[1:], True
            return
        self.history.record(self.state, perf_counter() - begin)
        still = stands_still(
            self.state.objective - before.objective,
            STANDSTILL,
            self.state.magnitude,
            self.state.hmm,
            self.trainer.sequences,
        )
        self._standstill_steps = self._standstill_steps + 1 if still else 0
        patience = STANDSTILL_STEPS[self.method]
        if self._standstill_steps >= patience:
            self.ended = (
                f"{self.name} has come to rest at iteration {self.state.iteration}: "
                f"the last {patience} steps changed the {self.state.objective_name} by no more "
                f"than {STANDSTILL:g} nats per observation each, or by rounding."
            )
        elif self.state.iteration >= MAX_ITERATIONS:
            self.ended = f"{self.name} has taken {MAX_ITERATIONS} steps and ends here."

    def state_at(self, iteration: int | None) -> TrainState:
        """The state at the last snapshot up to an iteration, or the latest state.

        The latest for None and for iterations not reached yet. A snapshot holds only the model;
        one forward-backward pass recomputes the rest, except for the optimizer's memory.
        """
        if iteration is None or iteration >= self.state.iteration:
            return self.state
        if iteration < 0:
            found = max(iteration, -len(self.by_hand))
            hmm = self.by_hand[found][0] if found else self.start
        else:
            found, hmm = self.history.snapshot(iteration)
        if self._past_state is None or self._past_state.hmm is not hmm:
            self._past_state = replace(self.trainer.init(hmm), iteration=found)
        return self._past_state

    @property
    def method(self) -> str:
        """The method: "EM" or "Gradient"."""
        return self.name.split()[0]

    @property
    def curve(self) -> FloatArray:
        """Log-likelihood per observation of every iteration from 0 on, in nats."""
        return self.trainer.sequences.per_observation(self.history.log_likelihoods)

    @property
    def climbed(self) -> FloatArray | None:
        """Log-posterior per observation, likewise, where training has priors; None without.

        Constants of the priors are left out.
        """
        if self.state.log_prior is None:
            return None
        return self.trainer.sequences.per_observation(self.history.objectives)

    @property
    def curve_by_hand(self) -> FloatArray:
        """Log-likelihood per observation of the models of `by_hand`, in nats."""
        values = np.array([log_likelihood for _, log_likelihood in self.by_hand])
        return self.trainer.sequences.per_observation(values)


@dataclass
class Player:
    """Steps runs at a given rate, within a budget of time for each tick.

    Attributes:
        playing: whether ticks take steps.
        clock: returns seconds, which never decrease.
    """

    playing: bool = False
    clock: Callable[[], float] = perf_counter
    _last_tick: float = 0.0
    _steps_due: float = 0.0

    def play(self) -> None:
        """Start or continue."""
        self.playing = True
        self._last_tick = self.clock()
        # The first tick takes a step at once, so that pressing Play has a visible effect.
        self._steps_due = 1.0

    def pause(self) -> None:
        """Stop taking steps."""
        self.playing = False

    def wait(self, rate: float) -> float:
        """Seconds until the next step is due at `rate` steps a second; 0 if one is due now."""
        if not math.isfinite(rate):
            return 0.0
        return max(0.0, (1.0 - self._steps_due) / rate - (self.clock() - self._last_tick))

    def tick(self, runs: list[Run], rate: float, budget: float) -> None:
        """Take the steps that are due, each run in turn, for at most `budget` seconds.

        Args:
            rate: steps a second; infinity means as many as the budget allows.
            budget: seconds. At least one due step is taken, even if it takes longer. Due steps
                that do not fit into the budget are dropped, not taken later.
        """
        if not self.playing:
            return
        now = self.clock()
        elapsed = min(now - self._last_tick, LONGEST_GAP)
        self._steps_due += elapsed * rate if math.isfinite(rate) else math.inf
        self._last_tick = now
        while self._steps_due >= 1.0:
            active = [run for run in runs if run.ended is None]
            for run in active:
                run.step()
            if not active or all(run.ended for run in runs):
                self.pause()
                break
            self._steps_due -= 1.0
            if self.clock() - now >= budget:
                break
        self._steps_due = min(self._steps_due, 1.0) if math.isfinite(rate) else 0.0
