"""Sweeps in lanes against the kernels that take one row after another, and NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    Sequences,
    lanes,
    log_likelihood,
    sample,
    smooth,
    viterbi,
    warm_up,
)
from hmmcore.emissions import gaussian_lanes, gaussian_steps
from hmmcore.sweeps import (
    chunks,
    lane_kernels,
    lane_sweep,
    piece_kernels,
    piece_sweep,
    state_kernels,
    sweep,
)
from hmmcore.training import em, gradient
from tests.hmmcore.models import STRUCTURES, TableEmissions
from tests.hmmcore.sweeps.row_by_row import assert_same_posterior, by_rows, case

SEEDS = range(2)


def test_exp_of_nonpositive_is_about_one_unit_in_the_last_place_off():
    rng = np.random.default_rng(0)
    special = [0.0, -0.0, -1e-300, -1e-17, -np.log(2.0) / 2.0, -707.9, -709.0, -np.inf]
    values = np.concatenate([special, -(10.0 ** rng.uniform(-18, 2.8, size=80_000))])
    given = values.reshape(-1, 1, lanes.LANES)
    zeros = np.zeros_like(given)
    # Through the forward kernel: with one state the likelihoods are exp(score - score) = 1, so
    # take two, the other at zero.
    scores = np.concatenate([zeros, given], axis=1)
    shape = (1, 2, lanes.LANES)
    lane_kernels.forward(
        np.full((2, 2), 0.5), scores, np.full((1, lanes.LANES), len(given)),
        np.array([0, len(given)]), np.full(shape, 0.5), np.empty_like(scores),
        np.empty((1, lanes.LANES)), np.empty(shape),
    )  # fmt: skip
    found = scores[:, 1].ravel()
    normal = values >= lanes.SMALLEST_EXPONENT
    expected = np.exp(values.astype(np.longdouble))
    error = np.abs(found - expected)[normal] / np.spacing(found[normal])
    assert error.max() <= 1.2
    assert (found[~normal] == 0.0).all()
    assert (found[:4] == 1.0).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("num_states", [1, 2, 4, 5, 9, 13])
def test_ragged_sequences_in_lanes_equal_row_by_row(monkeypatch, num_states, seed):
    lengths = np.random.default_rng(seed).integers(1, 30, size=21)
    hmm, sequences = case(num_states, lengths, seed)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    assert_same_posterior(smooth(hmm, sequences), expected)
    statistics = sweep.expectations(hmm, sequences)
    rows = by_rows(monkeypatch, lambda: sweep.expectations(hmm, sequences))
    for name, value in rows.emissions.items():
        np.testing.assert_allclose(statistics.emissions[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("dimensions", "kind"), [(3, "diag"), (2, "full"), (3, "spherical"), (2, "tied")]
)
def test_other_gaussians_in_lanes_equal_row_by_row(monkeypatch, dimensions, kind):
    hmm, sequences = case(3, [5, 9, 1, 30], 0, dimensions, kind)
    statistics = sweep.expectations(hmm, sequences)
    rows = by_rows(monkeypatch, lambda: sweep.expectations(hmm, sequences))
    np.testing.assert_allclose(statistics.log_likelihoods, rows.log_likelihoods, rtol=1e-12)
    for name, value in rows.emissions.items():
        np.testing.assert_allclose(statistics.emissions[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("length", [256, 257, 263, 1000, 40_000])
def test_a_sequence_in_pieces_equals_row_by_row(monkeypatch, length, seed):
    hmm, sequences = case(3, [length], seed)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    assert_same_posterior(smooth(hmm, sequences), expected, 1e-11)
    np.testing.assert_array_equal(
        log_likelihood(hmm, sequences), smooth(hmm, sequences).log_likelihoods
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_tiles_equal_row_by_row(monkeypatch, seed):
    lengths = np.random.default_rng(seed).integers(1, 60, size=19)
    hmm, sequences = case(4, lengths, seed)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    monkeypatch.setattr(lane_sweep, "TILE_CELLS", 16 * 4 * lanes.LANES)
    found = smooth(hmm, sequences)
    assert_same_posterior(found, expected)
    np.testing.assert_array_equal(log_likelihood(hmm, sequences), found.log_likelihoods)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 1)
    again = smooth(hmm, sequences)
    np.testing.assert_array_equal(again.log_likelihoods, found.log_likelihoods)
    np.testing.assert_array_equal(again.smoothed_probs, found.smoothed_probs)


@pytest.mark.parametrize("steps", [2, 1 << 20])
@pytest.mark.parametrize("time", [0, 1, 3, 7])
def test_sequences_that_lanes_hand_back_spare_the_others(monkeypatch, steps, time):
    rng = np.random.default_rng(time)
    table = rng.normal(size=(40, 3))
    table[16 + time] = -np.inf
    table[24, 1:] = -1e300  # all but unreachable: p(z_1 = 0) is 1e-200
    initial = np.array([1e-200, 0.5, 0.5])
    transition = STRUCTURES["dense"](rng, 3)[1]
    hmm, sequences = TableEmissions.case(initial, transition, table, [8] * 5)
    expected = by_rows(monkeypatch, lambda: smooth(hmm, sequences))
    monkeypatch.setattr(lane_sweep, "TILE_CELLS", steps * 3 * lanes.LANES)
    found = smooth(hmm, sequences)
    assert found.log_likelihoods[2] == -np.inf
    assert np.isnan(found.smoothed_probs[16:24]).all()
    assert_same_posterior(found, expected)


def test_pieces_that_lanes_hand_back():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(400, 2))
    hmm, sequences = TableEmissions.case([0.5, 0.5], np.full((2, 2), 0.5), table)
    assert np.isfinite(smooth(hmm, sequences).log_likelihood)
    table[333] = -np.inf
    hmm, sequences = TableEmissions.case([0.5, 0.5], np.full((2, 2), 0.5), table)
    found = smooth(hmm, sequences)
    assert found.log_likelihoods[0] == log_likelihood(hmm, sequences)[0] == -np.inf
    assert np.isnan(found.filtered_probs[333:]).all()
    assert np.isfinite(found.filtered_probs[:333]).all()
    assert (found.transition_counts == 0.0).all()


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("seed", SEEDS)
def test_viterbi_in_lanes_gives_the_same_bits(monkeypatch, structure, seed):
    # Whole-number scores, so that ties are frequent.
    rng = np.random.default_rng(seed)
    table = rng.integers(-1, 2, size=(120, 4)).astype(float)
    table[rng.random(table.shape) < 0.02] = -np.inf
    lengths = [17, 3, 40, 1, 1, 29, 9, 11, 9]
    hmm, sequences = TableEmissions.case(*STRUCTURES[structure](rng, 4), table, lengths)
    expected = by_rows(monkeypatch, lambda: viterbi(hmm, sequences))
    found = viterbi(hmm, sequences)
    np.testing.assert_array_equal(found.states, expected.states)
    np.testing.assert_array_equal(found.log_joints, expected.log_joints)


@pytest.mark.parametrize("lengths", [[4000], [50] * 300], ids=["pieces", "sequences"])
def test_the_number_of_threads_changes_nothing(monkeypatch, lengths):
    hmm, sequences = case(3, lengths, 0)
    monkeypatch.setattr(chunks, "CHUNK_CELLS", 2000)
    monkeypatch.setattr(piece_sweep, "LONGEST_PIECE", 64)
    state = EM(sequences).init(hmm)
    for threads in (1, 2, 3):
        monkeypatch.setattr(chunks, "_num_threads", lambda threads=threads: threads)
        again = EM(sequences).init(hmm)
        assert again.log_likelihood == state.log_likelihood
        one, other = again.expectations, state.expectations
        np.testing.assert_array_equal(one.transition_counts, other.transition_counts)
        for name, value in other.emissions.items():
            np.testing.assert_array_equal(one.emissions[name], value)


def test_an_error_in_a_helping_thread_reaches_the_caller(monkeypatch):
    monkeypatch.setattr(chunks, "_num_threads", lambda: 2)

    def fail(item: int) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        sweep.in_turns(fail, range(4))


def test_the_python_source_of_the_lane_kernels_gives_what_was_compiled(monkeypatch):
    hmm, sequences = case(9, [7, 3, 11, 2, 6, 6, 1, 12, 5, *[1] * 8], 1)
    alone = Sequences(sample(hmm, 1, 30, np.random.default_rng(0)).sequences.observations)
    small = case(3, [2], 2)[0]
    monkeypatch.setattr(piece_sweep, "SHORTEST_PIECE", 1)
    compiled = smooth(hmm, sequences), smooth(small, alone), viterbi(hmm, sequences)
    statistics = sweep.expectations(hmm, sequences)
    for module in (lane_kernels, piece_kernels, gaussian_lanes):
        for name, value in vars(module).copy().items():
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)
    with np.errstate(all="ignore"):
        source = smooth(hmm, sequences), smooth(small, alone), viterbi(hmm, sequences)
        again = sweep.expectations(hmm, sequences)
    assert_same_posterior(source[0], compiled[0])
    assert_same_posterior(source[1], compiled[1])
    np.testing.assert_array_equal(source[2].states, compiled[2].states)
    for name, value in statistics.emissions.items():
        np.testing.assert_allclose(again.emissions[name], value, rtol=1e-12, atol=1e-12)


def test_warming_up_compiles_every_kernel():
    from hmmcore import arrays
    from hmmcore.batch import em_kernels, lane_training, remedies
    from hmmcore.batch import kernels as batch_kernels
    from hmmcore.emissions import diagonal, full
    from hmmcore.sweeps import kernels

    warm_up()
    # What other kernels call is compiled, or found on disk, as a part of them.
    inner = {
        "_zero_below_underflow_risk",
        "_log_sum_exp",
        "times",
        "count",
        "exp_of_nonpositive",
    }
    inner |= {"accumulate", "accumulate_observed", "score_observed", "_sum_of", "_one_over_product"}
    inner |= {"clear_unused", "over_lanes"}
    modules = kernels, lane_kernels, piece_kernels, gaussian_lanes, gaussian_steps, diagonal, full
    for module in (*modules, arrays, state_kernels, em, gradient):
        for name, value in vars(module).items():
            if hasattr(value, "signatures") and name not in inner:
                assert value.signatures, name
    # Once for all families; it calls the others of its module.
    assert len(batch_kernels.sweep.signatures) == 1
    assert len(em_kernels.take_steps.signatures) == 1
    assert len(remedies.note_all.signatures) == 1
    assert len(lane_training._move_each.signatures) == 1


def test_data_a_thousand_sd_away_stay_finite_in_every_arrangement():
    hmm = HMM([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]], Gaussian.univariate([0.0, 1.0], 1e-3))
    alone, together = np.full((1, 400), 1.0), np.full((9, 20), -1.0)
    for sequences in (Sequences.from_array(alone), Sequences.from_array(together)):
        posterior = smooth(hmm, sequences)
        assert np.isfinite(posterior.log_likelihoods).all()
        np.testing.assert_allclose(posterior.smoothed_probs.sum(axis=1), 1.0, rtol=1e-14)
