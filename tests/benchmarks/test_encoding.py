"""Encoding a data set: the same segments as the bulk job makes, and a cache that is never stale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.encoding import EncodingCache, encode
from search import audio
from search.errors import AudioError, UsageError
from tests.benchmarks.sounds import ReadingEncoder, write_set


def files(folder: Path) -> list[Path]:
    return sorted(write_set(folder).glob("*.wav"))


def silent(line: str) -> None:
    del line


def test_segments_are_those_of_the_audio_module_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Batches across files change no vector and no border between files."""
    encoder = ReadingEncoder()
    paths = files(tmp_path)
    encoded = encode(paths, encoder, EncodingCache(None), silent)
    assert len(encoded) == len(paths)
    for path, clip in zip(paths, encoded, strict=True):
        windows = list(audio.windows(str(path), encoder.spec))
        np.testing.assert_array_equal(clip.encoding.spans, [(w.start_s, w.end_s) for w in windows])
        alone = encoder.encode_audio(np.stack([w.samples for w in windows])).vectors
        np.testing.assert_allclose(clip.encoding.vectors, alone.astype(np.float16), atol=1e-3)


def test_equal_files_are_encoded_once(tmp_path: Path) -> None:
    """A copy has its original's digest and encoding."""
    encoder = ReadingEncoder()
    paths = files(tmp_path)
    encoded = dict(zip([p.name for p in paths], encode(paths, encoder, EncodingCache(None), silent), strict=True))
    assert encoded["low_0.wav"].digest == encoded["low_1.wav"].digest
    assert encoder.windows == 2 * (len(paths) - 1)


def test_a_second_run_encodes_nothing_and_gives_the_same(tmp_path: Path) -> None:
    """The cache answers for the same bytes and the same encoder, wherever the files lie and in any order."""
    cache = EncodingCache(tmp_path / "cache")
    paths = files(tmp_path)
    first = encode(paths, ReadingEncoder(), cache, silent)
    again = ReadingEncoder()
    second = encode(paths[::-1], again, cache, silent)
    assert again.windows == 0
    for one, other in zip(first, second[::-1], strict=True):
        np.testing.assert_array_equal(one.encoding.vectors, other.encoding.vectors)
        np.testing.assert_array_equal(one.encoding.spans, other.encoding.spans)


def test_another_encoder_or_other_bytes_are_not_answered_from_the_cache(tmp_path: Path) -> None:
    """The fingerprint and the digest are the key."""
    cache = EncodingCache(tmp_path / "cache")
    paths = files(tmp_path)
    encode(paths, ReadingEncoder(), cache, silent)
    other = ReadingEncoder("other")
    encode(paths[:3], other, cache, silent)
    assert other.windows > 0
    paths[0].write_bytes(paths[-1].read_bytes()[:-200] + bytes(200))
    changed = ReadingEncoder()
    encode(paths, changed, cache, silent)
    assert changed.windows == 2


def test_a_damaged_cache_file_counts_as_absent(tmp_path: Path) -> None:
    """Half a file, or another kind of file, is encoded again and replaced."""
    cache = EncodingCache(tmp_path / "cache")
    paths = files(tmp_path)
    encode(paths, ReadingEncoder(), cache, silent)
    kept = sorted((tmp_path / "cache").rglob("*.npz"))
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    kept[1].write_bytes(b"")
    again = ReadingEncoder()
    encode(paths, again, cache, silent)
    assert again.windows == 4


def test_a_file_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    """Figures over the rest would be those of another set, so the run ends."""
    (tmp_path / "bad.wav").write_text("no sound")
    with pytest.raises(AudioError, match=r"bad\.wav"):
        encode([tmp_path / "bad.wav"], ReadingEncoder(), EncodingCache(None), silent)


def test_a_cache_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    """The message names the folder and the option."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--no-cache"):
        encode(files(tmp_path), ReadingEncoder(), EncodingCache(tmp_path / "file"), silent)
