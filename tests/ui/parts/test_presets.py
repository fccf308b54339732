"""The teaching experiments: all can be chosen, trained, linked to, and recognised.

Their outcomes are measured in test_outcomes.py.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from hmmcore import preset, preset_names
from pages.ui.experiment.laws import true_model
from pages.ui.parts.presets import PRESETS, matching_preset
from pages.ui.session.session import Session
from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import FIELD_OF, NOTEBOOK, Config
from pages.ui.settings.config_rules import legal

NAMES = tuple(PRESETS)
OF_THEIR_OWN = {
    "sticky", "too-many-states", "too-few-states", "tiny-data", "local-optimum", "label-switching",
    "filter-smoother", "positive-likelihood", "one-sequence", "by-hand", "beat-em",
    "umbrella-by-hand", "first-step", "two-answers", "saddle-map", "mirror", "far", "momentum",
    "noise-flattens", "how-sure", "zero-estimate", "residual-states",
    "flicker",
    "four-neurons",
}  # fmt: skip
OF_OTHER_SIZE = {"umbrella"}
"""Its sequences are as long as the book's, so that the book's figures can be read off them."""


def matched(config: Config) -> str | None:
    found = matching_preset(config)
    return found and found.name


def test_every_preset_of_hmmcore_can_be_chosen() -> None:
    assert set(NAMES) - OF_THEIR_OWN == set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_has_the_law_and_the_size_of_its_namesake(name: str) -> None:
    session = Session(PRESETS[name].config)
    given, wanted = session.data, preset(name)
    truth = true_model(session.config)
    np.testing.assert_allclose(truth.initial_probs, wanted.truth.initial_probs, rtol=1e-12)
    np.testing.assert_allclose(
        truth.transition_matrix, wanted.truth.transition_matrix, rtol=1e-12, atol=0
    )
    assert type(truth.emissions) is type(wanted.truth.emissions)
    for parameter in truth.emissions.parameter_names:
        np.testing.assert_allclose(
            getattr(truth.emissions, parameter),
            getattr(wanted.truth.emissions, parameter),
            rtol=1e-12,
            atol=0,
        )
    if name not in OF_OTHER_SIZE:
        np.testing.assert_array_equal(given.sequences.lengths, wanted.sequences.lengths)
    assert set(session.config.trainable) == wanted.trainable


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_can_be_trained_by_both_methods(name: str) -> None:
    session = Session(replace(PRESETS[name].config, method="Both"))
    assert session.problem is None
    assert set(session.runs) == {"EM", "Gradient"}
    for _ in range(3):
        session.step()
    for run in session.active_runs:
        assert run.state.iteration == 3
        assert np.isfinite(run.history.log_likelihoods).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_sets_everything_and_is_recognised_after_a_link(name: str) -> None:
    session = Session(Config(num_states=3, seed=7, start_seed=3, initial_table=((0.5, 0.2, 0.3),)))
    session.change(**PRESETS[name].values)
    assert session.config == PRESETS[name].config
    assert session.notes == ()
    config, notes = from_query(to_query(session.config))
    assert (config, notes) == (PRESETS[name].config, ())
    assert matched(config) == name


@pytest.mark.parametrize("name", NAMES)
def test_view_fields_keep_the_preset_and_other_data_do_not(name: str) -> None:
    session = Session(PRESETS[name].config)
    session.change(speed="max", posterior="filtered")
    if session.data.sequences.num_sequences > 1:
        session.change(sequence=2)
    assert matched(session.config) == name
    session.change(seed=session.config.seed + 1)
    assert matched(session.config) is None


@pytest.mark.parametrize("name", NAMES)
def test_changing_what_a_preset_says_to_change_keeps_it(name: str) -> None:
    given = PRESETS[name]
    for field in given.varies:
        for value in {"start": ("random", "kmeans")}.get(field, (3, 17)):
            assert matched(replace(given.config, **{field: value})) == name
    fixed = set(FIELD_OF) - given.varies
    assert "length" in fixed
    assert matched(replace(given.config, length=given.config.length + 1)) is None
    assert matched(replace(given.config, learning_rate=0.5)) is None


def test_the_settings_the_page_opens_with_are_no_preset() -> None:
    assert matching_preset(Config()) is None


def test_the_notebook_is_its_own_data() -> None:
    session = Session(PRESETS["notebook"].config)
    np.testing.assert_array_equal(
        session.data.sequences.observations, preset("notebook").sequences.observations
    )
    start, wanted = session.runs["EM"].start, preset("notebook").start
    np.testing.assert_array_equal(start.initial_probs, wanted.initial_probs)
    np.testing.assert_array_equal(start.transition_matrix, wanted.transition_matrix)
    np.testing.assert_array_equal(start.emissions.means, wanted.emissions.means)
    np.testing.assert_array_equal(start.emissions.covariances, wanted.emissions.covariances)
    assert NOTEBOOK.items() <= PRESETS["notebook"].fields.items()


@pytest.mark.parametrize("name", NAMES)
def test_the_texts_of_a_preset_are_short_and_plain(name: str) -> None:
    given = PRESETS[name]
    assert given.name == name
    assert re.fullmatch("[a-z]+(-[a-z]+)*", name)
    assert set(given.fields) <= set(FIELD_OF)
    assert given.varies <= set(FIELD_OF)
    assert given.question.endswith("?")
    opens = given.press.startswith(("Open Messages", "Open Landscape", "Open Trust"))
    assert opens or given.press.startswith(("Press Play", "Drag "))
    assert opens or "ress Play" in given.press
    # The line above the charts fits one line of a wide page, and two of a narrow one.
    assert len(given.question) <= 100
    assert len(given.question) + len(given.press) <= 170
    assert 100 < len(given.outcome) < 500


def test_titles_differ() -> None:
    assert len({given.title for given in PRESETS.values()}) == len(PRESETS)


def test_a_press_names_controls_by_their_labels() -> None:
    labels = {field.label for field in FIELD_OF.values()}
    for named in ("Starting point", "States K", "Sequences N", "Noise σ"):
        assert named in labels
        assert any(named in given.press for given in PRESETS.values())
    for given in PRESETS.values():
        labels = {
            "start": "Starting point", "num_states": "States K", "num_sequences": "Sequences N",
            "start_seed": "New start", "noise_sd": "Noise σ", "hand": "Drag",
            "sticky_prior": "Sticky prior",
        }  # fmt: skip
        for field in given.varies - ({"start_seed", "nudge"} if "start" in given.varies else set()):
            assert labels[field] in given.press


# Data of another number of states than the model


def test_the_data_do_not_depend_on_the_states_that_learn() -> None:
    three, six = (Session(Config(num_states=k, true_states=3, length=50)) for k in (3, 6))
    np.testing.assert_array_equal(
        three.data.sequences.observations, six.data.sequences.observations
    )
    assert three.data.truth is not None
    assert (six.data.truth, six.data.states) == (None, None)
    assert six.data.generating_model is not None
    assert six.data.generating_model.num_states == 3
    assert three.true_log_likelihood() == six.true_log_likelihood()
    plain = Session(Config(num_states=3, length=50))
    np.testing.assert_array_equal(
        plain.data.sequences.observations, three.data.sequences.observations
    )


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
@pytest.mark.parametrize("start", ["random", "kmeans", "quantiles", "near-truth", "symmetric"])
def test_every_start_works_where_states_cannot_be_matched(family: str, start: str) -> None:
    config = Config(
        family=family, num_states=4, true_states=2, length=40, num_sequences=3, start=start
    )
    session = Session(legal(config)[0])
    assert session.problem is None
    session.step()
    assert session.runs["EM"].start.num_states == 4


def test_noise_that_is_not_trained_is_the_true_one_where_all_states_share_it() -> None:
    session = Session(
        Config(num_states=4, true_states=2, noise_sd=0.7, trainable=("transition_matrix", "means"))
    )
    np.testing.assert_allclose(
        session.runs["EM"].start.emissions.standard_deviations, 0.7, rtol=1e-12, atol=0
    )


def test_an_edited_table_belongs_to_the_true_states() -> None:
    session = Session(
        Config(num_states=5, true_states=2, mean_law="edited", means_table=((-4.0, 4.0),))
    )
    assert session.notes == ()
    assert session.data.generating_model is not None
    np.testing.assert_array_equal(session.data.generating_model.emissions.means[:, 0], [-4, 4])
    session.change(true_states=3)
    assert "the true model is 3" in session.notes[0]
