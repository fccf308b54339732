"""Measure the live page in a real browser: `make bench-live`, or `python -m benchmarks.live`.

Starts the app on a free port of this machine, drives Chromium as a visitor would, and prints a
Markdown table of goals and measurements; a full run writes it to `docs/live.md` too. `--quick`
takes less than a minute, for a first look; figures to quote come from a full run on a machine that
does nothing else.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import FrameType

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

from benchmarks import live_measures as measures
from benchmarks import parts, visitors
from benchmarks.machine import description
from tests.browser import chromium
from tests.browser import playground as ui
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Plan:
    """How much is measured. Rates and starts are medians of `runs` repetitions."""

    runs: int
    play_seconds: float
    pauses: int
    steps: int
    keys: int
    rounds: int
    memory_seconds: float
    sessions: int
    soak: int
    python: str = sys.executable
    """The Python that runs the server."""


FULL = Plan(3, 8.0, 20, 20, 38, 5, 60.0, 8, 0)
QUICK = Plan(1, 2.5, 4, 5, 6, 1, 0.0, 8, 0)


INTRODUCTION = (
    "# The live page, measured", "",
    "Written by `make bench-live`; how to read it: [benchmarks](../benchmarks/README.md).",
    "",
)  # fmt: skip
HEAD = ("| goal | target | measured | met |", "|---|---|---|---|")


@dataclass(frozen=True)
class Row:
    """One goal, what was measured, and whether it was met (None: nothing to meet)."""

    goal: str
    target: str
    measured: str
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {self.goal} | {self.target} | {self.measured} | {verdict} |"


class Report:
    """Collects rows and prints each one at once, so that an interrupted run leaves a table."""

    def __init__(self) -> None:
        self.machine: list[str] = []
        self.rows: list[Row] = []
        self.stopped = False

    def add(self, goal: str, target: str, measured: str, met: bool | None = None) -> None:
        """Add a row and print it."""
        row = Row(goal, target, measured, met)
        if not self.rows:
            print("\n".join(HEAD))
        self.rows.append(row)
        print(row, flush=True)

    def write(self, path: Path) -> None:
        """Write the table to a file, with the machine it was measured on."""
        lines = [*INTRODUCTION, *self.machine, "", *HEAD, *map(str, self.rows)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def measure(self, name: str, work: Callable[[], None]) -> None:
        """Run one part of the measurements; if it fails, add a row that says so, and continue."""
        try:
            work()
        except (BrowserError, AssertionError, RuntimeError) as error:
            if self.stopped:
                raise KeyboardInterrupt from error
            self.add(name, "", f"failed: {str(error).splitlines()[0]}", False)


def spread(values: list[float]) -> str:
    """Median, 95th percentile, maximum and number of times in milliseconds."""
    p50, p95 = measures.percentile(values, 50), measures.percentile(values, 95)
    return f"p50 {p50:.0f}, p95 {p95:.0f}, max {max(values):.0f} ms (n={len(values)})"


def starts(browser: Browser, plan: Plan, folder: Path, report: Report) -> None:
    """Measure starts of the server, first visits, and reloads."""
    errors = measures.Errors()
    first, warm, cached, plays, steps = [], [], [], [], []
    for run in range(plan.runs):
        contexts = [measures.window(browser) for _ in range(2)]
        begin = time.monotonic()
        log = folder / f"start-{run}.txt"
        with running_app(ROOT / "app.py", log, python=plan.python) as server:
            query = f"{server.url}/?{measures.STANDARD}"
            for is_first, context in zip((True, False), contexts, strict=True):
                page = context.new_page()
                page.on("pageerror", lambda error: errors.texts.append(str(error)))
                took = measures.seconds_to_charts(page, lambda: page.goto(query))  # noqa: B023
                if is_first:
                    first.append(time.monotonic() - begin)
                    plays += measures.reactions(
                        page, lambda: ui.press(page, "Play"), 1, "changes"  # noqa: B023
                    )  # fmt: skip
                    ui.press(page, "Pause")
                    steps += measures.reactions(
                        page, lambda: ui.press(page, "Step"), 1, "changes"  # noqa: B023
                    )  # fmt: skip
                    ui.wait_until_settled(page)
                    cached.append(measures.seconds_to_charts(page, page.reload))
                else:
                    warm.append(took)
                context.close()
    report.add(
        "Server start → charts", "≤ 4.0 s", f"{median(first):.1f} s (kernels on disk)",
        median(first) <= 4.0,
    )  # fmt: skip
    report.add("First Play after that", "≤ 500 ms", spread(plays), median(plays) <= 500)
    report.add("First Step after that", "≤ 500 ms", spread(steps), median(steps) <= 500)
    report.add(
        "Warm server, new visitor → charts", "≤ 3.0 s", f"{median(warm):.1f} s", median(warm) <= 3.0
    )
    report.add(
        "Cached reload → charts", "≤ 1.5 s", f"{median(cached):.1f} s", median(cached) <= 1.5
    )
    report.measure("Page errors", lambda: no_errors(errors))


def no_errors(errors: measures.Errors) -> None:
    """Raise AssertionError with what went wrong in the pages, if anything did."""
    assert not errors.texts, "; ".join(errors.texts)


def playing(browser: Browser, server: Server, plan: Plan, report: Report) -> None:
    """Measure what a visitor sees while training plays."""
    errors = measures.Errors()
    # With the standard settings EM would end within seconds at full speed; with these both methods
    # go on for long.
    for speed, query, least, wished in (
        ("10 / s", measures.SLOW_EM, 9, "≥ 9/s"),
        ("Full speed", measures.BOTH, 10, "≥ 10/s, better 20"),
    ):
        with measures.opened(browser, server, query, errors) as page:
            seen = measures.playing(page, speed, plan.play_seconds, plan.runs)
        label = f"{speed}, {'EM' if query == measures.SLOW_EM else 'both methods'}"
        report.add(
            f"Visible updates while playing ({label})", wished, f"{seen.rate:.1f}/s",
            seen.rate >= least,
        )  # fmt: skip
        report.add(
            f"Interval between them ({label})", "p95 ≤ 200 ms", f"p95 {seen.interval_p95:.0f} ms",
            seen.interval_p95 <= 200,
        )  # fmt: skip
        whole = seen.blank_frames == 0 and seen.minimum_opacity >= 0.95 and seen.zoom_kept
        report.add(
            f"Blank frames, greying, zoom over {seen.updates} updates ({label})",
            "0, opacity ≥ 0.95, kept",
            f"{seen.blank_frames}, {seen.minimum_opacity:.2f}, "
            f"{'kept' if seen.zoom_kept else 'lost'}",
            whole,
        )  # fmt: skip
    with measures.opened(browser, server, measures.BOTH, errors) as page:
        share = measures.hover(page, plan.play_seconds / 2)
    report.add(
        "Frames with the text under a resting pointer", "≥ 99 %", f"{share:.1%}", share >= 0.99
    )
    report.measure("Page errors", lambda: no_errors(errors))


def reacting(browser: Browser, server: Server, plan: Plan, report: Report) -> None:
    """Measure the times from an input to the frame that shows its effect."""
    errors = measures.Errors()
    for speed, query, label in (
        ("10 / s", measures.STANDARD, "10 / s"),
        ("Full speed", measures.BOTH, "Full speed, both methods"),
    ):
        with measures.opened(browser, server, query, errors) as page:
            times = measures.pauses(page, speed, plan.pauses)
        report.add(
            f"Pause → last change ({label})", "p95 ≤ 200 ms", spread(times),
            measures.percentile(times, 95) <= 200,
        )  # fmt: skip
    with measures.opened(browser, server, measures.STANDARD, errors) as page:
        times = measures.reactions(page, lambda: ui.press(page, "Step"), plan.steps, "changes")
        report.add(
            "Step → pixels", "p95 ≤ 150 ms", spread(times), measures.percentile(times, 95) <= 150
        )
        rate = measures.dragging(page, plan.play_seconds / 2)
        report.add("Pictures while a mark is dragged", "≥ 15/s", f"{rate:.1f}/s", rate >= 15)
        times = measures.reactions(
            page, lambda: ui.nudge(page, "Noise σ", "ArrowRight"), plan.keys, "draws"
        )
        report.add(
            "Slider key → pixels", "p95 ≤ 200 ms", spread(times),
            measures.percentile(times, 95) <= 200,
        )  # fmt: skip
    with measures.opened(browser, server, measures.BOTH, errors) as page:
        times = measures.sidebar_answers(page, plan.steps)
        report.add(
            "Slider key → pixels while both methods train", "p95 ≤ 300 ms", spread(times),
            measures.percentile(times, 95) <= 300,
        )  # fmt: skip
    with measures.opened(browser, server, measures.STANDARD, errors) as page:
        first, whole = measures.page_switches(page, plan.rounds)
        report.add(
            "Page switch after first visit → first figure", "p95 ≤ 450 ms", spread(first),
            measures.percentile(first, 95) <= 450,
        )  # fmt: skip
        report.add("Page switch after first visit → all figures", "", spread(whole))
    report.measure("Page errors", lambda: no_errors(errors))


def large(browser: Browser, server: Server, plan: Plan, report: Report) -> None:
    """Measure one long sequence."""
    errors = measures.Errors()
    long = measures.long_sequence(browser, server, errors, max(3, plan.runs))
    report.add(
        "All charts redrawn, M = 100 000", "≤ 400 ms", f"{long.redraw_ms:.0f} ms",
        long.redraw_ms <= 400,
    )  # fmt: skip
    report.add("Step → pixels, M = 100 000", "", f"{long.step_ms:.0f} ms")
    report.add(
        "Largest message, M = 100 000", "≤ 100 kB", f"{long.message_kilobytes:.0f} kB",
        long.message_kilobytes <= 100,
    )  # fmt: skip
    report.measure("Page errors", lambda: no_errors(errors))


def lasting(browser: Browser, server: Server, plan: Plan, report: Report) -> None:
    """Measure the server with visitors who leave, who stay, who come together, or act at random."""
    errors = measures.Errors()
    seconds, percent = measures.cpu_after_close(browser, server, errors, limit=5.0)
    report.add(
        "Server CPU after a playing tab was closed", "< 5 % within 5 s",
        f"{percent:.1f} % after {seconds:.0f} s", seconds <= 5,
    )  # fmt: skip
    if plan.memory_seconds:
        warm_up = min(30.0, plan.memory_seconds / 2)
        grown, cpu, reached = measures.memory_growth(
            browser, server, errors, plan.memory_seconds, warm_up
        )
        report.add(
            f"Server memory growth, {plan.memory_seconds:.0f} s at full speed", "≤ 10 MB",
            f"{grown:+.1f} MB (CPU {cpu:.0f} %), {reached} iterations: "
            f"{reached / 36_000:.1f} hours' worth at ten a second", grown <= 10,
        )  # fmt: skip
    if plan.sessions:
        rates, cpu = visitors.simultaneous(
            server, f"{measures.BOTH}&speed=max", plan.sessions, max(5.0, plan.play_seconds)
        )
        report.add(
            f"{plan.sessions} visitors at once, server alone", "≥ 9/s each",
            f"lowest {min(rates):.1f}/s, median {median(rates):.1f}/s (CPU {cpu:.0f} %)",
            min(rates) >= 9,
        )  # fmt: skip
    if plan.soak:
        done = measures.soak(browser, server, errors, plan.soak)
        report.add(
            f"{plan.soak} random actions", "no error, never blank",
            f"{done} done, {len(errors.texts)} errors", done == plan.soak and not errors.texts,
        )  # fmt: skip
    report.measure("Page errors", lambda: no_errors(errors))


def short(milliseconds: float) -> str:
    """A time with two digits, in milliseconds or in seconds."""
    seconds = milliseconds >= 1000
    return f"{milliseconds / 1000:.2g} s" if seconds else f"{milliseconds:.2g} ms"


def server_work(plan: Plan, report: Report) -> None:
    """Measure parts of the server's work without a server or a browser."""
    for goal, target, milliseconds in (
        ("A step of EM and its frame, on the server", 4, parts.frame_ms(plan.steps)),
        ("A check-up of a run, on the server", 1, parts.checkup_ms(plan.steps)),
        ("The largest CSV file read", 5000, parts.file_ms(plan.runs)),
    ):
        report.add(goal, f"≤ {short(target)}", short(milliseconds), milliseconds <= target)


def run(plan: Plan, report: Report) -> int:
    """Measure and print; 0 when every goal was met, 1 otherwise."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser, path = chromium.launch(playwright)
        report.machine = description(f"{browser.version} headless ({Path(path).name})")
        print("\n".join([*report.machine, ""]), flush=True)
        folder = Path(name)
        report.measure("Starts", lambda: starts(browser, plan, folder, report))
        with running_app(ROOT / "app.py", folder / "log.txt", python=plan.python) as server:
            for part in (playing, reacting, large, lasting):
                report.measure(
                    part.__name__.capitalize(),
                    lambda part=part: part(browser, server, plan, report),
                )
            tracebacks = server.log().count("Traceback")
            report.add("Failures in the server's log", "0", str(tracebacks), tracebacks == 0)
        browser.close()
    report.measure("Parts", lambda: server_work(plan, report))
    return int(any(row.met is False for row in report.rows))


def main() -> int:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="less than a minute, fewer repeats")
    parser.add_argument("--long", action="store_true", help="watch memory for 300 s instead of 60")
    parser.add_argument("--memory", type=float, metavar="SECONDS", help="watch memory so long")
    parser.add_argument("--output", type=Path, help="where to write the table")
    parser.add_argument("--soak", type=int, metavar="ACTIONS", help="random actions, such as 300")
    parser.add_argument("--python", metavar="FILE", help="the Python that runs the server")
    options = parser.parse_args()
    chosen = dict(vars(QUICK if options.quick else FULL))
    if options.long:
        chosen["memory_seconds"] = 300.0
    if options.memory is not None:
        chosen["memory_seconds"] = min(options.memory, 3600.0)
    if options.soak is not None:
        chosen["soak"] = min(options.soak, 10_000)
    if options.python is not None:
        chosen["python"] = options.python
    report = Report()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        report.stopped = True
        # Ctrl-C ends the browser's driver as well, and asyncio would report that as an error.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise KeyboardInterrupt

    # When the command is stopped from outside, it stops the server and the browser too.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        code = run(Plan(**chosen), report)
        if output := options.output or (None if options.quick else ROOT / "docs" / "live.md"):
            report.write(output)
        return code
    except (KeyboardInterrupt, BrowserError):
        if not report.stopped:
            raise
        print("\nStopped early; the rows above stand.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
