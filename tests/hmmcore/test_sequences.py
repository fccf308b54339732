"""Sequences: what is accepted, what is refused and in which words, and what cannot be changed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from hmmcore import Sequences

ACCEPTED = {
    "list of ints": [1, 2, 3],
    "tuple": (1.0, 2.0, 3.0),
    "integers": np.array([1, 2, 3], dtype=np.int8),
    "float32": np.array([1, 2, 3], dtype=np.float32),
    "strided": np.array([1.0, 9.0, 2.0, 9.0, 3.0, 9.0])[::2],
    "column": [[1], [2], [3]],
    "series": pd.Series([1, 2, 3], index=[7, 8, 9]),
    "nullable series": pd.Series([1, 2, 3], dtype="Int64"),
    "arrow series": pd.Series([1, 2, 3], dtype="int64[pyarrow]"),
    "data frame": pd.DataFrame({"x": [1, 2, 3]}),
}


@pytest.mark.parametrize("values", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_anything_of_numbers_becomes_a_column_of_float64(values):
    sequences = Sequences(values)
    np.testing.assert_array_equal(sequences.observations, [[1.0], [2.0], [3.0]])
    assert sequences.observations.dtype == np.float64
    assert sequences.observations.flags.c_contiguous
    assert sequences == Sequences([1, 2, 3])


def test_shapes_and_bounds():
    sequences = Sequences(np.arange(12.0).reshape(6, 2), [1, 3, 2])
    assert sequences.num_sequences == len(sequences) == 3
    assert sequences.num_observations == 6
    assert sequences.num_dimensions == 2
    assert sequences.lengths.dtype == np.int64
    np.testing.assert_array_equal(sequences.offsets, [0, 1, 4, 6])
    np.testing.assert_array_equal(sequences[1], np.arange(2.0, 8.0).reshape(3, 2))
    np.testing.assert_array_equal(sequences[-1], sequences[2])
    assert sequences.select(1) == Sequences(sequences[1])
    assert [len(one) for one in sequences] == [1, 3, 2]
    for n in (3, -4):
        with pytest.raises(IndexError, match=f"there is no sequence {n}; there are 3"):
            sequences[n]


def test_every_way_in_agrees():
    table = np.random.default_rng(0).normal(size=(3, 4, 2))
    expected = Sequences(table.reshape(12, 2), [4, 4, 4])
    assert Sequences.from_array(table) == expected
    assert Sequences.from_list(list(table)) == expected
    assert Sequences.from_list(iter(table)) == expected
    frame = pd.DataFrame(table.reshape(12, 2), columns=["x", "y"])
    frame["who"] = np.repeat(["b", "a", "c"], 4)
    assert Sequences.from_frame(frame, ["x", "y"], "who") == expected
    assert Sequences.from_array(table[:, :, 0]) == Sequences.from_frame(frame, ["x"], "who")


def test_values_are_copied_and_frozen():
    values, lengths = np.arange(4.0), np.array([2, 2])
    sequences = Sequences(values, lengths)
    values[0] = lengths[0] = 99
    np.testing.assert_array_equal(sequences[0], [[0.0], [1.0]])
    for array in (sequences.observations, sequences.lengths, sequences[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        sequences.lengths = np.array([4])


def test_equality_is_of_values():
    sequences = Sequences([1.0, 2.0, 3.0], [1, 2])
    assert sequences == Sequences([1, 2, 3], [1, 2])
    assert sequences != Sequences([1.0, 2.0, 3.0], [2, 1])
    assert sequences != Sequences([1.0, 2.0, 4.0], [1, 2])
    assert sequences != [1.0, 2.0, 3.0]
    with pytest.raises(TypeError, match="unhashable"):
        hash(sequences)


@pytest.mark.parametrize(
    ("values", "lengths", "message"),
    [
        ([], None, r"observations have shape \(0, 1\); there must be at least one"),
        (np.zeros((3, 0)), None, r"observations have shape \(3, 0\); there must be at least one"),
        (5.0, None, r"observations have shape \(\); they must be \(T,\) or \(T, D\)"),
        (np.zeros((2, 2, 2)), None, r"shape \(2, 2, 2\); .*Sequences\.from_array"),
        ([0.0, -np.inf], None, r"row 1 is \[-inf\] \(column 0\); .*finite number, or NaN where"),
        ([[0, 1], [2, np.inf]], None, r"row 1 is \[2\.0, inf\] \(column 1\)"),
        (["a", "b"], None, r"observations must be an array of numbers: .*'a'"),
        ([[1, 2], [3]], None, r"observations must be an array of numbers"),
        ([1j, 2.0], None, r"observations .*complex"),
        (np.array([1j, 2.0]), None, r"observations .*complex"),
        ([1, 2, 3], [1, 1], r"lengths sum to 2, but there are 3 observations"),
        ([1, 2, 3], [3, 0], r"lengths\[1\] is 0; .*at least 1"),
        ([1, 2, 3], [4, -1], r"lengths\[1\] is -1; .*at least 1"),
        ([1, 2, 3], [1.5, 1.5], r"lengths\[0\] is 1\.5; .*whole number"),
        ([1, 2, 3], [np.nan], r"lengths\[0\] is nan; .*whole number"),
        ([1, 2, 3], [np.inf], r"lengths\[0\] is inf; .*whole number"),
        ([1, 2, 3], [1e30], r"lengths .*1e\+30"),
        ([1, 2, 3], 3, r"lengths have shape \(\); they must be a list"),
        ([1, 2, 3], [], r"lengths have shape \(0,\)"),
        ([1, 2, 3], ["x"], r"lengths must be an array of numbers"),
    ],
)
def test_what_is_refused_and_why(values, lengths, message):
    with pytest.raises(ValueError, match=message):
        Sequences(values, lengths)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "the list of sequences is empty"),
        ([[1.0], []], r"sequence 1 is empty"),
        ([[1.0], [[1.0, 2.0]]], r"sequence 1 has shape \(1, 2\); sequence 0 has \(1,\)"),
        ([[1.0], 2.0], r"sequence 1 is 2\.0; it must be an array"),
        ([[1.0], ["a"]], "sequence 1 must be an array of numbers"),
    ],
)
def test_lists_that_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Sequences.from_list(values)


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3, 4)])
def test_arrays_that_are_refused(shape):
    with pytest.raises(ValueError, match=r"from_array takes \(N, M\) or \(N, M, D\)"):
        Sequences.from_array(np.zeros(shape))


# --- data frames --------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["numpy", "numpy_nullable", "pyarrow"])
@pytest.mark.parametrize("labels", [["b", "a", "b", "c", "a", "b"], [2, 1, 2, 9, 1, 2]])
def test_interleaved_sequences_are_gathered_in_order_of_appearance(backend, labels):
    frame = pd.DataFrame({"x": [1, 2, 3, 4, 5, 6], "who": labels}, index=[5, 5, 3, 2, 1, 0])
    if backend != "numpy":
        frame = frame.convert_dtypes(dtype_backend=backend)
    sequences = Sequences.from_frame(frame, ["x"], "who")
    assert sequences == Sequences([1, 3, 6, 2, 5, 4], [3, 2, 1])


def test_categories_that_do_not_occur_are_no_sequences():
    frame = pd.DataFrame({"x": [1, 2, 3], "who": pd.Categorical(list("bab"), list("abc"))})
    assert Sequences.from_frame(frame, ["x"], "who") == Sequences([1, 3, 2], [2, 1])


def test_one_column_may_be_named_without_a_list():
    frame = pd.DataFrame({"price": [1, 2, 3]})
    assert Sequences.from_frame(frame, "price") == Sequences([1, 2, 3])


@pytest.mark.parametrize(
    ("columns", "sequence_column", "message"),
    [
        (["z"], None, r"there is no column 'z'; the columns are \['x', 'y', 'text', 'gap', 'who'"),
        (["x"], "z", r"there is no column 'z'"),
        ([], None, r"value_columns is empty"),
        (["x", "x"], None, r"column 'x' is named twice"),
        (["text"], None, r"column 'text' has 'two' in row 1; .*number"),
        (["x"], "gap", r"column 'gap' is empty in row 2; every row needs its sequence"),
        (["when"], None, r"column 'when' has Timestamp.* in row 0; .*number"),
        (["far"], None, r"column 'far' has .*inf.* in row 1; .*finite number"),
        (["x", "who"], "who", r"column 'who' has 'a' in row 0; .*number"),
    ],
)
@pytest.mark.parametrize("backend", ["numpy", "numpy_nullable", "pyarrow"])
def test_frames_that_are_refused(backend, columns, sequence_column, message):
    frame = pd.DataFrame(
        {
            "x": [1, 2, 3],
            "y": [0.5, 1.5, 2.5],
            "text": ["1", "two", "3"],
            "gap": [1.0, 2.0, None],
            "who": ["a", "a", "b"],
            "when": pd.to_datetime(["2020-01-01"] * 3),
            "far": [1.0, np.inf, 2.0],
        }
    )
    if backend != "numpy":
        frame = frame.convert_dtypes(dtype_backend=backend)
    with pytest.raises(ValueError, match=message):
        Sequences.from_frame(frame, columns, sequence_column)


def test_a_frame_with_two_columns_of_one_name_is_refused():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
    with pytest.raises(ValueError, match="2 columns are named 'x'"):
        Sequences.from_frame(frame, ["x"])


def test_an_empty_frame_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        Sequences.from_frame(pd.DataFrame({"x": []}, dtype=float), ["x"])
    with pytest.raises(ValueError, match="at least one"):
        Sequences.from_frame(pd.DataFrame({"x": [], "who": []}, dtype=float), ["x"], "who")


def test_variances_of_constant_columns_are_exactly_zero():
    observations = np.column_stack([np.full(50, 0.1), np.arange(50.0), np.full(50, 1e8 + 0.1)])
    variances = Sequences(observations).variances()
    np.testing.assert_array_equal(variances[[0, 2]], 0.0)
    np.testing.assert_allclose(variances[1], np.arange(50.0).var(), rtol=1e-15)


def test_what_is_missing_is_counted_and_left_out_of_the_means():
    nan = np.nan
    sequences = Sequences([[1.0, nan], [nan, nan], [3.0, 5.0], [nan, 7.0], [nan, nan]], [2, 3])
    assert (sequences.num_missing, sequences.num_partly_missing) == (2, 2)
    np.testing.assert_array_equal(sequences.means(), [2.0, 6.0])
    complete = Sequences([[1.0, 2.0], [4.0, 8.0]])
    assert (complete.num_missing, complete.num_partly_missing) == (0, 0)
    # BIC counts these, and what is said per observation is divided by them.
    assert (sequences.num_observed, complete.num_observed) == (3, 2)
    assert sequences.per_observation(-12.0) == -4.0
    np.testing.assert_array_equal(sequences.per_observation(np.array([3.0, 6.0])), [1.0, 2.0])
    np.testing.assert_array_equal(complete.means(), [2.5, 5.0])
    with pytest.raises(ValueError, match="every value of dimension 1 is missing"):
        Sequences([[1.0, nan], [nan, nan]]).means()


def test_masked_observations_are_missing():
    table = np.ma.array([[1.0, -999.0], [3.0, 4.0]], mask=[[False, True], [False, False]])
    expected = [[1.0, np.nan], [3.0, 4.0]]
    np.testing.assert_array_equal(Sequences(table).observations, expected)
    np.testing.assert_array_equal(Sequences(list(table)).observations, expected)
    np.testing.assert_array_equal(Sequences.from_list([table]).observations, expected)
    np.testing.assert_array_equal(
        Sequences.from_array(table).observations.ravel(), np.ravel(expected)
    )
    assert not Sequences(np.ma.array([1.0, 2.0])).has_missing


def test_masked_lengths_are_refused():
    with pytest.raises(ValueError, match=r"lengths\[0\] is masked"):
        Sequences([1.0, 2.0, 3.0], np.ma.array([1, 2], mask=[True, False]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Sequences.from_list([1.0, 2.0]),
            r"sequence 0 is 1\.0; .*One .* is given as \[x\]",
        ),
        (lambda: Sequences.from_list([[1.0], []]), r"sequence 1 is empty \(shape \(0,\)\)"),
        (lambda: Sequences.from_list([np.zeros((0, 2)), [1.0]]), r"sequence 0 is empty"),
        (lambda: Sequences.from_array(np.zeros((0, 3))), r"observations have shape \(0, 3\);"),
        (
            lambda: Sequences.from_array(np.zeros((2, 0, 1))),
            r"observations have shape \(2, 0, 1\);",
        ),
    ],
)
def test_what_is_empty_or_no_sequence_is_named_as_it_was_given(make, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make()


@pytest.mark.parametrize(
    ("cells", "expected"), [([2, 1, None], [2, 1, np.nan]), (["2", "1", " "], [2, 1, np.nan])]
)
def test_a_categorical_column_of_numbers_is_one_of_numbers(cells, expected):
    frame = pd.DataFrame({"x": pd.Categorical(cells)})
    observations = Sequences.from_frame(frame, "x").observations
    np.testing.assert_array_equal(observations.ravel(), expected)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([True, False]),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([True, 1.5], dtype=object),
        pd.Series([1 + 2j, 1.5], dtype=object),
        pd.Series(pd.to_datetime(["2020-01-01"]), dtype="category"),
    ],
)
def test_columns_of_what_only_passes_for_numbers_are_refused(column):
    with pytest.raises(ValueError, match=r"column 'x' has .* in row 0; every value must be a fin"):
        Sequences.from_frame(pd.DataFrame({"x": column}), "x")
