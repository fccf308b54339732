"""The cells of an exported notebook that compute the map of the Landscape page."""

from __future__ import annotations

from dataclasses import dataclass

from hmmcore.io import to_json
from hmmcore.landscape import AnyPlane, Plane, ThroughModels
from pages.ui.experiment.planes import MAX_ITERATIONS


@dataclass(frozen=True, eq=False)
class MapSource:
    """What a map is of.

    Attributes:
        plane: through the start, with everything else as there.
        ranges: ends of the axes across and up, as positions.
        size: starts across and up.
        titles: of the axes.
        methods: one map is computed for each.
    """

    plane: AnyPlane
    ranges: tuple[tuple[float, float], tuple[float, float]]
    size: int
    titles: tuple[str, str]
    methods: tuple[str, ...]


def map_cells(source: MapSource, trainers: dict[str, str]) -> list[tuple[str, str]]:
    """Kind and source of the cells; `trainers` are the sources of each method's trainer."""
    cells = [
        (
            "markdown",
            "## Landscape\n\nThe log-likelihood per observation over two coordinates, everything "
            "else as in the start, and where training ends from each of its points. Positions are "
            "the values of means, logarithms of spreads and rates, and logits of probabilities.",
        ),
        ("code", _plane(source)),
        ("code", SURFACE),
    ]
    for method in source.methods:
        cells.append(("code", _basins(method, trainers[method])))
    return cells


def _plane(source: MapSource) -> str:
    plane = source.plane
    lines = ["from hmmcore.landscape import Plane, basins, surface"]
    if isinstance(plane, ThroughModels):
        second, third = (
            f'from_json("""\n{to_json(hmm)}\n""")' for hmm in (plane.second, plane.third)
        )
        lines.append(f"plane = Plane.through(start, {second}, {third})")
    else:
        assert isinstance(plane, Plane)
        lines.append(f"plane = Plane(start, x={plane.x!r}, y={plane.y!r})")
    for name, ends in zip(("xs", "ys"), source.ranges, strict=True):
        lines.append(f"{name} = np.linspace({ends[0]!r}, {ends[1]!r}, {source.size})")
    lines.append(f"titles = {list(source.titles)!r}")
    return "\n".join(lines)


SURFACE = """\
heights = sequences.per_observation(surface(plane, sequences, xs, ys))
bar = {"title": {"text": "nats per observation"}}
figure = go.Figure(go.Heatmap(x=xs, y=ys, z=heights, colorscale="Cividis", colorbar=bar))
figure.update_layout(
    title="Log-likelihood per observation", xaxis_title=titles[0], yaxis_title=titles[1]
)"""


def _basins(method: str, trainer: str) -> str:
    return (
        f"trainer = {trainer}\n"
        f"found = basins(plane, trainer, xs, ys, max_iterations={MAX_ITERATIONS[method]})\n"
        "each = sequences.per_observation(found.optimum_log_likelihoods[:8])\n"
        "for value, share in zip(each, found.shares, strict=False):\n"
        '    print(f"{value:.4f} per observation is reached by {share:.1%} of the starts")\n'
        "# -1: no model, or not trained; -2: not come to rest\n"
        "figure = go.Figure(go.Heatmap(x=xs, y=ys, z=found.optimum))\n"
        f'figure.update_layout(title="Where {method} ends: number of the optimum", '
        "xaxis_title=titles[0], yaxis_title=titles[1])"
    )
