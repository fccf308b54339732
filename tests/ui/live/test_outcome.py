"""The line beside Play: what it says of every run, with and without a truth."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hmmcore import HMM, Gaussian, Sequences, accuracy, information_criteria
from hmmcore.diagnostics import STANDINGS, Finding
from pages.ui.experiment.dataset import Upload
from pages.ui.live import outcome as words
from pages.ui.live.frame_source import frame_source
from pages.ui.live.outcome import COUNTED_LATER, distance, outcome, percent, share
from pages.ui.session import decoded
from pages.ui.session.checkups import Checkups, contains_truth
from pages.ui.session.decoded import Hits, hits
from pages.ui.session.remedies import apply, first_remedy
from pages.ui.session.session import Session
from pages.ui.session.standing_words import PILLS
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config

SMALL: dict[str, Any] = {"num_states": 3, "length": 40, "num_sequences": 4}


def session(steps: int = 0, **values: Any) -> Session:
    made = Session(Config(**{**SMALL, **values}))
    for _ in range(steps):
        made.step()
    return made


def own_data(here: Session, known: bool = False) -> None:
    """Bring data of two states, whose states a column may tell."""
    values = np.where(np.arange(60) // 5 % 2, 4.0, 0.0) + np.sin(np.arange(60))
    states = np.arange(60) // 5 % 2 if known else None
    names = ("low", "high") if known else ()
    upload = Upload("f.csv", "x", Sequences(values), known_states=states, state_names=names)
    here.replace_upload(upload, 2)


def said(here: Session) -> str:
    """The line as it reads, with ordinary spaces."""
    line = outcome(here)
    facts = [line["pill"][0], line["run"], *line["share"], *line["distance"], line["criteria"]]
    return re.sub(r"\s", " ", " ".join(filter(None, facts)))


@pytest.mark.parametrize("stands", STANDINGS)
@pytest.mark.parametrize("method", ["EM", "Gradient"])
@pytest.mark.parametrize("truth", ["shown", "hidden", "none", "states"])
def test_every_verdict_is_said_of_both_methods_with_and_without_a_truth(
    stands: str, method: str, truth: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = session(2, method=method, truth="hidden" if truth == "hidden" else "shown")
    if truth in ("none", "states"):
        own_data(here, known=truth == "states")
        here.step()
    monkeypatch.setattr(Checkups, "standing", lambda self, run: stands)
    word, tone = PILLS[stands]
    if stands == "below_truth" and truth == "shown":
        word = "at a lower hill"
    line, text = outcome(here), said(here)
    assert line["pill"] == (word, tone)
    assert text.startswith(f"{word} {method}, iteration {here.latest} ")
    assert re.search(r"AIC −?[\d .]+ · BIC −?[\d .]+ · \d+ free parameters$", text)
    assert ("% of states right" in text) == (truth in ("shown", "states"))
    assert ("the true model" in line["distance"][1]) == (truth == "shown")
    reached = here.data.sequences.per_observation(here.shown_state.log_likelihood)
    if truth != "shown":
        assert line["distance"][0] == f"{reached:.4f}".replace("-", "−")
        assert "possible" not in text
        assert "by the true model" not in text
    assert ("the truth is hidden" in text) == (truth == "hidden")
    assert ("no truth: uploaded data" in text) == (truth == "none")
    assert [title for title, _ in line["help"]] == {
        "shown": ["States right", "True model", "AIC, BIC"],
        "states": ["States right", "AIC, BIC"],
    }.get(truth, ["AIC, BIC"])


def test_its_numbers_are_those_of_the_engine_and_of_the_other_pages() -> None:
    here = session(8)
    run, state, view = here.shown_run, here.shown_state, current_view(here)
    criteria = information_criteria(state.hmm, here.data.sequences, start=run.start)
    assert here.data.sequences.per_observation(state.log_likelihood) == run.curve[8]
    found = outcome(here)["criteria"].replace("\u202f", "").replace("−", "-")
    assert found == (
        f"AIC {criteria.aic:.1f} · BIC {criteria.bic:.1f} · {criteria.num_parameters} "
        "free parameters"
    )
    (_, every) = decoded.scopes(here, view)
    right = hits(here)
    assert right is not None
    assert every.ceiling is not None
    assert right.share == accuracy(every.true_states, every.learned.smoothed)
    assert right.ceiling == accuracy(every.true_states, every.ceiling.smoothed)
    truth = here.true_log_likelihood()
    assert truth is not None
    assert outcome(here)["distance"] == distance(float(run.curve[8]), truth)


def test_another_number_of_states_is_read_as_on_the_other_pages() -> None:
    here = session(8, num_states=4, true_states=3)
    view, right = current_view(here), hits(here)
    (_, every) = decoded.scopes(here, view)
    assert right is not None
    assert right.share == accuracy(every.true_states, every.learned.smoothed)
    about = dict(outcome(here)["help"])["States right"]
    assert "counts as the true state it meets most often" in about
    assert not contains_truth(here, here.shown_run)


def test_an_iteration_of_the_past_speaks_for_itself() -> None:
    here = session(12)
    latest = said(here)
    here.travel(0)
    assert said(here).startswith("not started EM, iteration 0 of 12 ")
    here.travel(5)
    past = said(here)
    assert past.startswith("learning EM, iteration 5 of 12 ")
    here.travel(None)
    assert said(here) == latest
    alone = session(5)
    assert said(alone) == past.replace(" of 12", "")


def test_of_both_runs_it_tells_of_the_one_that_is_shown() -> None:
    here = session(3, method="Both", shown="EM")
    em = said(here)
    here.change(shown="Gradient")
    assert said(here).startswith("learning Gradient, iteration 3 ")
    assert em.startswith("learning EM, iteration 3 ")


def test_a_run_that_failed_says_so_in_one_word() -> None:
    here = session(2, method="Gradient")
    here.shown_run.failed, here.shown_run.ended = True, "The step led nowhere."
    line = outcome(here)
    assert line["pill"] == ("diverged", "error")
    assert line["remedy"]["label"].startswith("Lower the rate to ")


def test_without_a_run_or_without_anything_to_train_it_says_that() -> None:
    here = session(1, trainable=())
    assert outcome(here)["pill"] == ("nothing to train", "calm")
    here.runs, here.problem = {}, "This start cannot be trained."
    line = outcome(here)
    assert line["pill"] == ("cannot be trained", "error")
    assert (line["run"], line["criteria"], line["remedy"]) == ("", "", None)
    assert said(here) == "cannot be trained"
    assert frame_source(here).live()["outcome"] == line


def test_a_start_where_all_are_alike_is_stuck_before_any_step_and_at_rest() -> None:
    here = session(0, start="symmetric")
    line = outcome(here)
    assert line["pill"] == ("stuck: all states alike", "warning")
    assert line["remedy"]["label"] == "Nudge the start"
    for _ in range(60):
        here.step()
    assert outcome(here)["pill"] == line["pill"]
    assert outcome(here)["remedy"] == line["remedy"]


def at_a_lower_hill() -> Session:
    """At rest where two states share what one made, and one has what two made."""
    here = session(0, length=60, num_sequences=5, separation=10.0, noise_sd=1.0)
    run = here.shown_run
    run.start = HMM(
        np.full(3, 1 / 3),
        np.full((3, 3), 1 / 3),
        Gaussian.univariate([-10.5, -9.5, 5.0], [1.0, 1.0, 5.0]),
    )
    run.reset()
    for _ in range(140):
        here.step()
    return here


def test_a_lower_hill_is_one_only_where_the_true_model_could_be_reached() -> None:
    here = at_a_lower_hill()
    assert outcome(here)["pill"] == ("at a lower hill", "warning")
    assert " below the true model" in said(here)
    assert outcome(here)["remedy"]["label"] == "Try another start"
    here.shown_run.start = HMM(
        [1.0, 0.0, 0.0],
        here.shown_run.start.transition_matrix,
        here.shown_run.start.emissions,
    )
    assert outcome(here)["pill"] == ("below the true model", "warning")


def test_where_counting_takes_long_states_are_counted_on_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = session(3)
    counted = outcome(here)["share"]
    monkeypatch.setattr(decoded, "CHEAP_HITS", 9 * 160 - 1)
    assert outcome(here)["share"] == counted
    here.play()
    assert outcome(here)["share"] == ("", "", COUNTED_LATER)
    monkeypatch.setattr(decoded, "CHEAP_HITS", 9 * 160)
    assert outcome(here)["share"] == counted


def test_it_follows_every_frame_of_a_run_that_plays() -> None:
    here = session()
    frames = frame_source(here)
    here.play()
    lines = []
    for _ in range(4):
        here.player._steps_due = 1.0
        here.tick(0.0)
        lines.append(frames.live()["outcome"])
        assert lines[-1]["run"] == f"EM, iteration {here.latest}"
        assert lines[-1] == outcome(here)
    assert len({line["criteria"] for line in lines}) == 4


def test_no_known_state_is_no_share() -> None:
    here = session()
    states = np.full(60, -1)
    upload = Upload("f.csv", "x", Sequences(np.arange(60.0) % 7), known_states=states,
                    state_names=("a", "b"))  # fmt: skip
    here.replace_upload(upload, 2)
    assert outcome(here)["share"] == ("", "", "no true state is known")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0 %"), (1e-4, "<1 %"), (0.5, "50 %"), (0.97449, "97 %"), (0.9999, ">99 %"),
     (1.0, "100 %")],
)  # fmt: skip
def test_all_and_none_is_said_only_where_it_is_so(value: float, text: str) -> None:
    assert percent(value).replace("\u202f", " ") == text


def test_what_chance_puts_ahead_of_the_true_model_is_not_called_possible() -> None:
    assert share(Hits(0.97, 0.98, ""))[2].endswith("is possible")
    assert share(Hits(0.98, 0.98, ""))[2].endswith("is possible")
    assert share(Hits(0.99, 0.98, ""))[2].endswith("by the true model")
    assert share(Hits(0.99, None, ""))[2] == ""


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        (0.0, "level with the true model"),
        (1e-12, "level with the true model"),
        (0.00351, "+0.0035 nats per observation above the true model"),
        (-0.1234, "0.12 nats per observation below the true model"),
        (-0.00097, "0.001 nats per observation below the true model"),
        (0.000042, "+0.00004 nats per observation above the true model"),
        (2.5e-7, "+2.5 × 10⁻⁷ nats per observation above the true model"),
        (-12.34, "12 nats per observation below the true model"),
        (-1234.5, "1 234 nats per observation below the true model"),
    ],
)
def test_the_distance_has_two_digits_and_its_side(gain: float, text: str) -> None:
    found = distance(gain, 0.0)
    assert " ".join(filter(None, found)).replace("\u202f", " ") == text


def test_where_no_number_is_there_it_says_why() -> None:
    assert distance(float("-inf"), -1.0) == ("", "impossible under this model", "")
    assert distance(-1.0, float("-inf"))[1] == "nats per observation"


def test_of_several_findings_the_first_that_has_a_remedy_gives_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = session(3)
    found: list[Finding] = []
    monkeypatch.setattr(Checkups, "_findings", lambda self, run: tuple(found))
    for kinds, label in (
        ([], None),
        (["not_converged"], None),  # Play is beside it
        (["unidentifiable_initial_probs"], None),
        (["better_than_truth", "converged"], None),
        (["equal_rows"], "Try another start"),
        (["overfitting", "equal_rows"], "Draw 40 sequences"),
    ):
        found[:] = [Finding(kind) for kind in kinds]
        offer = first_remedy(here)
        assert (offer and offer.label) == label
    here.change(method="Both", shown="EM")
    found[:] = [Finding("rate_too_high")]
    monkeypatch.setattr(
        Checkups, "_findings", lambda self, run: tuple(found) if run.name == "Gradient" else ()
    )
    assert first_remedy(here) is None, "it would not help the shown run"
    here.change(shown="Gradient")
    assert first_remedy(here) is not None


def test_a_remedy_that_has_gone_from_the_screen_still_helps_until_settings_change() -> None:
    here = session(0, start="symmetric")
    number = outcome(here)["remedy"]["number"]
    assert 0 <= number < 10**9
    apply(here, number + 1)
    assert here.config.nudge == 0
    here.step()
    apply(here, number)
    assert (here.config.nudge, here.latest) == (1, 0)
    assert outcome(here)["undo"] == words.UNDO
    assert outcome(here)["remedy"] is None
    # Pressed twice, it acts once.
    apply(here, number)
    assert here.config.nudge == 1
    here.undo()
    assert (here.config.nudge, here.latest) == (0, 1)
    assert outcome(here)["undo"] == ""
