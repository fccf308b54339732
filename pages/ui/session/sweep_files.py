"""The sweeps of the Models page as scripts, made when they are downloaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pages.ui.experiment import model_choice, variants
from pages.ui.files.sweep_script import starts_script, states_script, too_large, variants_script
from pages.ui.session.session import Session
from pages.ui.session.sweeps import STEPS_CLOSER
from pages.ui.settings.config import Config


def starts_file(session: Session) -> Callable[[], bytes] | None:
    """What makes the script of the sweep over starts; None where it would be too large."""
    plan = model_choice.plan_of_starts(session.config, session.data)
    if _too_large(session, "starts", plan.config, plan.config.num_states, plan.num_starts):
        return None
    return partial(starts_script, plan, session.data, STEPS_CLOSER)


def states_file(session: Session) -> Callable[[], bytes] | None:
    """What makes the script of the sweep over numbers of states, likewise."""
    plan = model_choice.plan_of_states(session.config, session.data)
    most = plan.config.most_states
    parts = 1 if plan.config.hold_out == "nothing" else 2
    if _too_large(session, "states", plan.config, most, most * plan.config.starts_each * parts):
        return None
    return partial(states_script, plan, session.data)


def variants_file(session: Session) -> Callable[[], bytes] | None:
    """What makes the script of the comparison of families and constraints, likewise."""
    plan = variants.plan_of_variants(session.config, session.data)
    config = plan.config
    parts = 1 if config.hold_out == "nothing" else 2
    # None has larger models than these.
    largest = next(
        (name for name in ("network", "full") if name in config.variants), config.variants[0]
    )
    own = variants.with_own_settings(config, largest)
    count = len(config.variants) * config.variant_starts * parts
    if _too_large(session, "variants", own, config.num_states, count):
        return None
    return partial(variants_script, plan, session.data)


def _too_large(
    session: Session, name: str, config: Config, num_states: int, num_models: int
) -> bool:
    # Remembered, for a start is made to learn its size.
    return session.remember(
        f"large_{name}_sweep", (session.config, session.data),
        lambda: too_large(config, session.data, num_states, num_models),
    )  # fmt: skip
