"""Jobs on a real Dask cluster on loopback, and on this machine where it cannot do them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from hmmcore import EM
from hmmcore.selection import Cluster, Task, as_they_end, cluster
from tests.dask_cluster import PATIENCE, DaskCluster
from tests.hmmcore.selection.test_jobs import data_of, reached, task_of


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


class Counting(ThreadPoolExecutor):
    """Threads that count the jobs they are given."""

    count = 0

    def submit(self, *what):
        self.count += 1
        return super().submit(*what)


@pytest.fixture
def local() -> Iterator[Counting]:
    with Counting(2) as pool:
        yield pool


def die_elsewhere(here: int) -> None:
    """End any process but this one."""
    if os.getpid() != here:
        os._exit(1)


def tasks(max_iterations=300) -> dict[str, Task]:
    return {
        family: task_of(family, num_starts=24, max_iterations=max_iterations, tolerance=0.0)
        for family in ("numbers", "counts", "network")
    }


def assert_same(found, expected) -> None:
    assert {key: sorted(runs) for key, runs in found.items()} == {
        key: sorted(runs) for key, runs in expected.items()
    }
    for key, runs in expected.items():
        for number, log_likelihoods in runs.items():
            np.testing.assert_array_equal(found[key][number], log_likelihoods)


def test_a_cluster_that_is_away_is_told_in_a_clause_and_this_machine_computes(local, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.2)
    few = {"counts": task_of("counts", num_starts=9)}
    expected = reached(few)
    for address in ("tcp://127.0.0.1:1", "no address at all"):
        before = local.count
        with Cluster(address, local, 2) as executor:
            assert_same(reached(few, executor=executor), expected)  # nobody waits for an answer
            assert not executor.is_there(PATIENCE)
            assert executor.away == "its scheduler does not answer"
            assert_same(reached(few, executor=executor), expected)
            assert executor.num_threads == 2
        assert local.count > before
        with pytest.raises(RuntimeError, match="it takes no more jobs"):
            executor.submit(int)
    assert local.submit(int).result() == 0, "the threads stay open"


def test_without_dask_there_is_a_clause_too(local, monkeypatch):
    def none(name):
        raise ImportError(name)

    monkeypatch.setattr(cluster, "import_module", none)
    with Cluster("tcp://127.0.0.1:1", local, 2) as executor:
        assert not executor.is_there(PATIENCE)
        assert executor.away == "the package distributed is not installed here"
        assert executor.submit(int).result() == 0


def test_jobs_come_to_the_same_whatever_becomes_of_the_cluster(local, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 20.0)
    given = tasks()
    expected = reached(given)
    with DaskCluster(tmp_path) as dask, Cluster(dask.address, local, 2) as executor:
        workers = [dask.worker(), dask.worker()]

        def swept() -> None:
            found = reached(given, executor=executor, most_waiting=lambda: executor.num_threads)
            assert_same(found, expected)

        def swept_while(happens: Callable[[], None]) -> None:
            """The same, while something happens once the first results are there."""
            found = {key: {} for key in given}
            for number, ended in enumerate(
                as_they_end(given, executor, most_waiting=lambda: executor.num_threads)
            ):
                if number == 2:
                    happens()
                found[ended.key] |= {n: r.result.log_likelihoods for n, r in ended.runs.items()}
            assert_same(found, expected)

        until(lambda: executor.is_there() and executor.num_threads == 2
              and len(executor._able) == 2, "two workers")  # fmt: skip
        assert not executor.away
        assert not executor.rounds_differently
        swept()
        assert local.count == 0
        # What it cannot do by itself is done here: a lock cannot be sent.
        lock = threading.Lock()
        assert executor.submit(lock.locked).result(PATIENCE) is False
        assert local.count == 1
        # A defect of the job's own stays one.
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result(PATIENCE)
        assert local.count == 1

        swept_while(workers[0].kill)
        assert local.count == 1, "the other worker did it all"
        until(lambda: executor.num_threads == 1, "one worker")

        # Cancelled: the worker has its thread free for others, though the fit would last for ever.
        endless = Task(EM(data_of("network")), given["network"].make_start, 3,
                       np.random.default_rng(0).spawn(2), 10**9, 0.0)  # fmt: skip
        short = task_of("counts", num_starts=1)
        iterator = as_they_end({"short": short, "endless": endless}, executor, most_waiting=2)
        assert next(iterator).key == "short"
        begun = time.monotonic()
        iterator.close()
        assert time.monotonic() - begun < 10.0, "nobody waits for what was cancelled"
        assert executor.submit(int).result(PATIENCE) == 0
        assert local.count == 1

        swept_while(workers[1].kill)
        assert local.count > 1
        until(lambda: executor.away == "it has no workers", "no worker")

        dask.worker()
        until(lambda: executor.is_there() and not executor.away, "another worker")
        before = local.count
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
        swept_while(dask.scheduler.kill)
        assert local.count > before
        until(lambda: executor.away == "its scheduler does not answer", "no scheduler")
        monkeypatch.setattr(cluster, "CONNECT_SECONDS", 20.0)

        monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
        with DaskCluster(tmp_path, dask.port) as again:
            again.worker()
            again.worker()
            until(lambda: len(executor._able) == 2 and not executor.away, "the scheduler is back")
            before = local.count
            # What workers die of is not done here, where it would take everybody along.
            with pytest.raises(ValueError, match="workers of the cluster died"):
                executor.submit(die_elsewhere, os.getpid()).result(PATIENCE)
            assert local.count == before

            monkeypatch.setattr(cluster, "code_of", lambda packages: "other")
            with Cluster(again.address, local, 2) as other:
                assert not other.is_there(PATIENCE)
                assert "another version" in other.away
                assert other.submit(int).result() == 0
    assert not [one for one in threading.enumerate() if one.name == "cluster"]
