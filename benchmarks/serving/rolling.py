"""How many requests fail while two services behind nginx are restarted one after the other.

    python -m benchmarks.serving.rolling --rate 50 --restarts 4

Two ``soundalike serve`` of one library run behind a real nginx with the configuration of ``deploy/nginx.conf``.
Requests are sent at a fixed rate, without waiting for answers: lists, similar clips and words, each on its own
connection, half of them with GET. One service gets SIGTERM, is started again at its port, and must answer ``/ready``
with 200; then the other one is restarted. A request without a 200 answer has failed. Milliseconds count from the time
when a request was due.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving.library import WORK, clips_in, copy_of, made
from benchmarks.serving.questions import API
from benchmarks.serving.served import START_S, Served
from search.errors import SoundalikeError, UsageError
from search.ground.ending import with_status
from search.settings import Settings

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf"
TIMEOUT_S = 60.0
AT_ONCE = 128
SETTLED_S = 3.0
"""How long requests run before, between and after restarts."""
_OPTIONS = ("--trusted-proxy", "127.0.0.1", "--rate", "1000000")


@dataclass
class RequestResults:
    """The results of the requests: milliseconds from when each was due, and the reasons of those that failed."""

    ms: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """All requests."""
        return len(self.ms)


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.rolling", description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=50.0, metavar="N", help="requests a second (50)")
    parser.add_argument("--restarts", type=int, default=4, metavar="N", help="restarts; the services take turns (4)")
    parser.add_argument("--library", type=Path, metavar="DIR", help="an existing library (default: a generated one)")
    parser.add_argument(
        "--segments", type=int, default=20_000, metavar="N", help="segments of the generated library (20000)"
    )
    parser.add_argument(
        "--work", type=Path, default=WORK, metavar="DIR", help=f"folder for the generated library ({WORK})"
    )
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    if not args.rate > 0 or args.restarts < 1:
        raise UsageError("--rate must be more than 0, --restarts at least 1")
    settings = Settings.from_env(os.environ)
    library = args.library or made(args.work, "spectral", args.segments, seed=args.seed, settings=settings)
    with copy_of(library) as copy:
        asked = measured(copy, clips_in(copy, settings), args.rate, args.restarts)
    print(sentence(asked, args.rate, args.restarts))
    print(this_machine().sentence(), f"load {os.getloadavg()[0]:.1f}")
    return 1 if asked.failed else 0


def measured(library: Path, clips: int, rate: float, restarts: int) -> RequestResults:
    """Return the results of requests at ``rate`` per second about a library of ``clips``.

    Raises SoundalikeError, UsageError.
    """
    with ExitStack() as stack:
        services = [stack.enter_context(Served(library, *_OPTIONS)) for _ in range(2)]
        root = stack.enter_context(nginx(Path(stack.enter_context(tempfile.TemporaryDirectory())), services))
        for number in range(2 * len(services)):
            _ask(root, number, clips)  # loads what the first question loads
        load = stack.enter_context(_Load(root, clips, rate))
        time.sleep(SETTLED_S)
        for number in range(restarts):
            old = services[number % 2]
            report_progress(f"restart {number + 1} of {restarts} ...")
            status, _ = old.stop()
            if status:
                raise SoundalikeError(f"a service that was told to end ended with status {status}")
            again = Served(library, *_OPTIONS, "--port", str(urlsplit(old.url).port))
            services[number % 2] = stack.enter_context(again)
            _wait_until_ready(again.url)
            time.sleep(SETTLED_S)
        return load.stop()


@contextmanager
def nginx(folder: Path, services: Sequence[Served]) -> Iterator[str]:
    """Yield the address of an nginx in front of two services, set up as in ``deploy/nginx.conf``. Raises UsageError."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None or not CONFIGURATION.is_file():
        raise UsageError("nginx, or deploy/nginx.conf, is not here; on Debian: apt-get install nginx-light")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        text = CONFIGURATION.read_text("utf-8").replace("listen 8080", f"listen 127.0.0.1:{port}")
        for name, service in zip(("service-1:8000", "service-2:8000"), services, strict=True):
            text = text.replace(name, urlsplit(service.url).netloc)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""
        text = re.sub(r"^http \{$", lambda found: f"{found[0]}\n{places}", text, flags=re.MULTILINE)
        (folder / "nginx.conf").write_text(f"{user}daemon off;\npid {folder}/pid;\n{text}", "utf-8")
        command = [program, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        with (folder / "log").open("wb") as log:
            running = subprocess.Popen(  # noqa: S603  # our own configuration
                command,
                env={**os.environ, "NGINX": f"{listening.fileno()};"},  # as nginx passes sockets to a newer nginx
                pass_fds=[listening.fileno()],
                stderr=log,
            )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(TIMEOUT_S)


class _Load:
    """Sends requests at a rate, from the beginning of the block until `stop`."""

    def __init__(self, root: str, clips: int, rate: float) -> None:
        self._root, self._clips, self._rate = root, clips, rate
        self._asked = RequestResults()
        self._lock, self._over = threading.Lock(), threading.Event()
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._sending = threading.Thread(target=self._send)

    def __enter__(self) -> _Load:
        self._begun_s = time.monotonic()
        self._sending.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._sending.join()
        self._pool.shutdown()

    def stop(self) -> RequestResults:
        """Stop sending, wait for all answers, and return the results."""
        self._over.set()
        self._sending.join()
        self._asked.seconds = time.monotonic() - self._begun_s
        self._pool.shutdown()
        return self._asked

    def _send(self) -> None:
        number = 0
        while not self._over.wait(max(0.0, self._begun_s + number / self._rate - time.monotonic())):
            self._pool.submit(self._one, number, self._begun_s + number / self._rate)
            number += 1

    def _one(self, number: int, due_s: float) -> None:
        cause = _ask(self._root, number, self._clips)
        took_ms = 1e3 * (time.monotonic() - due_s)
        with self._lock:
            self._asked.ms.append(took_ms)
            if cause:
                self._asked.failed[cause] += 1


def _ask(root: str, number: int, clips: int) -> str:
    """Send request ``number``; return '' if it was answered with 200, else the reason."""
    connection = http.client.HTTPConnection(root, timeout=TIMEOUT_S)
    clip = 1 + number * 7_919 % clips
    part = {"clip_id": clip} if number % 4 == 1 else {"text": "rain"}
    try:
        if number % 4 == 0:
            connection.request("GET", f"{API}/clips?limit=1&offset={clip % 100}")
        elif number % 4 == 2:
            connection.request("GET", f"{API}/clips/{clip}/similar?k=10")
        else:
            body = json.dumps({"parts": [part], "k": 10})
            connection.request("POST", f"{API}/search", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{answer.status}: {text[:120].decode(errors='replace')}"


def _wait_until_ready(url: str) -> None:
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
        try:
            connection.request("GET", "/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.1)
    raise SoundalikeError(f"the service at {url} did not become ready")


def sentence(asked: RequestResults, rate: float, restarts: int) -> str:
    """Return the printed result."""
    p50, p99 = np.percentile(asked.ms, (50, 99))
    failed = sum(asked.failed.values())
    causes = "".join(f"\n  {count} times {cause}" for cause, count in asked.failed.most_common(5))
    return (
        f"{restarts} restarts, two services in turn: {asked.count:,} requests in {asked.seconds:.0f} s, "
        f"{asked.count / asked.seconds:.1f} a second (wanted {rate:g}); {failed} failed; "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {max(asked.ms):,.0f} ms{causes}"
    )


if __name__ == "__main__":
    sys.exit(main())
