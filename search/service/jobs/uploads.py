"""Files that clients send: those of a query, deleted after its answer, and those to index, which are kept.

Files to index are in ``<library>/uploads/<batch>/``, a root of the library that the service manages; if the library has
a store, in ``<store>/uploads/<batch>/``, where workers on other machines find them. The name that a client gives a file
may have folders (``kicks/01.wav``), which are kept below that of the batch. The name determines only this part of the
path, after `safe_path`. That function is our own: werkzeug's `secure_filename` turns a Japanese name into "ogg", and
pathvalidate allows hidden names and marks that change the direction of writing.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import tempfile
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search import audio
from search.audio.names import SUFFIXES
from search.audio.stores.finding import source_of
from search.errors import AudioError, LibraryUnwritable, StoreAway
from search.ground.urls import FOLDER, is_in_store
from search.model import AudioInfo, Job
from search.ports import CatalogReader
from search.snapshots.single import flush_folder

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage

    from search.library.library import Library

UPLOADS = "uploads"
_LONGEST_NAME_BYTES = 120
_LONGEST_PATH_BYTES = 500
_MOST_FOLDERS = 10
"""If a name has more folders, or is too long, those nearest to the file are kept: they say what it is."""
_LONGEST_GIVEN = 20_000
_LONGEST_SHOWN = 200
_CHECK_RATE_HZ = 8000
_UNSAFE = re.compile(r"[^\w .,()+=@#&'!~-]")
_DRIVE = re.compile(r"[a-z]:", re.IGNORECASE)
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_SUFFIX_OF = {"matroska": "mkv", "mov": "m4a", "WAV": "wav", "FLAC": "flac", "ogg": "ogg", "mp3": "mp3"}


def folder_of(library: Path) -> Path:
    """Where a library's uploads are kept: absolute, without links."""
    return (library / UPLOADS).resolve()


def uploads_of(library: Library) -> Uploads:
    """The uploads of a library: in its store if it has one, else in its folder."""
    url = "" if library.shipping is None else library.shipping.url.rstrip("/")
    if is_in_store(url):
        return StoredUploads(folder_of(library.path), f"{url}/{UPLOADS}")
    return Uploads(folder_of(Path(url.removeprefix(FOLDER))) if url else folder_of(library.path))


@contextlib.contextmanager
def received(files: Mapping[str, FileStorage]) -> Iterator[dict[str, str]]:
    """Write files to disk for decoders, until the block ends; returns the path of each by its field."""
    with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
        paths = {}
        for number, (name, file) in enumerate(files.items()):
            path = Path(folder) / str(number)
            file.save(path)
            paths[name] = str(path)
        yield paths


class Uploads:
    """The files to index, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, files: Sequence[FileStorage], longest_s: float) -> list[tuple[str, str]]:
        """Store files durably, all or none; returns the absolute path and the client's name of each.

        When this returns, each file is flushed to disk and its header has been read. Raises AudioError for a file that
        is not a sound or is longer than ``longest_s``, LibraryUnwritable if the disk is full or read-only.
        """
        batch = self.folder / uuid.uuid4().hex[:12]
        kept: list[tuple[str, str]] = []
        try:
            batch.mkdir(parents=True)
            for file in files:
                given = shown_name(file.filename)
                path = _store(file, batch, safe_path(file.filename))
                info = check_length(str(path), given, longest_s)
                kept.append((str(_with_suffix(path, info)), given))
            for folder in {self.folder, *itertools.chain(*(self._folders(path) for path, _ in kept))}:
                flush_folder(folder)
        except OSError as error:
            shutil.rmtree(batch, ignore_errors=True)
            raise LibraryUnwritable.because("an upload cannot be stored", error) from error
        except AudioError:
            shutil.rmtree(batch, ignore_errors=True)
            raise
        return kept

    def discard(self, path: str) -> None:
        """Delete an uploaded file and each of its folders that is then empty; other files are left alone."""
        folders = self._folders(path)
        if not folders:
            return
        with contextlib.suppress(OSError):
            Path(path).unlink(missing_ok=True)
            for folder in folders:
                folder.rmdir()

    def discard_unindexed(self, job: Job, catalog: CatalogReader) -> None:
        """Delete the files of a cancelled job that are not clips of the library."""
        for path in set(job.paths) - {clip.absolute_path for clip in catalog.clips(job.clip_ids)}:
            self.discard(path)

    def batches(self, paths: Sequence[str]) -> list[str]:
        """The batch folders of uploaded files, which are the roots of their clips."""
        return sorted({str(folders[-1]) for path in paths if (folders := self._folders(path))})

    def holds(self, path: str) -> bool:
        """Whether a path is the folder of uploads, or below it."""
        return Path(path).is_relative_to(self.folder)

    def _folders(self, path: str) -> list[Path]:
        """The folders of an uploaded file, from the innermost to that of its batch; empty for any other file."""
        file = Path(path)
        if self.folder not in file.parents or ".." in file.parts:
            return []
        return list(itertools.takewhile(lambda folder: folder != self.folder, file.parents))


class StoredUploads(Uploads):
    """Uploads in an object store, where every machine finds them; files are checked in a local folder first."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self._url = url

    def keep(self, files: Sequence[FileStorage], longest_s: float) -> list[tuple[str, str]]:
        """As `Uploads.keep`, but returns the URL of each. Also raises StoreAway."""
        received = super().keep(files, longest_s)
        kept: list[tuple[str, str]] = []
        try:
            for path, given in received:
                url = f"{self._url}/{Path(path).relative_to(self.folder).as_posix()}"
                store, key = source_of(url)
                kept.append((url, given))
                store.write(key, Path(path))
        except (OSError, StoreAway) as error:
            for url, _ in kept:
                self.discard(url)
            if isinstance(error, OSError):
                raise LibraryUnwritable.because("an upload cannot be stored", error) from error
            raise
        finally:
            for path, _ in received:
                super().discard(path)
        return kept

    def discard(self, path: str) -> None:
        """Delete an uploaded file, also one from before the library had a store; other files are left alone."""
        if not self._stores(path):
            super().discard(path)
            return
        store, key = source_of(path)
        with contextlib.suppress(OSError, StoreAway):
            store.remove(key)

    def batches(self, paths: Sequence[str]) -> list[str]:
        """As `Uploads.batches`."""
        below = [path.removeprefix(f"{self._url}/").partition("/")[0] for path in paths if self._stores(path)]
        return sorted({*super().batches(paths), *(f"{self._url}/{batch}" for batch in below)})

    def holds(self, path: str) -> bool:
        """As `Uploads.holds`."""
        return self._stores(path) or super().holds(path)

    def _stores(self, path: str) -> bool:
        return path.startswith(f"{self._url}/")


def check_length(path: str, name: str, longest_s: float, start_s: float = 0.0, end_s: float | None = None) -> AudioInfo:
    """The header of a file, after a check that the passage is not too long.

    If the header has no duration, the sound is decoded, up to ``longest_s``. Raises AudioError with the client's
    ``name``, never with the path.
    """
    try:
        info = audio.probe(path)
        if info.duration_s is None:
            blocks = audio.stream(path, _CHECK_RATE_HZ, start_s=start_s, end_s=end_s, max_duration_s=longest_s)
            for _ in blocks:
                pass
            return info
    except AudioError as error:
        raise AudioError(name, error.cause) from error
    end_s = info.duration_s if end_s is None else min(end_s, info.duration_s)
    if end_s - start_s > longest_s:
        raise AudioError(name, f"{end_s - start_s:.1f} s long, more than the {longest_s:g} s allowed")
    return info


def shown_name(name: str | None) -> str:
    """A client's name of a file for answers: with its folders, on one line."""
    *folders, last = _parts(name)
    return "/".join(part[:_LONGEST_SHOWN] for part in (*folders, last if last.strip(" .") else "upload"))


def safe_path(name: str | None) -> tuple[str, ...]:
    """A client's name of a file as folders and a file name that are valid on every file system.

    No part is empty, begins with a dot or contains a separator. If the name is not a plain relative path (absolute,
    with ``..``, with backslashes), only its last part is used.
    """
    *folders, last = _parts(name)
    safe = [folder for folder in (_shortened(_unreserved(_cleaned(one))) for one in folders) if folder]
    safe.append(safe_name(last))
    while len(safe) > 1 and sum(len(part.encode("utf-8")) + 1 for part in safe) > _LONGEST_PATH_BYTES:
        del safe[0]
    return tuple(safe)


def safe_name(name: str) -> str:
    """The last part of ``name``, valid on every file system: no leading dots, letters of any script, limited length."""
    cleaned = _cleaned(_parts(name)[-1])
    stem, dot, suffix = cleaned.rpartition(".")
    if not dot or suffix.lower() not in SUFFIXES:
        stem, suffix = cleaned, ""
    short = _shortened(_unreserved(stem) or "upload")
    return f"{short}.{suffix.lower()}" if suffix else short


def _parts(name: str | None) -> list[str]:
    """The folders of a client's name that are used, and the file name, which may be empty."""
    given = "".join(c for c in (name or "")[-_LONGEST_GIVEN:] if c.isprintable())
    *folders, last = given.split("/")
    if "\\" in given or ".." in folders or given.startswith("/") or _DRIVE.match(given):
        return [re.split(r"[/\\]", given)[-1]]
    return [*[folder for folder in folders if folder not in ("", ".")][-_MOST_FOLDERS:], last]


def _cleaned(part: str) -> str:
    composed = unicodedata.normalize("NFC", part).encode("utf-8", "ignore").decode("utf-8")
    return _UNSAFE.sub("_", composed).strip(" .")


def _unreserved(part: str) -> str:
    return f"upload_{part}" if _RESERVED.match(part) else part


def _shortened(part: str) -> str:
    return part.encode("utf-8")[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")


def _store(file: FileStorage, batch: Path, parts: Sequence[str]) -> Path:
    """Write a file under a unique name in ``batch``, and flush it to disk."""
    *folders, name = parts
    folder = batch
    for part in folders:
        folder = next(path for path in _like(folder / part) if path.is_dir() or not path.exists())
        folder.mkdir(exist_ok=True)
    path = next(path for path in _like(folder / name) if not path.exists())
    with path.open("xb") as target:
        shutil.copyfileobj(file.stream, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    return path


def _like(path: Path) -> Iterator[Path]:
    """``path``, then numbered variants of it, for names that are taken."""
    yield path
    stem, dot, suffix = path.name.rpartition(".")
    for number in itertools.count(2):
        yield path.with_name(f"{stem} ({number}).{suffix}" if dot else f"{path.name} ({number})")


def _with_suffix(path: Path, info: AudioInfo) -> Path:
    """Add the suffix of the container to a name without an audio suffix, since a scan selects files by name."""
    if audio.is_audio_name(path.name):
        return path
    container = info.container
    suffix = _SUFFIX_OF.get(container, container.lower() if container.lower() in SUFFIXES else "wav")
    named = path.with_name(f"{path.name}.{suffix}")
    return path.rename(next(path for path in _like(named) if not path.exists()))
