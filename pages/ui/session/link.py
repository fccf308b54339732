"""The link to an experiment: its Config, and the position of its runs."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlencode

from pages.ui.experiment.run_position import bounded, run_position_to_query
from pages.ui.session.session import Session
from pages.ui.settings.lesson import MAX_LINK_BYTES

NO_FILE = (
    "A link cannot carry your own data: it opens generated data with the same settings. The "
    "experiment file under Export carries everything."
)

LONG_LESSON = (
    f"The lesson is not in it: a link carries {MAX_LINK_BYTES // 1000} kB of text. The experiment "
    "file under Export carries the whole lesson."
)


def link(session: Session) -> dict[str, Any]:
    """The message to `assets/address.js` with the parts of the address besides the Config.

    "run_position" holds URL parameters, and "unsaid" sentences on what a link cannot hold.
    "settings" is a checksum of the Config that the position belongs to; see `settings`. Several
    threads send such messages. "number" therefore increases within a session, so that the browser
    can ignore an old message that arrives late.
    """
    session.links += 1
    position, unsaid = bounded(session.run_position())
    lesson = session.config.lesson
    if lesson is not None and not lesson.fits_link:
        unsaid = f"{LONG_LESSON} {unsaid}".strip()
    if session.config.source == "upload":
        unsaid = f"{NO_FILE} {unsaid}".strip()
    return {
        "run_position": run_position_to_query(position),
        "unsaid": unsaid,
        "settings": zlib.crc32(settings(session).encode()),
        "session": zlib.crc32(session.token.encode()),
        "number": session.links,
    }


def settings(session: Session) -> str:
    """The Config as a URL query string."""
    return urlencode(session.query())
