"""How many states: models with several numbers of them, from many starts each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from numpy.random import Generator

from hmmcore.arrays import as_count
from hmmcore.concurrency import MostWaiting
from hmmcore.selection.held_out import Split
from hmmcore.selection.jobs import MAX_ITERATIONS, TOLERANCE, MakeStart, Task
from hmmcore.selection.tried import (
    ALL_DATA,
    TRAIN_PART,
    Sweep,
    Tried,
    has_priors,
    rows_as_they_come,
)
from hmmcore.sequences import Sequences
from hmmcore.training import Trainer

MakeTrainer = Callable[[Sequences, int], Trainer]
"""Makes the trainer of data and a number of states: lambda sequences, num_states: EM(sequences)."""


@dataclass(frozen=True, eq=False)
class TriedStates(Tried):
    """What is known of models with one number of states; see `Tried`.

    Attributes:
        num_states: K.
    """

    num_states: int


StatesSweep = Sweep[TriedStates]
"""A sweep over numbers of states; see `Sweep`."""


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
    most_waiting: MostWaiting = None,
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
    rows = {
        number: TriedStates(number, has_priors=has_priors(tasks[number, ALL_DATA]))
        for number in numbers
    }
    return rows_as_they_come(rows, tasks, split, executor, cancelled, most_waiting)
