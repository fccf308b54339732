"""The section of the Trust page on what comes next, and on how such forecasts did."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.ui.figures.forecast_charts import forecast_figure
from pages.ui.files.export import frame_csv
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls, words
from pages.ui.parts.widgets import wide
from pages.ui.session import decoded
from pages.ui.session.session import Session
from pages.ui.session.trust import forecast_words
from pages.ui.session.trust.forecasts import ahead, forecast_frame
from pages.ui.session.view import View, shown_variable, state_names, zoom_key


def section(session: Session, view: View) -> None:
    """Draw what comes after the selected sequence."""
    st.header("What comes next?", anchor=False)
    if not decoded.learned(session, view).possible:
        st.info(words.impossible("learned"))
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="forecast_controls"):
        controls.number(session, "horizon", width=wide(session, 130))
        st.download_button(
            "Forecast (CSV)", partial(_csv, session, view), file_name="hmm-forecast.csv",
            mime="text/csv", key="forecast_csv", on_click="ignore",
            help="Of every sequence: state probabilities, and means with intervals, or the "
            "probability of each symbol, for each step.",
        )  # fmt: skip
    one, config = ahead(session, view), session.config
    found, variable = one.found, shown_variable(session)
    colours = page_colours(state_names(session))
    dimension = view.dimension
    text = forecast_words.about_ahead(one, dimension, variable, colours.states)
    st.markdown(text)
    show_figure(
        forecast_figure(
            one.history,
            one.probs,
            *(
                None if values is None else values[0, :, dimension]
                for values in (found.means, found.lower, found.upper)
            ),
            None if found.symbol_probs is None else found.symbol_probs[0],
            variable,
            colours,
            level=forecast_words.level_text(found.level),
            revision=f"{zoom_key(session)}-{config.horizon}",
            scale=one.scale,
        ),
        "forecast",
        label=forecast_words.ahead_label(one, text),
    )
    st.caption(" ".join(filter(None, [forecast_words.KNOWN, one.note])))


def _csv(session: Session, view: View) -> bytes:
    return frame_csv(forecast_frame(session, view))
