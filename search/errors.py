"""The exceptions of Soundalike::

    SoundalikeError
    ├── AudioError            a file cannot be decoded: says which file and why
    ├── EncoderError          a model cannot be found, loaded or used as asked
    │   └── ModelNotFound     names the ways to get the file
    ├── QueryError            a query that makes no sense (no positive part, unknown clip, k < 1, ...)
    │   └── WhereError        a filter that does not parse: says where
    ├── LibraryError          a library that cannot be opened, written or trusted
    │   ├── SpaceMismatch     vectors of another fingerprint: names `soundalike reindex`
    │   ├── ChangeRefused     the catalog cannot hold one change; says which, the others can be written without it
    │   ├── LibraryBusy       another writer holds the lease: says who, since when
    │   │   └── ClaimLost     another worker has the chunk now, or another job the pass: nothing is written
    │   ├── LibraryUnwritable its disk is full, read-only or faulty; the library can still be searched
    │   └── SnapshotError     a snapshot on disk is damaged or incomplete
    ├── JobError              the bulk job cannot continue (out of file handles): says what to raise or free
    │   └── StoreAway         an object store does not answer: says which, and why
    └── UsageError            a command or setting that is wrong

Each message is one line: what failed, on which input, what to do.
"""

from __future__ import annotations

import errno
import shlex
from typing import Final, Self

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""The error numbers for a full disk or an exceeded quota."""
NO_HANDLES: Final = (errno.EMFILE, errno.ENFILE)
"""The error numbers for too many open files, in the process or in the system."""
CLOSE_FILES: Final = "no file handles left; close other programs or raise `ulimit -n`, then run the command again"


class SoundalikeError(Exception):
    """Base class of all errors that Soundalike raises. Catch this, and nothing wider, at the top level of a program.

    Examples:
        >>> try:
        ...     soundalike.open_library("nowhere")
        ... except soundalike.SoundalikeError as error:
        ...     print(error)
        no library at nowhere; make one with: soundalike index FOLDER --library nowhere
    """


class AudioError(SoundalikeError):
    """A file cannot be decoded. ``str()`` is always one line: the path, a colon, the cause.

    Examples:
        >>> try:
        ...     library.search(soundalike.Query((soundalike.AudioPart("nowhere.wav"),)))
        ... except soundalike.AudioError as error:
        ...     print(error.cause)
        no such file
    """

    def __init__(self, path: str, cause: str) -> None:
        self.path = path
        self.cause = cause
        super().__init__(f"{printable(path)}: {cause}")


class EncoderError(SoundalikeError):
    """A model cannot be loaded or used as asked.

    Examples:
        >>> try:
        ...     soundalike.index(library, ["sounds"], encoder="nonsense")
        ... except soundalike.EncoderError as error:
        ...     print(error)
        no encoder is called 'nonsense'; known families: ...
    """


class ModelNotFound(EncoderError):
    """A model file was not found. The message names every place that was tried, and how to get the file.

    Examples:
        >>> try:
        ...     soundalike.index(library, ["sounds"], encoder="adapted:nowhere.safetensors")
        ... except soundalike.ModelNotFound as error:
        ...     print(error)
        adapted:...nowhere.safetensors: no such file; soundalike train makes one. ...
    """


class QueryError(SoundalikeError):
    """A query that cannot be answered as asked.

    Examples:
        >>> try:
        ...     library.search(soundalike.Query((soundalike.ClipPart(1_000_000),)))
        ... except soundalike.QueryError as error:
        ...     print(error)
        no clip has the id 1000000
    """


class WhereError(QueryError):
    """A ``--where`` filter that does not parse or names an unknown column.

    Examples:
        >>> try:
        ...     library.clips.facets("length < 5")
        ... except soundalike.WhereError as error:
        ...     print(error)
        the filter at character 1 (after ▸ in: ▸length < 5): expected a column, ...
    """


class LibraryError(SoundalikeError):
    """A library that cannot be opened, written or trusted.

    Examples:
        >>> try:
        ...     soundalike.open_library("nowhere")
        ... except soundalike.LibraryError:
        ...     print("there is no library")
        there is no library
    """

    of_server: bool = False
    """Whether the message names the catalog's server or quotes it. Do not show such a message to a service's clients.
    """


class SpaceMismatch(LibraryError):
    """The available encoder is not the one that made the space.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.SpaceMismatch as error:
        ...     print("run soundalike reindex:", error)
    """


class ChangeRefused(LibraryError):
    """The catalog cannot hold one of the changes in a batch, and wrote none of them. ``place`` is its index.

    The library is intact: the other changes can be written without this one.
    """

    def __init__(self, place: int, cause: str) -> None:
        self.place = place
        self.cause = cause
        super().__init__(f"the catalog cannot hold what is to be written: {cause}")


class LibraryBusy(LibraryError):
    """Another writer holds the lease.

    Examples:
        >>> with library.writer.lease("another program", wait_s=0):
        ...     try:
        ...         soundalike.index(library, ["sounds"])
        ...     except soundalike.LibraryBusy:
        ...         print("another program writes; try again later")
        another program writes; try again later
    """


class ClaimLost(LibraryBusy):
    """A worker's claim ran out, another worker has its chunk, or another job replaced the one that shared its work."""


class LibraryUnwritable(LibraryError):
    """The library cannot be written now: its disk is full, read-only or faulty. It can still be searched.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.LibraryUnwritable as error:
        ...     print("free some space, then index again:", error)
    """

    @classmethod
    def because(cls, what: str, error: OSError) -> Self:
        """Build the error: ``what`` failed, the system's reason, and the remedy."""
        if error.errno in FULL:
            remedy = "the disk is full; free some space, then try again"
        elif error.errno in NO_HANDLES:
            remedy = CLOSE_FILES
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            remedy = "the library is read-only; check its permissions and that its disk is not mounted read-only"
        else:
            remedy = "check the disk, then try again"
        return cls(f"{what} ({error.strerror or error}): {remedy}")


class CommitUnknown(LibraryError):
    """The connection to the catalog's server broke during a commit: the change was written in full, or not at all."""


class SnapshotError(LibraryError):
    """A snapshot on disk is damaged or incomplete.

    Examples:
        >>> try:
        ...     answer = library.search(soundalike.Query((soundalike.ClipPart(1),)))
        ... except soundalike.SnapshotError as error:
        ...     print("run soundalike reindex:", error)
    """


class JobError(SoundalikeError):
    """The bulk job cannot continue, for a reason that affects every file. What it wrote is kept; the next run resumes.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.JobError as error:
        ...     print("mend what it names, then index again:", error)
    """


class StoreAway(JobError):
    """An object store does not answer. The state of its objects is unknown, and nothing was changed.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.StoreAway as error:
        ...     print("index again when the network is back:", error)
    """


class UsageError(SoundalikeError):
    """A command line or a setting that is wrong.

    Examples:
        >>> try:
        ...     soundalike.Settings.from_env({"SOUNDALIKE_DEVICE": "tpu"})
        ... except soundalike.UsageError as error:
        ...     print(error)
        SOUNDALIKE_DEVICE is 'tpu'; it must be auto, cpu or cuda
    """


def printable(path: str) -> str:
    """Return ``path`` as one printable line: control characters and bytes that are not UTF-8 become escapes."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def for_shell(word: str) -> str:
    """Return ``word`` for a command line that people paste: one line, quoted if a shell needs it."""
    return printable(shlex.quote(word))
