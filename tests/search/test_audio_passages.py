"""A passage as a WAV file has exactly the samples of its source."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from search import audio
from search.errors import AudioError

RATE_HZ = 44_100
FORMS = [
    ("wav", "PCM_16", 2), ("wav", "PCM_24", 1), ("wav", "PCM_32", 2), ("wav", "PCM_U8", 1), ("wav", "FLOAT", 2),
    ("wav", "DOUBLE", 1), ("aiff", "PCM_24", 3), ("au", "ULAW", 1), ("flac", "PCM_16", 2), ("flac", "PCM_24", 1),
]  # fmt: skip


def cut(path, start_s, end_s, **options):
    passage = audio.wav_passage(str(path), start_s, end_s, **options)
    written = b"".join(passage.blocks)
    assert len(written) == passage.size_bytes
    return io.BytesIO(written)


@pytest.mark.parametrize(("ending", "subtype", "channels"), FORMS)
def test_ten_passages_are_the_slices_of_their_source(tmp_path, ending, subtype, channels):
    """In every form: a hundred of a hundred, sample by sample; also where the decoder enters in the middle."""
    rng = np.random.default_rng(len(subtype) + channels)
    path = tmp_path / f"sound.{ending}"
    soundfile.write(path, rng.uniform(-1, 1, (6 * RATE_HZ, channels)), RATE_HZ, subtype=subtype)
    dtype = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
    source, _ = soundfile.read(path, dtype=dtype, always_2d=True)
    for start_s, end_s in np.sort(rng.uniform(0, 6, (10, 2))):
        samples, rate_hz = soundfile.read(cut(path, start_s, end_s), dtype=dtype, always_2d=True)
        assert rate_hz == RATE_HZ
        assert np.array_equal(samples, source[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)])


@pytest.mark.parametrize(("subtype", "kept"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24"), ("FLOAT", "FLOAT")])
def test_it_is_written_as_its_source_is(tmp_path, subtype, kept):
    soundfile.write(tmp_path / "sound.wav", np.zeros((800, 2)), 8000, subtype=subtype)
    assert soundfile.info(cut(tmp_path / "sound.wav", 0.01, 0.02)).subtype == kept


def test_a_lossy_passage_is_what_its_file_decodes_to(tmp_path):
    """As floats, which hold what lies beyond full scale too."""
    path = tmp_path / "sound.ogg"
    soundfile.write(path, np.sin(np.arange(8000) / 7), 8000)
    whole, _ = soundfile.read(cut(path, 0, 1), dtype="float32")
    part, _ = soundfile.read(cut(path, 0.25, 0.75), dtype="float32")
    assert np.array_equal(part, whole[2000:6000])
    assert np.abs(whole - np.sin(np.arange(8000) / 7)).max() < 0.1


def test_what_is_missing_of_a_file_is_silence(tmp_path):
    """A header that promises more than is there: the passage has all of its samples."""
    path = tmp_path / "sound.wav"
    soundfile.write(path, np.full(1000, 0.5), 1000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:-1000])
    samples, _ = soundfile.read(cut(path, 0.4, 0.6), dtype="int16")
    assert samples.tolist() == [1 << 14] * 100 + [0] * 100


def test_what_is_no_passage_is_refused_before_anything_is_sent(tmp_path):
    soundfile.write(tmp_path / "sound.wav", np.zeros((10, 1)), 1000)
    for start_s, end_s, why in ((2, 1, "cannot end"), (0, 1e7, "4 GiB")):
        with pytest.raises(AudioError, match=why):
            audio.wav_passage(str(tmp_path / "sound.wav"), start_s, end_s)
    with pytest.raises(AudioError, match="no such file"):
        audio.wav_passage(str(tmp_path / "none.wav"), 0, 1)
