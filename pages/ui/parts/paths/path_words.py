"""Sentences on the best paths of a sequence, and on paths drawn from its posterior."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from hmmcore import BestPaths
from hmmcore.arrays import BoolArray, IntArray
from pages.ui.figures import theme
from pages.ui.text import count, many, probability

MOST_STRETCHES = 4
"""Stretches of time that are written out; a sentence of more is not read."""

SPOKEN = 5
"""Best paths that a label describes one by one."""

MOST_TIES = 3
"""Groups of tied paths that are written out."""

DRAWN = (
    "A drawn path comes as often as it is probable, given the observations; where draws differ, "
    "the data leave the state open."
)

COLUMNS = "A mark stands where any step of its stretch differs."


def stretches(
    differ: BoolArray, most: int | None = MOST_STRETCHES, written: Callable[[int], str] = count
) -> str:
    """The marked ones of M steps, counted from 1: t = 41–43, 77; all of them if most is None."""
    bounds = np.flatnonzero(np.diff(differ.astype(np.int8), prepend=0, append=0))
    firsts, lasts = bounds[::2] + theme.FIRST_TIME, bounds[1::2] - 1 + theme.FIRST_TIME
    if not len(firsts):
        return ""
    texts = [
        written(first) if first == last else f"{written(first)}–{written(last)}"
        for first, last in zip(firsts[:most].tolist(), lasts[:most].tolist(), strict=True)
    ]
    rest = len(firsts) - len(texts)
    more = f" and {many(rest, 'more stretch', 'more stretches')}" if rest else ""
    return f"t = {', '.join(texts)}{more}"


def difference(path: IntArray, best: IntArray) -> str:
    """Where a path (M,) is not the best one: differs at 3 of 200 steps: t = 41–43."""
    differ = path != best
    number, length = int(differ.sum()), len(path)
    if not number:
        return "is the best path"
    return f"differs at {count(number)} of {many(length, 'step')}: {stretches(differ)}"


def together(found: BestPaths, most: int) -> str:
    """What share of all probability the best path has, and the listed ones together.

    `most` were asked for; fewer are found where there are no others.
    """
    number = len(found.paths)
    first = f"the best path has {probability(float(found.log_posteriors[0]))} of all"
    if number == 1:
        only = "; no other is possible" if most > 1 else ""
        return f"Given these data, {first}{only}."
    whole = probability(found.cumulative_log_probs[-1])
    only = ", and there are no others" if number < most else ""
    return f"Given these data, {first}; the first {count(number)} together {whole}{only}."


def tied(found: BestPaths, most: int) -> str:
    """Which of the paths are equally probable; empty where none are. `most` as in `together`."""
    groups = [np.flatnonzero(found.ranks == rank) + 1 for rank in np.unique(found.ranks)]
    ties = [group for group in groups if len(group) > 1]
    if not ties:
        return ""
    named = [
        f"{group[0]} and {group[-1]}" if len(group) == 2 else f"{group[0]} to {group[-1]}"
        for group in ties[:MOST_TIES]
    ]
    rest = len(ties) - MOST_TIES
    more = f"; and {many(rest, 'further group')}" if rest > 0 else ""
    text = f"Equally probable up to rounding: paths {'; '.join(named)}{more}."
    if len(groups[-1]) > 1 and len(found.paths) == most:
        text += " More paths may tie with the last."
    return text


def about_bound(wanted: int, most: int, length: int, num_states: int) -> str:
    """That fewer paths are listed than are wanted; empty where all are."""
    if wanted <= most:
        return ""
    return (
        f"Of {count(length)} steps with K = {num_states} at most {many(most, 'path')} can be "
        f"listed at once, and {count(wanted)} are asked for: choose {count(most)} or fewer, a "
        "shorter sequence or fewer states."
    )


def about_truth(path: IntArray, log_posterior: float, listed_paths: IntArray) -> str:
    """Whether the true path (M,) is among the listed ones (P, M), and how probable it is."""
    share = probability(log_posterior)
    places = np.flatnonzero((listed_paths == path).all(axis=1))
    if len(places):
        return f"The true path is path {places[0] + 1}."
    if share == "0":
        return "The true path is impossible under this model."
    return f"The true path, with {share}, is not among them."


def label(found: BestPaths, draws: IntArray, summary: str) -> str:
    """The figure of these paths and draws (S, M), for readers who cannot see it."""
    best, length = found.paths[0], found.paths.shape[1]
    beside = f" and of {many(len(draws), 'drawn one')}" if len(draws) else ""
    said = [
        f" Path {number} {difference(path, best)}."
        for number, path in enumerate(found.paths[1:SPOKEN], 2)
    ]
    return (
        f"Strips of the {many(len(found.paths), 'best path')}{beside} over "
        f"{many(length, 'time step')}, with marks where each differs from the best. "
        f"{summary}{''.join(said)}"
    )


def places(ranks: IntArray) -> list[str]:
    """What the places of paths are called: 1, 2 (tie), 2 (tie), 4."""
    shared = np.bincount(ranks)[ranks] > 1
    return [
        f"{rank + 1} (tie)" if tie else str(rank + 1)
        for rank, tie in zip(ranks, shared, strict=True)
    ]


def shares(log_posteriors: Iterable[float]) -> list[str]:
    """Probabilities as texts."""
    return [probability(float(value)) for value in log_posteriors]


TABLE = (
    "log p(path, x) is the log-joint, in nats: the larger, the more probable. p(path | x) is the "
    "posterior of the path: its share of the probability of all paths, given the observations. "
    "So far together: the share of this path and of all above it. Steps count from 1."
)


def about_table(found: BestPaths) -> str:
    """The table of paths, for somebody who does not see it: its ends."""
    first, together = shares([found.log_posteriors[0], found.cumulative_log_probs[-1]])
    return (
        "Table of the best paths, of drawn ones and of the true one. Path 1 has a posterior of "
        f"{first}, the {many(len(found.paths), 'best path')} together {together}."
    )
