"""Write an experiment file: settings, data, runs and models as JSON.

JSON can be read without the app, and reading it executes nothing; see `experiment_reading.py`.
"""

from __future__ import annotations

import json
import math
from base64 import b64encode
from dataclasses import fields
from typing import Any

from hmmcore.arrays import FloatArray
from hmmcore.io import to_content
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.run_position import RunPosition, RunProgress
from pages.ui.files.experiment_reading import FORMAT, VERSION
from pages.ui.settings.address import to_query

EXACT_IN_FLOAT = 2**53
PLAIN_VALUES = 100_000
"""So many observations anybody can read in the file. More are written as their bytes, float64 with
the lowest byte first, in Base64: a third of the room, and no digit is lost."""


def looks_like_experiment(content: bytes) -> bool:
    """Whether a file is a JSON object rather than a table."""
    return content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def write(experiment: Experiment) -> bytes:
    """The content of an experiment file, with all digits of every number."""
    position, runs = experiment.current_position(), experiment.runs
    any_run = next(iter(runs.values()), None)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "config": to_query(experiment.config),
        "data": _written_upload(experiment.upload)
        if experiment.config.source == "upload"
        else None,
        "start": None if any_run is None else to_content(any_run.start),
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
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _progress(position: RunPosition, name: str) -> RunProgress:
    return position.runs.get(name, RunProgress(0))


def _written_upload(upload: Upload | None) -> dict[str, Any]:
    assert upload is not None
    sequences = upload.sequences
    about = {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(Upload)
        if field.name != "sequences"
        for value in [getattr(upload, field.name)]
    }
    return {
        **about,
        "lengths": sequences.lengths.tolist(),
        "dimensions": sequences.num_dimensions,
        "observations": _written(sequences.observations),
    }


def _written(observations: FloatArray) -> list[float | int | None] | str:
    """Values, row after row: numbers in a list, or where there are many the bytes of all."""
    if observations.size <= PLAIN_VALUES:
        return [_short(x) for x in observations.ravel().tolist()]
    return b64encode(observations.astype("<f8").tobytes()).decode()


def _short(value: float) -> float | int | None:
    """The same number with fewer characters if possible, such as 5 for 5.0; None for NaN."""
    if value != value:
        return None
    whole = value.is_integer() and abs(value) < EXACT_IN_FLOAT
    negative_zero = value == 0.0 and math.copysign(1.0, value) < 0.0
    return int(value) if whole and not negative_zero else value
