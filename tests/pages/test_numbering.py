"""States as numbered by the run: every figure, table and export follows, and what counts right
answers still counts matched states."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import accuracy, confusion_table, joint_log_prob, viterbi
from hmmcore.io import from_json
from pages.ui.files.notebook import notebook
from pages.ui.live.panel_view import panel_frame
from pages.ui.live.run_comparison_view import run_comparison_frame
from pages.ui.parts import words
from pages.ui.parts.export_area import decoded_csv, model_json
from pages.ui.parts.presets import PRESETS
from pages.ui.session import decoded
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.address import to_query
from tests.pages.shown import array, figures, healthy, opened, session, text, upload

LINK = to_query(PRESETS["label-switching"].config) | {"start_seed": "1", "runs": "EM_60"}
"""A run that numbers the true states S1 and S2 the other way round."""


def switched(app: AppTest, on: bool = True) -> AppTest:
    return healthy(app.toggle(key="control_numbering").set_value(on).run())


def numbered(numbering: str) -> Session:
    return Session.from_url(LINK | {"numbered": numbering})


def test_the_switch_is_in_the_link_and_off_again_where_an_example_is_chosen():
    app = opened("playground.py", **LINK)
    assert not app.toggle(key="control_numbering").value
    assert "numbered" not in session(app).query()
    switched(app)
    assert session(app).query()["numbered"] == "run"
    assert session(app).shown_run.state.iteration > 10, "the run goes on"
    app = opened("playground.py", **LINK, numbered="run")
    assert app.toggle(key="control_numbering").value
    healthy(app.selectbox(key="example").set_value("easy").run())
    assert not app.toggle(key="control_numbering").value


@pytest.mark.parametrize("query", [{"K": "3", "true_K": "2"}, {"data": "upload"}])
def test_without_a_truth_of_as_many_states_there_is_nothing_to_switch(query):
    app = opened("playground.py", **query)
    if "data" in query:
        upload(app, [np.arange(20.0)])
    assert not [one for one in app.toggle if one.key == "control_numbering"]
    session(app).change(numbering="run")
    healthy(app.run())
    view = current_view(session(app))
    assert view.counterparts.tolist() == list(range(view.hmm.num_states))
    assert not view.own_numbers


def test_the_view_and_the_panel_follow():
    matched, own = (current_view(numbered(name)) for name in ("matched", "run"))
    state = numbered("run").shown_state
    assert own.hmm == state.hmm
    assert own.counterparts.tolist() == [1, 0, 2]
    assert own.matched_hmm == matched.hmm == matched.matched_hmm
    np.testing.assert_array_equal(own.in_true_states(own.path.states), matched.path.states)
    np.testing.assert_array_equal(own.in_shown_states(matched.path.states), own.path.states)
    assert own.in_true_states(np.array([-1, 0])).tolist() == [-1, 1]
    sessions = [numbered(name) for name in ("matched", "run")]
    frames = [panel_frame(one, current_view(one)) for one in sessions]
    np.testing.assert_array_equal(
        frames[0].transition_matrix, frames[1].transition_matrix[[1, 0, 2]][:, [1, 0, 2]]
    )
    np.testing.assert_array_equal(frames[0].true_states, frames[1].true_states)
    assert [frame.numbering for frame in frames] == ["", "states as numbered by the run"]


def test_the_viterbi_page_follows_and_still_counts_right_answers():
    app = opened("decoding.py", **LINK)
    before, said = app.table[0].value, text(app)
    marks = dict(strips(app))
    joints = app.table[1].value
    switched(app)
    here = session(app)
    view = current_view(here)
    pd.testing.assert_frame_equal(app.table[0].value, before)
    pd.testing.assert_frame_equal(app.table[1].value, joints)
    true = here.data.states[:100]
    path = viterbi(view.hmm, here.data.sequences.select(0)).states
    swapped = np.array([1, 0, 2])[path]
    assert accuracy(true, path) < 0.6 < 0.9 < accuracy(true, swapped)
    found = strips(app)
    np.testing.assert_array_equal(found["Viterbi path"], path + 1)
    np.testing.assert_array_equal(found["true path"], true + 1)
    np.testing.assert_array_equal(found["Viterbi ≠ truth"], swapped != true)
    np.testing.assert_array_equal(found["Viterbi ≠ truth"], marks["Viterbi ≠ truth"])
    counts = confusion_table(true, path, 3, 3)
    cells = [trace for trace in figures(app)["confusion"]["data"] if trace["type"] == "heatmap"]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.testing.assert_allclose(array(cells[0]["z"]), shares, atol=1e-6)
    now = text(app)
    assert "Accuracies count with states matched to the true ones" in now
    assert "S1 is the true S2, S2 is the true S1 and S3 is the true S3" in now
    assert "right answers need not stand on the diagonal" in now
    assert words.OWN_NUMBERS in now
    assert not any(one in said for one in (words.OWN_NUMBERS, "Accuracies count"))
    log_joint = joint_log_prob(view.hmm, view.sequence, np.array([1, 0, 2])[true])[0]
    assert f"{words.nats(log_joint)} nats" in joints.to_string()


def strips(app: AppTest) -> dict[str, np.ndarray]:
    """Name to values of every strip of the paths."""
    return {
        name: row
        for trace in figures(app)["paths_over_time"]["data"]
        if trace["type"] == "heatmap"
        for name, row in zip(trace["y"], array(trace["z"]), strict=True)
    }


def test_the_posterior_page_follows_and_its_errors_are_of_matched_states():
    app = opened("posterior.py", **LINK)
    shares, drawn, learned = app.table[0].value, figures(app), app.dataframe[0].value
    switched(app)
    pd.testing.assert_frame_equal(app.table[0].value, shares)
    now = figures(app)
    for key in ("chain_errors", "emission_errors"):
        assert now[key]["data"] == drawn[key]["data"]
    probs, before = (
        array(next(t for t in one["posterior_over_time"]["data"] if "coloraxis" in t)["z"])
        for one in (now, drawn)
    )
    np.testing.assert_allclose(probs, before[[1, 0, 2]], rtol=0, atol=1e-6)
    means = app.dataframe[0].value.iloc[:, 1].to_numpy()
    np.testing.assert_array_equal(means, learned.iloc[:, 1].to_numpy()[[1, 0, 2]])
    assert now["transition_counts"] != drawn["transition_counts"]
    assert "Errors are of states matched to the true ones." in text(app)
    hidden = numbered("run")
    hidden.change(truth="hidden")
    assert decoded.scopes(hidden, current_view(hidden)) == []


def test_the_comparison_of_runs_follows():
    frames = []
    for name in ("matched", "run"):
        here = numbered(name)
        here.change(method="Both")
        assert len(here.main_runs) == 2
        frames.append(run_comparison_frame(here))
    matched, own = (frame.tracks[0].paths[0].values for frame in frames)
    np.testing.assert_array_equal(own[:, [1, 0, 2]], matched)


def test_exports_follow():
    here = numbered("run")
    state = here.shown_state
    assert from_json(model_json(here)) == state.hmm
    table = pd.read_csv(io.BytesIO(decoded_csv(here)))
    path = viterbi(state.hmm, here.data.sequences).states
    np.testing.assert_array_equal(table["viterbi_state"], path + 1)
    np.testing.assert_array_equal(table["true_state"], here.data.states + 1)
    assert "hmm.permute" not in "".join(sources(here))
    assert "hmm.permute" in "".join(sources(numbered("matched")))
    app = opened("playground.py", **LINK)
    assert "with its states matched to the true ones" in text(app)
    assert "with its states as numbered by the run" in text(switched(app))


def sources(here: Session) -> list[str]:
    return [line for cell in json.loads(notebook(here))["cells"] for line in cell["source"]]


def test_numbers_in_words():
    assert "happen to be those of the true ones" in words.about_counterparts(np.arange(3))
    assert words.about_counterparts(np.array([2, 0, 1])) == (
        "By what they explain, the run's S1 is the true S3, S2 is the true S1 and S3 is the true "
        "S2."
    )
