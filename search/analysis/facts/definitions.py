"""The facts by name: the meaning, the unit and the source of the definition of each.

A catalog keeps the facts of a content as float32 numbers in the order of `FACTS`, with NaN for absent ones. A choice is
stored as the index of its word; several words are stored as one bit each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

FactValue: TypeAlias = float | str | tuple[str, ...]
FactKind: TypeAlias = Literal["number", "choice", "several"]

VERSION: Final = 13
"""Increased whenever measuring gives different facts; all sounds are then measured again."""

NOTES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
KEYS: Final = tuple(f"{note} {mode}" for mode in ("major", "minor") for note in NOTES)
BRIGHTNESS: Final = ("very dark", "dark", "medium", "bright", "very bright")
BRIGHTNESS_EDGES_HZ: Final = (500.0, 1200.0, 2500.0, 5000.0)
"""The centroids that separate the words of `BRIGHTNESS`."""
FORMS: Final = ("one-shot", "loop")
DEFECTS: Final = (
    "clipping", "dc offset", "hum", "dropouts", "silence at head", "silence at tail", "fake stereo", "out of phase",
    "re-encoded", "truncated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FactDefinition:
    """A fact: its ``name`` in filters and JSON, its ``unit`` ("" for none), its ``meaning``, and the ``source``.

    A number has no ``words``; a choice is one of them; "several" is any subset of them.
    """

    name: str
    unit: str
    meaning: str
    source: str
    words: tuple[str, ...] = ()
    kind: FactKind = "number"


def _choice(name: str, words: tuple[str, ...], meaning: str, source: str) -> FactDefinition:
    return FactDefinition(name, "", meaning, source, words, "choice")


FACTS: Final = (
    FactDefinition(
        "loudness",
        "LUFS",
        "integrated loudness; for a sound under 400 ms, of the whole sound; absent below -70 LUFS",
        "ITU-R BS.1770-5, EBU R 128",
    ),
    FactDefinition(
        "loudness_range", "LU", "how much the loudness of 3 s varies; absent under 3 s", "EBU Tech 3342"
    ),
    FactDefinition(
        "true_peak_db",
        "dBTP",
        "highest level, between samples too (oversampled four times); full scale is 0",
        "ITU-R BS.1770-5, Annex 2",
    ),
    FactDefinition("peak_to_loudness_db", "dB", "dynamic range: true peak less loudness", "AES TD1008 (PLR)"),
    FactDefinition(
        "centroid_hz", "Hz", "middle of the spectrum: the mean frequency, weighted by magnitude", "Peeters 2004, 6.1.1"
    ),
    _choice(
        "brightness",
        BRIGHTNESS,
        "the centroid in words: up to 500, 1,200, 2,500, 5,000 Hz, and above",
        "own; edges chosen",
    ),
    FactDefinition(
        "noisiness",
        "0 to 1",
        "spectral flatness above 100 Hz within the bandwidth: 1 is white noise, 0 a tone",
        "Peeters 2004, 9.1",
    ),
    FactDefinition(
        "bandwidth_hz",
        "Hz",
        "highest frequency with sound: above the noise of rounding to 16 bits, and within 90 dB of the loudest",
        "own",
    ),
    FactDefinition("sounding_s", "s", "length without silence: of all that is above -60 dBFS", "own"),
    FactDefinition("head_silence_s", "s", "how long it is silent (below -60 dBFS) before the first sound", "own"),
    FactDefinition("tail_silence_s", "s", "how long it is silent (below -60 dBFS) after the last sound", "own"),
    FactDefinition("channels", "", "how many channels the file has", "the file"),
    FactDefinition(
        "correlation",
        "-1 to 1",
        "of the first two channels: 1 is identical, 0 unrelated, -1 inverted; absent for one channel",
        "Pearson",
    ),
    FactDefinition("sample_rate_hz", "Hz", "of the file", "the file"),
    FactDefinition(
        "bits",
        "",
        "the fewest bits (8, 16, 24) that hold every sample; absent where more are needed, as after a lossy codec",
        "own",
    ),
    FactDefinition("bit_rate_kbps", "kbit/s", "size of the file divided by its length", "the file"),
    FactDefinition("dc_offset", "0 to 1", "largest mean of a channel; full scale is 1", "own"),
    FactDefinition("hum_db", "dB", "how far a mains hum stands out; absent if there is none", "own"),
    FactDefinition(
        "pitch_hz", "Hz", "the pitch that most of the sound keeps to, from 50 to 2,000; absent if there is none",
        "autocorrelation; Boersma 1993",
    ),
    FactDefinition("pitch_certainty", "0 to 1", "the share of its energy that keeps to it", "own"),
    _choice("root_note", NOTES, "the note nearest to the pitch, with A at 440 Hz", "equal temperament"),
    FactDefinition(
        "tempo", "BPM", "beats per minute; absent if neither onsets nor the beginnings of parts repeat",
        "autocorrelation of onsets; the octave fitted on songs and drums",
    ),
    FactDefinition(
        "tempo_certainty",
        "0 to 1",
        "how similar the onsets are after one to four of the best-repeating period, or in parts of a loop",
        "own",
    ),
    _choice("key", KEYS, "the key; absent if there is no harmony", "profiles fitted on songs; Temperley 1999"),
    FactDefinition("key_certainty", "0 to 1", "how well the pitch classes fit any key: their correlation", "own"),
    _choice(
        "form",
        FORMS,
        "one-shot: a single event that dies away; loop: whole beats of a tempo, no pause at the end; else absent",
        "own",
    ),
    FactDefinition("events", "", "how often something begins: the level rises by 12 dB", "own"),
    FactDefinition(
        "attack_s", "s", "how long it rises from 20 dB below its highest level to 3 dB below", "Peeters 2004, 4.1"
    ),
    FactDefinition("decay_s", "s", "how long it falls from 3 dB below the highest to 20 dB below, if it does", "own"),
    FactDefinition("defects", "", "what is wrong with the sound; see Defects", "own", DEFECTS, "several"),
)  # fmt: skip
"""In storage order: append new facts at the end, and increase `VERSION`."""

PLACES: Final[Mapping[str, int]] = {fact.name: place for place, fact in enumerate(FACTS)}


def packed(values: Mapping[str, FactValue]) -> NDArray[np.float32]:
    """The facts of a sound as stored (len(FACTS),).

    Examples:
        >>> numbers = packed({"loudness": -20.0, "defects": ("clipping", "hum")})
        >>> unpacked(numbers)
        {'loudness': -20.0, 'defects': ('clipping', 'hum')}
    """
    numbers = np.full(len(FACTS), np.nan, np.float32)
    for name, value in values.items():
        words = FACTS[PLACES[name]].words
        if isinstance(value, str):
            numbers[PLACES[name]] = words.index(value)
        elif isinstance(value, tuple):
            numbers[PLACES[name]] = sum(1 << words.index(word) for word in value)
        else:
            numbers[PLACES[name]] = value
    return numbers


def unpacked(numbers: NDArray[np.float32]) -> dict[str, FactValue]:
    """The facts that are present, by name. Numbers beyond the facts (the profile) are ignored."""
    values: dict[str, FactValue] = {}
    for fact, number in zip(FACTS, numbers[: len(FACTS)].tolist(), strict=True):
        if math.isnan(number):
            continue
        if fact.kind == "choice":
            values[fact.name] = fact.words[int(number)]
        elif fact.kind == "several":
            values[fact.name] = tuple(word for place, word in enumerate(fact.words) if int(number) >> place & 1)
        else:
            values[fact.name] = _rounded(number)
    return values


def _rounded(number: float) -> float:
    """Round to the digits that float32 has."""
    return float(f"{number:.6g}")


def row_of(version: int | None, stored: bytes | None) -> bytes:
    """The stored bytes of `packed`; all facts are absent if none are stored, or if they are of another version."""
    return stored[: len(_ABSENT)] if stored and version == VERSION and len(stored) >= len(_ABSENT) else _ABSENT


_ABSENT: Final = np.full(len(FACTS), np.nan, "<f4").tobytes()
