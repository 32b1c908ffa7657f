"""A worker whose connection to the catalog's server is cut for 15 s, between two networks of this machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.indexer.conftest import write_tone
from tests.waiting import wait_until

FILES = 240
CUT_S = 15.0
"""This is what is tried, and no wait for anything: nothing that is asserted depends on how long it is."""
HERE, THERE = "10.99.0.1", "10.99.0.2"
_AT_WORK = f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{THERE}' AND state = 'active'"
CLI = [sys.executable, "-m", "search.cli"]


def alone() -> list[str] | None:
    """What starts a command as root of a network of its own; None where the system does not let us."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))) or os.getuid() != 0:
        return None
    command = ["unshare", "--net"]
    made = [*command, "ip", "link", "add", "va", "type", "veth", "peer", "name", "vb"]
    return command if subprocess.run(made, check=False, capture_output=True).returncode == 0 else None


def test_the_server_of_all_other_tests_is_reached_by_its_socket_alone(postgresql):
    """Whoever gets to an address that it listens at is trusted."""
    assert postgresql._tell("SHOW listen_addresses") == ""


@pytest.mark.slow
def test_a_worker_whose_line_is_cut_for_15_s_loses_and_doubles_nothing(postgresql, tmp_path):
    """It waits, and goes on with what it had claimed; the job has every file once."""
    command = alone()
    if command is None:
        pytest.skip("two networks need root, and the programs unshare, nsenter and ip")
    for number in range(FILES):
        write_tone(tmp_path / "sounds" / f"{number}.wav", hz=300 + 5 * number)
    done = subprocess.run([*command, sys.executable, "-m", __name__, tmp_path], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    printed = json.loads(done.stdout)
    assert printed["done before the cut"] < FILES
    assert printed["done within it"] == 0, "the line was not cut"
    assert printed["indexed"] == FILES
    assert printed["clips"] == FILES
    assert printed["verified"] == 0


def main(folder: Path) -> None:
    """Within a network of its own: have a job's worker in another one, cut the line between, and tell what came."""
    from tests import postgresql

    other = _other_network()
    programs = postgresql.binaries()
    assert programs is not None
    server = postgresql.Server(programs, listen=HERE)
    try:
        print(json.dumps(_cut(folder, server, other)))
    finally:
        server.close()
        other.kill()


def _cut(folder: Path, server, other) -> dict[str, int]:
    from search.catalog.store import Catalog

    url = server.new()
    name = url.partition("?")[0].rpartition("/")[2]
    by_line = f"postgresql://soundalike@{HERE}/{name}"
    environ = {**os.environ, "SOUNDALIKE_ENCODER": "spectral"}
    for place, catalog in (("here", url), ("there", by_line)):
        _run(*CLI, "init", "--library", folder / place, "--catalog", catalog)
    words = ["index", folder / "sounds", "--library", folder / "here", "--share", "0", "--json"]
    job = subprocess.Popen([*CLI, *words], env=environ, stdout=subprocess.PIPE)
    there = ["nsenter", f"--net=/proc/{other.pid}/ns/net"]
    work = [*CLI, "work", "--library", folder / "there", "--workers", "1", "--until-eof", "--quiet"]
    worker = subprocess.Popen([*there, *work], env=environ, stdin=subprocess.PIPE)
    with Catalog.open(url) as catalog:
        wait_until(lambda: catalog.stats().clips)
        _run("ip", "link", "set", "va", "down")
        wait_until(lambda: server._tell(_AT_WORK) == 0)  # it has written what it had been sent
        before = catalog.stats().clips
        time.sleep(CUT_S)
        within = catalog.stats().clips - before
        _run("ip", "link", "set", "va", "up")
        output, _ = job.communicate()
        worker.communicate()
        verified = subprocess.run([*CLI, "verify", "--library", folder / "here"], check=False, capture_output=True)
        return {
            "done before the cut": before,
            "done within it": within,
            "indexed": json.loads(output)["indexed"],
            "clips": catalog.stats().clips,
            "verified": verified.returncode,
        }


def _other_network() -> subprocess.Popen[bytes]:
    """A process in another network, with a line to this one."""
    other = subprocess.Popen(["unshare", "--net", "sleep", "3600"])
    mine = Path("/proc/self/ns/net").readlink()
    wait_until(lambda: Path(f"/proc/{other.pid}/ns/net").readlink() != mine)
    there = ["nsenter", f"--net=/proc/{other.pid}/ns/net"]
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb")
    _run("ip", "link", "set", "vb", "netns", str(other.pid))
    for prefix, name, address in (([], "va", HERE), (there, "vb", THERE)):
        _run(*prefix, "ip", "addr", "add", f"{address}/24", "dev", name)
        _run(*prefix, "ip", "link", "set", name, "up")
    return other


def _run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
