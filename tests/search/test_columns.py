"""Columns: filters against a plain loop over clips, refreshing, and files that are damaged."""

from __future__ import annotations

import tempfile
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.analysis.facts.definitions import VERSION, FactValue, packed
from search.catalog.columnar import ColumnReader
from search.columns import ClipColumns, files
from search.columns.parsing import parse
from search.columns.text import TextColumn, folded
from search.columns.where import (
    TAG_PROBABILITY,
    AddedIs,
    And,
    FlagIs,
    IsPresent,
    Not,
    NumberIs,
    Or,
    OwnTagIs,
    TagIs,
    TagProbabilityIs,
    TextIs,
    Where,
    WordIs,
)
from search.errors import SnapshotError
from search.model import Clip, DescribeClip, KeepFacts, MarkMissing, RemoveClip, StoredFacts
from tests.search.catalog_helpers import VOCABULARY, FilledCatalog, saved
from tests.search.test_where import WITHOUT_EVENTS, filters

ORDERS = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "~": lambda a, b: b in a,
}


FACTS_OF: dict[int, dict[str, FactValue]] = {
    1: {"channels": 1, "loudness": -20.0, "brightness": "dark", "defects": ("clipping", "hum")},
    2: {"channels": 2, "loudness": 0.0, "defects": ()},
    5: {"channels": 1, "brightness": "bright", "dc_offset": 0.25},
}
"""By content; the others were not measured: of those that were the channels are known."""


def fits(facts: dict[str, FactValue], where: NumberIs | WordIs | IsPresent) -> bool:
    """What a filter over facts means: what is absent passes none, of several words one has to be it."""
    value = facts.get(where.column)
    if isinstance(where, IsPresent):
        return (value is None) == (where.operator == "=")
    if value is None:
        return False
    if isinstance(where, NumberIs):
        return ORDERS[where.operator](value, where.value)
    words = [word.casefold() for word in ([value] if isinstance(value, str) else value)]
    wanted = where.value.casefold()
    if where.operator == "~":
        return any(wanted in word for word in words)
    has_it = wanted in words or (not wanted and not words)
    return has_it != (where.operator == "!=")


def measured(content_id: int, facts: dict[str, FactValue], version: int = VERSION) -> KeepFacts:
    return KeepFacts(content_id, StoredFacts(version, packed(facts)))


def passes(clip: Clip, format_: str, where: Where) -> bool:
    """The meaning of a filter, said once more, clip by clip."""
    match where:
        case And(parts):
            return all(passes(clip, format_, part) for part in parts)
        case Or(parts):
            return any(passes(clip, format_, part) for part in parts)
        case Not(part):
            return not passes(clip, format_, part)
        case NumberIs("loudness" | "dc_offset") | WordIs() | IsPresent():
            return fits(FACTS_OF.get(clip.content_id, {}), where)
        case NumberIs(column, sign, value) | FlagIs(column, sign, value):
            return ORDERS[sign](getattr(clip, column), value)
        case AddedIs(sign, _):
            start, end = where.interval()
            inside = start <= clip.added < end or clip.added == start
            return {
                "=": inside,
                "!=": not inside,
                "<": clip.added < start,
                "<=": clip.added < start or inside,
                ">": clip.added > start and not inside,
                ">=": clip.added >= start,
            }[sign]
        case TextIs(column, sign, value):
            texts = {"path": clip.path, "folder": clip.path.rpartition("/")[0], "title": clip.title, "format": format_}
            return ORDERS[sign](folded(texts[column]), folded(value))
        case TagIs(sign, value) | OwnTagIs(sign, value):
            names = [folded(name) for name in clip.own_tags]
            if isinstance(where, TagIs):
                names += [folded(tag.name) for tag in clip.tags if tag.probability >= TAG_PROBABILITY]
            if sign != "~" and not value.strip():
                return bool(names) == (sign == "!=")
            has_it = any(folded(value) in name if sign == "~" else folded(value) == name for name in names)
            return not has_it if sign == "!=" else has_it
        case TagProbabilityIs(tag, sign, value):
            found = [t.probability for t in clip.tags if folded(t.name) == folded(tag)]
            return ORDERS[sign](max(found, default=0.0), value)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    made = FilledCatalog(tmp_path_factory.mktemp("columns"))
    names = [
        "a/Horn.wav",
        "a/b/rain.WAV",
        "Straße.wav",
        "rain.wav",
        "x\udcff.wav",
        "e\u0301te.wav",
        "🎺.wav",
        "a.wav",
        "a.wa",
    ]
    made.apply(*(made.add(name, n=1 + i % 3, seed=i, duration_s=i * 1.5) for i, name in enumerate(names)))
    made.apply(made.link("copy of horn.wav", 1), MarkMissing(3))
    made.apply(
        DescribeClip(1, "Horn", {}, ("Hero", "dog", "Straße")),
        DescribeClip(2, "rain", {"keywords": "hero; wet"}),
        DescribeClip(4, "rain", {"keywords": "hero; wet"}, ()),
    )
    made.apply(*(measured(content_id, facts) for content_id, facts in FACTS_OF.items()), measured(99, {}))
    made.apply(measured(3, {"loudness": -20.0}, version=VERSION - 1))
    yield made
    made.catalog.close()


LIKELY = st.one_of(
    st.builds(
        TextIs,
        st.sampled_from(["path", "title", "folder"]),
        st.sampled_from(["=", "!=", "~"]),
        st.sampled_from(
            [
                "",
                "a",
                "A",
                "rain",
                "RAIN.wav",
                "strasse",
                "a/b",
                ".",
                "\udcff",
                "été",
                "horn",
                "a/Horn.wav",
                "\0",
                "wav\n",
            ]
        ),
    ),
    st.builds(TextIs, st.just("format"), st.sampled_from(["=", "~"]), st.sampled_from(["wav", "WA", "mp3"])),
    st.builds(TagIs, st.sampled_from(["=", "!=", "~"]), st.sampled_from([*VOCABULARY, "dog", "o", "hero", "", "none"])),
    st.builds(
        OwnTagIs,
        st.sampled_from(["=", "!=", "~"]),
        st.sampled_from(["hero", "HERO", "er", "dog", "strasse", "wet", "", "none"]),
    ),
    st.builds(
        TagProbabilityIs, st.sampled_from([*VOCABULARY, "dog", "none"]), st.sampled_from([*ORDERS][:6]), st.floats(0, 1)
    ),
    st.builds(
        NumberIs, st.just("duration_s"), st.sampled_from([*ORDERS][:6]), st.integers(0, 14).map(lambda n: n / 1.0)
    ),
    st.builds(NumberIs, st.sampled_from(["loudness", "dc_offset"]), st.sampled_from([*ORDERS][:6]), st.just(-20.0)),
    st.builds(
        WordIs,
        st.just("defects"),
        st.sampled_from(["=", "!=", "~"]),
        st.sampled_from(["hum", "CLIPPING", "fake stereo", ""]),
    ),
    st.builds(WordIs, st.just("brightness"), st.sampled_from(["=", "!=", "~"]), st.sampled_from(["dark", "bright"])),
    st.builds(AddedIs, st.sampled_from([*ORDERS][:6]), st.sampled_from(["2020-01-01", time.strftime("%Y-%m-%d"), 4e9])),
    filters(WITHOUT_EVENTS),
)


@pytest.mark.thorough
@settings(max_examples=300)
@given(
    st.one_of(
        LIKELY,
        st.builds(Not, LIKELY),
        st.builds(And, st.tuples(LIKELY, LIKELY)),
        st.builds(Or, st.tuples(LIKELY, LIKELY)),
    )
)
def test_filters_mean_what_a_plain_loop_says(filled, where):
    """Whole columns at once give the clips that checking one clip after the other gives."""
    columns = ClipColumns.build(filled.catalog, filled.space)
    clips = filled.catalog.clips(columns.clip_ids.tolist())
    assert columns.clips_where(where).tolist() == [passes(clip, "WAV", where) for clip in clips]


@settings(max_examples=200)
@given(st.lists(st.text(max_size=6), max_size=8), st.text(max_size=3))
def test_text_is_found_in_its_own_row_only(texts, wanted):
    """No match crosses from one value into the next, whatever characters they hold."""
    column = TextColumn.of(texts)
    assert column.contains(wanted).tolist() == [folded(wanted) in folded(text) for text in texts]
    assert column.equals(wanted).tolist() == [folded(wanted) == folded(text) for text in texts]


def test_a_bitmap_has_the_segments_of_all_copies_of_a_sound(filled):
    """A content is in when any of its clips passes, and only its own bits are set."""
    columns = ClipColumns.build(filled.catalog, filled.space)
    bits = columns.bitmap(columns.clips_where(parse("title ~ 'copy of'")))
    expected = filled.catalog.encoding(1, filled.space.id).segment_ids
    np.testing.assert_array_equal(np.flatnonzero(np.unpackbits(bits, bitorder="little")), expected)
    nothing = columns.bitmap(columns.clips_where(parse("title = 'nothing'")))
    assert not nothing.any()


def test_titles_are_those_of_the_clips_in_small_letters(filled):
    columns = ClipColumns.build(filled.catalog, filled.space)
    ids = columns.clip_ids[columns.present]
    clips = filled.catalog.clips(ids.tolist())
    titles = columns.titles(np.append(ids, 10**9))
    assert titles[-1] == ""
    assert [folded(title) for title in titles[:-1]] == [folded(clip.title) for clip in clips]


def test_refreshing_follows_every_kind_of_change(tmp_path):
    """New clips, copies, moves, marks and removals show at once; without changes it is the same object."""
    filled = FilledCatalog(tmp_path)
    filled.apply(*(filled.add(f"{i}.wav") for i in range(5)))
    before = ClipColumns.build(filled.catalog, filled.space)
    assert before.refreshed(filled.catalog) is before
    filled.apply(
        MarkMissing(1),
        RemoveClip(2),
        filled.move(3, "moved/to.wav"),
        filled.link("copy.wav", 4),
        filled.add("new.wav", n=3),
    )
    after = before.refreshed(filled.catalog)
    found = {
        where: sorted(after.clip_ids[after.clips_where(parse(where))].tolist())
        for where in (
            "missing",
            "title = 'to'",
            "folder = 'moved'",
            "title = '2'",
            "path = 'copy.wav' or path = '3.wav'",
            "duration_s > 0",
        )
    }
    assert found == {
        "missing": [1],
        "title = 'to'": [3],
        "folder = 'moved'": [3],
        "title = '2'": [],
        "path = 'copy.wav' or path = '3.wav'": [4, 6],
        "duration_s > 0": [1, 3, 4, 5, 6, 7],
    }
    assert after.clips_of(np.array([4, 2, 6])) == {4: [4, 6], 6: [7]}
    assert after.contents_of(np.array([7, 6, 2, 4, 3, 99])).tolist() == [3, 4, 6]
    assert before.clips_where(parse("missing")).sum() == 0
    copies = after.bitmap(after.clips_where(parse("path = 'copy.wav'")))
    np.testing.assert_array_equal(np.flatnonzero(np.unpackbits(copies, bitorder="little")), after.segments_of(4))
    filled.catalog.close()


def values(part):
    """Everything that a part holds; of texts with few values what they are, in whatever order these are kept."""
    held = {field.name: getattr(part, field.name).tolist() for field in fields(part)}
    held["facts"] = np.nan_to_num(part.facts, nan=-999.0).tolist()
    for name, table in (("folder", part.folders), ("format", part.formats), ("own_tag", part.own_tags.values)):
        held[f"{name}_codes"] = [table.value(code) for code in held[f"{name}_codes"]]
        del held[f"{name}_blob"], held[f"{name}_starts"]
    return held


@pytest.mark.parametrize("promoted_after", [2, 1000])
def test_followed_step_by_step_columns_are_what_they_are_when_made_at_once(tmp_path, monkeypatch, promoted_after):
    """Whatever came, changed and went in between, and however often what came since became part of the base."""
    monkeypatch.setattr("search.columns.clipcolumns.REBUILD_CLIPS", promoted_after)
    monkeypatch.setattr("search.columns.clipcolumns.REBUILD_SHARE", 10**9)
    rng = np.random.default_rng(4)
    filled = FilledCatalog(tmp_path)
    filled.apply(*(filled.add(f"Rooms/{i}.wav", n=1 + i % 3) for i in range(6)))
    followed = ClipColumns.build(filled.catalog, filled.space)
    for step in range(40):
        here = followed.clip_ids[followed.present].tolist()
        some = [int(clip_id) for clip_id in rng.permutation(here)[:2]]
        changes = [filled.add(f"{'rooms' if step % 2 else 'Halls/x'}/n{step}.wav", n=int(rng.integers(0, 4)))]
        if step % 3 == 0 and len(some) == 2:
            changes += [RemoveClip(some[0]), filled.move(some[1], f"moved/{step}.wav")]
        elif step % 3 == 1 and some:
            changes += [MarkMissing(some[0]), filled.link(f"copy {step}.wav", followed.content_of(some[0]))]
        elif some:
            changes += [measured(followed.content_of(some[0]), {"loudness": float(step)})]
            changes += [DescribeClip(some[0], "mine", {}, (f"tag {step % 4}", "Hero" if step % 2 else "hero"))]
        filled.apply(*changes)
        followed = followed.refreshed(filled.catalog)
        assert values(followed._as_base().base) == values(ClipColumns.build(filled.catalog, filled.space).base), step
    filled.catalog.close()


def test_a_refresh_reads_what_came_since_the_last_one_and_no_more(tmp_path, monkeypatch):
    filled = FilledCatalog(tmp_path)
    filled.apply(*(filled.add(f"{i}.wav") for i in range(5)))
    columns = ClipColumns.build(filled.catalog, filled.space)
    read = []
    clips = ColumnReader.clips

    def counted(self, since):
        rows = list(clips(self, since))
        read.append(len(rows))
        return iter(rows)

    monkeypatch.setattr(ColumnReader, "clips", counted)
    for n in range(4):
        filled.apply(filled.add(f"new {n}.wav"))
        columns = columns.refreshed(filled.catalog)
    assert read == [1, 1, 1, 1]
    assert columns.clip_ids.tolist() == list(range(1, 10))
    filled.catalog.close()


def test_columns_older_than_the_pruned_tail_are_made_anew(tmp_path):
    """What was forgotten meanwhile does not linger."""
    filled = FilledCatalog(tmp_path)
    filled.apply(filled.add("a.wav"), filled.add("b.wav"))
    columns = ClipColumns.build(filled.catalog, filled.space)
    filled.apply(RemoveClip(1))
    filled.apply(filled.add("c.wav"))
    filled.catalog.prune_changes(filled.catalog.sequence())
    after = columns.refreshed(filled.catalog)
    assert after.clip_ids[after.clips_where(parse("duration_s > 0"))].tolist() == [2, 3]
    assert after.place(np.array([1, 2]))[0].tolist() == [-1, -1]
    filled.catalog.close()


def test_columns_of_an_empty_library(tmp_path):
    """Nothing is there, and asking is no error."""
    filled = FilledCatalog(tmp_path)
    columns = saved(ClipColumns.build(filled.catalog, filled.space), tmp_path / "columns")
    rows = columns.clips_where(parse("tag = 'Dog' or title ~ 'x' or missing"))
    assert (len(rows), len(columns.bitmap(rows)), len(columns.segments_of(1))) == (0, 0, 0)
    assert columns.clips_of(np.array([1])) == {}
    assert columns.place(np.array([0, 5]))[0].tolist() == [-1, -1]
    filled.catalog.close()


def test_damaged_columns_are_refused(filled):
    """A missing, shortened, foreign or newer file is SnapshotError, which a library answers by making columns anew."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        columns = saved(ClipColumns.build(filled.catalog, filled.space), directory)
        snapshots, whole = files.snapshots(directory), directory / str(columns.sequence)
        for file in [*sorted(whole.glob("*.npy"))[::6], whole / "manifest.json"]:
            good = file.read_bytes()
            for bad in (None, good[:-1], b""):
                file.unlink()
                if bad is not None:
                    file.write_bytes(bad)
                with pytest.raises(SnapshotError, match="reindex rebuilds them"):
                    ClipColumns.load(snapshots.open(columns.sequence))
                file.write_bytes(good)
        assert ClipColumns.load(snapshots.open(columns.sequence)).sequence == filled.catalog.sequence()
        manifest = (whole / "manifest.json").read_text()
        (whole / "manifest.json").write_text(manifest.replace(f'"format": {files.KIND.format}', '"format": 9'))
        with pytest.raises(SnapshotError, match="this version reads"):
            snapshots.open(columns.sequence)
        with pytest.raises(SnapshotError):
            snapshots.open(columns.sequence + 1)
