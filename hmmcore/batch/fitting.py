"""Likelihoods and fits of many models on the same data, and which way they are computed."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from hmmcore.arrays import FloatArray, IntArray, require_type
from hmmcore.batch.families import lane_family
from hmmcore.batch.lane_loop import LaneLoop
from hmmcore.batch.lane_training import LaneSweep, LaneTraining
from hmmcore.batch.models import Models
from hmmcore.batch.outcome import Fits, Outcome, Queue
from hmmcore.lanes import LANES
from hmmcore.sequences import Sequences
from hmmcore.sweeps import sweep
from hmmcore.training import EM, GradientAscent, Trainer
from hmmcore.training.base import Course, StopRule, checked_stop_rule
from hmmcore.training.held import chosen_numbers

GROUP_CELLS = 1 << 17
"""Models times observations times states that a thread trains at once: enough that the calls
between the kernels cost little beside them, few enough for a core's own cache."""
LARGEST_GROUP = 1024
MOST_STATES = 32
MOST_CELLS, MOST_CELLS_BESIDE_LANES = 1 << 16, 12_000
"""Observations times states: with more, the sweep of one model alone is as fast. That is so much
earlier where more than FEW_SEQUENCES fill its own lanes, and the matrices of eight models, of more
than MOST_STATES_IN_CACHE states each, take long to load."""
FEW_SEQUENCES, MOST_STATES_IN_CACHE = 4, 8


def log_likelihoods(models: Models, sequences: Sequences) -> FloatArray:
    """Log-likelihoods (B, N) of every sequence under every model, in nats; -inf where impossible.

    Raises:
        ValueError: when the models could not emit data of this shape or these values.
    """
    require_type("models", models, Models, "Models, made by batch.stack")
    sweep.require_compatible(models[0], sequences)
    found = np.empty((len(models), len(sequences)))
    in_lanes = suits_lanes(models, sequences)
    lanes = LaneSweep(models, sequences) if in_lanes else None
    size = group_size(models, sequences) if in_lanes else 1
    arrays = models.arrays()

    def evaluate(numbers: IntArray) -> None:
        one_by_one = numbers
        if lanes is not None:
            own = {name: values[numbers] for name, values in arrays.items()}
            found[numbers] = lanes.log_likelihoods(own)
            one_by_one = numbers[np.isnan(found[numbers]).any(axis=1)]
        for b in one_by_one.tolist():
            found[b] = sweep.log_likelihoods(models[b], sequences)

    queue = Queue(len(models))

    def work() -> None:
        while len(numbers := queue.take(size)):
            evaluate(numbers)

    _on_threads(work, queue, len(models), None)
    return found


def fit(
    trainer: Trainer,
    models: Models,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
    patience: int = 1,
    histories: bool = False,
    progress: Callable[[int], object] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Fits:
    """Fit every model, each as `hmmcore.fit` would.

    Where shapes and family allow, eight models are trained by one stream of instructions, and one
    that has come to rest leaves its lane to the next; elsewhere a thread takes a whole model.
    Which of the two is done depends on these alone, and what becomes of a model does not depend
    on the others: it is the same to the bit in any batch, in any order, on any number of threads.
    From `hmmcore.fit` it differs by rounding, which a chaotic ascent or a tolerance of zero can
    enlarge.

    Args:
        trainer: EM(...) or GradientAscent(...), with the data, or any other trainer.
        max_iterations, tolerance, patience: as in `hmmcore.fit`.
        histories: whether to keep the log-likelihoods after every step.
        progress: called in this thread with how many fits are done, when some more are.
        cancelled: asked before every step, or every ten milliseconds where steps take less; those
            not done stop where it says True.

    Raises:
        ValueError: when the models could not emit the trainer's data, or the trainer's
            `trainable` or `coordinates` do not suit them. What fails for some models only is
            reported, and the others go on.
    """
    require_type("models", models, Models, "Models, made by batch.stack")
    rule = StopRule(*checked_stop_rule(max_iterations, tolerance, patience), tolerance)
    queue = Queue(len(models), cancelled)
    outcome, work = prepared(trainer, models, rule, queue, histories)
    _on_threads(work, queue, len(models), progress)
    return outcome.fits()


def prepared(
    trainer: Trainer, models: Models, rule: StopRule, queue: Queue, histories: bool
) -> tuple[Outcome, Callable[[], None]]:
    """Where the results will be, and the work that each thread is to do. Errors as in `fit`."""
    sweep.require_compatible(models[0], trainer.sequences)
    if isinstance(trainer, EM | GradientAscent):
        chosen_numbers(trainer.trainable, trainer.coordinates, models[0])
    outcome = Outcome(models, histories, getattr(trainer, "priors", None) is not None)
    if trains_in_lanes(trainer, models):
        assert isinstance(trainer, EM | GradientAscent)
        size = group_size(models, trainer.sequences)
        return outcome, LaneLoop(LaneTraining(trainer, models), rule, size, queue, outcome).run
    return outcome, lambda: fit_one_by_one(trainer, rule, queue, outcome)


def fit_one_by_one(trainer: Trainer, rule: StopRule, queue: Queue, outcome: Outcome) -> None:
    """Take models from a queue and fit each by itself, until none is left."""
    while len(numbers := queue.take(1)):
        number = int(numbers[0])
        course, failure = Course(trainer, rule), None
        try:
            course.begin(outcome.models[number])
            while not course.is_over and not queue.is_cancelled():
                course.step()
        except (ValueError, ArithmeticError) as error:
            failure = str(error)
        if course.state is not None:
            outcome.put(number, course.result(), failure)
        elif failure is not None:
            outcome.fail(number, failure)
        queue.done.put(1)


def suits_lanes(models: Models, sequences: Sequences) -> bool:
    """Whether eight models at once are faster than one after the other; by shapes and family."""
    num_states = models.num_states
    well_filled = len(sequences) > FEW_SEQUENCES and num_states > MOST_STATES_IN_CACHE
    most_cells = MOST_CELLS_BESIDE_LANES if well_filled else MOST_CELLS
    return (
        lane_family(models[0].emissions) is not None
        and num_states <= MOST_STATES
        and num_states * sequences.num_observations <= most_cells
    )


def trains_in_lanes(trainer: Trainer, models: Models) -> bool:
    """Whether this trainer trains such models in lanes."""
    return (
        isinstance(trainer, EM | GradientAscent)
        and type(trainer) in (EM, GradientAscent)
        and trainer.priors is None
        and trainer.transition_ties is None
        and suits_lanes(models, trainer.sequences)
    )


def group_size(models: Models, sequences: Sequences) -> int:
    """How many models a thread takes at once."""
    cells = models.num_states * sequences.num_observations
    by_cells = max(LANES, min(LARGEST_GROUP, GROUP_CELLS // cells))
    # Every thread gets some, in whole blocks of lanes: those left over are computed all the same.
    share = -(-len(models) // _num_threads())
    return min(by_cells, -(-share // LANES) * LANES)


def _num_threads() -> int:
    return os.cpu_count() or 1


def _on_threads(
    work: Callable[[], None],
    queue: Queue,
    num_models: int,
    progress: Callable[[int], object] | None,
) -> None:
    """Let every thread do the work, telling `progress` how many models are done."""
    num_threads = min(_num_threads(), num_models)
    if num_threads == 1 and progress is None:
        work()
        return

    def work_or_close() -> None:
        try:
            work()
        except BaseException:
            # Nobody waits for the rest any more.
            queue.close()
            raise

    with ThreadPoolExecutor(num_threads, thread_name_prefix="batch") as pool:
        running = [pool.submit(work_or_close) for _ in range(num_threads)]
        try:
            if progress is not None:
                _follow(running, queue, progress)
            for future in running:
                future.result()
        except BaseException:
            queue.close()
            raise


def _follow(running: list[Future[None]], queue: Queue, progress: Callable[[int], object]) -> None:
    """Call `progress` with how many models are done, until all threads have ended."""
    for future in running:
        future.add_done_callback(lambda _: queue.done.put(0))
    going, total = len(running), 0
    while going:
        count = queue.done.get()
        total += count
        if count:
            progress(total)
        else:
            going -= 1
