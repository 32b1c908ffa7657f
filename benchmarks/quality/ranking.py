"""A data set in a temporary library, ranked by the engine as for every search."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.encoding import EncodedClip
from search import wiring
from search.api import Library
from search.engine import confidence
from search.model import AddContent, Answer, AudioPart, ClipPart, Content, FileFacts, Query, Space, TextPart
from search.ports import Encoder
from search.settings import Settings

CLIPS_PER_TRANSACTION = 500


class RankedSet:
    """A library of the clips of one data set in the space of one encoder; see `ranked_set`.

    A clip is identified by its place in the data set. Files with equal bytes are one content, as in any library.
    """

    def __init__(
        self,
        library: Library,
        clip_ids: NDArray[np.int64],
        clips_of: dict[int, list[int]],
        plain: RankedSet | None = None,
    ) -> None:
        self._library = library
        self._clip_ids = clip_ids
        self._clips_of = clips_of
        self._place_of = {clip_id: place for place, clip_id in enumerate(clip_ids.tolist())}
        self.plain = plain
        """The same library ranked without neighbourhoods; None if it has none."""

    def __len__(self) -> int:
        """Return the number of clips to rank."""
        return len(self._clip_ids)

    def by_example(self, clip: int) -> NDArray[np.int64]:
        """Return all clips (n,), best first, for a search by this clip, which is among them."""
        return self.by_vector(self._library.engine.query_vector([ClipPart(int(self._clip_ids[clip]))]))

    def by_file(self, path: Path) -> NDArray[np.int64]:
        """Return all clips (n,), best first, for a search by a sound file. Raises AudioError."""
        return self.by_vector(self._library.engine.query_vector([AudioPart(os.fspath(path))]))

    def by_vector(self, vector: NDArray[np.float32]) -> NDArray[np.int64]:
        """Return all clips (n,), best first, for a unit vector (dim,) of the space."""
        ranking = self._library.engine.rank(vector, len(self._clips_of))
        clips = [clip for content in ranking.content_ids.tolist() for clip in self._clips_of[content]]
        out = np.full(len(self), -1, np.int64)
        out[: len(clips)] = clips
        return out

    def page(
        self, clip: int, among: NDArray[np.bool_], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], confidence.Page | None]:
        """Return the first ``k`` of the clips ``among`` (clips,) for a search by ``clip``.

        They are places (n,), cosines (n,), and the page that they form for estimates of confidence.
        """
        (view,) = self._library.view().of()
        vector = self._library.engine.query_vector([ClipPart(int(self._clip_ids[clip]))])
        clips, segments, cosines = self.first(vector, among, k)
        return clips, cosines, confidence.page_of(view, vector, segments)

    def first(
        self, vector: NDArray[np.float32], among: NDArray[np.bool_], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Return places, segments and cosines (n,) of the first ``k`` clips ``among`` (clips,) for a unit vector
        (dim,).
        """
        (view,) = self._library.view().of()
        passing = view.columns.bitmap(np.isin(view.columns.clip_ids, self._clip_ids[among]))
        ranking = self._library.engine.rank(vector, k, among=passing)
        clips = np.array([self._clips_of[content][0] for content in ranking.content_ids.tolist()], np.int64)
        return clips, ranking.segment_ids, view.index.vectors(ranking.segment_ids) @ vector

    def tag_match(self, meant: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how strongly the clips at ``places`` (n,) are tagged with the ``meant`` classes (classes,)."""
        (view,) = self._library.view().of()
        return confidence.tag_match(view, meant, self._clip_ids[places])

    def answer(self, clip: int, where: str | None, k: int) -> Answer:
        """Return the complete answer to a search by ``clip`` with a filter."""
        return self._library.search(Query((ClipPart(int(self._clip_ids[clip])),), k, where))

    def answer_words(self, text: str, where: str | None, k: int, without: Sequence[int] = ()) -> Answer:
        """Return the complete answer to a search by words with a filter and ``without`` the clips at these places."""
        gone = tuple(int(self._clip_ids[place]) for place in without)
        return self._library.search(Query((TextPart(text),), k, where, without=gone))

    def by_names(self, text: str, k: int) -> list[int]:
        """Return the places of the ``k`` clips that full-text search finds, best first."""
        return self.places([match.clip_id for match in self._library.catalog.match_words(text, k)])

    def places(self, clip_ids: Sequence[int]) -> list[int]:
        """Return the places in the data set of clips given by their ids."""
        return [self._place_of[clip_id] for clip_id in clip_ids]


@contextmanager
def ranked_set(
    encoded: Sequence[EncodedClip],
    encoder: Encoder,
    settings: Settings,
    titles: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
) -> Iterator[RankedSet]:
    """Write the encodings into a new library in a temporary folder, publish it, and open it for ranking.

    ``titles`` are the clips' titles, for filters. ``paths`` are their file names; the default is a number.
    """
    with (
        tempfile.TemporaryDirectory(prefix="soundalike-bench-") as folder,
        wiring.library(Path(folder) / "library", settings, create=True, load_encoder=lambda *_: encoder) as library,
    ):
        root = library.writer.root(folder)
        with library.writer.lease("soundalike bench quality", wait_s=0) as lease:
            space = library.writer.space(encoder.spec)
            called = paths or [_name(place) for place in range(len(encoded))]
            changes = [
                _addition(path, clip, title, root.id, space)
                for path, clip, title in zip(called, encoded, titles or called, strict=True)
            ]
            for start in range(0, len(changes), CLIPS_PER_TRANSACTION):
                library.writer.apply(lease, changes[start : start + CLIPS_PER_TRANSACTION])
            library.publisher.publish(space, lease, always=True)
        known = library.writer.files(root.id, space.id)
        files = [known[path] for path in called]
        clips_of: defaultdict[int, list[int]] = defaultdict(list)
        for place, file in enumerate(files):
            clips_of[file.content_id].append(place)
        clip_ids = np.array([file.clip_id for file in files], np.int64)
        no_neighbours = replace(settings, neighbourhoods=False)
        with wiring.library(library.path, no_neighbours, read_only=True, load_encoder=lambda *_: encoder) as without:
            plain = RankedSet(without, clip_ids, clips_of)
            has_some = library.view().of()[0].neighbourhoods is not None
            yield RankedSet(library, clip_ids, clips_of, plain if has_some else None)


def _addition(path: str, clip: EncodedClip, title: str, root_id: int, space: Space) -> AddContent:
    """The change that the bulk job would write. Rankings do not use the file format, so it is left empty."""
    content = Content(
        digest=clip.digest,
        duration_s=float(clip.encoding.spans[-1, 1]),
        sample_rate_hz=space.sample_rate_hz,
        channels=1,
        container="",
        codec="",
        silent=False,  # every clip of a data set is a query; a search refuses silent ones
    )
    facts = FileFacts(path, size_bytes=0, mtime_ns=0)
    return AddContent(root_id, facts, content, title, {}, space.id, clip.encoding)


def _name(place: int) -> str:
    return f"{place:07d}"
