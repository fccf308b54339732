"""What is kept for a reload: found by its key alone, bounded in size and in time."""

import numpy as np
import pytest

from hmmcore import Sequences
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import NO_UPLOAD
from pages.ui.experiment.run_position import run_position_to_query
from pages.ui.session.kept import MAX_SECONDS, Keeping
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_only_the_key_finds_it():
    kept = Keeping()
    key, other = kept.keep("a", 1), kept.keep("a", 1)
    assert key != other
    assert len(key) >= 32
    assert kept.find(key) == "a"
    assert kept.find("") is None
    assert kept.find(key[:-1]) is None


def test_the_longest_unused_give_way():
    kept = Keeping(max_bytes=30)
    first, second, third = (kept.keep(name, 10) for name in "abc")
    kept.find(first)
    kept.keep("d", 10)
    assert [kept.find(key) for key in (first, second, third)] == ["a", None, "c"]
    assert kept.find(kept.keep("too large", 31)) is None


def test_nothing_is_kept_for_ever():
    clock = Clock()
    kept = Keeping(clock=clock)
    key = kept.keep("a", 1)
    for _ in range(3):
        clock.now += 0.9 * MAX_SECONDS
        assert kept.find(key) == "a"
    clock.now += 1.1 * MAX_SECONDS
    assert kept.find(key) is None


def own_data():
    session = Session(Config())
    values = np.random.default_rng(0).normal(size=40)
    session.replace_upload(Upload("mine.csv", "x", Sequences(values)), 2)
    for _ in range(4):
        session.step()
    return session


def test_own_data_and_their_runs_come_back_to_a_new_session():
    before = own_data()
    after = Session.from_url({**before.query(), **run_position_to_query(before.run_position())})
    assert after.config.source == "generated"
    assert NO_UPLOAD in after.notes
    assert after.bring_back(before.upload_key)
    assert after.config == before.config
    assert after.notes == ()
    assert after.data.sequences is before.data.sequences
    assert after.shown_run.state.hmm == before.shown_run.state.hmm
    assert after.latest == 4


@pytest.mark.parametrize("key", ["", "x", "💥" * 1000])
def test_a_wrong_key_brings_nothing(key):
    after = Session.from_url(own_data().query())
    assert not after.bring_back(key)
    assert NO_UPLOAD in after.notes


def test_nothing_is_brought_back_over_what_was_done_since():
    before = own_data()
    after = Session.from_url(before.query())
    after.change(num_states=3)
    data = after.data
    assert after.bring_back(before.upload_key)
    assert after.upload is before.upload, "kept, to be chosen"
    assert after.data is data
    assert after.config.num_states == 3
    assert not after.bring_back(before.upload_key), "once"
