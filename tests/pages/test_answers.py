"""Each figure that an example's answer quotes is on a page that the example names.

A test does what the example says to press and reads the figure there, as a visitor would. That
the figures are right is measured in tests/ui/parts/test_outcomes.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.parts.presets import PRESETS
from pages.ui.session.commands import carry_out
from pages.ui.settings.address import to_query
from tests.pages.shown import (
    MAIN_SCRIPT,
    array,
    comparison,
    figures,
    healthy,
    landscape,
    live,
    panel,
    panel_array,
    press,
    searched,
    session,
    text,
    trellis,
    waited,
)

PAGES = {
    "Posterior": "posterior.py",
    "Viterbi": "decoding.py",
    "Playground": "playground.py",
    "Messages": "messages.py",
    "Landscape": "landscape.py",
    "Training": "training.py",
    "Trust": "trust.py",
}


class Visitor:
    """Somebody who has chosen an example and does what it says."""

    def __init__(self, name: str) -> None:
        self.example = PRESETS[name]
        self.app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
        self.app.query_params.update(to_query(self.example.config))
        healthy(self.app.run())

    def play(self) -> None:
        """Press Play on the Playground and wait until the run has come to rest."""
        self.go("Playground")
        run = session(self.app).shown_run
        assert run is not None
        for _ in range(1000):
            if run.ended is not None:
                break
            run.step()
        healthy(self.app.run())

    def go(self, page: str) -> None:
        """Open a page that the example names; the Playground is where it begins."""
        words = f"{self.example.press} {self.example.outcome}"
        assert page == "Playground" or page in words
        healthy(self.app.switch_page(PAGES[page]).run())

    def set(self, kind: str, key: str, value: object) -> None:
        """Set a control, which the example must name."""
        self.go("Playground")
        (control,) = (one for one in getattr(self.app, kind) if one.key == f"control_{key}")
        assert control.label in self.example.press
        healthy(control.set_value(value).run())
        assert self.example.matches(session(self.app).config)

    # What is read

    def landscape(self) -> dict[str, Any]:
        """What the Landscape page shows once its map was searched."""
        self.go("Landscape")
        return landscape(searched(self.app))

    def heights(self, kind: str) -> list[str]:
        """The labels of the marks of one kind on the surface."""
        marks = landscape(self.app)["charts"]["surface"]["marks"]
        return [mark["label"] for mark in marks if mark["kind"] == kind]

    def nats(self) -> float:
        """The tile with the log-likelihood per observation, on the Playground."""
        self.go("Playground")
        return panel(self.app)["runs"][0]["log_likelihood"]

    def above_line(self) -> float:
        """How far the curve ends above the dotted line, on the Playground."""
        return self.nats() - panel(self.app)["charts"]["curve"]["truth"]

    def matrix(self, which: str = "learned") -> np.ndarray:
        """A transition matrix of the Playground."""
        self.go("Playground")
        return panel_array(self.app, f"{which}.probs")

    def right(self, row: str) -> float:
        """Percent of all observations that a way of decoding names right, on the Viterbi page."""
        self.go("Viterbi")
        return float(self.app.table[0].value.iloc[:, -1][row].rstrip("%"))

    def changes(self, row: str) -> int:
        """How often a path changes state in all sequences, on the Viterbi page."""
        self.go("Viterbi")
        return int(self.app.table[2].value.iloc[:, -1][row])

    def learned(self) -> pd.DataFrame:
        """The table of what was learned, on the Posterior page."""
        self.go("Posterior")
        return self.app.dataframe[0].value

    def errors(self, key: str, plot: int) -> np.ndarray:
        """Learned minus true of one plot, on the Posterior page."""
        self.go("Posterior")
        trace = figures(self.app)[key]["data"][plot]
        return array(trace["y"] if trace["type"] == "bar" else trace["z"])

    def posterior(self, whose: int) -> np.ndarray:
        """(K, M) as written in the heat map of the learned (0) or the true model (1)."""
        maps = [t for t in figures(self.app)["posterior_over_time"]["data"] if "texttemplate" in t]
        assert {one["texttemplate"] for one in maps} == {"%{z:.2f}"}
        return array(maps[whose]["z"])

    def trust(self, *rooms: str) -> str:
        """What the Trust page says once everything in some rooms is computed."""
        self.go("Trust")
        return text(waited(self.app, *rooms)).replace("\\", "")

    def estimates(self) -> pd.DataFrame:
        """The table of every number, on the Trust page, by its name."""
        return self.app.dataframe[0].value.set_index("Parameter")

    def doubt(self) -> str:
        """The sentence on the mean entropy, on the Posterior page."""
        found = re.search(r"On average it is [\d.]+ bits", text(self.app))
        assert found is not None
        return found[0]


VITERBI, ALONE = "Learned model, Viterbi path", "True model, each observation alone"


def notebook(visitor: Visitor) -> None:
    press(visitor.app, "step")
    means = panel_array(visitor.app, "means.means")
    assert np.ptp(means) < 1e-6
    press(visitor.app, "step")
    assert abs(panel(visitor.app)["runs"][0]["gain"]) < 1e-12
    visitor.set("selectbox", "start", "random")
    visitor.play()
    assert visitor.above_line() > 0.1


def easy(visitor: Visitor) -> None:
    visitor.play()
    assert 0 < visitor.above_line() < 0.015
    assert np.abs(visitor.errors("emission_errors", 0)).max() < 0.1
    assert visitor.right(VITERBI) > 98


def drag(visitor: Visitor, *numbers: str) -> float:
    """Drag some numbers of the model; the log-likelihood per observation, on the Playground."""
    visitor.go("Playground")
    for number in numbers:
        carry_out(session(visitor.app), f"grab {number}")
    healthy(visitor.app.run())
    assert visitor.example.matches(session(visitor.app).config)
    return visitor.nats()


def by_hand(visitor: Visitor) -> None:
    place = np.arange(-1.2, -0.78, 0.02)
    reached = [drag(visitor, f"means.0.0={x:.2f}") for x in place]
    top = place[int(np.argmax(reached))]
    assert f"{top:.2f}" == "-0.98"
    for side in (-1, 1):
        near, far = (
            max(reached) - drag(visitor, f"means.0.0={top + side * step:.2f}")
            for step in (0.25, 0.5)
        )
        assert 0.055 < near < 0.075
        assert 3.7 < far / near < 4.3
    visitor.play()
    assert round(float(panel_array(visitor.app, "means.means")[0]), 2) == -0.98


def beat_em(visitor: Visitor) -> None:
    assert round(visitor.nats(), 3) == -1.669
    assert panel(visitor.app)["true_log_likelihood"] is None
    means = drag(visitor, "means.0.0=-1.5", "means.2.0=1.5")
    spreads = drag(visitor, *(f"standard_deviations.{k}.0=0.6" for k in range(3)))
    stays = drag(visitor, *(f"transition_matrix.{k}.{k}=0.9" for k in range(3)))
    assert [round(one, 3) for one in (means, spreads, stays)] == [-1.534, -1.387, -1.198]
    visitor.play()
    assert round(visitor.nats(), 3) == -1.188
    assert live(visitor.app)["outcome"]["distance"][2] == "by hand −1.198"


def overlapping(visitor: Visitor) -> None:
    visitor.play()
    assert 65 < visitor.right(ALONE) < 75
    assert visitor.right(VITERBI) > 90


def sticky(visitor: Visitor) -> None:
    visitor.play()
    assert np.abs(np.diag(visitor.errors("chain_errors", 1))).max() < 0.01
    true, found, alone = (
        visitor.changes(row) for row in ("True path", "Viterbi path", "Each observation alone")
    )
    assert 0.8 * true < found < 1.2 * true
    assert 17 * true < alone < 20 * true


def fast_switching(visitor: Visitor) -> None:
    visitor.play()
    assert np.diag(visitor.matrix()).max() < 0.15
    assert round(visitor.right(VITERBI)) == 84
    assert round(visitor.right(ALONE)) == 80


def left_right(visitor: Visitor) -> None:
    visitor.play()
    np.testing.assert_array_equal(visitor.matrix() == 0, visitor.matrix("true") == 0)
    assert visitor.right(VITERBI) > 95


def too_many_states(visitor: Visitor) -> None:
    visitor.play()
    six = visitor.nats()
    assert visitor.above_line() > 0.03
    visitor.set("slider", "num_states", 3)
    visitor.play()
    assert 0 < visitor.above_line() < 0.02
    assert visitor.nats() < six


def too_few_states(visitor: Visitor) -> None:
    visitor.play()
    assert visitor.above_line() < -0.5
    assert visitor.learned()["standard deviation"].min() > 2
    visitor.set("slider", "num_states", 4)
    visitor.play()
    assert 0 < visitor.above_line() < 0.02


def tiny_data(visitor: Visitor) -> None:
    visitor.play()
    assert 0.19 < visitor.above_line() < 0.2
    visitor.go("Posterior")
    new = visitor.app.table[1].value["New data"].map(lambda nats: float(nats.replace("−", "-")))
    assert new["True model"] - new["Learned model"] > 1
    visitor.set("number_input", "num_sequences", 100)
    visitor.play()
    assert 0 < visitor.above_line() < 0.01


def local_optimum(visitor: Visitor) -> None:
    visitor.play()
    assert visitor.above_line() < -0.3
    ends = [visitor.nats()]
    for _ in range(9):
        press(visitor.app, "new_start")
        visitor.play()
        ends.append(visitor.nats())
    assert round(ends[1] - ends[0], 2) == 0.36
    assert sum(end > max(ends) - 0.01 for end in ends) == 7


def label_switching(visitor: Visitor) -> None:
    visitor.play()
    first = visitor.nats()
    press(visitor.app, "new_start")
    visitor.play()
    assert round(visitor.nats(), 4) == round(first, 4)


def cyclic(visitor: Visitor) -> None:
    visitor.play()
    allowed = visitor.matrix("true") > 0
    assert visitor.matrix()[~allowed].max() < 0.01


def twins(visitor: Visitor) -> None:
    visitor.play()
    means = visitor.learned()["mean"]
    assert abs(means["S2"] - means["S4"]) < 0.15
    assert visitor.right(VITERBI) > 90
    assert visitor.right(ALONE) < 70


def filter_smoother(visitor: Visitor) -> None:
    visitor.play()
    seen = {}
    for kind in ("Smoothed", "Filtered"):
        visitor.go("Posterior")
        assert kind in visitor.example.press
        (control,) = (one for one in visitor.app.button_group if one.key == "control_posterior")
        healthy(control.set_value(kind.lower()).run())
        share = visitor.app.table[0].value.iloc[:, -1]["Learned model"]
        seen[kind] = (round(float(share.rstrip("%"))), visitor.doubt())
    assert seen == {
        "Filtered": (86, "On average it is 0.50 bits"),
        "Smoothed": (90, "On average it is 0.38 bits"),
    }


def positive_likelihood(visitor: Visitor) -> None:
    visitor.play()
    assert round(visitor.nats(), 2) == 1.22
    assert panel_array(visitor.app, "means.curves").max() > 2
    visitor.set("slider", "noise_sd", 1.0)
    visitor.play()
    assert round(visitor.nats(), 2) == -1.68
    assert panel_array(visitor.app, "means.curves").max() < 1


def one_sequence(visitor: Visitor) -> None:
    visitor.play()
    visitor.go("Posterior")
    first, _ = figures(visitor.app)["learned_transition_matrix"]["data"]
    assert sorted(np.ravel(first["text"])) == ["0.00", "0.00", "1.00"]
    assert np.abs(visitor.errors("chain_errors", 1)).max() < 0.05
    visitor.set("number_input", "num_sequences", 100)
    visitor.play()
    assert np.abs(visitor.errors("chain_errors", 0)).max() < 0.05


def umbrella(visitor: Visitor) -> None:
    visitor.play()
    visitor.go("Posterior")
    path = next(
        t for t in figures(visitor.app)["posterior_over_time"]["data"] if "text" in t
    )  # the true path
    assert np.ravel(path["text"]).tolist() == ["rain", "rain", "sun", "rain", "rain"]
    for kind in ("smoothed", "filtered"):
        (control,) = (one for one in visitor.app.button_group if one.key == "control_posterior")
        healthy(control.set_value(kind).run())
        learned, true = visitor.posterior(0)[0], visitor.posterior(1)[0]
        quoted = ", ".join(f"{p:.2f}" for p in true)
        assert quoted in visitor.example.outcome
        assert np.abs(learned - true).max() < 0.05


def casino(visitor: Visitor) -> None:
    visitor.play()
    sixes = visitor.learned()["p(6)"]
    assert abs(sixes["loaded"] - 1 / 2) < 0.05
    assert abs(sixes["fair"] - 1 / 6) < 0.05
    assert round(visitor.right(VITERBI) / 20) == 4
    assert visitor.right(VITERBI) > visitor.right("Guessing: always the commonest true state") + 10


def four_neurons(visitor: Visitor) -> None:
    visitor.play()
    alone = [visitor.right(f"Learned model, n{number} alone") for number in range(1, 5)]
    assert round(alone[0] / 10) == 7
    assert round(max(alone)) == 96
    assert round(visitor.right(VITERBI)) == 98


def umbrella_by_hand(visitor: Visitor) -> None:
    visitor.go("Messages")
    terms = trellis(visitor.app)["explanation"]
    assert [row["cells"][:-1] for row in terms["rows"]] == [
        ["0.8182", "0.7", "0.9"],
        ["0.1818", "0.3", "0.9"],
    ]
    assert [number for _, number, _ in terms["totals"]] == ["0.56455", "0.6391", "0.8834"]
    carry_out(session(visitor.app), "cell 2.1")
    session(visitor.app).change(message_pass="together")
    visitor.go("Messages")
    values = [column[0] for column in trellis(visitor.app)["values"]]
    assert ", ".join(values[:-1]) + f" and {values[-1]}" in visitor.example.outcome


def first_step(visitor: Visitor) -> None:
    visitor.go("Messages")
    right = trellis(visitor.app)["explanation"]
    faulty = right["other"]
    assert (len(right["rows"]), len(faulty["rows"])) == (1, 5)
    assert right["totals"][-1][1] == "0.1966"
    assert faulty["totals"][-1][1] == "0.3489"
    for value in ("0.1966", "0.3489", "−16.6420", "−16.9022"):
        assert value in visitor.example.outcome
    assert "−16.9022 under it, not −16.6420" in faulty["words"]


def two_answers(visitor: Visitor) -> None:
    visitor.go("Messages")
    values = trellis(visitor.app)["values"]
    assert values[3][2] == max(values[3]) == "0.45"
    assert (values[4][1], max(values[4]), values[4][0]) == ("0.47", "0.47", "0.40")
    session(visitor.app).change(message_pass="viterbi")
    visitor.go("Messages")
    best = {
        (arrow["column"] + 1, arrow["origin"] + 1, arrow["state"] + 1)
        for arrow in trellis(visitor.app)["trellis"]
        if arrow["kind"] == "best"
    }
    assert (5, 3, 1) in best
    assert not any((step, origin, state) == (5, 3, 2) for step, origin, state in best)


def saddle_map(visitor: Visitor) -> None:
    header = visitor.landscape()
    best, *_ = header["optima"]["rows"]
    assert (round(best["log_likelihood"], 2), round(100 * best["shares"][0])) == (-29.92, 8)
    assert header["maps"][0]["words"] == "10 starts miss the best with probability 0.45."
    heights = 20.0 * panel_array(visitor.app, "map0.heights")
    diagonal, beside = np.diag(heights), heights[~np.eye(64, dtype=bool)]
    assert round(float(diagonal.max()), 2) == -30.32
    assert beside.min() > -30.315


def mirror(visitor: Visitor) -> None:
    header = visitor.landscape()
    assert visitor.heights("optimum") == ["summit, −1.949"] * 2
    best, saddle = header["optima"]["rows"]
    assert (round(best["log_likelihood"], 2), round(100 * best["shares"][0])) == (-1671.01, 98)
    assert (round(saddle["log_likelihood"], 2), saddle["words"]) == (
        -2002.98,
        "two states share a mean",
    )
    ends = panel_array(visitor.app, "map0.ends")
    np.testing.assert_array_equal(ends == 1, np.eye(64, dtype=bool))


def far(visitor: Visitor) -> None:
    visitor.play()
    assert round(visitor.nats(), 3) == -2.217
    header = visitor.landscape()
    best, empty, *_ = header["optima"]["rows"]
    assert (round(best["log_likelihood"] / 1000, 3), round(100 * best["shares"][0])) == (-1.704, 49)
    assert (empty["words"], round(100 * empty["shares"][0])) == ("an empty state", 44)


def momentum(visitor: Visitor) -> None:
    here = session(visitor.app)
    while here.can_go_on:
        here.step()
    visitor.go("Landscape")
    assert landscape(visitor.app)["projected"] is False
    em, gradient = (panel_array(visitor.app, f"surface.path_x{number}") for number in (0, 1))
    assert gradient[-1] - gradient.min() > 1.0
    assert em.min() == pytest.approx(em[-1], abs=0.001)
    visitor.go("Training")
    dips = {run["name"]: (run["dips"], run["iteration"]) for run in comparison(visitor.app)["runs"]}
    assert dips["EM"] == (0, 14)
    assert dips["Gradient"][0] > 60


def noise_flattens(visitor: Visitor) -> None:
    for noise, summit, bottom in ((0.5, "−1.127", "−5.01"), (2.0, "−2.28", "−2.393")):
        if noise != 0.5:
            visitor.set("slider", "noise_sd", noise)
        visitor.landscape()
        assert visitor.heights("optimum") == [f"summit, {summit}"] * 2
        assert visitor.heights("pass") == [f"pass, {bottom}"]
        assert f"from {summit} to" in visitor.example.outcome
        assert bottom in visitor.example.outcome


def how_sure(visitor: Visitor) -> None:
    for number in (20, 1):
        if number != 20:
            visitor.set("number_input", "num_sequences", number)
        visitor.go("Trust")
        assert visitor.app.button(key="begin_coverage").label in visitor.example.press
        press(visitor.app, "begin_coverage")
        shown = visitor.trust("coverage")
        (found,) = re.findall(r"\*\*μ\*\*: (\d+ of \d+) .*?\*\*([\d.]+%)\*\* ± ([\d.]+%)", shown)
        if number == 20:
            held, counted = found[0].split(" of ")
            assert f"of {counted} intervals for the two means {held} " in visitor.example.outcome
        assert f"{found[1]} ± {found[2]}" in visitor.example.outcome
    assert "of π" in shown[shown.index("Not counted, because fitted at 0 or 1") :]


def zero_estimate(visitor: Visitor) -> None:
    visitor.play()
    visitor.trust("appraisal")
    (control,) = (one for one in visitor.app.button_group if one.key == "control_interval_kind")
    healthy(control.set_value("profile").run())
    press(visitor.app, "begin_profiles")
    visitor.trust("profiles")
    one = visitor.estimates().loc["Probability A of S1 → S2"]
    assert f"from {one['Lower']:.0f} to {one['Upper']:.3f}" in visitor.example.outcome
    assert one["Truth"] == pytest.approx(0.03)
    assert one["Lower"] == 0.0 < one["Truth"] < one["Upper"]
    assert np.isnan(one["Standard error"])
    visitor.set("number_input", "num_sequences", 20)
    visitor.play()
    visitor.trust("appraisal")
    estimate = visitor.estimates().loc["Probability A of S1 → S2"]["Estimate"]
    assert f"the estimate is {estimate:.3f}" in visitor.example.outcome


def residual_states(visitor: Visitor) -> None:
    visitor.play()
    shown = visitor.trust("appraisal", "residuals")
    (normal,) = re.findall(r"as it should be\*\* \(Anderson and Darling, p = ([\d.]+)\)", shown)
    (memory,) = re.findall(r"No memory is left\*\* \(Ljung and Box, p = ([\d.]+)\)", shown)
    assert f"p = {normal} for their distribution and {memory}" in visitor.example.outcome
    means = visitor.estimates().filter(like="Mean", axis=0)
    assert f"up to {means['Standard error'].max():.2f}" in visitor.example.outcome
    visitor.set("slider", "num_states", 2)
    visitor.play()
    shown = visitor.trust("residuals")
    assert "They are not normal" in shown
    (largest,) = re.findall(r"the largest at 1 step apart with ([\d.]+)\.", shown)
    assert f"by {largest}." in visitor.example.outcome


def flicker(visitor: Visitor) -> None:
    for prior, nats, changes, right in ((0.0, -1.478, 71, 76), (50.0, -1.506, 5, 93)):
        if prior:
            visitor.set("number_input", "sticky_prior", prior)
        visitor.play()
        assert round(visitor.nats(), 3) == nats
        assert visitor.changes("Viterbi path") == changes
        assert visitor.changes("True path") == 6
        assert round(visitor.right(VITERBI)) == right


ANSWERS: dict[str, Callable[[Visitor], None]] = {
    "notebook": notebook,
    "easy": easy,
    "by-hand": by_hand,
    "beat-em": beat_em,
    "overlapping": overlapping,
    "sticky": sticky,
    "fast-switching": fast_switching,
    "left-right": left_right,
    "too-many-states": too_many_states,
    "too-few-states": too_few_states,
    "tiny-data": tiny_data,
    "local-optimum": local_optimum,
    "label-switching": label_switching,
    "cyclic": cyclic,
    "twins": twins,
    "filter-smoother": filter_smoother,
    "positive-likelihood": positive_likelihood,
    "one-sequence": one_sequence,
    "umbrella": umbrella,
    "casino": casino,
    "four-neurons": four_neurons,
    "umbrella-by-hand": umbrella_by_hand,
    "first-step": first_step,
    "two-answers": two_answers,
    "saddle-map": saddle_map,
    "mirror": mirror,
    "far": far,
    "momentum": momentum,
    "noise-flattens": noise_flattens,
    "how-sure": how_sure,
    "zero-estimate": zero_estimate,
    "residual-states": residual_states,
    "flicker": flicker,
}


def test_every_example_has_an_answer_that_is_read() -> None:
    assert tuple(ANSWERS) == tuple(PRESETS)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_figures_of_an_answer_are_on_the_pages_it_names(name: str) -> None:
    ANSWERS[name](Visitor(name))
