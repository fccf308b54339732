"""Sweeps of the Models page elsewhere: on a Dask cluster, and as scripts, with the page's table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.session import background, sweep_files, sweeps
from pages.ui.session.background import SCHEDULER
from tests.dask_cluster import PATIENCE, ROOT, DaskCluster
from tests.pages.shown import healthy, opened, press, session, text, upload
from tests.pages.test_models_page import SMALL, trained


def table(app: AppTest) -> pd.DataFrame:
    """The only table of the page, with all digits."""
    (found,) = app.dataframe
    return found.value


def run_script(app: AppTest, name: str, folder: Path, *options: str) -> tuple[pd.DataFrame, str]:
    """The table that the exported script writes, and all that it says."""
    make = getattr(sweep_files, f"{name}_file")
    assert not app.get("download_button")[0].proto.disabled
    content = make(session(app))()
    script, csv = folder / f"{name}.py", folder / f"{name}.csv"
    script.write_bytes(content)
    # Away from the checkout: of this project only hmmcore is there.
    (folder / "hmmcore").symlink_to(ROOT / "hmmcore", target_is_directory=True)
    done = subprocess.run(
        [sys.executable, str(script), "--csv", str(csv), *options], cwd=folder, text=True,
        capture_output=True, timeout=PATIENCE, env={**os.environ, "PYTHONWARNINGS": "default"},
        check=False,
    )  # fmt: skip
    (folder / "hmmcore").unlink()
    assert done.returncode == 0, done.stderr
    return pd.read_csv(csv), done.stdout + done.stderr


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Equal to the last bit."""
    pd.testing.assert_frame_equal(
        found, expected.reset_index(drop=True), check_exact=True, check_dtype=False
    )


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("states", {"family": "symbols", "unseen": "ends"}),
        ("states", {"family": "counts", "unseen": "nothing", "restart_by": "kmeans"}),
        ("states", {"chain": "cyclic", "stays": "shared", "sticky": "5"}),
        ("starts", {"method": "Both", "M": "12", "model": "network"}),
        ("starts", {"data": "notebook", "train": "means.transition_matrix"}),
        ("starts", {"family": "points", "cov": "full", "only": "means.1~means.2"}),
        (
            "variants",
            {
                "K": "3",
                "M": "20",
                "side": "plain.tied.sticky.cyclic.true",
                "unseen": "sequences",
            },
        ),
    ],
    ids=str,
)
def test_a_script_prints_the_pages_table(name, query, tmp_path):
    app = trained(opened("models.py", **{**SMALL, **query}), name)
    found, said = run_script(app, name, tmp_path)
    assert_same(found, table(app))
    printed = pd.read_csv(StringIO(said.split("\n")[1]), sep=r"\s\s+", header=None, engine="python")
    assert f"{table(app)['Log-likelihood'][0]:.2f}"[:-1] in said
    assert len(printed.columns) >= 4


def test_a_scripts_job_carries_its_own_starts_only():
    app = opened("models.py", **{**SMALL, "restarts": "40", "family": "counts"})
    script: dict[str, Any] = {"__name__": "of_no_module"}
    exec(compile(sweep_files.starts_file(session(app))(), "script", "exec"), script)
    ((_, text),) = script["STARTS"].items()
    lines, carried = [line.encode() for line in text.splitlines()], []

    class Watching(ThreadPoolExecutor):
        def submit(self, function, *what):
            sent = cloudpickle.dumps((function, what))
            carried.append([number for number, line in enumerate(lines) if line in sent])
            return super().submit(function, *what)

    with Watching(1) as executor:
        script["sweep"](executor, 1)
    assert len(lines) == 40
    assert len(carried) > 1
    assert sorted(number for own in carried for number in own) == list(range(40))


def test_a_script_has_the_visitors_own_data_with_gaps(tmp_path):
    values = [np.random.default_rng(n).normal(size=20) + 4 * (n % 2) for n in range(4)]
    values[1][2:5] = np.nan
    app = trained(upload(opened("models.py", **SMALL), values), "states")
    found, _ = run_script(app, "states", tmp_path)
    assert_same(found, table(app))


def test_too_many_starts_for_a_script_are_refused():
    app = opened("models.py", **{**SMALL, "K": "20", "M": "20", "N": "2", "restarts": "10000"})
    assert sweep_files.starts_file(session(app)) is None
    assert sweep_files.states_file(session(app)) is not None


@pytest.fixture
def own_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A server whose pool is made anew, and is left as it was."""
    background._pool.cache_clear()
    yield monkeypatch
    if (cluster := background.cluster()) is not None:
        cluster.shutdown()
    background._pool.cache_clear()


def test_the_pages_sweep_runs_on_the_operators_cluster(own_pool, tmp_path):
    query = {**SMALL, "K": "3", "M": "60", "upto": "4", "each": "12"}
    expected = table(trained(opened("models.py", **query), "states"))
    background._pool.cache_clear()
    with DaskCluster(tmp_path) as dask:
        workers = [dask.worker(), dask.worker()]
        own_pool.setenv(SCHEDULER, dask.address)
        cluster = background.cluster()
        assert cluster is not None
        # None of what follows is computed here.
        own_pool.setattr(cluster._local, "submit", lambda *what: pytest.fail(str(what)))
        end = time.monotonic() + PATIENCE
        while not cluster.is_there() or len(cluster._able) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        app = opened("models.py", **query)
        assert "The cluster is away" not in text(app)

        # Two visitors share the workers; the one with little to do does not wait for the other.
        other = opened("models.py", K="5", M="200", N="20", restarts="5000")
        press(other, "begin_starts")
        long = sweeps.starts_sweep(session(other))
        press(app, "begin_states")
        job = sweeps.states_sweep(session(app))
        while job.found is None or job.found.done == 0:
            assert not job.done, job.failed
            time.sleep(0.01)
        workers[0].kill()
        background.background(session(app)).join(job, PATIENCE)
        assert job.done
        assert not job.failed
        assert not long.done
        press(other, "cancel_starts")
        background.background(session(other)).join(long, PATIENCE)
        assert_same(table(healthy(app.run())), expected)

        found, said = run_script(app, "states", tmp_path, "--scheduler", dask.address)
        assert_same(found, expected)
        assert "away" not in said

        own_pool.undo()
        own_pool.setattr("hmmcore.selection.cluster.CONNECT_SECONDS", 1.0)
        dask.scheduler.kill()
        while not cluster.away:
            time.sleep(0.05)
        sentence = "The cluster is away: its scheduler does not answer."
        assert sentence in text(healthy(app.run()))
        again = opened("models.py", **query)
        assert_same(table(trained(again, "states")), expected)
        assert sentence in text(again)
