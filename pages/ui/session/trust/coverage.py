"""How often intervals hold the truth: data drawn from a known model, fitted, and counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from hmmcore import EM, HMM, NeuralGaussian, Sequences
from hmmcore.uncertainty import Coverage, interval_coverage
from pages.ui.experiment.dataset import Dataset
from pages.ui.experiment.starts import trained_parameters
from pages.ui.session.background import Job, Share, Stopped, background, share, threads
from pages.ui.session.session import Session
from pages.ui.session.view import View
from pages.ui.settings.config import Config

ROOM = "coverage"

COVERAGE_STREAM = 7
"""Key of the random stream of the data sets, which no other random choice shares."""


@dataclass(frozen=True)
class Question:
    """What is to be counted.

    Attributes:
        truth: the model that data are drawn from.
        is_true_model: whether the observed data are from it as well; otherwise it is the learned
            one, taken for the truth.
        trained: names of the parameters that each fit trains.
    """

    truth: HMM
    is_true_model: bool
    trained: tuple[str, ...]


def question(session: Session, view: View) -> Question:
    """What can be counted here: with the true model where it is known, or else the learned one."""
    maker = session.shown_data.generating_model
    truth = view.hmm if maker is None else maker
    return Question(truth, maker is not None, trained_by(session.config, session.data, truth))


def trained_by(config: Config, data: Dataset, hmm: HMM) -> tuple[str, ...]:
    """Names of the parameters that are trained, in a model of this kind."""
    network = isinstance(hmm.emissions, NeuralGaussian)
    return trained_parameters(config, data) if network or data.kinds else config.trainable


def found(session: Session, asked: Question) -> Job | None:
    """The count under the present settings, if it was begun."""
    return background(session, ROOM).find(_key(session, asked))


def begin(session: Session, asked: Question) -> None:
    """Begin to draw, fit and count."""
    config, sequences = session.config, session.data.sequences
    work = partial(
        _count, asked, sequences, config.num_data_sets, config.interval_level, config.seed,
        share(session),
    )  # fmt: skip
    job = Job(key=_key(session, asked), begin=work, total=config.num_data_sets)
    room = background(session, ROOM)
    room.cancel_all()
    room.start(job)


def _key(session: Session, asked: Question) -> tuple[object, ...]:
    config = session.config
    return (
        "coverage", config.num_data_sets, config.level, config.seed, session.data.fingerprint,
        asked,
    )  # fmt: skip


def _count(
    asked: Question,
    sequences: Sequences,
    num_data_sets: int,
    level: float,
    seed: int,
    own: Share,
    stopped: Stopped,
) -> Iterator[Coverage]:
    return interval_coverage(
        asked.truth,
        sequences,
        partial(EM, trainable=asked.trained),
        num_data_sets,
        level,
        rng=np.random.default_rng([seed, COVERAGE_STREAM]),
        executor=threads(),
        stopped=stopped,
        most_waiting=own.of_threads,
    )
