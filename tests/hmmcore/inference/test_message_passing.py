"""Messages against enumeration of every path, exact fractions, and the functions beside them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from hmmcore import (
    HMM,
    Categorical,
    Gaussian,
    ImpossibleDataError,
    Poisson,
    Sequences,
    joint_log_prob,
    messages,
    preset,
    smooth,
    viterbi,
    viterbi_ties,
)
from hmmcore.inference import message_passing, with_observation
from tests.hmmcore.inference.test_posterior import awkward_table, every_config, rounding
from tests.hmmcore.models import Case, Config, TableEmissions
from tests.hmmcore.oracle import enumerate_paths

UMBRELLA = Case(
    HMM([0.5, 0.5], [[0.7, 0.3], [0.3, 0.7]], Categorical([[0.9, 0.1], [0.2, 0.8]])),
    Sequences([0, 0, 1, 0, 0]),
)
LOPSIDED = Case(
    HMM(
        [0.5, 0.25, 0.25],
        [[0.5, 0.25, 0.25], [0.0, 0.75, 0.25], [0.5, 0.0, 0.5]],
        Categorical([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.0, 0.125, 0.875]]),
    ),
    Sequences([0, 1, np.nan, 2, 1]),
)


class Exact:
    """All messages of one sequence of symbols as fractions, each a sum over paths."""

    def __init__(self, hmm: HMM, symbols) -> None:
        # The decimals that were typed, not the doubles next to them.
        def exact(value):
            return Fraction(repr(float(value)))

        self.initial = [exact(p) for p in hmm.initial_probs]
        self.transition = [[exact(p) for p in row] for row in hmm.transition_matrix]
        self.symbols = symbols
        self.emission = [
            [exact(row[int(x)]) if x == x else Fraction(1) for row in hmm.emissions.probs]
            for x in symbols
        ]
        self.states = range(hmm.num_states)
        self.times = range(len(symbols))

    def joint(self, path) -> Fraction:
        """p(path, x_1..x_t) of the first t states of a path."""
        value = self.initial[path[0]] * self.emission[0][path[0]]
        for t in range(1, len(path)):
            value *= self.transition[path[t - 1]][path[t]] * self.emission[t][path[t]]
        return value

    def paths(self, length: int):
        return product(self.states, repeat=length)

    def likelihood(self, length: int) -> Fraction:
        return sum(map(self.joint, self.paths(length))) if length else Fraction(1)

    def after(self, t: int, state: int) -> Fraction:
        """p(x_{t+1}..x_M | z_t = state)."""
        total = Fraction(0)
        for rest in self.paths(len(self.symbols) - 1 - t):
            value, before = Fraction(1), state
            for s, k in enumerate(rest, t + 1):
                value *= self.transition[before][k] * self.emission[s][k]
                before = k
            total += value
        return total


@pytest.mark.parametrize("case", [UMBRELLA, LOPSIDED], ids=["umbrella", "with zeros and a gap"])
def test_messages_are_the_exact_fractions(case):
    found = messages(*case)
    exact = Exact(case.hmm, case.sequences.observations[:, 0])
    length = len(exact.symbols)
    up_to = [exact.likelihood(t) for t in range(length + 1)]

    def close(value, fraction):
        np.testing.assert_allclose(value, float(fraction), rtol=1e-14, atol=0.0)

    for t in exact.times:
        close(found.scales[t], up_to[t + 1] / up_to[t])
        forward = [
            sum(exact.joint(path) for path in exact.paths(t + 1) if path[-1] == k)
            for k in exact.states
        ]
        for k in exact.states:
            close(found.filtered_probs[t, k], forward[k] / up_to[t + 1])
            backward = exact.after(t, k) * up_to[t + 1] / up_to[-1]
            close(found.backward[t, k], backward)
            close(found.smoothed_probs[t, k], forward[k] * exact.after(t, k) / up_to[-1])
            best = max(exact.joint(path) for path in exact.paths(t + 1) if path[-1] == k)
            close(np.exp(found.viterbi_scores[t, k]), best)
            if t == 0:
                close(found.predicted_probs[t, k], exact.initial[k])
                continue
            ways = [
                max(exact.joint(path) for path in exact.paths(t) if path[-1] == i)
                * exact.transition[i][k]
                for i in exact.states
            ]
            expected = [way == max(ways) > 0 for way in ways]
            np.testing.assert_array_equal(found.back_pointers[t - 1, :, k], expected)
            before = [
                sum(exact.joint(path) for path in exact.paths(t) if path[-1] == i)
                for i in exact.states
            ]
            moved = (
                sum(p * row[k] for p, row in zip(before, exact.transition, strict=True)) / up_to[t]
            )
            close(found.predicted_probs[t, k], moved)
            for i in exact.states:
                pair = before[i] * exact.transition[i][k] * exact.emission[t][k] * exact.after(t, k)
                close(found.pair_probs[t - 1, i, k], pair / up_to[-1])


def test_the_umbrella_has_its_published_figures():
    found = messages(*UMBRELLA)
    np.testing.assert_allclose(found.smoothed_probs[:, 0], [0.8673, 0.8204, 0.3075, 0.8204, 0.8673],
                               rtol=0, atol=5e-5)  # fmt: skip
    likelihood = Fraction(68607401, 2000000000)
    np.testing.assert_allclose(np.exp(found.log_likelihood), float(likelihood), rtol=1e-14)
    rain = [59505867, 56286819, 21095649, 56286819, 59505867]
    np.testing.assert_allclose(found.smoothed_probs[:, 0], np.array(rain) / 68607401, rtol=1e-14)
    np.testing.assert_allclose(
        np.exp(found.viterbi_scores[-1].max()), 2893401 / 250000000, rtol=1e-14
    )
    np.testing.assert_array_equal(found.best_states.argmax(axis=1), [0, 0, 1, 0, 0])


def assert_messages_are_right(hmm: HMM, sequence: Sequences) -> None:
    """Of one sequence that is possible: every number against enumeration, or its definition."""
    found = messages(hmm, sequence)
    scores = hmm.emissions.log_likelihoods(sequence.observations)
    truth = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores)
    atol = rounding(hmm, sequence)
    np.testing.assert_allclose(found.log_likelihood, truth.log_likelihood, rtol=1e-12, atol=atol)
    np.testing.assert_allclose(found.filtered_probs, truth.filtered, rtol=0, atol=atol)
    np.testing.assert_allclose(found.smoothed_probs, truth.smoothed, rtol=0, atol=atol)
    np.testing.assert_allclose(
        found.pair_probs.sum(axis=0), truth.transition_counts, rtol=0, atol=atol * found.length
    )
    # Each pair's table has the posteriors of its two times as its margins.
    np.testing.assert_allclose(
        found.pair_probs.sum(axis=2), found.smoothed_probs[:-1], rtol=0, atol=atol
    )
    np.testing.assert_allclose(
        found.pair_probs.sum(axis=1), found.smoothed_probs[1:], rtol=0, atol=atol
    )
    np.testing.assert_allclose(
        found.log_filtered, found.log_predicted + found.log_gains, rtol=0, atol=atol
    )
    finite = np.isfinite(scores)
    np.testing.assert_allclose(
        (found.log_gains + found.log_scales[:, np.newaxis])[finite], scores[finite],
        rtol=1e-14, atol=atol,
    )  # fmt: skip
    np.testing.assert_array_equal(found.log_emissions, scores)
    # What passes backwards, by enumeration of what may follow.
    for t in range(found.length - 1):
        rest = scores[t + 1 :]
        after = np.array([
            enumerate_paths(row, hmm.transition_matrix, rest).log_likelihood
            for row in hmm.transition_matrix
        ])  # fmt: skip
        expected = after - found.log_scales[t + 1 :].sum()
        np.testing.assert_allclose(found.log_backward[t], expected, rtol=1e-12, atol=atol)
    np.testing.assert_array_equal(found.log_backward[-1], 0.0)
    np.testing.assert_allclose(
        found.viterbi_scores[-1].max(), viterbi(hmm, sequence).log_joints[0], rtol=1e-12, atol=atol
    )
    for t in range(found.length):
        beginning = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, scores[: t + 1])
        for k in range(hmm.num_states):
            best = beginning.log_joints[beginning.paths[:, -1] == k].max()
            np.testing.assert_allclose(
                found.viterbi_scores[t, k], float(best), rtol=1e-12, atol=atol
            )
    tied = viterbi_ties(hmm, sequence).paths
    expected = np.zeros(found.best_states.shape, dtype=bool)
    expected[np.arange(found.length), tied] = True
    np.testing.assert_array_equal(found.best_states, expected)


@pytest.mark.parametrize("seed", range(3))
@every_config
def test_messages_equal_enumeration(config, seed):
    hmm, sequences = config.make(seed)
    for n in range(len(sequences)):
        assert_messages_are_right(hmm, sequences.select(n))


@pytest.mark.parametrize("block", range(5))
def test_messages_equal_enumeration_where_numbers_alone_would_underflow(block):
    possible = 0
    for seed in range(block * 60, block * 60 + 60):
        hmm, sequence = awkward_table(seed)
        if viterbi(hmm, sequence).log_joints[0] == -np.inf:
            truth = enumerate_paths(hmm.initial_probs, hmm.transition_matrix, hmm.emissions.table)
            with pytest.raises(ImpossibleDataError) as error:
                messages(hmm, sequence)
            assert (error.value.sequence, error.value.time) == (0, truth.impossible_at)
            continue
        possible += 1
        assert_messages_are_right(hmm, sequence)
    assert possible > 20


@every_config
def test_messages_agree_with_smooth_and_viterbi(config):
    hmm, sequences = config._replace(lengths=(400,)).make(0)
    found, posterior = messages(hmm, sequences), smooth(hmm, sequences)
    atol = 20.0 * rounding(hmm, sequences)
    np.testing.assert_allclose(
        found.log_likelihood, posterior.log_likelihood, rtol=1e-12, atol=atol
    )
    np.testing.assert_allclose(found.filtered_probs, posterior.filtered_probs, rtol=0, atol=atol)
    np.testing.assert_allclose(found.smoothed_probs, posterior.smoothed_probs, rtol=0, atol=atol)
    np.testing.assert_allclose(
        found.pair_probs.sum(axis=0), posterior.transition_counts, rtol=0, atol=atol * found.length
    )
    path = viterbi(hmm, sequences)
    assert found.best_states[np.arange(found.length), path.states].all()
    np.testing.assert_allclose(
        found.viterbi_scores[-1].max(), path.log_joints[0], rtol=1e-12, atol=atol
    )
    with np.errstate(invalid="ignore"):
        together = found.filtered_probs * found.backward
    numbers = np.isfinite(found.backward)
    np.testing.assert_allclose(
        together[numbers], found.smoothed_probs[numbers], rtol=1e-12, atol=1e-300
    )


def test_every_one_of_several_equally_good_ways_is_marked():
    # Both states are alike, so that every path is as good as every other.
    hmm = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian.univariate([1.0, 1.0], 1.0))
    found = messages(hmm, [0.3, 1e9, -2.0])
    assert found.back_pointers.all()
    assert found.best_states.all()


def test_a_state_that_cannot_be_reached_has_no_way_to_it():
    hmm = HMM([1.0, 0.0], [[1.0, 0.0], [0.5, 0.5]], Gaussian.univariate([0.0, 9.0], 1.0))
    found = messages(hmm, [0.0, 9.0])
    np.testing.assert_array_equal(found.back_pointers[0], [[True, False], [False, False]])
    np.testing.assert_array_equal(found.best_states, [[True, False]] * 2)
    np.testing.assert_array_equal(found.filtered_probs, [[1.0, 0.0]] * 2)
    assert found.viterbi_scores[1, 1] == -np.inf


def test_scales_whose_numbers_underflow_are_there_as_logs():
    hmm = HMM([0.5, 0.5], np.eye(2), Gaussian.univariate([0.0, 1e4], 1.0))
    found = messages(hmm, [0.0, 2e5])
    assert found.scales[1] == 0.0
    np.testing.assert_allclose(
        found.log_scales[1], log_density(2e5 - 1e4) + found.log_filtered[0, 1], rtol=1e-12
    )
    np.testing.assert_allclose(found.smoothed_probs, [[0.0, 1.0]] * 2, rtol=0, atol=1e-12)
    assert found.filtered_probs[0, 1] == 0.0
    assert found.backward[0, 1] == np.inf


def log_density(gap):
    return -0.5 * (np.log(2.0 * np.pi) + gap**2)


@pytest.mark.parametrize("gone", [[0], [3], [1, 2], [0, 1, 2, 3]])
def test_what_is_missing_has_the_scale_one_and_changes_nothing(gone):
    hmm = UMBRELLA.hmm
    symbols = np.array([0.0, 1.0, 1.0, 0.0])
    symbols[gone] = np.nan
    found = messages(hmm, symbols)
    np.testing.assert_allclose(found.scales[gone], 1.0, rtol=1e-15)
    np.testing.assert_allclose(found.filtered_probs[gone], found.predicted_probs[gone], rtol=1e-14)


def test_one_state_and_one_observation():
    alone = messages(HMM([1.0], [[1.0]], Poisson([2.0])), [3.0])
    np.testing.assert_allclose(alone.scales, [np.exp(-2.0) * 8.0 / 6.0], rtol=1e-14)
    for probs in (alone.predicted_probs, alone.filtered_probs, alone.backward):
        np.testing.assert_array_equal(probs, [[1.0]])
    assert alone.pair_probs.shape == alone.back_pointers.shape == (0, 1, 1)
    assert alone.best_states.all()


def test_what_no_state_can_explain_is_named():
    hmm = HMM([1.0, 0.0], np.eye(2), Categorical([[1.0, 0.0], [0.5, 0.5]]))
    with pytest.raises(ImpossibleDataError, match="at time 2 no state") as error:
        messages(hmm, [0, 0, 1, 1])
    assert (error.value.sequence, error.value.time) == (0, 2)


def test_several_sequences_are_refused():
    hmm, sequences = preset("notebook").truth, preset("notebook").sequences
    with pytest.raises(ValueError, match=r"^there are 2 sequences; messages pass along one\. Pick"):
        messages(hmm, sequences)
    np.testing.assert_allclose(
        [messages(hmm, sequences.select(n)).log_likelihood for n in range(2)],
        [-16.642002954134917, -14.153760673552545],
        rtol=1e-13,
    )


def test_what_would_take_too_much_memory_is_refused(monkeypatch):
    monkeypatch.setattr(message_passing, "MOST_PAIRS", 20)
    with pytest.raises(
        ValueError, match=r"^messages along 6 observations with 2 states would be 24"
    ):
        messages(UMBRELLA.hmm, np.zeros(6))
    assert messages(UMBRELLA.hmm, np.zeros(5)).length == 5


def test_a_sequence_of_another_kind_is_refused():
    with pytest.raises(ValueError, match=r"^observations row 1 is 2; a symbol must be"):
        messages(UMBRELLA.hmm, [0, 2])


def test_the_paths_that_are_marked_are_the_best():
    table = np.log([[0.5, 0.5, 0.1], [0.2, 0.2, 0.9], [0.6, 0.6, 0.1]])
    hmm, sequence = TableEmissions.case(np.full(3, 1 / 3), np.full((3, 3), 1 / 3), table)
    found = messages(hmm, sequence)
    paths = [p for p in product(range(3), repeat=3) if all(found.best_states[range(3), p])]
    assert paths == [(i, 2, j) for i in range(2) for j in range(2)]
    for path in paths:
        np.testing.assert_allclose(
            joint_log_prob(hmm, sequence, path), found.viterbi_scores[-1].max(), rtol=1e-14
        )


@pytest.mark.parametrize("value", [1.0, [1.0], np.nan, None, np.array(1)])
def test_one_observation_is_changed_and_nothing_else(value):
    hmm, sequence = UMBRELLA
    changed = with_observation(hmm, sequence, 1, value)
    expected = [0.0, np.nan if value is None or value != value else 1.0, 1.0, 0.0, 0.0]
    np.testing.assert_array_equal(changed.observations[:, 0], expected)
    np.testing.assert_array_equal(sequence.observations[:, 0], [0, 0, 1, 0, 0])
    assert with_observation(hmm, changed, 1, 0.0) == sequence
    before, after = messages(hmm, sequence), messages(hmm, changed)
    np.testing.assert_array_equal(before.filtered_probs[0], after.filtered_probs[0])
    assert (before.smoothed_probs != after.smoothed_probs).all()


def test_one_coordinate_of_an_observation_can_be_missing():
    hmm = HMM([1.0], [[1.0]], Gaussian([[0.0, 1.0]], [[1.0, 1.0]]))
    changed = with_observation(hmm, Sequences([[0.0, 1.0], [2.0, 3.0]]), 1, [np.nan, 4.0])
    np.testing.assert_array_equal(changed.observations, [[0.0, 1.0], [np.nan, 4.0]])


@pytest.mark.parametrize(
    ("t", "value", "message"),
    [
        (5, 0.0, r"^t is 5; the sequence has the times 0\.\.4\.$"),
        (-1, 0.0, r"^t is -1; it must be at least 0\.$"),
        (1, 2.0, r"^observations row 1 is 2; a symbol must be a whole number in 0\.\.1\.$"),
        (1, 0.5, r"^observations row 1 is 0\.5; a symbol must be"),
        (1, np.inf, r"^observations row 1 is \[inf\] \(column 0\); every value must be a finite"),
        (1, [0.0, 1.0], r"^value has shape \(2,\); an observation has 1 dimensions\.$"),
        (1, [[0.0]], r"^value has shape \(1, 1\); an observation has 1 dimensions\.$"),
        (1, "rain", r"^value must be an array of numbers: it holds the text 'rain'\.$"),
    ],
)
def test_an_observation_that_cannot_be_is_refused(t, value, message):
    with pytest.raises(ValueError, match=message):
        with_observation(*UMBRELLA, t, value)


def test_an_observation_of_several_sequences_is_refused():
    notebook = preset("notebook")
    with pytest.raises(ValueError, match=r"^there are 2 sequences; messages pass along one"):
        with_observation(notebook.truth, notebook.sequences, 0, 1.0)


def test_rounding_does_not_grow_along_a_long_sequence():
    hmm, sequence = Config("dense", 3, (50_000,)).make(0)
    found = messages(hmm, sequence)
    for probs in (found.predicted_probs, found.filtered_probs, found.smoothed_probs):
        np.testing.assert_allclose(probs.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(found.pair_probs.sum(axis=(1, 2)), 1.0, rtol=1e-14)
    posterior = smooth(hmm, sequence)
    np.testing.assert_allclose(found.smoothed_probs, posterior.smoothed_probs, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.log_likelihood, posterior.log_likelihood, rtol=1e-13)
