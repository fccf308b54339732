"""Text files in many formats are read, and each that cannot be gives one sentence."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from hmmcore.tables import BLANK_LINES, MAX_FILE_BYTES, TableError, read_table, splitting

# name: (file, values, lengths), read with everything found out from the file.
GOOD: dict[str, tuple[str | bytes, list[float], list[int]]] = {
    "one column": ("x\n1\n2.5\n-3e-1\n", [1, 2.5, -0.3], [3]),
    "no newline at the end": ("x\n1\n2", [1, 2], [2]),
    "blank lines at the end": ("x\n1\n2\n\n  \n\n", [1, 2], [2]),
    "no header": ("1\n2\n3\n", [1, 2, 3], [3]),
    "one observation": ("x\n4\n", [4], [1]),
    "one number alone": ("4", [4], [1]),
    "windows": ("x,y\r\n1,a\r\n2,b\r\n", [1, 2], [2]),
    "old macintosh": ("x,y\r1,a\r2,b\r", [1, 2], [2]),
    "byte order mark": (b"\xef\xbb\xbfx\n1\n2\n", [1, 2], [2]),
    "utf-16": ("x\ty\n1\ta\n2\tb\n".encode("utf-16"), [1, 2], [2]),
    "windows-1252": ("größe;art\n1,5;süß\n2,5;€\n".encode("cp1252"), [1.5, 2.5], [2]),
    "semicolons and decimal commas": ("t;x\n1;0,5\n2;-1,5\n3;2\n", [0.5, -1.5, 2], [3]),
    "decimal commas alone": ("x\n0,5\n1,5\n2\n", [0.5, 1.5, 2], [3]),
    "decimal commas alone in every row": ("x\n0,5\n1,5\n2,5\n4,5\n", [0.5, 1.5, 2.5, 4.5], [4]),
    "decimal commas with points for thousands": ("a;b\nu;1.234,5\nv;2,5\n", [1234.5, 2.5], [2]),
    "commas between thousands, not quoted": (
        "x\n1,234\n-2,345\n13,456.5\n", [1234, -2345, 13456.5], [3],
    ),
    "thousands, quoted": ('a,b\nu,"1,234"\nv,"12,345.5"\n', [1234, 12345.5], [2]),
    "apostrophes between thousands": ("a;b\nu;1'234.5\nv;12'345.0\n", [1234.5, 12345], [2]),
    "quoted decimal commas": ('"a","b"\n"u","0,5"\n"v","1,25"\n', [0.5, 1.25], [2]),
    "money": ("a;b\nu;$1,234.50\nv;-$2.00\nw;($3.25)\n", [1234.5, -2, -3.25], [3]),
    "euros": ("a;b\nu;1.234,50 €\nv;2,00 €\n", [1234.5, 2], [2]),
    "percent": ("a,b\nu,1.5%\nv,-2 %\n", [1.5, -2], [2]),
    "thousands, millions": ("a,b\nu,1.5M\nv,20K\nw,3B\n", [1.5e6, 2e4, 3e9], [3]),
    "tabs": ("a\tb\nu\t1\nv\t2\n", [1, 2], [2]),
    "pipes": ("a|b\nu|1\nv|2\n", [1, 2], [2]),
    "spaces": ("a  b\nu   1\nv 2\n", [1, 2], [2]),
    "spaces after commas": ("a, b\nu, 1\nv, 2\n", [1, 2], [2]),
    "separators at the end": ("a,b,\nu,1,\nv,2,\n", [1, 2], [2]),
    "separators at the end of data alone": ("a,b\n1,7,\n5,8,\n2,9,\n", [1, 5, 2], [3]),
    "quotes with separators and line ends": (
        'note,x\n"a, b",1\n"c\nd",2\n"say ""e""",3\n', [1, 2, 3], [3],
    ),
    "text with semicolons": ("note,x\na;b,1\nc;d,2\n", [1, 2], [2]),
    "names of rows as R writes them": ("x y\n1 0.5 7\n2 1.5 8\n", [0.5, 1.5], [2]),
    "row names of one column": ("x\n1,234\n2,0.5\n3,9\n", [234, 0.5, 9], [3]),
    "row names with an empty name": (",x\n0,0.5\n1,1.5\n2,9\n", [0.5, 1.5, 9], [3]),
    "columns numbered by pandas": (",0\n0,0.5\n1,1.5\n2,9\n", [0.5, 1.5, 9], [3]),
    "comments": ("# measured by hand\n# in May\na,x\nu,1\nv,2\n", [1, 2], [2]),
    "a preamble": ("Logger 7\nserial: 12\n\na,x\nu,1\nv,2\nw,4\nz,8\n", [1, 2, 4, 8], [4]),
    "an index is not the value": ("time,x\n5,1\n6,2\n9,1\n", [1, 2, 1], [3]),
    "what counts up is not the value": ("k,x\n5,1\n6,2\n7,1\n", [1, 2, 1], [3]),
    "a constant is not the value": ("v,x\n5,1\n5,2\n5,1\n", [1, 2, 1], [3]),
    "an index alone is": ("year\n1990\n1991\n1992\n", [1990, 1991, 1992], [3]),
    "text before numbers": ("who,x\nann,1\nbob,2\n", [1, 2], [2]),
    "sequences": ("subject,x\na,1\na,2\nb,3\n", [1, 2, 3], [2, 1]),
    "sequences that take turns": (
        "Subject ID,x\na,1\nb,2\na,3\nb,4\na,5\n", [1, 3, 5, 2, 4], [3, 2],
    ),
    "sequences by content": (
        "who,day,x\nann,1,5\nann,2,6\nbob,1,7\nbob,2,4\nbob,3,4\ncy,1,1\ncy,2,9\n",
        [5, 6, 7, 4, 4, 1, 9], [2, 3, 2],
    ),
    "sequences of length one": ("seq,x\n1,7\n2,8\n2,9\n", [7, 8, 9], [1, 2]),
    "what names every row is no sequence": ("id,x\na,1\nb,2\nc,3\n", [1, 2, 3], [3]),
    "blank lines between sequences": ("a,x\nu,1\nv,2\n\nw,3\nz,4\n", [1, 2, 3, 4], [2, 2]),
    "blank lines between long columns": (
        "1\n2\n4\n3\n2\n1\n\n5\n6\n7\n5\n6\n9\n", [1, 2, 4, 3, 2, 1, 5, 6, 7, 5, 6, 9], [6, 6],
    ),
    "our own download": (
        "sequence,time,value,state\n1,1,.5,S1\n1,2,.7,S2\n2,1,.1,S1\n", [0.5, 0.7, 0.1], [2, 1],
    ),
    "missing in another column": ("x,y\n1,\n2,NA\n", [1, 2], [2]),
    "short rows that lack another column": ("x,note\n1,a\n2\n", [1, 2], [2]),
    "minus signs of typesetters": ("x\n−1\n−2.5\n", [-1, -2.5], [2]),
    "exactly at the limit": ("x\n1e100\n-1e100\n", [1e100, -1e100], [2]),
    "spaces around": ("x\n 1 \n\t2\n", [1, 2], [2]),
    "dates newest first": ("day,x\n2020-01-03,1\n2020-01-02,2\n2020-01-01,4\n", [4, 2, 1], [3]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "values", "lengths"), GOOD.values(), ids=GOOD)
def test_files_as_people_write_them(
    content: str | bytes, values: list[float], lengths: list[int]
) -> None:
    data = read_table(content).observations()
    assert data.sequences.observations[:, 0].tolist() == values
    assert data.sequences.lengths.tolist() == lengths


nan = float("nan")
GAPS: dict[str, tuple[str, list[float]]] = {
    "an empty cell": ("a,x\nu,1.5\nv,\nw,3\n", [1.5, nan, 3]),
    "as R and pandas write them": ("a,x\nu,1.5\nv,NA\nw,nan\nz,NaN\n", [1.5, nan, nan, nan]),
    "as spreadsheets write them": ("a,x\nu,1.5\nv,#N/A\nw,n.a.\nz,2\n", [1.5, nan, nan, 2]),
    "spaces alone": ("a,x\nu,1.5\nv,  \nw,2\n", [1.5, nan, 2]),
    "at both ends": ("a,x\nu,\nv,1.5\nw,\n", [nan, 1.5, nan]),
    "a blank line within one column": ("x\n1.5\n\n3\n", [1.5, nan, 3]),
    "a row without the column": ("a,x\nu,1.5\nv\nw,2\n", [1.5, nan, 2]),
    "with decimal commas": ("a;x\nu;1,5\nv;\nw;-\n", [1.5, nan, nan]),
    "counts": ("year,n\n1900,13\n1901,\n1902,8\n", [13, nan, 8]),
}


@pytest.mark.parametrize(("content", "values"), GAPS.values(), ids=GAPS)
def test_what_is_missing_stays_missing(content: str, values: list[float]) -> None:
    found = read_table(content).observations().sequences.observations[:, 0]
    np.testing.assert_array_equal(found, values)


def test_words_for_nothing_are_no_symbols_and_other_words_are() -> None:
    words = ("", "NA", "na", "n/a", "#N/A", "#na", "NaN", "NaT", "<NA>", "Null")
    content = "id,sky\n" + "".join(
        f"a,{sky}\n" for sky in ("sun", *words, "rain", "-", "?", "none")
    )
    data = read_table(content).observations("sky")
    assert data.labels == ("-", "?", "none", "rain", "sun")
    np.testing.assert_array_equal(
        data.sequences.observations[:, 0], [4, *[nan] * len(words), 3, 0, 1, 2]
    )


def test_words_with_spaces_between_them_are_one_symbol() -> None:
    for words in (("light rain", "sun", "heavy rain"), ("light rain", "heavy rain")):
        table = read_table("sky\n" + "\n".join(words * 5))
        assert table.names == ("sky",)
        assert table.observations().labels == tuple(sorted(words))


def test_long_symbols_are_told_apart_by_all_their_letters() -> None:
    words = ["long-" * 20 + end for end in "abc"]
    data = read_table("sky\n" + "\n".join([*words[::-1], "sun"] * 3)).observations()
    assert data.sequences.observations[:4, 0].tolist() == [2, 1, 0, 3]
    beginning = words[0][:60] + "…"
    assert data.labels == (beginning, f"{beginning} (2)", f"{beginning} (3)", "sun")
    # Labels that were written out are read back as they are.
    again = read_table("sky,\n" + ",\n".join(data.labels * 3)).observations()
    assert again.labels == data.labels


def test_missing_codes_of_the_user() -> None:
    content = "a,x\nu,1.5\nv,-999\nw,none yet\nz,2\n"
    table = read_table(content, missing=[-999, "None yet"])
    np.testing.assert_array_equal(
        table.observations().sequences.observations[:, 0], [1.5, nan, nan, 2]
    )
    with pytest.raises(TableError, match="Row 4 has “none yet”"):
        read_table(content).observations()


def test_a_number_far_from_all_others_is_taken_for_a_code_and_said() -> None:
    rows = "".join(f"{x}\n" for x in [1.5, 2.5, -999, 1.25, 2, 3, 1.75, -999, 2.5, 1])
    table = read_table("x\n" + rows)
    assert np.isnan(table.observations().sequences.observations).sum() == 2
    assert any("-999 in 2 rows" in sentence for sentence in table.warnings)


# ruff: noqa: E501
BAD: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "The file is empty"),
    "blank": (" \n\r\n\t\n", "The file is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "The file is empty"),
    "a header alone": ("x,y\n", "The file has a header but no rows"),
    "a header and blank lines": ("x,y\n\n\n", "The file has a header but no rows"),
    "one word": ("hello", "The file has a header but no rows"),
    "comments alone": ("# a\n# b\n", "The file has only comments"),
    "text among numbers": (
        "x\n1\ntwo\n3\n",
        "Row 3 has “two” in column “x”, which is not a number",
    ),
    "text far down": ("x\n" + "1\n" * 1500 + "?!\n", "Row 1,502 has “?!”"),
    "text after a row of two lines": ('a,x\n"p\nq",1\nr,2\ns,z\n', "Row 5 has “z”"),
    "digits grouped as Python does": ("x\n1_000\n2\n", "Row 2 has “1_000”"),
    "a column of nothing but gaps": ("x\nNA\nNA\n", "Column “x” has no values at all"),
    "a row too long": ("a,x\nu,1\nv,2,3\nw,4\n", "Row 3 has 3 cells, and the header has 2"),
    "a row too long, without a header": (
        "1,2\n3,4\n" * 600 + "5,6,7\n",
        "Row 1,201 has 3 cells, and the first rows have 2",
    ),
    "no label": ("subject,x\na,1\na,2\n,3\n", "Row 4 has nothing in column “subject”"),
    "infinite": ("x\n1\ninf\n3\n", "Row 3 has “inf” in column “x”"),
    "infinite by size": ("x\n1\n-1e999\n", "Row 3 has “-1e999”"),
    "absurd": ("x\n1\n2e100\n", "Row 3 has “2e100”"),
    "an open quote": ('a,x\n"u,1\nv,2\n', "Row 2 has a quotation mark that is not closed"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "The file is a PNG picture, not text"),
    "a workbook": (
        b"PK\x03\x04\x14\0\x06\0",
        "The file is an Excel workbook or a ZIP archive, not text; save the data as CSV first (in Excel",
    ),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1", "The file is an old Excel workbook"),
    "a damaged Parquet file": (b"PAR1 and no more", "The Parquet file is damaged"),
    "bytes": (bytes(range(1, 256)), "The file is not text"),
    "zeros": (b"x\n1\n\0\0\0", "The file is not text"),
    "too large": (b"1" * (MAX_FILE_BYTES + 1), "The file has 25.0 MB; at most 25 MB"),
    "too wide": (
        ",".join("1" * 3000) + "\n" + ",".join("2" * 3000),
        "The file has 3,000 columns; at most 2,000",
    ),
    "line ends within quotation marks": (b'\r"\n\r"\n', "The file is empty"),
    "empty quotation marks": ('""\n' * 3, "The file is empty"),
    "a cell without end": ("x,y\n1," + "a" * 200_000 + "\n", "Row 2 has a cell of more than"),
    "millions of empty lines": (
        "\n" * 3_500_001,
        "The file has 3,500,002 lines; at most 3,500,000",
    ),
    "a month of thirteen": (
        "day,x\n13/13/2020,1\n14/13/2020,2\n",
        "Row 2 has “13/13/2020” in column “day”, which is no time",
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_one_sentence_for_a_file_that_cannot_be_read(content: str | bytes, said: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(content).observations()
    sentence = str(caught.value)
    assert sentence.startswith(said)
    assert sentence.endswith(".")
    assert len(sentence) < 300
    assert "\n" not in sentence


def test_a_header_with_a_name_twice_is_told() -> None:
    table = read_table("x,y,x\n1,2,3\n4,7,9\n")
    assert table.names == ("x", "y", "x (2)")
    assert any("“x” more than once" in sentence for sentence in table.warnings)


# --- what could be read otherwise -----------------------------------------------------------------


def test_a_point_that_may_stand_between_thousands_is_asked_about() -> None:
    table = read_table("a;x\nu;734\nv;1.278\nw;912\n")
    assert table.observations().sequences.observations[1, 0] == 1.278
    assert any("“1.278” in column “x” may also mean 1278" in s for s in table.warnings)
    other = read_table("a;x\nu;734\nv;1.278\nw;912\n", decimal=",")
    assert other.observations().sequences.observations[1, 0] == 1278


def test_many_such_numbers_decide_for_themselves_and_it_is_said() -> None:
    rows = "".join(f"k;{x}\n" for x in ("734", "1.278", "1.301", "1.115", "996", "1.004", "1.022"))
    table = read_table("a;x\n" + rows)
    assert table.observations().sequences.observations[1, 0] == 1278
    assert any("mark between thousands" in sentence for sentence in table.warnings)


def test_three_decimals_everywhere_are_decimals() -> None:
    table = read_table("a,x\nu,54.660\nv,20.263\nw,56.491\n")
    assert table.observations().sequences.observations[0, 0] == 54.66
    assert table.warnings == ()


def test_what_begins_with_zero_has_no_thousands() -> None:
    table = read_table("a;x\nu;0.250\nv;12\nw;3.500\nz;1.250\n")
    assert table.observations().sequences.observations[:, 0].tolist() == [0.25, 12, 3.5, 1.25]


def test_a_day_that_may_be_a_month_is_said() -> None:
    data = read_table("day,x\n01/02/2020,1\n02/02/2020,2\n03/02/2020,5\n").observations()
    assert data.times is not None
    assert data.times[0] == np.datetime64("2020-01-02")
    assert any("read as month, day, year" in sentence for sentence in data.warnings)
    data = read_table("day,x\n01/02/2020,1\n13/02/2020,2\n14/02/2020,5\n").observations()
    assert data.times is not None
    assert data.times[0] == np.datetime64("2020-02-01")
    assert data.warnings == ()


def test_times_that_begin_again_do_not_tell_the_order() -> None:
    table = read_table("t,x\n1,5\n2,6\n1,7\n2,8\n1,9\n2,4\n")
    data = table.observations()
    assert data.sequences.observations[:, 0].tolist() == [5, 6, 7, 8, 9, 4]
    assert "Rows were left in the order of the file." in data.warnings
    assert any("choose the column that names them" in sentence for sentence in data.warnings)


def test_gaps_in_regular_times_become_missing_if_wanted() -> None:
    content = "who,day,x\n" + "".join(
        f"{who},2020-01-{day:02},{day}.5\n" for who in "ab" for day in (1, 2, 3, 6, 7)
    )
    table = read_table(content)
    plain = table.observations()
    assert plain.sequences.lengths.tolist() == [5, 5]
    filled = table.observations(fill_gaps=True)
    assert filled.sequences.lengths.tolist() == [7, 7]
    np.testing.assert_array_equal(
        filled.sequences.observations[:7, 0], [1.5, 2.5, 3.5, np.nan, np.nan, 6.5, 7.5]
    )
    assert filled.rows[:7].tolist() == [0, 1, 2, -1, -1, 3, 4]
    assert filled.times is not None
    assert filled.times[3] == np.datetime64("2020-01-04")
    assert "2 gaps in the times became 4 missing observations." in filled.warnings


def test_irregular_times_are_left_alone() -> None:
    data = read_table("t,x\n0.1,1\n0.5,2\n2.7,1\n3.0,4\n").observations(fill_gaps=True)
    assert data.sequences.num_observations == 4
    assert any("not regular" in sentence for sentence in data.warnings)


# --- what is chosen -------------------------------------------------------------------------------


def test_what_was_found_can_be_corrected() -> None:
    content = "1,5\n2,5\n"
    assert read_table(content).separator == ","
    table = read_table(content, separator=splitting.NO_SEPARATOR)
    assert table.observations().sequences.observations[:, 0].tolist() == [1.5, 2.5]
    table = read_table("1990\n5\n6\n", header=True)
    assert table.names == ("1990",)
    assert table.observations().sequences.observations[:, 0].tolist() == [5, 6]
    with pytest.raises(TableError, match="decimal is 'x'"):
        read_table(content, decimal="x")


def test_columns_are_chosen_by_name_or_number() -> None:
    table = read_table("who,t,x,y,sky\na,1,5,.5,sun\na,2,6,.6,fog\nb,1,7,.7,sun\nb,2,8,.8,sun\n")
    both = table.observations(["x", "y"])
    assert both.names == ("x", "y")
    assert both.sequences.num_dimensions == 2
    assert table.observations([2, 3]).names == ("x", "y")
    sky = table.observations("sky")
    assert sky.family == "symbols"
    assert sky.labels == ("fog", "sun")
    assert table.observations("y", sequence="").sequences.num_sequences == 1
    with pytest.raises(TableError, match="no column “z”; its columns are “who”, “t”, “x”"):
        table.observations("z")
    with pytest.raises(TableError, match="no column 7; they are numbered from 0 to 4"):
        table.observations(7)
    with pytest.raises(TableError, match="choose at least one"):
        table.observations([])
    with pytest.raises(TableError, match="layout is 'tall'"):
        table.observations(layout="tall")
    with pytest.raises(TableError, match="family is 'letters'"):
        table.observations(family="letters")


def test_blank_lines_can_be_chosen_or_not() -> None:
    table = read_table("a,x\nu,1\nv,2\n\nw,3\nz,4\n")
    assert table.guess.sequence == BLANK_LINES
    assert any("Blank lines" in sentence for sentence in table.warnings)
    assert table.observations(sequence="").sequences.lengths.tolist() == [4]


def test_other_layouts_can_be_chosen() -> None:
    table = read_table("a,b,c\n1,5,9\n2,6,\n3,,\n")
    columns = table.observations(layout="columns")
    assert columns.sequences.lengths.tolist() == [3, 2, 1]
    rows = table.observations(layout="rows")
    assert rows.sequences.lengths.tolist() == [3, 2, 1]
    assert rows.sequences.observations[:4, 0].tolist() == [1, 5, 9, 2]
    letters = read_table("seq\nABBA\nBAB\n").observations(layout="letters")
    assert letters.sequences.lengths.tolist() == [4, 3]


def test_the_regular_and_the_careful_way_find_the_same(monkeypatch) -> None:
    rng = np.random.default_rng(0)
    lines = [f"s{i // 20},{i % 20},{x:.5f},{'NA' if i % 7 == 0 else i % 5}"
             for i, x in enumerate(rng.normal(size=200))]  # fmt: skip
    contents = ["id,t,x,n\n" + "\n".join(lines), "x\n" + "\n".join(line[-7:] for line in lines)]
    contents += ["a b\n" + "\n".join(f"{i}  {i * 0.5}" for i in range(50))]
    fast = [read_table(content) for content in contents]
    monkeypatch.setattr(splitting, "_regular", lambda *arguments: None)
    for table, content in zip(fast, contents, strict=True):
        slow = read_table(content)
        pd.testing.assert_frame_equal(table.frame, slow.frame)
        assert table.guess == slow.guess
        np.testing.assert_array_equal(table._grid.lines, slow._grid.lines)


def test_parquet() -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"day": pd.date_range("2020-01-01", periods=4, tz="UTC"), "x": [1.5, np.nan, 2.25, 0.1]}
    )
    file = io.BytesIO()
    frame.to_parquet(file)
    data = read_table(file.getvalue()).observations()
    np.testing.assert_array_equal(data.sequences.observations[:, 0], frame["x"])
    assert data.times is not None
    assert data.times[-1] == np.datetime64("2020-01-04")
