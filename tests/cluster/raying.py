"""A Ray cluster of three nodes, simulated on this machine: a raylet each, with a processor's worth of room.

It is started by a process of its own: Ray forks for each of its programs, which a process whose threads talk to other
servers does not always survive.
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
"""For a node that starts, whatever else the machine does."""
_HERE = "127.0.0.1"
"""Without it Ray takes the address of the machine's name, which a network of loopback alone may not have."""
_SAID = "raying: "


class Nodes:
    """The cluster; the driver is on its head, the first node."""

    def __init__(self) -> None:
        environ = {
            **os.environ,
            "RAY_worker_niceness": "0",  # else its workers wait for every other program of this machine
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        command = [sys.executable, "-m", "tests.cluster.raying"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ)
        self.address = self._answer()

    def lose_one(self) -> None:
        """End a node, with all that runs there, at once."""
        assert self._process.stdin is not None
        self._process.stdin.write("lose one\n")
        self._process.stdin.flush()
        assert self._answer() == "lost"

    def lose(self, actor: Any) -> None:
        """Kill an actor's process."""
        ray_itself().kill(actor, no_restart=True)

    def close(self) -> None:
        """Stop it and leave nothing."""
        self._process.communicate(timeout=PATIENCE_S)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        said = next((line for line in self._process.stdout if line.startswith(_SAID)), None)
        assert said is not None, "Ray's nodes did not start; what they say is above"
        return said.removeprefix(_SAID).strip()


@contextmanager
def three_nodes() -> Iterator[Nodes]:
    """Within the block they are there, and this process is connected; afterwards nothing is left of them."""
    ray, nodes = ray_itself(), Nodes()
    try:
        ray.init(address=nodes.address, log_to_driver=False, configure_logging=False)
        yield nodes
    finally:
        ray.shutdown()
        nodes.close()


def main() -> None:
    """Start the nodes, say where they are, and lose one at each line of standard input; stop them at its end."""
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
