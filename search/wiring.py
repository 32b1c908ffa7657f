"""Where names become objects, and the only such place: encoders, indexes, libraries, commands, jobs.

What a user can add without touching this code comes in through entry points: ``soundalike.encoders`` (a family's
``load(variant, settings) -> Encoder``), ``soundalike.indexes`` (``open(directory, dim, device) -> VectorIndex``),
``soundalike.commands`` (a tuple of `Command`), ``soundalike.jobs`` (the work of upper rooms, by name) and
``soundalike.pages`` (a function that makes the Flask blueprint to mount at ``/``).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from search.errors import EncoderError, UsageError
from search.settings import Device, Settings

if TYPE_CHECKING:
    from search.library import Library
    from search.ports import Encoder, MelodyExtractor, VectorIndex
    from search.vectors.exact import ExactIndex
    from search.vectors.snapshot import SnapshotIndex

EncoderFactory = Callable[[str, Settings], "Encoder"]

BUILT_IN_ENCODERS = {
    "cnn": "search.encoders.named:load",
    "clap": "search.encoders.clap:load",
    "spectral": "search.encoders.spectral:load",
    "adapted": "search.encoders.adapted:load",
}


class Command(Protocol):
    """A subcommand of ``soundalike``, as a room offers it."""

    @property
    def name(self) -> str:
        """The word on the command line."""

    @property
    def help(self) -> str:
        """One line for ``soundalike --help``."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options. Runs for every start of that subcommand: no heavy import here."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Do the work; the exit status (DESIGN.md: 0 done, 1 some inputs failed, 2 wrong use, 3 could not run)."""


def encoder_families() -> dict[str, Callable[[], EncoderFactory]]:
    """Every family that can be named, with what loads its factory."""
    families: dict[str, Callable[[], EncoderFactory]] = {
        family: _lazy(target) for family, target in BUILT_IN_ENCODERS.items()
    }
    for point in entry_points(group="soundalike.encoders"):
        families[point.name] = _from_point(point)
    return families


def encoder(name: str, settings: Settings) -> Encoder:
    """The encoder called ``family[:variant]``. Raises EncoderError for an unknown family, ModelNotFound for weights."""
    family, _, variant = name.partition(":")
    families = encoder_families()
    if family not in families:
        raise EncoderError(f"no encoder is called {name!r}; known families: {', '.join(sorted(families))}")
    return families[family]()(variant, settings)


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


def index_kinds() -> dict[str, Callable[[], Callable[[Path, int, Device], VectorIndex]]]:
    """Every kind of index that can be named; ``faiss`` is the one that libraries use."""
    kinds: dict[str, Callable[[], Callable[[Path, int, Device], VectorIndex]]] = {
        "exact": lambda: lambda _directory, dim, _device: exact_index(dim),
        "faiss": lambda: snapshot_index,
    }
    for point in entry_points(group="soundalike.indexes"):
        kinds[point.name] = _from_point(point)
    return kinds


def library(path: Path | str, settings: Settings, *, create: bool = False, read_only: bool = False) -> Library:
    """The library at ``path``. Raises LibraryError when it is not there and ``create`` is false."""
    from search.library import Library

    return Library.open(Path(path), settings, load_encoder=encoder, create=create, read_only=read_only)


def commands() -> list[Command]:
    """Every subcommand: the engine's own, then those that other rooms and packages offer."""
    from search.commands import COMMANDS

    found: list[Command] = list(COMMANDS)
    for point in sorted(entry_points(group="soundalike.commands"), key=lambda p: p.name):
        found.extend(cast("tuple[Command, ...]", point.load()))
    return found


def job(name: str) -> Callable[..., Any]:
    """The work called ``name`` that an upper room does for the engine (``index``: the bulk job)."""
    points = entry_points(group="soundalike.jobs", name=name)
    if not points:
        raise UsageError(f"no installed package does the job {name!r}; reinstall soundalike with its indexer")
    return cast("Callable[..., Any]", next(iter(points)).load())


def page() -> Callable[[], Any] | None:
    """What makes the web page's Flask blueprint, None where no page is installed."""
    point = next(iter(sorted(entry_points(group="soundalike.pages"), key=lambda p: p.name)), None)
    return None if point is None else cast("Callable[[], Any]", point.load())


def _lazy(target: str) -> Callable[[], EncoderFactory]:
    module, _, attribute = target.partition(":")
    return lambda: cast(EncoderFactory, getattr(import_module(module), attribute))


def _from_point(point: EntryPoint) -> Callable[[], Any]:
    return point.load
