"""The k best paths and the posterior of a path, held against all K^M paths."""

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Gaussian,
    Sequences,
    joint_log_prob,
    k_best_paths,
    log_likelihood,
    path_log_posteriors,
    viterbi,
    viterbi_ties,
)
from tests.hmmcore.models import CONFIGS, TableEmissions
from tests.hmmcore.oracle import first_sequence

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


@pytest.mark.parametrize("seed", range(2))
@every_config
def test_the_k_best_are_the_k_best_of_all(config, seed):
    hmm, one, enumeration = first_sequence(config, seed)
    possible = np.sort(np.asarray(enumeration.log_joints, dtype=float))[::-1]
    possible = possible[possible > -np.inf]
    found = k_best_paths(hmm, one, 30)
    assert len(found.paths) == min(30, len(possible))
    np.testing.assert_allclose(found.log_joints, possible[:30], rtol=1e-12, atol=1e-12)
    assert len({tuple(path) for path in found.paths}) == len(found.paths)
    for path, log_joint in zip(found.paths, found.log_joints, strict=True):
        np.testing.assert_allclose(
            joint_log_prob(hmm, one, path), [log_joint], rtol=1e-12, atol=1e-12
        )


@every_config
def test_the_first_of_the_k_best_is_viterbis(config):
    hmm, one, _ = first_sequence(config, 7)
    np.testing.assert_allclose(
        k_best_paths(hmm, one, 1).log_joints, viterbi(hmm, one).log_joints, rtol=1e-13, atol=1e-13
    )


def test_a_long_sequence_has_its_best_paths_listed():
    hmm, sequences = CONFIGS["dense"].make(0)
    long = Sequences(np.tile(sequences.observations[:, 0], 200))
    found = k_best_paths(hmm, long, 50)
    assert found.paths.shape == (50, long.num_observations)
    assert (np.diff(found.log_joints) <= 1e-9).all()


def test_k_best_says_what_it_cannot_do():
    hmm, sequences = CONFIGS["dense"].make(0)
    with pytest.raises(ValueError, match=r"there are 3 sequences; paths are listed for one"):
        k_best_paths(hmm, sequences, 3)
    impossible = TableEmissions.case([1.0, 0.0], np.eye(2), [[-np.inf, 0.0]])
    with pytest.raises(ValueError, match="no path can explain"):
        k_best_paths(*impossible, 3)


@every_config
def test_posteriors_of_paths_are_those_of_enumeration(config):
    hmm, one, enumeration = first_sequence(config, 1)
    expected = np.asarray(enumeration.log_joints - enumeration.log_likelihood, dtype=float)
    found = path_log_posteriors(hmm, one, enumeration.paths)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    listed = k_best_paths(hmm, one, 30)
    np.testing.assert_allclose(
        listed.log_posteriors, path_log_posteriors(hmm, one, listed.paths), rtol=0, atol=0
    )
    np.testing.assert_allclose(
        np.exp(listed.cumulative_log_probs),
        np.cumsum(np.sort(np.exp(expected))[::-1])[: len(listed.paths)],
        rtol=1e-12,
        atol=0,
    )


def test_all_paths_together_have_probability_one():
    hmm, one, enumeration = first_sequence(CONFIGS["dense"], 0)
    everything = k_best_paths(hmm, one, len(enumeration.paths) + 5)
    assert len(everything.paths) == len(enumeration.paths)
    np.testing.assert_allclose(everything.cumulative_log_probs[-1], 0.0, rtol=0, atol=1e-13)


def test_ranks_say_which_paths_tie():
    # States 1 and 2 are alike; 0 is as good as they are at the second time only.
    table = np.log([[0.1, 0.4, 0.4], [0.4, 0.4, 0.4]])
    hmm, one = TableEmissions.case(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), table)
    found = k_best_paths(hmm, one, 9)
    assert found.ranks.tolist() == [0] * 6 + [6] * 3
    assert {tuple(path) for path in found.paths[:6]} == {
        tuple(path) for path in viterbi_ties(hmm, one).paths
    }


@pytest.mark.parametrize("length", [30, 200])
def test_ties_of_alike_states_are_listed_at_once(length):
    # A search that told K^M such paths apart by their rounding would not end.
    hmm = HMM(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), Gaussian.univariate([0.0, 0.0, 0.0], 1.0))
    one = Sequences(np.random.default_rng(0).normal(size=length))
    found = k_best_paths(hmm, one, 100)
    assert len({tuple(path) for path in found.paths}) == 100
    assert (found.ranks == 0).all()
    np.testing.assert_array_equal(found.paths[0], viterbi(hmm, one).states)
    np.testing.assert_allclose(
        found.log_posteriors, np.full(100, -length * np.log(3)), rtol=1e-13, atol=0
    )


def test_an_outlier_hides_no_difference():
    # Its score is of the order of -1e20: in a sum with it, all other scores are lost.
    hmm = HMM([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], Gaussian.univariate([0.0, 0.0], [1.0, 1.0]))
    plain, outlying = (Sequences([0.3, x, -0.2]) for x in (0.0, 1e10))
    np.testing.assert_allclose(
        k_best_paths(hmm, outlying, 8).log_posteriors,
        k_best_paths(hmm, plain, 8).log_posteriors,
        rtol=1e-12,
        atol=0,
    )


def test_shares_that_underflow_count():
    # At the second time the first state has a share of e^-800 of the second, and is the only one
    # from which the third observation can be reached.
    table = [[-800.0, 0.0, -np.inf], [-np.inf, 0.0, -1.0]]
    transitions = [[0.0, 0.25, 0.75], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    hmm, one = TableEmissions.case([0.5, 0.5, 0.0], transitions, table)
    found = k_best_paths(hmm, one, 5)
    assert found.paths.tolist() == [[0, 2], [0, 1]]
    np.testing.assert_allclose(
        np.exp(found.log_posteriors),
        np.array([0.75 * np.exp(-1.0), 0.25]) / (0.75 * np.exp(-1.0) + 0.25),
        rtol=1e-12,
        atol=0,
    )


def test_one_state_has_one_path_and_one_observation_has_k():
    one_state = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    found = k_best_paths(one_state, Sequences([0.1, 0.2]), 5)
    assert (found.paths.tolist(), found.log_posteriors.tolist()) == ([[0, 0]], [0.0])
    hmm, _ = CONFIGS["dense"].make(0)
    found = k_best_paths(hmm, Sequences([0.0]), 100)
    assert sorted(found.paths[:, 0].tolist()) == list(range(hmm.num_states))
    np.testing.assert_allclose(found.cumulative_log_probs[-1], 0.0, rtol=0, atol=1e-14)


def test_the_posterior_of_a_path_says_what_it_cannot_do():
    hmm, sequences = CONFIGS["dense"].make(0)
    one = sequences.select(0)
    length = one.num_observations
    with pytest.raises(ValueError, match=r"there are 3 sequences"):
        path_log_posteriors(hmm, sequences, np.zeros((1, sequences.num_observations)))
    with pytest.raises(ValueError, match=rf"shape \({length},\); it should be \(P, {length}\)"):
        path_log_posteriors(hmm, one, np.zeros(length))
    wrong = np.zeros((2, length))
    wrong[1, 2] = hmm.num_states
    with pytest.raises(ValueError, match=rf"paths\[1, 2\] is {hmm.num_states}; a state is a whole"):
        path_log_posteriors(hmm, one, wrong)
    impossible = TableEmissions.case([1.0, 0.0], np.eye(2), [[-np.inf, 0.0]])
    with pytest.raises(ValueError, match="no path can explain"):
        path_log_posteriors(*impossible, [[0]])


def test_joint_and_evidence_make_the_posterior():
    hmm, sequences = CONFIGS["dense"].make(0)
    long = Sequences(np.tile(sequences.observations[:, 0], 40))
    found = k_best_paths(hmm, long, 20)
    joints = [float(joint_log_prob(hmm, long, path)[0]) for path in found.paths]
    np.testing.assert_allclose(found.log_joints, joints, rtol=1e-13, atol=0)
    np.testing.assert_allclose(
        found.log_posteriors, joints - log_likelihood(hmm, long), rtol=0, atol=1e-10
    )
