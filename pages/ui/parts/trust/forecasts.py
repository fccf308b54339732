"""The section of the Trust page on what comes next, and on how such forecasts did."""

from __future__ import annotations

from functools import partial

import streamlit as st

from hmmcore.checks import Backtest
from pages.ui.experiment.starts import is_from_data
from pages.ui.figures.forecast_charts import (
    backtest_figure,
    forecast_figure,
    symbol_backtest_figure,
)
from pages.ui.files.export import frame_csv
from pages.ui.live.figure import page_colours, show_figure
from pages.ui.parts import controls, words
from pages.ui.parts.jobs.following import begin_or_cancel, followed, progress
from pages.ui.parts.widgets import wide
from pages.ui.session import decoded
from pages.ui.session.background import Job
from pages.ui.session.session import Session
from pages.ui.session.trust import backtest_words, backtests, forecast_words
from pages.ui.session.trust.appraisal import resting
from pages.ui.session.trust.forecasts import ahead, forecast_frame
from pages.ui.session.trust.words import PLAYING
from pages.ui.session.view import View, shown_scale, shown_variable, state_names, zoom_key
from pages.ui.text import markdown_text


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
            mime="text/csv", key="forecast_csv", on_click="ignore", icon=":material/download:",
            help="Of every sequence: state probabilities, and means with intervals, or the "
            "probability of each symbol, for each step.",
        )  # fmt: skip
    one, config = ahead(session, view), session.config
    found, variable = one.found, shown_variable(session)
    colours = page_colours(state_names(session))
    text = forecast_words.about_ahead(one, variable, colours.states)
    st.markdown(text)
    show_figure(
        forecast_figure(
            one.history,
            one.probs,
            *(
                None if values is None else values[0, :, one.own]
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
    known = forecast_words.KNOWN if found.symbol_probs is None else forecast_words.SYMBOLS_KNOWN
    st.caption(" ".join(filter(None, [known, one.note])))
    how_it_did(session, view)


def how_it_did(session: Session, view: View) -> None:
    """Draw how one-step forecasts of the last tenth did, with the button."""
    st.subheader("How did such forecasts do?", anchor=False)
    if not resting(session):
        st.caption(PLAYING)
        return
    job = backtests.tested(session, view)
    if job is None or not job.done or job.cancelled or job.failed:
        with st.container(horizontal=True, vertical_alignment="bottom", key="backtest_controls"):
            begin = partial(backtests.begin, session, view)
            begin_or_cancel(job, "backtest", "Hold out the last tenth", begin)
    if job is None:
        st.caption(backtest_words.what(is_from_data(session.config, session.data)))
        return
    followed(session, job, partial(_draw_backtest, session, view, job))


def _draw_backtest(session: Session, view: View, job: Job) -> None:
    known: backtests.Tested | None = job.found
    found: Backtest | None = None if known is None else known.found
    if found is None:
        progress(job, 0 if known is None else known.steps, "training step")
        return
    colours, variable, d = page_colours(), shown_variable(session), view.dimension
    own = found.sequence == session.config.sequence - 1
    title = session.data.sequence_title(session.config.sequence)
    revision = f"{zoom_key(session)}-backtest"
    if own.any():
        scale = shown_scale(session).after(int(found.times[own][0]))
        observed = found.observed[own, d]
        if found.is_symbol(d):
            assert found.probabilities is not None
            figure = symbol_backtest_figure(
                found.probabilities[own, d], found.inside[own, d], variable.value_texts(observed),
                colours, revision=revision, scale=scale,
            )  # fmt: skip
        else:
            assert found.lower is not None
            assert found.upper is not None
            figure = backtest_figure(
                observed, found.lower[own, d], found.upper[own, d], found.inside[own, d], variable,
                colours, level=forecast_words.level_text(found.level), revision=revision,
                scale=scale,
            )  # fmt: skip
        show_figure(figure, "backtest", label=backtest_words.label(found, d, title))
    st.markdown(backtest_words.verdict(found, d))
    names = [markdown_text(name) for name in session.data.columns]
    notes = [
        backtest_words.about_probability(found, d), backtest_words.others(found, d, names),
        backtest_words.what(is_from_data(session.config, session.data)),
    ]  # fmt: skip
    st.caption(" ".join(filter(None, notes)))


def _csv(session: Session, view: View) -> bytes:
    return frame_csv(forecast_frame(session, view))
