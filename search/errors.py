"""Everything that Soundalike raises on purpose::

    SoundalikeError
    ├── AudioError            a file cannot be decoded: says which file and why
    ├── EncoderError          a model cannot be found, loaded or used as asked
    │   └── ModelNotFound     names the ways to get the file
    ├── QueryError            a query that makes no sense (no positive part, unknown clip, k < 1, ...)
    │   └── WhereError        a filter that does not parse: says where
    ├── LibraryError          a library that cannot be opened, written or trusted
    │   ├── SpaceMismatch     vectors of another fingerprint: names `soundalike reindex`
    │   ├── ChangeRefused     one change that the catalog cannot hold; says which, the others can be written without it
    │   ├── LibraryBusy       another writer holds the lease: says who, since when
    │   │   └── ClaimLost     a worker's chunk or a job's pass is another's by now: nothing of it is written
    │   ├── LibraryUnwritable its disk is full, read-only or refuses; it can be searched all the same
    │   └── SnapshotError     a snapshot on disk is damaged or incomplete
    ├── JobError              the bulk job cannot go on (out of file handles): says what to raise or free
    │   └── StoreAway         an object store does not answer: says which, and why
    └── UsageError            a command or setting that is wrong

Each message is one line: what failed, on which input, what to do.
"""

from __future__ import annotations

import errno
import shlex
from typing import Final, Self

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""What the system says of a disk, or a share of it, that is full."""
NO_HANDLES: Final = (errno.EMFILE, errno.ENFILE)
"""What the system says to a process, or when it itself, has as many files open as it may."""
CLOSE_FILES: Final = "no file handles left; close other programs or raise `ulimit -n`, then run the command again"


class SoundalikeError(Exception):
    """The root of the tree; the edge of a process catches this and nothing wider.

    Examples:
        >>> try:
        ...     soundalike.open_library("nowhere")
        ... except soundalike.SoundalikeError as error:
        ...     print(error)
        no library at nowhere; make one with: soundalike index FOLDER --library nowhere
    """


class AudioError(SoundalikeError):
    """A file cannot be decoded. ``str()`` is one line whatever the file is called: the path, a colon, the cause.

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
    """A model file is nowhere; the message names every place that was tried and how to get it.

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
    """Whether the message says which server has the catalog, and its words: not for clients of a service."""


class SpaceMismatch(LibraryError):
    """The encoder at hand is not the one that made the space.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.SpaceMismatch as error:
        ...     print("run soundalike reindex:", error)
    """


class ChangeRefused(LibraryError):
    """The catalog cannot hold one of the changes it was given, and wrote none of them: ``place`` is its index.

    Nothing is wrong with the library; the other changes can be written without this one.
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
    """A worker's claim ran out, or another has its chunk; or another job took the place of one that shared its work."""


class LibraryUnwritable(LibraryError):
    """The library cannot be written now: its disk is full, read-only or refuses. What is there can be searched.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.LibraryUnwritable as error:
        ...     print("free some space, then index again:", error)
    """

    @classmethod
    def because(cls, what: str, error: OSError) -> Self:
        """``what`` could not be done, with the system's reason and the remedy."""
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
    """The line to the catalog's server broke while a change was committed: it was kept whole, or not at all."""


class SnapshotError(LibraryError):
    """A snapshot on disk is damaged or incomplete.

    Examples:
        >>> try:
        ...     answer = library.search(soundalike.Query((soundalike.ClipPart(1),)))
        ... except soundalike.SnapshotError as error:
        ...     print("run soundalike reindex:", error)
    """


class JobError(SoundalikeError):
    """The bulk job cannot go on, whatever the file; what it wrote so far is kept and the next run resumes.

    Examples:
        >>> try:
        ...     failures = soundalike.index(library, ["sounds"])
        ... except soundalike.JobError as error:
        ...     print("mend what it names, then index again:", error)
    """


class StoreAway(JobError):
    """An object store does not answer: nothing is known of what lies there, and nothing was changed because of it.

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
    """``path`` on one line that any terminal can show: control characters, and bytes that are no UTF-8, as escapes."""
    shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)


def for_shell(word: str) -> str:
    """``word`` as a command line that people paste has it: quoted where a shell asks for that, on one line."""
    return printable(shlex.quote(word))
