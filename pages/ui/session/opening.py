"""A saved experiment becomes a visitor's own."""

from __future__ import annotations

from pages.ui.experiment.experiment import Experiment
from pages.ui.files.experiment_reading import FileRefused, read
from pages.ui.session.session import Session


def open_file(session: Session, content: bytes) -> None:
    """Make a file's experiment the session's.

    Raises:
        FileRefused: with the session as it was.
    """
    file = read(content)
    # All that can fail is tried beside the present experiment, which stays until it is done.
    fresh = Experiment(file.config, upload=file.upload)
    if fresh.problem:
        raise FileRefused(f"The experiment file is damaged: {fresh.problem}")
    if fresh.config.source != file.config.source:
        raise FileRefused("The experiment file is damaged: it has no data.")
    try:
        fresh.start_from(file.start)
        for name, ending in file.endings.items():
            if name in fresh.runs:
                fresh.runs[name].trainer.init(ending.hmm)
    except (ValueError, ArithmeticError) as error:
        raise FileRefused.damaged(error) from None
    with session.lock:
        session.take_over(fresh)
        session.notes = (*file.notes, *session.notes)
        session.go_to(file.run_position, file.endings)
