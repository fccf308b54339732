"""Training some numbers of a model: these climb as high as they can, and no other moves."""

from __future__ import annotations

import numpy as np
import pytest
import scipy

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Priors,
    Sequences,
    Ties,
    fit,
    smooth,
)
from hmmcore.coordinates import flat, is_distribution, place_of, spelled, value_at, with_values
from hmmcore.emissions import beginning_of, member_of, own_name, with_parameters
from hmmcore.emissions.base import Remedy
from tests.hmmcore.models import Config, TableEmissions, as_full, every_kind
from tests.hmmcore.training.chosen import Coordinates, arrays, assert_others_stay, selections
from tests.hmmcore.training.problems import (
    PROBLEMS,
    assert_never_falls,
    every_problem,
    every_trainer,
    parameters,
    start_and_data,
)


def moved(hmm: HMM, coordinates: Coordinates, moves: np.ndarray) -> HMM:
    """The model with its chosen numbers elsewhere: means by as much, all others in logarithm.

    The logit of a probability moves, so that the rest of its row keeps its proportions.
    """
    values = {name: found.copy() for name, found in arrays(hmm).items() if is_distribution(name)}
    for at, move in zip(coordinates, moves, strict=True):
        name = str(flat(at)[0])
        if is_distribution(name):
            values[name][place_of(hmm, at)] *= np.exp(move)
        elif own_name(name) == "means":
            hmm = with_values(hmm, {at: value_at(hmm, at) + move})
        else:
            hmm = with_values(hmm, {at: value_at(hmm, at) * np.exp(move)})
    for found in values.values():
        found /= found.sum(axis=-1, keepdims=True)
    chain = values.pop("initial_probs"), values.pop("transition_matrix")
    return HMM(*chain, with_parameters(hmm.emissions, values))


def expected_log_joint(state, hmm: HMM, sequences: Sequences) -> float:
    """E[log p(x, z)] of a model, where the expectation is under another one's posterior.

    Up to a constant; of correlated dimensions, of which some are missing, from expected products.
    """
    expected = state.expectations
    total = scipy.special.xlogy(expected.initial_counts, hmm.initial_probs).sum()
    total += scipy.special.xlogy(expected.transition_counts, hmm.transition_matrix).sum()
    emissions = hmm.emissions
    if getattr(emissions, "covariance_type", "diag") in ("full", "tied"):
        found = expected.emissions
        for k, covariance in enumerate(as_full(emissions)):
            move = emissions.means[k] - state.hmm.emissions.means[k]
            cross = np.outer(move, found["deviations"][k])
            weight = found["weights"][k]
            products = found["squares"][k] - cross - cross.T + weight * np.outer(move, move)
            total -= 0.5 * weight * np.linalg.slogdet(covariance)[1]
            total -= 0.5 * np.trace(np.linalg.solve(covariance, products))
        return float(total)
    weights = smooth(state.hmm, sequences).smoothed_probs
    scores = emissions.log_likelihoods(sequences.observations)
    return float(total + (weights * np.where(weights > 0.0, scores, 0.0)).sum())


def assert_is_highest(before, after: HMM, coordinates: Coordinates, objective) -> None:
    """No other values of the chosen numbers, found by search, give a higher objective."""
    start = np.zeros(len(coordinates))

    def loss(moves: np.ndarray) -> float:
        return -objective(moved(before.hmm, coordinates, moves))

    found = scipy.optimize.minimize(loss, start, method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000})  # fmt: skip
    assert objective(after) >= -found.fun - 1e-13 * abs(found.fun)


@every_problem
def test_an_em_step_is_the_maximiser_over_the_chosen_numbers(problem):
    hmm, sequences = start_and_data(problem)
    for coordinates in selections(hmm):
        trainer = EM(sequences, coordinates=coordinates)
        state = trainer.init(hmm)
        after = trainer.step(state).hmm
        assert_others_stay(hmm, after, coordinates, rtol=1e-14)
        assert_is_highest(
            state, after, coordinates, lambda at, s=state: expected_log_joint(s, at, sequences)
        )


@pytest.mark.parametrize("family", ["gaussian", "categorical", "poisson"])
def test_with_priors_a_step_is_the_maximiser_of_the_expected_log_posterior(family):
    hmm, sequences = start_and_data(Config("dense", 3, (40, 7), scale=1.0, family=family))
    variances = {"variance_shape": 2.0, "variance_scale": 1.5} if family == "gaussian" else {}
    priors = Priors([2.0, 1.0, 3.0], 1.0 + np.arange(9.0).reshape(3, 3), **variances)
    for coordinates in selections(hmm):
        trainer = EM(sequences, priors=priors, coordinates=coordinates)
        state = trainer.init(hmm)
        after = trainer.step(state).hmm
        assert_others_stay(hmm, after, coordinates, rtol=1e-14)
        assert_is_highest(
            state, after, coordinates,
            lambda at, s=state: expected_log_joint(s, at, sequences) + priors.log_density(at, hmm),
        )  # fmt: skip
        result = fit(trainer, hmm, 30, tolerance=0.0)
        assert (np.diff(result.objectives) >= -1e-12 * np.abs(result.objectives[1:])).all()


@every_problem
def test_em_never_lowers_the_likelihood_and_moves_no_other_number(problem):
    hmm, sequences = start_and_data(problem, seed=1)
    for coordinates in selections(hmm):
        result = assert_never_falls(EM(sequences, coordinates=coordinates), hmm, 20)
        assert_others_stay(hmm, result.hmm, coordinates, rtol=1e-12)


@every_problem
def test_where_em_comes_to_rest_the_chosen_numbers_have_no_slope(problem):
    hmm, sequences = start_and_data(problem)
    for coordinates in selections(hmm):
        if any(is_distribution(flat(c)[0]) for c in coordinates):
            # These may go to zero, which takes forever.
            continue
        trainer = EM(sequences, coordinates=coordinates)
        last = fit(trainer, hmm, 2000, tolerance=1e-15).hmm
        ascent = GradientAscent(sequences, 1.0, "plain", coordinates=coordinates)
        after = ascent.step(ascent.init(last)).hmm
        for coordinate in coordinates:
            np.testing.assert_allclose(
                value_at(after, coordinate), value_at(last, coordinate), rtol=1e-6, atol=1e-6
            )


@every_trainer
@every_problem
def test_all_numbers_of_a_parameter_are_the_parameter(trainer, problem):
    hmm, sequences = start_and_data(problem)
    for whole, values in arrays(hmm).items():
        name, first = own_name(whole), beginning_of(whole)
        emissions = (
            hmm.emissions
            if whole in ("initial_probs", "transition_matrix")
            else (member_of(hmm.emissions, whole))
        )
        kind = getattr(emissions, "covariance_type", "diag")
        parameter = f"{first}covariances" if name == "standard_deviations" else whole
        if parameter not in parameters(hmm):
            continue
        places = list(np.ndindex(values.shape))
        if name == "standard_deviations" and kind in ("full", "tied"):
            if emissions.num_dimensions > 1:
                continue
            places = places[:1] if kind == "tied" else places
        if name == "standard_deviations" and kind == "spherical":
            places = [place for place in places if place[1] == 0]
        coordinates = tuple(spelled((whole, *place)) for place in places)
        some = fit(trainer(sequences, coordinates=coordinates), hmm, 5, tolerance=0.0)
        whole = fit(trainer(sequences, trainable={parameter}), hmm, 5, tolerance=0.0)
        assert some.hmm == whole.hmm
        np.testing.assert_array_equal(some.log_likelihoods, whole.log_likelihoods)


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
@every_problem
def test_gradient_ascent_moves_no_other_number(optimizer, problem):
    hmm, sequences = start_and_data(problem)
    for coordinates in selections(hmm):
        ascent = GradientAscent(sequences, 0.01, optimizer, coordinates=coordinates)
        last = fit(ascent, hmm, 5, tolerance=0.0).hmm
        assert_others_stay(hmm, last, coordinates, rtol=1e-12)


@every_problem
def test_a_plain_step_goes_along_the_slopes_of_the_chosen_numbers(problem):
    hmm, sequences = start_and_data(problem)
    for coordinates in selections(hmm):
        ascent = GradientAscent(sequences, 1e-3, "plain", coordinates=coordinates)
        state = ascent.init(hmm)
        # Slopes by central differences of the likelihood itself.
        size = 1e-5
        slopes = []
        for step in size * np.eye(len(coordinates)):
            up, down = (
                ascent.init(moved(hmm, coordinates, sign * step)).log_likelihood
                for sign in (1.0, -1.0)
            )
            slopes.append((up - down) / (2.0 * size * sequences.num_observations))
        expected = moved(hmm, coordinates, 1e-3 * np.array(slopes))
        after = ascent.step(state).hmm
        for coordinate in coordinates:
            np.testing.assert_allclose(
                value_at(after, coordinate), value_at(expected, coordinate), rtol=1e-10, atol=1e-10
            )


def test_one_of_two_probabilities_is_the_whole_row():
    structure = [0.5, 0.5], [[0.8, 0.2], [0.3, 0.7]]
    hmm = HMM(*structure, Gaussian([0.0, 3.0], [1.0, 2.0]))
    sequences = Sequences([0.3, 3.4, 1.0, 0.2, -1.0, 2.0])
    coordinates = ("transition_matrix", 0, 1), ("transition_matrix", 1, 1)
    some = fit(EM(sequences, coordinates=coordinates), hmm, 20, tolerance=0.0)
    whole = fit(EM(sequences, {"transition_matrix"}), hmm, 20, tolerance=0.0)
    assert some.hmm == whole.hmm


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_what_another_trainer_remembers_moves_no_other_number(optimizer):
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    state = (whole := GradientAscent(sequences, optimizer=optimizer)).init(hmm)
    for _ in range(3):
        state = whole.step(state)
    coordinates = (("means", 1, 0), ("transition_matrix", 0, 0))
    some = GradientAscent(sequences, optimizer=optimizer, coordinates=coordinates)
    after = some.step(state).hmm
    assert_others_stay(state.hmm, after, coordinates, rtol=1e-12)
    assert after.emissions.means[1, 0] != state.hmm.emissions.means[1, 0]


@every_kind
@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_only_a_variance_that_is_trained_meets_the_floor(trainer, kind):
    """Two of three states explain one value each: their variances would collapse."""
    sequences = Sequences([0.0, 0.0, 5.0, 5.0, 20.0, 21.0, 24.0] * 4)
    variances = 1e-3 if kind == "tied" else [1e-3, 1e-3, 1.0]
    structure = np.full(3, 1 / 3), np.full((3, 3), 1 / 3)
    hmm = HMM(*structure, Gaussian([0.0, 5.0, 21.0], variances, kind))
    chosen = (("standard_deviations", 0, 0),)
    with pytest.raises(ValueError, match=r"variance 0\.001 in state 0, below variance_floor 0\.01"):
        trainer(sequences, variance_floor=0.01, coordinates=chosen).init(hmm)
    options = {"learning_rate": 5.0} if trainer is GradientAscent else {}
    training = trainer(sequences, variance_floor=5e-4, coordinates=chosen, **options)
    state = training.step(training.init(hmm))
    if kind == "tied":
        assert state.remedies == ()
        return
    assert state.remedies == (Remedy(0, "variance_floor"),)
    np.testing.assert_allclose(
        state.hmm.emissions.covariances.ravel(), [5e-4, 1e-3, 1.0], rtol=1e-12
    )
    np.testing.assert_array_equal(state.hmm.emissions.covariances.ravel()[1:], [1e-3, 1.0])
    # A variance that is held may lie below.
    last = (("standard_deviations", 2, 0),)
    training = trainer(sequences, variance_floor=0.01, coordinates=last, **options)
    state = training.step(training.init(hmm))
    assert state.remedies == ()
    np.testing.assert_array_equal(state.hmm.emissions.covariances.ravel()[:2], [1e-3, 1e-3])


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_a_state_without_data_keeps_its_numbers(trainer):
    hmm = HMM([1.0, 0.0], np.eye(2), Gaussian([0.0, 3.0], [1.0, 2.0]))
    coordinates = ("means", 1), ("transition_matrix", 1, 0), ("initial_probs", 1)
    training = trainer(Sequences([0.3, 0.4, 1.0]), coordinates=coordinates)
    assert training.step(training.init(hmm)).hmm == hmm
    hmm = HMM([1.0, 0.0], [[1.0, 0.0], [0.3, 0.7]], Gaussian([0.0, 3.0], [1.0, 2.0]))
    after = training.step(training.init(hmm)).hmm
    np.testing.assert_allclose(after.transition_matrix, hmm.transition_matrix, rtol=1e-15)
    assert after.emissions == hmm.emissions


def test_none_of_no_coordinates_moves():
    hmm, sequences = start_and_data(PROBLEMS["dense, diag, D=1"])
    for trainer in (EM, GradientAscent):
        assert fit(trainer(sequences, coordinates=()), hmm, 3, 0.0).hmm == hmm


def test_ties_of_the_transition_matrix_stay_while_other_numbers_are_trained():
    structure = [0.5, 0.5], [[0.8, 0.2], [0.2, 0.8]]
    hmm = HMM(*structure, Gaussian([0.0, 3.0], [1.0, 2.0]))
    sequences, ties = Sequences([0.3, 3.4, 1.0]), Ties.from_matrix(structure[1])
    for trainer in (EM, GradientAscent):
        training = trainer(sequences, transition_ties=ties, coordinates=(("means", 1),))
        after = training.step(training.init(hmm)).hmm
        assert_others_stay(hmm, after, (("means", 1, 0),), rtol=0.0)
        with pytest.raises(
            ValueError, match="with transition_ties the entries of A are not trained"
        ):
            trainer(sequences, transition_ties=ties, coordinates=(("transition_matrix", 0, 0),))


NUMBERS = Gaussian([[0.0, 1.0], [3.0, 1.0]], [[1.0, 1.0], [2.0, 1.0]])


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
@pytest.mark.parametrize(
    ("coordinates", "emissions", "options", "message"),
    [
        ((("mean", 0, 0),), NUMBERS, {}, r"The model has no 'mean'; it has"),
        ((("means", 2, 0),), NUMBERS, {}, r"no coordinate \('means', 2, 0\): means has shape"),
        ((("means", 0),), NUMBERS, {}, r"no coordinate \('means', 0\)"),
        (
            (("means", 0, 0), ("means", 0, 0)),
            NUMBERS,
            {},
            r"\('means', 0, 0\), the same number as \('means', 0, 0\); leave out one",
        ),
        (
            (("standard_deviations", 0, 0), ("standard_deviations", 0, 1)),
            Gaussian(NUMBERS.means, [1.0, 2.0], "spherical"),
            {},
            "the same number as",
        ),
        (
            (("standard_deviations", 0), ("standard_deviations", 1)),
            Gaussian([0.0, 1.0], 1.0, "tied"),
            {},
            "the same number as",
        ),
        (
            (("means", 0), ("means", 0, 0)),
            Gaussian([0.0, 1.0], [1.0, 1.0]),
            {},
            "the same number as",
        ),
        (
            (("standard_deviations", 0, 0),),
            NUMBERS,
            {"trainable": {"means"}},
            "trainable has no 'covariances'; add it there",
        ),
        ((("means", 0, 0),), NUMBERS, {"trainable": {"mean"}}, "trainable has 'mean'"),
        (
            (("standard_deviations", 0, 0),),
            Gaussian(NUMBERS.means, np.tile(np.eye(2), (2, 1, 1)), "full"),
            {},
            "with full covariances of several dimensions a standard deviation is not trained by",
        ),
        (
            (("standard_deviations", 0, 0),),
            Gaussian(NUMBERS.means, np.eye(2), "tied"),
            {},
            "with tied covariances of several dimensions",
        ),
        (
            (("means", 0, 0),),
            NeuralGaussian.near_means(NUMBERS.means + 1.0, np.random.default_rng(0)),
            {},
            "The means come out of a network",
        ),
    ],
)
def test_what_cannot_be_trained_by_itself_is_refused(
    trainer, coordinates, emissions, options, message
):
    hmm = HMM([0.5, 0.5], [[0.5, 0.5], [0.5, 0.5]], emissions)
    sequences = Sequences(np.arange(6.0).reshape(-1, emissions.num_dimensions))
    with pytest.raises(ValueError, match=message):
        trainer(sequences, coordinates=coordinates, **options).init(hmm)


def test_emissions_that_the_engine_does_not_know_are_held():
    case = TableEmissions.case(
        [0.5, 0.5], [[0.5, 0.5], [0.2, 0.8]], np.log([[0.5, 0.2], [0.1, 0.9]])
    )
    trainer = EM(case.sequences, coordinates=(("transition_matrix", 0, 0),))
    after = trainer.step(trainer.init(case.hmm)).hmm
    assert after.emissions == case.hmm.emissions
    np.testing.assert_array_equal(after.transition_matrix[1], case.hmm.transition_matrix[1])


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
@pytest.mark.parametrize("coordinates", [("means", 0), "means", 3, [["means", 0]]])
def test_what_is_no_tuple_of_coordinates_is_refused(trainer, coordinates):
    with pytest.raises(
        ValueError, match=r"it must be a tuple of coordinates, like \(\('means', 0\)"
    ):
        trainer(Sequences([0.0, 1.0]), coordinates=coordinates)
