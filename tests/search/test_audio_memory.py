"""A day of sound needs the memory of a minute."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

MEASURE = """
import resource, sys
from search.audio import windows
from search.model import EncoderSpec

def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

spec = EncoderSpec("test", "1", "", 1, int(sys.argv[3]), 10.0, 10.0)
warm = sum(1 for _ in windows(sys.argv[1], spec, end_s=60.0))
idle = peak_bytes()
last = None
for count, last in enumerate(windows(sys.argv[2], spec), 1):
    pass
print(peak_bytes() - idle, count, last.end_s, warm)
"""


def grown(path: Path, rate_hz: int) -> tuple[int, int, float]:
    """(bytes that the process grew over a minute's worth, windows, end of the last) of cutting a whole file."""
    command = [sys.executable, "-c", MEASURE, str(path), str(path), str(rate_hz)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, timeout=280)
    bytes_, count, end_s, warm = done.stdout.split()
    assert warm == "6"
    return int(bytes_), int(count), float(end_s)


def day_of_wav(path: Path, rate_hz: int) -> None:
    """24 hours of 8-bit mono sound that take no room on the disk: a header and a hole."""
    size = 24 * 3600 * rate_hz
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, 1, 1, rate_hz, rate_hz, 1, 8, b"data", size
    )
    with path.open("wb") as file:
        file.write(header)
        file.truncate(len(header) + size)


@pytest.mark.thorough
def test_a_day_of_wav_takes_no_more_memory_than_a_minute(tmp_path):
    """24 hours at 2 kHz, 690 MB of samples: all 8,640 windows, less than 20 MB more than for the first minute."""
    day_of_wav(tmp_path / "day.wav", 2000)
    grew, count, end_s = grown(tmp_path / "day.wav", 2000)
    assert (count, end_s) == (8640, 86400.0)
    assert grew < 20e6


@pytest.mark.thorough
@pytest.mark.parametrize(("suffix", "minutes"), [("flac", 40), ("ogg", 10), ("mp3", 10)])
def test_what_takes_little_room_on_the_disk_takes_little_memory(tmp_path, suffix, minutes):
    """Silence, compressed to next to nothing, is decoded and resampled in bounded memory: 38 to 150 MB of samples."""
    path = tmp_path / f"a.{suffix}"
    hush = np.zeros((11025 * 60, 1), np.float32)
    with path.open("wb") as file, soundfile.SoundFile(file, "w", 11025, 1, format=suffix.upper()) as sound:
        for _ in range(minutes):
            sound.write(hush)
    assert path.stat().st_size < 30e6
    grew, count, end_s = grown(path, 16000)
    assert count == 6 * minutes
    assert end_s == pytest.approx(60.0 * minutes, abs=0.01)
    assert grew < 20e6


@pytest.mark.slow
def test_a_day_of_compressed_stereo_takes_no_more_memory_than_a_minute(tmp_path):
    """24 hours of 48 kHz stereo FLAC, resampled to 32 kHz, as a field recorder would leave them."""
    path = tmp_path / "day.flac"
    with path.open("wb") as file, soundfile.SoundFile(file, "w", 48000, 2, "PCM_16", format="FLAC") as sound:
        hush = np.zeros((48000 * 60, 2), np.int16)
        for _ in range(24 * 60):
            sound.write(hush)
    grew, count, _ = grown(path, 32000)
    assert count == 8640
    assert grew < 20e6
