"""One visitor's state, in one typed object.

Widgets read from it and write to it, so nothing is lost on a page switch. It imports Streamlit
only to be found; everything it does can be called without a page.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from threading import RLock
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st

from hmmcore import (
    EM,
    GradientAscent,
    ImpossibleDataError,
    Sequences,
    Trainer,
    TrainState,
    log_likelihood,
)
from pages.ui import experiment, starts
from pages.ui.address import from_query, to_query
from pages.ui.config import FIELD_OF, FIELDS, MAX_CELLS, Config, legal
from pages.ui.dataset import Dataset
from pages.ui.nudging import nudged
from pages.ui.pending import PendingFile
from pages.ui.player import Player, Run
from pages.ui.tables import Drafts

KEY = "hmm_playground"
TICK_BUDGET = 0.03
"""Seconds of training in one tick: a third of a tick, so that the page keeps answering."""

MAX_MARKS = 12

Args = ParamSpec("Args")
Result = TypeVar("Result")

NO_UPLOAD = (
    "This link was made with an uploaded file, which a link cannot carry. It shows generated data "
    "with the same settings; upload the file again on the Data page."
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
        pending: a file that was brought and is not in use yet.
        uploads: how many files were taken or put away.
        drafts: tables as they stand in their editors.
        data_view: the open view of the Data page; empty for its first.
        data_number: how many times the data were renewed: the figures' zoom belongs to one.
        player, runs: the clock, and one run per method by its name.
        data: what the Config and the upload stand for.
        memo: what `remember` holds: a name's source, and what was computed from it.
        page: the page of the last run; see `follow_url`.
        at: the iteration that the figures show; None for the latest, as it comes.
        marks: iterations that the visitor marked, in order.
        token: names this session to its live stream, and nobody can guess it.
        frames: how many pictures of the live panel were made; a later one has a higher number.
        tour: the step of the tour, from 1; 0 while it is offered, None when it is not.
        lock: held by the thread that is at work here.
    """

    config: Config
    notes: tuple[str, ...] = ()
    problem: str | None = None
    kept: Kept | None = None
    upload: Upload | None = None
    pending: PendingFile | None = None
    uploads: int = 0
    drafts: Drafts = field(default_factory=Drafts)
    data_view: str = ""
    data_number: int = 0
    player: Player = field(default_factory=Player)
    runs: dict[str, Run] = field(default_factory=dict)
    data: Dataset = field(init=False)
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    page: str = ""
    at: int | None = None
    marks: tuple[int, ...] = ()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
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
        return cls(config, notes, tour=None if query else 0)

    @_alone
    def change(self, **values: Any) -> None:
        """Change fields of the Config, and renew what depends on them.

        What the data are made from makes new data and stops playing; where training starts from
        starts it anew on the same data; how training goes on takes effect where it stands.
        """
        before, self.kept = self.config, None
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

    @_alone
    def remedy(self, **values: Any) -> None:
        """Change fields of the Config as a finding advises; `undo` takes it back."""
        kept = Kept(self.config, self.data, self.runs, self.marks)
        self.change(**values)
        # Where the same runs go on, nothing was lost.
        self.kept = None if self.runs is kept.runs else kept

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
        self.player.pause()
        looks = {f.name: getattr(self.config, f.name) for f in FIELDS if f.group == "view"}
        self.config, self.notes = replace(kept.config, **looks), ()
        self.data_number += self.data is not kept.data
        self.data, self.runs, self.problem = kept.data, kept.runs, None
        self.at, self.marks = None, kept.marks
        self._select_existing()

    @_alone
    def replace_upload(self, upload: Upload, num_states: int) -> None:
        """Take uploaded data as the data."""
        self.player.pause()
        self.upload, self.kept = upload, None
        wanted = replace(
            self.config, source="upload", family=upload.family, num_states=num_states, sequence=1
        )
        # Nothing that could be noted on generated data matters now.
        self.config, self.notes = legal(wanted)[0], ()
        self._renew_data()

    @_alone
    def follow_url(self, query: dict[str, str], page: str) -> None:
        """Take over the address bar's Config after Back or Forward.

        Not where they lead to another page: what was changed there since stays changed.
        """
        if page == self.page and query and query != self.query():
            config, notes = from_query(query)
            if config.source == "upload" and self.upload is None:
                config, notes = replace(config, source="generated"), (*notes, NO_UPLOAD)
            values = {name: getattr(config, name) for name in FIELD_OF}
            self.change(**values)
            self.notes = (*notes, *self.notes)

    def query(self) -> dict[str, str]:
        """The URL parameters that hold this Config."""
        return to_query(self.config)

    # Running

    @property
    def rate(self) -> float:
        """Steps a second while playing; infinity for as many as there is time for."""
        return math.inf if self.config.speed == "max" else float(self.config.speed)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that play, in order."""
        return ("EM", "Gradient") if self.config.method == "Both" else (self.config.method,)

    @property
    def active_runs(self) -> list[Run]:
        """The runs that play; empty when there is a problem."""
        return [self.runs[name] for name in self.methods if name in self.runs]

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

    @_alone
    def tick(self, budget: float = TICK_BUDGET) -> None:
        """Take the steps that have come due, for at most `budget` seconds."""
        self.player.tick(self.active_runs, self.rate, budget)

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

    def _renew_runs(self) -> None:
        self.runs = {}
        self.at, self.marks = None, ()
        self.problem = None
        try:
            start = nudged(starts.starting_model(self.config, self.data), self.config)
            self.runs = {name: Run(name, self._trainer(name), start) for name in ("EM", "Gradient")}
        except (ValueError, ImpossibleDataError) as error:
            self.problem = f"This start cannot be trained: {error} Choose another starting point."

    def _revise_runs(self) -> None:
        for name, run in self.runs.items():
            run.revise(self._trainer(name))

    def _trainer(self, name: str) -> Trainer:
        sequences, trainable = self.data.sequences, starts.trained_parameters(self.config)
        if name == "EM":
            return EM(sequences, trainable=trainable)
        return GradientAscent(
            sequences,
            learning_rate=self.config.learning_rate,
            optimizer=self.config.optimizer,
            trainable=trainable,
        )


def current_session() -> Session:
    """The session of whoever runs this script; a new one reads the address bar."""
    session = st.session_state.get(KEY)
    if session is None:
        session = Session.from_url(st.query_params.to_dict())
        st.session_state[KEY] = session
    return session  # type: ignore[no-any-return]
