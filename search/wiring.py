"""Where names become objects, and the only such place: encoders, kinds of index, libraries.

What a user can add without touching this code comes in through entry points, which `search.plugins` reads and lists.
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
    """The encoder called ``family[:variant]``. Raises EncoderError for an unknown family, ModelNotFound for weights."""
    return plugins.encoder(name, settings)


def melody_extractor() -> MelodyExtractor:
    """What finds the tunes of MIDI files and recordings."""
    from search.analysis.melody.extraction import TuneExtractor

    return TuneExtractor()


def recogniser(name: str, settings: Settings) -> SpeechRecogniser:
    """What writes down what is said: ``whisper`` or ``whisper:variant``.

    Raises EncoderError for an unknown family and where what it needs is not installed, ModelNotFound for a model.
    """
    family, _, variant = name.partition(":")
    if family != "whisper":
        raise EncoderError(f"no recogniser of speech is called {name!r}; there is whisper, like whisper:base")
    from search.analysis.speech.whisper import load

    return load(variant, settings)


def voice_detector() -> VoiceDetector:
    """What finds where somebody speaks. Raises EncoderError where it is not installed."""
    from search.analysis.speech.voice import SileroDetector

    return SileroDetector()


def exact_index(dim: int) -> ExactIndex:
    """An exact index in memory: the oracle that approximate search is measured against."""
    from search.vectors.exact import ExactIndex

    return ExactIndex(dim)


def snapshot_index(
    directory: Path, dim: int, device: Device = "auto", effort: float = 1.0, recall: float | None = None
) -> SnapshotIndex:
    """The index of one space on disk: newest snapshot, delta, tombstones; the rest as `SnapshotIndex.open` says."""
    from search.vectors.snapshot import SnapshotIndex

    return SnapshotIndex.open(directory, dim, device=device, effort=effort, recall=recall)


def index_kind(name: str) -> IndexFactory:
    """What opens the indexes of this kind. Raises UsageError that lists the kinds there are."""
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
    """The library at ``path``, with its catalog and the kind of ``index`` that it was made with.

    A new library takes the kind ``index``, else the settings' one, and keeps it. Raises LibraryError when there is no
    library and ``create`` is false, or it has another kind of index than the one given; UsageError for an unknown kind.
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
        index_kind(index or settings.index)  # a wrong name makes no library
    store = _store(described.store) if described.store else None  # a wrong one neither
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
    """Make an empty library: in a folder, or with what is said otherwise, which its ``library.toml`` keeps
    (`search.library.description.Description`).

    Raises UsageError where a library is already, LibraryError where the catalog or the store's folder cannot be made;
    then nothing is left.
    """
    from search.catalog.opening import place_of
    from search.library import description
    from search.library.ready import CATALOG_FILE, DESCRIPTION_FILE

    described = description.Description(catalog, store, index, cache, tuple(roots))
    description.require_none(path)
    place_of(catalog or CATALOG_FILE, path)  # what is no catalog makes no library
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
    """Leave none of the folders that are made on the way to ``path`` when the block fails."""
    new = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield
    except BaseException:
        for folder in new:
            with suppress(OSError):
                folder.rmdir()
        raise


def named_roots(path: Path) -> list[str]:
    """The roots that the ``library.toml`` of the library at ``path`` names. Raises LibraryError."""
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
