"""When the Trust page computes by itself."""

from __future__ import annotations

from pages.ui.session.session import Session

WAIT = 0.2
"""Seconds that the page waits for what is nearly there, so that it is drawn once and not twice."""


def resting(session: Session) -> bool:
    """Whether nothing plays, so that there is time for what takes long."""
    return not session.player.playing and session.replay is None
