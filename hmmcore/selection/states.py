"""How many states: models with several numbers of them, from many starts each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

from numpy.random import Generator

from hmmcore.arrays import FloatArray, as_count
from hmmcore.batch.many_starts import Restart
from hmmcore.model import HMM
from hmmcore.selection.criteria import InformationCriteria, information_criteria
from hmmcore.selection.held_out import Split, held_out_log_likelihood
from hmmcore.selection.jobs import (
    MAX_ITERATIONS,
    TOLERANCE,
    Ended,
    MakeStart,
    Task,
    as_they_end,
)
from hmmcore.sequences import Sequences
from hmmcore.training import Trainer

MakeTrainer = Callable[[Sequences, int], Trainer]
"""Makes the trainer of data and a number of states: lambda sequences, num_states: EM(sequences)."""

ALL_DATA, TRAIN_PART = "all data", "train part"


@dataclass(frozen=True, eq=False)
class TriedStates:
    """What is known of models with one number of states.

    Attributes:
        num_states: K.
        runs: fits to all data by number of their start, those that have ended.
        best: the fit that reached the highest objective, once all have ended; None before, and
            where none could be trained.
        criteria: of `best`.
        held_out: (N,) log-likelihood of each test sequence in nats, under the best of the fits to
            the train part from as many starts; None without a split, and until these have ended.
        held_out_model: that fit's model.
        failure: the sentence that says why there is no `best`, or no `held_out`; None otherwise.
    """

    num_states: int
    runs: Mapping[int, Restart] = field(default_factory=dict)
    best: Restart | None = None
    criteria: InformationCriteria | None = None
    held_out: FloatArray | None = None
    held_out_model: HMM | None = None
    failure: str | None = None


@dataclass(frozen=True, eq=False)
class StatesSweep:
    """A sweep over numbers of states as far as it has come.

    Attributes:
        rows: one for each number of states, in the order in which these were given.
        done, total: fits that have ended, and all.
        num_held_out: how many observations are held out, those that are wholly missing left out.
    """

    rows: tuple[TriedStates, ...]
    done: int
    total: int
    num_held_out: int = 0


def sweep_states(
    sequences: Sequences,
    numbers_of_states: Iterable[int],
    make_trainer: MakeTrainer,
    make_start: MakeStart,
    generators: Sequence[Generator],
    split: Split | None = None,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    patience: int = 1,
    executor: Executor | None = None,
    cancelled: Callable[[], bool] | None = None,
    most_waiting: int | None = None,
) -> Iterator[StatesSweep]:
    """Fit models with several numbers of states, each from many starts; yield what is known so far.

    The best of the starts to all data gives the criteria of a number of states. With a split, as
    many starts from the train part alone give a model that has never met the test part, and that
    model's likelihood is the held-out one: of test sequences that are independent by themselves, of
    those that continue train sequences given these (see `held_out_log_likelihood`).

    Args:
        sequences: the data.
        numbers_of_states: each K to try, such as range(1, 11).
        make_trainer: lambda sequences, num_states: EM(sequences).
        make_start: initialization.random, say; called with the data, K and a generator.
        generators: the source of randomness of each start, rng.spawn(10); the same for every K.
        split: what to hold out; of `sequences`.
        max_iterations, tolerance, patience: as in `fit`; see `Task`.
        executor, cancelled, most_waiting: see `as_they_end`.

    Raises:
        ValueError: when there is no K or no generator, or a K is given twice.
    """
    numbers = [as_count("numbers_of_states", number) for number in numbers_of_states]
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"numbers_of_states are {numbers}; there must be some, each once.")
    data = {ALL_DATA: sequences} | ({} if split is None else {TRAIN_PART: split.train})
    tasks = {
        (number, part): Task(
            make_trainer(own, number),
            make_start,
            number,
            generators,
            max_iterations,
            tolerance,
            patience,
        )
        for number in numbers
        for part, own in data.items()
    }
    return _sweep(tasks, split, executor, cancelled, most_waiting)


@dataclass
class _Progress:
    """What has ended of a task."""

    task: Task
    count: int = 0
    runs: dict[int, Restart] = field(default_factory=dict)
    failure: str | None = None

    def add(self, ended: Ended[tuple[int, str]]) -> None:
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


def _sweep(
    tasks: Mapping[tuple[int, str], Task],
    split: Split | None,
    executor: Executor | None,
    cancelled: Callable[[], bool] | None,
    most_waiting: int | None,
) -> Iterator[StatesSweep]:
    rows = {number: TriedStates(number) for number, _ in tasks}
    progress = {key: _Progress(task) for key, task in tasks.items()}
    for ended in as_they_end(tasks, executor, cancelled, most_waiting):
        number, part = ended.key
        of_part = progress[ended.key]
        of_part.add(ended)
        row = rows[number]
        if part == ALL_DATA:
            row = replace(row, runs=of_part.runs)
        if of_part.is_over:
            row = _with_best(row, of_part, None if part == ALL_DATA else split)
        rows[number] = row
        done = sum(one.count for one in progress.values())
        total = sum(len(task.generators) for task in tasks.values())
        held_out = 0 if split is None else split.test.num_observed
        yield StatesSweep(tuple(rows.values()), done, total, held_out)


def _with_best(row: TriedStates, progress: _Progress, split: Split | None) -> TriedStates:
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
