"""One visitor's state, in one typed object.

Widgets read from it and write to it, so nothing is lost on a page switch. It imports Streamlit
only to be found; everything it does can be called without a page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import streamlit as st

from hmmcore import log_likelihood
from pages.ui.experiment.alone import alone
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.player import Run
from pages.ui.experiment.run_position import (
    RunPosition,
    run_position_from_query,
    without_run_position,
)
from pages.ui.files.pending import PendingFile
from pages.ui.session.kept import UPLOADS
from pages.ui.session.tables import Drafts
from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import FIELD_OF, FIELDS, Config
from pages.ui.settings.config_rules import legal

KEY = "hmm_playground"

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Kept:
    """What there was before a remedy: settings, data, runs with all they had learned, marks."""

    config: Config
    data: Dataset
    runs: dict[str, Run]
    marks: tuple[int, ...]


@dataclass
class Session(Experiment):
    """A visitor's experiment, and what belongs to the visitor.

    Attributes:
        kept: what a remedy replaced, until the next change; see `undo`.
        upload_key: under which `UPLOADS` keeps the upload for a reload; empty without one.
        lost: the address of an upload that this session has not; None where it misses none.
        pending: a file that was brought and is not in use yet.
        uploads: how many files were taken or put away.
        drafts: tables as they stand in their editors.
        data_view: the open view of the Data page; empty for its first.
        refused: why the last experiment file was not opened; empty otherwise.
        memo: what `remember` holds: a name's source, and what was computed from it.
        page: the page of the last run; see `follow_url`.
        token: names this session to its live stream, and nobody can guess it.
        links: how often it was said what a link holds; a later one has a higher number.
        frames: how many frames of the live panel were made; a later one has a higher number.
        presses: how many presses of run controls have come by Streamlit; see `assets/presses.js`.
        back: the address at which a lost connection was found again last; empty before.
        tour: the step of the tour, from 1; 0 while it is offered, None when it is not.
    """

    kept: Kept | None = None
    upload_key: str = ""
    lost: dict[str, str] | None = None
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
    presses: int = 0
    back: str = ""
    tour: int | None = None

    # Changes

    @alone
    def change(self, /, **values: Any) -> None:
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
        config, notes = legal(wanted, keep)
        # Before anything is compared: what comes to nothing begins nothing anew.
        self.config, refused = self._as_the_file_allows(config)
        self.notes = (*notes, *refused)
        if self.config.changed("data", before):
            self.player.pause()
            self._renew_data()
        elif self.config.changed("start", before):
            self.player.pause()
            self._renew_runs()
        elif self.config.changed("training", before):
            self._revise_runs()
        self._select_existing()

    @alone
    def new_start(self) -> None:
        """Go to the next random starting point."""
        self.change(start_seed=FIELD_OF["start_seed"].following(self.config.start_seed))

    @alone
    def remedy(self, /, **values: Any) -> None:
        """Change fields of the Config as a finding advises; `undo` takes it back."""
        kept = Kept(self.config, self.data, self.runs, self.marks)
        self.change(**values)
        # Where the same runs go on, nothing was lost.
        goes_on = all(self.runs.get(name) is run for name, run in kept.runs.items())
        self.kept = None if goes_on else kept

    @alone
    def nudge(self) -> None:
        """Move the starting point a little, each time another way, as `remedy` does."""
        # 0 is no nudge at all.
        self.remedy(nudge=FIELD_OF["nudge"].following(self.config.nudge, first=1))

    @alone
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

    # Other data, other experiments

    @alone
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

    @alone
    def take_over(self, fresh: Experiment) -> None:
        """Make another experiment this session's own, which nobody looked at yet."""
        self.pause()
        self.config, self.notes, self.problem = fresh.config, fresh.notes, fresh.problem
        if fresh.upload is not None:
            self._take(fresh.upload)
        self.data, self.runs = fresh.data, fresh.runs
        self.data_number += 1
        self.at, self.marks, self.kept = None, (), None

    def _take(self, upload: Upload) -> None:
        self.upload, self.lost = upload, None
        self.upload_key = UPLOADS.keep(upload, upload.sequences.observations.nbytes)

    # The address

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

    def query(self) -> dict[str, str]:
        """The URL parameters that hold this Config."""
        return to_query(self.config)

    @alone
    def follow_url(self, query: dict[str, str], page: str) -> None:
        """Take over the address bar's Config after Back or Forward.

        Not where they lead to another page: what was changed there since stays changed. Runs that
        begin anew with it go to where the address says.
        """
        if page == self.page and without_run_position(query) not in ({}, self.query()):
            before = self.config
            config, notes = from_query(query)
            config, missing = self._with_data_at_hand(config)
            values = {name: getattr(config, name) for name in FIELD_OF}
            self.change(**values)
            self.notes = (*notes, *missing, *self.notes)
            if self.config.changed("data", before) or self.config.changed("start", before):
                self._go_where(query)

    @alone
    def resume(self, query: dict[str, str]) -> bool:
        """Go to where an address says, if nothing was done here since this session began.

        After a server's restart the browser knows better than the address it was given first.
        """
        untouched = (
            self.run_position() == self.opened and without_run_position(query) == self.query()
        )
        going = untouched and run_position_from_query(query)[0] != self.opened
        if going:
            self._go_where(query)
        return going

    @alone
    def bring_back(self, key: str) -> bool:
        """Take up an upload again that was there before a reload; whether anything came of it."""
        upload = UPLOADS.find(key)
        if upload is None or (self.lost is None and self.upload is not None):
            return False
        if self.lost is None:
            # It was kept beside other data, and is so again.
            self.upload, self.upload_key = upload, key
            return True
        query = self.lost
        config, notes = from_query(query)
        self.take_over(Experiment(config, notes, upload))
        self._go_where(query)
        return True

    def _go_where(self, query: Mapping[str, str]) -> None:
        where, notes = run_position_from_query(query)
        self.notes = (*self.notes, *notes)
        self.opened = where
        if where != RunPosition():
            self.go_to(where)

    # What follows from it

    @property
    def seen(self) -> Dataset:
        """The data as figures show them: without their truth while that is hidden."""
        if self.config.truth == "shown" or self.data.maker is None:
            return self.data
        return self.remember("seen", self.data, self.data.without_truth)

    def true_log_likelihood(self) -> float | None:
        """Log-likelihood per observation of the true model, in nats; None if nobody knows it."""
        truth = self.seen.maker
        if truth is None:
            return None
        return self.remember(
            "true_log_likelihood",
            self.data,
            lambda: float(
                log_likelihood(truth, self.data.sequences).sum()
                / self.data.sequences.num_observations
            ),
        )

    @alone
    def remember(self, name: str, source: Any, compute: Callable[[], Result]) -> Result:
        """`compute()`, done again only when `source` is another object than last time.

        Where it follows from several, `source` is a tuple of them.
        """
        sources = source if isinstance(source, tuple) else (source,)
        held = self.memo.get(name)
        if held is None or any(a is not b for a, b in zip(held[0], sources, strict=True)):
            held = (sources, compute())
            self.memo[name] = held
        return held[1]  # type: ignore[no-any-return]


def current_session() -> Session:
    """The session of whoever runs this script; a new one reads the address bar."""
    session = st.session_state.get(KEY)
    if session is None:
        session = Session.from_url(st.query_params.to_dict())
        st.session_state[KEY] = session
    return session  # type: ignore[no-any-return]
