"""Where starts end, and in which shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    Poisson,
    Priors,
    Sequences,
    initialization,
    log_likelihood,
    restarts,
    sample,
    simulation,
    symbol_starts,
)
from hmmcore.landscape import optima
from hmmcore.selection import Task, as_they_end

TRUTH = HMM(*simulation.sticky_structure(3, 0.9), Gaussian.univariate([-4.0, 0.0, 4.0], 1.0))
DATA = sample(TRUTH, 4, 60, np.random.default_rng(0)).sequences


def runs_of(starts, sequences=DATA, max_iterations=1000, tolerance=1e-9):
    found = restarts(EM(sequences), starts, max_iterations=max_iterations, tolerance=tolerance)
    return dict(enumerate(found.runs))


def test_with_priors_the_highest_is_that_of_the_posterior():
    trainer = EM(DATA, priors=Priors(transition_concentration=1.0 + 60.0 * np.eye(3)))
    rng = np.random.default_rng(1)
    starts = [initialization.random(DATA, 3, rng) for _ in range(6)]
    starts.append(initialization.symmetric(3))
    found = restarts(trainer, starts, max_iterations=1000, tolerance=1e-9)
    ends = optima(dict(enumerate(found.runs)), trainer, 500).found
    assert len(ends) > 1
    reached = [found.runs[one.leader].objective for one in ends]
    assert reached == sorted(reached, reverse=True)
    assert reached[0] == max(run.objective for run in found.runs)
    for one in ends:
        np.testing.assert_allclose(
            one.log_likelihood, log_likelihood(one.hmm, DATA).sum(), rtol=1e-12
        )


def test_orders_of_states_are_one_optimum_and_the_highest_comes_first():
    best = initialization.quantiles(DATA, 3)
    orders = [[0, 1, 2], [2, 0, 1], [1, 2, 0], [0, 2, 1]]
    stuck = initialization.symmetric(3)
    found = optima(runs_of([stuck, *(best.permute(order) for order in orders), stuck]), EM(DATA))
    assert [one.starts for one in found.found] == [(1, 2, 3, 4), (0, 5)]
    assert [one.share for one in found.found] == [4 / 6, 2 / 6]
    for one in found.found:
        assert one.leader in one.starts
        np.testing.assert_allclose(
            log_likelihood(one.hmm, DATA).sum(), one.log_likelihood, rtol=1e-12
        )
    assert found.found[0].log_likelihood > found.found[1].log_likelihood
    assert (found.still_open, found.failed, found.num_starts) == ((), {}, 6)


def test_what_fails_or_does_not_come_to_rest_counts_among_the_starts():
    impossible = HMM([1.0], [[1.0]], Poisson([0.0]))
    counts = Sequences([0.0, 1.0, 0.0, 7.0, 8.0, 6.0, 0.0, 1.0])
    start = HMM([0.5, 0.5], [[0.6, 0.4], [0.4, 0.6]], Poisson([1.0, 5.0]))
    one = HMM([1.0], [[1.0]], Poisson([3.0]))
    runs = runs_of([impossible, start, one], counts, max_iterations=1, tolerance=0.0)
    found = optima(runs, EM(counts))
    assert (found.found, found.still_open) == ((), (1, 2))
    assert "impossible under the model" in found.failed[0]
    assert (found.num_starts, found.miss_probability(5)) == (3, 1.0)
    # Models of different kinds are never one optimum.
    found = optima(runs_of([impossible, start, one], counts), EM(counts))
    assert [(one.starts, one.share) for one in found.found] == [((1,), 1 / 3), ((2,), 1 / 3)]
    np.testing.assert_allclose(found.miss_probability(2), (2 / 3) ** 2, rtol=1e-15)
    assert found.miss_probability(0) == 1.0


def test_the_shares_do_not_depend_on_the_order_in_which_fits_end():
    task = Task(EM(DATA), initialization.random, 3, np.random.default_rng(0).spawn(40))
    runs = {}
    for ended in as_they_end({"one": task}):
        runs |= ended.runs
    shuffled = {n: runs[n] for n in np.random.default_rng(1).permutation(40).tolist()}
    first, second = optima(runs, EM(DATA)), optima(shuffled, EM(DATA))
    assert [one.starts for one in first.found] == [one.starts for one in second.found]
    assert first.num_starts == 40


def test_no_starts_have_no_optima():
    found = optima({}, EM(DATA))
    assert (found.found, found.num_starts, found.miss_probability(3)) == ((), 0, 1.0)
    with pytest.raises(ValueError, match="num_starts is -1"):
        found.miss_probability(-1)
    run = runs_of([initialization.quantiles(DATA, 3)])[0]
    cancelled = replace(run, result=replace(run.result, stop_reason="cancelled"))
    assert optima({7: cancelled}, EM(DATA)).still_open == (7,)


def test_slow_runs_to_one_optimum_are_one_where_they_are_trained_on():
    truth = HMM(
        *simulation.sticky_structure(2, 0.8), Categorical([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    )
    symbols = sample(truth, 3, 100, np.random.default_rng(2)).sequences
    starts = [symbol_starts.random(2, 3, rng) for rng in np.random.default_rng(0).spawn(16)]
    loose = runs_of(starts, symbols, tolerance=1e-7)
    strict = optima(runs_of(starts, symbols, 20_000, tolerance=1e-13), EM(symbols))
    counted = optima(loose, EM(symbols))
    joined = optima(loose, EM(symbols), most_steps=20_000)
    assert len(counted.found) > len(joined.found)
    assert [one.starts for one in joined.found] == [one.starts for one in strict.found]
    for one in joined.found:
        # The highest end that was reached, by its own run.
        ends = [loose[n].objective for n in one.starts]
        assert one.log_likelihood == loose[one.leader].objective == max(ends)
    assert [one.log_likelihood for one in joined.found] == sorted(
        (one.log_likelihood for one in joined.found), reverse=True
    )
    given_up = optima(loose, EM(symbols), 20_000, cancelled=lambda: True)
    assert [one.starts for one in given_up.found] == [one.starts for one in counted.found]
