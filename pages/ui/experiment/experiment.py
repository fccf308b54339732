"""An experiment: a Config, its data, and training runs that play, step and show their past.

Nothing here knows of a page. What belongs to one visitor is in `session/session.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Condition, RLock

import numpy as np

from hmmcore import HMM, ImpossibleDataError, TrainState
from hmmcore.arrays import IntArray
from hmmcore.coordinates import Coordinate
from hmmcore.initialization import StartComparison
from pages.ui.experiment import constraints, generated, learning_rate_sweep, starts, training_runs
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.experiment.earlier_runs import EarlierRun, PresentRun, with_left
from pages.ui.experiment.hand_made import MOST_STEPS, as_set_by_hand, table_of
from pages.ui.experiment.locking import holding_lock
from pages.ui.experiment.naming import named
from pages.ui.experiment.own_model import ABSENT, OwnModel
from pages.ui.experiment.pacing import POLL_SECONDS, large_turn
from pages.ui.experiment.player import MAX_ITERATIONS, Player, Run
from pages.ui.experiment.replay import Ending, Replay
from pages.ui.experiment.run_position import MAX_MARKS, RunPosition, RunProgress
from pages.ui.experiment.selected import within_data, within_model
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import num_cells, with_family_constraints, within_size
from pages.ui.settings.families import trainable_for

TICK_BUDGET = 0.03
"""Seconds of training in one tick: a third of a tick, so that the page stays responsive."""

OPENING_BUDGET = 0.2
"""Seconds that a page may wait for its runs while it opens. A longer replay is played live."""

NO_UPLOAD = (
    "This link was made with an uploaded file, which a link cannot carry. It shows generated data "
    "with the same settings; upload the file again on the Data page."
)

NO_HAND_ON_NETWORK = (
    "A network computes the means, so they cannot be moved by hand; choose Free as the model of "
    "the means."
)


@dataclass(frozen=True, eq=False)
class Grip:
    """What the hand took hold of.

    Attributes:
        runs: those that start from what it made.
        hmm: the model as it was, with states in the run's own order.
        order: (K,) state order[k] of it was shown as state k.
    """

    runs: Mapping[str, Run]
    hmm: HMM
    order: IntArray


@dataclass
class Experiment:
    """A Config with its data, its runs, and the player that steps them.

    Two threads use it: one runs the page's script, the other makes the frames of the live panel.
    A thread holds `lock` while it changes the experiment or reads values that belong together.

    Attributes:
        notes: sentences to show until the next change.
        upload: the visitor's data; kept while the experiment uses other data.
        own_model: a model that the visitor brought or kept; kept while training starts elsewhere.
        problem: one sentence why nothing can be trained, or None.
        start_comparison: how the candidates for the start did, if it is the best of several.
        data: the data that the Config and the upload define.
        data_number: how often the data were replaced; a figure keeps its zoom while it is the same.
        player: the clock that plays the runs.
        runs: one run per method, and those of a sweep of learning rates, by name.
        at: the iteration that the figures show; None for the latest. Models that led to the start
            by hand count backwards from -1.
        marks: iterations that the visitor marked, ascending.
        earlier_runs: what is kept of runs that others have replaced, the latest last.
        before_reset: what is kept of runs that were reset, by name, until others replace them.
        replay: the replay that takes the runs to a saved position; None if there is none.
        opened_position: the position that the runs were last taken to, by a link or a file.
        lock: held by the thread that works on the experiment.
    """

    config: Config
    notes: tuple[str, ...] = ()
    upload: Upload | None = None
    own_model: OwnModel | None = None
    problem: str | None = None
    start_comparison: StartComparison | None = field(init=False, default=None)
    data: Dataset = field(init=False)
    data_number: int = 0
    player: Player = field(default_factory=Player)
    runs: dict[str, Run] = field(default_factory=dict)
    at: int | None = None
    marks: tuple[int, ...] = ()
    earlier_runs: tuple[EarlierRun, ...] = ()
    before_reset: dict[str, EarlierRun] = field(default_factory=dict)
    replay: Replay | None = None
    opened_position: RunPosition = field(default_factory=RunPosition)
    lock: RLock = field(default_factory=RLock)
    _grip: Grip | None = field(init=False, default=None)
    _best_before: tuple[Dataset, float] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        with self.lock:
            self._renew_data()

    # Running

    @property
    def rate(self) -> float:
        """Steps a second while playing; infinity for as many as possible."""
        full_speed = self.config.speed == "max" or self.replay is not None
        return math.inf if full_speed else float(self.config.speed)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are trained, in order: "EM", "Gradient" or both."""
        return ("EM", "Gradient") if self.config.method == "Both" else (self.config.method,)

    @property
    def main_runs(self) -> list[Run]:
        """The run of each method that is trained; empty if there is a `problem`."""
        return [self.runs[name] for name in self.methods if name in self.runs]

    @property
    def trains_anything(self) -> bool:
        """Whether some parameter of the model is chosen to be trained."""
        return bool(starts.trained_parameters(self.config, self.data))

    @property
    def active_runs(self) -> list[Run]:
        """The runs that are trained: one per method, and those of a sweep of learning rates."""
        sweep = learning_rate_sweep.runs(self.runs) if "Gradient" in self.methods else []
        return [*self.main_runs, *sweep]

    @property
    def shown_run(self) -> Run | None:
        """The run whose model the figures show."""
        name = self.config.shown if self.config.method == "Both" else self.config.method
        return self.runs.get(name)

    @property
    def grip(self) -> Grip | None:
        """What the hand last took hold of; None where the runs start from elsewhere."""
        grip = self._grip
        return grip if grip is not None and grip.runs is self.runs else None

    @property
    def no_hand(self) -> str:
        """Why the shown model cannot be changed by hand, in a sentence; empty if it can."""
        return NO_HAND_ON_NETWORK if starts.has_network(self.config) else ""

    @property
    def best_trained(self) -> float:
        """The best log-likelihood per observation that training has reached on these data.

        Minus infinity where nothing was trained.
        """
        curves = [run.curve[1:] for run in self.main_runs]
        best = max(
            (float(curve[np.isfinite(curve)].max(initial=-np.inf)) for curve in curves),
            default=-np.inf,
        )
        if self._best_before is not None and self._best_before[0] is self.data:
            best = max(best, self._best_before[1])
        return best

    @property
    def steps_by_hand(self) -> int:
        """How many models led to the start by hand."""
        return max((len(run.by_hand) for run in self.main_runs), default=0)

    @property
    def can_go_on(self) -> bool:
        """Whether any run can take another step."""
        return any(run.ended is None for run in self.active_runs)

    @property
    def new_start_helps(self) -> bool:
        """Whether another start number gives another starting point."""
        return starts.is_random(self.config) or self.config.nudge > 0

    @holding_lock
    def play(self) -> None:
        """Start or continue playing, from the latest iteration."""
        self.at = None
        if self.can_go_on:
            self.player.play()

    @holding_lock
    def pause(self) -> None:
        """Stop playing; a replay ends where it is."""
        self.player.pause()
        if self.replay is not None:
            self._end_replay(self.replay.run_position.marks)

    @holding_lock
    def tick(self, budget: float = TICK_BUDGET) -> None:
        """Take the steps that are due, for at most `budget` seconds."""
        if self.replay is None:
            self.player.tick(self.active_runs, self.rate, budget)
        elif self.player.playing and self.replay.advance(budget):
            self._finish_replay(self.replay)

    @holding_lock
    def step(self) -> None:
        """Take one step of each run that has not ended."""
        self.pause()
        self.at = None
        for run in self.active_runs:
            if run.ended is None:
                run.step()

    @holding_lock
    def reset(self) -> None:
        """Return all runs to iteration 0 of the same starting model."""
        self.pause()
        self.at, self.marks = None, ()
        for one in self.present_runs:
            reset = self.before_reset.get(one.run.name)
            if one.run.state.iteration > (0 if reset is None else reset.iteration):
                self.before_reset[one.run.name] = one.kept()
        self._best_before = self.data, self.best_trained
        for run in self.runs.values():
            run.reset()
        self._keep_other_paths()

    @holding_lock
    def move_by_hand(
        self, values: Mapping[Coordinate, float], order: IntArray, *, further: bool = False
    ) -> None:
        """Change the shown model by hand, and let training start from it.

        Args:
            values: by coordinate, of the states in the order in which they are shown.
            order: (K,) state order[k] of the run is shown as state k.
            further: whether the hand has not let go since the last change, which this one replaces.

        Raises:
            ValueError: if that is no model; the sentence says why. Nothing is changed then.
        """
        run, state = self.shown_run, self.shown_state
        if run is None or state is None:
            return
        if self.no_hand:
            raise ValueError(self.no_hand)
        grip = self.grip if further and self.at is None and not self.latest else None
        base = state.hmm if grip is None else grip.hmm
        order = order if grip is None else grip.order
        hmm = as_set_by_hand(base.permute(order), values).permute(np.argsort(order))
        by_hand, self._best_before = run.by_hand, (self.data, self.best_trained)
        if grip is None:
            trained = any(one.state.iteration for one in self.active_runs)
            kept = () if trained else by_hand
            by_hand = (*kept, (state.hmm, state.log_likelihood))[-MOST_STEPS:]
        self._start_by_hand(hmm, by_hand)
        self._grip = Grip(self.runs, base, order)

    @holding_lock
    def start_by_hand(self, hmm: HMM, **shown: str) -> None:
        """Let training start from this model, its states in the runs' own order.

        Args:
            shown: fields of group "view" that change with it.

        Raises:
            ValueError, ImpossibleDataError: if it cannot; the sentence says why. Nothing is changed
                then.
        """
        if self.no_hand:
            raise ValueError(self.no_hand)
        self._best_before = self.data, self.best_trained
        self._start_by_hand(hmm, (), **shown)

    def _start_by_hand(
        self, hmm: HMM, by_hand: tuple[tuple[HMM, float], ...], **shown: str
    ) -> None:
        if problem := constraints.refused_by_hand(hmm, self.config):
            raise ValueError(problem)
        config = replace(self.config, start="hand", hand=table_of(hmm), nudge=0, **shown)  # type: ignore[arg-type]
        # The table gives the same model to whoever opens the link.
        runs = training_runs.new_runs(config, self.data, starts.by_hand(config, self.data))
        for one in runs.values():
            one.by_hand = by_hand
        self.pause()
        with self._keeping_replaced_runs():
            self.config, self.runs = config, runs
            self.at, self.marks = None, ()
            self.problem, self.start_comparison = None, None

    @holding_lock
    def start_from(self, start: HMM) -> None:
        """Restart all runs from this model. Raises ValueError if they cannot start there."""
        self.runs = {
            name: Run(name, run.trainer, start, run.revisions) for name, run in self.runs.items()
        }

    # Earlier runs

    @property
    def present_runs(self) -> list[PresentRun]:
        """The runs that an earlier run is compared with."""
        uploaded = self.config.source == "upload" and self.upload is not None
        file_name = self.upload.file_name if uploaded and self.upload else ""
        return [PresentRun(run, self.config, file_name, self.data) for run in self.main_runs]

    @property
    def shown_earlier_runs(self) -> list[EarlierRun]:
        """The earlier runs without those whose steps a present run takes again."""
        if not self.earlier_runs:
            return []
        present = [one.path for one in self.present_runs]
        return [one for one in self.earlier_runs if one.path not in present]

    @holding_lock
    def clear_earlier_runs(self) -> None:
        """Forget all earlier runs."""
        self.earlier_runs = ()
        self.before_reset.clear()

    @contextmanager
    def _keeping_replaced_runs(self) -> Iterator[None]:
        """Keep what is left of the runs that the work inside replaces, if they took a step."""
        before = self.present_runs
        yield
        present = self.present_runs
        for one in before:
            if any(one.run is other.run for other in present):
                continue
            reset = self.before_reset.pop(one.run.name, None)
            taken = one.run.state.iteration
            if reset is not None and reset.iteration > taken and reset.path == one.path:
                self.earlier_runs = with_left(self.earlier_runs, reset)
            elif taken:
                self.earlier_runs = with_left(self.earlier_runs, one.kept())
        if self.earlier_runs:
            # After Undo the run of before goes on, so that it is no earlier one any more.
            reached = [(one.path, one.run.state.iteration) for one in present]
            self.earlier_runs = tuple(
                one
                for one in self.earlier_runs
                if not any(one.path == path and one.iteration <= last for path, last in reached)
            )

    def _keep_other_paths(self) -> None:
        """Keep what was reset, where the run now takes other steps than before."""
        for one in self.present_runs:
            reset = self.before_reset.get(one.run.name)
            if reset is not None and reset.path != one.path:
                self.earlier_runs = with_left(
                    self.earlier_runs, self.before_reset.pop(one.run.name)
                )

    # Looking back

    @property
    def shown_state(self) -> TrainState | None:
        """The training state that the figures show: the shown run's, at iteration `at`."""
        run = self.shown_run
        return None if run is None else run.state_at(self.at)

    @property
    def latest(self) -> int:
        """The latest iteration of any run that is trained."""
        return max((run.state.iteration for run in self.active_runs), default=0)

    @holding_lock
    def travel(self, iteration: int | None) -> None:
        """Show an earlier iteration, or with None the latest again. No run loses a step."""
        self.pause()
        is_past = iteration is not None and -self.steps_by_hand <= iteration < self.latest
        self.at = iteration if is_past else None

    @holding_lock
    def mark(self) -> None:
        """Mark the iteration that is shown, or remove its mark."""
        shown = self.latest if self.at is None else self.at
        marks = set(self.marks) ^ {shown}
        if shown >= 0 and len(marks) <= MAX_MARKS:
            self.marks = tuple(sorted(marks))

    # The position of the runs

    def run_position(self) -> RunPosition:
        """The position of the runs; during a replay, the position it leads to."""
        return self.current_position() if self.replay is None else self.replay.run_position

    def current_position(self) -> RunPosition:
        """The position of the runs now, even during a replay."""
        at = None if self.at is None else max(self.at, 0)
        return RunPosition(training_runs.progress_by_name(self.runs), at, self.marks)

    @holding_lock
    def go_to(self, position: RunPosition, endings: Mapping[str, Ending] | None = None) -> None:
        """Replay the runs from their start to a position; a long replay is played live."""
        self.reset()
        self.opened_position = position
        trainer = partial(training_runs.revised_trainer, config=self.config, data=self.data)
        self.replay = Replay.of(position, self.runs, trainer, endings)
        if self.replay.advance(OPENING_BUDGET):
            self._finish_replay(self.replay)
        else:
            self.player.play()

    @holding_lock
    def train_on(self, steps: int) -> None:
        """Let the shown run take more steps at full speed, on from where it stands.

        It goes on even where it had come to rest.
        """
        run = self.shown_run
        if run is None:
            return
        self.pause()
        self.at = None
        here = self.current_position()
        last = min(run.state.iteration + steps, MAX_ITERATIONS)
        goal = {run.name: RunProgress(last)}
        trainer = partial(training_runs.revised_trainer, config=self.config, data=self.data)
        present = here.runs.get(run.name, goal[run.name])
        self.replay = replace(
            Replay.of(RunPosition(goal), self.runs, trainer),
            run_position=replace(
                here, runs={**here.runs, run.name: replace(present, iteration=last)}
            ),
            is_new=True,
        )
        if self.replay.advance(OPENING_BUDGET):
            self._finish_replay(self.replay)
        else:
            self.player.play()

    def _finish_replay(self, replay: Replay) -> None:
        self.player.pause()
        self.notes = (*self.notes, *training_runs.replace_models(self.runs, replay.endings))
        self._end_replay(replay.run_position.marks)
        at = replay.run_position.at
        self.at = at if at is not None and at < self.latest else None
        self.opened_position = self.run_position()

    def _end_replay(self, marks: tuple[int, ...]) -> None:
        """Continue training from here with the current controls."""
        self.replay = None
        self.marks = tuple(mark for mark in marks if mark <= self.latest)
        training_runs.revise_where_needed(self.runs, self.config, self.data)

    # Data and runs that follow from the Config

    def _possible(self, config: Config, keep: str = "length") -> tuple[Config, tuple[str, ...]]:
        """The Config with data that exist and are within the bound on their size, and notes."""
        notes: tuple[str, ...] = ()
        if config.source == "upload":
            if self.upload is None:
                config, notes = replace(config, source="generated"), (NO_UPLOAD,)
            elif config.family != (family := self.upload.family):
                # The file determines the family, not the controls.
                trainable = trainable_for(family, config.trainable)
                config = with_family_constraints(
                    replace(config, family=family, trainable=trainable)
                )
        length = None if self.upload is None else self.upload.sequences.num_observations
        config, size_notes = within_size(config, keep, length)
        return config, (*notes, *size_notes)

    def _renew_data(self) -> None:
        self.data_number += 1
        # Whatever the Config comes from, it is within bounds before memory is taken for its data.
        self.config, notes = self._possible(self.config)
        self.notes = (*self.notes, *notes)
        with self._turn(self.config, self.upload):
            if self.config.source == "upload":
                assert self.upload is not None
                self.data = self.upload.dataset(self.config.num_states)
            else:
                self.data = generated.dataset(self.config)
            self.runs, self._best_before = {}, None
            self._renew_runs()

    def _rename(self) -> None:
        """Call states and symbols of generated data by their present names."""
        if self.config.source == "upload":
            return
        before, self.data = self.data, named(self.data, self.config)
        if self.own_model is not None and self.own_model.labels == before.labels:
            # It was trained on these symbols, whatever they are called.
            self.own_model = replace(self.own_model, labels=self.data.labels)

    def _turn(self, config: Config, upload: Upload | None) -> AbstractContextManager[None]:
        """The turn to build what a Config says; the lock is free while the thread waits for it.

        A method that has changed something asks too late: others would see half of the change.
        """
        length = None if upload is None else upload.sequences.num_observations
        lock = Condition(self.lock)
        return large_turn(num_cells(config, length), lambda: lock.wait(POLL_SECONDS))

    def _renew_runs(self) -> None:
        self._best_before = self.data, self.best_trained
        self.runs = {}
        self.replay = None
        self.at, self.marks = None, ()
        self.problem, self.start_comparison = None, None
        own_model = self._start_from_own_model()
        self._check_hand()
        try:
            start = starts.starting_point(self.config, self.data, own_model)
            self._check_alone(start.hmm)
            self.runs = training_runs.new_runs(self.config, self.data, start.hmm)
            self.start_comparison = start.comparison
            if problem := constraints.why_not_true(self.config, self.data):
                self.notes = (*self.notes, problem)
        except (ValueError, ImpossibleDataError) as error:
            self.problem = f"This start cannot be trained: {error} Choose another starting point."
        self._select_existing()

    def _start_from_own_model(self) -> HMM | None:
        """The visitor's own model, if training starts from it; where it cannot, from another."""
        if self.config.start != "model":
            return None
        own, upload = self.own_model, self.upload if self.config.source == "upload" else None
        num_states = self.config.num_states
        problem = ABSENT if own is None else own.problem(upload or self.data, num_states)
        if own is None or problem:
            self.config = replace(self.config, start="random" if upload is None else "best")
            self.notes = (*self.notes, problem)
            return None
        if upload is not None and (met := own.meet(upload)) is not upload:
            self.upload, self.data = met, met.dataset(num_states)
        self.config = replace(self.config, **own.settings)
        return own.hmm

    def _check_hand(self) -> None:
        """Let training start elsewhere where the model made by hand is none of these data."""
        if self.config.start != "hand":
            return
        assert self.config.hand is not None
        try:
            starts.by_hand(self.config, self.data)
        except ValueError as error:
            start = "best" if self.config.source == "upload" else "random"
            self.config = replace(self.config, start=start, hand=None)
            self.notes = (*self.notes, f"{error} Training starts from another one.")

    def _check_alone(self, start: HMM) -> None:
        """Train everything where the start has not the numbers that were to be trained alone."""
        if problem := training_runs.not_alone(self.config, self.data, start):
            self.config = replace(self.config, only="")
            self.notes = (*self.notes, problem)

    def _revise_runs(self) -> None:
        if self.replay is not None:
            self.pause()
        training_runs.revise(self.runs, self.config, self.data)
        self._keep_other_paths()

    def _select_existing(self) -> None:
        """Replace a selected sequence, dimension or component that does not exist."""
        self.config, notes = within_data(self.config, self.data)
        self.notes = (*self.notes, *notes)
        if (run := self.runs.get("EM")) is not None:
            self.config = within_model(self.config, run.start)
