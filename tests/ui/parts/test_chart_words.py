"""What figures say to readers who cannot see them."""

from __future__ import annotations

import numpy as np

from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.figures.theme import StateNames
from pages.ui.parts import chart_words

NAMES = StateNames(("rain",))


def test_observations_have_their_ends_and_symbols_the_commonest() -> None:
    values = np.array([1.0, np.nan, -2.5, 0.0])
    assert chart_words.observed(values, ObservedVariable()) == "They go from −2.5 to 1."
    symbols = ObservedVariable("x", "symbol", ("rain", "sun"))
    assert chart_words.observed(np.array([1.0, 1, 0]), symbols) == (
        "The commonest is sun: 67% of them."
    )
    assert chart_words.observed(np.full(2, np.nan), symbols) == "All of them are missing."


def test_a_path_says_the_share_of_each_state() -> None:
    assert chart_words.visited(np.array([0, 0, 2, -1, 2]), 3, NAMES) == ("rain 50%, S2 0%, S3 50%")
    assert chart_words.visited(np.array([-1, -1]), 2, NAMES) == "no state is known"


def test_an_impossible_sequence_says_so() -> None:
    probs = np.full((4, 2), np.nan)
    assert "cannot make these data" in chart_words.posterior("smoothed", probs, probs[:, 0], NAMES)


def test_confusion_says_how_much_of_each_state_is_right() -> None:
    words = chart_words.confusion(np.array([[3, 1], [0, 0], [1, 1]]), NAMES)
    assert words.endswith("Decoded as themselves: rain 75%.")
    none = chart_words.confusion(np.array([[0, 2]]), NAMES)
    assert none.endswith("Decoded as themselves: rain 0%.")


def test_tied_paths_say_where_they_differ() -> None:
    words = chart_words.tied(np.array([[0, 1, 1], [0, 1, 0]]))
    assert (
        words == "Strips of 2 equally probable paths over 3 time steps. They differ at 1 of them."
    )


def test_errors_name_the_largest_of_each_parameter() -> None:
    words = chart_words.errors(
        {"π": ("", np.array([[0.25], [-0.5]])), "A": ("to state", np.full((2, 2), np.nan))}
    )
    assert words == " Largest differences: π −0.5."
