"""Presets: the notebook's own numbers and figures, and experiments that hold together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hmmcore.alignment import accuracy
from hmmcore.inference import log_likelihood, smooth, viterbi
from hmmcore.presets import preset, preset_names
from hmmcore.sequences import Sequences
from hmmcore.simulation import log_means
from hmmcore.training import EM, fit

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "notebook.json").read_text())
NOTEBOOK = preset("notebook")
DRAWN = [name for name in preset_names() if name != "notebook"]


def means_of(hmm):
    return hmm.emissions.means[:, 0]


@pytest.mark.parametrize("name", preset_names())
def test_presets_hold_together(name):
    experiment = preset(name)
    assert experiment.name == name
    assert experiment.title
    assert experiment.question.endswith("?")
    assert experiment.states.shape == (experiment.sequences.num_observations,)
    assert not experiment.states.flags.writeable
    assert set(np.unique(experiment.states)) == set(range(experiment.truth.num_states))
    assert experiment.start.num_states == experiment.truth.num_states
    assert np.isfinite(log_likelihood(experiment.start, experiment.sequences)).all()
    assert preset(name) is experiment
    steps = zip(experiment.states[:-1], experiment.states[1:], strict=True)
    starts = set(experiment.sequences.offsets.tolist())
    for t, (before, after) in enumerate(steps, start=1):
        if t not in starts:
            assert experiment.truth.transition_matrix[before, after] > 0


@pytest.mark.parametrize("name", preset_names())
def test_presets_can_be_trained(name):
    experiment = preset(name)
    result = fit(EM(experiment.sequences, experiment.trainable), experiment.start, max_iterations=5)
    assert result.log_likelihoods[-1] > result.log_likelihoods[0]


def test_names():
    assert preset_names()[0] == "notebook"
    assert len(set(preset_names())) == len(preset_names())
    assert len({preset(name).title for name in preset_names()}) == len(preset_names())
    with pytest.raises(ValueError, match="there is no preset 'nothing'; there are notebook, easy"):
        preset("nothing")


def test_notebook_carries_the_numbers_of_the_notebook():
    truth = NOTEBOOK.truth
    np.testing.assert_array_equal(truth.initial_probs, REFERENCE["initial_probs"])
    np.testing.assert_array_equal(truth.transition_matrix, REFERENCE["transition_matrix"])
    np.testing.assert_array_equal(means_of(truth), log_means(5))
    np.testing.assert_array_equal(truth.emissions.standard_deviations, np.ones((5, 1)))
    np.testing.assert_array_equal(NOTEBOOK.sequences.lengths, [10, 10])
    observations = NOTEBOOK.sequences.observations.reshape(2, 10)
    np.testing.assert_array_equal(observations, REFERENCE["observations"])
    np.testing.assert_array_equal(NOTEBOOK.states.reshape(2, 10), REFERENCE["states"])
    assert NOTEBOOK.trainable == {"initial_probs", "transition_matrix", "means"}
    # Printed with three significant digits.
    printed = [float(f"{value:.3g}") for value in observations[0]]
    np.testing.assert_array_equal(printed, REFERENCE["printed_observations_of_sequence_0"])


def test_notebook_likelihoods_and_paths_at_the_truth():
    expected = REFERENCE["at_truth"]
    log_likelihoods = log_likelihood(NOTEBOOK.truth, NOTEBOOK.sequences)
    np.testing.assert_allclose(log_likelihoods, expected["log_likelihoods"], rtol=1e-13)
    np.testing.assert_allclose(log_likelihoods.sum(), expected["log_likelihood"], rtol=1e-13)
    best = viterbi(NOTEBOOK.truth, NOTEBOOK.sequences)
    np.testing.assert_array_equal(best.states.reshape(2, 10), expected["viterbi_states"])
    np.testing.assert_allclose(best.log_joints, expected["viterbi_log_joints"], rtol=1e-13)


def test_notebook_likelihood_at_the_symmetric_start():
    expected = REFERENCE["at_symmetric_start"]
    log_likelihoods = log_likelihood(NOTEBOOK.start, NOTEBOOK.sequences)
    likelihoods = np.exp(log_likelihoods)
    np.testing.assert_allclose(likelihoods, expected["likelihoods"], rtol=1e-12)
    np.testing.assert_allclose(log_likelihoods.sum(), expected["log_likelihood"], rtol=1e-13)
    # Printed with five significant digits.
    assert float(f"{likelihoods.mean():.5g}") == expected["printed_mean_likelihood"]


@pytest.mark.parametrize("fixed_sd", [True, False])
def test_notebook_symmetric_start_reaches_the_mean_of_the_data_and_stays(fixed_sd):
    figures = REFERENCE["symmetric_start_after_one_step"]
    expected = figures["means_only" if fixed_sd else "means_and_sds"]
    trainer = EM(NOTEBOOK.sequences, NOTEBOOK.trainable if fixed_sd else None)
    state = trainer.init(NOTEBOOK.start)
    for _ in range(5):
        state = trainer.step(state)
        hmm = state.hmm
        np.testing.assert_allclose(means_of(hmm), [expected["mean"]] * 5, rtol=1e-14)
        np.testing.assert_allclose(
            hmm.emissions.standard_deviations[:, 0], [expected.get("sd", 1.0)] * 5, rtol=1e-14
        )
        np.testing.assert_allclose(hmm.initial_probs, 0.2, rtol=1e-14)
        np.testing.assert_allclose(hmm.transition_matrix, 0.2, rtol=1e-14)
        np.testing.assert_allclose(state.log_likelihood, expected["log_likelihood"], rtol=1e-14)
        likelihoods = np.exp(state.log_likelihoods)
        np.testing.assert_allclose(likelihoods, expected["likelihoods"], rtol=1e-12)


def test_notebook_em_trace_from_the_truth():
    trainer = EM(NOTEBOOK.sequences, NOTEBOOK.trainable)
    state = trainer.init(NOTEBOOK.truth)
    for expected in REFERENCE["em_trace_from_truth"]:
        if expected["iteration"] > 0:
            state = trainer.step(state)
        assert state.iteration == expected["iteration"]
        np.testing.assert_allclose(state.log_likelihood, expected["log_likelihood"], rtol=1e-12)
        hmm = state.hmm
        np.testing.assert_allclose(hmm.initial_probs, expected["initial_probs"], rtol=1e-10)
        np.testing.assert_allclose(hmm.transition_matrix, expected["transition_matrix"], rtol=1e-10)
        # atol for the true mean of state 0, which is zero.
        np.testing.assert_allclose(means_of(hmm), expected["means"], rtol=1e-10, atol=1e-15)
        np.testing.assert_array_equal(hmm.emissions.standard_deviations, np.ones((5, 1)))
    assert state.iteration == 5


def test_the_umbrella_presets_model_gives_the_published_figures():
    reference = json.loads((Path(__file__).parents[1] / "reference" / "umbrella.json").read_text())
    days = Sequences(np.ravel(reference["data"]["x"]))
    found = smooth(preset("umbrella").truth, days)
    np.testing.assert_allclose(
        found.smoothed_probs[:, 0],
        reference["expected"]["published"]["smoothed_rain"],
        rtol=0,
        atol=5e-5,
    )
    np.testing.assert_allclose(
        found.log_likelihood, reference["expected"]["computed"]["loglik"], rtol=1e-13, atol=0
    )


def test_the_casinos_rolls_betray_its_die():
    casino = preset("casino")
    path = viterbi(casino.truth, casino.sequences).states
    assert accuracy(casino.states, path) > 0.75
    learned = fit(EM(casino.sequences, casino.trainable), casino.start, max_iterations=200).hmm
    loaded = learned.emissions.probs[:, 5].argmax()
    np.testing.assert_allclose(learned.emissions.probs[loaded, 5], 0.5, rtol=0, atol=0.1)


def test_twins_emit_alike():
    means = means_of(preset("twins").truth)
    assert means[1] == means[3]


def test_left_right_start_has_the_zeros_of_the_truth():
    experiment = preset("left-right")
    for name in ("initial_probs", "transition_matrix"):
        start, truth = getattr(experiment.start, name), getattr(experiment.truth, name)
        np.testing.assert_array_equal(start > 0, truth > 0)
