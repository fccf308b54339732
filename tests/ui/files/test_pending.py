"""A file that was chosen, with the choices of how to read it, becomes data for the pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hmmcore.tables import MAX_FILE_BYTES, MAX_SEQUENCES, TableError, read_table
from pages.ui.files import pending
from pages.ui.files.pending import PendingFile, Reading, Roles

NAN = float("nan")
CASES = Path(__file__).parents[2] / "hmmcore" / "tables" / "cases"


def test_a_pending_file_remembers_what_it_read() -> None:
    file = PendingFile("f.csv", b"a,b\n1,5\n2,oops\n7,8\n")
    assert file.chosen().values == ("a",)
    read_first = file.observations()
    assert file.observations() is read_first
    file.roles = Roles(values=("b",))
    for _ in range(2):
        with pytest.raises(TableError, match="Row 3 has “oops”"):
            file.observations()
    file.roles = Roles(values=("a",))
    assert file.observations().sequences.num_observations == 3


def test_how_a_file_is_written_can_be_corrected() -> None:
    file = PendingFile("f.csv", b"a;x\nu;1,234\nv;2,500\n")
    assert file.observations().sequences.observations[:, 0].tolist() == [1.234, 2.5]
    file.reading = Reading(decimal=".")
    assert file.observations().sequences.observations[:, 0].tolist() == [1234, 2500]
    file = PendingFile("f.csv", b"1,2\n3,4\nx,y\n5,-1\n6,7\n", Reading(skip_rows=2))
    assert file.table().names == ("x", "y")
    file.reading = Reading(skip_rows=2, missing=("-1",))
    file.roles = Roles(values=("y",))
    np.testing.assert_array_equal(file.observations().sequences.observations[:, 0], [NAN, 7])


def test_several_columns_are_points() -> None:
    file = PendingFile("f.csv", b"id,u,v\na,1,2.5\nb,3,-4\na,5,6\n", roles=Roles(("v", "u"), "id"))
    found = file.observations()
    assert found.sequences.observations.tolist() == [[2.5, 1], [6, 5], [-4, 3]]
    assert found.sequences.lengths.tolist() == [2, 1]
    upload = file.upload()
    assert (upload.family, upload.columns, upload.column) == ("points", ("v", "u"), "v, u")
    file.roles = Roles((), "id")
    with pytest.raises(TableError, match="No column of values is chosen"):
        file.observations()


def test_columns_that_are_sequences_have_one_name() -> None:
    content = b"t,mol1,mol2\n0.0,1.5,2\n0.1,1.25,3.5\n0.2,1,\n0.3,2,\n"
    upload = PendingFile("f.csv", content).upload()
    assert upload.column == "mol1 … mol2"
    assert upload.sequences.lengths.tolist() == [4, 2]
    assert upload.columns == ()


def test_a_point_may_lack_all_coordinates_or_some() -> None:
    file = PendingFile("f.csv", b"u,v\n1,2\n3,\n,6\n,\n7,8\n", roles=Roles(("u", "v")))
    found = file.observations()
    np.testing.assert_array_equal(
        found.sequences.observations, [[1, 2], [3, NAN], [NAN, 6], [NAN, NAN], [7, 8]]
    )
    assert (found.sequences.num_missing, found.sequences.num_partly_missing) == (1, 2)
    file.leave_out_missing = True
    found = file.observations()
    assert found.left_out == 3
    assert found.sequences.observations.tolist() == [[1, 2], [7, 8]]
    assert found.rows.tolist() == [0, 4]


def test_a_column_of_points_that_is_wholly_missing_is_told_by_name() -> None:
    file = PendingFile("f.csv", b"u,v\n1,\n3,NA\n", roles=Roles(("u", "v")))
    with pytest.raises(TableError, match="Column “v” has no values at all"):
        file.observations()


def test_sequences_that_are_left_out_wholly_are_gone() -> None:
    file = PendingFile("f.csv", b"id,x\na,1.5\na,\nb,\nb,\nc,3\n", leave_out_missing=True)
    found = file.observations()
    assert found.sequence_names == ("a", "c")
    assert found.sequences.lengths.tolist() == [1, 1]
    assert found.left_out == 3


SPELLED: dict[str, tuple[str, tuple[str, ...]]] = {
    "an empty cell": ("a,x\nu,1.5\nv,\nw,3\n", ("",)),
    "as R and pandas write them": ("a,x\nu,1.5\nv,NA\nw,nan\nz,NaN\n", ("NA", "NaN", "nan")),
    "with decimal commas": ("a;x\nu;1,5\nv;\nw;-\n", ("", "-")),
    "symbols": ("day,sky\n1,sun\n2,\n3,rain\n4,NA\n5,sun\n", ("", "NA")),
}


@pytest.mark.parametrize(("content", "says"), SPELLED.values(), ids=SPELLED)
def test_how_missing_cells_are_spelled_is_known(content: str, says: tuple[str, ...]) -> None:
    assert PendingFile("f.csv", content.encode()).observations().spellings == says


def test_whatever_stops_the_reader_is_one_sentence(monkeypatch, caplog) -> None:
    monkeypatch.setattr(pending, "read_table", lambda *arguments: [][0])
    with pytest.raises(TableError, match="could not be read"):
        PendingFile("f.csv", b"1\n").observations()
    assert "IndexError" in caplog.text


def test_as_many_sequences_as_the_page_can_select() -> None:
    rows = "".join(f"{n},{n % 3}.5\n{n},1\n" for n in range(MAX_SEQUENCES))
    content = f"seq,x\n{rows}".encode()
    upload = PendingFile("f.csv", content).upload()
    assert len(upload.sequences) == len(upload.sequence_names) == MAX_SEQUENCES
    with pytest.raises(TableError, match="at most 100,000 sequences"):
        PendingFile("f.csv", content + b"one more,1\none more,2\n").observations()


def test_what_the_file_says_of_its_observations_stays_with_them() -> None:
    content = (CASES / "sensor_trials.csv").read_bytes()
    upload = PendingFile("sensor_trials.csv", content).upload()
    assert upload.sequence_names == ("T01", "T02", "T03")
    assert upload.known_states is not None
    assert upload.source is not None
    assert upload.source.content == content
    frame = read_table(upload.source.content, **upload.source.options).frame
    names = np.array(upload.state_names)
    label = frame["label"].to_numpy()[upload.source.rows]
    np.testing.assert_array_equal(names[upload.known_states], label)
    assert upload.dataset(3).states is upload.known_states
    assert upload.dataset(2).states is None
    assert upload.dataset(2).other_states is upload.known_states


def test_a_column_of_more_states_than_can_be_told_apart_is_no_column_of_known_states() -> None:
    rows = "".join(f"{n % 7}.5,{n % 21}\n" for n in range(84))
    file = PendingFile("f.csv", f"x,state\n{rows}".encode(), roles=Roles(label="state"))
    with pytest.raises(TableError, match="21 different states; at most 20 can be told apart"):
        file.observations()


def test_no_more_values_than_can_be_trained_on(monkeypatch) -> None:
    monkeypatch.setattr(pending, "MAX_VALUES", 20)
    content = b"x,y\n" + b"1.5,2.5\n0.5,1\n" * 6
    assert PendingFile("f.csv", content).observations().sequences.num_observations == 12
    with pytest.raises(TableError, match="12 observations of 2 values; at most 20 values"):
        PendingFile("f.csv", content, roles=Roles(("x", "y"))).observations()


def test_the_largest_file_is_read() -> None:
    number = b"-1.23456789012\n"
    content = b"x\n" + number * (MAX_FILE_BYTES // len(number) - 1)
    sequences = PendingFile("f.csv", content).observations().sequences
    assert sequences.num_observations == MAX_FILE_BYTES // len(number) - 1


def test_names_are_cut_and_kept_as_they_are() -> None:
    file = PendingFile("n" * 100, ("<b>x</b>\t" + "y" * 100 + "\n1.5\t2\n3\t4\n").encode())
    assert file.table().names[0] == "<b>x</b>"
    assert len(file.table().names[1]) < 70
    assert len(file.upload().file_name) < 70
