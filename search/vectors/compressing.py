"""Compressing a snapshot where it costs the job no memory: in a process of its own, unless FAISS is loaded here anyway.

FAISS with its GPU libraries takes 170 MB before it holds a vector, and a process cannot let go of it again. A job that
indexes for hours needs it for seconds; what it hands over lies in files already. What the other process is told and
tells is in `main`.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from search.errors import SnapshotError, SoundalikeError
from search.vectors import files
from search.vectors.folding import Merged

_FRESH, _DROPPED = "fresh.npy", "dropped.npy"
_DISK, _DAMAGED = 3, 4
"""Exit statuses: the disk refused; the index to grow from cannot be read."""


def compress(folder: Path, merged: Merged, dim: int, grown_from: Path | None) -> None:
    """Write the compressed index of the snapshot in the making in ``folder``, whose ids and sidecar are written.

    Trained anew, or grown from the compressed index ``grown_from`` as ``merged`` says. Raises SnapshotError when that
    cannot be read, OSError when the disk is full or the other process was killed.
    """
    if "faiss" in sys.modules:
        _compress(folder, merged, dim, grown_from)
        return
    for name, array in ((_FRESH, merged.fresh), (_DROPPED, merged.dropped)):
        np.save(folder / name, array, allow_pickle=False)
    old = [] if grown_from is None else [grown_from]
    # -P: what lies in the folder where the user happens to be is no module of ours
    command = [sys.executable, "-P", "-m", __name__, str(folder), str(dim), *map(str, old)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 -- our own module
    for name in (_FRESH, _DROPPED):
        (folder / name).unlink()
    if done.returncode:
        _raise(done.returncode, done.stderr.strip())


def main(argv: Sequence[str]) -> int:
    """The other process: ``FOLDER DIM [GROWN_FROM]``. The exit status says what went wrong, its last line tells it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the job, which lets a publication end
    folder, dim, *old = argv
    ids, fresh, dropped = (np.load(Path(folder) / name, allow_pickle=False) for name in (files.IDS, _FRESH, _DROPPED))
    merged = Merged(ids, files.FileFacts(0, ""), fresh, dropped)
    try:
        _compress(Path(folder), merged, int(dim), Path(*old) if old else None)
    except SnapshotError as error:
        print(error, file=sys.stderr)
        return _DAMAGED
    except OSError as error:
        print(error.strerror or error, file=sys.stderr)
        return _DISK
    return 0


def _compress(folder: Path, merged: Merged, dim: int, grown_from: Path | None) -> None:
    from search.vectors import building

    rows = files.map_rows(folder / files.SIDECAR, merged.ids.size, dim)
    if grown_from is None:
        building.build(rows, merged.ids, folder / files.COMPRESSED)
    else:
        building.grow(grown_from, rows, merged, folder / files.COMPRESSED)


def _raise(status: int, told: str) -> None:
    last = told.splitlines()[-1] if told else ""
    if status == _DAMAGED:
        raise SnapshotError(last)
    if status == _DISK:
        raise OSError(last)
    if status < 0:
        name = signal.Signals(-status).name
        raise OSError(f"the process that compresses the index was ended by {name}; was there memory left?")
    raise SoundalikeError(f"the process that compresses the index failed: {last or f'status {status}'}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
