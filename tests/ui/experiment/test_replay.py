"""Replays: a link restores the same runs to the last bit, in view, and Pause ends it."""

import math

import numpy as np
import pytest

from hmmcore import Sequences
from pages.ui.experiment import experiment, starts
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.run_position import RunPosition, RunProgress, run_position_to_query
from pages.ui.live.frame_source import frame_source
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


def trained(steps=6, **values):
    session = Session(Config(**{"length": 40, "num_sequences": 3, "method": "Both", **values}))
    for _ in range(steps):
        session.step()
    return session


def opened(session, **more):
    """What a new visitor sees who opens the link."""
    return Session.from_url(
        {**session.query(), **run_position_to_query(session.run_position()), **more}
    )


def arrive(session):
    for _ in range(100_000):
        if session.replay is None:
            return session
        session.tick(0.0)
    raise AssertionError("never arrives")


@pytest.fixture
def no_time(monkeypatch):
    """Give a page no time for replays while it opens."""
    monkeypatch.setattr(experiment, "OPENING_BUDGET", 0.0)


def expect_same(one, other):
    for name, run in one.runs.items():
        theirs = other.runs[name]
        assert theirs.state.iteration == run.state.iteration
        assert theirs.state.hmm == run.state.hmm
        assert theirs.ended == run.ended
        np.testing.assert_array_equal(theirs.history.log_likelihoods, run.history.log_likelihoods)
    assert (other.at, other.marks) == (one.at, one.marks)
    assert other.run_position() == one.run_position()


def revise_a_few_times(session):
    for values in ({"learning_rate": 0.3}, {"optimizer": "plain"}, {"learning_rate": 0.01}):
        session.change(**values)
        for _ in range(4):
            session.step()
    return session


def test_the_same_runs_to_the_last_bit():
    session = revise_a_few_times(trained())
    session.travel(9)
    session.mark()
    there = opened(session)
    assert not there.player.playing
    expect_same(session, there)
    for each in (session, there):
        each.step()
    expect_same(session, there)


def test_a_sweep_of_learning_rates_is_restored():
    session = trained(4, learning_rate_sweep="3")
    session.change(optimizer="plain")
    for _ in range(3):
        session.step()
    assert len(session.runs) == 4
    expect_same(session, opened(session))


def test_a_run_that_does_not_play_is_kept_too():
    session = trained(4)
    session.change(method="EM")
    session.step()
    there = opened(session)
    assert [run.state.iteration for run in there.runs.values()] == [5, 4]


def test_a_run_that_failed_says_so_again():
    session = trained(2, method="Gradient", learning_rate=10.0, optimizer="plain", length=200)
    run = session.runs["Gradient"]
    session.change(learning_rate=10.0)
    while run.ended is None:
        run.step()
    if not run.failed:
        pytest.fail("this run was chosen because it diverges")
    there = opened(session)
    assert there.runs["Gradient"].ended == run.ended


def test_going_beyond_an_end_is_kept():
    session = Session(
        Config(
            source="notebook",
            method="EM",
            num_states=5,
            length=10,
            num_sequences=2,
            noise_sd=1.0,
            structure="softmax",
            mean_law="log",
            start="symmetric",
        )
    )
    run = session.runs["EM"]
    while run.ended is None:
        run.step()
    reached = run.state.iteration
    session.change(method="Both")
    for _ in range(3):
        run.step()
    there = opened(session)
    assert there.runs["EM"].state.iteration == reached + 3


def test_a_long_replay_is_done_in_slices(no_time):
    session = revise_a_few_times(trained())
    there = opened(session)
    assert there.player.playing
    assert there.rate == math.inf
    # The address holds the position to reach, so that a reload during the replay loses nothing.
    assert there.run_position() == session.run_position()
    iterations = []
    while there.replay is not None:
        there.tick(0.0)
        iterations.append(there.runs["EM"].state.iteration)
    assert iterations == sorted(iterations)
    assert iterations[-1] == 18
    assert len(set(iterations)) > 10
    assert not there.player.playing
    expect_same(session, there)


def test_the_live_panel_plays_a_replay(no_time):
    there = opened(trained(12))
    stream = frame_source(there)
    assert stream.wait() == 0.0
    while stream.playing:
        assert stream.next_frame(0.0) is not None
    assert there.replay is None
    assert there.latest == 12


def test_pause_ends_a_replay_where_it_is(no_time):
    session = revise_a_few_times(trained())
    session.travel(2)
    session.mark()
    session.travel(17)
    session.mark()
    there = opened(session)
    for _ in range(8):
        there.tick(0.0)
    there.pause()
    assert there.replay is None
    assert not there.player.playing
    assert there.latest < 18
    assert there.marks == (2,)
    # It continues with the current controls, and its own revisions are kept.
    run = there.runs["Gradient"]
    assert run.trainer.learning_rate == there.config.learning_rate == 0.01
    assert run.revisions[-1].controls == (0.01, "plain")
    there.step()
    expect_same(there, arrive(opened(there)))


@pytest.mark.parametrize(
    "act",
    [
        lambda s: s.step(), lambda s: s.reset(), lambda s: s.travel(1), lambda s: s.new_start(),
        lambda s: s.change(learning_rate=0.2), lambda s: s.change(num_states=2),
    ],
)  # fmt: skip
def test_whatever_a_visitor_does_ends_the_replay(no_time, act):
    there = opened(trained(12))
    there.tick(0.0)
    act(there)
    assert there.replay is None
    assert not there.player.playing


def test_a_link_with_an_unreadable_position_opens_at_the_start():
    there = Session.from_url({"M": "40", "N": "3", "runs": "💥"})
    assert there.latest == 0
    assert "could not be read" in there.notes[0]


def test_a_link_names_runs_that_its_start_does_not_allow(monkeypatch):
    def refuse(*_):
        raise ValueError("No such start.")

    monkeypatch.setattr(starts, "starting_point", refuse)
    there = Session.from_url({"M": "40", "N": "3", "runs": "EM_3"})
    assert "No such start." in there.problem
    assert there.runs == {}
    assert there.replay is None
    assert not there.player.playing


def test_unknown_runs_are_skipped():
    there = Session.from_url({"M": "40", "N": "3", "runs": "Oracle_9~EM_3"})
    assert there.latest == 3


def test_the_position_of_an_upload_is_not_used_for_other_data():
    session = Session(Config(length=30, num_sequences=2))
    session.replace_upload(Upload("mine.csv", "x", Sequences(np.arange(20.0))), 2)
    session.step()
    there = opened(session)
    assert there.config.source == "generated"
    assert there.latest == 0
    assert run_position_to_query(there.run_position()) == {}


# --- the address bar -----------------------------------------------------------------------------


def test_back_brings_the_runs_back_with_the_settings():
    session = trained(5)
    session.page = "x"
    before = {**session.query(), **run_position_to_query(session.run_position())}
    session.change(num_states=3)
    session.follow_url(before, "x")
    assert session.config.num_states == 5
    assert [run.state.iteration for run in session.runs.values()] == [5, 5]


def test_back_to_another_learning_rate_keeps_what_was_learned():
    session = trained(5)
    session.page = "x"
    before = {**session.query(), **run_position_to_query(session.run_position())}
    session.change(learning_rate=0.2)
    session.step()
    session.follow_url(before, "x")
    assert session.config.learning_rate == 0.05
    assert session.latest == 6


def test_an_address_without_settings_changes_nothing():
    session = trained(5)
    session.page = "x"
    session.follow_url({"runs": "EM_2"}, "x")
    assert session.latest == 5


def test_a_fresh_session_goes_on_where_the_browser_was():
    session = trained(5)
    stale = Session.from_url(session.query() | {"runs": "EM_2"})
    stale.resume({**session.query(), **run_position_to_query(session.run_position())})
    expect_same(session, stale)


def test_a_session_with_further_steps_is_not_taken_back():
    session = trained(5)
    address = {**session.query(), **run_position_to_query(session.run_position())}
    session.step()
    session.resume(address)
    assert session.latest == 6
    other = Session.from_url({**address, "K": "3"})
    other.resume(address)
    assert other.config.num_states == 3


def test_a_replay_within_the_budget_is_done_at_once():
    assert Session.from_url({"M": "40", "N": "3", "runs": "EM_3"}).replay is None
    assert Session(Config()).opened_position == RunPosition()
    assert RunPosition({"EM": RunProgress(3)}).latest == 3
