"""What the Trust page says of a number, of forecasts and of simulated data."""

from __future__ import annotations

import numpy as np

from hmmcore import EM, HMM, Gaussian, Poisson, Sequences
from hmmcore.emissions import Product
from hmmcore.uncertainty import Verdict, appraise
from pages.ui.experiment.dataset import Upload
from pages.ui.session.session import Session
from pages.ui.session.trust.estimates import (
    evidence,
    is_meant,
    remark,
    undetermined_words,
)
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config


def appraised(trainer: EM, hmm: HMM, start: HMM) -> Verdict:
    *_, last = appraise(hmm, trainer.sequences, None, start)
    assert last.verdict is not None
    return last.verdict


def test_observations_that_speak_for_a_number_are_those_of_its_own_column():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.normal(size=60), rng.poisson(3.0, 60)]).astype(float)
    values[6:, 1] = np.nan
    normal, counts = Gaussian.univariate([0.0], 1.0), Poisson([3.0])
    mixed = EM(Sequences(values)).init(HMM([1.0], [[1.0]], Product([normal, counts])))
    assert evidence(("0.means", 0, 0), mixed) == "60 observations speak for it."
    assert evidence(("1.rates", 0), mixed) == "Only 6 observations speak for it."
    two = HMM([1.0], [[1.0]], Gaussian([[0.0, 3.0]], [[1.0, 1.0]]))
    points = EM(Sequences(values)).init(two)
    assert evidence(("standard_deviations", 0, 0), points) == "60 observations speak for it."
    assert evidence(("means", 0, 1), points) == "Only 6 observations speak for it."


def test_zeros_of_the_start_are_known_and_a_bound_is_one_at_a_maximum_only():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0.0, 1.0, 40), rng.normal(4.0, 1.0, 40)])
    trainer = EM(Sequences.from_list([values, values[30:]]))
    normal = Gaussian.univariate([1.0, 2.0], 2.0)
    start = HMM([0.5, 0.5], [[0.9, 0.1], [0.0, 1.0]], normal)
    state = trainer.step(trainer.init(start))
    early = appraised(trainer, state.hmm, start)
    assert 0.0 < state.hmm.initial_probs[1] < 1.0
    for _ in range(300):
        state = trainer.step(state)
    verdict = appraised(trainer, state.hmm, start)
    assert verdict.optimality.satisfied
    assert remark(verdict, start, ("transition_matrix", 1, 0), state).startswith(
        "Zero by the start"
    )
    assert remark(verdict, start, ("transition_matrix", 1, 1), state).startswith("One by the start")
    assert is_meant(verdict.information, start, ("transition_matrix", 1, 0))
    own = ("initial_probs", 1)
    assert remark(verdict, start, own, state).startswith("At its bound, 0")
    assert not is_meant(verdict.information, start, own)
    # The same number on its way there.
    assert not early.optimality.satisfied
    assert own in early.information.at_bounds
    assert "At its bound" not in remark(early, start, own, state)


def test_columns_that_are_never_there_together_are_named():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 2))
    values[::2, 0] = values[1::2, 1] = np.nan
    session = Session(Config(num_states=1))
    upload = Upload("a.csv", "", Sequences(values), "points", columns=("heat", "flow"))
    session.replace_upload(upload, 1)
    session.change(covariance_type="full")
    for _ in range(5):
        session.step()
    view = current_view(session)
    verdict = appraised(EM(session.data.sequences), view.hmm, session.shown_run.start)
    assert undetermined_words(session, view, verdict) == (
        "The data say nothing about 1 direction among the numbers: what moves there is "
        "correlation of “heat” and “flow” in S1."
    )
