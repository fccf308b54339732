"""The search behind a map: what is searched, how long, for whom, and nothing twice."""

from __future__ import annotations

import gc
import math
import threading
import time
import weakref

import numpy as np
import pytest

from hmmcore import HMM, Categorical
from hmmcore.landscape import basins
from pages.ui.experiment.planes import MAX_ITERATIONS
from pages.ui.live.frame_source import frame_source
from pages.ui.live.landscape_maps import search_state
from pages.ui.session import map_search
from pages.ui.session.commands import carry_out
from pages.ui.session.landscape import landscape
from pages.ui.session.map_search import is_searching, searcher
from pages.ui.session.map_words import about, duration, percent
from pages.ui.session.session import Session
from tests.ui.session.test_landscape import at_landscape, searched


def working() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "landscape"]


def quick(**values) -> Session:
    return at_landscape(num_states=2, **values)


@pytest.fixture(autouse=True)
def threads_end(monkeypatch):
    yield
    monkeypatch.setattr(map_search, "UNWATCHED", 0.0)
    for thread in working():
        thread.join(30.0)


@pytest.mark.parametrize("method", ["EM", "Gradient"])
def test_what_is_found_is_what_the_engine_finds_from_every_start(method, monkeypatch):
    monkeypatch.setitem(MAX_ITERATIONS, "Gradient", 20)
    session = searched(quick(method=method, length=8, learning_rate=0.3))
    (search,) = searcher(session).shown
    ground, run = landscape(session), session.runs[method]
    expected = basins(
        ground.plane(run.start), run.trainer, *ground.grid(64), MAX_ITERATIONS[method]
    )
    np.testing.assert_array_equal(search.found.optimum, expected.optimum)
    np.testing.assert_array_equal(search.found.log_likelihoods, expected.log_likelihoods)
    np.testing.assert_array_equal(search.found.iterations, expected.iterations)
    assert search.share == 1.0
    assert "4 096" not in about([search])[0]
    assert about([search])[0].startswith("64 × 64 starts, trained in")


def test_a_small_search_begins_by_itself_and_ends_with_a_frame_that_says_so(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    session = quick()
    frames = frame_source(session)
    assert frames.live()["searching"]
    assert frames.playing
    searcher(session).press()
    searcher(session).join(60.0)
    assert not is_searching(session)
    assert frames.playing, "one more frame says that the search is over"
    assert frames.next_frame(0.01) is not None
    assert not frames.playing
    assert frames.next_frame(0.01) is None


def test_while_it_searches_nothing_is_trained_and_streamlit_draws_nothing_anew(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    session = quick()
    frames = frame_source(session)
    before = frames.live()["news"]
    assert frames.next_frame(0.01) is not None
    assert session.latest == 0
    if is_searching(session):
        assert frames.live()["news"] == before
    assert frames.wait() == pytest.approx(0.2)


def test_a_networks_search_waits_for_a_press(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 3000.0)
    session = quick(mean_model="network", length=2, num_sequences=1)
    frame_source(session).frame()
    (search,) = searcher(session).shown
    assert not search.goes_on
    assert not is_searching(session)
    assert "64 × 64 starts take about 50 minutes" in about([search])[0]
    carry_out(session, "search_on")
    frame_source(session).frame()
    assert search.goes_on
    carry_out(session, "cancel_search")
    searcher(session).join(60.0)
    assert not working()


def test_the_fewest_starts_are_searched_to_the_end_while_somebody_watches(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 3000.0)
    session = quick()
    frame_source(session).frame()
    (search,) = searcher(session).shown
    assert search.goes_on
    assert "to go" in about([search])[0] or search.done
    searcher(session).join(60.0)
    assert search.done
    assert search.share == 1.0


@pytest.mark.parametrize("size", ["96", "256"])
def test_more_starts_are_searched_only_where_a_minute_is_enough(size, monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 61.0)
    session = quick(map_size=size)
    frame_source(session).frame()
    carry_out(session, "search_on")
    (search,) = searcher(session).shown
    assert not search.goes_on
    words, share = about([search])
    assert "would take about 61" in words
    assert "choose fewer starts" in words
    assert share == 0.0
    assert not search_state(session).can_go_on


def test_more_models_than_there_is_memory_for_are_refused_before_it_is_taken(monkeypatch):
    monkeypatch.setattr(map_search, "MOST_NUMBERS", 1000)
    session = quick()
    frame_source(session).frame()
    (search,) = searcher(session).shown
    assert "memory" in search.refused
    assert not search.goes_on


def test_cancel_stops_it_and_a_press_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    session = quick()
    frame_source(session).frame()
    (search,) = searcher(session).shown
    carry_out(session, "cancel_search")
    searcher(session).join(60.0)
    if not search.done:
        assert "Cancelled at" in about([search])[0]
        frame_source(session).frame()
        assert not is_searching(session)
        carry_out(session, "search_on")
        frame_source(session).frame()
        searcher(session).join(60.0)
    assert search.done


def test_the_same_map_is_never_searched_twice():
    session = searched(quick())
    (first,) = searcher(session).shown
    session.change(map_shows="height")
    frame_source(session).frame()
    assert searcher(session).shown == (first,)
    ground = landscape(session)
    x, y = (0.4 * low + 0.6 * high for low, high in ground.ranges)
    carry_out(session, f"start_at {x!r} {y!r}")
    frame_source(session).frame()
    assert searcher(session).shown == (first,), "every pixel is a start of the same map"
    session.change(method="Both")
    frame_source(session).frame()
    assert searcher(session).shown[0] is first


def test_starts_that_differ_beside_the_map_have_another_map():
    """Also where the two numbers are probabilities of one row, which take from the others."""
    session = at_landscape(family="symbols", across="probs.1.1", up="probs.1.2")
    frame_source(session).frame()
    (first,) = searcher(session).shown
    start = session.runs["EM"].start
    probs = start.emissions.probs.copy()
    probs[0, 2:4] = probs[0, 3:1:-1]
    session.start_by_hand(HMM(start.initial_probs, start.transition_matrix, Categorical(probs)))
    frame_source(session).frame()
    assert searcher(session).shown != (first,)
    session.change(across="models")
    frame_source(session).frame()
    assert not any(search.refused for search in searcher(session).shown)


def test_other_settings_have_another_map():
    session = quick(method="Gradient")
    found = set()
    for values in (
        {}, {"learning_rate": 0.5}, {"optimizer": "plain"}, {"map_size": "96"}, {"up": "means.1"},
        {"trainable": ("means",)}, {"only": "means.1"}, {"seed": 9},
    ):  # fmt: skip
        session.change(**values)
        frame_source(session).frame()
        (search,) = searcher(session).shown
        found.add(search.key)
    assert len(found) == 8
    assert len(searcher(session)._kept) <= map_search.MOST_KEPT


def test_it_stops_where_the_page_is_left_and_goes_on_when_one_returns(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    session = quick()
    frame_source(session).frame()
    session.page = "training"
    searcher(session).join(30.0)
    assert not working()
    frame_source(session).frame()
    assert not is_searching(session)
    session.page = map_search.PAGE
    frame_source(session).frame()
    searcher(session).press()
    frame_source(session).frame()
    searcher(session).join(60.0)
    assert all(search.done for search in searcher(session).shown)


def test_it_stops_where_nobody_asks_for_pictures(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    monkeypatch.setattr(map_search, "UNWATCHED", 0.0)
    session = quick()
    frame_source(session).frame()
    searcher(session).join(30.0)
    assert not working()


def test_no_thread_outlives_its_session(monkeypatch):
    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    session = at_landscape(num_states=5, length=200, num_sequences=5)
    frame_source(session).frame()
    searcher(session).press()
    gone = weakref.ref(session)
    del session
    for _ in range(600):
        gc.collect()
        if gone() is None and not working():
            break
        time.sleep(0.05)
    assert gone() is None
    assert not working()


def test_a_search_that_fails_says_why(monkeypatch):
    def broken(*_):
        raise ValueError("no model here")

    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    monkeypatch.setattr(map_search, "BasinSearch", broken)
    session = quick()
    frame_source(session).frame()
    searcher(session).join(30.0)
    (search,) = searcher(session).shown
    assert search.failed == "No model here."
    assert about([search])[0] == "No model here."
    assert not is_searching(session)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_ends_the_search_and_not_the_page(monkeypatch):
    def broken(*_):
        raise AssertionError

    monkeypatch.setattr(map_search, "estimated_seconds", lambda *_: 0.5)
    monkeypatch.setattr(map_search, "BasinSearch", broken)
    session = quick()
    frame_source(session).frame()
    searcher(session).join(30.0)
    assert "ended by an error" in about(searcher(session).shown)[0]
    frame_source(session).frame()
    assert not is_searching(session)
    assert not working()


def test_times_and_shares_in_words():
    assert [duration(s) for s in (0.2, 12.3, 89, 100, 3000, 8000)] == [
        "a second", "12\u202fs", "89\u202fs", "2 minutes", "50 minutes", "2 hours",
    ]  # fmt: skip
    assert [percent(s) for s in (0.0, 0.001, 0.5, 0.999, 1.0)] == [
        "0\u202f%", "1\u202f%", "50\u202f%", "99\u202f%", "100\u202f%",
    ]  # fmt: skip
    assert map_search.LONGEST["64"] == math.inf
