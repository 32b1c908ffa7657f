"""What `make test-cluster` runs: the tests of servers, in a private network that nobody else can reach."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

from tests.cluster.milvus import PROGRAM

SERVERS = (
    "tests/cluster",
    "tests/search/test_catalog.py",
    "tests/search/test_catalog_batches.py",
    "tests/search/test_catalog_chunks.py",
    "tests/search/test_catalog_postgresql.py",
    "tests/search/test_shipping.py",
    "tests/service/test_library_on_a_server.py",
    "tests/service/test_stores.py",
    "tests/indexer/test_stores.py",
    "tests/indexer/test_sharing.py",
    "tests/indexer/test_onray.py",
)
"""Tests of Milvus, PostgreSQL, S3, workers with claims, and workers on Ray if it is installed."""


def main() -> int:
    """Run all of these tests, or those that are named. Other options are passed to pytest."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--milvus", required=True, metavar="PYTHON", help="of an environment with milvus==2.3.5")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="as pytest takes them, in the place of all of these")
    args, options = parser.parse_known_args()
    command = [sys.executable, "-m", "pytest", "-m", "cluster or not slow", "-p", "no:cacheprovider"]
    tests = [*command, *options, *(args.tests or SERVERS)]
    environ = {**os.environ, PROGRAM: os.path.abspath(args.milvus)}  # noqa: PTH100  links must not be resolved
    environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # processes that fork here start a program at once
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # otherwise Ray's programs are compiled again at every start
    return subprocess.run([*_alone(), *tests], check=False, env=environ).returncode


def _alone() -> list[str]:
    """The words that run a command in a network with only loopback; [] if the system does not allow it."""
    unshare = shutil.which("unshare")
    if unshare is None or shutil.which("ip") is None:
        return []
    become = [] if os.getuid() == 0 else ["--map-root-user"]
    alone = [unshare, *become, "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    return alone if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode == 0 else []


if __name__ == "__main__":
    sys.exit(main())
