"""Numbers of the Messages page as text: sums whose terms add up to the digits that are shown."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.text import NARROW_SPACE, SUPERSCRIPTS, scientific

DIGITS = 5
"""Significant digits of a sum."""

LOG_10 = math.log(10.0)
SMALLEST, LARGEST = -3 * LOG_10, 5 * LOG_10
"""Logarithms of the numbers between which no power of ten is needed."""


@dataclass(frozen=True)
class Sum:
    """A sum as it is shown.

    Attributes:
        terms: as text; they add up to `total` to the last digit.
        total: their sum, rounded to `DIGITS` digits.
        power: the power of ten that all are to be multiplied by, 0 where they are as they stand.
    """

    terms: tuple[str, ...]
    total: str
    power: int

    @property
    def unit(self) -> str:
        """What to write in the head of the column."""
        return f" × {power_of_ten(self.power)}" if self.power else ""


def power_of_ten(power: int) -> str:
    """10⁻¹² for −12."""
    return f"10{str(power).translate(SUPERSCRIPTS)}"


def sum_of(log_terms: FloatArray) -> Sum:
    """The sum of terms that are given by their logarithms.

    Each term is rounded to the digit below or above, so that they add up to the rounded total: the
    largest remainders are rounded up. Exact zeros stay.
    """
    log_total = float(np.logaddexp.reduce(log_terms))
    if log_total == -math.inf:
        return Sum(tuple("0" for _ in log_terms), "0", 0)
    exponent = math.floor(log_total / LOG_10 + 1e-12)
    power = 0 if -4 <= exponent <= 4 else exponent
    places = max(0, DIGITS - 1 - (exponent - power))
    # Shares of the sum first: of a very large logarithm no difference from another is exact.
    total = 10.0 ** (log_total / LOG_10 - power)
    whole = adding_up(np.exp(log_terms - log_total) * total, places)
    return Sum(tuple(_fixed(n, places) for n in whole), _fixed(sum(whole), places), power)


def adding_up(values: FloatArray, places: int) -> list[int]:
    """The values in units of the last place, each rounded down or up, with a rounded sum."""
    scaled = values * 10.0**places
    whole = np.floor(scaled).astype(np.int64)
    up = round(float(scaled.sum())) - int(whole.sum())
    for index in np.argsort(whole - scaled, kind="stable")[: max(up, 0)]:
        whole[index] += 1
    return [int(n) for n in whole]


def log_sum_of(addends: FloatArray, places: int = 3) -> Sum:
    """The sum of logarithms, rounded, with terms that add up to it.

    All are rounded to the nearest, but for the second: it takes up the rest.
    """
    if not np.isfinite(addends).all():
        return Sum(tuple(_log_text(value, places) for value in addends), "−∞", 0)
    whole = [round(float(value) * 10**places) for value in addends]
    total = round(float(addends.sum()) * 10**places)
    if len(whole) > 1:
        whole[1] += total - sum(whole)
    return Sum(tuple(_fixed(n, places) for n in whole), _fixed(total, places), 0)


def _log_text(value: float, places: int) -> str:
    return f"{value:.{places}f}".replace("-", "−") if math.isfinite(value) else "−∞"


def _fixed(number: int, places: int) -> str:
    """A whole number of units of the last place as a decimal."""
    sign = "−" if number < 0 else ""
    digits = f"{abs(number):0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def from_log(value: float) -> str:
    """The number whose logarithm this is, to four digits, however small or large."""
    if value == -math.inf:
        return "0"
    if SMALLEST <= value < LARGEST:
        return scientific(math.exp(value))
    exponent = math.floor(value / LOG_10)
    mantissa = round(10.0 ** (value / LOG_10 - exponent), 3)
    if mantissa == 10.0:
        mantissa, exponent = 1.0, exponent + 1
    return f"{mantissa:.3f}{NARROW_SPACE}×{NARROW_SPACE}{power_of_ten(exponent)}"


def readable(value: float) -> str:
    """A number to four digits, with a power of ten where it is small or large: −3.520 × 10¹⁷."""
    if value == 0.0 or 1e-3 <= abs(value) < 99_995.0 or not math.isfinite(value):
        return scientific(value)
    return f"{'−' if value < 0 else ''}{from_log(math.log(abs(value)))}"


def percent(share: float) -> str:
    """A share in percent, such as 61 %, or less than 1 %."""
    if not share:
        return f"0{NARROW_SPACE}%"
    if share < 0.01:
        return f"less than 1{NARROW_SPACE}%"
    if 0.995 <= share < 1.0:
        return f"more than 99{NARROW_SPACE}%"
    return f"{100 * share:.0f}{NARROW_SPACE}%"
