"""Kernels that take EM steps in lanes, against those for one model and plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from hmmcore import EM, Gaussian, batch, lanes
from hmmcore.batch import em_kernels, kernels
from hmmcore.emissions import gaussian_steps
from hmmcore.emissions.gaussian_lanes import LOG_2PI
from hmmcore.training.em import fill_proportions
from tests.hmmcore.batch.kinds import LANE_KINDS, in_python, models_and_data


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (3, 1)])
@pytest.mark.parametrize("learned", [(True, True), (True, False), (False, True)])
def test_the_step_of_eight_is_that_of_each(shape, learned):
    """States without data, dimensions without data, and variances below the floor among them."""
    num_values, num_variances = shape
    rng = np.random.default_rng(0)
    num_states, floor = 5, 0.1
    means, counts, deviations, squares = rng.normal(size=(4, num_states, num_values, 8))
    variances = rng.uniform(0.5, 2.0, size=(num_states, num_variances, 8))
    counts[:] = rng.choice([0.0, 1e-13, 1.0, 4.0], size=counts.shape, p=[0.3, 0.1, 0.3, 0.3])
    deviations *= 0.1 * counts
    squares[:] = deviations**2 / np.maximum(counts, 1.0) + counts * rng.choice(
        [1e-3, 1.0], size=counts.shape
    )
    squares[1, 0, 2], deviations[2, 0, 3] = np.nan, np.inf
    counts[1, 0, 2] = counts[2, 0, 3] = 1.0
    found = means.copy(), variances.copy()
    codes, trouble = np.empty((num_states, 1, 8)), np.empty((1, 1, 8))
    em_kernels.maximize(
        counts, deviations, squares, means, variances, learned, floor, *found, codes, trouble
    )
    seen = 0
    for lane in range(8):
        expected = means[:, :, lane].copy(), variances[:, :, lane].copy()
        remedies = np.empty(num_states, dtype=np.int64)
        statistics = (rows[:, :, lane].copy() for rows in (counts, deviations, squares))
        valid = gaussian_steps.maximize(
            *statistics, (0.0, 0.0), learned, floor, *expected, remedies
        )
        assert np.isnan(trouble[0, 0, lane]) == (not valid)
        if not valid:
            continue
        np.testing.assert_allclose(found[0][:, :, lane], expected[0], rtol=1e-14)
        np.testing.assert_allclose(found[1][:, :, lane], expected[1], rtol=1e-13)
        np.testing.assert_array_equal(codes[:, 0, lane], remedies)
        seen |= int(np.bitwise_or.reduce(remedies))
    assert seen & gaussian_steps.EMPTY
    assert bool(seen & gaussian_steps.FLOORED) == learned[1]
    assert bool(seen & gaussian_steps.EMPTY_DIMENSION) == (num_values > 1)


@pytest.mark.parametrize("learned", [True, False])
def test_proportions_of_eight_are_those_of_each(learned):
    rng = np.random.default_rng(0)
    counts = rng.uniform(size=(4, 4, 8)) * rng.choice([0.0, 1e-14, 1.0], size=(4, 1, 8))
    present, found = rng.dirichlet(np.ones(4), size=(4, 8)).transpose(0, 2, 1).copy(), counts.copy()
    em_kernels.proportions(counts, present, learned, found)
    for lane in range(8):
        expected = present[:, :, lane].copy()
        if learned:
            fill_proportions(counts[:, :, lane].copy(), expected)
        np.testing.assert_allclose(found[:, :, lane], expected, rtol=1e-14)


def test_condition_numbers_of_eight_are_those_of_each():
    rng = np.random.default_rng(0)
    means, sds = 10.0 ** rng.uniform(-3, 12, size=(2, 3, 8)), 10.0 ** rng.uniform(-4, 4, (2, 3, 8))
    found = np.empty((1, 1, 8))
    em_kernels.condition_numbers(means, 1.0 / sds, found)
    for lane in range(8):
        emissions = Gaussian(means[:, :, lane], sds[:, :, lane] ** 2)
        np.testing.assert_allclose(
            found[0, 0, lane], emissions.condition_numbers().max(), rtol=1e-14
        )


@pytest.mark.parametrize("name", ["numbers", "missing numbers", "spherical"])
def test_the_compiled_steps_are_what_their_source_says(monkeypatch, name):
    models, sequences = models_and_data(LANE_KINDS[name], 9)
    learner, stacked = EM(sequences), batch.stack(models)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    compiled = batch.fit(learner, stacked, 3, 1e-2)
    in_python(monkeypatch)
    with np.errstate(all="ignore"):
        source = batch.fit(learner, stacked, 3, 1e-2)
    assert source.stop_reasons == compiled.stop_reasons
    assert source.remedies == compiled.remedies
    np.testing.assert_array_equal(source.iterations, compiled.iterations)
    np.testing.assert_allclose(source.log_likelihoods, compiled.log_likelihoods, rtol=1e-11)
    for name, values in compiled.models.arrays().items():
        np.testing.assert_allclose(
            source.models.arrays()[name], values, rtol=1e-9, atol=1e-12, err_msg=name
        )


def test_logarithms_are_about_one_unit_in_the_last_place_off():
    rng = np.random.default_rng(0)
    special = [1.0, 0.5, 2.0, np.sqrt(2.0), np.nextafter(1.0, 0.0), 1.0 + 1e-15, 5e-324, 1e-310]
    special += [np.finfo(float).tiny, np.finfo(float).max, 4.0, 0.25, 3.0, 1e-300, 1e300, 0.7]
    values = np.concatenate(
        [special, 10.0 ** rng.uniform(-307, 308, 40_000), rng.uniform(0.5, 2.0, 40_000)]
    )
    expected = np.log(values.astype(np.longdouble))
    found = lanes.log_of_positive.py_func(values.reshape(-1, lanes.LANES)).ravel()
    error = np.abs(found - expected) / np.spacing(np.maximum(np.abs(found), 1e-300))
    assert error.max() <= 1.2
    assert found[0] == 0.0
    # Compiled, through a kernel that adds to it.
    variances = values.reshape(1, -1, lanes.LANES)
    work = kernels.workspaces(1, variances.shape[1])
    one = np.ones((1, 1, lanes.LANES))
    kernels.prepare(one, one, variances, False, *work[:7])
    densities = work[6].ravel()
    np.testing.assert_allclose(densities, -0.5 * (np.log(values) + LOG_2PI), rtol=1e-15, atol=5e-16)
