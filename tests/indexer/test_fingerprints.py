"""Fingerprints from the bulk job's own pass equal those made later, and nothing is decoded twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from indexer.model import Options
from search import audio
from search.analysis.exact.filling import of_file
from search.analysis.exact.found import FoundFingerprint, FoundFingerprints
from search.analysis.exact.listening import Fingerprint, fingerprint
from search.analysis.exact.spectra import RATE_HZ as MIX_HZ
from search.analysis.exact.stored import Fingerprints
from search.analysis.exact.table import FingerprintTable
from search.library.fingerprinting import NewFingerprints
from tests.indexer.conftest import RATE_HZ, Bench, write_tone


@pytest.fixture
def noisy(bench: Bench) -> Bench:
    """A bench with sounds that have landmarks: of one channel and of two, short and long, two of them equal."""
    rng = np.random.default_rng(3)
    for name, seconds, channels in (("long", 20, 1), ("wide", 5, 2), ("short", 0.7, 1)):
        strokes = np.exp(-6 * (np.arange(int(seconds * RATE_HZ)) / RATE_HZ % 0.4))[:, np.newaxis]
        soundfile.write(
            bench.sounds / f"{name}.wav", 0.2 * strokes * rng.normal(size=(len(strokes), channels)), RATE_HZ
        )
    (bench.sounds / "same.wav").write_bytes((bench.sounds / "short.wav").read_bytes())
    write_tone(bench.sounds / "silent.wav", seconds=2, level=0)
    return bench


def table(bench: Bench) -> FingerprintTable:
    return Fingerprints(bench.library.path).table()


def of_clips(bench: Bench) -> dict[int, Fingerprint]:
    """The fingerprint of each content, made of its file alone."""
    found = {}
    for clip in bench.clips().values():
        (content,) = bench.library.catalog.contents([clip.content_id]).values()
        found[content.id] = of_file(content, clip)
    return found


def keys_of(one: FingerprintTable) -> list[int]:
    return np.repeat(np.arange(len(one.offsets) - 1), np.diff(one.offsets)).tolist()


def shared(one: FingerprintTable, other: FingerprintTable) -> float:
    """The share of all landmarks that two tables of the same contents have at the same place."""
    both = [set(zip(keys_of(each), each.places.tolist(), strict=True)) for each in (one, other)]
    return len(both[0] & both[1]) / len(both[0] | both[1])


@pytest.mark.parametrize("facts", [True, False])
def test_they_are_those_that_are_made_of_the_files_later(noisy: Bench, facts: bool):
    noisy.index(options=Options(workers=2, facts=facts, fingerprints=True))
    made, later = table(noisy), FingerprintTable.empty().changed(of_clips(noisy).items(), np.empty(0, np.bool_))
    assert made.contents.tolist() == later.contents.tolist()
    assert made.begins.tolist() == later.begins.tolist()
    assert len(made.places) > 1_000
    assert shared(made, later) > 0.99
    assert np.bitwise_count(made.outlines ^ later.outlines).mean() < 0.1


def test_no_file_is_decoded_for_them_again(noisy: Bench, monkeypatch: pytest.MonkeyPatch):
    def stream(*_: object, **__: object) -> None:
        pytest.fail("a file was decoded again")

    monkeypatch.setattr(audio, "stream", stream)
    noisy.index(options=Options(workers=2, fingerprints=True))
    assert len(table(noisy).contents) == len({clip.content_id for clip in noisy.clips().values()})


def test_without_being_asked_for_none_is_made(noisy: Bench):
    noisy.index(options=Options(workers=2))
    assert not len(table(noisy).contents)


def test_what_has_gaps_is_left_to_the_job_that_reads_files_for_them(noisy: Bench, monkeypatch: pytest.MonkeyPatch):
    """Silence between two blocks, as a broken recording has it."""
    whole = audio.windows

    def with_gap(*args: object, decoded: object, **named: object):
        def late(block: audio.Block) -> None:
            decoded(block._replace(start_s=block.start_s + (1.0 if block.start_s else 0.0)))  # type: ignore[operator]

        return whole(*args, decoded=late, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(audio, "windows", with_gap)
    noisy.index(options=Options(workers=2, fingerprints=True))
    lengths = {clip.content_id: clip.duration_s for clip in noisy.clips().values()}
    assert set(table(noisy).contents.tolist()) == {content for content, length in lengths.items() if length <= 2}


def test_where_facts_cannot_be_measured_no_half_of_a_sound_is_fingerprinted(
    noisy: Bench, monkeypatch: pytest.MonkeyPatch
):
    from search.analysis.facts.pitch import Pitch

    def fail(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(Pitch, "add", fail)
    assert noisy.index(options=Options(workers=2, fingerprints=True)).indexed
    assert not len(table(noisy).contents)


def test_a_fingerprint_that_cannot_be_made_is_logged_and_its_clip_is_indexed(
    noisy: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr("indexer.fingerprints.Fingerprinting.add", fail)
    assert noisy.index(options=Options(workers=2, fingerprints=True)).indexed
    assert not len(table(noisy).contents)
    assert "ValueError: broken" in caplog.text


def test_what_a_killed_job_made_and_wrote_is_published_by_the_next(noisy: Bench, monkeypatch: pytest.MonkeyPatch):
    class Killed(BaseException):
        """Nothing handles it, like a signal."""

    def publish(new: NewFingerprints, _: object) -> None:
        if new._records.read():
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(NewFingerprints, "publish", publish)
        with pytest.raises(Killed):
            noisy.index(options=Options(workers=2, fingerprints=True))
    assert not len(table(noisy).contents)
    noisy.encoder.passes.clear()
    noisy.index(options=Options(workers=2, fingerprints=True))
    assert noisy.encoder.passes == []
    assert set(table(noisy).contents.tolist()) == set(of_clips(noisy))


def test_those_of_files_that_the_catalog_never_got_are_forgotten(noisy: Bench):
    new = noisy.library.new_fingerprints()
    made = fingerprint([np.random.default_rng(1).normal(size=MIX_HZ).astype(np.float32)])
    new.add([FoundFingerprint("0" * 64, 0, made)])
    with noisy.library.catalog.lease("test", 0) as lease:
        new.publish(lease)
    assert not len(table(noisy).contents)


def test_many_are_published_on_the_way(noisy: Bench, monkeypatch: pytest.MonkeyPatch):
    noisy.index(options=Options(workers=2))
    new = noisy.library.new_fingerprints()
    digest = next(iter(noisy.library.catalog.contents(list(of_clips(noisy))).values())).digest
    made = fingerprint([np.random.default_rng(1).normal(size=MIX_HZ).astype(np.float32)])
    with noisy.library.catalog.lease("test", 0) as lease:
        new.add([FoundFingerprint(digest, 0, made)])
        new.publish_if_many(lease)
        assert not len(table(noisy).contents)
        monkeypatch.setattr("search.library.fingerprinting.SAVE_S", 0.5)
        new.publish_if_many(lease)
        assert len(table(noisy).contents) == 1


def test_they_are_kept_as_they_are(tmp_path: Path):
    kept = FoundFingerprints(tmp_path / "new")
    rng = np.random.default_rng(1)
    made = [fingerprint([rng.normal(size=count).astype(np.float32)]) for count in (0, 500, 3 * MIX_HZ)]
    kept.add([FoundFingerprint("a", track, one) for track, one in enumerate(made)])
    read = kept.read()
    assert [(one.digest, one.track) for one in read] == [("a", 0), ("a", 1), ("a", 2)]
    for one, before in zip(read, made, strict=True):
        assert one.fingerprint.rows.tolist() == before.rows.tolist()
        assert one.fingerprint.landmarks.frames == before.landmarks.frames
        assert one.fingerprint.landmarks.keys().tolist() == before.landmarks.keys().tolist()
        assert one.fingerprint.landmarks.frame.tolist() == before.landmarks.frame.tolist()
