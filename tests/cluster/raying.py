"""A Ray cluster of three nodes, simulated on this machine: a raylet each, with a processor's worth of room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waiting import PATIENCE_S

NODES = 3
_RAY_WAITS_S = 30.0
"""For a node that starts, whatever else the machine does."""
_STARTING_S = 5 * PATIENCE_S


class Nodes:
    """The cluster; the driver is on its head, the first node."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self._others = [cluster.add_node(num_cpus=1) for _ in range(NODES - 1)]

    def lose_one(self) -> None:
        """End a node, with all that runs there, at once."""
        self._cluster.remove_node(self._others.pop(), allow_graceful=False)

    def lose(self, actor: Any) -> None:
        """Kill an actor's process."""
        import ray

        ray.kill(actor, no_restart=True)


@contextmanager
def three_nodes() -> Iterator[Nodes]:
    """Within the block they are there, and this process is connected; afterwards nothing is left of them."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        with pytest.MonkeyPatch.context() as patch:
            slow = SimpleNamespace(
                sleep=time.sleep, time=time.time, monotonic=lambda: time.monotonic() * _RAY_WAITS_S / _STARTING_S
            )
            patch.setattr("ray._private.node.time", slow)
            patch.setenv("RAY_worker_niceness", "0")  # else its workers wait for every other program of this machine
            cluster.add_node(num_cpus=1, include_dashboard=False)
            nodes = Nodes(cluster)
        ray.init(address=cluster.address, log_to_driver=False, configure_logging=False)
        cluster.wait_for_nodes(PATIENCE_S)
        yield nodes
    finally:
        ray.shutdown()
        cluster.shutdown()
