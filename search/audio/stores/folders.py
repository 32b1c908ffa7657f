"""A folder as a store: on a disk that machines share, for a library whose snapshots several of them read."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from obstore.store import LocalStore

from search.audio.stores.objects import Objects
from search.errors import LibraryUnwritable, printable
from search.ground.urls import FOLDER


class FolderStore(Objects):
    """One folder. Where it is not there its disk is not mounted, and the store is away. Safe to use from threads."""

    def __init__(self, path: str) -> None:
        """Nobody looks before something is asked."""
        # opened for each request: one that was opened before makes the folder anew, beside the disk that belongs there
        opened = partial(LocalStore, path, automatic_cleanup=True)
        super().__init__(f"{FOLDER}{path}", opened, "check that its disk is mounted")


def make_folder(path: str) -> None:
    """Make a folder that is to be a store, where it is absent. Raises LibraryUnwritable."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(path)}: cannot be a store", error) from error
