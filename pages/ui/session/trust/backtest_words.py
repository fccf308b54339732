"""Sentences on how forecasts did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hmmcore.checks import Backtest
from pages.ui.session.trust.forecast_words import level_text
from pages.ui.text import capitalised, count, many

NOISE = 2.0
"""So many standard deviations of chance away from what is expected a share is a sign."""

FEW = 8
"""Of fewer forecasts nothing is said."""

WHAT = (
    "The last tenth of every sequence is held out, a model is trained on the rest, from the same "
    "start and by as many steps, and foretells each observation of it from those before."
)

SEEN: Mapping[bool | None, str] = {
    True: "The start was made from all of the data, so it is not quite without the last tenth: "
    "forecasts may do a little better than they would.",
    None: "The start was given: if it was fitted to all of these data, the last tenth was no "
    "secret, and forecasts do better than they would.",
}
"""By whether the start is from the data, what that means; nothing where it is not."""


def what(is_from_data: bool | None) -> str:
    """What is done, and what the start had seen; see `starts.is_from_data`."""
    return " ".join(filter(None, [WHAT, SEEN.get(is_from_data)]))


def verdict(found: Backtest, dimension: int) -> str:
    """How many of the forecasts were right, and what that says, in Markdown."""
    total = int(found.num_observed[dimension])
    if not total:
        return "**Nothing to judge**: everything that was held out is missing."
    right = int(found.inside[:, dimension].sum())
    share, expected, noise = (
        float(values[dimension])
        for values in (found.coverage, found.expected_coverage, found.noise)
    )
    symbols = found.is_symbol(dimension)
    what = (
        "were the most probable symbol"
        if symbols
        else f"lie inside their {level_text(found.level)} interval"
    )
    start = (
        f"**{count(right)} of {many(total, 'observation')}** held out {what}: **{share:.1%}**, "
        f"where the model promises {expected:.1%} ± {noise:.1%}"
    )
    if total < FEW:
        return f"{start}. That is too few to judge."
    if abs(share - expected) <= NOISE * noise:
        return f"{start}. The forecasts are as good as they say."
    if share > expected:
        return f"{start}: more than it says. " + (
            "Its symbol probabilities are too even." if symbols else "Its intervals are wide."
        )
    return (
        f"{start}: fewer than it says. Do not rely on "
        + ("its probabilities" if symbols else "such intervals")
        + ": the model has fitted chance, or the end differs from the rest. Fewer states, or more "
        "data, help against the first; only newer data against the second."
    )


def about_probability(found: Backtest, dimension: int) -> str:
    """How probable the symbols were that came; empty of numbers."""
    if not found.is_symbol(dimension):
        return ""
    return "Each point is how probable the symbol was that came, before it came."


def others(found: Backtest, shown: int, names: Sequence[str]) -> str:
    """How the forecasts of the other coordinates did; empty where there are none."""
    parts = [
        f"of “{name}” {found.coverage[d]:.1%} "
        f"{'were the most probable' if found.is_symbol(d) else 'lie inside'}, where the model "
        f"promises {found.expected_coverage[d]:.1%} ± {found.noise[d]:.1%}"
        for d, name in enumerate(names)
        if d != shown and found.num_observed[d]
    ]
    return f"{capitalised('; '.join(parts))}." if parts else ""


def label(found: Backtest, dimension: int, title: str) -> str:
    """What the figure shows, for readers who cannot see it."""
    text = verdict(found, dimension).replace("**", "")
    return f"The held-out end of {title} and its one-step forecasts. Of all sequences: {text}"
