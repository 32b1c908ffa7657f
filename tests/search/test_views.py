"""The view that searches read: one thread updates it, and nobody waits for it."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import numpy as np
import pytest

from search import wiring
from search.catalog.store import Catalog
from search.errors import LibraryError
from search.library import publishing, spaces
from search.model import ClipPart, Query, RecommendQuery, RemoveClip
from tests.amounts import few
from tests.search.libraries import Entry, axis, fill, open_library, settings, spec
from tests.waiting import PATIENCE_S, wait_until

ASKED = Query((ClipPart(1),))


def entries(count: int, first: int = 0) -> list[Entry]:
    return [Entry(f"{n}.wav", np.stack([axis(n % 8, (n + 1) % 8, 0.5 + n / 50)])) for n in range(first, first + count)]


@pytest.fixture
def library(tmp_path, monkeypatch):
    """Ten clips, published; nothing follows the catalog by itself."""
    monkeypatch.setattr(spaces, "FOLLOW_EVERY_S", 3600)
    with open_library(tmp_path) as library:
        fill(library, entries(10))
        yield library


def test_a_search_does_not_wait_for_what_is_being_opened(library, monkeypatch):
    """A refresh stands still in the middle of opening a snapshot: questions are answered from the view before."""
    before = library.search(ASKED).hits
    fill(library, entries(5, first=10))
    opening, go_on = threading.Event(), threading.Event()
    follow = spaces._OpenSpace.follow

    def slow(*asked):
        opening.set()
        assert go_on.wait(PATIENCE_S)
        return follow(*asked)

    monkeypatch.setattr(spaces._OpenSpace, "follow", slow)
    refreshing = threading.Thread(target=library.refresh)
    refreshing.start()
    assert opening.wait(PATIENCE_S)
    assert library.search(ASKED).hits == before
    assert library.clips.facets().clips == 10
    go_on.set()
    refreshing.join(PATIENCE_S)
    assert library.clips.facets().clips == 15


def test_a_view_never_changes(library):
    """Whatever is written, published and dropped meanwhile."""
    view = library.view()
    (space,) = view.of()
    held, clips = space.index.ids().tolist(), space.columns.clip_ids.tolist()
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(n) for n in (1, 2, 3)])
    fill(library, entries(7, first=20))
    assert library.refresh() is not view
    assert (space.index.ids().tolist(), space.columns.clip_ids.tolist()) == (held, clips)
    assert len(space.index.vectors(np.array(held))) == len(held)
    assert len(library.view().of()[0].index) == 14


def test_what_another_process_writes_is_followed_without_being_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(spaces, "FOLLOW_EVERY_S", 0.01)
    with open_library(tmp_path) as library:
        fill(library, entries(3))
        assert library.clips.facets().clips == 3
        with Catalog.open(tmp_path / "library" / "catalog.sqlite") as other, other.lease("another", 0) as lease:
            other.apply(lease, [RemoveClip(2)])
        wait_until(lambda: library.clips.facets().clips == 2)


def test_what_was_published_is_what_views_stand_on(library, monkeypatch):
    """Columns, index and contours are mapped from the newest snapshots, and hold little of their own in memory."""
    monkeypatch.setattr("search.snapshots.snapshot.MAPPED_FROM_BYTES", 1)
    library.refresh()
    fill(library, entries(30, first=10), publish=False)
    (view,) = library.refresh().of()
    assert (view.columns.recent.n_clips, len(view.index.delta.ids)) == (30, 30)
    with library.writer.lease("test", wait_s=5) as lease:
        library.publisher.publish(view.space, lease, always=True)
    (view,) = library.refresh().of()
    assert (view.columns.base.n_clips + view.columns.recent.n_clips, len(view.index)) == (40, 40)
    assert (view.columns.sequence, len(view.index.delta.ids)) == (library.catalog.sequence(), 0)
    assert isinstance(view.columns.base.spans.base, np.memmap) or isinstance(view.columns.base.spans, np.memmap)


@pytest.mark.parametrize("error", [LibraryError("the disk is away"), IndexError("the disk is away")], ids=repr)
def test_a_catalog_that_fails_for_a_while_leaves_the_last_view(tmp_path, monkeypatch, caplog, error):
    """Searches go on, the trouble is logged once and not twice a second; whatever it is, following goes on."""
    monkeypatch.setattr(spaces, "FOLLOW_EVERY_S", 0.001)
    tries = threading.Semaphore(0)
    with open_library(tmp_path) as library:
        fill(library, entries(4))
        before = library.search(ASKED).hits

        def broken() -> None:
            tries.release()
            raise error

        with monkeypatch.context() as away, caplog.at_level(logging.WARNING):
            away.setattr(library.catalog, "spaces", broken)
            for _ in range(5):
                assert tries.acquire(timeout=PATIENCE_S)
            assert library.search(ASKED).hits == before
        assert [record.message for record in caplog.records] == ["the library cannot be followed: the disk is away"]
        fill(library, entries(2, first=4))
        wait_until(lambda: library.clips.facets().clips == 6)


@pytest.mark.parametrize("step", few([4, 1]))
def test_a_damaged_file_of_columns_changes_no_answer(library, caplog, step):
    """Of the right size, with numbers that cannot be: every request is answered, columns are made anew, it is said."""
    fill(library, entries(3, first=10), publish=False)
    with library.writer.lease("test", wait_s=5) as lease:
        library.publisher.publish(library.spaces.get(), lease, always=True)
    fill(library, entries(1, first=13), publish=False)

    def answers():
        library.spaces.forget(library.spaces.get())
        hits = library.search(replace(ASKED, k=100, where='format = "wav" and not tag = "x"')).hits
        return [hit.clip_id for hit in hits], library.clips.facets(), library.recommend(RecommendQuery(k=100)).verdict

    whole = answers()
    directory = library.spaces.folder(library.spaces.get()) / publishing.COLUMNS
    newest = max(directory.iterdir(), key=lambda folder: int(folder.name))
    harmed = [file for file in sorted(newest.glob("*.npy")) if np.load(file).dtype.kind == "i" and np.load(file).size]
    assert len(harmed) > 20
    for file in harmed[::step]:
        written = file.read_bytes()
        np.save(file, np.full_like(np.load(file), 10**6))
        caplog.clear()
        assert answers() == whole, file
        assert f"{file.name} is not what was written" in caplog.text
        file.write_bytes(written)


def test_the_first_question_says_what_is_wrong_with_the_library(tmp_path):
    with wiring.library(tmp_path / "library", settings(tmp_path), create=True) as library:
        library.catalog.space(spec())
        for file in (tmp_path / "library").glob("catalog.sqlite*"):
            file.write_bytes(b"no database")
        with pytest.raises(LibraryError, match="damaged"):
            library.search(ASKED)
