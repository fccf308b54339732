"""The table of earlier runs on the Playground, and what its button clears."""

from __future__ import annotations

import json

from streamlit.testing.v1 import AppTest

from pages.ui.parts.presets import PRESETS
from tests.pages.shown import healthy, live, opened, press, session, text


def curve_header(app: AppTest) -> dict:
    """The header of the chart of the log-likelihood."""
    (panel,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    message = panel.proto.bytes
    header = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
    return header["charts"]["curve"]


def is_offered(app: AppTest) -> bool:
    return any(button.key == "clear_earlier_runs" for button in app.button)


def test_the_table_says_what_differed_and_clear_forgets_it():
    app = press(press(opened("playground.py", K="3"), "step"), "step")
    assert not is_offered(app)
    assert curve_header(app)["earlier"] == []
    news = live(app)["news"]
    press(app, "new_start")
    assert live(app)["news"] != news
    run = session(app).shown_earlier_runs[0]
    assert curve_header(app)["earlier"] == [{"name": "start 0", "end": run.end, "same_data": True}]
    table = app.table[0].value
    assert list(table.columns) == [
        "Earlier run", "End", "Differs from now in", "Iterations", "K", "True model"
    ]  # fmt: skip
    true = session(app).true_log_likelihood()
    assert list(table.iloc[0]) == [
        "start 0", f"−{-run.end:.4f}", r"Start number\: 0, now 1", "2", "3", f"−{-true:.4f}"
    ]  # fmt: skip
    assert "Neither a link nor an experiment file carries earlier runs" in text(app)
    assert "of other data" not in text(app)

    press(app, "step")
    healthy(app.slider(key="control_noise_sd").set_value(0.8).run())
    # The latest stands first.
    assert [name.replace("\\", "") for name in app.table[0].value["Earlier run"]] == [
        "σ = 0.5", "σ = 0.5, start 0"
    ]  # fmt: skip
    assert [one["same_data"] for one in curve_header(app)["earlier"]] == [False, False]
    assert "A dash-dotted curve is of other data" in text(app)

    press(app, "clear_earlier_runs")
    assert not is_offered(app)
    assert curve_header(app)["earlier"] == []
    assert session(app).earlier_runs == ()


def test_a_hidden_truth_is_in_no_column():
    app = press(press(opened("playground.py", K="3", truth="hidden"), "step"), "new_start")
    assert "True model" not in app.table[0].value


def test_an_example_begins_without_earlier_runs():
    app = press(press(opened("playground.py", K="3"), "step"), "new_start")
    assert is_offered(app)
    healthy(app.selectbox(key="example").set_value("local-optimum").run())
    assert session(app).config == PRESETS["local-optimum"].config
    assert not is_offered(app)
    press(press(app, "step"), "new_start")
    assert [one["name"] for one in curve_header(app)["earlier"]] == ["start 3"]
