"""Standard errors and intervals by drawing data again and again, beside Wald's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from hmmcore import Sequences, Trainer
from hmmcore.coordinates import in_states, value_at
from hmmcore.uncertainty import Bootstrap, Information, bootstrap
from pages.ui.experiment import model_choice
from pages.ui.experiment.dataset import Dataset
from pages.ui.session.background import Job, Share, Stopped, background, share, threads
from pages.ui.session.coordinate_words import shown_name
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import Question
from pages.ui.session.trust.estimates import shown_coordinates
from pages.ui.session.view import View
from pages.ui.settings.config import Config
from pages.ui.text import capitalised, count, many, uncapitalised

ROOM = "bootstrap"

BOOTSTRAP_STREAM = 9
"""Key of the random stream of the data sets, which no other random choice shares."""

LEAST = 20
"""Fits of which a spread says something."""

ALIKE = 0.15
"""How far a standard error may be from Wald's, as a share of it, beside what chance makes."""

CHANCES = 3.0
"""So many times its own noise is what chance makes of a standard error."""


@dataclass(frozen=True)
class Row:
    """A number with both standard errors and intervals; NaN where there is none."""

    name: str
    value: float
    wald_error: float
    error: float
    wald_low: float
    wald_high: float
    low: float
    high: float

    @property
    def ratio(self) -> float:
        """How many times Wald's standard error is that of the bootstrap; NaN without both."""
        return self.error / self.wald_error if self.wald_error > 0.0 else math.nan


def found(session: Session, asked: Question) -> Job | None:
    """The job that draws and fits, if it was begun."""
    return background(session, ROOM).find(_key(session, asked))


def begin(session: Session, asked: Question) -> None:
    """Begin to draw from the shown model, and to fit."""
    config = session.config
    # Numbers that are trained alone are no part of Wald's account either.
    trainer = partial(_trainer, replace(config, only=""), session.data)
    work = partial(_drawn, asked, trainer, config.num_resamples, config.seed, share(session))
    room = background(session, ROOM)
    room.cancel_all()
    room.start(Job(_key(session, asked), work, config.num_resamples))


def _key(session: Session, asked: Question) -> object:
    config = session.config
    limits = (
        config.stays, config.chain, config.sticky_prior, config.transition_prior,
        config.initial_prior, config.spread_prior, config.spread_mode,
    )  # fmt: skip
    return "bootstrap", asked.key, config.num_resamples, config.seed, limits


def _trainer(config: Config, data: Dataset, sequences: Sequences) -> Trainer:
    """EM as the session's, with its ties and priors: at the maximum the method does not matter."""
    return model_choice.trainer("EM", config, data, sequences)


def _drawn(
    asked: Question,
    trainer: Callable[[Sequences], Trainer],
    num_samples: int,
    seed: int,
    own: Share,
    stopped: Stopped,
) -> Iterator[Bootstrap]:
    return bootstrap(
        asked.hmm, asked.sequences, trainer, num_samples,
        rng=np.random.default_rng([seed, BOOTSTRAP_STREAM]), executor=threads(), stopped=stopped,
        most_waiting=own.of_threads,
    )  # fmt: skip


def rows(session: Session, view: View, known: Bootstrap, wald: Information) -> list[Row]:
    """Every number of the shown model that was trained, its states in the order shown."""
    level, order = session.config.interval_level, view.permutation.tolist()
    table = []
    for name in shown_coordinates(view.hmm):
        own = in_states(name, order)
        error = known.standard_error(own)
        # Copies of one number need not have a spread of exactly zero; zeros that are meant have.
        if not wald.is_trained(own) or error == 0.0:
            continue
        table.append(
            Row(
                capitalised(shown_name(session, name)), value_at(view.hmm, name),
                wald.standard_error(own), error, *wald.interval(own, level),
                *known.interval(own, level),
            )
        )  # fmt: skip
    return table


def about(known: Bootstrap, table: Sequence[Row]) -> list[str]:
    """How the two kinds of standard errors compare, in sentences."""
    fits = len(known.models)
    if fits < LEAST:
        return []
    sentences = []
    both = [row for row in table if math.isfinite(row.ratio)]
    if both:
        noise = 1.0 / math.sqrt(2.0 * (fits - 1.0))
        apart = [row for row in both if abs(row.ratio - 1.0) > ALIKE + CHANCES * noise]
        middle = float(np.median([row.ratio for row in both]))
        start = f"Standard errors of the bootstrap are {middle:.2f} times Wald's" + (
            f" in the middle of all {count(len(both))}" if len(both) > 1 else ""
        )
        if not apart:
            sentences.append(
                f"{start}, and none differs by more than chance makes of {many(fits, 'fit')}: "
                "Wald's can be relied on here."
            )
        else:
            worst = max(apart, key=lambda row: abs(math.log(row.ratio)))
            sentences.append(
                f"{start}; {count(len(apart))} {'differs' if len(apart) == 1 else 'differ'} by "
                f"more than chance makes, most of all the {uncapitalised(worst.name)} with "
                f"{worst.ratio:.2f} times. There estimates do not vary as a normal distribution "
                "does: rely on the bootstrap, or on profile intervals."
            )
    only = len(table) - len(both)
    if only:
        sentences.append(
            f"{many(only, 'number')} at a bound or not determined {'has' if only == 1 else 'have'} "
            "no standard error of Wald's; the bootstrap says how far it comes from there."
        )
    return sentences


def doubts(known: Bootstrap) -> list[str]:
    """Sentences on fits that did not go as they should."""
    sentences = []
    if known.num_failed:
        sentences.append(
            f"{many(known.num_failed, 'data set')} could not be fitted: {known.failure}"
        )
    if known.num_unfinished:
        sentences.append(f"{many(known.num_unfinished, 'fit')} had not come to rest; they count.")
    if known.num_relabelled:
        sentences.append(
            f"{many(known.num_relabelled, 'fit')} had the states in another order, and were put "
            "back."
        )
    return sentences
