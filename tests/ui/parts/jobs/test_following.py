"""How far work beside a page is, in words."""

from __future__ import annotations

from dataclasses import replace

from pages.ui.parts.jobs.following import how_far
from pages.ui.session.background import Job


def job(**values) -> Job:
    return replace(Job("key", lambda stopped: iter(()), 20), **values)


def test_progress_is_told_in_every_case():
    assert how_far(job(), 3, "fit") == "3 of 20 fits."
    assert how_far(job(done=True, seconds=2.0), 20, "fit") == "20 fits in 2.0\u202fs."
    assert how_far(job(done=True, cancelled=True), 3, "fit") == "Cancelled after 3 of 20 fits."
    assert how_far(job(done=True, failed="It failed."), 3, "fit") == "It failed."
