"""The Messages page as Streamlit runs it, without a browser."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import Sequences, viterbi
from pages.ui.experiment.dataset import Upload
from pages.ui.parts import words
from pages.ui.session.commands import carry_out
from pages.ui.settings.config import FIELD_OF
from tests.pages.shown import (
    healthy,
    make_impossible,
    opened,
    press,
    session,
    text,
    trellis,
    upload,
)


def at_messages(**query: str) -> AppTest:
    return opened("messages.py", **{"K": "3", **query})


def test_the_controls_choose_the_window_the_pass_and_the_model():
    app = at_messages()
    healthy(app.number_input(key="control_first_time").set_value(11).run())
    healthy(app.number_input(key="control_window").set_value(4).run())
    healthy(app.button_group(key="control_message_pass").set_value("backward").run())
    healthy(app.button_group(key="control_message_model").set_value("true").run())
    shown = trellis(app)
    assert [column["time"] for column in shown["columns"]] == [11, 12, 13, 14]
    assert (shown["pass"], shown["where"]) == ("backward", "sequence 1, the true model")
    query = session(app).query()
    assert [query[name] for name in ("from_t", "window", "pass", "of")] == [
        "11", "4", "backward", "true",
    ]  # fmt: skip
    assert trellis(at_messages(**query))["columns"] == shown["columns"]
    for name in ("first_time", "window", "message_pass", "message_model"):
        assert len(FIELD_OF[name].help) > 30


def test_a_change_of_state_is_gone_to():
    app = at_messages()
    here = session(app)
    path = viterbi(here.shown_state.hmm, here.data.sequences.select(0)).states
    time = int(np.flatnonzero(np.diff(path))[5]) + 1
    healthy(app.selectbox(key="go_to_change").select(time).run())
    shown = trellis(app)
    times = [column["time"] for column in shown["columns"]]
    assert times[shown["cell"][0]] == time + 1
    assert times[0] == max(1, time + 1 - 4)
    assert app.selectbox(key="go_to_change").value is None


def test_of_the_true_model_its_own_changes_are_gone_to():
    app = at_messages(of="true")
    here = session(app)
    hmm = here.data.generating_model
    path = viterbi(hmm, here.data.sequences.select(0)).states
    times = (np.flatnonzero(np.diff(path)) + 1).tolist()
    assert app.selectbox(key="go_to_change").options == [
        f"the change at t = {time + 1}" for time in times
    ]
    healthy(app.selectbox(key="go_to_change").select(times[2]).run())
    assert here.config.cell == f"{times[2] + 1}.{path[times[2]] + 1}"


def test_the_trellis_follows_the_runs_and_their_past():
    app = at_messages()
    start = trellis(app)
    press(app, "step")
    assert trellis(app)["runs"] == [{"iteration": 1}]
    assert trellis(app)["values"] != start["values"]
    carry_out(session(app), "at 0")
    healthy(app.run())
    assert trellis(app)["values"] == start["values"]


def test_uploaded_data_with_gaps_and_one_observation():
    app = upload(at_messages(), [np.array([1.0, np.nan, 2.0, 1.5]), np.array([0.5])])
    shown = trellis(app)
    assert [column["observation"] for column in shown["columns"]] == ["1", "missing", "2", "1.5"]
    assert "control_message_model" not in {one.key for one in app.button_group}
    for which in ("forward", "backward", "together", "pairs", "viterbi", "prediction"):
        session(app).change(sequence=2, message_pass=which)
        healthy(app.run())
        assert len(trellis(app)["columns"]) == 1
        assert not trellis(app)["problem"]
    session(app).change(message_model="true")
    healthy(app.run())
    assert trellis(app)["problem"].startswith("Nobody knows the true model of these data")


def test_names_and_symbols_of_a_file_are_shown_as_they_are():
    app = at_messages()
    symbols = Upload(
        "mine.csv", "<b>", Sequences([0.0, 1.0, 0.0]), family="symbols", labels=("<i>_{1}", "%{x}"),
    )  # fmt: skip
    session(app).replace_upload(symbols, 2)
    healthy(app.run())
    assert [column["observation"] for column in trellis(app)["columns"]] == [
        "<i>_{1}", "%{x}", "<i>_{1}",
    ]  # fmt: skip


def test_impossible_data_are_one_sentence():
    app = make_impossible(at_messages(K="2"))
    assert trellis(app)["problem"] == (
        "This sequence is impossible under the learned model: no state can explain the "
        "observation at t = 1, so there are no messages to show."
    )


def test_without_a_model_the_page_says_what_to_do():
    app = at_messages()
    session(app).runs = {}
    healthy(app.run())
    assert words.NO_MODEL in text(app)


@pytest.mark.parametrize("command", ["cell 3.2", "whatif 3_2.5", "put_back"])
def test_a_command_of_the_trellis_changes_the_view_alone(command):
    app = at_messages(whatif="4_1")
    here = session(app)
    data, runs, number = here.data, here.runs, here.settings_number
    carry_out(here, command)
    assert (here.data, here.runs, here.settings_number) == (data, runs, number)
    config = here.config
    assert (config.cell, config.what_if) == {
        "cell 3.2": ("3.2", "4_1"),
        "whatif 3_2.5": ("", "3_2.5"),
        "put_back": ("", ""),
    }[command]
    carry_out(here, "cell 3.2; drop")
    assert here.config == config
