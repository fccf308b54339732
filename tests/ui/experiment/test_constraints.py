"""What the settings hold of a model reaches its start, its trainer and its record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import Gaussian, log_likelihood
from hmmcore.diagnostics import STANDSTILL_STEPS
from hmmcore.emissions import own_name, parameters_of
from pages.ui.experiment import constraints, model_choice, starts, variants
from pages.ui.experiment.experiment import Experiment
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal
from pages.ui.settings.families import FAMILIES, PART_PARAMETERS


def experiment(**values) -> Experiment:
    small = {"num_states": 3, "length": 40, "num_sequences": 3, "method": "Both"}
    return Experiment(legal(Config(**{**small, **values}))[0])


def test_priors_are_those_that_the_settings_say():
    assert constraints.priors(Config(), 3, ()) is None
    config = Config(
        sticky_prior=50.0, transition_prior=2.0, initial_prior=3.0, spread_prior=10.0,
        spread_mode=0.5,
    )  # fmt: skip
    priors = constraints.priors(config, 2, ())
    np.testing.assert_array_equal(priors.transition_concentration, [[53.0, 3.0], [3.0, 53.0]])
    assert priors.initial_concentration == 4.0
    # Worth 2 (shape + 1) observations, largest at the variance scale / (shape + 1).
    assert 2.0 * (priors.variance_shape + 1.0) == 10.0
    np.testing.assert_allclose(priors.variance_scale / (priors.variance_shape + 1.0), 0.25)
    lone, sentences = legal(Config(spread_prior=1.0))
    assert lone.spread_prior == 3.0
    assert "worth more than 2 observations" in sentences[0]
    assert legal(Config(family="counts", spread_prior=10.0, spread="tied"))[0].spread == "data"
    assert legal(Config(mean_model="network", spread="tied"))[0].spread == "data"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "values",
    [
        {"chain": "left-right", "structure": "left-right"},
        {"chain": "cyclic", "stays": "shared", "start": "symmetric", "nudge": 2},
        {"chain": "left-right", "stays": "shared", "start": "near-truth", "sticky_prior": 5.0},
        {"spread": "tied", "start": "kmeans", "initial_prior": 1.0, "spread_prior": 10.0},
        {"mean_model": "network", "chain": "cyclic", "transition_prior": 1.0},
        {"chain": "cyclic", "start": "best"},
    ],
    ids=str,
)
def test_both_methods_train_every_family_under_constraints(family, values):
    found = experiment(family=family, **values)
    assert found.problem is None
    for _ in range(3):
        found.step()
    config, has_priors = found.config, any("prior" in name for name in values)
    for run in found.active_runs:
        assert run.state.iteration == 3
        hmm = run.state.hmm
        imposed = constraints.imposed(hmm, config)
        np.testing.assert_allclose(
            hmm.transition_matrix, imposed.transition_matrix, rtol=0.0, atol=1e-12
        )
        np.testing.assert_array_equal(hmm.initial_probs > 0.0, imposed.initial_probs > 0.0)
        assert imposed.emissions == hmm.emissions
        assert (run.climbed is None) == (not has_priors)
        if has_priors:
            np.testing.assert_allclose(
                run.climbed[-1],
                run.trainer.sequences.per_observation(run.state.objective), rtol=1e-12,
            )  # fmt: skip
        if has_priors and run.name == "EM":
            assert (np.diff(run.climbed) >= -1e-12).all()


@pytest.mark.parametrize("method", ["EM", "Gradient"])
def test_a_product_has_a_prior_on_spreads_where_it_has_numbers(method):
    values = {"family": "product", "method": method, "spread_prior": 10.0, "spread": "tied"}
    without, with_numbers = experiment(kinds="cccc", **values), experiment(kinds="ccn", **values)
    for found in (without, with_numbers):
        assert found.problem is None
        found.step()
        assert found.config.spread == "data", "numbers of a product have spreads of their own"
    (run,) = without.active_runs
    assert run.trainer.priors is None
    assert constraints.in_words(without.config, without.data.kinds) == []
    (run,) = with_numbers.active_runs
    assert run.trainer.priors.variance_shape == 4.0
    assert constraints.in_words(with_numbers.config, with_numbers.data.kinds) == [
        "prior on the spread 10"
    ]


def test_a_run_rests_by_what_it_climbs():
    found = experiment(method="EM", sticky_prior=30.0)
    run = found.runs["EM"]
    while run.ended is None:
        run.step()
    assert "the log-posterior by no more" in run.ended
    last = STANDSTILL_STEPS["EM"]
    assert np.abs(np.diff(run.climbed))[-last:].max() <= 1e-9


@pytest.mark.parametrize("family", FAMILIES)
def test_true_values_are_held_where_they_are_known(family):
    name = constraints.location_of(Config(family=family))
    trainable = tuple(one for one in FAMILIES[family].trainable if one != name)
    found = experiment(family=family, held_at="true", trainable=trainable, nudge=3)
    found.step()
    truth = parameters_of(found.data.truth.emissions)
    names = PART_PARAMETERS["locations"] if name == "locations" else (name,)
    held = [one for one in truth if own_name(one) in names]
    assert held
    for run in found.active_runs:
        for one in held:
            np.testing.assert_array_equal(parameters_of(run.state.hmm.emissions)[one], truth[one])
    notes = model_choice.plan_of_states(found.config, found.data).notes
    assert any("come from the data and are not counted, so criteria" in note for note in notes)
    unknown = experiment(family=family, held_at="true", trainable=trainable, true_states=4)
    assert any("are not known for so many states" in note for note in unknown.notes)
    assert unknown.problem is None


FREE = {"trainable": ("initial_probs", "transition_matrix", "means", "covariances")}
KNOWN_NOISE = {"trainable": ("initial_probs", "transition_matrix", "means")}


@pytest.mark.parametrize(
    ("values", "contain_fewer"),
    [
        (FREE, True),
        ({**FREE, "spread": "tied"}, True),
        ({**FREE, "chain": "left-right", "stays": "shared"}, True),
        ({**FREE, "chain": "cyclic"}, False),
        ({**FREE, "stays": "shared"}, False),
        (KNOWN_NOISE, True),
        ({**KNOWN_NOISE, "family": "points", "trainable": ("means",)}, False),
        ({"trainable": FREE["trainable"][1:]}, False),
        ({"trainable": FREE["trainable"][1:], "chain": "left-right"}, True),
        ({"trainable": (*FREE["trainable"][:2], "covariances"), "held_at": "true"}, False),
    ],
    ids=str,
)
def test_more_states_contain_fewer_where_nothing_is_held_that_differs(values, contain_fewer):
    found = experiment(**values)
    assert model_choice.contain_fewer(found.config, found.data) is contain_fewer


def test_a_left_right_chain_is_within_a_free_one_only_where_its_first_state_can_be_learned():
    for family, wider in (("numbers", ()), ("points", ("full",))):
        found = experiment(family=family)
        for trained, expected in ((True, ("plain", *wider)), (False, ())):
            names = tuple(FAMILIES[family].trainable)[0 if trained else 1 :]
            config = Config(family=family, num_states=3, trainable=names, variants=(
                "plain", "left-right", "full", "cyclic"
            ))  # fmt: skip
            config = legal(config)[0]
            plan = variants.plan_of_variants(config, found.data)
            within = {name: v.within for name, v in variants.variants(plan, found.data).items()}
            assert within["left-right"] == expected
            assert within["cyclic"] == ("plain", *wider)


def test_the_hand_moves_nothing_that_the_chain_rules_out():
    found = experiment(chain="left-right", method="EM")
    before, order = found.runs, np.arange(3)
    with pytest.raises(ValueError, match="The chain goes left to right"):
        found.move_by_hand({("transition_matrix", 2, 0): 0.3}, order)
    assert found.runs is before
    found.move_by_hand({("means", 1): 0.25}, order)
    assert found.runs["EM"].start.emissions.means[1, 0] == 0.25
    tied = experiment(spread="tied", method="EM")
    before = tied.runs["EM"].start.emissions.covariances
    tied.move_by_hand({("standard_deviations", 1): 0.5}, order)
    assert tied.runs["EM"].start.emissions.covariances != before
    start = tied.runs["EM"].start.emissions
    assert isinstance(start, Gaussian)
    assert start.covariance_type == "tied"


def test_numbers_cannot_be_trained_alone_beside_ties_on_them():
    found = experiment(stays="shared", only="transition_matrix.1.2")
    assert found.config.only == ""
    assert any("cannot be trained alone" in note for note in found.notes)
    assert experiment(stays="shared", only="means.1").config.only == "means.1"


def test_runs_under_other_priors_take_another_path():
    found = experiment(method="EM")
    plain = found.present_runs[0].path
    assert experiment(method="EM").present_runs[0].path == plain
    for values in ({"sticky_prior": 5.0}, {"stays": "shared"}):
        assert experiment(method="EM", **values).present_runs[0].path != plain


def test_sweeps_over_starts_and_states_have_the_constraints_too():
    found = experiment(method="EM", chain="cyclic", sticky_prior=5.0, sweep_starts=2)
    config, data = found.config, found.data
    plan = model_choice.plan_of_starts(config, data)
    assert plan.key != model_choice.plan_of_starts(replace(config, sticky_prior=0.0), data).key
    task = model_choice.tasks_of_starts(plan, data)["EM"]
    assert task.trainer.priors == constraints.priors(config, 3, ())
    start = task.start(0)
    assert (start.transition_matrix > 0.0).sum() == 6
    assert start == starts.starting_point(config, data).hmm
    assert np.isfinite(log_likelihood(start, data.sequences)).all()
