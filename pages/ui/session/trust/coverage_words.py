"""Sentences on how often intervals hold the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hmmcore.emissions import own_name
from hmmcore.uncertainty import Coverage
from pages.ui.experiment.naming import short_columns
from pages.ui.session.trust.coverage import Question
from pages.ui.session.trust.forecast_words import level_text
from pages.ui.text import count, listed, many, markdown_text

PARAMETERS: Mapping[str, tuple[str, str]] = {
    "initial_probs": ("π", "the initial probabilities"),
    "transition_matrix": ("A", "the transition probabilities"),
    "means": ("μ", "the means"),
    "standard_deviations": ("σ", "the standard deviations"),
    "rates": ("λ", "the rates"),
    "probs": ("B", "the symbol probabilities"),
}
"""Symbol of each parameter, and what its numbers are called."""


def symbol_and_name(parameter: str, columns: Sequence[str]) -> tuple[str, str] | None:
    """The symbol of a parameter and what its numbers are called; of a product with the column.

    Args:
        columns: their names in the data, which are not escaped here.
    """
    found = PARAMETERS.get(own_name(parameter))
    if found is None or own_name(parameter) == parameter:
        return found
    part = f" of {short_columns(columns)[int(parameter.partition('.')[0])]}"
    return found[0] + part, found[1] + part


ERRORS = 2.0
"""So many Monte Carlo errors away from the level a share is no chance any more: in one of twenty
cases it is."""


def title(level: float) -> str:
    """The section's heading."""
    return f"How often do {level_text(level)} intervals hold the truth?"


def what_is_done(asked: Question, num_data_sets: int, held_to: str = "") -> str:
    """What the button does; `held_to` is what training is held to besides the likelihood."""
    whose = "the true model" if asked.is_true_model else "the model that was learned"
    text = (
        f"Draws {many(num_data_sets, 'data set')} from {whose}, as large as yours and with the "
        "same gaps, trains on each, makes its intervals, and counts those that hold the number "
        "that the data were drawn with."
    )
    if not asked.is_true_model:
        text += " Where no true model is known, this says what holds if the learned one were it."
    if held_to:
        text += f" What your runs are held to besides ({held_to}) is left out."
    return text


def findings(found: Coverage, columns: Sequence[str]) -> list[str]:
    """For each parameter whether its intervals hold as often as they say, in Markdown."""
    sentences = []
    level = level_text(found.level)
    for row in found.by_parameter().to_dict("records"):
        words = symbol_and_name(row["parameter"], columns)
        if words is None or not row["counted"]:
            continue
        symbol, name = map(markdown_text, words)
        share, error = row["share"], row["error"]
        start = (
            f"**{symbol}**: {count(row['held'])} of {count(row['counted'])} intervals of {name} "
            f"held the truth, **{share:.1%}** ± {error:.1%}"
        )
        if abs(share - found.level) <= ERRORS * error:
            sentences.append(f"{start}: as many as the {level} that should.")
        elif share < found.level:
            sentences.append(
                f"{start}: fewer than the {level} that should. With so few data these intervals "
                "are too short; profile intervals, or more data, help."
            )
        else:
            sentences.append(f"{start}: more than the {level} that should; they are wide.")
    return sentences


def left_out(found: Coverage, columns: Sequence[str]) -> list[str]:
    """Sentences on what was not counted, and on fits that did not go as they should."""
    rows = found.by_parameter().to_dict("records")
    sentences = []
    for column, why in (
        ("at its bound", "fitted at 0 or 1, where an interval has one end only"),
        ("not determined", "not determined by the data"),
    ):
        parts = [
            f"{count(row[column])} of {words[0]}"
            for row in rows
            if (words := symbol_and_name(row["parameter"], columns))
            # What is not trained is never determined.
            and row[column]
            and (row["counted"] or row["at its bound"])
        ]
        if parts:
            sentences.append(f"Not counted, because {why}: {listed(parts)}.")
    if found.num_failed:
        sentences.append(
            f"{many(found.num_failed, 'data set')} could not be fitted: {found.failure}"
        )
    if found.num_unfinished:
        sentences.append(
            f"{many(found.num_unfinished, 'fit')} had not come to rest; their intervals count."
        )
    if found.done and not any(row["counted"] for row in rows):
        sentences.append("No interval could be counted: nothing is trained that has one.")
    return sentences


ERROR_MEANS = (
    "After ±: the Monte Carlo error, how far off so few data sets let a share be. Every fit begins "
    "at the truth, so a lower optimum is not among the reasons."
)


def label(found: Coverage, columns: Sequence[str]) -> str:
    """What the figure shows, for readers who cannot see it."""
    parts = [
        f"{words[1]} {row['share']:.1%}"
        for row in found.by_parameter().to_dict("records")
        if (words := symbol_and_name(row["parameter"], columns)) and not math.isnan(row["share"])
    ]
    return (
        f"Share of {level_text(found.level)} intervals that held the truth, by parameter, of "
        f"{many(found.done, 'data set')}: {', '.join(parts) or 'nothing counted yet'}."
    )
