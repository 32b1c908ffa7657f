"""How fast a folder of MP3s is indexed, compared with decoding and resampling alone and with the usual librosa loop.

Each round runs all of them on the same files one after the other, so that ratios stay comparable on a noisy machine.
Medians over rounds are reported. Our side is the command ``soundalike index`` as a user starts it, including the
loading of libraries and of the model. The loop includes them too (`benchmarks.speed.librosa_loop`). Since the loop
measures no facts, it is compared with the command with ``--no-facts``. The command with ``--facts``, and with ``--facts
--fingerprints``, is measured right after that.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.common.machine import Machine, this_machine
from benchmarks.common.material import Material, as_mp3
from benchmarks.quality.encoding import Progress
from benchmarks.speed.stage_costs import StageCost, stage_costs
from search import audio, wiring
from search.errors import SoundalikeError, UsageError
from search.model import EncoderSpec
from search.ports import Encoder
from search.settings import Settings

PROFILED_FILES = 60
GPU_WINDOWS = 2048
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Spent:
    """Wall and processor seconds."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class CommandSpent:
    """What ``soundalike index`` spent: the ``command``, and its ``job`` (wall time, CPU seconds of its stages)."""

    command: Spent
    job: Spent


@dataclass(frozen=True, slots=True)
class StageSeconds:
    """CPU seconds of one stage over all threads, as the bulk job counts them."""

    stage: str
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """One round.

    ``limit_s``: decoding and resampling alone, on all cores. ``command_s``: ``soundalike index --no-facts``; ``job_s``:
    its job alone. ``facts``: the command with facts; ``facts_job_s``: its job. ``both``: with facts and fingerprints.
    ``loop_s``: the loop. These are wall time. ``*_cpu_s`` is the processor time of the whole command or loop, which
    other programs on the machine hardly change; ``*_stages_s`` is that of the job's stages.
    """

    limit_s: float
    command_s: float
    command_cpu_s: float
    job_s: float
    stages: tuple[StageSeconds, ...]
    stages_sum_s: float
    facts: Spent
    facts_job_s: float
    facts_stages_s: float
    both: CommandSpent
    loop_s: float
    loop_cpu_s: float


@dataclass(frozen=True, slots=True)
class IndexingReport:
    """The figures of `run`. Ratios are medians of each round's ratio.

    ``over_ideal``: the job's wall time over (sum of the stages' CPU seconds / cores). ``loop_over_ours``: the loop's
    wall time over the command's; ``loop_over_ours_cpu``: the same in processor time. ``ours_over_limit``: the job's
    wall time over that of decoding and resampling alone. ``with_facts``: wall and processor time of the command with
    facts over those without; ``with_facts_job``: the same for the job alone. ``with_both`` and ``with_both_job``: the
    same with facts and fingerprints. ``encoding_hours_per_minute``: see `encoding_pace`.
    """

    machine: Machine
    encoder: str
    fingerprint: str
    device: str
    source: str
    files: int
    hours: float
    size_bytes: int
    seed: int
    rounds: tuple[Round, ...]
    costs: tuple[StageCost, ...]
    over_ideal: float
    loop_over_ours: float
    loop_over_ours_cpu: float
    ours_over_limit: float
    with_facts: Spent
    with_facts_job: Spent
    with_both: Spent
    with_both_job: Spent
    encoding_hours_per_minute: float


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure. ``source``: a folder of audio, of which ``minutes`` become MP3; ``rounds``: how often."""

    encoder: str
    source: Path
    minutes: float
    rounds: int
    seed: int


def run(options: Options, settings: Settings, progress: Progress) -> IndexingReport:
    """Measure. Raises UsageError if the audio or librosa is missing, SoundalikeError if a run fails."""
    check_loop()
    encoder = wiring.encoder(options.encoder, settings)
    spec = encoder.spec
    with tempfile.TemporaryDirectory(prefix="soundalike-bench-") as folder:
        out = Path(folder) / "mp3"
        out.mkdir()
        progress(f"encoding {options.minutes:g} minutes of {options.source} to MP3")
        material = as_mp3(options.source, out, options.minutes, options.seed)
        progress("profiling the stages")
        costs = stage_costs(material.files[:PROFILED_FILES], encoder)
        pace = encoding_pace(encoder)
        compile_all(material, spec, Path(folder))
        rounds = []
        for number in range(options.rounds):
            progress(f"round {number + 1} of {options.rounds}: {len(material.files)} files")
            rounds.append(measure_round(material, spec, Path(folder) / str(number)))
    machine = this_machine()
    return IndexingReport(
        machine=machine,
        encoder=spec.name,
        fingerprint=spec.fingerprint,
        device="cuda" if gpu() and settings.device != "cpu" else "cpu",
        source=material.source,
        files=len(material.files),
        hours=material.seconds / 3600,
        size_bytes=material.size_bytes,
        seed=options.seed,
        rounds=tuple(rounds),
        costs=costs,
        over_ideal=float(np.median([r.job_s / (r.stages_sum_s / machine.cores) for r in rounds])),
        loop_over_ours=float(np.median([r.loop_s / r.command_s for r in rounds])),
        loop_over_ours_cpu=float(np.median([r.loop_cpu_s / max(r.command_cpu_s, 1e-9) for r in rounds])),
        ours_over_limit=float(np.median([r.job_s / r.limit_s for r in rounds])),
        with_facts=median_ratio([(r.facts, Spent(r.command_s, r.command_cpu_s)) for r in rounds]),
        with_facts_job=median_ratio(
            [(Spent(r.facts_job_s, r.facts_stages_s), Spent(r.job_s, r.stages_sum_s)) for r in rounds]
        ),
        with_both=median_ratio([(r.both.command, Spent(r.command_s, r.command_cpu_s)) for r in rounds]),
        with_both_job=median_ratio([(r.both.job, Spent(r.job_s, r.stages_sum_s)) for r in rounds]),
        encoding_hours_per_minute=pace,
    )


def median_ratio(pairs: Sequence[tuple[Spent, Spent]]) -> Spent:
    """Return the medians of the ratios of what the first and the second of each pair spent."""
    return Spent(
        float(np.median([one.wall_s / max(other.wall_s, 1e-9) for one, other in pairs])),
        float(np.median([one.cpu_s / max(other.cpu_s, 1e-9) for one, other in pairs])),
    )


def compile_all(material: Material, spec: EncoderSpec, folder: Path) -> None:
    """Run the command and the loop once on one file, so that no round includes the compiling of Python modules."""
    one = folder / "one"
    one.mkdir()
    shutil.copy(material.files[0], one)
    index_command(one, folder / "one-library", spec.name)
    loop_command(one, folder / "one.npz", spec.name)


def measure_round(material: Material, spec: EncoderSpec, folder: Path) -> Round:
    """Measure the limit, the command without facts, with facts, with fingerprints too, and the loop, in turn."""
    folder.mkdir()
    limit_s = decode_all(material.files, spec.sample_rate_hz)
    sounds = material.folder
    (job_s, stages), command = timed(lambda: index_command(sounds, folder / "library", spec.name, facts=False))
    (facts_job_s, of_facts), facts = timed(lambda: index_command(sounds, folder / "measured", spec.name))
    both = spent_by_index(sounds, folder / "both", spec.name, facts=True, fingerprints=True)
    _, loop = timed(lambda: loop_command(sounds, folder / "loop.npz", spec.name))
    total = stages.pop("sum")
    stages.pop("process", None)  # the whole process, not a stage
    return Round(
        limit_s=limit_s,
        command_s=command.wall_s,
        command_cpu_s=command.cpu_s,
        job_s=job_s,
        stages=tuple(StageSeconds(stage, cpu_s) for stage, cpu_s in stages.items()),
        stages_sum_s=total,
        facts=facts,
        facts_job_s=facts_job_s,
        facts_stages_s=of_facts["sum"],
        both=both,
        loop_s=loop.wall_s,
        loop_cpu_s=loop.cpu_s,
    )


def timed(work: Callable[[], Result]) -> tuple[Result, Spent]:
    """Return the result of ``work``, its wall time, and the processor time of child processes that it waited for."""
    before, started = os.times(), time.perf_counter()
    result = work()
    wall_s, after = time.perf_counter() - started, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return result, Spent(wall_s, cpu_s)


def decode_all(files: Sequence[Path], sample_rate_hz: int) -> float:
    """Return wall seconds for decoding and resampling every file, with a thread for each core, keeping nothing."""

    def decode(path: Path) -> int:
        return sum(len(block) for block in audio.stream(str(path), sample_rate_hz))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        started = time.perf_counter()
        for _ in pool.map(decode, files):
            pass
        return time.perf_counter() - started


def spent_by_index(folder: Path, library: Path, encoder: str, *, facts: bool, fingerprints: bool) -> CommandSpent:
    """Return what the command spends. Raises SoundalikeError as `index_command` does."""
    (job_s, stages), command = timed(
        lambda: index_command(folder, library, encoder, facts=facts, fingerprints=fingerprints)
    )
    return CommandSpent(command, Spent(job_s, stages["sum"]))


def index_command(
    folder: Path, library: Path, encoder: str, *, facts: bool = True, fingerprints: bool = False
) -> tuple[float, dict[str, float]]:
    """Run ``soundalike index``; return wall seconds, and CPU seconds by stage, both as the job itself counts them.

    Raises SoundalikeError if it fails or leaves files out.
    """
    command = ["-m", "search.cli", "index", str(folder), "--library", str(library), "--encoder", encoder, "--json"]
    command += ["--facts"] if facts else ["--no-facts"]
    command += ["--fingerprints"] if fingerprints else []
    summary = json.loads(run_python(command))
    return float(summary["seconds"]), {stage.removesuffix("_s"): float(s) for stage, s in summary["stages"].items()}


def loop_command(folder: Path, out: Path, encoder: str) -> None:
    """Run the loop. Raises SoundalikeError if it fails."""
    run_python(["-m", "benchmarks.speed.librosa_loop", str(folder), str(out), "--encoder", encoder])


def run_python(arguments: Sequence[str]) -> str:
    """Run one of our modules as a process of its own, as a user would; return what it prints.

    Its priority is not lowered, like that of the programs it is compared with. Compiled modules are kept whatever the
    environment says: compiling them would add more than half a second to each start. Raises SoundalikeError if it
    fails.
    """
    own = {"SOUNDALIKE_NICENESS": "0", "PYTHONDONTWRITEBYTECODE": ""}
    command, environ = [sys.executable, *arguments], {**os.environ, **own}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)  # noqa: S603 - our own
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SoundalikeError(f"python {' '.join(arguments[:4])} ended with status {done.returncode}: {last}")
    return done.stdout


def encoding_pace(encoder: Encoder) -> float:
    """Return the hours of sound that the encoder alone encodes in a minute on its device, with all windows in memory.

    A window counts as its hop, as in the indexing of long files. The figure is the median of three runs.
    """
    spec = encoder.spec
    count = GPU_WINDOWS if gpu() else 64
    rng = np.random.default_rng(0)
    waves = rng.uniform(-0.1, 0.1, (count, spec.window_samples)).astype(np.float32)
    encoder.encode_audio(waves[:16])  # the first call allocates
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        encoder.encode_audio(waves)
        taken.append(time.perf_counter() - started)
    return count * spec.hop_s / float(np.median(taken)) / 60


def gpu() -> bool:
    """Return whether torch has a CUDA device."""
    import torch

    return bool(torch.cuda.is_available())


def check_loop() -> None:
    """Raise UsageError before any work if the loop could not run."""
    from importlib.util import find_spec

    if find_spec("librosa") is None:
        raise UsageError('the loop needs librosa: pip install "soundalike[bench]"')
