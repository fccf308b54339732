"""Residuals of the shown model, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hmmcore import HMM, Sequences
from hmmcore.arrays import FloatArray
from hmmcore.checks import Outliers, ResidualCheck, outliers, residual_check
from hmmcore.inference import DiscreteResiduals, pseudo_residuals
from pages.ui.experiment import starts
from pages.ui.experiment.dataset import Dataset
from pages.ui.files.export import observed_columns, places
from pages.ui.session.background import Job, Stopped, background, in_turns
from pages.ui.session.session import Session
from pages.ui.session.trust.appraisal import WAIT, resting
from pages.ui.session.view import View

if TYPE_CHECKING:
    import pandas as pd

ROOM = "residuals"


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals of all data.

    Attributes:
        kind: "forecast" or "ordinary".
        given: as the model gives them; of counts and symbols with the ends of their steps.
        check: what they should look like, and do; `check.residuals` (T, D) are those that are
            drawn.
        far: those beyond three standard deviations.
    """

    kind: str
    given: FloatArray | DiscreteResiduals
    check: ResidualCheck
    far: Outliers


def residuals(session: Session, view: View) -> Job | None:
    """The job that computes the residuals of the shown model; None while a run plays.

    It begins by itself, and what takes no time is there at once.
    """
    if not resting(session):
        return None
    config, data = session.config, session.data
    fitted = view.state.iteration > 0 and _trains_all_emissions(session, view)
    key = (
        "residuals", data.fingerprint, view.hmm, config.residual_kind, config.level, config.seed,
        fitted,
    )  # fmt: skip
    room = background(session, ROOM)
    job = room.find(key)
    if job is None:
        room.cancel_all()
        work = partial(
            _computed, view.hmm, data.sequences, config.residual_kind, config.interval_level,
            config.seed, fitted,
        )  # fmt: skip
        job = room.start(Job(key, work))
        room.join(job, WAIT)
    return job


def _trains_all_emissions(session: Session, view: View) -> bool:
    """Whether training fits whatever gives residuals their mean and their spread."""
    trained = starts.trained_parameters(session.config, session.data)
    return not session.config.only and set(view.hmm.emissions.parameter_names) <= set(trained)


def _computed(
    hmm: HMM,
    sequences: Sequences,
    kind: str,
    level: float,
    seed: int,
    fitted: bool,
    stopped: Stopped,
) -> Iterator[Residuals]:
    def all_at_once() -> Iterator[Residuals]:
        given = pseudo_residuals(hmm, sequences, kind)
        check = residual_check(given, sequences, level=level, seed=seed, fitted=fitted)
        yield Residuals(kind, given, check, outliers(check.residuals))

    return in_turns(all_at_once(), stopped)


def residual_frame(data: Dataset, found: Residuals) -> pd.DataFrame:
    """A row for each observation: sequence, time, what was observed, and its residuals.

    Of counts and symbols there are those of the lower end, the middle and the upper end of the
    step, and the one that was drawn from it.
    """
    import pandas as pd

    columns: dict[str, Any] = {**places(data, slice(None)), **observed_columns(data)}
    given = found.given
    kinds: dict[str, FloatArray] = {f"{found.kind}_residual": found.check.residuals}
    if isinstance(given, DiscreteResiduals):
        kinds = {
            f"{found.kind}_residual_{name}": getattr(given, name)
            for name in ("lower", "middle", "upper")
        } | {f"{found.kind}_residual_drawn": found.check.residuals}
    for name, values in kinds.items():
        for d in range(values.shape[1]):
            prefix = f"{data.columns[d]} " if data.columns else ""
            columns[prefix + name] = values[:, d]
    return pd.DataFrame(columns)
