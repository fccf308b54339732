"""A Dask cluster that does jobs, and threads of this machine that do them while it is away."""

from __future__ import annotations

import asyncio
import logging
import platform
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from llvmlite import binding

CONNECT_SECONDS = 10.0
"""The longest time that connecting to a scheduler may take, and each question to it later."""

LOOK_SECONDS = 1.0
"""Seconds between two looks whether the scheduler and its workers are there."""

BEHIND = ("numpy", "scipy", "numba", "llvmlite")
"""What results depend on, besides the code itself."""

NOT_INSTALLED = "the package distributed is not installed here"
KILLED = (
    "workers of the cluster died one after the other while they did this, as they do when memory "
    "runs out; choose less data, or fewer states."
)
NO_ANSWER = "its scheduler does not answer"
NO_WORKERS = "it has no workers"
OTHER_CODE = "its workers run another version of this program or of what it needs"

logger = logging.getLogger(__name__)


class Machine(NamedTuple):
    """What a worker is.

    Attributes:
        code: a digest of the code that it runs, and of the versions of what that needs.
        processor: what kernels are compiled for. Other processors round differently.
    """

    code: str
    processor: str


class Cluster(Executor):
    """Does jobs on a Dask cluster while it is there, and on this machine while it is not.

    A thread connects, and connects again whenever the scheduler was away: `submit` never waits for
    that. Only workers that run the same code as this process are given jobs, so that results are
    those of this machine, but for rounding where processors differ. A job whose worker dies is done
    by another; when all are gone, or the scheduler is, jobs on their way are given back: their
    futures have a `BrokenExecutor`. What cannot be sent there and back, `local` does. A job
    of which several workers died has failed: its future has a `ValueError`.

    Nothing is pickled but between this process and the cluster, which must be one's own.

    Args:
        address: of the scheduler, such as "tcp://127.0.0.1:8786".
        local: who does the jobs meanwhile; a pool of threads. It stays open.
        local_threads: how many of them there are.
        packages: those that workers must have as this process has them.
    """

    def __init__(
        self,
        address: str,
        local: ThreadPoolExecutor,
        local_threads: int,
        packages: tuple[str, ...] = ("hmmcore",),
    ) -> None:
        self._address, self._local, self._local_threads = address, local, local_threads
        self._packages, self._here = packages, machine(packages)
        # What other threads read is replaced as a whole; all else belongs to the thread that looks.
        self._able: Mapping[str, tuple[_Worker, Machine]] = {}
        self._away = ""
        self._looked, self._closed = threading.Event(), threading.Event()
        self._loop = asyncio.new_event_loop()
        self._client: Any = None
        self._killed: type[BaseException] | tuple[()] = ()
        self._scheduler = ""
        self._asked: dict[str, _Worker] = {}
        self._machines: dict[str, Machine] = {}
        self._remote: dict[Future[Any], Any] = {}
        self._followers: set[asyncio.Task[None]] = set()
        self._watch = threading.Thread(target=self._work, name="cluster", daemon=True)
        self._watch.start()

    @property
    def away(self) -> str:
        """Why this machine computes in place of the cluster, in a clause; empty if it does not.

        Empty as well while the first answer is waited for.
        """
        return self._away

    @property
    def num_threads(self) -> int:
        """How many jobs are done at once."""
        return sum(w.num_threads for w, _ in self._able.values()) or self._local_threads

    @property
    def rounds_differently(self) -> bool:
        """Whether some workers have another kind of processor than this machine."""
        return any(m.processor != self._here.processor for _, m in self._able.values())

    def is_there(self, seconds: float | None = None) -> bool:
        """Whether the cluster does jobs; the first answer is waited for, at most so long."""
        self._looked.wait(seconds)
        return bool(self._able)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As every executor does; without waiting."""
        if self._closed.is_set():
            raise RuntimeError("the cluster's executor is shut down; it takes no more jobs.")
        job = partial(fn, *args, **kwargs)
        if not self._able:
            return self._local.submit(job)
        future: Future[Any] = Future()
        # Called at once where somebody cancels it: what nobody wants, the workers give up.
        future.add_done_callback(lambda done: self._in_loop(self._release, done))
        return future if self._in_loop(self._send, future, job) else self._local.submit(job)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, which goes on; jobs on their way are given back."""
        self._closed.set()
        if wait:
            self._watch.join()

    def _in_loop(self, function: Callable[..., object], *arguments: Any) -> bool:
        """Call a function in the thread that looks; False once that has ended."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            return False
        return True

    # --- jobs on their way ------------------------------------------------------------------------

    def _send(self, future: Future[Any], job: Callable[[], Any]) -> None:
        remote = None
        if self._able and not future.cancelled():
            try:
                remote = self._client.submit(_outcome, job, workers=list(self._able), pure=False)
            except Exception as problem:
                self._do_here(future, job, problem)
                return
        self._remote[future] = remote
        if remote is None:
            self._give_back(future)
            return
        follower = self._loop.create_task(self._follow(future, job, remote))
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)

    async def _follow(self, future: Future[Any], job: Callable[[], Any], remote: Any) -> None:
        """Say what became of a job on the cluster."""
        try:
            result, error = await remote
        except (Exception, asyncio.CancelledError) as problem:
            if remote.status != "error":
                self._give_back(future)
            elif self._take(future):
                if isinstance(problem, self._killed):
                    # What was too much for several workers is not for this machine.
                    future.set_exception(ValueError(KILLED))
                else:
                    self._do_here(future, job, problem)
            return
        if self._take(future):
            _settle(future, result, error)

    def _release(self, future: Future[Any]) -> bool:
        """Let the cluster go of a job; whether the caller is the first who does."""
        if future not in self._remote:
            return False
        if (remote := self._remote.pop(future)) is not None:
            remote.release()
        return True

    def _take(self, future: Future[Any]) -> bool:
        """Whether the caller may say what became of a job: one does, and none if cancelled."""
        return self._release(future) and future.set_running_or_notify_cancel()

    def _do_here(self, future: Future[Any], job: Callable[[], Any], why: BaseException) -> None:
        """Do a job that the cluster could not, as one that its workers cannot read."""
        logger.warning("The cluster could not do a job, so it is done here: %r", why)
        self._local.submit(lambda: _settle(future, *_outcome(job)))

    def _give_back(self, future: Future[Any]) -> None:
        if self._take(future):
            future.set_exception(BrokenExecutor("the cluster went away before the job had ended."))

    # --- the connection ---------------------------------------------------------------------------

    def _work(self) -> None:
        """What the thread that looks does."""
        try:
            distributed, dask = import_module("distributed"), import_module("dask")
        except ImportError:
            self._away = NOT_INSTALLED
            self._loop.close()
            self._looked.set()
            return
        self._killed = distributed.KilledWorker
        # A job carries its data, which Dask would rather be sent once.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GiB"})
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._keep_looking(distributed))

    async def _keep_looking(self, distributed: Any) -> None:
        while not self._closed.is_set():
            try:
                await self._look(distributed)
            except (Exception, asyncio.CancelledError) as error:
                # Whatever it is, this machine can do without the cluster.
                if self._away != NO_ANSWER:
                    logger.warning("The cluster at %s is away: %r", self._address, error)
                await self._leave()
                self._looked.set()
            await asyncio.sleep(LOOK_SECONDS)
        await self._leave()

    async def _look(self, distributed: Any) -> None:
        """Look who is there. Raises what Dask raises when nobody answers."""
        if self._client is None:
            self._client = distributed.Client(
                self._address, timeout=CONNECT_SECONDS, set_as_default=False, asynchronous=True
            )
            await self._client
        client = self._client
        found = await asyncio.wait_for(client.scheduler.identity(n_workers=-1), CONNECT_SECONDS)
        if client.status != "running" or found["id"] != (self._scheduler or found["id"]):
            raise OSError("the connection was lost.")
        self._scheduler = found["id"]
        workers = {
            address: _Worker(about["local_directory"], about["nthreads"])
            for address, about in found["workers"].items()
        }
        for address, worker in list(self._asked.items()):
            if worker != workers.get(address):
                del self._asked[address]
                self._machines.pop(address, None)
        for address in workers.keys() - self._asked.keys():
            self._asked[address] = workers[address]
            hearing = self._loop.create_task(self._ask(address, workers[address]))
            self._followers.add(hearing)
            hearing.add_done_callback(self._followers.discard)
        self._able = {
            address: (workers[address], own)
            for address, own in self._machines.items()
            if own.code == self._here.code
        }
        if workers and not self._able and self._machines.keys() != workers.keys():
            return  # answers are on their way
        self._away = "" if self._able else OTHER_CODE if workers else NO_WORKERS
        if self._away:
            self._give_all_back()
        self._looked.set()

    async def _ask(self, address: str, worker: _Worker) -> None:
        """Ask a worker what it is; it answers when it has a thread free."""
        answer = self._client.submit(machine, self._packages, workers=[address], pure=False)
        try:
            found = await answer
        except (Exception, asyncio.CancelledError):
            # What cannot read the question runs other code.
            found = Machine("", "") if answer.status == "error" else None
        if self._asked.get(address) is not worker:
            return
        if found is None:  # lost: it is asked again
            del self._asked[address]
        else:
            self._machines[address] = found

    async def _leave(self) -> None:
        """Give up the connection, and give back what is on its way."""
        client, self._client, self._scheduler = self._client, None, ""
        self._able, self._asked, self._machines, self._away = {}, {}, {}, NO_ANSWER
        self._give_all_back()
        if client is not None:
            with suppress(Exception, asyncio.CancelledError):
                await asyncio.wait_for(client.close(), CONNECT_SECONDS)

    def _give_all_back(self) -> None:
        for future in list(self._remote):
            self._give_back(future)


class _Worker(NamedTuple):
    """A worker's own folder, by which a new one at an old address is known, and its threads."""

    folder: str
    num_threads: int


def _settle(future: Future[Any], result: Any, error: Exception | None) -> None:
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _outcome(job: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """What a job gives, or how it fails: so that its failures are told from the cluster's."""
    try:
        return job(), None
    except Exception as error:
        return None, error


def machine(packages: tuple[str, ...]) -> Machine:
    """What the machine is that calls this."""
    return Machine(code_of(packages), processor())


@cache
def processor() -> str:
    """The processor that kernels are compiled for."""
    features = binding.get_host_cpu_features().flatten()
    return f"{platform.system()} {binding.get_host_cpu_name()} {features}"


@cache
def code_of(packages: tuple[str, ...]) -> str:
    """A digest of the sources of packages, and of the versions of what they are built on."""
    digest = blake2b(repr((sys.version_info[:2], [version(one) for one in BEHIND])).encode())
    for package in packages:
        spec = find_spec(package)
        found = (spec and spec.submodule_search_locations) or ()
        # A folder without __init__.py is found once for each way that leads to it.
        for folder in sorted({Path(one).resolve() for one in found}):
            for path in sorted(folder.rglob("*.py")):
                digest.update(f"\n{path.relative_to(folder).as_posix()}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()
