"""Examine a training run and report what was found."""

from __future__ import annotations

import numpy as np

from hmmcore.arrays import FloatArray
from hmmcore.diagnostics.against_truth import is_below_truth, truth_findings
from hmmcore.diagnostics.circumstances import Circumstances
from hmmcore.diagnostics.exchangeable import gradient_between
from hmmcore.diagnostics.finding import Finding
from hmmcore.diagnostics.progress import is_at_rest, is_settled, progress_findings
from hmmcore.diagnostics.states import occupancy, state_findings
from hmmcore.diagnostics.zeros import zero_findings
from hmmcore.model import HMM
from hmmcore.training.base import TrainState

STANDINGS = (
    "start", "learning", "stopped", "at_rest", "all_alike", "below_truth", "diverged",
)  # fmt: skip
"""How a run can stand; see `standing`."""

RESTING = frozenset({"at_rest", "all_alike", "below_truth"})
"""Those in which no further step changes anything."""


def standing(
    circumstances: Circumstances,
    hmm: HMM,
    iteration: int,
    log_likelihoods: FloatArray,
    failed: bool = False,
    max_iterations: int | None = None,
) -> str:
    """How a run stands at one iteration: the one verdict that everything said of it agrees with.

    Args:
        hmm: the model of the iteration.
        log_likelihoods, failed: as in `examine`.
        max_iterations: steps that the run may take; None for any number.

    Returns:
        - "start": no step was taken
        - "learning": further steps still change the model
        - "stopped": so it was when the run had taken `max_iterations`
        - "at_rest": the last steps changed nothing but rounding
        - "all_alike": the same, because no step can tell its states apart
        - "below_truth": the same, below the model that made the data
        - "diverged": no step is possible any more
    """
    reached = float(log_likelihoods[-1])
    if failed or not np.isfinite(reached):
        return "diverged"
    if iteration == 0:
        return "start"
    if is_at_rest(log_likelihoods, circumstances.learning_rate, hmm, circumstances.sequences):
        if circumstances.all_alike:
            return "all_alike"
        below = is_below_truth(reached, circumstances.true_log_likelihood)
        return "below_truth" if below else "at_rest"
    return "stopped" if max_iterations is not None and iteration >= max_iterations else "learning"


def examine(
    circumstances: Circumstances,
    state: TrainState,
    log_likelihoods: FloatArray,
    failed: bool = False,
    highest: float = -np.inf,
) -> tuple[Finding, ...]:
    """Everything that can be said of a run at one iteration, the most important first.

    Everything follows from the statistics of the last step. Only of a run at rest, in which numbers
    have come to zero that its start did not have there, one sweep over the data tells whether they
    belong there.

    Args:
        state: the iteration to look at.
        log_likelihoods: in nats, of the iterations that led to `state`, whose own is the last;
            of more than `LOOK_BACK` only the last count.
        failed: whether the step that should have come next could not be taken.
        highest: log-likelihood, in nats, that the run reached with the present trainer; known, it
            shows a leap of gradient ascent that lies further back.

    Returns:
        Findings with these numbers as evidence, where those of a likelihood are in nats and, if
        they are named a gain or a fall of a step, per observation:
        - diverged: log_likelihood, and learning_rate of gradient ascent
        - symmetric_start, identical_states: gradient_between and gradient (Euclidean norms, see
          `gradient_between`), share_gap (how far any state's share of the data is from the
          average of its group)
        - empty_state, dead_output: most_observations (expected, of the fullest of them)
        - collapsed_variance: sd_floor
        - singular_covariance: sd_floor
        - no_transitions: num_sequences
        - near_duplicates: distance (in the family's measure), onward_distance (total variation of
          what follows, where the two count as one state), num_others (states besides the pair)
        - equal_rows: row_distance, the largest
        - unidentifiable_initial_probs: largest_prob
        - rate_too_high: learning_rate, steps, falls, mean_fall, lost (from the highest
          likelihood, or from the first of these steps, to the last)
        - rate_too_low: learning_rate, steps, mean_gain, steadiness (gain of the later half of
          the steps over that of the earlier)
        - zero_should_rise: slope (of the log-likelihood, in nats per unit of the number that it
          concerns), num_rising (how many should), and for one of π ratio (how many times as
          probable a sequence is that begins there, on average)
        - overfitting, better_than_truth, worse_than_truth: gain on the true model (in all),
          num_parameters, num_observed, and for the first two normal_gain and rare_gain
        - converged: steps, last_gain, largest (change of any of these steps)
        - not_converged: last_gain
    """
    rate, sequences = circumstances.learning_rate, circumstances.sequences
    stands = standing(circumstances, state.hmm, state.iteration, log_likelihoods, failed)
    if stands == "diverged":
        evidence = {"log_likelihood": state.log_likelihood}
        return (Finding("diverged", (), evidence | ({"learning_rate": rate} if rate else {})),)
    progress = progress_findings(log_likelihoods, sequences, rate, stands in RESTING, highest)
    if circumstances.all_alike:
        # All states are one. Any other finding about states, π or A would only repeat that.
        return (_alike("symmetric_start", circumstances, state), *progress)
    settled = stands in RESTING or is_settled(log_likelihoods, sequences)
    findings = [*progress, *_about_initial_probs(circumstances, state)]
    learns_transitions = "transition_matrix" in circumstances.trainable
    if learns_transitions and state.hmm.num_states > 1 and not circumstances.has_transitions:
        findings.append(Finding("no_transitions", evidence={"num_sequences": len(sequences)}))
    if state.iteration > 0:
        # A start has not been fitted to the data yet.
        findings += state_findings(
            state,
            circumstances.variance_floor,
            circumstances.chosen,
            circumstances.alike,
            settled,
            circumstances.has_transitions,
        )
    if any(finding.kind == "empty_state" for finding in findings):
        # Gains are small because states without data have no gradient, not because of the rate.
        findings = [finding for finding in findings if finding.kind != "rate_too_low"]
    if stands in RESTING:
        rising = zero_findings(circumstances, state.hmm)
        if rising:
            # It stands still, but not at an optimum.
            findings = [finding for finding in findings if finding.kind != "converged"]
        findings += rising
    if circumstances.alike:
        findings.append(_alike("identical_states", circumstances, state))
    if settled and circumstances.true_log_likelihood is not None:
        findings += truth_findings(
            state.log_likelihood,
            circumstances.true_log_likelihood,
            circumstances.num_parameters,
            sequences.num_observed,
        )
    return tuple(sorted(findings, key=lambda finding: finding.importance))


def _alike(kind: str, circumstances: Circumstances, state: TrainState) -> Finding:
    """The finding that groups of states are alike, with the gradient between them as evidence."""
    observations = occupancy(state)
    between = whole = share_gap = 0.0
    for group in circumstances.alike:
        norms = gradient_between(state.hmm, state.expectations, group, circumstances.trainable)
        between, whole = max(between, norms[0]), norms[1]
        shares = observations[list(group)] / circumstances.sequences.num_observations
        share_gap = max(share_gap, float(np.abs(shares - shares.mean()).max()))
    evidence = {"gradient_between": between, "gradient": whole, "share_gap": share_gap}
    return Finding(kind, circumstances.alike, evidence)


def _about_initial_probs(circumstances: Circumstances, state: TrainState) -> list[Finding]:
    """π cannot be learned from one sequence: it has a single first state. Where only one can come
    first, there is nothing to learn."""
    one = len(circumstances.trainer.sequences) == 1
    if np.count_nonzero(circumstances.start.initial_probs) == 1:
        return []
    if not one or "initial_probs" not in circumstances.trainable or state.hmm.num_states == 1:
        return []
    evidence = {"largest_prob": float(state.hmm.initial_probs.max())}
    return [Finding("unidentifiable_initial_probs", evidence=evidence)]
