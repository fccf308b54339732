"""Sentences of the Data, Posterior, Viterbi and Training pages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from hmmcore.arrays import FloatArray, IntArray
from pages.ui.experiment.dataset import Dataset, Upload
from pages.ui.figures.theme import StateNames
from pages.ui.glossary import GLOSSARY
from pages.ui.session.session import Session
from pages.ui.settings.config import Config
from pages.ui.text import (
    NARROW_SPACE,
    count,
    decimal,
    listed,
    many,
    markdown_text,
    missing,
    shortened,
)

if TYPE_CHECKING:
    import pandas as pd

SHOWN_TIES = 20
"""Largest number of tied paths that are drawn."""

NO_MODEL = (
    "There is no model to look at: training could not start. Choose another starting point "
    "in the sidebar."
)


def no_truth(data: Dataset) -> str:
    """Why there is no truth to compare the model with."""
    if data.hidden:
        return "The truth is hidden. Choose Shown under Truth in the sidebar to compare with it."
    if data.true_states is None:
        return (
            "No truth: uploaded data. Nobody knows which state made which observation, so there "
            "is nothing to compare with."
        )
    if data.states is not None:
        return (
            "No true parameters: the file says which state made each observation, and nothing "
            "else of the states."
        )
    return (
        f"{_made(data, 'really ')}. The model has another number of states, so they cannot be "
        "compared one by one."
    )


def _made(data: Dataset, really: str = "") -> str:
    """How many states there are in truth."""
    number = many(data.num_true_states, "state")
    if data.generating_model is None:
        return f"The file names {number}"
    return f"{number} {really}made the data"


def known_states(data: Dataset) -> str:
    """Which true states the file gives; empty where it gives none."""
    if data.generating_model is not None or not data.state_names:
        return ""
    return f"The true states are those that the file gives: {', '.join(_state_names(data))}."


def _state_names(data: Dataset) -> list[str]:
    """What the true states are called, in quotation marks; empty where they have only numbers."""
    return [f"“{markdown_text(shortened(name, 24))}”" for name in data.state_names]


def about_reading(reading: IntArray, data: Dataset) -> str:
    """Which true state each learned one counts as, where their numbers of states differ.

    `reading` (K,) holds that true state; -1 for none.
    """
    names = _state_names(data) or [str(number + 1) for number in range(data.num_true_states)]
    counted = ", ".join(
        f"{learned} as {names[true]}" if true >= 0 else f"{learned} as none"
        for learned, true in enumerate(reading.tolist(), 1)
    )
    return (
        f"{_made(data)} and the model has {len(reading)}, so they cannot be matched one by one. "
        f"Each learned state counts as the true state it meets most often: {counted}."
    )


PROJECTED = (
    "More than these two coordinates is trained, so the paths lie near the surface, not on it."
)
OWN_NUMBERS = (
    "Learned states keep the numbers that the run gave them, so the same number, or colour, of a "
    "learned and a true state means nothing."
)


def about_counterparts(counterparts: IntArray) -> str:
    """Which true state each learned one is matched to, where states are numbered by the run.

    `counterparts` (K,) holds that true state.
    """
    if np.array_equal(counterparts, np.arange(len(counterparts))):
        return "The run's own numbers of the states happen to be those of the true ones."
    pairs = [f"S{own} is the true S{true + 1}" for own, true in enumerate(counterparts.tolist(), 1)]
    return f"By what they explain, the run's {listed(pairs)}."


def about_confusion(num_states: int, data: Dataset, counterparts: IntArray) -> str:
    """Where the right answers are in a table of true states (rows) by learned states (columns).

    `counterparts` (K,) holds the true state that each learned one is matched to.
    """
    if num_states == data.num_true_states:
        if not np.array_equal(counterparts, np.arange(num_states)):
            return (
                "a column is a state as the run numbers it, so right answers need not stand on "
                f"the diagonal. {about_counterparts(counterparts)}"
            )
        return "right answers stand on the diagonal."
    return (
        f"{_made(data)} and the model has {num_states}, so there is no diagonal. A column with "
        "several full cells is a learned state that stands for several true ones; a row with "
        "several, a true state that is split."
    )


def summary(data: Dataset) -> str:
    """Sentences on the size of the data, on missing observations if any, and on the values."""
    lengths = data.sequences.lengths
    shortest, longest = int(lengths.min()), int(lengths.max())
    in_all = f"T = {many(data.sequences.num_observations, 'observation')} in all"
    if len(lengths) == 1:
        size = f"One sequence of {many(longest, 'observation')}."
    elif shortest == longest:
        size = f"{many(len(lengths), 'sequence')} of {many(longest, 'observation')} each, {in_all}."
    else:
        size = (
            f"{many(len(lengths), 'sequence')} of {count(shortest)} to "
            f"{many(longest, 'observation')}, {in_all}."
        )
    gaps = f"{missing(data.sequences)}. " if data.sequences.has_missing else ""
    return f"{size} {gaps}{_SUMMARIES[data.family](data)}"


def _about_numbers(data: Dataset) -> str:
    values = data.sequences.observations
    spread = math.sqrt(data.sequences.variances()[0])
    mean, lowest, highest = (
        decimal(float(value), spread)
        for value in (data.sequences.means()[0], np.nanmin(values), np.nanmax(values))
    )
    return (
        f"The mean is {mean}, the standard deviation {decimal(spread)}; the lowest is "
        f"{lowest}, the highest {highest}."
    )


def _about_counts(data: Dataset) -> str:
    values = data.sequences.observations
    mean, variance = float(data.sequences.means()[0]), float(data.sequences.variances()[0])
    text = (
        f"The average count is {decimal(mean)}, with a variance of {decimal(variance)}; the lowest "
        f"is {count(int(np.nanmin(values)))}, the highest {count(int(np.nanmax(values)))}."
    )
    if mean > 0 and variance > 1.2 * mean:
        text += (
            " Counts of one rate alone have a variance equal to their average: these vary more, as "
            "counts of several rates do."
        )
    return text


def _about_symbols(data: Dataset) -> str:
    shares = data.symbol_shares()
    commonest, rarest = int(shares.argmax()), int(shares.argmin())
    return (
        f"There are C = {many(len(data.labels), 'symbol')}; the commonest is "
        f"{markdown_text(data.labels[commonest])} ({shares[commonest]:.1%}), the rarest "
        f"{markdown_text(data.labels[rarest])} ({shares[rarest]:.1%})."
    )


def _about_points(data: Dataset) -> str:
    means = data.sequences.means()
    spreads = np.sqrt(data.sequences.variances())
    each = (
        f"{markdown_text(name)} has the mean {decimal(float(mean), float(spread))} and the "
        f"standard deviation {decimal(float(spread))}"
        for name, mean, spread in zip(data.columns, means, spreads, strict=True)
    )
    return f"Each is a point with {many(data.num_dimensions, 'coordinate')}: {'; '.join(each)}."


def _about_parts(data: Dataset) -> str:
    each = (
        f"  \n**{markdown_text(shortened(part.name, 30))}**, {part.family}: "
        + _SUMMARIES[part.family](part)
        for part in data.parts
    )
    return f"{many(len(data.kinds), 'quantity', 'quantities')} at once." + "".join(each)


_SUMMARIES = {
    "numbers": _about_numbers,
    "counts": _about_counts,
    "symbols": _about_symbols,
    "points": _about_points,
    "product": _about_parts,
}


def sequence(session: Session) -> str:
    """The name of the selected sequence."""
    return markdown_text(session.data.sequence_title(session.config.sequence))


def model(session: Session) -> str:
    """The name of the model that the figures show: its run and iteration."""
    run, state = session.shown_run, session.shown_state
    assert run is not None
    assert state is not None
    return f"{run.name} at iteration {count(state.iteration)}"


def impossible(whose: str) -> str:
    """That the "learned" or "true" model cannot have produced the sequence."""
    return (
        f"The {whose} model cannot have produced this sequence: no path through its states has a "
        "positive probability. Its state probabilities are undefined from the impossible "
        "observation on, and there is no best path."
    )


def nats(value: float) -> str:
    """A log-probability as text."""
    if math.isinf(value):
        return "−∞ (impossible)"
    return f"{value:,.3f}".replace("-", "−").replace(",", NARROW_SPACE)


def source(upload: Upload | None, config: Config) -> str:
    """Where data are from."""
    if config.source == "upload" and upload is not None:
        return f"“{markdown_text(upload.file_name)}”"
    return "the notebook's data" if config.source == "notebook" else "generated data"


def about_own_model(session: Session) -> str:
    """What the visitor's model reaches on these data, and reached where it was trained.

    Empty if training does not start from such a model.
    """
    own, runs = session.own_model, session.main_runs
    if own is None or not runs or session.config.start != "model":
        return ""
    here = session.data.sequences.per_observation(float(runs[0].history.log_likelihoods[0]))
    there = ""
    if own.log_likelihood is not None:
        there = f"; where it was trained it had {decimal(own.log_likelihood)}"
    return (
        f"Your model is from {markdown_text(own.origin)}. On these data it has {decimal(here)} "
        f"nats per observation{there}."
    )


LEARNED = (
    "Each row is a state. Share of the data: how much of it the model expects to be from this "
    f"state. Expected stay: {GLOSSARY['Expected stay']} To …: the row of A, where it goes next. "
    f"Stationary share: {GLOSSARY['Stationary share']} Cells can be selected and copied."
)


def about_learned(frame: pd.DataFrame) -> str:
    """The table of what was learned, for somebody who does not see it: its main columns."""
    main = [name for name in frame.columns if not name.startswith("to ")]
    rows = "; ".join(
        f"{state}: " + ", ".join(f"{name} {decimal(float(row[name]))}" for name in main[:4])
        for state, row in frame.iterrows()
    )
    return shortened(f"Table of the model's states. {rows}.", 1000)


SHARES = ("share of the data", "stationary share")


def number_format(column: str) -> str:
    """How a column of the table of what was learned writes its numbers."""
    is_share = column.startswith(("to ", "p(")) or column in SHARES
    return "%.3f" if is_share else "%.4g"


def about_entropy(num_states: int) -> str:
    """How to read the entropy curve."""
    text = "The curve below is the entropy of each column, how unsure the model is: "
    if num_states == 1:
        return text + "with one state there is nothing to be unsure of."
    most = math.log2(num_states)
    return f"{text}0 bits is sure, log₂ K = {most:.2f} bits is no idea."


def about_mean_entropy(learned: FloatArray, true: FloatArray | None) -> str:
    """How unsure the models are on average, from their entropies (M,) in bits.

    Empty where the sequence is impossible under one of them. `true` is None without a true model.
    """
    means = [float(entropy.mean()) for entropy in (learned, true) if entropy is not None]
    if not np.isfinite(means).all():
        return ""
    truth = "" if true is None else f", under the true model {means[1]:.2f}"
    return f"On average it is {means[0]:.2f} bits{truth}."


def about_log_joints(best: float, true: float) -> str:
    """How the true path's log-joint compares with the best one, and why."""
    if math.isinf(best):
        return impossible("learned")
    why = (
        "The Viterbi path is by definition the best path under this model, so no other can score "
        "higher. The true path contains chance: observations that are rare in their state, and "
        "rare changes of state. The model finds a path that explains the data with less of it."
    )
    if math.isinf(true):
        return f"Under the learned model the true path is impossible. {why}"
    if best - true <= 1e-9 * max(1.0, abs(best)):
        return "Both score the same: the true path is itself a most probable one."
    return f"The true path scores {nats(best - true)} nats less. {why}"


def about_ties(
    num_paths: int,
    complete: bool,
    log_joint: float,
    steps: int,
    length: int,
    num_states: int,
    alike: tuple[tuple[int, ...], ...],
    names: StateNames,
) -> str:
    """How many paths of the first `steps` of `length` tie for the best, and why."""
    where = (
        "this sequence" if steps == length else f"the first {count(steps)} of {count(length)} steps"
    )
    shared = f"log p(path, x) = {nats(log_joint)} nats"
    if num_paths == 1:
        text = f"Yes: on {where} one path alone has the largest {shared}."
    elif complete:
        text = f"No: on {where} {count(num_paths)} paths share the largest {shared}."
    else:
        text = f"No: on {where} more than {count(num_paths)} paths share the largest {shared}."
    if steps < length:
        text += f" Ties are listed for at most {steps} steps, taken as a sequence of their own."
    if len(alike) == 1 and len(alike[0]) == num_states:
        text += (
            f" The model's {num_states} states are all alike, as at the symmetric starting "
            f"point: it cannot prefer any path, and all ${num_states}^{{{steps}}}$ tie. Training "
            "cannot tell such states apart either."
        )
    elif alike:
        text += (
            " Some states of the model are alike and can trade places in any path: "
            + "; ".join(
                " and ".join(markdown_text(names.plain(state)) for state in group)
                for group in alike
            )
            + "."
        )
    if num_paths > 1:
        text += " The algorithm takes the first of them: the lowest state wins a tie."
    if num_paths > SHOWN_TIES:
        text += (
            f" The first {SHOWN_TIES} are drawn, in the order of their state numbers, so those "
            "that stand together differ towards the end."
        )
    return text
