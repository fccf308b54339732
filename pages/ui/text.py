"""Escape a visitor's text for Markdown and for charts, and write numbers and lists as prose."""

from __future__ import annotations

import html
import math
import re

from hmmcore import Sequences

NARROW_SPACE = "\u202f"
CHART_TEXT_LENGTH = 24
QUOTED_LENGTH = 40
WORD_JOINER = "\u2060"
ADDRESS = re.compile(r"(?i)\bwww(?=\.)|\bhttps?:(?=//)|\bftp:(?=//)|@")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>$:~&^=\"'@/")


def markdown_text(text: str) -> str:
    """A visitor's text on one line, escaped so that Markdown shows it literally."""
    # Markdown links a bare address even where every character is escaped. An invisible word joiner
    # inside the address prevents that.
    text = ADDRESS.sub(lambda match: f"{match[0]}{WORD_JOINER}", " ".join(text.split()))
    return "".join(f"\\{c}" if c in MARKDOWN else c for c in text)


def markdown_lines(text: str) -> str:
    """A visitor's text, escaped so that Markdown shows it literally, line by line.

    Empty lines separate paragraphs.
    """
    paragraphs = re.split(r"\n\s*\n", text)
    return "\n\n".join(
        "  \n".join(markdown_text(line) for line in paragraph.splitlines())
        for paragraph in paragraphs
    )


def chart_text(text: str) -> str:
    """A visitor's text on one line, escaped for Plotly.

    Plotly interprets HTML tags, entities, and %{...} in hover texts. Cut to CHART_TEXT_LENGTH
    characters, because an axis has no room for more.
    """
    words = " ".join(text.split())
    if len(words) > CHART_TEXT_LENGTH:
        words = words[: CHART_TEXT_LENGTH - 1].rstrip() + "…"
    return html.escape(words, quote=False).replace("%{", "% {")


def shortened(text: str, length: int = QUOTED_LENGTH) -> str:
    """A visitor's text on one line, cut after `length` characters.

    Whatever a sentence quotes of what was given goes through this, so that the sentence stays one.
    """
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[:length]}…"


def count(number: int) -> str:
    """A whole number with its thousands separated: 2 000 000."""
    return f"{number:,}".replace(",", NARROW_SPACE)


def many(number: int, singular: str, plural: str | None = None) -> str:
    """A number and its noun, in the singular or plural: 1 sequence, 20 sequences."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def decimal(value: float, spread: float = 0.0) -> str:
    """A number to four significant digits, with a typographic minus sign.

    Where values vary by much less than their size, `spread` (for example their standard deviation)
    adds the digits that are needed to tell them apart.
    """
    digits = 4
    if 0.0 < spread < abs(value):
        digits = min(15, 4 + math.floor(math.log10(abs(value) / spread)))
    return f"{value:.{digits}g}".replace("-", "−")


def scientific(value: float) -> str:
    """A number to four digits; a small or large one to two, with a power of ten: 3.9 × 10⁻⁸."""
    if value == 0.0 or 1e-3 <= abs(value) < 1e5:
        # By :g alone, four digits of 12345 would be 1.234e+04.
        return f"{float(f'{value:.4g}'):g}".replace("-", "−")
    mantissa, exponent = f"{value:.1e}".split("e")
    power = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa.removesuffix('.0')}{NARROW_SPACE}×{NARROW_SPACE}10{power}".replace("-", "−")


def probability(log_prob: float) -> str:
    """A probability given by its natural logarithm, however small: 2.1%, 3.9 × 10⁻⁸."""
    if log_prob == -math.inf:
        return "0"
    if log_prob > math.log(1e-3):
        share = f"{math.exp(log_prob):.1%}"
        return share if share != "100.0%" else "100%" if log_prob > -1e-12 else "over 99.9%"
    exponent = math.floor(log_prob / math.log(10.0))
    digits = math.exp(log_prob - exponent * math.log(10.0))
    if f"{digits:.1f}" == "10.0":
        digits, exponent = 1.0, exponent + 1
    power = str(exponent).translate(SUPERSCRIPTS)
    mantissa = f"{digits:.1f}".removesuffix(".0")
    return f"{mantissa}{NARROW_SPACE}×{NARROW_SPACE}10{power}"


def with_spread(value: float, spread: float) -> str:
    """A number and its standard deviation: −2.01 ± 0.50."""
    width = scientific(spread) if _places(spread) is None else f"{spread:.{_places(spread)}f}"
    return f"{to_spread(value, spread)} ± {width}"


def to_spread(value: float, spread: float) -> str:
    """A number to the place of the second digit of its standard deviation.

    Where that would take more than four decimals, or there is no spread, to four digits.
    """
    places = _places(spread)
    if places is None or not math.isfinite(value):
        return scientific(value) if math.isfinite(value) else decimal(value)
    # Added zero turns -0.0 into 0.0.
    return f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")


def _places(spread: float) -> int | None:
    """Decimals up to the second digit of a standard deviation; None if there are more than four."""
    if not 0.0 < spread < math.inf:
        return None
    places = max(0, 1 - math.floor(math.log10(spread)))
    return places if places <= 4 else None


def capitalised(text: str) -> str:
    """A text with its first letter large, and the others as they are."""
    return text[:1].upper() + text[1:]


def uncapitalised(text: str) -> str:
    """A text as it goes on within a sentence: its first letter small."""
    return text[:1].lower() + text[1:]


def listed(names: list[str]) -> str:
    """Names as a list in a sentence: S1, S2 and S4."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def missing(sequences: Sequences) -> str:
    """How many observations are missing, and how many lack some coordinates.

    A sentence without its full stop.
    """
    total, whole, partly = (
        count(sequences.num_observations),
        sequences.num_missing,
        sequences.num_partly_missing,
    )
    if not partly:
        return f"{count(whole)} of {total} {'is' if whole == 1 else 'are'} missing"
    verb = "lacks" if partly == 1 else "lack"
    if not whole:
        return f"{count(partly)} of {total} {verb} some of the coordinates"
    return (
        f"{count(whole)} of {total} {'is' if whole == 1 else 'are'} missing, and "
        f"{count(partly)} more {verb} some of the coordinates"
    )
