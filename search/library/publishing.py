"""Publishing: unpublished changes of a space become a new snapshot on disk, in this process or in another.

FAISS with its GPU libraries takes 170 MB before it holds a vector, and the columns of 100,000 clips take tens more. A
job that runs for hours should not hold memory that it needs for seconds. So another process publishes, unless starting
it would take longer than publishing, or FAISS is loaded anyway.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from search import plugins
from search.analysis.melody.contourfiles import KIND as CONTOURS_KIND
from search.analysis.melody.contourfiles import ContourFollower
from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.columns.files import KIND as COLUMNS_KIND
from search.columns.following import ColumnsFollower
from search.errors import LibraryError, SoundalikeError
from search.ground.memory import give_back_freed_memory
from search.model import Ids, Space
from search.ports import IndexFactory, SpaceIndex
from search.snapshots.folders import Snapshots
from search.vectors.base import StoredBase
from search.vectors.neighbourhoods import layering
from search.vectors.neighbourhoods.graph import NeighbourSource
from search.vectors.snapshot import SnapshotView

INDEX, COLUMNS, CONTOURS, NEIGHBOURHOODS = "index", "columns", "contours", "neighbourhoods"
"""The folders of a space: contours only in the melody space, neighbourhoods only in the others."""
PARTS: Final = (INDEX, COLUMNS, CONTOURS, NEIGHBOURHOODS)
ELSEWHERE_FROM: Final = 5_000
"""From this many segments on another process publishes. Fewer take less time than the .6 s that its start needs."""
_FAILED: Final = 3


@dataclass(frozen=True, slots=True)
class IndexKind:
    """A library's kind of index: its name, by which another process finds it, and its factory."""

    name: str
    open: IndexFactory


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published, and where: one ``space`` of a ``catalog``, into its ``folder``, with ``index_kind``.

    If ``neighbourhoods`` is false, existing neighbourhoods stay as they are.
    """

    catalog: Catalog
    folder: Path
    space: Space
    index_kind: IndexKind
    neighbourhoods: bool

    def index(self, *, searches: bool = False) -> SpaceIndex:
        """Open the space's index."""
        return self.index_kind.open(self.folder / INDEX, self.space.dim, "cpu", searches=searches)

    def is_incomplete(self) -> bool:
        """Return whether columns or contours are missing in the current format (an older version, a killed process)."""
        needed = {COLUMNS: COLUMNS_KIND, CONTOURS: CONTOURS_KIND} if self.space.is_melody else {COLUMNS: COLUMNS_KIND}
        return not all(Snapshots(self.folder / part, kind).is_published() for part, kind in needed.items())


def folder_of(library: Path, space: Space) -> Path:
    """Return the folder of a space's snapshots."""
    return library / place_of(space)


def place_of(space: Space) -> str:
    """Return the same, relative to the folder of all snapshots."""
    return f"spaces/{space.id}"


def publish(what: Publication, segments: int) -> None:
    """Write the snapshot of a space with about this many ``segments``.

    Runs in bounded memory while readers continue. The caller holds the lease. Raises LibraryError (disk full,
    read-only).
    """
    give_back_freed_memory()
    if segments < ELSEWHERE_FROM or "faiss" in sys.modules:
        write(what)
        return
    # -P: do not import modules from the user's current folder
    command = [sys.executable, "-P", "-m", __name__, str(what.folder), str(what.space.id)]
    command += [what.index_kind.name, *([NEIGHBOURHOODS] if what.neighbourhoods else [])]
    # not among the arguments, which every user of the machine can read: a URL may hold a password
    url = os.fsencode(what.catalog.url)
    done = subprocess.run(command, input=url, stderr=subprocess.PIPE, check=False)  # noqa: S603  this interpreter
    if done.returncode:
        raise LibraryError(_what_happened(done.returncode, done.stderr.decode(errors="replace").strip()))


def write(what: Publication) -> None:
    """Write a snapshot in this process."""
    catalog, folder, space = what.catalog, what.folder, what.space
    what.index().publish(partial(catalog.changes, space.id), catalog.sequence())
    columns = ColumnsFollower(folder / COLUMNS, catalog, space).publish()
    if space.is_melody:
        ContourFollower(folder / CONTOURS, partial(catalog.contours, space.id)).publish()
    elif what.neighbourhoods:
        write_neighbourhoods(what, columns)


def write_neighbourhoods(what: Publication, columns: ClipColumns) -> None:
    """Update the neighbourhoods in a folder to its newest snapshot, whose index finds them.

    ``columns`` must be as new as the snapshot. Each changed segment costs a search. If vectors are in files, the
    neighbourhoods are written in layers. A search then reads the vectors of neighbours whose smoothed vectors were not
    rewritten; from a server that takes too long. Raises LibraryError (disk full, read-only).
    """
    view = what.index(searches=True).view

    def contents_of(segment_ids: Ids) -> Ids:
        return columns.place(segment_ids)[0]

    source = NeighbourSource(view, view.ids(), contents_of)
    in_layers = isinstance(view, SnapshotView) and isinstance(view.base, StoredBase)
    layering.update(what.folder / NEIGHBOURHOODS, view.sequence, what.space.dim, source, in_layers=in_layers)


def main(argv: Sequence[str]) -> int:
    """Run the other process: ``FOLDER SPACE-ID INDEX-KIND [neighbourhoods]``, with the catalog's URL on standard input.

    An error is the last line of its error output.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the job, which waits for this publication
    folder, space_id, kind, *wanted = argv
    try:
        with Catalog.open(os.fsdecode(sys.stdin.buffer.read()), create=False, read_only=True) as catalog:
            space = next(space for space in catalog.spaces() if space.id == int(space_id))
            index_kind = IndexKind(kind, plugins.load("indexes", kind))
            write(Publication(catalog, Path(folder), space, index_kind, NEIGHBOURHOODS in wanted))
    except SoundalikeError as error:
        print(error, file=sys.stderr)
        return _FAILED
    return 0


def _what_happened(status: int, output: str) -> str:
    last = output.splitlines()[-1] if output else ""
    if status == _FAILED:
        return last
    if status < 0:
        name = signal.Signals(-status).name
        return f"the process that publishes the index was killed by {name}; free some memory and run the command again"
    return f"the process that publishes the index failed ({last or f'status {status}'}); run the command again"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
