"""What the system says of a disk before anything is written to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

NEARLY_FULL_BYTES: Final = 1 << 20
"""With less room than this a disk counts as full: what fails for want of room needs more than is left."""


def is_nearly_full(folder: Path) -> bool:
    """Whether the disk of ``folder`` has less room than `NEARLY_FULL_BYTES`; false where nobody knows."""
    try:
        return shutil.disk_usage(folder).free < NEARLY_FULL_BYTES
    except OSError:
        return False


def may(path: Path, mode: int) -> bool:
    """Whether this process may do with ``path`` what ``mode`` says: ``os.R_OK``, ``os.W_OK``.

    On a disk that is mounted read-only nobody may write, whatever the permissions.
    """
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def why_unwritable(folder: Path) -> str | None:
    """Why nothing can be written into ``folder``, in words; None where it can, as far as the system tells.

    What the system does not tell beforehand (a quota) shows when something is written.
    """
    if not may(folder, os.W_OK):
        return "the library is read-only"
    return "the disk is full" if is_nearly_full(folder) else None
