"""What the Trust page says of a number, of forecasts and of simulated data."""

from __future__ import annotations

import numpy as np

from hmmcore import EM, HMM, Gaussian, Poisson, Sequences
from hmmcore.emissions import Product
from pages.ui.session.trust.estimates import evidence


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
