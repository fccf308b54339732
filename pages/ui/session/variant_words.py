"""Sentences of the Models page on families and constraints side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hmmcore.selection import (
    CRITERIA,
    HELD_OUT,
    Preferred,
    TriedVariant,
    Variant,
    VariantsSweep,
    beaten_from_within,
    preferred_variant,
)
from pages.ui.session.model_choice_words import COLLAPSED, FITTED_TO_POSTERIOR, NAMES, is_collapsed
from pages.ui.text import NARROW_SPACE, decimal, listed

SIDE_BY_SIDE = (
    "With as many states a model may still have many numbers or few. Train the kinds that you "
    "tick from the same seeds, and see what each number more is worth."
)

ABOUT_VARIANTS = """
**Families and constraints side by side.** All have K states and the same number of starts; each
differs from the first in one thing. The chart has one row for each: its log-likelihood per
observation, that of data held out (as chosen above), and how much worse it is than the best by
each criterion; left of the dotted line two are too close to decide between.

- **Left to right** and **cyclic** chains have zeros from the start on, which training keeps: a zero
  is no free parameter. **One staying** ties the probabilities of staying to one number. **Tied**
  spread is one for all states. What is **held at the true values** costs nothing.
- A **sticky prior** is thought to have seen each state stay so many steps. It is fitted to the
  log-posterior, so its likelihood is a little below the highest there is while it still pays for
  every parameter: criteria can only be too strict with it, and held-out data judge it fairly.
- Starts drawn for a chain have their states in the order in which the data meet them, as far as
  observations alone tell.
- All likelihoods of a table are of one kind: densities of the same numbers, or probabilities of the
  same counts or symbols. Densities and probabilities are never put beside each other.
"""


def preferences(sweep: VariantsSweep, labels: Mapping[str, str]) -> list[str]:
    """For each criterion which variant it prefers and by how much, in Markdown."""
    found = (preferred_variant(sweep.rows, name) for name in (*CRITERIA, HELD_OUT))
    others = len(sweep.rows) - 1
    return [_preferred(one, labels, others) for one in found if one is not None]


def _preferred(one: Preferred[str], labels: Mapping[str, str], num_others: int) -> str:
    verb = "prefer" if one.criterion == HELD_OUT else "prefers"
    start = f"**{NAMES[one.criterion]}** {verb} **{labels[one.best]}**"
    unit = f"{NARROW_SPACE}nats" if one.criterion == HELD_OUT else ""
    if one.rival is None:
        return f"{start}, the only one known."
    rival, by = labels[one.rival], decimal(one.difference) + unit
    if math.isnan(one.noise) and not math.isinf(one.difference):
        return (
            f"{start}; {rival} is {by} worse, and with one held-out sequence nobody can say "
            "whether that is noise."
        )
    if len(one.close) == num_others > 2:
        return f"{start}; the others differ from it by less than the noise."
    if one.close:
        others = listed([labels[name] for name in one.close])
        verb = "differs" if len(one.close) == 1 else "differ"
        return f"{start}; {others} {verb} from it by less than the noise."
    if math.isinf(one.difference):
        return f"{start}; {rival} finds some of them impossible."
    return f"{start}; {rival}, the next best, is {by} worse."


def doubts(
    sweep: VariantsSweep, variants: Mapping[str, Variant], labels: Mapping[str, str]
) -> list[str]:
    """Sentences on rows that should not be believed as they are."""
    found = [f"{labels[row.name]}: {row.failure}" for row in sweep.rows if row.failure is not None]
    if low := beaten_from_within(sweep.rows, variants):
        found.append(
            f"{_named(low, labels)} reached less than a model that it contains: the starts missed "
            "the best. Take more starts."
        )
    if held := [row.name for row in sweep.rows if is_collapsed(row)]:
        found.append(f"{_named(held, labels)}: {COLLAPSED}")
    with_priors = [row.name for row in sweep.rows if row.has_priors and row.criteria is not None]
    if with_priors:
        found.append(f"{_named(with_priors, labels)}: {FITTED_TO_POSTERIOR}")
    return found


def _named(names: tuple[str, ...] | list[str], labels: Mapping[str, str]) -> str:
    return listed([labels[name] for name in names])


def variants_label(sweep: VariantsSweep, labels: Mapping[str, str]) -> str:
    """What the figure shows, for readers who cannot see it."""
    found = [
        f"{NAMES[name]} prefers {labels[one.best]}"
        for name in (*CRITERIA, HELD_OUT)
        if (one := preferred_variant(sweep.rows, name)) is not None
    ]
    return (
        "Log-likelihood and information criteria of families and constraints side by side. "
        f"{', '.join(found) or 'Nothing is known yet'}."
    )


def shown_rows(sweep: VariantsSweep) -> list[TriedVariant]:
    """The rows of which something is known."""
    return [row for row in sweep.rows if row.criteria is not None]
