"""The text of each finding, and what its button does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import HMM, Gaussian, Sequences
from hmmcore.diagnostics import KINDS, Finding
from pages.ui.experiment.dataset import Upload
from pages.ui.parts.finding_words import about
from pages.ui.parts.health import BOXES, ICONS, MAX_FINDINGS
from pages.ui.session.checkups import Checkups, Diagnosis, checkups
from pages.ui.session.session import Session
from pages.ui.session.standing_words import SENTENCES
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from tests.pages.shown import MAIN_SCRIPT, comparison, healthy, press, session, text, upload

EVIDENCE = {
    "gradient_between": 3e-17, "gradient": 0.45, "share_gap": 0.0, "log_likelihood": -12.5,
    "learning_rate": 0.3, "falls": 17, "steps": 40, "mean_fall": 0.02, "lost": 0.4,
    "mean_gain": 3e-4, "steadiness": 0.98, "sd_floor": 1e-4, "most_observations": 0.25,
    "distance": 0.01, "row_distance": 0.02, "largest_prob": 1.0, "gain": -30.0,
    "num_parameters": 14, "num_observed": 160, "last_gain": 4e-6, "largest": 3e-11,
    "num_others": 1, "onward_distance": 0.03, "num_sequences": 300, "num_rising": 1, "ratio": 2.0,
}  # fmt: skip

# For each kind: words of its text, and the label of its button.
WORDS_OF: dict[str, tuple[str, str | None]] = {
    "diverged": ("has diverged", "Lower the rate to 0.017"),
    "symmetric_start": ("All states are alike", "Nudge the start"),
    "identical_states": ("States that are the same: S1 and S2.", "Nudge the start"),
    "rate_too_high": ("The learning rate is too high", "Lower the rate to 0.017"),
    "rate_too_low": ("The learning rate is too low", "Raise the rate to 0.15"),
    "collapsed_variance": ("σ at its floor: S1 and S2.", "Stop training σ (Noise)"),
    "no_transitions": ("There is no transition to learn", "Stop training A (Transitions)"),
    "zero_should_rise": ("has come to zero, and should rise", "Raise the zero and go on"),
    "singular_covariance": ("Singular Σ: S1 and S2.", "Stop training σ (Noise)"),
    "dead_output": ("μ held at zero by a ReLU: S1 and S2.", "Try another start"),
    "empty_state": ("Without data: S1 and S2.", "Try another start"),
    "overfitting": ("Overfitting", "Draw 40 sequences"),
    "worse_than_truth": ("Worse than the true model", "Try another start"),
    "near_duplicates": ("Not told apart: S1 and S2.", "Start from the best of several"),
    "equal_rows": ("All rows of A are alike", "Try another start"),
    "better_than_truth": ("Better than the true model, as is normal", None),
    "unidentifiable_initial_probs": ("π cannot be learned from one", "Stop training π (Initial)"),
    "converged": ("has come to rest.", None),
    "not_converged": ("is still learning.", "Go on"),
}


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update({"K": "2", "M": "40", "N": "4", **query})
    return healthy(app.run())


def labelled(app: AppTest, label: str) -> AppTest:
    """Press the button with this label."""
    (button,) = (button for button in app.button if button.label == label)
    return healthy(button.click().run())


def steps(app: AppTest, number: int) -> AppTest:
    for _ in range(number):
        session(app).step()
    return healthy(app.run())


def iteration(app: AppTest) -> int:
    run = session(app).shown_run
    assert run is not None
    return run.state.iteration


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings that every examination reports."""
    held: list[Finding] = []
    stands = {"diverged": "diverged", "converged": "at_rest", "worse_than_truth": "below_truth"}
    monkeypatch.setattr(Checkups, "_findings", lambda self, run: tuple(held))
    monkeypatch.setattr(
        Checkups, "standing", lambda self, run: stands.get(held[-1].kind, "learning")
    )
    return held


def test_every_kind_has_words_an_icon_and_a_box():
    assert WORDS_OF.keys() == KINDS.keys() == ICONS.keys()
    assert BOXES.keys() >= set(KINDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_each_finding_has_its_evidence_and_its_button(kind, found):
    pairs = kind in ("symmetric_start", "identical_states", "near_duplicates")
    rare = {"normal_gain": 7.0, "rare_gain": 18.06}
    own = ("initial_probs", 0) if kind == "zero_should_rise" else None
    found.append(Finding(kind, ((0, 1),) if pairs else ((0,), (1,)), EVIDENCE | rare, own))
    app = opened(method="Gradient")
    words, label = WORDS_OF[kind]
    boxes = {"error": app.error, "warning": app.warning, "info": app.info, "success": app.success}
    (box,) = boxes[KINDS[kind]]
    assert words in box.value
    assert box.icon == ICONS[kind]
    assert "At iteration 0: " in box.value
    labels = [button.label for button in app.button if (button.key or "").startswith("remedy_")]
    assert label in labels or (label is None and labels == [])
    assert all(button.help for button in app.button)


@pytest.mark.parametrize("gain", [0.0, -4.4e-16])
def test_a_step_that_gained_nothing_is_not_said_to_have_changed_the_model(gain, found):
    found.append(Finding("not_converged", evidence={"last_gain": gain}))
    shown_text = text(opened(runs="EM_2"))
    assert "Its last step gained nothing" in shown_text
    assert "Further steps still change" not in shown_text


def test_evidence_is_in_numbers_a_reader_knows(found):
    found.append(Finding("symmetric_start", ((0, 1),), EVIDENCE))
    shown_text = text(opened(start="symmetric"))
    assert "the norm 3\u202f×\u202f10⁻¹⁷ (zero but for rounding), the whole" in shown_text
    assert "the whole gradient 0.45" in shown_text
    assert "from 1 / K = 0.5 is 0 away from it" in shown_text


def test_states_have_the_names_of_the_figures():
    here = Session(Config(num_states=3, length=40, num_sequences=3))
    view = current_view(here)
    assert view is not None
    # Learned state 2 is shown as S1, learned state 0 as S2, learned state 1 as S3.
    view = replace(view, permutation=np.array([2, 0, 1]))
    diagnosis = Diagnosis("EM", 3, Finding("empty_state", ((0,), (2,)), {"most_observations": 0.1}))
    assert about(here, view, diagnosis)[0] == "Without data: S1 and S2."
    diagnosis = Diagnosis("EM", 3, Finding("near_duplicates", ((0, 1), (1, 2)), {
        "distance": 0.01, "onward_distance": 0.0, "num_others": 1}))  # fmt: skip
    assert about(here, view, diagnosis)[0] == "Not told apart: S1 and S3; S2 and S3."


def test_only_the_most_important_findings_and_the_endings_are_shown(found):
    found += [
        Finding(kind, ((0, 1),), EVIDENCE | {"normal_gain": 1.0, "rare_gain": 2.0})
        for kind in KINDS
        if kind not in ("diverged", "symmetric_start", "converged")
    ]
    found.append(Finding("converged", evidence=EVIDENCE))
    app = opened()
    boxes = [*app.warning, *app.info, *app.success]
    assert len(boxes) == MAX_FINDINGS + 1
    assert "EM has come to rest." in app.success[0].value
    assert "States that are the same" in app.warning[0].value


# The buttons, on experiments that have the finding


@pytest.mark.parametrize("page", ["playground.py", "posterior.py", "decoding.py"])
def test_a_nudge_frees_the_symmetric_start_from_every_page(page):
    app = opened(start="symmetric", K="3")
    healthy(app.switch_page(page).run())
    stuck = session(app).runs["EM"].start
    assert len(app.warning) == 1
    labelled(app, "Nudge the start")
    here = session(app)
    assert here.config.nudge == 1
    assert app.query_params["nudge"] == "1"
    assert not app.warning
    assert app.number_input(key="control_nudge").value == 1
    before = here.runs["EM"].state.log_likelihood
    # The link carries it: the same start to the last bit.
    again = Session.from_url(here.query())
    assert again.runs["EM"].start == here.runs["EM"].start != stuck
    steps(app, 60)
    assert here.runs["EM"].state.log_likelihood > before + 20.0


@pytest.mark.parametrize(
    "link",
    [{"model": "network"}, {"family": "counts"}, {"family": "symbols"}, {"family": "points"}],
    ids=lambda link: next(iter(link.values())),
)
def test_a_nudge_frees_every_family(link):
    here = Session.from_url({"start": "symmetric", "K": "3", "M": "60", **link})
    assert [d.finding.kind for d in checkups(here).diagnoses()] == ["symmetric_start"]
    stuck = here.runs["EM"].start
    for _ in range(60):
        here.step()
    alone = here.runs["EM"].state.log_likelihood
    here.nudge()
    assert "symmetric_start" not in [d.finding.kind for d in checkups(here).diagnoses()]
    assert Session.from_url(here.query()).runs["EM"].start == here.runs["EM"].start != stuck
    for _ in range(60):
        here.step()
    assert here.runs["EM"].state.log_likelihood > alone + 20.0


def test_a_covariance_matrix_that_collapses_is_called_by_its_symbol(found):
    found.append(Finding("collapsed_variance", ((0,),), EVIDENCE))
    app = opened(family="points")
    assert "Σ at its floor: S" in app.warning[0].value
    labelled(app, "Stop training Σ (Covariances)")
    assert "covariances" not in session(app).config.trainable


def test_another_nudge_goes_another_way_and_another_start_has_none():
    here = Session(Config(start="symmetric", length=40, num_sequences=3))
    here.nudge()
    first = here.runs["EM"].start
    here.nudge()
    assert here.config.nudge == 2
    assert here.runs["EM"].start != first
    here.new_start()
    assert (here.config.nudge, here.config.start_seed) == (2, 1), "New start moves it as well"
    here.change(start="quantiles")
    assert here.config.nudge == 0
    here.change(start="symmetric", nudge=999)
    here.nudge()
    assert here.config.nudge == 1


def test_undo_brings_everything_back():
    app = steps(opened(K="3", start="symmetric"), 4)
    runs, data = session(app).runs, session(app).data
    labelled(app, "Nudge the start")
    assert iteration(app) == 0
    assert "EM at iteration 4" in text(app)
    healthy(app.slider(key="control_noise_sd").set_value(0.5).run())
    press(app, "undo_remedy")
    assert session(app).runs is runs
    assert session(app).data is data
    assert (iteration(app), session(app).config.nudge) == (4, 0)
    assert "nudge" not in app.query_params
    assert "undo_remedy" not in [button.key for button in app.button]


def test_the_way_back_is_open_until_the_next_change():
    app = labelled(opened(K="3", start="symmetric"), "Nudge the start")
    steps(app, 2)
    assert "undo_remedy" in [button.key for button in app.button]
    healthy(app.slider(key="control_noise_sd").set_value(1.0).run())
    assert "undo_remedy" not in [button.key for button in app.button]


def test_more_data_are_drawn_and_can_be_put_back():
    app = steps(opened(K="4", M="10", N="1", start="kmeans"), 60)
    assert "Overfitting" in text(app)
    data = session(app).data
    labelled(app, "Draw 10 sequences")
    assert (session(app).config.num_sequences, iteration(app)) == (10, 0)
    press(app, "undo_remedy")
    assert session(app).data is data
    assert app.number_input(key="control_num_sequences").value == 1


def test_initial_probs_are_no_longer_trained():
    app = steps(opened(N="1"), 3)
    assert "π cannot be learned from one sequence" in text(app)
    labelled(app, "Stop training π (Initial)")
    assert session(app).config.trainable == ("transition_matrix", "means", "covariances")
    start = session(app).runs["EM"].start.initial_probs
    steps(app, 3)
    assert "π cannot be learned" not in text(app)
    np.testing.assert_array_equal(session(app).shown_run.state.hmm.initial_probs, start)


def test_a_collapsed_state_is_healed():
    app = steps(opened(M="2", N="1"), 6)
    assert "σ at its floor: S" in text(app)
    labelled(app, "Stop training σ (Noise)")
    assert "covariances" not in session(app).config.trainable
    assert "σ at its floor" not in text(steps(app, 6))


def test_the_chain_of_columns_together_is_healed_as_any():
    app = steps(opened(M="60", N="1", family="product", kinds="ncs"), 200)
    labelled(app, "Stop training π (Initial)")
    assert session(app).config.trainable == ("transition_matrix", "locations", "spreads")


def test_a_file_is_tried_with_one_state_fewer():
    app = opened()
    upload(app, [np.array([0.5, 0.5, 0.5, 0.5, 3.0, 5.0, 2.0, 4.0])], num_states=3)
    steps(app, 100)
    assert "Try K = 2" in [button.label for button in app.button]
    labelled(app, "Try K = 2")
    assert (session(app).config.num_states, session(app).config.source) == (2, "upload")


def test_the_rate_is_lowered_and_raised_where_the_run_stands():
    app = opened(K="3", M="60", N="5", method="Gradient", rate="3", optimizer="plain")
    steps(app, 45)
    assert "The learning rate is too high" in text(app)
    labelled(app, "Lower the rate to 1")
    assert (session(app).config.learning_rate, iteration(app)) == (1.0, 45)
    assert app.query_params["rate"] == "1.0"
    assert "undo_remedy" not in [button.key for button in app.button], "nothing was lost"

    app = steps(opened(K="3", M="60", N="5", method="Gradient", rate="0.0005"), 45)
    assert "The learning rate is too low" in text(app)
    labelled(app, "Raise the rate to 0.0015")
    assert (session(app).config.learning_rate, iteration(app)) == (0.0015, 45)


def test_a_diverged_run_goes_on_at_a_lower_rate():
    app = opened(K="3", M="60", N="5", method="Gradient", rate="10", optimizer="plain")
    steps(app, 60)
    assert "Gradient has diverged" in app.error[0].value
    assert "lower the learning rate" in app.error[0].value
    assert not session(app).can_go_on
    reached = iteration(app)
    labelled(app, "Lower the rate to 3.3")
    assert session(app).can_go_on
    assert iteration(app) == reached
    assert not app.error


def test_go_on_plays():
    app = press(opened(), "step")
    labelled(app, "Go on")
    assert session(app).player.playing
    assert "Go on" not in [button.label for button in app.button]


def at_a_lower_hill(here: Session) -> None:
    """Converge at a local optimum: two states for the lowest values and one for all others."""
    start = HMM(
        np.full(3, 1 / 3), np.full((3, 3), 1 / 3),
        Gaussian.univariate([-10.5, -9.5, 5.0], [1.0, 1.0, 5.0]),
    )  # fmt: skip
    run = here.runs["EM"]
    run.start = start
    run.reset()


@pytest.mark.parametrize(
    ("label", "is_right"),
    [
        ("Try another start", lambda config: (config.start, config.start_seed) == ("random", 1)),
        ("Start from the best of several", lambda config: config.start == "best"),
    ],
)
def test_a_run_on_a_lower_hill_starts_from_elsewhere(
    label: str, is_right: Callable[[Config], bool]
):
    app = opened(K="3", M="60", N="5", apart="10", noise="1")
    at_a_lower_hill(session(app))
    steps(app, 120)
    shown_text = text(app)
    assert "Below the true model so far." in shown_text
    assert "EM is still learning." in shown_text
    assert "lower hill" not in shown_text
    assert "come to rest" not in shown_text
    steps(app, 10)
    shown_text = text(app)
    assert "Worse than the true model" in shown_text
    assert "this is the top of a lower hill" in shown_text
    assert "EM has come to rest below the true model." in shown_text
    assert "still learning" not in shown_text
    labelled(app, label)
    assert is_right(session(app).config)
    assert iteration(app) == 0
    press(app, "undo_remedy")
    assert iteration(app) > 10


PAGES = ("playground.py", "training.py", "posterior.py", "decoding.py", "messages.py")


def test_every_page_says_the_same_of_how_a_run_stands():
    app = opened(K="3", M="60", N="5", apart="10", noise="1")
    at_a_lower_hill(session(app))
    for more, right in ((0, "start"), (5, "learning"), (115, "learning"), (10, "below_truth")):
        for _ in range(more):
            session(app).step()
        for page in PAGES:
            healthy(app.switch_page(page).run())
            said = text(app)
            if page == "training.py":
                said += " ".join(comparison(app)["verdict"])
            for standing, sentence in SENTENCES.items():
                if standing != "start":
                    assert (sentence.format("EM") in said) == (standing == right), (page, right)


def two_levels() -> np.ndarray:
    return np.random.default_rng(0).normal([100.0] * 100 + [120.0] * 100, 2.0)


def on_a_plateau(here: Session) -> None:
    """Start where both states take everything, and each step gains next to nothing."""
    values = here.data.sequences.observations
    run = here.runs["EM"]
    means = values.mean() + np.array([-0.02, 0.02])
    run.start = HMM(
        [0.85, 0.15], [[0.6, 0.4], [0.88, 0.12]], Gaussian.univariate(means, values.std())
    )
    run.reset()


def test_states_that_a_stuck_run_has_not_told_apart_are_no_reason_for_fewer():
    app = opened()
    upload(app, [two_levels()])
    session(app).change(start="random")
    on_a_plateau(session(app))
    steps(app, 30)
    shown_text = text(app)
    assert "Not told apart: S1 and S2." in shown_text
    assert "one in their place would do" not in shown_text
    assert "rows of A" not in shown_text, "they differ, and of two states it does not matter"
    assert "Try K = 1" not in [button.label for button in app.button]
    labelled(app, "Start from the best of several")
    steps(app, 30)
    means = np.sort(session(app).runs["EM"].state.hmm.emissions.means.ravel())
    np.testing.assert_allclose(means, [100.0, 120.0], rtol=0.0, atol=1.0)
    assert "Not told apart" not in text(app)


def test_what_the_best_of_several_starts_leaves_alike_could_be_one(found, monkeypatch):
    found.append(Finding("near_duplicates", ((0, 1),), EVIDENCE))
    app = opened()
    upload(app, [two_levels()])
    assert session(app).config.start == "best"
    assert "Not told apart" in text(app), "before it has come to rest"
    assert "Try K = 1" not in [button.label for button in app.button]
    monkeypatch.setattr(Checkups, "standing", lambda self, run: "at_rest")
    healthy(app.run())
    assert "Nearly the same state twice: S1 and S2." in text(app)
    assert "Try K = 1" in [button.label for button in app.button]


def test_sequences_of_one_observation_have_no_transition_to_learn():
    app = opened()
    upload(app, [np.array([value]) for value in two_levels()])
    steps(app, 60)
    for page in PAGES:
        healthy(app.switch_page(page).run())
        assert "There is no transition to learn." in text(app)
        assert "All rows of A are alike" not in text(app)


def test_two_equal_columns_come_to_rest_and_their_covariances_are_called_singular():
    here = Session(Config())
    points = Sequences(np.repeat(two_levels()[:, np.newaxis], 2, axis=1))
    here.replace_upload(Upload("equal.csv", "a, b", points, family="points", columns=("a", "b")), 2)
    here.change(covariance_type="full")
    for _ in range(60):
        here.step()
    (run,) = here.main_runs
    assert run.ended is not None
    said = {d.finding.kind: about(here, current_view(here), d) for d in checkups(here).diagnoses()}
    assert said["singular_covariance"][0] == "Singular Σ: S1 and S2."
    assert said["converged"][0] == "EM has come to rest."
