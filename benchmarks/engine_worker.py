"""Measures one library on one operation, in a process of its own.

    python -m benchmarks.engine_worker TOOL OPERATION SIZE S

Repeats the call for about S seconds and prints one line of JSON: "median", in seconds, and "value",
the log-likelihood under the starting model (for Viterbi the log-joints), by which the libraries'
results are compared.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.workloads import Problem, problem

Call = Callable[[], float]


def hmmcore(given: Problem, operation: str) -> Call:
    """This project's engine."""
    from hmmcore import EM, HMM, Gaussian, GradientAscent, Sequences, log_likelihood, viterbi
    from hmmcore.sweeps import sweep

    emissions = Gaussian.univariate(given.means, given.sd)
    hmm = HMM(given.initial_probs, given.transition_matrix, emissions)
    sequences = Sequences.from_array(given.observations)
    if operation == "log_likelihood":
        return lambda: float(log_likelihood(hmm, sequences).sum())
    if operation == "viterbi":
        return lambda: float(viterbi(hmm, sequences).log_joints.sum())
    if operation == "sweep one thread":
        sweep._num_threads = lambda: 1
        return lambda: float(sweep.expectations(hmm, sequences).log_likelihoods.sum())
    trainer = EM(sequences) if operation == "em" else GradientAscent(sequences)
    state = trainer.init(hmm)

    def step() -> float:
        trainer.step(state)
        return state.log_likelihood

    return step


def hmmlearn(given: Problem, operation: str, implementation: str) -> Call:
    """hmmlearn, compiled C++ called once per sequence."""
    from hmmlearn.hmm import GaussianHMM

    num_sequences, length = given.observations.shape
    num_states = len(given.means)
    data, lengths = given.observations.reshape(-1, 1), np.full(num_sequences, length)

    def model() -> Any:
        made = GaussianHMM(
            num_states, "diag", n_iter=1, tol=-np.inf, init_params="", implementation=implementation
        )
        made.startprob_, made.transmat_ = given.initial_probs, given.transition_matrix
        made.means_ = given.means[:, np.newaxis]
        made.covars_ = np.full((num_states, 1), given.sd**2)
        return made

    fixed = model()
    if operation == "log_likelihood":
        return lambda: float(fixed.score(data, lengths))
    if operation == "viterbi":
        return lambda: float(fixed.decode(data, lengths)[0])
    if operation == "em":
        return lambda: float(model().fit(data, lengths).monitor_.history[0])
    raise NotImplementedError("has none")


def dynamax(given: Problem, operation: str) -> Call:
    """dynamax in double precision, jitted; the compilation is not measured."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax
    from dynamax.hidden_markov_model import DiagonalGaussianHMM
    from dynamax.parameters import from_unconstrained, to_unconstrained

    num_states = len(given.means)
    hmm = DiagonalGaussianHMM(num_states, 1)
    params, props = hmm.initialize(
        initial_probs=jnp.asarray(given.initial_probs),
        transition_matrix=jnp.asarray(given.transition_matrix),
        emission_means=jnp.asarray(given.means[:, np.newaxis]),
        emission_scale_diags=jnp.full((num_states, 1), given.sd),
    )
    data = jnp.asarray(given.observations[:, :, np.newaxis])

    # Parameters and data are arguments of every function, so that the compiler folds no constants.
    def total(params: Any, data: Any) -> Any:
        return jax.vmap(lambda one: hmm.marginal_log_prob(params, one))(data).sum()

    if operation == "log_likelihood":
        likelihood = jax.jit(total)
        return lambda: float(likelihood(params, data))
    if operation == "viterbi":

        def paths(params: Any, data: Any) -> Any:
            return jax.vmap(lambda one: hmm.most_likely_states(params, one))(data)

        def joint(params: Any, states: Any, data: Any) -> Any:
            return jax.vmap(lambda path, one: hmm.log_prob(params, path, one))(states, data).sum()

        decode = jax.jit(paths)
        value = float(jax.jit(joint)(params, decode(params, data), data))
        return lambda: (decode(params, data).block_until_ready(), value)[1]
    if operation == "em":
        memory = hmm.initialize_m_step_state(params, props)

        def em_step(params: Any, memory: Any, data: Any) -> Any:
            statistics, log_likelihoods = jax.vmap(lambda one: hmm.e_step(params, one))(data)
            return hmm.m_step(params, props, statistics, memory), log_likelihoods.sum()

        em = jax.jit(em_step)
        return lambda: float(jax.block_until_ready(em(params, memory, data))[1])
    optimizer = optax.adam(0.05)
    free = to_unconstrained(params, props)

    def gradient_step(free: Any, memory: Any, data: Any) -> Any:
        value, slope = jax.value_and_grad(
            lambda free: -total(from_unconstrained(free, props), data) / data.size
        )(free)
        moves, moved = optimizer.update(slope, memory)
        return optax.apply_updates(free, moves), moved, value

    step, start = jax.jit(gradient_step), optimizer.init(free)
    return lambda: float(jax.block_until_ready(step(free, start, data))[2]) * -data.size


def pomegranate(given: Problem, operation: str) -> Call:
    """pomegranate on PyTorch, in double precision."""
    import torch

    torch.set_default_dtype(torch.float64)
    from pomegranate.distributions import Normal
    from pomegranate.hmm import DenseHMM

    num_states = len(given.means)
    data = torch.tensor(given.observations[:, :, np.newaxis])

    def model() -> Any:
        states = [Normal([m], [given.sd**2], covariance_type="diag") for m in given.means.tolist()]
        return DenseHMM(
            states,
            edges=given.transition_matrix,
            starts=given.initial_probs,
            # Probabilities of ending are required; equal ones only add a constant.
            ends=np.full(num_states, 1.0 / num_states),
        )

    constant = len(data) * np.log(num_states)
    fixed = model()
    if operation == "log_likelihood":
        return lambda: float(fixed.log_probability(data).sum()) + constant
    if operation == "em":

        def em_step() -> float:
            one = model()
            value = float(one.summarize(data).sum()) + constant
            one.from_summaries()
            return value

        return em_step
    raise NotImplementedError("has none")


def plain_c(given: Problem) -> Call:
    """The plain loop in C, on one thread."""
    loop = ctypes.CDLL(os.environ["HMM_PLAIN_LOOP"]).expectations
    loop.restype = ctypes.c_double
    num_sequences, length = given.observations.shape
    num_states = len(given.means)
    variances = np.full(num_states, given.sd**2)
    sums = np.empty(num_states * (num_states + 4))
    work = np.empty(2 * length * num_states + length)
    arrays = [
        given.observations, given.initial_probs, given.transition_matrix, given.means, variances,
        sums, work,
    ]  # fmt: skip
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in arrays]
    sizes = [ctypes.c_long(size) for size in (num_states, length, num_sequences)]
    return lambda: float(loop(*sizes, *pointers))


def memory(given: Problem) -> dict[str, float]:
    """Peak memory of two EM steps beyond what the data and the libraries take, in bytes."""
    from hmmcore import warm_up

    warm_up()
    unit = 1024 if sys.platform != "darwin" else 1
    step = hmmcore_trainer(given)
    # Drawing the data took memory too; on Linux the peak can be reset.
    reset_peak = Path("/proc/self/clear_refs")
    if reset_peak.exists():
        reset_peak.write_text("5")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    array = given.observations.size * len(given.means) * 8
    return {"peak": peak, "extra": max(0, peak - before), "array": array}


def hmmcore_trainer(given: Problem) -> Callable[[], object]:
    """Two steps of EM, ready to run."""
    from hmmcore import EM, HMM, Gaussian, Sequences

    emissions = Gaussian.univariate(given.means, given.sd)
    hmm = HMM(given.initial_probs, given.transition_matrix, emissions)
    trainer = EM(Sequences.from_array(given.observations))
    return lambda: trainer.step(trainer.step(trainer.init(hmm)))


def main() -> None:
    """Measure what the command line asks for."""
    tool, operation, size, seconds = sys.argv[1:]
    given = problem(size)
    if operation == "memory":
        print(json.dumps(memory(given)))
        return
    if tool == "hmmcore":
        call = hmmcore(given, operation)
    elif tool == "c":
        call = plain_c(given)
    elif tool == "dynamax":
        call = dynamax(given, operation)
    elif tool == "pomegranate":
        call = pomegranate(given, operation)
    else:
        call = hmmlearn(given, operation, tool.split()[1])
    value = call()
    spent: list[float] = []
    while len(spent) < 200 and (len(spent) < 3 or sum(spent) < float(seconds)):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
        if sum(spent) > 10.0:
            break
    print(json.dumps({"median": median(spent), "value": value}))


if __name__ == "__main__":
    main()
