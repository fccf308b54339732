"""Sentences on simulated data beside the observed ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hmmcore.checks import SimulationCheck, Statistic
from pages.ui.figures.theme import StateNames
from pages.ui.session.trust.forecast_words import level_text
from pages.ui.text import count, decimal, many, markdown_text

NUMBERS: Mapping[str, str] = {
    "mean": "Mean",
    "standard_deviation": "Standard deviation",
    "smallest": "Smallest value",
    "largest": "Largest value",
}
"""Statistics that are a single number."""

ACTIONS: Mapping[str, str] = {
    "histogram": "values are spread otherwise than the states make them: more states, or another "
    "family",
    "shares": "some symbols come more or less often than the model makes them: train to the end, "
    "or try more states",
    "autocorrelation": "values resemble each other over other distances than the states make "
    "them: more states, or a memory that this kind of model has not",
    "agreement": "symbols repeat over other distances than the states make them: more states, or a "
    "memory that this kind of model has not",
    "stay_lengths": "states last otherwise than by constant odds of leaving: two states that make "
    "the same values, one after the other, can stand for one that lasts differently",
}
"""What it means to act on a statistic that is outside."""

RARE = 0.02
"""A number farther out than this share of simulated data sets is a sign by itself."""

ENOUGH = 99
"""Data sets, of which one number can be a sign by itself: of n, no share is below 2 / (n + 1)."""

WHAT = (
    "Data sets are drawn from the learned model, as large as yours and with the same gaps. Where "
    "the observed ones lie outside the grey area, they have something that the model does not make."
)

FITTED = (
    "The model was trained on these data, so that it resembles them a little too well: what lies "
    "outside counts against it, what lies inside proves little."
)


def verdict(one: Statistic, level: float) -> str:
    """Whether a statistic with many places is as the model makes it, in Markdown."""
    known = np.isfinite(one.observed) & np.isfinite(one.low)
    total = int(known.sum())
    outside = int(((one.observed < one.low) | (one.observed > one.high))[known].sum())
    chance = (1.0 - level) * total
    counted = (
        f"{count(outside)} of {many(total, 'place')} outside the grey area, where chance puts "
        f"{chance:.2g}"
    )
    if not total:
        return "**Nothing to compare**: nothing was counted."
    if outside <= max(2.0 * chance, 1.0):
        return f"**As the model makes it**: {counted}. There is nothing to do."
    return f"**Not as the model makes it**: {counted}. Here {ACTIONS[one.name]}."


def about_number(one: Statistic, name: str, level: float) -> str:
    """A statistic that is a single number, in Markdown, if the model seldom makes it; or empty."""
    found, *ends = (float(values[0]) for values in (one.observed, one.low, one.high))
    if not np.isfinite([found, *ends]).all() or ends[0] <= found <= ends[1]:
        return ""
    value, low, high = (decimal(number, ends[1] - ends[0]) for number in (found, *ends))
    return (
        f"**{markdown_text(name)}**: {value} observed, where {level_text(level)} of simulated data "
        f"sets have {low} to {high}."
    )


def stay_name(state: int, names: StateNames) -> str:
    """What the mean length of stay of a state is called, in a table."""
    return f"Mean stay in {names.plain(state)}"


def numbers_verdict(
    sentences: list[str], rare: bool, total: int, level: float, num_samples: int
) -> str:
    """What the table of single numbers says, in Markdown.

    `sentences` are on those that are outside; `rare` says whether one is farther out than in nearly
    every simulated data set, of which there are `num_samples`.
    """
    if not sentences:
        return "**Every number of the table** is as the model makes it. There is nothing to do."
    chance = (1.0 - level) * total
    told = " ".join(sentences)
    if not rare and len(sentences) <= max(2.0 * chance, 1.0):
        text = (
            f"{told} Of {many(total, 'number')} chance puts {chance:.2g} outside, so that is no "
            "sign yet."
        )
        if num_samples < ENOUGH:
            text += (
                f" One number by itself can be a sign from {ENOUGH} simulated sets on: "
                f"{count(num_samples)} are too few."
            )
        return text
    return (
        f"{told} The model does not make such data. A mean or spread that is off asks for more "
        "training; extremes that are, for other tails or a state of their own; stays, for other "
        "transitions."
    )


def simulation_label(one: Statistic, title: str, level: float) -> str:
    """What a figure shows, for readers who cannot see it."""
    return f"{title}, observed and simulated. {verdict(one, level).replace('**', '')}"


def drawn(found: SimulationCheck) -> str:
    """How many data sets the figures are from."""
    return (
        f"Grey: {level_text(found.level)} of {many(found.num_samples, 'simulated data set')}, "
        "each place by itself."
    )
