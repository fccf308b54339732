"""The tour of the Playground: three steps in a line above the charts, and how it is offered.

It is offered once, to whoever comes without a link: a link already shows something. Nothing of it
is in the address bar, so a link that is passed on opens no tour.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.ui.session.session import Session
from pages.ui.settings.config import Config

OFFERED = 0

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
        "**Compare, then make it harder.** Once the curve rests on the dotted line, learned and "
        "true agree. Raise **Noise σ** in the sidebar, play again, and see how far apart they stay."
    ),
)


def begin(session: Session) -> None:
    """Start at the first step, with the experiment that the page opens with."""
    opening = Config()
    session.change(**{name: getattr(opening, name) for name in vars(opening)})
    session.reset()
    session.tour = 1


def go(session: Session, step: int) -> None:
    """Go to a step, or end the tour beyond the last one."""
    session.tour = step if step <= len(STEPS) else None


def end(session: Session) -> None:
    """Put the tour, or its offer, away."""
    session.tour = None


def tour_line(session: Session) -> None:
    """The present step, or the offer; nothing for whoever has seen it or put it away."""
    step = session.tour
    if step is None:
        return
    # The button that leads on is one and the same from the offer to the last step, so that it
    # keeps the keyboard's focus.
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
    """A way to the tour for whoever put it away."""
    st.button(
        "Take the tour", key="tour_again", icon=":material/tour:", on_click=begin, args=(session,),
        help="Three steps on the Playground. It sets every control to where the page opens.",
    )  # fmt: skip
