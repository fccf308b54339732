"""Work beside the pages: its results as they come, and its end in every case."""

from __future__ import annotations

import gc
import threading

import pytest

from pages.ui.session.background import MOST_KEPT, Job, background, share
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


@pytest.fixture
def session() -> Session:
    return Session(Config(length=10, num_sequences=2))


def counting(stop_at=3):
    def begin(stopped):
        for number in range(1, stop_at + 1):
            if stopped():
                return
            yield number

    return begin


def endless(stopped):
    yield 1
    while not stopped():
        pass


def begun(session: Session, job: Job) -> Job:
    background(session).start(job)
    background(session).join(job, 20)
    assert job.done
    return job


def test_a_job_ends_with_all_it_found_and_is_kept(session):
    job = begun(session, Job("three", counting()))
    assert (job.found, job.failed, job.cancelled) == (3, "", False)
    assert job.seconds >= 0.0
    assert background(session).find("three") is job
    assert background(session).find("four") is None


def test_results_are_there_before_the_end_and_cancel_keeps_them(session):
    job = background(session).start(Job("endless", endless))
    while job.found is None:
        pass
    assert not job.done
    job.cancelled = True
    background(session).join(job, 20)
    assert (job.done, job.found) == (True, 1)
    assert background(session).find("endless") is job


def test_what_was_cancelled_before_it_found_anything_is_begun_anew(session):
    job = Job("late", counting())
    job.cancelled = True
    begun(session, job)
    assert background(session).find("late") is None
    again = begun(session, Job("late", counting()))
    assert background(session).find("late") is again


def test_an_error_is_one_sentence(session):
    def fails(stopped):
        yield 1
        raise ValueError("sequence 1 has 1 observation; it needs at least 2.")

    job = begun(session, Job("fails", fails))
    assert job.failed == "Sequence 1 has 1 observation; it needs at least 2."
    assert job.found == 1

    def greedy(stopped):
        raise MemoryError

    assert begun(session, Job("greedy", greedy)).failed.endswith("choose less.")


def test_an_error_that_nobody_expected_is_logged_and_ends_the_job(session, monkeypatch):
    logged = []
    monkeypatch.setattr(threading, "excepthook", lambda about: logged.append(about.exc_type))

    def broken(stopped):
        raise KeyError("x")

    job = begun(session, Job("broken", broken))
    assert "nobody expected" in job.failed
    assert logged == [KeyError]


def test_only_the_latest_jobs_are_kept_and_others_end(session):
    first = background(session).start(Job("first", endless))
    for number in range(MOST_KEPT):
        begun(session, Job(number, counting()))
    background(session).join(first, 20)
    assert first.done
    assert background(session).find("first") is None
    assert background(session).find(0) is not None


def test_a_job_ends_when_its_session_is_gone():
    gone = Session(Config(length=10, num_sequences=2))
    job = background(gone).start(Job("endless", endless))
    thread = background(gone)._threads[job]
    assert thread.is_alive()
    del gone
    gc.collect()
    thread.join(20)
    assert job.done


def test_all_jobs_of_a_session_divide_its_share_and_another_has_its_own(session, monkeypatch):
    monkeypatch.setattr("pages.ui.session.background.NUM_THREADS", 8)
    other = Session(Config(length=10, num_sequences=2))
    jobs = [
        background(session, room).start(Job(number, endless))
        for number, room in enumerate(("", "", "coverage", "bootstrap"))
    ]
    assert (share(session).of_threads(), share(session).of_pool()) == (2, 2)
    assert share(other).of_threads() == 8
    for job, left in zip(jobs[1:], (2, 4, 8), strict=True):
        job.cancelled = True
        while not job.done:
            pass
        assert share(session).of_threads() == left
    jobs[0].cancelled = True
