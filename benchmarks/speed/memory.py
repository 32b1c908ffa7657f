"""The peak of a job's resident memory: for many clips, for ten times as many, and for one very long recording.

    python -m benchmarks.speed.memory --clips 10000 100000 --hours 24

Each job is a process of its own. Its peak is the ``VmHWM`` that Linux records. The idle figure is that of the same
command on an empty folder: the encoder is loaded and there is nothing to do. A separate process publishes a large
library, for seconds at a time. Its peak is reported separately, as the largest of all finished child processes. With
``--kill`` the long recording is indexed once more into another library: the job is killed after half of the processor
time and started again. The processor time of both parts, compared with that of one whole run, shows how much work is
done twice.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from search.errors import SoundalikeError
from search.ground.ending import with_status

_RUN = """
import resource
import sys
from search.cli import main
status = main(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak.split()[1], resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


_LOOK_S = 0.1


@dataclass(frozen=True, slots=True)
class Peak:
    """What one job needed: its clips and their hours, wall seconds, processor seconds, processor seconds of the job
    that was killed before it (or 0), its peak, and its publisher's peak (or 0).
    """

    what: str
    clips: int
    hours: float
    seconds: float
    processor_s: float
    killed_s: float
    peak_bytes: int
    publisher_bytes: int


def measure(what: str, sounds: Path, library: Path, options: Sequence[str], kill_s: float | None = None) -> Peak:
    """Index ``sounds`` in a process of its own; with ``kill_s``, kill it after this processor time and start it again.

    Raises SoundalikeError.
    """
    command = [sys.executable, "-c", _RUN, "index", str(sounds), "--library", str(library), *options, "--json"]
    before_s = _processor_s()
    if kill_s is not None:
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as job:  # noqa: S603  # our own command
            while job.poll() is None and _processor_s_of(job.pid) < kill_s:
                time.sleep(_LOOK_S)
            if job.poll() is None:
                job.kill()
                print(f"{what}: killed after {kill_s:.0f} s of the processor", flush=True)
    killed_s = _processor_s()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise SoundalikeError(f"indexing {sounds} ended with status {done.returncode}: {done.stderr.strip()}")
    summary, kibibytes = done.stdout.strip().splitlines()
    summary_fields = json.loads(summary)
    own, publisher = (int(figure) * 1024 for figure in kibibytes.split())
    clips = summary_fields["indexed"] + summary_fields["linked"]
    return Peak(
        what,
        clips,
        summary_fields["hours"],
        summary_fields["seconds"],
        _processor_s() - killed_s,
        killed_s - before_s,
        own,
        publisher,
    )


def _processor_s_of(pid: int) -> float:
    """Processor seconds that a running process has taken so far."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:  # it ended between two checks
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _processor_s() -> float:
    """Processor seconds that all finished jobs have taken so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.memory", description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, nargs="*", default=[10_000, 100_000], metavar="N")
    parser.add_argument(
        "--hours", type=float, default=24.0, metavar="H", help="hours of the long recording; 0 for none (24)"
    )
    parser.add_argument("--kill", action="store_true", help="also kill the job of the long recording and resume it")
    parser.add_argument("--encoder", default="spectral", metavar="NAME")
    parser.add_argument("--events", action="store_true", help="find events in the same pass")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    options = ["--encoder", args.encoder, *(["--events"] if args.events else [])]
    with tempfile.TemporaryDirectory(prefix="soundalike-memory-") as scratch:
        folder = Path(scratch)
        (folder / "none").mkdir()
        idle = measure("nothing", folder / "none", folder / "library", options)
        _show(idle, idle)
        for count in args.clips:
            synthetic.write_clips(folder / str(count), count, args.seed)
            peak = measure(f"{count} clips", folder / str(count), folder / f"library{count}", options)
            _show(peak, idle)
        if args.hours:
            (folder / "long").mkdir()
            synthetic.write_long_recording(folder / "long" / "recording.flac", args.hours, args.seed)
            whole = measure("one recording", folder / "long", folder / "library long", options)
            _show(whole, idle)
            if args.kill:
                again = measure(
                    "the same again", folder / "long", folder / "library again", options, whole.processor_s / 2
                )
                _show(again, idle)
    print(f"encoder {args.encoder}, seed {args.seed}; {this_machine().sentence()}")
    return 0


def _show(peak: Peak, idle: Peak) -> None:
    print(
        f"{peak.what}: {peak.clips} clips, {peak.hours:.1f} h in {peak.seconds:.0f} s "
        f"({peak.processor_s:.0f} s of the processor"
        + (f", {peak.killed_s:.0f} s before it was killed" if peak.killed_s else "")
        + f"), peak "
        f"{peak.peak_bytes / 1e6:.0f} MB, {(peak.peak_bytes - idle.peak_bytes) / 1e6:.0f} MB above idle"
        + (f"; the process that publishes {peak.publisher_bytes / 1e6:.0f} MB" if peak.publisher_bytes else ""),
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
