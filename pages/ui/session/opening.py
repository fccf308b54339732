"""Open an experiment file in a session."""

from __future__ import annotations

from pages.ui.experiment.experiment import Experiment
from pages.ui.experiment.pacing import large_turn
from pages.ui.files.experiment_reading import read
from pages.ui.files.refusal import FileRefused
from pages.ui.session.session import Session
from pages.ui.settings.config_rules import num_cells


def open_file(session: Session, content: bytes) -> None:
    """Replace the session's experiment by that of a file.

    Raises:
        FileRefused: if the file cannot be opened; the session is then unchanged.
    """
    file = read(content)
    length = None if file.upload is None else file.upload.sequences.num_observations
    with large_turn(num_cells(file.config, length)):
        # Everything that can fail is tried on a new experiment before the present one is replaced.
        fresh = Experiment(file.config, upload=file.upload, own_model=file.own_model)
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
