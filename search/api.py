"""How a Python program opens a library."""

from __future__ import annotations

import os
from pathlib import Path

from search import wiring
from search.library.library import Library
from search.settings import Settings


def open_library(path: str | os.PathLike[str] | None = None, *, create: bool = False) -> Library:
    """The library in the folder ``path`` (default: the command line's), with settings from the environment.

    Raises LibraryError when it is not there and ``create`` is false.
    """
    settings = Settings.from_env(os.environ)
    folder = Path(path).expanduser() if path is not None else settings.library
    return wiring.library(folder, settings, create=create)
