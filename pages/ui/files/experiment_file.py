"""Write an experiment file: settings, data, runs and models as JSON.

JSON can be read without the app, and reading it executes nothing; see `experiment_reading.py`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from hmmcore.io import to_content
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.run_position import RunPosition, RunProgress
from pages.ui.files import model_file
from pages.ui.files.blocks import packed, written
from pages.ui.files.experiment_reading import EXTRAS, FORMAT, MAX_BYTES, NAMES, VERSION
from pages.ui.settings.address import to_query
from pages.ui.settings.lesson import Lesson


def looks_like_experiment(content: bytes) -> bool:
    """Whether a file is a JSON object rather than a table."""
    return content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def write(experiment: Experiment) -> bytes:
    """The content of an experiment file, with all digits of every number."""
    position, runs = experiment.current_position(), experiment.runs
    any_run = next(iter(runs.values()), None)
    content: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "config": to_query(replace(experiment.config, lesson=None)),
        "lesson": _written_lesson(experiment.config.lesson),
        "data": _written_upload(experiment.upload)
        if experiment.config.source == "upload"
        else None,
        "start": None if any_run is None else to_content(any_run.start),
        "own_model": _written_model(experiment),
        "runs": {
            name: {
                "iteration": run.state.iteration,
                "failed": run.failed,
                "revisions": [
                    [r.iteration, *r.controls] for r in _progress(position, name).revisions
                ],
                "start_log_likelihood": float(run.history.log_likelihoods[0]),
                "log_likelihood": run.state.log_likelihood,
                "model": to_content(run.state.hmm),
            }
            for name, run in runs.items()
        },
        "at": position.at,
        "marks": list(position.marks),
    }
    file = _json(content)
    for extra in EXTRAS if content["data"] else ():
        if len(file) <= MAX_BYTES:
            break
        # What the app makes it can open. Whoever opens it is told what was left out.
        content["data"][extra] = None
        content["data"]["left_out"].append(extra)
        file = _json(content)
    return file


def _written_lesson(lesson: Lesson | None) -> dict[str, str] | None:
    return None if lesson is None else asdict(lesson)


def _written_model(experiment: Experiment) -> dict[str, Any] | None:
    if experiment.config.start != "model" or experiment.own_model is None:
        return None
    return model_file.content_of(experiment.own_model)


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _progress(position: RunPosition, name: str) -> RunProgress:
    return position.runs.get(name, RunProgress(0))


def _written_upload(upload: Upload | None) -> dict[str, Any]:
    assert upload is not None
    sequences, times, source = upload.sequences, upload.times, upload.source
    names = {name: getattr(upload, name) for name in NAMES}
    are_dates = times is not None and times.dtype.kind == "M"
    return {
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in names.items()
        },
        "part_labels": [list(labels) for labels in upload.part_labels],
        "lengths": written(sequences.lengths),
        "dimensions": sequences.num_dimensions,
        "observations": written(sequences.observations),
        "known_states": None if upload.known_states is None else written(upload.known_states),
        "times": None
        if times is None
        else {
            "unit": "nanoseconds since 1970" if are_dates else "",
            "values": written(times.astype(np.int64) if are_dates else times),
        },
        "source": None
        if source is None
        else {
            "content": packed(source.content),
            "options": source.options,
            "rows": written(source.rows),
        },
        "left_out": [],
    }
