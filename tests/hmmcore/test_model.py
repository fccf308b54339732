"""HMM: a frozen value that is checked once, when it is made."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from hmmcore import HMM, Gaussian

EMISSIONS = Gaussian.univariate([0.0, 1.0], 1.0)
UNIFORM = np.full((2, 2), 0.5)


@pytest.mark.parametrize(
    "initial_probs",
    [[1, 0], (1.0, 0.0), np.array([1, 0], dtype=np.int8), pd.Series([1.0, 0.0], index=["a", "b"])],
)
@pytest.mark.parametrize("transition_matrix", [[[0, 1], [1, 0]], pd.DataFrame([[0, 1], [1, 0]])])
def test_anything_of_numbers_is_accepted(initial_probs, transition_matrix):
    hmm = HMM(initial_probs, transition_matrix, EMISSIONS)
    np.testing.assert_array_equal(hmm.initial_probs, [1.0, 0.0])
    np.testing.assert_array_equal(hmm.transition_matrix, [[0.0, 1.0], [1.0, 0.0]])
    assert hmm.initial_probs.dtype == hmm.transition_matrix.dtype == np.float64
    assert hmm.num_states == 2


def test_values_are_copied_frozen_and_compared_by_value():
    initial_probs, transition_matrix = np.array([0.5, 0.5]), UNIFORM.copy()
    hmm = HMM(initial_probs, transition_matrix, EMISSIONS)
    twin = HMM(initial_probs, transition_matrix, Gaussian.univariate([0.0, 1.0], 1.0))
    assert hmm == twin
    initial_probs[:] = [1.0, 0.0]
    transition_matrix[0] = [1.0, 0.0]
    assert hmm == twin
    assert hmm != HMM(initial_probs, UNIFORM, EMISSIONS)
    assert hmm != HMM([0.5, 0.5], transition_matrix, EMISSIONS)
    assert hmm != HMM([0.5, 0.5], UNIFORM, Gaussian.univariate([0.0, 2.0], 1.0))
    assert hmm != 1
    for array in (hmm.initial_probs, hmm.transition_matrix):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.5
    with pytest.raises(dataclasses.FrozenInstanceError):
        hmm.initial_probs = initial_probs
    with pytest.raises(TypeError, match="unhashable"):
        hash(hmm)


def test_permuting_names_new_state_k_after_old_state_permutation_k():
    hmm = HMM([0.2, 0.3, 0.5], [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.6, 0.4, 0.0]],
              Gaussian.univariate([0.0, 1.0, 2.0], [1.0, 2.0, 3.0]))  # fmt: skip
    new = hmm.permute([2, 0, 1])
    np.testing.assert_array_equal(new.initial_probs, [0.5, 0.2, 0.3])
    np.testing.assert_array_equal(
        new.transition_matrix, [[0.0, 0.6, 0.4], [0.7, 0.1, 0.2], [0.4, 0.3, 0.3]]
    )
    np.testing.assert_array_equal(new.emissions.means[:, 0], [2.0, 0.0, 1.0])
    assert new.permute([1, 2, 0]) == hmm
    with pytest.raises(ValueError, match=r"permutation is \[0, 1\]; it must hold each of 0\.\.2"):
        hmm.permute([0, 1])


@pytest.mark.parametrize(
    ("initial_probs", "transition_matrix", "message"),
    [
        ([0.5, 0.4], UNIFORM, r"initial_probs is \[0\.5 0\.4\] and sums to 0\.9; it must sum to 1"),
        ([1.5, -0.5], UNIFORM, r"initial_probs has -0\.5 at position 1; .*negative"),
        ([0.5, np.nan], UNIFORM, r"initial_probs\[1\] is nan; .*finite"),
        ([[0.5, 0.5]], UNIFORM, r"initial_probs has 2 axes \(shape \(1, 2\)\); it must have 1"),
        ([], UNIFORM, r"initial_probs is empty"),
        (["a", "b"], UNIFORM, r"initial_probs must be an array of numbers"),
        ([0.5, 0.5], [[0.5, 0.5], [0.5, 0.6]], r"transition_matrix row 1 .* sums to 1\.1;"),
        ([0.5, 0.5], [[0.5, 0.5], [2, -1]], r"transition_matrix row 1 has -1 at position 1"),
        ([0.5, 0.5], [[0.5, 0.5], [np.inf, 0]], r"transition_matrix\[1, 0\] is inf; .*finite"),
        ([0.5, 0.5], [[0.5, 0.5]], r"transition_matrix has shape \(1, 2\); .*must be \(2, 2\)"),
        ([0.5, 0.5], np.full((3, 3), 1 / 3), r"shape \(3, 3\); .*2 states, .*must be \(2, 2\)"),
        ([0.5, 0.5], [0.5, 0.5], r"transition_matrix has 1 axes"),
        ([1.0], [[1.0]], r"emissions have 2 states; initial_probs has 1"),
    ],
)
def test_what_is_refused_and_why(initial_probs, transition_matrix, message):
    with pytest.raises(ValueError, match=message):
        HMM(initial_probs, transition_matrix, EMISSIONS)


def test_rounding_of_float32_is_a_distribution_and_three_decimals_are_not():
    weights = np.random.default_rng(0).dirichlet(np.ones(2), size=3)
    rounded = weights.astype(np.float32)
    rounded[:, 1] = np.float32(1) - rounded[:, 0]
    HMM(rounded[0], rounded[1:], EMISSIONS)
    with pytest.raises(ValueError, match=r"sums to 0\.999"):
        HMM([0.333, 0.666], UNIFORM, EMISSIONS)


def test_a_masked_parameter_is_refused():
    given = np.ma.array([0.5, 0.5], mask=[False, True])
    rows = np.full((2, 2), 0.5)
    with pytest.raises(ValueError, match=r"initial_probs\[1\] is masked"):
        HMM(given, rows, Gaussian.univariate([0.0, 1.0], 1.0))
    with pytest.raises(ValueError, match=r"means\[1\] is masked"):
        Gaussian.univariate(given, 1.0)
    hmm = HMM(np.ma.array([0.5, 0.5]), rows, Gaussian.univariate([0.0, 1.0], 1.0))
    np.testing.assert_array_equal(hmm.initial_probs, [0.5, 0.5])
    with pytest.raises(ValueError, match=r"permutation\[1\] is masked"):
        hmm.permute(np.ma.array([0, 1], mask=[False, True]))
