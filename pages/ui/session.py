"""One visitor's state, in one typed object.

Widgets read from it and write to it, so nothing is lost on a page switch. It imports Streamlit
only to be found; everything it does can be called without a page.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from hmmcore import (
    EM,
    HMM,
    GradientAscent,
    ImpossibleDataError,
    Sequences,
    Trainer,
    TrainState,
    log_likelihood,
)
from hmmcore.comparison import num_components
from pages.ui import experiment, fan, starts
from pages.ui.address import from_query, to_query
from pages.ui.config import FIELD_OF, FIELDS, MAX_CELLS, Config
from pages.ui.config_rules import legal
from pages.ui.dataset import Dataset
from pages.ui.kept import Keeping
from pages.ui.nudging import nudged
from pages.ui.pending import PendingFile
from pages.ui.place import (
    MAX_MARKS,
    Place,
    Revision,
    Stand,
    place_from_query,
    revised,
    without_place,
)
from pages.ui.player import Player, Run
from pages.ui.replay import Ending, Replay
from pages.ui.tables import Drafts

KEY = "hmm_playground"
RUNS = ("EM", "Gradient")
TICK_BUDGET = 0.03
"""Seconds of training in one tick: a third of a tick, so that the page keeps answering."""

OPENING_BUDGET = 0.2
"""Seconds for which a page that opens may wait for its runs; what takes longer is watched."""

Args = ParamSpec("Args")
Result = TypeVar("Result")

NO_UPLOAD = (
    "This link was made with an uploaded file, which a link cannot carry. It shows generated data "
    "with the same settings; upload the file again on the Data page."
)

ELSEWHERE = (
    "{name} took the same steps as in the file and came to another model here: machines round "
    "differently, and long runs can amplify that. Shown is the model of the file."
)


@dataclass(frozen=True, eq=False)
class Upload:
    """A visitor's own data: the file's name and what was read from it.

    Attributes:
        column: name of the column, or of all columns together.
        family, labels, columns: as in `Dataset`.
    """

    file_name: str
    column: str
    sequences: Sequences
    family: str = "numbers"
    labels: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


UPLOADS: Keeping[Upload] = Keeping()


@dataclass(frozen=True, eq=False)
class Kept:
    """What there was before a remedy: settings, data, runs with all they had learned, marks."""

    config: Config
    data: Dataset
    runs: dict[str, Run]
    marks: tuple[int, ...]


def _alone(
    method: Callable[Concatenate[Session, Args], Result],
) -> Callable[Concatenate[Session, Args], Result]:
    """The method, while no other thread is at work on the same session."""

    @wraps(method)
    def locked(self: Session, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked


@dataclass
class Session:
    """Config, data, runs, and what is playing.

    Two threads meet here: the one that runs the page's script, and the one that makes the live
    panel's frames. Whoever changes the session, or reads what belongs together, holds `lock`.

    Attributes:
        notes: sentences to show until the next change.
        problem: one sentence why there is nothing to train, or None.
        kept: what a remedy replaced, until the next change; see `undo`.
        upload: the visitor's data, kept while others are looked at.
        upload_key: under which `UPLOADS` keeps them for a reload; empty without an upload.
        lost: the address of an upload that this session has not; None where it misses none.
        pending: a file that was brought and is not in use yet.
        uploads: how many files were taken or put away.
        drafts: tables as they stand in their editors.
        data_view: the open view of the Data page; empty for its first.
        refused: why the last experiment file was not opened; empty otherwise.
        data_number: how many times the data were renewed: the figures' zoom belongs to one.
        player, runs: the clock, and one run per method by its name.
        data: what the Config and the upload stand for.
        memo: what `remember` holds: a name's source, and what was computed from it.
        page: the page of the last run; see `follow_url`.
        at: the iteration that the figures show; None for the latest, as it comes.
        marks: iterations that the visitor marked, in order.
        replay: runs on their way to where a link says; None once they are there.
        opened: where this session began; see `resume`.
        token: names this session to its live stream, and nobody can guess it.
        links: how often it was said what a link holds; a later one has a higher number.
        frames: how many pictures of the live panel were made; a later one has a higher number.
        tour: the step of the tour, from 1; 0 while it is offered, None when it is not.
        lock: held by the thread that is at work here.
    """

    config: Config
    notes: tuple[str, ...] = ()
    problem: str | None = None
    kept: Kept | None = None
    upload: Upload | None = None
    upload_key: str = ""
    lost: dict[str, str] | None = None
    pending: PendingFile | None = None
    uploads: int = 0
    drafts: Drafts = field(default_factory=Drafts)
    data_view: str = ""
    refused: str = ""
    data_number: int = 0
    player: Player = field(default_factory=Player)
    runs: dict[str, Run] = field(default_factory=dict)
    data: Dataset = field(init=False)
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    page: str = ""
    at: int | None = None
    marks: tuple[int, ...] = ()
    replay: Replay | None = None
    opened: Place = field(default_factory=Place)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    links: int = 0
    frames: int = 0
    tour: int | None = None
    lock: RLock = field(default_factory=RLock)

    def __post_init__(self) -> None:
        if self.config.source == "upload" and self.upload is None:
            self.config = replace(self.config, source="generated")
            self.notes = (*self.notes, NO_UPLOAD)
        self._renew_data()

    @classmethod
    def from_url(cls, query: dict[str, str]) -> Session:
        """A new visitor's session, as the link says; who comes without one is offered the tour."""
        config, notes = from_query(query)
        session = cls(config, notes, tour=None if query else 0)
        if session.config.source == config.source:
            session._go_where(query)
        else:
            session.lost = query
        return session

    @_alone
    def change(self, **values: Any) -> None:
        """Change fields of the Config, and renew what depends on them.

        What the data are made from makes new data and stops playing; where training starts from
        starts it anew on the same data; how training goes on takes effect where it stands.
        """
        before, self.lost, self.kept = self.config, None, None
        if "start" in values:
            # A nudge is for the start that it was asked for.
            values.setdefault("nudge", 0)
        keep = next(iter(values), "length")
        if before.source == "notebook" and "source" not in values:
            remade = any(FIELD_OF[name].group == "data" for name in values)
            values |= {"source": "generated"} if remade else {}
        wanted = replace(before, **values)
        if wanted.source == "upload" and self.upload is not None:
            # What a file holds is not for the controls to say.
            wanted = replace(wanted, family=self.upload.family)
        self.config, self.notes = legal(wanted, keep)
        if self.config.changed("data", before):
            self.player.pause()
            self._renew_data()
        elif self.config.changed("start", before):
            self.player.pause()
            self._renew_runs()
        elif self.config.changed("training", before):
            self._revise_runs()
        self._select_existing()
        self._select_component()

    @_alone
    def remedy(self, **values: Any) -> None:
        """Change fields of the Config as a finding advises; `undo` takes it back."""
        kept = Kept(self.config, self.data, self.runs, self.marks)
        self.change(**values)
        # Where the same runs go on, nothing was lost.
        goes_on = all(self.runs.get(name) is run for name, run in kept.runs.items())
        self.kept = None if goes_on else kept

    @_alone
    def nudge(self) -> None:
        """Move the starting point a little, each time another way, as `remedy` does."""
        most = FIELD_OF["nudge"].maximum
        assert most is not None
        self.remedy(nudge=int(self.config.nudge % most + 1))

    @_alone
    def undo(self) -> None:
        """Go back to the data and the runs, wherever they were, of before the last `remedy`."""
        kept, self.kept = self.kept, None
        if kept is None:
            return
        self.pause()
        looks = {f.name: getattr(self.config, f.name) for f in FIELDS if f.group == "view"}
        self.config, self.notes = replace(kept.config, **looks), ()
        self.data_number += self.data is not kept.data
        self.data, self.runs, self.problem = kept.data, kept.runs, None
        self.at, self.marks = None, kept.marks
        self._select_existing()
        self._select_component()

    @_alone
    def replace_upload(self, upload: Upload, num_states: int) -> None:
        """Take uploaded data as the data."""
        self.player.pause()
        self._take(upload)
        self.kept = None
        wanted = replace(
            self.config, source="upload", family=upload.family, num_states=num_states, sequence=1
        )
        # Nothing that could be noted on generated data matters now.
        self.config, self.notes = legal(wanted)[0], ()
        self._renew_data()

    def _take(self, upload: Upload) -> None:
        self.upload, self.lost = upload, None
        self.upload_key = UPLOADS.keep(upload, upload.sequences.observations.nbytes)

    @_alone
    def bring_back(self, key: str) -> bool:
        """Take up an upload again that was there before a reload; whether it was found."""
        upload = UPLOADS.find(key)
        if upload is None or self.lost is None:
            return False
        query = self.lost
        config, notes = from_query(query)
        fresh = Session(config, notes, upload=upload)
        self.take_over(fresh)
        self._go_where(query)
        return True

    @_alone
    def start_from(self, start: HMM) -> None:
        """Let all runs begin at this model. Raises ValueError where they cannot."""
        self.runs = {
            name: Run(name, run.trainer, start, run.revisions) for name, run in self.runs.items()
        }

    @_alone
    def take_over(self, fresh: Session) -> None:
        """Become another session's experiment, which nobody looked at yet."""
        self.pause()
        self.config, self.notes, self.problem = fresh.config, fresh.notes, fresh.problem
        if fresh.upload is not None:
            self._take(fresh.upload)
        self.data, self.runs = fresh.data, fresh.runs
        self.data_number += 1
        self.at, self.marks, self.kept = None, (), None

    @_alone
    def follow_url(self, query: dict[str, str], page: str) -> None:
        """Take over the address bar's Config after Back or Forward.

        Not where they lead to another page: what was changed there since stays changed. Runs that
        begin anew with it go to where the address says.
        """
        if page == self.page and without_place(query) not in ({}, self.query()):
            before = self.config
            config, notes = from_query(query)
            if config.source == "upload" and self.upload is None:
                config, notes = replace(config, source="generated"), (*notes, NO_UPLOAD)
            values = {name: getattr(config, name) for name in FIELD_OF}
            self.change(**values)
            self.notes = (*notes, *self.notes)
            if self.config.changed("data", before) or self.config.changed("start", before):
                self._go_where(query)

    @_alone
    def resume(self, query: dict[str, str]) -> bool:
        """Go to where an address says, if nothing was done here since this session began.

        After a server's restart the browser knows better than the address it was given first.
        """
        untouched = self.place() == self.opened and without_place(query) == self.query()
        going = untouched and place_from_query(query)[0] != self.opened
        if going:
            self._go_where(query)
        return going

    def query(self) -> dict[str, str]:
        """The URL parameters that hold this Config."""
        return to_query(self.config)

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
        """The runs that play: one of each method, and those of a fan of learning rates."""
        beside = fan.runs(self.runs) if "Gradient" in self.methods else []
        return [*self.main_runs, *beside]

    @property
    def shown_run(self) -> Run | None:
        """The run whose model the figures show."""
        name = self.config.shown if self.config.method == "Both" else self.config.method
        return self.runs.get(name)

    @property
    def shown_state(self) -> TrainState | None:
        """The state that the figures show: the shown run's, at the iteration travelled to."""
        run = self.shown_run
        return None if run is None else run.state_at(self.at)

    @property
    def latest(self) -> int:
        """The latest iteration of any run that plays."""
        return max((run.state.iteration for run in self.active_runs), default=0)

    @_alone
    def travel(self, iteration: int | None) -> None:
        """Show the past: an iteration, or with None the present again. What was learned stays."""
        self.pause()
        there = iteration is not None and 0 <= iteration < self.latest
        self.at = iteration if there else None

    @_alone
    def mark(self) -> None:
        """Mark the iteration that is shown, or take its mark away."""
        shown = self.latest if self.at is None else self.at
        marks = set(self.marks) ^ {shown}
        if len(marks) <= MAX_MARKS:
            self.marks = tuple(sorted(marks))

    @property
    def can_go_on(self) -> bool:
        """Whether a step of some run would do anything."""
        return any(run.ended is None for run in self.active_runs)

    @property
    def new_start_helps(self) -> bool:
        """Whether another start number gives another starting point."""
        return starts.is_random(self.config) or self.config.nudge > 0

    @_alone
    def play(self) -> None:
        """Start, or go on."""
        self.at = None
        if self.can_go_on:
            self.player.play()

    @_alone
    def pause(self) -> None:
        """Stop where the runs are."""
        self.player.pause()
        if self.replay is not None:
            self._stay(self.replay.place.marks)

    @_alone
    def tick(self, budget: float = TICK_BUDGET) -> None:
        """Take the steps that have come due, for at most `budget` seconds."""
        if self.replay is None:
            self.player.tick(self.active_runs, self.rate, budget)
        elif self.player.playing and self.replay.advance(budget):
            self._arrive(self.replay)

    # Where the runs stand

    def place(self) -> Place:
        """Where the runs stand, or are on their way to."""
        return self.present() if self.replay is None else self.replay.place

    def present(self) -> Place:
        """Where the runs stand now, even if on their way."""
        return Place(
            {
                name: Stand(
                    run.state.iteration,
                    run.revisions if self._is_revised(run) else (),
                    run.failed,
                )
                for name, run in self.runs.items()
                if run.state.iteration or run.failed
            },
            self.at,
            self.marks,
        )

    @_alone
    def go_to(self, place: Place, endings: Mapping[str, Ending] | None = None) -> None:
        """Take the runs from their start to a place; on the way, what is left of it is played."""
        self.reset()
        self.opened = place
        self.replay = Replay.of(place, self.runs, self._revised_trainer, endings)
        if self.replay.advance(OPENING_BUDGET):
            self._arrive(self.replay)
        else:
            self.player.play()

    def _go_where(self, query: Mapping[str, str]) -> None:
        where, notes = place_from_query(query)
        self.notes = (*self.notes, *notes)
        self.opened = where
        if where != Place():
            self.go_to(where)

    def _arrive(self, replay: Replay) -> None:
        self.player.pause()
        for name, run in self.runs.items():
            if (ending := replay.endings.get(name)) is None:
                continue
            reached = run.state.log_likelihood
            if not math.isclose(reached, ending.log_likelihood, rel_tol=1e-9, abs_tol=1e-9):
                run.settle(ending.hmm)
                self.notes = (*self.notes, ELSEWHERE.format(name=name))
        self._stay(replay.place.marks)
        at = replay.place.at
        self.at = at if at is not None and at < self.latest else None
        self.opened = self.place()

    def _stay(self, marks: tuple[int, ...]) -> None:
        """Let training go on from here as the controls say."""
        self.replay = None
        self.marks = tuple(mark for mark in marks if mark <= self.latest)
        for name in RUNS:
            run, revision = self.runs[name], self._revision(self.runs[name].state.iteration)
            if run.revisions[-1].controls != revision.controls:
                run.revise(self._trainer(name), revision)
        wanted = self._fan_controls()
        if any(run.revisions[-1].controls != wanted[run.name] for run in fan.runs(self.runs)):
            self._spread_fan()

    @_alone
    def step(self) -> None:
        """Take one step of each run."""
        self.pause()
        self.at = None
        for run in self.active_runs:
            if run.ended is None:
                run.step()

    @_alone
    def reset(self) -> None:
        """Go back to iteration 0 of the same start."""
        self.pause()
        self.at, self.marks = None, ()
        for run in self.runs.values():
            run.reset()

    @_alone
    def new_start(self) -> None:
        """Go to the next random starting point."""
        most = FIELD_OF["start_seed"].maximum
        assert most is not None
        self.change(start_seed=int((self.config.start_seed + 1) % (most + 1)))

    # What the Config stands for

    def true_log_likelihood(self) -> float | None:
        """Log-likelihood per observation of the true model, in nats; None if nobody knows it."""
        truth = self.data.maker
        if truth is None:
            return None
        return self.remember(
            "true_log_likelihood",
            self.data,
            lambda: float(
                log_likelihood(truth, self.data.sequences).sum()
                / self.data.sequences.num_observations
            ),
        )  # type: ignore[no-any-return]

    @_alone
    def remember(self, name: str, source: Any, compute: Any) -> Any:
        """`compute()`, done again only when `source` is another object than last time.

        Where it follows from several, `source` is a tuple of them.
        """
        sources = source if isinstance(source, tuple) else (source,)
        held = self.memo.get(name)
        if held is None or any(a is not b for a, b in zip(held[0], sources, strict=True)):
            held = (sources, compute())
            self.memo[name] = held
        return held[1]

    def _renew_data(self) -> None:
        self.data_number += 1
        config = self.config
        if config.source == "upload":
            assert self.upload is not None
            upload = self.upload
            self.data = Dataset(
                upload.sequences, None, None, upload.column, upload.family, upload.labels,
                upload.columns,
            )  # fmt: skip
            most = MAX_CELLS // self.data.sequences.num_observations
            if config.num_states > most:
                self.config = replace(config, num_states=most)
                self.notes = (*self.notes, f"With this file K may be at most {most}.")
        else:
            self.data = experiment.dataset(config)
        self._select_existing()
        self._renew_runs()

    def _select_existing(self) -> None:
        """Go to the last sequence where the selected one does not exist."""
        selected, last = self.config.sequence, self.data.sequences.num_sequences
        if selected > last:
            self.config = replace(self.config, sequence=last)
            note = f"There is no sequence {selected}; shown is the last one, {last}."
            self.notes = (*self.notes, note)
        if len(self.data.columns) > 1:
            dimension = min(self.config.dimension, self.data.num_dimensions)
            against = min(self.config.against, self.data.num_dimensions)
            if against == dimension:
                against = 2 if dimension == 1 else 1
            self.config = replace(self.config, dimension=dimension, against=against)

    def _select_component(self) -> None:
        """Go to the last dimension or symbol where the selected one does not exist."""
        if (run := self.runs.get("EM")) is not None:
            most = num_components(run.start)
            self.config = replace(self.config, component=min(self.config.component, most))

    def _renew_runs(self) -> None:
        self.runs = {}
        self.replay = None
        self.at, self.marks = None, ()
        self.problem = None
        try:
            start = nudged(starts.starting_model(self.config, self.data), self.config)
            self.runs = {
                name: Run(name, self._trainer(name), start, (self._revision(0),)) for name in RUNS
            }
            self._spread_fan()
            self._select_component()
        except (ValueError, ImpossibleDataError) as error:
            self.problem = f"This start cannot be trained: {error} Choose another starting point."

    def _revise_runs(self) -> None:
        if self.replay is not None:
            self.pause()
        for name in RUNS:
            if name in self.runs:
                run = self.runs[name]
                run.revise(self._trainer(name), self._revision(run.state.iteration))
        self._spread_fan()

    def _spread_fan(self) -> None:
        """Let a run for each further learning rate stand beside the gradient's, or none."""
        if "Gradient" in self.runs:
            spread = fan.spread(
                self.runs,
                self.config,
                lambda rate: self._trainer("Gradient", replace(self.config, learning_rate=rate)),
            )
            # Still the same dictionary: where runs go on, what was kept of them is no other.
            self.runs.clear()
            self.runs.update(spread)
            for run in fan.runs(self.runs):
                rate, optimizer = self._fan_controls()[run.name]
                run.revisions = revised(
                    run.revisions, Revision(run.state.iteration, rate, optimizer)
                )

    def _fan_controls(self) -> dict[str, tuple[float, str]]:
        """Learning rate and optimizer of each run of the fan, by its name."""
        return {
            fan.run_name(rate): (rate, self.config.optimizer) for rate in fan.rates(self.config)
        }

    def _revision(self, iteration: int) -> Revision:
        """What the controls say now, as what holds from an iteration on."""
        return Revision(iteration, self.config.learning_rate, self.config.optimizer)

    def _revised_trainer(self, name: str, revision: Revision) -> Trainer:
        """The trainer of a run as the controls were at a revision."""
        rate, optimizer = revision.controls
        return self._trainer(name, replace(self.config, learning_rate=rate, optimizer=optimizer))

    @staticmethod
    def _is_revised(run: Run) -> bool:
        """Whether how the run went on was changed midway, and made a difference to it."""
        return len(run.revisions) > 1 and hasattr(run.trainer, "learning_rate")

    def _trainer(self, name: str, config: Config | None = None) -> Trainer:
        """The trainer of a run, as the Config says or another one."""
        config = config or self.config
        sequences, trainable = self.data.sequences, starts.trained_parameters(config)
        if name == "EM":
            return EM(sequences, trainable=trainable)
        return GradientAscent(
            sequences,
            learning_rate=config.learning_rate,
            optimizer=config.optimizer,
            trainable=trainable,
        )


def current_session() -> Session:
    """The session of whoever runs this script; a new one reads the address bar."""
    session = st.session_state.get(KEY)
    if session is None:
        session = Session.from_url(st.query_params.to_dict())
        st.session_state[KEY] = session
    return session  # type: ignore[no-any-return]
