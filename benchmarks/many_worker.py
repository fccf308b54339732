"""Measures training of many models on the same data, in a process of its own.

    python -m benchmarks.many_worker TOOL OPERATION SIZE S

Prints one line of JSON: "median", the seconds of one step of one model, and "value", the mean
log-likelihood of COMPARED starting models, by which the tools' results are compared.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads import MANY, Problem, problem

COMPARED = 16

Call = Callable[[], object]


@dataclass(frozen=True)
class Starts:
    """B models to start from: π (B, K), A (B, K, K), means (B, K), and one standard deviation."""

    initial_probs: NDArray[np.float64]
    transition_matrices: NDArray[np.float64]
    means: NDArray[np.float64]
    sd: float


def starts_for(given: Problem, count: int) -> Starts:
    """Random starts: uniform distributions, and means that are points of the data."""
    rng = np.random.default_rng(1)
    num_states = len(given.means)
    ones = np.ones(num_states)
    return Starts(
        rng.dirichlet(ones, size=count),
        rng.dirichlet(ones, size=(count, num_states)),
        np.sort(rng.choice(given.observations.ravel(), size=(count, num_states)), axis=1),
        given.sd,
    )


def hmmcore(given: Problem, starts: Starts, operation: str, steps: int, loop: bool) -> tuple:
    """This project's engine: all together, or each by itself."""
    from hmmcore import EM, HMM, Gaussian, GradientAscent, Sequences, batch, fit

    sequences = Sequences.from_array(given.observations)
    models = [
        HMM(initial, matrix, Gaussian.univariate(means, starts.sd))
        for initial, matrix, means in zip(
            starts.initial_probs, starts.transition_matrices, starts.means, strict=True
        )
    ]
    trainer = EM(sequences) if operation == "em" else GradientAscent(sequences)
    rule = {"max_iterations": steps, "tolerance": 0.0, "patience": steps + 1}
    value = batch.log_likelihoods(batch.stack(models[:COMPARED]), sequences).sum() / COMPARED
    if loop:
        some = models[:COMPARED]
        return len(some), value, lambda: [fit(trainer, hmm, **rule) for hmm in some]
    stacked = batch.stack(models)
    return len(models), value, lambda: batch.fit(trainer, stacked, **rule)


def dynamax(given: Problem, starts: Starts, operation: str, steps: int) -> tuple:
    """dynamax in double precision, mapped over models and sequences, all steps in one jitted call.

    The compilation is not measured.
    """
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import optax
    from dynamax.hidden_markov_model import DiagonalGaussianHMM
    from dynamax.parameters import from_unconstrained, to_unconstrained

    count, num_states = starts.means.shape
    hmm = DiagonalGaussianHMM(num_states, 1)
    data = jnp.asarray(given.observations[:, :, np.newaxis])

    def made(initial: Any, matrix: Any, means: Any) -> tuple[Any, Any]:
        return hmm.initialize(
            initial_probs=initial,
            transition_matrix=matrix,
            emission_means=means[:, np.newaxis],
            emission_scale_diags=jnp.full((num_states, 1), starts.sd),
        )

    arrays = [
        jnp.asarray(values)
        for values in (starts.initial_probs, starts.transition_matrices, starts.means)
    ]
    _, props = made(*(values[0] for values in arrays))
    params = jax.vmap(lambda *one: made(*one)[0])(*arrays)

    def total(params: Any, data: Any) -> Any:
        return jax.vmap(lambda one: hmm.marginal_log_prob(params, one))(data).sum()

    value = float(jax.jit(jax.vmap(total, (0, None)))(params, data)[:COMPARED].mean())
    if operation == "em":
        memory = hmm.initialize_m_step_state(params, props)

        def em_step(params: Any, data: Any) -> Any:
            statistics, _ = jax.vmap(lambda one: hmm.e_step(params, one))(data)
            return hmm.m_step(params, props, statistics, memory)[0]

        @jax.jit
        def train(params: Any, data: Any) -> Any:
            step = jax.vmap(em_step, (0, None))
            return jax.lax.scan(lambda p, _: (step(p, data), None), params, None, steps)[0]

        return count, value, lambda: jax.block_until_ready(train(params, data))
    optimizer = optax.adam(0.05)
    free = jax.vmap(lambda p: to_unconstrained(p, props))(params)

    def ascend(state: Any, data: Any) -> Any:
        free, moments = state
        slope = jax.grad(lambda f: -total(from_unconstrained(f, props), data) / data.size)(free)
        moves, moments = optimizer.update(slope, moments)
        return optax.apply_updates(free, moves), moments

    @jax.jit
    def descend(free: Any, data: Any) -> Any:
        state = free, jax.vmap(optimizer.init)(free)
        step = jax.vmap(ascend, (0, None))
        return jax.lax.scan(lambda s, _: (step(s, data), None), state, None, steps)[0][0]

    return count, value, lambda: jax.block_until_ready(descend(free, data))


def plain_c(given: Problem, starts: Starts, steps: int) -> tuple:
    """The plain loop in C, on one thread."""
    loop = ctypes.CDLL(os.environ["HMM_PLAIN_LOOP"]).em_of_many
    loop.restype = ctypes.c_double
    num_sequences, length = given.observations.shape
    count, num_states = starts.means.shape
    sums = np.empty(num_states * (num_states + 4))
    work = np.empty(2 * length * num_states + length)
    floor = ctypes.c_double(1e-8 * given.observations.var())

    def run(count: int = count, steps: int = steps) -> float:
        own = [
            starts.initial_probs.copy(), starts.transition_matrices.copy(), starts.means.copy(),
            np.full(starts.means.shape, starts.sd**2),
        ]  # fmt: skip
        pointers = [
            array.ctypes.data_as(ctypes.c_void_p)
            for array in (given.observations, *own, sums, work)
        ]
        sizes = [ctypes.c_long(n) for n in (count, steps, num_states, length, num_sequences)]
        return float(loop(*sizes, *pointers[:5], floor, *pointers[5:]))

    return count, run(COMPARED, 1) / COMPARED, run


def main() -> None:
    """Measure what the command line asks for."""
    tool, operation, size, seconds = sys.argv[1:]
    given = problem(size)
    count, steps = MANY[size]
    starts = starts_for(given, count)
    if tool == "c":
        trained, value, call = plain_c(given, starts, steps)
    elif tool == "dynamax":
        trained, value, call = dynamax(given, starts, operation, steps)
    else:
        loop = tool == "hmmcore loop"
        trained, value, call = hmmcore(given, starts, operation, steps, loop)
    call()
    spent: list[float] = []
    while len(spent) < 50 and (len(spent) < 3 or sum(spent) < float(seconds)):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
        if sum(spent) > 20.0:
            break
    print(json.dumps({"median": median(spent) / (trained * steps), "value": float(value)}))


if __name__ == "__main__":
    main()
