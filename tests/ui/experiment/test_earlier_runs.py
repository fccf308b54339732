"""Earlier runs: what leaves one, what does not, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, Sequences
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.earlier_runs import (
    MAX_EARLIER_RUNS,
    MAX_POINTS,
    differences,
    names,
)
from pages.ui.experiment.own_model import OwnModel
from pages.ui.files.experiment_file import write
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


def trained(steps: int = 3, **values: object) -> Session:
    session = Session(Config(**{"length": 40, "num_sequences": 3, "num_states": 3, **values}))
    return stepped(session, steps)


def stepped(session: Session, steps: int = 3) -> Session:
    for _ in range(steps):
        session.step()
    return session


def called(session: Session) -> list[str]:
    return names(session.shown_earlier_runs, session.present_runs)


@pytest.mark.parametrize(
    ("values", "name", "difference"),
    [
        ({"start_seed": 1}, "start 0", ("Start number: 0", "1")),
        ({"start": "kmeans"}, "Random", ("Starting point: Random", "k-means")),
        ({"num_states": 4}, "K = 3", ("States K: 3", "4")),
        ({"noise_sd": 0.7}, "σ = 0.5", ("Noise σ: 0.5", "0.7")),
        ({"seed": 9}, "seed 8", ("Seed: 8", "9")),
        ({"true_states": 2}, "True states same as K", ("True states: same as K", "2")),
        ({"structure": "cyclic"}, "Sticky", ("Transitions: Sticky", "Cyclic")),
        ({"method": "Gradient"}, "EM", ("Method: EM", "Gradient")),
        (
            {"trainable": ("means",)},
            "trained otherwise",
            ("What is trained: Initial, Transitions, Means, Noise", "Means"),
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_whatever_starts_training_anew_leaves_the_run_before(values, name, difference):
    session = trained()
    run = session.shown_run
    curve = run.curve
    session.change(**values)
    (earlier,) = session.shown_earlier_runs
    np.testing.assert_array_equal(earlier.log_likelihoods, curve)
    assert earlier.iterations.tolist() == [0, 1, 2, 3]
    assert (earlier.end, earlier.iteration, earlier.standing) == (curve[-1], 3, "learning")
    assert called(session) == [name]
    ((short, before, now),) = differences(earlier, session.present_runs)
    assert (short, before.split(" (")[0], now.split(" (")[0]) == (name, *difference)


@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.reset(),
        lambda session: session.change(speed="max"),
        lambda session: session.change(truth="hidden", numbering="run"),
        lambda session: session.change(method="Both"),
        lambda session: session.travel(1),
        lambda session: session.change(learning_rate=0.3),
        lambda session: session.change(num_states=3),
    ],
    ids=["reset", "speed", "view", "both", "travel", "the rate of EM", "no change"],
)
def test_what_goes_on_with_the_same_run_leaves_none(act):
    session = trained()
    act(session)
    assert session.earlier_runs == ()


def test_a_run_that_took_no_step_leaves_none():
    session = trained(0)
    session.new_start()
    session.change(num_states=4)
    assert session.earlier_runs == ()


def test_a_run_that_was_reset_and_then_replaced_is_kept_as_far_as_it_came():
    session = trained(5)
    end = session.shown_run.curve[-1]
    session.reset()
    stepped(session, 2).reset()
    session.new_start()
    (earlier,) = session.shown_earlier_runs
    assert (earlier.iteration, earlier.end) == (5, end)


def test_another_rate_goes_on_with_the_run_and_after_a_reset_begins_another():
    session = trained(4, method="Gradient")
    session.change(learning_rate=0.2)
    stepped(session)
    assert session.shown_earlier_runs == []
    # From the start with 0.2 it takes another path than with 0.05 first.
    session.reset()
    assert called(session) == ["rate 0.05 → 0.2"]
    stepped(session)
    session.reset()
    assert len(session.shown_earlier_runs) == 1, "the same path again"
    session.change(optimizer="plain")
    assert called(session) == ["rate 0.05 → 0.2, Adam", "Adam"]
    session.change(optimizer="adam")
    assert called(session) == ["rate 0.05 → 0.2"], "what is taken again is no earlier run"


def test_a_change_of_rate_on_the_way_back_keeps_the_longer_path():
    session = trained(6, method="Gradient")
    session.reset()
    stepped(session, 2).change(learning_rate=0.5)
    (earlier,) = session.shown_earlier_runs
    assert earlier.iteration == 6
    assert called(session) == ["rate 0.05"]


def test_a_method_that_is_chosen_again_is_no_earlier_run_and_keeps_its_place():
    session = trained()
    session.change(method="Gradient")
    stepped(session)
    session.change(method="EM")
    assert called(session) == ["Gradient"]
    stepped(session)
    session.new_start()
    assert called(session) == ["Gradient, start 0", "start 0"]
    assert [earlier.iteration for earlier in session.shown_earlier_runs] == [3, 6]


def test_both_methods_leave_their_runs_and_are_named():
    session = trained(2, method="Both")
    session.new_start()
    assert called(session) == ["EM, start 0", "Gradient, start 0"]


def test_settings_that_come_again_show_the_run_itself():
    session = trained(5)
    session.change(num_states=4)
    stepped(session)
    session.change(num_states=3)
    assert called(session) == ["K = 4"]
    stepped(session, 2)
    session.change(num_states=2)
    # Of the same path the longer one is kept, once.
    assert [earlier.iteration for earlier in session.shown_earlier_runs] == [3, 5]


def test_undo_brings_the_run_back_and_leaves_the_other():
    session = trained(3)
    session.remedy(start_seed=5)
    assert called(session) == ["start 0"]
    stepped(session, 2)
    session.undo()
    assert session.shown_run.state.iteration == 3
    assert called(session) == ["start 5"]
    session.new_start()
    assert called(session) == ["start 5", "start 0"]


def test_a_nudge_and_a_model_of_ones_own_leave_the_run_before():
    session = trained(start="symmetric")
    session.nudge()
    assert called(session) == ["nudge 0"]
    hmm = session.shown_run.state.hmm
    stepped(session)
    session.use_model(OwnModel(hmm, "here", None, (), ()))
    stepped(session)
    means = Gaussian.univariate([-1.0, 0.0, 1.0], sd=1.0)
    other = HMM(hmm.initial_probs, hmm.transition_matrix, means)
    session.use_model(OwnModel(other, "there", None, (), ()))
    assert called(session)[-1] == "another start"


def test_the_last_five_are_kept_and_none_is_large():
    session = trained(0, length=5)
    for number in range(MAX_EARLIER_RUNS + 2):
        stepped(session, MAX_POINTS * 4 if number == 4 else 1)
        session.new_start()
    earlier = session.shown_earlier_runs
    assert called(session) == [f"start {number}" for number in range(2, MAX_EARLIER_RUNS + 2)]
    longest = max(earlier, key=lambda one: one.iteration)
    assert len(longest.iterations) <= MAX_POINTS + 1
    assert longest.iterations[0] == 0
    # A curve moves most at its beginning.
    assert longest.iterations[:11].tolist() == list(range(11))
    session.clear_earlier_runs()
    assert session.shown_earlier_runs == []


def test_which_runs_had_the_same_data_is_known_by_the_observations():
    session = trained()
    session.new_start()
    session.change(true_states=3)  # as many as before
    stepped(session)
    session.change(num_states=4)
    stepped(session)
    session.change(noise_sd=0.7)
    same = [one.path.data == session.data.fingerprint for one in session.shown_earlier_runs]
    assert same == [False] * 3
    session.change(noise_sd=0.5)
    same = [one.path.data == session.data.fingerprint for one in session.shown_earlier_runs]
    assert same == [True] * 2
    hidden = session.data.without_truth()
    assert hidden.fingerprint == session.data.fingerprint


def test_files_are_told_apart_by_their_names_and_by_what_is_in_them():
    rng = np.random.default_rng(0)
    session = trained()
    values = rng.normal(size=30)
    session.replace_upload(Upload("a.csv", "x", Sequences(values)), 2)
    assert [before for _, before, _ in differences(session.earlier_runs[0], session.present_runs)][
        :2
    ] == ["Data: Generated", "States K: 3"]
    session.clear_earlier_runs()
    stepped(session)
    session.change(num_states=3)
    (earlier,) = session.shown_earlier_runs
    assert earlier.path.data == session.data.fingerprint
    assert called(session) == ["K = 2"]
    stepped(session)
    session.replace_upload(Upload("b.csv", "x", Sequences(values + 1.0)), 3)
    _, latest = session.shown_earlier_runs
    assert differences(latest, session.present_runs) == [("other data", "Data: “a.csv”", "“b.csv”")]
    stepped(session)
    session.replace_upload(Upload("b.csv", "x", Sequences(values - 1.0)), 3)
    assert called(session)[-1] == "other data"


def test_neither_a_link_nor_a_file_carries_them():
    session = trained()
    session.new_start()
    stepped(session)
    assert Session.from_url(session.query()).earlier_runs == ()
    open_file(session, write(session))
    assert session.shown_run.state.iteration == 3
    assert session.earlier_runs == ()


def test_how_a_run_stood_is_kept():
    session = trained(0, num_states=1)
    while session.can_go_on:
        session.step()
    session.change(num_states=2)
    assert session.shown_earlier_runs[0].standing == "at_rest"
    session = trained(0, method="Gradient", optimizer="plain", learning_rate=10.0)
    while session.can_go_on:
        session.step()
    failed = session.shown_run.failed
    session.new_start()
    assert session.shown_earlier_runs[0].standing == ("diverged" if failed else "at_rest")


def test_the_true_models_log_likelihood_is_kept_where_it_is_known():
    session = trained()
    true = session.true_log_likelihood()
    session.change(noise_sd=2.0)
    (earlier,) = session.shown_earlier_runs
    assert earlier.true_log_likelihood == pytest.approx(true, rel=1e-12)
    session.replace_upload(Upload("a.csv", "x", Sequences([0.0, 1.0, 2.0, 5.0])), 2)
    stepped(session)
    session.change(num_states=1)
    assert session.shown_earlier_runs[-1].true_log_likelihood is None
