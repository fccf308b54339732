"""A visitor's text is escaped, and numbers and lists read well."""

import math

import pytest

from pages.ui.text import (
    CHART_TEXT_LENGTH,
    WORD_JOINER,
    chart_text,
    decimal,
    listed,
    markdown_lines,
    markdown_text,
    probability,
    scientific,
    with_spread,
)


@pytest.mark.parametrize("text", ["http://a.b", "see HTTPS://a.b/c", "www.a.b", "me@a.b"])
def test_an_address_is_split_so_that_it_becomes_no_link(text: str) -> None:
    shown = markdown_text(text)
    assert WORD_JOINER in shown
    assert shown.replace(WORD_JOINER, "").replace("\\", "") == text


def test_ordinary_text_is_only_escaped() -> None:
    assert markdown_text("a *b*\n[c](d)") == r"a \*b\* \[c\]\(d\)"


def test_lines_and_paragraphs_stay_and_nothing_else_does() -> None:
    assert markdown_lines("a *b*\n    c\n \n\n- d\n===") == "a \\*b\\*  \nc\n\n\\- d  \n\\=\\=\\="


def test_a_long_name_is_cut_before_it_is_escaped() -> None:
    assert chart_text("income") == "income"
    assert chart_text("<" * 100) == "&lt;" * (CHART_TEXT_LENGTH - 1) + "…"


def test_digits_go_on_until_values_can_be_told_apart():
    assert decimal(1.7e9) == "1.7e+09"
    assert decimal(1_700_000_123.46, spread=20.0) == "1700000123.5"
    assert decimal(-0.1134, spread=2.0) == "−0.1134"
    assert decimal(0.0, spread=1.0) == "0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.45452, "0.4545"),
        (-0.02, "−0.02"),
        (3.87e-8, "3.9 × 10⁻⁸"),
        (-2e-12, "−2 × 10⁻¹²"),
        (1.5e6, "1.5 × 10⁶"),
        (40.0, "40"),
        (12345.0, "12340"),
    ],
)
def test_small_and_large_numbers_have_a_power_of_ten(value: float, text: str) -> None:
    assert scientific(value).replace("\u202f", " ") == text


@pytest.mark.parametrize(
    ("log_prob", "text"),
    [
        (0.0, "100%"),
        (-1e-15, "100%"),
        (math.log(0.9999), "over 99.9%"),
        (math.log(0.021), "2.1%"),
        (math.log(0.0004), "4 × 10⁻⁴"),
        (math.log(9.99e-5), "1 × 10⁻⁴"),
        (-2000.0, "2.6 × 10⁻⁸⁶⁹"),
        (-math.inf, "0"),
    ],
)
def test_a_probability_is_written_however_small(log_prob: float, text: str) -> None:
    assert probability(log_prob).replace("\u202f", " ") == text


def test_names_are_listed_as_one_reads_them() -> None:
    assert [listed(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("value", "spread", "text"),
    [
        (-2.013, 0.4987, "−2.01 ± 0.50"),
        (1998.2, 3.04, "1998.2 ± 3.0"),
        (1540.4, 120.0, "1540 ± 120"),
        (-0.001, 0.5, "0.00 ± 0.50"),
        (1.2e-5, 3.4e-6, "1.2 × 10⁻⁵ ± 3.4 × 10⁻⁶"),
        (2.5, 0.0, "2.5 ± 0"),
        (float("nan"), 1.0, "nan ± 1.0"),
    ],
)
def test_a_number_has_as_many_digits_as_its_spread_leaves_meaning(
    value: float, spread: float, text: str
) -> None:
    assert with_spread(value, spread).replace("\u202f", " ") == text
