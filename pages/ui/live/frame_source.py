"""The frames of one visitor's page, and the commands that its run controls send."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from pages.ui.browser import wire
from pages.ui.browser.stream import publish, send_ahead
from pages.ui.live import landscape, panel, run_comparison
from pages.ui.live.landscape_maps import search_what_is_shown
from pages.ui.live.landscape_view import landscape_frame
from pages.ui.live.outcome import outcome
from pages.ui.live.panel_view import panel_frame
from pages.ui.live.run_comparison_view import run_comparison_frame
from pages.ui.live.trellis_view import trellis_message
from pages.ui.session.checkups import checkups
from pages.ui.session.commands import receive
from pages.ui.session.link import link
from pages.ui.session.map_search import is_searching, searcher
from pages.ui.session.session import Session
from pages.ui.session.view import current_view

PANEL_KEY = "live_panel"


Encode = Callable[[Mapping[str, Any]], bytes]
"""Encodes one frame as a message, given the value of "live" in its header."""


def _panel(session: Session) -> Encode | None:
    view = current_view(session)
    if view is None:
        return None
    return lambda live: panel.encode(panel_frame(session, view), PANEL_KEY, live)


def _run_comparison(session: Session) -> Encode | None:
    frame = run_comparison_frame(session)
    return None if frame is None else partial(run_comparison.encode, frame)


def _trellis(session: Session) -> Encode | None:
    view = current_view(session)
    return None if view is None else trellis_message(session, view)


def _landscape(session: Session) -> Encode | None:
    frame = landscape_frame(session)
    return None if frame is None else partial(landscape.encode, frame)


VIEWS: Mapping[str, Callable[[Session], Encode | None]] = {
    "": _panel,
    "training": _run_comparison,
    "landscape": _landscape,
    "messages": _trellis,
}
"""What the live view of a page shows; a page that is not listed has none."""

SEARCH_INTERVAL = 0.2
"""Seconds between two frames of a map that is searched while nothing plays."""

LONGEST_LOCK_WAIT = 0.01
"""Seconds that a command waits in its thread for a session whose page is running. Frames do not
wait: all visitors share the few threads that make them."""


@dataclass(eq=False)
class FrameSource:
    """The `stream.Source` of one visitor's session."""

    session: Session
    _said_searching: bool = False

    @property
    def playing(self) -> bool:
        """Whether there is another frame to come: the runs play, or a map is searched.

        Once a search is over, one more frame says so.
        """
        return self.session.player.playing or self._said_searching or is_searching(self.session)

    def wait(self) -> float:
        """Seconds until the next frame is due."""
        if not self.session.player.playing:
            return SEARCH_INTERVAL
        return self.session.player.wait(self.session.rate)

    def handle(self, message: str) -> bytes | None:
        """Carry out a command; the frame that shows the result. None while it has to wait.

        For messages see `session/commands.py`.
        """
        with self._locked(LONGEST_LOCK_WAIT) as locked:
            return self.frame() if locked and receive(self.session, message) else None

    def next_frame(self, budget: float) -> bytes | None:
        """Train until the due steps are taken or `budget` seconds are over; the frame after that.

        None when the session does not play, and while its page is running.
        """
        with self._locked(0.0) as locked:
            if not (locked and self.playing):
                return None
            self.session.tick(budget)
            return self.frame(wanted=True)

    @contextmanager
    def _locked(self, seconds: float) -> Iterator[bool]:
        """Hold the session's lock, if it is to be had within so long; yields whether it was."""
        locked = self.session.lock.acquire(timeout=seconds)
        try:
            yield locked
        finally:
            if locked:
                self.session.lock.release()

    def send_ahead(self) -> None:
        """Send the open page's current frame, before Streamlit has rerun the page around it."""
        with self.session.lock:
            send_ahead(self.session.token, lambda: self.frame(ahead=True))

    def frame(self, wanted: bool = False, ahead: bool = False) -> bytes:
        """The current frame of the open page.

        The header holds what the page's live view draws, if it has one, and under "live" what
        `live` returns, and:
            wanted: whether the page requested this frame with "next".
            ahead: whether `send_ahead` sent it, before Streamlit has rerun the page.
        """
        session = self.session
        with session.lock:
            live = {**self.live(), "wanted": wanted, "ahead": ahead}
            encode = VIEWS.get(session.page, lambda _: None)(session)
            return wire.pack({"key": "", "live": live}, {}) if encode is None else encode(live)

    def live(self) -> dict[str, Any]:
        """What the run controls show.

        Its parts:
            number: counts the session's frames.
            playing: whether the session's runs play.
            searching: whether a map is searched, of which frames come although nothing plays.
            can_go_on: whether any run can take another step.
            new_start: whether another start number gives another starting point.
            at: the iteration travelled to; None for the latest.
            latest: the latest iteration.
            by_hand: how many models led to the start by hand, at iterations before 0.
            marks: the iterations that the visitor marked.
            acknowledged: the number of the last command that was carried out.
            settings: how often the settings were changed.
            page: the page that ran last, as in its address.
            link: what the address bar says of the runs; see `session/link.py`.
            outcome: how the shown run stands; see `live/outcome.py`.
            stream: the address at which to request frames.
            news: a number that changes when what Streamlit draws has to change.
        """
        session = self.session
        with session.lock:
            session.frames += 1
            search_what_is_shown(session)
            self._said_searching = is_searching(session)
            drawn: tuple[object, ...] = (
                session.player.playing, session.can_go_on, session.at is None,
                checkups(session).diagnosis_keys(), session.config.start_seed,
                hash(session.config.hand), session.notes,
                session.config.model_view, session.config.cell, session.config.what_if,
                session.settings_number, session.before is None,
                [(earlier.iteration, earlier.end) for earlier in session.shown_earlier_runs],
                # Where optima can be chosen by number, there are some once the search is over.
                session.page == "landscape" and [one.done for one in searcher(session).shown],
            )  # fmt: skip
            if session.page not in VIEWS or not session.player.playing:
                # Streamlit draws the figures too, or sentences that name the iteration.
                drawn += (session.latest, session.at)
            return {
                "number": session.frames,
                "playing": session.player.playing,
                "searching": self._said_searching,
                "can_go_on": session.can_go_on,
                "new_start": session.new_start_helps,
                "at": session.at,
                "latest": session.latest,
                "by_hand": session.steps_by_hand,
                "marks": session.marks,
                "acknowledged": session.acknowledged,
                "settings": session.settings_number,
                "page": session.page,
                "link": link(session),
                "outcome": outcome(session),
                "stream": publish(self, session.token),
                "news": zlib.crc32(repr(drawn).encode()),
            }


def frame_source(session: Session) -> FrameSource:
    """The session's only frame source; it lives as long as the session."""
    return session.remember("frame source", session, lambda: FrameSource(session))  # type: ignore[no-any-return]
