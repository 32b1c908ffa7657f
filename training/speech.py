"""Speech for training: espeak-ng (Debian: ``espeak-ng``) reads captions in many languages, voices and speeds."""

from __future__ import annotations

import csv
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from search.errors import UsageError
from training.corpus import MEL, Sound

LANGUAGES = (
    "en",
    "en-us",
    "en-gb-scotland",
    "de",
    "fr-fr",
    "es",
    "it",
    "pt-br",
    "nl",
    "pl",
    "ru",
    "tr",
    "cmn",
    "hi",
    "sv",
)
VARIANTS = (
    "",
    *(f"+m{i}" for i in range(1, 8)),
    *(f"+f{i}" for i in range(1, 6)),
    "+whisper",
    "+croak",
    "+whisperf",
    "+klatt2",
)


def utterances(captions: Path, count: int, seed: int) -> Iterator[Sound]:
    """``count`` spoken captions: the first words of random captions (column ``caption``), each in a random voice.

    Raises UsageError if espeak-ng or the captions are missing.
    """
    rng = np.random.default_rng((seed, 3000))
    try:
        with captions.open(newline="", encoding="utf-8") as file:
            sentences = [row["caption"] for row in csv.DictReader(file)]
    except OSError as error:
        raise UsageError(f"{captions} cannot be read ({error.strerror}): speech needs its captions") from error
    for i in range(count):
        words = sentences[int(rng.integers(len(sentences)))].split()
        text = " ".join(words[: int(rng.integers(1, 14))])
        voice = str(rng.choice(LANGUAGES)) + str(rng.choice(VARIANTS))
        pitch, speed = int(rng.integers(10, 95)), int(rng.integers(110, 280))
        command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(speed), "--stdout", "--", text]
        try:
            spoken = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603  a program that was looked up
        except (OSError, subprocess.CalledProcessError) as error:
            raise UsageError(f"espeak-ng could not speak ({error}): install it, see docs/training.md") from error
        samples, rate_hz = soundfile.read(io.BytesIO(spoken), dtype="float32")
        if len(samples):
            yield Sound(f"speech/{voice}/{i}", "speech", soxr.resample(samples, rate_hz, MEL.rate_hz))
