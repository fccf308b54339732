"""No text in an exported CSV file can be taken for a formula, and all of it is read back."""

from __future__ import annotations

import csv
import io
import json
from itertools import product

import numpy as np
import pandas as pd
import pytest

from hmmcore import Sequences
from hmmcore.formulas import defused, restored
from hmmcore.tables.reading import SYMBOL_MISSING
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.files.export import csv_bytes
from pages.ui.files.notebook import notebook
from pages.ui.files.pending import PendingFile, Roles
from pages.ui.parts.export_area import decoded_csv, decoded_parquet
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.settings.families import MAX_SYMBOLS
from pages.ui.text import shortened

FORMULAS = (
    "=1+1", "+SUM(A1)", "-1-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\r\n=1", "\x00=1", "\x0b=1",
    "＝1", "＋1", "－1", "＠a", '=HYPERLINK("http://a.b","c")', "=cmd|'/C calc'!A0", "-", "--", "+",
    "-inf", "+nan", "-1_000", "+49 1", "-1,5", "-1\n=2",
)  # fmt: skip
NASTY = sorted(
    {
        "".join(letters)
        for length in (1, 2, 3)
        for letters in product("'=+-@1.e,;\"\n a", repeat=length)
    }
    | {f"{before}{formula}" for before in ("", "'", "''", "a") for formula in FORMULAS}
)


def is_number(cell: str) -> bool:
    return cell.lstrip("+-")[:1] in tuple("0123456789.") and pd.notna(
        pd.to_numeric(cell, errors="coerce")
    )


def assert_harmless(content: bytes) -> None:
    """Nothing begins a formula: no cell, and no row or cell that a carriage return would begin."""
    assert b"\r" not in content
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        for cell in row:
            assert is_number(cell) or cell[:1] not in tuple("=+-@\t\n\x00\x0b＝＋－＠"), cell


def of_symbols(labels: tuple[str, ...]) -> Dataset:
    codes = np.tile(np.arange(float(len(labels))), 2)
    return Dataset(Sequences(codes), family="symbols", labels=labels)


def test_a_text_that_could_be_a_formula_begins_with_an_apostrophe():
    for formula in FORMULAS:
        assert defused(formula).startswith("'")
        assert defused(f"'{formula}").startswith("''")
    for harmless in ("a=1", "S1", "1-2", "'a", "''", "", "−1", " =1", "rain"):
        assert defused(harmless) == harmless


@pytest.mark.parametrize("number", ["-3.5", "+5", "-.5", "-5.", "-1e-300", "+1E9", "12"])
def test_a_number_stays_a_number(number):
    assert defused(number) == number


def test_every_text_is_restored():
    for text in NASTY:
        assert restored(defused(text)) == text.replace("\r\n", "\n").replace("\r", "\n")


def test_exported_labels_are_harmless_and_read_back():
    # As a file gives them: on one line.
    some = {shortened(text) for text in NASTY if text.isprintable()}
    labels = sorted(text for text in some if text.lower() not in SYMBOL_MISSING)
    assert len(labels) > 1000
    for first in range(0, len(labels), MAX_SYMBOLS - 1):
        some = (*labels[first : first + MAX_SYMBOLS - 1], "other")
        content = csv_bytes(of_symbols(some))
        assert_harmless(content)
        found = PendingFile(
            "again.csv",
            content,
            roles=Roles(values=("symbol",), sequence="sequence", family="symbols"),
        ).observations()
        read_back = [found.labels[int(code)] for code in found.sequences.observations[:, 0]]
        assert read_back == [*some, *some]


@pytest.mark.parametrize("label", ["\t=1", "\r=1", "a\r=1", "a\r\n=1", "\n=1", "\x00=1"])
def test_labels_of_several_lines_are_harmless(label):
    assert_harmless(csv_bytes(of_symbols((label, "other"))))


@pytest.mark.parametrize("name", [text for text in FORMULAS if text.isprintable()])
def test_names_of_columns_are_harmless_and_read_back(name):
    points = np.array([[-1.5, 2.0], [3.0, -4e-10], [np.nan, 0.5]])
    content = csv_bytes(Dataset(Sequences(points), family="points", columns=(name, f"'{name}")))
    assert_harmless(content)
    file = PendingFile("again.csv", content, roles=Roles((name, f"'{name}"), "sequence"))
    assert file.upload().columns == (name, f"'{name}")
    np.testing.assert_array_equal(file.observations().sequences.observations, points)


def test_only_the_csv_files_are_changed():
    labels = ("=1+1", "'=1+1", "@a")
    session = Session(Config())
    codes = np.array([0.0, 1.0, 2.0, np.nan] * 8)
    session.replace_upload(Upload("f.csv", "x", Sequences(codes), "symbols", labels), 2)
    assert_harmless(decoded_csv(session))
    assert b"\n1,1,'=1+1," in decoded_csv(session)
    assert b"\n1,2,''=1+1," in decoded_csv(session)
    parquet = pd.read_parquet(io.BytesIO(decoded_parquet(session)))
    assert parquet["symbol"].tolist()[:3] == list(labels)
    cells = json.loads(notebook(session))["cells"]
    assert any(f"labels = {list(labels)!r}" in "".join(cell["source"]) for cell in cells)
