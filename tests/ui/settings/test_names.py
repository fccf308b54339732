"""Names of states and symbols: what may be typed or linked, and what is refused in a sentence."""

from __future__ import annotations

import pytest

from pages.ui.settings.address import from_query, to_query
from pages.ui.settings.config import MAX_STATES, Config
from pages.ui.settings.names import MAX_LETTERS, names_of, padded, written


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        (" , ,", ()),
        ("rain, sun", ("rain", "sun")),
        ("  heavy   rain ,sun,,", ("heavy rain", "sun")),
        ("rain,,fog", ("rain", "", "fog")),
        ("<b>, =1+1, %{x}, “a”", ("<b>", "=1+1", "%{x}", "“a”")),
        ("S1, 2", ("S1", "2")),
        ("x" * MAX_LETTERS, ("x" * MAX_LETTERS,)),
    ],
)
def test_names_are_read_as_they_are_written(text, names):
    assert names_of(text, MAX_STATES) == (names, None)
    assert names_of(written(names), MAX_STATES) == (names, None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x" * (MAX_LETTERS + 1), "more than 24 characters"),
        ("x," * 21 + "y", "at most 20 names; these are 22"),
        ("x" * 100_000, "24 characters each"),
        ("a\u202eb", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("rain, Rain", "“rain” is there twice"),
        ("S2", "“S2” is what another one is called"),
        ("rain, 1", "“1” is what another one is called"),
    ],
)
def test_what_is_refused_is_one_sentence(text, says):
    names, problem = names_of(text, MAX_STATES)
    assert names == ()
    assert problem is not None
    assert says in problem
    assert len(problem) < 120
    config, notes = from_query({"names": text})
    assert config == Config()
    (note,) = notes
    assert note == f"Names of the states in the link were left out: {problem}"


def test_a_link_holds_names_and_says_nothing_of_none():
    config = Config(state_names=("rain", "", "a&b=c"), symbol_names=("umbrella",))
    assert from_query(to_query(config)) == (config, ())
    assert {"names", "symbols"}.isdisjoint(to_query(Config()))


def test_who_has_no_name_keeps_the_number():
    assert padded(("rain", "", "fog", "more"), ["S1", "S2", "S3"]) == ("rain", "S2", "fog")
    assert padded((), ["1", "2"]) == ("1", "2")
