"""How uncertain the hidden path is as a whole."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import BoolArray, FloatArray, IntArray
from hmmcore.compiling import kernel
from hmmcore.inference.paths import log_filtered_probs
from hmmcore.model import HMM, log_parameters
from hmmcore.sequences import Sequences
from hmmcore.sweeps.chunks import Chunk, chunked, in_turns
from hmmcore.sweeps.sweep import require_compatible


def path_entropy(hmm: HMM, sequences: Sequences) -> FloatArray:
    """Entropy (N,) of the posterior over whole paths, -Σ p(z | x) log p(z | x), in nats.

    0 means that one path is certain; all K^M paths equally probable give M log K. Exact, from the
    probabilities of pairs: given x, the path is a Markov chain, so its entropy is that of its last
    state and, at each earlier time, that of z_t given z_{t+1}. It is at most the sum of the
    entropies of the single states, `posterior_entropy`, which leaves out that neighbours go
    together. NaN for a sequence that no path can explain.

    Source: Hernando, Crespi & Cybenko (2005), "Efficient computation of the hidden Markov model
    entropy for a given observation sequence".
    """
    require_compatible(hmm, sequences)
    log_transition = log_parameters(hmm)[1]
    found = np.empty(len(sequences))

    def add_up(chunk: Chunk) -> None:
        log_filtered, possible = log_filtered_probs(hmm, chunk)
        _add_up_backward(
            log_filtered, log_transition, chunk.offsets, possible, found[chunk.sequences]
        )

    in_turns(add_up, list(chunked(sequences, hmm.num_states)))
    return found


@kernel()
def _add_up_backward(
    log_filtered: FloatArray,
    log_transition: FloatArray,
    offsets: IntArray,
    possible: BoolArray,
    entropies: FloatArray,
) -> None:
    """Fill entropies (N,) from the last time to the first."""
    num_states = log_filtered.shape[1]
    weights = np.empty(num_states)
    smoothed = np.empty(num_states)  # p(z_t = k | x)
    before = np.empty(num_states)  # p(z_{t-1} = k | x)
    for n in range(len(offsets) - 1):
        if not possible[n]:
            entropies[n] = np.nan
            continue
        last = offsets[n + 1] - 1
        for k in range(num_states):
            smoothed[k] = log_filtered[last, k]
        entropy = _to_distribution(smoothed)
        for t in range(last, offsets[n], -1):
            before[:] = 0.0
            for j in range(num_states):
                if smoothed[j] > 0.0:
                    # p(z_{t-1} = i | z_t = j, x), which does not depend on what comes after t.
                    for i in range(num_states):
                        weights[i] = log_filtered[t - 1, i] + log_transition[i, j]
                    entropy += smoothed[j] * _to_distribution(weights)
                    for i in range(num_states):
                        before[i] += smoothed[j] * weights[i]
            smoothed[:] = before
        entropies[n] = entropy


@kernel()
def _to_distribution(weights: FloatArray) -> float:
    """Turn log-weights (K,), one of them finite at least, into probabilities; their entropy."""
    top = weights.max()
    total, mean = 0.0, 0.0
    for k in range(len(weights)):
        below = weights[k] - top
        weights[k] = np.exp(below)
        total += weights[k]
        if weights[k] > 0.0:
            mean += weights[k] * below
    for k in range(len(weights)):
        weights[k] /= total
    # log p_k = below - log(total); the differences are rounding where one state is certain.
    return float(max(np.log(total) - mean / total, 0.0))
