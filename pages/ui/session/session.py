"""The state of one visitor, in one typed object.

Widgets read it and write to it, so a page switch loses nothing. Only `current_session` needs
Streamlit; everything else works without a page.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from hmmcore import HMM, log_likelihood
from hmmcore.arrays import IntArray
from hmmcore.coordinates import Coordinate
from hmmcore.initialization import StartComparison
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.hand_made import table_of
from pages.ui.experiment.locking import holding_lock
from pages.ui.experiment.own_model import OwnModel
from pages.ui.experiment.pacing import large_turn
from pages.ui.experiment.player import Run
from pages.ui.experiment.run_position import (
    RunPosition,
    run_position_from_query,
    without_run_position,
)
from pages.ui.files.pending import PendingFile
from pages.ui.session.tables import Drafts
from pages.ui.session.upload_store import UPLOADS, Brought
from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import FIELD_OF, FIELDS, PAGE_FIELDS, Config
from pages.ui.settings.config_rules import legal, num_cells
from pages.ui.settings.lesson import Lesson
from pages.ui.text import count

KEY = "hmm_playground"
KINDS = ("source", "family")
"""Fields of the Config that say what kind of data there are."""
NAMES = ("state_names", "symbol_names")
WAITS = (
    "This experiment is large, and others are being opened. Yours opens as soon as its turn comes."
)
TELL_SECONDS = 0.5
"""Seconds between two looks whether the turn has come."""

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Before:
    """The experiment as it was before a remedy, or before other data or another model came."""

    config: Config
    data: Dataset
    runs: dict[str, Run]
    marks: tuple[int, ...]
    start_comparison: StartComparison | None
    upload: Upload | None
    upload_key: str
    own_model: OwnModel | None


@dataclass
class Session(Experiment):
    """A visitor's experiment, and the rest of the visitor's state.

    Attributes:
        before: what a remedy, other data or another model replaced, until the next change; see
            `undo`.
        waiting_model: a model that was opened and cannot meet the present data.
        upload_key: the key under which `UPLOADS` keeps for a reload what the visitor brought; empty
            without anything.
        missing_upload_query: the URL parameters that ask for an upload or a model that this session
            does not have; None if nothing is missing.
        pending: a file that was chosen and is not in use yet.
        uploads: how many files were taken into use or removed.
        drafts: the tables as they are in their editors.
        data_view: the open view of the Data page; empty for its first.
        refused: why the last experiment file was not opened; empty otherwise.
        memo: results of `remember` by name: the sources, and what was computed from them.
        page: the page of the last script run; see `follow_url`.
        token: identifies this session to its live stream; it cannot be guessed.
        links: number of link messages sent, so that a later one has a higher number.
        frames: number of frames of the live panel made, so that a later one has a higher number.
        settings_number: how often the settings were changed; see `commands`.
        acknowledged: the number of the last command that was carried out; see `commands`.
        held: the number of the command that waits for settings, and since when; None without one.
        offered: a number of the settings, and the remedies shown under these; see `remedies`.
        reconnected_at: the address of the browser when it last reconnected; empty before.
        tour: the step of the tour, from 1; 0 while it is offered, None if it is not.
        lesson_refused: why the last lesson that was written was not taken; empty otherwise.
    """

    before: Before | None = None
    waiting_model: OwnModel | None = None
    upload_key: str = ""
    missing_upload_query: dict[str, str] | None = None
    pending: PendingFile | None = None
    uploads: int = 0
    drafts: Drafts = field(default_factory=Drafts)
    data_view: str = ""
    refused: str = ""
    memo: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    page: str = ""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    links: int = 0
    frames: int = 0
    settings_number: int = 0
    acknowledged: int = 0
    held: tuple[int, float] | None = None
    offered: tuple[int, dict[int, Any]] = field(default_factory=lambda: (0, {}))
    reconnected_at: str = ""
    tour: int | None = None
    lesson_refused: str = ""

    # Changes

    @holding_lock
    def change(self, /, **values: Any) -> None:
        """Change fields of the Config, and update what depends on them.

        A change of group "data" makes new data and stops playing. One of group "start" restarts
        training on the same data and stops playing. One of group "training" takes effect at the
        current iteration.
        """
        present, before = self._present(), self.config
        self.missing_upload_query, self.before = None, None
        if values.get("start") == "hand" and values.get("hand", before.hand) is None:
            # The hand begins with the model that is shown.
            if (state := self.shown_state) is not None:
                values["hand"] = table_of(state.hmm)
        elif before.start == "hand" and not values.keys().isdisjoint(ANOTHER_START):
            values.setdefault("start", "best" if before.source == "upload" else "random")
        if self.own_model is not None and values.get("start", before.start) == "model":
            values |= self._decided_by(self.own_model, values)
        if "start" in values:
            # A nudge applies only to the start for which it was made.
            values.setdefault("nudge", 0)
        elif "source" in values:
            values |= _start_for(before, str(values["source"]))
        if any(values.get(name, getattr(before, name)) != getattr(before, name) for name in KINDS):
            # The names were those of other things.
            values = {"state_names": (), "symbol_names": (), **values}
        keep = next((name for name in values if name not in NAMES), "length")
        if before.source == "notebook" and "source" not in values:
            changes_data = any(FIELD_OF[name].group == "data" for name in values)
            values |= {"source": "generated"} if changes_data else {}
        # Limited before it is compared with the old Config: a change without effect restarts
        # nothing.
        possible, notes = self._possible(replace(before, **values), keep)
        config, more = legal(possible, keep)
        renews = config.changed("data", before) or config.changed("start", before)
        turn = self._turn(config, self.upload) if renews else nullcontext()
        with turn, self._keeping_replaced_runs():
            self.config, self.notes = config, (*notes, *more)
            if config.changed("data", before):
                self.player.pause()
                self._renew_data()
            elif renews:
                self.player.pause()
                self._renew_runs()
            elif config.changed("training", before):
                self._revise_runs()
            if config.changed("names", before) and not config.changed("data", before):
                self._rename()
        self._select_existing()
        if before.start == "hand" != self.config.start:
            self.before = present  # what the hand made would be lost
        # Not before: a command that waits for the change might come while a large one is waiting.
        self.settings_number += 1

    def _decided_by(self, own_model: OwnModel, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a change must be where training starts from a model of the visitor's own."""
        decided = own_model.settings
        if values.get("source", self.config.source) == "upload":
            decided["covariance_type"] = own_model.covariance_type
        if "start" not in values:
            # With another K training starts elsewhere.
            del decided["start"], decided["num_states"]
        elif self.config.source == "notebook":
            del decided["num_states"]  # the notebook's data have their own
        elif self.config.source != "upload" and self.config.data_states != decided["num_states"]:
            decided["true_states"] = self.config.data_states  # the data stay as they are
        return decided

    @holding_lock
    def change_page(self, /, **values: Any) -> None:
        """Change fields of group "page", which leaves the experiment, notes and `undo` alone."""
        had_long_lesson = self._long_lesson is not None
        self.config = replace(self.config, **values)
        if had_long_lesson or self._long_lesson is not None:
            self._keep_for_reload()
        self.settings_number += 1

    @property
    def _long_lesson(self) -> Lesson | None:
        """The lesson if no address holds it."""
        lesson = self.config.lesson
        return None if lesson is None or lesson.fits_link else lesson

    @holding_lock
    def new_start(self) -> None:
        """Go to the next random starting point."""
        self.change(start_seed=FIELD_OF["start_seed"].following(self.config.start_seed))

    @holding_lock
    def show_model_as(self, model_view: str) -> None:
        """Draw the model as a "picture" or a "matrix"; what may be undone stays."""
        self.show(model_view=model_view)

    @holding_lock
    def show(self, /, **values: Any) -> None:
        """Change fields of group "view" from within a live view; notes and `undo` stay."""
        self.config = replace(self.config, **values)

    @holding_lock
    def remedy(self, /, **values: Any) -> None:
        """Change fields of the Config as a finding advises; `undo` reverts it."""
        before = self._present()
        self.change(**values)
        # If the same runs continue, there is nothing to restore.
        same_runs = all(self.runs.get(name) is run for name, run in before.runs.items())
        self.before = None if same_runs else before

    @holding_lock
    def nudge(self) -> None:
        """Change the starting model a little, differently each time; `undo` reverts it."""
        # After the last number comes 1, because 0 means no nudge.
        self.remedy(nudge=FIELD_OF["nudge"].following(self.config.nudge, first=1))

    @holding_lock
    def undo(self) -> None:
        """Restore the settings, data, runs, marks and model of `before`."""
        before, self.before = self.before, None
        if before is None:
            return
        self.settings_number += 1
        self.pause()
        with self._keeping_replaced_runs():
            self._restore(before)

    def _restore(self, before: Before) -> None:
        shown = {
            f.name: getattr(self.config, f.name) for f in FIELDS if f.group in ("view", "page")
        }
        self.config, self.notes = replace(before.config, **shown), ()
        self.data_number += self.data is not before.data
        self.data, self.runs, self.problem = before.data, before.runs, None
        self.at, self.marks = None, before.marks
        self.start_comparison = before.start_comparison
        self.upload, self.own_model = before.upload, before.own_model
        self.upload_key, self.missing_upload_query = before.upload_key, None
        self._select_existing()

    def _present(self) -> Before:
        return Before(
            self.config, self.data, self.runs, self.marks, self.start_comparison, self.upload,
            self.upload_key, self.own_model,
        )  # fmt: skip

    @holding_lock
    def move_by_hand(
        self, values: Mapping[Coordinate, float], order: IntArray, *, further: bool = False
    ) -> None:
        """As `Experiment.move_by_hand`; `undo` restores what was trained before."""
        before, old = self._present(), self.before
        super().move_by_hand(values, order, further=further)
        self.notes, self.missing_upload_query = (), None
        if before.runs is not self.runs and not further:
            begun = before.config.start != "hand" or any(
                run.state.iteration for run in before.runs.values()
            )
            self.before = before if begun and _is_work(before) else old

    @holding_lock
    def start_by_hand(self, hmm: HMM, **shown: str) -> None:
        """As `Experiment.start_by_hand`; `undo` restores what was there before."""
        before = self._present()
        super().start_by_hand(hmm, **shown)
        self.notes, self.missing_upload_query, self.before = (), None, before

    # Other data, other experiments

    @holding_lock
    def replace_upload(
        self, upload: Upload, num_states: int, own_model: OwnModel | None = None
    ) -> None:
        """Use uploaded data as the data of the experiment.

        With `own_model` training starts from that, and K is that of the model; it must be able to
        meet the data, see `OwnModel.problem`.
        """
        before = self._present()
        if own_model is not None:
            start = {**own_model.settings, "nudge": 0}
        elif self.config.start in ("model", "hand"):
            start = BEST  # the model was for other data
        else:
            start = _start_for(self.config, "upload")
        values = {
            "num_states": num_states, "sequence": 1, "state_names": (), "symbol_names": (), **start
        }  # fmt: skip
        if own_model is not None:
            values["covariance_type"] = own_model.covariance_type
        wanted = replace(self.config, source="upload", family=upload.family, **values)
        with self._turn(wanted, upload), self._keeping_replaced_runs():
            self.player.pause()
            self.upload, self.own_model = upload, own_model or self.own_model
            if own_model is self.waiting_model:
                self.waiting_model = None
            # Notes about generated data no longer apply.
            self.config, self.notes = legal(wanted)[0], ()
            self._renew_data()
            self._keep_for_reload()
        self.before = before if _is_work(before) else None
        self.settings_number += 1

    @holding_lock
    def change_data(self, /, **values: Any) -> None:
        """Change to other data; what is left behind is kept for `undo`."""
        before = self._present()
        self.change(**values)
        self.before = before if self.data is not before.data and _is_work(before) else None

    @holding_lock
    def use_model(self, own_model: OwnModel) -> None:
        """Start from a model of the visitor's own, on the present data if it can meet them.

        Where it cannot, it is kept for other data, and a note says so.
        """
        before, upload = self._present(), self.upload if self.config.source == "upload" else None
        problem = own_model.problem(upload or self.data)
        if self.config.source == "notebook" and own_model.hmm.num_states != self.config.num_states:
            problem = "The notebook's own data have another K than the model; choose other data."
        if problem:
            self.waiting_model = own_model
            self.notes = (f"{problem} The model is kept until then.",)
        else:
            self.own_model, self.waiting_model = own_model, None
            self.change(start="model")
            if self.runs is before.runs:
                with self._keeping_replaced_runs():
                    self._renew_runs()
            self.before = before if _is_work(before) else None
        self._keep_for_reload()

    def model_in_hand(self) -> OwnModel | None:
        """The model that other data can meet: one that waits for them, the shown one if it was
        trained, or else the visitor's own."""
        if self.waiting_model is not None:
            return self.waiting_model
        state = self.shown_state
        return self.shown_model() if state is not None and state.iteration else self.own_model

    def shown_model(self) -> OwnModel | None:
        """The shown model with what it was trained on; None if there is no run."""
        run, state, data = self.shown_run, self.shown_state, self.data
        if run is None or state is None:
            return None
        where = "generated data"
        if self.config.source == "upload" and self.upload is not None:
            where = f"“{self.upload.file_name}”"
        return OwnModel(
            state.hmm,
            f"{run.name} at iteration {count(state.iteration)} on {where}",
            float(data.sequences.per_observation(state.log_likelihood)),
            data.labels,
            data.columns,
            data.part_labels,
        )

    @holding_lock
    def take_over(self, fresh: Experiment) -> None:
        """Replace this session's experiment by a new one that was not shown yet.

        A lesson and lecture mode stay, unless it brings its own.
        """
        self.settings_number += 1
        self.pause()
        defaults = Config()
        stays = {
            name: getattr(self.config, name)
            for name in PAGE_FIELDS
            if getattr(fresh.config, name) == getattr(defaults, name)
        }
        self.config = replace(fresh.config, **stays)
        self.notes, self.problem = fresh.notes, fresh.problem
        if fresh.upload is not None or fresh.own_model is not None or self._long_lesson is not None:
            self.upload = fresh.upload or self.upload
            self.own_model = fresh.own_model or self.own_model
            self._keep_for_reload()
        self.data, self.runs = fresh.data, fresh.runs
        self.start_comparison = fresh.start_comparison
        self.data_number += 1
        self.at, self.marks, self.before = None, (), None
        self.clear_earlier_runs()

    def _keep_for_reload(self) -> None:
        """Keep what the visitor brought, to be found again after a reload."""
        self.missing_upload_query = None
        size = 0 if self.upload is None else self.upload.num_bytes
        brought = Brought(self.upload, self.own_model, self.waiting_model, self._long_lesson)
        self.upload_key = UPLOADS.keep(brought, size)

    # The address

    @classmethod
    def from_url(cls, query: dict[str, str]) -> Session:
        """The session of a new visitor who opens a link; without parameters the tour is offered."""
        config, notes = from_query(query)
        session = cls(config, notes, tour=None if query else 0)
        if (session.config.source, session.config.start) == (config.source, config.start):
            session._go_to_position_in(query)
        else:
            session.missing_upload_query = query
        return session

    def query(self) -> dict[str, str]:
        """The URL parameters that hold this Config."""
        return to_query(self.config)

    @holding_lock
    def follow_url(self, query: dict[str, str], page: str) -> None:
        """Apply the Config of the address bar after Back or Forward on the same page.

        After a change of page the session stays as it is. If the Config restarts the runs, they
        are taken to the position in the address.
        """
        if page == self.page and without_run_position(query) not in ({}, self.query()):
            before = self.config
            config, notes = from_query(query)
            values = {name: getattr(config, name) for name in FIELD_OF}
            if config.lesson is None and self._long_lesson is not None:
                del values["lesson"]
            self.change(**values)
            self.notes = (*notes, *self.notes)
            if self.config.changed("data", before) or self.config.changed("start", before):
                self._go_to_position_in(query)

    @holding_lock
    def resume(self, query: dict[str, str]) -> bool:
        """Take the runs to the position in an address, if nothing was done since the session began.

        After a restart of the server, the browser's address is newer than the one that the session
        was created from. Returns whether the position is another one.
        """
        opened = self.opened_position
        untouched = self.run_position() == opened and without_run_position(query) == self.query()
        differs = untouched and run_position_from_query(query)[0] != opened
        if differs:
            self._go_to_position_in(query)
        return differs

    @holding_lock
    def restore_upload(self, key: str) -> bool:
        """Restore what was brought before a reload, by its key; whether anything changed."""
        found, has_own = UPLOADS.find(key), bool(self.upload or self.own_model or self._long_lesson)
        if found is None or (self.missing_upload_query is None and has_own):
            return False
        if found.lesson is not None:
            self.config = replace(self.config, lesson=self.config.lesson or found.lesson)
        if self.missing_upload_query is None:
            # The session used other data, and still does; they are only restored.
            self.upload, self.own_model, self.upload_key = found.upload, found.own_model, key
            self.waiting_model = found.waiting_model
            return True
        query = self.missing_upload_query
        config, notes = from_query(query)
        with self._turn(config, found.upload):
            self.take_over(Experiment(config, notes, found.upload, found.own_model))
            self.waiting_model = found.waiting_model
            self._go_to_position_in(query)
        return True

    def _go_to_position_in(self, query: Mapping[str, str]) -> None:
        position, notes = run_position_from_query(query)
        self.notes = (*self.notes, *notes)
        self.opened_position = position
        if position != RunPosition():
            self.go_to(position)

    # Derived values

    @property
    def shown_data(self) -> Dataset:
        """The data as figures show them: without the truth while it is hidden."""
        if self.config.truth == "shown" or self.data.true_states is None:
            return self.data
        return self.remember("shown data", self.data, self.data.without_truth)

    def true_log_likelihood(self) -> float | None:
        """Log-likelihood per observation of the true model, in nats; None if it is unknown."""
        total = self.total_true_log_likelihood()
        return None if total is None else self.data.sequences.per_observation(total)

    def total_true_log_likelihood(self) -> float | None:
        """Log-likelihood of the true model on all data, in nats; None if it is unknown."""
        truth = self.shown_data.generating_model
        if truth is None:
            return None
        return self.remember(
            "true log-likelihood",
            self.data,
            lambda: float(log_likelihood(truth, self.data.sequences).sum()),
        )

    @holding_lock
    def remember(self, name: str, source: Any, compute: Callable[[], Result]) -> Result:
        """The result of `compute()`, recomputed only if `source` is another object than last time.

        If the result depends on several objects, `source` is a tuple of them.
        """
        sources = source if isinstance(source, tuple) else (source,)
        held = self.memo.get(name)
        if (
            held is None
            or len(held[0]) != len(sources)
            or any(a is not b for a, b in zip(held[0], sources, strict=True))
        ):
            held = (sources, compute())
            self.memo[name] = held
        return held[1]  # type: ignore[no-any-return]


def current_session() -> Session:
    """The session of the visitor for whom this script runs; a new one is made from the URL."""
    session = st.session_state.get(KEY)
    if session is None:
        session = _opened(st.query_params.to_dict())
        st.session_state[KEY] = session
    return session  # type: ignore[no-any-return]


def _opened(query: dict[str, str]) -> Session:
    """The session of a new visitor, who is told if a large experiment has to wait for its turn."""
    told: Any = None

    def wait() -> None:
        nonlocal told
        # Sent every time: that ends the script of a visitor who has left, who then waits no longer.
        told = (told or st).toast(WAITS, icon=":material/hourglass_top:", duration="infinite")
        time.sleep(TELL_SECONDS)

    with large_turn(num_cells(from_query(query)[0]), wait):
        session = Session.from_url(query)
    if told is not None:
        told.toast("Your experiment is open.", icon=":material/check:")
    return session


def _is_work(before: Before) -> bool:
    """Whether something would be lost that is not made again by itself."""
    trained = any(run.state.iteration for run in before.runs.values())
    return trained or before.config.source == "upload"


ANOTHER_START = ("family", "source", "num_symbols", "covariance_type")
"""Fields with which a model that was made by hand is none of the data any more."""

BEST: Mapping[str, Any] = {"start": "best", "nudge": 0}


def _start_for(config: Config, source: str) -> Mapping[str, Any]:
    """The change of the starting point that comes with other data.

    Whoever brings data wants a model of them; of generated data one watches how it is learned.
    """
    if source == "upload" and config.start in ("random", "near-truth"):
        return BEST
    if source != "upload" and config.source == "upload" and config.start == "best":
        return {"start": "random", "nudge": 0}
    return {}
