"""The checks that every value shares."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore.arrays import as_count, as_permutation, frozen_array, numeric_array, probability_rows


def test_arrays_are_fresh_contiguous_and_read_only():
    values = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    array = frozen_array("name", values, ndim=2)
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    assert not np.shares_memory(array, values)
    np.testing.assert_array_equal(array, values)


@pytest.mark.parametrize(
    "values", [np.array([1j]), [1j], np.array(["a"]), [None, "x"], [[1], [2, 3]]]
)
def test_what_is_not_a_number_is_refused_by_name(values):
    with pytest.raises(ValueError, match=r"^name "):
        numeric_array("name", values)


def test_probability_rows_allow_zeros_and_ones_and_rounding():
    rows = probability_rows("p", [[0.0, 1.0], [0.1 + 0.2, 0.7]], ndim=2)
    np.testing.assert_array_equal(rows, [[0.0, 1.0], [0.1 + 0.2, 0.7]])
    probability_rows("p", [0.5, 0.5 + 0.9e-8], ndim=1)
    with pytest.raises(ValueError, match=r"p is .* sums to 1\.00000002"):
        probability_rows("p", [0.5, 0.5 + 2e-8], ndim=1)


@pytest.mark.parametrize("value", [3, 3.0, np.int32(3), np.float64(3.0)])
def test_whole_numbers_are_counts(value):
    assert as_count("n", value) == 3
    assert type(as_count("n", value)) is int


@pytest.mark.parametrize("value", [2.5, "3", True, None, np.nan, np.inf, [3]])
def test_other_things_are_no_counts(value):
    with pytest.raises(ValueError, match=r"^n is .*; it must be a whole number"):
        as_count("n", value)


def test_counts_have_a_minimum():
    with pytest.raises(ValueError, match="n is 1; it must be at least 2"):
        as_count("n", 1, minimum=2)


def test_permutations_become_integers():
    for given in ([1, 0], (1.0, 0.0), np.array([1, 0], dtype=np.uint8)):
        permutation = as_permutation(given, 2)
        np.testing.assert_array_equal(permutation, [1, 0])
        assert permutation.dtype == np.int64
    for wrong in ([0, 0], [[0, 1]], [0, 1, 2], [0, np.nan], ["0", "1"]):
        with pytest.raises(ValueError, match="it must hold each of"):
            as_permutation(wrong, 2)
