"""The landscape's frame: what of the session it shows, and what it says of it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, Sequences
from hmmcore.landscape import hills, line, surface
from pages.ui.live import landscape_surface
from pages.ui.live.frame_source import frame_source
from pages.ui.live.landscape_frame import LandscapeFrame, SurfacePicture
from pages.ui.live.landscape_maps import about_barrier, about_shares, about_states
from pages.ui.live.landscape_surface import _colour_range, summits, surfaces
from pages.ui.live.landscape_view import MOST_MIRRORS, landscape_frame
from pages.ui.session import map_search
from pages.ui.session.landscape import landscape
from pages.ui.session.map_search import searcher
from pages.ui.session.optima import joint_optima
from pages.ui.session.session import Session
from tests.ui.session.test_landscape import at_landscape, searched


def frame(session: Session) -> LandscapeFrame:
    frame_source(session).live()
    made = landscape_frame(session)
    assert made is not None
    return made


def kinds(made: LandscapeFrame) -> list[str]:
    return [mark.kind for mark in made.marks]


def test_at_rest_the_surface_is_fine_and_is_that_of_the_shown_model(monkeypatch):
    monkeypatch.setattr(landscape_surface, "LONGEST_AT_REST", 60.0)
    session = at_landscape()
    for _ in range(4):
        session.step()
    session.travel(2)
    picture = frame(session).surface
    assert picture.values.shape == (61, 61)
    ground, state = landscape(session), session.shown_state
    assert state.iteration == 2
    expected = surface(ground.plane(state.hmm), session.data.sequences, picture.xs, picture.ys)
    np.testing.assert_allclose(
        picture.values, session.data.sequences.per_observation(expected), rtol=1e-12
    )
    assert "everything else as at iteration 2" in frame(session).hint


def test_while_a_run_plays_the_surface_is_coarser_and_moves_along(monkeypatch):
    monkeypatch.setattr(landscape_surface, "LONGEST_WHILE_PLAYING", 60.0)
    monkeypatch.setattr(landscape_surface, "APART", 0.0)
    session = at_landscape(speed="max")
    session.play()
    first = frame(session).surface
    assert first.values.shape == (31, 31)
    session.tick(0.0)
    surfaces(session)._not_before = 0.0
    assert frame(session).surface is not first
    assert not {"optimum", "pass"} & set(kinds(frame(session)))


def test_it_is_coarser_where_it_would_take_long_and_left_out_where_that_is_too_long(monkeypatch):
    session = at_landscape()
    surfaces(session)
    monkeypatch.setattr(landscape_surface, "LONGEST_AT_REST", 1e-9)
    made = frame(session)
    assert made.surface.values.shape == (11, 11)
    assert "11 × 11 points, because more would take too long" in made.hint
    session = at_landscape()
    monkeypatch.setattr(landscape_surface, "LONGEST_COARSEST", 1e-9)
    made = frame(session)
    assert made.surface is None
    assert made.hint.endswith(".")
    assert "too long to draw" in made.hint
    assert made.problem == ""


def test_a_busy_moment_leaves_no_surface_out(monkeypatch):
    now, durations = 0.0, [5.0]

    def timed_surface(*given):
        nonlocal now
        now += durations.pop() if durations else 1e-3
        return surface(*given)

    monkeypatch.setattr(landscape_surface, "perf_counter", lambda: now)
    monkeypatch.setattr(landscape_surface, "surface", timed_surface)
    session = at_landscape()
    assert frame(session).surface.values.shape == (61, 61)
    for busy, size in ((1000.0, 61), (1e-3, 11), (1e-3, 61)):
        durations.append(busy)
        session.step()
        assert frame(session).surface.values.shape == (size, size)
    # A few points may have waited for others' work alone.
    session = at_landscape()
    for size in (11, 15, 21):
        durations += [0.1] * 10
        assert frame(session).surface.values.shape == (size, size)
        session.step()


def test_the_same_surface_is_not_computed_twice(monkeypatch):
    monkeypatch.setattr(landscape_surface, "LONGEST_AT_REST", 60.0)
    session = at_landscape()
    first = frame(session).surface
    session.change(map_shows="steps")
    assert frame(session).surface is first
    session.step()
    assert frame(session).surface is not first


def test_paths_go_from_the_start_to_where_the_run_is():
    session = at_landscape(method="Both")
    for _ in range(6):
        session.step()
    made, ground = frame(session), landscape(session)
    for path, run in zip(made.paths, session.main_runs, strict=True):
        plane = ground.plane(run.start)
        assert path.name == run.name
        np.testing.assert_allclose((path.xs[0], path.ys[0]), plane.position(run.start), rtol=1e-12)
        np.testing.assert_allclose(
            (path.xs[-1], path.ys[-1]), plane.position(run.state.hmm), rtol=1e-12
        )
        assert len(path.xs) == 7
    assert kinds(made).count("now") == 2


def test_an_earlier_run_leaves_its_path():
    session = at_landscape()
    for _ in range(5):
        session.step()
    session.new_start()
    session.step()
    made = frame(session)
    assert [path.earlier for path in made.paths] == [True, False]
    assert len(made.paths[0].xs) == 6
    session.change(num_states=2)
    assert not any(path.earlier for path in frame(session).paths), "of other models"


def test_the_truth_and_its_mirror_images_are_marked():
    session = at_landscape(num_states=2)
    made = frame(session)
    (truth,) = (mark for mark in made.marks if mark.kind == "truth")
    (mirror,) = (mark for mark in made.marks if mark.kind == "mirror")
    assert (truth.x, truth.y) == (mirror.y, mirror.x)
    assert kinds(frame(at_landscape(num_states=20))).count("mirror") <= MOST_MIRRORS
    session.change(truth="hidden")
    assert not {"truth", "mirror"} & set(kinds(frame(session)))


def test_summits_and_the_pass_between_them_are_marked_and_those_at_the_edge_are_not():
    xs = ys = np.linspace(-2.0, 2.0, 41)
    across, up = np.meshgrid(xs, ys)
    values = -((across**2 - 1.0) ** 2) - up**2
    marks = summits(SurfacePicture(xs, ys, values, (-1.0, 0.0)), 1000)
    assert [(m.kind, round(abs(m.x), 9), round(m.y, 9)) for m in marks] == [
        ("optimum", 1.0, 0.0), ("optimum", 1.0, 0.0), ("pass", 0.0, 0.0),
    ]  # fmt: skip
    assert len(hills(values, 0.001).peaks) == 2
    assert summits(SurfacePicture(xs, ys, across, (-2.0, 2.0)), 1000) == []
    assert summits(None, 1000) == []


def test_of_a_symmetric_start_the_pass_lies_on_the_diagonal(monkeypatch):
    monkeypatch.setattr(landscape_surface, "LONGEST_AT_REST", 60.0)
    session = at_landscape(num_states=2, start="symmetric", separation=6.0)
    passes = [mark for mark in frame(session).marks if mark.kind == "pass"]
    assert passes
    for mark in passes:
        step = np.ptp(landscape(session).ranges[0]) / 60
        assert abs(mark.x - mark.y) <= step + 1e-9


@pytest.mark.parametrize("shows", ["ends", "height", "steps"])
def test_the_map_shows_what_the_search_found(shows):
    session = searched(at_landscape(num_states=2, length=15, map_shows=shows))
    made = frame(session)
    (picture,) = made.maps
    assert (made.shows, picture.method, made.line) == (shows, "EM", None)
    assert picture.optimum.shape == picture.iterations.shape == (64, 64)
    reached = picture.optima[0].log_likelihood
    best = session.data.sequences.per_observation(reached)
    assert picture.log_likelihoods[picture.optimum == 0].max() == pytest.approx(best, rel=1e-6)
    assert sum(one.share for one in picture.optima) <= 1.0 + 1e-12
    ground = landscape(session)
    assert (picture.xs[0], picture.xs[-1]) == ground.ranges[0]


def session_optima(session: Session) -> tuple[HMM, ...]:
    return joint_optima(session).models


def test_a_line_to_an_optimum_waits_for_the_search_and_says_how_many_there_are(monkeypatch):
    session = at_landscape(num_states=2, length=15, map_shows="line", line_to="optimum1")
    with monkeypatch.context() as before:
        # Nobody watches, so nothing is searched.
        before.setattr(map_search, "UNWATCHED", 0.0)
        assert "not known yet" in frame(session).line.barrier
        searcher(session).join()
    searched(session)
    made = frame(session).line
    assert np.isfinite(made.values).all()
    assert made.names == ("The start", "Optimum 1")
    session.change(line_to="optimum5")
    made = frame(session)
    assert ("does not exist: the map has" in made.line.barrier) == (
        len(session_optima(session)) < 5
    )
    session.change(line_to="learned")
    assert "the same model" in frame(session).line.barrier
    session.step()
    made = frame(session).line
    expected = line(session.runs["EM"].start, session.shown_state.hmm, session.data.sequences)
    np.testing.assert_allclose(
        made.values, session.data.sequences.per_observation(expected.log_likelihoods), rtol=1e-12
    )


def test_what_the_states_of_an_optimum_are():
    values = np.concatenate([np.linspace(-0.1, 0.1, 20), [50.0]])
    sequences = Sequences(values)
    trainer = EM(sequences)

    def words(means: list[float], own: str = "mean", sds: float = 0.3) -> str:
        k = len(means)
        hmm = HMM(
            np.full(k, 1 / k),
            np.full((k, k), 1 / k),
            Gaussian(np.array(means), np.full((k, 1), sds)),
        )
        return about_states(trainer.init(hmm), own)

    assert words([0.0, 50.0]) == "one state explains one value alone"
    assert words([0.0, 0.0]) == "two states share a mean"
    assert words([0.0, 1e4]) == "an empty state"
    assert words([0.0]) == "one mean"
    assert words([-0.5, 0.5], "rate", 400.0) in ("two rates apart", "two states share a rate")
    both = Sequences(np.tile([-2.0, 2.0], 10))
    apart = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian(np.array([-2.0, 2.0]), np.ones((2, 1))))
    assert about_states(EM(both).init(apart), "mean") == "two means apart"
    means = np.repeat([-2.0, 2.0], [3, 2])
    shared = HMM(np.full(5, 0.2), np.full((5, 5), 0.2), Gaussian(means, np.ones((5, 1))))
    assert about_states(EM(both).init(shared), "mean") == "three states share a mean, two another"
    assert (
        about_states(EM(both).init(apart), "set of symbol probabilities")
        == "two sets of symbol probabilities apart"
    )


def test_hills_have_colours_of_their_own_beside_an_abyss():
    hill = -np.linspace(1.0, 2.0, 80)
    low, high = _colour_range(np.concatenate([hill, np.full(40, -700.0)]))
    assert low > -5.0
    assert high == pytest.approx(-1.0, rel=0, abs=0.1)
    low, high = _colour_range(-np.linspace(1.0, 2.0, 101))
    assert low == pytest.approx(-1.85, rel=0, abs=0.06), "only some lie below the first colour"


def test_shares_and_barriers_in_words():
    assert about_shares(0.0, 0.0) == ""
    assert about_shares(1.0, 1.0) == "Every start reaches the best optimum."
    # 0.85^10 = 0.1969
    assert about_shares(0.15, 1.0) == "10 starts miss the best with probability 0.20."
    assert about_shares(0.9, 1.0).endswith("probability less than 0.01.")
    assert about_shares(1e-5, 1.0).endswith("probability more than 0.99.")
    assert about_shares(0.0, 1.0) == "No start has come to rest at the best optimum."
    assert about_shares(0.0, 0.5) == "No start has come to rest at the best optimum yet."
    assert about_shares(1.0, 0.01).endswith("the best optimum, judged by those searched so far.")
    assert about_shares(0.15, 0.01).endswith("probability 0.20, judged by those searched so far.")
    assert about_barrier(0.0, 0.0).startswith("No barrier")
    assert "impossible" in about_barrier(np.inf, np.inf)
    assert about_barrier(12.34, 0.0123) == (
        "A barrier of 12.34 nats lies between them: so far the log-likelihood falls below the "
        "lower end, 0.012 per observation."
    )


def test_without_a_run_there_is_no_landscape():
    assert landscape_frame(SimpleNamespace(shown_run=None, shown_state=None)) is None
