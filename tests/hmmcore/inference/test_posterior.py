"""Inference against enumeration of every path, and the laws that bind the algorithms together."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Categorical,
    Gaussian,
    Sequences,
    joint_log_prob,
    log_likelihood,
    sample,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.sweeps import chunks
from tests.hmmcore.models import CONFIGS, STRUCTURES, TableEmissions, gaussian
from tests.hmmcore.oracle import Enumeration, enumerate_paths

SEEDS = range(4)
TIE_RTOL = 1e-12
EPS = np.finfo(float).eps

every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())


def enumerations(hmm: HMM, sequences: Sequences) -> list[Enumeration]:
    return [
        enumerate_paths(
            hmm.initial_probs, hmm.transition_matrix, hmm.emissions.log_likelihoods(sequences[n])
        )
        for n in range(len(sequences))
    ]


def rounding(hmm: HMM, sequences: Sequences) -> float:
    """What adding scores of this size in double precision can change in a log-probability."""
    scores = hmm.emissions.log_likelihoods(sequences.observations)
    sizes = np.abs(np.where(np.isfinite(scores), scores, 0.0)).max(axis=1)
    return 1e-12 + 4.0 * EPS * float(np.add.reduceat(sizes, sequences.offsets[:-1]).max())


def assert_matches_enumeration(hmm: HMM, sequences: Sequences) -> None:
    """Everything that inference returns, for every sequence, against the definition."""
    truth = enumerations(hmm, sequences)
    atol = rounding(hmm, sequences)
    posterior = smooth(hmm, sequences)
    log_liks = [one.log_likelihood for one in truth]
    np.testing.assert_allclose(posterior.log_likelihoods, log_liks, rtol=1e-12, atol=atol)
    np.testing.assert_array_equal(log_likelihood(hmm, sequences), posterior.log_likelihoods)
    np.testing.assert_allclose(
        posterior.filtered_probs, np.concatenate([one.filtered for one in truth]), rtol=0, atol=atol
    )
    path = viterbi(hmm, sequences)
    np.testing.assert_allclose(path.log_joints, [one.best for one in truth], rtol=1e-12, atol=atol)
    counts, starts = np.zeros((hmm.num_states, hmm.num_states)), np.zeros(hmm.num_states)
    for n, one in enumerate(truth):
        rows = slice(sequences.offsets[n], sequences.offsets[n + 1])
        if one.smoothed is None:
            assert posterior.log_likelihoods[n] == -np.inf
            assert path.log_joints[n] == -np.inf
            assert (path.states[rows] == -1).all()
            assert np.isnan(posterior.smoothed_probs[rows]).all()
            continue
        np.testing.assert_allclose(posterior.smoothed_probs[rows], one.smoothed, rtol=0, atol=atol)
        counts += one.transition_counts
        starts += one.initial_counts
        found = tuple(path.states[rows])
        assert found in {tuple(tied) for tied in one.tied(rtol=1e-12)}
    atol *= sequences.num_observations
    np.testing.assert_allclose(posterior.transition_counts, counts, rtol=0, atol=atol)
    np.testing.assert_allclose(posterior.initial_counts, starts, rtol=0, atol=atol)


# --- enumeration --------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@every_config
def test_inference_equals_enumeration(config, seed):
    assert_matches_enumeration(*config.make(seed))


@pytest.mark.parametrize("seed", SEEDS)
@every_config
def test_joint_log_prob_of_every_path_equals_enumeration(config, seed):
    hmm, sequences = config.make(seed)
    for n, truth in enumerate(enumerations(hmm, sequences)):
        one = sequences.select(n)
        chosen = np.random.default_rng(seed).permutation(len(truth.paths))[:50]
        found = [joint_log_prob(hmm, one, path)[0] for path in truth.paths[chosen]]
        expected = truth.log_joints[chosen].astype(float)
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=rounding(hmm, one))


TINY = (1e-60, 1e-99, 1e-101, 1e-149, 1e-151, 1e-160, 1e-200, 1e-300, 1e-320)


def awkward_table(seed: int):
    """Tiny and zero probabilities against scores of any size, some of them -inf."""
    rng = np.random.default_rng(seed)
    num_states, length = int(rng.integers(1, 6)), int(rng.integers(1, 6))

    def rows(num_rows: int) -> np.ndarray:
        weights = rng.dirichlet(np.ones(num_states), size=num_rows)
        tiny = rng.choice(TINY, size=weights.shape)
        weights = np.where(rng.random(weights.shape) < rng.choice([0.0, 0.4]), tiny, weights)
        weights = np.where(rng.random(weights.shape) < rng.choice([0.0, 0.5]), 0.0, weights)
        kept = np.arange(num_rows), rng.integers(num_states, size=num_rows)
        weights[kept] = 0.0
        weights[kept] = np.maximum(1.0 - weights.sum(axis=1), 0.0)
        return weights / weights.sum(axis=1, keepdims=True)

    size = 10.0 ** rng.uniform(-1, 6)
    table = rng.choice(
        [
            rng.normal(size=(length, num_states)) * size,
            -size * rng.random((length, num_states)) ** 4,
            rng.choice([0.0, 50.0, -100.0, -345.0, -350.0, -760.0], size=(length, num_states)),
        ]
    )
    if rng.random() < 0.4:
        table = np.where(rng.random(table.shape) < 0.3, -np.inf, table)
    return TableEmissions.case(rows(1)[0], rows(num_states), table)


@pytest.mark.parametrize("block", range(10))
def test_inference_equals_enumeration_where_scaling_alone_would_underflow(block):
    for seed in range(block * 60, block * 60 + 60):
        assert_matches_enumeration(*awkward_table(seed))


def test_a_transition_of_tiny_probability_is_taken_when_only_it_explains_the_data():
    # 0 -> 1 has probability 1e-160, and the second observation is 1 000 sd from state 0.
    hmm = HMM([1.0, 0.0], [[1.0, 1e-160], [1.0, 0.0]], Gaussian.univariate([0.0, 1000.0], 1.0))
    sequences = Sequences([0.0, 1000.0, 0.0])
    expected = np.log(1e-160) - 1.5 * np.log(2.0 * np.pi)
    np.testing.assert_allclose(log_likelihood(hmm, sequences), [expected], rtol=1e-14)
    np.testing.assert_array_equal(smooth(hmm, sequences).smoothed_probs.argmax(axis=1), [0, 1, 0])
    assert_matches_enumeration(hmm, sequences)


def test_a_left_right_model_survives_states_that_are_a_million_sd_apart():
    emissions = Gaussian.univariate([0.0, 1e6, 2e6], 1.0)
    hmm = HMM([1.0, 0.0, 0.0], [[0.9, 0.1, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]], emissions)
    assert_matches_enumeration(hmm, Sequences([0.0, 2e6, 1e6, 1e6, 2e6, 0.0]))


@pytest.mark.parametrize("order", [[0, 1, 1, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]])
def test_states_that_never_mix_are_weighed_by_all_the_data(order):
    # Under the identity only the sums of the scores count, however far one state falls behind.
    hmm = HMM([0.3, 0.7], np.eye(2), Gaussian.univariate([0.0, 1e3], 1.0))
    assert_matches_enumeration(hmm, Sequences(np.array(order) * 1e3))


# --- impossible data ----------------------------------------------------------------------------

IMPOSSIBLE_AT = {
    "at the start": ([[-np.inf, 0.0], [0.0, 0.0], [0.0, 0.0]], 0),
    "in the middle": ([[0.0, 0.0], [-np.inf, 0.0], [0.0, 0.0]], 1),
    "at the end": ([[0.0, 0.0], [0.0, 0.0], [-np.inf, -5.0]], 2),
    "after an outlier": ([[0.0, 0.0], [-1e9, 0.0], [-np.inf, 0.0]], 2),
}


@pytest.mark.parametrize(("table", "time"), IMPOSSIBLE_AT.values(), ids=IMPOSSIBLE_AT.keys())
def test_impossible_data_are_undefined_from_where_documented_and_spare_the_others(table, time):
    # Only state 0 can be reached; the middle sequence of three cannot be explained by it.
    possible = [[0.0, 1.0], [-1.0, 3.0]]
    initial_probs, transition_matrix = [1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]]
    hmm, sequences = TableEmissions.case(
        initial_probs, transition_matrix, [*possible, *table, *possible], [2, 3, 2]
    )
    posterior = smooth(hmm, sequences)
    np.testing.assert_array_equal(posterior.log_likelihoods, [-1.0, -np.inf, -1.0])
    assert posterior.log_likelihood == -np.inf
    assert np.isnan(posterior.filtered_probs[2 + time : 5]).all()
    np.testing.assert_array_equal(
        posterior.filtered_probs[2 : 2 + time], np.tile([1.0, 0.0], (time, 1))
    )
    assert np.isnan(posterior.smoothed_probs[2:5]).all()
    np.testing.assert_array_equal(posterior.smoothed_probs[[0, 1, 5, 6]], [[1.0, 0.0]] * 4)
    np.testing.assert_array_equal(posterior.transition_counts, [[2.0, 0.0], [0.0, 0.0]])
    np.testing.assert_array_equal(posterior.initial_counts, [2.0, 0.0])
    path = viterbi(hmm, sequences)
    np.testing.assert_array_equal(path.states, [0, 0, -1, -1, -1, 0, 0])
    np.testing.assert_array_equal(path.log_joints, [-1.0, -np.inf, -1.0])
    np.testing.assert_array_equal(
        joint_log_prob(hmm, sequences, np.zeros(7)), [-1.0, -np.inf, -1.0]
    )
    with pytest.raises(ValueError, match="no path can explain"):
        viterbi_ties(hmm, sequences.select(1))


@pytest.mark.parametrize(
    "emissions",
    [Gaussian.univariate([0.0, 1.0], 1e-3), Gaussian([0.0, 1.0], [[[1e-6]], [[1e-6]]], "full")],
    ids=["diag", "full"],
)
def test_an_observation_whose_density_underflows_even_in_logs_is_impossible(emissions):
    hmm = HMM([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], emissions)
    sequences = Sequences([0.0, 1e200, 1.0])
    assert log_likelihood(hmm, sequences) == [-np.inf]
    assert (viterbi(hmm, sequences).states == -1).all()
    np.testing.assert_allclose(smooth(hmm, sequences).filtered_probs[0], [1.0, 0.0], atol=1e-12)


# --- laws ---------------------------------------------------------------------------------------


@every_config
def test_posteriors_are_distributions_and_counts_add_up(config):
    hmm, sequences = config.make(0)
    posterior = smooth(hmm, sequences)
    assert (posterior.smoothed_probs >= 0.0).all()
    np.testing.assert_allclose(posterior.filtered_probs.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(posterior.smoothed_probs.sum(axis=1), 1.0, rtol=1e-14)
    last = sequences.offsets[1:] - 1
    np.testing.assert_array_equal(posterior.smoothed_probs[last], posterior.filtered_probs[last])
    starts = posterior.smoothed_probs[sequences.offsets[:-1]].sum(axis=0)
    np.testing.assert_allclose(posterior.initial_counts, starts, rtol=1e-14, atol=1e-300)
    # Transitions into a state are its smoothed probabilities but for the first of each sequence,
    # transitions out of it all but the last.
    everywhere = posterior.smoothed_probs.sum(axis=0)
    ends = posterior.smoothed_probs[last].sum(axis=0)
    atol = rounding(hmm, sequences) * sequences.num_observations
    counts = posterior.transition_counts
    np.testing.assert_allclose(counts.sum(axis=0), everywhere - starts, rtol=0, atol=atol)
    np.testing.assert_allclose(counts.sum(axis=1), everywhere - ends, rtol=0, atol=atol)
    assert (counts[hmm.transition_matrix == 0.0] == 0.0).all()
    assert (posterior.initial_counts[hmm.initial_probs == 0.0] == 0.0).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_viterbi_path_is_at_least_as_probable_as_the_true_one_and_any_other(structure, seed):
    rng = np.random.default_rng(seed)
    hmm = HMM(*STRUCTURES[structure](rng, 4), gaussian(rng, 4, 2, "full"))
    simulation = sample(hmm, 3, 60, rng)
    sequences = simulation.sequences
    path = viterbi(hmm, sequences)
    own = joint_log_prob(hmm, sequences, path.states)
    np.testing.assert_allclose(path.log_joints, own, rtol=1e-13, atol=1e-11)
    rivals = [simulation.states, smooth(hmm, sequences).smoothed_probs.argmax(axis=1)]
    for _ in range(20):
        changed = path.states.copy()
        changed[rng.integers(len(changed), size=rng.integers(1, 4))] = rng.integers(4)
        rivals.append(changed)
    for rival in rivals:
        slack = 1e-12 * np.abs(own) + 1e-11
        assert (joint_log_prob(hmm, sequences, rival) <= path.log_joints + slack).all()
    assert (path.log_joints <= log_likelihood(hmm, sequences) + 1e-11).all()


@every_config
def test_the_order_of_sequences_does_not_matter(config):
    hmm, sequences = config.make(1)
    order = np.random.default_rng(0).permutation(len(sequences))
    shuffled = Sequences.from_list([sequences[n] for n in order])
    one, other = smooth(hmm, sequences), smooth(hmm, shuffled)
    np.testing.assert_array_equal(one.log_likelihoods[order], other.log_likelihoods)
    np.testing.assert_allclose(
        one.transition_counts, other.transition_counts, rtol=1e-12, atol=1e-14
    )
    np.testing.assert_allclose(one.initial_counts, other.initial_counts, rtol=1e-12, atol=1e-14)


@every_config
def test_each_sequence_alone_gives_what_it_gives_among_others(config):
    hmm, sequences = config.make(2)
    together, path = smooth(hmm, sequences), viterbi(hmm, sequences)
    for n in range(len(sequences)):
        rows = slice(sequences.offsets[n], sequences.offsets[n + 1])
        alone = smooth(hmm, sequences.select(n))
        assert alone.log_likelihoods[0] == together.log_likelihoods[n]
        np.testing.assert_array_equal(alone.filtered_probs, together.filtered_probs[rows])
        np.testing.assert_array_equal(alone.smoothed_probs, together.smoothed_probs[rows])
        np.testing.assert_array_equal(viterbi(hmm, sequences.select(n)).states, path.states[rows])


@every_config
def test_permuting_the_states_permutes_every_answer(config):
    hmm, sequences = config.make(3)
    order = np.random.default_rng(3).permutation(hmm.num_states)
    permuted = hmm.permute(order)
    one, other = smooth(hmm, sequences), smooth(permuted, sequences)
    atol = rounding(hmm, sequences)
    close = {"rtol": 1e-12, "atol": atol}
    np.testing.assert_allclose(one.log_likelihoods, other.log_likelihoods, **close)
    np.testing.assert_allclose(one.filtered_probs[:, order], other.filtered_probs, **close)
    np.testing.assert_allclose(one.smoothed_probs[:, order], other.smoothed_probs, **close)
    np.testing.assert_allclose(
        one.transition_counts[np.ix_(order, order)], other.transition_counts, **close
    )
    np.testing.assert_allclose(one.initial_counts[order], other.initial_counts, **close)
    paths = viterbi(hmm, sequences), viterbi(permuted, sequences)
    np.testing.assert_allclose(paths[0].log_joints, paths[1].log_joints, **close)
    # With ties the paths may differ, never their probability.
    back = joint_log_prob(hmm, sequences, order[paths[1].states])
    np.testing.assert_allclose(back, paths[0].log_joints, **close)


@pytest.mark.parametrize("cells", [1, 40, 300, 1 << 30])
@pytest.mark.parametrize("structure", ["dense", "sparse", "left-right"])
def test_chunks_and_threads_change_nothing(monkeypatch, structure, cells):
    rng = np.random.default_rng(7)
    hmm = HMM(*STRUCTURES[structure](rng, 3), gaussian(rng, 3, 2, "diag"))
    sequences = sample(hmm, 40, rng.integers(1, 30, size=40), rng).sequences
    whole, path = smooth(hmm, sequences), viterbi(hmm, sequences)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", cells)
    for _ in range(3):
        parts = smooth(hmm, sequences)
        np.testing.assert_array_equal(parts.log_likelihoods, whole.log_likelihoods)
        np.testing.assert_array_equal(parts.filtered_probs, whole.filtered_probs)
        np.testing.assert_array_equal(parts.smoothed_probs, whole.smoothed_probs)
        np.testing.assert_allclose(parts.transition_counts, whole.transition_counts, rtol=1e-12)
        np.testing.assert_allclose(parts.initial_counts, whole.initial_counts, rtol=1e-12)
        np.testing.assert_array_equal(log_likelihood(hmm, sequences), whole.log_likelihoods)
        np.testing.assert_array_equal(viterbi(hmm, sequences).states, path.states)
        np.testing.assert_array_equal(viterbi(hmm, sequences).log_joints, path.log_joints)
        again = smooth(hmm, sequences)
        np.testing.assert_array_equal(again.transition_counts, parts.transition_counts)
        np.testing.assert_array_equal(again.initial_counts, parts.initial_counts)


# --- ties ---------------------------------------------------------------------------------------


def assert_ties_equal_enumeration(hmm: HMM, sequences: Sequences) -> None:
    for n, truth in enumerate(enumerations(hmm, sequences)):
        expected = truth.tied(rtol=TIE_RTOL)
        found = viterbi_ties(hmm, sequences.select(n), max_paths=len(truth.paths))
        np.testing.assert_array_equal(found.paths, expected)
        assert found.complete
        np.testing.assert_allclose(found.log_joint, truth.best, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
@every_config
def test_ties_equal_enumeration(config, seed):
    assert_ties_equal_enumeration(*config.make(seed))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_tied_states_give_all_their_paths(structure, seed):
    # Whole-number scores and equal states: ties are frequent, and exact.
    rng = np.random.default_rng(seed)
    initial_probs, transition_matrix = STRUCTURES[structure](rng, 3)
    table = rng.integers(-1, 2, size=(5, 3)).astype(float)
    assert_ties_equal_enumeration(*TableEmissions.case(initial_probs, transition_matrix, table))
    table[:, 1] = table[:, 0]
    uniform = np.full(3, 1 / 3), np.full((3, 3), 1 / 3)
    assert_ties_equal_enumeration(*TableEmissions.case(*uniform, table))


def test_equal_states_tie_everywhere_and_the_lowest_wins():
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([1.0, 1.0], 1.0))
    sequences = Sequences([0.0, 3.0, -1.0])
    ties = viterbi_ties(hmm, sequences)
    assert ties.paths.tolist() == [[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    np.testing.assert_array_equal(viterbi(hmm, sequences).states, [0, 0, 0])
    few = viterbi_ties(hmm, sequences, max_paths=3)
    assert not few.complete
    np.testing.assert_array_equal(few.paths, ties.paths[:3])
    assert viterbi_ties(hmm, sequences, max_paths=8).complete


# --- size and distance --------------------------------------------------------------------------


def test_a_hundred_thousand_observations_with_an_outlier_stay_finite_and_sum_to_one():
    rng = np.random.default_rng(0)
    hmm = HMM(*STRUCTURES["dense"](rng, 3), Gaussian.univariate([0.0, 2.0, 5.0], 1.0))
    observations = sample(hmm, 1, 100_000, rng).sequences.observations.copy()
    observations[[0, 50_000, -1]] = [[1000.0], [-1000.0], [1e6]]
    sequences = Sequences(observations)
    posterior = smooth(hmm, sequences)
    assert np.isfinite(posterior.log_likelihoods).all()
    np.testing.assert_allclose(posterior.smoothed_probs.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(posterior.transition_counts.sum(), 99_999, rtol=1e-10)
    path = viterbi(hmm, sequences)
    own = joint_log_prob(hmm, sequences, path.states)
    np.testing.assert_allclose(path.log_joints, own, rtol=1e-12)
    assert posterior.log_likelihood > own[0]


def test_moving_data_and_means_together_far_from_zero_changes_nothing():
    rng = np.random.default_rng(0)
    initial_probs, transition_matrix = STRUCTURES["dense"](rng, 3)
    # Multiples of 1/8, so that adding 1e8 is exact.
    observations = np.round(rng.normal(size=200) * 8) / 8
    near = HMM(initial_probs, transition_matrix, Gaussian.univariate([-1.0, 0.0, 1.0], 0.5))
    far = HMM(initial_probs, transition_matrix, Gaussian.univariate([1e8 - 1, 1e8, 1e8 + 1], 0.5))
    one, other = smooth(near, Sequences(observations)), smooth(far, Sequences(observations + 1e8))
    np.testing.assert_array_equal(one.log_likelihoods, other.log_likelihoods)
    np.testing.assert_array_equal(one.smoothed_probs, other.smoothed_probs)


# --- validation ---------------------------------------------------------------------------------


def two_states() -> HMM:
    return HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.0, 1.0], 1.0))


@pytest.mark.parametrize("function", [log_likelihood, smooth, viterbi, viterbi_ties])
def test_data_of_another_dimension_are_refused(function):
    with pytest.raises(ValueError, match=r"observations have 2 dimensions; the model emits 1"):
        function(two_states(), Sequences(np.zeros((3, 2))))


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ([0, 1], r"states have shape \(2,\); there are 3 observations"),
        ([0, 1, 2], r"states\[2\] is 2; a state is a whole number in 0\.\.1"),
        ([0, -1, 1], r"states\[1\] is -1"),
        ([0, 0.5, 1], r"states\[1\] is 0\.5"),
        ([0, np.nan, 1], r"states\[1\] is nan"),
        ([0, np.inf, 1], r"states\[1\] is inf"),
        (["a", "b", "c"], r"states must be an array of numbers"),
    ],
)
def test_paths_that_are_no_paths_are_refused(states, message):
    with pytest.raises(ValueError, match=message):
        joint_log_prob(two_states(), Sequences([0.0, 1.0, 2.0]), states)


def test_ties_are_for_one_sequence_and_a_positive_number_of_paths():
    with pytest.raises(ValueError, match=r"there are 2 sequences; .*sequences\.select\(n\)"):
        viterbi_ties(two_states(), Sequences([0.0, 1.0], [1, 1]))
    with pytest.raises(ValueError, match=r"max_paths is 0; it must be at least 1"):
        viterbi_ties(two_states(), Sequences([0.0]), max_paths=0)


@pytest.mark.parametrize("far", [0.0, 1e3, 1e6])
def test_one_far_observation_makes_no_ties_of_different_paths(far):
    sticky = HMM([0.6, 0.4], [[0.6, 0.4], [0.4, 0.6]], Gaussian.univariate([0.0, 0.0], 1.0))
    tied = viterbi_ties(sticky, Sequences([0.0, far, 0.0]))
    np.testing.assert_array_equal(tied.paths, [[0, 0, 0]])
    assert tied.log_joint == pytest.approx(
        viterbi(sticky, Sequences([0.0, far, 0.0])).log_joints[0]
    )
    nearly = [[0.5000001, 0.4999999], [0.4999999, 0.5000001]]
    hmm = HMM([0.5, 0.5], nearly, sticky.emissions)
    paths = viterbi_ties(hmm, Sequences([0.0, min(far, 1e3), 0.0])).paths
    np.testing.assert_array_equal(paths, [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize("impossible", [0, 1, 299])
def test_a_long_impossible_sequence_is_no_warning(impossible):
    symbols = np.zeros(300)
    symbols[impossible] = 2.0
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Categorical([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]]))
    assert log_likelihood(hmm, Sequences(symbols))[0] == -np.inf
