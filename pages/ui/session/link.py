"""The link to an experiment: its Config, and where its runs stand."""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlencode

from pages.ui.experiment.run_position import bounded, run_position_to_query
from pages.ui.session.session import Session

NO_FILE = (
    "A link cannot carry your own data: it opens generated data with the same settings. The "
    "experiment file under Export carries everything."
)


def link(session: Session) -> dict[str, Any]:
    """What the address says beside the Config, for `assets/address.js`.

    "run_position" are URL parameters, "unsaid" sentences on what a link cannot carry. "settings" is
    a number for the Config that the position belongs to; see `settings`. Several threads say this,
    so it is numbered: of a session, a later one has a higher number.
    """
    session.links += 1
    position, unsaid = bounded(session.run_position())
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
    """The Config as the address bar holds it."""
    return urlencode(session.query())
