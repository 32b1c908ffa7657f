"""The one place where names become objects: encoders, kinds of index, libraries.

Plug-ins are found through entry points, which `search.plugins` reads and lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

from search import plugins
from search.errors import EncoderError, LibraryError, for_shell, printable
from search.settings import DEFAULT_INDEX, Device, Settings

if TYPE_CHECKING:
    from search.library.library import Library
    from search.ports import (
        Encoder,
        IndexFactory,
        MelodyExtractor,
        ObjectStore,
        Shipments,
        SpeechRecogniser,
        VoiceDetector,
    )
    from search.snapshots.shipping import Shipping
    from search.vectors.exact import ExactIndex
    from search.vectors.snapshot import SnapshotIndex

EncoderLoader: TypeAlias = "Callable[[str, Settings], Encoder]"
RecogniserLoader: TypeAlias = "Callable[[str, Settings], SpeechRecogniser]"


def encoder(name: str, settings: Settings) -> Encoder:
    """Load the encoder ``family[:variant]``. Raises EncoderError for an unknown family, ModelNotFound for weights."""
    return plugins.encoder(name, settings)


def melody_extractor() -> MelodyExtractor:
    """Return what finds the tunes of MIDI files and recordings."""
    from search.analysis.melody.extraction import TuneExtractor

    return TuneExtractor()


def recogniser(name: str, settings: Settings) -> SpeechRecogniser:
    """Load the speech recogniser: ``whisper`` or ``whisper:variant``.

    Raises EncoderError for an unknown family or if a package that it needs is not installed, ModelNotFound for a model.
    """
    family, _, variant = name.partition(":")
    if family != "whisper":
        raise EncoderError(f"no speech recogniser is called {name!r}; use whisper, like whisper:base")
    from search.analysis.speech.whisper import load

    return load(variant, settings)


def voice_detector() -> VoiceDetector:
    """Load the voice detector. Raises EncoderError if it is not installed."""
    from search.analysis.speech.voice import SileroDetector

    return SileroDetector()


def exact_index(dim: int) -> ExactIndex:
    """Make an exact index in memory: the reference that approximate search is measured against."""
    from search.vectors.exact import ExactIndex

    return ExactIndex(dim)


def snapshot_index(
    directory: Path, dim: int, device: Device = "auto", effort: float = 1.0, recall: float | None = None
) -> SnapshotIndex:
    """Open the index of one space on disk: newest snapshot, delta, tombstones. See `SnapshotIndex.open`."""
    from search.vectors.snapshot import SnapshotIndex

    return SnapshotIndex.open(directory, dim, device=device, effort=effort, recall=recall)


def index_kind(name: str) -> IndexFactory:
    """Return the factory of this kind of index. Raises UsageError that lists the known kinds."""
    return cast("IndexFactory", plugins.load("indexes", name))


def library(
    path: Path | str,
    settings: Settings,
    *,
    create: bool = False,
    read_only: bool = False,
    index: str | None = None,
    load_encoder: EncoderLoader = encoder,
    load_recogniser: RecogniserLoader = recogniser,
    load_detector: Callable[[], VoiceDetector] = voice_detector,
) -> Library:
    """Open the library at ``path`` with its catalog and the kind of index that it was made with.

    A new library takes the kind ``index``, or else that of the settings, and keeps it. Raises LibraryError if there is
    no library and ``create`` is false, or if it has another kind of index than ``index``; UsageError for an unknown
    kind.
    """
    from search.catalog.opening import is_there
    from search.catalog.store import Catalog
    from search.library import description
    from search.library.library import Library
    from search.library.publishing import IndexKind
    from search.library.speech import Listeners

    path = Path(path)
    described, place = description.read(path), description.catalog_of(path)
    index = index or described.index or None
    is_new = isinstance(place, Path) and not is_there(place)
    if is_new:
        _make_folder(path, create=create)
        index_kind(index or settings.index)  # before anything is made: a wrong name must leave no library behind
    store = _store(described.store) if described.store else None  # the same for a wrong store
    catalog = Catalog.open(place, create=create, read_only=read_only)
    try:
        if is_new or (create and isinstance(place, str) and catalog.choice("index") is None):
            catalog.choose("index", index or settings.index)
        name = catalog.choice("index") or DEFAULT_INDEX
        if index is not None and index != name:
            raise LibraryError(f"this library's index is {name!r}, which cannot become {index!r}; make a new library")
        kind = IndexKind(name, index_kind(name))
        listeners = Listeners(partial(load_recogniser, settings.recogniser, settings), load_detector)
        cache = description.cache_of(path)
        return Library(
            path,
            catalog,
            settings,
            partial(_load, load_encoder, settings),
            kind,
            listeners=listeners,
            cache=cache,
            shipping=None if store is None else _shipping(cache, store, described.store, catalog.shipments),
        )
    except BaseException:
        catalog.close()
        raise


def new_library(
    path: Path,
    settings: Settings,
    *,
    catalog: str = "",
    store: str = "",
    index: str = "",
    cache: str = "",
    roots: Sequence[str] = (),
) -> None:
    """Make an empty library in the folder ``path``. Options that are not empty go into its ``library.toml``.

    The options are those of `search.library.description.Description`. Raises UsageError if there is a library already,
    LibraryError if the catalog or the store's folder cannot be made. After an error nothing is left.
    """
    from search.catalog.opening import place_of
    from search.library import description
    from search.library.ready import CATALOG_FILE, DESCRIPTION_FILE

    described = description.Description(catalog, store, index, cache, tuple(roots))
    description.require_none(path)
    place_of(catalog or CATALOG_FILE, path)  # before anything is made: an invalid catalog must leave no library behind
    index_kind(index or settings.index)
    with _new_folders_taken_back(path):
        if described != description.Description():
            description.describe(path, described)
        try:
            if store:
                _make_store(store)
            library(path, settings, create=True).close()
        except BaseException:
            (path / DESCRIPTION_FILE).unlink(missing_ok=True)
            raise


@contextmanager
def _new_folders_taken_back(path: Path) -> Iterator[None]:
    """If the block fails, remove the folders that it made on the way to ``path``."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield
    except BaseException:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()
        raise


def named_roots(path: Path) -> list[str]:
    """Return the roots that ``library.toml`` of the library at ``path`` names. Raises LibraryError."""
    from search.library.description import roots_of

    return list(roots_of(path))


def _store(url: str) -> tuple[ObjectStore, str]:
    from search.audio.stores.finding import store_of  # who has no store loads none

    return store_of(url)


def _make_store(url: str) -> None:
    from search.audio.stores.finding import make_store  # who has no store loads none

    make_store(url)


def _shipping(cache: Path, store: tuple[ObjectStore, str], url: str, shipments: Shipments) -> Shipping:
    from search.snapshots.shipping import Shipping

    return Shipping(cache, store, url, shipments)


def _load(load_encoder: EncoderLoader, settings: Settings, name: str) -> Encoder:
    return load_encoder(name, settings)


def _make_folder(path: Path, *, create: bool) -> None:
    shown = printable(str(path))
    if not create:
        again = for_shell(str(path))
        raise LibraryError(f"no library at {shown}; make one with: soundalike index FOLDER --library {again}")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"cannot make a library at {shown}: {error.strerror}") from error
