"""A Ray cluster of three nodes, simulated on this machine: each is a raylet with room for one processor.

A separate process starts it: Ray forks for each of its programs, and a process whose threads talk to other servers does
not always survive that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from indexer.onray import ray_itself
from tests.waiting import PATIENCE_S

NODES = 3
_RAY_WAITS_S = 30.0
"""How long Ray itself waits for a node to start; `main` stretches it to `PATIENCE_S` for busy machines."""
_HERE = "127.0.0.1"
"""Without it, Ray uses the address of the machine's name, which a network with only loopback may not have."""
_SAID = "raying: "


class Nodes:
    """The cluster. The driver is on the first node, its head."""

    def __init__(self) -> None:
        environ = {
            **os.environ,
            "RAY_worker_niceness": "0",  # otherwise its workers wait for all other programs on this machine
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        command = [sys.executable, "-m", "tests.cluster.raying"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        self.address = self._answer()

    def lose_one(self) -> None:
        """Kill a node and everything that runs on it."""
        assert self._process.stdin is not None
        self._process.stdin.write("lose one\n")
        self._process.stdin.flush()
        assert self._answer() == "lost"

    def lose(self, actor: Any) -> None:
        """Kill an actor's process."""
        ray_itself().kill(actor, no_restart=True)

    def close(self) -> None:
        """Stop the cluster."""
        self._process.communicate(timeout=PATIENCE_S)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        said = next((line for line in self._process.stdout if line.startswith(_SAID)), None)
        assert said is not None, "Ray's nodes did not start; what they say is above"
        return said.removeprefix(_SAID).strip()


@contextmanager
def three_nodes() -> Iterator[Nodes]:
    """Start the nodes, and connect this process to them within the block; stop them afterwards."""
    ray, nodes = ray_itself(), Nodes()
    try:
        ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
        yield nodes
    finally:
        ray.shutdown()
        nodes.close()


def main() -> None:
    """Start the nodes, print their address, and kill one at each line of standard input; stop all at its end."""
    import ray._private.node
    from ray.cluster_utils import Cluster

    ray._private.node.time = SimpleNamespace(
        sleep=time.sleep, time=time.time, monotonic=lambda: time.monotonic() * _RAY_WAITS_S / PATIENCE_S
    )
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=1, include_dashboard=False, no_monitor=True, node_ip_address=_HERE)
        others = [cluster.add_node(num_cpus=1, node_ip_address=_HERE) for _ in range(NODES - 1)]
        cluster.wait_for_nodes(PATIENCE_S)
        print(f"{_SAID}{cluster.address}", flush=True)
        for _ in sys.stdin:
            cluster.remove_node(others.pop(), allow_graceful=False)
            print(f"{_SAID}lost", flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
