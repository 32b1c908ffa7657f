"""Roots in an object store, on a real S3 server: its requests, and what happens to clips when it fails."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer.job import index
from indexer.model import Options, Summary
from search import wiring
from search.analysis.melody.midi import tunes_from_midi
from search.audio.opening import open_regular
from search.audio.stores.copies import fetched
from search.audio.stores.finding import source_of
from search.audio.stores.ranges import SMALL_BYTES
from search.errors import AudioError, StoreAway, UsageError
from search.making import composing
from tests.commandline import soundalike
from tests.indexer.conftest import RATE_HZ, Bench
from tests.s3 import S3, served
from tests.search.melodies import tune, write_midi


def tone(hz: float, seconds: float = 1.2, form: str = "WAV") -> bytes:
    out = io.BytesIO()
    samples = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)
    soundfile.write(out, samples, RATE_HZ, format=form)
    return out.getvalue()


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with served() as server:
        yield server


class Stored:
    """A bucket with sounds, and a library."""

    def __init__(self, server: S3, bench: Bench) -> None:
        self.server, self.bench, self.bucket = server, bench, server.bucket()
        self.url = f"s3://{self.bucket}/sounds"
        server.forget()

    def put(self, name: str, data: bytes) -> None:
        self.server.put(self.bucket, f"sounds/{name}", data)

    def delete(self, name: str) -> None:
        self.server.delete(self.bucket, f"sounds/{name}")

    def index(self, *urls: str, options: Options | None = None) -> Summary:
        self.server.asked.clear()
        self.server.sent_bytes = 0
        bench = self.bench
        return index(bench.library, bench.encoder, list(urls or [self.url]), options or Options(workers=2), bench.notes)


@pytest.fixture
def stored(server: S3, bench: Bench) -> Stored:
    return Stored(server, bench)


def test_each_object_becomes_a_clip_by_one_request_and_its_bytes_are_read_once(stored: Stored) -> None:
    """A small object costs one GET, and no byte is fetched twice."""
    sounds = {f"folder {n % 2}/{n} 100% #{n}.wav": tone(200 + 100 * n) for n in range(5)}
    for name, data in sounds.items():
        stored.put(name, data)
    stored.put("notes.txt", b"not a sound")
    stored.put(".hidden/x.wav", tone(300))

    summary = stored.index()

    assert (summary.indexed, summary.failed, dict(summary.left_out)) == (5, (), {"txt": 1})
    assert sorted(stored.bench.clips()) == sorted(sounds)
    assert len(stored.server.gets()) == 5
    assert stored.server.sent_bytes == sum(map(len, sounds.values()))
    assert next(iter(stored.bench.clips().values())).absolute_path.startswith(f"{stored.url}/folder")


def test_vectors_are_those_of_the_same_files_in_a_folder(stored: Stored) -> None:
    """Where a sound lies makes no difference: equal bytes are one content."""
    (stored.bench.sounds / "a.flac").write_bytes(tone(700, form="FLAC"))
    stored.bench.index()
    stored.put("b.flac", tone(700, form="FLAC"))

    summary = stored.index()

    clips = stored.bench.clips()
    assert summary.linked == 1
    assert clips["a.flac"].content_id == clips["b.flac"].content_id


def test_what_has_the_same_etag_is_not_read_again(stored: Stored) -> None:
    """A second run lists and reads nothing; an object that was put again with the same bytes is the same."""
    stored.put("a.wav", tone(300))
    stored.put("b.wav", tone(400))
    stored.index()
    stored.put("a.wav", tone(300))

    second = stored.index()
    unread = stored.server.gets()
    stored.put("a.wav", tone(900))
    third = stored.index()

    assert (second.unchanged, unread) == (2, [])
    assert (third.changed, third.unchanged, len(stored.server.gets())) == (1, 1, 1)


def test_a_renamed_object_keeps_its_clip(stored: Stored) -> None:
    """Another key with the same bytes, the old one gone, is the same clip."""
    stored.put("a.wav", tone(300))
    stored.put("b.wav", tone(400))
    stored.index()
    before = stored.bench.clips()["a.wav"].id
    stored.put("deep/c.wav", tone(300))
    stored.delete("a.wav")

    summary = stored.index()

    assert (summary.moved, summary.missing) == (1, 0)
    assert stored.bench.clips()["deep/c.wav"].id == before


def test_an_object_that_is_gone_is_missing_and_pruned_when_asked(stored: Stored) -> None:
    """As a file."""
    for number in range(12):
        stored.put(f"{number}.wav", tone(200 + 50 * number))
    stored.index()
    stored.delete("3.wav")

    assert stored.index().missing == 1
    assert stored.bench.clips()["3.wav"].missing
    assert stored.index(options=Options(prune=True)).removed == 1
    assert "3.wav" not in stored.bench.clips()


def test_an_excluded_folder_and_a_root_inside_are_left_out(stored: Stored) -> None:
    """Patterns hold in a store, and no object is a clip of two roots."""
    stored.put("keep/a.wav", tone(300))
    stored.put("drafts/b.wav", tone(400))
    stored.put("inner/c.wav", tone(500))
    stored.index(f"{stored.url}/inner")

    summary = stored.index(options=Options(exclude=("drafts/",)))

    assert (summary.indexed, summary.excluded) == (1, 1)
    assert sorted(stored.bench.clips()) == ["c.wav", "keep/a.wav"]


def test_one_object_can_be_indexed_by_its_address(stored: Stored) -> None:
    """Its prefix becomes the root."""
    stored.put("a.wav", tone(300))
    stored.put("b.wav", tone(400))

    stored.index(f"{stored.url}/a.wav")

    assert list(stored.bench.clips()) == ["a.wav"]
    assert stored.bench.library.roots()[0].path == stored.url


def test_names_that_the_client_will_not_list_cost_no_other_object(stored: Stored) -> None:
    """A key with an empty part or dots fails its page; the others are found all the same, and it is told."""
    for name in ("a.wav", "z.wav"):
        stored.put(name, tone(300 + ord(name[0])))
    for name in ("m//b.wav", "m/../c.wav"):
        stored.server.put_unchecked(stored.bucket, f"sounds/{name}", tone(500))

    summary = stored.index()

    assert {"a.wav", "z.wav"} <= set(stored.bench.clips())
    assert (summary.indexed, [failure.path for failure in summary.failed]) == (2, [f"{stored.url}/m//b.wav"])


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_a_bucket_that_is_not_there_or_refuses_loses_no_clip(stored: Stored) -> None:
    """The root fails with a cause, and its clips stay as they are."""
    stored.put("a.wav", tone(300))
    stored.index()
    stored.server.refuse = lambda method, path: "403 Forbidden" if method == "GET" and "sounds/" not in path else None

    refused = stored.index(options=Options(prune=True, yes=True))
    stored.server.forget()

    assert [failure.cause for failure in refused.failed] == ["the store denies access"]
    assert (refused.missing, refused.removed, stored.bench.clips()["a.wav"].missing) == (0, 0, False)
    nowhere = stored.index("s3://no-such-bucket/x")
    assert [failure.cause for failure in nowhere.failed] == ["no such file or folder"]


def test_an_object_that_is_refused_fails_alone(stored: Stored) -> None:
    """Others are indexed; the next run takes it once it may."""
    stored.put("a.wav", tone(300))
    stored.put("b.wav", tone(400))
    stored.server.refuse = lambda _method, path: "403 Forbidden" if path.endswith("b.wav") else None

    first = stored.index()
    stored.server.forget()
    second = stored.index()

    assert [failure.cause for failure in first.failed] == ["no permission to read it"]
    assert (first.indexed, second.indexed, second.failed) == (1, 1, ())


def test_a_store_that_stops_answering_ends_the_job_and_the_next_goes_on(stored: Stored) -> None:
    """Nothing is marked missing or failed because of the network."""
    for number in range(3):
        stored.put(f"{number}.wav", tone(200 + 100 * number))
    stored.server.refuse = lambda _method, path: "503 Slow Down" if path.endswith("1.wav") else None

    with pytest.raises(StoreAway, match="does not answer"):
        stored.index(options=Options(workers=1))
    stored.server.forget()
    summary = stored.index()

    assert summary.failed == ()
    assert sorted(stored.bench.clips()) == ["0.wav", "1.wav", "2.wav"]
    assert not any(clip.missing for clip in stored.bench.clips().values())


def test_a_busy_store_is_asked_again(stored: Stored) -> None:
    """One answer of 503 costs nothing but time."""
    stored.put("a.wav", tone(300))
    left = ["503 Slow Down"]
    stored.server.refuse = lambda _method, path: left.pop() if path.endswith("a.wav") and left else None

    assert stored.index().indexed == 1


def test_an_object_that_changes_after_it_was_listed_is_told_and_taken_next_time(stored: Stored) -> None:
    """What is stored of it is never of two versions."""
    stored.put("a.wav", tone(300))

    def change(method: str, path: str) -> None:
        if method == "GET" and path.endswith("a.wav"):
            stored.server.refuse = lambda _method, _path: None
            stored.put("a.wav", tone(900, seconds=1.5))

    stored.server.refuse = change
    first, second = stored.index(), stored.index()

    assert ["changed" in failure.cause for failure in first.failed] == [True]
    assert (second.indexed, second.failed) == (1, ())


def test_an_empty_object_and_one_that_is_no_sound_fail_with_their_cause(stored: Stored) -> None:
    """As files do."""
    stored.put("empty.wav", b"")
    stored.put("text.wav", b"this is no sound at all, but words")

    causes = {failure.path.rpartition("/")[2]: failure.cause for failure in stored.index().failed}

    assert causes == {"empty.wav": "the file is empty", "text.wav": "text, not sound"}


# --- parts of objects -----------------------------------------------------------------------------------------------


def test_the_tune_of_a_midi_object_goes_on(stored: Stored, tmp_path: Path) -> None:
    """Its notes are read from the store as they were when it was indexed."""
    notes = tune(3)
    write_midi(tmp_path / "tune.mid", notes)
    stored.put("tune.mid", (tmp_path / "tune.mid").read_bytes())
    bench = stored.bench
    index(bench.library, bench.encoder, [stored.url], Options(), bench.notes, tunes=wiring.melody_extractor())
    (clip,) = bench.clips().values()
    out = tmp_path / "on.mid"
    done = soundalike("compose", "--continue", clip.id, "--library", bench.library.path, "--count", 1, "--out", out)
    assert done.returncode == 0, done.stderr
    assert len(tunes_from_midi(str(out))[0].notes) == min(len(notes), composing.GIVEN) + 1


def test_a_large_object_is_fetched_in_ranges_and_hashed_as_it_is(stored: Stored) -> None:
    """Every byte once, a megabyte at a time, all of one version."""
    data = np.random.default_rng(1).bytes(SMALL_BYTES + 3_000_000)
    stored.put("large.wav", data)
    source, key = source_of(f"{stored.url}/large.wav")
    from indexer.stores import facts_in_store

    facts = facts_in_store(f"{stored.url}/large.wav", "large.wav")
    stored.server.forget()
    with fetched(f"{stored.url}/large.wav", facts), open_regular(f"{stored.url}/large.wav") as copy:
        assert copy.read() == data
    assert len(stored.server.gets()) == -(-len(data) // (1 << 20))
    assert stored.server.sent_bytes == len(data)
    assert source.look(key).size_bytes == len(data)


def test_a_part_is_read_by_few_requests_and_a_change_between_them_is_told(stored: Stored) -> None:
    """Ranges of one version: what was put meanwhile is never mixed in."""
    data = np.random.default_rng(2).bytes(SMALL_BYTES + 1_000_000)
    url = f"{stored.url}/large.wav"
    stored.put("large.wav", data)
    stored.server.forget()
    with open_regular(url) as file:
        file.seek(5_000_000)
        assert file.read(1_000_000) == data[5_000_000:6_000_000]
        assert file.seek(-100, io.SEEK_END) == len(data) - 100
        assert file.read() == data[-100:]
    assert len(stored.server.gets()) == 3

    def read_on() -> None:
        with open_regular(url) as file:
            stored.put("large.wav", data[::-1])
            file.seek(5_000_000)
            assert file.read(100) == b""

    with pytest.raises(AudioError, match="changed while it was being read"):
        read_on()


def test_what_cannot_be_watched_or_names_no_bucket_is_said() -> None:
    """Nobody waits for what never comes."""
    from threading import Event

    from indexer.watch import changed_paths

    with pytest.raises(UsageError, match="does not report changes"):
        next(changed_paths(["s3://bucket/x"], Event()))
    with pytest.raises(UsageError, match="names no bucket"):
        source_of("s3://")
