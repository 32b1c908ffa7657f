"""Libraries that earlier versions wrote, with their snapshots. Their sound files are gone.

`unpack`: tests/data/earlier_library.tar.xz, written at commit 44ae193. 104 tones, a quieter copy of one, and three MIDI
tunes were indexed with the encoder ``spectral``; then ``duplicates`` and ``map`` were run. Then a tone and a tune were
added, a tone was deleted, and ``index --prune`` was run. Folders of columns and contours have leading zeros in their
names, and no digests.

`unpack_0007`: tests/data/library_0007.tar.xz, written at commit e4111db; its catalog is at migration 0007. It was made
by ``soundalike index /srv/sounds --encoder spectral`` from the files that `write_sounds` writes.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from tests.search.melodies import tune, write_midi
from tests.search.soundfiles import write

_DATA = Path(__file__).parents[1] / "data"
TUNES, SOUNDS = 4, 105
FOLDER_0007 = "/srv/sounds"
TONES_0007 = 6
_RATE_HZ = 8_000


def unpack(folder: Path) -> Path:
    """A copy of the library of 44ae193 below ``folder``."""
    return _unpacked("earlier_library.tar.xz", folder)


def unpack_0007(folder: Path) -> Path:
    """A copy of the library at migration 0007 below ``folder``."""
    return _unpacked("library_0007.tar.xz", folder)


def write_sounds(folder: Path) -> None:
    """Write the files of the library at migration 0007, byte for byte: tones, a truncated tone, a tune."""
    (folder / "tones").mkdir(parents=True)
    time_s = np.arange(_RATE_HZ) / _RATE_HZ
    for number in range(TONES_0007):
        tone = 0.5 * np.sin(2 * np.pi * (300 + 150 * number) * time_s)
        write(folder / "tones" / f"{number}.wav", tone.astype(np.float32)[:, None], _RATE_HZ, subtype="PCM_16")
    (folder / "cut.wav").write_bytes((folder / "tones" / "2.wav").read_bytes()[:12_000])
    write_midi(folder / "tune.mid", tune(3), title="Walk")


def _unpacked(archive: str, folder: Path) -> Path:
    with tarfile.open(_DATA / archive) as opened:
        opened.extractall(folder, filter="data")
    return folder / "library"
