"""The cost of sounds in an object store compared with the same sounds in a folder: processor time, requests, bytes.

The store is a real S3 server (moto) in another process, so that this process's time is that of the job. The sounds are
ten seconds of noise each. Requests are counted at the engine's client.
"""

from __future__ import annotations

import io
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
import soundfile

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.report import markdown_table
from search import api, audio, wiring
from search.audio.stores import buckets, finding
from search.errors import UsageError
from search.ground.extras import is_installed
from search.model import StoredObject
from search.settings import Settings

CLIPS = 60
CLIP_S = 10.0
LONG_S = 600.0
ROUNDS = 3
_RATE_HZ = 44_100
_BUCKET = "sounds"
_STARTING_S = 60.0


@dataclass(frozen=True, slots=True)
class StoresReport:
    """``*_cpu_ms``: processor time for a clip, the median of the rounds. ``bytes_share``: bytes fetched, as a share of
    the clips' bytes. ``again_requests``: requests for all clips when nothing changed. ``passage_*``: what reading
    ``CLIP_S`` from the middle of a ten-minute FLAC file needs.
    """

    machine: Machine
    clips: int
    folder_cpu_ms: float
    store_cpu_ms: float
    ratio: float
    bytes_share: float
    requests_a_clip: float
    again_requests: int
    passage_requests: int
    passage_bytes: int


class _Counts:
    requests = 0
    sent_bytes = 0


class _Counted(buckets.Bucket):
    """A bucket that counts the requests to it and the bytes that it returns."""

    def read(self, key: str, start: int = 0, end: int | None = None, etag: str = "") -> tuple[StoredObject, memoryview]:
        found, data = super().read(key, start, end, etag)
        _Counts.requests += 1
        _Counts.sent_bytes += len(data)
        return found, data

    def look(self, key: str) -> StoredObject:
        _Counts.requests += 1
        return super().look(key)


def run(encoder: str, seed: int, settings: Settings, progress: Callable[[str], None]) -> StoresReport:
    """Measure. Raises UsageError if the server is not installed."""
    if not is_installed("moto"):
        raise UsageError("the store is played by moto, which is not installed: pip install 'moto[s3]' flask-cors")
    with tempfile.TemporaryDirectory() as name, _server(), mock.patch.object(buckets, "Bucket", _Counted):
        folder = Path(name)
        progress(f"making {CLIPS} clips ...")
        sizes = _make(folder / "sounds", seed)
        url = f"s3://{_BUCKET}/clips"
        times: dict[str, list[float]] = {"folder": [], "store": []}
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS} ...")
            for kind, place in (("folder", str(folder / "sounds")), ("store", url)):
                times[kind].append(_index(folder / f"{kind}-{number}", place, encoder, settings))
        asked, sent = _Counts.requests, _Counts.sent_bytes
        _index(folder / "store-0", url, encoder, settings)
        again = _Counts.requests - asked
        passage = _passage(f"s3://{_BUCKET}/long.flac")
    ratios = [store / plain for store, plain in zip(times["store"], times["folder"], strict=True)]
    return StoresReport(
        machine=this_machine(),
        clips=CLIPS,
        folder_cpu_ms=1e3 * statistics.median(times["folder"]) / CLIPS,
        store_cpu_ms=1e3 * statistics.median(times["store"]) / CLIPS,
        ratio=statistics.median(ratios),
        bytes_share=sent / ROUNDS / sizes,
        requests_a_clip=asked / ROUNDS / CLIPS,
        again_requests=again,
        passage_requests=passage[0],
        passage_bytes=passage[1],
    )


def markdown(report: StoresReport) -> str:
    """Return the section on stores."""
    rows = [
        ("processor time per clip, folder", f"{report.folder_cpu_ms:.1f} ms"),
        ("processor time per clip, store", f"{report.store_cpu_ms:.1f} ms"),
        ("store / folder, median of the rounds", f"{report.ratio:.2f}"),
        ("share of the clips' bytes fetched", f"{report.bytes_share:.3f}"),
        ("requests per clip, without listing", f"{report.requests_a_clip:.2f}"),
        ("requests for all clips when nothing changed", f"{report.again_requests}"),
        (f"{CLIP_S:g} s from the middle of a FLAC file of {LONG_S / 60:g} min", f"{report.passage_requests} requests"),
        ("", f"{report.passage_bytes / 1e6:.2f} MB"),
    ]
    return "\n\n".join(
        [
            "## Sounds in an object store",
            report.machine.sentence(),
            f"{report.clips} clips of {CLIP_S:g} s, mono, 16 bits; the store is moto, a process of its own.",
            markdown_table(("what", "measured"), rows),
        ]
    )


def _make(folder: Path, seed: int) -> int:
    """Make the sounds in ``folder`` and in the bucket; return the size of the clips in bytes."""
    import obstore
    from obstore.store import S3Store

    folder.mkdir()
    store = S3Store(_BUCKET, endpoint=os.environ["AWS_ENDPOINT_URL"], client_options={"allow_http": True})
    rng = np.random.default_rng(seed)
    total = 0
    for number in range(CLIPS):
        data = _noise(rng, CLIP_S, 1, "WAV")
        (folder / f"{number}.wav").write_bytes(data)
        obstore.put(store, f"clips/{number}.wav", data)
        total += len(data)
    obstore.put(store, "long.flac", _noise(rng, LONG_S, 2, "FLAC"))
    return total


def _noise(rng: np.random.Generator, seconds: float, channels: int, form: str) -> bytes:
    out = io.BytesIO()
    samples = 0.1 * rng.standard_normal((round(seconds * _RATE_HZ), channels))
    soundfile.write(out, samples.astype(np.float32), _RATE_HZ, format=form, subtype="PCM_16")
    return out.getvalue()


def _index(library: Path, place: str, encoder: str, settings: Settings) -> float:
    """Index; return the processor time of this process in seconds."""
    with wiring.library(library, settings, create=True) as opened:
        began = time.process_time()
        failures = api.index(opened, [place], encoder=encoder)
        spent_s = time.process_time() - began
    if failures:
        raise UsageError(f"{failures[0].file}: {failures[0].cause}")
    return spent_s


def _passage(url: str) -> tuple[int, int]:
    asked, sent = _Counts.requests, _Counts.sent_bytes
    start_s = LONG_S / 2
    for _ in audio.stream(url, _RATE_HZ, start_s=start_s, end_s=start_s + CLIP_S):
        pass
    return _Counts.requests - asked, _Counts.sent_bytes - sent


@contextmanager
def _server() -> Iterator[None]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    known = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}
    with mock.patch.dict(os.environ, known):
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        try:
            _await(url)
            finding.forget()
            yield
        finally:
            finding.forget()
            server.terminate()
            server.wait()


def _await(url: str) -> None:
    until = time.monotonic() + _STARTING_S
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(f"{url}/{_BUCKET}", method="PUT")):  # noqa: S310 - http
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
