"""Pictures of the shown run for the live panel, one after the other while it plays."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from pages.ui import words
from pages.ui.link import link
from pages.ui.panel import encode
from pages.ui.session import Session
from pages.ui.stream import publish
from pages.ui.view import current_view, panel_frame


@dataclass(eq=False)
class Pictures:
    """The `stream.Source` of one visitor's session."""

    session: Session

    @property
    def playing(self) -> bool:
        """Whether the session's runs play."""
        return self.session.player.playing

    def wait(self) -> float:
        """Seconds until the next step is due."""
        return self.session.player.wait(self.session.rate)

    def told(self, command: str) -> bytes | None:
        """Do what the panel's own controls say: "pause", "at 12", "now" or "mark".

        Anything else is nobody's button, and does nothing.
        """
        word, _, number = command.partition(" ")
        with self.session.lock:
            if word == "pause":
                self.session.pause()
                return None
            if word == "at" and number.isdecimal() and number.isascii():
                self.session.travel(int(number))
            elif word == "now":
                self.session.travel(None)
            elif word == "mark":
                self.session.mark()
            return self.picture()

    def next_picture(self, budget: float) -> bytes | None:
        """Take the steps that have come due, and draw; None when the session does not play."""
        with self.session.lock:
            if not self.playing:
                return None
            self.session.tick(budget)
            return self.picture(wanted=True)

    def picture(self, wanted: bool = False) -> bytes | None:
        """The live panel as it stands; None when there is nothing to show.

        Beside what the panel draws, its header says under "live": "number", higher in every later
        picture; "wanted", whether it is one that the panel asked for with "next"; "playing";
        "at", the iteration travelled to; "latest" and "marks"; "link", what the address says of
        it; "stream", where to ask for the next; and "news", which changes when the page around
        the panel has something else to say.
        """
        session = self.session
        with session.lock:
            view = current_view(session)
            if view is None:
                return None
            session.frames += 1
            said = (
                session.player.playing, session.can_go_on, session.at is None,
                words.afterwards(session, view),
            )  # fmt: skip
            live = {
                "number": session.frames,
                "wanted": wanted,
                "playing": session.player.playing,
                "at": session.at,
                "latest": session.latest,
                "marks": session.marks,
                "link": link(session),
                "stream": publish(self, session.token),
                "news": zlib.crc32(repr(said).encode()),
            }
            return encode(panel_frame(session, view), key="live_panel", live=live)


def pictures(session: Session) -> Pictures:
    """The pictures of a session: always the same object, which lives as long as the session."""
    return session.remember("pictures", session, lambda: Pictures(session))  # type: ignore[no-any-return]
