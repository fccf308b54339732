"""An experiment: a Config, its data, and runs that are played, stepped and looked back on.

It knows nothing of a page; `session.py` has what a visitor does with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from threading import RLock

from hmmcore import HMM, ImpossibleDataError, TrainState
from pages.ui.experiment import generated, learning_rate_sweep, starts, training_runs
from pages.ui.experiment.alone import alone
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.experiment.player import Player, Run
from pages.ui.experiment.replay import Ending, Replay
from pages.ui.experiment.run_position import MAX_MARKS, RunPosition
from pages.ui.experiment.selected import within_data, within_model
from pages.ui.settings.config import MAX_CELLS, Config

TICK_BUDGET = 0.03
"""Seconds of training in one tick: a third of a tick, so that the page keeps answering."""

OPENING_BUDGET = 0.2
"""Seconds for which a page that opens may wait for its runs; what takes longer is watched."""

NO_UPLOAD = (
    "This link was made with an uploaded file, which a link cannot carry. It shows generated data "
    "with the same settings; upload the file again on the Data page."
)


@dataclass
class Experiment:
    """Config, data, runs, and what is playing.

    Two threads meet here: the one that runs the page's script, and the one that makes the live
    panel's frames. Whoever changes the experiment, or reads what belongs together, holds `lock`.

    Attributes:
        notes: sentences to show until the next change.
        upload: the visitor's data, kept while others are looked at.
        problem: one sentence why there is nothing to train, or None.
        data: what the Config and the upload stand for.
        data_number: how many times the data were renewed: the figures' zoom belongs to one.
        player, runs: the clock, and one run per method by its name.
        at: the iteration that the figures show; None for the latest, as it comes.
        marks: iterations that the visitor marked, in order.
        replay: runs on their way to a position; None once they are there.
        opened: the position that the runs were last taken to.
        lock: held by the thread that is at work here.
    """

    config: Config
    notes: tuple[str, ...] = ()
    upload: Upload | None = None
    problem: str | None = None
    data: Dataset = field(init=False)
    data_number: int = 0
    player: Player = field(default_factory=Player)
    runs: dict[str, Run] = field(default_factory=dict)
    at: int | None = None
    marks: tuple[int, ...] = ()
    replay: Replay | None = None
    opened: RunPosition = field(default_factory=RunPosition)
    lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.config, notes = self._with_data_at_hand(self.config)
        self.notes = (*self.notes, *notes)
        self._renew_data()

    # Running

    @property
    def rate(self) -> float:
        """Steps a second while playing; infinity for as many as there is time for."""
        hurried = self.config.speed == "max" or self.replay is not None
        return math.inf if hurried else float(self.config.speed)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that play, in order."""
        return ("EM", "Gradient") if self.config.method == "Both" else (self.config.method,)

    @property
    def main_runs(self) -> list[Run]:
        """The run of each method that plays; empty when there is a problem."""
        return [self.runs[name] for name in self.methods if name in self.runs]

    @property
    def active_runs(self) -> list[Run]:
        """The runs that play: one of each method, and those of a sweep of learning rates."""
        beside = learning_rate_sweep.runs(self.runs) if "Gradient" in self.methods else []
        return [*self.main_runs, *beside]

    @property
    def shown_run(self) -> Run | None:
        """The run whose model the figures show."""
        name = self.config.shown if self.config.method == "Both" else self.config.method
        return self.runs.get(name)

    @property
    def can_go_on(self) -> bool:
        """Whether a step of some run would do anything."""
        return any(run.ended is None for run in self.active_runs)

    @property
    def new_start_helps(self) -> bool:
        """Whether another start number gives another starting point."""
        return starts.is_random(self.config) or self.config.nudge > 0

    @alone
    def play(self) -> None:
        """Start, or go on."""
        self.at = None
        if self.can_go_on:
            self.player.play()

    @alone
    def pause(self) -> None:
        """Stop where the runs are."""
        self.player.pause()
        if self.replay is not None:
            self._stay(self.replay.run_position.marks)

    @alone
    def tick(self, budget: float = TICK_BUDGET) -> None:
        """Take the steps that have come due, for at most `budget` seconds."""
        if self.replay is None:
            self.player.tick(self.active_runs, self.rate, budget)
        elif self.player.playing and self.replay.advance(budget):
            self._arrive(self.replay)

    @alone
    def step(self) -> None:
        """Take one step of each run."""
        self.pause()
        self.at = None
        for run in self.active_runs:
            if run.ended is None:
                run.step()

    @alone
    def reset(self) -> None:
        """Go back to iteration 0 of the same start."""
        self.pause()
        self.at, self.marks = None, ()
        for run in self.runs.values():
            run.reset()

    @alone
    def start_from(self, start: HMM) -> None:
        """Let all runs begin at this model. Raises ValueError where they cannot."""
        self.runs = {
            name: Run(name, run.trainer, start, run.revisions) for name, run in self.runs.items()
        }

    # Looking back

    @property
    def shown_state(self) -> TrainState | None:
        """The state that the figures show: the shown run's, at the iteration travelled to."""
        run = self.shown_run
        return None if run is None else run.state_at(self.at)

    @property
    def latest(self) -> int:
        """The latest iteration of any run that plays."""
        return max((run.state.iteration for run in self.active_runs), default=0)

    @alone
    def travel(self, iteration: int | None) -> None:
        """Show the past: an iteration, or with None the present again. What was learned stays."""
        self.pause()
        there = iteration is not None and 0 <= iteration < self.latest
        self.at = iteration if there else None

    @alone
    def mark(self) -> None:
        """Mark the iteration that is shown, or take its mark away."""
        shown = self.latest if self.at is None else self.at
        marks = set(self.marks) ^ {shown}
        if len(marks) <= MAX_MARKS:
            self.marks = tuple(sorted(marks))

    # Where the runs stand

    def run_position(self) -> RunPosition:
        """Where the runs stand, or are on their way to."""
        return self.present() if self.replay is None else self.replay.run_position

    def present(self) -> RunPosition:
        """Where the runs stand now, even if on their way."""
        return RunPosition(training_runs.stands(self.runs), self.at, self.marks)

    @alone
    def go_to(self, position: RunPosition, endings: Mapping[str, Ending] | None = None) -> None:
        """Take the runs from their start to a position; what takes long is played on the way."""
        self.reset()
        self.opened = position
        trainer = partial(training_runs.revised_trainer, config=self.config, data=self.data)
        self.replay = Replay.of(position, self.runs, trainer, endings)
        if self.replay.advance(OPENING_BUDGET):
            self._arrive(self.replay)
        else:
            self.player.play()

    def _arrive(self, replay: Replay) -> None:
        self.player.pause()
        self.notes = (*self.notes, *training_runs.replace_models(self.runs, replay.endings))
        self._stay(replay.run_position.marks)
        at = replay.run_position.at
        self.at = at if at is not None and at < self.latest else None
        self.opened = self.run_position()

    def _stay(self, marks: tuple[int, ...]) -> None:
        """Let training go on from here as the controls say."""
        self.replay = None
        self.marks = tuple(mark for mark in marks if mark <= self.latest)
        training_runs.revise_where_needed(self.runs, self.config, self.data)

    # What the Config stands for

    def _with_data_at_hand(self, config: Config) -> tuple[Config, tuple[str, ...]]:
        """The Config with generated data where it wants a file that is not there."""
        if config.source == "upload" and self.upload is None:
            return replace(config, source="generated"), (NO_UPLOAD,)
        return config, ()

    def _as_the_file_allows(self, config: Config) -> tuple[Config, tuple[str, ...]]:
        """The Config with as many states as a file in use is short enough for."""
        if config.source != "upload" or self.upload is None:
            return config, ()
        most = MAX_CELLS // self.upload.sequences.num_observations
        if config.num_states <= most:
            return config, ()
        return replace(config, num_states=most), (f"With this file K may be at most {most}.",)

    def _renew_data(self) -> None:
        self.data_number += 1
        if self.config.source == "upload":
            assert self.upload is not None
            self.data = self.upload.dataset
            self.config, notes = self._as_the_file_allows(self.config)
            self.notes = (*self.notes, *notes)
        else:
            self.data = generated.dataset(self.config)
        self._renew_runs()

    def _renew_runs(self) -> None:
        self.runs = {}
        self.replay = None
        self.at, self.marks = None, ()
        self.problem = None
        try:
            self.runs = training_runs.begun(self.config, self.data)
        except (ValueError, ImpossibleDataError) as error:
            self.problem = f"This start cannot be trained: {error} Choose another starting point."
        self._select_existing()

    def _revise_runs(self) -> None:
        if self.replay is not None:
            self.pause()
        training_runs.revise(self.runs, self.config, self.data)

    def _select_existing(self) -> None:
        """Go to what there is where what is selected does not exist."""
        self.config, notes = within_data(self.config, self.data)
        self.notes = (*self.notes, *notes)
        if (run := self.runs.get("EM")) is not None:
            self.config = within_model(self.config, run.start)
