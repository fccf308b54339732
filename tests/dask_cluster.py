"""A scheduler and workers of Dask in processes of their own, on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PATIENCE = 120
"""Seconds that a busy machine may take to start another interpreter."""


class DaskCluster:
    """Processes that are ended when the block is left, by their own ids.

    Args:
        folder: where they may write.
        port: of the scheduler; 0 for one that is free.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self._folder, self._started = folder, list[subprocess.Popen[bytes]]()
        told = folder / f"scheduler-{port}.json"
        told.unlink(missing_ok=True)
        self.scheduler = self._start(
            "scheduler", "--port", str(port), "--scheduler-file", str(told), "--no-show"
        )
        end = time.monotonic() + PATIENCE
        while not told.exists() or not told.read_text().strip():
            assert self.scheduler.poll() is None, "the scheduler ended"
            assert time.monotonic() < end, "the scheduler does not start"
            time.sleep(0.05)
        self.address = str(json.loads(told.read_text())["address"])

    @property
    def port(self) -> int:
        """Of the scheduler."""
        return int(self.address.rpartition(":")[2])

    def worker(self) -> subprocess.Popen[bytes]:
        """Start one more worker, with one thread."""
        return self._start(
            "worker", self.address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0",
            "--local-directory", str(self._folder),
        )  # fmt: skip

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--host", "127.0.0.1", "--no-dashboard", *options],
            cwd=ROOT, env={**os.environ, "PYTHONWARNINGS": "default"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._started.append(process)
        return process

    def __enter__(self) -> DaskCluster:
        return self

    def __exit__(self, *_: object) -> None:
        # Workers first: they look for a scheduler that has gone.
        for process in reversed(self._started):
            process.kill()
            process.wait(PATIENCE)
