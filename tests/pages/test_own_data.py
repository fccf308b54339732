"""The whole job of somebody with data: known states, names and dates, exports, and new data."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import HMM, NeuralGaussian, Sequences, accuracy, log_likelihood, viterbi
from hmmcore.io import to_json
from hmmcore.tables import TableError
from pages.ui.experiment.dataset import Upload
from pages.ui.files import model_file
from pages.ui.files.experiment_file import write
from pages.ui.files.export import csv_bytes, data_frame
from pages.ui.files.pending import PendingFile, Roles
from pages.ui.files.refusal import FileRefused
from pages.ui.parts.export_area import decoded_csv, decoded_parquet, model_json
from pages.ui.parts.presets import PRESETS
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from tests.pages.shown import figures, healthy, opened, press, session, text

CASES = Path(__file__).resolve().parents[1] / "hmmcore" / "tables" / "cases"


def case(name: str) -> PendingFile:
    return PendingFile(name, (CASES / name).read_bytes())


def brought(script: str, name: str, num_states: int, steps: int = 0) -> AppTest:
    """The app on a page, with a case file as the visitor's data."""
    app = opened(script)
    session(app).replace_upload(case(name).upload(), num_states)
    for _ in range(steps):
        session(app).step()
    return healthy(app.run())


# Known states


def test_known_states_are_a_truth_of_states_alone():
    app = brought("decoding.py", "sensor_trials.csv", 3, steps=3)
    here = session(app)
    view, data = current_view(here), here.data
    assert data.states is not None
    shares = app.table[0].value
    assert list(shares.columns) == ["Sequence “T01”", "All 3 sequences"]
    assert not any("ceiling" in row for row in shares.index)
    expected = accuracy(data.states, viterbi(view.hmm, data.sequences).states)
    assert shares.loc["Learned model, Viterbi path", "All 3 sequences"] == f"{expected:.1%}"
    assert "those that the file gives: “rest”, “run”, “walk”" in text(app)
    assert "true path" in json.dumps(figures(app)["paths_over_time"])
    posterior = healthy(app.switch_page("posterior.py").run())
    assert "nothing else of the states" in text(posterior), "there are no true parameters"
    (control,) = (one for one in app.button_group if one.key == "control_truth")
    hidden = healthy(control.set_value("hidden").run())
    assert "The truth is hidden" in text(hidden)
    assert "rest" not in text(hidden)


def test_with_another_number_of_states_learned_ones_are_read_as_those_of_the_file():
    app = brought("decoding.py", "sensor_trials.csv", 2, steps=3)
    said = text(app)
    assert "The file names 3 states and the model has 2" in said
    assert "meets most often: 1 as “" in said
    assert list(app.table[0].value.index) == [
        "Learned model, Viterbi path", "Learned model, per-step best",
        "Learned model, each observation alone", "Guessing: always the commonest true state",
    ]  # fmt: skip


def test_a_state_that_is_not_known_counts_nowhere():
    rows = "".join(f"{n % 2 * 9 + n / 50},{'ab'[n % 2] if n % 3 else ''}\n" for n in range(60))
    file = PendingFile("f.csv", f"x,state\n{rows}".encode(), roles=Roles(label="state"))
    app = opened("decoding.py")
    session(app).replace_upload(file.upload(), 2)
    session(app).step()
    app = healthy(app.run())
    assert "the truth at 0 of the 40 where it is known" in text(app)
    assert app.table[0].value.iloc[0, 0] == "100.0%"
    assert "not known at every step, so it has no log-joint" in text(app)
    for page in ("playground.py", "data.py", "posterior.py", "training.py"):
        healthy(app.switch_page(page).run())
    named = json.loads(json.dumps(figures(healthy(app.switch_page("data.py").run()))))
    legend = [trace.get("name") for trace in named["data_sequence"]["data"]]
    assert "not known" in legend


# Names and times


def test_sequences_and_times_have_the_names_of_the_file():
    app = brought("data.py", "returns_daily.csv", 2)
    picker = app.selectbox(key="control_sequence")
    assert list(picker.options) == ["AAA", "BBB", "CCC"]
    app = healthy(picker.select(2).run())
    assert "Sequence “BBB” over time" in text(app)
    drawn = figures(app)
    assert drawn["data_sequence"]["layout"]["xaxis"]["type"] == "date"
    table = pd.read_csv(CASES / "returns_daily.csv")
    begins = table[table["ticker"] == "BBB"]["date"].min()
    assert drawn["data_sequence"]["data"][0]["x"][0] == begins
    titles = [
        axis["title"]["text"]
        for name, axis in drawn["data_overview"]["layout"].items()
        if name.startswith("yaxis")
    ]
    assert titles == ["AAA", "BBB", "CCC"]
    for page, key in (("posterior.py", "posterior_over_time"), ("decoding.py", "paths_over_time")):
        app = healthy(app.switch_page(page).run())
        assert "sequence “BBB”" in text(app)
        axes = [a for n, a in figures(app)[key]["layout"].items() if n.startswith("xaxis")]
        assert {axis["type"] for axis in axes} == {"date"}
        assert axes[-1]["title"]["text"] == "date"


def test_of_very_many_sequences_one_is_found_by_a_part_of_its_name():
    rows = "".join(f"track {n:04},{n % 7}.5\ntrack {n:04},{n % 5}\n" for n in range(1500))
    app = opened("data.py")
    file = PendingFile("f.csv", f"who,x\n{rows}".encode(), roles=Roles(sequence="who"))
    session(app).replace_upload(file.upload(), 2)
    app = healthy(app.run())
    for typed, found in (("K 0123", 124), ("k 012", 125), ("0123", 124)):
        app = healthy(app.text_input(key="find_sequence").set_value(typed).run())
        assert session(app).config.sequence == found
    app = healthy(app.text_input(key="find_sequence").set_value("nobody").run())
    assert "No sequence has “nobody” in its name." in text(app).replace("\\", "")
    assert session(app).config.sequence == 124


# Out again


@pytest.mark.parametrize("name", ["returns_daily.csv", "tracks_shuffled.csv", "sensor_trials.csv"])
def test_decoded_data_stand_beside_the_rows_of_the_file(name):
    here = Session(Config())
    here.replace_upload(case(name).upload(), 2)
    here.step()
    original = case(name).table().frame
    frame = pd.read_csv(io.BytesIO(decoded_csv(here)), dtype=str, keep_default_na=False)
    parquet = pd.read_parquet(io.BytesIO(decoded_parquet(here)))
    added = ["state", "viterbi_state", "smoothed_prob_1", "smoothed_prob_2"]
    if here.upload.known_states is not None:
        added = ["true_state", *added]
    for read in (frame, parquet):
        assert list(read.columns) == [*original.columns, *added]
        for column in original.columns:
            assert read[column].tolist() == original[column].tolist()
    path = viterbi(current_view(here).hmm, here.data.sequences).states
    assert (
        parquet["viterbi_state"].to_numpy()[here.upload.source.rows].tolist() == (path + 1).tolist()
    )
    if here.upload.known_states is not None:
        names = np.array(here.upload.state_names)
        label = original["label"].to_numpy()
        np.testing.assert_array_equal(names[parquet["true_state"].to_numpy(int) - 1], label)


def test_every_file_can_be_taken_out_again():
    for path in sorted(CASES.iterdir()):
        file = PendingFile(path.name, path.read_bytes())
        try:
            upload = file.upload()
        except TableError:
            continue
        here = Session(Config())
        here.replace_upload(upload, 2)
        frame = pd.read_csv(io.BytesIO(csv_bytes(here.data)))
        assert len(frame) == upload.sequences.num_observations
        here.upload = replace(upload, source=None)
        assert len(decoded_csv(here).splitlines()) > len(frame)


def test_numbers_of_a_file_with_a_decimal_comma_stay_numbers_and_formulas_do_not():
    file = PendingFile("f.csv", b"x;y;z\n-0,5;=1+1;-1\n+1,25;-2;-2%\n2;=A1;3\n" * 1)
    file.roles = Roles(values=("x",), time="", label="", sequence="")
    here = Session(Config())
    here.replace_upload(file.upload(), 1)
    rows = [line.split(",state") for line in decoded_csv(here).decode().splitlines()[1:]]
    assert rows[0][0].startswith('"-0,5",\'=1+1,-1,')
    assert rows[1][0].startswith('"+1,25",\'-2,-2%,') or rows[1][0].startswith('"+1,25",-2,-2%,')


def test_times_that_no_integer_holds_stay_numbers():
    rows = "".join(f"{(n + 1) * 1e20:.0f},{n % 7}.5\n" for n in range(60))
    file = PendingFile("f.csv", f"t,x\n{rows}".encode(), roles=Roles(time="t"))
    assert data_frame(file.upload().dataset(1), 2)["time"].tolist() == [1e20, 2e20]


def test_a_name_of_a_sequence_is_never_markdown():
    rows = "".join(f"![x](http://a.b/p.png){n // 20},{n % 5}.5\n" for n in range(40))
    file = PendingFile("f.csv", f"who,x\n{rows}".encode(), roles=Roles(sequence="who"))
    upload = file.upload()
    known = np.arange(40) % 2
    app = opened("decoding.py")
    session(app).replace_upload(replace(upload, known_states=known, state_names=("a", "b")), 2)
    app = healthy(app.run())
    assert "![" not in " ".join(app.table[0].value.columns)


def test_rows_that_were_left_out_have_empty_cells():
    file = PendingFile("f.csv", b"x,state\n1.5,a\n,b\n-0.25,c\n2,d\n", leave_out_missing=True)
    file.roles = Roles(label="")
    here = Session(Config())
    here.replace_upload(file.upload(), 1)
    lines = decoded_csv(here).decode().splitlines()
    # The file has a column called state already.
    assert lines[0] == "x,state,state′,viterbi_state,smoothed_prob_1"
    assert lines[1:] == ["1.5,a,1,1,1.0", ",b,,,", "-0.25,c,1,1,1.0", "2,d,1,1,1.0"]


def test_what_was_learned_is_a_table_for_every_family():
    for name, columns in (
        ("returns_daily.csv", ["mean", "standard deviation"]),
        ("codes_minus1.csv", ["p(0)", "p(1)", "p(2)", "p(3)"]),
        ("actiwatch.csv", ["rate"]),
        ("sensor_trials.csv", ["mean of acc_mag", "standard deviation of acc_mag"]),
    ):
        app = brought("posterior.py", name, 2, steps=2)
        frame = app.dataframe[0].value
        assert list(frame.columns)[: len(columns)] == columns
        assert list(frame.columns)[-5:] == [
            "share of the data", "expected stay", "to S1", "to S2", "stationary share",
        ]  # fmt: skip
        view = current_view(session(app))
        np.testing.assert_array_equal(frame[["to S1", "to S2"]], view.hmm.transition_matrix)


# What is said


def test_two_values_alone_are_two_states_and_not_one():
    app = brought("playground.py", "two_values.csv", 2)
    here = session(app)
    while here.can_go_on:
        here.step()
    app = healthy(app.run())
    said = text(app)
    assert "σ at its floor: S1 and S2." in said
    assert "EM has come to rest." in said
    assert not [button for button in app.button if button.label.startswith("Try K")]


# A model meets new data


def trained_on_returns() -> Session:
    here = Session(Config())
    here.replace_upload(case("returns_daily.csv").upload(), 2)
    for _ in range(30):
        here.step()
    return here


def test_a_trained_model_meets_the_newer_days():
    here = trained_on_returns()
    trained, reached = here.shown_state, here.shown_state.log_likelihood
    old = here.upload
    model, newer = here.model_in_hand(), case("returns_daily_new.csv").upload()
    assert model.problem(newer) == ""
    here.replace_upload(newer, model.hmm.num_states, model)
    assert here.config.start == "model"
    assert here.shown_state.iteration == 0
    assert here.shown_state.hmm == trained.hmm
    total = float(log_likelihood(trained.hmm, newer.sequences).sum())
    assert here.shown_state.log_likelihood == pytest.approx(total, rel=1e-12)
    app = opened("data.py")
    app.session_state["hmm_playground"] = here
    here.data_view = "Your CSV file"
    said = text(healthy(app.run())).replace("\\", "")
    number = old.sequences.num_observations - int(np.isnan(old.sequences.observations[:, 0]).sum())
    where = f"EM at iteration {trained.iteration}"
    assert f"Your model is from {where} on “returns_daily.csv”" in said
    assert f"{reached / number:.4g}"[:5] in said
    assert f"Left behind, and kept for now: “returns_daily.csv”, {where}." in said
    here.step()
    assert here.shown_state.hmm != trained.hmm, "training can go on from it"
    here.undo()
    assert here.upload is old
    assert here.shown_state is trained


def test_what_was_trained_comes_back_after_a_look_at_generated_data():
    app = brought("data.py", "returns_daily.csv", 2, steps=5)
    trained = session(app).shown_state
    session(app).data_view = "Your CSV file"
    app = press(healthy(app.run()), "back_to_generated")
    assert session(app).config.source == "generated"
    assert "Left behind, and kept for now: “returns" in text(app)
    app = press(app, "undo_remedy")
    assert session(app).shown_state is trained
    assert session(app).config.source == "upload"


def test_a_model_that_cannot_meet_the_data_says_why_and_is_kept(tmp_path):
    here = trained_on_returns()
    exported = model_json(here)
    assert model_file.looks_like_model(exported)
    model = model_file.read(exported, "m.json")
    assert model.log_likelihood == pytest.approx(here.model_in_hand().log_likelihood)
    symbols = Session(Config())
    symbols.replace_upload(case("codes_minus1.csv").upload(), 2)
    data, runs = symbols.data, symbols.runs
    symbols.use_model(model)
    assert "The model is one of Numbers (Gaussian), and the data are Symbols" in symbols.notes[0]
    assert (symbols.data, symbols.runs) == (data, runs)
    # It is still there when data come that it can meet.
    assert symbols.model_in_hand() is model
    symbols.replace_upload(case("returns_daily_new.csv").upload(), 2, symbols.model_in_hand())
    assert symbols.shown_state.hmm == model.hmm


def test_the_generated_data_stay_as_they_are_when_a_model_is_opened():
    here = Session(Config(num_states=3, length=50, num_sequences=4))
    before = here.data.sequences
    other = Session(Config(num_states=2, length=50, num_sequences=4))
    other.step()
    here.use_model(other.model_in_hand())
    assert here.data.sequences == before
    assert (here.config.start, here.config.num_states) == ("model", 2)
    assert here.shown_state.hmm == other.shown_state.hmm
    # K belongs to the model: with another one training starts elsewhere, and that is said.
    here.change(num_states=4)
    assert here.config.start == "random"
    assert "Your model has 2 states" in here.notes[-1]
    here.change(start="model", num_states=2)
    assert here.shown_state.hmm == other.shown_state.hmm


def test_symbols_keep_the_numbers_that_the_model_has_for_them():
    def weather(names: list[str]) -> Upload:
        rows = "".join(f"{name}\n" for name in names)
        return PendingFile("w.csv", f"weather\n{rows}".encode()).upload()

    here = Session(Config())
    here.replace_upload(weather(["rain", "fog", "sun", "rain", "sun"] * 4), 1)
    model = here.shown_model()
    assert model.labels == ("fog", "rain", "sun")
    newer = weather(["sun", "rain", "rain"])
    assert newer.labels == ("rain", "sun")
    met = model.meet(newer)
    assert met.labels == model.labels
    assert met.sequences.observations[:, 0].tolist() == [2.0, 1.0, 1.0]
    assert "which the model has never met" in model.problem(weather(["sun", "hail", "sun"]))
    # Also where the data came first, and the model is chosen for them afterwards.
    here.use_model(model)
    here.replace_upload(newer, 1)
    assert here.data.labels == ("rain", "sun")
    here.change(start="model")
    assert here.config.start == "model"
    assert here.data.labels == model.labels
    assert here.data.sequences.observations[:, 0].tolist() == [2.0, 1.0, 1.0]
    # Generated symbols have numbers of their own, so there must be as many.
    six = Session.from_url({"family": "symbols", "K": "2", "M": "40", "N": "2"})
    four = Session.from_url({"family": "symbols", "K": "2", "M": "40", "N": "2", "C": "4"})
    assert "knows 6 symbols" in six.shown_model().problem(four.data)
    four.use_model(six.shown_model())
    assert four.config.start == "random"


def test_a_model_of_generated_symbols_needs_the_same_symbols_in_the_same_order():
    here = Session.from_url({"family": "symbols", "K": "2", "M": "40", "N": "2", "C": "3"})
    model = here.shown_model()
    assert model.problem(here.data) == ""
    turned = replace(model, labels=model.labels[::-1])
    assert "knows the symbols “3”, “2” and “1”" in turned.problem(here.data)


def test_a_model_that_waits_leaves_the_one_in_use_alone():
    here = Session(Config(num_states=2, length=50, num_sequences=4))
    here.step()
    mine = here.shown_model()
    here.use_model(mine)
    here.step()
    counts = Session.from_url({"family": "counts", "K": "2", "M": "50", "N": "2"}).shown_model()
    kept, runs = write(here), here.runs
    here.use_model(counts)
    assert "kept until then" in here.notes[0]
    assert (here.own_model, here.waiting_model, here.runs) == (mine, counts, runs)
    assert write(here) == kept
    # It is the one that is offered for the next file, though the present run was trained.
    assert here.model_in_hand() is counts
    rows = "".join(f"{n % 9}\n" for n in range(40))
    file = PendingFile("f.csv", f"visits\n{rows}".encode(), roles=Roles(family="counts"))
    here.replace_upload(file.upload(), 2, here.model_in_hand())
    assert (here.own_model, here.waiting_model) == (counts, None)
    assert here.shown_state.hmm == counts.hmm


def test_the_notebooks_own_data_are_not_replaced_by_opening_a_model():
    here = Session(Config())
    here.change(**PRESETS["notebook"].values)
    before = here.data
    two = Session(Config(num_states=2, length=50, num_sequences=4)).shown_model()
    here.use_model(two)
    assert here.config.source == "notebook"
    assert here.data is before
    assert "have another K than the model" in here.notes[0]


def test_your_model_brings_its_own_number_of_states_and_decides_what_it_decides():
    here = Session(Config(family="points", num_states=2, length=50, num_sequences=4))
    here.replace_upload(case("sensor_trials.csv").upload(), 2)
    here.step()
    here.use_model(here.shown_model())
    model = here.own_model
    here.change(num_states=3)
    assert here.config.start == "best"
    here.change(start="model")
    assert (here.config.start, here.config.num_states) == ("model", 2)
    assert here.shown_state.hmm == model.hmm
    here.step()
    here.change(covariance_type="full")
    assert here.config.covariance_type == "diag"
    assert here.shown_state.iteration == 1, "nothing starts again"


def test_a_model_with_too_many_states_for_the_data_says_so():
    model = Session(Config(num_states=20, length=50, num_sequences=1)).shown_model()
    large = Upload("f.csv", "x", Sequences(np.arange(100_001.0) % 7))
    assert "K × T = 2\u202f000\u202f020" in model.problem(large)


def test_a_network_of_points_is_no_model_of_these_pages():
    points = NeuralGaussian.near_means(np.eye(2), np.random.default_rng(0))
    content = to_json(HMM([0.5, 0.5], np.full((2, 2), 0.5), points)).encode()
    with pytest.raises(FileRefused, match="a network of points"):
        model_file.read(content, "m.json")


def test_a_hidden_truth_is_not_in_what_is_exported():
    here = Session(Config(num_states=2, length=20, num_sequences=2))
    assert b"true_state" in decoded_csv(here)
    here.change(truth="hidden")
    assert b"true_state" not in decoded_csv(here)


def test_a_link_with_a_model_of_ones_own_starts_elsewhere_and_a_reload_has_it_again():
    here = Session(Config(num_states=2, length=50, num_sequences=4))
    here.step()
    here.use_model(here.shown_model())
    here.step()
    query = here.query()
    assert query["start"] == "model"
    opened_again = Session.from_url(query)
    assert opened_again.config.start == "random"
    assert "which a link cannot carry" in " ".join(opened_again.notes)
    assert opened_again.restore_upload(here.upload_key)
    assert opened_again.config.start == "model"
    assert opened_again.runs["EM"].start == here.runs["EM"].start


DAMAGED = {
    "no model": b'{"format": "hmmcore model", "version": 1}',
    "cut": lambda good: good[:-20],
    "a strange origin": lambda good: good.replace(b'"origin": "', b'"origin": 3, "x": "'),
    "labels that are none": lambda good: good.replace(b'"labels": []', b'"labels": ["a", "b"]'),
    "a likelihood that is none": lambda good: good.replace(
        b'"log_likelihood_per_observation": ', b'"log_likelihood_per_observation": "x", "y": '
    ),
    "deep": b'{"format": "hmmcore model", "version": 1, "emissions": ' + b"[" * 100_000,
    "long": b'{"format": "hmmcore model", "version": 1, "initial_probs": [' + b"0," * 30_000,
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_model_is_refused_in_one_sentence(damage):
    here = Session(Config(num_states=2, length=50, num_sequences=4))
    here.step()
    good = model_json(here)
    content = damage if isinstance(damage, bytes) else damage(good)
    assert content != good
    with pytest.raises(FileRefused) as refusal:
        model_file.read(content, "m.json")
    assert str(refusal.value).endswith(".")
    assert len(str(refusal.value)) < 300


def test_a_model_of_hmmcore_itself_is_read_too():
    here = Session(Config(num_states=2, length=50, num_sequences=4))
    plain = to_json(here.shown_state.hmm).encode()
    model = model_file.read(plain, "mine.json")
    assert (model.hmm, model.origin) == (here.shown_state.hmm, "the file “mine.json”")
    assert model.log_likelihood is None
    here.use_model(model)
    assert here.config.start == "model"


def test_an_experiment_with_a_model_of_ones_own_comes_back():
    here = trained_on_returns()
    model = here.model_in_hand()
    here.replace_upload(case("returns_daily_new.csv").upload(), 2, model)
    for _ in range(2):
        here.step()
    kept, after = write(here), Session(Config())
    open_file(after, kept)
    assert write(after) == kept
    assert after.own_model.origin == model.origin
    assert after.data.sequence_names == ("AAA", "BBB", "CCC")


def test_on_the_page_the_model_is_offered_for_a_file_of_the_same_columns():
    app = brought("data.py", "returns_daily.csv", 2, steps=5)
    here = session(app)
    trained = here.shown_state.hmm
    here.data_view, here.pending = "Your CSV file", case("returns_daily_new.csv")
    app = press(healthy(app.run()), "use_with_model")
    assert session(app).shown_state.hmm == trained
    assert session(app).upload.file_name == "returns_daily_new.csv"
    here.pending = case("codes_minus1.csv")
    app = healthy(app.run())
    button = app.button(key="use_with_model")
    assert button.disabled
    assert "choose data of its own kind" in button.help
    app = press(app, "undo_remedy")
    assert session(app).upload.file_name == "returns_daily.csv"
