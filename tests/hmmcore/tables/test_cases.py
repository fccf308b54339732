"""Files in the shapes that people's real files have, each with what is right for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from hmmcore import EM, HMM, Poisson, Product, fit
from hmmcore.io import from_hmmlearn, to_hmmlearn
from hmmcore.tables import TableError, read_table

CASES = Path(__file__).parent / "cases"


class Right(NamedTuple):
    """What is right for a file, read with nothing said about it but which columns are values."""

    values: tuple[str, ...] | None  # None: as guessed
    means: tuple[float, ...]
    lengths: tuple[int, ...]
    family: str
    missing: int = 0
    sequence: str | None = None
    time: str | None = None
    label: str | None = None
    layout: str = "long"


# fmt: off
RIGHT: dict[str, Right] = {
    "actiwatch.csv": Right(None, (2.163265,), (147,), "counts", time="Date"),
    "codes_minus1.csv": Right(None, (1.393805,), (240,), "symbols", 14),
    "dollar_header.csv": Right(("Close ($)",), (102.5,), (120,), "numbers", time="Date"),
    "duplicate_columns.csv": Right(("a", "b"), (1.193025, 1.193025), (180,), "numbers"),
    "eu_dot_thousands.csv": Right(("totale",), (970.75,), (120,), "numbers", time="giorno"),
    "fish.csv": Right(("Detect",), (6.145,), (800,), "counts", time="datetime"),
    "flow_two_levels.csv": Right(None, (109.85192,), (200,), "numbers"),
    "fret_columns.csv": Right(None, (0.526620,), (
        # lengths to the last value of each molecule
        128, 150, 139, 135, 68, 105, 150, 98, 67, 116, 102, 150), "numbers", time="time_s",
        layout="columns"),
    "index_newest_first.csv": Right(("Change %",), (0.125618,), (89,), "numbers", time="Date"),
    "intensity_history.txt": Right(
        ("column 2", "column 3", "column 4", "column 5"),
        (373.5544, 368.9163, 9877.2814, 9140.9684), (60,), "numbers", time="column 1"),
    "logger_de.csv": Right(None, (4.360339,), (118,), "numbers", time="Datum"),
    "nova_noheader.csv": Right(("column 1",), (1.001667,), (120,), "numbers"),
    "one_obs_sequences.csv": Right(None, (2.60197,), (1,) * 300, "numbers", sequence="id"),
    "power_unixms.csv": Right(None, (505.774227,), (99,), "numbers", 2, time="ts"),
    "protein_strings.csv": Right(None, (2.645161,), (7, 9, 7, 8), "symbols", sequence="id",
                                 layout="letters"),
    "returns_daily.csv": Right(("ret",), (0.000378,), (560, 440, 260), "numbers", 3,
                               "ticker", "date"),
    "returns_daily_new.csv": Right(("ret",), (0.000425,), (84, 84, 84), "numbers", 0,
                                   "ticker", "date"),
    "sensor_trials.csv": Right(None, (1.140856, 21.213657), (355, 200, 45), "numbers", 1,
                               "trial", "timestamp", "label"),
    "space_thousands.csv": Right(None, (697.49,), (120,), "numbers", time="t"),
    "spike_counts.csv": Right(("n1",), (0.608,), (250,) * 4, "counts", sequence="trial"),
    "tracks_interleaved.csv": Right(None, (129.566142,), (120,) * 3, "numbers", 16,
                                    "individual-local-identifier", "timestamp"),
    "tracks_shuffled.csv": Right(None, (129.566142,), (120,) * 3, "numbers", 16, "ID",
                                 "timestamp"),
    "trailing_comma.csv": Right(("temp", "flow"), (1.519195, 109.85192), (200,), "numbers"),
    "two_values.csv": Right(None, (0.2,), (140,), "numbers"),
    "weekly_levels.txt": Right(None, (7.32614,), (100,), "numbers", time="column 1"),
    "wide_events.csv": Right(None, (4.0,), (9,) * 5, "symbols", layout="rows"),
    "yf_multiheader.csv": Right(None, (251.110101,), (77,), "numbers", time="Price"),
}
# fmt: on


def read(name: str, **options: Any) -> Any:
    return read_table((CASES / name).read_bytes(), **options)


@pytest.mark.parametrize(("name", "right"), RIGHT.items(), ids=RIGHT)
def test_a_file_as_people_have_it_is_read_right(name: str, right: Right) -> None:
    table = read(name)
    assert (table.guess.sequence, table.guess.time, table.guess.label, table.guess.layout) == (
        right.sequence, right.time, right.label, right.layout
    )  # fmt: skip
    data = table.observations(right.values)
    assert data.family == right.family
    assert data.sequences.lengths.tolist() == list(right.lengths)
    observations = data.sequences.observations
    assert int(np.isnan(observations).sum()) == right.missing
    np.testing.assert_allclose(
        np.nanmean(observations, axis=0), right.means, atol=5.1e-7, rtol=2e-7
    )


def test_every_file_has_its_figures() -> None:
    assert {path.name for path in CASES.iterdir()} == {*RIGHT, "quote_and_blank_lines.csv"}


def test_a_file_of_quotation_marks_is_refused() -> None:
    with pytest.raises(TableError, match=r"The file is empty; it needs a column of values\."):
        read("quote_and_blank_lines.csv")


def test_points_between_thousands_are_told_by_the_rest_of_the_file() -> None:
    data = read("eu_dot_thousands.csv").observations("totale")
    assert data.sequences.observations.min() == 647
    assert data.sequences.observations.max() == 1298
    assert any("mark between thousands" in sentence for sentence in data.warnings)


def test_spaces_between_thousands() -> None:
    assert read("space_thousands.csv").observations().sequences.observations.max() == 1319.5


def test_what_stands_before_the_data_is_said() -> None:
    table = read("actiwatch.csv")
    assert table.names[:4] == ("Line", "Date", "Time", "Activity")
    assert "The first 8 rows were passed over" in table.warnings[0]
    assert read("yf_multiheader.csv").warnings == (
        "Names are from row 1; rows 2, 3 were passed over.",
    )
    assert read("logger_de.csv").warnings == ("Row 2 was read as units, not as data.",)
    assert read("logger_de.csv").units == ("", "", "°C", "W", "")


def test_rows_that_are_skipped_are_counted_in_messages() -> None:
    table = read("yf_multiheader.csv", skip_rows=3, header=False)
    assert len(table) == 77
    assert table.names == ("column 1", "column 2", "column 3")
    with pytest.raises(TableError, match=r"Row 4 has “2023-01-01” in column “column 1”"):
        table.observations("column 1", family="numbers")


def test_newest_first_becomes_oldest_first() -> None:
    data = read("index_newest_first.csv").observations("Change %")
    assert (np.diff(data.times) > np.timedelta64(0)).all()
    assert data.rows[0] == 88
    assert data.rows[-1] == 0
    assert any("begins with the latest" in sentence for sentence in data.warnings)
    # The last row of the file is the oldest day.
    assert data.sequences.observations[0, 0] == 0.44


def test_shuffled_rows_are_the_interleaved_ones_in_order() -> None:
    shuffled, in_turn = read("tracks_shuffled.csv"), read("tracks_interleaved.csv")
    data, expected = shuffled.observations(), in_turn.observations()
    first = data.sequences.observations[:4, 0]
    np.testing.assert_array_equal(first, [54.660, 20.263, 56.491, np.nan])
    by_name = dict(zip(data.sequence_names, data.sequences, strict=True))
    for name, rows in zip(expected.sequence_names, expected.sequences, strict=True):
        np.testing.assert_array_equal(by_name[name], rows)
    assert any("order of their times" in sentence for sentence in data.warnings)
    # Back to the file: the row of each observation.
    texts = shuffled.frame["step"].to_numpy()[data.rows]
    assert texts[:4].tolist() == ["54.660", "20.263", "56.491", "NA"]


def test_dates_and_clocks_in_two_columns_are_one_time() -> None:
    data = read("logger_de.csv").observations()
    assert data.times[1] == np.datetime64("2024-03-01T00:15")
    assert data.times[-1] == np.datetime64("2024-03-02T05:15")
    assert read("actiwatch.csv").observations().times[-1] == np.datetime64("2023-09-06T04:52")


def test_milliseconds_since_1970() -> None:
    data = read("power_unixms.csv").observations()
    assert data.times[0] == np.datetime64("2023-11-14T22:13:20")
    assert np.isnan(data.sequences.observations[0, 0])


def test_known_states_come_along() -> None:
    data = read("sensor_trials.csv").observations()
    assert data.truth_labels == ("rest", "run", "walk")
    assert data.truth is not None
    assert np.bincount(data.truth).tolist() == [402, 30, 168]
    assert data.sequence_names == ("T01", "T02", "T03")


def test_a_code_for_nothing_is_missing_and_said() -> None:
    table = read("codes_minus1.csv")
    assert any("-1 in 14 rows" in sentence for sentence in table.warnings)
    data = table.observations()
    assert data.labels == ("0", "1", "2", "3")
    as_told = read("codes_minus1.csv", missing=[-1]).observations()
    np.testing.assert_array_equal(as_told.sequences.observations, data.sequences.observations)
    as_numbers = table.observations(family="numbers").sequences.observations
    assert int((as_numbers == -1).sum()) == 14


@pytest.mark.parametrize("code", [-1, -9])
def test_a_code_for_nothing_among_counts_is_missing_as_is_said(code: int) -> None:
    counts = np.random.default_rng(7).poisson(6.0, 200)
    seen = np.arange(200) % 10 != 3
    table = read_table("n\n" + "\n".join(map(str, np.where(seen, counts, code))))
    assert table.guess.family == "counts"
    assert any(f"{code} in 20 rows" in sentence for sentence in table.warnings)
    np.testing.assert_array_equal(
        table.observations().sequences.observations[:, 0], np.where(seen, counts, np.nan)
    )
    as_numbers = table.observations(family="numbers").sequences.observations
    assert int((as_numbers == code).sum()) == 20
    # Where it is kept, nothing says that it is not.
    kept = read_table("n\n" + "\n".join(map(str, np.where(seen, counts * 0.5, code))))
    assert kept.guess.family == "numbers"
    assert not any("missing" in sentence for sentence in kept.warnings)


def test_counts_that_are_numbered_alike_are_counts_together() -> None:
    table = read("spike_counts.csv")
    assert table.guess.values == ("n1", "n2", "n3", "n4")
    assert any("“n1”, “n2”, “n3”, “n4” hold counts" in sentence for sentence in table.warnings)
    data = table.observations()
    assert (data.family, data.kinds) == ("product", ("counts",) * 4)
    np.testing.assert_allclose(
        data.sequences.observations.mean(axis=0), [0.608, 0.433, 0.324, 0.405], rtol=1e-12
    )
    points = table.observations(family="numbers")
    assert (points.family, points.sequences.num_dimensions) == ("numbers", 4)
    assert table.observations("n2").family == "counts"


def test_counts_together_are_fitted_as_another_program_fits_them() -> None:
    data = read("spike_counts.csv").observations().sequences
    rates = data.observations.mean(axis=0) * np.array([[0.5], [1.0], [2.0]])
    parts = [Poisson(rates[:, j]) for j in range(4)]
    start = HMM([0.5, 0.3, 0.2], 0.6 * np.eye(3) + 0.4 / 3.0, Product(parts))
    result = fit(EM(data), start, 10, 0.0)
    peer = to_hmmlearn(start)
    peer.set_params(init_params="")  # ten steps are its own number
    peer.fit(data.observations.astype(int), data.lengths)
    ours, theirs = result.hmm, from_hmmlearn(peer)
    np.testing.assert_allclose(ours.initial_probs, theirs.initial_probs, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(ours.transition_matrix, theirs.transition_matrix, rtol=1e-9)
    for one, other in zip(ours.emissions.parts, theirs.emissions.parts, strict=True):
        np.testing.assert_allclose(one.rates, other.rates, rtol=1e-9)
    # Theirs are of the models before each step.
    np.testing.assert_allclose(result.log_likelihoods[:10], peer.monitor_.history, rtol=1e-12)


def test_columns_of_different_kinds_are_each_of_its_own() -> None:
    steps = [0.5, 1.25, 0.75, 2.0, 1.5] * 4
    rows = [f"{t},{step},{'rest' if step < 1 else 'walk'},{int(step > 1)}"
            for t, step in enumerate(steps)]  # fmt: skip
    rows[3] = "3,,walk,NA"
    table = read_table("\n".join(["time,step,doing,seen", *rows]))
    data = table.observations()
    assert data.names == ("step", "doing", "seen")
    assert data.kinds == ("numbers", "symbols", "symbols")
    assert data.part_labels == ((), ("rest", "walk"), ("0", "1"))
    assert data.labels == ()
    np.testing.assert_array_equal(
        data.sequences.observations[2:4], [[0.75, 0, 0], [np.nan, 1, np.nan]]
    )
    assert table.observations(leave_out_missing=True).left_out == 1
    counted = table.observations(family=("numbers", "symbols", "counts"))
    assert counted.kinds[2] == "counts"
    with pytest.raises(TableError, match="names 2 kinds for 3 columns"):
        table.observations(family=("numbers", "symbols"))
    # One column more, and the file may hold anything.
    remark = read_table("\n".join(["step,doing,note", *(f"{row[2:]}!{row}" for row in rows)]))
    assert len(remark.guess.values) == 1


def columns(**columns: Any) -> Any:
    rows = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    return read_table("\n".join(rows))


def test_what_says_whose_a_row_is_is_no_value() -> None:
    rng = np.random.default_rng(5)
    score, code = rng.normal(size=60).round(2), rng.integers(0, 2, 60)
    three, steps = np.repeat([1, 2, 3], 20), np.tile(np.arange(1, 21), 3)
    sex = np.repeat(["m", "f", "m"], 20)
    for name, fixed in (("age", np.repeat([23, 31, 45], 20)), ("sex", sex)):
        table = columns(subject=three, **{name: fixed}, score=score)
        assert (table.guess.values, table.guess.sequence) == (("score",), "subject")
        assert f"“{name}” never changes within a sequence, so it was not taken as a value." in (
            table.warnings
        )
    table = columns(who=np.repeat(list("abc"), 20), temp=score, code=code)
    assert table.guess.values == ("temp", "code")
    assert table.warnings[0].startswith("“who” stands in blocks of equal cells")
    for other, values in (("amount", score), ("word", np.where(code, "a", "b"))):
        table = columns(customer_no=three + 100, **{other: values})
        assert table.guess.values == (other,)
        assert table.warnings[0].startswith("“customer_no” stands in blocks")
    table = columns(customer_no=three + 100, state=np.where(code, "a", "b"))
    assert (table.guess.values, table.guess.label) == (("state",), None)
    for numbers in (steps, np.tile(np.arange(1, 11), 6)):
        table = columns(subject_code=three, trial_no=numbers, rt=score, correct=code)
        assert (table.guess.values, table.guess.sequence) == (("rt", "correct"), "subject_code")
    # Nothing else in the file names a sequence, so it is said what was assumed.
    table = columns(trial_no=steps, rt=score, correct=code)
    assert any("“trial_no” counts up and begins again" in said for said in table.warnings)
    # Where it is all there is, it is the value.
    assert columns(level=three).guess.values == ("level",)


def test_whole_numbers_that_may_be_no_counts_are_asked_about() -> None:
    rng = np.random.default_rng(3)
    for measured in (rng.integers(60, 121, 80), rng.integers(17, 24, 80), rng.integers(9, 14, 80)):
        table = columns(x=measured)
        assert table.guess.family == "counts"
        (said,) = table.warnings
        assert said == (
            f"Column “x” has whole numbers from {measured.min()} to {measured.max()}, guessed to "
            "be counts. If they were measured, not counted, choose Numbers."
        )
    codes = rng.integers(0, 3, 80)
    table = columns(temp=rng.normal(size=80).round(2), code=codes)
    assert any(
        said == "Column “code” has whole numbers from 0 to 2, guessed to be counts. If they are "
        "codes of a few kinds, choose Symbols."
        for said in table.warnings
    )
    # Counts whose mean changes with the state, or does not.
    for counted in (rng.poisson(np.repeat([3.0, 12.0], 40)), rng.poisson(20.0, 80)):
        assert columns(x=counted).warnings == ()


@pytest.mark.parametrize("code", [9, 99, 999, 9999])
def test_a_high_code_is_a_value_and_asked_about(code: int) -> None:
    high = np.arange(60) % 12 == 5
    cells = np.where(high, code, np.random.default_rng(2).integers(1, 6, 60))
    table = columns(x=cells)
    read = table.observations().sequences.observations[:, 0]
    np.testing.assert_array_equal(read == read.max(), high)
    assert (
        f"Column “x” has {code} in 5 rows, far above all other values; it was taken for a value. "
        "If it says that one is missing, enter it under Missing codes."
    ) in table.warnings
    content = "x\n" + "\n".join(map(str, cells))
    without = read_table(content, missing=[code])
    assert not any("far above" in said for said in without.warnings)
    assert int(np.isnan(without.observations().sequences.observations).sum()) == 5
    assert not any("far above" in said for said in columns(x=cells % code + 1).warnings)


def test_where_nothing_follows_there_is_no_transition_to_learn() -> None:
    table = read("one_obs_sequences.csv")
    assert any("no transition to learn" in sentence for sentence in table.warnings)
    one = table.observations(sequence="")
    assert one.sequences.lengths.tolist() == [300]


def test_letters_and_positions() -> None:
    data = read("protein_strings.csv").observations()
    assert "".join(data.labels[int(x)] for x in data.sequences.observations[:7, 0]) == "CAEFDDH"
    assert data.rows.tolist() == [0] * 7 + [1] * 9 + [2] * 7 + [3] * 8
    data = read("wide_events.csv").observations()
    assert [data.labels[int(x)] for x in data.sequences.observations[:9, 0]] == list("249865173")


def test_columns_of_molecules_end_where_they_end() -> None:
    data = read("fret_columns.csv").observations()
    assert data.sequence_names[0] == "mol1"
    assert data.times is not None
    assert data.times[:2].tolist() == [0.0, 0.1]
    assert not np.isnan(data.sequences.observations).any()
    rows = read("fret_columns.csv").observations(layout="long", values="mol1")
    assert rows.sequences.lengths.tolist() == [150]
