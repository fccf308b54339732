"""An experiment as one file that the app opens again: settings, data, runs, models.

JSON, so that anybody can read it, and reading it runs nothing; see `experiment_reading.py`.
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from typing import Any

from hmmcore.io import to_content
from pages.ui.experiment.dataset import Upload
from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.run_position import RunPosition, RunProgress
from pages.ui.files.experiment_reading import FORMAT, VERSION
from pages.ui.settings.address import to_query

EXACT_IN_FLOAT = 2**53


def looks_like_one(content: bytes) -> bool:
    """Whether a file is JSON rather than a table."""
    return content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{"


def write(experiment: Experiment) -> bytes:
    """An experiment, with every number in full."""
    position, runs = experiment.present(), experiment.runs
    some = next(iter(runs.values()), None)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "config": to_query(experiment.config),
        "data": _written_upload(experiment.upload)
        if experiment.config.source == "upload"
        else None,
        "start": None if some is None else to_content(some.start),
        "runs": {
            name: {
                "iteration": run.state.iteration,
                "failed": run.failed,
                "revisions": [[r.iteration, *r.controls] for r in _stand(position, name).revisions],
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


def _stand(position: RunPosition, name: str) -> RunProgress:
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
        "observations": [_short(x) for x in sequences.observations.ravel().tolist()],
    }


def _short(value: float) -> float | int | None:
    """The same number in fewer letters, where there are such: 5 for 5.0. Missing is None."""
    if value != value:
        return None
    whole = value.is_integer() and abs(value) < EXACT_IN_FLOAT
    negative_zero = value == 0.0 and math.copysign(1.0, value) < 0.0
    return int(value) if whole and not negative_zero else value
