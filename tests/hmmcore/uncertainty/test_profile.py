"""Intervals by likelihood ratio, held against closed forms and against constrained EM."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtri

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    NeuralGaussian,
    Poisson,
    Sequences,
    fit,
    sample,
)
from hmmcore.coordinates import value_at, with_values
from hmmcore.emissions import Product
from hmmcore.uncertainty import (
    is_maximum,
    observed_information,
    profile_interval,
    profile_intervals,
)
from tests.hmmcore.uncertainty.fits import fitted

QUANTILE = float(ndtri(0.975)) ** 2


def test_one_normal_state_has_the_interval_of_the_closed_form():
    x = np.random.default_rng(0).normal(3.0, 2.0, size=40)
    n, mean, deviation = len(x), x.mean(), x.std()
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([mean], deviation))
    # The deviation that makes up for a mean is about that mean.
    reach = deviation * np.sqrt(np.expm1(QUANTILE / n))
    np.testing.assert_allclose(
        profile_interval(hmm, Sequences(x), ("means", 0)), [mean - reach, mean + reach], rtol=1e-6
    )

    def lack(log_ratio: float) -> float:
        return n * (np.exp(-2 * log_ratio) - 1 + 2 * log_ratio) - QUANTILE

    ends = [deviation * np.exp(brentq(lack, *ends)) for ends in ((-2.0, 0.0), (0.0, 2.0))]
    np.testing.assert_allclose(
        profile_interval(hmm, Sequences(x), ("standard_deviations", 0)), ends, rtol=1e-6
    )


def test_one_rate_has_the_interval_of_the_closed_form():
    x = np.random.default_rng(0).poisson(4.0, size=30).astype(float)
    rate = x.mean()

    def lack(moved: float) -> float:
        return 2 * len(x) * (moved - rate - rate * np.log(moved / rate)) - QUANTILE

    ends = [brentq(lack, 0.1, rate), brentq(lack, rate, 20.0)]
    found = profile_interval(HMM([1.0], [[1.0]], Poisson([rate])), Sequences(x), ("rates", 0))
    np.testing.assert_allclose(found, ends, rtol=1e-6)


def test_states_that_are_seen_have_the_interval_of_counted_proportions():
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.4, 0.6]], Gaussian.univariate([0.0, 100.0], 1.0))
    drawn = sample(truth, 10, 30, np.random.default_rng(1))
    hmm = fit(EM(drawn.sequences), truth, 50, 0.0).hmm
    n = (drawn.states.reshape(10, 30)[:, :-1] == 0).sum()
    p = hmm.transition_matrix[0, 1]

    def lack(q: float) -> float:
        return 2 * n * (p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))) - QUANTILE

    ends = [brentq(lack, 1e-6, p), brentq(lack, p, 1 - 1e-6)]
    found = profile_interval(hmm, drawn.sequences, ("transition_matrix", 0, 1))
    np.testing.assert_allclose(found, ends, rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "coordinate"),
    [
        ("gaussian", ("transition_matrix", 0, 1)),
        ("gaussian", ("initial_probs", 0)),
        ("poisson", ("rates", 1)),
        ("poisson", ("transition_matrix", 1, 1)),
        ("full", ("transition_matrix", 1, 0)),
    ],
)
def test_at_the_ends_constrained_em_lacks_what_the_level_says(family, coordinate):
    found = fitted(family)
    trainer = EM(found.sequences)
    best = trainer.init(found.hmm).log_likelihood
    for end in profile_interval(found.hmm, found.sequences, coordinate):
        # With two states the row of a probability is known with it, so that EM may be put back.
        hmm = found.hmm
        for _ in range(400):
            hmm = trainer.step(trainer.init(with_values(hmm, {coordinate: end}))).hmm
        held = trainer.init(with_values(hmm, {coordinate: end})).log_likelihood
        np.testing.assert_allclose(2 * (best - held), QUANTILE, rtol=1e-4)


@pytest.mark.parametrize(
    ("family", "coordinate"),
    [
        ("diag", ("means", 1, 0)),
        ("diag", ("standard_deviations", 0, 1)),
        ("spherical", ("standard_deviations", 1, 0)),
        ("full", ("means", 0, 1)),
        ("full", ("standard_deviations", 1, 1)),
        ("tied", ("standard_deviations", 0, 1)),
        ("categorical", ("probs", 0, 1)),
    ],
)
def test_narrow_intervals_are_those_of_the_curvature(family, coordinate):
    found = fitted(family)
    # Near the top the likelihood is a parabola.
    low, high = profile_interval(found.hmm, found.sequences, coordinate, level=0.05)
    error = observed_information(found.hmm, found.sequences).standard_error(coordinate)
    value = value_at(found.hmm, coordinate)
    assert low < value < high
    np.testing.assert_allclose((high - low) / 2, ndtri(0.525) * error, rtol=5e-3)


def test_the_order_of_states_does_not_matter():
    found = fitted("gaussian")
    np.testing.assert_allclose(
        profile_interval(found.hmm, found.sequences, ("means", 1)),
        profile_interval(found.hmm.permute([1, 0]), found.sequences, ("means", 0)),
        rtol=1e-5,
    )


def test_a_probability_at_its_bound_has_a_one_sided_limit():
    # Symbol 1 is never seen: the limit is where (1 - p)^n has fallen by the quantile.
    symbols = Sequences(np.append(np.zeros(60), np.zeros(40)))
    hmm = HMM([1.0], [[1.0]], Categorical([[1.0, 0.0]]))
    limit = 1.0 - np.exp(-(float(ndtri(0.95)) ** 2) / (2 * 100))
    low, high = profile_interval(hmm, symbols, ("probs", 0, 1))
    assert low == 0.0
    np.testing.assert_allclose(high, limit, rtol=1e-6)
    low, high = profile_interval(hmm, symbols, ("probs", 0, 0))
    assert high == 1.0
    np.testing.assert_allclose(low, 1.0 - limit, rtol=1e-6)


@pytest.mark.parametrize("value", [1e-8, 1e-5])
def test_what_is_on_its_way_to_its_bound_has_the_limit_from_there(value):
    quantile = float(ndtri(0.95)) ** 2
    data = Sequences(np.append(np.zeros(60), np.ones(40)))
    hmm = HMM([1.0], [[1.0]], Categorical([[0.6 * (1.0 - value), 0.4 * (1.0 - value), value]]))
    (found,) = profile_intervals(hmm, data, [("probs", 0, 2)])
    assert (found.low, found.bound) == (0.0, 0.0)
    np.testing.assert_allclose(found.high, 1.0 - np.exp(-quantile / 200), rtol=1e-6)
    none = Sequences(np.zeros(100))
    (sure,) = profile_intervals(
        HMM([1.0], [[1.0]], Categorical([[1.0 - value, value]])), none, [("probs", 0, 0)]
    )
    assert (sure.high, sure.bound) == (1.0, 1.0)
    np.testing.assert_allclose(sure.low, np.exp(-quantile / 200), rtol=1e-6)
    (found,) = profile_intervals(HMM([1.0], [[1.0]], Poisson([value])), none)
    assert (found.low, found.bound) == (0.0, 0.0)
    np.testing.assert_allclose(found.high, quantile / 200, rtol=1e-6)


def test_a_fit_that_stopped_early_is_taken_to_its_maximum():
    found = fitted("gaussian")
    moved = HMM(
        found.hmm.initial_probs, 0.99 * found.hmm.transition_matrix + 0.005, found.hmm.emissions
    )
    np.testing.assert_allclose(
        profile_interval(moved, found.sequences, ("means", 0)),
        profile_interval(found.hmm, found.sequences, ("means", 0)),
        rtol=1e-4,
    )


def test_what_the_data_do_not_determine_has_no_ends():
    # The third state is never reached.
    found = fitted("gaussian")
    data, chain, own = found.sequences, found.hmm.transition_matrix, found.hmm.emissions
    hmm = HMM(
        np.append(found.hmm.initial_probs, 0.0),
        np.vstack([np.pad(chain, ((0, 0), (0, 1))), [0.3, 0.3, 0.4]]),
        Gaussian.univariate(np.append(own.means, 9.0), np.append(own.standard_deviations, 1.0)),
    )
    assert profile_interval(hmm, data, ("means", 2)) == (-np.inf, np.inf)
    assert profile_interval(hmm, data, ("standard_deviations", 2)) == (0.0, np.inf)
    assert profile_interval(hmm, data, ("transition_matrix", 2, 0)) == (0.0, 1.0)


def test_profiles_say_what_they_cannot_do():
    found = fitted("gaussian")
    with pytest.raises(ValueError, match="no coordinate"):
        profile_interval(found.hmm, found.sequences, ("means", 5))
    with pytest.raises(ValueError, match="level"):
        profile_interval(found.hmm, found.sequences, ("means", 0), level=95.0)
    early = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.5, 1.5], 1.0))
    with pytest.raises(ValueError, match=r"not at its maximum: .* can still gain \d+ nats"):
        profile_interval(early, found.sequences, ("means", 0))
    network = NeuralGaussian.random(2, np.random.default_rng(0), 1, 3, 4)
    hmm = HMM(found.hmm.initial_probs, found.hmm.transition_matrix, network)
    with pytest.raises(ValueError, match="come out of a network"):
        profile_interval(hmm, found.sequences, ("means", 0))
    impossible = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.0, 1.0]]))
    with pytest.raises(ImpossibleDataError):
        profile_interval(impossible, Sequences([0.0, 1.0]), ("probs", 0, 0))


@pytest.mark.parametrize("family", ["gaussian", "full", "categorical", "poisson", "product"])
def test_a_table_has_the_intervals_of_its_numbers_one_by_one(family):
    found = fitted(family)
    information = observed_information(found.hmm, found.sequences)
    table = {one.coordinate: one for one in profile_intervals(found.hmm, found.sequences)}
    rows = information.frame()
    assert (
        len(table) == (rows["standard error"].notna() | rows["remark"].str.contains("at its")).sum()
    )
    assert all(one.failure is None for one in table.values())
    for name in list(table)[:: len(table) // 3]:
        alone = profile_interval(found.hmm, found.sequences, name)
        np.testing.assert_allclose([table[name].low, table[name].high], alone, rtol=1e-5, atol=1e-6)
        assert table[name].low <= value_at(found.hmm, name) <= table[name].high
    for name in information.at_bounds:
        assert table[name].bound in (table[name].low, table[name].high)


def test_what_is_not_trained_stays_as_it_is():
    x = np.random.default_rng(0).normal(3.0, 2.0, size=40)
    hmm = HMM([1.0], [[1.0]], Gaussian.univariate([x.mean()], 2.0))
    data, trained = Sequences(x), ("means",)
    (only,) = profile_intervals(hmm, data, trainable=trained)
    # With a known deviation the likelihood is a parabola.
    reach = 2.0 * np.sqrt(QUANTILE / 40)
    np.testing.assert_allclose(
        [only.low, only.high], x.mean() + reach * np.array([-1, 1]), rtol=1e-6
    )
    with pytest.raises(ValueError, match="was not trained, so it is known"):
        profile_interval(hmm, data, ("standard_deviations", 0), trainable=trained)
    (failed,) = profile_intervals(hmm, data, [("standard_deviations", 0)], trainable=trained)
    assert "was not trained" in failed.failure
    assert np.isnan(failed.low)


def test_states_do_not_change_places_on_the_way():
    """Two states apart only by their means: beyond the middle each would play the other."""
    truth = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian.univariate([0.0, 2.5], 1.0))
    data = sample(truth, 1, 30, np.random.default_rng(2)).sequences
    hmm = fit(EM(data, ("means",)), truth, 5000, 0.0).hmm
    low, high = profile_interval(hmm, data, ("means", 0), 0.9999999, trainable=("means",))
    swapped = float(hmm.emissions.means[1, 0])
    assert low < hmm.emissions.means[0, 0] < high
    # There the states have changed places, and the likelihood is the maximum again.
    assert high < swapped


def test_where_a_variance_is_at_its_floor_there_is_no_interval():
    hmm = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian.univariate([0.0, 4.0], 1.0))
    data = Sequences([0.0, 0.5, 1.0, 4.0, 0.2, 0.7])
    hmm = fit(EM(data), hmm, 500).hmm
    information = observed_information(hmm, data)
    assert information.collapsed == (1,)
    rows = information.frame().set_index("parameter")
    assert rows["remark"]["mean of state 2"] == "its state's variance is at its floor"
    assert np.isnan(rows["standard error"]["mean of state 2"])
    assert np.isnan(rows["standard error"]["standard deviation of state 2"])
    assert rows["standard error"]["mean of state 1"] > 0.1
    with pytest.raises(
        ValueError, match="mean of state 2 has no interval: the variance of that st"
    ):
        profile_interval(hmm, data, ("means", 1))
    with pytest.raises(ValueError, match="variance of every state is at its floor"):
        profile_interval(
            HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1e-9)), data, ("standard_deviations", 0)
        )


def test_a_state_at_its_floor_leaves_the_others_their_intervals():
    # Ten equal numbers have a state of their own; the others are the other's, so that is known.
    x = np.random.default_rng(1).normal(size=100)
    own = Gaussian.univariate([9.0, x.mean()], [0.1, x.std()])
    parts = [own, Gaussian([[0.0], [0.0]], [[1.0]], "tied"), Poisson([1.0, 3.0])]
    one = Sequences(np.append(np.full(10, 9.0), x))
    rng = np.random.default_rng(2)
    three = np.column_stack([one.observations, rng.normal(size=110), rng.poisson(2.0, size=110)])
    reach = x.std() * np.sqrt(np.expm1(QUANTILE / 100))
    for emissions, data, name in (
        (own, one, ("means", 1)),
        (Product(parts), Sequences(three), ("parts", 0, "means", 1)),
    ):
        hmm = fit(EM(data), HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], emissions), 500, 1e-10).hmm
        assert observed_information(hmm, data).collapsed == (0,)
        found = profile_interval(hmm, data, name)
        np.testing.assert_allclose(found, [x.mean() - reach, x.mean() + reach], rtol=1e-6)
        (failed,) = profile_intervals(hmm, data, [(*name[:-1], 0)])
        assert "of state 1" in failed.failure


def test_a_column_at_its_floor_leaves_the_others_what_they_have_without_it():
    """What is known of all else is what is known where that column is not there at all."""
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.normal(size=120), rng.poisson([2.0, 9.0], (60, 2)).ravel()])
    chain, counts = ([0.5, 0.5], [[0.6, 0.4], [0.4, 0.6]]), Poisson([2.0, 9.0])
    alone = fit(EM(Sequences(values[:, 1])), HMM(*chain, counts), 2000, 1e-12).hmm
    without = observed_information(alone, Sequences(values[:, 1]))
    values[:, 0] = 7.0  # a column that never varies
    data = Sequences(values)
    start = Product([Gaussian.univariate([7.0, 7.0], 1.0), counts])
    hmm = fit(EM(data), HMM(*chain, start), 2000, 1e-12).hmm
    information = observed_information(hmm, data)
    assert information.collapsed == (0, 1)
    for name in (("parts", 1, "rates", 0), ("transition_matrix", 1, 0)):
        own = name[2:] if name[0] == "parts" else name
        np.testing.assert_allclose(
            information.standard_error(name), without.standard_error(own), rtol=1e-5
        )
    assert np.isnan(information.standard_error(("parts", 0, "means", 1)))
    found = is_maximum(hmm, data)
    assert (found.verdict, found.constant) == ("at a floor", (0,))
    assert "column 1 never varies" in found.message
    expected = profile_interval(alone, Sequences(values[:, 1]), ("rates", 1))
    interval = profile_interval(hmm, data, ("parts", 1, "rates", 1))
    np.testing.assert_allclose(interval, expected, rtol=1e-5)


def test_a_dimension_at_its_floor_leaves_its_state_the_others():
    # The first state has ten observations, alike in one dimension and not in the other.
    x = np.random.default_rng(1).normal(size=(110, 2))
    x[:10] = np.column_stack([np.full(10, 50.0), x[:10, 1]])
    data, ten = Sequences(x), x[:10, 1]
    start = Gaussian([[50.0, 0.0], [0.0, 0.0]], [[0.1, 1.0], [1.0, 1.0]])
    hmm = fit(EM(data), HMM([1.0, 0.0], [[0.9, 0.1], [0.0, 1.0]], start), 500, 1e-12).hmm
    information = observed_information(hmm, data)
    assert information.collapsed == (0,)
    assert information.floored == {("means", 0, 0), ("standard_deviations", 0, 0)}
    error = information.standard_error(("means", 0, 1))
    np.testing.assert_allclose(error, ten.std() / np.sqrt(10), rtol=1e-6)
    reach = ten.std() * np.sqrt(np.expm1(QUANTILE / 10))
    found = profile_interval(hmm, data, ("means", 0, 1))
    np.testing.assert_allclose(found, [ten.mean() - reach, ten.mean() + reach], rtol=1e-6)
    with pytest.raises(ValueError, match="at its floor"):
        profile_interval(hmm, data, ("standard_deviations", 0, 0))


def test_a_table_can_be_stopped():
    found, calls = fitted("gaussian"), []

    def stopped():
        calls.append(1)
        return len(calls) > 120

    table = profile_intervals(found.hmm, found.sequences, stopped=stopped)
    assert 0 < len(list(table)) < 10
    assert len(calls) < 125
    early = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([0.5, 1.5], 1.0))
    with pytest.raises(ValueError, match="not at its maximum"):
        next(profile_intervals(early, found.sequences))
    network = NeuralGaussian.near_means([[0.0], [2.0]], np.random.default_rng(1), sd=1.0)
    hmm = HMM(found.hmm.initial_probs, found.hmm.transition_matrix, network)
    (mean,) = profile_intervals(
        fit(EM(found.sequences), hmm, 300).hmm, found.sequences, [("means", 0)]
    )
    assert "come out of a network" in mean.failure
