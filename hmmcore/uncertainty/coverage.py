"""How often intervals hold the truth: data drawn from a known model, fitted, and asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from hmmcore.arrays import FloatArray, IntArray, as_count, as_number, quoted, require_generator
from hmmcore.concurrency import MostWaiting, Stopped, in_order
from hmmcore.coordinates import Coordinate, flat, found_at, spelled, value_at
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import sample, sample_like
from hmmcore.training.base import checked_stop_rule
from hmmcore.uncertainty.information import coordinates_of, in_words, observed_information
from hmmcore.uncertainty.profile import ProfiledInterval, profile_intervals
from hmmcore.uncertainty.refitting import (
    MAX_ITERATIONS,
    TOLERANCE,
    MakeTrainer,
    Refit,
    refit,
)

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("wald", "profile")

HELD, MISSED, AT_BOUND, NO_INTERVAL = 1, 0, -1, -2
"""What became of an interval."""


@dataclass(frozen=True, eq=False)
class Coverage:
    """How often the interval of each number of a model held it, of the data sets done so far.

    Attributes:
        truth: the model that the data were drawn from.
        level: the share that should hold it.
        coordinates: the n numbers that were asked for.
        total: how many data sets there will be.
        done: how many are done.
        num_failed: of these, how many could not be fitted; they count nowhere else.
        num_unfinished: how many fits had not come to rest; their intervals count.
        num_relabelled: how many fits had their states in another order, and were put back.
        failure: the sentence of the first that failed; None if none has.
        outcomes: (done - num_failed, n) HELD, MISSED, AT_BOUND where the fit was at a bound and had
            no interval with two ends, NO_INTERVAL where the data did not determine the number, or
            it was not trained.
    """

    truth: HMM
    level: float
    coordinates: tuple[Coordinate, ...]
    total: int
    done: int
    num_failed: int
    num_unfinished: int
    num_relabelled: int
    failure: str | None
    outcomes: IntArray

    @property
    def held(self) -> IntArray:
        """(n,) how many intervals held the truth."""
        return np.asarray((self.outcomes == HELD).sum(axis=0))

    @property
    def counted(self) -> IntArray:
        """(n,) of how many."""
        return np.asarray((self.outcomes >= MISSED).sum(axis=0))

    @property
    def at_bound(self) -> IntArray:
        """(n,) how many fits had the number at its bound."""
        return np.asarray((self.outcomes == AT_BOUND).sum(axis=0))

    @property
    def undetermined(self) -> IntArray:
        """(n,) how many fits had no interval otherwise."""
        return np.asarray((self.outcomes == NO_INTERVAL).sum(axis=0))

    def frame(self) -> pd.DataFrame:
        """A row for each number, in words; states, symbols and dimensions count from 1.

        "error" is the standard error of the share that so few data sets leave; see `_error`.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "parameter": [in_words(self.truth, name) for name in self.coordinates],
                "held": self.held,
                "counted": self.counted,
                "share": _share(self.held, self.counted),
                "error": [self._error([n]) for n in range(len(self.coordinates))],
                "at its bound": self.at_bound,
                "not determined": self.undetermined,
            }
        )

    def by_parameter(self) -> pd.DataFrame:
        """A row for each parameter: all its numbers together."""
        import pandas as pd

        of_each = [str(flat(name)[0]) for name in self.coordinates]
        names = list(dict.fromkeys(of_each))
        rows = []
        for name in names:
            places = [n for n, one in enumerate(of_each) if one == name]
            held, counted = int(self.held[places].sum()), int(self.counted[places].sum())
            rows.append(
                [
                    name, held, counted, held / counted if counted else np.nan,
                    self._error(places), int(self.at_bound[places].sum()),
                    int(self.undetermined[places].sum()),
                ]
            )  # fmt: skip
        columns = [
            "parameter", "held", "counted", "share", "error", "at its bound", "not determined"
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def _error(self, places: Sequence[int]) -> float:
        """The Monte Carlo error of the share of some numbers together.

        Intervals of one data set hold or miss together, so data sets are what is independent. Not
        less than two held and two missed more would give (Agresti & Coull 1998): where all were
        held, the share is not known without error.
        """
        chosen = self.outcomes[:, places]
        counted = (chosen >= MISSED).sum(axis=1)
        if not counted.any():
            return float("nan")
        held = (chosen == HELD).sum(axis=1)
        share = held.sum() / counted.sum()
        spread = np.sqrt(((held - share * counted) ** 2).sum()) / counted.sum()
        total = counted.sum() + 4
        smoothed = (held.sum() + 2) / total
        return float(max(spread, np.sqrt(smoothed * (1.0 - smoothed) / total)))


def interval_coverage(
    truth: HMM,
    lengths: ArrayLike | Sequences,
    trainer: MakeTrainer | None = None,
    num_data_sets: int = 200,
    level: float = 0.95,
    kind: str = "wald",
    coordinates: Sequence[Coordinate] | None = None,
    *,
    rng: Generator,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    executor: Executor | None = None,
    stopped: Stopped | None = None,
    most_waiting: MostWaiting = None,
) -> Iterator[Coverage]:
    """Draw data from a model, fit each, and count the intervals that hold the model's numbers.

    Yields what is known so far after each data set. Each fit starts from the truth: an interval
    speaks of the maximum that was found, and promises nothing where training ends at a lower one,
    so that is left out here. States that end in another order are put back by their emissions,
    unless something that is held tells them apart.

    Args:
        truth: the model that the data are drawn from.
        lengths: (N,) of the sequences; or sequences, whose lengths and missing values are taken.
        trainer: as in `bootstrap`. What it does not train keeps its true value, and is not asked.
        num_data_sets: how many.
        level: of the intervals.
        kind: "wald", from the observed information; "profile", by likelihood ratio, which takes
            far longer.
        coordinates: which numbers; None asks all.
        rng, max_iterations, tolerance, executor, stopped, most_waiting: as in `bootstrap`.

    Raises:
        ValueError: when a number is not possible, or the model has no such coordinate.
    """
    require_generator(rng)
    count = as_count("num_data_sets", num_data_sets)
    level = as_number(
        "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
    )
    if kind not in KINDS:
        raise ValueError(f"kind is {quoted(kind)}; it must be one of {KINDS}.")
    checked_stop_rule(max_iterations, tolerance, patience=1)
    asked = coordinates_of(truth) if coordinates is None else list(coordinates)
    names: tuple[Coordinate, ...] = tuple(
        spelled((flat(one)[0], *found_at(truth, one)[1])) for one in asked
    )
    if isinstance(lengths, Sequences):
        draw = partial(sample_like, truth, lengths)
    else:
        sizes = np.atleast_1d(np.asarray(lengths))
        draw = partial(sample, truth, len(sizes), sizes)
    children = rng.spawn(count)

    def judged(number: int, is_stopped: Stopped) -> tuple[Refit, IntArray | str]:
        found = refit(
            truth, draw(children[number]).sequences, trainer, max_iterations, tolerance, is_stopped
        )
        if found.hmm is None or is_stopped():
            return found, found.failure or "stopped"
        try:
            return found, _outcomes(truth, found, names, level, kind, is_stopped)
        except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
            return found, str(error)

    def known() -> Iterator[Coverage]:
        outcomes: list[IntArray] = []
        failed = unfinished = relabelled = 0
        failure = None
        for found, outcome in in_order(judged, count, executor, stopped, most_waiting):
            if isinstance(outcome, str):
                failed, failure = failed + 1, failure or outcome
            else:
                outcomes.append(outcome)
                unfinished += not found.converged
                relabelled += found.relabelled
            yield Coverage(
                truth, level, names, count, failed + len(outcomes), failed, unfinished, relabelled,
                failure, np.array(outcomes, dtype=np.int64).reshape(len(outcomes), len(names)),
            )  # fmt: skip

    return known()


def _outcomes(
    truth: HMM,
    found: Refit,
    names: tuple[Coordinate, ...],
    level: float,
    kind: str,
    stopped: Stopped,
) -> IntArray:
    assert found.hmm is not None
    information = observed_information(found.hmm, found.sequences, found.trainable)
    if kind == "wald":
        intervals = {name: information.interval(name, level) for name in names}
    else:
        inside = [
            name for name in names
            if name not in information.at_bounds and np.isfinite(information.standard_error(name))
        ]  # fmt: skip
        profiled: list[ProfiledInterval] = list(
            profile_intervals(
                found.hmm, found.sequences, inside, level,
                trainable=found.trainable, stopped=stopped,
            )
        )  # fmt: skip
        intervals = {one.coordinate: (one.low, one.high) for one in profiled}
    outcomes = np.full(len(names), NO_INTERVAL)
    for n, name in enumerate(names):
        low, high = intervals.get(name, (np.nan, np.nan))
        if name in information.at_bounds:
            outcomes[n] = AT_BOUND
        elif not np.isnan([low, high]).any():
            outcomes[n] = HELD if low <= value_at(truth, name) <= high else MISSED
    return outcomes


def _share(held: IntArray, counted: IntArray) -> FloatArray:
    return np.where(counted > 0, held / np.maximum(counted, 1), np.nan)
