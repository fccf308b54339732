"""A visitor's own words, made harmless."""

import numpy as np
import pytest

from hmmcore.emissions.base import Remedy
from pages.ui import words
from pages.ui.text import CHART_TEXT_LENGTH, WORD_JOINER, chart_text, decimal, plain


@pytest.mark.parametrize("text", ["http://a.b", "see HTTPS://a.b/c", "www.a.b", "me@a.b"])
def test_an_address_is_parted_so_that_it_becomes_no_link(text: str) -> None:
    shown = plain(text)
    assert WORD_JOINER in shown
    assert shown.replace(WORD_JOINER, "").replace("\\", "") == text


def test_ordinary_text_is_only_escaped() -> None:
    assert plain("a *b*\n[c](d)") == r"a \*b\* \[c\]\(d\)"


def test_a_long_name_is_cut_before_it_is_escaped() -> None:
    assert chart_text("income") == "income"
    assert chart_text("<" * 100) == "&lt;" * (CHART_TEXT_LENGTH - 1) + "…"


def test_remedies_are_told_in_the_labels_of_the_figures() -> None:
    # Learned state 2 is shown as S1, learned state 0 as S2, learned state 1 as S3.
    permutation = np.array([2, 0, 1])
    remedies = [Remedy(0, "variance_floor"), Remedy(2, "variance_floor"), Remedy(1, "empty_state")]
    told = words.about_remedies(remedies, permutation)
    assert told.startswith("Without data: S3.")
    assert "σ at its floor: S1, S2." in told
    assert "ReLU" not in told
    told = words.about_remedies([Remedy(None, "variance_floor")], permutation)
    assert "σ at its floor: all states." in told
    told = words.about_remedies([Remedy(2, "dead_output")], permutation)
    assert told == "μ held at zero by a ReLU: S1. No gradient reaches a mean there."


def test_digits_go_on_until_values_can_be_told_apart():
    assert decimal(1.7e9) == "1.7e+09"
    assert decimal(1_700_000_123.46, spread=20.0) == "1700000123.5"
    assert decimal(-0.1134, spread=2.0) == "−0.1134"
    assert decimal(0.0, spread=1.0) == "0"
