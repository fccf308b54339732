"""Sweeps over eight states at a time against the kernels that take one state after another."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import log_likelihood, smooth
from hmmcore.sweeps import chunks, lane_sweep, state_kernels, state_sweep, sweep
from tests.hmmcore.models import STRUCTURES, TableEmissions
from tests.hmmcore.sweeps.row_by_row import assert_same_posterior, by_rows, case


@pytest.mark.parametrize("lengths", [[400], [7, 1, 90]], ids=["alone", "several"])
@pytest.mark.parametrize("num_states", [9, 13, 16, 17, 24, 30, 50, 67])
def test_many_states_equal_row_by_row(monkeypatch, num_states, lengths):
    hmm, sequences = case(num_states, lengths, num_states)
    assert state_sweep.suits_states(hmm, len(lengths))
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    found = smooth(hmm, sequences)
    assert_same_posterior(found, expected)
    np.testing.assert_array_equal(log_likelihood(hmm, sequences), found.log_likelihoods)
    statistics = sweep.expectations(hmm, sequences)
    rows = by_rows(monkeypatch, lambda: sweep.expectations(hmm, sequences))
    np.testing.assert_allclose(statistics.transition_counts, rows.transition_counts, rtol=1e-11)
    for name, value in rows.emissions.items():
        np.testing.assert_allclose(statistics.emissions[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 7, 64])
def test_tiles_of_many_states_equal_row_by_row(monkeypatch, steps):
    hmm, sequences = case(20, [133], 0)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    monkeypatch.setattr(state_sweep, "TILE_CELLS", 20 * steps)
    found = smooth(hmm, sequences)
    assert_same_posterior(found, expected)
    np.testing.assert_array_equal(log_likelihood(hmm, sequences), found.log_likelihoods)


@pytest.mark.parametrize("steps", [3, 1 << 20])
@pytest.mark.parametrize("time", [0, 1, 3, 7])
def test_sequences_handed_back_spare_the_others(monkeypatch, steps, time):
    rng = np.random.default_rng(time)
    table = rng.normal(size=(40, 10))
    table[16 + time] = -np.inf
    table[24, 1:] = -1e300  # all but unreachable: p(z_1 = 0) is 1e-200
    initial = np.full(10, 1.0 / 9.0)
    initial[0] = 1e-200
    transition = STRUCTURES["dense"](rng, 10)[1]
    hmm, sequences = TableEmissions.case(initial, transition, table, [8] * 5)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    monkeypatch.setattr(state_sweep, "MANY_STATES", 10)
    monkeypatch.setattr(state_sweep, "TILE_CELLS", 10 * steps)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 1 if steps == 3 else 1 << 17)
    found = smooth(hmm, sequences)
    assert found.log_likelihoods[2] == -np.inf
    assert np.isnan(found.smoothed_probs[16:24]).all()
    assert_same_posterior(found, expected)
    np.testing.assert_array_equal(log_likelihood(hmm, sequences), found.log_likelihoods)


def test_a_state_that_cannot_be_first_is_not():
    initial = np.array([0.0, *[0.1] * 10])
    table = np.zeros((5, 11))
    table[0, 0] = 1e6
    hmm, sequences = TableEmissions.case(initial, np.full((11, 11), 1.0 / 11.0), table)
    found = smooth(hmm, sequences)
    assert found.smoothed_probs[0, 0] == 0.0
    np.testing.assert_allclose(found.log_likelihood, 0.0, atol=1e-13)


@pytest.mark.parametrize("num_states", [13, 30])
def test_the_python_source_of_the_state_kernels_gives_what_was_compiled(monkeypatch, num_states):
    hmm, sequences = case(num_states, [9, 4], 1)
    monkeypatch.setattr(state_sweep, "TILE_CELLS", 1 << 20)
    compiled = smooth(hmm, sequences)
    for name, value in vars(state_kernels).copy().items():
        if hasattr(value, "py_func"):
            monkeypatch.setattr(state_kernels, name, value.py_func)
    with np.errstate(all="ignore"):
        assert_same_posterior(smooth(hmm, sequences), compiled)


def test_which_sweep_a_model_gets():
    dense, few, many = (case(num_states, [3], 0)[0] for num_states in (9, 8, 50))
    assert not state_sweep.suits_states(few, 1)
    assert state_sweep.suits_states(dense, 3)
    assert not state_sweep.suits_states(dense, 4)
    assert [n for n in range(1, 25) if not state_sweep.suits_states(many, n)] == [
        *[7, 8], *range(13, 17), *range(19, 25)
    ]  # fmt: skip
    assert lane_sweep.suits_lanes(many, 7)
    zeros = case(9, [3], 0)[0].transition_matrix.copy()
    zeros[0] = np.eye(9)[0]
    table = TableEmissions.case(dense.initial_probs, zeros, np.zeros((3, 9)))[0]
    assert not state_sweep.suits_states(table, 1)
