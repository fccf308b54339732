"""The table of controls: a Config survives a URL unchanged, and no URL raises."""

import string
from dataclasses import replace

import numpy as np
import pytest

from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import FIELD_OF, FIELDS, MAX_CELLS, MAX_STATES, Config
from pages.ui.settings.config_rules import fits, legal
from pages.ui.settings.lesson import LABELS, lesson_of
from pages.ui.settings.table_rules import as_table, table_problem


def random_config(seed):
    rng = np.random.default_rng(seed)
    values = {}
    for field in FIELDS:
        if field.multiple:
            values[field.name] = tuple(k for k in field.choices if rng.random() < 0.5)
        elif field.choices:
            values[field.name] = str(rng.choice(list(field.choices)))
        elif field.names:
            some = ["", "rain & sun", "=1+1", "<b>", "Ümläut", "a.b;c", "%{x}"]
            drawn = rng.permutation(some)[: rng.integers(len(some))].tolist()
            values[field.name] = (*drawn, "last") if drawn else ()
        elif field.coordinates:
            some = ["means.1", "means.2.1", "transition_matrix.1.2", "rates.3"]
            drawn = rng.permutation(some)[: field.coordinates]
            values[field.name] = str(rng.choice([*field.words, "~".join(drawn)]))
        elif field.lesson:
            words = "".join(rng.choice(list("aä 雨\n<*"), 60))
            values[field.name] = lesson_of(dict.fromkeys(LABELS, f"{words}?"))
        elif field.pattern:
            values[field.name] = PATTERNED[field.name][rng.integers(3)]
        elif field.table is None and isinstance(field.default, int):
            values[field.name] = int(rng.integers(field.minimum, field.maximum, endpoint=True))
        elif field.table is None:
            values[field.name] = float(rng.uniform(field.minimum, field.maximum))
    num_states, num_symbols = values["num_states"], values["num_symbols"]
    if rng.random() < 0.5:
        table = rng.dirichlet(np.ones(num_states), num_states)
        values["transition_table"] = as_table(table)
        values["initial_table"] = as_table(table[0])
        values["means_table"] = as_table(rng.normal(size=num_states))
        values["rates_table"] = as_table(rng.exponential(size=num_states))
        values["symbols_table"] = as_table(rng.dirichlet(np.ones(num_symbols), num_states))
        values["points_table"] = as_table(rng.normal(size=(2, num_states)))
    return legal(Config(**values))[0]


PATTERNED = {
    "cell": ("", "53.2", "53.1.2"),
    "what_if": ("", "5_2.1_-3e-7", "200_missing"),
}


def test_a_url_holds_the_whole_config():
    for config in map(random_config, range(100)):
        again, _ = from_query(to_query(config))
        assert again == config


def test_every_field_has_its_own_name_in_the_url_and_helps():
    assert len({field.url for field in FIELDS}) == len(FIELDS)
    for field in FIELDS:
        assert field.label
        assert len(field.help) > 20
        assert field.group in ("data", "start", "training", "view", "names", "page")


def test_no_url_means_the_defaults():
    assert from_query({}) == (Config(), ())


@pytest.mark.parametrize(
    ("query", "name", "value", "sentence"),
    [
        ({"K": "99"}, "num_states", 20, "States K: 99 in the link is not between 1 and 20; took"),
        ({"K": "0"}, "num_states", 1, "not between 1 and 20; took 1"),
        ({"K": "2.6"}, "num_states", 3, "not a whole number between 1 and 20; took 3"),
        ({"K": "three"}, "num_states", 5, "“three” in the link is not a number; took 5"),
        ({"K": ""}, "num_states", 5, "not a number"),
        ({"K": "nan"}, "num_states", 5, "not a number"),
        ({"K": "1e400"}, "num_states", 20, "took 20"),
        ({"noise": "-1"}, "noise_sd", 0.05, "between 0.05 and 5; took 0.05"),
        ({"noise": "inf"}, "noise_sd", 5.0, "took 5"),
        ({"method": "Magic"}, "method", "EM", "“Magic” in the link is not known; took “EM”"),
        (
            {"train": "means.magic"},
            "trainable",
            ("means",),
            "has names that are not known; took Means.",
        ),
        ({"A": "!!!"}, "transition_table", None, "could not be read and was left out"),
        ({"A": "x" * 100_000}, "transition_table", None, "could not be read"),
        ({"seed": "9" * 400}, "seed", 999_999, "took"),
    ],
)
def test_a_bad_value_falls_back_to_the_nearest_legal_one_and_says_so(query, name, value, sentence):
    config, notes = from_query(query)
    assert getattr(config, name) == value
    assert len(notes) == 1
    assert sentence in notes[0]
    assert len(notes[0]) < 200


def test_no_text_in_a_url_raises():
    rng = np.random.default_rng(0)
    letters = list(string.printable + "µ∞💥\0")
    for _ in range(200):
        query = {field.url: "".join(rng.choice(letters, rng.integers(0, 40))) for field in FIELDS}
        config, _ = from_query(query | {"unknown": "1"})
        assert legal(config) == (config, legal(config)[1])


def test_a_table_that_unpacks_into_gigabytes_is_left_out():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    config, notes = from_query({"A": bomb})
    assert config.transition_table is None
    assert len(notes) == 1


@pytest.mark.parametrize(
    "rows", [[[0.5, 0.6], [0.5, 0.5]], [[1.5, -0.5], [0.5, 0.5]], [[np.nan, 1.0], [0.5, 0.5]]]
)
def test_a_table_in_a_url_is_checked(rows):
    text = to_query(replace(Config(), transition_table=as_table(rows)))
    config, notes = from_query(text)
    assert config.transition_table is None
    assert "could not be read" in notes[0]


@pytest.mark.parametrize("keep", ["num_states", "length", "num_sequences"])
def test_the_total_size_is_bounded_and_what_was_changed_last_is_kept(keep):
    big = Config(num_states=MAX_STATES, length=100_000, num_sequences=1_000)
    config, notes = legal(big, keep)
    assert config.num_states * config.length * config.num_sequences <= MAX_CELLS
    assert getattr(config, keep) == getattr(big, keep)
    assert "at most 2\u202f000\u202f000" in notes[0]


def test_a_table_for_another_k_is_set_aside_and_not_lost():
    table = as_table(np.full((3, 3), 1 / 3))
    config, notes = legal(Config(num_states=4, structure="edited", transition_table=table))
    assert config.transition_table == table
    assert not fits(config, "transition_table")
    assert "3 states and K is 4; it is set aside" in notes[0]
    assert legal(replace(config, num_states=3))[1] == ()


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("transition_table", [[0.9, 0.1], [0.5, 0.4]], "Row S2 sums to 0.9; it must sum to 1."),
        ("transition_table", [[1.1, -0.1], [0.5, 0.5]], "Row S1 has a negative entry, -0.1"),
        ("initial_table", [0.2, 0.2], "Row π sums to 0.4"),
        ("means_table", [0.0, np.nan], "Row μ has an empty or non-numeric cell for S2"),
        ("means_table", [0.0, 1e9], "must lie between"),
        ("means_table", [0.0, 5.0], None),
        ("transition_table", [[1.0, 0.0], [0.0, 1.0]], None),
    ],
)
def test_an_edited_table_is_judged_in_one_sentence(name, values, sentence):
    found = table_problem(FIELD_OF[name], np.array(values))
    assert found is None if sentence is None else sentence in found


def test_the_notebooks_own_data_have_their_own_sizes():
    config, notes = from_query({"data": "notebook", "K": "3"})
    assert (config.num_states, config.length, config.num_sequences) == (5, 10, 2)
    assert "K = 5, M = 10, N = 2" in notes[0]


@pytest.mark.parametrize(
    ("family", "before", "after"),
    [
        ("counts", FIELD_OF["trainable"].default, ("initial_probs", "transition_matrix", "rates")),
        (
            "symbols",
            ("initial_probs", "transition_matrix", "rates"),
            ("initial_probs", "transition_matrix", "probs"),
        ),
        ("numbers", ("initial_probs", "transition_matrix", "probs"), FIELD_OF["trainable"].default),
        ("numbers", ("rates",), ("means",)),
        ("points", ("initial_probs", "means"), ("initial_probs", "means")),
        ("counts", ("initial_probs", "covariances"), ("initial_probs",)),
        ("symbols", ("transition_matrix",), ("transition_matrix",)),
        ("counts", (), ()),
    ],
)
def test_trained_parameters_are_translated_to_those_of_the_family(family, before, after):
    config, notes = legal(Config(family=family, trainable=before))
    assert config.trainable == after
    assert notes == ()
    assert legal(config)[0] == config


def test_a_link_to_numbers_has_no_parameters_of_other_families():
    query = to_query(Config())
    assert not query.keys() & {"family", "cov", "C", "sharp", "model", "dim", "against"}
    assert len(to_query(legal(Config(family="symbols"))[0])) == len(query) + 1


@pytest.mark.parametrize("text", ["x", "3.", "3.!!!", ".abc", "0.eJw", "99999999999.eJw", "²."])
def test_a_broken_table_of_symbols_is_left_out(text):
    config, notes = from_query({"B": text, "family": "symbols"})
    assert config.symbols_table is None
    assert "could not be read" in notes[0]


def test_tables_of_symbols_are_set_aside_for_another_number_of_states_or_symbols():
    config = Config(family="symbols", num_states=2, num_symbols=3,
                    symbols_table=((0.5, 0.5, 0.0), (0.0, 0.5, 0.5)))  # fmt: skip
    assert fits(config, "symbols_table")
    assert "has 2 states and K is 4" in legal(replace(config, num_states=4))[1][0]
    assert "has 3 symbols and C is 5" in legal(replace(config, num_symbols=5))[1][0]
    assert legal(replace(config, family="counts", num_states=4))[1] == ()
