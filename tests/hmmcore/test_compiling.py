"""A cache of compiled kernels that cannot be read or written costs time, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hmmcore

CALL = """
import numpy as np
from hmmcore.arrays import any_missing
print(any_missing(np.array([0.0, np.nan])), sum(any_missing.stats.cache_hits.values()))
"""
"""Decorates every kernel and compiles one; prints its result and how often the cache had it."""
FULL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"
"""From here on every write of a file fails, as it does where no room is left."""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder with the package, nothing of which is compiled."""
    source = Path(hmmcore.__file__).parent
    shutil.copytree(source, tmp_path / "hmmcore", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def call(folder: Path, code: str = CALL, **environment: str) -> tuple[str, str]:
    """What a new process prints and logs that runs `code` with the package in `folder`."""
    inherited = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=inherited | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def assert_one_line(log: str) -> None:
    assert log.startswith("Compiled kernels cannot be kept on disk")
    assert log.count("\n") == 1
    assert log.endswith("\n")


def make_unwritable(folder: Path) -> dict[str, str]:
    """Leave no folder for the cache, for root too; returns the environment for that."""
    for package in [folder / "hmmcore", *(folder / "hmmcore").iterdir()]:
        if package.is_dir():
            (package / "__pycache__").write_text("a file, where a folder would be")
    file = folder / "file"
    file.write_text("")
    return {"HOME": f"{file}/home", "XDG_CACHE_HOME": f"{file}/cache"}


def test_without_a_writable_folder_kernels_are_compiled_in_memory(copied: Path) -> None:
    printed, log = call(copied, **make_unwritable(copied))
    assert printed == "True 0"
    assert_one_line(log)


def test_the_folder_that_the_line_asks_for_is_used(copied: Path) -> None:
    environment = make_unwritable(copied) | {"NUMBA_CACHE_DIR": str(copied / "chosen")}
    assert call(copied, **environment) == ("True 0", "")
    assert call(copied, **environment) == ("True 1", "")


def test_on_a_full_disk_kernels_are_compiled_in_memory(copied: Path) -> None:
    printed, log = call(copied, f"{FULL_DISK}\n{CALL}")
    assert printed == "True 0"
    assert_one_line(log)


def test_a_damaged_cache_is_as_good_as_none(copied: Path) -> None:
    assert call(copied) == ("True 0", "")
    assert call(copied) == ("True 1", "")
    indices = list((copied / "hmmcore" / "__pycache__").glob("arrays.any_missing*.nbi"))
    assert indices
    for index in indices:
        index.write_bytes(index.read_bytes()[:-10])
    printed, log = call(copied)
    assert printed == "True 0"
    assert_one_line(log)
