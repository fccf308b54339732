"""The checks that every value shares."""

from __future__ import annotations

import numpy as np
import pandas as pd
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


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([np.complex128(1 + 2j)], r"the complex number \(1\+2j\)"),
        (np.array([1.0, 1j], dtype=object), "the complex number 1j"),
        ("1", "the text '1'"),
        (["0.5", 0.5], r"the text '0\.5'"),
        (np.array(["0.5"], dtype=object), r"the text '0\.5'"),
        ([[1.0], [b"2"]], "the text b'2'"),
        (True, "the truth value True"),
        ([1.0, True], "the truth value True"),
        (np.array([False]), "the truth value False"),
        (pd.Series([True, None], dtype="boolean"), "the truth value True"),
        (np.array(["2020-01-01"], dtype="M8[ns]"), "the date 2020-01-01"),
        (pd.Series(pd.to_datetime(["2020-01-01"])), "the date 2020-01-01"),
        (pd.DataFrame({"day": pd.to_datetime(["2020-01-01"]), "x": [1.0]}), "the date 2020-01-01"),
        ([np.timedelta64(3, "s")], "the span of time 3 seconds"),
    ],
)
def test_what_numpy_would_make_numbers_of_is_refused(values, what):
    with pytest.raises(ValueError, match=f"^name must be an array of numbers: it holds {what}"):
        numeric_array("name", values)


@pytest.mark.parametrize(
    "values",
    [
        [1, None],
        (np.float32(1), np.nan),
        [np.array(1), np.array(np.nan)],
        np.array([1, None], dtype=object),
        pd.Series([1, pd.NA], dtype="Int64"),
        pd.Series([1, pd.NA], dtype="Float64").array,
        pd.Categorical([1, None]),
        np.ma.array([1.0, np.nan], mask=[False, False]),
    ],
)
def test_numbers_in_other_containers_are_numbers(values):
    np.testing.assert_array_equal(numeric_array("name", values), [1.0, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        np.ma.array([7.0, -999.0], mask=[False, True]),
        np.ma.array([7, -999], mask=[False, True]),
        np.ma.array([7, "?"], mask=[False, True], dtype=object),
        [7.0, np.ma.masked],
    ],
)
def test_a_masked_entry_is_missing_or_refused(values):
    array = numeric_array("name", values, masked_is_missing=True)
    np.testing.assert_array_equal(array, [7.0, np.nan])
    with pytest.raises(ValueError, match=r"^name(\[1\])? is masked; only observations may lack"):
        numeric_array("name", values)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("num_entries", [2, 5, 40, 1000])
def test_distributions_of_a_smaller_type_are_normalised(dtype, num_entries):
    weights = np.exp(np.random.default_rng(0).standard_normal((5, num_entries))).astype(dtype)
    weights[:, 0] = 0.0
    given = weights / weights.sum(axis=1, keepdims=True)
    assert given.dtype == dtype
    for values in (given, list(given), [list(row) for row in given]):
        rows = probability_rows("p", values, ndim=2)
        np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=0, atol=1e-15)
        np.testing.assert_allclose(rows, given, rtol=np.finfo(dtype).eps * num_entries, atol=0)
        assert (rows[:, 0] == 0.0).all()
        assert not rows.flags.writeable


def test_what_rounding_does_not_explain_is_refused_in_a_smaller_type_too():
    with pytest.raises(ValueError, match=r"sums to 0\.999000013; it must sum to 1"):
        probability_rows("p", np.array([0.333, 0.333, 0.333], dtype=np.float32), ndim=1)
    with pytest.raises(ValueError, match="it must sum to 1"):
        probability_rows("p", np.full(1000, 0.00102, dtype=np.float16), ndim=1)
    with pytest.raises(ValueError, match="a probability cannot be negative"):
        probability_rows("p", np.array([1.0 + 1e-7, -1e-7], dtype=np.float32), ndim=1)
    # The same numbers, taken for float64, are further off than its rounding.
    with pytest.raises(ValueError, match="it must sum to 1"):
        probability_rows("p", np.array([0.1, 0.9], dtype=np.float32).astype(np.float64), ndim=1)
