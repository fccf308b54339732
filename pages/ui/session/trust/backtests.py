"""How one-step forecasts of the last tenth did, by a model that was trained without it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import wait
from dataclasses import dataclass
from functools import partial

from hmmcore import HMM, Sequences, Trainer
from hmmcore.checks import Backtest, backtest
from pages.ui.experiment import constraints, model_choice
from pages.ui.experiment.dataset import Dataset
from pages.ui.session.background import Job, Stopped, background, threads
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import WAIT, resting
from pages.ui.session.view import View
from pages.ui.settings.config import Config

ROOM = "backtest"

HELD_OUT = 0.1
"""Share of each sequence that is held out: its end."""

AT_ONCE = 20_000_000
"""Cells K × T of all steps of training together; what takes more waits for a press."""

STILL = 1e-12
"""Nats per observation; a step that gains less is the last one, however many the run took."""

POLL_SECONDS = 0.1


@dataclass(frozen=True, eq=False)
class Tested:
    """How far a backtest is.

    Attributes:
        steps: training steps that were taken.
        found: the forecasts, once there are.
    """

    steps: int
    found: Backtest | None = None


def key(session: Session, view: View) -> tuple[object, ...]:
    """What the result depends on."""
    config, run = session.config, session.shown_run
    assert run is not None
    return (
        "backtest", session.data.fingerprint, run.start, run.method, view.state.iteration,
        config.level, config.trainable, config.only, config.learning_rate, config.optimizer,
        constraints.settings(config),
    )  # fmt: skip


def tested(session: Session, view: View) -> Job | None:
    """The job that forecasts; a short one begins by itself at rest. None where none was begun."""
    if not resting(session):
        return None
    job = background(session, ROOM).find(key(session, view))
    cells = session.data.sequences.num_observations * view.hmm.num_states
    if job is None and cells * max(1, view.state.iteration) <= AT_ONCE:
        job = begin(session, view)
        background(session, ROOM).join(job, WAIT)
    return job


def begin(session: Session, view: View) -> Job:
    """Train without the last tenth, by as many steps from the same start, and forecast it."""
    config, room, run = session.config, background(session, ROOM), session.shown_run
    assert run is not None
    room.cancel_all()
    steps = max(0, view.state.iteration)
    hmm = run.start if steps else view.state.hmm
    work = partial(_tested, hmm, session.data, config, run.method, steps)
    return room.start(Job(key(session, view), work, steps))


def _tested(
    hmm: HMM, data: Dataset, config: Config, method: str, steps: int, stopped: Stopped
) -> Iterator[Tested]:
    asked = 0

    def is_stopped() -> bool:  # asked before each step of training
        nonlocal asked
        asked += 1
        return stopped()

    work = threads().submit(
        backtest, hmm, data.sequences, HELD_OUT, config.interval_level,
        partial(_trainer, method, config, data), refit=steps > 0, max_iterations=max(1, steps),
        tolerance=STILL, stopped=is_stopped,
    )  # fmt: skip
    while wait([work], POLL_SECONDS).not_done:
        if stopped():
            work.cancel()
            return
        yield Tested(max(0, asked - 1))
    if not stopped():
        yield Tested(steps, work.result())


def _trainer(method: str, config: Config, data: Dataset, sequences: Sequences) -> Trainer:
    return model_choice.trainer(method, config, data, sequences)
