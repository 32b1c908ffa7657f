"""The peak of a job's resident memory: many clips, ten times as many, and one very long recording.

    python -m benchmarks.speed.memory --clips 10000 100000 --hours 24

Each job is a process of its own; the peak is what Linux kept as ``VmHWM``, the idle figure that of the same command
over an empty folder (encoder loaded, nothing to do). The process that publishes a large library for it, for seconds
at a time, is told apart: its peak is what the system kept of finished children.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from search.errors import SoundalikeError

_RUN = """
import resource
import sys
from search.cli import main
status = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


@dataclass(frozen=True, slots=True)
class Peak:
    """What one job needed: its clips, the hours they last, its wall seconds, its peak, and its publisher's (or 0)."""

    what: str
    clips: int
    hours: float
    seconds: float
    peak_bytes: int
    publisher_bytes: int


def measure(what: str, sounds: Path, library: Path, encoder: str) -> Peak:
    """Index ``sounds`` in a process of its own. Raises SoundalikeError when that fails."""
    arguments = ["index", str(sounds), "--library", str(library), "--encoder", encoder, "--json"]
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-c", _RUN, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SoundalikeError(f"indexing {sounds} ended with status {done.returncode}: {done.stderr.strip()}")
    summary, kibibytes = done.stdout.strip().splitlines()
    summary_fields = json.loads(summary)
    own, publisher = (int(figure) * 1024 for figure in kibibytes.split())
    clips = summary_fields["indexed"] + summary_fields["linked"]
    return Peak(what, clips, summary_fields["hours"], summary_fields["seconds"], own, publisher)


def main(argv: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.memory", description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, nargs="*", default=[10_000, 100_000], metavar="N")
    parser.add_argument("--hours", type=float, default=24.0, metavar="H", help="of the long recording; 0: none")
    parser.add_argument("--encoder", default="spectral", metavar="NAME")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="soundalike-memory-") as scratch:
        folder = Path(scratch)
        (folder / "none").mkdir()
        idle = measure("nothing", folder / "none", folder / "library", args.encoder)
        _show(idle, idle)
        for count in args.clips:
            synthetic.write_clips(folder / str(count), count, args.seed)
            peak = measure(f"{count} clips", folder / str(count), folder / f"library{count}", args.encoder)
            _show(peak, idle)
        if args.hours:
            (folder / "long").mkdir()
            synthetic.write_long_recording(folder / "long" / "recording.flac", args.hours, args.seed)
            _show(measure("one recording", folder / "long", folder / "library long", args.encoder), idle)
    print(f"encoder {args.encoder}, seed {args.seed}; {this_machine().sentence()}")
    return 0


def _show(peak: Peak, idle: Peak) -> None:
    print(
        f"{peak.what}: {peak.clips} clips, {peak.hours:.1f} h in {peak.seconds:.0f} s, peak "
        f"{peak.peak_bytes / 1e6:.0f} MB, {(peak.peak_bytes - idle.peak_bytes) / 1e6:.0f} MB above idle"
        + (f"; the process that publishes {peak.publisher_bytes / 1e6:.0f} MB" if peak.publisher_bytes else ""),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
