"""Sentences on residuals: what they say of the model, and what it would mean to act on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from hmmcore.arrays import FloatArray
from pages.ui.session.trust.residuals import Residuals
from pages.ui.text import capitalised, count, listed, many, scientific

RARE = 0.01
"""What is less probable than this under the model is taken for a sign against it."""

NAMED = 5
"""Places that a sentence names; of more it says how many."""

INTRODUCTION = (
    "A residual is where an observation stands in what the model says of it, as a number that is "
    "standard normal if the model is right: 95 of 100 lie between −1.96 and 1.96, the grey area."
)

DRAWN = (
    "Counts and symbols come in steps, so each residual is drawn from its step; another seed "
    "draws others."
)

ORDINARY = (
    "Ordinary residuals of neighbouring times are not independent, so neither their distribution "
    "nor their memory is judged: choose Forecast for that."
)


def about_far(found: Residuals, dimension: int) -> str:
    """Whether there are more far residuals than chance makes, in Markdown."""
    far = found.far
    number, expected = int(far.number[dimension]), float(far.expected[dimension])
    start = (
        f"{many(number, 'residual')} of {count(int(found.check.num_residuals[dimension]))} "
        f"{'lies' if number == 1 else 'lie'} beyond ±{far.limit:g}, where chance makes "
        f"{expected:.{1 if expected >= 1.0 else 2}f}"
    )
    if far.p[dimension] >= RARE:
        return f"**No odd values**: {start}. There is nothing to do."
    return (
        f"**More odd values than the model makes**: {start} ({_p(float(far.p[dimension]))}). "
        "Look at the diamonds first: an error in the data is better marked as missing. If they are "
        "right, they ask for a state of their own, or for a family with longer tails."
    )


def about_normality(found: Residuals, dimension: int) -> str:
    """Whether residuals are standard normal, in Markdown; empty where that is not judged."""
    check, p = found.check, float(found.check.normality_p[dimension])
    if math.isnan(p):
        return "**Too few residuals** to say whether they are normal."
    values = check.residuals[:, dimension]
    values = values[np.isfinite(values)]
    size = f"Their mean is {_number(values.mean())} and their spread {_number(values.std())}"
    moments_p = float(check.moments_p[dimension])
    if p >= RARE and moments_p < RARE:
        return (
            f"**Their mean or their spread is not as it should be** (likelihood ratio, "
            f"{_p(moments_p)}). {size}; 0 and 1 are expected. Observations lie elsewhere, or are "
            "spread more or less, than the states say: train all that the states emit with, to the "
            "end."
        )
    if p >= RARE:
        return (
            f"**Their distribution is as it should be** (Anderson and Darling, {_p(p)}). "
            f"{size}; 0 and 1 are expected. There is nothing to do."
        )
    return (
        f"**They are not normal** (Anderson and Darling, {_p(p)}). {size}; 0 and 1 are "
        "expected. Observations are not spread as the states say: train to the end, try more "
        "states, another family, or a scale on which the data are less skewed, such as their "
        "logarithm."
    )


def about_memory(found: Residuals, dimension: int) -> str:
    """Whether residuals of different times are independent, in Markdown."""
    check, p = found.check, float(found.check.portmanteau_p[dimension])
    if math.isnan(p):
        return "**Too few residuals** in a row to say whether they have a memory."
    values, bound = check.autocorrelation[dimension], check.bound[dimension]
    lags = len(values)
    outside = [n + 1 for n in range(lags) if abs(values[n]) > bound[n]]
    chance = (1.0 - check.level) * lags
    counted = (
        f"{many(len(outside), 'autocorrelation')} of {lags} "
        f"{'lies' if len(outside) == 1 else 'lie'} outside, where chance puts {chance:.2g}"
    )
    if p >= RARE:
        return (
            f"**No memory is left** (Ljung and Box, {_p(p)}): {counted}. The states account "
            "for how observations follow each other. There is nothing to do."
        )
    largest = int(np.nanargmax(np.abs(values)))
    strongest = _number(values[largest])
    return (
        f"**A memory is left** (Ljung and Box, {_p(p)}): {counted}, the largest at "
        f"{many(largest + 1, 'step')} apart with {strongest}. What came before says more of an "
        "observation than the states pass on: train to the end, and try more states. If it stays, "
        "observations depend on each other directly, which this kind of model has not, and its "
        "intervals are too short."
    )


def _p(value: float) -> str:
    if value < 1e-4:
        return "p < 0.0001"
    return f"p = {scientific(value) if value < RARE else f'{value:.2f}'}"


def others(found: Residuals, shown: int, names: Sequence[str]) -> str:
    """What the other coordinates show, if anything; empty where there are none."""
    sentences = []
    for d, name in enumerate(names):
        if d == shown:
            continue
        parts = [
            word
            for word, p in (
                ("odd values", found.far.p[d]),
                (
                    "another distribution",
                    min(found.check.normality_p[d], found.check.moments_p[d]),
                ),
                ("a memory", found.check.portmanteau_p[d]),
            )
            if p < RARE and (found.kind == "forecast" or word == "odd values")
        ]
        sentences.append(f"“{name}” has {listed(parts)}" if parts else f"“{name}” has nothing odd")
    return f"{capitalised('; '.join(sentences))}." if sentences else ""


def residuals_label(own: FloatArray, title: str) -> str:
    """What the figure over time shows, for readers who cannot see it."""
    there = own[np.isfinite(own)]
    if not len(there):
        return f"Residuals of {title}: every observation is missing."
    far = int((np.abs(there) > 1.96).sum())
    return (
        f"{many(len(there), 'residual')} of {title} over time, from {_number(there.min())} to "
        f"{_number(there.max())}; {count(far)} of them outside the grey area, where "
        f"{count(round(0.05 * len(there)))} are expected."
    )


def _number(value: float) -> str:
    # Added zero turns -0.0 into 0.0.
    return f"{round(float(value), 2) + 0.0:.2f}".replace("-", "−")
