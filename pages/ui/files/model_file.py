"""A model as a file: hmmcore's JSON, with what the model was trained on beside it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from hmmcore import HMM, NeuralGaussian
from hmmcore.io import from_content, to_content
from pages.ui.experiment.own_model import OwnModel
from pages.ui.files.pending import NAME_LENGTH
from pages.ui.files.refusal import FileRefused
from pages.ui.settings.config import MAX_STATES
from pages.ui.settings.families import MAX_DIMENSIONS, MAX_SYMBOLS
from pages.ui.text import count, shortened

BEGINNING = re.compile(rb'\s*\{\s*"format"\s*:\s*"hmmcore model"')
TRAINED_ON = "trained_on"
"""The key beside those of `hmmcore.io`, which passes over it."""
LONGEST_ORIGIN = 200
MAX_PARAMETERS = 20_000
"""Far more than any model of the pages has. A run keeps hundreds of its models."""


def looks_like_model(content: bytes) -> bool:
    """Whether a file is a model in hmmcore's JSON."""
    return BEGINNING.match(content[:200].removeprefix(b"\xef\xbb\xbf")) is not None


def write(model: OwnModel) -> bytes:
    """A model with every digit; `hmmcore.io.from_json` reads it too."""
    return json.dumps(content_of(model), indent=1, ensure_ascii=False).encode()


def content_of(model: OwnModel) -> dict[str, Any]:
    """What `write` writes, as a part of a larger JSON."""
    trained_on = {
        "origin": model.origin,
        "log_likelihood_per_observation": model.log_likelihood,
        "labels": list(model.labels),
        "columns": list(model.columns),
        **({"part_labels": [list(one) for one in model.part_labels]} if model.part_labels else {}),
    }
    return {**to_content(model.hmm), TRAINED_ON: trained_on}


def read(content: bytes, file_name: str) -> OwnModel:
    """Read a model that `write` or `hmmcore.io.to_json` wrote.

    Raises:
        FileRefused: if it is damaged, or larger than the pages can show.
    """
    if content.count(b",") > MAX_PARAMETERS:
        raise FileRefused(
            f"The file has more than {count(MAX_PARAMETERS)} parameters, and no model of these "
            "pages has so many."
        )
    try:
        return model_of(json.loads(content), f"the file “{shortened(file_name, NAME_LENGTH)}”")
    except (
        ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError,
    ) as error:  # fmt: skip
        raise FileRefused.damaged(error, "model's file") from None


def model_of(found: dict[str, Any], where: str) -> OwnModel:
    """The model of what `content_of` made.

    `where` says where it is from, if it does not say so itself. Raises ValueError and other errors
    of malformed content.
    """
    hmm, about = bounded_model(found), found.get(TRAINED_ON) or {}
    origin, reached = about.get("origin") or where, about.get("log_likelihood_per_observation")
    if not isinstance(origin, str):
        raise ValueError("its origin is no text.")
    if not (reached is None or (type(reached) in (int, float) and math.isfinite(reached))):
        raise ValueError("its log-likelihood is no number.")
    model = OwnModel(
        hmm, shortened(origin, LONGEST_ORIGIN), None if reached is None else float(reached),
        *(_names(about, name) for name in ("labels", "columns")), _part_labels(about),
    )  # fmt: skip
    if isinstance(hmm.emissions, NeuralGaussian) and hmm.emissions.num_dimensions > 1:
        raise ValueError("a network of points is none of the models of these pages.")
    num_symbols = getattr(hmm.emissions, "num_symbols", 0)
    symbols_of = [getattr(part, "num_symbols", 0) for part in getattr(hmm.emissions, "parts", ())]
    dimensions = hmm.emissions.num_dimensions
    for size, most, what in (
        (hmm.num_states, MAX_STATES, "states"),
        (dimensions, MAX_DIMENSIONS, "dimensions"),
        (max([num_symbols, *symbols_of]), MAX_SYMBOLS, "symbols"),
    ):
        if size > most:
            raise ValueError(f"the model has {count(size)} {what}, of {most} that can be shown.")
    for names, size in (
        (model.labels, num_symbols),
        (model.columns, dimensions if model.family in ("points", "product") else 0),
        (model.part_labels, len(symbols_of)),
        *zip(model.part_labels, symbols_of, strict=False),
    ):
        if names and len(names) != size:
            raise ValueError(f"it has {len(names)} names for {size} symbols or columns.")
    return model


def bounded_model(content: Any) -> HMM:
    """The model of what `hmmcore.io.to_content` made. Raises ValueError if it is too large."""
    if json.dumps(content).count(",") > MAX_PARAMETERS:
        raise ValueError(f"a model has more than {count(MAX_PARAMETERS)} parameters.")
    return from_content(content)


def _part_labels(about: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    given = about.get("part_labels") or []
    if not isinstance(given, list):
        raise ValueError("its part_labels are no lists.")
    return tuple(_names({"labels": one}, "labels") for one in given)


def _names(about: dict[str, Any], name: str) -> tuple[str, ...]:
    given = about.get(name) or []
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise ValueError(f"its {name} are no texts.")
    names = tuple(shortened(one, NAME_LENGTH) for one in given)
    if len(set(names)) < len(names):
        raise ValueError(f"two of its {name} are the same.")
    return names
