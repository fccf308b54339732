"""Measure what twenty of the largest links do to everyone else: `python -m benchmarks.crowd`.

Starts the app on a free port of this machine, lets a neighbour train, opens the links at the same
moment and a second later an ordinary link, all without a browser. Prints how long the newcomer
waited for the numbers of the first charts, the neighbour's longest gap between two iterations, and
the server's memory.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.live_measures import ENDLESS, STANDARD
from benchmarks.machine import description, usage
from benchmarks.visitors import Visitor
from tests.browser.server import Server, running_app

ROOT = Path(__file__).resolve().parents[1]
LARGEST = tuple(
    f"{link}&start=kmeans&method=Both&fan=5&runs=EM_9"
    for link in (
        "K=20&M=100000&N=1&family=symbols&C=20",
        "K=1&M=100000&N=20&family=counts",
        "K=20&M=100000&N=1",
        "K=20&M=100&N=1000&family=points&cov=full",
    )
)
"""Links of K × M × N = 2 000 000, with the slowest start, the most runs, and steps to repeat."""
KEPT_SECONDS = 120.0
"""How long Streamlit keeps the session of a visitor who has left."""
LONGEST_SECONDS = 180.0


def crowd(server: Server, number: int, memory: bool) -> None:
    """Open `number` of the largest links, and print what the others notice."""
    stop, leave = threading.Event(), threading.Event()
    neighbour = Visitor(server, ENDLESS, stop)
    neighbour.thread.start()
    neighbour.playing.wait(LONGEST_SECONDS)
    time.sleep(3.0)
    begin, before = time.monotonic(), usage(server.process_id)[1]
    large = [
        Visitor(server, f"{LARGEST[n % len(LARGEST)]}&seed={n}", leave, plays=False)
        for n in range(number)
    ]
    for visitor in large:
        visitor.thread.start()
    time.sleep(1.0)
    opened = time.monotonic()
    newcomer = Visitor(server, STANDARD, leave, plays=False)
    newcomer.thread.start()
    _wait_for([*large, newcomer], begin + LONGEST_SECONDS)
    end, highest = time.monotonic(), usage(server.process_id)[1]
    times = [begin, *(t for t in neighbour.arrivals if begin <= t <= end), end]
    gap = max(later - earlier for earlier, later in pairwise(times))
    shown = sorted(visitor.shown - begin for visitor in large if visitor.shown)
    print(f"- newcomer's first charts: {_seconds(newcomer.shown, opened)} (goal 5 s)")
    print(f"- neighbour's longest gap: {gap:.1f} s (goal 2 s)")
    print(f"- large links shown: {len(shown)} of {number}, in {max(shown, default=0.0):.1f} s")
    print(f"- server's memory: {before:.0f} MB before, {highest:.0f} MB with all", flush=True)
    leave.set()
    for visitor in [*large, newcomer]:
        visitor.thread.join(timeout=5)
    if memory:
        time.sleep(KEPT_SECONDS + 5.0)
    # Streamlit looks for sessions to drop when another visitor leaves.
    stop.set()
    neighbour.thread.join(timeout=5)
    if memory:
        left = usage(server.process_id)[1]
        again = Visitor(server, LARGEST[0], leave := threading.Event(), plays=False)
        again.thread.start()
        _wait_for([again], time.monotonic() + LONGEST_SECONDS)
        after = usage(server.process_id)[1]
        leave.set()
        print(
            f"- {KEPT_SECONDS:.0f} s after they left: {left:.0f} MB; with the next: {after:.0f} MB"
        )
    for visitor in [neighbour, *large, newcomer]:
        if visitor.problem:
            print(f"- a visitor was not served: {visitor.problem}")
    print(f"- failures in the server's log: {server.log().count('Traceback')}")


def _wait_for(visitors: list[Visitor], deadline: float) -> None:
    """Wait until every visitor has charts or was not served, or until the deadline."""
    while time.monotonic() < deadline and not all(one.shown or one.problem for one in visitors):
        time.sleep(0.1)


def _seconds(moment: float, begin: float) -> str:
    return f"{moment - begin:.1f} s" if moment else f"none in {LONGEST_SECONDS:.0f} s"


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--links", type=int, default=20, help="how many large links open at once")
    parser.add_argument("--memory", action="store_true", help="wait until they are forgotten too")
    options = parser.parse_args()
    print("\n".join([*description("no browser"), ""]), flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(ROOT / "app.py", Path(folder) / "log.txt") as server,
    ):
        crowd(server, options.links, options.memory)


if __name__ == "__main__":
    main()
