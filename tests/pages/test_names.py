"""Names of states and symbols, on every page that shows one, and in what leaves the page."""

from __future__ import annotations

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import Sequences
from pages.ui.experiment.dataset import Upload
from pages.ui.files.experiment_file import write
from pages.ui.files.experiment_reading import read
from pages.ui.files.export import csv_bytes
from pages.ui.files.notebook import notebook
from pages.ui.parts.export_area import decoded_csv, model_json
from tests.pages.shown import comparison, figures, healthy, opened, panel, press, session, text

NASTY = "<b>|rain*, =1+1 & $x$"
UMBRELLA = {
    "family": "symbols", "K": "2", "C": "2", "names": "rain,sun", "symbols": "umbrella,none",
    "start": "near-truth",
}  # fmt: skip


def names_box(app: AppTest, label: str):
    (box,) = (one for one in app.text_input if one.label == label)
    return box


def edit_page(app: AppTest) -> AppTest:
    session(app).data_view = "Edit the model"
    return healthy(app.run())


def test_every_page_calls_states_and_symbols_by_their_names():
    app = press(opened("playground.py", **UMBRELLA), "step")
    header = panel(app)
    assert header["states"]["names"] == ["rain", "sun"]
    assert header["charts"]["means"]["labels"] == ["umbrella", "none"]
    app = healthy(app.switch_page("training.py").run())
    assert comparison(app)["states"]["names"] == ["rain", "sun"]
    for page, wanted in {
        "data.py": {"data_sequence", "data_distribution"},
        "posterior.py": {"chain_errors", "posterior_over_time", "transition_counts"},
        "decoding.py": {"paths_over_time", "confusion"},
    }.items():
        app = healthy(app.switch_page(page).run())
        drawn = {key: json.dumps(figure["data"]) for key, figure in figures(app).items()}
        assert {key for key, traces in drawn.items() if "rain" in traces} >= wanted
        assert not any("S1" in traces for traces in drawn.values())
    errors = figures(healthy(app.switch_page("posterior.py").run()))["emission_errors"]
    assert "rain, symbol umbrella" in json.dumps(errors)
    table = next(iter(healthy(app.switch_page("posterior.py").run()).dataframe)).value
    assert list(table.index) == ["rain", "sun"]
    assert {"p(umbrella)", "p(none)", "to rain", "to sun"} <= set(table.columns)


def test_names_are_typed_and_change_nothing_else():
    app = edit_page(press(opened("data.py", **UMBRELLA | {"names": "", "symbols": ""}), "step"))
    here = session(app)
    run, data_number = here.shown_run, here.data_number
    app = healthy(names_box(app, "Names of the states").input("rain, sun").run())
    app = healthy(names_box(app, "Names of the symbols").input(" umbrella ,none").run())
    assert here.config.state_names == ("rain", "sun")
    assert here.data.labels == ("umbrella", "none")
    assert here.shown_run is run
    assert run.state.iteration == 1
    assert here.data_number == data_number
    assert here.query()["names"] == "rain,sun"
    refused = healthy(names_box(app, "Names of the states").input("rain, rain").run())
    assert "is there twice" in text(refused)
    assert here.config.state_names == ("rain", "sun")
    assert names_box(refused, "Names of the states").value == "rain, sun"


def test_other_data_have_other_names():
    here = session(opened("data.py", **UMBRELLA))
    here.change(num_states=3)
    assert here.data.state_names == ("rain", "sun", "S3")
    here.change(family="numbers")
    assert (here.config.state_names, here.config.symbol_names) == ((), ())


def test_names_stay_with_the_true_states_where_no_state_has_a_counterpart():
    app = opened("decoding.py", **UMBRELLA | {"K": "3", "true_K": "2"})
    figure = figures(app)["confusion"]
    assert list(figure["layout"]["yaxis"]["ticktext"]) == ["rain", "sun"]
    assert "truly rain, decoded as learned S3" in json.dumps(figure)
    assert "as “rain”" in text(app)


def test_hidden_truth_hides_the_names_of_its_states():
    app = opened("posterior.py", **UMBRELLA | {"truth": "hidden"})
    drawn = json.dumps(list(figures(app).values()))
    assert "rain" not in drawn
    assert "S1" in drawn


@pytest.mark.parametrize("page", ["data.py", "posterior.py", "decoding.py"])
def test_a_name_is_shown_as_it_was_typed_whatever_is_in_it(page):
    app = opened(page, **UMBRELLA | {"names": NASTY, "symbols": NASTY})
    for figure in figures(app).values():
        drawn = json.dumps(figure)
        assert "<b>|" not in drawn
        assert "%{1" not in drawn
    for element in [*app.caption, *app.markdown, *app.info]:
        assert "|rain*" not in element.value.replace("\\", "") or "\\|rain\\*" in element.value


def test_exports_have_the_names_and_no_formula():
    app = press(opened("posterior.py", **UMBRELLA | {"names": NASTY}), "step")
    here = session(app)
    data, decoded = csv_bytes(here.shown_data).decode(), decoded_csv(here).decode()
    assert "<b>|rain*" in data
    assert ",'=1+1 & $x$" in data
    assert decoded.splitlines()[0].startswith(
        "sequence,time,symbol,true_state,state,viterbi_state,state_name,viterbi_state_name"
    )
    for line in decoded.splitlines()[1:]:
        cells = line.split(",")
        named = {"1": "<b>|rain*", "2": "'=1+1 & $x$"}
        assert (cells[6], cells[7]) == (named[cells[4]], named[cells[5]])
    assert "states = ['&lt;b&gt;|rain*', '=1+1 &amp; $x$']" in json.dumps(
        json.loads(notebook(here)), ensure_ascii=False
    )
    assert '"umbrella"' in model_json(here).decode()
    assert read(write(here)).config.state_names == here.config.state_names


def test_names_of_a_file_that_are_alike_or_empty_are_told_apart_in_the_table():
    app = opened("posterior.py")
    here = session(app)
    upload = Upload(
        "f.csv", "x", Sequences(np.arange(30.0)), known_states=np.arange(30) % 3,
        state_names=("same", "", "same"),
    )  # fmt: skip
    here.replace_upload(upload, 3)
    table = healthy(app.run()).dataframe[0].value
    assert list(table.index) == ["same", "S2", "same′"]


def test_states_of_a_file_can_have_names_too():
    app = opened("data.py")
    here = session(app)
    here.replace_upload(Upload("f.csv", "x", Sequences(np.arange(20.0))), 2)
    app = edit_page(healthy(app.run()))
    app = healthy(names_box(app, "Names of the states").input("calm, wild").run())
    app = healthy(app.switch_page("decoding.py").run())
    assert [trace["name"] for trace in figures(app)["paths_over_time"]["data"][:2]] == [
        "calm", "wild",
    ]  # fmt: skip
    known = np.arange(20) % 2
    here.replace_upload(
        Upload("g.csv", "x", Sequences(np.arange(20.0)), known_states=known,
               state_names=("asleep", "awake")), 2,
    )  # fmt: skip
    app = edit_page(healthy(app.switch_page("data.py").run()))
    assert names_box(app, "Names of the states").disabled
    assert "asleep" in json.dumps(figures(app)["data_sequence"])
