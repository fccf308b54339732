"""The commands of the run controls, each carried out once and in the order of the presses.

They reach the server by the page's own line, or with a run of the page where that line is refused.
A message "7 3 at 12" is the page's seventh command, pressed under the third settings: settings
travel by Streamlit, which may take longer, so a command waits for those that were changed before
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from hmmcore import ImpossibleDataError
from hmmcore.coordinates import Coordinate
from pages.ui.experiment.pacing import turn_is_free
from pages.ui.session.landscape import start_at
from pages.ui.session.map_search import searcher
from pages.ui.session.optima import adopt
from pages.ui.session.remedies import apply
from pages.ui.session.session import Session
from pages.ui.session.view import current_view
from pages.ui.settings.config import FIELD_OF
from pages.ui.settings.config_rules import num_cells

COMMANDS: Final[Mapping[str, Callable[[Session], None]]] = {
    "play": Session.play,
    "pause": Session.pause,
    "step": Session.step,
    "reset": Session.reset,
    "new_start": Session.new_start,
    "now": lambda session: session.travel(None),
    "mark": Session.mark,
    "undo": Session.undo,
    "picture": lambda session: session.show_model_as("picture"),
    "matrix": lambda session: session.show_model_as("matrix"),
    "put_back": lambda session: session.show(what_if=""),
    "search_on": lambda session: searcher(session).press(),
    "cancel_search": lambda session: searcher(session).cancel(),
}
"""Every command without a number; "now" shows the latest iteration."""

NUMBERED: Final[Mapping[str, Callable[[Session, int], None]]] = {
    "at": Session.travel,
    "remedy": apply,
    "adopt": adopt,
}
"""Those with one: "at 12" shows iteration 12; for "remedy 7" see `remedies.Offer.number`; "adopt 0"
starts from the best optimum of the map."""

START_AT: Final = "start_at"
"""That of the map: "start_at -1.4 2.0" starts from this position on the plane."""

BY_HAND: Final = ("grab", "drag")
"""Those of the hand: "grab means.1.0=-1.402" changes the shown model, "drag means.1.0=-1.5" what it
has grabbed."""

SHOWING: Final = {"cell": "cell", "whatif": "what_if"}
"""Those of the Messages page, each with a text, and the field of the Config that takes it: "cell
53.2", "whatif 53_2.1"."""

RENEWING: Final = frozenset({"new_start", "remedy"})
"""Commands that may build the runs anew."""

LONGEST_HOLD: Final = 2.0
"""Seconds that a command waits for settings: the visitor may have touched a control and left it as
it was."""

NUMBER = r"-?\d{1,12}(?:\.\d{1,40})?(?:e[-+]?\d{1,3})?"
"""A number as the browser writes it."""

SETTING = r"((?:parts\.\d{1,3}\.)?[a-z_]{1,24})((?:\.\d{1,3}){1,3})=([-+.e\d]{1,24})"
"""One number that the hand sets: a coordinate with the states as shown, and its value."""

MESSAGE: Final = re.compile(
    rf"(\d{{1,9}}) (\d{{1,9}}) (\w+(?: -?\d{{1,9}})?|(?:grab|drag)(?: {SETTING}){{1,2}}"
    r"|(?:cell|whatif) [-+.\w]{1,250}"
    rf"|{START_AT}(?: {NUMBER}){{2}})",
    re.ASCII,
)


def carry_out(session: Session, command: str) -> None:
    """Carry out a command, such as "step" or "at 12"; any other text is ignored."""
    word, _, rest = command.partition(" ")
    if word in NUMBERED and re.fullmatch(r"-?\d{1,9}", rest, re.ASCII):
        NUMBERED[word](session, int(rest))
    elif word in BY_HAND:
        _move_by_hand(session, rest, further=word == "drag")
    elif word in SHOWING:
        if re.fullmatch(FIELD_OF[SHOWING[word]].pattern, rest, re.ASCII):
            session.show(**{SHOWING[word]: rest})
    elif word == START_AT:
        if place := re.fullmatch(f"({NUMBER}) ({NUMBER})", rest, re.ASCII):
            start_at(session, float(place[1]), float(place[2]))
    elif command in COMMANDS:
        COMMANDS[command](session)


def _move_by_hand(session: Session, text: str, *, further: bool) -> None:
    view = current_view(session)
    if view is None:
        return
    try:
        values: dict[Coordinate, float] = {
            tuple(
                int(one) if one.isdecimal() else one for one in f"{name}{indices}".split(".")
            ): float(value)
            for name, indices, value in re.findall(SETTING, text, re.ASCII)
        }
        if values:
            session.move_by_hand(values, view.permutation, further=further)
    except (ValueError, ImpossibleDataError) as error:
        session.notes = (str(error),)


def receive(session: Session, message: str) -> bool:
    """Carry out the command of a message, unless that was done before.

    Returns whether it is done with; False while it waits for settings, or for its turn to build a
    large experiment.
    """
    found = MESSAGE.fullmatch(message)
    if found is None:
        return True
    number, settings, command = int(found[1]), int(found[2]), found[3]
    with session.lock:
        if number <= session.acknowledged:
            return True
        if settings > session.settings_number:
            now = session.player.clock()
            if session.held is None or session.held[0] != number:
                session.held = number, now
            if now - session.held[1] < LONGEST_HOLD:
                return False
        cells = num_cells(session.config, session.data.sequences.num_observations)
        if command.partition(" ")[0] in RENEWING and not turn_is_free(cells):
            return False
        # Before it is carried out: one that fails would be said again and again.
        session.acknowledged, session.held = number, None
        carry_out(session, command)
        return True
