"""What the Trust page says of residuals, and by which test."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, Sequences, pseudo_residuals
from hmmcore.checks import outliers, residual_check
from pages.ui.session.background import background
from pages.ui.session.session import Session
from pages.ui.session.trust import residual_words as words
from pages.ui.session.trust.residuals import ROOM, Residuals, residuals
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config


def looked_at(mean: float, spread: float) -> Residuals:
    """Residuals of a standard normal state on other normal data, as of a fitted model."""
    model = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    data = Sequences(np.random.default_rng(1).normal(mean, spread, size=1000))
    given = pseudo_residuals(model, data)
    check = residual_check(given, data)
    return Residuals("forecast", given, check, outliers(check.residuals))


def test_a_mean_that_is_off_is_not_as_it_should_be():
    off = looked_at(1.5, 0.4)
    assert off.check.normality_p[0] > 0.1
    said = words.about_normality(off, 0)
    assert said.startswith("**Their mean or their spread is not as it should be**")
    assert "There is nothing to do" not in said
    assert words.others(off, 1, ["price"]) == "“price” has another distribution."
    right = looked_at(0.0, 1.0)
    assert words.about_normality(right, 0).startswith("**Their distribution is as it should be**")
    assert words.others(right, 1, ["price"]) == "“price” has nothing odd."


@pytest.mark.parametrize(
    ("changes", "fitted"),
    [
        ({}, True),
        ({"trainable": ("initial_probs", "transition_matrix", "means")}, False),
        ({"only": "means.1"}, False),
        ({"family": "counts", "trainable": ("rates",)}, True),
        ({"family": "counts", "trainable": ("transition_matrix",)}, False),
    ],
    ids=str,
)
def test_mean_and_spread_count_as_fitted_where_training_moves_them(changes, fitted):
    session = Session(Config(num_states=2, length=20, num_sequences=2, **changes))
    session.step()
    job = residuals(session, current_view(session))
    background(session, ROOM).join(job)
    assert job.found.check.fitted == fitted
