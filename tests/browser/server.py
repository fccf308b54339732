"""A real Streamlit server in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

START_SECONDS = 60.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Server:
    """A running app: its address (without a closing slash), its log, its process id."""

    url: str
    log_path: Path
    process_id: int

    @property
    def port(self) -> int:
        """Of this machine."""
        return urlsplit(self.url).port or 0

    def stop(self) -> None:
        """End it before its block does, as somebody would who restarts it."""
        os.kill(self.process_id, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                return
            time.sleep(0.05)
        raise RuntimeError("The server did not stop.")

    def log(self) -> str:
        """Everything the server has printed so far."""
        return self.log_path.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_app(
    script: Path,
    log_path: Path,
    *options: str,
    base_path: str = "",
    port: int | None = None,
    python: str = sys.executable,
) -> Iterator[Server]:
    """Run `streamlit run script` on a port of this machine, a free one by default.

    It runs until the block ends, or until `stop`.

    `options` go to Streamlit, such as "--theme.base=dark"; `python` runs it. Raises RuntimeError
    with the log when the server does not come up.
    """
    port = port or _free_port()
    command = [
        *(python, "-m", "streamlit", "run", str(script)),
        *("--server.address", "127.0.0.1", "--server.port", str(port)),
        *("--server.headless", "true", "--server.fileWatcherType", "none"),
        *("--server.baseUrlPath", base_path, "--browser.gatherUsageStats", "false"),
        *options,
    ]
    with log_path.open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            cwd=script.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = "/".join(filter(None, (f"http://127.0.0.1:{port}", base_path.strip("/"))))
            server = Server(url, log_path, process.pid)
            _wait_until_healthy(server, process)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The app did not start. Its log:\n{server.log()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
