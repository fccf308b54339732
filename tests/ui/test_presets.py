"""The examples of the Data page: the laws of `hmmcore.presets`, and all of them can be trained."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import preset, preset_names
from pages.ui.address import from_query, to_query
from pages.ui.config import FIELD_OF, Config
from pages.ui.laws import true_model
from pages.ui.presets import PRESETS, matching_preset
from pages.ui.session import Session

NAMES = tuple(PRESETS)


def test_every_preset_of_hmmcore_can_be_chosen() -> None:
    assert preset_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_has_the_law_and_the_size_of_its_namesake(name: str) -> None:
    session = Session(Config())
    session.change(**PRESETS[name])
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
    np.testing.assert_array_equal(given.sequences.lengths, wanted.sequences.lengths)
    assert set(session.config.trainable) == wanted.trainable
    assert session.notes == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_can_be_trained(name: str) -> None:
    session = Session(Config(method="Both"))
    session.change(**PRESETS[name])
    assert session.problem is None
    assert set(session.runs) == {"EM", "Gradient"}
    for _ in range(3):
        session.step()
    for run in session.active_runs:
        assert run.state.iteration == 3
        assert np.isfinite(run.history.log_likelihoods).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_recognised_whatever_the_seed_and_after_a_link(name: str) -> None:
    session = Session(Config(seed=7, start_seed=3))
    session.change(**PRESETS[name])
    assert matching_preset(session.config) == name
    config, notes = from_query(to_query(session.config))
    assert notes == ()
    assert matching_preset(config) == name
    session.change(sequence=2)
    assert matching_preset(session.config) == name


def test_changed_settings_are_no_preset() -> None:
    session = Session(Config())
    assert matching_preset(session.config) is None
    session.change(**PRESETS["easy"])
    session.change(noise_sd=0.7)
    assert matching_preset(session.config) is None


def test_the_notebook_is_its_own_data() -> None:
    session = Session(Config())
    session.change(**PRESETS["notebook"])
    np.testing.assert_array_equal(
        session.data.sequences.observations, preset("notebook").sequences.observations
    )
    start, wanted = session.runs["EM"].start, preset("notebook").start
    np.testing.assert_array_equal(start.initial_probs, wanted.initial_probs)
    np.testing.assert_array_equal(start.transition_matrix, wanted.transition_matrix)
    np.testing.assert_array_equal(start.emissions.means, wanted.emissions.means)
    np.testing.assert_array_equal(start.emissions.covariances, wanted.emissions.covariances)


def test_a_preset_leaves_no_table_behind() -> None:
    pi = ((0.5, 0.25, 0.25),)
    session = Session(Config(num_states=3, initial_table=pi))
    session.change(**PRESETS["easy"])
    assert session.config.initial_table is None


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_sets_only_fields_there_are(name: str) -> None:
    assert set(PRESETS[name]) <= set(FIELD_OF)
    assert preset(name).title
    assert preset(name).question.endswith("?")
