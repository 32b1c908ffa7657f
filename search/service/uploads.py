"""Files that clients send: those of a query, gone with its answer, and those to index, which are kept.

What is to be indexed lies in ``<library>/uploads/<batch>/``, a root of the library that the service looks after. A
name that a client gives decides the last part of a path and nothing else, and only after `safe_name`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from werkzeug.datastructures import FileStorage

from search import audio
from search.audio.names import SUFFIXES
from search.errors import AudioError, LibraryError
from search.jobs import Job
from search.model import AudioInfo
from search.ports import ClipCatalog

UPLOADS = "uploads"
_LONGEST_NAME_BYTES = 120
_CHECK_RATE_HZ = 8000
_UNSAFE = re.compile(r"[^\w .,()+=@#&'!~-]")
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_SUFFIX_OF = {"matroska": "mkv", "mov": "m4a", "WAV": "wav", "FLAC": "flac", "ogg": "ogg", "mp3": "mp3"}


def folder_of(library: Path) -> Path:
    """Where a library's uploads are kept: absolute, without links."""
    return (library / UPLOADS).resolve()


@contextlib.contextmanager
def received(files: Mapping[str, FileStorage]) -> Iterator[dict[str, str]]:
    """Put files where decoders can read them, for as long as the block takes; the path of each by its field."""
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
        """Store files for good: absolute path and the client's name of each. All of them, or none.

        Each is on the disk, and its header has been read, when this returns. Raises AudioError for a file that is no
        sound or lasts longer than ``longest_s``, LibraryError when the disk is full.
        """
        batch = self.folder / uuid.uuid4().hex[:12]
        kept: list[tuple[str, str]] = []
        try:
            batch.mkdir(parents=True)
            for file in files:
                given = shown_name(file.filename)
                path = _store(file, batch, given)
                info = check_length(str(path), given, longest_s)
                kept.append((str(_with_suffix(path, info)), given))
            for folder in (batch, self.folder):
                _sync_folder(folder)
        except OSError as error:
            shutil.rmtree(batch, ignore_errors=True)
            raise LibraryError(f"an upload cannot be stored ({error.strerror or error}); free some space") from error
        except AudioError:
            shutil.rmtree(batch, ignore_errors=True)
            raise
        return kept

    def discard(self, path: str) -> None:
        """Delete an uploaded file, and its folder with the last of them; what is no upload stays."""
        file = Path(path)
        if self.folder not in file.parents:
            return
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
            file.parent.rmdir()

    def discard_unindexed(self, job: Job, catalog: ClipCatalog) -> None:
        """Delete the files of a cancelled job that are no clips of the library."""
        clips = (f"{clip.root.path}/{clip.path}" for clip in catalog.clips(job.clip_ids))
        for path in set(job.paths) - {str(Path(clip)) for clip in clips}:
            self.discard(path)


def check_length(path: str, name: str, longest_s: float, start_s: float = 0.0, end_s: float | None = None) -> AudioInfo:
    """What the header of a file says, once it is sure that the passage of it is not too long.

    Where a header does not say how long the sound is, it is decoded, no further than ``longest_s``. Raises AudioError
    under the client's ``name``, never with the path.
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
    """A client's name of a file as it is told back: the last part, on one line."""
    return _last_part(name)[:200] or "upload"


def safe_name(name: str) -> str:
    """``name`` as every file system takes it: no folders, no leading dots, letters of any script, not too long."""
    composed = unicodedata.normalize("NFC", _last_part(name)).encode("utf-8", "ignore").decode("utf-8")
    stem, dot, suffix = _UNSAFE.sub("_", composed).strip(" .").rpartition(".")
    if not dot or suffix.lower() not in SUFFIXES:
        stem, suffix = _UNSAFE.sub("_", composed).strip(" ."), ""
    if not stem or _RESERVED.match(stem):
        stem = f"upload_{stem}".rstrip("_")
    short = stem.encode("utf-8")[:_LONGEST_NAME_BYTES].decode("utf-8", "ignore").rstrip(" .")
    return f"{short}.{suffix.lower()}" if suffix else short


def _last_part(name: str | None) -> str:
    last = re.split(r"[/\\]", name or "")[-1][-1000:]
    return "".join(c for c in last if c.isprintable())


def _store(file: FileStorage, batch: Path, given: str) -> Path:
    """Write a file under a name of its own in ``batch``, down to the disk."""
    name = safe_name(given)
    path = batch / name
    number = 1
    while path.exists() or path.with_suffix("").exists():
        number += 1
        stem, dot, suffix = name.rpartition(".")
        path = batch / (f"{stem} ({number}).{suffix}" if dot else f"{name} ({number})")
    with path.open("xb") as target:
        shutil.copyfileobj(file.stream, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    return path


def _with_suffix(path: Path, info: AudioInfo) -> Path:
    """A scan takes files by their names: one without the suffix of a sound gets that of its container."""
    if audio.is_audio_name(path.name):
        return path
    container = info.container
    suffix = _SUFFIX_OF.get(container, container.lower() if container.lower() in SUFFIXES else "wav")
    return path.rename(path.with_name(f"{path.name}.{suffix}"))


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a loss of power, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
