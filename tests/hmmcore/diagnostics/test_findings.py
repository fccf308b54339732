"""Every finding fires where it is the case, and on healthy runs none does."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import chi2

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Circumstances,
    Gaussian,
    GradientAscent,
    NeuralGaussian,
    Poisson,
    Priors,
    Sequences,
    examine,
    initialization,
    log_likelihood,
    preset,
    sample,
    smooth,
)
from hmmcore.diagnostics import (
    KINDS,
    LOOK_BACK,
    RESTING,
    STANDINGS,
    Finding,
    gradient_between,
    standing,
    with_zeros_raised,
)
from hmmcore.diagnostics.against_truth import truth_findings
from hmmcore.diagnostics.progress import WINDOW, is_at_rest, progress_findings
from hmmcore.diagnostics.states import occupancy
from hmmcore.sweeps import sweep

STICKY = [[0.9, 0.1], [0.1, 0.9]]

FAMILIES = {
    "gaussian": Gaussian.univariate([0.0, 4.0], [1.0, 1.0]),
    "full": Gaussian([[0.0, 1.0], [4.0, -2.0]], [np.eye(2), np.eye(2)], "full"),
    "tied": Gaussian([[0.0, 1.0], [4.0, -2.0]], np.eye(2), "tied"),
    "spherical": Gaussian([[0.0, 1.0], [4.0, -2.0]], [1.0, 1.0], "spherical"),
    "categorical": Categorical([[0.7, 0.2, 0.1, 0.0], [0.1, 0.1, 0.3, 0.5]]),
    "poisson": Poisson([1.0, 9.0]),
    "neural": NeuralGaussian.near_means([[0.5], [4.0]], np.random.default_rng(1), sd=1.0),
}
ALIKE = {
    "gaussian": Gaussian.univariate([1.0, 1.0], 2.0),
    "full": Gaussian([[1.0, 0.0]] * 2, [np.eye(2) * 4.0] * 2, "full"),
    "tied": Gaussian([[1.0, 0.0]] * 2, np.eye(2) * 4.0, "tied"),
    "spherical": Gaussian([[1.0, 0.0]] * 2, [4.0, 4.0], "spherical"),
    "categorical": Categorical([[0.25] * 4] * 2),
    "poisson": Poisson([4.0, 4.0]),
    "neural": NeuralGaussian(
        [[0.3, -0.2]] * 2, [[0.5, 0.1, -0.4], [0.2, 0.3, 0.9]], [0.1, 0.0, -0.1],
        [[0.7], [-0.3], [0.5]], [1.0], [[2.0]] * 2,
    ),
}  # fmt: skip


def drawn(emissions, length=60, num_sequences=4, seed=3):
    truth = HMM([0.5, 0.5], STICKY, emissions)
    return truth, sample(truth, num_sequences, length, np.random.default_rng(seed)).sequences


def course(trainer, start, steps, truth=None) -> list[dict[str, Finding]]:
    """The findings of every iteration by kind."""
    true = None if truth is None else float(log_likelihood(truth, trainer.sequences).sum())
    circumstances = Circumstances(trainer, start, true)
    state, reached, found = trainer.init(start), [], []
    for taken in range(steps + 1):
        reached.append(state.log_likelihood)
        reported = examine(
            circumstances, state, np.array(reached[-LOOK_BACK:]), highest=max(reached)
        )
        assert list(reported) == sorted(reported, key=lambda finding: finding.importance)
        found.append({finding.kind: finding for finding in reported})
        assert len(found[-1]) == len(reported)
        if taken < steps:
            state = trainer.step(state)
    return found


def progress_kinds(log_likelihoods, num_observations, rate, highest=-np.inf) -> list[str]:
    """The kinds of what is found in a curve of a model that amplifies no rounding."""
    sequences = Sequences(np.zeros(num_observations))
    at_rest = is_at_rest(log_likelihoods, rate, HMM([1.0], [[1.0]], Poisson([1.0])), sequences)
    found = progress_findings(log_likelihoods, sequences, rate, at_rest, highest)
    return [finding.kind for finding in found]


def kinds(found: Mapping[str, Finding]) -> set[str]:
    return set(found)


# A start that is stuck


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("method", [EM, GradientAscent])
def test_a_symmetric_start_is_found_before_the_first_step_in_every_family(family, method):
    _, sequences = drawn(FAMILIES[family])
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, ALIKE[family])
    found = course(method(sequences), start, 15)
    assert kinds(found[0]) == {"symmetric_start"}
    for findings in found:
        assert findings["symmetric_start"].states == ((0, 1),)
        evidence = findings["symmetric_start"].evidence
        assert evidence["gradient_between"] <= 1e-14
        assert evidence["share_gap"] <= 1e-14
    # There is a slope, and it moves both states alike.
    assert found[0]["symmetric_start"].evidence["gradient"] > 0.01
    assert kinds(found[-1]) <= {"symmetric_start", "not_converged", "converged"}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_nudge_is_enough_for_training_to_tell_the_states_apart(family):
    _, sequences = drawn(FAMILIES[family])
    stuck = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, ALIKE[family])
    start = initialization.nudge(stuck, np.random.default_rng(0))
    trainer = EM(sequences)
    found = course(trainer, start, 0)[0]
    assert "symmetric_start" not in found
    state = trainer.init(start)
    norms = gradient_between(state.hmm, state.expectations, (0, 1), Circumstances(
        trainer, start).trainable)  # fmt: skip
    assert 1e-4 < norms[0] <= norms[1] * (1.0 + 1e-12)
    for _ in range(60):
        state = trainer.step(state)
    freed, stuck_at = state.log_likelihood, trainer.init(stuck)
    for _ in range(60):
        stuck_at = trainer.step(stuck_at)
    assert freed > stuck_at.log_likelihood + 10.0


def test_the_part_between_states_is_what_no_trade_of_places_leaves():
    """Against the average of the gradient over all six orders of the group's three states."""
    rng = np.random.default_rng(5)
    hmm = initialization.random(Sequences(rng.normal(size=30)), 4, rng)
    trainer = GradientAscent(Sequences(rng.normal(size=30)))
    state = trainer.init(hmm)
    slopes = trainer.gradient(state)
    group = (0, 2, 3)
    average = {name: np.zeros_like(value) for name, value in slopes.items()}
    orders = [np.array([a, 1, b, c]) for a, b, c in permutations(group)]
    for order in orders:
        for name, value in slopes.items():
            square = name == "transition_logits"
            average[name] += value[np.ix_(order, order)] if square else value[order]
    rest = [slopes[name] - average[name] / len(orders) for name in slopes]
    norms = gradient_between(hmm, state.expectations, group, frozenset(
        ("initial_probs", "transition_matrix", "means", "covariances")))  # fmt: skip
    expected = np.sqrt(sum(np.sum(value**2) for value in rest))
    whole = np.sqrt(sum(np.sum(value**2) for value in slopes.values()))
    np.testing.assert_allclose(norms, (expected, whole), rtol=1e-12, atol=0.0)


def test_states_of_a_network_that_only_look_alike_are_not_called_stuck():
    # All weights to the output are zero: equal means from different embeddings.
    emissions = NeuralGaussian(
        [[1.0], [-1.0]], [[1.0, 0.5]], [0.0, 0.0], [[0.0], [0.0]], [1.0], [[1.0]] * 2
    )
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, emissions)
    trainer = EM(Sequences([0.0, 1.0, 2.0, 5.0]))
    assert Circumstances(trainer, start).alike == ()


def test_some_states_that_are_the_same_are_found_and_do_not_count_as_nearly_so():
    _, sequences = drawn(FAMILIES["gaussian"])
    transition = [[0.6, 0.2, 0.2], [0.3, 0.35, 0.35], [0.3, 0.35, 0.35]]
    start = HMM([0.4, 0.3, 0.3], transition, Gaussian.univariate([0.0, 3.0, 3.0], 1.0))
    found = course(EM(sequences), start, 150)
    for findings in found:
        assert findings["identical_states"].states == ((1, 2),)
        assert findings["identical_states"].evidence["gradient_between"] <= 1e-13
        assert not kinds(findings) & {"symmetric_start", "near_duplicates"}


# States


def test_nearly_the_same_state_twice_is_found_when_the_model_is_at_rest():
    truth = HMM([1.0], [[1.0]], Gaussian.univariate([0.0], 1.0))
    sequences = sample(truth, 5, 200, np.random.default_rng(0)).sequences
    start = HMM([0.5, 0.5], [[0.52, 0.48], [0.5, 0.5]], Gaussian.univariate([-0.02, 0.02], 1.0))
    # π, A and μ are held, so that the two cannot drift apart through chance patterns.
    found = course(EM(sequences, {"covariances"}), start, 60)
    assert "near_duplicates" not in found[3]
    finding = found[-1]["near_duplicates"]
    assert finding.states == ((0, 1),)
    assert finding.evidence["distance"] <= 0.02
    np.testing.assert_allclose(finding.evidence["onward_distance"], 0.0, rtol=0.0, atol=1e-12)
    assert finding.evidence["num_others"] == 0, "of two states there is nowhere else to go on to"


def test_states_that_emit_alike_and_go_on_differently_are_no_duplicates():
    twins = preset("twins")
    found = course(EM(twins.sequences), twins.truth, 60, twins.truth)
    assert kinds(found[-1]) == {"better_than_truth", "converged"}


def test_an_empty_state_is_found():
    _, sequences = drawn(FAMILIES["poisson"])
    start = HMM([0.5, 0.4, 0.1], np.full((3, 3), 1 / 3), Poisson([1.0, 9.0, 900.0]))
    found = course(EM(sequences), start, 5)
    assert "empty_state" not in found[0], "nothing has been learned yet"
    assert found[5]["empty_state"].states == ((2,),)
    assert found[5]["empty_state"].evidence["most_observations"] < 1e-6


def test_occupancy_is_the_posterior_summed_over_time():
    truth, sequences = drawn(FAMILIES["gaussian"])
    state = EM(sequences).init(truth)
    np.testing.assert_allclose(
        occupancy(state), smooth(truth, sequences).smoothed_probs.sum(axis=0), rtol=1e-12, atol=0.0
    )


@pytest.mark.parametrize(
    ("method", "family"),
    [
        (EM, "gaussian"),
        (EM, "neural"),
        (lambda data: GradientAscent(data, learning_rate=0.3), "gaussian"),
    ],
    ids=["EM", "EM-neural", "gradient"],
)
def test_a_variance_at_its_floor_is_found(method, family):
    values = np.array([0.5, 0.5, 0.5, 0.5, 3.0, 5.0, 2.0, 4.0])
    sequences = Sequences(values)
    emissions = Gaussian.univariate([0.5, 4.0], [0.1, 1.0])
    if family == "neural":
        emissions = NeuralGaussian.near_means(
            emissions.means, np.random.default_rng(0), sd=[[0.1], [1.0]]
        )
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, emissions)
    found = course(method(sequences), start, 80)
    assert found[-1]["collapsed_variance"].states == ((0,),)
    floor = found[-1]["collapsed_variance"].evidence["sd_floor"]
    np.testing.assert_allclose(floor, 1e-4 * values.std(), rtol=1e-12, atol=0.0)
    fixed = {"initial_probs", "transition_matrix", "means"}
    if family == "gaussian":
        assert all("collapsed_variance" not in f for f in course(EM(sequences, fixed), start, 20))


def test_a_mean_that_a_relu_holds_is_found():
    layers = ([[1.0], [-1.0]], [[1.0]], [0.0], [[1.0]], [0.0], [[1.0]] * 2)
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, NeuralGaussian(*layers))
    found = course(EM(Sequences([0.0, 0.7, -0.2, 0.8, 0.6, -0.1])), start, 3)
    assert found[-1]["dead_output"].states == ((1,),)


# The order of the data


def test_equal_rows_are_found_where_the_order_carries_no_information():
    mixture = HMM([0.4, 0.6], [[0.4, 0.6]] * 2, FAMILIES["gaussian"])
    sequences = sample(mixture, 10, 400, np.random.default_rng(1)).sequences
    found = course(EM(sequences), initialization.quantiles(sequences, 2), 60)
    assert found[-1]["equal_rows"].evidence["row_distance"] < 0.05
    _, ordered = drawn(FAMILIES["gaussian"], length=400)
    assert "equal_rows" not in course(EM(ordered), initialization.quantiles(ordered, 2), 60)[-1]


@pytest.mark.parametrize(
    ("num_sequences", "trainable", "expected"),
    [(1, None, True), (2, None, False), (1, {"means", "transition_matrix"}, False)],
)
def test_initial_probs_of_one_sequence(num_sequences, trainable, expected):
    truth, sequences = drawn(FAMILIES["gaussian"], num_sequences=num_sequences)
    found = course(EM(sequences, trainable), truth, 30)
    assert all(("unidentifiable_initial_probs" in findings) == expected for findings in found)
    if expected:
        finding = found[-1]["unidentifiable_initial_probs"]
        assert finding.evidence["largest_prob"] > 0.999


def test_sequences_of_one_observation_have_no_transition_to_learn():
    mixture = HMM([0.4, 0.6], [[0.4, 0.6]] * 2, FAMILIES["gaussian"])
    sequences = sample(mixture, 300, 1, np.random.default_rng(1)).sequences
    found = course(EM(sequences), mixture, 60)
    for findings in found:
        assert findings["no_transitions"].evidence["num_sequences"] == 300
        assert "equal_rows" not in findings, "it would say the same"
    assert Circumstances(EM(sequences), mixture).num_parameters == 1 + 2 + 2
    others = EM(sequences, {"means"})
    assert "no_transitions" not in course(others, mixture, 1)[0]
    _, longer = drawn(FAMILIES["gaussian"], length=2)
    assert "no_transitions" not in course(EM(longer), mixture, 1)[0]


# The learning rate


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 3.0), ("plain", 3.0)])
def test_a_rate_that_is_too_high_is_found(optimizer, rate):
    easy = preset("easy")
    trainer = GradientAscent(easy.sequences, learning_rate=rate, optimizer=optimizer)
    found = course(trainer, easy.start, WINDOW + 5)
    assert "rate_too_high" not in found[WINDOW - 1], "there is no full window yet"
    evidence = found[WINDOW]["rate_too_high"].evidence
    assert evidence["learning_rate"] == rate
    assert evidence["steps"] == WINDOW
    assert evidence["falls"] >= 4
    assert evidence["mean_fall"] > 1e-3


@pytest.mark.parametrize(("optimizer", "rate"), [("adam", 0.0005), ("plain", 0.005)])
@pytest.mark.parametrize("name", ["easy", "overlapping", "cyclic"])
def test_a_rate_that_is_too_low_is_found(optimizer, rate, name):
    example = preset(name)
    trainer = GradientAscent(example.sequences, learning_rate=rate, optimizer=optimizer)
    found = course(trainer, example.start, WINDOW + 20)
    evidence = found[-1]["rate_too_low"].evidence
    assert evidence["learning_rate"] == rate
    assert 1e-6 < evidence["mean_gain"] < 1e-3
    np.testing.assert_allclose(evidence["steadiness"], 1.0, rtol=0.0, atol=0.1)


def test_a_window_that_ends_lower_than_it_began_is_too_high_a_rate():
    falling = -np.linspace(0.0, 1.0, WINDOW + 1)
    assert progress_kinds(falling, 1, 0.1) == ["not_converged", "rate_too_high"]
    assert progress_kinds(falling, 1, None) == ["not_converged"], "EM has none"


def test_a_plunge_that_lies_further_back_is_too_high_a_rate():
    climbing = np.linspace(-5.0, -4.0, WINDOW + 1)
    assert len(progress_kinds(climbing, 1, 0.1, highest=-3.95)) == 1
    one = Sequences([0.0])
    finding = progress_findings(climbing, one, 0.1, at_rest=False, highest=-2.0)[1]
    assert (finding.kind, finding.evidence["lost"]) == ("rate_too_high", 2.0)
    assert len(progress_kinds(climbing, 1, None, highest=-2.0)) == 1, "EM has no rate"


def test_trembling_at_the_optimum_is_no_fault():
    trembling = 1e-5 * (-1.0) ** np.arange(WINDOW + 1)
    assert progress_kinds(trembling, 1, 0.1) == ["not_converged"]


# Where training stands


@pytest.mark.parametrize(("rate", "steps"), [(None, 5), (0.1, 50)])
def test_converged_needs_a_row_of_steps_that_change_nothing(rate, steps):
    still = np.full(steps + 1, -12.0)
    assert progress_kinds(still, 4, rate) == ["converged"]
    assert progress_kinds(still[1:], 4, rate)[0] == "not_converged"
    still[-2] += 1e-9
    assert progress_kinds(still, 4, rate)[0] == "not_converged"


@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
def test_nothing_is_converged_on_a_value_that_is_not_finite(value):
    values = np.full(LOOK_BACK, value)
    with np.errstate(invalid="ignore"):
        assert "converged" not in progress_kinds(values, 4, 0.1)
        assert "converged" not in progress_kinds(values, 4, None)


def test_gains_are_per_observation_that_is_observed():
    sequences = Sequences([0.0, np.nan, np.nan, 1.0])
    finding = progress_findings(np.array([-8.0, -4.0]), sequences, None, at_rest=False)[0]
    assert finding.evidence["last_gain"] == 2.0


def two_equal_columns() -> Sequences:
    _, sequences = drawn(FAMILIES["gaussian"])
    return Sequences(np.repeat(sequences.observations, 2, axis=1), sequences.lengths)


def test_a_run_whose_gains_are_rounding_has_come_to_rest():
    """Two equal columns: the likelihood trembles by more than a standstill's nats for ever."""
    sequences = two_equal_columns()
    start = HMM(
        [0.5, 0.5], STICKY, Gaussian([[0.0, 0.0], [4.0, 4.0]], [np.eye(2)] * 2, "full")
    )  # fmt: skip
    found = course(EM(sequences), start, 60)
    finding = found[-1]["converged"]
    assert 1e-10 < finding.evidence["largest"] < 1e-7
    assert found[-1]["singular_covariance"].states == ((0,), (1,))
    assert "collapsed_variance" not in found[-1]


def test_columns_that_follow_from_others_are_no_collapse_of_one():
    sequences = two_equal_columns()
    constant = Sequences(
        np.column_stack([sequences.observations[:, 0], np.full(240, 7.0)]), sequences.lengths
    )
    for data, kind in ((sequences, "singular_covariance"), (constant, "collapsed_variance")):
        start = initialization.kmeans(data, 2, np.random.default_rng(0))
        emissions = start.emissions
        matrices = [np.diag(row) for row in emissions.covariances]
        for family in (
            Gaussian(emissions.means, matrices, "full"),
            Gaussian(emissions.means, np.mean(matrices, axis=0), "tied"),
        ):
            hmm = HMM(start.initial_probs, start.transition_matrix, family)
            collapses = {"singular_covariance", "collapsed_variance"}
            assert kinds(course(EM(data), hmm, 30)[-1]) & collapses == {kind}


def test_how_a_run_stands_is_one_of_seven_and_agrees_with_what_is_found():
    truth, sequences = drawn(FAMILIES["gaussian"])
    alike = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, ALIKE["gaussian"])
    seen = set()
    for start, true in ((truth, None), (alike, None), (truth, 0.0)):
        trainer = EM(sequences)
        circumstances, state, reached = Circumstances(trainer, start, true), trainer.init(start), []
        for _ in range(200):
            reached.append(state.log_likelihood)
            values = np.array(reached)
            stands = standing(circumstances, state.hmm, state.iteration, values)
            found = {finding.kind for finding in examine(circumstances, state, values)}
            assert (stands in RESTING) == ("converged" in found)
            assert (stands == "learning") == ("not_converged" in found)
            assert stands != "below_truth" or "worse_than_truth" in found
            seen.add(stands)
            state = trainer.step(state)
    last = (circumstances, state.hmm, 3)
    seen.add(standing(*last, values[:4], max_iterations=3))
    seen.add(standing(*last, values[:4], failed=True))
    assert seen == set(STANDINGS)


@pytest.mark.parametrize("value", [np.nan, -np.inf, np.inf])
def test_a_value_that_is_not_finite_has_diverged_and_nothing_else_is_said(value):
    truth, sequences = drawn(FAMILIES["gaussian"])
    trainer = GradientAscent(sequences, learning_rate=0.7)
    state = trainer.init(truth)
    statistics = replace(state.expectations, log_likelihoods=np.full(4, value))
    state = replace(state, expectations=statistics)
    (finding,) = examine(Circumstances(trainer, truth), state, np.full(LOOK_BACK, value))
    assert finding.kind == "diverged"
    assert finding.severity == "error"
    assert finding.evidence["learning_rate"] == 0.7


def test_a_failed_step_has_diverged():
    truth, sequences = drawn(FAMILIES["gaussian"])
    state = EM(sequences).init(truth)
    history = np.full(LOOK_BACK, state.log_likelihood)
    (finding,) = examine(Circumstances(EM(sequences), truth), state, history, failed=True)
    assert finding.kind == "diverged"
    assert "learning_rate" not in finding.evidence


# Against the truth


def test_wilks_tells_a_normal_gain_from_overfitting():
    kinds_of = [
        truth_findings(gain, 0.0, 14, 1000)[0].kind
        for gain in (-3.0, 0.5 * chi2.isf(1e-3, 14) - 1e-6, 0.5 * chi2.isf(1e-3, 14) + 1e-6)
    ]
    assert kinds_of == ["worse_than_truth", "better_than_truth", "overfitting"]
    assert truth_findings(-0.5, 0.0, 14, 1000) == []
    assert truth_findings(5.0, 0.0, 0, 1000) == [], (
        "where nothing was fitted nothing was overfitted"
    )
    # A gain that is normal, of more parameters than the observations can pay for.
    assert truth_findings(7.0, 0.0, 14, 139)[0].kind == "overfitting"
    assert truth_findings(7.0, 0.0, 14, 140)[0].kind == "better_than_truth"


def test_fits_from_the_truth_gain_what_wilks_says():
    """The criterion on fresh data: half a nat per parameter on average, and never called rare."""
    gains = []
    for seed in range(40):
        truth, sequences = drawn(FAMILIES["gaussian"], length=200, num_sequences=5, seed=seed)
        evidence = course(EM(sequences), truth, 60, truth)[-1]["better_than_truth"].evidence
        gains.append(evidence["gain"])
    assert evidence["num_parameters"] == 7
    np.testing.assert_allclose(np.mean(gains), 3.5, rtol=0.0, atol=4 * np.sqrt(3.5 / 40))


def test_a_lower_optimum_is_worse_than_the_truth():
    truth = HMM(
        np.full(3, 1 / 3), np.full((3, 3), 0.05) + 0.85 * np.eye(3),
        Gaussian.univariate([0.0, 10.0, 20.0], 1.0),
    )  # fmt: skip
    sequences = sample(truth, 5, 100, np.random.default_rng(2)).sequences
    # Two states share the lowest mean, one takes both of the others.
    start = HMM(
        np.full(3, 1 / 3), np.full((3, 3), 1 / 3),
        Gaussian.univariate([-0.5, 0.5, 15.0], [1.0, 1.0, 5.0]),
    )  # fmt: skip
    found = course(EM(sequences), start, 300, truth)
    assert found[-1]["worse_than_truth"].evidence["gain"] < -100.0
    assert "worse_than_truth" not in found[1], "not before it has come to rest"


def test_a_collapse_on_little_data_is_overfitting():
    truth, sequences = drawn(FAMILIES["gaussian"], length=8, num_sequences=1)
    start = initialization.kmeans(sequences, 4, np.random.default_rng(0))
    findings = course(EM(sequences), start, 80, truth)[-1]
    assert findings["overfitting"].evidence["gain"] > 0.0


def test_parameters_that_are_not_trained_or_tied_or_zero_are_not_free():
    _, sequences = drawn(FAMILIES["gaussian"])
    start = HMM([1.0, 0.0], [[0.9, 0.1], [0.0, 1.0]], FAMILIES["gaussian"])
    assert Circumstances(EM(sequences), start).num_parameters == 0 + 1 + 2 + 2
    assert Circumstances(EM(sequences, {"means"}), start).num_parameters == 2


def test_priors_may_tell_states_apart_so_none_are_called_alike():
    _, sequences = drawn(FAMILIES["gaussian"])
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, ALIKE["gaussian"])
    trainer = EM(sequences, priors=Priors(transition_concentration=[[5.0, 1.0], [1.0, 2.0]]))
    assert Circumstances(trainer, start).alike == ()
    assert "symmetric_start" not in course(trainer, start, 3)[0]


def test_a_variance_that_all_states_share_collapses_for_all():
    # Each state has a single value, so that what they share can only fall.
    sequences = Sequences([0.0, 5.0, 0.0, 0.0, 5.0, 5.0, 0.0])
    start = HMM([0.5, 0.5], [[0.5, 0.5]] * 2, Gaussian([[0.0], [5.0]], [[1.0]], "tied"))
    finding = course(EM(sequences), start, 5)[-1]["collapsed_variance"]
    assert finding.states == ((0,), (1,))


# Healthy runs, and cost

HEALTHY = ("easy", "overlapping", "cyclic", "twins", "fast-switching", "left-right")


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_wrong_with_a_healthy_run(name):
    example = preset(name)
    for trainer in (EM(example.sequences), GradientAscent(example.sequences)):
        for findings in course(trainer, example.start, 150, example.truth):
            assert kinds(findings) <= {"not_converged", "converged", "better_than_truth"}


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_wrong_with_a_healthy_run_of_any_family(family):
    truth, sequences = drawn(FAMILIES[family], length=100)
    start = initialization.nudge(truth, np.random.default_rng(0))
    found = course(EM(sequences), start, 60, truth)
    fine = {"not_converged", "converged", "better_than_truth"}
    if family == "neural":
        # It has a hundred weights for two means, and few observations for so many.
        fine |= {"overfitting"}
    assert set().union(*map(kinds, found)) <= fine


@pytest.mark.parametrize("method", [EM, GradientAscent])
def test_a_zero_that_should_rise_is_found_at_rest_and_raised(method):
    truth, sequences = drawn(FAMILIES["gaussian"])
    trainer = method(sequences)
    best = EM(sequences)
    hmm = best.init(truth).hmm
    for _ in range(300):
        hmm = best.step(best.init(hmm)).hmm
    stuck = HMM([1.0, 0.0], hmm.transition_matrix, hmm.emissions)
    for _ in range(300):
        stuck = best.step(best.init(stuck)).hmm
    assert stuck.initial_probs[1] == 0.0
    state = replace(trainer.init(stuck), iteration=300)
    still = np.full(LOOK_BACK, state.log_likelihood)
    circumstances = Circumstances(trainer, truth)
    found = {one.kind: one for one in examine(circumstances, state, still)}
    rising = found["zero_should_rise"]
    assert rising.coordinate == ("initial_probs", 1)
    assert rising.states == ((1,),)
    assert "converged" not in found, "it is no optimum"
    # How many times as probable a sequence is that begins there, from the sequences themselves.
    there = HMM([0.0, 1.0], stuck.transition_matrix, stuck.emissions)
    ratios = np.exp(log_likelihood(there, sequences) - log_likelihood(stuck, sequences))
    # The slope is measured at 1e-10, where a sequence that gains so much begins to bend it.
    np.testing.assert_allclose(rising.evidence["ratio"], ratios.mean(), rtol=1e-4)
    up = with_zeros_raised(circumstances, stuck)
    after = trainer.init(up)
    assert after.log_likelihood > state.log_likelihood + 0.1
    assert trainer.step(after).log_likelihood > after.log_likelihood
    # While it learns, or where the zero is the start's own or not trained, nothing is said.
    learning = state.log_likelihood - np.arange(LOOK_BACK)[::-1]
    own = Circumstances(trainer, stuck)
    other = Circumstances(method(sequences, trainable=("means",)), truth)
    for case, history in ((circumstances, learning), (own, still), (other, still)):
        kinds = {one.kind for one in examine(case, state, history)}
        assert "zero_should_rise" not in kinds
    with pytest.raises(ValueError, match="no probability"):
        with_zeros_raised(circumstances, hmm)


def test_a_checkup_costs_no_sweep(monkeypatch):
    notebook = preset("notebook")
    example = preset("overlapping")
    for trainer, start in (
        (EM(notebook.sequences, notebook.trainable), notebook.start),
        (GradientAscent(example.sequences), example.start),
    ):
        circumstances, state = Circumstances(trainer, start, 0.0), trainer.step(trainer.init(start))
        history = np.full(LOOK_BACK, state.log_likelihood)
        found = examine(circumstances, state, history)
        with monkeypatch.context() as patched:
            patched.setattr(sweep, "in_turns", lambda *_: pytest.fail("swept over the data"))
            with pytest.raises(pytest.fail.Exception):
                trainer.step(state)
            assert examine(Circumstances(trainer, start, 0.0), state, history) == found


def test_a_finding_is_known_by_kind_and_states():
    one, two = Finding("empty_state", ((1,),), {"a": 1.0}), Finding("empty_state", ((1,),))
    assert one.key == two.key
    assert one != two
    assert one.severity == KINDS["empty_state"] == "warning"
    with pytest.raises(ValueError, match="kind is 'ill'"):
        Finding("ill")


def test_where_single_numbers_are_trained_only_these_count_and_are_judged():
    """The start is symmetric, but one mean alone moves away; a narrow state is held as it is."""
    sequences = Sequences([0.0, 0.1, 3.0, 3.2, 2.9, 0.05])
    start = initialization.symmetric(2)
    trainer = EM(sequences, coordinates=(("means", 0), ("transition_matrix", 0, 0)))
    circumstances = Circumstances(trainer, start)
    assert circumstances.alike == ()
    assert circumstances.trainable == {"means", "transition_matrix"}
    assert circumstances.num_parameters == 2
    narrow = HMM([0.5, 0.5], np.full((2, 2), 0.5), Gaussian([0.0, 3.0], [1e-4, 1.0]))
    for chosen, kinds in ((0, {"collapsed_variance"}), (1, set())):
        trainer = EM(sequences, variance_floor=1e-4, coordinates=(("standard_deviations", chosen),))
        state = trainer.step(trainer.init(narrow))
        found = examine(Circumstances(trainer, narrow), state, np.array([state.log_likelihood] * 2))
        assert {finding.kind for finding in found} & {"collapsed_variance"} == kinds
