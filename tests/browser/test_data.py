"""The Data page in a real browser: a file is brought, a table edited, the data downloaded."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import playground as ui
from tests.browser.page import open_page, wait_until_idle

CSV = "time;subject;reaction\n" + "".join(
    f"{t};{name};{value},5\n"
    for name in ("ann", "bob")
    for t, value in enumerate((1, 2, 1, 7, 8, 7, 1, 2), start=1)
)
CASES = Path(__file__).resolve().parents[1] / "hmmcore" / "tables" / "cases"
ROW_HEIGHT = 35


def open_view(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
    wait_until_idle(page)


def type_into_cell(page: Page, table: str, row: int, column: int, text: str) -> None:
    """Click the cell of the canvas that a table is drawn on, and type; both from 0."""
    grid = page.locator(f"[class*=st-key-editor_{table}]").get_by_test_id("stDataFrame")
    canvas = grid.locator("canvas[data-testid=data-grid-canvas]")
    cell = canvas.locator(f"[role=gridcell]#glide-cell-{column + 1}-{row}")
    expect(cell).to_have_count(1)
    box = canvas.bounding_box()
    assert box is not None
    num_columns = canvas.locator("[role=columnheader]").count() - 1
    name_width = 40
    width = (box["width"] - name_width) / num_columns
    # The first click, on the name of the row, may only take the focus from another table.
    for x in (name_width / 2, name_width + (column + 0.5) * width):
        grid.click(position={"x": x, "y": (row + 1.5) * ROW_HEIGHT})
    expect(cell).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    editor = page.locator(".gdg-input")
    expect(editor).to_be_focused()
    # All at once: of letters that follow each other faster than anybody types the grid loses some.
    editor.fill(text)
    editor.press("Enter")
    expect(editor).to_have_count(0)
    wait_until_idle(page)


def expect_cell(page: Page, table: str, row: int, column: int, text: str | re.Pattern[str]) -> None:
    """The canvas has its cells as elements too, for readers who cannot see it."""
    cell = page.locator(f"[class*=st-key-editor_{table}] #glide-cell-{column + 1}-{row}")
    expect(cell).to_have_text(text)


def test_an_edited_table_survives_page_switch_and_reload(page: Page) -> None:
    open_page(page, "/data?K=3&N=4&M=50")
    open_view(page, "Edit the model")
    type_into_cell(page, "transition_table", 0, 0, "0.5")
    expect(page.get_by_text("Row S1 sums to 0.6; it must sum to 1.")).to_be_visible()
    assert "A=" not in page.url, "the data stay as they are"

    # An unfinished edit is still there after a look at another page.
    ui.visit(page, "Posterior")
    expect(page).to_have_url(re.compile("/posterior"))
    ui.visit(page, "Data")
    expect(page.get_by_text("Row S1 sums to 0.6; it must sum to 1.")).to_be_visible()

    page.get_by_role("button", name="Normalise rows").click()
    expect(page.get_by_text("Row S1 sums to")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"structure=edited.*&A="))
    expect_cell(page, "transition_table", 0, 0, re.compile(r"^0\.8333"))

    type_into_cell(page, "means_table", 0, 1, "−7,25")
    expect(page).to_have_url(re.compile(r"&mu="))
    address = page.url
    page.reload()
    wait_until_idle(page)
    assert page.url == address
    open_view(page, "Edit the model")
    expect_cell(page, "transition_table", 0, 0, re.compile(r"^0\.8333"))
    expect_cell(page, "means_table", 0, 1, "-7.25")
    for control in ("structure", "mean_law"):
        chosen = page.locator(f".st-key-control_{control} input")
        expect(chosen).to_have_value("Edited table")

    page.get_by_role("button", name="Discard edits").first.click()
    expect(page).not_to_have_url(re.compile(r"structure=edited"))
    expect(page.locator(".st-key-control_structure input")).not_to_have_value("Edited table")
    expect_cell(page, "transition_table", 0, 0, re.compile(r"^0\.9"))
    wait_until_idle(page)

    # What may be two numbers is taken for neither.
    type_into_cell(page, "means_table", 0, 1, "1,000")
    expect(page.get_by_text("Row μ has an empty or non-numeric cell for S2")).to_be_visible()


def test_a_file_becomes_the_data_and_the_data_a_file(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "reaction <b>*times*.csv"
    file.write_text(CSV, encoding="utf-8")
    open_page(page, "/data?K=2")
    open_view(page, "Your CSV file")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("Read 16 observations in 2 sequences.")).to_be_visible()
    page.get_by_role("button", name="Use this data").click()
    expect(
        page.get_by_text("In use: column “reaction” (numbers) of reaction <b>*times*.csv.")
    ).to_be_visible()
    expect(page).to_have_url(re.compile("data=upload"))

    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[:3] == ["sequence,time,value", "ann,1,1.5", "ann,2,2.5"]
    assert len(lines) == 17

    # Other pages train on it, and the file is still there on return.
    ui.visit(page, "Playground")
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    ui.visit(page, "Data")
    page.get_by_role("button", name="Back to generated data").click()
    expect(page).to_have_url(re.compile("data=generated"))
    page.get_by_role("button", name="Use it again").click()
    expect(page).to_have_url(re.compile("data=upload"))


def test_a_trained_model_meets_the_newer_days_of_the_same_file(page: Page) -> None:
    open_page(page, "/data?K=2")
    open_view(page, "Your CSV file")
    page.locator("input[type=file]").set_input_files(CASES / "returns_daily.csv")
    page.get_by_role("button", name="Use this data").click()
    expect(page.get_by_text("In use: column “ret” (numbers) of returns_daily.csv.")).to_be_visible()
    ui.visit(page, "Playground")
    expect(page.get_by_role("heading", name="States of sequence “AAA”")).to_be_visible()
    ui.press(page, "Play")
    expect(page.get_by_text("EM has come to rest.")).to_be_visible(timeout=30_000)
    ui.show_as(page, "matrix")
    ui.wait_until_settled(page)
    reached, steps = ui.log_likelihood_text(page), ui.iteration(page)
    learned = ui.chart(page, "learned").evaluate("chart => chart.data[0].z.map((row) => [...row])")

    ui.visit(page, "Data")
    open_view(page, "Your CSV file")
    page.locator("input[type=file]").set_input_files(CASES / "returns_daily_new.csv")
    expect(page.get_by_text("Read 252 observations in 3 sequences.")).to_be_visible()
    page.get_by_role("button", name="Keep the model").click()
    where = f"EM at iteration {steps}"
    told = page.get_by_text(f"Your model is from {where} on “returns_daily.csv”").last
    expect(told).to_be_visible()
    expect(told).to_contain_text(f"where it was trained it had {float(reached):.3f}"[:-1])
    left = page.get_by_text(f"Left behind, and kept for now: “returns_daily.csv”, {where}.")
    expect(left).to_be_visible()
    # It has decoded the new days, and nothing of it has changed.
    ui.visit(page, "Playground")
    ui.expect_iteration(page, 0)
    ui.wait_until_settled(page)
    assert learned == ui.chart(page, "learned").evaluate(
        "chart => chart.data[0].z.map((row) => [...row])"
    )
    here = ui.log_likelihood_text(page)
    assert here != reached
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
        page.get_by_role("button", name="Decoded data (CSV)").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    original = (CASES / "returns_daily_new.csv").read_text(encoding="utf-8").split()
    assert lines[0] == f"{original[0]},state,viterbi_state,smoothed_prob_1,smoothed_prob_2"
    assert len(lines) == len(original)
    for written, given in zip(lines[1:], original[1:], strict=True):
        assert written.startswith(f"{given},")
    # Training can go on from it; or what was left behind comes back.
    ui.press(page, "Step")
    ui.expect_iteration(page, 1)
    page.locator(".st-key-undo_remedy").get_by_role("button").click()
    ui.expect_iteration(page, steps)
    expect(page.get_by_test_id("log-likelihood-EM")).to_have_text(reached)


def test_gaps_of_a_file_have_no_points_and_the_states_go_on(page: Page, tmp_path: Path) -> None:
    values = [value + 0.1 * (t % 3) for t, value in enumerate((1, 1, 1, 9, 9, 9, 9, 1, 1, 1) * 6)]
    gaps = {4, 20, 21, 22, 23, 24, 25, 40, 59}
    file = tmp_path / "levels.csv"
    rows = [f"{t},{'' if t in gaps else value}" for t, value in enumerate(values)]
    file.write_text("\n".join(["day,level", *rows]), encoding="utf-8")
    open_page(page, "/data?K=2")
    open_view(page, "Your CSV file")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("9 of 60 are missing (cells: empty)")).to_be_visible()
    page.get_by_role("button", name="Use this data").click()
    expect(page).to_have_url(re.compile("data=upload"))
    expect(page.get_by_text("In use: column “level” (numbers)")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert (len(lines), lines[5], lines[21]) == (61, "1,5,", "1,21,")
    ui.visit(page, "Playground")
    for iteration in (1, 2):
        ui.press(page, "Step")
        ui.expect_iteration(page, iteration)
    ui.wait_until_settled(page)
    expect(page.locator(".hmm-sequence header")).to_contain_text("9 missing, without a point")
    line, dots, paths = ui.chart(page, "sequence").evaluate(
        """chart => {
          const known = (values) => [...values ?? []].filter((value) => Number.isFinite(value));
          return chart.data.slice(0, 3).map(({ y, z, connectgaps }) => ({
            given: known(y).length, states: z?.map((row) => known(row).length), connectgaps,
            pieces: [...y].filter((value, i) =>
              Number.isFinite(value) && !Number.isFinite(y[i - 1])).length,
          }));
        }"""
    )
    assert line["given"] == dots["given"] == 51
    assert line["pieces"] == 4, "broken at three gaps; the last one ends it"
    assert not line.get("connectgaps")
    assert paths["states"] == [0, 60], "no truth, and a Viterbi state at every time"
