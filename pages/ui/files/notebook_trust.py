"""What of an exported notebook or script says how sure each number is."""

from __future__ import annotations

from collections.abc import Iterable

from pages.ui.settings.config import Config

IMPORTS = "from hmmcore.uncertainty import is_maximum, {}"


def trust_cells(run: str, trainable: Iterable[str], config: Config) -> list[tuple[str, str]]:
    """Kind and source of the cells about the model that a run of this name came to."""
    return [
        (
            "markdown",
            "## How sure is each number?\n\nStandard errors mean something at a maximum only, so "
            "that comes first. States count from 1, as the run numbered them.",
        ),
        ("code", estimates_source(f"runs[{run!r}][0].hmm", trainable, config, "start=start")),
    ]


def estimates_source(model: str, trainable: Iterable[str], config: Config, start: str = "") -> str:
    """Python that asks whether a model is a maximum, and tables its numbers with intervals.

    Args:
        model: the source of the model.
        start: of a further argument of `is_maximum`.
    """
    names, level = sorted(trainable), config.interval_level
    asked = ", ".join(filter(None, [f"{model}, sequences, trainable={names!r}", start]))
    lines = [
        f"print(is_maximum({asked}).message)",
        f"information = observed_information({model}, sequences, trainable={names!r})",
        f"estimates = information.frame(level={level})",
    ]
    imported = "observed_information"
    if config.interval_kind == "profile":
        imported += ", profile_intervals"
        lines += [
            f"for found in profile_intervals({model}, sequences, level={level}, "
            f"trainable={names!r}):",
            "    print(found.coordinate, found.low, found.high, found.failure or '')",
        ]
    return "\n".join([IMPORTS.format(imported), "", *lines, "print(estimates.to_string())"])
