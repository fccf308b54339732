"""The Data page as Streamlit runs it: examples, tables, and uploads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from hmmcore.tables import MAX_FILE_BYTES
from pages.ui.files.export import csv_bytes, data_frame
from pages.ui.files.pending import PendingFile, Roles
from pages.ui.parts import data_upload
from pages.ui.session.session import KEY, Session
from pages.ui.settings.config import Config

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")
LOOK, EDIT, UPLOAD = "Look at the data", "Edit the model", "Your CSV file"


def opened(view: str = LOOK, **query: str) -> AppTest:
    app = AppTest.from_file(MAIN, default_timeout=60)
    app.query_params.update(query)
    app.switch_page("data.py").run()
    if view != session_of(app).data_view:
        session_of(app).data_view = view
        app.run()
    assert not app.exception
    return app


def session_of(app: AppTest) -> Session:
    session = app.session_state[KEY]
    assert isinstance(session, Session)
    return session


def upload_file(app: AppTest, content: bytes, name: str = "data.csv") -> AppTest:
    app.file_uploader[0].set_value((name, content, "text/csv")).run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    kinds = (app.markdown, app.error, app.info, app.success, app.warning, app.caption)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_in_a_frame_the_uploader_says_where_a_file_is_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hint = "Open this page in a window of its own"
    assert hint not in texts(opened(UPLOAD))
    monkeypatch.setattr(ContextProxy, "is_embedded", True)
    assert hint in texts(opened(UPLOAD))


def test_the_summary_is_in_words() -> None:
    app = opened(K="3", M="50", N="4")
    assert "4 sequences of 50 observations each, T = 200 observations in all." in texts(app)


def test_the_notebook_and_back() -> None:
    app = opened()
    app.button_group(key="data_source").set_value("notebook").run()
    assert session_of(app).config.source == "notebook"
    assert session_of(app).config.start == "symmetric"
    assert session_of(app).data.sequences.num_observations == 20
    app.button_group(key="data_source").set_value("generated").run()
    assert session_of(app).config.source == "generated"
    assert not app.exception


def edit(app: AppTest, table: str, cells: dict[int, dict[str, float | None]]) -> AppTest:
    """Do what the editor's callback does with edited cells; AppTest cannot type into a canvas."""
    from pages.ui.parts import data_tables
    from pages.ui.session.tables import with_edits

    session = session_of(app)
    draft = session.drafts.held[table]
    draft.values = with_edits(draft.values, cells)
    data_tables._put_into_force(session, table)
    return app.run()


def test_a_wrong_row_is_reported_and_changes_nothing() -> None:
    app = opened(EDIT, K="3")
    before = session_of(app).data
    edit(app, "transition_table", {1: {"S2": 0.5}})
    assert session_of(app).data is before
    assert "Row S2 sums to 0.6; it must sum to 1." in app.warning[0].value
    # After another page and back, the editor shows the unfinished table.
    app.switch_page("playground.py").run()
    app.switch_page("data.py").run()
    assert "Row S2 sums to 0.6" in app.warning[0].value
    assert app.data_editor[0].value.loc["S2", "S2"] == "0.5"
    app.button(key="normalise_transition_table").click().run()
    assert not app.warning
    assert session_of(app).config.structure == "edited"
    np.testing.assert_allclose(
        session_of(app).data.truth.transition_matrix[1], [1 / 12, 10 / 12, 1 / 12], rtol=1e-12
    )
    # Back to the law that was in force before.
    app.button(key="discard_transition_table").click().run()
    assert session_of(app).config.structure == "sticky"
    assert session_of(app).config.transition_table is None


def test_an_unfinished_edit_can_be_discarded() -> None:
    app = opened(EDIT, K="3", structure="cyclic")
    edit(app, "initial_table", {0: {"S1": None}})
    assert "has an empty or non-numeric cell for S1" in app.warning[0].value
    app.button(key="normalise_initial_table").click().run()
    assert "has an empty or non" in app.info[0].value
    app.button(key="discard_initial_table").click().run()
    assert not app.warning
    assert session_of(app).config.initial_table is None


def test_edited_probabilities_of_the_start_hold_under_any_law_until_taken_back() -> None:
    app = opened(EDIT, K="3")
    edit(app, "initial_table", {0: {"S1": 1.0, "S2": 0.0, "S3": 0.0}})
    app.selectbox(key="control_structure").set_value("cyclic").run()
    np.testing.assert_array_equal(session_of(app).data.truth.initial_probs, [1, 0, 0])
    assert "edited" in texts(app)
    app.button(key="discard_initial_table").click().run()
    np.testing.assert_allclose(session_of(app).data.truth.initial_probs, 1 / 3, rtol=1e-12)


def test_tables_come_back_from_the_link() -> None:
    app = opened(EDIT, K="3")
    edit(app, "means_table", {0: {"S2": -7.25}})
    again = opened(EDIT, **session_of(app).query())
    assert again.data_editor[2].value.loc["μ", "S2"] == "-7.25"
    assert again.selectbox(key="control_mean_law").value == "edited"


def test_a_table_of_another_size_is_set_aside() -> None:
    app = opened(EDIT, K="3")
    edit(app, "means_table", {0: {"S2": -7.25}})
    app.slider(key="control_num_states").set_value(4).run()
    assert "set aside" in texts(app)
    assert app.data_editor[2].value.shape == (1, 4)
    app.slider(key="control_num_states").set_value(3).run()
    assert app.data_editor[2].value.loc["μ", "S2"] == "-7.25"


CSV = b"who;reaction\n" + b"".join(b"%s;%d,5\n" % (w, v) for w in (b"a", b"b") for v in range(9))


def test_a_file_becomes_the_data() -> None:
    app = upload_file(opened(UPLOAD, K="2"), b"subject;reaction\n" + CSV.split(b"\n", 1)[1])
    assert "Read 18 observations in 2 sequences." in texts(app)
    before = session_of(app).data
    app.selectbox(key="upload_sequence").set_value(0).run()
    assert "Read 18 observations in 1 sequence." in texts(app)
    assert session_of(app).data is before
    app.button(key="use_upload").click().run()
    session = session_of(app)
    assert session.config.source == "upload"
    assert session.config.num_states == 2
    assert session.data.sequences.num_observations == 18
    assert session.problem is None
    for view in (LOOK, EDIT, UPLOAD):
        session.data_view = view
        app.run()
        assert not app.exception
    # The file is kept while other data are shown, and over page switches.
    app.button(key="back_to_generated").click().run()
    assert session_of(app).config.source == "generated"
    app.switch_page("playground.py").run()
    app.switch_page("data.py").run()
    app.button_group(key="data_source").set_value("upload").run()
    assert session_of(app).data.sequences.num_observations == 18


def test_brought_data_start_from_the_best_of_several_and_generated_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    values = np.where(np.arange(200) // 20 % 2, 120.0, 100.0) + rng.normal(size=200)
    content = b"flow\n" + b"".join(b"%.3f\n" % value for value in values)
    app = upload_file(opened(UPLOAD, K="2"), content)
    assert session_of(app).config.start == "random"
    app.button(key="use_upload").click().run()
    session = session_of(app)
    assert session.config.start == "best"
    assert session.start_comparison is not None
    assert "Of 64 candidates " in texts(app)
    means = session.runs["EM"].start.emissions.means[:, 0]
    np.testing.assert_allclose(means, [100.0, 120.0], atol=0.5)
    before = session.start_comparison
    session.change(start="kmeans")
    assert session.start_comparison is None
    session.undo()
    app.button(key="back_to_generated").click().run()
    assert session_of(app).config.start == "kmeans"
    session.change(start="best")
    session.change(source="upload")
    assert session.start_comparison is not None
    assert session.start_comparison.winner == before.winner
    session.change(source="generated")
    assert session.config.start == "random"
    assert "Of 64 candidates" not in texts(app.run())


@pytest.mark.parametrize("family", ["numbers", "counts", "symbols", "points"])
def test_the_best_of_several_can_be_chosen_for_every_family(family: str) -> None:
    session = Session(Config(length=60, num_sequences=3, num_states=3))
    session.change(family=family, start="best")
    assert session.problem is None
    assert session.start_comparison is not None
    assert not session.new_start_helps
    reached = session.start_comparison.log_likelihoods.max()
    session.change(start_seed=5)
    assert session.start_comparison is not None
    assert session.start_comparison.log_likelihoods.max() == pytest.approx(reached, rel=0.02)


def test_every_page_does_without_a_truth() -> None:
    app = upload_file(opened(UPLOAD), b"x\n" + b"".join(b"%d\n" % (n * n % 17) for n in range(80)))
    app.button(key="use_upload").click().run()
    for page in ("playground.py", "posterior.py", "decoding.py", "data.py"):
        app.switch_page(page).run()
        assert not app.exception, page


def test_the_tables_are_one_sentence_on_a_file() -> None:
    app = upload_file(opened(UPLOAD), b"x\n1\n2\n3\n")
    app.button(key="use_upload").click().run()
    session_of(app).data_view = EDIT
    app.run()
    assert not app.data_editor
    assert "your file has none" in texts(app)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b'\r"\n\r"\n', "The file is empty"),
        (b"x\n", "The file has a header but no rows of data below it"),
        (b"x\n1\nt*w*o\n", "Row 3 has “t\\*w\\*o” in column “x”"),
        (b"PK\x03\x04", "The file is an Excel workbook or a ZIP archive"),
        (b"\x89PNG\0", "The file is a PNG picture"),
    ],
)
def test_a_wrong_file_is_reported_and_changes_nothing(content: bytes, said: str) -> None:
    app = opened(UPLOAD)
    before = session_of(app).data
    upload_file(app, content)
    assert app.error[0].value.startswith(said)
    assert app.button(key="use_upload").disabled
    assert session_of(app).data is before
    app.button(key="forget_pending").click().run()
    assert not app.error
    assert session_of(app).pending is None


def test_rows_without_a_value_can_be_left_out() -> None:
    app = upload_file(opened(UPLOAD), b"x\n1\nNA\n3\n")
    assert "1 of 3 is missing (cells: “NA”); nothing is put in their place" in texts(app)
    app.checkbox(key="upload_leave_out").check().run()
    assert not app.error
    assert "Read 2 observations in 1 sequence; left out 1 row without a value." in texts(app)


def test_gaps_are_reported_before_a_file_is_used_and_with_the_data() -> None:
    content = b"x,y\n1.5,2\n,\nNA,3\n2.5,4\n0.5,\n1.0,1\n"
    app = upload_file(opened(UPLOAD, K="2"), content)
    said = "2 of 6 are missing (cells: empty, “NA”); nothing is put in their place, the model"
    assert f"Read 6 observations in 1 sequence. {said}" in texts(app)
    app.multiselect(key="upload_values").set_value(["x", "y"]).run()
    assert "1 of 6 is missing, and 2 more lack some of the coordinates (cells: " in texts(app)
    app.button(key="use_upload").click().run()
    session_of(app).data_view = LOOK
    app.run()
    assert not app.exception
    assert (
        "One sequence of 6 observations. 1 of 6 is missing, and 2 more lack some of the "
        "coordinates. Each is a point with 2 coordinates: x has the mean " in texts(app)
    )
    assert "Points that lack one of these two coordinates are not drawn." in texts(app)


def test_a_column_without_any_value_is_reported_and_changes_nothing() -> None:
    app = upload_file(opened(UPLOAD), b"x,y\n,1\nNA,2\n")
    app.multiselect(key="upload_values").set_value(["x"]).run()
    said = app.error[0].value.replace("\\", "")
    assert said == "Column “x” has no values at all; choose another column."
    assert app.button(key="use_upload").disabled


@pytest.mark.parametrize("column", ["level", "n", "sky"])
def test_downloaded_data_with_gaps_are_read_back_unchanged(column: str) -> None:
    rows = [("0.5", "3", "sun"), ("", "", ""), ("-1.25", "17", "rain"), ("1e-300", "0", "fog")]
    names = ("level", "n", "sky")
    place = names.index(column)
    content = f"day,{column}\n" + "".join(f"{t},{row[place]}\n" for t, row in enumerate(rows))
    app = upload_file(opened(UPLOAD, K="2"), content.encode())
    app.button(key="use_upload").click().run()
    data = session_of(app).data
    assert data.sequences.num_missing == 1
    written = csv_bytes(data)
    assert written.splitlines()[2] == b"1,2,"
    again = PendingFile("again.csv", written).observations()
    assert again.sequences == data.sequences
    assert (again.family, again.labels) == (data.family, data.labels)


def test_how_a_file_is_read_can_be_corrected() -> None:
    app = upload_file(opened(UPLOAD), b"1,5\n2,5\n3,5\n")
    assert app.selectbox(key="upload_separator").value == 0
    names = app.selectbox(key="upload_separator").options
    app.selectbox(key="upload_separator").set_value(names.index("None: one column")).run()
    app.button(key="use_upload").click().run()
    assert session_of(app).data.sequences.observations[:, 0].tolist() == [1.5, 2.5, 3.5]


def test_a_file_waits_over_a_page_switch() -> None:
    app = upload_file(opened(UPLOAD), b"x\n1\n2\n", "a*b*.csv")
    app.switch_page("playground.py").run()
    app.switch_page("data.py").run()
    assert "**a\\*b\\*\\.csv**" in texts(app)
    assert "Read 2 observations" in texts(app)


@pytest.mark.parametrize("content", [b"x\n1\n", b"x\n5\n5\n5\n5\n", b"x\n1e100\n-1e100\n"])
def test_unusual_data_can_be_used(content: bytes) -> None:
    app = upload_file(opened(UPLOAD), content)
    app.button(key="use_upload").click().run()
    for view in (LOOK, EDIT, UPLOAD):
        session_of(app).data_view = view
        app.run()
        assert not app.exception


@pytest.mark.parametrize("content", [b"x\n1\n2\n", b"\x89PNG", b"{}", b"1" * (MAX_FILE_BYTES + 1)])
def test_streamlit_keeps_no_file(monkeypatch, content: bytes) -> None:
    kept: list[tuple[MemoryUploadedFileManager, str, str]] = []
    add_file = MemoryUploadedFileManager.add_file

    def added(self, session_id, file) -> None:
        kept.append((self, session_id, file.file_id))
        add_file(self, session_id, file)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", added)
    app = opened(UPLOAD)
    for _ in range(2):
        upload_file(app, content)
    assert len(kept) == 2
    assert [files.get_files(whose, [which]) for files, whose, which in kept] == [[], []]


def test_a_file_larger_than_any_table_is_refused_and_not_kept() -> None:
    app = upload_file(opened(UPLOAD), b"1" * (MAX_FILE_BYTES + 1))
    assert app.error[0].value.startswith("The file has 25\\.0 MB")
    assert session_of(app).pending is None
    upload_file(app, b"x\n1\n2\n")
    assert not app.error
    assert "Read 2 observations" in texts(app)


def test_whatever_stops_an_experiment_file_is_one_sentence(monkeypatch) -> None:
    def stopped(session, content) -> None:
        raise IndexError

    monkeypatch.setattr(data_upload, "open_file", stopped)
    app = opened(UPLOAD)
    before = session_of(app).data
    upload_file(app, b"{}")
    assert "could not be opened" in app.error[0].value
    assert session_of(app).data is before


def test_many_states_give_way_to_a_long_file() -> None:
    app = upload_file(opened(UPLOAD, K="20"), b"1\n" * 200_000)
    app.button(key="use_upload").click().run()
    assert session_of(app).config.num_states == 10
    assert "K may be at most 10" in texts(app)
    # A second attempt is refused, and nothing restarts.
    app.slider(key="control_num_states").set_value(2).run()
    session_of(app).step()
    app.slider(key="control_num_states").set_value(10).run()
    session_of(app).step()
    app.slider(key="control_num_states").set_value(11).run()
    assert "K may be at most 10" in texts(app)
    assert session_of(app).config.num_states == 10
    assert session_of(app).runs["EM"].state.iteration == 1


def test_the_download_reads_back_as_the_same_data() -> None:
    data = Session(Config(num_states=3, length=40, num_sequences=3)).data
    content = csv_bytes(data)
    assert content.splitlines()[0] == b"sequence,time,value,state"
    sequences = PendingFile("hmm-data.csv", content).observations().sequences
    np.testing.assert_array_equal(sequences.observations, data.sequences.observations)
    np.testing.assert_array_equal(sequences.lengths, data.sequences.lengths)
    frame = data_frame(data)
    assert frame["time"].tolist() == [*range(1, 41)] * 3
    assert frame["state"].tolist() == [f"S{state + 1}" for state in data.states]
    assert data_frame(data, 5).equals(frame.iloc[:5])


@pytest.mark.parametrize("family", ["counts", "symbols", "points"])
def test_the_download_of_every_family_reads_back(family: str) -> None:
    session = Session(Config())
    session.change(family=family, num_states=3, length=40, num_sequences=3)
    content = csv_bytes(session.data)
    header = {"counts": b"count", "symbols": b"symbol", "points": b"x1,x2"}[family]
    assert content.splitlines()[0] == b"sequence,time," + header + b",state"
    file = PendingFile("hmm-data.csv", content, roles=Roles(family=family))
    if family == "points":
        assert file.table().guess.values == ("x1", "x2")
        file.roles = Roles()
    found = file.observations()
    np.testing.assert_array_equal(found.sequences.observations, session.data.sequences.observations)
    np.testing.assert_array_equal(found.sequences.lengths, session.data.sequences.lengths)
    assert found.labels == session.data.labels


def test_a_file_of_words_becomes_symbols_and_keeps_its_labels() -> None:
    rows = b"".join(b"%s\n" % word for word in (b"*sun*", b"<b>rain</b>", b"*sun*") * 10)
    app = upload_file(opened(UPLOAD, K="2"), b"sky\n" + rows)
    assert app.button_group(key="upload_kind").value == "symbols"
    assert "Symbols: \\*sun\\*, \\<b\\>rain\\</b\\>." in texts(app).replace("\\/", "/")
    app.button(key="use_upload").click().run()
    session = session_of(app)
    assert session.config.family == "symbols"
    assert session.config.trainable == ("initial_probs", "transition_matrix", "probs")
    assert session.data.labels == ("*sun*", "<b>rain</b>")
    assert csv_bytes(session.data).splitlines()[1:3] == [b"1,1,*sun*", b"1,2,<b>rain</b>"]
    session.data_view = LOOK
    app.run()
    assert not app.exception
    assert "There are C = 2 symbols; the commonest is \\*sun\\*" in texts(app)


def test_whole_numbers_can_be_taken_as_any_kind() -> None:
    app = upload_file(
        opened(UPLOAD, K="2"), b"x\n" + b"".join(b"%d\n" % (n % 6 + 1) for n in range(60))
    )
    for kind in ("symbols", "counts", "numbers"):
        app.button_group(key="upload_kind").set_value(kind).run()
        assert not app.error
        assert session_of(app).pending.observations().family == kind
    app.button_group(key="upload_kind").set_value("counts").run()
    app.button(key="use_upload").click().run()
    assert session_of(app).config.family == "counts"
    assert session_of(app).problem is None


def test_several_columns_of_a_file_become_points() -> None:
    rng = np.random.default_rng(0)
    rows = "".join(f"{a:.3f},{b:.3f},{c}\n" for a, b, c in rng.normal(size=(40, 3)))
    app = upload_file(opened(UPLOAD, K="2"), b"waiting,duration,more\n" + rows.encode())
    app.multiselect(key="upload_values").set_value(["waiting", "duration", "more"]).run()
    assert "3 columns of numbers: points" in texts(app)
    app.button(key="use_upload").click().run()
    session = session_of(app)
    assert session.data.columns == ("waiting", "duration", "more")
    for view in (LOOK, EDIT, UPLOAD):
        session.data_view = view
        app.run()
        assert not app.exception


@pytest.mark.parametrize(
    ("family", "table", "cells", "parameter"),
    [
        ("counts", "rates_table", {0: {"S2": 40.5}}, ("rates", (1,), 40.5)),
        ("points", "points_table", {1: {"S2": -7.5}}, ("means", (1, 1), -7.5)),
        ("symbols", "symbols_table", {1: {"1": 1.0, "2": 0.0, "3": 0.0}}, ("probs", (1, 0), 1.0)),
    ],
)
def test_what_the_states_emit_can_be_edited(family, table, cells, parameter) -> None:
    app = opened(EDIT, K="2", C="3", family=family)
    edit(app, table, cells)
    name, place, value = parameter
    assert getattr(session_of(app).data.truth.emissions, name)[place] == value
    assert session_of(app).notes == ()
    control = "control_sharpness" if family == "symbols" else "control_separation"
    assert control not in [slider.key for slider in app.slider]
    assert "your own table, from the Data page" in texts(app)
    again = opened(EDIT, **session_of(app).query())
    assert getattr(session_of(again).data.truth.emissions, name)[place] == value
    app.button(key=f"discard_{table}").click().run()
    assert getattr(session_of(app).config, table) is None
    assert control in [slider.key for slider in app.slider]


def test_rows_of_symbol_probabilities_are_normalised_by_one_click() -> None:
    app = opened(EDIT, K="2", C="3", family="symbols")
    edit(app, "symbols_table", {0: {"1": 2.0, "2": 1.0, "3": 1.0}})
    assert "Row S1 sums to 4; it must sum to 1." in app.warning[0].value
    app.button(key="normalise_symbols_table").click().run()
    np.testing.assert_array_equal(session_of(app).data.truth.emissions.probs[0], [0.5, 0.25, 0.25])
