"""The tour: offered once to a visitor without a link, three steps, then gone."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from hmmcore import accuracy, viterbi
from pages.ui.parts.tour import STEPS
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from tests.pages.shown import MAIN_SCRIPT, healthy, press, session, text


def newcomer(**query: str) -> AppTest:
    """A fresh browser at the app, with these parameters."""
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update(query)
    return healthy(app.run())


def labels(app: AppTest) -> dict[str, str]:
    """Key to label of the tour's buttons."""
    return {button.key: button.label for button in app.button if "tour" in str(button.key)}


def test_a_newcomer_is_offered_the_tour_and_a_link_offers_none() -> None:
    assert "New here?" in text(newcomer())
    app = newcomer(K="3")
    assert "New here?" not in text(app)
    # It can still be taken.
    assert labels(app) == {"tour_again": "Take the tour"}


def test_three_steps_there_and_back() -> None:
    app = press(newcomer(), "tour_on")
    for step in (1, 2, 3):
        assert f"{step} of 3" in text(app)
        assert STEPS[step - 1](Config()) in text(app)
        shown = labels(app)
        assert shown["tour_on"] == ("Done" if step == 3 else "Next")
        assert ("tour_back" in shown) == (step > 1)
        assert "tour_again" not in shown
        press(app, "tour_on")
    assert "of 3" not in text(app)
    assert labels(app) == {"tour_again": "Take the tour"}
    press(app, "tour_again")
    press(press(app, "tour_on"), "tour_back")
    assert "1 of 3" in text(app)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_it_can_be_put_away_at_any_time_and_stays_away(steps: int) -> None:
    app = newcomer()
    for _ in range(steps):
        press(app, "tour_on")
    press(app, "tour_end")
    for page in ("data.py", "playground.py"):
        healthy(app.switch_page(page).run())
    assert labels(app) == {"tour_again": "Take the tour"}
    # The address opens no tour, for this visitor or for anybody it is sent to.
    assert not any("tour" in name for name in app.query_params)


def test_it_goes_on_over_a_page_switch_and_while_training() -> None:
    app = press(press(newcomer(), "tour_on"), "tour_on")
    press(app, "play")
    assert "2 of 3" in text(app)
    press(app, "pause")
    healthy(app.switch_page("data.py").run())
    assert "2 of 3" not in text(app)
    healthy(app.switch_page("playground.py").run())
    assert "2 of 3" in text(app)


def test_it_begins_with_the_default_experiment() -> None:
    app = newcomer(K="3", noise="2", method="Both", start="symmetric")
    press(press(app, "step"), "tour_again")
    assert session(app).config == Config()
    run = session(app).shown_run
    assert run is not None
    assert run.state.iteration == 0


def test_an_example_ends_it() -> None:
    app = press(newcomer(), "tour_on")
    healthy(app.selectbox(key="example").set_value("easy").run())
    assert labels(app) == {"tour_again": "Take the tour"}


def played(config: Config) -> tuple[Session, float]:
    """A session after 60 steps, and the share of observations that its Viterbi path names right."""
    here = Session(config)
    for _ in range(60):
        here.step()
    view, states = current_view(here), here.data.states
    assert view is not None
    assert states is not None
    return here, accuracy(states, viterbi(view.hmm, here.data.sequences).states)


def test_its_promises_hold() -> None:
    here, right = played(Config())
    run, view, truth = here.shown_run, current_view(here), here.data.truth
    assert run is not None
    assert view is not None
    assert truth is not None
    curve = run.curve
    true = here.true_log_likelihood()
    assert true is not None
    assert (np.diff(curve) > -1e-12).all()
    assert curve[0] < true - 0.5  # 1.15 below
    assert true < curve[40:].min()
    assert curve[-1] < true + 0.02  # 0.004 above
    np.testing.assert_allclose(
        view.hmm.transition_matrix, truth.transition_matrix, rtol=0, atol=0.05
    )
    np.testing.assert_allclose(view.hmm.emissions.means, truth.emissions.means, rtol=0, atol=0.1)
    assert right > 0.98


def test_the_last_step_goes_on_once_its_visitor_has_made_it_harder() -> None:
    app = newcomer()
    for _ in range(3):
        press(app, "tour_on")
    assert "Noise σ** to 1.5" in text(app)
    healthy(app.slider(key="control_noise_sd").set_value(1.5).run())
    assert STEPS[2](session(app).config) in text(app)
    assert "As likely, and less sure" in text(app)
    here = session(app)
    run, true = here.shown_run, here.true_log_likelihood()
    assert run is not None
    assert true is not None
    for _ in range(200):
        run.step()
    # The dotted line is reached again.
    assert 0 < run.curve[-1] - true < 0.02
    # The page that it names counts the errors of both models.
    shares = healthy(healthy(app.run()).switch_page("decoding.py").run()).table[0].value
    everything = {row: float(share.rstrip("%")) / 100 for row, share in shares.iloc[:, 1].items()}
    learned, best = (everything[f"{whose} model, Viterbi path"] for whose in ("Learned", "True"))
    assert 0.7 < learned < best < 0.8  # 0.75 and 0.78
