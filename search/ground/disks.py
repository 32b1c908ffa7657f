"""Checks of a disk before anything is written to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

NEARLY_FULL_BYTES: Final = 1 << 20
"""A disk with less free space counts as full: a write that failed for lack of space needed more than is left."""


def is_nearly_full(folder: Path) -> bool:
    """Return whether the disk of ``folder`` has less free space than `NEARLY_FULL_BYTES`; false if unknown."""
    try:
        return shutil.disk_usage(folder).free < NEARLY_FULL_BYTES
    except OSError:
        return False


def may_access(path: Path, mode: int) -> bool:
    """Return whether this process may access ``path`` with ``mode`` (``os.R_OK``, ``os.W_OK``).

    Writing is not allowed on a disk that is mounted read-only, even if the permissions allow it.
    """
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def why_unwritable(folder: Path) -> str | None:
    """Return why nothing can be written into ``folder``; None if it can, as far as the system says.

    A quota, for example, only shows when something is written.
    """
    if not may_access(folder, os.W_OK):
        return "the library is read-only"
    return "the disk is full" if is_nearly_full(folder) else None
