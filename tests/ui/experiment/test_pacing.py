"""Large experiments take turns, and nobody else waits for them."""

import gc
import math
import threading
import weakref
from contextlib import contextmanager

import numpy as np
import pytest

from hmmcore import Sequences
from pages.ui.experiment import experiment, generated, pacing, training_runs
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.pacing import large_turn
from pages.ui.files.experiment_file import write
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.settings.config import Config

LARGE = 4_000
"""Cells from which an experiment is large in these tests: what takes turns is built in no time."""
LONG = LARGE // 2 + 1
"""M of a large experiment with two states."""


@pytest.fixture(autouse=True)
def large_is_smaller(monkeypatch):
    for module in (pacing, generated):
        monkeypatch.setattr(module, "LARGE", LARGE)


class GaveUpError(Exception):
    pass


def give_up():
    raise GaveUpError


def others_must_wait():
    """Whether another thread that asks for a turn has to wait for it."""
    waits = []

    def ask():
        try:
            with large_turn(LARGE + 1, give_up):
                waits.append(False)
        except GaveUpError:
            waits.append(True)

    asking = threading.Thread(target=ask)
    asking.start()
    asking.join()
    return waits == [True]


@contextmanager
def somebody_building():
    """Another thread has the turn until the block ends."""
    begun, over = threading.Event(), threading.Event()

    def build():
        with large_turn(LARGE + 1):
            begun.set()
            over.wait()

    building = threading.Thread(target=build)
    building.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        building.join()


def test_one_large_experiment_is_built_at_a_time_and_small_ones_pass_it():
    with somebody_building():
        with pytest.raises(GaveUpError), large_turn(LARGE + 1, give_up):
            pass
        with large_turn(LARGE, give_up):
            pass
        small = Session.from_url({"K": "5", "M": "40", "N": "20"})
        small.change(seed=3)
    assert small.runs
    assert not others_must_wait()


def test_a_turn_ends_with_an_error_too():
    with pytest.raises(GaveUpError), large_turn(LARGE + 1):
        give_up()
    assert not others_must_wait()


def large_upload():
    return Upload("a", "x", Sequences(np.arange(float(LONG)) % 7))


def opens_a_file(session):
    with_file = Session(Config(num_states=2))
    with_file.replace_upload(large_upload(), 2)
    open_file(session, write(with_file))


def reloads(session):
    session.replace_upload(large_upload(), 2)
    again = Session.from_url({"data": "upload", "K": "2"})
    assert again.restore_upload(session.upload_key)


@pytest.mark.parametrize(
    "build",
    [
        lambda session: Session.from_url({"K": "2", "M": "201", "N": "10"}),
        lambda session: session.change(length=LONG),
        lambda session: session.change(num_sequences=20, length=101),
        lambda session: [session.change(length=LONG), session.new_start()],
        lambda session: session.replace_upload(large_upload(), 2),
        reloads,
        opens_a_file,
    ],
    ids=["link", "length", "sequences", "start", "upload", "reload", "file"],
)
def test_whatever_builds_a_large_experiment_does_it_in_its_turn(build, monkeypatch):
    session = Session(Config(num_states=2, length=20, num_sequences=1))
    large, new_runs = [], training_runs.new_runs

    def noted(config, data, start):
        if 2 * data.sequences.num_observations > LARGE:
            large.append(others_must_wait())
        return new_runs(config, data, start)

    monkeypatch.setattr(training_runs, "new_runs", noted)
    build(session)
    assert large
    assert all(large)
    assert not others_must_wait()


def test_while_a_change_waits_the_frames_of_its_session_go_on(monkeypatch):
    session = Session(Config(num_states=2, length=20, num_sequences=1))
    waiting = threading.Event()

    class Told(threading.Condition):
        def wait(self, timeout=None):
            waiting.set()
            return super().wait(timeout)

    monkeypatch.setattr(experiment, "Condition", Told)
    change = threading.Thread(target=session.change, kwargs={"length": LONG}, daemon=True)
    with somebody_building():
        change.start()
        waiting.wait()
        # Only a fault waits so long: it would not let go of the lock before the other has built.
        assert session.lock.acquire(timeout=30)
        try:
            assert session.config.length == 20
            session.step()
        finally:
            session.lock.release()
    change.join()
    assert session.config.length == session.data.sequences.num_observations == LONG


def test_what_visitors_left_is_freed_before_more_is_built(monkeypatch):
    class Left:
        def __init__(self):
            self.itself = self

    gc.disable()
    try:
        left = weakref.ref(Left())
        with large_turn(LARGE):
            assert left() is not None
        monkeypatch.setattr(pacing, "_collected_at", -math.inf)
        with large_turn(LARGE + 1):
            assert left() is None
    finally:
        gc.enable()


def test_large_data_are_forgotten_with_the_session_that_uses_them():
    used = Experiment(Config(num_states=2, length=LONG, num_sequences=1))
    data = weakref.ref(used.data)
    del used
    gc.collect()
    assert data() is None
