"""Sentences on forecasts."""

from __future__ import annotations

import numpy as np

from pages.ui.figures.observed_variable import ObservedVariable
from pages.ui.figures.theme import StateNames
from pages.ui.session.trust.forecasts import Ahead
from pages.ui.text import many, markdown_text, to_spread

KNOWN = (
    "Intervals hold what comes as often as they say if the model is right; they take its numbers "
    "as exactly known."
)

SYMBOLS_KNOWN = (
    "Symbols come as often as foretold if the model is right; its numbers are taken as exactly "
    "known."
)


def level_text(level: float) -> str:
    """A level as text: 95 %."""
    return f"{level:.0%}".replace("%", " %")


def about_ahead(one: Ahead, variable: ObservedVariable, names: StateNames) -> str:
    """The first and the last step that are foretold, in Markdown."""
    steps = len(one.found.state_probs[0])
    sentences = [f"Next: {_expected(one, 0, variable, names)}."]
    if steps > 1:
        sentences.append(f"In {many(steps, 'step')}: {_expected(one, steps - 1, variable, names)}.")
    return " ".join(sentences)


def _expected(one: Ahead, step: int, variable: ObservedVariable, names: StateNames) -> str:
    states = one.found.state_probs[0, step]
    likely = int(states.argmax())
    state = f"state {markdown_text(names.plain(likely))} with probability {states[likely]:.2f}"
    if one.found.symbol_probs is not None:
        symbols = one.found.symbol_probs[0, step]
        best = int(symbols.argmax())
        label = markdown_text(variable.labels[best])
        return f"symbol {label} with probability {symbols[best]:.2f}; {state}"
    assert one.found.means is not None
    assert one.found.lower is not None
    assert one.found.upper is not None
    mean, *ends = (
        float(values[0, step, one.own])
        for values in (one.found.means, one.found.lower, one.found.upper)
    )
    level, spread = level_text(one.found.level), ends[1] - ends[0]
    if variable.kind == "count":
        low, high = (f"{end:.0f}" for end in ends)
    else:
        low, high = (to_spread(end, spread) for end in ends)
    return f"{low} to {high} at {level}, {to_spread(mean, spread)} on average; {state}"


def ahead_label(one: Ahead, text: str) -> str:
    """What the figure of the forecast shows, for readers who cannot see it."""
    seen, steps = len(one.history), len(one.found.state_probs[0])
    unsure = np.isnan(one.history).sum()
    gaps = f", {unsure} of them missing" if unsure else ""
    return (
        f"The last {many(seen, 'observation')}{gaps} and the forecast of the next "
        f"{many(steps, 'step')}, with state probabilities below. {text}"
    )
