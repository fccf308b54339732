"""The cells of an exported notebook that draw a run: what the page draws, with Plotly alone."""

from __future__ import annotations

from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.listing import DRAWS_STREAM, most_paths
from pages.ui.experiment.naming import learned_names
from pages.ui.experiment.player import Run
from pages.ui.figures import theme
from pages.ui.figures.theme import StateNames

LONGEST_DRAWN = 2000
"""Of a longer sequence the notebook draws so many steps, or a browser would be slow to draw it."""


def figure_cells(experiment: Experiment, shown: Run) -> list[tuple[str, str]]:
    """Kind and source of the cells that follow the training; `shown` is whose model they draw."""
    symbols, parts = experiment.data.family == "symbols", bool(experiment.data.kinds)
    emitted = EMITTED_PARTS if parts else EMITTED_SYMBOLS if symbols else EMITTED_NUMBERS
    along_time = DECODED_PARTS if parts else DECODED_SYMBOLS if symbols else DECODED_NUMBERS
    return [
        ("markdown", "## Likelihood"),
        ("code", _likelihood(experiment)),
        ("markdown", f"## Parameters\n\nOf {shown.name}, after its last step."),
        ("code", _model(experiment, shown)),
        ("code", TRANSITIONS),
        ("code", emitted),
        (
            "markdown",
            "## Decoding\n\nThe most probable path, and below it the probability of each state.",
        ),
        ("code", _decoding(experiment)),
        ("code", along_time),
        (
            "markdown",
            "## Best paths\n\nThe most probable paths of this sequence, and paths drawn from the "
            "posterior, with the logarithm of the probability of each, given the observations.",
        ),
        ("code", _best_paths(experiment)),
        ("code", _table(experiment)),
    ]


def _likelihood(experiment: Experiment) -> str:
    lines = [
        "num_observed = sequences.num_observations - sequences.num_missing",
        "figure = go.Figure()",
        "for name, (_, curve) in runs.items():",
        "    figure.add_scatter(y=np.array(curve) / num_observed, name=name)",
    ]
    if experiment.config.truth == "shown" and experiment.data.generating_model is not None:
        lines += [
            "best = log_likelihood(truth, sequences).sum() / num_observed",
            f'figure.add_hline(best, line_dash="{theme.TRUTH_DASH}", annotation_text="true model")',
        ]
    lines.append(
        "figure.update_layout(\n"
        '    xaxis_title="iteration", yaxis_title="log-likelihood per observation (nats)",\n'
        "    showlegend=True,\n"
        ")"
    )
    return "\n".join(lines)


def _model(experiment: Experiment, run: Run) -> str:
    num_states = experiment.config.num_states
    names = StateNames(learned_names(experiment.data, experiment.config))
    lines = [f"hmm = runs[{run.name!r}][0].hmm"]
    if experiment.data.states is not None and experiment.config.numbering == "matched":
        lines += [
            "# States have no names of their own: each is called as the true one that it plays.",
            "path = viterbi(hmm, sequences).states",
            "hmm = hmm.permute(align(true_states, path, hmm.num_states))",
        ]
    lines += [
        f"states = {[names[k] for k in range(num_states)]!r}",
        f"colours = {[theme.state_colour(k) for k in range(num_states)]!r}",
    ]
    return "\n".join(lines)


TRANSITIONS = """\
cells = np.vstack([hmm.initial_probs, hmm.transition_matrix])
heat_map = go.Heatmap(
    z=cells, x=states, y=["π", *states], zmin=0, zmax=1, colorscale="Blues",
    texttemplate="%{z:.2f}", showscale=False,
)
figure = go.Figure(heat_map)
figure.update_layout(
    title="π and A: from row to column", yaxis_autorange="reversed", width=560, height=560
)"""

EMITTED_NUMBERS = """\
emitted = hmm.emissions.marginals()
figure = make_subplots(rows=len(columns), cols=1, shared_xaxes=True)
for d, column in enumerate(columns):
    figure.add_scatter(
        x=states, y=emitted.means[:, d], error_y_array=np.sqrt(emitted.variances[:, d]),
        mode="markers", marker_color=colours, marker_size=12, row=d + 1, col=1,
    )
    figure.update_yaxes(title_text=column, row=d + 1, col=1)
figure.update_layout(title="Mean ± standard deviation of each state", showlegend=False)"""

EMITTED_SYMBOLS = """\
figure = go.Figure()
for k, state in enumerate(states):
    figure.add_bar(x=labels, y=hmm.emissions.probs[k], name=state, marker_color=colours[k])
figure.update_layout(title="Probability of each symbol in each state")"""


EMITTED_PARTS = """\
figure = make_subplots(rows=len(columns), cols=1)
for row, (part, names) in enumerate(zip(hmm.emissions.parts, labels), 1):
    if names:  # symbols
        for k, state in enumerate(states):
            figure.add_bar(
                x=names, y=part.probs[k], name=state, marker_color=colours[k], row=row, col=1
            )
    else:
        emitted = part.marginals()
        figure.add_scatter(
            x=states, y=emitted.means[:, 0], error_y_array=np.sqrt(emitted.variances[:, 0]),
            mode="markers", marker_color=colours, marker_size=12, row=row, col=1,
        )
    figure.update_yaxes(title_text=columns[row - 1], row=row, col=1)
figure.update_layout(
    title="Of each state: mean ± standard deviation, or probability of each symbol",
    showlegend=False, height=200 * len(columns) + 100,
)"""


def _decoding(experiment: Experiment) -> str:
    data = experiment.data
    name = "sequence_names[n]" if data.sequence_names else 'f"Sequence {n + 1}"'
    times = "np.arange(1, length + 1)" if data.times is None else "times[first : first + length]"
    return "\n".join(
        [
            f"n = {experiment.config.sequence - 1}  # which sequence, from 0",
            "first = sequences.offsets[n]",
            f"length = min(sequences.lengths[n], {LONGEST_DRAWN})",
            "path = viterbi(hmm, sequences.select(n)).states[:length]",
            "probs = smooth(hmm, sequences.select(n)).smoothed_probs[:length]",
            "values = sequences.observations[first : first + length]",
            f"time = {times}",
            f"name = {name}",
        ]
    )


DECODED = """\
rows = values.shape[1] + 1
figure = make_subplots(rows=rows, cols=1, shared_xaxes=True, vertical_spacing=0.04)
for k, state in enumerate(states):
    here, look = path == k, {"name": state, "legendgroup": state}
    for d in range(rows - 1):
        figure.add_scatter(
            x=time[here], y=values[here, d], mode="markers", marker_color=colours[k],
            showlegend=d == 0, row=d + 1, col=1, **look,
        )
    figure.add_scatter(
        x=time, y=probs[:, k], stackgroup="probability", line={"width": 0, "shape": "hvh"},
        fillcolor=colours[k], showlegend=False, row=rows, col=1, **look,
    )
AXES
figure.update_yaxes(title_text="probability", range=[0, 1], row=rows)
figure.update_xaxes(title_text="time", row=rows)
figure.update_layout(title=name, height=200 * rows + 100)"""

DECODED_SYMBOLS = DECODED.replace(
    "AXES", "figure.update_yaxes(tickvals=np.arange(len(labels)), ticktext=labels, row=1)"
)
DECODED_NUMBERS = DECODED.replace(
    "AXES",
    "for d, column in enumerate(columns):\n    figure.update_yaxes(title_text=column, row=d + 1)",
)

DECODED_PARTS = DECODED.replace(
    "AXES",
    "for d, (column, names) in enumerate(zip(columns, labels)):\n"
    "    figure.update_yaxes(title_text=column, row=d + 1)\n"
    "    if names:\n"
    "        figure.update_yaxes(tickvals=np.arange(len(names)), ticktext=names, row=d + 1)",
)


def _best_paths(experiment: Experiment) -> str:
    config, data = experiment.config, experiment.data
    most = most_paths(int(data.sequences.lengths[config.sequence - 1]), config.num_states)
    lines = [
        f"best = k_best_paths(hmm, sequences.select(n), {min(config.best_paths, most)})",
        'rows = [f"path {i}: {p:.2f}" for i, p in enumerate(best.log_posteriors, 1)]',
        "paths = best.paths",
    ]
    if config.path_draws:
        seed = [config.seed, DRAWS_STREAM, config.draw_number]
        lines += [
            f"rng = np.random.default_rng({seed})",
            f"draws = sample_posterior_paths(hmm, sequences.select(n), "
            f"{min(config.path_draws, most)}, rng)",
            "log_posteriors = path_log_posteriors(hmm, sequences.select(n), draws)",
            'rows += [f"draw {i}: {p:.2f}" for i, p in enumerate(log_posteriors, 1)]',
            "paths = np.vstack([paths, draws])",
        ]
    return "\n".join([*lines, STRIPS])


STRIPS = """\
steps = np.linspace(0, 1, len(states) + 1).repeat(2)[1:-1]
strips = go.Heatmap(
    z=paths[:, :length], x=time, y=rows, zmin=-0.5, zmax=len(states) - 0.5, ygap=2,
    colorscale=list(zip(steps, np.repeat(colours, 2))), showscale=False,
)
figure = go.Figure(strips)
figure.update_layout(
    title=f"{name}: log p(path | x) in nats; "
    f"of the best {len(best.paths)} together {best.cumulative_log_probs[-1]:.2f}",
    yaxis_autorange="reversed", xaxis_title="time", height=22 * len(rows) + 160,
)"""


def _table(experiment: Experiment) -> str:
    data = experiment.data
    lines = ["table = decoded_frame(hmm, sequences)"]
    if data.sequence_names:
        lines.append('table["sequence"] = np.array(sequence_names)[table["sequence"]]')
    if data.times is not None:
        lines.append('table["time"] = times')
    return "\n".join([*lines, "table.head(20)"])
