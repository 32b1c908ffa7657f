"""The job that brings what follows from files up to the catalog: contents are listened to, none is encoded again.

Interrupted, it goes on where it was: what is done is published every so many seconds of sound.
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
"""What is new is published after so many seconds of sound, and at least a fourth of the contents there were before."""
_PAGE: Final = 1000

R_contra = TypeVar("R_contra", contravariant=True)
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

OnProgress = Callable[[int, int], None]
"""Called with how many contents of how many were listened to; what it raises stops the job, which keeps the rest."""


Rest = Callable[[], None]
"""Called before each small unit of work: it waits as long as a job has to give way to answers."""


def nobody(done: int, total: int) -> None:
    """A progress that shows nothing."""


def at_once() -> None:
    """A rest that is none: of what somebody waits for."""


def resting(items: Iterable[R], rest: Rest) -> Iterator[R]:
    """The same items, with a ``rest`` before each is made."""
    each = iter(items)
    while True:
        rest()
        try:
            item = next(each)
        except StopIteration:
            return
        yield item


class Derived(Protocol[R_contra]):
    """What is kept of contents, by their ids."""

    @property
    def contents(self) -> Ids:
        """Those that there is something of (c,), ascending."""

    def changed(self, added: Iterable[tuple[int, R_contra]], staying: NDArray[np.bool_]) -> Self:
        """The same of the contents in ``staying`` (c,), and of those that are ``added``."""


T = TypeVar("T", bound=Derived)  # type: ignore[type-arg]  # of whatever rows


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
    """Bring what is published to ``content_ids`` (n,), those of a catalog at ``sequence``; the files that failed.

    ``of_file`` makes it of a content and a clip of it, whose file it reads. ``rest`` comes before each; ``again``: take
    what is there away first. Raises LibraryBusy when the lease is lost, LibraryUnwritable (disk full), and what
    ``progress`` raises.
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
    """Each content with its clips."""
    for start in range(0, len(content_ids), _PAGE):
        page = content_ids[start : start + _PAGE].tolist()
        clips_of = catalog.clips_of(page)
        clips = {clip.id: clip for clip in catalog.clips([one for ids in clips_of.values() for one in ids])}
        for content_id, content in sorted(catalog.contents(page).items()):
            yield content, [clips[one] for one in clips_of.get(content_id, []) if one in clips]


def of_first(of_file: Callable[[Content, Clip], R], content: Content, clips: list[Clip]) -> R:
    """Of the first of the clips whose file can be read. Raises AudioError where none can."""
    failed = AudioError("", "no clip has this content any more")
    for clip in clips:
        try:
            return of_file(content, clip)
        except AudioError as error:
            failed = error
    raise failed
