"""A folder for what tests write that lies in memory, where the system has one with room.

A disk is asked thousands of times to keep what was written, and waits for that: a third of the time of all tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path("/dev/shm")
ROOM_BYTES = 4 << 30


def folder() -> Path | None:
    """It, or None: without room in it, or where nothing may be executed that lies there (in some containers)."""
    if not FOLDER.is_dir() or not os.access(FOLDER, os.W_OK) or os.statvfs(FOLDER).f_flag & os.ST_NOEXEC:
        return None
    return FOLDER if shutil.disk_usage(FOLDER).free > ROOM_BYTES else None


def use() -> None:
    """Let this process and those it starts write what is temporary there, unless somebody has said where (TMPDIR)."""
    if "TMPDIR" not in os.environ and (found := folder()) is not None:
        os.environ["TMPDIR"] = str(found)
        tempfile.tempdir = None  # it may have been looked up
