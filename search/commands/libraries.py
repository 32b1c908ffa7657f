"""The library of a command: its option, its folder, and the library itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from search import wiring
from search.ground.urls import require_folder
from search.settings import Settings

if TYPE_CHECKING:
    from search.library.library import Library


def add_library(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """Add ``--library DIR``; the parser of an action passes SUPPRESS, to keep a value given before the action."""
    parser.add_argument(
        "--library",
        type=Path,
        default=default,
        metavar="DIR",
        help="the library's folder (default: $SOUNDALIKE_LIBRARY, else your own library)",
    )


def library_path(args: argparse.Namespace, settings: Settings) -> Path:
    """The folder that ``--library`` names, else the default. Raises UsageError for a URL."""
    given: Path | None = args.library
    path = given or settings.library
    require_folder(path)
    return path


def library(args: argparse.Namespace, settings: Settings, *, create: bool = False, read_only: bool = False) -> Library:
    """Open the library in that folder. Raises LibraryError if it does not exist and ``create`` is false."""
    return wiring.library(library_path(args, settings), settings, create=create, read_only=read_only)
