"""Named experiments: a true model, data drawn from it, a start, and the question they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from hmmcore import initialization
from hmmcore.arrays import FloatArray, IntArray, quoted, read_only
from hmmcore.emissions import Categorical, Gaussian
from hmmcore.initialization import categorical
from hmmcore.model import HMM
from hmmcore.sequences import Sequences
from hmmcore.simulation import (
    cyclic_structure,
    evenly_spaced_means,
    left_right_structure,
    log_means,
    sample,
    sticky_structure,
)


@dataclass(frozen=True, eq=False)
class Preset:
    """One experiment, ready to train.

    Attributes:
        name: short, for URLs.
        title: for people.
        question: what there is to find out, in plain words.
        truth: the model that produced the data.
        states: z (T,): the hidden path behind the data.
        sequences: the data.
        start: the model that training starts from.
        trainable: names of the parameters that training may change.
    """

    name: str
    title: str
    question: str
    truth: HMM
    states: IntArray
    sequences: Sequences
    start: HMM
    trainable: frozenset[str]


def preset_names() -> tuple[str, ...]:
    """Return the names that `preset` knows, the notebook first."""
    return tuple(_BUILDERS)


@cache
def preset(name: str) -> Preset:
    """Return the experiment of that name; the same name always gives the same numbers.

    Raises:
        ValueError: when there is no such experiment; the message lists those there are.
    """
    if name not in _BUILDERS:
        raise ValueError(f"there is no preset {quoted(name)}; there are {', '.join(_BUILDERS)}.")
    return _BUILDERS[name]()


# The notebook drew these with torch and numpy, both seeded with 1. Its float32 probabilities are
# converted to float64 and divided by their sum. Printed digits here are exact float64 values.
_NOTEBOOK_INITIAL_PROBS = (
    0.15095704990890435,
    0.2255750699611459,
    0.3025065700530898,
    0.20898374270466075,
    0.11197756737219923,
)
_NOTEBOOK_TRANSITION_MATRIX = (
    (
        0.09397325129747207,
        0.20405190149065633,
        0.2246683141142498,
        0.08641154512192782,
        0.390894987975694,
    ),
    (
        0.11245331545203864,
        0.07763006053369695,
        0.041373094068310586,
        0.10145166111389156,
        0.6670918688320623,
    ),
    (
        0.6619420803682262,
        0.10275925373344585,
        0.12994642542066415,
        0.02331855971819189,
        0.08203368075947189,
    ),
    (
        0.047609833734787985,
        0.4206205716451747,
        0.08984769479121142,
        0.08458178857348314,
        0.35734011125534276,
    ),
    (
        0.04900232220435913,
        0.12885778854360158,
        0.012879300574675935,
        0.7628750630570561,
        0.0463855256203072,
    ),
)
_NOTEBOOK_OBSERVATIONS = (
    (
        0.29643945001946703,
        -0.4488778077207725,
        -0.41278789544837,
        -0.045077539972468994,
        0.3692802246528699,
        2.246799726495425,
        -0.8599066067340536,
        3.1589019904853184,
        1.257492046138402,
        1.0429276831353558,
    ),
    (
        1.42312277697379,
        1.9824317014970159,
        1.226958092842508,
        1.5174646134282266,
        2.5282368804989113,
        0.47984275312922575,
        -0.8500523771932261,
        2.570257916526982,
        1.5665654151019544,
        1.2749109904485765,
    ),
)
_NOTEBOOK_STATES = (
    (2, 0, 1, 4, 3, 4, 0, 3, 1, 4),
    (1, 4, 1, 4, 3, 4, 0, 4, 1, 3),
)


def _notebook() -> Preset:
    num_states = len(_NOTEBOOK_INITIAL_PROBS)
    return Preset(
        name="notebook",
        title="The notebook",
        question=(
            "Five states, twenty observations, and a start in which all states are alike: what can "
            "training learn when nothing tells one state from another?"
        ),
        truth=HMM(
            _NOTEBOOK_INITIAL_PROBS,
            _NOTEBOOK_TRANSITION_MATRIX,
            Gaussian.univariate(log_means(num_states), 1.0),
        ),
        states=read_only(np.array(_NOTEBOOK_STATES, dtype=np.int64).ravel()),
        sequences=Sequences.from_array(_NOTEBOOK_OBSERVATIONS),
        start=initialization.symmetric(num_states),
        trainable=frozenset({"initial_probs", "transition_matrix", "means"}),
    )


def _easy() -> Preset:
    return _drawn(
        name="easy",
        title="Well apart, slow to change",
        question=(
            "When every state has values of its own and lasts a while, how few iterations does "
            "training need?"
        ),
        structure=sticky_structure(3, persistence=0.95),
        means=evenly_spaced_means(3, separation=5.0),
        num_sequences=5,
        length=200,
        start=lambda truth, data, rng: initialization.quantiles(data, truth.num_states),
    )


def _overlapping() -> Preset:
    return _drawn(
        name="overlapping",
        title="Overlapping values",
        question=(
            "When one observation alone cannot tell the states apart, how much does its place "
            "in time still reveal?"
        ),
        structure=sticky_structure(3, persistence=0.95),
        means=evenly_spaced_means(3, separation=1.5),
        num_sequences=10,
        length=200,
        start=lambda truth, data, rng: initialization.quantiles(data, truth.num_states),
    )


def _left_right() -> Preset:
    return _drawn(
        name="left-right",
        title="Only forward",
        question=(
            "Each sequence passes through the stages once and never returns. Which transitions "
            "can training never bring back once the start gives them probability zero?"
        ),
        structure=left_right_structure(4, persistence=0.9),
        means=evenly_spaced_means(4, separation=2.0),
        num_sequences=20,
        length=60,
        start=lambda truth, data, rng: initialization.near_truth(truth, rng, amount=0.8),
    )


def _cyclic() -> Preset:
    return _drawn(
        name="cyclic",
        title="Round and round",
        question=(
            "The states always follow each other in the same order. Does training discover the "
            "order, and how close to zero do the other transitions get?"
        ),
        structure=cyclic_structure(4, persistence=0.6),
        means=evenly_spaced_means(4, separation=2.0),
        num_sequences=10,
        length=200,
        start=lambda truth, data, rng: initialization.kmeans(data, truth.num_states, rng),
    )


def _twins() -> Preset:
    return _drawn(
        name="twins",
        title="Twins",
        question=(
            "States 1 and 3 emit exactly the same values. Can their place in the cycle alone tell "
            "them apart?"
        ),
        structure=cyclic_structure(4, persistence=0.6),
        means=np.array([-3.0, 0.0, 3.0, 0.0]),
        num_sequences=10,
        length=200,
        start=lambda truth, data, rng: initialization.near_truth(truth, rng, amount=0.5),
    )


def _fast_switching() -> Preset:
    return _drawn(
        name="fast-switching",
        title="Never still",
        question=(
            "The state almost never stays for a second step. Does knowing what came before still "
            "help to name the present state?"
        ),
        structure=sticky_structure(3, persistence=0.05),
        means=evenly_spaced_means(3, separation=2.0),
        num_sequences=10,
        length=200,
        start=lambda truth, data, rng: initialization.kmeans(data, truth.num_states, rng),
    )


def _umbrella() -> Preset:
    """The umbrella world of Russell and Norvig, Artificial Intelligence: A Modern Approach."""
    return _drawn(
        name="umbrella",
        title="The umbrella world",
        question=(
            "Someone underground sees only whether the director comes in with an umbrella "
            "(symbol 1) or without (symbol 2). Can they tell on which days it rained (state 1)?"
        ),
        structure=sticky_structure(2, persistence=0.7),
        emissions=Categorical([[0.9, 0.1], [0.2, 0.8]]),
        num_sequences=20,
        length=50,
        start=lambda truth, data, rng: initialization.near_truth(truth, rng, amount=0.5),
    )


def _casino() -> Preset:
    """The occasionally dishonest casino of Durbin et al., Biological Sequence Analysis (1998)."""
    return _drawn(
        name="casino",
        title="The dishonest casino",
        question=(
            "A casino now and then swaps its fair die (state 1) for one that shows a six every "
            "other time (state 2). Can the rolls alone reveal when?"
        ),
        structure=(np.array([0.5, 0.5]), np.array([[0.95, 0.05], [0.1, 0.9]])),
        emissions=Categorical([[1 / 6] * 6, [0.1] * 5 + [0.5]]),
        num_sequences=5,
        length=300,
        start=lambda truth, data, rng: categorical.kmeans(data, 2, 6, rng),
    )


def _drawn(
    *,
    name: str,
    title: str,
    question: str,
    structure: tuple[FloatArray, FloatArray],
    num_sequences: int,
    length: int,
    start: Callable[[HMM, Sequences, np.random.Generator], HMM],
    means: ArrayLike | None = None,
    emissions: Categorical | None = None,
) -> Preset:
    """Draw an experiment, everything trainable: `emissions`, or `means` with noise of sd 1.

    The data and the start have their own random streams, so one can change without the other.
    """
    if emissions is None:
        assert means is not None
        truth = HMM(*structure, Gaussian.univariate(means, 1.0))
    else:
        truth = HMM(*structure, emissions)
    data_rng, start_rng = (np.random.default_rng(seed) for seed in (1, 2))
    simulation = sample(truth, num_sequences, length, data_rng)
    return Preset(
        name=name,
        title=title,
        question=question,
        truth=truth,
        states=simulation.states,
        sequences=simulation.sequences,
        start=start(truth, simulation.sequences, start_rng),
        trainable=frozenset(
            {"initial_probs", "transition_matrix", *truth.emissions.parameter_names}
        ),
    )


_BUILDERS: dict[str, Callable[[], Preset]] = {
    "notebook": _notebook,
    "easy": _easy,
    "overlapping": _overlapping,
    "left-right": _left_right,
    "cyclic": _cyclic,
    "twins": _twins,
    "fast-switching": _fast_switching,
    "umbrella": _umbrella,
    "casino": _casino,
}
