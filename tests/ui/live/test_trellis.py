"""The trellis: what it shows adds up, agrees with the engine, and stays readable at every size."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hmmcore import Sequences, smooth
from hmmcore.inference import backward_terms, em_step, forward_terms, pair_terms, viterbi_terms
from pages.ui.experiment.dataset import Upload
from pages.ui.live.trellis import TrellisFrame, encode
from pages.ui.live.trellis_numbers import adding_up, from_log, log_sum_of, readable, sum_of
from pages.ui.live.trellis_view import MOST_ARROWS, trellis_frame
from pages.ui.session.message_view import MessageView, message_view
from pages.ui.session.session import Session
from pages.ui.session.view import current_view

LINKS = {
    "numbers": "",
    "network": "model=network",
    "counts": "family=counts",
    "symbols": "family=symbols&C=4",
    "points": "family=points",
    "leaning points": "family=points&cov=full",
    "product": "family=product&kinds=ncs&dim=2&noise=2&apart=0.3&sharp=0.2",
}
PASSES = ("forward", "backward", "together", "pairs", "viterbi", "prediction")
COUNTS = "a count is 0, 1, 2, …"
POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text: str) -> float:
    """A number as it is shown: 0.0362, −4.97, 3.1 × 10⁻⁸."""
    text = re.sub(r"\s", "", text).replace("−", "-").replace("×10", "e")
    return float(text.translate(POWERS).replace("-∞", "-inf"))


def shown(link: str = "", steps: int = 2) -> tuple[Session, MessageView, TrellisFrame]:
    session = Session.from_url(
        dict(one.split("=") for one in f"K=3&M=40&N=3&{link}".split("&") if one)
    )
    for _ in range(steps):
        session.step()
    return session, *in_pass(session)


def in_pass(session: Session, **view_fields: str) -> tuple[MessageView, TrellisFrame]:
    session.show(**view_fields)
    view = current_view(session)
    assert view is not None
    found = message_view(session, view)
    assert isinstance(found, MessageView), found
    frame = trellis_frame(session, view, found)
    assert encode(frame)
    return found, frame


def problem(link: str) -> str:
    session = Session.from_url(dict(one.split("=") for one in link.split("&")))
    view = current_view(session)
    assert view is not None
    found = message_view(session, view)
    assert isinstance(found, str)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_rounded_terms_add_up_to_the_rounded_sum(seed):
    rng = np.random.default_rng(seed)
    logs = rng.normal(-2, 3, rng.integers(1, 20)) - rng.choice([0.0, 900.0, -900.0])
    logs[rng.random(len(logs)) < 0.2] = -np.inf
    found = sum_of(logs)
    unit = 10.0 ** -len(found.total.partition(".")[2])
    assert round(sum(map(number, found.terms)) / unit) == round(number(found.total) / unit)
    scale = found.power * np.log(10)
    for text, log in zip(found.terms, logs, strict=True):
        assert abs(number(text) - np.exp(log - scale)) < unit * 1.001
    if np.isfinite(logs).any():
        total = np.exp(np.logaddexp.reduce(logs) - scale)
        assert abs(number(found.total) - total) <= unit * 0.501


def test_exact_zeros_stay_and_a_sum_of_nothing_is_nothing():
    assert adding_up(np.array([0.0, 0.24, 0.24, 0.0]), 1) == [0, 3, 2, 0]
    assert sum_of(np.full(3, -np.inf)).terms == ("0", "0", "0")
    assert from_log(-np.inf) == "0"
    assert from_log(-2000.0).endswith("10⁻⁸⁶⁹")


@pytest.mark.parametrize("seed", range(5))
def test_logarithms_add_up_too(seed):
    addends = np.random.default_rng(seed).normal(-20, 15, 3)
    found = log_sum_of(addends)
    assert round(1000 * sum(map(number, found.terms))) == round(1000 * number(found.total))
    assert abs(number(found.total) - addends.sum()) < 0.00051


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_every_number_of_every_pass_adds_up_and_is_the_engines(link):
    session, *_ = shown(f"{link}&from_t=5&cell=7.2")
    for which in PASSES:
        found, frame = in_pass(session, message_pass=which)
        check(found, frame, which)


def check(found: MessageView, frame: TrellisFrame, which: str) -> None:
    passed, told = found.shown, frame.explanation
    if which == "viterbi":
        for row in told.rows:
            *addends, candidate = map(number, row.cells[:-1])
            assert round(1000 * sum(addends)) == round(1000 * candidate)
    else:
        terms = sum(number(row.cells[-1]) for row in told.rows)
        assert terms == pytest.approx(number(told.totals[0][1]), rel=0, abs=1e-9)
    expected = {
        "forward": lambda: forward_terms(passed, 6, 1).total,
        "backward": lambda: backward_terms(passed, 6, 1).total,
        "together": lambda: 1.0,
        "pairs": lambda: passed.smoothed_probs[6, 1],
        "viterbi": lambda: viterbi_terms(passed, 6, 1).total,
        "prediction": lambda: passed.predicted_probs[6, 1],
    }[which]()
    digits = 1e-3 if which == "viterbi" else abs(expected) * 6e-4
    assert abs(number(told.totals[-1][1]) - expected) < digits
    if which in ("forward", "together", "pairs", "prediction"):
        for column, texts in enumerate(frame.values):
            assert sum(map(number, texts)) == pytest.approx(1.0, rel=0, abs=0.016)
            np.testing.assert_allclose(frame.fills[column].sum(), 1.0, rtol=1e-12)


def test_the_pair_table_adds_up_to_one_and_its_factors_make_its_cell():
    _, found, frame = shown("pass=pairs&cell=6.1.3")
    told = frame.explanation
    table = np.array([[number(text) for text in row] for row in told.matrix])
    assert round(table.sum() * 1e4) == 10_000
    np.testing.assert_allclose(table, pair_terms(found.shown, 4).terms, rtol=0, atol=1.01e-4)
    *factors, scale, pair = [number(text) for _, text, _ in told.totals]
    assert np.prod(factors) / scale == pytest.approx(pair, rel=4e-3)


def test_the_step_of_learning_is_the_engines():
    session, found, frame = shown("cell=4.2", steps=1)
    session.step()
    after = em_step(found.hmm, session.data.sequences).after.emissions
    rows = {row[0]: row for row in frame.learning.rows}
    assert number(rows["μ"][-1]) == pytest.approx(after.means[1, 0], rel=1e-3)
    assert number(rows["σ"][-1]) == pytest.approx(after.standard_deviations[1, 0], rel=1e-3)
    gamma = smooth(found.hmm, found.sequence).smoothed_probs[3, 1]
    assert number(rows["μ"][2]) == pytest.approx(gamma, rel=1e-3)
    assert number(rows["μ"][4]) / number(rows["μ"][5]) == pytest.approx(after.means[1, 0], rel=2e-3)


def test_beside_a_sequence_that_is_too_long_the_others_are_opened(monkeypatch):
    session, *_ = shown()
    sequences = [np.arange(20.0) % 3, np.arange(300.0) % 3]
    session.replace_upload(Upload("mine.csv", "x", Sequences.from_list(sequences)), 3)
    monkeypatch.setattr("hmmcore.inference.message_passing.MOST_PAIRS", 1000)
    _, frame = in_pass(session, cell="4.1.2")
    assert frame.learning.sentences == (
        "One of the sequences is too long for the step of A to be opened.",
    )


def test_an_arrow_leads_on_to_the_row_of_the_transition_matrix():
    session, found, frame = shown("cell=4.1.2", steps=1)
    after = em_step(found.hmm, session.data.sequences).after.transition_matrix
    assert [number(row[-1]) for row in frame.learning.rows] == pytest.approx(after[0], rel=1e-3)


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_missing_observation_moves_the_past_too_and_leaves_the_data_alone(link):
    session, found, frame = shown(f"{link}&whatif=5_missing&cell=5.1&pass=together")
    assert np.isnan(found.observations[4]).all()
    assert np.isfinite(session.data.sequences.observations).all()
    assert found.sequence.observations is not found.observations
    assert "missing instead of" in frame.change.banner
    assert frame.ghosts is not None
    moved = np.abs(found.shown.smoothed_probs - found.given.smoothed_probs).max(axis=1)
    assert moved[3] > 0
    begins = re.search(r"t = (\d+)", frame.change.moved)
    assert begins is not None
    assert int(begins[1]) - 1 == np.flatnonzero(moved > 0.005)[0]
    np.testing.assert_allclose(frame.ghosts, found.given.smoothed_probs[:9], rtol=1e-12)
    assert frame.density.value is None


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("cell=999999.1", "There is no circle or arrow 999999.1 to choose."),
        ("cell=0.1", "There is no circle or arrow 0.1 to choose."),
        ("cell=2.9", "There is no circle or arrow 2.9 to choose."),
        ("whatif=99_1", "There is no observation 99 to change; the sequence has 40."),
        ("whatif=5_1_2", "1_2 is no observation of these data: each has 1 number."),
        ("whatif=5_1e300", "1e300 is no observation of these data: it is too large."),
        ("family=counts&whatif=5_1.5", "1.5 is no observation of these data: " + COUNTS),
        ("family=symbols&C=4&whatif=5_5", "5 is no observation of these data: symbols are numbered "
         "from 1 to 4."),
    ],
)  # fmt: skip
def test_what_a_link_asks_in_vain_is_answered_in_one_sentence(link, sentence):
    _, found, frame = shown(link)
    assert list(frame.remarks) == [sentence]
    assert (found.what_if, found.cell.time) == (None, 1)


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("cell=<b>", "Chosen circle or arrow: “<b>” in the link is none; left out."),
        ("whatif=5_nan", "What if: “5_nan” in the link is none; left out."),
        ("pass=sideways", "Pass: “sideways” in the link is not known; took “Forward”."),
        ("from_t=400", "There is no time 400; shown are the last ones up to 40."),
    ],
)
def test_what_is_no_setting_is_said_above_the_figures(link, sentence):
    session, found, _ = shown(link, steps=0)
    assert session.notes == (sentence,)
    assert found.times[-1] <= 39


def test_the_observation_beside_the_terms_is_the_one_in_them():
    for link, time in (
        ("pass=forward&cell=5.2", 5),
        ("pass=backward&cell=5.2", 6),
        ("pass=backward&cell=5.1.2", 5),
        ("pass=backward&cell=40.2&from_t=35", 40),
    ):
        _, _, frame = shown(link)
        assert frame.density.time == time
        if time < 40:
            assert f"p(x_{{{time}}} |" in frame.explanation.formula


def test_a_window_at_the_end_and_a_sequence_shorter_than_it():
    _, found, frame = shown("from_t=38&window=5&pass=backward")
    assert (found.times, [column.time for column in frame.columns][-1]) == (range(35, 40), 40)
    _, _, frame = shown("from_t=38&window=5&pass=backward&cell=40.2")
    assert frame.explanation.formula == "β̂_{40}(S2) = 1"
    session, *_ = shown("M=2&window=12")
    for which in PASSES:
        _, frame = in_pass(session, message_pass=which)
        assert len(frame.columns) == 2


def test_one_state_and_the_most_states():
    one, many = (shown(f"K={size}&window=12")[0] for size in (1, 20))
    for which in PASSES:
        _, frame = in_pass(one, message_pass=which)
        assert {len(column) for column in frame.values} == {1}
        found, frame = in_pass(many, message_pass=which)
        assert len(frame.arrows) <= MOST_ARROWS
        if len(frame.arrows) == MOST_ARROWS:
            assert frame.remarks[0].startswith("The 300 strongest of ")
        chosen = [a for a in frame.arrows if (a.column, a.state) == (1, found.cell.state)]
        assert len(chosen) == (found.hmm.transition_matrix[:, found.cell.state] > 0).sum()


def test_an_observation_beyond_all_others_is_looked_at_like_any_other():
    session, *_ = shown("whatif=5_-1e12&cell=5.1", steps=0)
    for which in PASSES:
        found, frame = in_pass(session, message_pass=which)
        assert (found.what_if is not None, frame.remarks) == (True, ())
        assert "nan" not in repr(frame)


def test_zeros_of_the_model_are_zeros_and_never_a_number():
    session, *_ = shown("structure=left-right&K=4&of=true&window=4", steps=0)
    for which in PASSES:
        for cell in ("1.4", "2.4", "3.1", "3.4.1", "4.3", "4.1.4"):
            _, frame = in_pass(session, message_pass=which, cell=cell)
            assert "nan" not in repr(frame)
    _, frame = in_pass(session, message_pass="viterbi", cell="2.4")
    assert [row.cells[-1] for row in frame.explanation.rows[:2]] == ["impossible"] * 2
    assert not any((a.origin, a.state) == (0, 3) for a in frame.arrows)
    _, frame = in_pass(session, message_pass="forward", cell="1.4")
    assert frame.explanation.totals[-1][1] == "0"


def test_the_true_model_has_messages_of_its_own():
    session, found, _ = shown("of=true&true_K=2")
    assert (found.of_truth, found.hmm) == (True, session.data.generating_model)
    assert problem("K=3&M=20&of=true&truth=hidden") == (
        "The truth is hidden, so its messages are too; choose Learned under Model."
    )


def test_too_long_a_sequence_is_named():
    assert problem("K=20&M=30000&N=1").startswith("Messages are kept of sequences with at most")


def test_ties_are_two_arrows():
    _, _, frame = shown("start=symmetric&pass=viterbi", steps=0)
    best = [arrow for arrow in frame.arrows if arrow.kind == "best"]
    assert len(best) == 9 * 8
    assert "tie: their ways are exactly as probable" in frame.explanation.words


def test_covariances_of_leaning_points_are_opened_too():
    session, found, frame = shown("family=points&cov=full&cell=4.2", steps=1)
    after = em_step(found.hmm, session.data.sequences).after.emissions
    rows = {row[0]: row for row in frame.learning.rows}
    assert number(rows["Σ x1, x2"][1]) == pytest.approx(
        found.hmm.emissions.covariances[1, 0, 1], rel=1e-3
    )
    assert number(rows["Σ x1, x2"][-1]) == pytest.approx(after.covariances[1, 0, 1], rel=1e-3)
    _, _, frame = shown("family=points&cell=4.2")
    assert [row[0] for row in frame.learning.rows] == ["μ x1", "μ x2", "σ x1", "σ x2"]


def test_a_what_if_that_cannot_be_can_be_put_back_too():
    session, found, frame = shown("family=counts&whatif=5_-1&cell=5.1")
    assert (found.what_if, frame.ghosts, frame.change.rows) == (None, None, ())
    assert frame.change.banner == "The what-if is left out"
    _, frame = in_pass(session, what_if="")
    assert frame.change.banner == ""


def test_very_large_numbers_are_written_with_a_power_of_ten():
    _, _, frame = shown("whatif=5_-1e9&cell=5.1&pass=prediction", steps=0)
    assert number(frame.columns[4].observation) == -1e9
    assert f"; {frame.columns[4].observation} came." in frame.explanation.after[0]
    values = (0.0, -0.5, 12345.0, 99999.0, -123456.0, 1.234e-5)
    texts = [readable(value) for value in values]
    assert texts[:3] == ["0", "−0.5", "12340"]
    assert [number(text) for text in texts] == pytest.approx(values, rel=1e-3)
    assert not any("e" in text for text in texts)


@pytest.mark.parametrize("first", [1, 500])
def test_the_unscaled_pass_is_lost_before_the_eyes_wherever_the_window_is(first):
    _, found, frame = shown(f"M=600&from_t={first}", steps=0)
    text, rows = frame.unscaled
    lost = int(re.search(r"At t = (\d+) every α is 0", text)[1])
    assert lost - 1 not in found.times
    numbers = {row[0]: number(row[1]) for row in rows}
    assert [numbers[f"t = {time}"] > 0 for time in range(lost - 3, lost + 1)] == [True] * 3 + [
        False
    ]
    assert {f"t = {time + 1}" for time in found.times} <= set(numbers)
