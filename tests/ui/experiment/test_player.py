"""Playing: steps are due by the clock, stay within their budget, and end with a sentence."""

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, GradientAscent, Sequences, initialization, preset
from pages.ui.experiment.history import MAX_SNAPSHOTS, History
from pages.ui.experiment.player import LONGEST_GAP, Player, Run


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def em_run():
    data = preset("overlapping").sequences
    start = initialization.random(data, 3, np.random.default_rng(0))
    return Run("EM", EM(data), start)


def playing(rate, ticks, seconds, budget=1e9):
    run, clock = em_run(), Clock()
    player = Player(clock=clock)
    player.play()
    for _ in range(ticks):
        clock.now += seconds
        player.tick([run], rate, budget)
    return run, player


@pytest.mark.parametrize(("rate", "ticks", "seconds"), [(10, 50, 0.1), (2, 40, 0.1), (50, 20, 0.1)])
def test_as_many_steps_as_the_speed_says(rate, ticks, seconds):
    run, _ = playing(rate, ticks, seconds)
    assert abs(run.state.iteration - rate * ticks * seconds) <= 1


def test_the_wait_ends_when_a_step_comes_due():
    run, clock = em_run(), Clock()
    player = Player(clock=clock)
    player.play()
    assert player.wait(10) == 0.0  # the first step is taken at once
    player.tick([run], 10, 1.0)
    assert player.wait(10) == pytest.approx(0.1, rel=1e-12)
    clock.now += 0.07
    assert player.wait(10) == pytest.approx(0.03, rel=1e-12)
    assert player.wait(np.inf) == 0.0
    clock.now += 0.04
    assert player.wait(10) == 0.0
    player.tick([run], 10, 1.0)
    assert run.state.iteration == 2
    assert player.wait(10) == pytest.approx(0.09, rel=1e-12)


def test_a_press_on_play_is_seen_in_the_first_tick():
    run, _ = playing(2, 1, 0.01)
    assert run.state.iteration == 1


def test_a_long_absence_is_not_caught_up_with():
    run, _ = playing(10, 1, 3600.0)
    assert run.state.iteration <= 10 * LONGEST_GAP + 1


def test_full_speed_stops_at_the_budget():
    run = em_run()
    player = Player()
    player.play()
    player.tick([run], np.inf, 0.02)
    assert run.state.iteration >= 1
    assert player.playing


def test_a_step_longer_than_the_budget_is_taken_all_the_same():
    run, _ = playing(np.inf, 5, 0.1, budget=0.0)
    assert run.state.iteration == 5


def test_paused_means_no_step():
    run, player = playing(10, 3, 0.1)
    player.pause()
    before = run.state
    player.tick([run], 10, 1.0)
    assert run.state is before


def test_history_keeps_every_likelihood_and_a_bounded_number_of_models():
    run = em_run()
    history = History()
    state = run.state
    for _ in range(4 * MAX_SNAPSHOTS):
        history.record(state)
        state = type(state)(state.hmm, state.expectations, state.iteration + 1)
    assert len(history.log_likelihoods) == 4 * MAX_SNAPSHOTS
    assert len(history.snapshots) <= MAX_SNAPSHOTS
    assert 0 in history.snapshots
    assert all(i % history.stride == 0 for i in history.snapshots)


def test_history_matches_the_run():
    run = em_run()
    for _ in range(7):
        run.step()
    assert run.state.iteration == 7
    assert run.history.log_likelihoods[-1] == run.state.log_likelihood
    assert run.history.snapshots[7] is run.state.hmm
    assert (np.diff(run.history.log_likelihoods) > 0).all()


def test_reset_returns_to_the_very_start():
    run = em_run()
    first = run.state
    for _ in range(3):
        run.step()
    run.reset()
    assert run.state.hmm is run.start
    assert run.state.log_likelihood == first.log_likelihood
    assert run.history.log_likelihoods.tolist() == [first.log_likelihood]


def test_em_at_its_end_says_so_and_pauses_the_player():
    notebook = preset("notebook")
    run = Run("EM", EM(notebook.sequences, trainable=notebook.trainable), notebook.start)
    clock = Clock()
    player = Player(clock=clock)
    player.play()
    for _ in range(30):
        clock.now += 0.1
        player.tick([run], 10, 1.0)
    assert not player.playing
    assert run.ended.startswith("EM has come to rest at iteration 6")


def test_a_learning_rate_far_too_high_ends_in_a_sentence():
    data = Sequences(np.random.default_rng(0).normal(size=50))
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian.univariate([-1.0, 1.0], 1.0))
    run = Run("Gradient", GradientAscent(data, learning_rate=1e300, optimizer="plain"), start)
    before = run.state
    run.step()
    assert "lower the learning rate" in run.ended
    assert run.state is before
    assert np.isfinite(run.history.log_likelihoods).all()


def test_another_learning_rate_goes_on_from_where_the_run_is():
    data = preset("overlapping").sequences
    start = initialization.random(data, 3, np.random.default_rng(0))
    run = Run("Gradient", GradientAscent(data, learning_rate=0.01), start)
    run.step()
    run.revise(GradientAscent(data, learning_rate=0.1))
    run.step()
    assert run.state.iteration == 2
    assert len(run.history.log_likelihoods) == 3


def test_the_last_snapshot_not_later_than_an_iteration_is_found():
    run = em_run()
    history = History()
    state = run.state
    for iteration in range(3 * MAX_SNAPSHOTS):
        history.record(replace(state, iteration=iteration))
    assert history.stride == 4
    for asked, found in [(0, 0), (3, 0), (4, 4), (1001, 1000), (10**9, 3 * MAX_SNAPSHOTS - 4)]:
        assert history.snapshot(asked) == (found, state.hmm)
