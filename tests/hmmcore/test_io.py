"""Models survive JSON, hmmlearn and printed scripts; decoded data survive CSV and Parquet."""

import ast
import io as streams
import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hmmcore import HMM, NeuralGaussian, Sequences, io, log_likelihood, smooth, viterbi
from tests.hmmcore.models import CONFIGS, Case, TableEmissions

# dynamax is not installed for the tests; `make bench` runs its scripts (benchmarks/scripts.py).
IN_TESTS = ("hmmcore", "hmmlearn")
every_config = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
PEERS = {name: config for name, config in CONFIGS.items() if config.family != "product"}


@every_config
def test_json_gives_the_model_back_to_the_last_bit(config):
    hmm, _ = config.make(0)
    assert io.from_json(io.to_json(hmm)) == hmm
    assert io.from_json(io.to_json(hmm).encode()) == hmm


@pytest.mark.parametrize("config", PEERS.values(), ids=PEERS.keys())
def test_hmmlearn_gives_the_same_log_likelihood_and_the_model_back(config):
    hmm, sequences = config._replace(missing=0.0).make(0)
    model = io.to_hmmlearn(hmm)
    data = sequences.observations
    if config.family in ("categorical", "poisson"):
        data = data.astype(int)
    np.testing.assert_allclose(
        model.score(data, sequences.lengths),
        log_likelihood(hmm, sequences).sum(),
        rtol=1e-10,
        atol=1e-10,
    )
    if isinstance(hmm.emissions, NeuralGaussian):
        hmm = HMM(hmm.initial_probs, hmm.transition_matrix, hmm.emissions.gaussian)
    assert io.from_hmmlearn(model) == hmm


SCRIPTS = [
    "ragged",
    "spherical, three dimensions",
    "full, two dimensions",
    "tied, three dimensions",
    "categorical",
    "poisson",
    "left-right",
    "neural",
]


@pytest.mark.parametrize(
    ("name", "library"),
    [*product(SCRIPTS, IN_TESTS), ("missing, full", "hmmcore")],
)
def test_a_printed_script_prints_the_same_log_likelihood(capsys, name, library):
    hmm, sequences = CONFIGS[name].make(0)
    exec(io.to_python(hmm, sequences, library), {"__name__": "__main__"})
    assert_printed(capsys.readouterr().out, hmm, sequences)


def assert_printed(text, hmm, sequences):
    """What a script printed: the log-likelihood, and per observation that is not missing."""
    pattern = r"log-likelihood (\S+)\nper observation (\S+) \((\d+) observed\)\n"
    total, mean, observed = map(float, re.fullmatch(pattern, text).groups())
    expected = log_likelihood(hmm, sequences).sum()
    assert observed == sequences.num_observations - sequences.num_missing
    np.testing.assert_allclose([total, mean * observed], expected, rtol=1e-10, atol=0.0)


@pytest.mark.parametrize("library", IN_TESTS)
def test_a_printed_script_runs_by_itself(tmp_path, library):
    hmm, sequences = CONFIGS["ragged"].make(0)
    script = tmp_path / "model.py"
    script.write_text(io.to_python(hmm, sequences, library))
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert_printed(done.stdout, hmm, sequences)


def test_every_library_but_ours_refuses_missing_values():
    for library in set(io.LIBRARIES) - {"hmmcore"}:
        with pytest.raises(ValueError, match=f"missing values, which {library} cannot score"):
            io.to_python(*CONFIGS["missing, full"].make(0), library)


def test_long_data_are_a_text_of_numbers_that_python_reads_without_trouble():
    rng = np.random.default_rng(0)
    hmm, _ = CONFIGS["diag, two dimensions"].make(0)
    observations = rng.normal(size=(50_000, 2))
    observations[rng.random(50_000) < 0.1] = np.nan
    sequences = Sequences(observations, [500] * 100)
    script = io.to_python(hmm, sequences)
    names = {}
    # Lists of numbers are what takes long and much memory; the text is one constant.
    assert sum(isinstance(node, ast.Constant) for node in ast.walk(ast.parse(script))) < 200
    exec(script.partition("emissions = ")[0], names)
    np.testing.assert_array_equal(names["observations"], observations)
    np.testing.assert_array_equal(names["lengths"], sequences.lengths)


def changed(**values):
    hmm, _ = CONFIGS["dense"].make(0)
    return json.dumps({**json.loads(io.to_json(hmm)), **values})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "this is not JSON"),
        ("{", "this is not JSON"),
        ("[" * 100_000, "this is not JSON"),
        ("[]", 'not a model: "format"'),
        ('{"format": "something"}', 'not a model: "format"'),
        (changed(version=2), "version 2; this program reads versions 1 to 1"),
        (changed(version="1"), "version '1'"),
        (changed(version=True), "version True"),
        (changed(initial_probs=[10**400, 0, 0]), "initial_probs must be an array of numbers"),
        (changed(emissions=None), r"the model has no emissions\.family"),
        (changed(emissions={"family": "Cauchy"}), r"emissions\.family is 'Cauchy'; it must be"),
        (changed(emissions={"family": "Poisson"}), r"the model has no emissions\.rates"),
        (changed(initial_probs=[0.5, 0.4, 0.0]), r"initial_probs is .* sums to 0\.9"),
        (changed(transition_matrix="x"), "transition_matrix must be an array of numbers"),
        (changed(initial_probs=[float("nan")] * 3), "initial_probs.*must be a finite number"),
    ],
)
def test_what_is_no_model_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        io.from_json(text)


def test_families_that_cannot_be_written_are_named():
    hmm, sequences = TableEmissions.case([1.0], [[1.0]], [[0.0]])
    for use in (io.to_json, io.to_hmmlearn, lambda hmm: io.to_python(hmm, sequences)):
        with pytest.raises(ValueError, match="emissions are TableEmissions; written are Gaussian"):
            use(hmm)
    with pytest.raises(ValueError, match="library is 'R'; it must be one of"):
        io.to_python(CONFIGS["dense"].make(0).hmm, sequences, "R")

    class GMMHMM:
        """Stands for a model of hmmlearn that has no counterpart."""

    with pytest.raises(ValueError, match="GMMHMM has no counterpart here"):
        io.from_hmmlearn(GMMHMM())


@pytest.mark.parametrize("name", ["ragged", "diag, two dimensions", "categorical", "missing, full"])
def test_decoded_data_survive_csv_and_parquet(name):
    hmm, sequences = case = CONFIGS[name].make(0)
    assert isinstance(case, Case)
    frame = io.decoded_frame(hmm, sequences)
    assert frame.groupby("sequence").size().tolist() == sequences.lengths.tolist()
    np.testing.assert_array_equal(frame["viterbi_state"], viterbi(hmm, sequences).states)
    np.testing.assert_array_equal(
        frame.filter(like="smoothed_prob"), smooth(hmm, sequences).smoothed_probs
    )
    text, binary = streams.StringIO(frame.to_csv(index=False)), streams.BytesIO()
    frame.to_parquet(binary)
    pd.testing.assert_frame_equal(pd.read_csv(text), frame)
    pd.testing.assert_frame_equal(pd.read_parquet(binary), frame)
