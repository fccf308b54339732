"""The position of an experiment's runs, and how it is written to and read from a URL.

The Config and the number of steps determine a run, unless the visitor changed the learning rate or
the optimizer midway. Such revisions are therefore part of the position. Runs are stored by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import quote, unquote

from pages.ui.settings.config import FIELD_OF
from pages.ui.text import count, shortened

NAMES = ("runs", "at", "marks")
"""The URL parameters that hold the position; all others belong to the Config."""

MAX_LINK_ITERATIONS = 100_000
"""The most steps of one run that a link restores, because opening it repeats them all."""
MAX_REVISIONS = 40
MAX_RUNS = 12
MAX_MARKS = 12
MAX_TEXT = 20_000

UNREADABLE = (
    "Where the runs stood could not be read from the link; they stand at the starting point."
)


@dataclass(frozen=True)
class Revision:
    """The learning rate and optimizer that training used from an iteration on."""

    iteration: int
    learning_rate: float
    optimizer: str

    @property
    def controls(self) -> tuple[float, str]:
        """(learning rate, optimizer)."""
        return self.learning_rate, self.optimizer


@dataclass(frozen=True)
class RunProgress:
    """How far one run has got.

    Attributes:
        iteration: number of steps taken.
        revisions: ascending from iteration 0; empty if the Config's controls held throughout.
        failed: whether the next step was tried and failed.
    """

    iteration: int
    revisions: tuple[Revision, ...] = ()
    failed: bool = False


@dataclass(frozen=True)
class RunPosition:
    """The progress of all runs by name, the iteration that figures show, and the marked ones.

    `at` is None if the figures show the latest iteration.
    """

    runs: Mapping[str, RunProgress] = field(default_factory=dict)
    at: int | None = None
    marks: tuple[int, ...] = ()

    @property
    def latest(self) -> int:
        """The latest iteration of any run."""
        return max((progress.iteration for progress in self.runs.values()), default=0)


def revised(revisions: tuple[Revision, ...], revision: Revision) -> tuple[Revision, ...]:
    """The revisions with one more, without those that it undoes, and without it if it repeats."""
    kept = tuple(one for one in revisions if one.iteration < revision.iteration)
    return kept if kept and kept[-1].controls == revision.controls else (*kept, revision)


def bounded(position: RunPosition) -> tuple[RunPosition, str]:
    """The part of a position that a link can hold, and a sentence on the rest, or an empty one."""
    runs, cut = {}, {}
    for name, progress in list(position.runs.items())[:MAX_RUNS]:
        last = min(progress.iteration, MAX_LINK_ITERATIONS)
        if len(progress.revisions) > MAX_REVISIONS:
            last = min(last, progress.revisions[MAX_REVISIONS].iteration)
        if last < progress.iteration:
            cut[name] = last
            progress = RunProgress(last, tuple(r for r in progress.revisions if r.iteration < last))
        runs[name] = progress
    latest = RunPosition(runs).latest
    at = position.at if position.at is not None and position.at < latest else None
    within = RunPosition(runs, at, tuple(mark for mark in position.marks if mark <= latest))
    if not cut:
        return within, ""
    opened = " and ".join(f"{name} at iteration {count(last)}" for name, last in cut.items())
    return within, (
        f"The link opens with {opened}: it carries at most {count(MAX_LINK_ITERATIONS)} iterations "
        f"and {MAX_REVISIONS} changes of the learning rate or optimizer."
    )


def run_position_to_query(position: RunPosition) -> dict[str, str]:
    """A position as URL parameters, without runs that took no step and without empty parts."""
    runs = "~".join(
        _written(name, progress)
        for name, progress in position.runs.items()
        if progress.iteration or progress.failed
    )
    query = {"runs": runs} if runs else {}
    if position.at is not None:
        query["at"] = str(position.at)
    if position.marks:
        query["marks"] = ".".join(map(str, position.marks))
    return query


def run_position_from_query(query: Mapping[str, str]) -> tuple[RunPosition, tuple[str, ...]]:
    """Read a position from URL parameters, whatever they contain.

    Returns:
        The position, and no note. If anything cannot be read: the starting point, and a note.
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
    """The URL parameters that belong to the Config."""
    return {name: value for name, value in query.items() if name not in NAMES}


def checked_revisions(revisions: tuple[Revision, ...], last: int) -> tuple[Revision, ...]:
    """The revisions as given, if they are valid.

    Raises:
        ValueError: if their iterations do not ascend from 0 to at most `last`, or if a learning
            rate or optimizer is not one that the controls offer.
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
            raise ValueError(
                f"an optimizer is “{shortened(revision.optimizer)}”, which is not known."
            )
    return revisions


def _written(name: str, progress: RunProgress) -> str:
    parts = [_quoted(name), f"{progress.iteration}{'x' if progress.failed else ''}"]
    for revision in progress.revisions:
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
        raise ValueError(f"“{shortened(text)}” is not a whole number")
    return int(text)


def _quoted(name: str) -> str:
    # "_" and "~" separate the parts, so they are escaped in addition to what a URL requires.
    return quote(name, safe="").replace("_", "%5F").replace("~", "%7E")
