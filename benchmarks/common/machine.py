"""The machine and the package versions that a figure was measured on, as values and as one line."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "soundalike",
    "numpy",
    "torch",
    "faiss-gpu",
    "faiss-cpu",
    "transformers",
    "soundfile",
    "av",
    "soxr",
    "SQLAlchemy",
)


@dataclass(frozen=True, slots=True)
class Version:
    """A package and the version that is installed."""

    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Machine:
    """Hardware and software. ``cores``: those this process may use. ``gpus``: names of the NVIDIA GPUs."""

    processor: str
    cores: int
    memory_bytes: int
    gpus: tuple[str, ...]
    system: str
    python: str
    versions: tuple[Version, ...]
    measured_at: str

    def sentence(self) -> str:
        """Return one line for a report."""
        gpus = f", {', '.join(self.gpus)}" if self.gpus else ", no GPU"
        versions = ", ".join(f"{v.package} {v.version}" for v in self.versions)
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_bytes / 2**30:.0f} GiB{gpus}; {self.system}, "
            f"Python {self.python}; {versions}; {self.measured_at}"
        )


def this_machine() -> Machine:
    """The machine that runs this process."""
    return Machine(
        processor=processor_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=memory_bytes(),
        gpus=gpu_names(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        versions=tuple(Version(name, found) for name in PACKAGES if (found := installed(name)) is not None),
        measured_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def processor_name() -> str:
    """Return the processor's own name, or what `platform` knows if there is no /proc/cpuinfo."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # not Linux: what platform knows is less precise
    return platform.processor() or platform.machine()


def memory_bytes() -> int:
    """Return the physical memory in bytes, or 0 if the system does not report it."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def gpu_names() -> tuple[str, ...]:
    """Return the names of the NVIDIA GPUs that the driver reports, () if there are none.

    It does not ask torch: importing that takes 2 s.
    """
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        printed = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    except OSError:
        return ()
    return tuple(printed.stdout.splitlines()) if printed.returncode == 0 else ()


def installed(package: str) -> str | None:
    """The version of an installed package, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
