"""Median times of single parts of the server's work, run in this process."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from hmmcore import EM, Circumstances, examine, preset
from hmmcore.diagnostics import LOOK_BACK
from hmmcore.tables import MAX_FILE_BYTES, read_table
from pages.ui.live.frame_source import frame_source
from pages.ui.session.session import Session
from pages.ui.settings.config import Config


def frame_ms(repeats: int) -> float:
    """A step of EM, and the message that shows it on the Playground; K = 5, M = 200, N = 20."""
    source = frame_source(Session(Config()))
    return _median_ms(lambda: source.handle("step"), repeats)


def checkup_ms(repeats: int) -> float:
    """The diagnostics of a run after a step, on the notebook's data."""
    notebook = preset("notebook")
    trainer = EM(notebook.sequences, notebook.trainable)
    circumstances = Circumstances(trainer, notebook.start, 0.0)
    state = trainer.step(trainer.init(notebook.start))
    history = np.full(LOOK_BACK, state.log_likelihood)
    return _median_ms(lambda: examine(circumstances, state, history), repeats)


def file_ms(repeats: int) -> float:
    """Reading a CSV file of the largest size, with one number in each row."""
    row = b"-1.2345678901\n"
    content = b"x\n" + row * (MAX_FILE_BYTES // len(row) - 1)

    def read() -> None:
        read_table(content).observations()

    return _median_ms(read, repeats)


def _median_ms(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * median(times)
