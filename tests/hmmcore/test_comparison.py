"""Runs side by side: what curves say, held against curves whose answers are known."""

import numpy as np
import pytest

from hmmcore import EM, HMM, Gaussian, GradientAscent, fit, initialization, preset, sample
from hmmcore.comparison import (
    LEVEL,
    WINDOW,
    Contender,
    best_log_likelihood,
    compare,
    distances,
    iteration_at,
    linear_rate,
    models_alike,
    parameter_paths,
    progress,
    state_parameters,
)
from tests.hmmcore.models import Config


def approach(rate, steps=30, limit=-1.5, begin=1.0):
    """A curve whose distance to its limit shrinks by `rate` in every step."""
    return limit - begin * rate ** np.arange(steps + 1)


def model(means=(-1.0, 1.0), staying=0.8):
    matrix = [[staying, 1 - staying], [1 - staying, staying]]
    return HMM([0.5, 0.5], matrix, Gaussian.univariate(means, 0.5))


def contender(curve, hmm=None, places=None, **how):
    curve = np.asarray(curve, dtype=float)
    places = np.arange(len(curve), dtype=float) if places is None else np.asarray(places)
    return Contender(curve, places, hmm or model(), **how)


# --- one curve ----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.99])
def test_the_rate_and_the_rest_of_a_geometric_approach_are_found_exactly(rate):
    # So many steps that the gains are still far above rounding.
    curve = approach(rate, steps=6 if rate < 0.2 else 12)
    assert linear_rate(curve) == pytest.approx(rate, rel=1e-6)
    assert progress(curve).remaining == pytest.approx(-1.5 - curve[-1], rel=1e-4)


def test_only_the_last_steps_count():
    curve = np.concatenate([approach(0.2, 5) - 1.0, approach(0.9, WINDOW)])
    assert linear_rate(curve) == pytest.approx(0.9, rel=1e-6)


@pytest.mark.parametrize(
    "curve",
    [
        [-2.0], [-2.0, -1.9, -1.85, -1.8], [-2.0, -1.9, -1.95, -1.8, -1.7, -1.65],
        [-2.0] * 12, [-np.inf, -2.0, -1.9, -1.8, -1.7],
    ],
    ids=["start", "too few", "dip", "still", "impossible"],
)  # fmt: skip
def test_where_steps_do_not_tell_there_is_no_rate(curve):
    assert linear_rate(curve) is None
    assert progress(curve).remaining is None


def test_where_states_overlap_em_is_linear_and_foretells_how_far_it_still_is():
    truth = HMM([0.5, 0.5], [[0.8, 0.2], [0.2, 0.8]], Gaussian.univariate([-0.7, 0.7], 1.0))
    data = sample(truth, 5, 200, np.random.default_rng(0)).sequences
    result = fit(EM(data), initialization.quantiles(data, 2), 400, tolerance=0.0)
    curve = result.log_likelihoods / data.num_observations
    for iteration in (85, 110, 135):
        reached = progress(curve[: iteration + 1])
        assert reached.rate == pytest.approx(0.924, abs=0.004)
        assert reached.remaining == pytest.approx(curve[-1] - curve[iteration], rel=0.02)


def test_dips_are_counted_and_measured():
    curve = [-3.0, -2.0, -2.25, -1.5, -1.5 - 1e-14, -1.0] + [-0.9] * WINDOW
    reached = progress(curve)
    # The second fall is rounding.
    assert (reached.dips, reached.recent_dips) == (1, 0)
    assert reached.deepest_dip == pytest.approx(0.25, rel=1e-12)
    assert reached.iteration == 15
    assert reached.gain == 0.0
    assert progress(curve[:6]).recent_dips == 1


SAWTOOTH = np.where(np.arange(20) % 2, -1.5, -1.6)


@pytest.mark.parametrize(
    ("curve", "pace"),
    [
        ([-2.0], "start"),
        ([-2.0, -1.9], "climbing"),
        (approach(0.6, 12), "climbing"),
        (approach(0.97, 12), "slow"),
        (-2.0 + 0.01 * np.arange(12), "slow"),
        (-2.0 + 1e-6 * 1.5 ** np.arange(12), "growing"),
        ([-2.0] * 12, "settled"),
        (approach(0.1, 12), "settled"),
        (SAWTOOTH, "oscillating"),
        (np.r_[approach(0.6, 12), -1.6, -1.5], "dipping"),
        # Ups and downs that cancel are no rest.
        (-1.5 + 1e-3 * (np.arange(20) % 2), "oscillating"),
        # So slow that steps are tiny, and yet a long way to go.
        (approach(0.9999, 12, begin=5e-4), "slow"),
    ],
)
def test_the_pace_of_a_run(curve, pace):
    assert progress(curve).pace == pace


def test_a_curve_that_became_impossible_has_no_gain():
    reached = progress([-2.0, -1.5, -np.inf])
    assert reached.gain is None
    assert reached.log_likelihood == -np.inf
    assert (reached.dips, reached.deepest_dip) == (1, np.inf)


@pytest.mark.parametrize("curve", [[], [[-1.0]], 3.0])
def test_what_is_no_curve_is_refused(curve):
    with pytest.raises(ValueError, match="log_likelihoods have shape"):
        progress(curve)


def test_distances_are_positive_or_undefined():
    below = distances([-np.inf, -3.0, -1.0, -0.5, np.nan], -1.0)
    np.testing.assert_array_equal(below, [np.nan, 2.0, np.nan, np.nan, np.nan])
    assert best_log_likelihood([[-3.0, -np.inf], [np.nan, -2.0], []]) == -2.0
    assert best_log_likelihood([[np.nan], [-np.inf]]) is None


def test_the_iteration_at_a_place():
    seconds = [0.0, 0.1, 0.1, 0.4]
    for where, iteration in [(-1.0, 0), (0.0, 0), (0.09, 0), (0.1, 2), (0.3, 2), (9.0, 3)]:
        assert iteration_at(seconds, where) == iteration


# --- two runs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_who_is_ahead_is_told_where_both_have_come_to(order):
    fast, slow = contender(approach(0.5, 20)), contender(approach(0.95, 8))
    verdict = compare(*[fast, slow][::order])
    leader = 0 if order == 1 else 1
    assert verdict.leader == leader
    assert verdict.where == 8.0
    assert verdict.iterations == (8, 8)
    assert verdict.margin == pytest.approx(0.95**8 - 0.5**8, rel=1e-9)
    assert verdict.reason == "pace"
    assert verdict.progress[1 - leader].pace == "slow"


def test_along_seconds_the_quicker_one_has_taken_more_steps():
    # Each step of the first gains more, and takes ten times as long.
    thorough = contender(approach(0.8, 10), places=0.1 * np.arange(11))
    quick = contender(approach(0.9, 50), places=0.01 * np.arange(51))
    assert (
        compare(contender(thorough.log_likelihoods), contender(quick.log_likelihoods)).leader == 0
    )
    verdict = compare(thorough, quick)
    assert (verdict.leader, verdict.iterations) == (1, (5, 50))
    assert verdict.where == pytest.approx(0.5)


def test_who_has_finished_stays_while_the_other_goes_on():
    done = contender(approach(0.1, 12), finished=True)
    verdict = compare(done, contender(approach(0.9, 40, limit=-1.0)))
    assert (verdict.leader, verdict.iterations) == (1, (12, 40))
    assert verdict.progress[0].pace == "settled"
    both = compare(done, contender(approach(0.1, 30), finished=True))
    assert both.iterations == (12, 30)


def test_the_start_and_a_tie_have_no_leader():
    one, two = contender([-2.0]), contender([-2.0])
    assert (compare(one, two).leader, compare(one, two).reason) == (None, "start")
    level = compare(contender([-2.0, -1.5]), contender([-2.0, -1.5 + LEVEL / 2]))
    assert (level.leader, level.reason) == (None, "level")


def test_a_run_that_cannot_go_on_is_the_reason():
    gone = contender([-2.0, -3.0], finished=True, failed=True)
    verdict = compare(contender(approach(0.5, 9)), gone)
    assert (verdict.leader, verdict.reason) == (0, "failed")
    impossible = compare(contender([-2.0, -1.5]), contender([-2.0, -np.inf]))
    assert (impossible.leader, impossible.margin) == (0, np.inf)
    nobody = compare(contender([-2.0, -np.inf]), contender([-2.0, -np.inf]))
    assert (nobody.leader, nobody.margin) == (None, 0.0)


def test_a_run_that_heads_for_less_is_told_apart_from_one_that_comes_late():
    leader = contender(approach(0.5, 30, limit=-1.0, begin=1.5))
    elsewhere = model((-1.0, 3.0))
    for limit, reason in [(-1.3, "falls_short"), (-1.0, "pace")]:
        late = contender(approach(0.9, 30, limit=limit, begin=2.5 + limit), elsewhere)
        assert compare(leader, late).reason == reason
    # An even pace that would take thousands of steps.
    even = contender(-2.5 + 1e-5 * np.arange(31), elsewhere)
    assert compare(leader, even).reason == "falls_short"


def test_settled_runs_have_found_the_same_optimum_or_different_ones():
    settled = approach(0.1, 20)
    swapped = model((1.0, -1.0))
    same = compare(contender(settled), contender(settled, swapped))
    assert (same.leader, same.reason) == (None, "same_optimum")
    other = compare(contender(settled), contender(settled - 0.1, model((-1.0, 3.0))))
    assert (other.leader, other.reason) == (0, "different_optima")
    # Models that differ at one height: nobody can say that they will not meet.
    for below, leader in [(0.0, None), (2e-6, 0), (5e-5, 0)]:
        flat = compare(contender(settled), contender(settled - below, model((-1.0, 3.0))))
        assert (flat.leader, flat.reason) == (leader, "flat")
    # Near the optimum that the leader has found, though still restless.
    near = contender(np.r_[approach(0.6, 18), -1.5001, -1.50005])
    assert compare(contender(settled), near).reason == "same_optimum"


def test_places_belong_to_their_curve():
    with pytest.raises(ValueError, match=r"places have shape \(2,\) and log_likelihoods \(1,\)"):
        compare(contender([-1.0], places=[0.0, 1.0]), contender([-1.0]))


def test_em_and_adam_from_one_start_come_to_the_same_optimum_of_an_easy_problem():
    easy = preset("easy")
    start = initialization.quantiles(easy.sequences, 3)
    count = easy.sequences.num_observations
    runs = [
        (EM(easy.sequences), 60),
        (GradientAscent(easy.sequences, learning_rate=0.05), 600),
    ]
    results = [fit(trainer, start, steps, tolerance=0.0) for trainer, steps in runs]
    verdict = compare(
        *(contender(r.log_likelihoods / count, r.hmm, finished=True) for r in results)
    )
    assert verdict.reason == "same_optimum"
    assert verdict.margin < 1e-4
    early = compare(*(contender(r.log_likelihoods[:6] / count, r.hmm) for r in results))
    assert (early.leader, early.reason) == (0, "pace")


# --- parameters ---------------------------------------------------------------------------------


def test_models_are_alike_up_to_names_and_within_limits():
    assert models_alike(model(), model((1.0, -1.0)))
    assert models_alike(model(), model((-1.01, 1.0), 0.81))
    assert not models_alike(model(), model((-1.1, 1.0)))
    assert not models_alike(model(), model(staying=0.83))


FAMILIES = {
    "diag": Config("dense", 3, (5,), 2),
    "full": Config("dense", 3, (5,), 2, "full"),
    "poisson": Config("dense", 3, (5,), family="poisson"),
    "categorical": Config("dense", 3, (5,), scale=1.0, family="categorical"),
    "neural": Config("dense", 3, (5,), family="neural softplus"),
}


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())
@pytest.mark.parametrize("component", [0, 1])
def test_paths_are_those_of_the_permuted_models(config, component):
    hmms = [config.make(seed).hmm for seed in range(4)]
    order = [2, 0, 1]
    paths = parameter_paths(hmms, order, component)
    assert {"initial_probs", "self_transition_probs"} < paths.keys()
    for name, values in paths.items():
        assert values.shape == (4, 3)
        for row, hmm in zip(values, hmms, strict=True):
            parameters = state_parameters(hmm.permute(order))[name]
            np.testing.assert_array_equal(
                row, parameters[:, min(component, parameters.shape[1] - 1)]
            )
