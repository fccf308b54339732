"""Models of one kind that were fitted from many starts, and what comes of them as they end."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from hmmcore.arrays import FloatArray
from hmmcore.batch.many_starts import Restart
from hmmcore.concurrency import MostWaiting
from hmmcore.model import HMM
from hmmcore.selection.criteria import InformationCriteria, information_criteria
from hmmcore.selection.held_out import Split, held_out_log_likelihood
from hmmcore.selection.jobs import Ended, Task, as_they_end

ALL_DATA, TRAIN_PART = "all data", "train part"


@dataclass(frozen=True, eq=False, kw_only=True)
class Tried:
    """What is known of models of one kind.

    Attributes:
        runs: fits to all data by number of their start, those that have ended.
        best: the fit that reached the highest objective, once all have ended; None before, and
            where none could be trained.
        criteria: of `best`.
        held_out: (N,) log-likelihood of each test sequence in nats, under the best of the fits to
            the train part from as many starts; None without a split, and until these have ended.
        held_out_model: that fit's model.
        failure: the sentence that says why there is no `best`, or no `held_out`; None otherwise.
        has_priors: whether they were fitted to the log-posterior, and have not the highest
            likelihood of their kind.
    """

    runs: Mapping[int, Restart] = field(default_factory=dict)
    best: Restart | None = None
    criteria: InformationCriteria | None = None
    held_out: FloatArray | None = None
    held_out_model: HMM | None = None
    failure: str | None = None
    has_priors: bool = False


Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row", bound=Tried)


@dataclass(frozen=True, eq=False)
class Sweep(Generic[Row]):
    """A sweep over models of several kinds as far as it has come.

    Attributes:
        rows: one for each kind, in the order in which these were given.
        done, total: fits that have ended, and all.
        num_held_out: how many observations are held out, those that are wholly missing left out.
    """

    rows: tuple[Row, ...]
    done: int
    total: int
    num_held_out: int = 0


def has_priors(task: Task) -> bool:
    """Whether a task fits models to the log-posterior."""
    return getattr(task.trainer, "priors", None) is not None


@dataclass
class _Progress:
    """What has ended of a task."""

    task: Task
    count: int = 0
    runs: dict[int, Restart] = field(default_factory=dict)
    failure: str | None = None

    def add(self, ended: Ended[tuple[Key, str]]) -> None:
        """Take what has ended."""
        self.count += ended.count
        self.runs = dict(sorted({**self.runs, **ended.runs}.items()))
        self.failure = self.failure or ended.failure

    @property
    def is_over(self) -> bool:
        """Whether all its fits have ended."""
        return self.count == len(self.task.generators)

    def best(self) -> Restart | str:
        """The fit that reached the highest objective; a sentence where none could be trained."""
        trained = [run for run in self.runs.values() if run.result is not None]
        if trained:
            return max(trained, key=lambda run: run.objective)
        first = next(iter(self.runs.values()), None)
        why = self.failure if first is None else first.failure
        return f"none of {self.count} starts could be trained. The first: {why}"


def rows_as_they_come(
    rows: Mapping[Key, Row],
    tasks: Mapping[tuple[Key, str], Task],
    split: Split | None,
    executor: Executor | None,
    cancelled: Callable[[], bool] | None,
    most_waiting: MostWaiting,
) -> Iterator[Sweep[Row]]:
    """Do tasks; yield what is known so far.

    Args:
        rows: by what the models are told apart by, with nothing known yet.
        tasks: of every row by `ALL_DATA`, and with a split by `TRAIN_PART`.
    """
    known = dict(rows)
    progress = {key: _Progress(task) for key, task in tasks.items()}
    total = sum(len(task.generators) for task in tasks.values())
    held_out = 0 if split is None else split.test.num_observed
    for ended in as_they_end(tasks, executor, cancelled, most_waiting):
        number, part = ended.key
        of_part = progress[ended.key]
        of_part.add(ended)
        row = known[number]
        if part == ALL_DATA:
            row = replace(row, runs=of_part.runs)
        if of_part.is_over:
            row = _with_best(row, of_part, None if part == ALL_DATA else split)
        known[number] = row
        done = sum(one.count for one in progress.values())
        yield Sweep(tuple(known.values()), done, total, held_out)


def _with_best(row: Row, progress: _Progress, split: Split | None) -> Row:
    """The row with its criteria, or with a split with its held-out likelihood."""
    best, trainer = progress.best(), progress.task.trainer
    if isinstance(best, str):
        return replace(row, failure=best)
    assert best.result is not None
    hmm = best.result.hmm
    try:
        if split is not None:
            return replace(row, held_out=held_out_log_likelihood(hmm, split), held_out_model=hmm)
        criteria = information_criteria(
            hmm, trainer.sequences, getattr(trainer, "trainable", None),
            getattr(trainer, "transition_ties", None), best.start,
            getattr(trainer, "coordinates", None),
        )  # fmt: skip
    except ValueError as error:
        return replace(row, failure=str(error))
    return replace(row, best=best, criteria=criteria)
