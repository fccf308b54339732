"""The sweeps of the Models page: begun, followed, and their results taken into the experiment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from hmmcore import Trainer
from hmmcore.arrays import FloatArray, IntArray
from hmmcore.batch.many_starts import Restart
from hmmcore.concurrency import MostWaiting
from hmmcore.landscape import Optima, Optimum, optima
from hmmcore.selection import (
    StatesSweep,
    Tried,
    VariantsSweep,
    as_they_end,
    sweep_states,
    sweep_variants,
)
from pages.ui.experiment import model_choice, starts, variants
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.model_choice import Plan
from pages.ui.experiment.replay import Ending
from pages.ui.experiment.run_position import RunPosition, RunProgress
from pages.ui.session.background import Job, Share, Stopped, background, pool, share, threads
from pages.ui.session.session import Session

CURVES = 100
"""Starts of each method whose curves are kept."""

FRESH = 0.4
"""Seconds between two looks at where starts end, of which each takes a while itself."""

STEPS_CLOSER = 2000
"""Steps that ends of nearly one height are trained on at last, to see whether they are one."""

NOTEBOOK_DATA = (
    "The notebook's own data have K = 5 here. Choose generated data on the Data page, or bring "
    "these as a file, to use another number of states."
)


@dataclass(eq=False, kw_only=True)
class Sweep(Job):
    """A sweep that was begun.

    Attributes:
        plan: what it trains.
    """

    plan: Plan


@dataclass(frozen=True, eq=False)
class EndedStarts:
    """Starts that have ended, by each method.

    Attributes:
        done, total: fits that have ended, and all.
        methods: of the fits.
        optima: where they ended, those of all methods together; start n of method m has the number
            m × starts + n there.
        log_likelihoods: by method, (starts,) in nats; NaN where a fit failed or has not ended.
        iterations: likewise, how many steps were taken.
        curves: by method and number of the start, the log-likelihoods after each step, of some.
    """

    done: int
    total: int
    methods: tuple[str, ...]
    optima: Optima
    log_likelihoods: Mapping[str, FloatArray]
    iterations: Mapping[str, IntArray]
    curves: Mapping[tuple[str, int], FloatArray]

    @property
    def num_starts(self) -> int:
        """Starts by each method."""
        return self.total // len(self.methods)

    def start_of(self, number: int) -> tuple[str, int]:
        """Method and number of a start of `optima`."""
        method, own = divmod(number, self.num_starts)
        return self.methods[method], own

    @property
    def highest_open(self) -> float:
        """What the best start that did not come to rest reached, in nats; -inf without one."""
        places = map(self.start_of, self.optima.still_open)
        return max((float(self.log_likelihoods[m][n]) for m, n in places), default=-np.inf)

    def by_method(self, optimum: Optimum) -> dict[str, int]:
        """How many starts of each method ended at an optimum."""
        found = dict.fromkeys(self.methods, 0)
        for number in optimum.starts:
            found[self.start_of(number)[0]] += 1
        return found


@dataclass(eq=False)
class _Collected:
    """What is kept of fits while they end."""

    methods: tuple[str, ...]
    num_starts: int
    runs: dict[int, Restart] = field(default_factory=dict)
    iterations: dict[str, IntArray] = field(init=False)
    log_likelihoods: dict[str, FloatArray] = field(init=False)
    curves: dict[tuple[str, int], FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.iterations = {m: np.zeros(self.num_starts, dtype=np.int64) for m in self.methods}
        self.log_likelihoods = {m: np.full(self.num_starts, np.nan) for m in self.methods}

    def add(self, method: str, number: int, run: Restart) -> None:
        """Keep what came of a start, without its whole history."""
        if run.result is not None:
            history = run.result.log_likelihoods
            self.iterations[method][number] = len(history) - 1
            self.log_likelihoods[method][number] = history[-1]
            if number < CURVES:
                self.curves[method, number] = history
            priors = run.result.log_priors
            end = replace(
                run.result, log_likelihoods=history[-1:],
                log_priors=None if priors is None else priors[-1:],
            )  # fmt: skip
            run = replace(run, result=end)
        self.runs[self.methods.index(method) * self.num_starts + number] = run

    def found(
        self,
        trainer: Trainer,
        most_steps: int = 0,
        stopped: Stopped | None = None,
        most_waiting: MostWaiting = None,
    ) -> EndedStarts:
        """What is known; `most_steps`, which the threads take, as in `optima`."""
        return EndedStarts(
            len(self.runs), self.num_starts * len(self.methods), self.methods,
            optima(self.runs, trainer, most_steps, stopped, threads(), most_waiting),
            {m: values.copy() for m, values in self.log_likelihoods.items()},
            {m: values.copy() for m, values in self.iterations.items()}, dict(self.curves),
        )  # fmt: skip


def starts_sweep(session: Session) -> Sweep | None:
    """The sweep over starts under the present settings, if it was begun."""
    return _found(session, model_choice.plan_of_starts(session.config, session.data))


def states_sweep(session: Session) -> Sweep | None:
    """The sweep over numbers of states under the present settings, if it was begun."""
    return _found(session, model_choice.plan_of_states(session.config, session.data))


def variants_sweep(session: Session) -> Sweep | None:
    """The comparison of families and constraints under the present settings, if it was begun."""
    return _found(session, variants.plan_of_variants(session.config, session.data))


def _found(session: Session, plan: Plan) -> Sweep | None:
    job = background(session).find(plan.key)
    return job if isinstance(job, Sweep) else None


def begin_starts(session: Session) -> None:
    """Begin the sweep over starts."""
    plan = model_choice.plan_of_starts(session.config, session.data)
    _begin(session, plan, _train_starts, plan.num_starts * len(plan.methods))


def begin_states(session: Session) -> None:
    """Begin the sweep over numbers of states."""
    plan = model_choice.plan_of_states(session.config, session.data)
    fits = plan.config.most_states * plan.config.starts_each
    _begin(session, plan, _train_states, fits * _num_parts(plan))


def begin_variants(session: Session) -> None:
    """Begin the comparison of families and constraints."""
    plan = variants.plan_of_variants(session.config, session.data)
    fits = len(plan.config.variants) * plan.config.variant_starts
    _begin(session, plan, _train_variants, fits * _num_parts(plan))


def _num_parts(plan: Plan) -> int:
    """How often each fit is made: to all data, and to those that are not held out."""
    return 1 if plan.config.hold_out == "nothing" else 2


def _begin(
    session: Session,
    plan: Plan,
    train: Callable[[Plan, Dataset, Share, Stopped], Iterator[Any]],
    total: int,
) -> None:
    session.notes = plan.notes
    begin = partial(train, plan, session.data, share(session))
    room = background(session)
    for job in room.jobs:
        # One under other settings is out of sight, and would take its part of the session's share.
        if isinstance(job, Sweep) and job.plan.key[0] == plan.key[0] and not job.done:
            job.cancelled = True
    room.start(Sweep(key=plan.key, begin=begin, total=total, plan=plan))


def _train_starts(plan: Plan, data: Dataset, own: Share, stopped: Stopped) -> Iterator[EndedStarts]:
    collected = _Collected(plan.methods, plan.num_starts)
    tasks = model_choice.tasks_of_starts(plan, data)
    trainer, look_at = tasks[plan.methods[0]].trainer, 0.0
    for ended in as_they_end(tasks, pool(), stopped, own.of_pool):
        if ended.failure:
            raise ValueError(ended.failure)
        for number, run in ended.runs.items():
            collected.add(ended.key, number, run)
        begun = time.monotonic()
        if begun >= look_at:
            yield collected.found(trainer)
            now = time.monotonic()
            look_at = now + max(FRESH, 4.0 * (now - begun))
    if collected.runs:
        yield collected.found(trainer, 0 if stopped() else STEPS_CLOSER, stopped, own.of_threads)


def _train_states(plan: Plan, data: Dataset, own: Share, stopped: Stopped) -> Iterator[StatesSweep]:
    config, (method,) = plan.config, plan.methods
    max_iterations, tolerance, patience = model_choice.RULES[method]
    return sweep_states(
        data.sequences,
        range(1, config.most_states + 1),
        lambda sequences, num_states: model_choice.trainer(
            method, replace(config, num_states=num_states), data, sequences
        ),
        model_choice.make_start(config, data),
        [starts.generator(config, number) for number in range(config.starts_each)],
        model_choice.split(plan, data),
        max_iterations,
        tolerance,
        patience,
        pool(),
        stopped,
        own.of_pool,
    )


def _train_variants(
    plan: Plan, data: Dataset, own: Share, stopped: Stopped
) -> Iterator[VariantsSweep]:
    config, (method,) = plan.config, plan.methods
    return sweep_variants(
        data.sequences, config.num_states, variants.variants(plan, data),
        [starts.generator(config, number) for number in range(config.variant_starts)],
        model_choice.split(plan, data), *model_choice.RULES[method],
        pool(), stopped, own.of_pool,
    )  # fmt: skip


def adopt(session: Session, sweep: Sweep, optimum: Optimum) -> None:
    """Let the run that led to an optimum be the session's; `Session.undo` brings back the old."""
    found: EndedStarts = sweep.found
    method, number = found.start_of(optimum.leader)
    ending = Ending(optimum.hmm, optimum.log_likelihood)
    _take(session, sweep.plan, method, number, ending, int(found.iterations[method][number]))


def cannot_use(session: Session, num_states: int) -> str:
    """Why the session's experiment cannot have so many states, in a sentence; empty if it can."""
    if session.config.source == "notebook" and num_states != session.config.num_states:
        return NOTEBOOK_DATA
    return ""


def use_states(session: Session, sweep: Sweep, num_states: int) -> None:
    """Let the best model with so many states be the session's, likewise; the data stay."""
    found: StatesSweep = sweep.found
    row = next(row for row in found.rows if row.num_states == num_states)
    _take_best(session, sweep.plan, row)


def use_variant(session: Session, sweep: Sweep, name: str) -> None:
    """Let the best model of a variant be the session's, with its constraints, likewise."""
    found: VariantsSweep = sweep.found
    row = next(row for row in found.rows if row.name == name)
    _take_best(session, sweep.plan, row, variants.own_settings(sweep.plan.config, name))


def _take_best(
    session: Session, plan: Plan, row: Tried, own: Mapping[str, object] = MappingProxyType({})
) -> None:
    assert row.best is not None
    assert row.best.result is not None
    history = row.best.result.log_likelihoods
    number = next(number for number, run in row.runs.items() if run is row.best)
    ending = Ending(row.best.result.hmm, float(history[-1]))
    _take(session, plan, plan.methods[0], number, ending, len(history) - 1, own)


def _take(
    session: Session,
    plan: Plan,
    method: str,
    number: int,
    ending: Ending,
    iterations: int,
    own: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Start where a fit started, and take the steps that it took: a link can carry these.

    `own` are further settings that it was trained with.
    """
    config, num_states = session.config, ending.hmm.num_states
    values: dict[str, object] = {
        "start": plan.config.sweep_from, "start_seed": number, "num_states": num_states,
        "only": plan.config.only, **own,
    }  # fmt: skip
    if config.source == "generated" and num_states != config.num_states:
        values["true_states"] = config.data_states  # the data stay as they are
    if config.method == "Both":
        values["shown"] = method
    with session.lock:
        session.remedy(**values)
        session.go_to(RunPosition({method: RunProgress(iterations)}), {method: ending})
