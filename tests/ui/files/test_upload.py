"""Files in many formats are read, and each unreadable file gives one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from pages.ui.files import pending, upload
from pages.ui.files.csv_text import MAX_FILE_BYTES, NO_SEPARATOR, UploadError
from pages.ui.files.pending import PendingFile
from pages.ui.files.upload import MAX_SEQUENCES, Reading, read_observations, read_table
from pages.ui.files.upload_cells import Numbers

# name: (file, values, lengths), read with everything detected from the file.
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
    "latin-1": ("größe;art\n1,5;süß\n2,5;sauer\n".encode("latin-1"), [1.5, 2.5], [2]),
    "semicolons and decimal commas": ("t;x\n1;0,5\n2;-1,5\n3;2\n", [0.5, -1.5, 2], [3]),
    "decimal commas alone": ("x\n0,5\n1,5\n2\n", [0.5, 1.5, 2], [3]),
    "decimal commas with points for thousands": ("a;b\nu;1.234,5\nv;2,5\n", [1234.5, 2.5], [2]),
    "thousands, quoted": ('a,b\nu,"1,234"\nv,"12,345.5"\n', [1234, 12345.5], [2]),
    "quoted decimal commas": ('"a","b"\n"u","0,5"\n"v","1,25"\n', [0.5, 1.25], [2]),
    "tabs": ("a\tb\nu\t1\nv\t2\n", [1, 2], [2]),
    "pipes": ("a|b\nu|1\nv|2\n", [1, 2], [2]),
    "spaces": ("a  b\nu   1\nv 2\n", [1, 2], [2]),
    "spaces after commas": ("a, b\nu, 1\nv, 2\n", [1, 2], [2]),
    "separators at the end": ("a,b,\nu,1,\nv,2,\n", [1, 2], [2]),
    "quotes with separators and line ends": (
        'note,x\n"a, b",1\n"c\nd",2\n"say ""e""",3\n', [1, 2, 3], [3],
    ),
    "text with semicolons": ("note,x\na;b,1\nc;d,2\n", [1, 2], [2]),
    "names of rows as R writes them": ("x y\n1 0.5 7\n2 1.5 8\n", [0.5, 1.5], [2]),
    "row names of one column": ('x\n1,234\n2,0.5\n3,9\n', [234, 0.5, 9], [3]),
    "row names with an empty name": (',x\n0,0.5\n1,1.5\n2,9\n', [0.5, 1.5, 9], [3]),
    "columns numbered by pandas": (",0\n0,0.5\n1,1.5\n2,9\n", [0.5, 1.5, 9], [3]),
    "an index is not the value": ("time,x\n5,1\n6,2\n9,1\n", [1, 2, 1], [3]),
    "what counts up is not the value": ("k,x\n5,1\n6,2\n7,1\n", [1, 2, 1], [3]),
    "an index alone is": ("year\n1990\n1991\n1992\n", [1990, 1991, 1992], [3]),
    "text before numbers": ("who,x\nann,1\nbob,2\n", [1, 2], [2]),
    "sequences": ("subject,x\na,1\na,2\nb,3\n", [1, 2, 3], [2, 1]),
    "sequences that take turns": ("Subject ID,x\na,1\nb,2\na,3\nb,4\na,5\n", [1, 3, 5, 2, 4], [3, 2]),
    "sequences of length one": ("seq,x\n1,7\n2,8\n2,9\n", [7, 8, 9], [1, 2]),
    "what names every row is no sequence": ("id,x\na,1\nb,2\nc,3\n", [1, 2, 3], [3]),
    "our own download": ("sequence,time,value,state\n1,1,.5,S1\n1,2,.7,S2\n2,1,.1,S1\n",
                         [0.5, 0.7, 0.1], [2, 1]),
    "missing in another column": ("x,y\n1,\n2,NA\n", [1, 2], [2]),
    "short rows that lack another column": ("x,note\n1,a\n2\n", [1, 2], [2]),
    "minus signs of typesetters": ("x\n−1\n−2.5\n", [-1, -2.5], [2]),
    "exactly at the limit": ("x\n1e100\n-1e100\n", [1e100, -1e100], [2]),
    "spaces around": ("x\n 1 \n\t2\n", [1, 2], [2]),
}  # fmt: skip


def read(content: str | bytes, **choices: object) -> tuple[list[float], list[int]]:
    content = content if isinstance(content, bytes) else content.encode()
    table = read_table(content)
    sequences = read_observations(table, table.value_column, table.sequence_column).sequences
    return sequences.observations[:, 0].tolist(), sequences.lengths.tolist()


@pytest.mark.parametrize(("content", "values", "lengths"), GOOD.values(), ids=GOOD)
def test_files_as_people_write_them(
    content: str | bytes, values: list[float], lengths: list[int]
) -> None:
    assert read(content) == (values, lengths)


# ruff: noqa: E501
BAD: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "The file is empty"),
    "blank": (" \n\r\n\t\n", "The file is empty"),
    "a byte order mark alone": (b"\xef\xbb\xbf", "The file is empty"),
    "a header alone": ("x,y\n", "The file has a header but no rows"),
    "a header and blank lines": ("x,y\n\n\n", "The file has a header but no rows"),
    "one word": ("hello", "The file has a header but no rows"),
    "a name twice": ("x,y,x\n1,2,3\n", "The header has more than one column called “x”"),
    "names twice, spaces aside": ("x, x,y,y\n1,2,3,4\n", "The header has more than one column called “x”, “y”"),
    "text among numbers": ("x\n1\ntwo\n3\n", "Row 3 has “two” in column “x”, which is not a number"),
    "text far down": ("x\n" + "1\n" * 1500 + "?!\n", "Row 1\u202f502 has “?!”"),
    "text after a row of two lines": ('a,x\n"p\nq",1\nr,2\ns,z\n', "Row 5 has “z”"),
    "no numbers at all": ("x,y\na,b\nc,d\n", "Row 2 has “a” in column “x”"),
    "a date": ("day\n2020-01-01\n2020-01-02\n", "Row 2 has “2020-01-01”"),
    "digits grouped as Python does": ("x\n1_000\n2\n", "Row 2 has “1_000”"),
    "a column of nothing but gaps": ("x\nNA\nNA\n", "Column “x” has no values at all"),
    "a row too long": ("a,x\nu,1\nv,2,3\nw,4\n", "Row 3 has 3 cells, and the header has 2"),
    "a row too long, without a header": ("1,2\n3,4\n" * 600 + "5,6,7\n", "Row 1\u202f201 has 3 cells, and the first rows have 2"),
    "signs between thousands": ("x\n1,234\n-2,345\n13,456.5\n", "The header names one column, but “1,234” reads as two cells"),
    "no label": ("subject,x\na,1\na,2\n,3\n", "Row 4 has nothing in column “subject”"),
    "infinite": ("x\n1\ninf\n", "Row 3 has “inf” in column “x”; values must lie between"),
    "infinite by size": ("x\n1\n-1e999\n", "Row 3 has “-1e999”"),
    "absurd": ("x\n1\n2e100\n", "Row 3 has “2e100”"),
    "an open quote": ('a,x\n"u,1\nv,2\n', "Row 2 has a quotation mark that is not closed"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "The file is a PNG picture, not text"),
    "a workbook": (b"PK\x03\x04\x14\0\x06\0", "The file is an Excel workbook or a ZIP archive"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1", "The file is an old Excel workbook"),
    "bytes": (bytes(range(1, 256)), "The file is not text"),
    "zeros": (b"x\n1\n\0\0\0", "The file is not text"),
    "too large": (b"1" * (MAX_FILE_BYTES + 1), "The file has 5.0 MB; at most 5 MB"),
    "too wide": (",".join("1" * 300) + "\n" + ",".join("2" * 300), "The file has 300 columns; at most 200"),
    "too many sequences": ("seq,x\na,1\n" + "".join(f"{n},1\n{n},2\n" for n in range(1000)), "Column “seq” has more than 1\u202f000 different values"),
    "line ends within quotation marks": (b'\r"\n\r"\n', "The file is empty"),
    "empty quotation marks": ('""\n' * 3, "The file is empty"),
    "a cell without end": ("x,y\n1," + "a" * 200_000 + "\n", "Row 2 has a cell of more than"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_one_sentence_for_a_file_that_cannot_be_read(content: str | bytes, said: str) -> None:
    with pytest.raises(UploadError) as caught:
        read(content)
    sentence = str(caught.value)
    assert sentence.startswith(said)
    assert sentence.endswith(".")
    assert len(sentence) < 300
    assert "\n" not in sentence


def test_too_many_observations(monkeypatch) -> None:
    assert upload.MAX_OBSERVATIONS == 2_000_000
    monkeypatch.setattr(upload, "MAX_OBSERVATIONS", 2000)
    assert len(read(b"1\n" * 2000)[0]) == 2000
    with pytest.raises(UploadError, match="more than 2\u202f000 observations"):
        read(b"1\n" * 2001)


def test_lines_are_counted_before_any_is_read(monkeypatch) -> None:
    monkeypatch.setattr(upload, "MAX_LINES", 4)
    assert len(read(b"x\n1\n2\n3\n\n\n")[0]) == 3
    monkeypatch.setattr(upload, "sample_rows", None)
    for content in (b"x\n1\n\n\n2\n", b"x\r\n1\r\n2\r\n3\r\n4", b"1\r2\r3\r4\r5"):
        with pytest.raises(UploadError, match="The file has 5 lines; at most 4 can be read"):
            read(content)


def test_a_text_that_occurs_again_is_read_once(monkeypatch) -> None:
    seen: list[str] = []

    class Reader(Numbers):
        def read(self, text: str, row: int, column: str) -> float:
            seen.append(text)
            return super().read(text, row, column)

    monkeypatch.setattr(upload, "cell_reader", lambda family, decimal: Reader(False))
    table = read_table(b"a,b,c\n" + b"1,2,-\n" * 50 + b"1\n" * 50 + b"3,1,2\n")
    found = read_observations(table, (0, 1, 2))
    assert len(found.sequences.observations) == 101
    assert np.isnan(found.sequences.observations).sum() == 50 + 2 * 50
    assert found.spellings == ("", "-")
    assert sorted(seen) == ["", "-", "1", "2", "3"]


def test_values_are_right_when_few_texts_are_remembered(monkeypatch) -> None:
    monkeypatch.setattr(upload, "MAX_KNOWN", 3)
    expected = [float(n % 11) for n in range(200)]
    assert read("".join(f"{x:g}\n" for x in expected))[0] == expected


def test_whatever_stops_the_reader_is_one_sentence(monkeypatch, caplog) -> None:
    monkeypatch.setattr(pending, "read_table", lambda content, reading: [][0])
    with pytest.raises(UploadError, match="could not be read"):
        PendingFile("f.csv", b"1\n").observations()
    assert "IndexError" in caplog.text


def test_rows_without_a_value_can_be_left_out() -> None:
    table = read_table(b"who,x\na,1\na,NA\nb,2\nb,\nb,3\n")
    found = read_observations(table, 1, 0, leave_out_missing=True)
    assert found.left_out == 2
    assert found.sequences.observations[:, 0].tolist() == [1, 2, 3]
    assert found.sequences.lengths.tolist() == [1, 2]


def test_what_was_detected_can_be_corrected() -> None:
    content = b"1,5\n2,5\n"
    assert read_table(content).separator == ","
    table = read_table(content, Reading(separator=NO_SEPARATOR))
    assert read_observations(table, 0).sequences.observations[:, 0].tolist() == [1.5, 2.5]
    table = read_table(b"1990\n5\n6\n", Reading(header=True))
    assert table.names == ("1990",)
    assert read_observations(table, 0).sequences.observations[:, 0].tolist() == [5, 6]
    table = read_table(b"a;x\nu;1,234\nv;2,5\n", Reading(decimal="."))
    with pytest.raises(UploadError, match="“2,5”"):
        read_observations(table, 1)


def test_columns_without_a_name_get_a_free_one() -> None:
    table = read_table(b"x,,column 2\n1,2,3\n")
    assert table.names == ("x", "column 2′", "column 2")


def test_a_pending_file_remembers_what_it_read() -> None:
    file = PendingFile("f.csv", b"a,b\n1,5\n2,oops\n")
    assert file.chosen_columns() == ((0,), None)
    read_first = file.observations()
    assert file.observations() is read_first
    file.columns = ((1,), None)
    for _ in range(2):
        with pytest.raises(UploadError, match="Row 3 has “oops”"):
            file.observations()
    file.columns = ((0,), None)
    assert file.observations().sequences.num_observations == 2


def test_names_are_cut_and_cleaned() -> None:
    table = read_table(("<b>x</b>\t" + "y" * 100 + "\n1\t2\n").encode())
    assert table.names[0] == "<b>x</b>"
    assert len(table.names[1]) < 70


def test_a_file_of_the_largest_size_is_read() -> None:
    content = b"x\n" + b"-1.2345\n" * (MAX_FILE_BYTES // 8 - 1)
    table = read_table(content)
    sequences = read_observations(table, 0).sequences
    assert sequences.num_observations == MAX_FILE_BYTES // 8 - 1


def test_missing_cells_of_short_rows_count_towards_the_limit(monkeypatch) -> None:
    monkeypatch.setattr(upload, "MAX_VALUES", 20)
    content = b"a,b,c\n1,2,3\n" + b"1\n" * 5 + b"4,5,6\n"
    table = read_table(content, Reading(separator=","))
    assert len(read_observations(table, (0, 1)).sequences.observations) == 7
    with pytest.raises(UploadError, match=r"The 3 columns have more than 20 cells together"):
        read_observations(table, (0, 1, 2))


def test_as_many_sequences_as_the_page_can_select() -> None:
    rows = "".join(f"{n},1\n{n},2\n" for n in range(MAX_SEQUENCES))
    assert len(read("seq,x\n" + rows)[1]) == MAX_SEQUENCES


# name: (file, family it looks like, values, labels)
KINDS: dict[str, tuple[str, str, list[float], tuple[str, ...]]] = {
    "faces of a die": ("roll,die\n3,F\n1,F\n6,L\n6,L\n1,F\n2,F\n6,L\n1,F\n", "symbols", [2, 0, 3, 3, 0, 1, 3, 0], ("1", "2", "3", "6")),
    "events in a year": ("year,count\n1900,13\n1901,14\n1902,8\n1903,13\n", "counts", [13, 14, 8, 13], ()),
    "mostly zeros": ("movements\n0\n0\n1\n0\n0\n2\n0\n0\n", "counts", [0, 0, 1, 0, 0, 2, 0, 0], ()),
    "numbers for kinds": ("day,cones\n1,2\n2,3\n3,3\n4,2\n5,1\n6,1\n", "symbols", [1, 2, 2, 1, 0, 0], ("1", "2", "3")),
    "whole numbers with a point": ("waiting\n80.0\n71.0\n80.0\n71.0\n", "numbers", [80, 71, 80, 71], ()),
    "numbers below zero": ("x\n-1\n2\n-1\n2\n", "numbers", [-1, 2, -1, 2], ()),
    "large whole numbers": ("price\n1500\n90\n1500\n90\n", "numbers", [1500, 90, 1500, 90], ()),
    "words": ("day,sky\n1,sun\n2,Rain\n3,sun\n4,fog\n", "symbols", [2, 1, 2, 0], ("fog", "Rain", "sun")),
    "words alone": ("sky\nsun\nrain\nsun\n", "symbols", [1, 0, 1], ("rain", "sun")),
    "too many words": ("w\n" + "".join(f"w{n}\n" for n in range(30)), "numbers", [], ()),
}  # fmt: skip


@pytest.mark.parametrize(("content", "family", "values", "labels"), KINDS.values(), ids=KINDS)
def test_what_a_column_most_likely_holds(
    content: str, family: str, values: list[float], labels: tuple[str, ...]
) -> None:
    file = PendingFile("f.csv", content.encode())
    assert file.chosen_family() == family
    if values:
        found = file.observations()
        assert found.sequences.observations[:, 0].tolist() == values
        assert (found.family, found.labels) == (family, labels)


WRONG: dict[str, tuple[str, str, str]] = {
    "a negative count": ("counts", "x\n1\n-2\n", "Row 3 has “-2” in column “x”, and a count cannot be negative;"),
    "a fraction": ("counts", "x\n1\n2.5\n", "Row 3 has “2.5” in column “x”, and a count is a whole number;"),
    "an absurd count": ("counts", "x\n1\n1e12\n", "Row 3 has “1e12” in column “x”; counts may be at most"),
    "a word for a count": ("counts", "x\n1\ntwo\n", "Row 3 has “two” in column “x”, which is not a number;"),
    "too many symbols": ("symbols", "x\n" + "".join(f"{n}\n" for n in range(21)), "Row 22 has one more symbol in column “x”, “20”, than the 20"),
    "one symbol": ("symbols", "x\na\na\n", "Column “x” has “a” in every row"),
}  # fmt: skip


@pytest.mark.parametrize(("family", "content", "said"), WRONG.values(), ids=WRONG)
def test_one_sentence_for_a_cell_of_another_kind(family: str, content: str, said: str) -> None:
    file = PendingFile("f.csv", content.encode(), columns=((0,), None), family=family)
    with pytest.raises(UploadError) as caught:
        file.observations()
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith(".")


def test_symbols_left_out_with_their_rows_are_no_symbols() -> None:
    table = read_table(b"s,x\na,1\nb,1\nNA,1\na,1\n")
    found = read_observations(table, 0, leave_out_missing=True, family="symbols")
    assert found.left_out == 1
    assert found.labels == ("a", "b")
    assert found.sequences.observations[:, 0].tolist() == [0, 1, 0]


def test_several_columns_are_points() -> None:
    file = PendingFile("f.csv", b"id,u,v\na,1,2.5\nb,3,-4\na,5,6\n", columns=((2, 1), 0))
    assert file.chosen_family() == "points"
    found = file.observations()
    assert found.sequences.observations.tolist() == [[2.5, 1], [6, 5], [-4, 3]]
    assert found.sequences.lengths.tolist() == [2, 1]
    file.columns = ((), 0)
    with pytest.raises(UploadError, match="No column of values is chosen"):
        file.observations()


NAN = float("nan")

# name: (file, values, what the cells say)
GAPS: dict[str, tuple[str, list[float], tuple[str, ...]]] = {
    "an empty cell": ("a,x\nu,1.5\nv,\nw,3\n", [1.5, NAN, 3], ("",)),
    "as R and pandas write them": ("a,x\nu,1.5\nv,NA\nw,nan\nz,NaN\n", [1.5, NAN, NAN, NAN], ("NA", "NaN", "nan")),
    "spaces alone": ("a,x\nu,1.5\nv,  \nw,2\n", [1.5, NAN, 2], ("",)),
    "at both ends": ("a,x\nu,\nv,1.5\nw,\n", [NAN, 1.5, NAN], ("",)),
    "a blank line within one column": ("x\n1.5\n\n3\n", [1.5, NAN, 3], ("",)),
    "a row without the column": ("a,x\nu,1.5\nv\nw,2\n", [1.5, NAN, 2], ("",)),
    "with decimal commas": ("a;x\nu;1,5\nv;\nw;-\n", [1.5, NAN, NAN], ("", "-")),
    "counts": ("year,n\n1900,13\n1901,\n1902,8\n", [13, NAN, 8], ("",)),
    "symbols": ("day,sky\n1,sun\n2,\n3,rain\n4,NA\n5,sun\n", [1, NAN, 0, NAN, 1], ("", "NA")),
    "faces of a die": ("t,die\n3,1\n1,\n6,2\n6,2\n1,1\n2,1\n", [0, NAN, 1, 1, 0, 0], ("",)),
}  # fmt: skip


@pytest.mark.parametrize(("content", "values", "says"), GAPS.values(), ids=GAPS)
def test_a_cell_without_a_value_is_a_missing_observation(
    content: str, values: list[float], says: tuple[str, ...]
) -> None:
    found = PendingFile("f.csv", content.encode()).observations()
    np.testing.assert_array_equal(found.sequences.observations[:, 0], values)
    assert (found.spellings, found.left_out) == (says, 0)
    assert found.sequences.num_missing == sum(value != value for value in values)


def test_signs_may_be_symbols() -> None:
    file = PendingFile("f.csv", b"day,sign\n1,+\n2,-\n3,\n4,?\n5,none\n6,Na\n")
    assert file.chosen_family() == "symbols"
    found = file.observations()
    assert found.labels == ("+", "-", "?", "Na", "none")
    np.testing.assert_array_equal(found.sequences.observations[:, 0], [0, 1, NAN, 2, 4, 3])


def test_an_observation_may_be_missing_but_not_its_sequence() -> None:
    table = read_table(b"who,x\na,1\na,\nb,2\nb,\nb,3\n")
    found = read_observations(table, 1, 0)
    np.testing.assert_array_equal(found.sequences.observations[:, 0], [1, NAN, 2, NAN, 3])
    assert found.sequences.lengths.tolist() == [2, 3]
    table = read_table(b"who,x\na,1\n,\nb,2\n")
    with pytest.raises(UploadError, match="Row 3 has nothing in column “who”; every row must say"):
        read_observations(table, 1, 0)


def test_a_point_may_lack_all_coordinates_or_some() -> None:
    file = PendingFile("f.csv", b"u,v\n1,2\n3,\n,6\n,\n7,8\n", columns=((0, 1), None))
    found = file.observations()
    np.testing.assert_array_equal(
        found.sequences.observations, [[1, 2], [3, NAN], [NAN, 6], [NAN, NAN], [7, 8]]
    )
    assert (found.sequences.num_missing, found.sequences.num_partly_missing) == (1, 2)
    file.leave_out_missing = True
    found = file.observations()
    assert found.left_out == 3
    assert found.sequences.observations.tolist() == [[1, 2], [7, 8]]


def test_a_column_of_points_that_is_wholly_missing_is_told_by_name() -> None:
    file = PendingFile("f.csv", b"u,v\n1,\n3,NA\n", columns=((0, 1), None))
    for file.leave_out_missing, said in (
        (False, "Column “v” has no values at all; choose another column."),
        (True, "No row has a value in all of the columns “u” and “v”;"),
    ):
        with pytest.raises(UploadError) as caught:
            file.observations()
        assert str(caught.value).startswith(said)


def test_one_symbol_and_gaps_are_one_symbol() -> None:
    file = PendingFile("f.csv", b"s,x\na,1\n,1\na,1\n", columns=((0,), None), family="symbols")
    with pytest.raises(UploadError, match="has “a” in every row that has a value"):
        file.observations()
