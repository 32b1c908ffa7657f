"""A library that an earlier version wrote, with every kind of snapshot: see tests/data/earlier_library.tar.xz.

Written by the commit 44ae193: 104 tones, a quieter copy of one, three MIDI tunes indexed with the encoder ``spectral``;
``duplicates``, ``map``; then one tone and one tune more, one tone less, ``index --prune``. The files are gone.
Its columns and contours lie in folders whose names have leading zeros, and have no digests.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parents[1] / "data" / "earlier_library.tar.xz"
TUNES, SOUNDS = 4, 105


def unpack(folder: Path) -> Path:
    """A copy of the library below ``folder``."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "library"
