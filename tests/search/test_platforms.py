"""Without POSIX-only features, the package still imports, indexes, searches and serves over HTTP.

Not Windows itself, which our tests do not run on: its paths, its files that cannot be replaced while they are open.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT = """
import ctypes, os, pathlib, signal, sys, socket
for module in ("fcntl", "resource", "pwd", "grp", "termios", "syslog"):
    sys.modules[module] = None  # importing it raises ImportError
found = ctypes.CDLL.__init__
def named(self, name, *rest, **more):
    if name is None:
        raise TypeError("expected str, bytes or os.PathLike object, not NoneType")  # what Windows says
    found(self, name, *rest, **more)
ctypes.CDLL.__init__ = named
for thing, names in {
    os: ("nice", "O_NONBLOCK", "setsid", "sched_getaffinity"),
    signal: ("SIGKILL", "SIGHUP", "SIGUSR1"),
    socket: ("SO_REUSEPORT",),
}.items():
    for name in names:
        delattr(thing, name)
"""

WORK = """
import numpy, soundfile
from search import cli
from search.ground import memory
folder = pathlib.Path(sys.argv[1])
(folder / "sounds").mkdir()
for number in range(3):
    noise = numpy.random.default_rng(number).uniform(-0.5, 0.5, 16000)
    soundfile.write(folder / "sounds" / f"rain {number}.wav", noise, 16000)
library = ["--library", str(folder / "library")]
assert not memory.keep_freed_memory() and not memory.share_heaps(2) and not memory.give_back_freed_memory()
assert cli.main(["index", str(folder / "sounds"), "--encoder", "spectral", "--quiet", *library]) == 0
assert cli.main(["search", "--text", "rain", "--audio", str(folder / "sounds" / "rain 1.wav"), *library]) == 0
assert cli.main(["verify", *library]) == 0
import os
from search import wiring
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.processes import supervisor, worker
from search.service.service import Service
from search.settings import Settings
supervisor.bind("127.0.0.1", 0).close()
settings = Settings.from_env(os.environ)
with wiring.library(folder / "library", settings) as opened:
    client = create_app(Service.over(opened, ServiceConfig(folder / "library"))).test_client()
    assert len(client.post("/api/v1/search", json={"parts": [{"text": "rain"}]}).get_json()["hits"]) == 3
    upload = {"files": (folder.joinpath("sounds", "rain 1.wav").open("rb"), "again.wav")}
    assert client.post("/api/v1/clips", data=upload).status_code == 202
"""


@pytest.mark.thorough
def test_without_what_only_posix_has_a_folder_is_indexed_searched_and_served(tmp_path):
    command = [sys.executable, "-c", WITHOUT + WORK, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
