"""The words of all transcripts as snapshots (`search.snapshots.folders`): the arrays of `SpokenTable`.

    contents.npy, begins.npy, words.npy, starts_ms.npy, ends_ms.npy, sure.npy, opens.npy, places.npy, word_begins.npy,
    and the vocabulary as letters.npy: its words in UTF-8, with a newline after each

They are derived from the catalog's transcripts: `SpokenWords` adds newer ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from search.analysis.speech.table import SpokenTable
from search.model import Transcript
from search.snapshots.latest import Latest
from search.snapshots.snapshot import Kind, NewSnapshot, Snapshot

FOLDER: Final = "spoken"
"""The name of the folder in the library's folder."""
KIND: Final = Kind("spoken words", 1, "soundalike speech rebuilds them from the catalog")
REVISION: Final = 1
"""Increased whenever the folding of words changes."""
_TYPES: Final = {
    "contents": "<i8",
    "begins": "<i8",
    "words": "<u4",
    "starts_ms": "<u4",
    "ends_ms": "<u4",
    "sure": "|u1",
    "opens": "|u1",
    "places": "<i8",
    "word_begins": "<i8",
}
_LETTERS: Final = "letters.npy"
_AT_ONCE: Final = 5_000
"""Transcripts that are added at once, to bound memory."""

Since = Callable[[int], Iterable[tuple[int, Transcript]]]
"""Returns the transcripts added after a sequence number, each with its content id."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts of a manifest: the revision of folding, and the sequence of the last transcript included."""

    revision: int
    last: int


@dataclass(frozen=True, slots=True)
class _State:
    table: SpokenTable
    last: int


class SpokenWords:
    """The words of a library, up to its last transcript. Threads share it."""

    def __init__(self, library: Path) -> None:
        self.latest = Latest(library / FOLDER, KIND, _read, _write, _State(SpokenTable.empty(), 0))
        self._lock = threading.Lock()
        self._state = _State(SpokenTable.empty(), 0)

    def table(self, last: int, since: Since) -> SpokenTable:
        """The words up to the transcript of sequence ``last``: the published ones and those added ``since``."""
        with self._lock:
            if self._state.last != last:
                # a published state may be beyond ``last`` if contents were removed since; it is complete, too
                base = max((self._state, self.latest.value()), key=lambda one: one.last)
                coming = iter(since(base.last))
                table = base.table
                while some := list(islice(coming, _AT_ONCE)):
                    table = table.changed(some)
                self._state = _State(table, last)
            return self._state.table

    def publish(self, last: int, since: Since, sequence: int) -> None:
        """Publish the words up to the transcript ``last``. Only the lease's holder may. Raises LibraryUnwritable."""
        if self.latest.value().last != last:
            self.latest.publish(_State(self.table(last, since), last), sequence)


def problems(snapshot: Snapshot) -> list[str]:
    """Return the defects of a snapshot whose digests match. Raises SnapshotError if it cannot be opened."""
    table = _read(snapshot).table
    ascend = (np.diff(table.contents) > 0).all() and (np.diff(table.begins) >= 0).all()
    known = not len(table.words) or int(table.words.max()) < len(table.vocabulary)
    return [] if ascend and known else ["its contents and words are not in order"]


def _write(new: NewSnapshot, state: _State) -> None:
    for name, dtype in _TYPES.items():
        new.array(f"{name}.npy", np.asarray(getattr(state.table, name), dtype))
    letters = "".join(f"{word}\n" for word in state.table.vocabulary).encode()
    new.array(_LETTERS, np.frombuffer(letters, np.uint8))
    new.describe(_Facts(REVISION, state.last))


def _read(snapshot: Snapshot) -> _State:
    """Map the arrays of a snapshot. Raises SnapshotError if they are damaged."""
    facts = snapshot.facts(_Facts)
    if facts.revision != REVISION:
        raise snapshot.damaged("its words are of another version")
    if set(snapshot.files) != {_LETTERS, *(f"{name}.npy" for name in _TYPES)}:
        raise snapshot.damaged("its manifest does not list the files of spoken words")
    try:
        for name in ("contents.npy", "begins.npy", _LETTERS):
            snapshot.check(name)
        arrays = {name: snapshot.array(f"{name}.npy") for name in _TYPES}
        vocabulary = tuple(snapshot.array(_LETTERS).tobytes().decode().split("\n")[:-1])
    except (OSError, ValueError, EOFError) as error:
        raise snapshot.unreadable(error) from error
    table = SpokenTable(**arrays, vocabulary=vocabulary)
    n = len(table.words)
    fits = (
        all(values.dtype == _TYPES[name] and values.ndim == 1 for name, values in arrays.items())
        and len(table.begins) == len(table.contents) + 1
        and len(table.word_begins) == len(vocabulary) + 1
        and int(table.begins[-1]) == n
        and all(len(getattr(table, name)) == n for name in ("starts_ms", "ends_ms", "sure", "opens", "places"))
    )
    if not fits:
        raise snapshot.damaged("its arrays do not match each other")
    return _State(table, facts.last)
