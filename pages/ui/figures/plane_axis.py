"""Ticks of an axis over one number of a model, whose places are positions on the number's scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from hmmcore.coordinates import Scale
from pages.ui.text import decimal

MOST_TICKS = 8
FEWEST_TICKS = 3
NEAR = 1e-9
"""Of an axis, or of the distance of two ticks: a tick no further beyond the end is still there."""
PROBABILITIES = (
    1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999,
)  # fmt: skip
"""Values that are ticked on a scale of logits."""


def ticks(ends: tuple[float, float], scale: Scale) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Positions between the ends of an axis, and the values there in words."""
    low, high = ends
    if scale.name == "logit":
        values = _within(PROBABILITIES, ends, scale)
    elif scale.name == "log":
        values = _logarithmic(ends)
    else:
        values = []
    if len(values) < FEWEST_TICKS:
        values = _within(_even(float(scale.value(low)), float(scale.value(high))), ends, scale)
    return tuple(float(scale.position(value)) for value in values), tuple(map(decimal, values))


def _logarithmic(ends: tuple[float, float]) -> list[float]:
    first, last = (end / math.log(10.0) for end in ends)
    decades = range(math.floor(first), math.ceil(last) + 1)
    for factors in ((1, 2, 5), (1, 3), (1,)):
        values = [
            float(f"{factor}e{decade}") for decade in decades for factor in factors
        ]  # fmt: skip
        found = _within(values, ends, Scale("log"))
        if len(found) <= MOST_TICKS:
            return found
    return found[:: math.ceil(len(found) / MOST_TICKS)]


def _even(low: float, high: float) -> Sequence[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values."""
    part = (high - low) / (MOST_TICKS - 1)
    if not 0.0 < part < math.inf:
        return (low,)
    power = 10.0 ** math.floor(math.log10(part))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= part * (1 - 1e-9))
    # Through text, so that a tick at 0.3 says so. Added zero turns -0.0 into 0.0.
    return [
        float(f"{number * step:.12g}") + 0.0
        for number in np.arange(
            math.ceil(low / step - NEAR), math.floor(high / step + NEAR) + 1
        ).tolist()
    ]


def _within(values: Iterable[float], ends: tuple[float, float], scale: Scale) -> list[float]:
    near = NEAR * (ends[1] - ends[0])
    return [v for v in values if ends[0] - near <= float(scale.position(v)) <= ends[1] + near]
