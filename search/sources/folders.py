"""A folder as a store: on a disk that machines share, for a library whose snapshots several of them read."""

from __future__ import annotations

from obstore.store import LocalStore

from search.errors import LibraryUnwritable, printable
from search.ground.urls import FOLDER
from search.sources.objects import Objects


class FolderStore(Objects):
    """One folder, made where it is absent. Safe to use from several threads."""

    def __init__(self, path: str) -> None:
        """Raises LibraryUnwritable where it cannot be made."""
        try:
            store = LocalStore(path, mkdir=True, automatic_cleanup=True)
        except Exception as error:  # obstore raises one of its own for each cause
            raise LibraryUnwritable(f"{printable(path)}: cannot be a store ({printable(str(error))})") from error
        super().__init__(f"{FOLDER}{path}", store, "check that its disk is mounted")
