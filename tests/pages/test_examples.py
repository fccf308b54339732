"""The list of examples, on both pages that have it, and the line about the chosen one."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.parts.presets import PRESETS
from pages.ui.settings.address import to_query
from tests.pages.shown import MAIN_SCRIPT, healthy, opened, press, session, text


def choose(app: AppTest, name: str) -> AppTest:
    """Choose from the list of examples."""
    return healthy(app.selectbox(key="example").set_value(name).run())


@pytest.fixture(scope="module")
def playground() -> AppTest:
    """A page on which one example is chosen after the other."""
    return opened("playground.py", noise="0.9", seed="4", method="Both")


@pytest.mark.parametrize("name", PRESETS)
def test_an_example_sets_every_control_and_says_what_to_do(name: str, playground: AppTest) -> None:
    app = choose(playground, name)
    given = PRESETS[name]
    assert session(app).config == given.config
    assert app.selectbox(key="example").value == name
    assert not app.error
    assert not session(app).notes
    for words in (given.question, given.press, given.outcome):
        assert words in text(app)
    assert app.query_params == to_query(given.config)
    # The sidebar's controls stand where the example puts them.
    assert app.slider(key="control_num_states").value == given.config.num_states
    assert app.number_input(key="control_seed").value == given.config.seed
    assert app.selectbox(key="control_start").value == given.config.start


def test_a_link_brings_the_example_and_its_line_back() -> None:
    # That it does so for every example is seen without pages, in tests/ui/parts/test_presets.py.
    name = "twins"
    app = AppTest.from_file(str(MAIN_SCRIPT), default_timeout=60)
    app.query_params.update(to_query(PRESETS[name].config))
    healthy(app.run())
    assert session(app).config == PRESETS[name].config
    assert app.selectbox(key="example").value == name
    assert PRESETS[name].press in text(app)
    assert not session(app).notes


def test_the_line_goes_when_the_experiment_is_changed() -> None:
    app = choose(opened("playground.py"), "easy")
    press(app, "step")
    app.selectbox(key="control_speed").set_value("max").run()
    app.number_input(key="control_sequence").set_value(2).run()
    assert PRESETS["easy"].press in text(app)
    app.slider(key="control_noise_sd").set_value(1.5).run()
    assert PRESETS["easy"].press not in text(app)
    assert app.selectbox(key="example").value is None
    # And back, when it is undone.
    app.slider(key="control_noise_sd").set_value(1.0).run()
    assert PRESETS["easy"].press in text(app)


def test_the_line_stays_while_a_visitor_does_what_it_says() -> None:
    app = choose(opened("playground.py"), "too-many-states")
    app.slider(key="control_num_states").set_value(3).run()
    assert PRESETS["too-many-states"].press in text(app)
    app = choose(app, "local-optimum")
    press(app, "new_start")
    assert session(app).config.start_seed == PRESETS["local-optimum"].config.start_seed + 1
    assert PRESETS["local-optimum"].press in text(app)
    app = choose(app, "notebook")
    app.selectbox(key="control_start").set_value("random").run()
    assert PRESETS["notebook"].press in text(app)
    app.slider(key="control_num_states").set_value(3).run()
    assert app.selectbox(key="example").value is None


def test_own_settings_have_no_line() -> None:
    app = opened("playground.py")
    assert app.selectbox(key="example").value is None
    assert not any(given.question in text(app) for given in PRESETS.values())


def test_on_the_data_page_the_line_says_where_to_press() -> None:
    app = choose(opened("data.py"), "easy")
    assert "On the Playground: Press Play" in text(app)


@pytest.mark.parametrize("name", ["too-many-states", "too-few-states"])
def test_every_page_works_where_states_cannot_be_matched(name: str) -> None:
    app, true = choose(opened("playground.py"), name), PRESETS[name].config.true_states
    press(app, "step")
    for page in ("posterior.py", "decoding.py"):
        healthy(app.switch_page(page).run())
        assert f"{true} states really made the data" in text(app)
    session(app).data_view = "Edit the model"
    healthy(app.switch_page("data.py").run())
    assert app.data_editor[0].value.shape == (true, true)
    assert session(app).config == PRESETS[name].config
