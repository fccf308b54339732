"""Values go to another process and come back as they were: equal, read-only, nothing in tow."""

import copy
import pickle

import numpy as np
import pytest

from hmmcore import EM, GradientAscent, ImpossibleDataError, Priors, Product, Ties, fit, smooth
from hmmcore.sweeps import sweep
from tests.hmmcore.models import CONFIGS, Config

FAMILIES = {
    name: CONFIGS[name]
    for name in (
        "sparse",
        "full, three dimensions",
        "spherical, three dimensions",
        "missing, tied",
        "categorical with zeros",
        "poisson",
        "neural, relu, two dimensions",
        "missing, product",
    )
}
every_family = pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES.keys())


def arrays_of(value: object) -> list[np.ndarray]:
    if isinstance(value, Product):
        return [array for part in value.parts for array in arrays_of(part)]
    return [v for v in vars(value).values() if isinstance(v, np.ndarray)]


def sent(value):
    """What arrives when a value goes to another process."""
    return pickle.loads(pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL))


@pytest.mark.parametrize("way", [sent, copy.copy, copy.deepcopy])
@every_family
def test_models_and_data_arrive_equal_and_read_only(config, way):
    hmm, sequences = config.make(0)
    for value in (hmm, hmm.emissions, sequences):
        arrived = way(value)
        assert type(arrived) is type(value)
        assert arrived == value
        assert arrays_of(arrived)
        for array in arrays_of(arrived):
            assert not array.flags.writeable
            assert array.flags.c_contiguous
    before, after = smooth(hmm, sequences), smooth(way(hmm), way(sequences))
    np.testing.assert_array_equal(after.smoothed_probs, before.smoothed_probs)


@pytest.mark.parametrize(
    "value",
    [Priors([1.0, 2.0], 3.0, 1.0, 2.0), Priors(), Ties.left_right(3), Ties([[5, 9], [9, 5]])],
    ids=["priors", "no priors", "left-right", "swapped"],
)
def test_priors_and_ties_arrive_equal(value):
    assert sent(value) == value


def test_sequences_leave_behind_what_sweeps_remember():
    hmm, sequences = Config("dense", 4, (50,) * 64).make(0)
    fresh = len(pickle.dumps(sequences))
    fit(EM(sequences), hmm, 2)
    assert sequences.arrangements, "sweeps remember how they split the data"
    assert len(pickle.dumps(sequences)) == fresh
    assert fresh < sequences.observations.nbytes + sequences.lengths.nbytes + 1000
    assert sent(sequences).arrangements == {}


@pytest.mark.parametrize("trainer", [EM, GradientAscent])
def test_trainers_arrive_and_train_alike(trainer):
    hmm, sequences = CONFIGS["dense"].make(0)
    training = trainer(
        sequences, trainable={"means", "transition_matrix"}, variance_floor=1e-3, priors=Priors(2.0)
    )
    fit(training, hmm, 1)
    here, there = fit(training, hmm, 5), fit(sent(training), sent(hmm), 5)
    assert there.hmm == here.hmm
    np.testing.assert_array_equal(there.objectives, here.objectives)


def test_an_error_arrives_with_its_place():
    error = sent(ImpossibleDataError(3, 14))
    assert (error.sequence, error.time) == (3, 14)
    assert str(error) == str(sweep.ImpossibleDataError(3, 14))
