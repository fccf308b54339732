"""The frames of one visitor's live view, and the commands that its controls send."""

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
"""Encodes one frame as a message, given the value of "live" in its header."""


def _panel(session: Session) -> Encode | None:
    view = current_view(session)
    if view is None:
        return None
    return lambda live: panel.encode(panel_frame(session, view), PANEL_KEY, live)


def _run_comparison(session: Session) -> Encode | None:
    frame = run_comparison_frame(session)
    return None if frame is None else partial(run_comparison.encode, frame)


VIEWS: Mapping[str, Callable[[Session], Encode | None]] = {"training": _run_comparison}
"""What the live view of a page shows; on every page that is not listed it is the panel."""


@dataclass(eq=False)
class FrameSource:
    """The `stream.Source` of one visitor's session."""

    session: Session

    @property
    def playing(self) -> bool:
        """Whether the session's runs play."""
        return self.session.player.playing

    def wait(self) -> float:
        """Seconds until the next training step is due."""
        return self.session.player.wait(self.session.rate)

    def handle(self, command: str) -> bytes | None:
        """Carry out a command of the view; the frame that shows the result, as `frame` makes it.

        The commands are "pause", "step", "reset", "at 12" (travel to iteration 12), "now" (back to
        the latest iteration) and "mark". Any other text is ignored.
        """
        word, _, number = command.partition(" ")
        with self.session.lock:
            if command == "pause":
                self.session.pause()
            elif command in ("step", "reset"):
                self._step_or_reset(command)
            elif word == "at" and number.isdecimal() and number.isascii():
                self.session.travel(int(number))
            elif command == "now":
                self.session.travel(None)
            elif command == "mark":
                self.session.mark()
            return self.frame()

    def _step_or_reset(self, command: str) -> None:
        # The view sends these only while nothing plays. If the runs play by now, the visitor
        # pressed Play later, and Streamlit delivered that first: the runs go on playing.
        session = self.session
        playing = self.playing
        if command == "reset":
            session.reset()
        elif not playing:
            session.step()
        if playing:
            session.play()

    def next_frame(self, budget: float) -> bytes | None:
        """Train until the due steps are taken or `budget` seconds are over; the frame after that.

        None when the session does not play.
        """
        with self.session.lock:
            if not self.playing:
                return None
            self.session.tick(budget)
            return self.frame(wanted=True)

    def send_ahead(self) -> None:
        """Send the open page's current frame, before Streamlit has rerun the page around it."""
        with self.session.lock:
            send_ahead(self.session.token, lambda: self.frame(ahead=True))

    def frame(self, wanted: bool = False, ahead: bool = False) -> bytes | None:
        """The current frame of the open page's live view; None when there is nothing to show.

        Besides what the view draws, the header holds under "live":
            number: counts the session's frames.
            wanted: whether the view requested this frame with "next".
            ahead: whether `send_ahead` sent it, before Streamlit has rerun the page.
            playing: whether the session's runs play.
            at: the iteration travelled to; None for the latest.
            latest: the latest iteration.
            marks: the iterations that the visitor marked.
            link: what the address bar says of the runs; see `session/link.py`.
            stream: the address at which to request frames.
            news: a number that changes when the page around the view has to change.
        """
        session = self.session
        with session.lock:
            encode = VIEWS.get(session.page, _panel)(session)
            if encode is None:
                return None
            session.frames += 1
            shown_around = (
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
                "news": zlib.crc32(repr(shown_around).encode()),
            }
            return encode(live)


def frame_source(session: Session) -> FrameSource:
    """The session's only frame source; it lives as long as the session."""
    return session.remember("frame source", session, lambda: FrameSource(session))  # type: ignore[no-any-return]
