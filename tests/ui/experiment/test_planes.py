"""Which numbers a map is over, and how far its axes go."""

import numpy as np
import pytest

from hmmcore import HMM, Categorical, Gaussian, Poisson, Sequences
from hmmcore.coordinates import Scale, scale_of, value_at
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.planes import (
    MOST_OFFERED,
    axis_range,
    chosen_coordinates,
    look_ahead,
    most_moved,
    offered,
)
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal

FAMILIES = ("numbers", "counts", "symbols", "points", "product")
RNG = np.random.default_rng(3)


def chain(num_states):
    return np.full(num_states, 1 / num_states), np.full((num_states, num_states), 1 / num_states)


def gaussian(means):
    means = np.reshape(np.asarray(means, dtype=float), (len(means), -1))
    return HMM(*chain(len(means)), Gaussian(means, np.ones_like(means), "diag"))


def experiment(**values):
    return Experiment(legal(Config(length=30, num_sequences=3, **values))[0])


NUMBERS = Sequences(RNG.normal(size=50))


def test_the_two_states_that_move_most_are_taken_in_their_order():
    models = gaussian([0.0, 1.0, 2.0, 3.0]), gaussian([0.1, 3.0, 2.0, 1.0])
    assert most_moved(models, NUMBERS) == (("means", 1), ("means", 3))


def test_where_nothing_tells_states_apart_the_first_two_are_taken():
    start = gaussian([0.0, 0.0, 0.0])
    assert most_moved((start,), NUMBERS) == (("means", 0), ("means", 1))
    rounded = gaussian([1.0, 1.0 + 1e-13, 1.0 + 2e-13])
    assert most_moved((start, rounded), NUMBERS) == (("means", 0), ("means", 1))


def test_of_each_state_the_dimension_or_symbol_that_moves_most_is_taken():
    points = Sequences(RNG.normal(size=(50, 2)))
    models = gaussian([[0, 0], [0, 0]]), gaussian([[0, 2], [3, 1]])
    assert most_moved(models, points) == (("means", 0, 1), ("means", 1, 0))
    symbols = [
        HMM(*chain(2), Categorical(np.array(rows)))
        for rows in ([[0.2, 0.3, 0.5]] * 2, [[0.2, 0.1, 0.7], [0.9, 0.05, 0.05]])
    ]
    assert most_moved(symbols, Sequences(np.arange(9) % 3)) == (("probs", 0, 1), ("probs", 1, 0))


def test_a_state_alone_has_a_map_if_it_has_two_numbers():
    assert most_moved((gaussian([1.0]),), NUMBERS) == (("means", 0), ("standard_deviations", 0))
    assert most_moved((gaussian([[1.0, 2.0]]),), NUMBERS) == (("means", 0, 0), ("means", 0, 1))
    three, two = (HMM(*chain(1), Categorical(np.full((1, n), 1 / n))) for n in (3, 2))
    assert most_moved((three,), NUMBERS) == (("probs", 0, 0), ("probs", 0, 1))
    assert most_moved((two,), NUMBERS) is None
    assert most_moved((HMM(*chain(1), Poisson(np.array([2.0]))),), NUMBERS) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_looking_ahead_goes_where_training_goes(family):
    one = experiment(family=family, num_states=3)
    run = one.runs["EM"]
    ahead = look_ahead(run.start, one.config, one.data)
    for model in ahead[:5]:
        assert model == run.state.hmm
        run.step()


def test_numbers_that_are_trained_alone_are_those_of_the_map():
    automatic = ("means", 0), ("means", 1)
    config = Config(only="means.3~standard_deviations.2")
    assert chosen_coordinates(config, automatic) == (("means", 2), ("standard_deviations", 1))
    assert chosen_coordinates(Config(only="means.3"), automatic) == automatic


def test_one_number_that_is_chosen_leaves_the_other_axis_another_one():
    automatic = ("means", 0), ("means", 1)
    assert chosen_coordinates(Config(across="means.2"), automatic) == (("means", 1), ("means", 0))
    assert chosen_coordinates(Config(up="means.1"), automatic) == (("means", 1), ("means", 0))
    assert chosen_coordinates(Config(up="rates.4"), automatic) == (("means", 0), ("rates", 3))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("num_states", [1, 2, 6, 20])
def test_all_numbers_that_are_offered_are_numbers_of_the_model_with_a_finite_axis(
    family, num_states
):
    one = experiment(family=family, num_states=num_states)
    start = one.runs["EM"].start
    found = offered(start)
    assert 1 <= len(found) == len(set(found)) <= MOST_OFFERED
    for coordinate in found:
        low, high = axis_range(coordinate, one.data, [start])
        assert np.isfinite([low, high]).all()
        assert low < high
        place = float(scale_of(coordinate).position(value_at(start, coordinate)))
        assert low <= place <= high or not np.isfinite(place)


def test_an_axis_holds_the_data_and_does_not_move_for_a_start_within_them():
    one = experiment(num_states=3)
    seen = one.data.sequences.observations
    start = one.runs["EM"].start
    low, high = axis_range(("means", 0), one.data, [start])
    assert low < seen.min() < seen.max() < high
    moved = start.permute(np.array([2, 0, 1]))
    assert axis_range(("means", 0), one.data, [moved]) == (low, high)
    far = gaussian([50.0, 0.0, 0.0])
    assert axis_range(("means", 0), one.data, [far])[1] > 50.0


def test_a_probability_of_zero_does_not_move_the_axis_to_infinity():
    one = experiment(num_states=2, structure="left-right")
    start = one.runs["EM"].start
    hmm = HMM(np.array([1.0, 0.0]), start.transition_matrix, start.emissions)
    low, high = axis_range(("initial_probs", 1), one.data, [hmm])
    assert Scale("logit").value(low) > 1e-4
    assert Scale("logit").value(high) < 1 - 1e-4
