"""Facts measured while encoding equal those of the file itself, and their failure never costs a clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.clock import StageClock
from indexer.model import Options
from indexer.pipeline import digest_of_file
from search.analysis.facts.definitions import FACTS, PLACES, VERSION
from search.analysis.facts.measuring import Measurement, measured
from search.audio import Block
from search.model import StoredFacts
from tests.fakes import BandEncoder
from tests.indexer.conftest import RATE_HZ, Bench
from tests.search.soundfiles import chord, encode, write

Sound = NDArray[np.float32]


def facts_by_path(bench: Bench) -> dict[str, StoredFacts | None]:
    """What the catalog has of each clip."""
    clips = bench.clips()
    stored = bench.library.catalog.facts(clip.content_id for clip in clips.values())
    return {path: stored.get(clip.content_id) for path, clip in clips.items()}


def out_of_phase(sound: Sound) -> Sound:
    """Both channels, of which one is turned over."""
    return np.concatenate((sound[:, :1], -sound[:, :1]), axis=1)


FILES: dict[str, Callable[[Path], Path]] = {
    "mono.wav": lambda path: write(path, chord(1.3, 22_050, 1), 22_050),
    "stereo.flac": lambda path: write(path, chord(1.3, 44_100), 44_100),
    "8k.wav": lambda path: write(path, chord(1.3, 8_000, 1), 8_000),
    "96k.wav": lambda path: write(path, chord(0.6, 96_000), 96_000, subtype="PCM_24"),
    "song.mp3": lambda path: write(path, chord(1.3, 44_100), 44_100, format="MP3"),
    "turned.wav": lambda path: write(path, out_of_phase(chord(1.3, 22_050)), 22_050),
    "long.ogg": lambda path: write(path, np.tile(chord(2.3, 16_000, 2), (6, 1)), 16_000),
    "surround.mkv": lambda path: encode(path, [chord(1.1, 16_000, 6)], 16_000, "pcm_s16le", "matroska"),
    "nan.wav": lambda path: write(path, with_nan(chord(1.3, 16_000, 1)), 16_000, subtype="FLOAT"),
    "silent.wav": lambda path: write(path, np.zeros((8_000, 1), np.float32), 16_000),
    "pause.wav": lambda path: write(path, np.concatenate((chord(0.4, 8_000), 0 * chord(5, 8_000))), 8_000),
}


def with_nan(sound: Sound) -> Sound:
    """One sample of it is no number."""
    sound[1000] = np.nan
    return sound


def test_facts_of_the_shared_decoding_are_those_of_the_file(bench: Bench) -> None:
    """Mono, stereo, many channels, 8 and 96 kHz, MP3, out of phase, in several blocks, silent: to the last bit."""
    for name, make in FILES.items():
        make(bench.sounds / name)
    cut = (bench.sounds / "mono.wav").read_bytes()
    (bench.sounds / "cut.wav").write_bytes(cut[: len(cut) * 2 // 3])

    assert bench.index().failed == ()

    found = facts_by_path(bench)
    assert found.keys() == {*FILES, "cut.wav"}
    for name, stored in found.items():
        assert stored is not None, name
        assert stored.version == VERSION
        np.testing.assert_array_equal(stored.numbers, measured(str(bench.sounds / name)), err_msg=name)
    assert "truncated" in defects(found["cut.wav"])
    assert "out of phase" in defects(found["turned.wav"])


def defects(stored: StoredFacts | None) -> list[str]:
    """The words of its defects."""
    assert stored is not None
    bits = int(stored.numbers[PLACES["defects"]])
    return [word for place, word in enumerate(FACTS[PLACES["defects"]].words) if bits >> place & 1]


def test_every_track_has_its_own_facts(bench: Bench) -> None:
    at_s = np.arange(2 * RATE_HZ)[:, None] / RATE_HZ
    tracks = [(level * np.sin(2 * np.pi * 440 * at_s)).astype(np.float32) for level in (0.5, 0.05)]
    path = encode(bench.sounds / "film.mkv", tracks, RATE_HZ, "pcm_s16le", "matroska")
    bench.index()
    catalog = bench.library.catalog
    contents, _ = catalog.find(digest_of_file(str(path))) or ((), ())
    stored = catalog.facts(content.id for content in contents)
    assert [content.track for content in contents] == [0, 1]
    for content in contents:
        np.testing.assert_array_equal(stored[content.id].numbers, measured(str(path), content.track))


def test_played_at_another_speed_a_file_has_its_own_facts(bench: Bench) -> None:
    path = write(bench.sounds / "bat.wav", chord(0.5, 48_000, 1), 48_000)
    bench.index(options=Options(workers=1, speed=0.1))
    (stored,) = facts_by_path(bench).values()
    assert stored is not None
    np.testing.assert_array_equal(stored.numbers, measured(str(path)))


def test_what_cannot_be_measured_is_indexed_all_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any block, or at the end; it is said, and measured when somebody asks for that again."""
    write(bench.sounds / "good.wav", chord(1.2, 8_000, 1), 8_000)

    def fails(*_: object) -> None:
        raise ValueError("a bug")

    for name, method in (("first.wav", "add"), ("last.wav", "numbers")):
        write(bench.sounds / name, chord(1.2, 8_000, 1, seed=len(name)), 8_000)
        with monkeypatch.context() as patched:
            patched.setattr(Measurement, method, fails)
            summary = bench.index(bench.sounds / name)
        assert (summary.indexed, summary.failed) == (1, ())
        assert [w.warning for w in summary.warnings] == ["its facts could not be measured: ValueError: a bug"]
    assert bench.index().indexed == 1
    found = facts_by_path(bench)
    assert [name for name, stored in found.items() if stored] == ["good.wav"]
    assert len(bench.library.catalog.without_facts(VERSION)) == 2


def test_without_facts_nothing_is_measured(bench: Bench) -> None:
    write(bench.sounds / "mono.wav", chord(1.2, 8_000, 1), 8_000)
    summary = bench.index(options=Options(workers=1, facts=False))
    assert facts_by_path(bench) == {"mono.wav": None}
    assert summary.stages.facts_s == 0


def test_for_another_encoder_nothing_is_measured_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what has no facts yet, or those of another version."""
    write(bench.sounds / "known.wav", chord(1.2, 8_000, 1), 8_000)
    bench.index()
    write(bench.sounds / "new.wav", chord(1.2, 8_000, 1, seed=5), 8_000)
    bench.index(options=Options(facts=False))
    listened: list[Block] = []
    add = Measurement.add

    def listens(self: Measurement, block: Block) -> None:
        listened.append(block)
        add(self, block)

    monkeypatch.setattr(Measurement, "add", listens)
    bench.encoder = BandEncoder("others")
    assert bench.index().failed == ()
    assert len(listened) == 1
    assert all(facts_by_path(bench).values())


def test_time_within_a_stage_that_is_another_stage_counts_once() -> None:
    clock = StageClock()
    with clock.stage("decode"):
        with clock.stage("facts"):
            sum(range(300_000))
        with clock.stage("facts"):
            pass
    times = clock.times()
    assert times.facts_s > times.decode_s >= 0
    assert times.sum_s == pytest.approx(times.facts_s + times.decode_s)
