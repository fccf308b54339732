"""The parametric bootstrap: how estimates vary when the model itself makes the data again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator

from hmmcore.arrays import FloatArray, as_count, as_number, require_generator
from hmmcore.concurrency import MostWaiting, Stopped, in_order
from hmmcore.coordinates import Coordinate, flat, found_at, values_of
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import sample_like
from hmmcore.sweeps.sweep import require_compatible
from hmmcore.training.base import checked_stop_rule
from hmmcore.uncertainty.information import coordinates_of, in_words
from hmmcore.uncertainty.refitting import (
    MAX_ITERATIONS,
    TOLERANCE,
    MakeTrainer,
    Refit,
    refit,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Models that were fitted to data drawn from a model, as many as are known so far.

    Attributes:
        hmm: the model that the data were drawn from.
        total: how many data sets there will be.
        models: the fitted ones, in the order of their data sets, without those that failed.
        num_samples: data sets that are done.
        num_failed: of these, how many could not be fitted.
        num_unfinished: how many fits had not come to rest when they had taken all their steps;
            their models count.
        num_relabelled: how many fits had their states in another order, and were put back.
        failure: the sentence of the first that failed; None if none has.
    """

    hmm: HMM
    total: int
    models: tuple[HMM, ...] = ()
    num_samples: int = 0
    num_failed: int = 0
    num_unfinished: int = 0
    num_relabelled: int = 0
    failure: str | None = None

    def values(self, coordinate: Coordinate) -> FloatArray:
        """(len(models),) a number of every fitted model."""
        values, indices = found_at(self.hmm, coordinate)
        place = np.ravel_multi_index(indices, values.shape)
        return self._arrays[str(flat(coordinate)[0])][:, place]

    def standard_error(self, coordinate: Coordinate) -> float:
        """The standard deviation of the estimates; NaN of fewer than two."""
        values = self.values(coordinate)
        return float(values.std(ddof=1)) if len(values) > 1 else float("nan")

    def interval(self, coordinate: Coordinate, level: float = 0.95) -> tuple[float, float]:
        """The interval between the quantiles of the estimates; NaN of fewer than two.

        With n models its ends are quantiles that n values can tell: at 0.95 from some hundreds on.
        """
        level = as_number(
            "level", level, lambda number: 0.0 < number < 1.0, "lie strictly between 0 and 1"
        )
        values = self.values(coordinate)
        if len(values) < 2:
            return float("nan"), float("nan")
        low, high = np.quantile(values, [0.5 - 0.5 * level, 0.5 + 0.5 * level])
        return float(low), float(high)

    def frame(self, level: float = 0.95) -> pd.DataFrame:
        """All numbers as a table in words; states, symbols and dimensions count from 1.

        The bias is the mean of the estimates less the number that they estimate.
        """
        import pandas as pd

        rows = []
        for name in coordinates_of(self.hmm):
            values, indices = found_at(self.hmm, name)
            estimate = float(values[indices])
            found = self.values(name)
            bias = float(found.mean()) - estimate if len(found) else float("nan")
            error, ends = self.standard_error(name), self.interval(name, level)
            rows.append([in_words(self.hmm, name), estimate, error, *ends, bias])
        columns = ["parameter", "estimate", "standard error", "lower", "upper", "bias"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def _arrays(self) -> dict[str, FloatArray]:
        names = {str(flat(name)[0]) for name in coordinates_of(self.hmm)}
        return {
            name: np.array([values_of(hmm, name) for hmm in self.models]).reshape(
                len(self.models), values_of(self.hmm, name).size
            )
            for name in names
        }

    def _with(self, found: Refit) -> Bootstrap:
        fitted = found.hmm is not None
        return Bootstrap(
            self.hmm,
            self.total,
            (*self.models, found.hmm) if found.hmm is not None else self.models,
            self.num_samples + 1,
            self.num_failed + (not fitted),
            self.num_unfinished + (fitted and not found.converged),
            self.num_relabelled + found.relabelled,
            self.failure or found.failure,
        )


def bootstrap(
    hmm: HMM,
    sequences: Sequences,
    trainer: MakeTrainer | None = None,
    num_samples: int = 200,
    *,
    rng: Generator,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    executor: Executor | None = None,
    stopped: Stopped | None = None,
    most_waiting: MostWaiting = None,
) -> Iterator[Bootstrap]:
    """Draw data like these from a model, fit each, and yield what is known so far after each.

    Each data set has as many sequences as the data, as long, and the same values missing. Each fit
    starts from the model, so it finds the maximum near it, and the spread is that of one maximum
    and not of several; states that end in another order are put back by their emissions, unless
    something that is held tells them apart. The same generator draws the same data sets, and
    finds the same, whatever computes them.

    Args:
        hmm: the model, fitted to the data.
        sequences: the data, of which only the shape counts.
        trainer: makes the trainer of a data set, such as functools.partial(EM, trainable=...);
            None is EM of all parameters.
        num_samples: how many data sets.
        rng: the source of randomness, of which every data set gets a child.
        max_iterations, tolerance: as in `fit`.
        executor, stopped, most_waiting: see `in_order`.

    Raises:
        ValueError: when the model could not emit data of this shape, or a number is not possible.

    Source: Efron & Tibshirani (1993), chapter 6; Visser, Raijmakers & Molenaar (2000) for hidden
    Markov models.
    """
    require_compatible(hmm, sequences)
    require_generator(rng)
    count = as_count("num_samples", num_samples)
    checked_stop_rule(max_iterations, tolerance, patience=1)
    children = rng.spawn(count)

    def fitted(number: int, is_stopped: Stopped) -> Refit:
        drawn = sample_like(hmm, sequences, children[number]).sequences
        return refit(hmm, drawn, trainer, max_iterations, tolerance, is_stopped)

    def known() -> Iterator[Bootstrap]:
        so_far = Bootstrap(hmm, count)
        for found in in_order(fitted, count, executor, stopped, most_waiting):
            so_far = so_far._with(found)
            yield so_far

    return known()
