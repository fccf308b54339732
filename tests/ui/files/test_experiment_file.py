"""Experiment files: experiments are restored to the last bit, and damaged files are refused."""

import json
import tomllib
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hmmcore import Sequences
from hmmcore.io import to_content
from pages.ui.experiment import experiment
from pages.ui.experiment.dataset import Source, Upload
from pages.ui.experiment.training_runs import MODEL_DIFFERS
from pages.ui.files import blocks, experiment_file, experiment_reading
from pages.ui.files.experiment_file import looks_like_experiment, write
from pages.ui.files.experiment_reading import (
    LONGEST_NAME,
    MAX_BYTES,
    MAX_NUMBERS,
    read,
)
from pages.ui.files.pending import MAX_VALUES, NAME_LENGTH, PendingFile, Reading, Roles
from pages.ui.files.refusal import FileRefused
from pages.ui.session.opening import open_file
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings import config_rules
from pages.ui.settings.config import Config
from pages.ui.settings.families import MAX_DIMENSIONS

ROOT = Path(__file__).resolve().parents[3]


def own_data(steps=6):
    session = Session(Config(method="Both"))
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(size=30), rng.normal(4.0, size=20), [5.0, -0.0, 1e-300]])
    length = len(values)
    file = "Größe <x>,when\n" + "".join(f"{x},{t}\n" for t, x in enumerate(values))
    session.replace_upload(
        Upload(
            'm"ine\n.csv', "Größe <x>", Sequences(values, [40, 13]),
            sequence_names=("<b>", "Zürich"),
            times=np.datetime64("2024-02-28", "ns") + np.arange(length) * np.timedelta64(1, "D"),
            time_name="when",
            known_states=np.arange(length) % 3 - 1,
            state_names=("a", "=b"),
            source=Source(file.encode(), vars(Reading(missing=("-1",))), np.arange(length)),
        ),
        2,
    )  # fmt: skip
    for _ in range(steps):
        session.step()
    session.change(learning_rate=0.2)
    for _ in range(steps):
        session.step()
    session.travel(steps + 1)
    session.mark()
    return session


@pytest.fixture(scope="module")
def kept():
    return write(own_data())


def changed(content, *path, to):
    """The file with another value at a path, or without it where `to` is `...`."""
    changed_content = json.loads(content)
    parent = changed_content
    for name in path[:-1]:
        parent = parent[name]
    if to is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = to
    return json.dumps(changed_content).encode()


def test_own_data_and_runs_come_back_to_the_last_bit(kept):
    before, after = own_data(), Session(Config())
    open_file(after, kept)
    assert after.config == before.config
    assert after.data.sequences == before.data.sequences
    assert np.signbit(after.data.sequences.observations[-2, 0])
    assert (after.upload.file_name, after.upload.column) == ('m"ine\n.csv', "Größe <x>")
    for name, run in before.runs.items():
        assert after.runs[name].state.hmm == run.state.hmm
        assert after.runs[name].state.log_likelihood == run.state.log_likelihood
    assert (after.at, after.marks) == (before.at, before.marks) == (7, (7,))
    assert after.notes == ()
    assert write(after) == kept
    for session in (before, after):
        session.step()
    assert after.runs["Gradient"].state.hmm == before.runs["Gradient"].state.hmm


def of_family(family, gaps=False):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 3, 60).astype(float)
    points = rng.normal(size=(60, 2))
    if gaps:
        values[[0, 7, 8, 59]] = points[[3, 4]] = points[10, 1] = np.nan
    upload = {
        "numbers": lambda: Upload("x.csv", "x", Sequences(values + 0.25)),
        "counts": lambda: Upload("c.csv", "n", Sequences(values), "counts"),
        "symbols": lambda: Upload("s.csv", "face", Sequences(values), "symbols", ("a", "b", "<c>")),
        "product": lambda: Upload(
            "m.csv",
            "n, x, s",
            Sequences(np.column_stack([values, points[:, 1], values])),
            "product",
            (),
            ("n", "x", "s"),
            kinds=("counts", "numbers", "symbols"),
            part_labels=((), (), ("a", "b", "<c>")),
        ),
        "points": lambda: Upload("p.csv", "x, y", Sequences(points), "points", (), ("x", "y")),
    }[family]()
    session = Session(Config())
    session.replace_upload(upload, 2)
    for _ in range(3):
        session.step()
    return session


@pytest.mark.parametrize("gaps", [False, True], ids=["complete", "with gaps"])
@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points", "product"])
def test_every_family_comes_back(family, gaps):
    before, after = of_family(family, gaps), Session(Config())
    content = write(before)
    open_file(after, content)
    assert (None in json.loads(content)["data"]["observations"]) is gaps
    assert after.data.sequences.has_missing is gaps
    for name in ("file_name", "column", "family", "labels", "columns", "kinds", "part_labels"):
        assert getattr(after.upload, name) == getattr(before.upload, name)
    assert after.data.sequences == before.data.sequences
    assert after.shown_run.state.iteration == 3
    assert after.shown_run.state.hmm == before.shown_run.state.hmm


@pytest.mark.parametrize(
    ("family", "name", "value"),
    [
        ("symbols", "labels", ["a"]), ("symbols", "labels", "abc"), ("symbols", "labels", [["a"]]),
        ("symbols", "labels", ["a"] * 1000), ("counts", "family", "magic"),
        ("counts", "family", "numbers"), ("points", "columns", ["x"]), ("points", "columns", []),
        ("points", "dimensions", 1), ("counts", "observations", [0.5] * 60),
        ("counts", "observations", [-1] * 60), ("counts", "columns", ["n"]),
    ],
)  # fmt: skip
def test_data_that_are_not_of_their_family_are_refused(family, name, value):
    content = changed(write(of_family(family)), "data", name, to=value)
    session = Session(Config())
    with pytest.raises(FileRefused, match="is damaged"):
        open_file(session, content)
    assert session.config == Config()


@pytest.mark.parametrize(
    "config",
    [
        Config(length=40, num_sequences=3),
        Config(length=40, num_sequences=3, method="Gradient", start="near-truth"),
        replace(Config(), source="notebook", num_states=5, length=10, num_sequences=2,
                noise_sd=1.0, structure="softmax", mean_law="log"),
    ],
)  # fmt: skip
def test_generated_data_come_from_their_settings(config):
    before = Session(config)
    for _ in range(4):
        before.step()
    after = Session(Config())
    open_file(after, write(before))
    assert json.loads(write(before))["data"] is None
    assert after.config == before.config
    assert after.shown_run.state.hmm == before.shown_run.state.hmm


def test_a_long_run_is_replayed_live(kept, monkeypatch):
    monkeypatch.setattr(experiment, "OPENING_BUDGET", 0.0)
    session = Session(Config())
    open_file(session, kept)
    assert session.player.playing
    # A file written during the replay holds the position reached so far.
    session.tick(0.0)
    other = Session(Config())
    open_file(other, write(session))
    assert other.replay is None or other.replay.run_position.latest < 12
    while session.replay is not None:
        session.tick()
    assert session.latest == 12


def test_if_the_steps_lead_to_another_model_that_of_the_file_is_shown(kept):
    session = own_data()
    model = to_content(session.runs["EM"].start)
    other = changed(kept, "runs", "EM", "model", to=model)
    other = changed(other, "runs", "EM", "log_likelihood",
                    to=float(session.runs["EM"].history.log_likelihoods[0]))  # fmt: skip
    after = Session(Config())
    open_file(after, other)
    run = after.runs["EM"]
    assert after.notes == (MODEL_DIFFERS.format(name="EM"),)
    assert run.state.hmm == session.runs["EM"].start
    assert run.state.iteration == session.runs["EM"].state.iteration
    assert run.history.log_likelihoods[-1] == run.state.log_likelihood
    assert run.state_at(run.state.iteration).hmm == run.state.hmm


def test_the_start_of_the_file_is_the_start(kept):
    start = json.loads(kept)["runs"]["EM"]["model"]
    session = Session(Config())
    open_file(session, changed(kept, "start", to=start))
    assert to_content(session.runs["EM"].start) == start
    session.reset()
    assert to_content(session.runs["EM"].state.hmm) == start


ONE_NUMBER = ("data", "observations", 3)

DAMAGED = {
    "cut short": lambda kept: kept[: len(kept) // 2],
    "text": lambda kept: b"{ hello",
    "deeply nested": lambda kept: b'{"a":' * 5_000,
    "very deeply nested": lambda kept: b"[" * 1_000_000,
    "too many numbers": lambda kept: b'{"a":[' + b"1," * (MAX_NUMBERS + 1) + b"1]}",
    "a huge number": lambda kept: b'{"a":' + b"9" * 5000 + b"}",
    "other JSON": lambda kept: b'{"format": "hmmcore model"}',
    "no version": lambda kept: changed(kept, "version", to=...),
    "an old version": lambda kept: changed(kept, "version", to=0),
    "a version that is none": lambda kept: changed(kept, "version", to="1"),
    "no settings": lambda kept: changed(kept, "config", to=...),
    "settings that are no text": lambda kept: changed(kept, "config", "K", to=2),
    "no data": lambda kept: changed(kept, "data", to=None),
    "no observations": lambda kept: changed(kept, "data", "observations", to=[]),
    "text for a number": lambda kept: changed(kept, *ONE_NUMBER, to="1"),
    "true for a number": lambda kept: changed(kept, *ONE_NUMBER, to=True),
    "no number": lambda kept: kept.replace(b'"observations":[', b'"observations":[NaN,'),
    "an infinite number": lambda kept: kept.replace(b'"observations":[', b'"observations":[1e999,'),
    "nothing but missing numbers": lambda kept: changed(
        kept, "data", "observations", to=[None] * 53
    ),
    "lengths that do not add up": lambda kept: changed(kept, "data", "lengths", to=[3]),
    "a negative length": lambda kept: changed(kept, "data", "lengths", to=[-3, 56]),
    "times that are too few": lambda kept: changed(kept, "data", "times", "values", to=[1]),
    "times that are none": lambda kept: changed(kept, "data", "times", "values", 0, to="noon"),
    "times of no unit": lambda kept: changed(kept, "data", "times", "unit", to=...),
    "states without names": lambda kept: changed(kept, "data", "state_names", to=[]),
    "a known state without a name": lambda kept: changed(kept, "data", "known_states", 0, to=2),
    "a sequence without a name": lambda kept: changed(kept, "data", "sequence_names", to=["a"]),
    "a source that cannot be unpacked": lambda kept: changed(
        kept, "data", "source", "content", to=b64encode(b"x,y").decode()
    ),
    "a source that unpacks to more than it may": lambda kept: changed(
        kept, "data", "source", "content", to=blocks.packed(b"\n" * (MAX_BYTES + 1))
    ),
    "a source that is read by other rules": lambda kept: changed(
        kept, "data", "source", "options", "execute", to="os.system"
    ),
    "a row of the source twice": lambda kept: changed(
        kept, "data", "source", "rows", 0, to=json.loads(kept)["data"]["source"]["rows"][1]
    ),
    "rows to skip without end": lambda kept: changed(
        kept, "data", "source", "options", "skip_rows", to=10**30
    ),
    "rows to skip that are none": lambda kept: changed(
        kept, "data", "source", "options", "skip_rows", to=-5
    ),
    "a header that is neither": lambda kept: changed(
        kept, "data", "source", "options", "header", to="x"
    ),
    "rows that the source cannot have": lambda kept: changed(
        kept, "data", "source", "rows", 0, to=10**9
    ),
    "no dimensions": lambda kept: changed(kept, "data", "dimensions", to=0),
    "a list for a name": lambda kept: changed(kept, "data", "column", to={"a": 1}),
    "a long name": lambda kept: changed(kept, "data", "column", to="x" * 10_000),
    "no start": lambda kept: changed(kept, "start", to=None),
    "a start that is no model": lambda kept: changed(kept, "start", "initial_probs", to=[2.0, 3.0]),
    "an unknown family": lambda kept: changed(kept, "start", "emissions", "family", to=["x"]),
    "a start for another K": lambda kept: changed(kept, "config", "K", to="3"),
    "no runs": lambda kept: changed(kept, "runs", to=[]),
    "a run without a model": lambda kept: changed(kept, "runs", "EM", "model", to=...),
    "a fraction of a step": lambda kept: changed(kept, "runs", "EM", "iteration", to=1.5),
    "more steps than there are": lambda kept: changed(kept, "runs", "EM", "iteration", to=10**9),
    "a likelihood that is none": lambda kept: changed(kept, "runs", "EM", "log_likelihood", to="x"),
    "an unknown optimizer": lambda kept: changed(
        kept, "runs", "Gradient", "revisions", to=[[0, 0.1, "os.system"]]
    ),
    "a learning rate beyond all": lambda kept: changed(
        kept, "runs", "Gradient", "revisions", to=[[0, 1e9, "adam"]]
    ),
    "half a revision": lambda kept: changed(kept, "runs", "Gradient", "revisions", to=[[0]]),
    "a mark beyond all": lambda kept: changed(kept, "marks", to=[99]),
    "many marks": lambda kept: changed(kept, "marks", to=list(range(13))),
    "a view from nowhere": lambda kept: changed(kept, "at", to=-1),
}


@pytest.fixture(scope="module")
def refusing():
    """A session to which nothing happens, and its file."""
    session = own_data(3)
    return session, write(session)


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_is_no_experiment_is_refused_in_one_sentence_and_nothing_is_lost(
    kept, refusing, damage
):
    session, before = refusing
    runs = dict(session.runs)
    with pytest.raises(FileRefused) as refusal:
        open_file(session, damage(kept))
    sentence = str(refusal.value)
    assert sentence.endswith(".")
    assert 20 < len(sentence) < 250
    assert write(session) == before
    assert session.runs == runs


def test_a_newer_version_says_that_the_app_is_older(kept):
    with pytest.raises(FileRefused, match="version 4, made by a newer app; this one reads up to"):
        read(changed(kept, "version", to=4))


def test_a_file_too_large_is_refused_before_it_is_read():
    with pytest.raises(FileRefused, match=r"has 25\.0 MB; an experiment file has at most 25 MB"):
        read(b" " * (MAX_BYTES + 1))


def test_a_file_with_too_many_states_for_its_data_is_refused_and_one_at_the_bound_opens(
    monkeypatch,
):
    for module in (experiment_reading, config_rules):
        monkeypatch.setattr(module, "MAX_CELLS", 2_000)
    session, opened = Session(Config(method="Both", learning_rate_sweep="5")), Session(Config())
    values = np.random.default_rng(0).normal(size=100)
    session.replace_upload(Upload("a", "x", Sequences(values)), 20)
    session.step()
    at_the_bound = write(session)
    open_file(opened, at_the_bound)
    assert write(opened) == at_the_bound
    content = json.loads(at_the_bound)
    content["data"]["observations"] += [0.5]
    content["data"]["lengths"] = [len(values) + 1]
    with pytest.raises(FileRefused, match="has 101 observations and K = 20; K × T may be"):
        open_file(opened, json.dumps(content).encode())
    assert write(opened) == at_the_bound


def test_a_model_of_too_many_parameters_is_refused():
    session = Session(Config(num_states=3, length=40, num_sequences=3, mean_model="network"))
    content = json.loads(write(session))
    wide = content["start"]["emissions"]
    wide |= {
        "hidden_weights": [[0.0] * 10_000] * 4,
        "hidden_biases": [0.0] * 10_000,
        "output_weights": [[0.0]] * 10_000,
    }
    with pytest.raises(FileRefused, match="a model has more than 20\u202f000 parameters"):
        read(json.dumps(content).encode())


@pytest.mark.parametrize("family", ["numbers", "counts"])
def test_many_observations_are_written_as_bytes_and_come_back(monkeypatch, family):
    values = np.random.default_rng(0).poisson(5.0, size=500) + (0.25 if family == "numbers" else 0)
    values = np.where(np.arange(500) % 7 == 0, np.nan, values)
    before, after = Session(Config()), Session(Config())
    before.replace_upload(Upload("a", "x", Sequences(values, [200, 300]), family), 2)
    plain = write(before)
    monkeypatch.setattr(blocks, "PLAIN_VALUES", 100)
    content = write(before)
    text = json.loads(content)["data"]["observations"]
    assert len(text) < 8 * 500 * 4 / 3
    # Before version 3 the bytes were not compressed.
    older = changed(content, "version", to=2)
    raw = b64encode(before.upload.sequences.observations.tobytes()).decode()
    for file in (content, plain, changed(older, "data", "observations", to=raw)):
        open_file(after, file)
        assert after.upload.sequences == before.upload.sequences


@pytest.mark.parametrize("text", ["no base64!", "AAAA", blocks.packed(b"\x00" * 7),
                                  b64encode(b"\x00" * 16).decode(),
                                  blocks.packed(np.array([np.inf]).tobytes()),
                                  blocks.packed(np.array([1e101]).tobytes())])  # fmt: skip
def test_bytes_that_are_no_observations_are_refused(text):
    session = Session(Config())
    session.replace_upload(Upload("a", "x", Sequences([1.0, 2.0])), 1)
    content = json.loads(write(session))
    content["data"]["observations"] = text
    with pytest.raises(FileRefused, match="is damaged"):
        read(json.dumps(content).encode())


def test_the_largest_file_of_data_has_room_in_an_experiment_file():
    models_and_runs = 2**21
    assert MAX_VALUES * 8 * 4 / 3 + models_and_runs <= MAX_BYTES
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["maxUploadSize"] * 2**20 == MAX_BYTES


def test_an_experiment_with_the_most_values_is_read():
    session = Session(Config())
    points = np.random.default_rng(0).normal(size=(40, MAX_DIMENSIONS))
    names = tuple("abcdefgh")
    session.replace_upload(Upload("p.csv", "abc", Sequences(points), "points", (), names), 2)
    content = json.loads(write(session))
    rows = MAX_VALUES // MAX_DIMENSIONS
    every = ",".join((["1.5", "null", "2"] * (MAX_VALUES // 3 + 1))[:MAX_VALUES])
    some = np.random.default_rng(1).normal(size=MAX_VALUES)
    content["data"] |= {"observations": "HERE", "lengths": [rows]}
    for written in (f"[{every}]", f'"{blocks.packed(some.tobytes())}"'):
        large = json.dumps(content).replace('"HERE"', written).encode()
        found = read(large).upload
        assert found is not None
        assert found.sequences.observations.shape == (rows, MAX_DIMENSIONS)


def damaged_bytes(kept, rng):
    content = bytearray(kept)
    for place in rng.integers(0, len(content), 3):
        content[place] = rng.integers(0, 256)
    return bytes(content)


def damaged_digits(kept, rng):
    """Some digits replaced by others: still JSON, and often a valid experiment."""
    content = bytearray(kept)
    digits = [place for place, letter in enumerate(content) if chr(letter).isdecimal()]
    for place in rng.choice(digits, 3):
        content[place] = rng.integers(ord("0"), ord("9") + 1)
    return bytes(content)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("damage", [damaged_bytes, damaged_digits])
def test_damage_is_refused_or_opens_an_experiment_that_works(kept, damage, seed):
    content = damage(kept, np.random.default_rng(seed))
    session = Session(Config(length=20, num_sequences=2))
    try:
        open_file(session, content)
    except FileRefused:
        assert session.config == Config(length=20, num_sequences=2)
        return
    session.step()
    view = current_view(session)
    assert view is not None
    assert np.isfinite(view.posterior.smoothed_probs).all()
    again = Session(Config())
    open_file(again, write(session))
    assert again.data.sequences == session.data.sequences
    assert again.config == session.config


def test_tables_are_told_from_experiments(kept):
    assert looks_like_experiment(kept)
    assert looks_like_experiment(b"\xef\xbb\xbf\n  {")
    assert not looks_like_experiment(b"x\n1\n2\n")
    assert not looks_like_experiment(b"")


def long_names():
    """A file with the longest possible name, and as many columns as possible, also named so."""
    names = [f"{c}{'n' * 90}" for c in range(MAX_DIMENSIONS)]
    numbers = np.random.default_rng(0).normal(size=(40, MAX_DIMENSIONS)).round(3)
    lines = [",".join(map(str, row)) for row in [names, *numbers.tolist()]]
    return PendingFile("f" * 250 + ".csv", "\n".join(lines).encode())


@pytest.mark.parametrize("num_columns", [1, MAX_DIMENSIONS])
def test_a_file_with_long_names_comes_back(num_columns):
    pending = long_names()
    pending.roles = Roles(pending.table().names[:num_columns])
    before, after = Session(Config()), Session(Config())
    before.replace_upload(pending.upload(), 2)
    open_file(after, write(before))
    assert after.upload.file_name == before.upload.file_name == "f" * NAME_LENGTH + "…"
    assert after.upload.column == before.upload.column
    assert after.upload.columns == before.upload.columns
    assert len(after.upload.column) == LONGEST_NAME or num_columns == 1


def test_numbers_take_no_more_room_than_in_a_table():
    values = np.array([5.0, 0.1, 123.0, 1e5, 0.5])
    session = Session(Config())
    session.replace_upload(Upload("a", "x", Sequences(values)), 1)
    assert b'"observations":[5,0.1,123,100000,0.5]' in write(session)


def test_what_would_make_the_file_too_large_to_open_is_left_out_and_said(monkeypatch, kept):
    session = own_data()
    for most, notes in ((len(kept) - 1, ["other columns"]), (500, ["other columns", "times"])):
        monkeypatch.setattr(experiment_file, "MAX_BYTES", most)
        opened = Session(Config())
        open_file(opened, write(session))
        assert opened.upload.source is None
        assert (opened.upload.times is None) == (len(notes) > 1)
        assert len(opened.notes) == len(notes)
        for note, word in zip(opened.notes, notes, strict=True):
            assert word in note


def test_names_may_have_brackets_and_commas(monkeypatch):
    monkeypatch.setattr(experiment_reading, "MAX_LISTS", 200)
    names = tuple(f"track [{n}], {{old}}" for n in range(250))
    session, after = Session(Config()), Session(Config())
    values = np.arange(500) % 7
    upload = Upload("a", "x", Sequences(values, [2] * 250), sequence_names=names)
    session.replace_upload(upload, 1)
    open_file(after, write(session))
    assert after.data.sequence_names == names
