"""Facets: counts equal those of the corresponding filter, over old and recent clips alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from search.columns import counting
from search.columns.parsing import parse
from search.errors import QueryError, WhereError
from search.model import AddContent, DescribeClip, RemoveClip, SegmentTags
from search.overview import facets
from tests.search.libraries import Entry, addition, axis, open_library, spec

FACTS = spec(vocabulary=("Dog", 'a "quoted" tag', "Rain"))


def tagged(path, n_segments, *probabilities):
    """A clip of so many half seconds and a bit, with the probabilities of the vocabulary's classes."""
    order = np.argsort(probabilities)[::-1]
    classes = np.zeros((n_segments, 20), np.uint16)
    values = np.zeros((n_segments, 20), np.float16)
    classes[:, :3] = order
    values[:, :3] = np.array(probabilities)[order]
    return Entry(path, np.tile(axis(0), (n_segments, 1))), SegmentTags(classes[:, :3], values[:, :3])


def of_filter(library, where, limit):
    return facets.of_filter(library.view().of()[0], library.reader, where, limit)


def of_clips(library, clip_ids, limit):
    return facets.of_clips(library.view().of()[0], library.reader, clip_ids, limit)


def put(library, clips):
    space, root = library.writer.space(FACTS), library.writer.root("/sounds")
    with library.writer.lease("test", wait_s=5) as lease:
        for entry, tags in clips:
            change = addition(entry, root.id, space.id)
            assert isinstance(change, AddContent)
            library.writer.apply(lease, [replace(change, encoding=replace(change.encoding, tags=tags))])
    library.refresh()


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path, FACTS) as library:
        put(library, [tagged("Kitchen/a.wav", 1, 0.9, 0.5, 0.0), tagged("Kitchen/b.wav", 4, 0.2, 0.8, 0.0)])
        with library.writer.lease("test", wait_s=5) as lease:
            library.publisher.publish(library.spaces.get(), lease, always=True)
        library.spaces.forget(library.spaces.get())
        put(library, [tagged("kitchen/c.wav", 30, 0.7, 0.0, 0.31), tagged("d.wav", 1, 0.0, 0.0, 0.9)])
        yield library


def counts(values):
    return {one.value: one.count for one in values}


def test_every_choice_counts_what_its_filter_selects(library):
    found = of_filter(library, None, 10)
    assert found.clips == 4
    assert counts(found.tags) == {"Dog": 2, 'a "quoted" tag': 2, "Rain": 2}
    assert counts(found.durations) == {"1 to 2 s": 2, "2 to 5 s": 1, "10 to 30 s": 1}
    assert sum(counts(found.added).values()) == 4
    assert sorted(counts(found.folders).values()) == [1, 3]
    for one in (*found.tags, *found.durations, *found.added, *found.folders):
        assert of_filter(library, one.where, 10).clips == one.count


def test_facets_of_a_filter_and_of_some_clips_count_these_only(library):
    assert counts(of_filter(library, "duration_s > 2", 10).tags) == {"Dog": 1, 'a "quoted" tag': 1, "Rain": 1}
    ids = [clip.id for clip in library.reader.clips(range(10)) if clip.path.endswith(("a.wav", "d.wav"))]
    found = of_clips(library, [*ids, 999, 2**70], 10)
    assert found.clips == 2
    assert counts(found.folders) == {"Kitchen": 1, "": 1}
    assert of_clips(library, [], 10).clips == 0


def test_a_clip_that_went_is_not_counted(library):
    (gone,) = [clip.id for clip in library.reader.clips(range(10)) if clip.path == "Kitchen/a.wav"]
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [RemoveClip(gone)])
    library.refresh()
    assert of_filter(library, None, 10).clips == 3
    assert of_clips(library, [gone], 10).clips == 0
    assert counts(of_filter(library, None, 10).tags)["Dog"] == 1


def test_the_most_frequent_come_first_and_no_more_than_asked_for(library):
    found = of_filter(library, None, 1)
    assert counts(found.tags) == {"Dog": 2}
    assert [one.count for one in found.folders] == [3]


def test_dates_are_as_coarse_as_they_need_to_be(library, monkeypatch):
    (view,) = library.view().of()
    columns = view.columns
    rows = columns.clips_where(parse("duration_s > 0"))
    spread = replace(columns, base=replace(columns.base, added=np.array([0.0, 100 * 86_400.0])))
    assert [one.value for one in counting.added(spread, rows)][:2] == ["1970-01-01", "1970-04-11"]
    monkeypatch.setattr(counting, "MOST_DATES", 2)
    found = counting.added(spread, rows)
    assert (found[0].value, found[0].count) == ("1970", 2)
    assert found[0].where == 'added >= "1970-01-01" and added < "1971-01-01"'
    assert sum(one.count for one in found) == 4


def test_a_filter_or_a_limit_that_makes_no_sense_is_refused(library):
    with pytest.raises(WhereError):
        of_filter(library, "colour > 3", 10)
    with pytest.raises(QueryError):
        of_filter(library, None, 0)


def describe(library, clip_id, *own_tags):
    (clip,) = library.reader.clips([clip_id])
    with library.writer.lease("test", wait_s=5) as lease:
        library.writer.apply(lease, [DescribeClip(clip.id, clip.title, clip.metadata, own_tags)])
    library.refresh()


def test_own_tags_are_counted_as_their_filters_select_in_old_and_recent_clips(library):
    """As one clip writes them; one that is called like a tag of the encoder counts with that tag, too."""
    for clip_id, own_tags in ((1, ("Hero", "big, fight")), (3, ("hero",)), (4, ("dog", 'a "b"'))):
        describe(library, clip_id, *own_tags)
    found = of_filter(library, None, 10)
    assert next((one.value.lower(), one.count) for one in found.own_tags) == ("hero", 2)
    assert counts(found.own_tags).keys() >= {"big", "fight", "dog", 'a "b"'}
    assert counts(found.tags)["Dog"] == 3
    for one in (*found.own_tags, *found.tags):
        assert of_filter(library, one.where, 10).clips == one.count
    describe(library, 1)
    assert counts(of_filter(library, None, 10).own_tags) == {"hero": 1, "dog": 1, 'a "b"': 1}
    assert of_filter(library, 'own_tag = ""', 10).clips == 2
