"""Small real file systems in memory, for tests with a full or read-only disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    """A disk of ``size`` (as mount takes it: ``600k``, ``50m``) at ``folder``; skips the test if mounting is denied."""
    folder.mkdir()
    if sys.platform != "linux" or _mount(f"size={size}", folder, check=False):
        pytest.skip("mounting a small disk needs Linux and its administrator")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a mounted disk: ``ro``, ``rw``, or another ``size=50m``."""
    _mount(f"remount,{options}", folder, check=True)


def fill(folder: Path) -> Path:
    """Write a file that leaves no room on the disk; delete it to free the room again."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return ballast


def _mount(options: str, folder: Path, *, check: bool) -> int:
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return subprocess.run(command, capture_output=True, check=check).returncode
