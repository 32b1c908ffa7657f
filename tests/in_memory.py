"""Keep the temporary files of tests in memory, if the system has such a folder with enough room.

On a disk, thousands of calls wait until data is written: a third of the time of all tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path("/dev/shm")
ROOM_BYTES = 4 << 30


def folder() -> Path | None:
    """The folder in memory; None without one with room, or if files in it may not be executed (some containers)."""
    if not FOLDER.is_dir() or not os.access(FOLDER, os.W_OK) or os.statvfs(FOLDER).f_flag & os.ST_NOEXEC:
        return None
    return FOLDER if shutil.disk_usage(FOLDER).free > ROOM_BYTES else None


def use() -> None:
    """Make it the temporary folder of this process and of those that it starts, unless TMPDIR is set."""
    if "TMPDIR" not in os.environ and (found := folder()) is not None:
        os.environ["TMPDIR"] = str(found)
        tempfile.tempdir = None  # discard a cached value
