"""A library of so many real sounds for the page to show: the demo collection's generator, indexed once and kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.common.checkout import HERE
from benchmarks.common.outputs import report_progress

GENERATOR = HERE.folder / "data" / "demo.py"
_KINDS = 25


def made(work: Path, clips: int) -> Path:
    """The library below ``work``, of ``clips`` clips (a multiple of 25); made when it is not there."""
    library, sounds = work / "library", work / "sounds"
    if (work / "complete").exists():
        return library
    report_progress(f"making {clips} sounds and their library under {work}, once ...")
    generate = [sys.executable, str(GENERATOR), str(sounds), "--each", str(clips // _KINDS)]
    index = [sys.executable, "-m", "search.cli", "index", str(sounds), "--library", str(library), "--quiet"]
    for command in (generate, [*index, "--encoder", "spectral"]):
        subprocess.run(command, check=True)  # noqa: S603 - our own commands
    (work / "complete").touch()
    return library
