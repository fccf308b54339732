"""Read an experiment file and check all of its content.

A file may come from anywhere. Its size is bounded before it is parsed, and everything in it is
checked before the present experiment is replaced.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmmcore import HMM, Sequences
from hmmcore.arrays import FloatArray
from hmmcore.tables import MAX_FILE_BYTES, MAX_SEQUENCES, read_table
from pages.ui.experiment.dataset import Source, Upload
from pages.ui.experiment.own_model import OwnModel
from pages.ui.experiment.player import MAX_ITERATIONS
from pages.ui.experiment.replay import Ending
from pages.ui.experiment.run_position import (
    MAX_MARKS,
    MAX_RUNS,
    Revision,
    RunPosition,
    RunProgress,
    checked_revisions,
)
from pages.ui.files.blocks import integers, numbers, unpacked
from pages.ui.files.model_file import bounded_model, model_of
from pages.ui.files.pending import MAX_VALUES, NAME_LENGTH, Reading
from pages.ui.files.refusal import FileRefused
from pages.ui.settings.address import from_query
from pages.ui.settings.config import MAX_CELLS, MAX_STATES, Config
from pages.ui.settings.config_rules import within_size
from pages.ui.settings.families import FAMILIES, MAX_DIMENSIONS, MAX_SYMBOLS
from pages.ui.settings.lesson import lesson_of
from pages.ui.text import count, shortened

FORMAT = "HMM Playground experiment"
VERSION = 3
"""Since version 2 many observations are one text, see `blocks.py`. Since version 3 that is
compressed, and there are times, names, known states, and the visitor's file."""
NAMES = {
    "file_name": "", "column": "", "family": "numbers", "time_name": "",
    "labels": (), "columns": (), "sequence_names": (), "state_names": (), "kinds": (),
}  # fmt: skip
"""The texts of an `Upload`, and what they are where a file of an older version lacks them."""
EXTRAS = {
    "source": "the file's other columns",
    "times": "the times of the observations",
}
"""Parts of an `Upload` that are left out where the file would be too large, the first ones first,
in words."""
MAX_NUMBERS = MAX_VALUES + 100_000
"""Room for every value of the largest upload, and far more than models, runs and settings need."""
MAX_BYTES = MAX_FILE_BYTES
"""The same as of a table. Room for the data of the largest upload: a value takes at most 10.7 bytes
where there are many (see `blocks.py`), all together 21 MB; the rest is for models, runs and
settings, and for `EXTRAS` where they fit. The server's limit, maxUploadSize in
.streamlit/config.toml, is the same."""
MAX_LISTS = 20_000
LONGEST_NAME = MAX_DIMENSIONS * (NAME_LENGTH + len("…, ")) - len(", ")
"""The length of the longest name, that of all columns joined, each cut to NAME_LENGTH."""
LONGEST_RUN_NAME = 40
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
"""A text in JSON."""


@dataclass(frozen=True, eq=False)
class ExperimentFile:
    """The content of an experiment file.

    Attributes:
        config: the settings.
        upload: the visitor's own data; None if the Config generates the data.
        own_model: the visitor's own model; None if training starts elsewhere.
        start: the model that training starts from.
        run_position: the position of the runs.
        endings: the result of each run at that position, by its name.
        notes: sentences on settings that had to be changed.
    """

    config: Config
    upload: Upload | None
    own_model: OwnModel | None
    start: HMM
    run_position: RunPosition
    endings: Mapping[str, Ending]
    notes: tuple[str, ...] = ()


def read(content: bytes) -> ExperimentFile:
    """Read a file written by `experiment_file.write`, and check all of its content.

    Raises:
        FileRefused: if it is too large, damaged, not an experiment file, or of a newer version.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused(
            f"The file has {len(content) / 2**20:.1f} MB; an experiment file has at most "
            f"{MAX_BYTES // 2**20} MB."
        )
    # Counted before they are parsed, because a short text can take a lot of memory once parsed.
    # What stands in a text is not counted: names may have commas and brackets.
    outside = TEXT.sub(b"", content)
    if outside.count(b",") > MAX_NUMBERS or outside.count(b"[") + outside.count(b"{") > MAX_LISTS:
        raise FileRefused(
            f"The file has more than {count(MAX_NUMBERS)} entries or {count(MAX_LISTS)} lists, "
            "and no experiment has so many."
        )
    try:
        found = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise FileRefused(
            "The file is damaged, or no experiment file: it is not JSON from beginning to end."
        ) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise FileRefused(
            "The file is JSON, but no experiment file; make one with Export on any page."
        )
    version = found.get("version")
    if type(version) is int and version > VERSION:
        raise FileRefused(
            f"The experiment file is of version {shortened(str(version))}, made by a newer app; "
            f"this one reads up to version {VERSION}."
        )
    if type(version) is not int or version < 1:
        raise FileRefused("The experiment file is damaged: its version is no number from 1 on.")
    try:
        return _experiment(found, version)
    except FileRefused:
        raise
    except (
        ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise FileRefused.damaged(error) from None


def _experiment(found: dict[str, Any], version: int) -> ExperimentFile:
    query = _mapping(found, "config")
    if len(query) > 200 or not all(isinstance(v, str) for v in query.values()):
        raise ValueError("config holds something that is not a setting.")
    config, notes = from_query(query)
    if found.get("lesson") is not None:
        config = replace(config, lesson=lesson_of(_mapping(found, "lesson")))
    upload = None
    if config.source == "upload":
        data = _mapping(found, "data")
        upload = _upload(data, config, version)
        notes = (*notes, *_left_out(data))
    if upload is not None and upload.family != config.family:
        raise ValueError(f"its data are {upload.family} and its settings are for {config.family}.")
    own_model = None
    if config.start == "model":
        own_model = model_of(_mapping(found, "own_model"), "this file")
    start = bounded_model(_mapping(found, "start"))
    if start.num_states != config.num_states:
        raise ValueError(f"start has {start.num_states} states, and K is {config.num_states}.")
    runs = _mapping(found, "runs")
    if len(runs) > MAX_RUNS:
        raise ValueError(f"it has {len(runs)} runs; {MAX_RUNS} are the most.")
    progress, endings = {}, {}
    for name, run in runs.items():
        _text(name, LONGEST_RUN_NAME)
        progress[name], endings[name] = _run(run, start)
    latest = RunPosition(progress).latest
    marks = found.get("marks") or []
    if len(marks) > MAX_MARKS:
        raise ValueError(f"it has {len(marks)} marks; {MAX_MARKS} are the most.")
    at = None if found.get("at") is None else _whole(found["at"], "at", latest)
    position = RunPosition(
        {name: one for name, one in progress.items() if one.iteration or one.failed},
        at,
        tuple(sorted({_whole(mark, "a mark", latest) for mark in marks})),
    )
    return ExperimentFile(config, upload, own_model, start, position, endings, notes)


def _run(run: Any, start: HMM) -> tuple[RunProgress, Ending]:
    last = _whole(run["iteration"], "an iteration", MAX_ITERATIONS)
    revisions = tuple(
        Revision(_whole(begin, "a revision", last), float(rate), str(optimizer))
        for begin, rate, optimizer in run["revisions"]
    )
    hmm = bounded_model(run["model"])
    kind, start_kind = ((one.num_states, type(one.emissions)) for one in (hmm, start))
    if kind != start_kind:
        raise ValueError("a learned model is of another kind than the starting one.")
    return (
        RunProgress(last, checked_revisions(revisions, last), run["failed"] is True),
        Ending(hmm, _number(run["log_likelihood"], "a log-likelihood")),
    )


def _upload(data: dict[str, Any], config: Config, version: int) -> Upload:
    values = numbers(data["observations"], "observations", MAX_VALUES, compressed=version > 2)
    dimensions = _whole(data["dimensions"], "dimensions", MAX_DIMENSIONS)
    if not dimensions or not len(values) or len(values) % dimensions:
        raise ValueError(f"{len(values)} observations do not make rows of {dimensions}.")
    length = len(values) // dimensions
    if within_size(config, file_length=length)[0] != config:
        # K is not lowered: the starting model and those of the runs have it too.
        raise FileRefused(
            f"The experiment file has {count(length)} observations and K = {config.num_states}; "
            f"K × T may be at most {count(MAX_CELLS)}, so that training stays live."
        )
    lengths = data["lengths"]
    if isinstance(lengths, str):
        raise ValueError("lengths must be a list.")
    sizes = integers(lengths, "lengths", len(lengths), 0, length)
    if len(sizes) > MAX_SEQUENCES:
        raise ValueError(f"it has {count(len(sizes))} sequences; {count(MAX_SEQUENCES)} at most.")
    names: dict[str, Any] = {}
    for name, default in NAMES.items():
        most = LONGEST_NAME if name == "column" else NAME_LENGTH + len("…")
        names[name] = _text(data.get(name, default) or default, most)
        if isinstance(names[name], tuple) != isinstance(default, tuple):
            raise ValueError(f"{name} is of the wrong kind.")
    part_labels = data.get("part_labels", ())
    if not isinstance(part_labels, list | tuple) or isinstance(part_labels, str):
        raise ValueError("part_labels are no lists.")
    upload = Upload(
        part_labels=tuple(_labels(one) for one in part_labels),
        sequences=Sequences(values.reshape(-1, dimensions), sizes),
        times=_times(data.get("times"), length),
        known_states=_known_states(data.get("known_states"), names["state_names"], length),
        source=_source(data.get("source"), length),
        **names,
    )
    if upload.sequence_names and len(upload.sequence_names) != len(upload.sequences):
        raise ValueError("sequence_names do not fit the sequences.")
    upload.sequences.require_every_dimension()
    _check_family(upload)
    return upload


def _labels(given: Any) -> tuple[str, ...]:
    found = _text(given, NAME_LENGTH + len("…"))
    if isinstance(found, str):
        raise ValueError("part_labels are no lists.")
    return found


def _times(given: Any, length: int) -> NDArray[Any] | None:
    if given is None:
        return None
    if given["unit"]:
        return integers(given["values"], "times", length).view("datetime64[ns]")
    times = numbers(given["values"], "times", length)
    if len(times) != length or np.isnan(times).any():
        raise ValueError(f"times must be {length} numbers.")
    return times


def _known_states(given: Any, names: tuple[str, ...], length: int) -> NDArray[np.int64] | None:
    if (given is None) != (not names) or len(names) > MAX_STATES:
        raise ValueError("known_states do not fit their names.")
    return None if given is None else integers(given, "known_states", length, -1, len(names) - 1)


def _source(given: Any, length: int) -> Source | None:
    if given is None:
        return None
    content = unpacked(given["content"], "source", MAX_FILE_BYTES)
    reading = Reading(**given["options"])
    missing = reading.missing
    if not isinstance(missing, list) or not all(isinstance(code, str) for code in missing):
        raise ValueError("the missing codes are no texts.")
    options = vars(replace(reading, missing=tuple(missing)))
    last = len(read_table(content, **options)) - 1
    rows = integers(given["rows"], "rows", length, -1, last)
    if np.bincount(rows[rows >= 0]).max(initial=0) > 1:
        raise ValueError("a row of its table has several observations.")
    return Source(content, options, rows)


def _left_out(data: dict[str, Any]) -> tuple[str, ...]:
    """What the file does not hold because it would have become too large."""
    return tuple(
        f"The experiment was too large for {EXTRAS[name]}, which this file therefore lacks."
        for name in data.get("left_out", ())
        if name in EXTRAS
    )


def _check_family(upload: Upload) -> None:
    labels, columns, family = upload.labels, upload.columns, upload.family
    dimensions = upload.sequences.num_dimensions
    values = upload.sequences.observations
    values = values[~np.isnan(values)]
    if family not in FAMILIES:
        raise ValueError(f"its data are “{shortened(family)}”, which is not known.")
    if family == "product":
        _check_parts(upload)
        return
    if upload.kinds or upload.part_labels:
        raise ValueError(f"{family} have no kinds of columns.")
    if dimensions != max(1, len(columns)) or (len(columns) > 0) != (family == "points"):
        raise ValueError(
            f"{family} do not come in {dimensions} columns named {shortened(str(columns))}."
        )
    _check_values(family, values, labels)


def _check_parts(upload: Upload) -> None:
    sizes = {len(upload.columns), len(upload.kinds), len(upload.part_labels)}
    if sizes != {upload.sequences.num_dimensions}:
        raise ValueError("the columns of its data do not fit their kinds.")
    for kind, labels, column in zip(
        upload.kinds, upload.part_labels, upload.sequences.observations.T, strict=True
    ):
        if kind not in ("numbers", "counts", "symbols"):
            raise ValueError(f"a column is of “{shortened(kind)}”, which is not known.")
        _check_values(kind, column[~np.isnan(column)], labels)


def _check_values(family: str, values: FloatArray, labels: tuple[str, ...]) -> None:
    if family in ("counts", "symbols") and ((values < 0) | (values != np.floor(values))).any():
        raise ValueError(f"{family} must be whole numbers of at least 0.")
    if family == "symbols" and not values.max() < len(labels) <= MAX_SYMBOLS:
        raise ValueError(f"it names {len(labels)} symbols, which do not fit the data.")


def _text(value: Any, most: int) -> str | tuple[str, ...]:
    if isinstance(value, list | tuple):
        if not all(isinstance(part, str) for part in value):
            raise ValueError("a name is no text.")
        return tuple(str(_text(part, most)) for part in value)
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"a name is no text of at most {most} letters.")
    return value


def _mapping(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"it has no {name}.")
    return value


def _whole(value: Any, name: str, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{name} is “{shortened(str(value))}”, no whole number from 0 to {most}.")
    return value


def _number(value: Any, name: str) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{name} is “{shortened(str(value))}”, no number.")
    return float(value)


def _no_number(text: str) -> Any:
    raise ValueError(text)
