"""The sweeps of the Models page as scripts, made when they are downloaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pages.ui.experiment import model_choice
from pages.ui.experiment.model_choice import Plan
from pages.ui.files.sweep_script import starts_script, states_script, too_large
from pages.ui.session.session import Session
from pages.ui.session.sweeps import STEPS_CLOSER


def starts_file(session: Session) -> Callable[[], bytes] | None:
    """What makes the script of the sweep over starts; None where it would be too large."""
    plan = model_choice.plan_of_starts(session.config, session.data)
    if _too_large(session, "starts", plan, plan.config.num_states, plan.num_starts):
        return None
    return partial(starts_script, plan, session.data, STEPS_CLOSER)


def states_file(session: Session) -> Callable[[], bytes] | None:
    """What makes the script of the sweep over numbers of states, likewise."""
    plan = model_choice.plan_of_states(session.config, session.data)
    most = plan.config.most_states
    parts = 1 if plan.config.hold_out == "nothing" else 2
    if _too_large(session, "states", plan, most, most * plan.config.starts_each * parts):
        return None
    return partial(states_script, plan, session.data)


def _too_large(session: Session, name: str, plan: Plan, num_states: int, num_models: int) -> bool:
    # Remembered, for a start is made to learn its size.
    return session.remember(
        f"large_{name}_sweep", (session.config, session.data),
        lambda: too_large(plan, session.data, num_states, num_models),
    )  # fmt: skip
