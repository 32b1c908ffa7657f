"""Where names become objects, and the only such place: encoders, indexes, libraries, commands, jobs.

What a user can add without touching this code comes in through entry points: ``soundalike.encoders`` (a family's
``load(variant, settings) -> Encoder``), ``soundalike.indexes`` (``open(directory, dim, device) -> VectorIndex``),
``soundalike.commands`` (a tuple of `Command`), ``soundalike.jobs`` (the work of upper rooms, by name) and
``soundalike.pages`` (a function that makes the Flask blueprint to mount at ``/``).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from search import plugins
from search.settings import Device, Settings

IndexFactory = Callable[[Path, int, Device], "VectorIndex"]

if TYPE_CHECKING:
    from search.library.library import Library
    from search.ports import Encoder, MelodyExtractor, VectorIndex
    from search.vectors.exact import ExactIndex
    from search.vectors.snapshot import SnapshotIndex


def encoder(name: str, settings: Settings) -> Encoder:
    """The encoder called ``family[:variant]``. Raises EncoderError for an unknown family, ModelNotFound for weights."""
    return plugins.encoder(name, settings)


def melody_extractor() -> MelodyExtractor:
    """What finds the tunes of MIDI files and recordings."""
    from search.melody.extraction import TuneExtractor

    return TuneExtractor()


def exact_index(dim: int) -> ExactIndex:
    """An exact index in memory: the oracle that approximate search is measured against."""
    from search.vectors.exact import ExactIndex

    return ExactIndex(dim)


def snapshot_index(directory: Path, dim: int, device: Device = "auto") -> SnapshotIndex:
    """The index of one space on disk: newest snapshot, delta, tombstones."""
    from search.vectors.snapshot import SnapshotIndex

    return SnapshotIndex.open(directory, dim, device=device)


def index_kinds() -> dict[str, IndexFactory]:
    """Every kind of index that can be named, with what opens one; ``faiss`` is the one that libraries use."""
    return {name: plugins.load("indexes", name) for name in plugins.offered("indexes")}


def library(path: Path | str, settings: Settings, *, create: bool = False, read_only: bool = False) -> Library:
    """The library at ``path``. Raises LibraryError when it is not there and ``create`` is false."""
    from search.library.library import Library

    return Library.open(Path(path), settings, load_encoder=encoder, create=create, read_only=read_only)
