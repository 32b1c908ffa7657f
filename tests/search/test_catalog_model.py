"""The catalog and its columns against a dict, over random histories: the state, and the result of replaying."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from search.columns import ClipColumns
from search.columns.parsing import parse
from search.model import MarkMissing, RemoveClip
from tests.search.catalog_helpers import FilledCatalog, digest, replayed, saved

PATHS = st.sampled_from(["a.wav", "b.wav", "x/c.wav", "x/d.wav"])
SOUNDS = st.sampled_from(["one", "two", "three"])
CHANGES = st.one_of(
    st.tuples(st.just("add"), PATHS, SOUNDS, st.integers(0, 2)),
    st.tuples(st.just("link"), PATHS, SOUNDS),
    st.tuples(st.just("move"), PATHS, PATHS),
    st.tuples(st.just("missing"), PATHS),
    st.tuples(st.just("remove"), PATHS),
)
HISTORIES = st.lists(st.tuples(st.lists(CHANGES, min_size=1, max_size=3), st.booleans(), st.booleans()), max_size=8)


@dataclass
class Model:
    """What should be there: path -> (clip id, sound, missing), and sound -> seed of its encoding."""

    clips: dict[str, tuple[int, str, bool]] = field(default_factory=dict)
    sounds: dict[str, int] = field(default_factory=dict)
    given: int = 0

    def put(self, path: str, sound: str) -> None:
        if path not in self.clips:
            self.given += 1
        self.clips[path] = (self.clips[path][0] if path in self.clips else self.given, sound, False)

    def forget_orphans(self) -> None:
        heard = {sound for _, sound, _ in self.clips.values()}
        self.sounds = {sound: seed for sound, seed in self.sounds.items() if sound in heard}


def carry_out(filled: FilledCatalog, model: Model, change: tuple) -> None:
    """Apply one change to both, as a batch of its own; a change that makes no sense now is passed over."""
    match change:
        case "add", path, sound, seed:
            filled.apply(filled.add(path, sound, n=1 + len(sound), seed=seed))
            model.put(path, sound)
            model.sounds[sound] = seed
        case "link", path, sound if sound in model.sounds:
            (content,), _ = filled.catalog.find(digest(sound))
            filled.apply(filled.link(path, content.id))
            model.put(path, sound)
        case "move", path, new if path in model.clips and path != new:
            filled.apply(filled.move(model.clips[path][0], new))
            id_, sound, _ = model.clips.pop(path)
            model.clips[new] = (id_, sound, False)
        case "missing", path if path in model.clips:
            filled.apply(MarkMissing(model.clips[path][0]))
            model.clips[path] = (*model.clips[path][:2], True)
        case "remove", path if path in model.clips:
            filled.apply(RemoveClip(model.clips.pop(path)[0]))
    model.forget_orphans()


def check_catalog(filled: FilledCatalog, model: Model) -> None:
    files = filled.files()
    assert {path: (known.clip_id, known.digest, known.missing) for path, known in files.items()} == {
        path: (id_, digest(sound), missing) for path, (id_, sound, missing) in model.clips.items()
    }
    clips = filled.catalog.clips([id_ for id_, _, _ in model.clips.values()])
    assert [clip.path for clip in clips] == list(model.clips)
    assert filled.catalog.verify() == []
    expected = {}
    for sound, seed in model.sounds.items():
        (content,), _ = filled.catalog.find(digest(sound))
        stored = filled.catalog.encoding(content.id, filled.space.id)
        np.testing.assert_array_equal(
            stored.vectors, filled.add("x", sound, 1 + len(sound), seed=seed).encoding.vectors
        )
        expected.update(zip(stored.segment_ids.tolist(), stored.vectors.astype(np.float32), strict=True))
    present = replayed(filled.catalog, filled.space)
    assert set(present) == set(expected)
    assert all(np.array_equal(present[id_], expected[id_]) for id_ in expected)


def check_columns(filled: FilledCatalog, columns: ClipColumns) -> None:
    """The columns say what the catalog says, clip by clip and segment by segment."""
    assert columns.sequence == filled.catalog.sequence()
    every = columns.clips_where(parse("duration_s > 0"))
    assert sorted(columns.clip_ids[every].tolist()) == sorted(filled.ids().values())
    missing = columns.clip_ids[columns.clips_where(parse("missing"))]
    assert sorted(missing.tolist()) == filled.catalog.missing()
    contents = sorted({known.content_id for known in filled.files().values()})
    assert columns.clips_of(np.array(contents, np.int64)) == filled.catalog.clips_of(contents)
    for content_id in contents:
        stored = filled.catalog.encoding(content_id, filled.space.id)
        np.testing.assert_array_equal(columns.segments_of(content_id), stored.segment_ids)
        found, starts, ends = columns.place(stored.segment_ids)
        assert set(found.tolist()) == {content_id}
        np.testing.assert_array_equal(np.stack([starts, ends], axis=1), stored.spans)
    present = set(replayed(filled.catalog, filled.space))
    bits = np.flatnonzero(np.unpackbits(columns.bitmap(every), bitorder="little"))
    assert set(bits.tolist()) == present
    absent = np.array(sorted(set(range(max(present, default=0) + 9)) - present), np.int64)
    assert set(columns.place(absent)[0].tolist()) <= {-1}


@settings(max_examples=10)
@given(HISTORIES)
def test_any_history_ends_where_a_dict_would(history):
    """After every batch the catalog equals the model; who follows the tail holds what a fresh reader does."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        filled = FilledCatalog(Path(folder))
        held.callback(filled.catalog.close)
        filled.lease = held.enter_context(filled.catalog.lease("test", 5.0))
        model = Model()
        since, followed = 0, {}
        columns = ClipColumns.build(filled.catalog, filled.space)
        for turn, (changes, follow, prune) in enumerate(history):
            for change in changes:
                carry_out(filled, model, change)
            check_catalog(filled, model)
            if follow:
                followed = replayed(filled.catalog, filled.space, since, followed)
                since = filled.catalog.sequence()
                assert set(followed) == set(replayed(filled.catalog, filled.space))
                columns = columns.refreshed(filled.catalog)
                check_columns(filled, columns)
            if follow and prune:
                columns = saved(columns, Path(folder) / f"columns {turn}")
                check_columns(filled, columns)
            if prune:
                filled.catalog.prune_changes(filled.catalog.sequence())
        followed = replayed(filled.catalog, filled.space, since, followed)
        assert set(followed) == set(replayed(filled.catalog, filled.space))
