"""The machine that measures, and the CPU time and memory that a process uses on it."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

PACKAGES = ("streamlit", "plotly", "numpy", "numba")


def description(browser: str) -> list[str]:
    """Lines of Markdown that say when, on which machine and with which versions was measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0]
    return [
        f"- {date.today():%Y-%m-%d}; {os.cpu_count()} cores, {processor()}; {platform.system()}",
        f"- Python {platform.python_version()}, {versions}; Chromium {browser}",
        f"- Server, browser and this command share the cores; load before the start {load:.1f}",
        f"- Speed of a core: a Python loop of ten million turns takes {median_loop():.2f} s",
    ]


def median_loop() -> float:
    """Seconds of a plain loop, by which figures of different machines and hours can be compared."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(10_000_000):
            pass
        times.append(time.perf_counter() - begin)
    return median(times)


def usage(process_id: int) -> tuple[float, float]:
    """Seconds of CPU time that a process has used so far, and its resident memory in MB."""
    stat, memory = Path(f"/proc/{process_id}/stat"), Path(f"/proc/{process_id}/statm")
    if stat.exists():
        # The name of the program, in brackets, may hold spaces.
        fields = stat.read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        pages = int(memory.read_text().split()[1])
        return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    command = ["ps", "-o", "time=,rss=", "-p", str(process_id)]
    used, kilobytes = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stdout.split()
    days, _, clock = used.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part)
    return 86_400 * int(days or 0) + seconds, int(kilobytes) * 1024 / 1e6


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
