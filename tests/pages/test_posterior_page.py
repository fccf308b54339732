"""The Posterior page as Streamlit runs it: it shows what `hmmcore` computes."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import accuracy, commonest_share, most_probable_states, posterior_entropy, smooth
from pages.ui.live.frame_source import frame_source
from pages.ui.session import view as views
from pages.ui.session.view import current_view
from tests.pages import shown

PAGE = "posterior.py"
FIGURES = {
    "posterior_over_time",
    "transition_counts",
    "chain_errors",
    "emission_errors",
    "learned_transition_matrix",
}


def table(app):
    found = app.table[0]
    return found.value


@pytest.mark.parametrize("kind", ["smoothed", "filtered"])
def test_shows_the_probabilities_and_their_entropy(kind):
    app = shown.press(shown.opened(PAGE, K="3", sequence="2", posterior=kind), "step")
    session = shown.session(app)
    view, truth = current_view(session), session.data.truth
    figure = shown.figures(app)["posterior_over_time"]
    strip, names, learned, true, entropy, true_entropy = figure["data"]
    sequence = session.data.sequences.select(1)
    probs = getattr(smooth(view.hmm, sequence), f"{kind}_probs")
    true_probs = getattr(smooth(truth, sequence), f"{kind}_probs")
    close = {"rtol": 1e-6, "atol": 1e-12}
    np.testing.assert_allclose(shown.array(learned["z"]), probs.T, **close)
    np.testing.assert_allclose(shown.array(true["z"]), true_probs.T, **close)
    np.testing.assert_allclose(shown.array(entropy["y"]), posterior_entropy(probs), **close)
    np.testing.assert_allclose(
        shown.array(true_entropy["y"]), posterior_entropy(true_probs), **close
    )
    np.testing.assert_array_equal(shown.array(strip["z"])[0], session.data.states[40:80] + 1)
    assert set(names["text"]) <= {"S1", "S2", "S3"}
    assert "sequence 2" in shown.text(app)
    assert "EM at iteration 1" in shown.text(app)


def test_figures_say_their_results_and_say_others_after_a_step():
    app = shown.opened(PAGE, K="3")
    before = shown.labels(app)
    shown.press(app, "step")
    after = shown.labels(app)
    assert set(before) == FIGURES
    assert all(before[key] != after[key] for key in FIGURES)
    view = current_view(shown.session(app))
    stays = np.diag(view.hmm.transition_matrix)
    said = ", ".join(f"S{state} {stay:.2f}" for state, stay in enumerate(stays, 1))
    assert f"Probability of staying: {said}." in after["learned_transition_matrix"]
    bits = posterior_entropy(smooth(view.hmm, view.sequence).smoothed_probs).mean()
    assert f"On average {bits:.2f} bits" in after["posterior_over_time"]
    assert "Largest differences: π " in after["chain_errors"]


def test_the_buttons_switch_between_filtered_and_smoothed():
    app = shown.opened(PAGE)
    smoothed = shown.figures(app)["posterior_over_time"]
    app.button_group(key="control_posterior").set_value("filtered")
    shown.healthy(app.run())
    assert shown.session(app).config.posterior == "filtered"
    filtered = shown.figures(app)["posterior_over_time"]
    assert filtered != smoothed
    # A reader's zoom belongs to the sequence, not to the kind of probabilities.
    assert filtered["layout"]["uirevision"] == smoothed["layout"]["uirevision"]


def test_accuracies_are_those_of_hmmcore():
    app = shown.press(shown.opened(PAGE, K="3", sequence="2"), "step")
    session = shown.session(app)
    data, view = session.data, current_view(session)
    shares = table(app)
    assert list(shares.columns) == ["Sequence 2", "All 4 sequences"]
    for column, rows in zip(shares.columns, (slice(40, 80), slice(0, 160)), strict=True):
        values = [
            accuracy(
                data.states[rows],
                most_probable_states(smooth(hmm, data.sequences).smoothed_probs)[rows],
            )
            for hmm in (view.hmm, data.truth)
        ]
        values.append(commonest_share(data.states[rows]))
        assert list(shares[column]) == [f"{value:.1%}" for value in values]


def test_expected_transitions_are_those_of_the_training_state():
    app = shown.press(shown.opened(PAGE, K="3"), "step")
    session = shown.session(app)
    view, run = current_view(session), session.shown_run
    start, counts = shown.figures(app)["transition_counts"]["data"]
    expected = smooth(view.hmm, session.data.sequences)
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(
        shown.array(counts["customdata"]), expected.transition_counts, **close
    )
    np.testing.assert_allclose(
        shown.array(start["customdata"])[0], expected.initial_counts, **close
    )
    # As the page explains: EM divides each row by its sum for its next A.
    run.step()
    order = view.permutation
    np.testing.assert_allclose(
        run.state.hmm.transition_matrix[np.ix_(order, order)], shown.array(counts["z"]), **close
    )
    assert "add up to 156 transitions" in shown.text(app)


def test_a_rerun_without_a_change_decodes_nothing_again(monkeypatch):
    app = shown.press(shown.opened(PAGE), "step")
    view = current_view(shown.session(app))

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(views, "smooth", never)
    monkeypatch.setattr(views, "viterbi", never)
    shown.healthy(app.run())
    assert current_view(shown.session(app)) is view


@pytest.mark.parametrize(
    "query",
    [
        {"K": "1"},
        {"K": "20", "M": "60"},
        {"M": "2", "N": "1"},
        {"data": "notebook"},
        {"start": "symmetric"},
        {"structure": "left-right", "noise": "0.05", "apart": "10"},
        {"method": "Both", "shown": "Gradient"},
    ],
    ids=str,
)
def test_every_experiment_can_be_looked_at(query):
    app = shown.opened(PAGE, **query)
    for _ in range(2):
        assert shown.figures(app).keys() == FIGURES
        if shown.live(app)["can_go_on"]:
            shown.press(app, "step")


def test_with_both_methods_the_shown_one_is_looked_at():
    app = shown.press(shown.opened(PAGE, method="Both", shown="Gradient"), "step")
    assert "Gradient at iteration 1" in shown.text(app)
    gradient = shown.figures(app)["learned_transition_matrix"]
    app.button_group(key="control_shown").set_value("EM")
    shown.healthy(app.run())
    assert "EM at iteration 1" in shown.text(app)
    assert shown.figures(app)["learned_transition_matrix"] != gradient


def test_figures_follow_the_training_while_playing():
    app = shown.press(shown.opened(PAGE, speed="max", M="200", N="200"), "play")
    first, news = shown.figures(app), shown.live(app)["news"]
    assert frame_source(shown.session(app)).next_frame(0.01) is not None
    # The run controls ask for another run of the page, which shows another iteration.
    shown.healthy(app.run())
    assert shown.live(app)["news"] != news
    assert shown.figures(app) != first
    latest = shown.session(app).latest
    assert f"EM at iteration {latest}" in shown.text(app)


def test_uploaded_data_have_no_truth_and_everything_else():
    app = shown.opened(PAGE)
    rng = np.random.default_rng(0)
    shown.upload(app, [rng.normal(size=30), rng.normal(size=50)], num_states=3)
    assert shown.figures(app).keys() == FIGURES - {"chain_errors", "emission_errors"}
    assert [t["type"] for t in shown.figures(app)["posterior_over_time"]["data"]] == [
        "heatmap", "scatter",
    ]  # fmt: skip
    assert "No truth: uploaded data" in shown.text(app)
    assert len(app.table) == 0
    shown.press(app, "step")


def test_an_impossible_sequence_is_explained_in_a_sentence():
    app = shown.make_impossible(shown.opened(PAGE, K="2"))
    assert "cannot have produced this sequence" in shown.text(app)
    assert np.isnan(shown.array(shown.figures(app)["posterior_over_time"]["data"][2]["z"])).all()


def test_without_a_model_the_page_says_so():
    app = shown.opened(PAGE)
    shown.session(app).runs = {}
    shown.healthy(app.run())
    assert "no model to look at" in shown.text(app)


def test_long_sequences_are_drawn_in_columns():
    app = shown.opened(PAGE, M="100000", N="1", K="5")
    assert "1\u202f191 columns of 84 steps" in shown.text(app)
    shown.press(app, "step")
    size = sum(len(element.proto.bytes) for element in app.get("bidi_component"))
    assert size < 200_000
