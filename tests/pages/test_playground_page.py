"""The Playground page as Streamlit runs it, without a browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.experiment.experiment import NO_UPLOAD
from pages.ui.live.frame_source import frame_source
from pages.ui.session import session as session_state
from pages.ui.session.session import KEY, Session
from pages.ui.settings import config_rules
from pages.ui.settings.config import FIELD_OF, Config
from tests.pages.shown import live, press

MAIN_SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "main.py"
CONTROLS = {
    "States K", "Length M", "Sequences N", "Noise σ", "Seed", "Transitions", "Means",
    "Starting point", "Method", "What is trained", "Speed", "Sequence",
}  # fmt: skip
GRADIENT_CONTROLS = {"Learning rate", "Optimizer"}

FIRST_VISIT = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file(sys.argv[1], default_timeout=60).run()
waited_for = {"pandas", "streamlit.emojis"} & set(sys.modules)
print(len(app.exception), len(app.button) > 0, *waited_for)
"""


def opened(**query: str) -> AppTest:
    """The app after its first run, at a URL with these parameters."""
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update({"M": "40", "N": "4", **query})
    return healthy(app.run())


def healthy(app: AppTest) -> AppTest:
    assert [error.message for error in app.exception] == []
    return app


def session(app: AppTest) -> Session:
    found = app.session_state[KEY]
    assert isinstance(found, Session)
    return found


def iteration(app: AppTest) -> int:
    run = session(app).shown_run
    assert run is not None
    return run.state.iteration


def controls(app: AppTest) -> dict[str, str]:
    """Label to help text of every control."""
    kinds = (app.slider, app.number_input, app.selectbox, app.button_group)
    return {widget.label: widget.help for kind in kinds for widget in kind}


def notes(app: AppTest) -> str:
    """All notes as a visitor reads them, without the backslashes that escape Markdown."""
    return re.sub(r"\\(.)", r"\1", "\n".join(note.value for note in app.info))


def payload_header(app: AppTest) -> dict:
    """The header of the message to the live panel."""
    (panel,) = (one for one in app.get("bidi_component") if one.proto.bytes)
    return header_of(panel.proto.bytes)


def header_of(message: bytes) -> dict:
    """The header of a message for the panel."""
    size = int.from_bytes(message[:4], "little")
    assert len(message) > 4 + size
    return json.loads(message[4 : 4 + size])


def test_who_waits_for_a_turn_is_told(monkeypatch) -> None:
    asked: list[int] = []

    @contextmanager
    def busy(cells: int, wait: Callable[[], None]) -> Iterator[None]:
        asked.append(cells)
        wait()
        wait()
        yield

    monkeypatch.setattr(session_state, "large_turn", busy)
    monkeypatch.setattr(session_state, "TELL_SECONDS", 0.0)
    app = opened(K="4")
    assert asked == [4 * 40 * 4]
    assert [toast.value for toast in app.toast][-1] == "Your experiment is open."
    assert session(app).runs
    app.run()
    assert len(asked) == 1


def test_a_first_visit_imports_nothing_that_it_does_not_need() -> None:
    """pandas takes a quarter of a second to import, Streamlit's list of emoji a tenth."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_VISIT, str(MAIN_SCRIPT)],
        cwd=MAIN_SCRIPT.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == ["0", "True"]


def test_the_first_run_has_every_control_with_its_help():
    app = opened()
    assert controls(app).keys() >= CONTROLS
    assert not controls(app).keys() & GRADIENT_CONTROLS
    assert all(len(text) > 30 for text in controls(app).values())
    assert (live(app)["can_go_on"], live(app)["new_start"]) == (True, True)
    assert notes(app) == ""
    assert iteration(app) == 0


def test_the_gradients_controls_appear_with_the_gradient():
    app = opened()
    for method in ("Gradient", "Both"):
        shown = controls(healthy(app.selectbox(key="control_method").set_value(method).run()))
        assert shown.keys() >= CONTROLS | GRADIENT_CONTROLS
        assert all(shown.values())


def test_the_panel_is_sent_what_the_session_holds():
    app = press(opened(method="Both", K="3"), "step")
    header = payload_header(app)
    assert [run["name"] for run in header["runs"]] == ["EM", "Gradient"]
    assert [run["iteration"] for run in header["runs"]] == [1, 1]
    assert header["num_states"] == 3
    per_observation = session(app).runs["EM"].state.log_likelihood / 160
    assert header["runs"][0]["log_likelihood"] == pytest.approx(per_observation, rel=1e-12)


def test_step_takes_exactly_one():
    app = opened()
    before = session(app).runs["EM"].state.log_likelihood
    for taken in range(1, 4):
        press(app, "step")
        assert iteration(app) == taken
    assert session(app).runs["EM"].state.log_likelihood > before


def watch(app: AppTest, number: int) -> list[int]:
    """Request frames as the panel in a browser does; the iterations that they show."""
    made = [frame_source(session(app)).next_frame(budget=0.01) for _ in range(number)]
    return [header_of(frame)["runs"][0]["iteration"] for frame in made if frame]


def test_frames_train_while_playing_and_pause_stops():
    app = press(opened(speed="max", M="200", N="200"), "play")
    assert live(app)["playing"]
    first, second, third = watch(app, 3)
    assert 0 < first < second < third == iteration(app)
    press(app, "pause")
    assert watch(app, 2) == []
    assert iteration(app) == third
    assert not live(app)["playing"]


def test_a_run_of_the_page_takes_no_step_by_itself():
    app = press(opened(), "play")
    healthy(app.run())
    assert iteration(app) == 0


def test_play_ends_by_itself_where_nothing_changes_any_more():
    app = press(opened(speed="max", K="1"), "play")
    news = live(app)["news"]
    last = None
    while (frame := frame_source(session(app)).next_frame(budget=0.01)) is not None:
        last = header_of(frame)["live"]
    assert last is not None
    # The run controls ask for another run of the page, which then says why.
    assert (last["playing"], last["news"] != news) == (False, True)
    healthy(app.run())
    assert "EM has come to rest" in app.success[0].value
    assert live(app)["news"] == last["news"]
    assert not live(app)["can_go_on"]
    assert live(press(app, "reset"))["can_go_on"]


def test_reset_and_new_start():
    app = opened()
    start = session(app).runs["EM"].state.log_likelihood
    press(press(app, "step"), "reset")
    assert (iteration(app), session(app).runs["EM"].state.log_likelihood) == (0, start)
    data = session(app).data
    press(app, "new_start")
    assert iteration(app) == 0
    assert session(app).runs["EM"].state.log_likelihood != start
    assert session(app).data is data


def test_another_number_of_states_is_a_new_experiment():
    app = press(opened(), "step")
    data = session(app).data
    healthy(app.slider(key="control_num_states").set_value(3).run())
    assert session(app).config.num_states == 3
    assert session(app).data is not data
    assert iteration(app) == 0
    assert app.query_params["K"] == "3"


def test_another_method_keeps_the_data_and_both_runs():
    app = press(opened(), "step")
    data = session(app).data
    healthy(app.selectbox(key="control_method").set_value("Gradient").run())
    assert iteration(app) == 0
    healthy(app.selectbox(key="control_method").set_value("EM").run())
    assert iteration(app) == 1
    assert session(app).data is data


@pytest.mark.parametrize("start", ["symmetric", "random"])
def test_a_symmetric_start_says_why_it_is_stuck(start):
    app = opened(start=start)
    warnings = [warning.value for warning in app.warning]
    assert len(warnings) == (start == "symmetric")
    assert all("exactly zero, here and after any number of steps" in text for text in warnings)
    assert live(app)["new_start"] == (start != "symmetric")


def test_what_a_link_says_is_quoted_and_does_not_become_a_link():
    app = opened(method="[here](http://x.y)", K="abc")
    assert len(app.info) == 1, "one box, however many notes"
    assert "“[here](http:\u2060//x.y)” in the link is not known" in notes(app)
    assert "[here](" not in app.info[0].value


def test_a_variance_at_its_floor_is_said():
    app = opened(K="2", M="2", N="1")
    for _ in range(4):
        press(app, "step")
    assert session(app).shown_run.state.remedies
    assert "σ at its floor: S" in app.warning[0].value
    press(app, "reset")
    assert not app.warning


def test_that_nothing_is_trained_is_said():
    app = opened(train="")
    assert "Nothing is trained" in notes(app)


def test_a_size_beyond_the_bound_is_lowered_with_a_note(monkeypatch):
    monkeypatch.setattr(config_rules, "MAX_CELLS", 20_000)
    app = opened(N="100", M="40")
    healthy(app.number_input(key="control_length").set_value(2000).run())
    config = session(app).config
    assert config.length == 2000
    assert config.num_states * config.length * config.num_sequences <= 20_000
    assert "may be at most" in notes(app)
    assert app.number_input(key="control_num_sequences").value == config.num_sequences


def test_the_true_model_has_k_states_unless_another_number_is_chosen():
    app = opened(K="3")
    box = app.selectbox(key="control_true_states")
    assert (box.value, box.options[:3]) == (0, ["same as K", "1", "2"])
    healthy(box.select_index(5).run())
    assert session(app).config.true_states == 5
    maker = session(app).data.generating_model
    assert maker is not None
    assert (maker.num_states, session(app).config.num_states) == (5, 3)
    healthy(app.selectbox(key="control_true_states").select_index(0).run())
    maker = session(app).data.generating_model
    assert maker is not None
    assert maker.num_states == 3
    # A link may hold any of them.
    assert opened(true_K="20").selectbox(key="control_true_states").value == 20


def test_every_page_runs_and_keeps_the_experiment():
    app = press(opened(K="3", noise="0.8", seed="21"), "step")
    config = session(app).config
    for page in ("data.py", "posterior.py", "decoding.py", "playground.py"):
        healthy(app.switch_page(page).run())
        assert session(app).config == config
        assert {"States K", "Noise σ", "Method"} <= controls(app).keys()
    assert iteration(app) == 1


def test_a_url_is_read_into_the_controls():
    app = opened(K="3", noise="1.25", seed="77", method="Both", train="means", start="quantiles")
    assert app.slider(key="control_num_states").value == 3
    assert app.slider(key="control_noise_sd").value == 1.25
    assert app.number_input(key="control_seed").value == 77
    assert app.selectbox(key="control_method").value == "Both"
    assert app.button_group(key="control_trainable").value == ["means"]
    assert notes(app) == ""


def test_a_page_that_fails_leaves_the_settings_in_the_address_bar(monkeypatch):
    def fail(*_: object) -> None:
        raise OSError("a detail for the log only")

    monkeypatch.setattr("pages.ui.live.frame_source.current_view", fail)
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update({"K": "3"})
    app.run()
    assert len(app.exception) == 1
    assert app.query_params["K"] == "3"
    assert app.query_params["seed"] == str(Config().seed)


def holds(**values: object) -> Callable[[Config], bool]:
    return lambda config: all(getattr(config, name) == value for name, value in values.items())


# Parameters, words of the note, and a check of the resulting Config.
BAD_URLS = [
    ({"K": "0"}, "States K", holds(num_states=1)),
    ({"K": "21"}, "States K", holds(num_states=20)),
    ({"K": "-1e308"}, "States K", holds(num_states=1)),
    ({"K": "five"}, "States K", holds(num_states=5)),
    ({"K": "nan"}, "States K", holds(num_states=5)),
    ({"K": "inf"}, "States K", holds(num_states=20)),
    ({"K": ""}, "States K", holds(num_states=5)),
    ({"K": "2.5"}, "States K", holds(num_states=2)),
    ({"M": "1"}, "Length M", holds(length=2)),
    ({"M": "9" * 400, "K": "1", "N": "1"}, "Length M", holds(length=100_000)),
    ({"K": "20", "M": "5000", "N": "1000"}, "at most", holds(num_sequences=1, length=5000)),
    ({"noise": "0"}, "Noise σ", holds(noise_sd=0.05)),
    ({"noise": "1e400"}, "Noise σ", holds(noise_sd=5.0)),
    ({"seed": "-3"}, "Seed", holds(seed=0)),
    ({"structure": "<script>alert(1)</script>"}, "Transitions", holds(structure="sticky")),
    ({"means": "../../etc/passwd"}, "Means", holds(mean_law="spaced")),
    ({"method": "em"}, "Method", holds(method="EM")),
    ({"start": "\x00"}, "Starting point", holds(start="random")),
    ({"train": "means.wings"}, "What is trained", holds(trainable=("means",))),
    ({"rate": "0x10"}, "Learning rate", holds(learning_rate=0.05)),
    ({"sequence": "999"}, "no sequence 999", holds(sequence=4)),
    (
        {"structure": "edited"},
        "“Transition matrix A” was not edited yet",
        holds(transition_table=None),
    ),
    ({"A": "AAAA"}, "Transition matrix", holds(transition_table=None)),
    ({"A": "x" * 5000}, "Transition matrix", holds(transition_table=None)),
    ({"mu": "%00ü💥"}, "Means", holds(means_table=None)),
    ({"data": "upload"}, NO_UPLOAD, holds(source="generated")),
    ({"data": "notebook", "K": "9"}, "notebook", holds(num_states=5, length=10)),
    ({"nonsense": "1", "__proto__": "x"}, "", holds(num_states=FIELD_OF["num_states"].default)),
]


@pytest.mark.parametrize(
    ("query", "said", "is_right"), BAD_URLS, ids=[str(url)[:40] for url, _, _ in BAD_URLS]
)
def test_a_bad_url_gives_the_nearest_legal_config_and_a_note(query, said, is_right, monkeypatch):
    monkeypatch.setattr(config_rules, "MAX_CELLS", 100_000)
    app = opened(**query)
    assert is_right(session(app).config)
    assert said in notes(app)
    assert bool(notes(app)) == bool(said)
    session(app).step()


def test_a_run_never_undoes_a_later_entry():
    """Assigning a widget would undo an entry whose own run has not begun yet."""
    app = opened()
    app.number_input(key="control_length").set_value(30)
    healthy(app.run())
    assigned = [
        widget.label
        for kind in (app.slider, app.number_input, app.selectbox, app.button_group)
        for widget in kind
        if widget.proto.set_value
    ]
    assert assigned == []
    assert session(app).config.length == 30


def test_a_browser_that_missed_the_first_run_starts_with_the_values_of_the_link():
    app = opened(K="3", noise="0.7", start="kmeans", train="means")
    for _ in range(2):
        states = app.slider(key="control_num_states").proto
        assert list(states.default) == [3]
        assert list(app.slider(key="control_noise_sd").proto.default) == [0.7]
        assert app.number_input(key="control_length").proto.default == 40
        start = app.selectbox(key="control_start").proto
        assert start.options[start.default] == "k-means"
        assert list(app.button_group(key="control_trainable").proto.default) == [2]
        healthy(app.run())
    # What is changed elsewhere is assigned.
    session(app).change(num_states=4)
    healthy(app.run())
    assert app.slider(key="control_num_states").value == 4
    assert app.slider(key="control_num_states").proto.set_value
    assert session(app).config.num_states == 4
