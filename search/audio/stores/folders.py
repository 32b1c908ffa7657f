"""A folder as a store, on a disk that machines share, for a library whose snapshots several machines read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from obstore.store import LocalStore

from search.audio.stores.objects import Objects
from search.errors import LibraryUnwritable, printable
from search.ground.urls import FOLDER


class FolderStore(Objects):
    """One folder. If it is missing, its disk is not mounted, and the store is away. Thread-safe."""

    def __init__(self, path: str) -> None:
        """Does not access the folder before the first request."""
        # opened for each request: one opened earlier would create the folder on the wrong disk after an unmount
        opened = partial(LocalStore, path, automatic_cleanup=True)
        super().__init__(f"{FOLDER}{path}", opened, "check that its disk is mounted")


def make_folder(path: str) -> None:
    """Create the folder of a store if it is missing. Raises LibraryUnwritable."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(path)}: cannot be used as a store", error) from error
