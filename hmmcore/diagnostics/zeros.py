"""Numbers that have come to zero, which training cannot leave, and do not belong there."""

from __future__ import annotations

from hmmcore.coordinates import Coordinate, flat, place_of
from hmmcore.diagnostics.circumstances import Circumstances
from hmmcore.diagnostics.finding import Finding
from hmmcore.emissions import own_name
from hmmcore.model import HMM
from hmmcore.uncertainty.optimality import raised, rising_zeros

WORTH = 0.1
"""Nats per unit of probability: the likelihood is concave in π, so a smaller slope gains
less than that many nats, however far the number rises."""


def zero_findings(circumstances: Circumstances, hmm: HMM) -> list[Finding]:
    """What a model at rest lacks because numbers have come to zero; by one sweep at most."""
    rising = worthwhile_zeros(circumstances, hmm)
    if not rising:
        return []
    first, slope = next(iter(rising.items()))
    evidence = {"slope": slope, "num_rising": len(rising)}
    if first[0] == "initial_probs":
        evidence["ratio"] = 1.0 + slope / len(circumstances.sequences)
    # The state that the number is about: of a transition the one that it leads to.
    parameter, *places = flat(first)
    of_state = own_name(str(parameter)) in ("probs", "rates")
    state = int(places[0] if of_state else places[-1])
    return [Finding("zero_should_rise", ((state,),), evidence, first)]


def with_zeros_raised(circumstances: Circumstances, hmm: HMM) -> HMM:
    """The model with all zeros raised that should rise, to where the data are more probable.

    Raises:
        ValueError: when there is none, or they cannot be raised.
    """
    rising = worthwhile_zeros(circumstances, hmm)
    if not rising:
        raise ValueError("no probability of the model that has come to zero should rise.")
    return raised(hmm, circumstances.sequences, rising)


def worthwhile_zeros(circumstances: Circumstances, hmm: HMM) -> dict[Coordinate, float]:
    """The zeros that should rise by so much that it is worth it, with slopes, the steepest first.

    None where training climbs something else than the likelihood, and none that the start had.
    """
    if any(
        getattr(circumstances.trainer, name, None) is not None
        for name in ("priors", "transition_ties")
    ):
        return {}
    chosen = circumstances.chosen
    found = rising_zeros(hmm, circumstances.sequences, chosen.names, circumstances.start)
    return {
        name: slope
        for name, slope in found.items()
        if slope > WORTH
        and (chosen.masks is None or chosen.masks[str(flat(name)[0])][place_of(hmm, name)])
    }
