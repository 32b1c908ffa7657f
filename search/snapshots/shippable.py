"""The parts of a library's folder that can be shipped: the newest snapshot of every place, and single files.

A place is a path below the folder: ``spaces/1/index`` holds snapshots, ``spaces/1/map.npz`` is a single file. Both have
a manifest, which lists files with their digests. The digest of the manifest names the snapshot in store and catalog.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from search.errors import SnapshotError
from search.snapshots.folders import sequences
from search.snapshots.snapshot import MANIFEST, FileRecord, digest_of

OF_LIBRARY: Final = ("duplicates.npz", "fingerprints", "spoken")
"""The entries of a library's folder that are shipped; all others are ignored."""
OF_SPACE: Final = ("columns", "contours", "events", "index", "map.npz", "neighbourhoods")
"""The entries of each space's folder that are shipped."""
_SINGLE: Final = ".npz"


@dataclass(frozen=True, slots=True)
class Shippable:
    """A snapshot on this disk: its ``place``, ``sequence``, the ``folder`` of its ``files``, and its ``manifest``."""

    place: str
    sequence: int
    folder: Path
    manifest: bytes
    files: Mapping[str, FileRecord]

    @property
    def digest(self) -> str:
        """The digest of the manifest."""
        return digest_of_bytes(self.manifest)

    @property
    def size_bytes(self) -> int:
        """The total size of the files."""
        return sum(one.size_bytes for one in self.files.values())


def places(folder: Path) -> list[str]:
    """The places below a library's folder that hold something, sorted."""
    spaces = [space for space in folder.glob("spaces/*") if space.name.isdecimal()]
    entries = [*(folder / name for name in OF_LIBRARY), *(space / name for space in spaces for name in OF_SPACE)]
    return sorted(entry.relative_to(folder).as_posix() for entry in entries if _holds_something(entry))


def newest_at(folder: Path, place: str) -> Shippable | None:
    """What a place holds now: the newest snapshot with a readable manifest, or the file. None if it holds nothing."""
    if is_single(place):
        return _single(folder, place)
    for sequence in sequences(folder / place):
        where = folder / place / str(sequence)
        try:
            manifest = (where / MANIFEST).read_bytes()
            return Shippable(place, sequence, where, manifest, records_of(manifest))
        except (OSError, SnapshotError):  # it was just deleted, or is damaged
            continue
    return None


def is_single(place: str) -> bool:
    """Whether a place is a single file."""
    return place.endswith(_SINGLE)


def digest_of_bytes(data: bytes) -> str:
    """The digest of ``data``, of the same kind as a manifest keeps for files."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def records_of(manifest: bytes) -> dict[str, FileRecord]:
    """The files that a manifest lists. Raises SnapshotError if it is no manifest, or a name contains a path."""
    try:
        listed: dict[str, Any] = json.loads(manifest)["files"]
        records = {name: FileRecord(**record) for name, record in listed.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SnapshotError(f"{MANIFEST} cannot be understood ({error})") from error
    if strange := next((name for name in records if Path(name).name != name), None):
        raise SnapshotError(f"{MANIFEST} names a file {strange!r}")
    return records


def _holds_something(entry: Path) -> bool:
    if is_single(entry.name):
        return entry.is_file()
    return entry.is_dir() and any((entry / str(one) / MANIFEST).exists() for one in sequences(entry))


def _single(folder: Path, place: str) -> Shippable | None:
    path = folder / place
    try:
        record = FileRecord(path.stat().st_size, digest_of(path))
    except OSError:
        return None
    return Shippable(place, 0, path.parent, _manifest({path.name: record}), {path.name: record})


def _manifest(records: Mapping[str, FileRecord]) -> bytes:
    return json.dumps({"files": {name: asdict(record) for name, record in records.items()}}).encode()


def found_in(folder: Path, place: str) -> Iterator[tuple[FileRecord, Path]]:
    """Yield the files of all snapshots of a place on this disk, each with its record."""
    for sequence in sequences(folder / place):
        where = folder / place / str(sequence)
        try:
            records = records_of((where / MANIFEST).read_bytes())
        except (OSError, SnapshotError):
            continue
        yield from ((record, where / name) for name, record in records.items())
