"""The landscape of a session: its plane, starts that are chosen on it, and optima taken from it."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Sequences
from hmmcore.landscape import Plane, ThroughModels
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.planes import MAX_ITERATIONS
from pages.ui.live.frame_source import frame_source
from pages.ui.session.commands import carry_out
from pages.ui.session.landscape import is_projected, landscape, no_plane, true_model
from pages.ui.session.map_search import PAGE, searcher
from pages.ui.session.optima import joint_optima
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal


def at_landscape(**values) -> Session:
    config = {"num_states": 3, "length": 30, "num_sequences": 3, **values}
    session = Session(legal(Config(**config))[0])
    session.page = PAGE
    return session


def searched(session: Session) -> Session:
    """The session after its map was searched to the end."""
    frame_source(session).frame()
    searcher(session).press()
    while not all(search.done for search in searcher(session).shown):
        # It goes on as long as somebody asks for pictures.
        frame_source(session).frame()
        searcher(session).join(1.0)
        assert not any(search.failed for search in searcher(session).shown)
    frame_source(session).frame()
    return session


def test_the_plane_and_its_axes_stay_the_same_while_the_model_moves():
    session = at_landscape()
    before = landscape(session)
    for _ in range(5):
        session.step()
    assert landscape(session) is before
    session.reset()
    assert landscape(session) is before


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
def test_every_family_has_a_plane_on_which_all_its_models_lie(family):
    session = at_landscape(family=family)
    ground = landscape(session)
    assert ground is not None
    assert ground.note == ""
    (left, right), (bottom, top) = ground.ranges
    for _ in range(3):
        x, y = ground.plane(session.shown_state.hmm).position(session.shown_state.hmm)
        assert left <= x <= right
        assert bottom <= y <= top
        session.step()


def test_own_data_have_a_plane_without_a_truth():
    session = at_landscape()
    values = np.where(np.arange(60) // 5 % 2, 4.0, 0.0) + np.sin(np.arange(60))
    session.replace_upload(Upload("mine.csv", "x", Sequences(values)), 2)
    ground = landscape(session)
    assert ground is not None
    assert true_model(session, session.shown_run) is None
    assert ground.titles == ("Mean μ of S1", "Mean μ of S2")


def test_a_state_with_one_number_has_no_plane_and_a_sentence_says_so():
    session = at_landscape(family="counts", num_states=1)
    assert landscape(session) is None
    assert "only one" in no_plane(session)
    assert no_plane(at_landscape()) == ""


def test_a_network_has_a_plane_of_its_spreads_and_refuses_means_in_a_sentence():
    session = at_landscape(mean_model="network")
    ground = landscape(session)
    assert {one[0] for one in ground.coordinates} == {"standard_deviations"}
    session.change(across="means.1")
    assert "A network computes the means" in landscape(session).note
    carry_out(session, "start_at 0.1 0.2")
    assert "A network computes the means" in session.notes[0]
    assert session.config.start == "random"


def test_hidden_truth_is_nowhere():
    session = at_landscape(truth="hidden")
    assert true_model(session, session.shown_run) is None
    session.change(across="models")
    ground = landscape(session)
    assert ground.axes is not None
    assert "not known here" in ground.note


def test_the_truth_is_in_the_order_of_the_runs_own_states():
    session = at_landscape(noise_sd=0.2, separation=3.0, start="near-truth")
    for _ in range(30):
        session.step()
    truth, learned = true_model(session, session.shown_run), session.shown_state.hmm
    np.testing.assert_allclose(truth.emissions.means, learned.emissions.means, rtol=0, atol=0.5)


def test_the_plane_through_start_end_and_truth_holds_all_three():
    session = at_landscape(across="models")
    for _ in range(10):
        session.step()
    ground = landscape(session)
    plane = ground.plane(session.shown_state.hmm)
    assert isinstance(plane, ThroughModels)
    assert plane.position(session.runs["EM"].start) == (0.0, 0.0)
    np.testing.assert_allclose(
        plane.position(session.shown_state.hmm), (1.0, 0.0), rtol=0, atol=1e-12
    )
    session.play()
    before = landscape(session)
    for _ in range(3):
        session.tick()
    assert landscape(session) is before, "the end stays where it was while the run plays"


def test_paths_lie_on_the_surface_just_where_only_these_two_are_trained():
    session = at_landscape()
    ground = landscape(session)
    assert is_projected(session, ground)
    session.remedy(only="means.1~means.2")
    ground = landscape(session)
    assert ground.coordinates == (("means", 0), ("means", 1))
    assert not is_projected(session, ground)
    start = session.runs["EM"].start
    plane = Plane(start, *ground.coordinates)
    for _ in range(20):
        session.step()
        state = session.shown_state
        there = plane.at(*plane.position(state.hmm))
        for name in ("initial_probs", "transition_matrix"):
            np.testing.assert_array_equal(getattr(there, name), getattr(state.hmm, name))
        np.testing.assert_array_equal(there.emissions.means, state.hmm.emissions.means)
    session.undo()
    assert session.config.only == ""


def test_numbers_of_another_model_are_trained_alone_no_longer():
    session = at_landscape(only="means.1~means.3")
    assert session.runs["EM"].trainer.coordinates == (("means", 0), ("means", 2))
    session.change(num_states=2)
    assert session.config.only == ""
    assert "“means.1~means.3” cannot be trained alone" in " ".join(session.notes)
    session = at_landscape(only="means.1~means.3")
    session.change(family="counts")
    assert session.config.only == ""
    assert session.problem is None


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
def test_a_pixel_becomes_the_start_and_undo_brings_the_old_one_back(family):
    session = at_landscape(family=family)
    session.step()
    ground, old = landscape(session), session.runs["EM"].start
    x, y = (0.3 * low + 0.7 * high for low, high in ground.ranges)
    carry_out(session, f"start_at {x!r} {y!r}")
    start = session.runs["EM"].start
    np.testing.assert_allclose(ground.plane(old).position(start), (x, y), rtol=1e-9, atol=1e-9)
    assert session.config.start == "hand"
    assert (landscape(session).coordinates, landscape(session).ranges) == (
        ground.coordinates, ground.ranges,
    )  # fmt: skip
    again = Session.from_url(session.query())
    assert again.runs["EM"].start == start
    carry_out(session, "undo")
    assert session.runs["EM"].start is old
    assert session.latest == 1


def test_a_start_beyond_the_map_is_at_its_edge_and_other_texts_are_none():
    session = at_landscape()
    ground, run = landscape(session), session.runs["EM"]
    for text in ("start_at", "start_at 1", "start_at 1 x", "start_at nan 1", "start_at 1 2 3"):
        carry_out(session, text)
    assert session.runs["EM"] is run
    carry_out(session, "start_at 1e300 -1e300")
    place = ground.plane(run.start).position(session.runs["EM"].start)
    np.testing.assert_allclose(place, (ground.ranges[0][1], ground.ranges[1][0]), rtol=1e-12)


def test_an_optimum_becomes_the_model():
    session = searched(at_landscape(num_states=2))
    optima = joint_optima(session)
    before = session.runs["EM"].start
    carry_out(session, "adopt 0")
    assert session.runs["EM"].start == optima.models[0]
    reached = session.shown_state.log_likelihood
    assert reached == pytest.approx(float(optima.log_likelihoods[0]), rel=1e-12)
    carry_out(session, "undo")
    assert session.runs["EM"].start is before
    carry_out(session, "adopt 999")
    assert "not on the map" in session.notes[0]


def test_both_methods_have_the_same_optima_in_the_same_order(monkeypatch):
    monkeypatch.setitem(MAX_ITERATIONS, "Gradient", 60)
    session = searched(
        at_landscape(
            num_states=2, length=8, method="Both", learning_rate=0.3, only="means.1~means.2"
        )
    )
    optima = joint_optima(session)
    assert [method for method, _ in optima.maps] == ["EM", "Gradient"]
    for (_, basins), numbers in zip(optima.maps, optima.numbers, strict=True):
        for own, number in enumerate(numbers):
            reached = float(basins.optimum_log_likelihoods[own])
            assert reached == pytest.approx(float(optima.log_likelihoods[number]), abs=0.05)
    listed = optima.log_likelihoods[:8]
    assert (np.diff(listed) <= 0.0).all()
    assert isinstance(optima.models[0], HMM)
