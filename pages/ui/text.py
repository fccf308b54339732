"""Text for people: a visitor's own words made harmless, and numbers that can be read."""

from __future__ import annotations

import html
import math
import re

from hmmcore import Sequences

NARROW_SPACE = "\u202f"
CHART_TEXT_LENGTH = 24
WORD_JOINER = "\u2060"
ADDRESS = re.compile(r"(?i)\bwww(?=\.)|\bhttps?:(?=//)|\bftp:(?=//)|@")
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>$:~&^=\"'@/")


def plain(text: str) -> str:
    """A visitor's text without anything that Markdown would make something of."""
    # Bare addresses become links even where every sign is escaped; a joiner, unseen, parts them.
    parted = ADDRESS.sub(lambda found: f"{found[0]}{WORD_JOINER}", " ".join(text.split()))
    return "".join(f"\\{c}" if c in MARKDOWN else c for c in parted)


def chart_text(text: str) -> str:
    """A visitor's text for Plotly, which knows tags, entities, and %{...} in what hovers.

    Cut to CHART_TEXT_LENGTH characters: an axis has no room for more.
    """
    words = " ".join(text.split())
    if len(words) > CHART_TEXT_LENGTH:
        words = words[: CHART_TEXT_LENGTH - 1].rstrip() + "…"
    return html.escape(words, quote=False).replace("%{", "% {")


def count(number: int) -> str:
    """A whole number with its thousands set apart: 2 000 000."""
    return f"{number:,}".replace(",", NARROW_SPACE)


def many(number: int, singular: str, plural: str | None = None) -> str:
    """A number with its noun: 1 sequence, 20 sequences."""
    return f"{count(number)} {singular if number == 1 else plural or singular + 's'}"


def decimal(value: float, spread: float = 0.0) -> str:
    """A number to four digits, with a true minus sign.

    With a `spread`, the digits go on as far as values that differ by it can be told apart.
    """
    digits = 4
    if 0.0 < spread < abs(value):
        digits = min(15, 4 + math.floor(math.log10(abs(value) / spread)))
    return f"{value:.{digits}g}".replace("-", "−")


def scientific(value: float) -> str:
    """A number to four digits; small and large ones to two, with a power of ten: 3.9 × 10⁻⁸."""
    if value == 0.0 or 1e-3 <= abs(value) < 1e5:
        return decimal(float(f"{value:.4g}"))
    mantissa, exponent = f"{value:.1e}".split("e")
    power = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa.removesuffix('.0')}{NARROW_SPACE}×{NARROW_SPACE}10{power}".replace("-", "−")


def listed(names: list[str]) -> str:
    """Names as one reads them: S1, S2 and S4."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def missing(sequences: Sequences) -> str:
    """How many observations are missing, and how many lack a part; no full stop at the end."""
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
