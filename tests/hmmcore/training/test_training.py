"""What EM and gradient ascent share: what a state holds, what is trained, and the loop."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    ImpossibleDataError,
    Sequences,
    batch,
    fit,
    log_likelihood,
    smooth,
)
from hmmcore.sweeps import chunks
from tests.hmmcore.models import (
    CONFIGS,
    Config,
    TableEmissions,
    every_kind,
    unit_covariances,
)
from tests.hmmcore.training.problems import (
    PROBLEMS,
    every_problem,
    every_trainer,
    parameters,
    start_and_data,
)

NAMES = ("initial_probs", "transition_matrix", "means", "covariances")
SUBSETS = [frozenset(s) for s in chain.from_iterable(combinations(NAMES, n) for n in range(5))]
NOTEBOOK = frozenset({"initial_probs", "transition_matrix", "means"})

every_subset = pytest.mark.parametrize("trainable", SUBSETS, ids=lambda s: "+".join(sorted(s)))

# --- one state belongs together -----------------------------------------------------------------


@every_trainer
@every_problem
def test_likelihood_posterior_and_parameters_of_a_state_belong_together(problem, trainer):
    hmm, sequences = start_and_data(problem)
    training = trainer(sequences)
    state = training.init(hmm)
    assert state.hmm is hmm
    for iteration in range(4):
        assert state.iteration == iteration
        posterior = smooth(state.hmm, sequences)
        np.testing.assert_array_equal(state.log_likelihoods, posterior.log_likelihoods)
        assert state.log_likelihood == posterior.log_likelihood
        statistics = state.expectations
        np.testing.assert_array_equal(statistics.transition_counts, posterior.transition_counts)
        np.testing.assert_array_equal(statistics.initial_counts, posterior.initial_counts)
        before = parameters(state.hmm), state.log_likelihood
        state, again = training.step(state), training.step(state)
        assert state.hmm == again.hmm, "a step is a function of its state"
        assert state.log_likelihood == again.log_likelihood
        assert before[1] == posterior.log_likelihood


@every_trainer
@pytest.mark.parametrize("cells", [1, 30])
def test_training_in_many_chunks_equals_training_in_one(monkeypatch, trainer, cells):
    hmm, sequences = start_and_data(PROBLEMS["dense, full, D=2"])
    whole = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", cells)
    parts = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    again = fit(trainer(sequences), hmm, max_iterations=5, tolerance=0.0)
    np.testing.assert_allclose(parts.log_likelihoods, whole.log_likelihoods, rtol=1e-12)
    np.testing.assert_array_equal(again.log_likelihoods, parts.log_likelihoods)
    assert again.hmm == parts.hmm


# --- what is trained, and what is not -----------------------------------------------------------


@every_subset
@every_trainer
@pytest.mark.parametrize("kind", ["diag", "full"])
def test_what_is_not_trained_stays_to_the_last_bit_and_the_rest_moves(kind, trainer, trainable):
    hmm, sequences = start_and_data(Config("dense", 3, (40, 10), 2, kind))
    before = parameters(hmm)
    after = fit(trainer(sequences, trainable=trainable), hmm, max_iterations=5, tolerance=0.0).hmm
    for name, value in parameters(after).items():
        assert np.array_equal(value, before[name]) == (name not in trainable), name


@pytest.mark.parametrize("seed", range(2))
@every_trainer
def test_both_trainers_climb_on_the_subset_of_the_notebook(trainer, seed):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"], seed)
    result = fit(trainer(sequences, trainable=NOTEBOOK), hmm, max_iterations=60, tolerance=0.0)
    assert result.log_likelihoods[-1] > result.log_likelihoods[0]
    np.testing.assert_array_equal(result.hmm.emissions.covariances, hmm.emissions.covariances)


@every_trainer
@pytest.mark.parametrize("structure", ["sparse", "left-right", "identity"])
def test_structural_zeros_stay_exactly_zero_and_nothing_else_becomes_one(trainer, structure):
    hmm, sequences = start_and_data(Config(structure, 4, (30, 20, 5), 1))
    after = fit(trainer(sequences), hmm, max_iterations=10, tolerance=0.0).hmm
    assert (after.initial_probs[hmm.initial_probs == 0.0] == 0.0).all()
    assert (after.transition_matrix[hmm.transition_matrix == 0.0] == 0.0).all()
    if trainer is not EM:
        assert (after.transition_matrix[hmm.transition_matrix > 0.0] > 0.0).all()


# --- fit ----------------------------------------------------------------------------------------


def test_fit_reports_every_likelihood_and_why_it_stopped():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    few = fit(EM(sequences), hmm, max_iterations=3, tolerance=0.0)
    assert few.stop_reason == "max_iterations"
    assert few.log_likelihoods.shape == (4,)
    none = fit(EM(sequences), hmm, max_iterations=0)
    assert none.stop_reason == "max_iterations"
    assert none.hmm == hmm
    np.testing.assert_array_equal(none.log_likelihoods, [few.log_likelihoods[0]])
    done = fit(EM(sequences), hmm, max_iterations=10_000, tolerance=1e-6)
    assert done.stop_reason == "converged"
    gains = np.diff(done.log_likelihoods) / sequences.num_observations
    assert abs(gains[-1]) <= 1e-6
    assert (np.abs(gains[:-1]) > 1e-6).all()
    assert log_likelihood(done.hmm, sequences).sum() == done.log_likelihoods[-1]


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_patience_is_how_many_steps_in_a_row_must_stand_still(patience):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    trainer = GradientAscent(sequences, learning_rate=0.1)
    result = fit(trainer, hmm, max_iterations=2000, tolerance=1e-4, patience=patience)
    still = np.abs(np.diff(result.log_likelihoods)) / sequences.num_observations <= 1e-4
    assert result.stop_reason == "converged"
    assert still[-patience:].all()
    runs = np.convolve(still, np.ones(patience), mode="valid")
    assert (runs[:-1] < patience).all()


def test_the_last_allowed_step_may_be_the_one_that_converges():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    steps = len(fit(EM(sequences), hmm, 10_000, tolerance=1e-4).log_likelihoods) - 1
    assert fit(EM(sequences), hmm, steps, tolerance=1e-4).stop_reason == "converged"
    assert fit(EM(sequences), hmm, steps - 1, tolerance=1e-4).stop_reason == "max_iterations"


@pytest.mark.parametrize("tolerance", [0.0, 1e-12])
def test_gains_of_the_size_of_rounding_stand_still(tolerance):
    """Two equal columns: their covariances are held just off singular, which amplifies rounding."""
    values = np.random.default_rng(0).normal([[0.0]] * 90 + [[4.0]] * 90)
    sequences = Sequences(np.repeat(values, 2, axis=1))
    emissions = Gaussian([[0.0, 0.0], [4.0, 4.0]], [np.eye(2)] * 2, "full")
    start = HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], emissions)
    alone = fit(EM(sequences), start, 300, tolerance, patience=5)
    together = batch.fit(EM(sequences), batch.stack([start]), 300, tolerance, patience=5)
    assert alone.stop_reason == together.stop_reasons[0] == "converged"
    trembling = EM(sequences)
    state, values = trembling.init(alone.hmm), []
    for _ in range(50):
        state = trembling.step(state)
        values.append(state.log_likelihood)
    assert np.abs(np.diff(values)).max() > 0.0, "it would never stand still by itself"


def test_the_tolerance_is_per_observation_that_is_observed():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    values = sequences.observations.copy()
    values[: len(values) // 2] = np.nan
    gaps = Sequences(values, sequences.lengths)
    result = fit(EM(gaps), hmm, 10_000, tolerance=1e-4)
    gains = np.diff(result.log_likelihoods) / gaps.num_observed
    assert result.stop_reason == "converged"
    assert gains[-1] <= 1e-4 < gains[:-1].min()


# --- what cannot be -----------------------------------------------------------------------------


@every_trainer
@pytest.mark.parametrize("cells", [1, 1 << 16])
def test_impossible_data_are_refused_with_their_place(monkeypatch, trainer, cells):
    monkeypatch.setattr(chunks, "CHUNK_CELLS", cells)
    table = np.zeros((9, 2))
    table[5, 0] = table[8, 0] = -np.inf  # sequence 1 at time 2, and sequence 2 at time 1
    hmm, sequences = TableEmissions.case([1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], table, [3, 4, 2])
    with pytest.raises(ImpossibleDataError, match=r"sequence 1 .* time 2 no state") as caught:
        trainer(sequences).init(hmm)
    assert (caught.value.sequence, caught.value.time) == (1, 2)


@every_trainer
@pytest.mark.parametrize("far", [1e155, 1e200, 1e300])
@every_kind
def test_an_observation_whose_square_overflows_is_impossible(trainer, kind, far):
    emissions = Gaussian([[0.0], [1.0]], unit_covariances(kind, 2, 1), kind)
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), emissions)
    with pytest.raises(ImpossibleDataError, match=r"sequence 0 .* time 1"):
        trainer(Sequences([0.0, far, -far])).init(hmm)


# --- validation ---------------------------------------------------------------------------------


@every_trainer
def test_trainers_refuse_what_makes_no_sense(trainer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    with pytest.raises(ValueError, match=r"trainable has 'mu'; the model's parameters are .*means"):
        trainer(sequences, trainable={"mu"}).init(hmm)
    with pytest.raises(ValueError, match=r"trainable is the string 'means'; .*\{'means'\}"):
        trainer(sequences, trainable="means")
    for floor in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"variance_floor is {floor}; .*positive"):
            trainer(sequences, variance_floor=floor)
    with pytest.raises(ValueError, match=r"variance .* in state \d, below variance_floor 100"):
        trainer(sequences, variance_floor=100.0).init(hmm)
    trainer(sequences, variance_floor=100.0, trainable={"means"}).init(hmm)
    with pytest.raises(ValueError, match=r"observations have 2 dimensions; the model emits 1"):
        trainer(Sequences(np.zeros((3, 2)))).init(hmm)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_iterations": -1}, "max_iterations is -1; it must be at least 0"),
        ({"max_iterations": 1.5}, r"max_iterations is 1\.5; it must be a whole number"),
        ({"patience": 0}, "patience is 0; it must be at least 1"),
        ({"tolerance": -1.0}, r"tolerance is -1\.0; it must be zero or more"),
        ({"tolerance": np.nan}, "tolerance is nan"),
    ],
)
def test_fit_refuses_stop_rules_that_make_no_sense(options, message):
    hmm, sequences = start_and_data(CONFIGS["dense"])
    with pytest.raises(ValueError, match=message):
        fit(EM(sequences), hmm, **options)
