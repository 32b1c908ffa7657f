"""Publishing: a space's catalog tail becomes a new snapshot on disk, here or in a process of its own.

FAISS with its GPU libraries takes 170 MB before it holds a vector, the columns of 100,000 clips tens more, and a job
of hours should not keep for good what it needs for seconds. So another process publishes, except where that would take
longer to start than to finish, or where FAISS is loaded anyway.
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
"""The folders of a space: contours of the melody space, neighbourhoods of every other."""
PARTS: Final = (INDEX, COLUMNS, CONTOURS, NEIGHBOURHOODS)
ELSEWHERE_FROM: Final = 5_000
"""From this many segments on another process publishes: fewer take less than the .6 s that it needs to start."""
_FAILED: Final = 3


@dataclass(frozen=True, slots=True)
class IndexKind:
    """A library's kind of index: its name, by which another process finds it, and what opens one."""

    name: str
    open: IndexFactory


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published and where: one ``space`` of a ``catalog``, into its ``folder``, as ``index_kind`` keeps it.

    Without ``neighbourhoods`` those that are there stay as they are.
    """

    catalog: Catalog
    folder: Path
    space: Space
    index_kind: IndexKind
    neighbourhoods: bool

    def index(self, *, searches: bool = False) -> SpaceIndex:
        """The space's index."""
        return self.index_kind.open(self.folder / INDEX, self.space.dim, "cpu", searches=searches)

    def is_incomplete(self) -> bool:
        """Whether columns or contours were never published in this form: by an earlier version, or a killed process."""
        needed = {COLUMNS: COLUMNS_KIND, CONTOURS: CONTOURS_KIND} if self.space.is_melody else {COLUMNS: COLUMNS_KIND}
        return not all(Snapshots(self.folder / part, kind).is_published() for part, kind in needed.items())


def folder_of(library: Path, space: Space) -> Path:
    """Where a space's snapshots lie."""
    return library / place_of(space)


def place_of(space: Space) -> str:
    """The same, below the folder of all snapshots."""
    return f"spaces/{space.id}"


def publish(what: Publication, segments: int) -> None:
    """Write the snapshot of a space that has about so many ``segments``.

    Runs in bounded memory, beside readers; the caller holds the lease. Raises LibraryError (disk full, read-only).
    """
    give_back_freed_memory()
    if segments < ELSEWHERE_FROM or "faiss" in sys.modules:
        write(what)
        return
    # -P: what lies in the folder where the user happens to be is no module of ours
    command = [sys.executable, "-P", "-m", __name__, str(what.folder), str(what.space.id)]
    command += [what.index_kind.name, *([NEIGHBOURHOODS] if what.neighbourhoods else [])]
    # not among the arguments, which every user of the machine can read: a URL may hold a password
    url = os.fsencode(what.catalog.url)
    done = subprocess.run(command, input=url, stderr=subprocess.PIPE, check=False)  # noqa: S603  this interpreter
    if done.returncode:
        raise LibraryError(_what_happened(done.returncode, done.stderr.decode(errors="replace").strip()))


def write(what: Publication) -> None:
    """`publish`, in this process."""
    catalog, folder, space = what.catalog, what.folder, what.space
    what.index().publish(partial(catalog.changes, space.id), catalog.sequence())
    columns = ColumnsFollower(folder / COLUMNS, catalog, space).publish()
    if space.is_melody:
        ContourFollower(folder / CONTOURS, partial(catalog.contours, space.id)).publish()
    elif what.neighbourhoods:
        write_neighbourhoods(what, columns)


def write_neighbourhoods(what: Publication, columns: ClipColumns) -> None:
    """Bring the neighbourhoods in a folder up to its newest snapshot, which finds them; ``columns`` are as new.

    What changed costs a search each. They are in layers where vectors lie in files: a search reads those of neighbours
    whose smoothed vectors were not written anew, which takes too long from a server. Raises LibraryError (disk full,
    read-only).
    """
    view = what.index(searches=True).view

    def contents_of(segment_ids: Ids) -> Ids:
        return columns.place(segment_ids)[0]

    source = NeighbourSource(view, view.ids(), contents_of)
    in_layers = isinstance(view, SnapshotView) and isinstance(view.base, StoredBase)
    layering.update(what.folder / NEIGHBOURHOODS, view.sequence, what.space.dim, source, in_layers=in_layers)


def main(argv: Sequence[str]) -> int:
    """The other process: ``FOLDER SPACE-ID INDEX-KIND [neighbourhoods]``, and the catalog from its standard input.

    What went wrong is its last line.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the job, which lets a publication end
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
        return f"the process that publishes the index was ended by {name}; was there memory left? Run the command again"
    return f"the process that publishes the index failed ({last or f'status {status}'}); run the command again"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
