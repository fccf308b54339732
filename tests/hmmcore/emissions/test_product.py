"""Products of families: enumeration, a diagonal Gaussian step by step, and what is refused."""

import numpy as np
import pytest
import scipy.stats

from hmmcore import (
    EM,
    HMM,
    Categorical,
    Gaussian,
    GradientAscent,
    Poisson,
    Priors,
    Product,
    Sequences,
    align_parameters,
    exchangeable_states,
    fit,
    forecast,
    io,
    log_likelihood,
    product_starts,
    pseudo_residuals,
    sample,
    smooth,
    viterbi,
)
from hmmcore.emissions import parameters_of
from hmmcore.inference import em_step, open_parameter
from hmmcore.uncertainty import em_rate, is_maximum, observed_information, profile_interval
from tests.hmmcore.models import STRUCTURES, gaussian, poisson, sparse_distributions, with_missing
from tests.hmmcore.oracle import enumerate_paths

CHAIN = [0.6, 0.4], [[0.8, 0.2], [0.3, 0.7]]


def random_part(rng, num_states):
    kind = rng.integers(4)
    if kind == 0:
        return poisson(rng, num_states)
    if kind == 1:
        num_symbols = int(rng.integers(1, 5))
        return Categorical(sparse_distributions(rng, num_states, num_symbols, keep=0.7))
    return gaussian(rng, num_states, 1, rng.choice(["spherical", "diag", "full", "tied"]))


def scores_of(part, values):
    """log p of numbers (T,) in each state (T, K) by SciPy; 0 where they are missing."""
    there = np.nan_to_num(values)[:, np.newaxis]
    if isinstance(part, Poisson):
        scores = scipy.stats.poisson.logpmf(there, part.rates)
    elif isinstance(part, Categorical):
        with np.errstate(divide="ignore"):
            scores = np.log(part.probs.T)[there[:, 0].astype(int)]
    else:
        scores = scipy.stats.norm.logpdf(there, part.means[:, 0], part.standard_deviations[:, 0])
    return np.where(np.isnan(values)[:, np.newaxis], 0.0, scores)


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_hundreds_of_small_models_equal_enumeration(share):
    for seed in range(150):
        rng = np.random.default_rng([seed, int(10 * share)])
        num_states = int(rng.integers(1, 4))
        parts = [random_part(rng, num_states) for _ in range(rng.integers(1, 5))]
        chain = STRUCTURES[str(rng.choice(["dense", "sparse", "left-right"]))](rng, num_states)
        hmm = HMM(*chain, Product(parts))
        lengths = rng.integers(1, 5, size=rng.integers(1, 12)).tolist()
        data = sample(hmm, len(lengths), lengths, rng).sequences
        data = with_missing(rng, data, share) if share else data
        posterior, path = smooth(hmm, data), viterbi(hmm, data)
        for n in range(len(data)):
            scores = sum(scores_of(p, x) for p, x in zip(parts, data[n].T, strict=True))
            truth = enumerate_paths(*chain, scores)
            rows = slice(data.offsets[n], data.offsets[n + 1])
            np.testing.assert_allclose(
                posterior.log_likelihoods[n], truth.log_likelihood, rtol=1e-11, atol=1e-11
            )
            np.testing.assert_allclose(
                posterior.smoothed_probs[rows], truth.smoothed, rtol=1e-9, atol=1e-12
            )
            np.testing.assert_allclose(path.log_joints[n], truth.best, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("num_states", "lengths", "missing"),
    [(3, [40, 7, 1, 25], 0.0), (3, [40, 7, 1, 25], 0.3), (10, [300], 0.0), (2, [60] * 20, 0.1)],
)
def test_a_product_of_gaussians_is_a_diagonal_gaussian_to_the_last_bit(
    num_states, lengths, missing
):
    rng = np.random.default_rng(num_states)
    truth = HMM(*STRUCTURES["dense"](rng, num_states), gaussian(rng, num_states, 3, "diag"))
    data = sample(truth, len(lengths), lengths, rng).sequences
    data = with_missing(rng, data, missing) if missing else data
    start = HMM(*STRUCTURES["dense"](rng, num_states), gaussian(rng, num_states, 3, "diag"))
    means = start.emissions.means
    chain = start.initial_probs, start.transition_matrix
    for learner in (
        EM(data),
        # So high a floor that variances are held there.
        EM(data, variance_floor=0.4, priors=Priors(variance_shape=2.0, variance_scale=0.5)),
        GradientAscent(data, 0.1),
    ):
        covariances = start.emissions.covariances + (learner.variance_floor > 0.1)
        parts = [Gaussian(means[:, d], covariances[:, d]) for d in range(3)]
        one, other = HMM(*chain, Gaussian(means, covariances)), HMM(*chain, Product(parts))
        one, other = learner.init(one), learner.init(other)
        for _ in range(5):
            np.testing.assert_array_equal(one.log_likelihoods, other.log_likelihoods)
            one, other = learner.step(one), learner.step(other)
            assert one.remedies == other.remedies
            np.testing.assert_allclose(one.magnitude, other.magnitude, rtol=1e-13)
        as_one = other.hmm.emissions.as_gaussian()
        np.testing.assert_array_equal(as_one.means, one.hmm.emissions.means)
        np.testing.assert_array_equal(as_one.covariances, one.hmm.emissions.covariances)
        hmms = one.hmm, other.hmm
        found = [hmm.emissions.distances(hmm.emissions) for hmm in hmms]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-12, atol=1e-12)
        assert sum(one.hmm.emissions.num_free().values()) == sum(
            other.hmm.emissions.num_free().values()
        )
        ends = [forecast(hmm, data, 2).upper for hmm in hmms]
        np.testing.assert_allclose(ends[0], ends[1], rtol=1e-12)
        residuals = [pseudo_residuals(hmm, data) for hmm in hmms]
        np.testing.assert_allclose(residuals[0], residuals[1], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (Poisson([1.0, 5.0]), "rates"),
        (Categorical([[0.6, 0.3, 0.1], [0.1, 0.3, 0.6]]), "probs"),
        (Gaussian([0.0, 2.0], [1.0, 0.5], "full"), "means"),
    ],
)
def test_a_product_of_one_is_the_family_itself(part, name):
    rng = np.random.default_rng(3)
    data = sample(HMM(*CHAIN, part), 20, 12, rng).sequences
    data = with_missing(rng, data, 0.1)
    alone, product = (
        fit(EM(data), HMM(*CHAIN, emissions), 5000, 0.0).hmm
        for emissions in (part, Product([part]))
    )
    (found,) = product.emissions.parts
    assert found == alone.emissions
    place = (1,) if name != "probs" else (1, 2)
    of_part, own = ("parts", 0, name, *place), (name, *place)
    for value in (
        lambda hmm, at: observed_information(hmm, data).standard_error(at),
        lambda hmm, at: profile_interval(hmm, data, at),
        lambda hmm, at: open_parameter(em_step(hmm, data), at).shares,
    ):
        np.testing.assert_allclose(value(product, of_part), value(alone, own), rtol=1e-9)
    assert is_maximum(product, data).satisfied
    np.testing.assert_allclose(em_rate(product, data), em_rate(alone, data), atol=1e-9)
    residuals = [pseudo_residuals(hmm, data) for hmm in (product, alone)]
    np.testing.assert_array_equal(residuals[0], residuals[1])


def test_a_part_that_is_missing_in_a_state_keeps_its_parameters_there():
    emissions = Product([Poisson([1.0, 9.0]), Gaussian([0.0, 5.0], [1.0, 1.0])])
    hmm = HMM([1.0, 0.0], [[0.0, 1.0], [1.0, 0.0]], emissions)  # the states take turns
    data = Sequences([[2.0, 0.5], [8.0, np.nan], [1.0, 0.1], [7.0, np.nan]])
    state = EM(data).step(EM(data).init(hmm))
    assert [(one.state, one.kind) for one in state.remedies] == [(1, "empty_dimension")]
    rates, gaussian_part = state.hmm.emissions.parts
    np.testing.assert_allclose(rates.rates, [1.5, 7.5], rtol=1e-15)
    np.testing.assert_allclose(gaussian_part.means[:, 0], [0.3, 5.0], rtol=1e-15)
    assert gaussian_part.covariances[1, 0] == 1.0


def test_forecasts_of_parts_are_those_of_each_alone():
    rng = np.random.default_rng(4)
    parts = [Poisson([1.0, 6.0]), Categorical([[0.9, 0.1], [0.2, 0.8]]), Gaussian([0, 3], [1, 2])]
    hmm = HMM(*CHAIN, Product(parts))
    data = sample(hmm, 2, 9, rng).sequences
    found = forecast(hmm, data, 3)
    ends = smooth(hmm, data).filtered_probs[data.offsets[1:] - 1]
    for n, j in np.ndindex(2, 3):
        # One time of which nothing is known but the state's probability.
        alone = forecast(HMM(ends[n], CHAIN[1], parts[j]), Sequences([np.nan]), 3)
        for name in ("means", "standard_deviations", "lower", "upper"):
            if isinstance(parts[j], Categorical):
                assert np.isnan(getattr(found, name)[n, :, j]).all()
                continue
            expected = getattr(alone, name)[0]
            np.testing.assert_allclose(getattr(found.parts[j], name)[n], expected, rtol=1e-10)
            np.testing.assert_allclose(getattr(found, name)[n, :, [j]].T, expected, rtol=1e-10)
        if isinstance(parts[j], Categorical):
            np.testing.assert_allclose(
                found.parts[j].symbol_probs[n], alone.symbol_probs[0], rtol=1e-12
            )


def test_single_numbers_of_parts_are_trained_and_others_held():
    hmm = HMM(*CHAIN, Product([Poisson([1, 6]), Gaussian([0, 3], [1, 2]), Poisson([2, 3])]))
    data = sample(hmm, 3, 60, np.random.default_rng(5)).sequences
    chosen = (
        ("parts", 1, "means", 0),
        ("parts", 2, "rates", 1),
        ("parts", 1, "standard_deviations", 1),
    )
    moving = {("1.means", 0), ("2.rates", 1), ("1.covariances", 1)}
    for learner in (EM(data, coordinates=chosen), GradientAscent(data, coordinates=chosen)):
        found = fit(learner, hmm, 20)
        assert found.objectives[-1] > found.objectives[0]
        before, after = (parameters_of(one.emissions) for one in (hmm, found.hmm))
        for name, k in [(name, k) for name in before for k in range(2)]:
            held = np.array_equal(before[name][k], after[name][k])
            assert held == ((name, k) not in moving)
    with pytest.raises(ValueError, match="trainable has 'rates'; the model's parameters are"):
        EM(data, trainable={"rates"}).init(hmm)


@pytest.mark.parametrize("counts", [True, False])
def test_starts_lead_to_the_states_that_made_the_data(counts):
    # Four neurons, of which the last fires alike in both states.
    parts = [Poisson(rates) for rates in ([0.04, 1.2], [0.8, 0.1], [0.02, 0.6], [0.4, 0.4])]
    matrix = [[0.95, 0.05], [0.03, 0.97]]
    if not counts:
        symbols = Categorical([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8], [0.1, 0.1, 0.8]])
        parts = [Gaussian([0.0, 0.0, 40.0], [1.0, 1.0, 90.0]), symbols, Poisson([0.5, 2, 2])]
        matrix = [[0.95, 0.03, 0.02], [0.03, 0.95, 0.02], [0.02, 0.03, 0.95]]
    num_states = len(matrix)
    truth = HMM(np.full(num_states, 1 / num_states), matrix, Product(parts))
    rng = np.random.default_rng(6)
    drawn = sample(truth, 4, 200, rng)
    data = with_missing(rng, drawn.sequences, 0.1)
    kinds = product_starts.kinds_of(truth.emissions)
    best = fit(EM(data), truth, 200).log_likelihoods[-1]
    start = product_starts.best_of_several(data, num_states, kinds, rng)
    found = fit(EM(data), start, 200)
    assert found.log_likelihoods[-1] > best - 0.5
    ordered = found.hmm.permute(align_parameters(truth, found.hmm))
    # The last sequence is wholly missing.
    right = drawn.states[:600] == viterbi(ordered, data).states[:600]
    assert right.mean() > (0.97 if counts else 0.85)
    for make in (product_starts.kmeans, product_starts.random):
        one = make(data, num_states, kinds, rng)
        assert exchangeable_states(one) == ()
        fit(EM(data), one, 5)
    one = product_starts.quantiles(data, num_states, kinds)
    assert fit(EM(data), one, 100).log_likelihoods[-1] > log_likelihood(one, data).sum()


def test_products_of_poissons_go_to_hmmlearn_and_back():
    hmm = HMM(*CHAIN, Product([Poisson([1.0, 5.0]), Poisson([3.0, 2.0])]))
    data = sample(hmm, 3, 20, np.random.default_rng(7)).sequences
    peer = io.to_hmmlearn(hmm)
    score = peer.score(data.observations.astype(int), data.lengths)
    np.testing.assert_allclose(score, log_likelihood(hmm, data).sum(), rtol=1e-12)
    assert io.from_hmmlearn(peer) == hmm
    mixed = HMM(*CHAIN, Product([Poisson([1.0, 5.0]), Gaussian([0, 1], [1, 1])]))
    with pytest.raises(ValueError, match="product of Poisson, Gaussian; hmmlearn has products of"):
        io.to_hmmlearn(mixed)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "parts is empty; a product needs at least one family"),
        (Poisson([1.0]), "it must be a list of families"),
        ([Poisson([1.0]), Poisson([1.0, 2.0])], "parts\\[1\\] has 2 states and parts\\[0\\] has 1"),
        ([Gaussian([[0.0, 1.0]], [[1.0, 1.0]])], "parts\\[0\\] has 2 dimensions; a part emits one"),
        ([Product([Poisson([1.0])])], "parts\\[0\\] is .*; it must be a Gaussian, a Poisson or"),
    ],
)
def test_what_is_no_product_is_said(parts, message):
    with pytest.raises(ValueError, match=message):
        Product(parts)


def test_what_a_part_could_not_emit_is_said():
    hmm = HMM(*CHAIN, Product([Gaussian([0, 1], [1, 1]), Categorical([[0.5, 0.5], [0.1, 0.9]])]))
    with pytest.raises(ValueError, match="in column 1, observations row 1 is 2; a symbol must be"):
        log_likelihood(hmm, Sequences([[0.5, 1.0], [0.1, 2.0]]))
    with pytest.raises(ValueError, match="have 1 dimensions; the model emits 2"):
        log_likelihood(hmm, Sequences([0.5, 1.0]))
    other = HMM(*CHAIN, Product([Gaussian([0, 1], [1, 1]), Poisson([1.0, 2.0])]))
    with pytest.raises(ValueError, match="parts\\[1\\] is a Categorical of 2 symbols in one"):
        align_parameters(hmm, other)
    with pytest.raises(ValueError, match="have a variance_shape, but Product emissions have no"):
        EM(Sequences([1.0]), priors=Priors(variance_shape=1.0, variance_scale=1.0)).init(
            HMM(*CHAIN, Product([Poisson([1.0, 2.0])]))
        )
    with pytest.raises(ValueError, match=r"The model has no '2\.means'"):
        observed_information(hmm, Sequences([[0.5, 1.0]])).standard_error(("parts", 2, "means", 0))
    with pytest.raises(ValueError, match="kinds\\[0\\] is 'words'; it must be 'numbers', 'counts'"):
        product_starts.symmetric(2, ["words"])
