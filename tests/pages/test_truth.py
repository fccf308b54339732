"""The truth: hidden on every page at one press, the errors against it, and the ceiling."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import (
    Sequences,
    accuracy,
    commonest_share,
    log_likelihood,
    most_probable_states,
    sample,
    smooth,
    states_alone,
    viterbi,
)
from pages.ui.experiment.dataset import Upload
from pages.ui.parts import truth, words
from pages.ui.session.view import current_view
from tests.pages.shown import array, figures, healthy, opened, press, session, text, upload


def hide(app: AppTest) -> AppTest:
    (control,) = (one for one in app.button_group if one.key == "control_truth")
    return healthy(control.set_value("hidden").run())


def panel_header(app: AppTest) -> dict:
    (panel,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    message = panel.proto.bytes
    return json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])


def test_the_playground_shows_nothing_of_a_hidden_truth():
    app = press(opened("playground.py", K="3"), "step")
    shown = panel_header(app)
    assert shown["true_log_likelihood"] is not None
    assert "sequence.true_states" in shown["arrays"]
    hidden = panel_header(hide(app))
    assert hidden["true_log_likelihood"] is None
    assert not hidden["charts"]["true"].get("present", True)
    assert hidden["no_truth"] == "the truth is hidden"
    assert not [name for name in hidden["arrays"] if "true" in name]
    # The learned states keep their colours: they are still matched to the true ones.
    for chart in ("learned", "sequence"):
        assert shown["charts"][chart].get("name") == hidden["charts"][chart].get("name")
    assert session(app).query()["truth"] == "hidden"
    assert session(app).runs["EM"].state.iteration == 1


@pytest.mark.parametrize("page", ["posterior.py", "decoding.py", "data.py", "training.py"])
@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
def test_no_page_speaks_of_a_hidden_truth(page, family):
    app = opened(page, K="3", truth="hidden", family=family)
    said = text(app)
    assert "True model (the ceiling)" not in said
    if page in ("posterior.py", "decoding.py"):
        assert "The truth is hidden" in said
        assert "true path" not in json.dumps(list(figures(app).values()))


@pytest.mark.parametrize("page", ["playground.py", "posterior.py"])
@pytest.mark.parametrize(
    ("finding", "link"),
    [
        ("Overfitting", {"K": "4", "noise": "0.5", "runs": "EM_100"}),
        ("Below the true model so far", {"K": "2", "noise": "1.5", "runs": "EM_60"}),
        ("Worse than the true model", {"K": "3", "start_seed": "5", "runs": "EM_74"}),
    ],
)
def test_no_finding_speaks_of_a_hidden_truth(page, finding, link):
    app = opened(page, **link)
    assert finding in text(app)
    assert "of the true model (" in text(app)
    said = text(hide(app))
    assert finding not in said
    assert "of the true model (" not in said
    assert "below the true model" not in said


def test_errors_are_those_of_the_matched_model():
    app = press(press(opened("posterior.py", K="2", start="near-truth"), "step"), "step")
    here = session(app)
    drawn = figures(app)["chain_errors"]
    shown, true = here.memo["view of dimension 0"][1].hmm, here.data.truth
    by_type = {trace["type"]: trace for trace in drawn["data"]}
    np.testing.assert_allclose(
        array(by_type["heatmap"]["z"]),
        shown.transition_matrix - true.transition_matrix,
        rtol=0,
        atol=1e-12,
    )
    (means, variances) = figures(app)["emission_errors"]["data"]
    for trace, learned, right in (
        (means, shown.emissions.means, true.emissions.means),
        (variances, shown.emissions.covariances, true.emissions.covariances),
    ):
        np.testing.assert_allclose(array(trace["y"]), (learned - right).ravel(), atol=1e-12)


@pytest.mark.parametrize(
    ("family", "titles"),
    [
        ("numbers", ["μ", "variance"]),
        ("counts", ["λ"]),
        ("symbols", ["B"]),
        ("points", ["μ", "variance"]),
    ],
)
def test_every_family_has_its_errors(family, titles):
    app = opened("posterior.py", K="3", family=family)
    drawn = figures(app)

    def titled(key):
        return [note["text"] for note in drawn[key]["layout"]["annotations"]]

    assert titled("chain_errors") == ["π", "A"]
    assert titled("emission_errors") == titles


def test_new_data_show_what_was_learned_of_chance():
    app = press(opened("posterior.py", K="3", M="30", N="1", start="kmeans"), "step")
    here = session(app)
    truth, view = here.data.truth, current_view(here)
    table = app.table[1].value
    new = sample(truth, 1000, 30, np.random.default_rng([here.config.seed, 5])).sequences
    for row, hmm in (("Learned model", view.hmm), ("True model", truth)):
        for column, data in (("These data", here.data.sequences), ("New data", new)):
            value = log_likelihood(hmm, data).sum() / data.num_observations
            assert table.loc[row, column] == words.nats(value)
    assert "on new data" not in text(hide(app))


def test_without_a_truth_there_is_nothing_to_choose_and_nothing_to_compare():
    app = opened("posterior.py", K="2")
    upload(app, [np.arange(20.0)])
    assert not [one for one in app.button_group if one.key == "control_truth"]
    assert not figures(app).keys() & {"chain_errors", "emission_errors"}


@pytest.mark.parametrize("num_states", [2, 5])
def test_the_ceiling_is_shown_where_the_truth_has_another_number_of_states(num_states):
    app = press(opened("decoding.py", K=str(num_states), true_K="3", noise="0.8"), "step")
    here = session(app)
    view, data = current_view(here), here.data
    states, learned = data.true_states, viterbi(view.hmm, data.sequences).states
    reading = np.array(
        [np.bincount(states[learned == k]).argmax() if k in learned else -1 for k in range(5)]
    )

    def steps(hmm):
        return most_probable_states(smooth(hmm, data.sequences).smoothed_probs)

    answers = [
        reading[learned],
        reading[steps(view.hmm)],
        reading[states_alone(view.hmm, data.sequences)],
        viterbi(data.generating_model, data.sequences).states,
        steps(data.generating_model),
        states_alone(data.generating_model, data.sequences),
    ]
    shares = app.table[0].value
    assert list(shares.columns) == ["Sequence 1", "All 4 sequences"]
    for column, rows in zip(shares.columns, (slice(0, 40), slice(0, 160)), strict=True):
        expected = [accuracy(states[rows], answer[rows]) for answer in answers]
        expected.append(commonest_share(states[rows]))
        assert list(shares[column]) == [f"{value:.1%}" for value in expected]
    assert words.about_reading(reading[:num_states], data) in text(app)
    # States that cannot be matched are not compared otherwise.
    assert "true path" not in json.dumps(list(figures(app).values()))
    hidden = hide(app)
    assert "True model" not in text(hidden)
    assert not [one for one in hidden.table if "(the ceiling)" in str(one.value.index)]


def test_the_posterior_page_shows_that_ceiling_too_and_compares_no_states():
    app = opened("posterior.py", K="4", true_K="2")
    assert "True model (the ceiling)" in app.table[0].value.index
    assert "2 states made the data and the model has 4" in text(app)
    drawn = figures(app)["posterior_over_time"]["data"]
    assert [trace["type"] for trace in drawn] == ["heatmap", "scatter"]
    assert drawn[1]["name"] == "entropy of the learned model"


def test_a_reading_is_said_in_words():
    data = Upload(
        "f.csv", "x", Sequences([0.0, 1.0]), known_states=np.array([0, 1]), state_names=("a", "*")
    ).dataset(3)
    said = words.about_reading(np.array([1, -1, 0]), data)
    assert said.startswith("The file names 2 states and the model has 3")
    assert said.endswith("it meets most often: 1 as “\\*”, 2 as none, 3 as “a”.")


def test_whose_state_is_whose_is_said():
    assert "already stand in the order" in truth.about_permutation(np.arange(3))
    said = truth.about_permutation(np.array([2, 0, 1]))
    assert "learned state 3 as S1, 1 as S2, 2 as S3" in said
