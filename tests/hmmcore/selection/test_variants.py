"""Families and constraints side by side: each row against fits of one's own, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import (
    EM,
    HMM,
    Gaussian,
    InformationCriteria,
    Priors,
    Sequences,
    count_starts,
    fit,
    held_out_log_likelihood,
    initialization,
    log_likelihood,
    sample,
    simulation,
    split_by_sequence,
)
from hmmcore.initialization import in_chain_order, shared_stays, with_chain, with_covariance_type
from hmmcore.selection import (
    HELD_OUT,
    TriedVariant,
    Variant,
    beaten_from_within,
    preferred_variant,
    sweep_variants,
)

TRUTH = HMM(*simulation.cyclic_structure(3, 0.8), Gaussian.univariate([-3.0, 0.0, 3.0], 1.0))
DATA = sample(TRUTH, 8, 60, np.random.default_rng(3)).sequences
GENERATORS = np.random.default_rng(0).spawn(3)
STICKY = Priors(transition_concentration=1.0 + 40.0 * np.eye(3))


def random(sequences, num_states, rng):
    return initialization.random(sequences, num_states, rng)


def cyclic(sequences, num_states, rng):
    start = in_chain_order(random(sequences, num_states, rng), sequences, "cyclic")
    return with_chain(start, "cyclic")


def tied(sequences, num_states, rng):
    return with_covariance_type(random(sequences, num_states, rng), "tied")


def one_stay(sequences, num_states, rng):
    return with_chain(random(sequences, num_states, rng), "free", shared_stays("free", num_states))


def counts_of(sequences, num_states, rng):
    return count_starts.random(sequences, num_states, rng)


VARIANTS = {
    "plain": Variant(EM, random),
    "tied": Variant(EM, tied, ("plain",)),
    "cyclic": Variant(EM, cyclic, ("plain",)),
    "sticky": Variant(lambda data: EM(data, priors=STICKY), random, ("plain",)),
    "stays": Variant(
        lambda data: EM(data, transition_ties=shared_stays("free", 3)), one_stay, ("plain",)
    ),
    "known means": Variant(
        lambda data: EM(data, trainable=("initial_probs", "transition_matrix", "covariances")),
        random,
    ),
}
FREE = {
    # π, A, means, variances; counted by hand for K = 3 and D = 1.
    "plain": (2, 6, 3, 3),
    "tied": (2, 6, 3, 1),
    "cyclic": (2, 3, 3, 3),
    "sticky": (2, 6, 3, 3),
    "stays": (2, 1, 3, 3),
    "known means": (2, 6, 0, 3),
}


def swept(variants=VARIANTS, **more):
    *_, last = sweep_variants(DATA, 3, variants, GENERATORS, **more)
    return last


def test_each_row_is_the_best_of_fits_one_by_one_and_counts_what_is_free():
    split = split_by_sequence(DATA, 0.25, np.random.default_rng(0))
    sweep = swept(split=split)
    assert sweep.done == sweep.total == 36
    assert sweep.num_held_out == split.test.num_observed
    assert [row.name for row in sweep.rows] == list(VARIANTS)
    for row in sweep.rows:
        variant = VARIANTS[row.name]

        def best_of(data, variant=variant):
            generators = np.random.default_rng(0).spawn(3)
            fits = [
                fit(variant.make_trainer(data), variant.make_start(data, 3, rng), 1000, 1e-8)
                for rng in generators
            ]
            return max(fits, key=lambda one: one.objectives[-1]).hmm

        hmm = best_of(DATA)
        assert row.failure is None
        value = float(log_likelihood(hmm, DATA).sum())
        np.testing.assert_allclose(row.criteria.log_likelihood, value, rtol=1e-9)
        assert tuple(row.criteria.parameter_counts.values()) == FREE[row.name]
        p, n = sum(FREE[row.name]), DATA.num_observations
        np.testing.assert_allclose(row.criteria.bic, p * np.log(n) - 2.0 * value, rtol=1e-9)
        np.testing.assert_allclose(
            row.held_out, held_out_log_likelihood(best_of(split.train), split), rtol=1e-6
        )
        assert row.has_priors == (row.name == "sticky")
    by_name = {row.name: row for row in sweep.rows}
    # A prior is climbed as well, so its fit has less than the highest likelihood.
    assert by_name["sticky"].criteria.log_likelihood < by_name["plain"].criteria.log_likelihood
    assert beaten_from_within(sweep.rows, VARIANTS) == ()
    # The data are cyclic, and the others pay for more.
    assert preferred_variant(sweep.rows, "bic").best == "cyclic"


def row(name, value, held_out=None, has_priors=False):
    criteria = InformationCriteria(value, {"means": 2}, 100, 0.0)
    return TriedVariant(
        name, has_priors=has_priors, criteria=criteria,
        held_out=None if held_out is None else np.array(held_out),
    )  # fmt: skip


def test_a_criterion_says_which_it_prefers_and_which_are_too_close():
    rows = [row("b", -20.0, [-3.0, -3.0]), row("a", -20.0, [-3.1, -2.8]), row("c", -30.0)]
    found = preferred_variant(rows, "aic")
    assert (found.best, found.rival, found.close) == ("b", "a", ("a",)), "the first of equal ones"
    assert (found.difference, found.is_clear) == (0.0, False)
    held = preferred_variant(rows, HELD_OUT)
    assert (held.best, held.close) == ("a", ("b",))
    assert preferred_variant([TriedVariant("a")], "bic") is None


def test_a_variant_that_one_within_it_beats_missed_its_optimum():
    variants = {
        "wide": Variant(EM, random),
        "narrow": Variant(EM, random, ("wide",)),
        "prior": Variant(EM, random, ("wide",)),
    }
    rows = [row("wide", -21.0), row("narrow", -20.0), row("prior", -25.0, has_priors=True)]
    assert beaten_from_within(rows, variants) == ("wide",)
    rows[1] = row("narrow", -21.0 + 1e-4)
    assert beaten_from_within(rows, variants) == (), "no more than fits are apart that stopped"
    rows[0] = replace(rows[0], has_priors=True)
    rows[1] = row("narrow", -1.0)
    assert beaten_from_within(rows, variants) == (), "a prior takes likelihood away"


def test_densities_and_probabilities_are_not_put_side_by_side():
    counts = Sequences(np.array([0.0, 1.0, 3.0, 2.0, 0.0, 1.0, 5.0, 4.0]))
    variants = {"numbers": Variant(EM, random), "counts": Variant(EM, counts_of)}
    with pytest.raises(
        ValueError, match="of 'numbers' are densities, those of 'counts' probabilities of counts"
    ):
        sweep_variants(counts, 2, variants, GENERATORS)


def test_bad_arguments_are_named_and_what_fails_says_why():
    with pytest.raises(ValueError, match="variants is empty"):
        sweep_variants(DATA, 3, {}, GENERATORS)
    with pytest.raises(ValueError, match="'a' is within 'b', which is no variant"):
        sweep_variants(DATA, 3, {"a": Variant(EM, random, ("b",))}, GENERATORS)
    with pytest.raises(ValueError, match="generators is empty"):
        sweep_variants(DATA, 3, VARIANTS, [])

    def refuses(sequences, num_states, rng):
        raise ValueError("no start of this kind.")

    sweep = swept({"plain": Variant(EM, random), "none": Variant(EM, refuses)}, max_iterations=2)
    assert "no start of this kind." in sweep.rows[1].failure
    assert sweep.rows[0].criteria is not None
