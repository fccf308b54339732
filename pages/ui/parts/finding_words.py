"""Findings in words: what was found, what it means, and the numbers that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hmmcore.diagnostics import STANDSTILL
from pages.ui.figures.theme import StateNames
from pages.ui.session.checkups import Diagnosis, contains_truth, found_nothing_better
from pages.ui.session.coordinate_words import name_in_figures
from pages.ui.session.session import Session
from pages.ui.session.standing_words import about_standing
from pages.ui.session.view import View, state_names
from pages.ui.settings.families import FAMILIES
from pages.ui.text import decimal, listed, many, markdown_text, scientific

ZERO = 1e-12
"""Smaller numbers differ from zero only by the rounding of sums."""

Words = tuple[str, str, str]
"""What was found, what it means, and the evidence."""


def about(session: Session, view: View, diagnosis: Diagnosis) -> Words:
    """A diagnosis in words, its states named as in the figures."""
    return _WORDS[diagnosis.finding.kind](_Facts(session, view, diagnosis))


class _Facts:
    """A diagnosis with the session and view that its words refer to."""

    def __init__(self, session: Session, view: View, diagnosis: Diagnosis) -> None:
        self.session, self.view = session, view
        self.run, self.finding = diagnosis.run, diagnosis.finding
        self.evidence = diagnosis.finding.evidence
        self.stands = diagnosis.standing
        self.climbed = session.runs[diagnosis.run].state.objective_name
        self.nothing_better = found_nothing_better(session, diagnosis)

    def number(self, name: str) -> str:
        """A number of the evidence, as text."""
        return scientific(self.evidence[name])

    def norm(self, name: str) -> str:
        """A number of the evidence that should be zero, as text."""
        return nearly_zero(self.evidence[name])

    def states(self) -> str:
        """The names that the states of the finding have in the figures: S1, S2 and S4."""
        shown = np.argsort(self.view.permutation)
        groups = sorted(sorted(shown[list(group)].tolist()) for group in self.finding.states)
        called = StateNames(state_names(self.session))
        names = [listed([markdown_text(called.plain(k)) for k in group]) for group in groups]
        return listed(names) if max(map(len, groups)) == 1 else "; ".join(names)

    def observations(self) -> str:
        """The number of observations, as text."""
        return many(self.session.data.sequences.num_observations, "observation")

    def standing(self) -> str:
        """How the run stands, as a sentence."""
        return about_standing(self.run, self.stands)

    def several(self) -> bool:
        """Whether the finding is about more than one state."""
        return sum(map(len, self.finding.states)) > 1


def nearly_zero(value: float) -> str:
    """A number that should be zero, as text."""
    return scientific(value) + (" (zero but for rounding)" if 0.0 < abs(value) < ZERO else "")


def _diverged(facts: _Facts) -> Words:
    run = facts.session.runs[facts.run]
    reached = f"the last log-likelihood was {decimal(facts.evidence['log_likelihood'])} nats"
    return facts.standing(), markdown_text(run.ended or ""), f"{reached}."


def _symmetric_start(facts: _Facts) -> Words:
    num_states = facts.view.hmm.num_states
    probs = facts.view.posterior.smoothed_probs
    gap = float(np.abs(probs - 1.0 / num_states).max())
    return (
        "All states are alike.",
        "Each observation belongs to every state with the same probability, 1 / K. Every step "
        "therefore changes all states in the same way, and nothing can ever tell them apart: the "
        "slope of the likelihood between them is exactly zero, here and after any number of steps.",
        f"the gradient between the states has the norm {facts.norm('gradient_between')}, the whole "
        f"gradient {facts.norm('gradient')}; the posterior of the shown sequence that is furthest "
        f"from 1 / K = {decimal(1.0 / num_states)} is {nearly_zero(gap)} away from it.",
    )


def _identical_states(facts: _Facts) -> Words:
    return (
        f"States that are the same: {facts.states()}.",
        "They began alike in everything, so every step moves them alike: the model has fewer "
        "states than it counts.",
        f"the gradient between them has the norm {facts.norm('gradient_between')}.",
    )


def _rate_too_high(facts: _Facts) -> Words:
    lost = facts.evidence["lost"]
    fell = f"; it lies {facts.number('lost')} below where it was" if lost > 0.0 else ""
    return (
        "The learning rate is too high.",
        f"{facts.run} leaps over the optimum and back in place of climbing to it.",
        f"at a rate of {facts.evidence['learning_rate']:g} the {facts.climbed} fell in "
        f"{facts.number('falls')} of the last {facts.number('steps')} steps, by "
        f"{facts.number('mean_fall')} nats per observation each time{fell}.",
    )


def _rate_too_low(facts: _Facts) -> Words:
    return (
        "The learning rate is too low.",
        f"{facts.run} climbs a slope that goes on as steep as it was, in steps too small to get "
        "on.",
        f"at a rate of {facts.evidence['learning_rate']:g} each of the last "
        f"{facts.number('steps')} steps gained about {facts.number('mean_gain')} nats per "
        f"observation, the later half {facts.evidence['steadiness']:.0%} of the earlier half.",
    )


def _zero_should_rise(facts: _Facts) -> Words:
    coordinate = facts.finding.coordinate
    assert coordinate is not None
    name = name_in_figures(facts.session, coordinate, facts.view.permutation)
    others = int(facts.evidence["num_rising"]) - 1
    more = f" So should {many(others, 'other number')}." if others else ""
    if coordinate[0] == "initial_probs":
        evidence = (
            f"a sequence that begins there is {facts.number('ratio')} times as probable as the "
            "model says, on average."
        )
    else:
        evidence = (
            f"the log-likelihood rises by {facts.number('slope')} nats for each unit of it, where "
            "it is zero."
        )
    return (
        f"No maximum: the {markdown_text(name)} has come to zero, and should rise.",
        f"Each step of training multiplies it, and zero times anything is zero.{more}",
        evidence,
    )


def _collapsed_variance(facts: _Facts) -> Words:
    symbol = FAMILIES[facts.session.data.family].symbols.get("covariances", "σ")
    return (
        f"{symbol} at its floor: {facts.states()}.",
        f"Nearly equal observations pull {symbol} towards zero, where the likelihood would grow "
        "without bound; it is stopped at a ten-thousandth of the data's standard deviation. A "
        "likelihood reached in this way says little.",
        f"the floor is a standard deviation of {facts.number('sd_floor')}.",
    )


def _singular_covariance(facts: _Facts) -> Words:
    return (
        f"Singular Σ: {facts.states()}.",
        "Some of the columns follow from the others, as equal or proportional ones do; leave one "
        "of them out, because as it is the likelihood says little.",
        f"Σ is stopped at a standard deviation of {facts.number('sd_floor')}.",
    )


def _no_transitions(facts: _Facts) -> Words:
    return (
        "There is no transition to learn.",
        "No sequence has a second observation, so A keeps its start, and the model is a plain "
        "mixture.",
        f"{many(int(facts.evidence['num_sequences']), 'sequence')} of one observation.",
    )


def _dead_output(facts: _Facts) -> Words:
    return (
        f"μ held at zero by a ReLU: {facts.states()}.",
        "No gradient reaches a mean there.",
        f"expected to have made {facts.number('most_observations')} of {facts.observations()}"
        + (" at the most." if facts.several() else "."),
    )


def _empty_state(facts: _Facts) -> Words:
    if sum(map(len, facts.finding.states)) == facts.view.hmm.num_states:
        why = (
            "There is less than one observation for each of them, so there is little to learn from"
        )
    else:
        keep = "have" if facts.several() else "has"
        why = (
            f"Other states explain everything better, so {facts.states()} {keep} nothing to learn "
            "from"
        )
    return (
        f"Without data: {facts.states()}.",
        f"{why} and the parameters stay about where they are.",
        f"expected to have made {facts.number('most_observations')} of {facts.observations()}"
        + (" at the most." if facts.several() else "."),
    )


def _near_duplicates(facts: _Facts) -> Words:
    evidence = f"their distributions differ by {facts.number('distance')}"
    if facts.evidence["num_others"]:
        onward = facts.number("onward_distance")
        evidence += f", their probabilities of going on to other states by {onward}"
    if facts.nothing_better:
        title = "Nearly the same state twice"
        why = (
            "They make the same observations and go on alike, and the start was the best of "
            "several, so one in their place would do."
        )
    else:
        title = "Not told apart"
        why = (
            "They are nearly the same so far. That says little about the data, because from a "
            "better start they may separate."
        )
    return f"{title}: {facts.states()}.", why, f"{evidence}, at the most."


def _equal_rows(facts: _Facts) -> Words:
    return (
        "All rows of A are alike.",
        "Which state comes next does not depend on the present one: the model is a plain mixture, "
        "and the order of the observations carries no information for it.",
        f"no two rows of states with data differ by more than {facts.number('row_distance')} of "
        "probability.",
    )


def _unidentifiable(facts: _Facts) -> Words:
    return (
        "π cannot be learned from one sequence.",
        "It has a single first state, so π becomes certain of that one, whatever π was when the "
        "data were made.",
        f"the largest entry of π is {facts.number('largest_prob')}.",
    )


def _truth(facts: _Facts) -> str:
    gain, count = facts.evidence["gain"], facts.evidence["num_observed"]
    return (
        f"log-likelihood {decimal(abs(gain))} nats {'above' if gain > 0 else 'below'} that of the "
        f"true model ({scientific(abs(gain) / count)} per observation)"
    )


def _wilks(facts: _Facts) -> str:
    return (
        f"{_truth(facts)}; {facts.number('num_parameters')} free parameters fitted to "
        f"{many(int(facts.evidence['num_observed']), 'observation')} gain half a nat each, "
        f"{facts.number('normal_gain')}, on average, and more than "
        f"{decimal(facts.evidence['rare_gain'])} once in a thousand (Wilks' theorem)."
    )


def _worse_than_truth(facts: _Facts) -> Words:
    if facts.stands != "below_truth":
        return "Below the true model so far.", facts.standing(), f"{_truth(facts)}."
    why = (
        "The best fit is never below the truth: this is the top of a lower hill."
        if contains_truth(facts.session, facts.session.runs[facts.run])
        else "What the model leaves out or does not train may hold it back, or it has climbed a "
        "lower hill."
    )
    return "Worse than the true model.", why, f"{_truth(facts)}."


def _better_than_truth(facts: _Facts) -> Words:
    return (
        "Better than the true model, as is normal.",
        "A model that is fitted to these very observations follows their chance as well.",
        _wilks(facts),
    )


def _overfitting(facts: _Facts) -> Words:
    if facts.evidence["gain"] > facts.evidence["rare_gain"]:
        why = (
            "It gains more on the true model than fitting explains: it describes these very "
            "observations, and not what made them."
        )
    else:
        why = (
            "Better likelihood than the truth is normal on small data. There are few observations "
            "for so many parameters, and on new data about as much will be lost again."
        )
    return "Overfitting.", why, _wilks(facts)


def _converged(facts: _Facts) -> Words:
    largest = facts.evidence["largest"]
    rounding = ", which is rounding" if largest > STANDSTILL else ""
    return (
        facts.standing(),
        "No small step helps any more: this is an optimum, though it need not be the highest."
        if facts.stands == "at_rest"
        else "",
        f"each of the last {facts.number('steps')} steps changed the {facts.climbed} by no more "
        f"than {scientific(max(largest, STANDSTILL))} nats per observation{rounding}.",
    )


def _not_converged(facts: _Facts) -> Words:
    ended = facts.session.runs[facts.run].ended
    # One step without a gain may be a turning point; only several in a row are a standstill.
    gains = abs(facts.evidence["last_gain"]) >= STANDSTILL
    return (
        facts.standing(),
        markdown_text(ended)
        if ended
        else "Further steps change the model."
        if gains
        else "Its last step gained nothing, which may be a turning point.",
        f"the last step changed the {facts.climbed} by {facts.norm('last_gain')} nats per "
        "observation.",
    )


_WORDS: Mapping[str, Callable[[_Facts], Words]] = {
    "diverged": _diverged,
    "symmetric_start": _symmetric_start,
    "identical_states": _identical_states,
    "rate_too_high": _rate_too_high,
    "rate_too_low": _rate_too_low,
    "zero_should_rise": _zero_should_rise,
    "collapsed_variance": _collapsed_variance,
    "singular_covariance": _singular_covariance,
    "no_transitions": _no_transitions,
    "dead_output": _dead_output,
    "empty_state": _empty_state,
    "overfitting": _overfitting,
    "worse_than_truth": _worse_than_truth,
    "near_duplicates": _near_duplicates,
    "equal_rows": _equal_rows,
    "better_than_truth": _better_than_truth,
    "unidentifiable_initial_probs": _unidentifiable,
    "converged": _converged,
    "not_converged": _not_converged,
}
