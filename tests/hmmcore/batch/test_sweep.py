"""Likelihoods and expected statistics of many models: enumeration, the engine's own, plain Python.

What lanes cannot tell they must hand back; what they do not hand back must be right.
"""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import EM, HMM, Categorical, Gaussian, Poisson, Sequences, batch, log_likelihood
from hmmcore.batch import fitting, kernels
from hmmcore.batch.lane_training import LaneSweep
from hmmcore.sweeps.sweep import ImpossibleDataError, expectations
from tests.hmmcore.batch.kinds import KINDS, LANE_KINDS, in_python, models_and_data, swept
from tests.hmmcore.models import STRUCTURES, Config
from tests.hmmcore.oracle import enumerate_paths

every_kind = pytest.mark.parametrize("config", KINDS.values(), ids=KINDS.keys())
SWEPT = {**LANE_KINDS, "a long sequence": Config("dense", 3, (kernels.SHORT + 20, 8))}
every_swept_kind = pytest.mark.parametrize("config", SWEPT.values(), ids=SWEPT.keys())


@every_kind
def test_likelihoods_are_those_of_each_model(config):
    models, sequences = models_and_data(config, 13)
    found = batch.log_likelihoods(batch.stack(models), sequences)
    assert found.shape == (13, len(sequences))
    for hmm, row in zip(models, found, strict=True):
        np.testing.assert_allclose(row, log_likelihood(hmm, sequences), rtol=1e-12, atol=1e-12)


@every_swept_kind
@pytest.mark.parametrize("seed", range(3))
def test_statistics_are_those_of_each_model(config, seed):
    models, sequences = models_and_data(config, 19, seed)
    stacked = batch.stack(models)
    log_likelihoods, statistics = swept(stacked, sequences)
    handed_back = 0
    for b, hmm in enumerate(models):
        if np.isnan(log_likelihoods[b]).any():
            handed_back += 1
            continue
        expected = expectations(hmm, sequences)
        np.testing.assert_allclose(
            log_likelihoods[b], expected.log_likelihoods, rtol=1e-12, atol=1e-12
        )
        named = {
            "initial_counts": expected.initial_counts,
            "transition_counts": expected.transition_counts,
            **expected.emissions,
        }
        assert named.keys() == statistics.keys()
        for name, value in named.items():
            size = max(1.0, np.abs(value).max())
            np.testing.assert_allclose(
                statistics[name][b], value, rtol=1e-10, atol=1e-12 * size, err_msg=name
            )
    assert handed_back < 19


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3])
def test_small_models_equal_enumeration(structure, scale):
    config = Config(structure, 3, (4, 3), scale=scale)
    models = [config.make(seed).hmm for seed in range(8)]
    sequences = config.make(0).sequences
    stacked = batch.stack(models)
    found, statistics = swept(stacked, sequences)
    exact = batch.log_likelihoods(stacked, sequences)
    for b, hmm in enumerate(models):
        totals = np.zeros((3, 3))
        for n, rows in enumerate(sequences):
            truth = enumerate_paths(
                hmm.initial_probs, hmm.transition_matrix, hmm.emissions.log_likelihoods(rows)
            )
            np.testing.assert_allclose(exact[b, n], truth.log_likelihood, rtol=1e-11, atol=1e-11)
            if truth.transition_counts is not None:
                totals += truth.transition_counts
        if not np.isnan(found[b]).any():
            np.testing.assert_allclose(
                statistics["transition_counts"][b], totals, rtol=1e-9, atol=1e-11
            )


# --- where lanes must not be trusted --------------------------------------------------------------


def left_right_pair(mean: float) -> HMM:
    """Two states, the second of which is never left and not there at first."""
    return HMM([1.0, 0.0], [[0.5, 0.5], [0.0, 1.0]], Gaussian.univariate([0.0, mean], 1.0))


def test_a_state_that_underflowed_and_is_then_the_only_one_is_not_lost():
    # State 0 explains x = 60 with e^-1800, which is zero; x = 0 afterwards rules state 1 out.
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 60.0], 1.0))
    models = batch.stack([hmm, hmm.permute([1, 0]), left_right_pair(60.0)])
    sequences = Sequences([60.0, 0.0, 0.0])
    handed_back = np.isnan(swept(models, sequences)[0][:, 0])
    assert handed_back[:2].all()
    found = batch.log_likelihoods(models, sequences)
    for hmm, row in zip(models, found, strict=True):
        np.testing.assert_allclose(row, log_likelihood(hmm, sequences), rtol=1e-13)


def test_a_small_probability_that_matters_later_is_not_lost():
    """The only way on leads through a transition of 1e-200, twice."""
    matrix = np.array([[1.0 - 1e-200, 1e-200, 0.0], [0.0, 1.0 - 1e-200, 1e-200], [0.0, 0.0, 1.0]])
    emissions = Categorical([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    models = batch.stack([HMM([1.0, 0.0, 0.0], matrix, emissions)])
    found = batch.log_likelihoods(models, Sequences([0.0, 0.0, 1.0, 2.0, 2.0]))
    np.testing.assert_allclose(found, [[2.0 * np.log(1e-200)]], rtol=1e-13)


def test_a_start_that_is_all_but_impossible_is_not_lost():
    models = batch.stack(
        [HMM([1e-320, 1.0], np.full((2, 2), 0.5), Categorical([[0.5, 0.5], [1.0, 0.0]]))]
    )
    found = batch.log_likelihoods(models, Sequences([1.0, 1.0]))
    expected = log_likelihood(models[0], Sequences([1.0, 1.0]))
    np.testing.assert_allclose(found[0], expected, rtol=1e-13)
    assert found[0, 0] < -730.0


def test_impossible_data_are_minus_infinity_and_spare_the_neighbours():
    possible = HMM([0.5, 0.5], np.full((2, 2), 0.5), Categorical([[0.5, 0.5], [0.9, 0.1]]))
    impossible = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.5, 0.5]]))
    sequences = Sequences([0.0, 1.0, 0.0, 0.0], [2, 2])
    found = batch.log_likelihoods(batch.stack([possible, impossible, possible]), sequences)
    assert found[1].tolist() == [-np.inf, 0.0]
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_allclose(found[0], log_likelihood(possible, sequences), rtol=1e-14)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_handed_back_is_right_however_sparse_and_far_apart(seed):
    """Random zeros, tiny entries and outliers; the engine's sweep in log space is the judge."""
    rng = np.random.default_rng(seed)
    models, num_states = [], 4
    for _ in range(40):
        weights = rng.random((num_states + 1, num_states)) * 10.0 ** -rng.choice(
            [0, 0, 0, 3, 90, 140, 180, 250, 310], size=(num_states + 1, num_states)
        )
        weights[rng.random(weights.shape) < 0.3] = 0.0
        weights[np.arange(num_states + 1), rng.integers(num_states, size=num_states + 1)] = 1.0
        probs = weights / weights.sum(axis=1, keepdims=True)
        means = rng.choice([0.0, 5.0, 20.0, 37.0, 60.0, 200.0], size=num_states)
        models.append(HMM(probs[0], probs[1:], Gaussian.univariate(means, 1.0)))
    drawn = rng.choice([0.0, 5.0, 20.0, 37.0, 60.0, 200.0], size=60) + rng.normal(size=60)
    sequences = Sequences(drawn, [10] * 6)
    stacked = batch.stack(models)
    found, statistics = swept(stacked, sequences)
    told = 0
    for b, hmm in enumerate(models):
        if np.isnan(found[b]).any():
            continue
        told += 1
        expected = expectations(hmm, sequences)
        np.testing.assert_allclose(found[b], expected.log_likelihoods, rtol=1e-11)
        np.testing.assert_allclose(
            statistics["transition_counts"][b], expected.transition_counts, rtol=1e-8, atol=1e-11
        )
        np.testing.assert_allclose(
            statistics["weights"][b], expected.emissions["weights"], rtol=1e-8, atol=1e-11
        )
    exact = batch.log_likelihoods(stacked, sequences)
    for hmm, row in zip(models, exact, strict=True):
        np.testing.assert_allclose(row, log_likelihood(hmm, sequences), rtol=1e-11)
    assert told > 0


def far_apart(rng: np.random.Generator, powers: list[int], num_states: int) -> HMM:
    """A model whose probabilities, of transitions and symbols, are 10^-p with p among the powers.

    The last symbol has what the others leave.
    """
    probs = 10.0 ** -rng.choice(powers, size=(num_states + 1, num_states))
    probs[np.arange(num_states + 1), rng.integers(num_states, size=num_states + 1)] = 1.0
    probs /= probs.sum(axis=1, keepdims=True)
    symbols = 0.2 * 10.0 ** -rng.choice(powers, size=(num_states, 4))
    symbols[:, 3] = 1.0 - symbols[:, :3].sum(axis=1)
    return HMM(probs[0], probs[1:], Categorical(symbols))


@pytest.mark.parametrize("powers", [[0, 34, 36, 66, 99, 101, 120], [0, 20, 34, 45], [0, 99, 340]])
def test_what_is_neglected_does_not_matter_in_what_is_not_handed_back(powers):
    rng = np.random.default_rng(0)
    models = [far_apart(rng, powers, 3) for _ in range(400)]
    sequences = Sequences(rng.choice(3, size=24).astype(float), [4] * 6)
    stacked = batch.stack(models)
    found, statistics = swept(stacked, sequences)
    handed_back = np.isnan(found).any(axis=1)
    assert not handed_back.all()
    for b in np.flatnonzero(~handed_back):
        expected = expectations(models[b], sequences)
        np.testing.assert_allclose(found[b], expected.log_likelihoods, rtol=1e-12)
        for name, value in (
            ("initial_counts", expected.initial_counts),
            ("transition_counts", expected.transition_counts),
            ("counts", expected.emissions["counts"]),
        ):
            np.testing.assert_allclose(statistics[name][b], value, rtol=1e-9, atol=1e-12)
    exact = batch.log_likelihoods(stacked, sequences)
    for hmm, row in zip(models, exact, strict=True):
        np.testing.assert_allclose(row, log_likelihood(hmm, sequences), rtol=1e-12)


def test_a_neglected_likelihood_that_explains_a_start_is_not_lost():
    """State 1 starts everything and explains it 1e-101 times as well: 1e19 times state 0's share.

    Nothing here is zero, and what is found without state 1, 1e-120, is far from underflow.
    """
    emissions = Categorical([[1.0, 0.0], [1e-101, 1.0]])
    hmm = HMM([1e-120, 1.0], np.full((2, 2), 0.5), emissions)
    for sequences in (Sequences([0.0]), Sequences([0.0, 0.0])):
        found = swept(batch.stack([hmm]), sequences)[0]
        assert np.isnan(found[0, 0]) or np.isclose(found[0, 0], log_likelihood(hmm, sequences)[0])
        exact = batch.log_likelihoods(batch.stack([hmm]), sequences)
        np.testing.assert_allclose(exact[0], log_likelihood(hmm, sequences), rtol=1e-13)


def test_less_is_lost_than_the_bound_says(monkeypatch):
    """With every result let through, the missing likelihood is below the bound on all losses."""
    rng = np.random.default_rng(1)
    models = [far_apart(rng, [0, 30, 60, 90, 99, 101, 130], 3) for _ in range(160)]
    sequences = Sequences(rng.choice(3, size=12).astype(float), [4] * 3)
    in_python(monkeypatch)
    monkeypatch.setattr(kernels, "NEGLIGIBLE", 1e300)
    with np.errstate(all="ignore"):
        found = swept(batch.stack(models), sequences)[0]
    assert not np.isnan(found).any()
    missing = 0
    for hmm, row in zip(models, found, strict=True):
        exact = log_likelihood(hmm, sequences)
        for n, rows in enumerate(sequences):
            shift = hmm.emissions.log_likelihoods(rows).max(axis=1).sum()
            likelihood, told = np.exp(exact[n] - shift), np.exp(row[n] - shift)
            lost = likelihood - told
            assert lost <= 6 * kernels.NEGLECTED * 3 * 4 + 1e-12 * likelihood
            missing += lost > 1e-3 * likelihood
    assert missing > 10, "losses that the bound must cover"


def test_models_that_learned_zeros_stay_in_lanes():
    """The usual end of EM on little data: nothing is handed back, or lanes would be for nothing."""
    config = Config("dense", 5, (10, 10))
    models, sequences = [config.make(seed).hmm for seed in range(40)], config.make(0).sequences
    fits = batch.fit(EM(sequences), batch.stack(models), 200, 0.0, 1000)
    matrices = fits.models.transition_matrices
    assert (matrices < 1e-100).any(axis=(1, 2)).mean() > 0.5, "most have zeros by now"
    found = swept(fits.models, sequences)[0]
    assert np.isnan(found).any(axis=1).mean() < 0.1


# --- laws -----------------------------------------------------------------------------------------


@every_swept_kind
def test_neighbours_do_not_matter(config):
    """A model has the same bits alone, in any order, and beside models with and without zeros."""
    models, sequences = models_and_data(config, 21)
    stacked = batch.stack(models)
    found, statistics = swept(stacked, sequences)
    order = np.random.default_rng(0).permutation(21)
    moved = batch.stack([models[b] for b in order])
    again, others = swept(moved, sequences)
    np.testing.assert_array_equal(again, found[order])
    for b in range(21):
        alone = batch.stack([models[b]])
        single, its_own = swept(alone, sequences)
        np.testing.assert_array_equal(single[0], found[b])
        if np.isnan(single).any():
            continue
        for name, values in statistics.items():
            np.testing.assert_array_equal(its_own[name][0], values[b])
    known = ~np.isnan(again).any(axis=1)
    for name, values in others.items():
        np.testing.assert_array_equal(values[known], statistics[name][order][known])


def test_stretches_of_sequences_do_not_matter(monkeypatch):
    models, sequences = models_and_data(KINDS["numbers"], 9)
    stacked = batch.stack(models)
    assert len(LaneSweep(stacked, sequences).stretches) == 2
    found, statistics = swept(stacked, sequences)
    monkeypatch.setattr("hmmcore.batch.lane_training.STRETCH_CELLS", 1)
    assert len(LaneSweep(stacked, sequences).stretches) == len(sequences) + 1
    again, others = swept(stacked, sequences)
    np.testing.assert_array_equal(found, again)
    for name in statistics:
        np.testing.assert_allclose(others[name], statistics[name], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["missing numbers", "missing symbols", "counts"])
def test_the_compiled_kernels_are_what_their_source_says(monkeypatch, name):
    models, sequences = models_and_data(LANE_KINDS[name], 9)
    stacked = batch.stack(models)
    compiled, statistics = swept(stacked, sequences)
    in_python(monkeypatch)
    with np.errstate(all="ignore"):
        source, others = swept(stacked, sequences)
    np.testing.assert_allclose(source, compiled, rtol=1e-12, atol=1e-14)
    known = ~np.isnan(compiled).any(axis=1)
    assert known.any()
    for key, value in statistics.items():
        np.testing.assert_allclose(others[key][known], value[known], rtol=1e-11, atol=1e-12)


# --- what is refused ------------------------------------------------------------------------------


def test_models_that_differ_are_not_stacked():
    chain = np.array([0.5, 0.5]), np.full((2, 2), 0.5)
    gaussian = HMM(*chain, Gaussian.univariate([0.0, 1.0], 1.0))
    for other in (
        HMM(*chain, Poisson([1.0, 2.0])),
        HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0)),
        HMM(*chain, Gaussian([0.0, 1.0], [1.0, 1.0], "full")),
        HMM(*chain, Gaussian([[0.0, 1.0], [2.0, 3.0]], np.ones((2, 2)))),
    ):
        with pytest.raises(ValueError, match=r"model 1 has .* model 0 has 2 states and Gaussian"):
            batch.stack([gaussian, other])
    with pytest.raises(ValueError, match="there must be at least one"):
        batch.stack([])
    with pytest.raises(TypeError, match="model 1 is of type str"):
        batch.stack([gaussian, "no model"])


@every_kind
def test_stacked_models_come_out_as_they_went_in(config):
    models, _ = models_and_data(config, 5)
    stacked = batch.stack(models)
    assert len(stacked) == 5
    assert list(stacked) == models
    assert stacked[-1] == models[-1]
    assert stacked.num_states == config.num_states
    with pytest.raises(IndexError):
        stacked[5]
    with pytest.raises(TypeError):
        stacked[0:2]  # type: ignore[index]


def test_data_that_no_model_could_emit_are_refused():
    stacked = batch.stack([HMM([1.0], [[1.0]], Poisson([1.0]))])
    with pytest.raises(ValueError, match="a count must be a whole number"):
        batch.log_likelihoods(stacked, Sequences([0.5]))
    with pytest.raises(ValueError, match="2 dimensions; the model emits 1"):
        batch.log_likelihoods(stacked, Sequences([[1.0, 2.0]]))
    with pytest.raises(ValueError, match=r"models is of type list; .* made by batch\.stack"):
        batch.log_likelihoods([stacked[0]], Sequences([1.0]))  # type: ignore[arg-type]


def test_the_way_depends_on_shapes_and_family_only(monkeypatch):
    sequences = Sequences(np.zeros(100))
    diagonal = batch.stack([HMM([1.0], [[1.0]], Gaussian([0.0], [1.0]))] * 3)
    full = batch.stack([HMM([1.0], [[1.0]], Gaussian([0.0], [1.0], "full"))])
    assert fitting.suits_lanes(diagonal, sequences)
    assert not fitting.suits_lanes(full, sequences)
    assert not fitting.suits_lanes(diagonal, Sequences(np.zeros(fitting.MOST_CELLS + 1)))
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert fitting.suits_lanes(diagonal, sequences)


def test_the_engine_raises_where_lanes_hand_back_impossible_data():
    hmm = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.5, 0.5]]))
    with pytest.raises(ImpossibleDataError):
        expectations(hmm, Sequences([0.0, 1.0]))
    stacked = batch.stack([hmm])
    assert np.isnan(swept(stacked, Sequences([0.0, 1.0]))[0]).all()
