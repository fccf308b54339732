"""What the Trust page says of a number, of forecasts and of simulated data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hmmcore import EM, HMM, Categorical, Gaussian, Poisson, Sequences
from hmmcore.checks import Statistic, backtest
from hmmcore.emissions import Product
from hmmcore.uncertainty import Bootstrap, Verdict, appraise
from pages.ui.experiment import starts
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.generated import dataset
from pages.ui.parts.constraints.notes import TRUST
from pages.ui.session.session import Session
from pages.ui.session.trust import backtest_words, bootstraps, simulated_words
from pages.ui.session.trust.estimates import (
    evidence,
    is_meant,
    remark,
    undetermined_words,
)
from pages.ui.session.trust.to_the_top import offer
from pages.ui.session.trust.words import about_verdict
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from pages.ui.text import markdown_text


def appraised(trainer: EM, hmm: HMM, start: HMM) -> Verdict:
    *_, last = appraise(hmm, trainer.sequences, None, start)
    assert last.verdict is not None
    return last.verdict


def test_observations_that_speak_for_a_number_are_those_of_its_own_column():
    rng = np.random.default_rng(0)
    values = np.column_stack([rng.normal(size=60), rng.poisson(3.0, 60)]).astype(float)
    values[6:, 1] = np.nan
    normal, counts = Gaussian.univariate([0.0], 1.0), Poisson([3.0])
    mixed = EM(Sequences(values)).init(HMM([1.0], [[1.0]], Product([normal, counts])))
    assert evidence(("0.means", 0, 0), mixed) == "60 observations speak for it."
    assert evidence(("1.rates", 0), mixed) == "Only 6 observations speak for it."
    two = HMM([1.0], [[1.0]], Gaussian([[0.0, 3.0]], [[1.0, 1.0]]))
    points = EM(Sequences(values)).init(two)
    assert evidence(("standard_deviations", 0, 0), points) == "60 observations speak for it."
    assert evidence(("means", 0, 1), points) == "Only 6 observations speak for it."


def test_zeros_of_the_start_are_known_and_a_bound_is_one_at_a_maximum_only():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(0.0, 1.0, 40), rng.normal(4.0, 1.0, 40)])
    trainer = EM(Sequences.from_list([values, values[30:]]))
    normal = Gaussian.univariate([1.0, 2.0], 2.0)
    start = HMM([0.5, 0.5], [[0.9, 0.1], [0.0, 1.0]], normal)
    state = trainer.step(trainer.init(start))
    early = appraised(trainer, state.hmm, start)
    assert 0.0 < state.hmm.initial_probs[1] < 1.0
    for _ in range(300):
        state = trainer.step(state)
    verdict = appraised(trainer, state.hmm, start)
    assert verdict.optimality.satisfied
    assert remark(verdict, start, ("transition_matrix", 1, 0), state).startswith(
        "Zero by the start"
    )
    assert remark(verdict, start, ("transition_matrix", 1, 1), state).startswith("One by the start")
    assert is_meant(verdict.information, start, ("transition_matrix", 1, 0))
    own = ("initial_probs", 1)
    assert remark(verdict, start, own, state).startswith("At its bound, 0")
    assert not is_meant(verdict.information, start, own)
    # The same number on its way there.
    assert not early.optimality.satisfied
    assert own in early.information.at_bounds
    assert "At its bound" not in remark(early, start, own, state)


@pytest.mark.parametrize(("shape", "where"), [("full", " in S1"), ("tied", "")])
def test_columns_that_are_never_there_together_are_named(shape, where):
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 2))
    values[::2, 0] = values[1::2, 1] = np.nan
    session = Session(Config(num_states=1))
    upload = Upload("a.csv", "", Sequences(values), "points", columns=("heat", "flow"))
    session.replace_upload(upload, 1)
    session.change(spread=shape)
    for _ in range(5):
        session.step()
    view = current_view(session)
    verdict = appraised(EM(session.data.sequences), view.hmm, session.shown_run.start)
    assert undetermined_words(session, view, verdict) == (
        "The data say nothing about 1 direction among the numbers: what moves there is "
        f"correlation of “heat” and “flow”{where}."
    )


def test_where_a_variance_is_at_its_floor_no_button_promises_the_top():
    values = np.append(np.full(5, 9.0), np.random.default_rng(0).normal(size=60))
    session = Session(Config(num_states=2))
    session.replace_upload(Upload("a.csv", "", Sequences(values), "numbers"), 1)
    normal = Gaussian.univariate([0.0, 9.0], 0.5)
    session.start_by_hand(HMM([0.5, 0.5], [[0.9, 0.1], [0.1, 0.9]], normal))
    for _ in range(100):
        session.step()
    view = current_view(session)
    verdict = appraised(EM(session.data.sequences), view.hmm, session.shown_run.start)
    assert about_verdict(session, view, verdict) == (
        "**There is no maximum here**: in S2 a variance is at its floor, and the likelihood grows "
        "without end as it shrinks, so training on does not help. Fewer states or another start "
        "would be right. What stands below is of the other numbers, with that variance and its "
        "mean held."
    )
    assert offer(session, view, verdict) is None
    never = replace(verdict, optimality=replace(verdict.optimality, constant=(0,)))
    assert f"“{session.data.name}” never varies, so a variance is at its floor" in about_verdict(
        session, view, never
    )


def test_what_was_not_trained_is_no_row_of_the_bootstrap():
    session = Session(Config(num_states=2, length=30, num_sequences=3, trainable=("means",)))
    session.step()
    view = current_view(session)
    hmm = view.state.hmm
    *_, last = appraise(hmm, session.data.sequences, ("means",))
    moved = HMM(
        hmm.initial_probs, hmm.transition_matrix,
        Gaussian(hmm.emissions.means + 0.1, hmm.emissions.covariances),
    )  # fmt: skip
    known = Bootstrap(hmm, 50, models=(hmm,) * 25 + (moved,) * 25)
    # Fifty copies of one number need not have the spread zero.
    assert any(known.standard_error(("transition_matrix", 0, j)) > 0.0 for j in range(2))
    table = bootstraps.rows(session, view, known, last.verdict.information)
    assert [row.name for row in table] == ["Mean μ of S1", "Mean μ of S2"]
    assert "not determined" not in " ".join(bootstraps.about(known, table))


def test_the_bootstrap_is_said_to_train_as_the_page_does_only_where_it_does():
    session = Session(Config(num_states=1, length=20, num_sequences=2, sticky_prior=2.0))
    session.step()
    view = current_view(session)
    verdict = appraised(EM(session.data.sequences), view.hmm, session.shown_run.start)
    verdict = replace(verdict, optimality=replace(verdict.optimality, verdict="stopped early"))
    assert "the bootstrap below trains as" in about_verdict(session, view, verdict)
    session.config = replace(session.config, only="means.1")
    assert "bootstrap" not in about_verdict(session, view, verdict)
    assert "bootstrap" not in TRUST


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "product"])
@pytest.mark.parametrize("start", ["random", "best", "kmeans", "symmetric", "near-truth"])
def test_a_start_that_has_seen_the_last_tenth_is_said_to_have(family, start):
    config = Config(
        family=family, start=start, num_states=2, length=40, num_sequences=2, kinds="ncs"
    )
    data = dataset(config)
    values = data.sequences.observations.copy()
    values[30:40] = values[:10][::-1]  # another end of the first sequence
    changed = replace(data, sequences=Sequences(values, data.sequences.lengths))
    seen = starts.is_from_data(config, data)
    same = starts.starting_point(config, data).hmm == starts.starting_point(config, changed).hmm
    # A draw from the data may be of what has not changed.
    assert same is not seen or (seen and start == "random")
    assert ("made from all" in backtest_words.what(seen)) == bool(seen)


def test_a_start_that_was_given_may_have_seen_the_last_tenth():
    config = Config(num_states=2, length=20, num_sequences=2)
    data = dataset(config)
    given = starts.is_from_data(replace(config, start="hand"), data)
    assert "if it was fitted to all" in backtest_words.what(given)
    assert starts.is_from_data(replace(config, chain="left-right", start="near-truth"), data)


def test_a_name_in_a_sentence_on_simulated_data_is_only_text():
    ends = (np.array([value]) for value in (9.0, 1.0, 2.0, 3.0, 0.01))
    one = Statistic("stay_means", None, np.zeros(1), None, *ends)
    said = simulated_words.about_number(one, "Mean stay in ![x](//a.bc/d.png)", 0.95)
    assert said.startswith(f"**{markdown_text('Mean stay in ![x](//a.bc/d.png)')}**: 9 observed")


def test_with_few_simulated_sets_a_number_alone_is_no_sign_and_it_is_said_how_many_it_takes():
    enough, level = simulated_words.ENOUGH, 0.95
    assert 2.0 / (enough + 1.0) <= simulated_words.RARE < 2.0 / enough
    few = simulated_words.numbers_verdict(["Far out."], False, 6, level, enough - 1)
    assert "from 99 simulated sets on: 98 are too few" in few
    assert "too few" not in simulated_words.numbers_verdict(["Far out."], False, 6, level, enough)


def test_forecasts_of_other_columns_say_what_is_expected_and_symbols_what_was_counted():
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.normal(size=60), rng.integers(0, 2, 60)]).astype(float)
    mixed = Product([Gaussian.univariate([0.0], 1.0), Categorical([[0.4, 0.6]])])
    found = backtest(HMM([1.0], [[1.0]], mixed), Sequences(values), 0.5, 0.9)
    of_symbols = backtest_words.others(found, 0, ["a", "b"])
    assert of_symbols.startswith(f"Of “b” {found.coverage[1]:.1%} were the most probable, where")
    assert "promises 60.0% ± " in of_symbols
    assert "lie inside, where the model promises 90.0% ±" in backtest_words.others(
        found, 1, ["a", "b"]
    )
