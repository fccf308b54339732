"""How often intervals hold the truth, where it is known how often they should."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.special import stdtr

from hmmcore import EM, HMM, Categorical, Gaussian, Sequences
from hmmcore.uncertainty import interval_coverage


def last(found):
    *_, end = found
    return end


def test_means_of_an_easy_case_are_held_as_often_as_the_level_says():
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.3, 0.7]], Gaussian.univariate([0.0, 4.0], 1.0))
    found = last(
        interval_coverage(truth, [80] * 5, num_data_sets=300, rng=np.random.default_rng(2))
    )
    table = found.by_parameter().set_index("parameter")
    assert found.done == found.total == 300
    assert abs(table.share["means"] - 0.95) <= 0.03
    assert 0.01 <= table.error["means"] <= 0.02
    assert table.counted["means"] == 600
    # Of five first states one may be seen never, which leaves no interval with two ends.
    rows = found.frame()
    assert (rows["counted"] + rows["at its bound"] + rows["not determined"] == 300).all()
    assert rows["at its bound"][0] > 0


@pytest.mark.parametrize("kind", ["wald", "profile"])
def test_one_normal_state_is_held_as_often_as_its_closed_form(kind):
    """mean ± z s / √n holds as often as Student's t says; the profile reaches a little farther."""
    truth, size, count = HMM([1.0], [[1.0]], Gaussian.univariate([3.0], 2.0)), 6, 150
    found = last(
        interval_coverage(
            truth, [size], None, count, 0.9, kind, [("means", 0)], rng=np.random.default_rng(0)
        )
    )
    z = 1.6448536269514722
    reach = z if kind == "wald" else np.sqrt(size * np.expm1(z**2 / size))
    exact = 1.0 - 2.0 * stdtr(size - 1, -reach * np.sqrt((size - 1) / size))
    error = np.sqrt(exact * (1 - exact) / count)
    assert abs(found.held[0] / count - exact) < 3.5 * error
    np.testing.assert_allclose(found.frame().error[0], error, rtol=0.2)


def test_what_is_not_trained_is_not_asked_and_all_held_is_no_certainty():
    truth = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    trainer = partial(EM, trainable=("means",))
    gaps = Sequences([0.0, np.nan, 0.0, 0.0, 0.0])
    found = last(
        interval_coverage(truth, gaps, trainer, 20, 0.9999999, rng=np.random.default_rng(0))
    )
    table = found.frame().set_index("parameter")
    assert table["held"]["mean of state 1"] == 20
    assert table["error"]["mean of state 1"] > 0.03
    assert table["not determined"]["standard deviation of state 1"] == 20
    assert np.isnan(table["share"]["standard deviation of state 1"])


def test_what_cannot_be_is_refused_and_failures_are_counted():
    truth = HMM([1.0], [[1.0]], Categorical([[0.5, 0.5]]))
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="kind"):
        interval_coverage(truth, [5], kind="exact", rng=rng)
    with pytest.raises(ValueError, match="level"):
        interval_coverage(truth, [5], level=95, rng=rng)
    with pytest.raises(ValueError, match="has no 'means'"):
        interval_coverage(truth, [5], coordinates=[("means", 0)], rng=rng)

    def broken(_):
        raise ValueError("no trainer today.")

    found = last(interval_coverage(truth, [5], broken, 3, rng=rng))
    assert (found.done, found.num_failed, found.failure) == (3, 3, "no trainer today.")
    assert found.frame()["share"].isna().all()
