"""One-step forecasts of the last part, against forecasts made one by one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    Sequences,
    fit,
    forecast,
    sample,
)
from hmmcore.checks import backtest, simulate_check
from hmmcore.emissions import Product
from tests.hmmcore.checks.families import FAMILIES, STICKY


def drawn(family, lengths, seed=0):
    truth = HMM([0.5, 0.5], STICKY, FAMILIES[family])
    return truth, sample(truth, len(lengths), lengths, np.random.default_rng(seed)).sequences


@pytest.mark.parametrize("family", FAMILIES)
def test_every_forecast_is_that_of_what_came_before_it(family):
    truth, data = drawn(family, [12, 1, 25])
    values = data.observations.copy()
    values[10], values[36] = np.nan, np.nan
    data = Sequences(values, data.lengths)
    found = backtest(truth, data, 0.2)
    np.testing.assert_array_equal(found.rows, [10, 11, 33, 34, 35, 36, 37])
    np.testing.assert_array_equal(found.sequence, [0, 0, 2, 2, 2, 2, 2])
    np.testing.assert_array_equal(found.times, [10, 11, 20, 21, 22, 23, 24])
    assert not found.fitted_without
    assert (found.num_observed == 5).all()
    assert not found.inside[[0, 5]].any()
    for q, (n, t) in enumerate(zip(found.sequence, found.times, strict=True)):
        ahead = forecast(truth, Sequences(data[n][:t]), 1, 0.9)
        if family == "categorical":
            probs, came = ahead.symbol_probs[0, 0], values[found.rows[q], 0]
            assert found.symbols[q, 0] == probs.argmax()
            expected = np.nan if np.isnan(came) else probs[int(came)]
            np.testing.assert_allclose(found.probabilities[q, 0], expected, rtol=1e-9)
        else:
            np.testing.assert_allclose(found.means[q], ahead.means[0, 0], rtol=1e-9)
            np.testing.assert_allclose(found.lower[q], ahead.lower[0, 0], rtol=1e-9)
            np.testing.assert_allclose(found.upper[q], ahead.upper[0, 0], rtol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_true_model_is_right_as_often_as_it_says(family):
    truth, data = drawn(family, [400] * 5)
    found = backtest(truth, data, 0.5, 0.8)
    assert (np.abs(found.coverage - found.expected_coverage) < 3.5 * found.noise).all()
    if family in ("gaussian", "full", "neural"):
        np.testing.assert_allclose(found.expected_coverage, 0.8, rtol=1e-6)
        np.testing.assert_allclose(found.noise, np.sqrt(0.8 * 0.2 / 1000), rtol=1e-6)
    elif family == "poisson":
        assert 0.8 < found.expected_coverage[0] < 0.95


def test_columns_of_different_kinds_are_forecast_each_in_its_way():
    parts = [Gaussian.univariate([0.0, 4.0], 1.0), FAMILIES["categorical"], FAMILIES["poisson"]]
    truth = HMM([0.5, 0.5], STICKY, Product(parts))
    data = sample(truth, 2, 40, np.random.default_rng(0)).sequences
    found = backtest(truth, data, 0.2)
    assert np.isnan(found.means[:, 1]).all()
    assert np.isnan(found.probabilities[:, [0, 2]]).all()
    assert (found.symbols[:, [0, 2]] == -1).all()
    for q, (n, t) in enumerate(zip(found.sequence, found.times, strict=True)):
        number, symbol, count = forecast(truth, Sequences(data[n][:t]), 1, 0.9).parts
        assert found.symbols[q, 1] == symbol.symbol_probs[0, 0].argmax()
        for column, part in ((0, number), (2, count)):
            np.testing.assert_allclose(found.lower[q, column], part.lower[0, 0, 0], rtol=1e-9)
            np.testing.assert_allclose(found.upper[q, column], part.upper[0, 0, 0], rtol=1e-9)
    check = simulate_check(truth, data, 10, rng=np.random.default_rng(0))
    shares = np.bincount(data.observations[:, 1].astype(int), minlength=3) / 80
    np.testing.assert_allclose(check.find("shares", 1).observed, shares, rtol=1e-12)
    assert check.find("largest", 2).observed[0] == data.observations[:, 2].max()


def test_a_fit_without_the_last_part_has_not_met_it():
    truth, data = drawn("gaussian", [50, 30])
    train = partial(EM, trainable=("means", "transition_matrix"))
    found = backtest(truth, data, 0.1, trainer=train, refit=True)
    first = Sequences.from_list([data[0][:45], data[1][:27]])
    assert found.hmm == fit(train(first), truth, 1000, 1e-8).hmm
    assert found.fitted_without
    changed = data.observations.copy()
    changed[found.rows] += 3.0
    again = backtest(truth, Sequences(changed, data.lengths), trainer=train, refit=True)
    assert again.hmm == found.hmm


def test_what_cannot_be_judged_is_said():
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    with pytest.raises(ValueError, match="every sequence has 1 observation"):
        backtest(hmm, Sequences(np.zeros(3), [1, 1, 1]))
    with pytest.raises(ValueError, match="everything in the last part is missing"):
        backtest(hmm, Sequences([0.0, 1.0, np.nan]))
    with pytest.raises(ValueError, match="held_out_share"):
        backtest(hmm, Sequences([0.0, 1.0]), 1.0)
    certain = HMM([1.0], [[1.0]], Categorical([[1.0, 0.0]]))
    with pytest.raises(ImpossibleDataError):
        backtest(certain, Sequences([0.0, 1.0, 0.0]))
