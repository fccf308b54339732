"""The Training page as Streamlit runs it, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.parts import words
from pages.ui.settings.config import FIELD_OF
from tests.pages.shown import comparison, healthy, opened, press, session, text, upload

COMPARISON_CONTROLS = {"progress_axis", "distance_to"}


def at_training(**query: str) -> AppTest:
    return opened("training.py", **{"method": "Both", **query})


def labels(app: AppTest) -> dict[str, str]:
    """Label to help of every control."""
    kinds = (app.slider, app.number_input, app.selectbox, app.button_group)
    return {widget.label: widget.help for kind in kinds for widget in kind}


def test_both_methods_begin_at_the_same_start():
    app = at_training()
    header = comparison(app)
    assert [run["iteration"] for run in header["runs"]] == [0, 0]
    assert header["runs"][0]["log_likelihood"] == header["runs"][1]["log_likelihood"]
    assert header["verdict"][0] == "EM and Gradient stand at the same start"
    shown = labels(app)
    for name in (
        *COMPARISON_CONTROLS,
        "learning_rate_sweep",
        "optimizer",
        "learning_rate",
        "speed",
    ):
        assert len(shown[FIELD_OF[name].label]) > 30
    assert all(button.help for button in app.button)
    # Controls that choose one model are absent here.
    assert not {"Sequence", "Show"} & shown.keys()
    assert "What am I looking at?" in [expander.label for expander in app.expander]


def test_step_takes_one_of_each_and_says_who_is_ahead():
    app = press(at_training(fan="3"), "step")
    header = comparison(app)
    assert [run["iteration"] for run in header["runs"]] == [1, 1, 1, 1]
    assert "is ahead by" in header["verdict"][0]
    assert header["sweep"].startswith("Of 3 learning rates")


@pytest.mark.parametrize("method", ["EM", "Gradient"])
def test_one_method_alone_is_not_compared_until_both_are_trained(method):
    app = press(at_training(method=method), "step")
    assert "there is nothing to compare" in text(app)
    assert [run["name"] for run in comparison(app)["runs"]] == [method]
    press(app, "train_both")
    assert "there is nothing to compare" not in text(app)
    assert [run["name"] for run in comparison(app)["runs"]] == ["EM", "Gradient"]
    # The first method keeps what it has learned.
    assert session(app).runs[method].state.iteration == 1


def test_the_axis_and_the_reference_are_chosen_and_in_the_address():
    app = press(at_training(), "step")
    healthy(app.button_group(key="control_progress_axis").set_value("seconds").run())
    healthy(app.button_group(key="control_distance_to").set_value("truth").run())
    charts = comparison(app)["charts"]
    assert charts["curve"]["x_title"] == "seconds of computing"
    assert charts["location"]["x_title"] == "seconds of computing"
    assert charts["distance"]["reference_name"] == "the true model"
    assert session(app).query()["along"] == "seconds"
    again = at_training(**session(app).query())
    assert comparison(again)["charts"]["curve"]["x_title"] == "seconds of computing"


def test_the_optimizer_changes_on_the_way():
    app = press(at_training(), "step")
    healthy(app.selectbox(key="control_optimizer").set_value("momentum").run())
    press(app, "step")
    run = session(app).runs["Gradient"]
    assert (run.trainer.optimizer, run.state.iteration) == ("momentum", 2)


def test_uploaded_data_are_compared_without_a_truth():
    app = upload(at_training(), [np.random.default_rng(0).normal(size=60)])
    press(app, "step")
    header = comparison(app)
    assert header["charts"]["curve"]["truth"] is None
    assert "Distance to" not in labels(app)
    assert header["charts"]["distance"]["reference_name"] == "the best so far"


def test_one_state_and_a_run_that_cannot_go_on():
    app = at_training(K="1", optimizer="plain", rate="10", M="20", N="2", fan="3")
    for _ in range(6):
        press(app, "step")
    header = comparison(app)
    assert header["num_states"] == 1
    assert header["verdict"][1]


def test_symbols_have_a_component_to_choose():
    app = press(at_training(family="symbols", K="3", C="4", component="9"), "step")
    assert comparison(app)["charts"]["location"]["title"] == "Symbol probabilities, symbol “4”"
    healthy(app.selectbox(key="control_component").select(2).run())
    assert comparison(app)["charts"]["location"]["title"] == "Symbol probabilities, symbol “2”"


def test_why_runs_ended_is_said_below():
    app = at_training(K="1")
    for _ in range(8):
        press(app, "step")
    assert any("EM has come to rest." in box.value for box in app.success)
    assert comparison(app)["runs"][0]["ended"] == "at rest"


def test_without_a_model_the_page_says_what_to_do():
    app = at_training()
    session(app).runs = {}
    healthy(app.run())
    assert words.NO_MODEL in text(app)
    assert not [one for one in app.get("bidi_component") if one.proto.bytes]


def test_a_visit_to_the_playground_keeps_everything():
    app = press(at_training(fan="3"), "step")
    healthy(app.switch_page("playground.py").run())
    healthy(app.switch_page("training.py").run())
    assert [run["iteration"] for run in comparison(app)["runs"]] == [1, 1, 1, 1]
