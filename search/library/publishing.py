"""Publishing: a space's catalog tail becomes a new snapshot on disk, here or in a process of its own.

FAISS with its GPU libraries takes 170 MB before it holds a vector, the columns of 100,000 clips tens more, and a job
of hours should not keep for good what it needs for seconds. So another process publishes, except where that would take
longer to start than to finish, or where FAISS is loaded anyway.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.errors import LibraryError, SnapshotError, SoundalikeError
from search.ground.memory import give_back_freed_memory
from search.melody import shelf
from search.model import Ids, Space
from search.neighbourhoods import shelf as neighbourhoods_shelf
from search.neighbourhoods.graph import Source
from search.vectors.snapshot import SnapshotIndex

INDEX, COLUMNS, CONTOURS, NEIGHBOURHOODS = "index", "columns", "contours", "neighbourhoods"
"""The folders of a space: contours of the melody space, neighbourhoods of every other."""
COLUMNS_KEPT: Final = 2
ELSEWHERE_FROM: Final = 5_000
"""From this many segments on another process publishes: fewer take less than the .6 s that it needs to start."""
_FAILED: Final = 3


def publish(catalog: Catalog, folder: Path, space: Space, segments: int, *, neighbourhoods: bool) -> None:
    """Write the snapshot of ``space``, which has about so many ``segments``, into its ``folder``.

    Runs in bounded memory, beside readers; the caller holds the lease. Without ``neighbourhoods`` those that are there
    stay as they are. Raises LibraryError (disk full, read-only).
    """
    give_back_freed_memory()
    if segments < ELSEWHERE_FROM or "faiss" in sys.modules:
        write(catalog, folder, space, neighbourhoods=neighbourhoods)
        return
    # -P: what lies in the folder where the user happens to be is no module of ours
    command = [sys.executable, "-P", "-m", __name__, str(catalog.path), str(folder), space.name]
    command += [NEIGHBOURHOODS] if neighbourhoods else []
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace", check=False)  # noqa: S603
    if done.returncode:
        raise LibraryError(_what_happened(done.returncode, done.stderr.strip()))


def write(catalog: Catalog, folder: Path, space: Space, *, neighbourhoods: bool) -> None:
    """`publish`, in this process."""
    index = SnapshotIndex.open(folder / INDEX, space.dim, searches=False)
    sequence = catalog.sequence()
    index.fold(catalog.changes(space.id, index.sequence), sequence)
    columns = newest_columns(catalog, folder, space).refreshed(catalog)
    target = folder / COLUMNS / f"{columns.sequence:020d}"
    if not target.exists():
        columns.save(target)
    for old in _column_folders(folder)[COLUMNS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    if space.is_melody:
        shelf.save(folder / CONTOURS, partial(catalog.contours, space.id))
    elif neighbourhoods:
        write_neighbourhoods(folder, space, columns)


def write_neighbourhoods(folder: Path, space: Space, columns: ClipColumns) -> None:
    """Bring the neighbourhoods in ``folder`` up to its newest snapshot, which finds them; ``columns`` are as new.

    What changed costs a search each, what did not a copy. Raises LibraryError (disk full, read-only).
    """
    index = SnapshotIndex.open(folder / INDEX, space.dim, device="cpu")

    def contents_of(segment_ids: Ids) -> Ids:
        return columns.place(segment_ids)[0]

    source = Source(index, index.ids(), contents_of)
    neighbourhoods_shelf.update(folder / NEIGHBOURHOODS, index.sequence, space.dim, source)


def newest_columns(catalog: Catalog, folder: Path, space: Space) -> ClipColumns:
    """The columns as last published, or made from the catalog where there are none that can be read."""
    for saved in _column_folders(folder):
        try:
            return ClipColumns.load(saved)
        except SnapshotError:
            continue  # damaged: an older one, or the catalog, gives the same
    return ClipColumns.build(catalog, space)


def main(argv: Sequence[str]) -> int:
    """The other process: ``CATALOG FOLDER SPACE [neighbourhoods]``. What went wrong is its last line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the job, which lets a publication end
    path, folder, name, *wanted = argv
    try:
        with Catalog.open(path, create=False, read_only=True) as catalog:
            space = next(space for space in catalog.spaces() if space.name == name)
            write(catalog, Path(folder), space, neighbourhoods=NEIGHBOURHOODS in wanted)
    except SoundalikeError as error:
        print(error, file=sys.stderr)
        return _FAILED
    return 0


def _column_folders(folder: Path) -> list[Path]:
    """Newest first; names in the making (not all digits) are left out."""
    parent = folder / COLUMNS
    if not parent.is_dir():
        return []
    return sorted((f for f in parent.iterdir() if f.name.isdigit()), key=lambda f: int(f.name), reverse=True)


def _what_happened(status: int, told: str) -> str:
    last = told.splitlines()[-1] if told else ""
    if status == _FAILED:
        return last
    if status < 0:
        name = signal.Signals(-status).name
        return f"the process that publishes the index was ended by {name}; was there memory left? Run the command again"
    return f"the process that publishes the index failed ({last or f'status {status}'}); run the command again"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
