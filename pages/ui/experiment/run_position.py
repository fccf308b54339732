"""Where the runs of an experiment stand, as parameters of a URL, and back.

A run follows from the Config and from how often it stepped, except where the visitor changed how
training goes on midway: those revisions are part of its position. Runs go by their names, so that
other runs need no other form.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import quote, unquote

from pages.ui.settings.config import FIELD_OF
from pages.ui.text import count

NAMES = ("runs", "at", "marks")
"""The parameters of a URL that say where runs stand; all others are the Config's."""

MAX_LINK_ITERATIONS = 100_000
"""So many steps of one run does a link bring back: it takes them again."""
MAX_REVISIONS = 40
MAX_RUNS = 12
MAX_MARKS = 12
MAX_TEXT = 20_000

UNREADABLE = (
    "Where the runs stood could not be read from the link; they stand at the starting point."
)


@dataclass(frozen=True)
class Revision:
    """From which iteration on training went with which learning rate and optimizer."""

    iteration: int
    learning_rate: float
    optimizer: str

    @property
    def controls(self) -> tuple[float, str]:
        """What the controls said."""
        return self.learning_rate, self.optimizer


@dataclass(frozen=True)
class RunProgress:
    """One run: how far it got, by which revisions, and whether its next step failed.

    Attributes:
        revisions: from iteration 0 on; empty where they are the Config's own throughout.
        failed: whether the step after the last one could not be taken.
    """

    iteration: int
    revisions: tuple[Revision, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class RunPosition:
    """Where all runs stand, the iteration that is looked at (None: the latest), and the marks."""

    runs: Mapping[str, RunProgress] = field(default_factory=dict)
    at: int | None = None
    marks: tuple[int, ...] = ()

    @property
    def latest(self) -> int:
        """The latest iteration of any run."""
        return max((stand.iteration for stand in self.runs.values()), default=0)


def revised(revisions: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    """The revisions after another one; what it undoes or repeats is left out."""
    kept = tuple(one for one in revisions if one.iteration < revision.iteration)
    return kept if kept and kept[-1].controls == revision.controls else (*kept, revision)


def bounded(position: RunPosition) -> tuple[RunPosition, str]:
    """What a link can carry of a position, and a sentence on what it cannot, or an empty one."""
    runs, shortened = {}, {}
    for name, stand in list(position.runs.items())[:MAX_RUNS]:
        last = min(stand.iteration, MAX_LINK_ITERATIONS)
        if len(stand.revisions) > MAX_REVISIONS:
            last = min(last, stand.revisions[MAX_REVISIONS].iteration)
        if last < stand.iteration:
            shortened[name] = last
            stand = RunProgress(last, tuple(r for r in stand.revisions if r.iteration < last))
        runs[name] = stand
    latest = RunPosition(runs).latest
    at = position.at if position.at is not None and position.at < latest else None
    within = RunPosition(runs, at, tuple(mark for mark in position.marks if mark <= latest))
    if not shortened:
        return within, ""
    told = " and ".join(f"{name} at iteration {count(last)}" for name, last in shortened.items())
    return within, (
        f"The link opens with {told}: it carries at most {count(MAX_LINK_ITERATIONS)} iterations "
        f"and {MAX_REVISIONS} changes of the learning rate or optimizer."
    )


def run_position_to_query(position: RunPosition) -> dict[str, str]:
    """A position as URL parameters, without runs that never stepped and without what is empty."""
    runs = "~".join(
        _written(name, stand)
        for name, stand in position.runs.items()
        if stand.iteration or stand.failed
    )
    query = {"runs": runs} if runs else {}
    if position.at is not None:
        query["at"] = str(position.at)
    if position.marks:
        query["marks"] = ".".join(map(str, position.marks))
    return query


def run_position_from_query(query: Mapping[str, str]) -> tuple[RunPosition, tuple[str, ...]]:
    """Read a position from URL parameters; nothing that can be in a URL raises.

    Returns:
        The position, and a sentence when something could not be read; then all runs stand at 0.
    """
    try:
        text = query.get("runs", "")
        if len(text) > MAX_TEXT:
            return RunPosition(), (UNREADABLE,)
        runs = dict(_read(part) for part in text.split("~")[:MAX_RUNS]) if text else {}
        at = _whole(query["at"]) if "at" in query else None
        marks = tuple(_whole(part) for part in query.get("marks", "").split(".") if part)
    except ValueError:
        return RunPosition(), (UNREADABLE,)
    latest = RunPosition(runs).latest
    return RunPosition(
        runs,
        at if at is not None and at < latest else None,
        tuple(sorted({mark for mark in marks if mark <= latest}))[:MAX_MARKS],
    ), ()


def without_run_position(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a URL that are the Config's."""
    return {name: value for name, value in query.items() if name not in NAMES}


def checked_revisions(revisions: tuple[Revision, ...], last: int) -> tuple[Revision, ...]:
    """The same revisions.

    Raises:
        ValueError: when they do not ascend from 0 to `last` at most, or hold what no control can.
    """
    rates, optimizers = FIELD_OF["learning_rate"], FIELD_OF["optimizer"]
    minimum, maximum = rates.bounds
    assert optimizers.choices is not None
    iterations = [revision.iteration for revision in revisions]
    if revisions and (
        iterations[0] != 0 or any(b <= a for a, b in pairwise(iterations)) or iterations[-1] > last
    ):
        raise ValueError(f"revisions are at {iterations[:5]}; they must ascend from 0 to {last}.")
    for revision in revisions:
        rate = revision.learning_rate
        if not (math.isfinite(rate) and minimum <= rate <= maximum):
            raise ValueError(
                f"a learning rate is {rate}; it must lie between {minimum:g} and {maximum:g}."
            )
        if revision.optimizer not in optimizers.choices:
            raise ValueError(f"an optimizer is {revision.optimizer[:30]!r}, which is not known.")
    return revisions


def _written(name: str, stand: RunProgress) -> str:
    parts = [_quoted(name), f"{stand.iteration}{'x' if stand.failed else ''}"]
    for revision in stand.revisions:
        rate = repr(revision.learning_rate)
        parts += [str(revision.iteration), rate, _quoted(revision.optimizer)]
    return "_".join(parts)


def _read(text: str) -> tuple[str, RunProgress]:
    name, iteration, *rest = text.split("_")
    if len(rest) % 3 or len(rest) > 3 * MAX_REVISIONS:
        raise ValueError("revisions come in threes")
    last = _whole(iteration.removesuffix("x"))
    if last > MAX_LINK_ITERATIONS:
        raise ValueError("too many iterations")
    revisions = tuple(
        Revision(_whole(begin), float(rate), unquote(optimizer))
        for begin, rate, optimizer in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    )
    return unquote(name), RunProgress(
        last, checked_revisions(revisions, last), iteration.endswith("x")
    )


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError(f"{text[:12]!r} is not a whole number")
    return int(text)


def _quoted(name: str) -> str:
    # Signs that part one thing from the next are hidden, and so is what a URL would not take.
    return quote(name, safe="").replace("_", "%5F").replace("~", "%7E")
