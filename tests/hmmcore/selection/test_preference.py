"""What criteria prefer, and what is noise: by hand, and by drawing data again and again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import InformationCriteria
from hmmcore.selection import (
    HELD_OUT,
    Preference,
    TriedStates,
    held_out_difference,
    missed,
    preference,
)


def row(num_states, log_likelihood=0.0, held_out=None, num_observations=100, parameters=None):
    count = num_states if parameters is None else parameters
    criteria = InformationCriteria(log_likelihood, {"rates": count}, num_observations, 0.0)
    held_out = None if held_out is None else np.asarray(held_out, dtype=float)
    return TriedStates(num_states, criteria=criteria, held_out=held_out)


def test_a_difference_by_hand():
    found = held_out_difference([-1.0, -2.0, -3.0, -4.0], [-2.0, -2.0, -5.0, -5.0])
    assert (found.nats, found.num_sequences) == (4.0, 4)
    # Differences 1, 0, 2, 1: variance 2/3.
    np.testing.assert_allclose(found.standard_error, np.sqrt(4 * 2 / 3), rtol=1e-15)
    # 3.182: the 97.5 % point of Student's t with three degrees of freedom.
    np.testing.assert_allclose(found.noise, 3.182446305 * np.sqrt(4 * 2 / 3), rtol=1e-9)
    assert not found.is_clear
    assert held_out_difference([-1.0, -2.0, -3.0, -4.0], [-3.0, -4.0, -5.1, -6.0]).is_clear


def test_one_sequence_says_nothing_of_noise_and_no_difference_is_none():
    one = held_out_difference([-1.0], [-5.0])
    assert (one.nats, np.isnan(one.standard_error), one.is_clear) == (4.0, True, False)
    alike = held_out_difference([-1.0, -2.0], [-1.0, -2.0])
    assert (alike.nats, alike.standard_error, alike.is_clear) == (0.0, 0.0, False)


def test_the_impossible_is_clearly_worse_where_it_is_so_for_one_only():
    inf = np.inf
    assert held_out_difference([-1.0, -2.0], [-1.0, -inf]).is_clear
    assert held_out_difference([-1.0, -2.0], [-1.0, -inf]).nats == inf
    both = held_out_difference([-1.0, -inf, -2.0], [-2.0, -inf, -4.0])
    assert (both.nats, both.num_sequences) == (3.0, 2)
    neither = held_out_difference([-1.0, -inf], [-inf, -2.0])
    assert np.isnan(neither.nats)
    assert not neither.is_clear
    nothing = held_out_difference([-inf], [-inf])
    assert (nothing.nats, nothing.num_sequences, nothing.is_clear) == (0.0, 0, False)


def test_equal_models_seldom_seem_different():
    rng = np.random.default_rng(0)
    draws = [held_out_difference(*rng.normal(size=(2, 4))).is_clear for _ in range(2000)]
    np.testing.assert_allclose(np.mean(draws), 0.05, rtol=0.0, atol=4 * np.sqrt(0.05 / 2000))


def test_differences_refuse_what_cannot_be_compared():
    with pytest.raises(ValueError, match=r"shapes \(2,\) and \(3,\)"):
        held_out_difference([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="numbers or -inf"):
        held_out_difference([np.nan], [1.0])
    with pytest.raises(ValueError, match="criterion is 'dic'; it must be one of"):
        preference([row(1)], "dic")


def test_the_smallest_criterion_is_preferred_and_close_ones_are_named():
    # AIC: 42, 40.5, 41.8, 60.
    rows = [row(1, -20.0), row(2, -18.25), row(3, -17.9), row(4, -26.0)]
    assert preference(rows, "aic") == Preference(
        "aic", 2, 3, pytest.approx(1.3, rel=1e-12), 2.0, (1, 3)
    )
    assert not preference(rows, "aic").is_clear
    clear = preference([row(1, -20.0), row(2, -15.0)], "aic")
    assert (clear.num_states, clear.close, clear.is_clear) == (2, (), True)
    assert preference([row(1, -20.0)], "bic").rival is None


def test_the_fewest_states_win_a_tie():
    assert preference([row(3, -9.0), row(2, -8.0)], "aic").num_states == 2


def test_what_is_infinite_or_unknown_is_left_out():
    rows = [TriedStates(1), row(2, -20.0, num_observations=3), row(3, -np.inf)]
    assert preference(rows, "aicc") is None
    assert preference(rows, "aic").num_states == 2
    assert preference([row(1, num_observations=0)], "aic") is None
    assert preference([TriedStates(1)], HELD_OUT) is None
    assert preference([row(1, held_out=[-np.inf])], HELD_OUT) is None


def test_held_out_data_prefer_the_highest_and_name_what_is_within_the_noise():
    best = np.array([-1.0, -2.0, -3.0, -4.0])
    rows = [
        row(1, held_out=best - [5.0, 5.1, 4.9, 5.0]),
        row(2, held_out=best),
        row(3, held_out=best + np.array([1.0, -1.1, 1.0, -1.2])),
    ]
    found = preference(rows, HELD_OUT)
    assert (found.num_states, found.rival, found.close) == (2, 3, (3,))
    np.testing.assert_allclose(found.difference, 0.3, rtol=1e-12)
    spread = np.std([-1.0, 1.1, -1.0, 1.2], ddof=1)
    np.testing.assert_allclose(found.noise, 3.182446305 * 2 * spread, rtol=1e-9)
    alone = preference([row(1, held_out=[-3.0]), row(2, held_out=[-1.0])], HELD_OUT)
    assert (alone.num_states, alone.close, alone.is_clear) == (2, (), False)
    assert np.isnan(alone.noise)


def test_fits_below_those_of_fewer_states_missed_the_best():
    rows = [row(3, -12.0), row(1, -20.0), row(2, -11.0), row(4, -10.0), TriedStates(5)]
    assert missed(rows) == (3,)
    assert missed([row(1, -20.0), row(2, -20.0009)]) == ()
    held_back = [replace(row(k, -20.0 - k), has_priors=True) for k in (1, 2, 3)]
    assert missed(held_back) == (), "priors take likelihood away"
    assert missed([*held_back, row(4, -22.0)]) == (4,)
