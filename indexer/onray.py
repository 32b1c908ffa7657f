"""Workers as actors on a Ray cluster: Ray places them on nodes that come and go, with processors or GPUs.

Each does what `soundalike work` does. Ray holds no state: if an actor is lost with its node, the job requests another,
and other workers do its chunks when its claims expire.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from indexer.staffing import Staffing
from search.errors import UsageError, printable
from search.ground.extras import is_installed, why_missing

_PACKAGE = "ray"
_OURS = "SOUNDALIKE_"
_SKIPPED = "RAY_DEDUP_LOGS_SKIP_REGEX"
"""Which lines Ray does not print. It would report lost nodes on standard output, where ``--json`` is read from."""

_ADDRESS = "RAY_ADDRESS"
_JOINING = "import ray; ray.init(log_to_driver=False, configure_logging=False); ray.shutdown()"
_JOINING_S = 120.0
_NOT_A_NODE = (
    "the Ray cluster at {address} cannot be joined from here ({why}); a program that uses a cluster runs on one of its "
    "nodes: check that it runs, and make this machine a node that does no work: "
    "ray start --address={address} --num-cpus=0"
)


def ray_itself() -> Any:  # noqa: ANN401  a module
    """The ``ray`` module, configured to write nothing to standard output. Ray reads this setting when it is loaded."""
    os.environ.setdefault(_SKIPPED, ".")
    import ray

    return ray


class RayCluster:
    """The cluster at ``RAY_ADDRESS``, or one of this machine alone if that is not set."""

    def __init__(self, staffing: Staffing) -> None:
        """Raises UsageError if Ray is not installed, or the cluster cannot be reached."""
        if not is_installed(_PACKAGE):
            raise UsageError(why_missing("--on ray", _PACKAGE) or f"install {_PACKAGE}")
        ray = ray_itself()
        self._staffing = staffing
        if not ray.is_initialized():
            _require_joinable(os.environ.get(_ADDRESS, ""))
            try:
                ray.init(log_to_driver=False, configure_logging=False)
            except ConnectionError as error:
                raise UsageError(f"the Ray cluster cannot be reached: {str(error).splitlines()[0]}") from error

    def start(self) -> RayWorker:
        """Request an actor. It starts when the cluster has room for it."""
        import ray

        staffing = self._staffing
        # two concurrent calls: one works, the other stops it
        actor = ray.remote(num_cpus=staffing.threads, num_gpus=staffing.gpus, max_concurrency=2)(_Actor)
        return RayWorker(actor.remote(), staffing)


def _require_joinable(address: str) -> None:
    """Raise UsageError if this machine cannot join the cluster.

    This is tried in a separate process: on a machine that is not a node of the cluster, Ray ends the process.
    """
    if not address or "://" in address:  # a cluster of this machine alone; or Ray's client, which raises its own errors
        return
    command = [sys.executable, "-c", _JOINING]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=_JOINING_S, check=False)  # noqa: S603 - this Python
    except subprocess.TimeoutExpired as error:
        why = f"no answer within {_JOINING_S:.0f} s"
        raise UsageError(_NOT_A_NODE.format(address=address, why=why)) from error
    if tried.returncode:
        lines = tried.stderr.decode("utf-8", "replace").strip().splitlines()
        why = printable(lines[-1]) if lines and tried.returncode > 0 else "Ray gave up"
        raise UsageError(_NOT_A_NODE.format(address=address, why=why))


class RayWorker:
    """See `indexer.staffing.StartedWorker`."""

    def __init__(self, actor: Any, staffing: Staffing) -> None:  # noqa: ANN401  # Ray makes its type
        self._actor = actor
        ours = {name: value for name, value in os.environ.items() if name.startswith(_OURS)}
        ours |= staffing.environment
        self._result = actor.work.remote(str(staffing.library), staffing.threads, ours)

    def ended(self) -> str | None:
        """See `indexer.staffing.StartedWorker`."""
        import ray

        ready, _ = ray.wait([self._result], timeout=0)
        if not ready:
            return None
        try:
            ray.get(self._result)
        except ray.exceptions.RayActorError:
            return "it was lost with its node or process"
        except ray.exceptions.RayTaskError as error:
            return str(error.cause or error).strip().splitlines()[-1]
        return "it stopped by itself"

    def stop(self) -> None:
        """See `indexer.staffing.StartedWorker`."""
        self._actor.stop.remote()

    def wait(self, seconds: float) -> None:
        """See `indexer.staffing.StartedWorker`. An actor that was never placed is killed at once."""
        import ray

        ray.wait([self._result], timeout=seconds if self._has_begun() else 0)
        ray.kill(self._actor)

    def _has_begun(self) -> bool:
        import ray

        ready, _ = ray.wait([self._actor.ping.remote()], timeout=2)
        return bool(ready)


class _Actor:
    """What runs on a node."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def work(self, library: str, threads: int, environment: dict[str, str]) -> int:
        """Work until stopped. Return how many chunks were done."""
        from indexer.threads import one_thread_per_call
        from indexer.working import work
        from search import wiring
        from search.settings import Settings

        os.environ.update(environment)
        settings = Settings.from_env(os.environ)
        one_thread_per_call(threads)
        with wiring.library(Path(library), settings) as opened:
            return work(opened, lambda name: wiring.encoder(name, settings), threads=threads, stop=self._stop).chunks

    def stop(self) -> None:
        """Ask it to end; finished files are written."""
        self._stop.set()

    def ping(self) -> bool:
        """Return True: the actor has started."""
        return True
