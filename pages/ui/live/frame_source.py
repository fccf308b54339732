"""Frames for the live view of the open page, one after the other while the runs play."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pages.ui.browser.stream import publish, send_ahead
from pages.ui.live import panel, run_comparison
from pages.ui.live.panel_view import panel_frame
from pages.ui.live.run_comparison_view import run_comparison_frame
from pages.ui.session.checkups import checkups
from pages.ui.session.link import link
from pages.ui.session.session import Session
from pages.ui.session.view import current_view

PANEL_KEY = "live_panel"


Encode = Callable[[Mapping[str, Any]], bytes]
"""Makes the message of one frame, given what its header says under "live"."""


def _panel(session: Session) -> Encode | None:
    view = current_view(session)
    if view is None:
        return None
    return lambda live: panel.encode(panel_frame(session, view), PANEL_KEY, live)


def _run_comparison(session: Session) -> Encode | None:
    frame = run_comparison_frame(session)
    return None if frame is None else partial(run_comparison.encode, frame)


VIEWS: Mapping[str, Callable[[Session], Encode | None]] = {"training": _run_comparison}
"""Who draws on which page; elsewhere it is the panel."""


@dataclass(eq=False)
class FrameSource:
    """The `stream.Source` of one visitor's session."""

    session: Session

    @property
    def playing(self) -> bool:
        """Whether the session's runs play."""
        return self.session.player.playing

    def wait(self) -> float:
        """Seconds until the next step is due."""
        return self.session.player.wait(self.session.rate)

    def handle(self, command: str) -> bytes | None:
        """Do what a view says that was pressed: "pause", "step", "reset", "at 12", "now" or "mark".

        Anything else is nobody's button, and does nothing.
        """
        word, _, number = command.partition(" ")
        with self.session.lock:
            if command == "pause":
                self.session.pause()
            elif command in ("step", "reset"):
                self._pressed(command)
            elif word == "at" and number.isdecimal() and number.isascii():
                self.session.travel(int(number))
            elif command == "now":
                self.session.travel(None)
            elif command == "mark":
                self.session.mark()
            return self.frame()

    def _pressed(self, command: str) -> None:
        # Pressed while nothing played. If it plays by now, Play came after it, by Streamlit's way,
        # and was heard first: it goes on playing.
        session = self.session
        played = self.playing
        if command == "reset":
            session.reset()
        elif not played:
            session.step()
        if played:
            session.play()

    def next_frame(self, budget: float) -> bytes | None:
        """Take the steps that have come due, and draw; None when the session does not play."""
        with self.session.lock:
            if not self.playing:
                return None
            self.session.tick(budget)
            return self.frame(wanted=True)

    def send_ahead(self) -> None:
        """Show the open page's view as it stands, before the page around it is made."""
        with self.session.lock:
            send_ahead(self.session.token, lambda: self.frame(ahead=True))

    def frame(self, wanted: bool = False, ahead: bool = False) -> bytes | None:
        """The open page's live view as it stands; None when there is nothing to show.

        Beside what the view draws, its header says under "live": "number", higher in every later
        frame; "wanted", whether it is one that the view asked for with "next", and "ahead",
        whether it comes before a run of the page that says all else; "playing";
        "at", the iteration travelled to; "latest" and "marks"; "link", what the address says of
        it; "stream", where to ask for the next; and "news", which changes when the page around
        the panel has something else to say.
        """
        session = self.session
        with session.lock:
            encode = VIEWS.get(session.page, _panel)(session)
            if encode is None:
                return None
            session.frames += 1
            said = (
                session.player.playing, session.can_go_on, session.at is None,
                checkups(session).news(),
            )  # fmt: skip
            live = {
                "number": session.frames,
                "wanted": wanted,
                "ahead": ahead,
                "playing": session.player.playing,
                "at": session.at,
                "latest": session.latest,
                "marks": session.marks,
                "link": link(session),
                "stream": publish(self, session.token),
                "news": zlib.crc32(repr(said).encode()),
            }
            return encode(live)


def frame_source(session: Session) -> FrameSource:
    """The frames of a session: always the same object, which lives as long as the session."""
    return session.remember("frame source", session, lambda: FrameSource(session))  # type: ignore[no-any-return]
