"""The job that derives data from files for contents already in the catalog, without encoding any of them again.

It publishes its results from time to time (`SAVE_S`), so that an interrupted job resumes where it last published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from search.errors import AudioError
from search.model import Clip, Content, Ids, JobFailure
from search.ports import ContentReader, Lease
from search.snapshots.latest import Latest

SAVE_SHARE: Final = 4
SAVE_S: Final = 20 * 3600.0
"""New results are published after this many seconds of sound, if they are also more than 1/SAVE_SHARE of the contents
published before."""
_PAGE: Final = 1000

R_contra = TypeVar("R_contra", contravariant=True)
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

OnProgress = Callable[[int, int], None]
"""Called with the number of contents done and the total. If it raises, the job stops and keeps its results."""


Rest = Callable[[], None]
"""Called before each small unit of work: it blocks while searches need the processor."""


def nobody(done: int, total: int) -> None:
    """An `OnProgress` that does nothing."""


def at_once() -> None:
    """A `Rest` that does not wait, for work that a user is waiting for."""


def resting(items: Iterable[R], rest: Rest) -> Iterator[R]:
    """Yield ``items``, calling ``rest`` before each is produced."""
    each = iter(items)
    while True:
        rest()
        try:
            item = next(each)
        except StopIteration:
            return
        yield item


class Derived(Protocol[R_contra]):
    """Data derived from contents, by content id."""

    @property
    def contents(self) -> Ids:
        """The ids of the contents it has data for (c,), ascending."""

    def changed(self, added: Iterable[tuple[int, R_contra]], staying: NDArray[np.bool_]) -> Self:
        """A copy with the contents marked in ``staying`` (c,) and those in ``added``."""


T = TypeVar("T", bound=Derived)  # type: ignore[type-arg]  # rows of any type


def fill(
    latest: Latest[T],
    of_file: Callable[[Content, Clip], R],
    content_ids: Ids,
    catalog: ContentReader,
    lease: Lease,
    *,
    progress: OnProgress,
    rest: Rest,
    sequence: int,
    again: bool,
) -> tuple[JobFailure, ...]:
    """Publish derived data for ``content_ids`` (n,), the contents at ``sequence``; return the files that failed.

    ``of_file`` derives the data of a content by reading the file of one of its clips. ``rest`` is called before each
    content. ``again`` deletes the existing data first. Raises LibraryBusy if the lease is lost, LibraryUnwritable (disk
    full), and what ``progress`` raises.
    """
    if again:
        latest.discard()
    table = latest.value()
    missing = np.setdiff1d(content_ids, table.contents)
    failures: list[JobFailure] = []
    added: list[tuple[int, R]] = []
    waiting_s = 0.0

    def publish() -> None:
        nonlocal table
        lease.check()
        staying = np.isin(table.contents, content_ids)
        if added or not staying.all():
            table = table.changed(added, staying)
            added.clear()
            latest.publish(table, sequence)

    try:
        for done, (content, clips) in enumerate(with_clips(catalog, missing), start=1):
            rest()
            lease.check()
            try:
                added.append((content.id, of_first(of_file, content, clips)))
            except AudioError as error:
                failures.append(JobFailure(error.path, error.cause))
            waiting_s += content.duration_s
            progress(done, len(missing))
            if waiting_s > SAVE_S and len(added) * SAVE_SHARE > len(table.contents):
                publish()
                waiting_s = 0.0
    finally:
        publish()
    return tuple(failures)


def with_clips(catalog: ContentReader, content_ids: Ids) -> Iterator[tuple[Content, list[Clip]]]:
    """Yield each content with its clips."""
    for start in range(0, len(content_ids), _PAGE):
        page = content_ids[start : start + _PAGE].tolist()
        clips_of = catalog.clips_of(page)
        clips = {clip.id: clip for clip in catalog.clips([one for ids in clips_of.values() for one in ids])}
        for content_id, content in sorted(catalog.contents(page).items()):
            yield content, [clips[one] for one in clips_of.get(content_id, []) if one in clips]


def of_first(of_file: Callable[[Content, Clip], R], content: Content, clips: list[Clip]) -> R:
    """Apply ``of_file`` to the first clip whose file can be read. Raises AudioError if none can."""
    failed = AudioError("", "no clip has this content any more")
    for clip in clips:
        try:
            return of_file(content, clip)
        except AudioError as error:
            failed = error
    raise failed
