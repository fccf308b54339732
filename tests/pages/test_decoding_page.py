"""The Viterbi page as Streamlit runs it: it shows what `hmmcore` computes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hmmcore import (
    Sequences,
    accuracy,
    commonest_share,
    confusion_table,
    joint_log_prob,
    most_probable_states,
    smooth,
    states_alone,
    viterbi,
    viterbi_ties,
)
from pages.ui.parts import words
from pages.ui.session.view import current_view
from tests.pages import shown

PAGE = "decoding.py"
FIGURES = {"paths_over_time", "confusion", "best_paths"}


@pytest.fixture(scope="module")
def learned():
    """The page after a step, for tests that only read it."""
    return shown.press(shown.opened(PAGE, K="3", noise="1.5", sequence="2"), "step")


def tables(app):
    return [found.value for found in app.table]


def strips(app):
    """Name to states, 1..K, of every strip."""
    heat_maps = [
        trace
        for trace in shown.figures(app)["paths_over_time"]["data"]
        if trace["type"] == "heatmap"
    ]
    return {
        name: row
        for trace in heat_maps
        for name, row in zip(trace["y"], shown.array(trace["z"]), strict=True)
    }


def test_shows_the_paths_and_where_they_differ(learned):
    session = shown.session(learned)
    view = current_view(session)
    sequence, true = session.data.sequences.select(1), session.data.states[40:80]
    best = viterbi(view.hmm, sequence).states
    per_step = most_probable_states(smooth(view.hmm, sequence).smoothed_probs)
    found = strips(learned)
    np.testing.assert_array_equal(found["true path"], true + 1)
    np.testing.assert_array_equal(found["Viterbi path"], best + 1)
    np.testing.assert_array_equal(found["per-step best"], per_step + 1)
    np.testing.assert_array_equal(found["Viterbi ≠ truth"], best != true)
    np.testing.assert_array_equal(found["Viterbi ≠ per-step"], best != per_step)
    said = shown.text(learned)
    assert f"differ at {(best != per_step).sum()} of 40 steps" in said
    assert f"the truth at {(best != true).sum()};" in said


def test_accuracies_are_those_of_hmmcore(learned):
    session = shown.session(learned)
    data, view = session.data, current_view(session)
    shares = tables(learned)[0]
    assert list(shares.columns) == ["Sequence 2", "All 4 sequences"]
    for column, rows in zip(shares.columns, (slice(40, 80), slice(0, 160)), strict=True):
        values = []
        for hmm in (view.hmm, data.truth):
            answers = (
                viterbi(hmm, data.sequences).states,
                most_probable_states(smooth(hmm, data.sequences).smoothed_probs),
                states_alone(hmm, data.sequences),
            )
            values += [accuracy(data.states[rows], answer[rows]) for answer in answers]
        values.append(commonest_share(data.states[rows]))
        assert list(shares[column]) == [f"{value:.1%}" for value in values]


def test_changes_of_state_are_counted_within_sequences(learned):
    data, view = shown.session(learned).data, current_view(shown.session(learned))
    found = tables(learned)[2]
    paths = (
        data.states,
        viterbi(view.hmm, data.sequences).states,
        most_probable_states(smooth(view.hmm, data.sequences).smoothed_probs),
        states_alone(view.hmm, data.sequences),
    )
    for column, sequences in zip(found.columns, ([1], [0, 1, 2, 3]), strict=True):
        rows = [slice(40 * n, 40 * (n + 1)) for n in sequences]
        counts = [sum(int((np.diff(path[r]) != 0).sum()) for r in rows) for path in paths]
        assert list(found[column]) == [str(number) for number in counts]
    hidden = shown.opened(PAGE, K="3", truth="hidden")
    assert "How often does the state change?" not in shown.text(hidden)


def test_accuracy_over_many_sequences_is_bounded_and_says_so():
    app = shown.opened(PAGE, M="1000", N="50", K="2")
    assert list(tables(app)[0].columns) == ["Sequence 1", "First 20 of 50 sequences"]
    app = shown.opened(PAGE, M="30000", N="2", K="2")
    assert list(tables(app)[0].columns) == ["Sequence 1", "First 20\u202f000 observations"]
    app = shown.opened(PAGE, M="50", N="1", K="2")
    assert list(tables(app)[0].columns) == ["Sequence 1"]


def test_confusion_is_that_of_the_sequence(learned):
    session = shown.session(learned)
    view = current_view(session)
    (body,) = shown.figures(learned)["confusion"]["data"]
    np.testing.assert_array_equal(
        shown.array(body["customdata"]),
        confusion_table(session.data.states[40:80], view.path.states, 3),
    )


@pytest.mark.parametrize("num_states", [2, 5])
def test_confusion_where_the_truth_has_another_number_of_states(num_states):
    app = shown.press(shown.opened(PAGE, K=str(num_states), true_K="3", sequence="2"), "step")
    session = shown.session(app)
    figure = shown.figures(app)["confusion"]
    np.testing.assert_array_equal(
        shown.array(figure["data"][0]["customdata"]),
        confusion_table(
            session.data.true_states[40:80], current_view(session).path.states, num_states, 3
        ),
    )
    assert figure["layout"]["yaxis"]["ticktext"] == ["1", "2", "3"]
    assert "there is no diagonal" in shown.text(app)


def test_the_best_path_scores_at_least_as_much_as_the_true_one(learned):
    session = shown.session(learned)
    view = current_view(session)
    best = float(view.path.log_joints[0])
    true = float(joint_log_prob(view.hmm, view.sequence, view.true_states)[0])
    assert best >= true
    cells = [str(cell) for cell in tables(learned)[1].to_numpy().ravel()]
    assert f"{words.nats(best)} nats" in cells
    assert f"{words.nats(true)} nats" in cells
    assert "no other can score higher" in shown.text(learned)


def test_sentences_on_log_joints():
    assert "the same" in words.about_log_joints(-3.0, -3.0)
    assert "the true path is impossible" in words.about_log_joints(-3.0, -np.inf)
    assert "scores 2.500 nats less" in words.about_log_joints(-3.0, -5.5)
    assert words.nats(-12345.6) == "−12\u202f345.600"


def test_figures_say_their_results():
    app = shown.press(shown.opened(PAGE, K="3"), "step")
    said = shown.labels(app)
    (differences,) = (line for line in shown.text(app).split("\n") if "differ at" in line)
    assert differences.split(";")[0] in said["paths_over_time"]
    assert "Viterbi path: S1 " in said["paths_over_time"]
    assert re.search(r"Decoded as themselves: S1 \d+%, S2 \d+%, S3 \d+%\.", said["confusion"])


def test_one_best_path_needs_no_list(learned):
    assert "one path alone" in shown.text(learned)
    assert shown.figures(learned).keys() == FIGURES


def test_a_symmetric_model_ties_in_every_path():
    app = shown.opened(PAGE, start="symmetric", K="2", M="4", N="1")
    said = shown.text(app)
    assert "16 paths share the largest" in said
    assert "all $2^{4}$ tie" in said
    trace, _ = shown.figures(app)["tied_paths"]["data"]
    assert len(trace["y"]) == 16
    tied = viterbi_ties(current_view(shown.session(app)).hmm, shown.session(app).data.sequences)
    np.testing.assert_array_equal(shown.array(trace["z"]), tied.paths + 1)


def test_many_ties_are_capped():
    app = shown.opened(PAGE, start="symmetric", K="5")
    said = shown.text(app)
    assert "more than 100 paths share the largest" in said
    assert "all $5^{40}$ tie" in said
    assert "first 20 are drawn" in said
    assert len(shown.figures(app)["tied_paths"]["data"][0]["y"]) == 20


def test_ties_of_a_long_sequence_are_those_of_its_first_steps():
    app = shown.opened(PAGE, M="201", K="2", N="1")
    session = shown.session(app)
    hmm = current_view(session).hmm
    first = viterbi_ties(hmm, Sequences(session.data.sequences.observations[:200]))
    said = shown.text(app)
    assert "the first 200 of 201 steps" in said
    assert words.nats(first.log_joint) in said


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
        assert shown.figures(app).keys() >= FIGURES
        if shown.live(app)["can_go_on"]:
            shown.press(app, "step")


def test_uploaded_data_have_no_truth_and_everything_else():
    app = shown.opened(PAGE)
    rng = np.random.default_rng(0)
    shown.upload(app, [rng.normal(size=30), rng.normal(size=50)], num_states=3)
    assert shown.figures(app).keys() == {"paths_over_time", "best_paths"}
    assert strips(app).keys() == {"Viterbi path", "per-step best", "Viterbi ≠ per-step"}
    assert shown.text(app).count("No truth: uploaded data") == 3
    assert "one path alone" in shown.text(app)
    assert "height" in shown.figures(app)["paths_over_time"]["layout"]["yaxis"]["title"]["text"]
    shown.press(app, "step")


def test_an_impossible_sequence_is_explained_in_a_sentence():
    app = shown.make_impossible(shown.opened(PAGE, K="2"))
    said = shown.text(app)
    assert said.count("cannot have produced this sequence") >= 2
    assert "−∞ (impossible) nats" not in said
    assert np.isnan(strips(app)["Viterbi path"]).all()


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
    # Half of it are the runs of states in nine strips, so that zooming in can name them.
    assert size < 320_000
