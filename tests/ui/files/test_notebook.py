"""The exported notebook repeats the runs with `hmmcore` alone; the tests execute its cells."""

import contextlib
import io
import json

import numpy as np
import pandas as pd
import pytest

from hmmcore import EM, GradientAscent, Sequences
from hmmcore.io import from_json
from hmmcore.landscape import basins, surface
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.planes import MAX_ITERATIONS
from pages.ui.figures import theme
from pages.ui.files.export import data_frame
from pages.ui.files.notebook import notebook
from pages.ui.files.notebook_figures import LONGEST_DRAWN
from pages.ui.parts.export_area import decoded_csv, decoded_parquet, model_json, notebook_of
from pages.ui.session import listed_paths
from pages.ui.session.landscape import landscape
from pages.ui.session.map_search import PAGE
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import Config
from pages.ui.settings.config_rules import legal

NOTEBOOK = {
    "source": "notebook", "num_states": 5, "length": 10, "num_sequences": 2, "noise_sd": 1.0,
    "structure": "softmax", "mean_law": "log",
}  # fmt: skip


def trained(steps=5, **values):
    session = Session(legal(Config(**{"length": 40, "num_sequences": 3, **values}))[0])
    for _ in range(steps):
        session.step()
    return session


def revised():
    session = trained(method="Both")
    for values in ({"learning_rate": 0.3}, {"optimizer": "plain"}):
        session.change(**values)
        for _ in range(3):
            session.step()
    return session


def own_data(gaps=False):
    session = Session(Config(method="Both"))
    values = np.random.default_rng(0).normal(size=60).cumsum()
    if gaps:
        values[[0, 20, 21, 22, 59]] = np.nan
    session.replace_upload(Upload("mine.csv", "x", Sequences(values, [20, 40])), 3)
    session.step()
    return session


def some_numbers():
    """Single numbers are trained only, as the landscape does."""
    session, chosen = trained(0, method="Both"), (("means", 0), ("transition_matrix", 0, 1))
    for name, run in session.runs.items():
        kind = EM if name == "EM" else GradientAscent
        run.trainer = kind(session.data.sequences, coordinates=chosen)
    for _ in range(3):
        session.step()
    return session


EXPERIMENTS = {
    "EM": lambda: trained(),
    "gradient": lambda: trained(method="Gradient", trainable=("means",), start="quantiles"),
    "both, revised": revised,
    "some numbers": some_numbers,
    "not yet trained": lambda: trained(0),
    "edited": lambda: trained(
        structure="edited", mean_law="edited", num_states=2,
        transition_table=((0.9, 0.1), (0.0, 1.0)), means_table=((0.0, 3.0),),
    ),
    "the notebook's data": lambda: trained(**NOTEBOOK),
    "counts": lambda: trained(family="counts"),
    "symbols": lambda: trained(family="symbols", method="Gradient"),
    "points": lambda: trained(family="points"),
    "product": lambda: trained(family="product", kinds="ncs"),
    "own data": own_data,
    "own data with gaps": lambda: own_data(gaps=True),
    "own symbols with gaps": lambda: own("symbols", WEATHER, ("rain", "sun", "fog")),
    "own points": lambda: own("points", POINTS, columns=("height", "time", "smoothed_prob_0")),
    "other true states": lambda: trained(num_states=3, true_states=4),
    "priors and ties": lambda: trained(
        method="Both", sticky_prior=20.0, initial_prior=1.0, spread_prior=10.0, chain="cyclic",
        stays="shared", spread="tied",
    ),
    "a network": lambda: trained(mean_model="network"),
}  # fmt: skip


def executed(session):
    """What the cells of its notebook leave behind, print and draw: names, lines, figures."""
    names, printed, figures = {}, io.StringIO(), []
    with contextlib.redirect_stdout(printed):
        for cell in json.loads(notebook(session))["cells"]:
            assert cell["cell_type"] in ("code", "markdown")
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                exec(source, names)
                if "figure.update_layout(" in source:
                    # The cell ends with it, and so shows it.
                    assert source.splitlines()[-1].startswith((")", "figure.update_layout("))
                    figures.append(names["figure"])
    return names, printed.getvalue().splitlines(), figures


@pytest.mark.parametrize("make", EXPERIMENTS.values(), ids=EXPERIMENTS.keys())
def test_its_cells_rebuild_the_runs(make):
    session = make()
    content = json.loads(notebook(session))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in content["cells"]}) == len(content["cells"])
    names, printed, figures = executed(session)
    assert names["sequences"] == session.data.sequences
    lines = [line.split() for line in printed]
    runs = [run for run in session.runs.values() if run.state.iteration] or session.active_runs
    assert [int(iteration) for iteration, _ in lines] == [run.state.iteration for run in runs]
    for (_, value), run in zip(lines, runs, strict=True):
        assert float(value) == pytest.approx(run.state.log_likelihood, rel=1e-9)
    assert_drawn(session, names, runs, figures)


def assert_drawn(session, names, runs, figures):
    """The figures show what the page shows: curves, parameters, and a decoded sequence."""
    view, close = current_view(session), {"rtol": 1e-6, "atol": 1e-9}
    sequences = session.data.sequences
    curves, transitions, emitted, decoded, listed = figures
    for trace, run in zip(curves.data, runs, strict=True):
        expected = run.history.log_likelihoods / (
            sequences.num_observations - sequences.num_missing
        )
        np.testing.assert_allclose(trace.y, expected, **close)
    np.testing.assert_allclose(transitions.data[0].z[1:], view.hmm.transition_matrix, **close)
    np.testing.assert_allclose(transitions.data[0].z[0], view.hmm.initial_probs, **close)
    each = getattr(view.hmm.emissions, "parts", (view.hmm.emissions,))
    shown = [row for part in each for row in (
        part.probs if hasattr(part, "probs") else part.marginals().means.T
    )]  # fmt: skip
    for trace, expected in zip(emitted.data, shown, strict=True):
        np.testing.assert_allclose(trace.y, expected, **close)
    markers = [trace for trace in decoded.data if trace.mode == "markers"]
    probs = [trace.y for trace in decoded.data if trace.stackgroup]
    np.testing.assert_allclose(np.transpose(probs), view.posterior.smoothed_probs, **close)
    num_dimensions = sequences.num_dimensions
    values = np.full((len(view.path.states), num_dimensions), np.nan)
    for number, trace in enumerate(markers):
        k, d = divmod(number, num_dimensions)
        assert (trace.name, trace.marker.color) == (theme.state_name(k), theme.state_colour(k))
        here = np.array(trace.x) - 1
        assert (view.path.states[here] == k).all()
        values[here, d] = trace.y
    np.testing.assert_array_equal(values, view.sequence.observations)
    (strips,) = listed.data
    best, drawn = listed_paths.best(session, view), listed_paths.drawn(session, view)
    np.testing.assert_array_equal(strips.z, np.vstack([best.paths, drawn.paths]))
    log_posteriors = [*best.log_posteriors, *drawn.log_posteriors]
    assert [row.split(": ")[1] for row in strips.y] == [f"{value:.2f}" for value in log_posteriors]


def test_it_draws_along_dates_and_with_the_names_of_the_file():
    times = np.datetime64("2024-02-28", "ns") + np.arange(60) * np.timedelta64(1, "D")
    sequences = Sequences(np.random.default_rng(0).normal(size=60), [20, 40])
    known = np.repeat([1, 0, -1], 20)
    upload = Upload(
        "beds.csv", "flow", sequences, times=times, sequence_names=("Ada's", "b\n"),
        known_states=known, state_names=("low", "high"),
    )  # fmt: skip
    session = Session(Config())
    session.replace_upload(upload, 2)
    session.change(sequence=2)
    session.step()
    names, _, (*_, emitted, decoded, _) = executed(session)
    np.testing.assert_array_equal(names["times"], times)
    np.testing.assert_array_equal(names["true_states"], known)
    assert (decoded.layout.title.text, decoded.layout.yaxis.title.text) == ("b\n", "flow")
    assert emitted.layout.yaxis.title.text == "flow"
    drawn = np.sort(np.concatenate([t.x for t in decoded.data if t.mode == "markers"]))
    np.testing.assert_array_equal(drawn.astype(times.dtype), times[20:])
    assert names["hmm"] == current_view(session).hmm, "states matched to the known ones"
    table = names["table"]
    np.testing.assert_array_equal(table["time"], times)
    assert table["sequence"].tolist() == ["Ada's"] * 20 + ["b\n"] * 40


def test_of_a_long_sequence_it_draws_the_beginning():
    session = own("numbers", np.random.default_rng(0).normal(size=5000))
    *_, decoded, listed = executed(session)[2]
    assert listed.data[0].z.shape[1] == LONGEST_DRAWN
    assert sum(len(trace.x) for trace in decoded.data if trace.mode == "markers") == LONGEST_DRAWN


def test_gaps_are_said_in_the_notebook_and_are_empty_cells_of_the_decoded_data():
    session = own_data(gaps=True)
    content = notebook(session).decode()
    assert "5 of 60 are missing: `nan`." in content
    table = pd.read_csv(io.BytesIO(decoded_csv(session)))
    observed = session.data.sequences.observations[:, 0]
    np.testing.assert_array_equal(table["value"], observed)
    assert decoded_csv(session).decode().splitlines()[1].startswith("1,1,,")
    decoded = table.drop(columns="value")
    assert not decoded.isna().any(axis=None), "the state is known about where nothing was observed"


def test_the_model_and_the_decoded_data_are_those_on_the_page():
    session = trained(6)
    session.travel(3)
    view = current_view(session)
    assert from_json(model_json(session)) == view.hmm
    table = pd.read_csv(io.BytesIO(decoded_csv(session)))
    same = pd.read_parquet(io.BytesIO(decoded_parquet(session)))
    pd.testing.assert_frame_equal(table, same, rtol=1e-14, atol=0.0, check_dtype=False)
    assert len(table) == session.data.sequences.num_observations
    first = table[table["sequence"] == 1]
    assert first["time"].tolist() == list(range(1, len(first) + 1))
    np.testing.assert_array_equal(first["true_state"], view.true_states + 1)
    np.testing.assert_array_equal(first["viterbi_state"], view.path.states + 1)
    best = view.posterior.smoothed_probs.argmax(axis=1)
    np.testing.assert_array_equal(first["state"], best + 1)
    probs = first[[f"smoothed_prob_{k}" for k in range(1, 6)]].to_numpy()
    np.testing.assert_allclose(probs, view.posterior.smoothed_probs, rtol=1e-12, atol=1e-15)


def own(family, values, labels=(), columns=()):
    session = Session(Config())
    session.replace_upload(Upload("w.csv", "w", Sequences(values), family, labels, columns), 2)
    session.step()
    return session


def own_parts():
    session = Session(Config())
    values = np.column_stack([WEATHER, np.arange(40) % 2])
    session.replace_upload(
        Upload(
            "w.csv", "spikes, doing", Sequences(values), "product", (), ("spikes", "doing"),
            kinds=("counts", "symbols"), part_labels=((), ("rest", "walk")),
        ), 2,
    )  # fmt: skip
    session.step()
    return session


WEATHER = np.array([0.0, 1, 1, np.nan, 2] * 8)
POINTS = np.random.default_rng(0).normal(size=(40, 3))
NAMED = {
    "symbols": (
        lambda: own("symbols", WEATHER, ("rain", "sun", 'f"o\n<g>\\')),
        {"symbol": ["rain", "sun", "sun", None, 'f"o\n<g>\\'] * 8},
    ),
    "counts": (lambda: own("counts", WEATHER), {"count": [0, 1, 1, None, 2] * 8}),
    "points": (
        lambda: own("points", POINTS, columns=("height", "time", "smoothed_prob_0")),
        {
            "height": POINTS[:, 0],
            "time value": POINTS[:, 1],
            "smoothed_prob_0 value": POINTS[:, 2],
        },
    ),
    "product": (
        lambda: own_parts(),
        {"spikes": [0, 1, 1, None, 2] * 8, "doing": ["rest", "walk"] * 20},
    ),
    "points of one name twice": (
        lambda: own("points", POINTS[:, :2], columns=("time", "time value")),
        {"time value′": POINTS[:, 0], "time value": POINTS[:, 1]},
    ),
}


@pytest.mark.parametrize(("make", "expected"), NAMED.values(), ids=NAMED.keys())
def test_decoded_data_have_the_names_and_labels_of_the_file(make, expected):
    session = make()
    probs = [f"smoothed_prob_{k}" for k in (1, 2)]
    names = ["sequence", "time", *expected, "state", "viterbi_state", *probs]
    table = pd.read_csv(io.BytesIO(decoded_csv(session)))
    parquet = pd.read_parquet(io.BytesIO(decoded_parquet(session)))
    on_page = data_frame(session.data)
    for frame in (table, parquet):
        assert list(frame.columns) == names
        for name, values in expected.items():
            wanted = pd.Series(values, name=name)
            held = frame[name].astype(wanted.dtype)
            pd.testing.assert_series_equal(held, wanted, rtol=1e-14, atol=0.0)
            assert name in on_page.columns
        np.testing.assert_allclose(frame[probs].sum(axis=1), 1.0, rtol=1e-12, atol=0.0)


def test_the_notebook_says_what_symbols_and_columns_are_called():
    for name, field in (("symbols", "labels"), ("points", "columns")):
        session = NAMED[name][0]()
        cells = json.loads(notebook(session))["cells"]
        source = next("".join(c["source"]) for c in cells if "sequences = " in "".join(c["source"]))
        names = {}
        exec(f"import numpy as np\nfrom hmmcore import Sequences\n{source}", names)
        assert names[field] == list(getattr(session.data, field))
        assert names["sequences"] == session.data.sequences


@pytest.mark.parametrize("values", [{}, {"across": "models"}, {"only": "means.1~means.2"}])
def test_from_the_landscape_page_it_computes_the_same_map(values):
    session = trained(2, num_states=2, length=15, num_sequences=2, method="Both", **values)
    session.page = PAGE
    session.change(map_size="64")
    names, last = {}, {}
    small = notebook_of(session).decode().replace(", 64)", ", 9)")
    for cell in json.loads(small)["cells"]:
        if cell["cell_type"] == "code":
            with contextlib.redirect_stdout(io.StringIO()):
                exec("".join(cell["source"]), names)
            last = names.get("found", last)
    ground = landscape(session)
    xs, ys = ground.grid(9)
    plane, run = ground.plane(session.runs["Gradient"].start), session.runs["Gradient"]
    expected = surface(plane, session.data.sequences, xs, ys)
    assert "nats per observation" in small
    each = expected / session.data.sequences.num_observed
    np.testing.assert_allclose(names["heights"], each, rtol=1e-12)
    found = basins(plane, run.trainer, xs, ys, MAX_ITERATIONS["Gradient"])
    np.testing.assert_array_equal(last.optimum, found.optimum)
    np.testing.assert_array_equal(last.log_likelihoods, found.log_likelihoods)
