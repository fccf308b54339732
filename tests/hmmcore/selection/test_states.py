"""How many states: each row against fits of one's own, as it comes."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    Poisson,
    Priors,
    Sequences,
    Ties,
    count_starts,
    fit,
    held_out_log_likelihood,
    information_criteria,
    initialization,
    sample,
    simulation,
    split_by_sequence,
    split_by_time,
)
from hmmcore.selection import CRITERIA, HELD_OUT, missed, preference, sweep_states

TRUTH = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate([-4.0, 0.0, 4.0], 1.0))
DATA = sample(TRUTH, 8, 60, np.random.default_rng(3)).sequences


def em(sequences, num_states):
    return EM(sequences)


def generators(count):
    return np.random.default_rng(0).spawn(count)


def swept(sequences=DATA, numbers=(1, 2, 3), make_trainer=em, num_starts=4, **more):
    *_, last = sweep_states(
        sequences, numbers, make_trainer, initialization.random, generators(num_starts), **more
    )
    return last


@pytest.mark.parametrize(
    "split", [None, split_by_sequence(DATA, 0.25, np.random.default_rng(0)),
              split_by_time(DATA, 0.25)],
    ids=["no split", "by sequence", "by time"],
)  # fmt: skip
def test_each_row_is_the_best_of_fits_one_by_one(split):
    sweep = swept(split=split)
    assert sweep.done == sweep.total == 12 * (1 if split is None else 2)
    assert [row.num_states for row in sweep.rows] == [1, 2, 3]
    for row in sweep.rows:

        def best_of(sequences, num_states=row.num_states):
            starts = [initialization.random(sequences, num_states, g) for g in generators(4)]
            fits = [fit(EM(sequences), start, 1000, 1e-8) for start in starts]
            return max(fits, key=lambda one: one.log_likelihoods[-1])

        best = best_of(DATA)
        value = best.log_likelihoods[-1]
        assert row.failure is None
        np.testing.assert_allclose(row.criteria.log_likelihood, value, rtol=1e-9)
        np.testing.assert_allclose(row.best.result.log_likelihoods[-1], value, rtol=1e-9)
        expected = information_criteria(best.hmm, DATA)
        assert row.criteria.parameter_counts == expected.parameter_counts
        for name in CRITERIA:
            np.testing.assert_allclose(
                getattr(row.criteria, name), getattr(expected, name), rtol=1e-7
            )
        if split is None:
            assert row.held_out is row.held_out_model is None
        else:
            model = best_of(split.train).hmm
            np.testing.assert_allclose(
                row.held_out, held_out_log_likelihood(model, split), rtol=1e-6
            )
            np.testing.assert_array_equal(
                row.held_out, held_out_log_likelihood(row.held_out_model, split)
            )


def test_rows_come_one_after_the_other_and_never_go_back():
    split = split_by_time(DATA, 0.3)
    known, done = [], 0
    for sweep in sweep_states(
        DATA, (2, 1), em, initialization.random, generators(20), split, max_iterations=20
    ):
        assert sweep.done > done
        assert [row.num_states for row in sweep.rows] == [2, 1]
        for row in sweep.rows:
            assert (row.best is None) == (row.criteria is None)
            assert row.best is None or len(row.runs) == 20
        done = sweep.done
        known.append(sum((row.best is not None) + (row.held_out is not None) for row in sweep.rows))
    assert known == sorted(known)
    assert known[-1] == 4
    assert done == sweep.total == 80


def test_every_criterion_finds_how_many_states_there_are():
    sweep = swept(
        numbers=range(1, 5), num_starts=8, split=split_by_sequence(DATA, 0.5, generators(1)[0])
    )
    found = {name: preference(sweep.rows, name).num_states for name in ("bic", "icl", HELD_OUT)}
    assert found == {"bic": 3, "icl": 3, HELD_OUT: 3}


def test_what_is_not_trained_or_tied_costs_nothing():
    def trainer(sequences, num_states):
        return EM(sequences, trainable={"means", "transition_matrix"},
                  transition_ties=Ties.cyclic(num_states))  # fmt: skip

    def start(sequences, num_states, rng):
        means = rng.normal(0.0, 4.0, size=num_states)
        structure = simulation.cyclic_structure(num_states, 0.9)
        return HMM(*structure, Gaussian.univariate(means, 1.0))

    *_, sweep = sweep_states(DATA, [2, 3], trainer, start, generators(3), max_iterations=20)
    for row in sweep.rows:
        assert row.criteria.parameter_counts == {
            "initial_probs": 0, "transition_matrix": 1, "means": row.num_states, "covariances": 0,
        }  # fmt: skip


def test_under_priors_more_states_may_reach_less_and_that_is_no_miss():
    # Worth 100 observations of each state, at a standard deviation of 3 where the truth has 1.
    wide = Priors(variance_shape=49.0, variance_scale=9.0 * 50.0)
    rows = swept(
        numbers=(3, 4, 5), make_trainer=lambda data, _: EM(data, priors=wide), num_starts=2
    ).rows
    assert all(row.has_priors for row in rows)
    values = [row.criteria.log_likelihood for row in rows]
    assert values != sorted(values)
    assert missed(rows) == ()
    assert not any(row.has_priors for row in swept(num_starts=1).rows)


def test_gradient_ascent_climbs_to_the_same():
    by_em = swept(numbers=[3], num_starts=3)
    by_gradient = swept(
        numbers=[3], num_starts=3, make_trainer=lambda s, k: GradientAscent(s, learning_rate=0.1),
        max_iterations=2000, patience=20,
    )  # fmt: skip
    np.testing.assert_allclose(
        by_gradient.rows[0].criteria.log_likelihood, by_em.rows[0].criteria.log_likelihood,
        rtol=1e-5,
    )  # fmt: skip


def test_what_cannot_be_tried_is_said_and_the_others_go_on():
    counts = Sequences([0.0, 1.0, 0.0, 2.0, 9.0, 8.0], [3, 3])

    def start(sequences, num_states, rng):
        if num_states == 2:
            raise ValueError("two is too few.")
        if num_states == 3:
            return HMM(np.ones(3) / 3, np.ones((3, 3)) / 3, Poisson([0.0, 0.0, 0.0]))
        return count_starts.random(sequences, num_states, rng)

    split = split_by_time(counts, 0.4)
    *_, sweep = sweep_states(counts, [1, 2, 3], em, start, generators(2), split)
    one, two, three = sweep.rows
    assert one.failure is None
    assert one.criteria is not None
    assert two.failure == "none of 2 starts could be trained. The first: two is too few."
    assert "The first: sequence 0 is impossible under the model" in three.failure
    assert two.best is three.best is None
    assert sweep.done == sweep.total == 12


def test_held_out_data_that_a_model_rules_out_are_impossible_and_no_error():
    symbols = Sequences([0.0, 0.0, 0.0, 0.0, 0.0, 3.0], [3, 3])
    *_, sweep = sweep_states(
        symbols, [1], em, count_starts.random, generators(1), split_by_time(symbols, 0.34)
    )
    np.testing.assert_array_equal(sweep.rows[0].held_out, [0.0, -np.inf])


def test_missing_observations_are_not_counted():
    gaps = Sequences(np.where(np.arange(480) % 7 == 0, np.nan, DATA.observations[:, 0]),
                     DATA.lengths)  # fmt: skip
    assert swept(gaps, (1, 2)).rows[1].criteria.num_observations == gaps.num_observed == 411


def test_it_can_be_cancelled_and_refuses_what_makes_no_sense():
    assert (
        list(
            sweep_states(
                DATA, [1], em, initialization.random, generators(1), cancelled=lambda: True
            )
        )
        == []
    )
    for numbers in ([], [2, 2]):
        with pytest.raises(ValueError, match="there must be some, each once"):
            sweep_states(DATA, numbers, em, initialization.random, generators(1))
    with pytest.raises(ValueError, match="numbers_of_states is 0"):
        sweep_states(DATA, [0], em, initialization.random, generators(1))
    with pytest.raises(ValueError, match="generators is empty"):
        sweep_states(DATA, [1], em, initialization.random, [])
