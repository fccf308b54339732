"""The sidebar's controls, and one function for each kind of control of a `Field`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from hmmcore.initialization import StartComparison
from pages.ui.parts import words
from pages.ui.parts.widgets import on_entry, set_widget, wide
from pages.ui.session.coordinate_words import coordinate_name
from pages.ui.session.session import Session
from pages.ui.settings.config import FIELD_OF
from pages.ui.settings.config_rules import fits
from pages.ui.settings.coordinates import coordinates_of
from pages.ui.settings.families import FAMILIES, TOGETHER, offered
from pages.ui.settings.field import Field
from pages.ui.settings.names import MAX_LETTERS, names_of, written
from pages.ui.text import decimal, listed, many, markdown_text, shortened

CANDIDATES = {
    "quantiles": "quantiles",
    "kmeans": "k-means",
    "random": "random starts",
    "segments": "random stretches",
    "windows": "clusters of stretches",
    "cuts": "random cuts",
}
"""What the kinds of candidates for a start are called."""

MOST_NAMES = 1000
"""A list of so many names a browser gets at once."""
FIND = "find_sequence"

FROM_FILE = " Your file decides this; choose generated data on the Data page to set it here."
FROM_MODEL = " Your model decides this; choose another starting point to set it here."


def sidebar(session: Session) -> None:
    """Draw all controls of data and training."""
    config = session.config
    uploaded = config.source == "upload"
    with st.sidebar:
        st.header("Data", anchor=False)
        if uploaded and session.upload is not None:
            sequences = session.upload.sequences
            st.caption(
                f"From your file, “{markdown_text(session.upload.column)}”: "
                f"{many(len(sequences), 'sequence')} with "
                f"{many(sequences.num_observations, 'observation')} in all."
            )
        elif config.source == "notebook":
            st.caption("The notebook's own data. Changing a control below makes new data.")
        choice(session, "family", disabled=uploaded)
        slider(session, "num_states")
        left, right = st.columns(2)
        with left:
            number(session, "length", disabled=uploaded)
        with right:
            number(session, "num_sequences", disabled=uploaded)
        if config.family in ("numbers", "points") or (
            config.family == "product" and "numbers" in TOGETHER[config.kinds][1]
        ):
            slider(session, "noise_sd", disabled=uploaded)
        left, right = st.columns(2)
        with left:
            number(session, "seed")
        with right:
            whole_number(session, "true_states", disabled=uploaded)
        choice(session, "structure", disabled=uploaded)
        if config.structure in ("sticky", "cyclic", "left-right"):
            slider(session, "persistence", disabled=uploaded)
        _emissions(session, uploaded)

        if session.data.true_states is not None:
            segments(session, "truth")
        if session.data.states is not None:
            toggle(session, "numbering")

        st.header("Training", anchor=False)
        choice(session, "start", without=() if session.own_model else ("model",))
        if session.config.start == "model":
            st.caption(words.about_own_model(session))
        if session.start_comparison is not None:
            st.caption(_about_candidates(session.start_comparison))
        if config.family == "numbers":
            choice(session, "mean_model", disabled=config.start == "model", why=FROM_MODEL)
        if config.start == "symmetric" or config.nudge:
            number(session, "nudge")
        choice(session, "method")
        if config.method != "EM":
            # As wide as "Momentum" needs.
            left, right = st.columns([10, 11], gap="xxsmall")
            with left:
                number(session, "learning_rate")
            with right:
                choice(session, "optimizer")
            choice(session, "learning_rate_sweep")
        multiple_choice(session, "trainable", offered(config.family, session.data.kinds))
        trained_alone(session)


def trained_alone(session: Session, where: str = "sidebar") -> None:
    """Say which numbers are trained alone, if some are, and let the others be trained again.

    `where` on the page this is drawn is a part of the button's key.
    """
    alone = coordinates_of(session.config.only)
    if not alone or session.shown_run is None:
        return
    names = listed([coordinate_name(session, one) for one in alone])
    st.caption(
        f"Only {markdown_text(names)} {'is' if len(alone) == 1 else 'are'} trained; every other "
        "number of the model stays as in the starting point."
    )
    st.button(
        "Train everything again", key=f"train_everything_{where}", icon=":material/lock_open:",
        on_click=session.remedy, kwargs={"only": ""},
        help="Everything chosen under What is trained is trained, from the same starting point.",
    )  # fmt: skip


def _emissions(session: Session, uploaded: bool) -> None:
    """Draw the controls of the distribution from which the true emissions are drawn."""
    config = session.config
    table = FAMILIES[config.family].table
    if config.family == "numbers":
        choice(session, "mean_law", disabled=uploaded)
        if config.mean_law == "spaced":
            slider(session, "separation", disabled=uploaded)
        return
    if config.family == "product" and not uploaded:
        choice(session, "kinds")
    kinds = TOGETHER[config.kinds][1] if config.family == "product" else (config.family,)
    if "symbols" in kinds and not (uploaded and config.family == "product"):
        slider(session, "num_symbols", disabled=uploaded)
    if config.family == "points":
        from_model = uploaded and config.start == "model"
        choice(session, "covariance_type", disabled=from_model, why=FROM_MODEL)
    if fits(config, table) and not uploaded:
        st.caption(f"{FIELD_OF[table].label}: your own table, from the Data page.")
    elif set(kinds) != {"symbols"}:
        slider(session, "separation", disabled=uploaded)
    if kinds == ("symbols",):
        if uploaded or not fits(config, table):
            slider(session, "sharpness", disabled=uploaded)
    elif "symbols" in kinds and not uploaded:
        slider(session, "sharpness")


def sequence(session: Session) -> None:
    """Draw the choice of the sequence that figures along time show; nothing if there is only one.

    Sequences with names are chosen from a list, where typing finds them; a list of more than
    MOST_NAMES would take long to send, so there a part of a name finds the next that has it.
    """
    names, last = session.data.sequence_names, session.data.sequences.num_sequences
    if last == 1:
        return
    if not names or last > MOST_NAMES:
        number(session, "sequence", maximum=last, width=wide(session, 120))
    else:
        _one_of(session, "sequence", names, wide(session, 190))
    if last > MOST_NAMES and names:
        st.text_input(
            "Find by name",
            key=FIND,
            placeholder="a part of its name",
            max_chars=100,
            width=wide(session, 190),
            help=f"This is {markdown_text(names[session.config.sequence - 1])}. Enter goes to the "
            "next sequence whose name has this in it.",
            on_change=on_entry(FIND, lambda text: _find_sequence(session, str(text))),
        )


def _find_sequence(session: Session, text: str) -> None:
    """Select the next sequence whose name has a text in it; say so if there is none."""
    names, shown = session.data.sequence_names, session.config.sequence
    wanted = text.strip().casefold()
    if not wanted:
        return
    for number in [*range(shown + 1, len(names) + 1), *range(1, shown + 1)]:
        if wanted in names[number - 1].casefold():
            session.change(sequence=number)
            return
    session.notes = (f"No sequence has “{shortened(text)}” in its name.",)


def dimensions(session: Session) -> None:
    """Draw the choice of coordinates that figures of points show; nothing for other families."""
    names = session.data.columns
    if len(names) < 2:
        return
    # Parts of a product are never points.
    several = len(names) > 2 and not session.data.kinds
    for name in ("dimension", "against") if several else ("dimension",):
        _one_of(session, name, names, wide(session, 150))


def component(session: Session, most: int) -> None:
    """Draw the choice of the dimension or symbol whose parameters are drawn, of `most`."""
    names = session.data.component_names
    _one_of(session, "component", names or tuple(map(str, range(1, most + 1))), wide(session, 150))


def _one_of(session: Session, name: str, names: Sequence[str], width: int) -> None:
    """Draw a list of names to choose a number from 1 on by."""
    field, value = _prepared(session, name)
    st.selectbox(
        field.label,
        range(1, len(names) + 1),
        index=value - 1,
        format_func=lambda number: names[number - 1],
        width=width,
        **_common(session, field, False),
    )


def slider(session: Session, name: str, *, disabled: bool = False) -> None:
    """Draw a slider for a number."""
    field, value = _prepared(session, name)
    st.slider(
        field.label,
        value=value,
        min_value=_same_type(field, field.minimum),
        max_value=_same_type(field, field.maximum),
        step=_same_type(field, field.step),
        **_common(session, field, disabled),
    )


def number(
    session: Session,
    name: str,
    *,
    maximum: int | None = None,
    disabled: bool = False,
    **layout: Any,
) -> None:
    """Draw a box for a number, up to `maximum` or the field's own."""
    field, value = _prepared(session, name)
    st.number_input(
        field.label,
        value=value,
        min_value=_same_type(field, field.minimum),
        max_value=_same_type(field, maximum or field.maximum),
        step=_same_type(field, field.step),
        format=None if isinstance(field.default, int) else "%g",
        **_common(session, field, disabled),
        **layout,
    )


def whole_number(session: Session, name: str, *, disabled: bool = False) -> None:
    """Draw a list of whole numbers in which 0 is shown as `Field.zero`."""
    field, value = _prepared(session, name)
    low, high = map(int, field.bounds)
    st.selectbox(
        field.label,
        range(low, high + 1),
        index=value - low,
        format_func=lambda number: str(number) if number else field.zero,
        **_common(session, field, disabled),
    )


def names(session: Session, name: str, *, disabled: bool = False, why: str = FROM_FILE) -> None:
    """Draw a box for a list of names; `why` it is disabled is said in its help."""
    field, key = FIELD_OF[name], widget_key(name)
    value = written(getattr(session.config, name))
    if key in st.session_state:
        set_widget(key, value)
    st.text_input(
        field.label,
        value=value,
        max_chars=field.names * (MAX_LETTERS + 2),
        key=key,
        help=field.help + (why if disabled else ""),
        disabled=disabled,
        on_change=on_entry(key, lambda text: _change_names(session, field, str(text))),
    )


def _change_names(session: Session, field: Field, text: str) -> None:
    given, problem = names_of(text, field.names)
    if problem:
        session.notes = (problem,)
    else:
        session.change(**{field.name: given})


def choice(
    session: Session,
    name: str,
    *,
    without: Collection[str] = (),
    disabled: bool = False,
    why: str = FROM_FILE,
    **layout: Any,
) -> None:
    """Draw a list to choose one option from; `without` are those that there are not now.

    `why` it is disabled is said in its help.
    """
    field, value = _prepared(session, name)
    choices = field.choices
    assert choices is not None
    options = [option for option in choices if option not in without]
    st.selectbox(
        field.label,
        options,
        index=options.index(value),
        format_func=choices.__getitem__,
        **_common(session, field, disabled, why),
        **layout,
    )


def option(session: Session, name: str, options: Mapping[str, str], **layout: Any) -> None:
    """Draw a list of what there is now to choose from: value to label."""
    field, value = _prepared(session, name)
    st.selectbox(
        field.label,
        list(options),
        index=list(options).index(value),
        format_func=lambda one: options.get(one, one),
        **_common(session, field, False),
        **layout,
    )


def segments(session: Session, name: str) -> None:
    """Draw a row of buttons to choose one option from."""
    field, value = _prepared(session, name)
    choices = field.choices
    assert choices is not None
    st.segmented_control(
        field.label,
        list(choices),
        default=value,
        format_func=choices.__getitem__,
        required=True,
        **_common(session, field, False),
    )


def toggle(session: Session, name: str) -> None:
    """Draw a switch for a field with two options, of which the second is on."""
    field, key = FIELD_OF[name], widget_key(name)
    assert field.choices is not None
    options = tuple(field.choices)
    is_on = getattr(session.config, name) == options[1]
    if key in st.session_state:
        set_widget(key, is_on)
    common = _common(session, field, False)
    common["on_change"] = on_entry(key, lambda on: _change(session, field, options[on]))
    st.toggle(field.label, value=is_on, **common)


def multiple_choice(session: Session, name: str, choices: Mapping[str, str]) -> None:
    """Draw a row of buttons to choose any number of options from: value to label.

    What is chosen and not among them stays chosen.
    """
    field, key = FIELD_OF[name], widget_key(name)
    chosen = getattr(session.config, name)
    value = [option for option in chosen if option in choices]
    others = [option for option in chosen if option not in choices]
    if key in st.session_state:
        set_widget(key, value)
    common = _common(session, field, False)
    common["on_change"] = on_entry(key, lambda new: _change(session, field, [*new, *others]))
    st.pills(
        field.label,
        list(choices),
        default=value,
        selection_mode="multi",
        format_func=choices.__getitem__,
        **common,
    )


def widget_key(name: str) -> str:
    """The key of a field's widget."""
    return f"control_{name}"


def _prepared(session: Session, name: str) -> tuple[Field, Any]:
    """Assign the session's value to a field's widget; the field, and the same value as default."""
    field, key = FIELD_OF[name], widget_key(name)
    value = getattr(session.config, name)
    if field.multiple:
        value = list(value)
    if key in st.session_state:
        set_widget(key, value)
    return field, value


def _common(session: Session, field: Field, disabled: bool, why: str = FROM_FILE) -> dict[str, Any]:
    return {
        "key": widget_key(field.name),
        "help": field.help + (why if disabled else ""),
        "disabled": disabled,
        "on_change": on_entry(widget_key(field.name), lambda value: _change(session, field, value)),
    }


def _change(session: Session, field: Field, value: Any) -> None:
    if field.multiple:
        assert field.choices is not None
        value = tuple(option for option in field.choices if option in value)
    elif value is None:
        # The visitor cleared the box: the old value stays.
        value = getattr(session.config, field.name)
    session.change(**{field.name: value})


def _same_type(field: Field, value: float | None) -> Any:
    return None if value is None else type(field.default)(value)


def _about_candidates(found: StartComparison) -> str:
    """Which kind of candidate won, and what the others reached."""
    reached = {CANDIDATES[kind]: decimal(value) for kind, value in found.reached_by_kind().items()}
    won = CANDIDATES[found.winning_kind]
    others = ", ".join(f"{kind} {value}" for kind, value in reached.items() if kind != won)
    rest = f" Others reached: {others}." if others else ""
    return (
        f"Of {len(found.kinds)} candidates {won} won, with {reached[won]} nats per observation."
        f"{rest}"
    )
