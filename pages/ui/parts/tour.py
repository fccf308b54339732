"""The tour of the Playground: three steps in a line above the charts.

It is offered once, to a visitor who comes without a link: a link already shows something. The
address bar does not hold it, so a shared link opens no tour.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.session.session import Session
from pages.ui.settings.config import PAGE_FIELDS, Config

OFFERED = 0
"""Value of `Session.tour` while the tour is offered."""

_HARDER = (
    "**As likely, and less sure.** The curve comes to the dotted line again, but now the states "
    "overlap: the *Viterbi path* often differs from the *true path*. Even the true model errs "
    "nearly as often; the **Viterbi** page counts."
)
"""What the last step says once the visitor has done it."""

STEPS: tuple[Callable[[Config], str], ...] = (
    lambda config: (
        f"**Data made by hidden states.** {config.data_states} states took turns to make the "
        "points below. Which one made which point (*true path*) nobody tells the model."
    ),
    lambda config: (
        "**Watch it learn.** Press **Play**: step by step the log-likelihood climbs to the dotted "
        "line, the model that really made the data."
    ),
    lambda config: (
        _HARDER
        if config.noise_sd > Config().noise_sd
        else "**Compare, then make it harder.** Once the curve rests on the dotted line, *learned* "
        "and *true* agree, and so do the two paths. Raise **Noise σ** to 1.5 in the sidebar, and "
        "play again."
    ),
)


def begin(session: Session) -> None:
    """Start at the first step, with the default experiment."""
    opening = Config()
    session.change(**{name: v for name, v in vars(opening).items() if name not in PAGE_FIELDS})
    session.reset()
    session.clear_earlier_runs()
    session.tour = 1


def go(session: Session, step: int) -> None:
    """Go to a step, or end the tour beyond the last one."""
    session.tour = step if step <= len(STEPS) else None


def end(session: Session) -> None:
    """Close the tour or its offer."""
    session.tour = None


def tour_line(session: Session) -> None:
    """Draw the current step or the offer; nothing once the tour has ended or was closed."""
    step = session.tour
    if step is None:
        return
    # The forward button has the same key from the offer to the last step, so that it keeps the
    # keyboard's focus.
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", wrap=False, key="guide"
    ):
        if step == OFFERED:
            label, on, text = "Take the tour", begin, "**New here?** Three steps, one minute."
        else:
            last = step == len(STEPS)
            label, on = "Done" if last else "Next", lambda session: go(session, step + 1)
            text = f":gray[{step} of {len(STEPS)}] {STEPS[step - 1](session.config)}"
        st.markdown(text, width="content" if step == OFFERED else "stretch")
        if step > 1:
            st.button(
                "Back", key="tour_back", type="tertiary", on_click=go, args=(session, step - 1)
            )
        st.button(label, key="tour_on", type="tertiary", on_click=on, args=(session,))
        st.button(
            "", key="tour_end", type="tertiary", icon=":material/close:", on_click=end,
            args=(session,), help="No, thank you" if step == OFFERED else "End the tour",
        )  # fmt: skip


def tour_again(session: Session) -> None:
    """Draw a button that starts the tour."""
    st.button(
        "Take the tour", key="tour_again", icon=":material/tour:", on_click=begin, args=(session,),
        help="Three steps on the Playground. It sets every control to where the page opens.",
    )  # fmt: skip
