"""How soon ``soundalike listen`` reports a sound, and what share of a core it takes.

    python -m benchmarks.serving.live --seconds 120

The library has one siren. The command is started as a user starts it, ``listen -``, once for each kind of alert and
once for all kinds together. The benchmark writes samples to its standard input in real time, in blocks of 20 ms: hiss,
with that siren in it now and then. The delay of a sound is wall-clock time, from the writing of its first samples until
the line that reports it has been read. It includes the pipe, decoding, and the window that must fill. Processor time is
that of all threads of the process while it listens, without loading.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
import psutil
from numpy.typing import NDArray

from benchmarks.common import report
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from search.cli import main as soundalike
from search.errors import SoundalikeError, UsageError
from search.ground.ending import with_status
from search.library.live.listening import HOP_S

RATE_HZ: Final = 32_000
BLOCK_S: Final = 0.02
SIREN_S: Final = 4.0
EACH_S: Final = (12.0, 14.0)
"""A siren begins this long after the one before it, at a random time relative to the windows."""
READY_S: Final = 4.0
"""Seconds of hiss that come first. The pipe holds one second, so when all is written the command is listening; then it
gets as long again to catch up.
"""
WAIT_S: Final = 30.0

Samples = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reported:
    """The figures of one kind of alert: ``delays_s`` of the sirens that were reported, out of ``sirens``.

    ``latency_s`` is the median of the latencies in the alerts themselves; ``cpu`` is the share of one core.
    """

    watched: str
    kind: str
    sirens: int
    delays_s: tuple[float, ...]
    latency_s: float
    cpu: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.live", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=120.0, metavar="S", help="seconds of sound for each kind of alert (120)"
    )
    parser.add_argument("--seed", type=int, default=22, metavar="N")
    parser.add_argument("--report", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    if args.seconds < 2 * EACH_S[1]:
        raise UsageError(f"--seconds must be {2 * EACH_S[1]:g} at least")
    stream, onsets_s = sound(args.seconds, np.random.default_rng(args.seed))
    with tempfile.TemporaryDirectory(prefix="soundalike-live-") as scratch:
        library = _library(Path(scratch))
        reported = []
        for name, options in _watched(Path(scratch)).items():
            report_progress(f"{name} ...")
            reported += listened(name, [*options, "--library", str(library)], stream, onsets_s)
    text = markdown(args, reported)
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


def sound(seconds: float, rng: np.random.Generator) -> tuple[Samples, list[float]]:
    """Return hiss with sirens in it (samples,), and when each begins, in seconds."""
    wave = 0.003 * rng.normal(size=int(seconds * RATE_HZ))
    onsets_s, at_s = [], float(rng.uniform(6, 8))
    while at_s + SIREN_S + 2 <= seconds:
        first = int(at_s * RATE_HZ)
        wave[first : first + int(SIREN_S * RATE_HZ)] += siren()
        onsets_s.append(first / RATE_HZ)
        at_s += float(rng.uniform(*EACH_S))
    return wave, onsets_s


def siren() -> Samples:
    """Return a siren that rises and falls once in two seconds (samples,)."""
    at_s = np.arange(int(SIREN_S * RATE_HZ)) / RATE_HZ
    turns = np.cumsum(800 + 400 * np.sin(np.pi * at_s)) / RATE_HZ
    return np.asarray(0.3 * sum(np.sin(2 * np.pi * harmonic * turns) / harmonic for harmonic in (1, 2, 3)))


def listened(name: str, options: Sequence[str], stream: Samples, onsets_s: Sequence[float]) -> list[Reported]:
    """Return what the command reports of a stream that comes in real time. Raises SoundalikeError if it fails."""
    command = [sys.executable, "-m", "search.cli", "listen", "-", "--rate", str(RATE_HZ), "--json", *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603  # our own
        if process.stdin is None or process.stdout is None:
            raise SoundalikeError("there are no pipes to the command")
        lines: list[tuple[float, dict[str, object]]] = []
        reader = threading.Thread(target=_read, args=(process.stdout, lines))
        reader.start()
        _write(process.stdin, 0.003 * np.random.default_rng(0).normal(size=int(READY_S * RATE_HZ)))
        time.sleep(READY_S)
        watched = psutil.Process(process.pid)
        cpu_before_s, begun_s = _cpu_s(watched), time.monotonic()
        _write_in_time(process.stdin, stream, begun_s)
        cpu = (_cpu_s(watched) - cpu_before_s) / (time.monotonic() - begun_s)
        process.stdin.close()
        status = process.wait(WAIT_S)
        reader.join(WAIT_S)
    if status:
        raise SoundalikeError(f"listen ended with status {status}")
    return [
        _reported(
            name, kind, [(at_s - begun_s, line) for at_s, line in lines if line.get("kind") == kind], onsets_s, cpu
        )
        for kind in sorted({str(line["kind"]) for _, line in lines if line["state"] == "begun"})
    ]


def _reported(
    name: str, kind: str, lines: Sequence[tuple[float, dict[str, object]]], onsets_s: Sequence[float], cpu: float
) -> Reported:
    """The figures of one kind: for each siren the first alert after its beginning and before the next siren."""
    begun = [(at_s, line) for at_s, line in lines if line["state"] == "begun"]
    delays_s, latencies_s = [], []
    for onset_s in onsets_s:
        firsts = [(at_s - onset_s, line) for at_s, line in begun if 0 <= at_s - onset_s < EACH_S[0] - 1]
        if firsts:
            delay_s, line = min(firsts, key=lambda one: one[0])
            delays_s.append(delay_s)
            latencies_s.append(float(str(line["latency_s"])))
    latency_s = float(np.median(latencies_s)) if latencies_s else float("nan")
    return Reported(name, kind, len(onsets_s), tuple(delays_s), latency_s, cpu)


def markdown(args: argparse.Namespace, reported: Sequence[Reported]) -> str:
    """Return the report."""
    rows = []
    for one in reported:
        delays = np.array(one.delays_s) if one.delays_s else np.array([np.nan])
        rows.append(
            [
                f"{one.watched}: {one.kind}" if one.watched == "all" else one.watched,
                f"{len(one.delays_s)} of {one.sirens}",
                f"{np.median(delays):.2f}",
                f"{delays.max():.2f}",
                f"{one.latency_s:.3f}",
                f"{100 * one.cpu:.0f} %",
            ]
        )
    header = [
        "watched for",
        "reported",
        "from sound to alert, median s",
        "longest s",
        "`latency_s`, median",
        "share of one core",
    ]
    before, _, _ = psutil.getloadavg()
    return "\n\n".join(
        (
            f"`python -m benchmarks.serving.live --seconds {args.seconds:g} --seed {args.seed}`: a window each "
            f"{HOP_S:g} s, sirens of {SIREN_S:g} s in hiss, in real time.",
            report.markdown_table(header, rows),
            f"{this_machine().sentence()}; load {before:.1f}.",
        )
    )


def _library(folder: Path) -> Path:
    import soundfile

    (folder / "sounds").mkdir()
    soundfile.write(folder / "sounds" / "siren.wav", siren(), RATE_HZ)
    library = folder / "library"
    if soundalike(["index", str(folder / "sounds"), "--library", str(library), "--fingerprints", "--quiet"]):
        raise SoundalikeError("the siren could not be indexed")
    return library


def _watched(folder: Path) -> Mapping[str, Sequence[str]]:
    alone = {
        "events": ["--events", "Siren"],
        "words": ["--text", "siren"],
        "an example": ["--audio", str(folder / "sounds" / "siren.wav")],
        "recordings": ["--exact"],
    }
    return {**alone, "all": [word for options in alone.values() for word in options]}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _read(output: IO[bytes], lines: list[tuple[float, dict[str, object]]]) -> None:
    for line in output:
        lines.append((time.monotonic(), json.loads(line)))


def _write(pipe: IO[bytes], wave: Samples) -> None:
    pipe.write((np.clip(wave, -1, 1) * 32_767).astype("<i2").tobytes())
    pipe.flush()


def _write_in_time(pipe: IO[bytes], wave: Samples, begun_s: float) -> None:
    """Write each block when its last sample is due."""
    size = int(BLOCK_S * RATE_HZ)
    for first in range(0, len(wave), size):
        until_s = begun_s + min(first + size, len(wave)) / RATE_HZ
        time.sleep(max(until_s - time.monotonic(), 0.0))
        _write(pipe, wave[first : first + size])


if __name__ == "__main__":
    raise SystemExit(main())
