"""Ties: one probability at several entries of A, under both trainers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    GradientAscent,
    Priors,
    Sequences,
    Ties,
    fit,
    log_likelihood,
    sample,
    simulation,
    smooth,
)
from tests.hmmcore.models import distributions
from tests.hmmcore.training.problems import PROBLEMS, model_at, start_and_data, unconstrained_of

TRAINERS = {
    "em": EM,
    "adam": GradientAscent,
    "plain": lambda sequences, **options: GradientAscent(sequences, optimizer="plain", **options),
}
every_trainer = pytest.mark.parametrize("trainer", TRAINERS.values(), ids=TRAINERS.keys())

KINDS = {
    "cyclic": Ties.cyclic(4),
    "left-right": Ties.left_right(4),
    "sticky": Ties.from_matrix(simulation.sticky_structure(4, 0.7)[1]),
    "two groups": Ties([[0, 1, 1, 2], [1, 0, 2, 1], [3, 4, 5, -1], [5, -1, 3, 4]]),
    "distinct": Ties(np.arange(16).reshape(4, 4)),
    "some rows": Ties([[0, 1, 2, 3], [3, 2, 1, 0], [4, 5, 6, 7], [8, 9, -1, -1]]),
}
every_kind = pytest.mark.parametrize("ties", KINDS.values(), ids=KINDS.keys())


def tied_case(ties: Ties, seed: int = 0) -> tuple[HMM, Sequences]:
    """A start that satisfies the ties, and data of another model with the same zeros."""
    rng = np.random.default_rng(seed)
    allowed = ties.labels >= 0

    def matrix() -> np.ndarray:
        weights = np.where(allowed, rng.uniform(0.2, 1.0, allowed.shape), 0.0)
        return weights / weights.sum(axis=1, keepdims=True)

    truth = HMM(distributions(rng, 4), matrix(), Gaussian.univariate([-3, -1, 1, 3], 0.8))
    start = HMM(
        distributions(rng, 4),
        ties.imposed_on(matrix()),
        Gaussian.univariate([-2.0, -1.2, 0.7, 2.0], 1.1),
    )
    return start, sample(truth, 3, [60, 10, 40], rng).sequences


def is_tied(matrix: np.ndarray, ties: Ties) -> bool:
    """Whether entries of one label are equal to the last bit, and those without one are zero."""
    labels = ties.labels
    equal = all(len(np.unique(matrix[labels == n])) == 1 for n in np.unique(labels[labels >= 0]))
    return equal and not matrix[labels < 0].any()


# --- which entries ------------------------------------------------------------------------------


def test_structures_have_the_ties_that_their_names_say():
    np.testing.assert_array_equal(Ties.cyclic(3).labels, [[1, 0, -1], [-1, 1, 0], [0, -1, 1]])
    np.testing.assert_array_equal(Ties.left_right(3).labels, [[1, 0, -1], [-1, 1, 0], [-1, -1, 2]])
    np.testing.assert_array_equal(
        Ties.from_matrix(simulation.sticky_structure(3, 0.8)[1]).labels,
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    )
    for build in (Ties.cyclic, Ties.left_right):
        np.testing.assert_array_equal(build(1).labels, [[0]])


def test_ties_of_a_matrix_are_its_equal_entries_and_rounding_does_not_part_them():
    matrix = [[0.1 + 0.2, 0.7, 0.0], [0.0, 0.3, 0.7], [0.25, 0.25, 0.5]]
    ties = Ties.from_matrix(matrix)
    np.testing.assert_array_equal(ties.labels, [[0, 1, -1], [-1, 0, 1], [2, 2, 3]])
    ties.require_satisfied(np.array(matrix))
    # Rows that hold different probabilities are different distributions, even where they agree.
    apart = Ties.from_matrix([[0.5, 0.25, 0.25], [0.5, 0.2, 0.3], [0.25, 0.5, 0.25]])
    np.testing.assert_array_equal(apart.labels, [[1, 0, 0], [4, 2, 3], [0, 1, 0]])


@every_kind
def test_the_number_of_free_parameters_is_the_rank_of_what_can_change(ties):
    start, _ = tied_case(ties)
    # Directions in which a matrix that satisfies the ties may move: rows sum to zero.
    names = np.unique(ties.labels[ties.labels >= 0])
    sums = np.array([[(row == name).sum() for name in names] for row in ties.labels])
    free = len(names) - np.linalg.matrix_rank(sums)
    assert ties.num_free(start.transition_matrix) == free


def test_a_label_of_zeros_is_no_parameter():
    ties = Ties([[0, 1, 2], [1, 2, 0], [3, 4, 5]])
    matrix = np.array([[0.4, 0.6, 0.0], [0.6, 0.0, 0.4], [0.2, 0.3, 0.5]])
    assert ties.num_free(matrix) == 1 + 2


@every_kind
def test_ties_are_values_and_follow_a_permutation(ties):
    assert ties == Ties(ties.labels)
    assert ties != Ties([[0]])
    assert ties != "ties"
    assert not ties.labels.flags.writeable
    start, _ = tied_case(ties)
    order = [2, 0, 3, 1]
    ties.permute(order).require_satisfied(start.permute(order).transition_matrix)
    assert ties.permute(order).num_free(start.permute(order).transition_matrix) == ties.num_free(
        start.transition_matrix
    )


# --- training -----------------------------------------------------------------------------------


@every_trainer
@every_kind
def test_what_is_tied_stays_equal_to_the_last_bit_and_is_learned(ties, trainer):
    start, sequences = tied_case(ties)
    training = trainer(sequences, transition_ties=ties)
    state = training.init(start)
    for _ in range(10):
        state = training.step(state)
        assert is_tied(state.hmm.transition_matrix, ties)
    assert np.abs(state.hmm.transition_matrix - start.transition_matrix).max() > 1e-4


@every_trainer
@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_ties_of_all_different_labels_are_the_same_as_none_to_the_last_bit(problem, trainer):
    start, sequences = start_and_data(problem)
    size = start.num_states
    labels = np.where(start.transition_matrix > 0.0, np.arange(size**2).reshape(size, size), -1)
    without = fit(trainer(sequences), start, 4, tolerance=0.0)
    distinct = fit(trainer(sequences, transition_ties=Ties(labels)), start, 4, tolerance=0.0)
    assert distinct.hmm == without.hmm
    np.testing.assert_array_equal(distinct.log_likelihoods, without.log_likelihoods)


@pytest.mark.parametrize("priors", [None, Priors(1.5, 2.5)], ids=["no prior", "prior"])
@every_kind
def test_em_never_lowers_its_objective(ties, priors):
    start, sequences = tied_case(ties, 0)
    training = EM(sequences, transition_ties=ties, priors=priors)
    values = fit(training, start, 40, tolerance=0.0).objectives
    assert (np.diff(values) >= -1e-12 * np.abs(values).max()).all()
    assert values[-1] > values[0]


def test_the_m_step_of_a_cyclic_chain_is_the_share_of_all_who_stay():
    start, sequences = tied_case(KINDS["cyclic"])
    counts = smooth(start, sequences).transition_counts
    training = EM(sequences, transition_ties=KINDS["cyclic"])
    new = training.step(training.init(start)).hmm.transition_matrix
    stay = np.trace(counts) / counts.sum()
    np.testing.assert_allclose(new, simulation.cyclic_structure(4, stay)[1], rtol=1e-12)


@every_kind
def test_the_m_step_maximises_the_expected_log_probability(ties):
    start, _ = tied_case(ties)
    rng = np.random.default_rng(1)
    counts = np.where(ties.labels >= 0, rng.gamma(1.0, 5.0, (4, 4)), 0.0)
    best = ties.maximize(counts, start.transition_matrix)
    np.testing.assert_allclose(best.sum(axis=1), 1.0, rtol=1e-14)
    names = np.unique(ties.labels[ties.labels >= 0])

    def loss(logits: np.ndarray) -> float:
        spread = np.full((4, 4), -np.inf)
        for name, logit in zip(names, logits, strict=True):
            spread[ties.labels == name] = logit
        logs = spread - np.log(np.exp(spread).sum(axis=1, keepdims=True))
        return -float(counts[counts > 0.0] @ logs[counts > 0.0])

    found = minimize(loss, np.zeros(len(names)), method="BFGS", options={"gtol": 1e-7})
    reached = -float(counts[counts > 0.0] @ np.log(best[counts > 0.0]))
    np.testing.assert_allclose(reached, found.fun, rtol=1e-9)


@pytest.mark.parametrize("priors", [None, Priors(1.5, 2.5)], ids=["no prior", "prior"])
@every_kind
def test_the_gradient_in_shared_logits_equals_central_differences(ties, priors):
    start, sequences = tied_case(ties)
    training = GradientAscent(sequences, transition_ties=ties, priors=priors)
    slopes = training.gradient(training.init(start))["transition_logits"]
    at = unconstrained_of(start)

    def objective(label: int, step: float) -> float:
        moved = {key: value.copy() for key, value in at.items()}
        moved["transition_logits"][ties.labels == label] += step
        model = model_at(start, moved)
        total = log_likelihood(model, sequences).sum()
        if priors is not None:
            matrix = model.transition_matrix
            total += 0.5 * np.log(model.initial_probs).sum()
            total += 1.5 * np.log(matrix[matrix > 0.0]).sum()
        return float(total / sequences.num_observations)

    assert not slopes[ties.labels < 0].any()
    for label in np.unique(ties.labels[ties.labels >= 0]):
        h = 1e-3
        near = objective(label, h) - objective(label, -h)
        far = objective(label, 2 * h) - objective(label, -2 * h)
        expected = (8.0 * near - far) / (12.0 * h)
        np.testing.assert_allclose(slopes[ties.labels == label], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["cyclic", "left-right", "sticky"])
def test_both_trainers_find_the_same_tied_model(kind):
    start, sequences = tied_case(KINDS[kind])
    by_em = fit(EM(sequences, transition_ties=KINDS[kind]), start, 3000, tolerance=1e-14)
    ascent = GradientAscent(sequences, transition_ties=KINDS[kind])
    # π runs towards a corner, where its logits go on for ever; everything else stands still.
    slopes = ascent.gradient(ascent.init(by_em.hmm))
    for name in ("transition_logits", "means", "log_sds"):
        np.testing.assert_allclose(slopes[name], 0.0, rtol=0.0, atol=1e-6)


def test_rows_of_a_group_without_data_stay():
    ties = KINDS["two groups"]
    start, _ = tied_case(ties)
    counts = np.zeros((4, 4))
    counts[0] = [4.0, 1.0, 2.0, 1.0]
    new = ties.maximize(counts, start.transition_matrix)
    np.testing.assert_allclose(new[0], [0.5, 3 / 16, 3 / 16, 1 / 8], rtol=1e-15)
    np.testing.assert_allclose(new[1], [3 / 16, 0.5, 1 / 8, 3 / 16], rtol=1e-15)
    np.testing.assert_array_equal(new[2:], start.transition_matrix[2:])


@every_trainer
def test_a_transition_matrix_that_is_not_trained_stays_to_the_last_bit(trainer):
    start, sequences = tied_case(KINDS["cyclic"])
    training = trainer(sequences, trainable={"means"}, transition_ties=KINDS["cyclic"])
    after = fit(training, start, 3, tolerance=0.0).hmm
    np.testing.assert_array_equal(after.transition_matrix, start.transition_matrix)
    assert not np.array_equal(after.emissions.means, start.emissions.means)


# --- validation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"labels have shape \(2,\); they must be \(K, K\)"),
        (np.zeros((2, 3)), r"labels have shape \(2, 3\)"),
        ([[0, 0.5], [1, 2]], r"labels\[0, 1\] is 0\.5; a label is a whole number"),
        ([[0, -2], [1, 2]], r"labels\[0, 1\] is -2"),
        ([[0, np.nan], [1, 2]], r"labels\[0, 1\] is nan"),
        ([[0, np.inf], [1, 2]], r"labels\[0, 1\] is inf"),
        ([[0, 1], [-1, -1]], r"labels row 1 is all -1; a state must go somewhere"),
        (
            [[7, 3], [7, 4]],
            r"rows 0 and 1 share the label 7, but hold \[3, 7\] and \[4, 7\]; .*equally often",
        ),
        ([[0, 1, -1], [0, 1, 1], [2, 3, 4]], r"rows 0 and 1 share the label 0"),
        ([[0, 1, -1], [2, 3, -1], [1, 2, -1]], r"rows 0 and 2 share the label 1"),
    ],
)
def test_labels_that_make_no_sense_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        Ties(labels)


@every_trainer
def test_a_start_must_satisfy_the_ties(trainer):
    emissions = Gaussian.univariate([0.0, 1.0], 1.0)
    sequences = Sequences([0.0, 1.0, 2.0])
    training = trainer(sequences, transition_ties=Ties([[0, 1], [1, 0]]))
    start = HMM([0.5, 0.5], [[0.5, 0.5], [0.3, 0.7]], emissions)
    with pytest.raises(
        ValueError,
        match=r"transition_matrix\[0, 0\] is 0\.5 and \[1, 1\] is 0\.7, but .*imposed_on",
    ):
        training.init(start)
    mended = Ties([[0, 1], [1, 0]]).imposed_on(start.transition_matrix)
    np.testing.assert_allclose(mended, [[0.6, 0.4], [0.4, 0.6]], rtol=1e-15)
    training.init(HMM([0.5, 0.5], mended, emissions))
    zeros = trainer(sequences, transition_ties=Ties([[0, -1], [1, 2]]))
    with pytest.raises(ValueError, match=r"transition_matrix\[0, 1\] is 0\.5, but .*no label"):
        zeros.init(start)
    with pytest.raises(ValueError, match="the ties are for 3 states; the model has 2"):
        trainer(sequences, transition_ties=Ties.cyclic(3)).init(start)
