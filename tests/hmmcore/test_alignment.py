"""Alignment: every renaming is undone, ties stay put, and what is not a path is refused."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest

from hmmcore.alignment import (
    accuracy,
    align,
    align_parameters,
    confusion_table,
    count_changes,
    majority_states,
    parameter_errors,
    relabel,
)
from hmmcore.emissions import Categorical, Gaussian, NeuralGaussian, Poisson
from hmmcore.initialization import near_truth, symmetric
from hmmcore.model import HMM
from hmmcore.simulation import evenly_spaced_means, sample, softmax_structure

SEEDS = range(3)
NUM_STATES = (1, 2, 3, 6)


def random_model(num_states: int, rng: np.random.Generator) -> HMM:
    means = evenly_spaced_means(num_states, 3.0)
    sds = rng.uniform(0.5, 1.5, num_states)
    return HMM(*softmax_structure(num_states, rng), Gaussian.univariate(means, sds))


@pytest.mark.parametrize("num_states", NUM_STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_renamed_path_is_put_back(num_states, seed):
    rng = np.random.default_rng(seed)
    truth = random_model(num_states, rng)
    states = sample(truth, 3, 200, rng).states
    renaming = rng.permutation(num_states)
    # learned = truth.permute(renaming) calls state renaming[k] of the truth k.
    learned = truth.permute(renaming)
    learned_states = np.argsort(renaming)[states]

    permutation = align(states, learned_states, num_states)
    used = np.unique(states)
    np.testing.assert_array_equal(renaming[permutation[used]], used)
    np.testing.assert_array_equal(relabel(learned_states, permutation), states)
    assert accuracy(states, relabel(learned_states, permutation)) == 1.0
    if len(used) == num_states:
        assert learned.permute(permutation) == truth


@pytest.mark.parametrize("num_states", NUM_STATES)
@pytest.mark.parametrize("seed", SEEDS)
def test_renamed_parameters_are_put_back(num_states, seed):
    rng = np.random.default_rng(seed)
    truth = random_model(num_states, rng)
    learned = truth.permute(rng.permutation(num_states))
    assert learned.permute(align_parameters(truth, learned)) == truth
    moved = near_truth(learned, rng, amount=0.1)
    np.testing.assert_array_equal(align_parameters(truth, moved), align_parameters(truth, learned))


@pytest.mark.parametrize("seed", SEEDS)
def test_agreement_is_the_best_of_all_renamings(seed):
    rng = np.random.default_rng(seed)
    reference, learned = rng.integers(0, 4, size=(2, 30))
    found = accuracy(reference, relabel(learned, align(reference, learned, 4)))
    best = max(accuracy(reference, relabel(learned, p)) for p in permutations(range(4)))
    assert found == best


@pytest.mark.parametrize("seed", range(10))
def test_ties_leave_as_many_states_in_place_as_possible(seed):
    rng = np.random.default_rng(seed)
    reference, learned = rng.integers(0, 4, size=(2, 4))
    found = align(reference, learned, 4)

    def score(permutation):
        agreement = accuracy(reference, relabel(learned, permutation))
        return agreement, int(np.sum(np.asarray(permutation) == np.arange(4)))

    assert score(found) == max(score(p) for p in permutations(range(4)))


def test_without_evidence_states_stay_where_they_are():
    np.testing.assert_array_equal(align([0, 0], [0, 0], 5), np.arange(5))
    np.testing.assert_array_equal(align([0, 1, 2], [-1, -1, -1], 3), np.arange(3))
    np.testing.assert_array_equal(align([0, 1], [1, 1], 2), [0, 1])
    np.testing.assert_array_equal(align([2, 2], [0, 0], 3), [2, 1, 0])
    np.testing.assert_array_equal(
        align_parameters(random_model(5, np.random.default_rng(0)), symmetric(5)), np.arange(5)
    )
    np.testing.assert_array_equal(align_parameters(symmetric(5), symmetric(5)), np.arange(5))


def test_equal_states_among_others_stay_where_they_are():
    truth = symmetric(4)
    truth = HMM(
        truth.initial_probs,
        truth.transition_matrix,
        Gaussian.univariate([-3.0, 0.0, 3.0, 0.0], 1.0),
    )
    np.testing.assert_array_equal(align_parameters(truth, truth), np.arange(4))
    swapped = truth.permute([2, 1, 0, 3])
    np.testing.assert_array_equal(align_parameters(truth, swapped), [2, 1, 0, 3])


def test_parameters_in_several_dimensions():
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(4, 2, 2))
    covariances = factors @ factors.transpose(0, 2, 1) + np.eye(2)
    truth = HMM(*softmax_structure(4, rng), Gaussian(rng.normal(size=(4, 2)), covariances, "full"))
    for renaming in permutations(range(4)):
        learned = truth.permute(renaming)
        assert learned.permute(align_parameters(truth, learned)) == truth


def test_a_cyclic_renaming_is_not_confused_with_its_inverse():
    reference = [0, 1, 2, 0, 1, 2]
    learned = [1, 2, 0, 1, 2, 0]
    np.testing.assert_array_equal(align(reference, learned, 3), [1, 2, 0])
    np.testing.assert_array_equal(relabel(learned, [1, 2, 0]), reference)


@pytest.mark.parametrize(("mean", "sd"), [(1e10, 1e-150), (1e155, 1.0), (1.0, 1e-160)])
def test_parameters_too_far_apart_for_a_number_are_aligned(mean, sd):
    sd = np.sqrt(max(sd**2, 1e-300))
    means = np.array([0.0, mean, -mean])
    order = np.array([2, 0, 1])
    chain = np.full(3, 1 / 3), np.full((3, 3), 1 / 3)
    reference = HMM(*chain, Gaussian.univariate(means, sd))
    hmm = HMM(*chain, Gaussian.univariate(means[order], sd))
    np.testing.assert_array_equal(order[align_parameters(reference, hmm)], [0, 1, 2])


def test_confusion_table_counts_reference_by_row():
    table = confusion_table([0, 0, 1, 2, 2, 2], [1, 1, 1, 0, -1, 2], 3)
    np.testing.assert_array_equal(table, [[0, 2, 0], [0, 1, 0], [1, 0, 1]])


def test_confusion_table_may_have_other_reference_states_than_learned_ones():
    reference, learned = [0, 0, 1, 2, 2, 2], [1, 1, 1, 0, -1, 0]
    np.testing.assert_array_equal(
        confusion_table(reference, learned, 2, num_reference_states=4),
        [[0, 2], [0, 1], [2, 0], [0, 0]],
    )
    with pytest.raises(ValueError, match=r"reference_states\[3\] is 2; .* at most 1"):
        confusion_table(reference, learned, 2)
    with pytest.raises(ValueError, match="num_reference_states is 0; it must be at least 1"):
        confusion_table(reference, learned, 2, 0)


def test_steps_without_a_state_are_missed_and_stay_unnamed():
    assert accuracy([0, 1, 1, 0], [0, 1, -1, -1]) == 0.5
    np.testing.assert_array_equal(relabel([0, -1, 1], [1, 0]), [1, -1, 0])


@pytest.mark.parametrize(
    ("reference", "learned", "sentence"),
    [
        ([0, 1], [0, 1, 1], "reference_states has 2 time steps and states has 3"),
        ([0, 3], [0, 1], r"reference_states\[1\] is 3; .* at least -1 and at most 2"),
        ([0, 1], [3, 1], r"states\[0\] is 3; .* at least -1 and at most 2"),
        ([-2, 1], [0, 1], r"reference_states\[0\] is -2; .* at least -1"),
        ([0, 1], [0, -2], r"states\[1\] is -2; .* at least -1"),
        ([[0, 1]], [0, 1], r"reference_states has shape \(1, 2\)"),
        ([0, 1], 1, r"states has shape \(\)"),
        ([], [], r"reference_states has shape \(0,\)"),
        ([0.0, 1.0], [0, 1], "reference_states holds float64 values; .* whole numbers"),
        ([0, 1], [True, False], "states holds bool values"),
    ],
)
def test_paths_are_checked(reference, learned, sentence):
    with pytest.raises(ValueError, match=sentence):
        align(reference, learned, 3)
    with pytest.raises(ValueError, match=sentence):
        confusion_table(reference, learned, 3)


def test_other_arguments_are_checked():
    with pytest.raises(ValueError, match="num_states is 0; it must be at least 1"):
        align([0], [0], 0)
    with pytest.raises(ValueError, match="2 time steps and states has 1"):
        accuracy([0, 1], [0])
    with pytest.raises(ValueError, match=r"must hold each of 0..1 once"):
        relabel([0, 1], [0, 0])
    with pytest.raises(ValueError, match=r"states\[1\] is 2; .* at most 1"):
        relabel([0, 2], [1, 0])
    with pytest.raises(ValueError, match="num_states = 3 and the model has 2"):
        align_parameters(symmetric(3), symmetric(2))
    with pytest.raises(ValueError, match="num_dimensions = 1 and the model has 2"):
        align_parameters(symmetric(3), symmetric(3, num_dimensions=2))


# --- parameter errors ---------------------------------------------------------------------------


def test_errors_are_learned_minus_true():
    truth = HMM([0.25, 0.75], [[0.5, 0.5], [0.25, 0.75]], Gaussian.univariate([0.0, 2.0], 1.0))
    learned = HMM([0.5, 0.5], [[1.0, 0.0], [0.25, 0.75]], Gaussian.univariate([1.0, 2.0], 2.0))
    errors = parameter_errors(truth, learned)
    assert {name: value.tolist() for name, value in errors.items()} == {
        "initial_probs": [0.25, -0.25],
        "transition_matrix": [[0.5, -0.5], [0.0, 0.0]],
        "means": [[1.0], [0.0]],
        "covariances": [[3.0], [3.0]],
    }


@pytest.mark.parametrize(
    ("emissions", "names"),
    [
        (Poisson([1.0, 2.0]), {"rates"}),
        (Categorical([[0.5, 0.5], [0.1, 0.9]]), {"probs"}),
        (Gaussian(np.zeros((2, 2)), np.stack([np.eye(2)] * 2), "full"), {"means", "covariances"}),
    ],
)
def test_a_model_has_no_error_against_itself_in_any_family(emissions, names):
    hmm = HMM([0.5, 0.5], np.eye(2), emissions)
    errors = parameter_errors(hmm, hmm)
    assert errors.keys() == {"initial_probs", "transition_matrix"} | names
    assert not any(value.any() for value in errors.values())


def test_what_has_no_counterpart_is_left_out():
    network = NeuralGaussian.random(2, np.random.default_rng(0))
    truth = HMM([0.5, 0.5], np.eye(2), Gaussian(np.zeros((2, 1)), [1.0, 1.0], "spherical"))
    learned = HMM([0.5, 0.5], np.eye(2), network)
    errors = parameter_errors(truth, learned)
    assert errors.keys() == {"initial_probs", "transition_matrix", "means"}
    np.testing.assert_array_equal(errors["means"], network.means)


def test_models_of_different_sizes_are_not_compared():
    two, three = (random_model(size, np.random.default_rng(0)) for size in (2, 3))
    with pytest.raises(ValueError, match=r"num_states = 2 and the model has 3"):
        parameter_errors(two, three)


@pytest.mark.parametrize("sizes", [(5, 3), (3, 5), (1, 4), (4, 1), (4, 4)])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_reading_of_learned_states_agrees_more_often_than_the_majority(sizes, seed):
    num_true, num_states = sizes
    rng = np.random.default_rng(seed)
    reference, learned = rng.integers(0, num_true, 30), rng.integers(-1, num_states, 30)
    reading = np.append(majority_states(reference, learned, num_states), -1)
    found = accuracy(reference, reading[learned])
    readings = product(range(num_true), repeat=num_states)
    assert found == max(accuracy(reference, np.append(names, -1)[learned]) for names in readings)


def test_a_learned_state_that_meets_none_is_read_as_none_and_ties_as_the_first():
    np.testing.assert_array_equal(majority_states([2, 0, 0, 2], [0, 0, 2, -1], 4), [0, -1, 0, -1])
    np.testing.assert_array_equal(majority_states([3, 1], [-1, -1], 2), [-1, -1])


def test_a_majority_needs_no_more_memory_than_the_paths():
    np.testing.assert_array_equal(majority_states([10**15, 7], [1, 0], 2), [7, 10**15])


def test_the_majority_of_unequal_paths_is_refused():
    with pytest.raises(ValueError, match="has 2 time steps and states has 3"):
        majority_states([0, 1], [0, 1, 0], 2)
    with pytest.raises(ValueError, match=r"states\[1\] is 2"):
        majority_states([0, 1], [0, 2], 2)


def test_masked_states_are_refused():
    states = np.ma.array([0, 1], mask=[False, True])
    with pytest.raises(ValueError, match=r"^states\[1\] is masked"):
        align([0, 1], states, 2)


def test_steps_whose_true_state_is_not_known_are_left_out():
    rng = np.random.default_rng(5)
    for _ in range(50):
        reference, learned = rng.integers(-1, 3, 40), rng.integers(-1, 3, 40)
        known = reference >= 0
        pair, all_of_it = (reference[known], learned[known]), (reference, learned)
        assert accuracy(*all_of_it) == accuracy(*pair)
        for compare in (align, confusion_table, majority_states):
            np.testing.assert_array_equal(compare(*all_of_it, 3), compare(*pair, 3))
    assert np.isnan(accuracy([-1, -1], [0, 1]))


def test_changes_are_counted_within_sequences() -> None:
    path = [0, 0, 1, 2, 2, 0, -1, 0, 1]
    assert count_changes(path, [9]) == 4
    assert count_changes(path, [2, 7]) == 3
    assert count_changes(path, [3, 2, 4]) == 2
    assert count_changes([1], [1]) == 0
    with pytest.raises(ValueError, match="the lengths sum to 8, and there are 9 states"):
        count_changes(path, [3, 5])
