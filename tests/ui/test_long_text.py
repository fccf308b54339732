"""Whatever a visitor gives, and however long it is, what the app says about it stays a sentence."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from hmmcore import Sequences
from hmmcore.io import from_content, from_json
from hmmcore.tables import TableError
from pages.ui.experiment.dataset import Upload
from pages.ui.files.experiment_file import write
from pages.ui.files.experiment_reading import read
from pages.ui.files.pending import PendingFile, Reading, Roles
from pages.ui.files.refusal import FileRefused
from pages.ui.parts.data_upload import _about_gaps
from pages.ui.session.session import Session
from pages.ui.settings.address import from_query
from pages.ui.settings.config import FIELDS, Config

LONG = "z" * 20_000
MANY_DIGITS = 10**4000
LONGEST_SENTENCE = 400

GIVEN = {
    "text": LONG,
    "digits": MANY_DIGITS,
    "a list of text": [LONG],
    "a long list": [1.5] * 5_000,
    "a table": [[-1.0] * 50, [1.0] * 50],
    "a mapping": {LONG: LONG},
    "a deep list": json.loads("[" * 400 + "]" * 400),
}


def places(content, path=()):
    """The path of every part of a JSON object, of lists only the list and its first entry."""
    parts = content.items() if isinstance(content, dict) else enumerate(content[:1])
    for name, part in parts:
        yield (*path, name)
        if isinstance(part, (dict, list)):
            yield from places(part, (*path, name))


def replaced(content, path, given):
    """A copy with another value at a path."""
    copy = json.loads(json.dumps(content))
    parent = copy
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = given
    return copy


def of_family(family):
    rng = np.random.default_rng(0)
    about = {
        "numbers": (rng.normal(size=30), (), ()),
        "symbols": (rng.integers(0, 2, 30).astype(float), ("a", "b"), ()),
        "points": (rng.normal(size=(30, 2)), (), ("x", "y")),
    }
    values, labels, columns = about[family]
    session = Session(Config(method="Both"))
    session.replace_upload(Upload("f", "c", Sequences(values), family, labels, columns), 2)
    session.step()
    session.mark()
    return json.loads(write(session))


FILES = {family: of_family(family) for family in ("numbers", "symbols", "points")}


@pytest.mark.parametrize("text", [LONG, "9" * 200_000, f"a.{LONG}.b", f"5.{LONG}"])
def test_notes_on_a_link_stay_short(text):
    for field in FIELDS:
        _, notes = from_query({field.url: text})
        assert all(len(note) < LONGEST_SENTENCE for note in notes), field.url


@pytest.mark.parametrize("family", FILES)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_refusals_of_an_experiment_file_stay_short(family, given):
    refused = 0
    for path in places(FILES[family]):
        try:
            notes = read(json.dumps(replaced(FILES[family], path, given)).encode()).notes
        except FileRefused as refusal:
            notes = (str(refusal),)
            refused += 1
        assert all(len(note) < LONGEST_SENTENCE for note in notes), path
    assert refused > 20


def test_an_experiment_file_brings_no_longer_names_than_a_table():
    for family, path in (
        ("numbers", ("data", "file_name")),
        ("symbols", ("data", "labels", 0)),
        ("points", ("data", "columns", 0)),
    ):
        with pytest.raises(FileRefused, match="a name is no text of at most 61 letters"):
            read(json.dumps(replaced(FILES[family], path, "z" * 62)).encode())
    named = dict(FILES["numbers"], runs={LONG: FILES["numbers"]["runs"]["EM"]})
    with pytest.raises(FileRefused, match="a name is no text of at most 40 letters"):
        read(json.dumps(named).encode())


@pytest.mark.parametrize("family", FILES)
@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_errors_on_a_model_stay_short(family, given):
    model = FILES[family]["start"]
    errors = []
    for path in places(model):
        try:
            from_content(replaced(model, path, given))
        except ValueError as error:
            errors.append(str(error))
    assert len(errors) >= 5
    assert max(map(len, errors)) < LONGEST_SENTENCE


def test_errors_on_what_is_no_json_stay_short():
    for text in (LONG, "9" * 200_000, f'"{LONG}', f"[{LONG}]", "[" * 200_000):
        with pytest.raises(ValueError, match="no") as caught:
            from_json(text)
        assert len(str(caught.value)) < LONGEST_SENTENCE


CELL = "z" * 100_000
NAMES = ",".join(f"{c}{CELL}" for c in range(8))

TABLES = {
    "a cell": (f"x,y\n1,2\n{CELL},3\n", {"roles": Roles(("x",))}),
    "a count": (f"x\n1\n{'9' * 100_000}\n", {"roles": Roles(family="counts")}),
    "a negative count": (f"x\n1\n-{'1' * 200}\n", {"roles": Roles(family="counts")}),
    "one symbol": (f"x\n{CELL}\n{CELL}\n", {"roles": Roles(family="symbols")}),
    "many symbols": (
        f"{CELL}\n" + "".join(f"{n}{CELL}\n" for n in range(21)),
        {"roles": Roles(family="symbols")},
    ),
    "a name": (f"{CELL}\n1\ntwo\n", {}),
    "names": (f"{NAMES}\n" + "1,,,,,,,\n" * 3,
              {"roles": Roles(tuple(f"{c}{'z' * 59}…" for c in range(8)))}),
    "a sequence's name": (f"{CELL},x\na,1\n,2\n", {"roles": Roles(("x",), "z" * 60 + "…")}),
    "a cell beyond all": (f"x,y\n1,{LONG * 10}\n", {}),
    "an open quote": (f'a,x\n"{LONG}\n', {}),
    "a wide row": (f"x,y\n1,2\n3,4,{CELL}\n", {"reading": Reading(separator=",")}),
}  # fmt: skip


@pytest.mark.parametrize(("content", "choices"), TABLES.values(), ids=TABLES)
def test_refusals_of_a_table_stay_short(content, choices):
    with pytest.raises(TableError) as caught:
        PendingFile(LONG, content.encode(), **choices).observations()
    assert len(str(caught.value)) < LONGEST_SENTENCE


def test_the_note_on_gaps_stays_short_however_they_are_spelled():
    spelled = ["".join(word) for word in product(*zip("none", "NONE", strict=True))]
    content = "x\n1.5\n" + "".join(f"{word}\n" for word in spelled)
    read_cells = PendingFile("f.csv", content.encode()).observations()
    assert read_cells.sequences.num_missing == len(spelled)
    assert len(_about_gaps(read_cells)) < LONGEST_SENTENCE
