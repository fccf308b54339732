"""Arguments of a wrong type are refused by one sentence that names them, wherever they come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Priors,
    Sequences,
    count_starts,
    fit,
    forecast,
    initialization,
    log_likelihood,
    relabel,
    restarts,
    sample,
    sample_posterior_paths,
    simulation,
    smooth,
    split_by_sequence,
    split_by_time,
    symbol_starts,
    viterbi,
)

HALVES = np.full((2, 2), 0.5)
MODEL = HMM(HALVES[0], HALVES, Gaussian.univariate([0.0, 1.0], 1.0))
DATA = Sequences([[0.0], [1.0], [2.0], [1.0]], [2, 2])
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"x": [1.0, 2.0], "g": [0, 0]})


@pytest.mark.parametrize("rng", [0, None, np.random.RandomState(0)])
@pytest.mark.parametrize(
    "call",
    [
        lambda rng: sample(MODEL, 1, 3, rng),
        lambda rng: sample_posterior_paths(MODEL, DATA, 2, rng),
        lambda rng: simulation.softmax_structure(2, rng),
        lambda rng: initialization.random(DATA, 2, rng),
        lambda rng: initialization.kmeans(DATA, 2, rng),
        lambda rng: initialization.near_truth(MODEL, rng),
        lambda rng: initialization.nudge(MODEL, rng),
        lambda rng: count_starts.random(DATA, 2, rng),
        lambda rng: count_starts.kmeans(DATA, 2, rng),
        lambda rng: symbol_starts.random(2, 3, rng),
        lambda rng: symbol_starts.kmeans(DATA, 2, 3, rng),
        lambda rng: NeuralGaussian.random(2, rng),
        lambda rng: NeuralGaussian.near_means([0.0, 1.0], rng),
        lambda rng: split_by_sequence(DATA, 0.5, rng),
    ],
)
def test_a_seed_is_no_generator(call: Callable[[Any], object], rng: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^rng is .*; it must be a generator: pass np\.random\.default_rng\(seed"
    ):
        call(rng)


def test_a_seed_is_no_generator_of_starts() -> None:
    with pytest.raises(ValueError, match=r"^rng is 0; it must be a generator"):
        restarts(EM(DATA), lambda data, rng: MODEL, 2, 0)


@pytest.mark.parametrize(
    "value", ["1", None, [1.0], True, 1j, np.ma.masked, pytest.param(10**400, id="huge")]
)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("learning_rate", lambda value: GradientAscent(DATA, learning_rate=value)),
        ("tolerance", lambda value: fit(EM(DATA), MODEL, tolerance=value)),
        ("persistence", lambda value: simulation.sticky_structure(2, value)),
        ("separation", lambda value: simulation.evenly_spaced_means(2, value)),
        ("lowest", lambda value: simulation.evenly_spaced_rates(2, 1.0, value)),
        ("sharpness", lambda value: simulation.favourite_symbol_probs(2, 2, value)),
        ("sd", lambda value: simulation.tilted_covariances(2, value)),
        ("correlation", lambda value: simulation.tilted_covariances(2, 1.0, value)),
        ("amount", lambda value: initialization.near_truth(MODEL, RNG, amount=value)),
        ("scale", lambda value: initialization.nudge(MODEL, RNG, scale=value)),
        ("level", lambda value: forecast(MODEL, DATA, level=value)),
        ("test_share", lambda value: split_by_time(DATA, value)),
    ],
)
def test_what_is_no_number_is_refused(name: str, call: Callable[[Any], object], value: Any) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is .*; it must "):
        call(value)


def test_numbers_of_other_types_are_numbers() -> None:
    for rate in (1, np.float32(1.0), np.int64(1), np.array(1.0)):
        found = GradientAscent(DATA, learning_rate=rate).learning_rate
        assert found == 1.0
        assert type(found) is float


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: HMM(HALVES[0], HALVES, None), r"emissions is None; it must be a family"),
        (lambda: HMM(HALVES[0], HALVES, Gaussian), r"emissions is <class .*; it must be a family"),
        (lambda: log_likelihood(MODEL, np.zeros(3)), "sequences is of type ndarray; it must be"),
        (lambda: smooth(np.zeros(3), DATA), "hmm is of type ndarray; it must be an HMM"),
        (lambda: viterbi(DATA, MODEL), "hmm is of type Sequences; it must be an HMM"),
        (lambda: viterbi(HMM, DATA), "hmm is HMM; it must be an HMM"),
        (lambda: sample(None, 1, 1, RNG), "hmm is None; it must be an HMM"),
        (lambda: initialization.nudge(DATA, RNG), "hmm is of type Sequences; it must be an HMM"),
        (lambda: initialization.near_truth(DATA, RNG), "hmm is of type Sequences; it must be"),
        (lambda: initialization.random([1.0], 2, RNG), "sequences is of type list; it must be"),
        (lambda: initialization.quantiles([1.0], 2), "sequences is of type list; it must be"),
        (lambda: EM(np.zeros(3)), "sequences is of type ndarray; it must be Sequences"),
        (lambda: GradientAscent([1.0]), "sequences is of type list; it must be Sequences"),
        (lambda: EM(DATA).init(DATA), "hmm is of type Sequences; it must be an HMM"),
        (lambda: GradientAscent(DATA).init(None), "hmm is None; it must be an HMM"),
        (lambda: EM(DATA, variance_floor="1"), "variance_floor is '1'; it must be a positive"),
        (lambda: Priors(None, None, "1", 1.0), "variance_shape is '1'; it must be a positive"),
        (lambda: EM(DATA, trainable=5), "trainable is 5; it must be a set of names"),
        (lambda: EM(DATA, trainable=[["means"]]), r"trainable is \[\['means'\]\]; it must be a s"),
        (lambda: Gaussian([[0.0]], [[1.0]], ["diag"]), r"covariance_type is \['diag'\]; it must"),
        (lambda: MODEL.permute([[0, 1], [1]]), r"permutation is \[\[0, 1\], \[1\]\]; it must hold"),
        (lambda: relabel([0, 1], [[0, 1], [1]]), r"permutation is \[\[0, 1\], \[1\]\]; it must "),
        (lambda: relabel([0], []), r"permutation is \[\]; it must hold"),
        (lambda: Sequences.from_list(None), "sequences is None; it must be a list of arrays"),
        (lambda: Sequences.from_frame({"x": [1.0]}, "x"), "frame is of type dict; it must be"),
        (lambda: Sequences.from_frame(FRAME, "x", ["g"]), r"sequence_column names .*\['g'\]; it m"),
        (lambda: Sequences.from_frame(FRAME, [["x"]]), r"value_columns names .*\['x'\]; it must"),
        (lambda: Sequences.from_frame(FRAME, 5), r"there is no column 5; the columns are"),
        (lambda: DATA[0:1], r"n is slice\(0, 1, None\); it must be one whole number"),
        (lambda: DATA.select("0"), "n is '0'; it must be one whole number"),
        (lambda: DATA[True], "n is True; it must be one whole number"),
    ],
)
def test_what_is_of_a_wrong_type_is_refused(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        call()
